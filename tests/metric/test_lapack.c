/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "support.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* A program that links libgan has no LAPACK, with its threads and memory, until it measures a Fréchet distance; unless
 * something else has brought one, as OpenBLAS does where it is the BLAS: then that one is taken. */

/* Whether a file whose name has `text` in it is mapped. */
static bool is_mapped(const char *text)
{
    char line[4096];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    ck_assert_ptr_nonnull(maps);
    while (fgets(line, sizeof line, maps)) found |= strstr(line, text) != NULL;
    fclose(maps);
    return found;
}

START_TEST(loaded_when_needed)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_tensor *features = new_tensor(context, GAN_SHAPE(8, 2));
    gan_moments *moments;
    double distance = -1;
    ok(gan_moments_create(&moments, context, 2));
    fill_normal(context, features, 0);
    ok(gan_moments_add(moments, features));
    bool linked = dlsym(RTLD_DEFAULT, "dsyevd_") != NULL;
    ck_assert(!is_mapped("liblapack"));
    for (int i = 0; i < 2; i++) ok(gan_metric_frechet_distance(&distance, moments, moments));
    ck_assert_double_eq_tol(distance, 0, 1e-6);
    ck_assert_int_eq(is_mapped("liblapack"), !linked);
    gan_moments_free(&moments);
    gan_tensor_free(&features);
    gan_context_free(&context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lapack");
    TCase *tests = tcase_create("lapack");
    suite_add_tcase(suite, tests);
    if (gan_has_feature("lapack")) tcase_add_test(tests, loaded_when_needed);
    return run_suite(suite);
}
