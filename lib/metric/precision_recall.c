/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/neighbours.h"

#include <stdatomic.h>

/* Precision and recall in one pass over all pairs. */

struct flags {
    const gan_balls *balls;
    atomic_uchar *generated; /* inside a real ball; tasks of several rows set the same ones */
    unsigned char *real;     /* inside a generated ball */
};

static void mark(void *argument, const gan_tile *tile)
{
    const struct flags *flags = argument;
    const double *columns = flags->balls->radii[1] + tile->column;
    atomic_uchar *generated = flags->generated + tile->column;
    for (int64_t i = 0; i < tile->rows; i++) {
        double radius = flags->balls->radii[0][tile->row + i];
        bool inside = false;
        for (int64_t j = 0; j < tile->columns; j++) {
            double distance = gan_tile_distance(tile, i, j);
            if (distance <= radius) atomic_store_explicit(&generated[j], 1, memory_order_relaxed);
            inside = inside || distance <= columns[j];
        }
        if (inside) flags->real[tile->row + i] = 1;
    }
}

gan_status gan_metric_precision_recall(gan_metric_precision_result *result, const gan_tensor *real,
                                       const gan_tensor *generated, const gan_metric_neighbour_options *options)
{
    static const char call[] = "gan_metric_precision_recall";
    gan_metric_precision_result found = {0};
    gan_status status = gan_result_check(call, result, "gan_metric_precision_result", sizeof found);
    if (status != GAN_OK) return status;
    gan_balls balls;
    struct flags flags = {&balls, NULL, NULL};
    status = gan_balls_create(&balls, call, real, generated, options, 3, true);
    int64_t n = balls.points[0].count, m = balls.points[1].count;
    if (status == GAN_OK) {
        flags.real = gan_context_allocate(balls.context, (size_t)n, 1, "precision and recall");
        flags.generated =
            gan_context_allocate(balls.context, (size_t)m, sizeof *flags.generated, "precision and recall");
        status = GAN_ERROR_OUT_OF_MEMORY;
        if (flags.real && flags.generated)
            status = gan_pairs(balls.context, &balls.points[0], &balls.points[1], false, mark, &flags);
    }
    if (status == GAN_OK) {
        int64_t precise = 0, recalled = 0;
        for (int64_t j = 0; j < m; j++) precise += atomic_load_explicit(&flags.generated[j], memory_order_relaxed);
        for (int64_t i = 0; i < n; i++) recalled += flags.real[i];
        found.precision = (double)precise / (double)m;
        found.recall = (double)recalled / (double)n;
        gan_result_write(result, &found, sizeof found);
    }
    if (balls.context) {
        gan_context_release(balls.context, flags.generated);
        gan_context_release(balls.context, flags.real);
    }
    gan_balls_free(&balls);
    return status;
}
