/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_TENSOR_H
#define GAN_TENSOR_H

#include <gan/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A tensor: a dense array of one type in row-major order, the last dimension fastest. Images are [N,H,W,C]. The first
 * dimension is called the batch. Tensors are counted by reference; functions that keep one retain it.
 *
 * Thread-safety: retain, free and the queries may be called from several threads at once; who writes to the data must
 * be alone with it. */
typedef struct gan_tensor gan_tensor;

#define GAN_MAX_RANK 8

typedef enum gan_type { GAN_FLOAT32 = 0, GAN_UINT8 = 1, GAN_INT32 = 2 } gan_type;

/* Rank and shape as two arguments: gan_tensor_create(&t, context, GAN_FLOAT32, GAN_SHAPE(64, 16, 16, 3)). C only. */
#define GAN_SHAPE(...) ((int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))), ((const int64_t[]){__VA_ARGS__})

/* Makes a tensor of zeros. rank 1..GAN_MAX_RANK, every dimension at least 1. The memory is aligned to 64 bytes. The
 * caller owns the result and frees it with gan_tensor_free().
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, an unknown type, a rank or dimension out of range, more bytes than size_t holds.
 * GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_tensor_create(gan_tensor **tensor, gan_context *context, gan_type type, int rank,
                                     const int64_t *shape);

/* Called once, when the last reference to a wrapped tensor goes. */
typedef void (*gan_release_function)(void *user, void *data);

/* Makes a tensor on memory of the caller's, without copying. data must be aligned to the type's size and stay valid
 * until release (may be NULL) has been called with user and data. On failure release is not called.
 * Errors as gan_tensor_create(), and GAN_ERROR_INVALID_ARGUMENT for data that is NULL or not aligned. */
GAN_API gan_status gan_tensor_wrap(gan_tensor **tensor, gan_context *context, gan_type type, int rank,
                                   const int64_t *shape, void *data, gan_release_function release, void *user);

/* Adds a reference and returns the tensor; NULL for NULL. */
GAN_API gan_tensor *gan_tensor_retain(gan_tensor *tensor);

/* Gives up one reference and sets *tensor to NULL. NULL and a pointer to NULL are fine. */
GAN_API void gan_tensor_free(gan_tensor **tensor);

/* Queries. For NULL: GAN_FLOAT32, 0, NULL, 0, 0, 0, NULL. */
GAN_API gan_type gan_tensor_type(const gan_tensor *tensor);
GAN_API int gan_tensor_rank(const gan_tensor *tensor);
GAN_API const int64_t *gan_tensor_shape(const gan_tensor *tensor);        /* rank numbers, the tensor's own */
GAN_API int64_t gan_tensor_dimension(const gan_tensor *tensor, int axis); /* 0 for an axis out of range */
GAN_API int64_t gan_tensor_count(const gan_tensor *tensor);               /* elements */
GAN_API size_t gan_tensor_bytes(const gan_tensor *tensor);                /* bytes of all elements */
GAN_API void *gan_tensor_data(const gan_tensor *tensor);                  /* the first element */

/* The data as float, or NULL when the type is another (and for NULL). */
GAN_API float *gan_tensor_floats(const gan_tensor *tensor);

/* Changes the first dimension, 1..what the tensor's memory holds (the batch it was made with). No data moves: a short
 * last batch uses the first part of the memory. GAN_ERROR_INVALID_ARGUMENT: NULL, a batch out of range, or a tensor
 * borrowed from a network or a run. */
GAN_API gan_status gan_tensor_set_batch(gan_tensor *tensor, int64_t batch);

/* Copies the elements of source to target: same type, same shape. The two may not overlap, unless they are the same
 * tensor. GAN_ERROR_INVALID_ARGUMENT: a NULL. GAN_ERROR_SHAPE: type or shape differ. */
GAN_API gan_status gan_tensor_copy(gan_tensor *target, const gan_tensor *source);

/* Tensors in files of NumPy's, .npy: numpy.load() and numpy.save().
 *
 * Reading takes versions 1 to 3, C order, little-endian float32, uint8, int32, and int64 where every number fits into
 * 32 bits: it becomes GAN_INT32. *tensor is the caller's to free. GAN_ERROR_INVALID_ARGUMENT: a NULL. GAN_ERROR_IO.
 * GAN_ERROR_FORMAT: another type or order, no dimension or an empty one, more than GAN_MAX_RANK, a header or a number
 * of bytes that is wrong; the sentence names the file. GAN_ERROR_OUT_OF_MEMORY. Thread-safe. */
GAN_API gan_status gan_tensor_read_npy(gan_tensor **tensor, gan_context *context, const char *path);

/* Writing: the file appears whole or not at all, an existing one is replaced when the new one is complete.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL. GAN_ERROR_IO, GAN_ERROR_OUT_OF_MEMORY. Thread-safe. */
GAN_API gan_status gan_tensor_write_npy(const char *path, const gan_tensor *tensor);

#ifdef __cplusplus
}
#endif
#endif
