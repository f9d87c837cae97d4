/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/buffer.h"

#include <string.h>

gan_status gan_buffer_append(gan_buffer *buffer, const void *bytes, size_t count)
{
    if (buffer->size + count > buffer->capacity) {
        size_t capacity = 2 * (buffer->size + count);
        unsigned char *data = gan_context_allocate(buffer->context, capacity, 1, "a growing buffer");
        if (!data) return GAN_ERROR_OUT_OF_MEMORY;
        if (buffer->size) memcpy(data, buffer->data, buffer->size);
        gan_context_release(buffer->context, buffer->data);
        buffer->data = data;
        buffer->capacity = capacity;
    }
    if (count) memcpy(buffer->data + buffer->size, bytes, count);
    buffer->size += count;
    return GAN_OK;
}

gan_status gan_buffer_tensor(const gan_buffer *buffer, gan_tensor **tensor)
{
    gan_status status = gan_tensor_create(tensor, buffer->context, GAN_UINT8, 1, (int64_t[]){(int64_t)buffer->size});
    if (status == GAN_OK) memcpy((*tensor)->data, buffer->data, buffer->size);
    return status;
}

void gan_buffer_release(gan_buffer *buffer)
{
    gan_context_release(buffer->context, buffer->data);
    buffer->data = NULL;
    buffer->size = buffer->capacity = 0;
}
