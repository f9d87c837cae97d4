/* SPDX-License-Identifier: BSD-2-Clause */
#include "augment/augment.h"

#include <string.h>

/* -most..most, each as likely. */
static int64_t shift(uint32_t word, int64_t size, float part)
{
    int64_t most = gan_augment_pixels(size, part);
    return gan_augment_whole(word, 2 * most + 1) - most;
}

static void draw(gan_augment_draw *draw, const gan_augment *augment, int64_t height, int64_t width,
                 const uint32_t words[GAN_AUGMENT_WORDS])
{
    if (!gan_augment_happens(augment, words[0])) return;
    draw->down = shift(words[1], height, augment->options.translation);
    draw->right = shift(words[2], width, augment->options.translation);
}

/* y[i,j] = x[i - down, j - right], 0 for what is outside; |right| is at most the width. */
static void move(const gan_augment_picture *picture, int64_t down, int64_t right)
{
    int64_t height = picture->height, c = picture->channels, row = picture->width * c;
    int64_t before = right > 0 ? right * c : 0, skipped = right < 0 ? -right * c : 0, kept = row - before - skipped;
    if (down == 0 && right == 0) return;
    for (int64_t k = 0; k < height; k++) {
        int64_t i = down > 0 ? height - 1 - k : k, from = i - down; /* a row is read before it is written */
        float *target = picture->data + i * row;
        if (from < 0 || from >= height) {
            memset(target, 0, (size_t)row * sizeof *target);
            continue;
        }
        memmove(target + before, picture->data + from * row + skipped, (size_t)kept * sizeof *target);
        memset(target, 0, (size_t)before * sizeof *target);
        memset(target + before + kept, 0, (size_t)skipped * sizeof *target);
    }
}

static void forward(const gan_augment_picture *picture, const gan_augment_draw *draw)
{
    move(picture, draw->down, draw->right);
}

static void backward(const gan_augment_picture *picture, const gan_augment_draw *draw)
{
    move(picture, -draw->down, -draw->right);
}

const gan_augment_type gan_augment_translation = {GAN_AUGMENT_TRANSLATION, draw, {forward, forward, backward}};
