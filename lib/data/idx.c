/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/file.h"
#include "data/array.h"

#include <string.h>

/* The format of MNIST (LeCun, http://yann.lecun.com/exdb/mnist): two zeros, the type (8: bytes), the number of
 * dimensions; each dimension in four bytes, the highest first; the elements. */
#define BYTES    8
#define MAX_FILE (SIZE_MAX / 4)

static gan_status wrong(const char *path, const char *what)
{
    char name[GAN_PATH_TEXT];
    return gan_fail(GAN_ERROR_FORMAT, "%s: %s", gan_path_text(name, path), what);
}

static gan_status read_header(const unsigned char *data, size_t size, const char *path, int *rank, int64_t *shape)
{
    if (size >= 2 && data[0] == 0x1f && data[1] == 0x8b) return wrong(path, "it is packed by gzip: unpack it first");
    if (size < 4 || data[0] || data[1] || data[3] == 0) return wrong(path, "it is not an IDX file");
    if (data[2] != BYTES) return wrong(path, "its elements are not bytes");
    *rank = data[3];
    if (*rank > GAN_MAX_RANK || size < 4 + 4 * (size_t)*rank) return wrong(path, "its header does not end");
    for (int i = 0; i < *rank; i++) {
        const unsigned char *number = data + 4 + 4 * i;
        shape[i] = (int64_t)number[0] << 24 | number[1] << 16 | number[2] << 8 | number[3];
    }
    return GAN_OK;
}

static void release_data(void *context, void *data)
{
    gan_context_release(context, data);
}

/* The file's memory becomes the tensor's: the elements move to its beginning. */
static gan_status make_tensor(gan_tensor **tensor, gan_context *context, const char *path, unsigned char *data,
                              size_t size)
{
    int rank = 0;
    int64_t shape[GAN_MAX_RANK], count;
    gan_status status = read_header(data, size, path, &rank, shape);
    if (status != GAN_OK) return status;
    const size_t begin = 4 + 4 * (size_t)rank;
    char name[GAN_PATH_TEXT], text[GAN_SHAPE_TEXT];
    if (!gan_shape_count(rank, shape, &count) || (size_t)count != size - begin)
        return gan_fail(GAN_ERROR_FORMAT, "%s: it has %zu bytes of elements; %s is another number or none",
                        gan_path_text(name, path), size - begin, gan_shape_text(text, rank, shape));
    memmove(data, data + begin, size - begin);
    return gan_tensor_wrap(tensor, context, GAN_UINT8, rank, shape, data, release_data, context);
}

gan_status gan_idx_read(gan_tensor **tensor, gan_context *context, const char *path)
{
    unsigned char *data;
    size_t size;
    *tensor = NULL;
    gan_status status = gan_file_read(path, &context->allocator, MAX_FILE, &data, &size);
    if (status != GAN_OK) return status;
    status = make_tensor(tensor, context, path, data, size);
    if (status != GAN_OK) gan_context_release(context, data);
    return status;
}

gan_status gan_dataset_open_idx(gan_dataset **dataset, gan_context *context, const char *images, const char *labels,
                                const gan_dataset_options *options)
{
    return gan_dataset_open_arrays(dataset, context, images, labels, options, "gan_dataset_open_idx", gan_idx_read);
}
