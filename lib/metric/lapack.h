/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_METRIC_LAPACK_H
#define GAN_METRIC_LAPACK_H

#include <stddef.h>

/* LAPACK's dsyevd, eigenvalues and eigenvectors of a symmetric matrix, by its Fortran interface. Arguments at the end:
 * the lengths of the two strings. */
typedef void (*gan_dsyevd)(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
                           double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);

/* LAPACK, from its first use on: a program that measures nothing shall not have the threads and the memory of a LAPACK
 * such as OpenBLAS's. What the program is linked with comes first, a static program's above all; else the shared
 * library is loaded, and stays. NULL: there is none, and *reason says why. Thread-safe. */
gan_dsyevd gan_lapack_dsyevd(const char **reason);

#endif
