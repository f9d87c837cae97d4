/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LAYER_ROWS_H
#define GAN_LAYER_ROWS_H

#include "layer/layer.h"

/* An array of a batch as a matrix [rows, c]: c channels, the last dimension of its shape, and all others together. Work
 * on it is cut into chunks of rows. */
#define GAN_CHUNK_FLOATS 8192

static inline int64_t gan_channels(const gan_shape *shape)
{
    return shape->size[shape->rank - 1];
}

static inline int64_t gan_rows(const gan_shape *shape, int64_t batch)
{
    return batch * (gan_shape_elements(shape) / gan_channels(shape));
}

static inline int64_t gan_chunk_rows(int64_t c)
{
    return c < GAN_CHUNK_FLOATS ? GAN_CHUNK_FLOATS / c : 1;
}

static inline int64_t gan_chunks(int64_t rows, int64_t c)
{
    return (rows + gan_chunk_rows(c) - 1) / gan_chunk_rows(c);
}

#endif
