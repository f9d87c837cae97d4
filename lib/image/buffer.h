/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IMAGE_BUFFER_H
#define GAN_IMAGE_BUFFER_H

#include "tensor/tensor.h"

/* Bytes that grow, one piece after another. All zeros but the context is an empty one. */
typedef struct gan_buffer {
    gan_context *context;
    unsigned char *data;
    size_t size, capacity;
} gan_buffer;

/* GAN_ERROR_OUT_OF_MEMORY leaves the buffer as it was. */
gan_status gan_buffer_append(gan_buffer *buffer, const void *bytes, size_t count);

/* A tensor [bytes] of what there is. */
gan_status gan_buffer_tensor(const gan_buffer *buffer, gan_tensor **tensor);

void gan_buffer_release(gan_buffer *buffer);

#endif
