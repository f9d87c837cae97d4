/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/image.h"
#include "image/picture.h"

/* In place of jpeg_read.c and jpeg_write.c where the build has no JPEG library. */

gan_status gan_jpeg_encode(gan_tensor **jpeg, const gan_grid *grid)
{
    (void)jpeg;
    (void)grid;
    return gan_fail(GAN_ERROR_UNSUPPORTED, "this build of libgan has no libjpeg, and writes no JPEG pictures");
}

gan_status gan_jpeg_decode(gan_picture *picture, gan_context *context, const unsigned char *data, size_t size,
                           const char *name)
{
    (void)picture;
    (void)context;
    (void)data;
    (void)size;
    char text[GAN_PATH_TEXT];
    return gan_fail(GAN_ERROR_UNSUPPORTED, "%s is a JPEG picture; this build of libgan has no libjpeg",
                    gan_path_text(text, name));
}
