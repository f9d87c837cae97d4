/* SPDX-License-Identifier: BSD-2-Clause */
#include "tensor/tensor.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} types[] = {[GAN_FLOAT32] = {"float", 4}, [GAN_UINT8] = {"uint8", 1}, [GAN_INT32] = {"int32", 4}};

#define TYPES (sizeof types / sizeof types[0])

size_t gan_type_size(gan_type type)
{
    return types[type].size;
}

const char *gan_tensor_text(char text[GAN_TENSOR_TEXT], const gan_tensor *tensor)
{
    char shape[GAN_SHAPE_TEXT];
    snprintf(text, GAN_TENSOR_TEXT, "%s %s", types[tensor->type].name,
             gan_shape_text(shape, tensor->rank, tensor->shape));
    return text;
}

bool gan_tensor_fits(const gan_tensor *tensor, int rank, const int64_t *shape)
{
    return tensor->type == GAN_FLOAT32 && tensor->rank == rank + 1 &&
           memcmp(tensor->shape + 1, shape, (size_t)rank * sizeof *shape) == 0;
}

/* Checks what describes a tensor, and makes one without data. */
static gan_status create_header(gan_tensor **handle, const char *call, gan_context *context, gan_type type, int rank,
                                const int64_t *shape, size_t *bytes)
{
    if (!handle) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: tensor is NULL", call);
    *handle = NULL;
    if (!context) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: context is NULL", call);
    if ((size_t)type >= TYPES)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: type is %d; it must be a gan_type, 0 to %d", call, (int)type,
                        (int)TYPES - 1);
    if (rank < 1 || rank > GAN_MAX_RANK)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: rank is %d; it must be 1 to %d", call, rank, GAN_MAX_RANK);
    if (!shape) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: shape is NULL", call);
    int64_t count;
    if (!gan_shape_count(rank, shape, &count) || (uint64_t)count > SIZE_MAX / types[type].size) {
        char text[GAN_SHAPE_TEXT];
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "%s: shape is %s; each dimension must be at least 1, and the bytes fit in memory", call,
                        gan_shape_text(text, rank, shape));
    }
    *bytes = (size_t)count * types[type].size;
    gan_tensor *tensor = gan_context_allocate(context, 1, sizeof *tensor, "a tensor");
    if (!tensor) return GAN_ERROR_OUT_OF_MEMORY;
    atomic_init(&tensor->references, 1);
    tensor->context = gan_context_retain(context);
    tensor->type = type;
    tensor->rank = rank;
    memcpy(tensor->shape, shape, (size_t)rank * sizeof *shape);
    tensor->capacity = shape[0];
    *handle = tensor;
    return GAN_OK;
}

static void release_owned(void *user, void *data)
{
    gan_context_release(user, data);
}

gan_status gan_tensor_create(gan_tensor **handle, gan_context *context, gan_type type, int rank, const int64_t *shape)
{
    size_t bytes = 0;
    gan_status status = create_header(handle, "gan_tensor_create", context, type, rank, shape, &bytes);
    if (status != GAN_OK) return status;
    void *data = gan_context_allocate(context, bytes, 1, "a tensor's data");
    if (!data) {
        gan_tensor_free(handle);
        return GAN_ERROR_OUT_OF_MEMORY;
    }
    (*handle)->data = data;
    (*handle)->release = release_owned;
    (*handle)->user = context;
    return GAN_OK;
}

gan_status gan_tensor_wrap(gan_tensor **handle, gan_context *context, gan_type type, int rank, const int64_t *shape,
                           void *data, gan_release_function release, void *user)
{
    size_t bytes = 0;
    gan_status status = create_header(handle, "gan_tensor_wrap", context, type, rank, shape, &bytes);
    if (status != GAN_OK) return status;
    if (!data || (uintptr_t)data % types[type].size != 0) {
        gan_tensor_free(handle);
        if (!data) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_tensor_wrap: data is NULL");
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_tensor_wrap: data is %p; it must be aligned to %zu bytes",
                        data, types[type].size);
    }
    (*handle)->data = data;
    (*handle)->release = release;
    (*handle)->user = user;
    return GAN_OK;
}

