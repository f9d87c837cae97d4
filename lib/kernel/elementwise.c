/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/variant.h"

void VARIANT(add)(float *y, const float *x, int64_t n)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) y[i] += x[i];
}
