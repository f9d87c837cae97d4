/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_KERNEL_GEMM_BUILTIN_H
#define GAN_KERNEL_GEMM_BUILTIN_H

#include "kernel/tile.h"

/* a or b as lines of k elements: the rows of a, the columns of b. A line's elements are neighbours in memory, or, when
 * not `along_k`, the lines' are. The product is symmetric in both: c(i,j) = sum over p of a(i,p) * b(j,p). */
struct operand {
    const float *x;
    int64_t ld;
    bool along_k;
};

INLINE struct operand part_of(struct operand o, int64_t line, int64_t p)
{
    o.x += o.along_k ? line * o.ld + p : p * o.ld + line;
    return o;
}

/* packed [k, width] = `lines` lines of o, zeros beyond them. */
void VARIANT(gemm_pack)(float *packed, int64_t width, struct operand o, int64_t lines, int64_t k);

/* A tile of c from lines of a and b [k, ldb]. */
typedef void tile_function(int64_t k, struct operand a, const float *b, int64_t ldb, float *c, int64_t ldc,
                           bool accumulate);

/* Tiles from the tallest to one row. */
struct tile {
    int rows;
    tile_function *function[2][TILE_VECTORS]; /* [a.along_k][vectors - 1] */
};
extern const struct tile VARIANT(gemm_tiles)[];

/* DOT_ROWS rows of c, or the rest of them, times up to GEMM_DOT_COLUMNS columns, from operands that are both along k.
 */
#define GEMM_DOT_COLUMNS (LANES / 4)
void VARIANT(gemm_dots)(int64_t rows, int64_t columns, int64_t k, struct operand a, struct operand b, float *c,
                        int64_t row, int64_t column, bool accumulate);

#endif
