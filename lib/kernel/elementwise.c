/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/elementary.h"

void VARIANT(add)(float *y, const float *x, int64_t n)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) y[i] += x[i];
}

void VARIANT(multiply)(float *y, const float *a, const float *b, int64_t n)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) y[i] = a[i] * b[i];
}

void VARIANT(multiply_add)(float *y, const float *a, const float *b, int64_t n)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) y[i] += a[i] * b[i];
}
