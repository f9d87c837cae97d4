/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_METRIC_MOMENTS_H
#define GAN_METRIC_MOMENTS_H

#include "metric/product.h"

struct gan_moments {
    gan_context *context;
    int64_t dims, ld, count;
    double *shift;    /* the first row */
    double *sum;      /* of x - shift */
    double *products; /* [ld, ld]: of (x - shift) (x - shift)^T, on the diagonal and above */
    double *scratch;  /* of the workers */
};

/* The mean [dims] and the covariance [dims, dims], rows `ld` apart; NULL: not this one. */
void gan_moments_read(const gan_moments *moments, double *mean, double *covariance, int64_t ld);

#endif
