/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/neighbours.h"

struct hits {
    const gan_balls *balls;
    int64_t *count; /* generated samples inside each real ball */
};

static void add(void *argument, const gan_tile *tile)
{
    const struct hits *hits = argument;
    for (int64_t i = 0; i < tile->rows; i++) {
        double radius = hits->balls->radii[0][tile->row + i];
        for (int64_t j = 0; j < tile->columns; j++)
            hits->count[tile->row + i] += gan_tile_distance(tile, i, j) <= radius;
    }
}

gan_status gan_metric_density_coverage(gan_metric_density_result *result, const gan_tensor *real,
                                       const gan_tensor *generated, const gan_metric_neighbour_options *options)
{
    static const char call[] = "gan_metric_density_coverage";
    gan_metric_density_result found = {0};
    gan_status status = gan_result_check(call, result, "gan_metric_density_result", sizeof found);
    if (status != GAN_OK) return status;
    gan_balls balls;
    struct hits hits = {&balls, NULL};
    status = gan_balls_create(&balls, call, real, generated, options, 5, false);
    int64_t n = balls.points[0].count, m = balls.points[1].count;
    if (status == GAN_OK) {
        hits.count = gan_context_allocate(balls.context, (size_t)n, sizeof *hits.count, "density and coverage");
        status = GAN_ERROR_OUT_OF_MEMORY;
        if (hits.count) status = gan_pairs(balls.context, &balls.points[0], &balls.points[1], false, add, &hits);
    }
    if (status == GAN_OK) {
        int64_t sum = 0, covered = 0;
        for (int64_t i = 0; i < n; i++) {
            sum += hits.count[i];
            covered += hits.count[i] > 0;
        }
        found.density = (double)sum / ((double)balls.neighbours * (double)m);
        found.coverage = (double)covered / (double)n;
        gan_result_write(result, &found, sizeof found);
    }
    if (balls.context) gan_context_release(balls.context, hits.count);
    gan_balls_free(&balls);
    return status;
}
