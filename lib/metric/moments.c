/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/moments.h"

gan_status gan_moments_create(gan_moments **handle, gan_context *context, int64_t dims)
{
    if (!handle) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_moments_create: moments is NULL");
    *handle = NULL;
    if (!context) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_moments_create: context is NULL");
    if (dims < 1 || dims > INT32_MAX)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_moments_create: dims is %lld; it must be 1 to %d",
                        (long long)dims, INT32_MAX);
    gan_moments *moments = gan_context_allocate(context, 1, sizeof *moments, "moments");
    if (!moments) return GAN_ERROR_OUT_OF_MEMORY;
    moments->context = gan_context_retain(context);
    moments->dims = dims;
    moments->ld = gan_product_round(dims);
    size_t ld = (size_t)moments->ld, workers = (size_t)gan_pool_threads(context->pool);
    moments->shift = gan_context_allocate(context, ld, 2 * sizeof(double), "the mean of features");
    moments->products = gan_context_allocate(context, ld, ld * sizeof(double), "the covariance of features");
    moments->scratch =
        gan_context_allocate(context, workers, GAN_PRODUCT_SCRATCH * sizeof(double), "the products of features");
    *handle = moments;
    if (!moments->shift || !moments->products || !moments->scratch) {
        gan_moments_free(handle);
        return GAN_ERROR_OUT_OF_MEMORY;
    }
    moments->sum = moments->shift + ld;
    return GAN_OK;
}

void gan_moments_free(gan_moments **handle)
{
    if (!handle || !*handle) return;
    gan_moments *moments = *handle;
    *handle = NULL;
    gan_context *context = moments->context;
    gan_context_release(context, moments->scratch);
    gan_context_release(context, moments->products);
    gan_context_release(context, moments->shift);
    gan_context_release(context, moments);
    gan_context_free(&context);
}

struct batch {
    gan_moments *moments;
    gan_points points;
};

/* Rows of the matrix of products, from the diagonal's block on: every sum goes on in the order of the samples. */
static void add_products(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct batch *batch = argument;
    gan_moments *m = batch->moments;
    const gan_operand x = {.columns = batch->points.x, .shift = m->shift, .lines = m->dims, .ld = m->dims};
    gan_product_add(m->context->kernels, &(gan_product){.a = &x,
                                                        .b = &x,
                                                        .row = begin,
                                                        .rows = end - begin,
                                                        .column = begin,
                                                        .columns = m->dims - begin,
                                                        .k = batch->points.count,
                                                        .c = m->products + begin * m->ld + begin,
                                                        .ldc = m->ld,
                                                        .scratch = m->scratch + (size_t)worker * GAN_PRODUCT_SCRATCH});
}

gan_status gan_moments_add(gan_moments *moments, const gan_tensor *features)
{
    struct batch batch = {.moments = moments};
    gan_points *points = &batch.points;
    if (!moments) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_moments_add: moments is NULL");
    gan_status status = gan_points_read(points, "gan_moments_add", "features", features, 1);
    if (status != GAN_OK) return status;
    if (points->dims != moments->dims)
        return gan_fail(GAN_ERROR_SHAPE, "gan_moments_add: features have %lld numbers a row; these moments are of %lld",
                        (long long)points->dims, (long long)moments->dims);
    if (moments->count == 0)
        for (int64_t j = 0; j < moments->dims; j++) moments->shift[j] = points->x[j];
    for (int64_t i = 0; i < points->count; i++)
        for (int64_t j = 0; j < moments->dims; j++)
            moments->sum[j] += points->x[i * moments->dims + j] - moments->shift[j];
    gan_pool_ranges(moments->context->pool, add_products, &batch, moments->dims, GAN_PRODUCT_ROWS);
    moments->count += points->count;
    return GAN_OK;
}

int64_t gan_moments_count(const gan_moments *moments)
{
    return moments ? moments->count : 0;
}

int64_t gan_moments_dims(const gan_moments *moments)
{
    return moments ? moments->dims : 0;
}

void gan_moments_read(const gan_moments *m, double *mean, double *covariance, int64_t ld)
{
    double n = (double)m->count;
    for (int64_t i = 0; mean && i < m->dims; i++) mean[i] = m->shift[i] + m->sum[i] / n;
    for (int64_t i = 0; covariance && i < m->dims; i++)
        for (int64_t j = i; j < m->dims; j++)
            covariance[i * ld + j] = covariance[j * ld + i] =
                (m->products[i * m->ld + j] - m->sum[i] / n * m->sum[j]) / (n - 1);
}

gan_status gan_moments_get(const gan_moments *moments, double *mean, double *covariance)
{
    if (!moments) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_moments_get: moments is NULL");
    int needed = covariance ? 2 : mean ? 1 : 0;
    if (moments->count < needed)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_moments_get: moments are of %lld rows; at least %d are needed",
                        (long long)moments->count, needed);
    gan_moments_read(moments, mean, covariance, moments->dims);
    return GAN_OK;
}
