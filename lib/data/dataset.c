/* SPDX-License-Identifier: BSD-2-Clause */
#include "data/dataset.h"
#include "augment/augment.h"

/* Pictures a task. */
#define GRAIN 8

gan_status gan_dataset_create(gan_dataset **handle, gan_context *context, const gan_dataset_source *source,
                              const gan_dataset_options *options, int64_t count, const int *size, gan_tensor *images,
                              gan_tensor *labels)
{
    gan_dataset *dataset = gan_context_allocate(context, 1, sizeof *dataset, "a dataset");
    if (!dataset) return GAN_ERROR_OUT_OF_MEMORY;
    *dataset = (gan_dataset){
        .context = gan_context_retain(context),
        .source = source,
        .options = *options,
        .count = count,
        .height = size[0],
        .width = size[1],
        .channels = size[2],
        .images = gan_tensor_retain(images),
        .labels = gan_tensor_retain(labels),
    };
    *handle = dataset;
    gan_status status = gan_dataset_create_orders(dataset, source->begin ? 2 : 1);
    if (status != GAN_OK) {
        gan_dataset_free(handle);
        return status;
    }
    gan_log(context, GAN_LOG_INFO, "dataset: %lld pictures of %d x %d x %d", (long long)count, size[0], size[1],
            size[2]);
    return GAN_OK;
}

void gan_dataset_free(gan_dataset **handle)
{
    if (!handle || !*handle) return;
    gan_dataset *dataset = *handle;
    gan_context *context = dataset->context;
    *handle = NULL;
    if (dataset->state) dataset->source->close(dataset);
    for (int i = 0; i < 2; i++) gan_context_release(context, dataset->orders[i].pictures);
    gan_tensor_free(&dataset->labels);
    gan_tensor_free(&dataset->images);
    gan_context_release(context, dataset);
    gan_context_free(&context);
}

static int64_t picture_floats(const gan_dataset *dataset)
{
    return (int64_t)dataset->height * dataset->width * dataset->channels;
}

struct batch {
    const gan_dataset *dataset;
    float *images;
};

static void read_pictures(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct batch *batch = argument;
    const gan_dataset *dataset = batch->dataset;
    (void)worker;
    gan_place place = {dataset->place.epoch, dataset->place.position + begin};
    for (int64_t i = begin; i < end; i++, place.position++) {
        float *image = batch->images + i * picture_floats(dataset);
        dataset->source->read(dataset, gan_dataset_picture_at(dataset, &place), image);
        if (gan_dataset_flips(dataset, &place))
            gan_augment_mirror(image, dataset->height, dataset->width, dataset->channels);
    }
}

static bool holds_pictures(const gan_dataset *dataset, int rank, const int64_t *shape)
{
    return rank == 3 && shape[0] == dataset->height && shape[1] == dataset->width && shape[2] == dataset->channels;
}

static gan_status wrong_pictures(const gan_dataset *dataset, const char *call, const char *batch,
                                 const gan_tensor *images)
{
    char given[GAN_TENSOR_TEXT];
    return gan_fail(GAN_ERROR_SHAPE, "%s: the tensor is %s; it must be float [%s%d,%d,%d]", call,
                    gan_tensor_text(given, images), batch, dataset->height, dataset->width, dataset->channels);
}

static gan_status check_next(const gan_dataset *dataset, const gan_tensor *images, const gan_tensor *labels)
{
    if (!dataset || !images)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_next: %s NULL", dataset ? "images are" : "dataset is");
    if (images->fixed || (labels && labels->fixed))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_dataset_next: %s belong to a network or a run; give a tensor of "
                        "your own",
                        images->fixed ? "images" : "labels");
    if (images->type != GAN_FLOAT32 || images->rank != 4 || !holds_pictures(dataset, 3, images->shape + 1))
        return wrong_pictures(dataset, "gan_dataset_next", "N,", images);
    if (labels && (labels->type != GAN_INT32 || labels->rank != 1 || labels->capacity != images->capacity)) {
        char given[GAN_TENSOR_TEXT];
        return gan_fail(GAN_ERROR_SHAPE, "gan_dataset_next: labels are %s; they must be int32 [%lld]",
                        gan_tensor_text(given, labels), (long long)images->capacity);
    }
    if (dataset->options.last_batch == GAN_LAST_BATCH_DROP && images->capacity > dataset->count)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_dataset_next: a batch of %lld; the dataset has %lld pictures, and "
                        "short batches are dropped",
                        (long long)images->capacity, (long long)dataset->count);
    return GAN_OK;
}

