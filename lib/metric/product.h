/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_METRIC_PRODUCT_H
#define GAN_METRIC_PRODUCT_H

#include "metric/metric.h"

/* Matrix products in double, of lines: c(i,j) += the sum over p of a(i,p) * b(j,p), added up in the order of p. */

/* Where lines come from. One of the kinds: */
typedef struct gan_operand {
    const gan_points *points; /* line i is point i */
    const double *rows;       /* line i begins at rows + i * ld */
    const float *columns;     /* line i is columns[p * ld + i] - shift[i] */
    const double *shift;
    int64_t lines, ld;
} gan_operand;

#define GAN_PRODUCT_ROWS    128 /* the most rows of one call */
#define GAN_PRODUCT_DEPTH   256
#define GAN_PRODUCT_ROUND   16 /* a multiple of the kernels' tiles, in both directions */
#define GAN_PRODUCT_SCRATCH ((GAN_PRODUCT_ROWS + GAN_PRODUCT_ROUND) * GAN_PRODUCT_DEPTH) /* doubles, aligned */

static inline int64_t gan_product_round(int64_t n)
{
    return (n + GAN_PRODUCT_ROUND - 1) / GAN_PRODUCT_ROUND * GAN_PRODUCT_ROUND;
}

/* A block of c: lines row .. row + rows - 1 of a and column .. column + columns - 1 of b, over the k numbers of a line.
 * c is the block's first number; rows and columns are written up to the next multiple of GAN_PRODUCT_ROUND. */
typedef struct gan_product {
    const gan_operand *a, *b;
    int64_t row, rows, column, columns, k;
    double *c;
    int64_t ldc;
    double *scratch;
} gan_product;

void gan_product_add(const gan_kernels *kernels, const gan_product *product);

#endif
