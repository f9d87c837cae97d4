/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/product.h"

static void pack_points(const gan_kernels *kernels, double *packed, int64_t width, const gan_operand *o, int64_t line,
                        int64_t first, int64_t k)
{
    const float *from[GAN_PRODUCT_ROUND];
    for (int64_t j = 0; j < width; j++) from[j] = line + j < o->lines ? gan_point(o->points, line + j) + first : NULL;
    kernels->pack_doubles(packed, width, from, k);
}

/* packed [k, width] = the numbers first .. first + k - 1 of the lines from `line` on. */
static void pack(const gan_kernels *kernels, double *packed, int64_t width, const gan_operand *o, int64_t line,
                 int64_t first, int64_t k)
{
    if (o->points) {
        pack_points(kernels, packed, width, o, line, first, k);
        return;
    }
    int64_t there = o->lines - line < width ? o->lines - line : width;
    for (int64_t p = 0; p < k; p++, packed += width) {
        const float *column = o->columns ? o->columns + (first + p) * o->ld + line : NULL;
        for (int64_t j = 0; j < there; j++)
            packed[j] = column ? column[j] - o->shift[line + j] : o->rows[(line + j) * o->ld + first + p];
        for (int64_t j = there; j < width; j++) packed[j] = 0;
    }
}

void gan_product_add(const gan_kernels *kernels, const gan_product *g)
{
    const int64_t height = kernels->double_rows, width = kernels->double_columns;
    double *b = g->scratch + GAN_PRODUCT_ROWS * GAN_PRODUCT_DEPTH;
    for (int64_t p = 0; p < g->k; p += GAN_PRODUCT_DEPTH) {
        int64_t k = g->k - p < GAN_PRODUCT_DEPTH ? g->k - p : GAN_PRODUCT_DEPTH;
        for (int64_t i = 0; i < g->rows; i += height) pack(kernels, g->scratch + i * k, height, g->a, g->row + i, p, k);
        for (int64_t j = 0; j < g->columns; j += width) {
            pack(kernels, b, width, g->b, g->column + j, p, k);
            for (int64_t i = 0; i < g->rows; i += height)
                kernels->double_products(g->c + i * g->ldc + j, g->ldc, g->scratch + i * k, b, k);
        }
    }
}
