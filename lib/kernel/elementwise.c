/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/elementary.h"

void VARIANT(add)(float *y, const float *x, int64_t n)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) y[i] += x[i];
}

/* Slope 0 has a loop of its own: 0 times an infinity would be NaN, and a relu is 0 there. */
void VARIANT(leaky_relu)(float *y, const float *x, int64_t n, float slope)
{
    if (slope == 0) {
        INDEPENDENT
        for (int64_t i = 0; i < n; i++) y[i] = x[i] < 0 ? 0 : x[i];
        return;
    }
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) y[i] = x[i] < 0 ? slope * x[i] : x[i];
}

void VARIANT(leaky_relu_backward)(float *dx, const float *dy, const float *y, int64_t n, float slope)
{
    if (slope == 0) {
        INDEPENDENT
        for (int64_t i = 0; i < n; i++) {
            float gradient = dy[i]; /* read on either side of the condition, or the loop is not made one of vectors */
            dx[i] = y[i] > 0 ? gradient : 0;
        }
        return;
    }
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) dx[i] = dy[i] * (y[i] > 0 ? 1 : slope);
}

void VARIANT(tanh_backward)(float *dx, const float *dy, const float *y, int64_t n)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) dx[i] = dy[i] * ((1 - y[i]) * (1 + y[i]));
}

void VARIANT(sigmoid_backward)(float *dx, const float *dy, const float *y, int64_t n)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) dx[i] = dy[i] * (y[i] * (1 - y[i]));
}

/* tanh'' = -2 tanh (1 - tanh^2), sigmoid'' = sigmoid (1 - sigmoid) (1 - 2 sigmoid) */
void VARIANT(tanh_curvature)(float *dx, const float *dty, const float *tx, const float *y, int64_t n)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) dx[i] += dty[i] * tx[i] * (-2 * y[i] * ((1 - y[i]) * (1 + y[i])));
}

void VARIANT(sigmoid_curvature)(float *dx, const float *dty, const float *tx, const float *y, int64_t n)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) dx[i] += dty[i] * tx[i] * (y[i] * (1 - y[i]) * (1 - 2 * y[i]));
}

/* tanh |x| = t / (t + 2), t = exp(2|x|) - 1, which keeps its digits near 0. From 10 on the result rounds to 1. */
INLINE vec tanh_of(vec x)
{
    ivec sign = (ivec)x & INT32_MIN;
    vec a = at_most(absolute(x), 10);
    vec t = exponential_less_one(exponential_of(a + a));
    return (vec)((ivec)(t / (t + 2)) | sign);
}

/* With e = exp(-|x|): 1 / (1 + e) where x >= 0, and e / (1 + e) below. */
INLINE vec sigmoid_of(vec x)
{
    vec e = exponential_value(exponential_of(-at_most(absolute(x), 105)));
    return choose(x < 0, e, splat(1)) / (1 + e);
}

#define APPLY(function)                                                              \
    void VARIANT(function)(float *y, const float *x, int64_t n)                      \
    {                                                                                \
        int64_t i = 0;                                                               \
        for (; i + LANES <= n; i += LANES) store(y + i, function##_of(load(x + i))); \
        if (i < n) store_part(y + i, function##_of(load_part(x + i, n - i)), n - i); \
    }
APPLY(tanh)
APPLY(sigmoid)
