/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include <gan/gan.h>

/* What benchmarks share: times, and the rate of a large matrix product on the same threads, by which results on noisy
 * and different machines can be compared. */

double seconds(void);

/* Sorts the times. */
double median(double *times, int count);
double least(const double *times, int count);

/* Operations a second of C = A B with matrices of 1536 x 1536, the best of `repeats`, by the faster of the BLAS and
 * the library's own of this set; its name goes to *by. 0 when there is no memory. */
double sgemm_rate(int threads, gan_kernel_set kernels, int repeats, const char **by);

/* Ends the program with the library's sentence when a call fails. */
void must(gan_status status);

#endif
