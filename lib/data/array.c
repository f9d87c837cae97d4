/* SPDX-License-Identifier: BSD-2-Clause */
#include "data/array.h"
#include "data/prepare.h"
#include "image/picture.h"

/* [n,H,W] is [n,H,W,1]. */
static gan_status check_images(gan_tensor *images, const char *path)
{
    char text[GAN_TENSOR_TEXT], name[GAN_PATH_TEXT];
    if (images->rank == 3) images->shape[images->rank++] = 1;
    bool fits = images->rank == 4 && images->type != GAN_INT32 && images->shape[0] <= INT32_MAX;
    for (int i = 1; fits && i < 4; i++) fits = images->shape[i] <= GAN_PICTURE_SIDE;
    return fits ? GAN_OK
                : gan_fail(GAN_ERROR_FORMAT,
                           "%s is %s; pictures are uint8 or float [n,H,W,C] or [n,H,W], at most 2^31-1 of %d a side",
                           gan_path_text(name, path), gan_tensor_text(text, images), GAN_PICTURE_SIDE);
}

/* Bytes become int32. */
static gan_status widen(gan_tensor **labels)
{
    gan_tensor *wide, *bytes = *labels;
    gan_status status = gan_tensor_create(&wide, bytes->context, GAN_INT32, 1, bytes->shape);
    if (status != GAN_OK) return status;
    for (int64_t i = 0; i < bytes->shape[0]; i++) ((int32_t *)wide->data)[i] = ((const unsigned char *)bytes->data)[i];
    gan_tensor_free(labels);
    *labels = wide;
    return GAN_OK;
}

static gan_status check_labels(gan_tensor **labels, int64_t count, const char *path)
{
    char text[GAN_TENSOR_TEXT], name[GAN_PATH_TEXT];
    if ((*labels)->type == GAN_FLOAT32 || (*labels)->rank != 1 || (*labels)->shape[0] != count)
        return gan_fail(GAN_ERROR_FORMAT, "%s is %s; labels are whole numbers [%lld], as there are pictures",
                        gan_path_text(name, path), gan_tensor_text(text, *labels), (long long)count);
    gan_status status = (*labels)->type == GAN_UINT8 ? widen(labels) : GAN_OK;
    for (int64_t i = 0; status == GAN_OK && i < count; i++) {
        int32_t label = ((const int32_t *)(*labels)->data)[i];
        if (label < 0)
            return gan_fail(GAN_ERROR_FORMAT, "%s: label %lld is %d; it must be 0 or more", gan_path_text(name, path),
                            (long long)i, label);
    }
    return status;
}

/* The pictures as the options want them, in place of those of the file. */
static gan_status prepare(gan_tensor **images, const gan_dataset_options *options, const char *path)
{
    gan_tensor *source = *images, *made;
    const int h = (int)source->shape[1], w = (int)source->shape[2], c = (int)source->shape[3];
    const gan_preparation p = gan_preparation_of(options, h, w, c);
    char name[GAN_PATH_TEXT];
    if (p.height == h && p.width == w && p.channels == c) return GAN_OK;
    if (p.channels != c && c != 1 && c != 3)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_dataset_options.channels is %d; the pictures of %s have %d, which are neither grey nor "
                        "colour, and it must be 0",
                        p.channels, gan_path_text(name, path), c);
    gan_status status = gan_tensor_create(&made, source->context, source->type, 4,
                                          (int64_t[]){source->shape[0], p.height, p.width, p.channels});
    if (status != GAN_OK) return status;
    const size_t size = gan_type_size(source->type);
    const size_t from = (size_t)h * (size_t)w * (size_t)c * size;
    const size_t to = (size_t)p.height * (size_t)p.width * (size_t)p.channels * size;
    for (int64_t i = 0; status == GAN_OK && i < source->shape[0]; i++)
        status = gan_prepare_picture(&p, source->context, (unsigned char *)made->data + (size_t)i * to,
                                     (const unsigned char *)source->data + (size_t)i * from,
                                     source->type == GAN_FLOAT32, h, w, c);
    if (status != GAN_OK) {
        gan_tensor_free(&made);
        return status;
    }
    gan_tensor_free(images);
    *images = made;
    return GAN_OK;
}

gan_status gan_dataset_open_arrays(gan_dataset **dataset, gan_context *context, const char *images_path,
                                   const char *labels_path, const gan_dataset_options *given, const char *call,
                                   gan_array_reader read)
{
    if (!dataset) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: dataset is NULL", call);
    *dataset = NULL;
    if (!context || !images_path)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s NULL", call, context ? "images are" : "context is");
    gan_dataset_options options;
    gan_tensor *images = NULL, *labels = NULL;
    gan_status status = gan_dataset_read_options(&options, given, GAN_DATASET_ARRAY);
    if (status == GAN_OK) status = read(&images, context, images_path);
    if (status == GAN_OK) status = check_images(images, images_path);
    if (status == GAN_OK && labels_path) status = read(&labels, context, labels_path);
    if (status == GAN_OK && labels_path) status = check_labels(&labels, images->shape[0], labels_path);
    if (status == GAN_OK) status = prepare(&images, &options, images_path);
    if (status == GAN_OK) status = gan_dataset_create_tensors(dataset, context, images, labels, &options);
    gan_tensor_free(&labels);
    gan_tensor_free(&images);
    return status;
}
