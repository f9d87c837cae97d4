/* SPDX-License-Identifier: BSD-2-Clause */
#include "data/dataset.h"
#include "augment/augment.h"
#include "core/options.h"
#include "core/random.h"

#include <gan/random.h>
#include <string.h>

/* Pictures a task. */
#define GRAIN 8

static const gan_field fields[] = {
    {"last_batch", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, last_batch), 0, GAN_LAST_BATCH_KEEP, 0},
    {"part", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, part), 0, GAN_CIFAR10_ALL, 0},
    {"crop", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, crop), 1, 32, 16},
    {"crop_top", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, crop_top), 0, 31, 0},
    {"crop_left", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, crop_left), 0, 31, 0},
    {"count", GAN_FIELD_INT64, 0, offsetof(gan_dataset_options, count), 1, INT32_MAX, 50000},
};

/* Members that only some kinds of datasets use. */
#define CIFAR10   (GAN_DATASET_CIFAR10_FILE | GAN_DATASET_CIFAR10_FOLDER)
#define MEMBER(m) #m, offsetof(gan_dataset_options, m), sizeof(((gan_dataset_options *)0)->m)
static const struct {
    unsigned kinds;
    const char *name;
    size_t offset, size;
} members[] = {
    {GAN_DATASET_CIFAR10_FOLDER, MEMBER(part)},
    {CIFAR10, MEMBER(crop)},
    {CIFAR10, MEMBER(crop_at)},
    {CIFAR10, MEMBER(crop_top)},
    {CIFAR10, MEMBER(crop_left)},
    {GAN_DATASET_SYNTHETIC, MEMBER(count)},
};

static bool is_zero(const unsigned char *bytes, size_t size)
{
    while (size > 0 && bytes[size - 1] == 0) size--;
    return size == 0;
}

static gan_status check_members(const gan_dataset_options *given, gan_dataset_kind kind)
{
    gan_dataset_options all; /* as large as this version's, without defaults */
    gan_status status = gan_options_read(&all, sizeof all, given, "gan_dataset_options", NULL, 0);
    const char *name = kind == GAN_DATASET_MEMORY         ? "a dataset in memory"
                       : kind == GAN_DATASET_SYNTHETIC    ? "the synthetic dataset"
                       : kind == GAN_DATASET_CIFAR10_FILE ? "a single file of CIFAR-10"
                                                          : "a folder of CIFAR-10";
    for (size_t i = 0; status == GAN_OK && i < sizeof members / sizeof members[0]; i++)
        if (!(members[i].kinds & kind) && !is_zero((unsigned char *)&all + members[i].offset, members[i].size))
            return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                            "gan_dataset_options.%s is set; it must be 0, as %s has no use for it", members[i].name,
                            name);
    return status;
}

gan_status gan_dataset_read_options(gan_dataset_options *options, const gan_dataset_options *given,
                                    gan_dataset_kind kind)
{
    gan_status status =
        gan_options_read(options, sizeof *options, given, "gan_dataset_options", fields, GAN_FIELD_COUNT(fields));
    return status == GAN_OK ? check_members(given, kind) : status;
}

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
        .order_epoch = UINT64_MAX, /* none yet */
    };
    *handle = dataset;
    if (!options->in_order)
        dataset->order = gan_context_allocate(context, (size_t)count, sizeof *dataset->order, "a dataset's order");
    if (!options->in_order && !dataset->order) {
        gan_dataset_free(handle);
        return GAN_ERROR_OUT_OF_MEMORY;
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
    gan_context_release(context, dataset->order);
    gan_tensor_free(&dataset->labels);
    gan_tensor_free(&dataset->images);
    gan_context_release(context, dataset);
    gan_context_free(&context);
}

/* The place of an epoch in a stream: its low bits as the substream, its high ones above any position in it. */
static gan_philox place_of(const gan_dataset *dataset, uint32_t stream, uint64_t epoch, uint64_t *position)
{
    *position += (epoch >> 32) << 40;
    return (gan_philox){.seed = dataset->context->seed, .stream = stream, .substream = (uint32_t)epoch};
}

/* Fisher and Yates. The order is made from the pictures' own every time, so that it depends on seed and epoch only. */
static void need_order(gan_dataset *dataset)
{
    if (!dataset->order || dataset->order_epoch == dataset->epoch) return;
    uint64_t begin = 0;
    gan_philox philox = place_of(dataset, GAN_STREAM_DATA_ORDER, dataset->epoch, &begin);
    for (int64_t i = 0; i < dataset->count; i++) dataset->order[i] = (int32_t)i;
    for (int64_t i = dataset->count - 1; i > 0; i--) {
        uint32_t bits[4];
        gan_philox_block(&philox, begin + (uint64_t)i, bits);
        int64_t k = (int64_t)gan_bounded((uint64_t)bits[1] << 32 | bits[0], (uint64_t)i + 1);
        int32_t swapped = dataset->order[i];
        dataset->order[i] = dataset->order[k];
        dataset->order[k] = swapped;
    }
    dataset->order_epoch = dataset->epoch;
}

static bool flips(const gan_dataset *dataset, int64_t position)
{
    if (!dataset->options.flip) return false;
    uint64_t place = (uint64_t)position;
    gan_philox philox = place_of(dataset, GAN_STREAM_AUGMENTATION, dataset->epoch, &place);
    uint32_t bits[4];
    gan_philox_block(&philox, place, bits);
    return bits[0] & 1;
}

static int64_t picture_at(const gan_dataset *dataset, int64_t position)
{
    return dataset->order ? dataset->order[position] : position;
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
    for (int64_t i = begin; i < end; i++) {
        float *image = batch->images + i * picture_floats(dataset);
        dataset->source->read(dataset, picture_at(dataset, dataset->position + i), image);
        if (flips(dataset, dataset->position + i))
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

/* To the next epoch where this one has no batch left. */
static void turn(gan_dataset *dataset, int64_t batch)
{
    int64_t rest = dataset->count - dataset->position;
    if (rest > 0 && (rest >= batch || dataset->options.last_batch == GAN_LAST_BATCH_KEEP)) return;
    dataset->epoch++;
    dataset->position = 0;
}

gan_status gan_dataset_next(gan_dataset *dataset, gan_tensor *images, gan_tensor *labels)
{
    gan_status status = check_next(dataset, images, labels);
    if (status != GAN_OK) return status;
    turn(dataset, images->capacity);
    need_order(dataset);
    int64_t rest = dataset->count - dataset->position, count = images->capacity < rest ? images->capacity : rest;
    images->shape[0] = count;
    struct batch batch = {dataset, images->data};
    gan_pool_ranges(dataset->context->pool, read_pictures, &batch, count, GRAIN);
    for (int64_t i = 0; labels && i < count; i++)
        ((int32_t *)labels->data)[i] = dataset->source->label(dataset, picture_at(dataset, dataset->position + i));
    if (labels) labels->shape[0] = count;
    dataset->position += count;
    turn(dataset, images->capacity);
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
    dataset->source->read(dataset, index, image->data);
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
    return dataset ? dataset->epoch : 0;
}

int64_t gan_dataset_position(const gan_dataset *dataset)
{
    return dataset ? dataset->position : 0;
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
    dataset->epoch = epoch;
    dataset->position = position;
    return GAN_OK;
}
