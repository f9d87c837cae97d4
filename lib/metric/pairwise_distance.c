/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/metric.h"

static void add(void *argument, const gan_tile *tile)
{
    double *row = argument;
    for (int64_t i = 0; i < tile->rows; i++) {
        int64_t first = tile->row + i + 1 - tile->column;
        for (int64_t j = first > 0 ? first : 0; j < tile->columns; j++)
            row[tile->row + i] += sqrt(gan_tile_distance(tile, i, j));
    }
}

gan_status gan_metric_pairwise_distance(double *distance, const gan_tensor *features)
{
    static const char call[] = "gan_metric_pairwise_distance";
    if (!distance) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: distance is NULL", call);
    gan_points points;
    gan_status status = gan_points_read(&points, call, "features", features, 2);
    if (status != GAN_OK) return status;
    gan_context *context = features->context;
    double n = (double)points.count, sum = 0;
    double *row = gan_context_allocate(context, (size_t)points.count, sizeof *row, "pairwise distances");
    status = row ? gan_points_measure(&points, context) : GAN_ERROR_OUT_OF_MEMORY;
    if (status == GAN_OK) status = gan_pairs(context, &points, &points, true, add, row);
    for (int64_t i = 0; status == GAN_OK && i < points.count; i++) sum += row[i];
    if (status == GAN_OK) *distance = sum / (n * (n - 1) / 2);
    gan_context_release(context, points.squares);
    gan_context_release(context, row);
    return status;
}
