/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/options.h"
#include "data/dataset.h"
#include "image/picture.h"

#include <gan/image.h>
#include <string.h>

static const gan_field fields[] = {
    {"last_batch", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, last_batch), 0, GAN_LAST_BATCH_KEEP, 0},
    {"part", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, part), 0, GAN_CIFAR10_ALL, 0},
    {"crop", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, crop), 1, 32, 16},
    {"crop_top", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, crop_top), 0, 31, 0},
    {"crop_left", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, crop_left), 0, 31, 0},
    {"count", GAN_FIELD_INT64, 0, offsetof(gan_dataset_options, count), 1, INT32_MAX, 50000},
    {"height", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, height), 1, GAN_PICTURE_SIDE, 0},
    {"width", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, width), 1, GAN_PICTURE_SIDE, 0},
    {"channels", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, channels), 1, 3, 0},
    {"fit", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, fit), 0, GAN_FIT_STRETCH, 0},
    {"filter", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, filter), 0, GAN_IMAGE_LANCZOS, 0},
    {"broken", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, broken), 0, GAN_BROKEN_SKIP, 0},
    {"threads", GAN_FIELD_INT, 0, offsetof(gan_dataset_options, threads), 1, 64, 2},
    GAN_FIELD_RESERVED(gan_dataset_options),
    {"cache", GAN_FIELD_INT64, 0, offsetof(gan_dataset_options, cache), 1, (double)(INT64_MAX / 2), 256 << 20},
};

/* Members that only some kinds of datasets use. */
#define CIFAR10   (GAN_DATASET_CIFAR10_FILE | GAN_DATASET_CIFAR10_FOLDER)
#define RESIZED   (GAN_DATASET_FOLDER | GAN_DATASET_ARRAY)
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
    {RESIZED, MEMBER(height)},
    {RESIZED, MEMBER(width)},
    {RESIZED, MEMBER(channels)},
    {RESIZED, MEMBER(fit)},
    {RESIZED, MEMBER(filter)},
    {GAN_DATASET_FOLDER, MEMBER(broken)},
    {GAN_DATASET_FOLDER, MEMBER(threads)},
    {GAN_DATASET_FOLDER, MEMBER(cache)},
};

static bool is_zero(const unsigned char *bytes, size_t size)
{
    while (size > 0 && bytes[size - 1] == 0) size--;
    return size == 0;
}

static const struct {
    gan_dataset_kind kind;
    const char *name;
} kinds[] = {
    {GAN_DATASET_MEMORY, "a dataset in memory"},
    {GAN_DATASET_SYNTHETIC, "the synthetic dataset"},
    {GAN_DATASET_CIFAR10_FILE, "a single file of CIFAR-10"},
    {GAN_DATASET_CIFAR10_FOLDER, "a folder of CIFAR-10"},
    {GAN_DATASET_FOLDER, "a folder of pictures"},
    {GAN_DATASET_ARRAY, "a file of pictures"},
    {GAN_DATASET_ANY, "a dataset"},
};

static const char *kind_name(gan_dataset_kind kind)
{
    size_t i = 0;
    while (kinds[i].kind != kind) i++;
    return kinds[i].name;
}

static gan_status check_members(const gan_dataset_options *given, gan_dataset_kind kind)
{
    gan_dataset_options all; /* as large as this version's, without defaults */
    gan_status status = gan_options_read(&all, sizeof all, given, "gan_dataset_options", NULL, 0);
    for (size_t i = 0; status == GAN_OK && i < sizeof members / sizeof members[0]; i++)
        if (!(members[i].kinds & kind) && !is_zero((unsigned char *)&all + members[i].offset, members[i].size))
            return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                            "gan_dataset_options.%s is set; it must be 0, as %s has no use for it", members[i].name,
                            kind_name(kind));
    return status;
}

gan_status gan_dataset_read_options(gan_dataset_options *options, const gan_dataset_options *given,
                                    gan_dataset_kind kind)
{
    gan_status status =
        gan_options_read(options, sizeof *options, given, "gan_dataset_options", fields, GAN_FIELD_COUNT(fields));
    if (status == GAN_OK) status = check_members(given, kind);
    if (status == GAN_OK && options->channels == 2)
        status = gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_options.channels is 2; it must be 1 or 3");
    if (status == GAN_OK && !options->height != !options->width)
        status = gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                          "gan_dataset_options.height is %d and width is %d; give both or neither", options->height,
                          options->width);
    return status;
}

gan_status gan_dataset_options_for(gan_dataset_options *options, const gan_dataset_options *given,
                                   gan_dataset_kind kind)
{
    gan_status status = gan_options_read(options, sizeof *options, given, "gan_dataset_options", NULL, 0);
    for (size_t i = 0; status == GAN_OK && i < sizeof members / sizeof members[0]; i++)
        if (!(members[i].kinds & kind)) memset((unsigned char *)options + members[i].offset, 0, members[i].size);
    return status;
}
