/* SPDX-License-Identifier: BSD-2-Clause */
#include "augment/augment.h"

#include <string.h>

/* The square begins half its side before a pixel of the picture; one of even side has a middle between two pixels, and
 * so one place more, at the far end. */
static void place(int64_t *begin, int64_t *end, uint32_t word, int64_t size, float part)
{
    int64_t side = gan_augment_pixels(size, part);
    int64_t first = gan_augment_whole(word, size + (side % 2 == 0)) - side / 2, last = first + side;
    *begin = first > 0 ? first : 0;
    *end = last < size ? last : size;
}

static void draw(gan_augment_draw *draw, const gan_augment *augment, int64_t height, int64_t width,
                 const uint32_t words[GAN_AUGMENT_WORDS])
{
    if (!gan_augment_happens(augment, words[0])) return;
    place(&draw->hole_top, &draw->hole_bottom, words[1], height, augment->options.cutout);
    place(&draw->hole_left, &draw->hole_right, words[2], width, augment->options.cutout);
}

/* A diagonal of zeros and ones: symmetric. */
static void cut(const gan_augment_picture *picture, const gan_augment_draw *draw)
{
    int64_t c = picture->channels, row = picture->width * c, floats = (draw->hole_right - draw->hole_left) * c;
    for (int64_t y = draw->hole_top; y < draw->hole_bottom; y++)
        memset(picture->data + y * row + draw->hole_left * c, 0, (size_t)floats * sizeof *picture->data);
}

const gan_augment_type gan_augment_cutout = {GAN_AUGMENT_CUTOUT, draw, {cut, cut, cut}};
