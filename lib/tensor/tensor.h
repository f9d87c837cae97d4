/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_TENSOR_TENSOR_H
#define GAN_TENSOR_TENSOR_H

#include "context/context.h"

#include <gan/tensor.h>
#include <stdatomic.h>

struct gan_tensor {
    atomic_int references;
    gan_context *context;
    gan_type type;
    int rank;
    int64_t shape[GAN_MAX_RANK];
    int64_t capacity; /* the batch it was made with */
    bool fixed;       /* a view: its batch is its owner's to change */
    void *data;
    gan_release_function release; /* of wrapped memory; may be NULL */
    void *user;
};

size_t gan_type_size(gan_type type);

/* "float [2,16,16,3]" for messages. */
#define GAN_TENSOR_TEXT (GAN_SHAPE_TEXT + 16)
const char *gan_tensor_text(char text[GAN_TENSOR_TEXT], const gan_tensor *tensor);

/* Whether the tensor is float of shape [any batch, shape]. */
bool gan_tensor_fits(const gan_tensor *tensor, int rank, const int64_t *shape);

/* A float tensor on part of another's memory, which it keeps alive: from `offset` floats on. The caller sees to it that
 * it fits. GAN_ERROR_OUT_OF_MEMORY. */
gan_status gan_tensor_view(gan_tensor **tensor, gan_tensor *base, size_t offset, int rank, const int64_t *shape);

#endif
