/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/file.h"
#include "tensor/tensor.h"

#include <stdio.h>
#include <string.h>

/* NumPy's format, versions 1 to 3: 8 bytes of mark and version, the header's length (two bytes little-endian in version
 * 1, four in the others), the header, the elements. The header is a dictionary as Python writes it, and spaces up to a
 * line break: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }. What differs is refused. */
#define MARK       "\x93NUMPY"
#define MARK_BYTES 6
#define MAX_FILE   (SIZE_MAX / 4)
#define MAX_HEADER 65536
#define ALIGNMENT  64 /* of the elements, in files written here */

/* What a header written here has at most: eight dimensions of twenty digits. */
#define HEADER_BYTES 320

static const struct {
    const char *name;
    gan_type type;
    size_t size; /* in the file */
} types[] = {{"<f4", GAN_FLOAT32, 4}, {"|u1", GAN_UINT8, 1}, {"<i4", GAN_INT32, 4}, {"<i8", GAN_INT32, 8}};

struct reader {
    const char *path;
    const char *at, *end; /* the header not read yet */
    int kind;             /* in `types`; -1 when not known yet */
    bool ordered;         /* fortran_order was told */
    int rank;             /* -1 when not known yet */
    int64_t shape[GAN_MAX_RANK];
};

static gan_status wrong(const struct reader *r, const char *what)
{
    char name[GAN_PATH_TEXT];
    return gan_fail(GAN_ERROR_FORMAT, "%s: %s", gan_path_text(name, r->path), what);
}

static void skip_spaces(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n')) r->at++;
}

/* Whether the text comes next; it is passed if so. */
static bool take(struct reader *r, const char *text)
{
    size_t length = strlen(text);
    skip_spaces(r);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, text, length) != 0) return false;
    r->at += length;
    return true;
}

static bool take_number(struct reader *r, int64_t *number)
{
    skip_spaces(r);
    const char *begin = r->at;
    for (*number = 0; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++)
        if (__builtin_mul_overflow(*number, 10, number) || __builtin_add_overflow(*number, *r->at - '0', number))
            return false;
    return r->at > begin;
}

static gan_status read_type(struct reader *r)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char quoted[8];
        snprintf(quoted, sizeof quoted, "'%s'", types[i].name);
        if (take(r, quoted)) {
            r->kind = (int)i;
            return GAN_OK;
        }
    }
    return wrong(r, "the type of its elements is none of uint8, int32, int64 and float32, little-endian: save it as "
                    "array.astype(numpy.float32)");
}

static gan_status read_order(struct reader *r)
{
    r->ordered = take(r, "False");
    return r->ordered ? GAN_OK : wrong(r, "its order is not that of C: save it as numpy.ascontiguousarray(array)");
}

static gan_status read_shape(struct reader *r)
{
    if (!take(r, "(")) return wrong(r, "its shape is no tuple");
    for (r->rank = 0; !take(r, ")"); r->rank++) {
        if (r->rank == GAN_MAX_RANK) return wrong(r, "it has more than 8 dimensions");
        if (!take_number(r, &r->shape[r->rank]) || r->shape[r->rank] < 1)
            return wrong(r, "a dimension is none: each must be at least 1");
        if (!take(r, ",") && (r->at == r->end || *r->at != ')')) return wrong(r, "its shape is no tuple");
    }
    return r->rank > 0 ? GAN_OK : wrong(r, "it is a single number, without a dimension");
}

static gan_status read_header(struct reader *r)
{
    gan_status status = take(r, "{") ? GAN_OK : wrong(r, "its header is no dictionary");
    while (status == GAN_OK && !take(r, "}")) {
        if (r->kind < 0 && take(r, "'descr':"))
            status = read_type(r);
        else if (!r->ordered && take(r, "'fortran_order':"))
            status = read_order(r);
        else if (r->rank < 0 && take(r, "'shape':"))
            status = read_shape(r);
        else
            status = wrong(r, "its header has something else than descr, fortran_order and shape, once each");
        if (status == GAN_OK && !take(r, ",") && (r->at == r->end || *r->at != '}'))
            status = wrong(r, "its header is no dictionary");
    }
    if (status != GAN_OK) return status;
    skip_spaces(r);
    if (r->at != r->end) return wrong(r, "its header goes on after the dictionary");
    if (r->kind < 0 || !r->ordered || r->rank < 0) return wrong(r, "its header lacks descr, fortran_order or shape");
    return GAN_OK;
}

/* Where the header lies. */
static gan_status find_header(struct reader *r, const unsigned char *data, size_t size)
{
    if (size < MARK_BYTES + 6 || memcmp(data, MARK, MARK_BYTES) != 0) return wrong(r, "it is not a file of NumPy's");
    int version = data[MARK_BYTES];
    if (version < 1 || version > 3) return wrong(r, "its version is none of 1, 2 and 3");
    const unsigned char *length = data + MARK_BYTES + 2;
    size_t begin = MARK_BYTES + (version == 1 ? 4 : 6), bytes = length[0] | (size_t)length[1] << 8;
    if (version > 1) bytes |= (size_t)length[2] << 16 | (size_t)length[3] << 24;
    if (bytes > MAX_HEADER || bytes > size - begin) return wrong(r, "its header does not end");
    r->at = (const char *)data + begin;
    r->end = r->at + bytes;
    return GAN_OK;
}

