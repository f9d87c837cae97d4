/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/eigen.h"

/* The only file that sees LAPACK. It is called by its Fortran name, which has no header and takes its work memory from
 * the caller, unlike the C interface. */

#ifdef HAVE_LAPACK
/* Arguments at the end: the lengths of the two strings. */
extern void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
                    double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);

/* What dsyevd asks for with eigenvectors, and more than it asks for without. */
static int doubles(int64_t n)
{
    return (int)(1 + 6 * n + 2 * n * n);
}

static int integers(int64_t n)
{
    return (int)(3 + 5 * n);
}

bool gan_eigen_available(void)
{
    return true;
}

size_t gan_eigen_work(int64_t n)
{
    return (size_t)doubles(n) * sizeof(double) + (size_t)integers(n) * sizeof(int);
}

bool gan_eigen(double *values, double *a, int64_t n, int64_t ld, bool vectors, void *work)
{
    const int order = (int)n, lda = (int)ld, lwork = doubles(n), liwork = integers(n);
    int info = 0;
    dsyevd_(vectors ? "V" : "N", "U", &order, a, &lda, values, work, &lwork, (int *)((double *)work + lwork), &liwork,
            &info, 1, 1);
    return info == 0;
}
#else
bool gan_eigen_available(void)
{
    return false;
}

size_t gan_eigen_work(int64_t n)
{
    (void)n;
    return 1;
}

bool gan_eigen(double *values, double *a, int64_t n, int64_t ld, bool vectors, void *work)
{
    (void)values, (void)a, (void)n, (void)ld, (void)vectors, (void)work;
    return false;
}
#endif
