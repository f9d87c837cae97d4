/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/variant.h"

void VARIANT(set_scaled)(float *y, const float *x, int64_t n, float a)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) y[i] = a * x[i];
}

void VARIANT(add_scaled)(float *y, const float *x, int64_t n, float a)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) y[i] += a * x[i];
}

/* Half a vector's floats are a vector of doubles. */
#define HALF (LANES / 2)
__extension__ typedef float half_vec __attribute__((vector_size(HALF * sizeof(float))));
__extension__ typedef double double_vec __attribute__((vector_size(HALF * sizeof(double))));

#define ACCUMULATORS 4

INLINE double_vec load_doubles(const float *x)
{
    half_vec v;
    memcpy(&v, x, sizeof v);
    return __builtin_convertvector(v, double_vec);
}

INLINE double sum_of_products(const float *x, const float *y, int64_t n)
{
    double_vec sum[ACCUMULATORS] = {{0}, {0}, {0}, {0}};
    int64_t i = 0;
    for (; i + ACCUMULATORS * HALF <= n; i += ACCUMULATORS * HALF) {
        UNROLL
        for (int k = 0; k < ACCUMULATORS; k++)
            sum[k] += load_doubles(x + i + k * HALF) * load_doubles(y + i + k * HALF);
    }
    double total = 0;
    for (; i < n; i++) total += (double)x[i] * y[i];
    sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    for (int lane = 0; lane < HALF; lane++) total += sum[0][lane];
    return total;
}

double VARIANT(sum_squares)(const float *x, int64_t n)
{
    return sum_of_products(x, x, n);
}

double VARIANT(dot)(const float *x, const float *y, int64_t n)
{
    return sum_of_products(x, y, n);
}
