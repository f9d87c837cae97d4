/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_KERNEL_ELEMENTARY_H
#define GAN_KERNEL_ELEMENTARY_H

#include "kernel/variant.h"

/* Elementary functions of a register of floats. The polynomials are interpolated at Chebyshev nodes. */

/* exp(x) = 2^exponent * (1 + fraction) for |x| < 150, with exponent whole and fraction = exp(r) - 1 of the rest r,
 * |r| <= ln(2) / 2: r + r^2 * q(r), within 0.04 units in the last place. */
struct exponential {
    ivec exponent;
    vec fraction;
};

/* Of x + rest, where rest is the part of a number that x has no digits for. */
INLINE struct exponential exponential_of_sum(vec x, vec rest)
{
    const vec to_integer = splat(0x1.8p23f); /* added and taken away again, it leaves the nearest integer */
    vec n = (x * 1.44269504f + to_integer) - to_integer;
    vec r = (x - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f + rest; /* ln(2) in two parts, the first times n exact */
    vec q = splat(0.000198910304f);
    q = q * r + 0.00139336858f;
    q = q * r + 0.00833331048f;
    q = q * r + 0.041666463f;
    q = q * r + 0.166666672f;
    q = q * r + 0.5f;
    return (struct exponential){__builtin_convertvector(n, ivec), q * (r * r) + r};
}

INLINE struct exponential exponential_of(vec x)
{
    return exponential_of_sum(x, (vec){0});
}

/* 2^n for normal results. */
INLINE vec power_of_two(ivec n)
{
    return (vec)((n + 127) << 23);
}

/* The number itself, for x below 80. It leaves the normal numbers as x falls from -87 to -104, so its power of two is
 * multiplied in halves. */
INLINE vec exponential_value(struct exponential e)
{
    ivec half = e.exponent >> 1;
    return (1 + e.fraction) * power_of_two(half) * power_of_two(e.exponent - half);
}

/* The number less 1, for |x| below 80. It keeps its digits near 0. */
INLINE vec exponential_less_one(struct exponential e)
{
    vec power = power_of_two(e.exponent);
    return power * e.fraction + (power - 1);
}

/* log((1 + s) / (1 - s)) = 2 atanh(s) = 2 s + s^3 * q(s^2) for |s| <= 1/3, within 0.01 units in the last place. */
INLINE vec log_of_quotient(vec s)
{
    vec square = s * s;
    vec q = splat(0.232243299f);
    q = q * square + 0.217065752f;
    q = q * square + 0.28592357f;
    q = q * square + 0.399997056f;
    q = q * square + 0.666666687f;
    return s * (q * square) + (s + s);
}

INLINE vec square_root(vec x)
{
#if LANES == 16
    return (vec)_mm512_sqrt_ps((__m512)x);
#elif LANES == 8
    return (vec)_mm256_sqrt_ps((__m256)x);
#else
    for (int i = 0; i < LANES; i++) x[i] = sqrtf(x[i]);
    return x;
#endif
}

/* Both functions give low or high for what is beyond, and NaN for NaN. */
INLINE vec at_least(vec x, float low)
{
    return choose(x < low, splat(low), x);
}

INLINE vec at_most(vec x, float high)
{
    return choose(x > high, splat(high), x);
}

#endif
