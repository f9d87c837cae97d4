/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IMAGE_RESIZE_H
#define GAN_IMAGE_RESIZE_H

#include "context/context.h"

#include <gan/image.h>

/* One axis of a change of size: `source` pixels become `full`, of which `count` from `first` on are wanted. */
typedef struct gan_resize_axis {
    int source, count;
    int64_t full, first;
} gan_resize_axis;

/* Pixels [source,source,channels] to [count,count,channels], rows first: bytes, or floats. Thread-safe.
 * GAN_ERROR_OUT_OF_MEMORY. */
gan_status gan_resize_pixels(gan_context *context, void *target, const void *source, bool floats, int channels,
                             const gan_resize_axis *vertical, const gan_resize_axis *horizontal,
                             gan_image_filter filter);

#endif
