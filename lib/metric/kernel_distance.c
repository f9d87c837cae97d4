/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/metric.h"

#include <gan/random.h>

static const gan_field fields[] = {
    {"subsets", GAN_FIELD_INT64, 0, offsetof(gan_metric_kernel_options, subsets), 1, 1 << 20, 100},
    {"subset_size", GAN_FIELD_INT64, 0, offsetof(gan_metric_kernel_options, subset_size), 2, INT32_MAX, 0},
};

/* The first m of a random permutation of 0 .. n - 1 (Fisher and Yates): place i gets one of the n - i that are left, by
 * 64 bits; a Philox block has two of them. */
static void draw(int32_t *index, int64_t n, int64_t m, gan_philox philox)
{
    uint32_t bits[4];
    for (int64_t i = 0; i < n; i++) index[i] = (int32_t)i;
    for (int64_t i = 0; i < m; i++) {
        if (i % 2 == 0) gan_philox_block(&philox, (uint64_t)i / 2, bits);
        uint64_t wide = (uint64_t)bits[i % 2 * 2] << 32 | bits[i % 2 * 2 + 1];
        int64_t j = i + (int64_t)gan_bounded(wide, (uint64_t)(n - i));
        int32_t other = index[j];
        index[j] = index[i];
        index[i] = other;
    }
}

struct sums {
    double *row; /* of each row's kernels */
    double scale;
    bool upper; /* of the columns above the row only */
};

static void add(void *argument, const gan_tile *tile)
{
    const struct sums *sums = argument;
    for (int64_t i = 0; i < tile->rows; i++) {
        int64_t first = sums->upper ? tile->row + i + 1 - tile->column : 0;
        double sum = sums->row[tile->row + i];
        for (int64_t j = first > 0 ? first : 0; j < tile->columns; j++) {
            double x = tile->products[i * tile->ld + j] * sums->scale + 1;
            sum += x * x * x;
        }
        sums->row[tile->row + i] = sum;
    }
}

/* The sum of the kernels of all pairs, or of those above the diagonal. */
static gan_status sum_kernels(double *sum, gan_context *context, const gan_points *a, const gan_points *b, double *row)
{
    struct sums sums = {row, 1 / (double)a->dims, a == b};
    for (int64_t i = 0; i < a->count; i++) row[i] = 0;
    gan_status status = gan_pairs(context, a, b, a == b, add, &sums);
    *sum = 0;
    for (int64_t i = 0; status == GAN_OK && i < a->count; i++) *sum += row[i];
    return status;
}

static gan_status estimate(double *value, gan_context *context, const gan_points points[2], double *row)
{
    double same[2] = {0}, cross = 0, m = (double)points[0].count;
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < 2; i++)
        status = sum_kernels(&same[i], context, &points[i], &points[i], row);
    if (status == GAN_OK) status = sum_kernels(&cross, context, &points[0], &points[1], row);
    *value = 2 * (same[0] + same[1]) / (m * (m - 1)) - 2 * cross / (m * m);
    return status;
}

/* The variance of an estimate by m samples is about V/m. Subsets of one set of n differ by V/m - V/n; their mean, the
 * more there are of them, has the variance V/n of the whole set. */
static double error_of(double deviation, const gan_metric_kernel_options *options, int64_t n)
{
    double part = (double)options->subset_size / (double)n;
    if (options->subsets == 1 || options->subset_size == n) return NAN;
    return deviation * sqrt(1 / ((double)options->subsets - 1) + part / (1 - part));
}

static gan_status check_size(gan_metric_kernel_options *options, int64_t least)
{
    if (options->subset_size == 0) options->subset_size = least < 1000 ? least : 1000;
    if (options->subset_size <= least) return GAN_OK;
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                    "gan_metric_kernel_options.subset_size is %lld; it may be up to the samples of either set, here "
                    "%lld",
                    (long long)options->subset_size, (long long)least);
}

static gan_status estimate_all(double *values, gan_context *context, gan_points points[2],
                               const gan_metric_kernel_options *options)
{
    int64_t m = options->subset_size, count[2] = {points[0].count, points[1].count};
    int32_t *index[2];
    double *row = gan_context_allocate(context, (size_t)m, sizeof *row, "the kernel distance");
    gan_status status = row ? GAN_OK : GAN_ERROR_OUT_OF_MEMORY;
    for (int i = 0; i < 2; i++) {
        index[i] = gan_context_allocate(context, (size_t)count[i], sizeof **index, "subsets of features");
        if (!index[i]) status = GAN_ERROR_OUT_OF_MEMORY;
    }
    for (int64_t s = 0; status == GAN_OK && s < options->subsets; s++) {
        for (int i = 0; i < 2; i++) {
            draw(index[i], count[i], m, (gan_philox){context->seed, GAN_STREAM_METRICS, (uint32_t)(2 * s + i)});
            points[i].index = index[i];
            points[i].count = m;
        }
        status = estimate(&values[s], context, points, row);
    }
    for (int i = 0; i < 2; i++) gan_context_release(context, index[i]);
    gan_context_release(context, row);
    return status;
}

gan_status gan_metric_kernel_distance(gan_metric_kernel_result *result, const gan_tensor *real,
                                      const gan_tensor *generated, const gan_metric_kernel_options *given)
{
    static const char call[] = "gan_metric_kernel_distance";
    gan_metric_kernel_result found = {0};
    gan_metric_kernel_options options;
    gan_points points[2];
    gan_status status = gan_result_check(call, result, "gan_metric_kernel_result", sizeof found);
    if (status == GAN_OK)
        status = gan_options_read(&options, sizeof options, given, "gan_metric_kernel_options", fields,
                                  GAN_FIELD_COUNT(fields));
    if (status == GAN_OK) status = gan_points_read_both(points, call, real, generated, 2);
    if (status != GAN_OK) return status;
    int64_t least = points[0].count < points[1].count ? points[0].count : points[1].count;
    status = check_size(&options, least);
    if (status != GAN_OK) return status;
    gan_context *context = real->context;
    double *values = gan_context_allocate(context, (size_t)options.subsets, sizeof *values, "the kernel distance");
    if (!values) return GAN_ERROR_OUT_OF_MEMORY;
    status = estimate_all(values, context, points, &options);
    if (status == GAN_OK) {
        found.distance = gan_mean(values, options.subsets, &found.deviation);
        found.error = error_of(found.deviation, &options, least);
        gan_result_write(result, &found, sizeof found);
    }
    gan_context_release(context, values);
    return status;
}
