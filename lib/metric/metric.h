/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_METRIC_METRIC_H
#define GAN_METRIC_METRIC_H

#include "core/options.h"
#include "tensor/tensor.h"

#include <gan/metric.h>
#include <math.h>

/* What metrics share: features as points, products and distances of all pairs of them, results. */

/* Samples as rows of features. */
typedef struct gan_points {
    const float *x;
    const int32_t *index; /* the rows meant, in this order; NULL: all */
    int64_t count, dims;
    double *squares; /* |x|^2 of each, by gan_points_measure(); else NULL */
} gan_points;

/* Checks features: float [n, ...] with n at least `least`, and finite. `name` is the argument's. */
gan_status gan_points_read(gan_points *points, const char *call, const char *name, const gan_tensor *features,
                           int64_t least);

/* Two sets with rows of one length, real and then generated. */
gan_status gan_points_read_both(gan_points points[2], const char *call, const gan_tensor *real,
                                const gan_tensor *generated, int64_t least);

/* Gives the points their squares, added up in the order of the dimensions: then the distance of equal points is 0. The
 * caller releases them. */
gan_status gan_points_measure(gan_points *points, gan_context *context);

static inline const float *gan_point(const gan_points *points, int64_t i)
{
    return points->x + (points->index ? points->index[i] : i) * points->dims;
}

/* A part of the matrix of all pairs of two sets: rows are points of the first, columns of the second. */
typedef struct gan_tile {
    int64_t row, rows, column, columns;
    const double *products; /* x.y, rows `ld` apart */
    int64_t ld;
    const double *row_squares, *column_squares; /* of the tile's; NULL where the points have none */
} gan_tile;

/* Called for the tiles of some rows by one thread, from the first column to the last; other rows may be others'. */
typedef void (*gan_visit)(void *argument, const gan_tile *tile);

/* Visits the products of all pairs of a's and b's points. upper: at least those of a column above its row, the rest is
 * left out or not. GAN_ERROR_OUT_OF_MEMORY. */
gan_status gan_pairs(gan_context *context, const gan_points *a, const gan_points *b, bool upper, gan_visit visit,
                     void *argument);

/* The squared distance of a pair, for points with squares. */
static inline double gan_tile_distance(const gan_tile *tile, int64_t i, int64_t j)
{
    double squared = tile->row_squares[i] + tile->column_squares[j] - 2 * tile->products[i * tile->ld + j];
    return squared > 0 ? squared : 0;
}

/* One result struct of a caller: its size is checked before, and its members are written after the work. */
gan_status gan_result_check(const char *call, const void *result, const char *type, size_t size);
void gan_result_write(void *result, const void *found, size_t size);

/* The mean of numbers, and the root of the mean squared difference from it, in their order. */
double gan_mean(const double *x, int64_t count, double *deviation);

/* Random numbers of metrics: substreams of GAN_STREAM_METRICS. Subsets of the kernel distance count up from 0. */
#define GAN_METRIC_DIRECTIONS UINT32_MAX
#define GAN_METRIC_PAIRS      (UINT32_MAX - 1)

#endif
