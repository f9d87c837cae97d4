/* SPDX-License-Identifier: BSD-2-Clause */
#include "augment/augment.h"

#define BLOCK 4096

static void draw(gan_augment_draw *draw, const gan_augment *augment, int64_t height, int64_t width,
                 const uint32_t words[GAN_AUGMENT_WORDS])
{
    const gan_augment_options *options = &augment->options;
    (void)height, (void)width;
    if (gan_augment_happens(augment, words[0]))
        draw->brightness = gan_augment_uniform(words[3], 0, options->brightness);
    if (gan_augment_happens(augment, words[1]))
        draw->saturation = gan_augment_uniform(words[4], 1, options->saturation);
    if (gan_augment_happens(augment, words[2])) draw->contrast = gan_augment_uniform(words[5], 1, options->contrast);
}

/* Blocks in float, their sums in double: as good for a large picture as for a small one. */
static double mean_of(const gan_augment_picture *picture)
{
    int64_t floats = picture->height * picture->width * picture->channels;
    double sum = 0;
    for (int64_t i = 0; i < floats; i += BLOCK) {
        float part;
        picture->kernels->sum_rows(&part, picture->data + i, floats - i < BLOCK ? floats - i : BLOCK, 1);
        sum += part;
    }
    return sum / (double)floats;
}

/* x = own * x + of_sum * (the sum of the pixel's channels) + rest. Inlined, so that c may be a constant. */
static inline __attribute__((always_inline)) void mix(float *x, int64_t pixels, int64_t c, float own, float of_sum,
                                                      float rest)
{
    for (; pixels > 0; pixels--, x += c) {
        float sum = 0;
        for (int64_t k = 0; k < c; k++) sum += x[k];
        float shared = of_sum * sum + rest;
        for (int64_t k = 0; k < c; k++) x[k] = own * x[k] + shared;
    }
}

/* The three changes are one. With m a pixel's mean and M the picture's, which saturation leaves as it is,
 *     x -> x + b -> s x + (1 - s) m + b -> c s x + c (1 - s) m + (1 - c) M + b. */
static void recolour(const gan_augment_picture *picture, const gan_augment_draw *draw, float brightness)
{
    float c = draw->contrast, s = draw->saturation, channels = (float)picture->channels;
    if (c == 1 && s == 1 && brightness == 0) return;
    float rest = c == 1 ? brightness : (float)((1.0 - c) * mean_of(picture)) + brightness;
    int64_t pixels = picture->height * picture->width;
    if (picture->channels == 3)
        mix(picture->data, pixels, 3, c * s, c * (1 - s) / channels, rest);
    else
        mix(picture->data, pixels, picture->channels, c * s, c * (1 - s) / channels, rest);
}

static void forward(const gan_augment_picture *picture, const gan_augment_draw *draw)
{
    recolour(picture, draw, draw->brightness);
}

/* The linear part is a sum of multiples of the identity, the mean over a pixel and the mean over the picture, all three
 * symmetric: it is its own adjoint. */
static void linear(const gan_augment_picture *picture, const gan_augment_draw *draw)
{
    recolour(picture, draw, 0);
}

const gan_augment_type gan_augment_colour = {GAN_AUGMENT_COLOUR, draw, {forward, linear, linear}};
