/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/elementary.h"

/* Softmax of scaled rows and its derivatives. With P = softmax(scale * x) and <A> = the sum over the row of P * A, the
 * derivative in the direction t is scale * P * (t - <t>): a symmetric matrix, so that gradients go the same way. */

/* Whatever it is where one is NaN: the sum is NaN then. */
static float largest_of(const float *x, int64_t c)
{
    float lane[LANES];
    vec most = splat(x[0]);
    for (int64_t j = 0; j + LANES <= c; j += LANES) {
        vec v = load(x + j);
        most = choose(v > most, v, most);
    }
    store(lane, most);
    for (int64_t j = 1; j < LANES; j++) lane[0] = lane[j] > lane[0] ? lane[j] : lane[0];
    for (int64_t j = c / LANES * LANES; j < c; j++) lane[0] = x[j] > lane[0] ? x[j] : lane[0];
    return lane[0];
}

void VARIANT(softmax)(float *y, const float *x, float scale, int64_t rows, int64_t c)
{
    for (int64_t r = 0; r < rows; r++, y += c, x += c) {
        const float most = largest_of(x, c);
        vec sums = {0};
        for (int64_t j = 0; j < c; j += LANES) {
            vec e = exponential_value(exponential_of(at_least(scale * (load_up_to(x + j, c - j) - most), -105)));
            store_up_to(y + j, e, c - j);
            sums += c - j < LANES ? load_part(y + j, c - j) : e;
        }
        const float inverse = 1 / sum_lanes(sums);
        INDEPENDENT
        for (int64_t j = 0; j < c; j++) y[j] *= inverse;
    }
}

INLINE float sum_products(const float *a, const float *b, int64_t c)
{
    vec sum = {0};
    for (int64_t j = 0; j < c; j += LANES) sum += load_up_to(a + j, c - j) * load_up_to(b + j, c - j);
    return sum_lanes(sum);
}

/* out = scale * p * (a - <a>) of one row; in place is fine. */
INLINE void through_softmax(float *out, const float *a, const float *p, float scale, int64_t c)
{
    const float mean = sum_products(a, p, c);
    INDEPENDENT
    for (int64_t j = 0; j < c; j++) out[j] = scale * p[j] * (a[j] - mean);
}

void VARIANT(softmax_backward)(float *dx, const float *dy, const float *y, float scale, int64_t rows, int64_t c)
{
    for (int64_t i = 0; i < rows * c; i += c) through_softmax(dx + i, dy + i, y + i, scale, c);
}

void VARIANT(softmax_tangent_backward)(float *dx, float *dtx, const float *tx, const float *y, float scale,
                                       int64_t rows, int64_t c)
{
    for (int64_t r = 0; r < rows; r++, dx += c, dtx += c, tx += c, y += c) {
        const float mean = sum_products(dtx, y, c), tangent_mean = sum_products(tx, y, c);
        INDEPENDENT
        for (int64_t j = 0; j < c; j++) dx[j] += scale * (dtx[j] * (tx[j] - tangent_mean) - mean * tx[j]);
        through_softmax(dx, dx, y, scale, c);
        through_softmax(dtx, dtx, y, scale, c);
    }
}
