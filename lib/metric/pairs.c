/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/product.h"

#include <string.h>

/* Pairs in tiles, so that n x m numbers are never in memory: a task has some rows, and goes through all columns. */

#define TILE_COLUMNS 512
#define TILE         (GAN_PRODUCT_ROWS * TILE_COLUMNS)
#define WORK         (TILE + GAN_PRODUCT_SCRATCH) /* doubles of a worker */

struct pairs {
    const gan_kernels *kernels;
    const gan_points *a, *b;
    bool upper;
    gan_visit visit;
    void *argument;
    double *work;
};

static void visit_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct pairs *pairs = argument;
    const gan_points *a = pairs->a, *b = pairs->b;
    const gan_operand lines[2] = {{.points = a, .lines = a->count}, {.points = b, .lines = b->count}};
    double *c = pairs->work + (size_t)worker * WORK;
    for (int64_t column = pairs->upper ? begin : 0; column < b->count; column += TILE_COLUMNS) {
        int64_t columns = b->count - column < TILE_COLUMNS ? b->count - column : TILE_COLUMNS;
        memset(c, 0, TILE * sizeof *c);
        gan_product_add(pairs->kernels, &(gan_product){.a = &lines[0],
                                                       .b = &lines[1],
                                                       .row = begin,
                                                       .rows = end - begin,
                                                       .column = column,
                                                       .columns = columns,
                                                       .k = a->dims,
                                                       .c = c,
                                                       .ldc = TILE_COLUMNS,
                                                       .scratch = c + TILE});
        const gan_tile tile = {begin,
                               end - begin,
                               column,
                               columns,
                               c,
                               TILE_COLUMNS,
                               a->squares ? a->squares + begin : NULL,
                               b->squares ? b->squares + column : NULL};
        pairs->visit(pairs->argument, &tile);
    }
}

gan_status gan_pairs(gan_context *context, const gan_points *a, const gan_points *b, bool upper, gan_visit visit,
                     void *argument)
{
    struct pairs pairs = {context->kernels, a, b, upper, visit, argument, NULL};
    size_t workers = (size_t)gan_pool_threads(context->pool);
    pairs.work = gan_context_allocate(context, workers, WORK * sizeof(double), "the products of features");
    if (!pairs.work) return GAN_ERROR_OUT_OF_MEMORY;
    gan_pool_ranges(context->pool, visit_rows, &pairs, a->count, GAN_PRODUCT_ROWS);
    gan_context_release(context, pairs.work);
    return GAN_OK;
}