static gan_status check_size(const struct reader *r, size_t bytes, int64_t *count)
{
    char name[GAN_PATH_TEXT], shape[GAN_SHAPE_TEXT];
    size_t needed;
    bool fine = gan_shape_count(r->rank, r->shape, count) &&
                gan_size_multiply((size_t)*count, types[r->kind].size, &needed) && needed == bytes;
    if (fine) return GAN_OK;
    return gan_fail(GAN_ERROR_FORMAT, "%s: it has %zu bytes of elements; %s of %zu bytes each need another number",
                    gan_path_text(name, r->path), bytes, gan_shape_text(shape, r->rank, r->shape), types[r->kind].size);
}

/* int64 to int32, in place from the front. */
static gan_status narrow(const struct reader *r, unsigned char *data, int64_t count)
{
    char name[GAN_PATH_TEXT];
    for (int64_t i = 0; i < count; i++) {
        int64_t wide;
        memcpy(&wide, data + i * 8, sizeof wide);
        int32_t number = (int32_t)wide;
        if (number != wide)
            return gan_fail(GAN_ERROR_FORMAT, "%s: element %lld is %lld; it must fit into 32 bits",
                            gan_path_text(name, r->path), (long long)i, (long long)wide);
        memcpy(data + i * 4, &number, sizeof number);
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
    struct reader r = {.path = path, .kind = -1, .rank = -1};
    int64_t count = 0;
    gan_status status = find_header(&r, data, size);
    if (status == GAN_OK) status = read_header(&r);
    if (status != GAN_OK) return status;
    size_t bytes = size - (size_t)((const unsigned char *)r.end - data);
    status = check_size(&r, bytes, &count);
    if (status != GAN_OK) return status;
    memmove(data, r.end, bytes);
    if (types[r.kind].size == 8) status = narrow(&r, data, count);
    if (status != GAN_OK) return status;
    return gan_tensor_wrap(tensor, context, types[r.kind].type, r.rank, r.shape, data, release_data, context);
}

gan_status gan_tensor_read_npy(gan_tensor **tensor, gan_context *context, const char *path)
{
    if (!tensor) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_tensor_read_npy: tensor is NULL");
    *tensor = NULL;
    if (!context || !path)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_tensor_read_npy: %s is NULL", context ? "path" : "context");
    unsigned char *data;
    size_t size;
    gan_status status = gan_file_read(path, &context->allocator, MAX_FILE, &data, &size);
    if (status != GAN_OK) return status;
    status = make_tensor(tensor, context, path, data, size);
    if (status != GAN_OK) gan_context_release(context, data);
    return status;
}

/* Version 1. Returns the header's length; the elements follow it. */
static size_t write_header(unsigned char header[HEADER_BYTES], const gan_tensor *tensor)
{
    static const char *const names[] = {[GAN_FLOAT32] = "<f4", [GAN_UINT8] = "|u1", [GAN_INT32] = "<i4"};
    char *text = (char *)header + MARK_BYTES + 4;
    int length = sprintf(text, "{'descr': '%s', 'fortran_order': False, 'shape': (", names[tensor->type]);
    for (int i = 0; i < tensor->rank; i++)
        length += sprintf(text + length, "%lld%s", (long long)tensor->shape[i],
                          tensor->rank == 1      ? ","
                          : i + 1 < tensor->rank ? ", "
                                                 : "");
    length += sprintf(text + length, "), }");
    size_t all = (MARK_BYTES + 4 + (size_t)length + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    memset(text + length, ' ', all - (MARK_BYTES + 4) - (size_t)length);
    header[all - 1] = '\n';
    memcpy(header, MARK "\x01", MARK_BYTES + 2);
    header[MARK_BYTES + 2] = (unsigned char)((all - MARK_BYTES - 4) & 255);
    header[MARK_BYTES + 3] = (unsigned char)((all - MARK_BYTES - 4) >> 8);
    return all;
}

gan_status gan_tensor_write_npy(const char *path, const gan_tensor *tensor)
{
    if (!path || !tensor)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_tensor_write_npy: %s is NULL", path ? "tensor" : "path");
    size_t bytes = gan_tensor_bytes(tensor), all;
    unsigned char *data = gan_size_add(bytes, HEADER_BYTES, &all)
                              ? gan_context_allocate(tensor->context, all, 1, "a file of NumPy's")
                              : NULL;
    if (!data) return gan_fail(GAN_ERROR_OUT_OF_MEMORY, "gan_tensor_write_npy: out of memory: %zu bytes", bytes);
    size_t header = write_header(data, tensor);
    memcpy(data + header, tensor->data, bytes);
    gan_status status = gan_file_replace(path, data, header + bytes);
    gan_context_release(tensor->context, data);
    return status;
}
