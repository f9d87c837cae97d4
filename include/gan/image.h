/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IMAGE_H
#define GAN_IMAGE_H

#include <gan/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pictures are [N,H,W,C], C 1 (grey) or 3 (red, green, blue): GAN_UINT8, or GAN_FLOAT32 where -1 is black and 1 is
 * white (values outside are clipped, NaN is shown black).
 *
 * Thread-safety: the calls below only read the pictures, and may work in several threads at once. */

/* bytes = round((x + 1) * 127.5), clipped to 0..255; halves go to even. Both of one shape, of any rank.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL. GAN_ERROR_SHAPE: types or shapes. Thread-safe on different tensors. */
GAN_API gan_status gan_image_to_bytes(gan_tensor *bytes, const gan_tensor *images);

typedef struct gan_grid_options {
    size_t size;
    int columns;    /* pictures in a row, 1..N; default: the smallest square that holds all */
    int scale;      /* each pixel becomes scale x scale, 1..64; default 1 */
    int gap;        /* pixels of `background` around and between pictures, 0..64; default 0 */
    int background; /* grey, 0..255; default 0 */
} gan_grid_options;
#ifndef __cplusplus
#define gan_grid_options(...) (&(gan_grid_options){.size = sizeof(gan_grid_options), __VA_ARGS__})
#endif

/* Encodes a batch as one PNG picture: a grid, row by row. options: NULL for the defaults. *png: a GAN_UINT8 tensor
 * [bytes] with the file's content, the caller's to free. The same pictures give the same bytes (one build of libpng and
 * zlib). GAN_ERROR_INVALID_ARGUMENT: a NULL, an option out of range, a grid of more than 2^15 pixels a side.
 * GAN_ERROR_SHAPE: not pictures. GAN_ERROR_UNSUPPORTED: built without libpng. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_image_encode_png(gan_tensor **png, const gan_tensor *images, const gan_grid_options *options);

/* The same into a file, which appears whole or not at all: an existing one is replaced when the new one is complete.
 * Errors as above, and GAN_ERROR_IO. */
GAN_API gan_status gan_image_write_png(const char *path, const gan_tensor *images, const gan_grid_options *options);

#ifdef __cplusplus
}
#endif
#endif
