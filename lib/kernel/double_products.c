/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/variant.h"

/* A register of doubles. */
#define DOUBLES (LANES / 2)
__extension__ typedef double dvec __attribute__((vector_size(DOUBLES * sizeof(double))));

INLINE dvec load_doubles(const double *x)
{
    dvec v;
    memcpy(&v, x, sizeof v);
    return v;
}

/* As multiply_add() of floats. */
INLINE dvec multiply_add_doubles(dvec a, dvec b, dvec c)
{
#if LANES == 16
    return (dvec)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif LANES == 8
    return (dvec)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined __aarch64__
    return (dvec)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
    return a * b + c;
#endif
}

void VARIANT(double_products)(double *c, int64_t ldc, const double *a, const double *b, int64_t k)
{
    dvec sum[DOUBLE_ROWS][2];
    UNROLL
    for (int i = 0; i < DOUBLE_ROWS; i++) {
        sum[i][0] = load_doubles(c + i * ldc);
        sum[i][1] = load_doubles(c + i * ldc + DOUBLES);
    }
    for (; k > 0; k--, a += DOUBLE_ROWS, b += DOUBLE_COLUMNS) {
        dvec b0 = load_doubles(b), b1 = load_doubles(b + DOUBLES);
        UNROLL
        for (int i = 0; i < DOUBLE_ROWS; i++) {
            dvec ai = a[i] - (dvec){0};
            sum[i][0] = multiply_add_doubles(ai, b0, sum[i][0]);
            sum[i][1] = multiply_add_doubles(ai, b1, sum[i][1]);
        }
    }
    UNROLL
    for (int i = 0; i < DOUBLE_ROWS; i++) {
        memcpy(c + i * ldc, &sum[i][0], sizeof(dvec));
        memcpy(c + i * ldc + DOUBLES, &sum[i][1], sizeof(dvec));
    }
}

/* In pieces of a few cache lines each, which stay at hand while all lines are written into them. */
#define PIECE 8

void VARIANT(pack_doubles)(double *packed, int64_t width, const float *const *line, int64_t k)
{
    for (int64_t first = 0; first < k; first += PIECE, packed += PIECE * width) {
        int64_t piece = k - first < PIECE ? k - first : PIECE;
        for (int64_t j = 0; j < width; j++) {
            const float *x = line[j] ? line[j] + first : NULL;
            if (x && piece == PIECE) {
                UNROLL
                for (int p = 0; p < PIECE; p++) packed[p * width + j] = x[p];
            } else
                for (int64_t p = 0; p < piece; p++) packed[p * width + j] = x ? (double)x[p] : 0;
        }
    }
}
