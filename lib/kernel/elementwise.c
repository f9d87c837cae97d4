/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/variant.h"

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

/* exp(x) = 2^exponent * (1 + fraction) for |x| < 150, with exponent whole and fraction = exp(r) - 1 of the rest r,
 * |r| <= ln(2) / 2: r + r^2 * q(r), q interpolated at Chebyshev nodes, within 0.04 units in the last place. */
struct exponential {
    ivec exponent;
    vec fraction;
};

INLINE struct exponential exponential_of(vec x)
{
    const vec to_integer = splat(0x1.8p23f); /* added and taken away again, it leaves the nearest integer */
    vec n = (x * 1.44269504f + to_integer) - to_integer;
    vec r = (x - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f; /* ln(2) in two parts, the first times n exact */
    vec q = splat(0.000198910304f);
    q = q * r + 0.00139336858f;
    q = q * r + 0.00833331048f;
    q = q * r + 0.041666463f;
    q = q * r + 0.166666672f;
    q = q * r + 0.5f;
    return (struct exponential){__builtin_convertvector(n, ivec), q * (r * r) + r};
}

/* 2^n for normal results. */
INLINE vec power_of_two(ivec n)
{
    return (vec)((n + 127) << 23);
}

/* tanh |x| = t / (t + 2), t = exp(2|x|) - 1, which keeps its digits near 0. From 10 on the result rounds to 1. */
INLINE vec tanh_of(vec x)
{
    ivec sign = (ivec)x & INT32_MIN;
    vec a = absolute(x);
    a = choose(a > 10, splat(10), a); /* not where a is NaN */
    struct exponential e = exponential_of(a + a);
    vec power = power_of_two(e.exponent);
    vec t = power * e.fraction + (power - 1);
    return (vec)((ivec)(t / (t + 2)) | sign);
}

/* With e = exp(-|x|): 1 / (1 + e) where x >= 0, and e / (1 + e) below. e leaves the normal numbers as x falls from -87
 * to -104, so its power of two is multiplied in halves. */
INLINE vec sigmoid_of(vec x)
{
    vec a = absolute(x);
    a = choose(a > 105, splat(105), a);
    struct exponential exp = exponential_of(-a);
    ivec half = exp.exponent >> 1;
    vec e = (1 + exp.fraction) * power_of_two(half) * power_of_two(exp.exponent - half);
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
