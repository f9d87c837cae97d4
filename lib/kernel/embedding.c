/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/variant.h"

/* Whether the float is one of the numbers 0 .. classes - 1. */
INLINE bool is_class(float number, int64_t classes)
{
    return number >= 0 && number < (float)classes && number == (float)(int64_t)number;
}

void VARIANT(embedding)(float *y, const float *table, const float *number, int64_t rows, int64_t classes, int64_t c)
{
    for (int64_t r = 0; r < rows; r++, y += c)
        if (is_class(number[r], classes))
            memcpy(y, table + (int64_t)number[r] * c, (size_t)c * sizeof *y);
        else
            for (int64_t j = 0; j < c; j++) y[j] = NAN;
}

void VARIANT(embedding_gradient)(float *gradient, const float *dy, const float *number, int64_t rows, int64_t classes,
                                 int64_t c, int64_t first, int64_t columns)
{
    for (int64_t r = 0; r < rows; r++) {
        if (!is_class(number[r], classes)) continue;
        float *sum = gradient + (int64_t)number[r] * c + first;
        const float *term = dy + r * c + first;
        INDEPENDENT
        for (int64_t j = 0; j < columns; j++) sum[j] += term[j];
    }
}
