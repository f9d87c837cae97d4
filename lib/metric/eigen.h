/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_METRIC_EIGEN_H
#define GAN_METRIC_EIGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GAN_EIGEN_LARGEST 32000 /* numbers of rows that LAPACK's integers count the work memory of */

/* Whether there is a LAPACK; it is loaded for that. If not, *reason says why. */
bool gan_eigen_available(const char **reason);

/* Bytes of work memory for a matrix of n rows. */
size_t gan_eigen_work(int64_t n);

/* Eigenvalues of the symmetric matrix a [n, n], rows `ld` apart, in rising order; a becomes the eigenvectors, one a
 * row, or, without them, is lost. False when LAPACK does not come to an end. */
bool gan_eigen(double *values, double *a, int64_t n, int64_t ld, bool vectors, void *work);

#endif
