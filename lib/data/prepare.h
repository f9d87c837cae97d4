/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_DATA_PREPARE_H
#define GAN_DATA_PREPARE_H

#include "data/dataset.h"

#include <gan/image.h>

/* What pictures are made before they are given out. */
typedef struct gan_preparation {
    int height, width, channels;
    gan_fit fit;
    gan_image_filter filter;
} gan_preparation;

/* Of the options, with this size where they have none. */
gan_preparation gan_preparation_of(const gan_dataset_options *options, int height, int width, int channels);

/* One picture [height,width,channels], bytes or floats, into target, as the preparation has it. Channels are those of
 * the preparation, or 1 and 3. Thread-safe. GAN_ERROR_OUT_OF_MEMORY. */
gan_status gan_prepare_picture(const gan_preparation *preparation, gan_context *context, void *target,
                               const void *source, bool floats, int height, int width, int channels);

#endif
