/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/variant.h"

/* The mean is taken about the first sample: where all samples are equal it is exact, so that x - mean is 0 and has no
 * sign, as it should. */
void VARIANT(sample_mean)(float *mean, const float *x, int64_t batch, int64_t stride, int64_t count)
{
    INDEPENDENT
    for (int64_t i = 0; i < count; i++) mean[i] = 0;
    for (int64_t n = 1; n < batch; n++) {
        const float *sample = x + n * stride;
        INDEPENDENT
        for (int64_t i = 0; i < count; i++) mean[i] += sample[i] - x[i];
    }
    const float scale = 1 / (float)batch;
    INDEPENDENT
    for (int64_t i = 0; i < count; i++) mean[i] = x[i] + scale * mean[i];
}

/* y = x of one pixel; returns the sum of |x - mean|. */
INLINE float copy_and_sum(float *y, const float *x, const float *mean, int64_t c)
{
    vec sum = {0};
    int64_t j = 0;
    for (; j + LANES <= c; j += LANES) {
        vec v = load(x + j);
        store(y + j, v);
        sum += absolute(v - load(mean + j));
    }
    if (j < c) {
        vec v = load_part(x + j, c - j);
        store_part(y + j, v, c - j);
        sum += absolute(v - load_part(mean + j, c - j));
    }
    return sum_lanes(sum);
}

void VARIANT(concat_diff)(float *y, float *mean, const float *x, int64_t batch, int64_t image_pixels, int64_t pixels,
                          int64_t c)
{
    VARIANT(sample_mean)(mean, x, batch, image_pixels * c, pixels * c);
    const float scale = 1 / (float)c;
    for (int64_t n = 0; n < batch; n++) {
        const float *in = x + n * image_pixels * c;
        float *out = y + n * image_pixels * (c + 1);
        for (int64_t p = 0; p < pixels; p++, in += c, out += c + 1)
            out[c] = scale * copy_and_sum(out, in, mean + p * c, c);
    }
}

/* Of one pixel: sum += g * s. */
INLINE void add_signed(float *sum, float g, const float *x, const float *mean, int64_t c)
{
    int64_t j = 0;
    for (; j + LANES <= c; j += LANES)
        store(sum + j, load(sum + j) + with_sign_of(load(x + j) - load(mean + j), splat(g)));
    if (j == c) return;
    vec d = load_part(x + j, c - j) - load_part(mean + j, c - j);
    store_part(sum + j, load_part(sum + j, c - j) + with_sign_of(d, splat(g)), c - j);
}

/* Of one pixel: dx = dy + g * s - average, with g and average divided by c already. */
INLINE void input_gradient(float *dx, const float *dy, float g, const float *x, const float *mean, const float *average,
                           int64_t c)
{
    int64_t j = 0;
    for (; j + LANES <= c; j += LANES) {
        vec s = with_sign_of(load(x + j) - load(mean + j), splat(g));
        store(dx + j, load(dy + j) + (s - load(average + j)));
    }
    if (j == c) return;
    vec s = with_sign_of(load_part(x + j, c - j) - load_part(mean + j, c - j), splat(g));
    store_part(dx + j, load_part(dy + j, c - j) + (s - load_part(average + j, c - j)), c - j);
}

void VARIANT(concat_diff_backward)(float *dx, const float *dy, const float *x, const float *mean, float *scratch,
                                   int64_t batch, int64_t image_pixels, int64_t pixels, int64_t c)
{
    const int64_t in = image_pixels * c, out = image_pixels * (c + 1);
    for (int64_t i = 0; i < pixels * c; i++) scratch[i] = 0;
    for (int64_t n = 0; n < batch; n++)
        for (int64_t p = 0; p < pixels; p++)
            add_signed(scratch + p * c, dy[n * out + p * (c + 1) + c], x + n * in + p * c, mean + p * c, c);
    const float per_channel = 1 / (float)c, scale = per_channel / (float)batch;
    for (int64_t i = 0; i < pixels * c; i++) scratch[i] *= scale;
    for (int64_t n = 0; n < batch; n++)
        for (int64_t p = 0; p < pixels; p++) {
            const float *gradient = dy + n * out + p * (c + 1);
            input_gradient(dx + n * in + p * c, gradient, per_channel * gradient[c], x + n * in + p * c, mean + p * c,
                           scratch + p * c, c);
        }
}

/* ty = tx of one pixel; returns the sum of s * (tx - average). */
INLINE float copy_and_sum_signed(float *ty, const float *tx, const float *average, const float *x, const float *mean,
                                 int64_t c)
{
    vec sum = {0};
    for (int64_t j = 0; j < c; j += LANES) {
        vec t = load_up_to(tx + j, c - j);
        store_up_to(ty + j, t, c - j);
        vec d = load_up_to(x + j, c - j) - load_up_to(mean + j, c - j);
        sum += with_sign_of(d, t - load_up_to(average + j, c - j));
    }
    return sum_lanes(sum);
}

void VARIANT(concat_diff_tangent)(float *ty, const float *tx, const float *x, const float *mean, float *scratch,
                                  int64_t batch, int64_t image_pixels, int64_t pixels, int64_t c)
{
    const int64_t in = image_pixels * c, out = image_pixels * (c + 1);
    const float scale = 1 / (float)c;
    VARIANT(sample_mean)(scratch, tx, batch, in, pixels * c);
    for (int64_t n = 0; n < batch; n++)
        for (int64_t p = 0; p < pixels; p++) {
            float *y = ty + n * out + p * (c + 1);
            int64_t at = n * in + p * c;
            y[c] = scale * copy_and_sum_signed(y, tx + at, scratch + p * c, x + at, mean + p * c, c);
        }
}
