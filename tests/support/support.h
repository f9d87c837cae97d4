/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <check.h>
#include <gan/gan.h>

/* The call gives GAN_OK; else the test fails with the library's sentence. */
#define ok(call) check_ok((call), #call, __FILE__, __LINE__)

/* The call gives this status, and a sentence that has `text` in it. */
#define fails(expected, text, call) check_fails((expected), (text), (call), #call, __FILE__, __LINE__)

void check_ok(gan_status status, const char *call, const char *file, int line);
void check_fails(gan_status expected, const char *text, gan_status status, const char *call, const char *file,
                 int line);

/* Kernel sets that this build and CPU have: kernel_sets[0..kernel_set_count()-1]. */
int kernel_set_count(void);
gan_kernel_set kernel_set(int index);

gan_context *new_context(int threads, gan_kernel_set set);
gan_tensor *new_tensor(gan_context *context, int rank, const int64_t *shape);

/* Labels: int32 [count], and where they are. */
gan_tensor *new_labels(gan_context *context, int64_t count);
int32_t *numbers(const gan_tensor *labels);

/* Normal numbers, another row for each `number`. */
void fill_normal(gan_context *context, gan_tensor *tensor, uint64_t number);

/* The largest |a - b|, and the largest |b|; a NaN makes the first infinite. */
float largest_difference(const float *a, const float *b, int64_t count);
float largest(const float *b, int64_t count);

/* |a - b| is at most tolerance * (the largest |b|) everywhere. */
void check_close(const char *what, const float *a, const float *b, int64_t count, float tolerance);

/* Runs the suite and returns the exit status. */
int run_suite(Suite *suite);

#endif
