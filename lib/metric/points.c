/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/metric.h"

#include <limits.h>
#include <string.h>

gan_status gan_points_read(gan_points *points, const char *call, const char *name, const gan_tensor *features,
                           int64_t least)
{
    char text[GAN_TENSOR_TEXT];
    if (!features) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s are NULL", call, name);
    if (features->type != GAN_FLOAT32 || features->rank < 2)
        return gan_fail(GAN_ERROR_SHAPE, "%s: %s are %s; they must be float [n, ...]", call, name,
                        gan_tensor_text(text, features));
    int64_t count = features->shape[0], dims = gan_tensor_count(features) / count;
    if (count > INT32_MAX || dims > INT32_MAX)
        return gan_fail(GAN_ERROR_SHAPE, "%s: %s are %s; at most %d rows of %d numbers are possible", call, name,
                        gan_tensor_text(text, features), INT_MAX, INT_MAX);
    if (count < least)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s are %lld samples; at least %lld are needed", call, name,
                        (long long)count, (long long)least);
    *points = (gan_points){.x = features->data, .count = count, .dims = dims};
    const gan_kernels *kernels = features->context->kernels;
    for (int64_t i = 0; i < count; i++) /* a sum of squares of floats is finite in double if they are */
        if (!isfinite(kernels->sum_squares(points->x + i * dims, dims)))
            return gan_fail(GAN_ERROR_NUMERIC, "%s: row %lld of %s has a number that is infinite or NaN", call,
                            (long long)i, name);
    return GAN_OK;
}

gan_status gan_points_read_both(gan_points points[2], const char *call, const gan_tensor *real,
                                const gan_tensor *generated, int64_t least)
{
    gan_status status = gan_points_read(&points[0], call, "real features", real, least);
    if (status == GAN_OK) status = gan_points_read(&points[1], call, "generated features", generated, least);
    if (status == GAN_OK && points[0].dims != points[1].dims)
        return gan_fail(GAN_ERROR_SHAPE,
                        "%s: generated features have %lld numbers a row and real ones %lld; they must have as many",
                        call, (long long)points[1].dims, (long long)points[0].dims);
    return status;
}

static void measure(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_points *points = argument;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const float *x = gan_point(points, i);
        double sum = 0;
        for (int64_t j = 0; j < points->dims; j++) sum += (double)x[j] * x[j];
        points->squares[i] = sum;
    }
}

gan_status gan_points_measure(gan_points *points, gan_context *context)
{
    points->squares = gan_context_allocate(context, (size_t)points->count, sizeof(double), "the norms of features");
    if (!points->squares) return GAN_ERROR_OUT_OF_MEMORY;
    gan_pool_ranges(context->pool, measure, points, points->count, 64);
    return GAN_OK;
}

gan_status gan_result_check(const char *call, const void *result, const char *type, size_t size)
{
    if (!result) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: result is NULL", call);
    size_t given;
    memcpy(&given, result, sizeof given);
    if (given >= sizeof given && given <= 65536) return GAN_OK;
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s.size is %zu; it must be sizeof(%s), here %zu", type, given, type,
                    size);
}

void gan_result_write(void *result, const void *found, size_t size)
{
    size_t given;
    memcpy(&given, result, sizeof given);
    memcpy(result, found, given < size ? given : size);
    memcpy(result, &given, sizeof given);
}

double gan_mean(const double *x, int64_t count, double *deviation)
{
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) sum += x[i];
    double mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++) squares += (x[i] - mean) * (x[i] - mean);
    *deviation = sqrt(squares / (double)count);
    return mean;
}
