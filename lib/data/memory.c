/* SPDX-License-Identifier: BSD-2-Clause */
#include "data/dataset.h"

#include <limits.h>
#include <string.h>

void gan_bytes_to_floats(float *floats, const unsigned char *bytes, int64_t count)
{
    float values[256]; /* looked up several times faster than divided */
    for (int i = 0; i < 256; i++) values[i] = (float)i / 127.5f - 1;
    for (int64_t i = 0; i < count; i++) floats[i] = values[bytes[i]];
}

static void read_bytes(const gan_dataset *dataset, int64_t index, float *image)
{
    int64_t n = (int64_t)dataset->height * dataset->width * dataset->channels;
    gan_bytes_to_floats(image, (const unsigned char *)dataset->images->data + index * n, n);
}

static void read_floats(const gan_dataset *dataset, int64_t index, float *image)
{
    int64_t n = (int64_t)dataset->height * dataset->width * dataset->channels;
    memcpy(image, (const float *)dataset->images->data + index * n, (size_t)n * sizeof *image);
}

static int32_t label_of(const gan_dataset *dataset, int64_t index)
{
    return dataset->labels ? ((const int32_t *)dataset->labels->data)[index] : -1;
}

static const gan_dataset_source source_of_bytes = {.read = read_bytes, .label = label_of};
static const gan_dataset_source source_of_floats = {.read = read_floats, .label = label_of};

static gan_status check_images(const gan_tensor *images)
{
    char text[GAN_TENSOR_TEXT];
    if (images->type == GAN_INT32 || images->rank != 4)
        return gan_fail(GAN_ERROR_SHAPE,
                        "gan_dataset_create_memory: images are %s; they must be uint8 or float [n,H,W,C]",
                        gan_tensor_text(text, images));
    for (int i = 0; i < 4; i++)
        if (images->shape[i] > INT_MAX)
            return gan_fail(GAN_ERROR_SHAPE, "gan_dataset_create_memory: images are %s; a dimension is at most %d",
                            gan_tensor_text(text, images), INT_MAX);
    return GAN_OK;
}

static gan_status check_labels(const gan_tensor *labels, int64_t count)
{
    if (!labels) return GAN_OK;
    char text[GAN_TENSOR_TEXT];
    if (labels->type != GAN_INT32 || labels->rank != 1 || labels->shape[0] != count)
        return gan_fail(GAN_ERROR_SHAPE, "gan_dataset_create_memory: labels are %s; they must be int32 [%lld]",
                        gan_tensor_text(text, labels), (long long)count);
    const int32_t *label = labels->data;
    for (int64_t i = 0; i < count; i++)
        if (label[i] < 0)
            return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                            "gan_dataset_create_memory: label %lld is %d; it must be 0 or more", (long long)i,
                            label[i]);
    return GAN_OK;
}

static int count_classes(const gan_tensor *labels)
{
    int32_t most = -1;
    for (int64_t i = 0; labels && i < labels->shape[0]; i++)
        if (((const int32_t *)labels->data)[i] > most) most = ((const int32_t *)labels->data)[i];
    return most < INT32_MAX ? most + 1 : INT32_MAX;
}

gan_status gan_dataset_create_tensors(gan_dataset **dataset, gan_context *context, gan_tensor *images,
                                      gan_tensor *labels, const gan_dataset_options *options)
{
    int size[] = {(int)images->shape[1], (int)images->shape[2], (int)images->shape[3]};
    gan_status status =
        gan_dataset_create(dataset, context, images->type == GAN_UINT8 ? &source_of_bytes : &source_of_floats, options,
                           images->shape[0], size, images, labels);
    if (status == GAN_OK) (*dataset)->classes = count_classes(labels);
    return status;
}

gan_status gan_dataset_create_memory(gan_dataset **dataset, gan_context *context, gan_tensor *images,
                                     gan_tensor *labels, const gan_dataset_options *given)
{
    if (!dataset) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_create_memory: dataset is NULL");
    *dataset = NULL;
    if (!context || !images)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_create_memory: %s NULL",
                        context ? "images are" : "context is");
    gan_dataset_options options;
    gan_status status = gan_dataset_read_options(&options, given, GAN_DATASET_MEMORY);
    if (status == GAN_OK) status = check_images(images);
    if (status == GAN_OK) status = check_labels(labels, images->shape[0]);
    return status == GAN_OK ? gan_dataset_create_tensors(dataset, context, images, labels, &options) : status;
}
