/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_KERNEL_BUFFERS_H
#define TESTS_KERNEL_BUFFERS_H

#include "kernel/kernel.h"
#include "support.h"

#include <stdlib.h>

/* Check writes a record at every ck_assert, too slow for one an element: this only does on failure. */
#define must(condition, ...)                         \
    do {                                             \
        if (!(condition)) ck_abort_msg(__VA_ARGS__); \
    } while (0)

/* A float buffer that starts `misaligned` floats behind an address that is a multiple of 64, with guards on both sides
 * that buffer_free checks. */
typedef struct buffer {
    float *x;
    int64_t n;
    void *memory;
    int misaligned;
} buffer;

buffer buffer_new(int64_t n, int misaligned);
void buffer_free(buffer *b, const char *what);

/* The same numbers in [-2, 2) for the same seed, on every machine. */
void buffer_fill(buffer *b, uint64_t seed);

/* |a - b| <= relative * |b| + floor * max(1, the largest |b|) everywhere, or the test fails. */
void check_near(const char *what, const float *a, const double *b, int64_t n, double relative, double floor);

/* The tables of all sets that the build and the CPU have, the portable one first. */
int tables(const gan_kernels *table[8]);

void *must_allocate(size_t count, size_t size);

#endif
