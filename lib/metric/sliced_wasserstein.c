/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/metric.h"

#include <gan/random.h>

static const gan_field fields[] = {
    {"projections", GAN_FIELD_INT64, 0, offsetof(gan_metric_wasserstein_options, projections), 1, 1 << 20, 512},
    {"order", GAN_FIELD_INT64, 0, offsetof(gan_metric_wasserstein_options, order), 1, 2, 2},
};

#define CHUNK 64 /* directions at a time */

struct slices {
    gan_context *context;
    const gan_points *points; /* real, generated */
    gan_points directions;    /* of this chunk */
    int64_t order;
    double *projected[2]; /* [CHUNK, count] */
    double *costs;        /* W_p^p of each direction, of all chunks */
    int64_t first;        /* direction of this chunk */
};

/* Products of samples and directions, kept by direction. */
struct projection {
    double *to;
    int64_t count;
};

static void project(void *argument, const gan_tile *tile)
{
    const struct projection *p = argument;
    for (int64_t i = 0; i < tile->rows; i++)
        for (int64_t j = 0; j < tile->columns; j++)
            p->to[(tile->column + j) * p->count + tile->row + i] =
                tile->products[i * tile->ld + j] / sqrt(tile->column_squares[j]);
}

static void sift(double *x, int64_t root, int64_t count)
{
    double moved = x[root];
    for (int64_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && x[child + 1] > x[child]) child++;
        if (!(x[child] > moved)) break;
        x[root] = x[child];
    }
    x[root] = moved;
}

/* Heapsort (Williams 1964), which needs no memory. */
static void sort(double *x, int64_t count)
{
    for (int64_t i = count / 2; i-- > 0;) sift(x, i, count);
    for (int64_t last = count - 1; last > 0; last--) {
        double largest = x[0];
        x[0] = x[last];
        x[last] = largest;
        sift(x, 0, last);
    }
}

/* The integral over t of |quantile of a - quantile of b|^p: both are constant over steps, of 1/n and of 1/m. In units
 * of 1/(n m) a step of a is m long and one of b n. */
static double transport(const double *a, int64_t n, const double *b, int64_t m, int64_t order)
{
    double sum = 0;
    for (int64_t i = 0, j = 0, left_a = m, left_b = n; i < n && j < m;) {
        int64_t step = left_a < left_b ? left_a : left_b;
        double difference = fabs(a[i] - b[j]);
        sum += (double)step * (order == 1 ? difference : difference * difference);
        left_a -= step;
        left_b -= step;
        if (left_a == 0) i++, left_a = m;
        if (left_b == 0) j++, left_b = n;
    }
    return sum / ((double)n * (double)m);
}

static void compare(void *argument, int64_t task, int worker)
{
    const struct slices *s = argument;
    int64_t n = s->points[0].count, m = s->points[1].count;
    double *a = s->projected[0] + task * n, *b = s->projected[1] + task * m;
    (void)worker;
    sort(a, n);
    sort(b, m);
    s->costs[s->first + task] = transport(a, n, b, m, s->order);
}

/* A vector of normal numbers has a uniform direction; numbers begin at a whole block for each. */
static void draw(struct slices *s, float *directions, int64_t count)
{
    uint64_t blocks = ((uint64_t)s->points[0].dims + 3) / 4;
    gan_philox philox = {s->context->seed, GAN_STREAM_METRICS, GAN_METRIC_DIRECTIONS};
    for (int64_t i = 0; i < count; i++)
        gan_fill_normal(&philox, (uint64_t)(s->first + i) * blocks, directions + i * s->points[0].dims,
                        (size_t)s->points[0].dims, 0, 1);
    s->directions = (gan_points){.x = directions, .count = count, .dims = s->points[0].dims};
}

static gan_status do_chunk(struct slices *s, float *directions, int64_t count)
{
    draw(s, directions, count);
    gan_status status = gan_points_measure(&s->directions, s->context);
    for (int set = 0; status == GAN_OK && set < 2; set++) {
        struct projection p = {s->projected[set], s->points[set].count};
        status = gan_pairs(s->context, &s->points[set], &s->directions, false, project, &p);
    }
    if (status == GAN_OK) gan_pool_run(s->context->pool, compare, s, count);
    gan_context_release(s->context, s->directions.squares);
    return status;
}

static gan_status slice(double *distance, const gan_points points[2], gan_context *context,
                        const gan_metric_wasserstein_options *options)
{
    struct slices s = {.context = context, .points = points, .order = options->order};
    static const char what[] = "the projections of features";
    float *directions = gan_context_allocate(context, (size_t)points[0].dims, CHUNK * sizeof *directions, what);
    s.costs = gan_context_allocate(context, (size_t)options->projections, sizeof *s.costs, what);
    gan_status status = directions && s.costs ? GAN_OK : GAN_ERROR_OUT_OF_MEMORY;
    for (int set = 0; set < 2; set++) {
        s.projected[set] = gan_context_allocate(context, (size_t)points[set].count, CHUNK * sizeof(double), what);
        if (!s.projected[set]) status = GAN_ERROR_OUT_OF_MEMORY;
    }
    for (; status == GAN_OK && s.first < options->projections; s.first += CHUNK) {
        int64_t left = options->projections - s.first;
        status = do_chunk(&s, directions, left < CHUNK ? left : CHUNK);
    }
    if (status == GAN_OK) {
        double deviation, mean = gan_mean(s.costs, options->projections, &deviation);
        *distance = options->order == 1 ? mean : sqrt(mean);
    }
    for (int set = 0; set < 2; set++) gan_context_release(context, s.projected[set]);
    gan_context_release(context, s.costs);
    gan_context_release(context, directions);
    return status;
}

gan_status gan_metric_sliced_wasserstein(double *distance, const gan_tensor *real, const gan_tensor *generated,
                                         const gan_metric_wasserstein_options *given)
{
    static const char call[] = "gan_metric_sliced_wasserstein";
    gan_metric_wasserstein_options options;
    gan_points points[2];
    if (!distance) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: distance is NULL", call);
    gan_status status = gan_options_read(&options, sizeof options, given, "gan_metric_wasserstein_options", fields,
                                         GAN_FIELD_COUNT(fields));
    if (status == GAN_OK) status = gan_points_read_both(points, call, real, generated, 1);
    return status == GAN_OK ? slice(distance, points, real->context, &options) : status;
}
