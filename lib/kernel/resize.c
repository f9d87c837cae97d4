/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/variant.h"

/* Pictures in another resolution: upsampling, and channels as pixels. */

/* Where a row or column of the larger picture comes from: one of the smaller one's, or two. */
struct blend {
    int64_t source[2];
    float weight[2];
    int count;
};

/* Bilinear: pixel i of the large picture has its centre at (i + 1/2) / factor - 1/2 of the small one, or at its border
 * where that is outside. Numbers are in units of 1 / (2 * factor), so that they are exact. */
static struct blend blend_of(int64_t i, int64_t sources, int64_t factor, bool bilinear)
{
    struct blend b = {.source = {i / factor, 0}, .weight = {1, 0}, .count = 1};
    int64_t unit = 2 * factor, at = 2 * i + 1 - factor;
    if (!bilinear) return b;
    if (at < 0) at = 0;
    b.source[0] = at / unit;
    b.source[1] = b.source[0] + 1;
    if (at % unit == 0 || b.source[1] == sources) return b;
    b.weight[1] = (float)(at % unit) / (float)unit;
    b.weight[0] = (float)(unit - at % unit) / (float)unit;
    b.count = 2;
    return b;
}

INLINE void set_scaled(float *target, float scale, const float *source, int64_t c)
{
    INDEPENDENT
    for (int64_t j = 0; j < c; j++) target[j] = scale * source[j];
}

/* One pixel of the large picture, or what its gradient adds to the small one's. */
INLINE void blend_pixel(bool adjoint, float *large, float *small, const gan_resize *r, const struct blend *y,
                        const struct blend *x)
{
    for (int i = 0; i < y->count; i++)
        for (int j = 0; j < x->count; j++) {
            float *pixel = small + (y->source[i] * r->in_w + x->source[j]) * r->c, weight = y->weight[i] * x->weight[j];
            if (adjoint)
                add_scaled(pixel, weight, large, r->c);
            else if (i + j == 0)
                set_scaled(large, weight, pixel, r->c);
            else
                add_scaled(large, weight, pixel, r->c);
        }
}

INLINE void blend_sample(bool adjoint, float *large, float *small, const gan_resize *r)
{
    for (int64_t i = 0; i < r->in_h * r->factor_h; i++) {
        const struct blend y = blend_of(i, r->in_h, r->factor_h, r->bilinear);
        for (int64_t j = 0; j < r->in_w * r->factor_w; j++, large += r->c) {
            const struct blend x = blend_of(j, r->in_w, r->factor_w, r->bilinear);
            blend_pixel(adjoint, large, small, r, &y, &x);
        }
    }
}

void VARIANT(upsample)(float *y, const float *x, const gan_resize *r, int64_t samples)
{
    int64_t floats = r->in_h * r->in_w * r->c;
    for (int64_t n = 0; n < samples; n++)
        blend_sample(false, y + n * floats * r->factor_h * r->factor_w, (float *)x + n * floats, r);
}

void VARIANT(upsample_adjoint)(float *dx, const float *dy, const gan_resize *r, int64_t samples)
{
    int64_t floats = r->in_h * r->in_w * r->c;
    memset(dx, 0, (size_t)(samples * floats) * sizeof *dx);
    for (int64_t n = 0; n < samples; n++)
        blend_sample(true, (float *)dy + n * floats * r->factor_h * r->factor_w, dx + n * floats, r);
}

/* Row a of a block, block * c floats: in a row in the wide picture, and so in the deep one unless its channels come
 * first; then they are a block apart. */
INLINE void move_run(bool widen, float *wide, float *deep, const gan_shuffle *s, int64_t a)
{
    int64_t block = s->block, apart = block * block, run = block * s->c;
    if (!s->channels_first) {
        deep += a * run;
        memcpy(widen ? wide : deep, widen ? deep : wide, (size_t)run * sizeof *wide);
        return;
    }
    for (int64_t b = 0; b < block; b++)
        for (int64_t j = 0; j < s->c; j++) {
            float *in_wide = wide + b * s->c + j, *in_deep = deep + j * apart + a * block + b;
            *(widen ? in_wide : in_deep) = *(widen ? in_deep : in_wide);
        }
}

INLINE void move_all(bool widen, float *wide, float *deep, const gan_shuffle *s, int64_t samples)
{
    int64_t pixel = s->c * s->block * s->block, run = s->c * s->block;
    for (int64_t row = 0; row < samples * s->h; row++, deep += s->w * pixel)
        for (int64_t a = 0; a < s->block; a++)
            for (int64_t j = 0; j < s->w; j++, wide += run) move_run(widen, wide, deep + j * pixel, s, a);
}

void VARIANT(depth_to_space)(float *wide, const float *deep, const gan_shuffle *s, int64_t samples)
{
    move_all(true, wide, (float *)deep, s, samples);
}

void VARIANT(space_to_depth)(float *deep, const float *wide, const gan_shuffle *s, int64_t samples)
{
    move_all(false, (float *)wide, deep, s, samples);
}
