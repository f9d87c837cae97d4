/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/eigen.h"

#include "metric/lapack.h"

/* What dsyevd asks for with eigenvectors, and more than it asks for without. */
static int doubles(int64_t n)
{
    return (int)(1 + 6 * n + 2 * n * n);
}

static int integers(int64_t n)
{
    return (int)(3 + 5 * n);
}

bool gan_eigen_available(const char **reason)
{
    return gan_lapack_dsyevd(reason) != NULL;
}

size_t gan_eigen_work(int64_t n)
{
    return (size_t)doubles(n) * sizeof(double) + (size_t)integers(n) * sizeof(int);
}

bool gan_eigen(double *values, double *a, int64_t n, int64_t ld, bool vectors, void *work)
{
    const int order = (int)n, lda = (int)ld, lwork = doubles(n), liwork = integers(n);
    const char *reason;
    int info = 0;
    gan_dsyevd dsyevd = gan_lapack_dsyevd(&reason);
    if (!dsyevd) return false;
    dsyevd(vectors ? "V" : "N", "U", &order, a, &lda, values, work, &lwork, (int *)((double *)work + lwork), &liwork,
           &info, 1, 1);
    return info == 0;
}
