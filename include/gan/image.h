/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IMAGE_H
#define GAN_IMAGE_H

#include <gan/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pictures in files and other sizes.
 *
 * Pictures are [N,H,W,C], C 1 (grey) or 3 (red, green, blue): GAN_UINT8, or GAN_FLOAT32 where -1 is black and 1 is
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
    int quality;    /* JPEG: 1..100; default 90; PNG: 0 */
    int reserved;
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

/* The same as JPEG, for pictures that may lose a little: colour at full resolution, and `quality` as everywhere.
 * GAN_ERROR_UNSUPPORTED: built without libjpeg. */
GAN_API gan_status gan_image_encode_jpeg(gan_tensor **jpeg, const gan_tensor *images, const gan_grid_options *options);
GAN_API gan_status gan_image_write_jpeg(const char *path, const gan_tensor *images, const gan_grid_options *options);

/* Reads a picture, PNG or JPEG by its content and not by its name: *image is a GAN_UINT8 tensor [H,W,C], C 1 for a grey
 * picture and 3 for a colour one, the caller's to free. All kinds of PNG are read: palettes and 1, 2, 4 bits become 8,
 * 16 bits the nearest of 8; what is transparent is laid on white. JPEG also progressive, and of four inks. Turns by
 * EXIF, colour profiles and gamma are not looked at. A file is at most 256 MiB, a picture 65536 pixels a side and 2^28
 * in all; a file whose header says more than its bytes can hold is refused before memory is taken for it.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL. GAN_ERROR_IO. GAN_ERROR_FORMAT: neither PNG nor JPEG, damaged, cut short or too
 * large; the sentence names the file. GAN_ERROR_UNSUPPORTED: built without the library for it
 * (gan_has_feature("png"), ("jpeg")). GAN_ERROR_OUT_OF_MEMORY. Thread-safe. */
GAN_API gan_status gan_image_read(gan_tensor **image, gan_context *context, const char *path);

/* The same from a file's content in memory, `size` bytes; errors as above, without GAN_ERROR_IO. */
GAN_API gan_status gan_image_decode(gan_tensor **image, gan_context *context, const void *data, size_t size);

/* How a pixel is made from those of another size: a weighted mean, by a filter of this half-width in pixels of the
 * result where that is smaller, of the source where it is larger. So no pixel is skipped, and nothing aliases. */
typedef enum gan_image_filter {
    GAN_IMAGE_BILINEAR = 0, /* triangle, 1 */
    GAN_IMAGE_BOX = 1,      /* 1/2: the mean over the area */
    GAN_IMAGE_BICUBIC = 2,  /* Keys 1981, a = -1/2: 2 */
    GAN_IMAGE_LANCZOS = 3   /* sinc(x) sinc(x/3): 3 */
} gan_image_filter;

/* Resizes pictures: target and source both GAN_UINT8 or both GAN_FLOAT32, [H,W,C] or [N,H,W,C] with the same N and C,
 * any C; at most 65536 a side. The result is that of Pillow's resize() (bytes to the bit), and for floats that of
 * PyTorch's interpolate(antialias=True). The two may not overlap. GAN_ERROR_INVALID_ARGUMENT: a NULL, a filter that is
 * none. GAN_ERROR_SHAPE. GAN_ERROR_OUT_OF_MEMORY: target is then changed in part. Thread-safe on different targets. */
GAN_API gan_status gan_image_resize(gan_tensor *target, const gan_tensor *source, gan_image_filter filter);

#ifdef __cplusplus
}
#endif
#endif
