/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void check_ok(gan_status status, const char *call, const char *file, int line)
{
    ck_assert_msg(status == GAN_OK, "%s:%d: %s: %s: %s", file, line, call, gan_status_name(status), gan_last_error());
}

void check_fails(gan_status expected, const char *text, gan_status status, const char *call, const char *file, int line)
{
    ck_assert_msg(status == expected, "%s:%d: %s: is %s; should be %s", file, line, call, gan_status_name(status),
                  gan_status_name(expected));
    ck_assert_msg(strstr(gan_last_error(), text) != NULL, "%s:%d: %s: \"%s\" should say \"%s\"", file, line, call,
                  gan_last_error(), text);
}

static const struct {
    const char *name;
    gan_kernel_set set;
} sets[] = {
    {"c", GAN_KERNELS_C}, {"avx2", GAN_KERNELS_AVX2}, {"avx512", GAN_KERNELS_AVX512}, {"neon", GAN_KERNELS_NEON}};

gan_kernel_set kernel_set(int index)
{
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        if (gan_has_feature(sets[i].name) && index-- == 0) return sets[i].set;
    return GAN_KERNELS_AUTO;
}

int kernel_set_count(void)
{
    int count = 0;
    while (kernel_set(count) != GAN_KERNELS_AUTO) count++;
    return count;
}

gan_context *new_context(int threads, gan_kernel_set set)
{
    gan_context *context;
    ok(gan_context_create(&context, gan_context_options(.threads = threads, .kernels = set, .seed = 42)));
    return context;
}

gan_tensor *new_tensor(gan_context *context, int rank, const int64_t *shape)
{
    gan_tensor *tensor;
    ok(gan_tensor_create(&tensor, context, GAN_FLOAT32, rank, shape));
    return tensor;
}

gan_tensor *new_labels(gan_context *context, int64_t count)
{
    gan_tensor *labels;
    ok(gan_tensor_create(&labels, context, GAN_INT32, 1, &count));
    return labels;
}

int32_t *numbers(const gan_tensor *labels)
{
    return gan_tensor_data(labels);
}

void fill_normal(gan_context *context, gan_tensor *tensor, uint64_t number)
{
    uint64_t position = number << 32;
    ok(gan_random_normal(context, GAN_STREAM_USER, &position, tensor, 0, 1));
}

float largest_difference(const float *a, const float *b, int64_t count)
{
    float most = 0;
    for (int64_t i = 0; i < count; i++) {
        float difference = fabsf(a[i] - b[i]);
        if (!(difference <= most)) most = isnan(difference) ? INFINITY : difference;
    }
    return most;
}

float largest(const float *b, int64_t count)
{
    float most = 0;
    for (int64_t i = 0; i < count; i++)
        if (fabsf(b[i]) > most) most = fabsf(b[i]);
    return most;
}

void check_close(const char *what, const float *a, const float *b, int64_t count, float tolerance)
{
    float difference = largest_difference(a, b, count), scale = largest(b, count);
    ck_assert_msg(difference <= tolerance * scale, "%s: differs by %g, of numbers up to %g; allowed is %g of that",
                  what, difference, scale, tolerance);
}

int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
