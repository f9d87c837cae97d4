/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/file.h"
#include "data/dataset.h"

#include <stdio.h>

/* A record: 1 byte of label, then planes of red, green and blue, each 32 rows of 32. */
#define SIDE   32
#define PLANES 3
#define RECORD (1 + PLANES * SIDE * SIDE)
#define LABELS 10

#define MAX_FILE_BYTES ((size_t)1 << 30)
#define MAX_FILES      6
#define PATH_BYTES     4096

static const char *const class_names[LABELS] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                                "dog",      "frog",       "horse", "ship", "truck"};

struct crop {
    int size, top, left;
};

/* The files' content, until it is unpacked. */
struct files {
    char path[MAX_FILES][PATH_BYTES];
    unsigned char *data[MAX_FILES];
    size_t size[MAX_FILES];
    int count;
};

static gan_status add_file(struct files *files, const char *folder, const char *name)
{
    int length = snprintf(files->path[files->count], PATH_BYTES, "%s%s%s", folder, name[0] ? "/" : "", name);
    if (length < 0 || length >= PATH_BYTES)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_open_cifar10: the path has more than %d bytes",
                        PATH_BYTES - 1);
    files->count++;
    return GAN_OK;
}

/* The folder's files of this part. */
static gan_status list_folder(struct files *files, const char *path, int part)
{
    static const char *const train[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                                        "data_batch_5.bin"};
    char below[PATH_BYTES];
    int length = snprintf(below, sizeof below, "%s/cifar-10-batches-bin", path);
    if (length > 0 && length < PATH_BYTES && gan_file_is_folder(below)) path = below;
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && part != GAN_CIFAR10_TEST && i < 5; i++)
        status = add_file(files, path, train[i]);
    if (status == GAN_OK && part != GAN_CIFAR10_TRAIN) status = add_file(files, path, "test_batch.bin");
    return status;
}

static gan_status check_file(const char *path, const unsigned char *data, size_t size)
{
    char name[GAN_PATH_TEXT];
    gan_path_text(name, path);
    if (size == 0) return gan_fail(GAN_ERROR_FORMAT, "%s is empty", name);
    if (size % RECORD != 0)
        return gan_fail(GAN_ERROR_FORMAT, "%s has %zu bytes: record %zu is truncated to %zu of %d bytes", name, size,
                        size / RECORD, size % RECORD, RECORD);
    for (size_t i = 0; i < size / RECORD; i++)
        if (data[i * RECORD] >= LABELS)
            return gan_fail(GAN_ERROR_FORMAT, "%s: the label of record %zu is %d; it must be 0 to %d", name, i,
                            data[i * RECORD], LABELS - 1);
    return GAN_OK;
}

static gan_status read_files(struct files *files, gan_context *context)
{
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < files->count; i++) {
        status = gan_file_read(files->path[i], &context->allocator, MAX_FILE_BYTES, &files->data[i], &files->size[i]);
        if (status == GAN_OK) status = check_file(files->path[i], files->data[i], files->size[i]);
    }
    return status;
}

/* Planes to channels, of the crop. */
static void unpack_record(unsigned char *image, const unsigned char *record, const struct crop *crop)
{
    for (int y = 0; y < crop->size; y++)
        for (int x = 0; x < crop->size; x++)
            for (int k = 0; k < PLANES; k++) *image++ = record[1 + (k * SIDE + crop->top + y) * SIDE + crop->left + x];
}

static void unpack(const struct files *files, const struct crop *crop, unsigned char *images, int32_t *labels)
{
    for (int i = 0; i < files->count; i++)
        for (size_t k = 0; k < files->size[i]; k += RECORD) {
            *labels++ = files->data[i][k];
            unpack_record(images, files->data[i] + k, crop);
            images += (ptrdiff_t)crop->size * crop->size * PLANES;
        }
}

static gan_status crop_of(const gan_dataset_options *options, struct crop *crop)
{
    *crop = (struct crop){options->crop, options->crop_top, options->crop_left};
    if (!options->crop_at && (crop->top || crop->left))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_options.crop_top and crop_left need crop_at");
    if (!options->crop_at) crop->top = crop->left = (SIDE - crop->size) / 2;
    int most = SIDE - crop->size;
    if (crop->top > most || crop->left > most)
        return gan_fail(
            GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_options.%s is %d; with a crop of %d it must be 0 to %d",
            crop->top > most ? "crop_top" : "crop_left", crop->top > most ? crop->top : crop->left, crop->size, most);
    return GAN_OK;
}

/* A dataset in memory of the files' pictures. */
static gan_status make_dataset(gan_dataset **dataset, gan_context *context, const struct files *files,
                               const struct crop *crop, const gan_dataset_options *options)
{
    size_t bytes = 0;
    for (int i = 0; i < files->count; i++) bytes += files->size[i];
    int64_t count = (int64_t)(bytes / RECORD);
    gan_tensor *images = NULL, *labels = NULL;
    gan_status status =
        gan_tensor_create(&images, context, GAN_UINT8, 4, (int64_t[]){count, crop->size, crop->size, PLANES});
    if (status == GAN_OK) status = gan_tensor_create(&labels, context, GAN_INT32, 1, &count);
    if (status == GAN_OK) {
        unpack(files, crop, images->data, labels->data);
        status = gan_dataset_create_tensors(dataset, context, images, labels, options);
    }
    if (status == GAN_OK) {
        (*dataset)->classes = LABELS;
        (*dataset)->class_names = class_names;
    }
    gan_tensor_free(&labels);
    gan_tensor_free(&images);
    return status;
}

gan_status gan_dataset_open_cifar10(gan_dataset **dataset, gan_context *context, const char *path,
                                    const gan_dataset_options *given)
{
    if (!dataset) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_open_cifar10: dataset is NULL");
    *dataset = NULL;
    if (!context || !path)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_open_cifar10: %s is NULL",
                        context ? "path" : "context");
    gan_dataset_options options;
    struct crop crop;
    bool is_folder = gan_file_is_folder(path);
    gan_status status =
        gan_dataset_read_options(&options, given, is_folder ? GAN_DATASET_CIFAR10_FOLDER : GAN_DATASET_CIFAR10_FILE);
    if (status == GAN_OK) status = crop_of(&options, &crop);
    if (status != GAN_OK) return status;
    struct files *files = gan_context_allocate(context, 1, sizeof *files, "a list of files");
    if (!files) return GAN_ERROR_OUT_OF_MEMORY;
    status = is_folder ? list_folder(files, path, options.part) : add_file(files, path, "");
    if (status == GAN_OK) status = read_files(files, context);
    if (status == GAN_OK) status = make_dataset(dataset, context, files, &crop, &options);
    for (int i = 0; i < files->count; i++) gan_context_release(context, files->data[i]);
    gan_context_release(context, files);
    return status;
}