static void release_base(void *user, void *data)
{
    (void)data;
    gan_tensor *base = user;
    gan_tensor_free(&base);
}

gan_status gan_tensor_view(gan_tensor **handle, gan_tensor *base, size_t offset, int rank, const int64_t *shape)
{
    size_t bytes = 0;
    gan_status status = create_header(handle, "gan_tensor_view", base->context, GAN_FLOAT32, rank, shape, &bytes);
    if (status != GAN_OK) return status;
    (*handle)->data = (float *)base->data + offset;
    (*handle)->release = release_base;
    (*handle)->user = gan_tensor_retain(base);
    (*handle)->fixed = true;
    return GAN_OK;
}

gan_tensor *gan_tensor_retain(gan_tensor *tensor)
{
    if (tensor) atomic_fetch_add(&tensor->references, 1);
    return tensor;
}

void gan_tensor_free(gan_tensor **handle)
{
    if (!handle || !*handle) return;
    gan_tensor *tensor = *handle;
    *handle = NULL;
    if (atomic_fetch_sub(&tensor->references, 1) > 1) return;
    if (tensor->release) tensor->release(tensor->user, tensor->data);
    gan_context *context = tensor->context;
    gan_context_release(context, tensor);
    gan_context_free(&context);
}

gan_type gan_tensor_type(const gan_tensor *tensor)
{
    return tensor ? tensor->type : GAN_FLOAT32;
}

int gan_tensor_rank(const gan_tensor *tensor)
{
    return tensor ? tensor->rank : 0;
}

const int64_t *gan_tensor_shape(const gan_tensor *tensor)
{
    return tensor ? tensor->shape : NULL;
}

int64_t gan_tensor_dimension(const gan_tensor *tensor, int axis)
{
    return tensor && axis >= 0 && axis < tensor->rank ? tensor->shape[axis] : 0;
}

int64_t gan_tensor_count(const gan_tensor *tensor)
{
    int64_t count = 0;
    if (tensor) gan_shape_count(tensor->rank, tensor->shape, &count);
    return count;
}

size_t gan_tensor_bytes(const gan_tensor *tensor)
{
    return tensor ? (size_t)gan_tensor_count(tensor) * types[tensor->type].size : 0;
}

void *gan_tensor_data(const gan_tensor *tensor)
{
    return tensor ? tensor->data : NULL;
}

float *gan_tensor_floats(const gan_tensor *tensor)
{
    return tensor && tensor->type == GAN_FLOAT32 ? tensor->data : NULL;
}

gan_status gan_tensor_set_batch(gan_tensor *tensor, int64_t batch)
{
    if (!tensor) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_tensor_set_batch: tensor is NULL");
    if (tensor->fixed)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_tensor_set_batch: the tensor belongs to a network or a run; its shape is fixed");
    if (batch < 1 || batch > tensor->capacity)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_tensor_set_batch: batch is %lld; the tensor holds 1 to %lld",
                        (long long)batch, (long long)tensor->capacity);
    tensor->shape[0] = batch;
    return GAN_OK;
}

gan_status gan_tensor_copy(gan_tensor *target, const gan_tensor *source)
{
    if (!target || !source)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_tensor_copy: %s is NULL", target ? "source" : "target");
    if (target == source) return GAN_OK;
    if (target->type != source->type || target->rank != source->rank ||
        memcmp(target->shape, source->shape, (size_t)target->rank * sizeof *target->shape) != 0) {
        char a[GAN_TENSOR_TEXT], b[GAN_TENSOR_TEXT];
        return gan_fail(GAN_ERROR_SHAPE, "gan_tensor_copy: the source is %s and the target %s; they must be the same",
                        gan_tensor_text(a, source), gan_tensor_text(b, target));
    }
    memcpy(target->data, source->data, gan_tensor_bytes(source));
    return GAN_OK;
}
