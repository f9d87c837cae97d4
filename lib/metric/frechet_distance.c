/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/eigen.h"
#include "metric/moments.h"

#include <float.h>

/* The Fréchet distance of two normal distributions. With C1 = V diag(w) V^T and S = diag(w)^1/2 V^T, the matrix
 * C1^1/2 C2 C1^1/2 has the eigenvalues of S C2 S^T. */

struct frechet {
    gan_context *context;
    int64_t dims, ld;
    double *means[2], *s, *second, *half, *whole; /* s: C1, its eigenvectors, S; half: S C2; whole: S C2 S^T */
    double *values, *scratch;
    void *work;
};

/* c = a b^T, by rows */
struct matrices {
    const struct frechet *f;
    const double *a, *b;
    double *c;
};

static void multiply_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct matrices *m = argument;
    const struct frechet *f = m->f;
    const gan_operand a = {.rows = m->a, .lines = f->dims, .ld = f->ld},
                      b = {.rows = m->b, .lines = f->dims, .ld = f->ld};
    gan_product_add(f->context->kernels, &(gan_product){.a = &a,
                                                        .b = &b,
                                                        .row = begin,
                                                        .rows = end - begin,
                                                        .columns = f->dims,
                                                        .k = f->dims,
                                                        .c = m->c + begin * f->ld,
                                                        .ldc = f->ld,
                                                        .scratch = f->scratch + (size_t)worker * GAN_PRODUCT_SCRATCH});
}

static void multiply(const struct frechet *f, double *c, const double *a, const double *b)
{
    struct matrices matrices = {f, a, b, c};
    gan_pool_ranges(f->context->pool, multiply_rows, &matrices, f->dims, GAN_PRODUCT_ROWS);
}

/* The square root of an eigenvalue, 0 where rounding alone could have made it: LAPACK's are right to about n * epsilon
 * of the largest. */
static double root(const struct frechet *f, int64_t i)
{
    double least = (double)f->dims * DBL_EPSILON * f->values[f->dims - 1];
    return f->values[i] > least && f->values[i] > 0 ? sqrt(f->values[i]) : 0;
}

static gan_status no_eigenvalues(void)
{
    return gan_fail(GAN_ERROR_NUMERIC, "gan_metric_frechet_distance: LAPACK finds no eigenvalues of a covariance");
}

static gan_status compute(const struct frechet *f, double *distance)
{
    double sum = 0;
    for (int64_t i = 0; i < f->dims; i++) {
        double difference = f->means[0][i] - f->means[1][i];
        sum += difference * difference + f->s[i * f->ld + i] + f->second[i * f->ld + i];
    }
    if (!gan_eigen(f->values, f->s, f->dims, f->ld, true, f->work)) return no_eigenvalues();
    for (int64_t i = 0; i < f->dims; i++) {
        double scale = root(f, i);
        for (int64_t j = 0; j < f->dims; j++) f->s[i * f->ld + j] *= scale;
    }
    multiply(f, f->half, f->s, f->second);
    multiply(f, f->whole, f->half, f->s);
    if (!gan_eigen(f->values, f->whole, f->dims, f->ld, false, f->work)) return no_eigenvalues();
    for (int64_t i = 0; i < f->dims; i++) sum -= 2 * root(f, i);
    *distance = sum > 0 ? sum : 0;
    return GAN_OK;
}

static gan_status check(const double *distance, const gan_moments *a, const gan_moments *b)
{
    const char *call = "gan_metric_frechet_distance", *reason;
    if (!distance || !a || !b)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is NULL", call, !distance ? "distance" : !a ? "a" : "b");
    if (a->dims != b->dims)
        return gan_fail(GAN_ERROR_SHAPE, "%s: a is of %lld numbers a row and b of %lld; they must be of as many", call,
                        (long long)a->dims, (long long)b->dims);
    if (a->dims > GAN_EIGEN_LARGEST)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: moments are of %lld numbers a row; at most %d are possible",
                        call, (long long)a->dims, GAN_EIGEN_LARGEST);
    if (a->count < 2 || b->count < 2)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is of %lld rows; at least 2 are needed", call,
                        a->count < 2 ? "a" : "b", (long long)(a->count < 2 ? a->count : b->count));
    if (!gan_eigen_available(&reason)) return gan_fail(GAN_ERROR_UNSUPPORTED, "%s: %s", call, reason);
    return GAN_OK;
}

gan_status gan_metric_frechet_distance(double *distance, const gan_moments *a, const gan_moments *b)
{
    gan_status status = check(distance, a, b);
    if (status != GAN_OK) return status;
    struct frechet f = {.context = a->context, .dims = a->dims, .ld = a->ld};
    size_t ld = (size_t)f.ld, square = ld * ld, workers = (size_t)gan_pool_threads(f.context->pool);
    double *memory = gan_context_allocate(f.context, 4 * square + 3 * ld + workers * GAN_PRODUCT_SCRATCH,
                                          sizeof *memory, "the covariances of features");
    f.work = gan_context_allocate(f.context, 1, gan_eigen_work(f.dims), "LAPACK");
    if (memory && f.work) {
        double **parts[] = {&f.s, &f.second, &f.half, &f.whole};
        for (int i = 0; i < 4; i++) *parts[i] = memory + (size_t)i * square;
        f.means[0] = memory + 4 * square;
        f.means[1] = f.means[0] + ld;
        f.values = f.means[1] + ld;
        f.scratch = f.values + ld;
        gan_moments_read(a, f.means[0], f.s, f.ld);
        gan_moments_read(b, f.means[1], f.second, f.ld);
        status = compute(&f, distance);
    } else
        status = GAN_ERROR_OUT_OF_MEMORY;
    gan_context_release(f.context, f.work);
    gan_context_release(f.context, memory);
    return status;
}
