/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_METRIC_NEIGHBOURS_H
#define GAN_METRIC_NEIGHBOURS_H

#include "metric/metric.h"

#define GAN_MOST_NEIGHBOURS 1024

/* The k nearest of b to each of a, in rising order: squared distances [a's count, k], and indices likewise where they
 * are not NULL; of equally near ones the first in b. Both sets have squares. same: a is b, and no point is its own
 * neighbour; then b has more than k points, else k at least. */
gan_status gan_nearest(gan_context *context, const gan_points *a, const gan_points *b, bool same, int64_t k,
                       double *distances, int32_t *indices);

/* Two sets, real and generated, and the squared radii of their balls. */
typedef struct gan_balls {
    gan_context *context;
    gan_points points[2];
    double *radii[2]; /* NULL: not asked for */
    int64_t neighbours;
} gan_balls;

/* Reads the sets and options, of which zero means `neighbours`, and finds the radii of the real set, and of the
 * generated one for `both`. To be freed in any case. */
gan_status gan_balls_create(gan_balls *balls, const char *call, const gan_tensor *real, const gan_tensor *generated,
                            const gan_metric_neighbour_options *options, int64_t neighbours, bool both);
void gan_balls_free(gan_balls *balls);

#endif
