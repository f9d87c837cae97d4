/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/file.h"
#include "data/array.h"

#include <stdio.h>
#include <string.h>

#define PATH_BYTES 4096

/* Opens a kind of set that is at the path. */
typedef gan_status (*opener)(gan_dataset **dataset, gan_context *context, const char *path,
                             const gan_dataset_options *options);

static gan_status open_synthetic(gan_dataset **dataset, gan_context *context, const char *path,
                                 const gan_dataset_options *options)
{
    (void)path;
    return gan_dataset_create_synthetic(dataset, context, options);
}

static gan_status open_npy(gan_dataset **dataset, gan_context *context, const char *path,
                           const gan_dataset_options *options)
{
    return gan_dataset_open_npy(dataset, context, path, NULL, options);
}

static gan_status open_idx(gan_dataset **dataset, gan_context *context, const char *path,
                           const gan_dataset_options *options)
{
    return gan_dataset_open_idx(dataset, context, path, NULL, options);
}

static bool join(char joined[PATH_BYTES], const char *folder, const char *name)
{
    int length = snprintf(joined, PATH_BYTES, "%s/%s", folder, name);
    return length > 0 && length < PATH_BYTES;
}

static gan_status open_mnist(gan_dataset **dataset, gan_context *context, const char *path,
                             const gan_dataset_options *options)
{
    char images[PATH_BYTES], labels[PATH_BYTES];
    join(images, path, "train-images-idx3-ubyte");
    join(labels, path, "train-labels-idx1-ubyte");
    return gan_dataset_open_idx(dataset, context, images, labels, options);
}

static bool has(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    return join(path, folder, name) && gan_file_exists(path);
}

static bool ends_with(const char *text, const char *ending)
{
    size_t all = strlen(text), length = strlen(ending);
    return all >= length && strcmp(text + all - length, ending) == 0;
}

typedef struct kind {
    gan_dataset_kind kind;
    opener open;
} kind;

static kind kind_of_folder(const char *path)
{
    static const char *const cifar10[] = {"cifar-10-batches-bin", "data_batch_1.bin", "test_batch.bin"};
    for (size_t i = 0; i < sizeof cifar10 / sizeof cifar10[0]; i++)
        if (has(path, cifar10[i])) return (kind){GAN_DATASET_CIFAR10_FOLDER, gan_dataset_open_cifar10};
    if (has(path, "train-images-idx3-ubyte") && has(path, "train-labels-idx1-ubyte"))
        return (kind){GAN_DATASET_ARRAY, open_mnist};
    return (kind){GAN_DATASET_FOLDER, gan_dataset_open_folder};
}

static gan_status kind_of_file(const char *path, kind *found)
{
    unsigned char bytes[6];
    size_t got = 0;
    gan_status status = gan_file_read_beginning(path, bytes, sizeof bytes, &got);
    if (status != GAN_OK) return status;
    if (ends_with(path, ".bin"))
        *found = (kind){GAN_DATASET_CIFAR10_FILE, gan_dataset_open_cifar10};
    else if (got == sizeof bytes && memcmp(bytes, GAN_NPY_MARK, sizeof bytes) == 0)
        *found = (kind){GAN_DATASET_ARRAY, open_npy};
    else if (got >= 4 && !bytes[0] && !bytes[1] && bytes[2] && bytes[3])
        *found = (kind){GAN_DATASET_ARRAY, open_idx};
    else {
        char name[GAN_PATH_TEXT];
        return gan_fail(GAN_ERROR_FORMAT,
                        "%s is no dataset: neither a folder, nor a file of NumPy's, an IDX file or CIFAR-10's .bin",
                        gan_path_text(name, path));
    }
    return GAN_OK;
}

static gan_status find_kind(const char *path, kind *found)
{
    *found = (kind){GAN_DATASET_SYNTHETIC, open_synthetic};
    if (strcmp(path, "synthetic") == 0) return GAN_OK;
    if (!gan_file_is_folder(path)) return kind_of_file(path, found);
    *found = kind_of_folder(path);
    return GAN_OK;
}

/* Kinds that cannot resize have passed over what they were asked for. */
static gan_status check_size(const gan_dataset *dataset, const char *path, const gan_dataset_options *asked)
{
    const int given[] = {dataset->height, dataset->width, dataset->channels};
    const int wanted[] = {asked->height, asked->width, asked->channels};
    char name[GAN_PATH_TEXT];
    for (int i = 0; i < 3; i++)
        if (wanted[i] && wanted[i] != given[i])
            return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                            "%s has pictures of %d x %d x %d, which this kind of dataset cannot resize; asked for are "
                            "%d x %d x %d (0: any)",
                            gan_path_text(name, path), given[0], given[1], given[2], wanted[0], wanted[1], wanted[2]);
    return GAN_OK;
}

gan_status gan_dataset_open(gan_dataset **dataset, gan_context *context, const char *path,
                            const gan_dataset_options *given)
{
    if (!dataset) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_open: dataset is NULL");
    *dataset = NULL;
    if (!context || !path)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_open: %s is NULL", context ? "path" : "context");
    gan_dataset_options asked, options;
    kind found;
    gan_status status = find_kind(path, &found);
    if (status == GAN_OK) status = gan_dataset_read_options(&asked, given, GAN_DATASET_ANY);
    if (status == GAN_OK) status = gan_dataset_options_for(&options, given, found.kind);
    if (status == GAN_OK) status = found.open(dataset, context, path, &options);
    if (status != GAN_OK) return status;
    status = check_size(*dataset, path, &asked);
    if (status != GAN_OK) gan_dataset_free(dataset);
    return status;
}