/* The next `count` pictures and labels. */
static void read_batch(gan_dataset *dataset, gan_tensor *images, gan_tensor *labels, int64_t count)
{
    struct batch batch = {dataset, images->data};
    images->shape[0] = count;
    gan_pool_ranges(dataset->context->pool, read_pictures, &batch, count, GRAIN);
    gan_place place = dataset->place;
    for (int64_t i = 0; labels && i < count; i++, place.position++)
        ((int32_t *)labels->data)[i] = dataset->source->label(dataset, gan_dataset_picture_at(dataset, &place));
    if (labels) labels->shape[0] = count;
}

gan_status gan_dataset_next(gan_dataset *dataset, gan_tensor *images, gan_tensor *labels)
{
    gan_status status = check_next(dataset, images, labels);
    if (status != GAN_OK) return status;
    const gan_place before = dataset->place;
    gan_dataset_turn(dataset, &dataset->place, images->capacity);
    gan_dataset_need_order(dataset, dataset->place.epoch);
    int64_t rest = dataset->count - dataset->place.position, count = images->capacity < rest ? images->capacity : rest;
    if (dataset->source->begin) status = dataset->source->begin(dataset, count, images->capacity);
    if (status != GAN_OK) {
        dataset->place = before;
        return status;
    }
    read_batch(dataset, images, labels, count);
    dataset->place.position += count;
    gan_dataset_turn(dataset, &dataset->place, images->capacity);
    return GAN_OK;
}

gan_status gan_dataset_get(const gan_dataset *dataset, int64_t index, gan_tensor *image, int32_t *label)
{
    if (!dataset || !image)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_get: %s is NULL", dataset ? "image" : "dataset");
    if (index < 0 || index >= dataset->count)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_get: index is %lld; it must be 0 to %lld",
                        (long long)index, (long long)dataset->count - 1);
    bool one = image->rank == 4 && image->shape[0] == 1;
    if (image->type != GAN_FLOAT32 || !holds_pictures(dataset, image->rank - one, image->shape + one))
        return wrong_pictures(dataset, "gan_dataset_get", "", image);
    gan_status status = GAN_OK;
    if (dataset->source->get)
        status = dataset->source->get(dataset, index, image->data);
    else
        dataset->source->read(dataset, index, image->data);
    if (status != GAN_OK) return status;
    if (label) *label = dataset->source->label(dataset, index);
    return GAN_OK;
}

int64_t gan_dataset_count(const gan_dataset *dataset)
{
    return dataset ? dataset->count : 0;
}

int gan_dataset_height(const gan_dataset *dataset)
{
    return dataset ? dataset->height : 0;
}

int gan_dataset_width(const gan_dataset *dataset)
{
    return dataset ? dataset->width : 0;
}

int gan_dataset_channels(const gan_dataset *dataset)
{
    return dataset ? dataset->channels : 0;
}

int64_t gan_dataset_batches(const gan_dataset *dataset, int64_t batch)
{
    if (!dataset || batch < 1) return 0;
    bool short_one = dataset->options.last_batch == GAN_LAST_BATCH_KEEP && dataset->count % batch != 0;
    return dataset->count / batch + short_one;
}

uint64_t gan_dataset_epoch(const gan_dataset *dataset)
{
    return dataset ? dataset->place.epoch : 0;
}

int64_t gan_dataset_position(const gan_dataset *dataset)
{
    return dataset ? dataset->place.position : 0;
}

gan_status gan_dataset_seek(gan_dataset *dataset, uint64_t epoch, int64_t position)
{
    if (!dataset) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_seek: dataset is NULL");
    if (epoch == UINT64_MAX)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_seek: epoch is %llu; it must be less",
                        (unsigned long long)epoch);
    if (position < 0 || position >= dataset->count)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_seek: position is %lld; it must be 0 to %lld",
                        (long long)position, (long long)dataset->count - 1);
    dataset->place = (gan_place){epoch, position};
    return GAN_OK;
}

int gan_dataset_classes(const gan_dataset *dataset)
{
    return dataset ? dataset->classes : 0;
}

const char *gan_dataset_class_name(const gan_dataset *dataset, int label)
{
    bool known = dataset && dataset->class_names && label >= 0 && label < dataset->classes;
    return known ? dataset->class_names[label] : NULL;
}

int64_t gan_dataset_skipped(const gan_dataset *dataset)
{
    return dataset ? dataset->skipped : 0;
}
