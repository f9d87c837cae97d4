/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IMAGE_PICTURE_H
#define GAN_IMAGE_PICTURE_H

#include "context/context.h"

/* A decoded picture: bytes [height,width,channels], channels 1 or 3, of the context's memory. */
typedef struct gan_picture {
    unsigned char *bytes;
    int height, width, channels;
} gan_picture;

/* The largest file that is read, and the largest picture. */
#define GAN_PICTURE_FILE_BYTES ((size_t)1 << 28)
#define GAN_PICTURE_SIDE       (1 << 16)
#define GAN_PICTURE_PIXELS     ((int64_t)1 << 28)

/* Decodes a file's content, PNG or JPEG by its first bytes. `name` is what errors call it. Thread-safe.
 * GAN_ERROR_FORMAT, GAN_ERROR_UNSUPPORTED, GAN_ERROR_OUT_OF_MEMORY; then *picture holds nothing. */
gan_status gan_picture_decode(gan_picture *picture, gan_context *context, const unsigned char *data, size_t size,
                              const char *name);
void gan_picture_release(gan_picture *picture, gan_context *context);

/* The two kinds, as gan_picture_decode() calls them. */
gan_status gan_png_decode(gan_picture *picture, gan_context *context, const unsigned char *data, size_t size,
                          const char *name);
gan_status gan_jpeg_decode(gan_picture *picture, gan_context *context, const unsigned char *data, size_t size,
                           const char *name);

/* Whether pictures of this size are read. */
gan_status gan_picture_check(int64_t height, int64_t width, const char *name);

#endif
