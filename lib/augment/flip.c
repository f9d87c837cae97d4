/* SPDX-License-Identifier: BSD-2-Clause */
#include "augment/augment.h"

void gan_augment_mirror(float *data, int64_t height, int64_t width, int64_t channels)
{
    for (int64_t y = 0; y < height; y++, data += width * channels)
        for (int64_t x = 0; x < width / 2; x++)
            for (int64_t k = 0; k < channels; k++) {
                float *left = &data[x * channels + k], *right = &data[(width - 1 - x) * channels + k], swapped = *left;
                *left = *right;
                *right = swapped;
            }
}

static void draw(gan_augment_draw *draw, const gan_augment *augment, int64_t height, int64_t width,
                 const uint32_t words[GAN_AUGMENT_WORDS])
{
    (void)height, (void)width;
    draw->mirror = gan_augment_happens(augment, words[0]) && words[1] >> 31;
}

/* Exchanges of pairs: symmetric. */
static void flip(const gan_augment_picture *picture, const gan_augment_draw *draw)
{
    if (draw->mirror) gan_augment_mirror(picture->data, picture->height, picture->width, picture->channels);
}

const gan_augment_type gan_augment_flip = {GAN_AUGMENT_FLIP, draw, {flip, flip, flip}};
