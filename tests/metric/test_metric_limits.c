/* SPDX-License-Identifier: BSD-2-Clause */
#include "metrics.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* What metrics refuse, the smallest and largest that they take, and memory that fails. */

static void setup(void)
{
    metric_context = new_context(1, GAN_KERNELS_AUTO);
}

static void teardown(void)
{
    gan_context_free(&metric_context);
}

START_TEST(wrong_features)
{
    const metric *m = &metrics[_i];
    double found[MOST_NUMBERS] = {0};
    gan_tensor *x = new_features(metric_context, 8, 1, 1, 0), *y = new_features(metric_context, 8, 1, 2, 0),
               *other = new_features(metric_context, 8, 2, 2, 0), *flat = new_tensor(metric_context, GAN_SHAPE(8)),
               *bytes;
    ok(gan_tensor_create(&bytes, metric_context, GAN_UINT8, GAN_SHAPE(8, 4, 4, 1)));
    if (!metric_available(m)) {
        fails(GAN_ERROR_UNSUPPORTED, "LAPACK", m->compute(found, x, y));
        return;
    }
    fails(GAN_ERROR_INVALID_ARGUMENT, "NULL", m->compute(found, x, NULL));
    fails(GAN_ERROR_SHAPE, m->call, m->compute(found, x, flat));
    fails(GAN_ERROR_SHAPE, "uint8 [8,4,4,1]", m->compute(found, x, bytes));
    if (m->two) {
        fails(GAN_ERROR_INVALID_ARGUMENT, "NULL", m->compute(found, NULL, y));
        fails(GAN_ERROR_SHAPE, "32 numbers a row",
              strcmp(m->name, "frechet") ? m->compute(found, x, other) : m->compute(found, other, y));
    }
    const float wrong[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        float *place = gan_tensor_floats(y) + 5 * 16 + 3, kept = *place;
        *place = wrong[i];
        fails(GAN_ERROR_NUMERIC, "row 5", m->compute(found, x, y));
        if (m->two) fails(GAN_ERROR_NUMERIC, "row 5", m->compute(found, y, x));
        *place = kept;
    }
    for (int i = 0; i < MOST_NUMBERS; i++) found[i] = 0;
    ok(m->compute(found, x, y));
    gan_tensor_free(&bytes);
    gan_tensor_free(&flat);
    gan_tensor_free(&other);
    gan_tensor_free(&y);
    gan_tensor_free(&x);
}
END_TEST

START_TEST(fewest_samples)
{
    const metric *m = &metrics[_i];
    double found[MOST_NUMBERS] = {0};
    if (!metric_available(m)) return;
    gan_tensor *real = new_features(metric_context, 6, 1, 1, 0), *generated = new_features(metric_context, 6, 1, 2, 0);
    for (int side = m->two ? 0 : 1; side < 2; side++) {
        gan_tensor *few = side ? generated : real;
        ok(gan_tensor_set_batch(few, m->fewest));
        if (strcmp(m->name, "nearest") != 0 || side == 0) ok(m->compute(found, real, generated));
        if (m->fewest > 1) {
            ok(gan_tensor_set_batch(few, m->fewest - 1));
            if (strcmp(m->name, "nearest") != 0 || side == 0)
                fails(GAN_ERROR_INVALID_ARGUMENT, m->call, m->compute(found, real, generated));
        }
        ok(gan_tensor_set_batch(few, 6));
    }
    gan_tensor_free(&real);
    gan_tensor_free(&generated);
}
END_TEST

START_TEST(option_limits)
{
    gan_tensor *x = new_features(metric_context, 8, 1, 1, 0), *y = new_features(metric_context, 7, 1, 2, 0);
    gan_metric_kernel_result kernel = {.size = sizeof kernel};
    gan_metric_precision_result precision = {.size = sizeof precision};
    gan_metric_density_result density = {.size = sizeof density};
    gan_metric_entropy_result entropy = {.size = sizeof entropy};
    gan_metric_similarity_result similarity = {.size = sizeof similarity};
    double distance;
    const gan_status no = GAN_ERROR_INVALID_ARGUMENT;
    ok(gan_metric_kernel_distance(&kernel, x, y, gan_metric_kernel_options(.subset_size = 7)));
    fails(no, "here 7", gan_metric_kernel_distance(&kernel, x, y, gan_metric_kernel_options(.subset_size = 8)));
    fails(no, "subset_size is 1",
          gan_metric_kernel_distance(&kernel, x, y, gan_metric_kernel_options(.subset_size = 1)));
    fails(no, "subsets is -1", gan_metric_kernel_distance(&kernel, x, y, gan_metric_kernel_options(.subsets = -1)));
    ok(gan_metric_precision_recall(&precision, x, y, gan_metric_neighbour_options(.neighbours = 6)));
    fails(no, "at least 8",
          gan_metric_precision_recall(&precision, x, y, gan_metric_neighbour_options(.neighbours = 7)));
    fails(no, "neighbours is 1025",
          gan_metric_density_coverage(&density, x, y, gan_metric_neighbour_options(.neighbours = 1025)));
    fails(no, "order is 3", gan_metric_sliced_wasserstein(&distance, x, y, gan_metric_wasserstein_options(.order = 3)));
    fails(no, "projections is -2",
          gan_metric_sliced_wasserstein(&distance, x, y, gan_metric_wasserstein_options(.projections = -2)));
    ok(gan_metric_classifier_entropy(&entropy, y, gan_metric_entropy_options(.splits = 7)));
    fails(no, "at least 8", gan_metric_classifier_entropy(&entropy, y, gan_metric_entropy_options(.splits = 8)));
    fails(GAN_ERROR_NUMERIC, "row 0 of outputs",
          gan_metric_classifier_entropy(&entropy, y, gan_metric_entropy_options(.probabilities = true)));
    ok(gan_metric_ms_ssim(&similarity, x, gan_metric_similarity_options(.scales = 3)));
    fails(no, "4x4 have 1 to 3", gan_metric_ms_ssim(&similarity, x, gan_metric_similarity_options(.scales = 4)));
    fails(no, "range is -1", gan_metric_ms_ssim(&similarity, x, gan_metric_similarity_options(.range = -1)));
    fails(no, "reserved", gan_metric_ms_ssim(&similarity, x, gan_metric_similarity_options(.reserved = 1)));
    ok(gan_metric_ms_ssim(&similarity, x, gan_metric_similarity_options(.pairs = 1)));
    ck_assert(isnan(similarity.error));
    gan_tensor *flat = new_tensor(metric_context, GAN_SHAPE(8, 16));
    fails(GAN_ERROR_SHAPE, "[n,H,W,C]", gan_metric_ms_ssim(&similarity, flat, NULL));
    gan_tensor_free(&flat);
    gan_tensor_free(&x);
    gan_tensor_free(&y);
}
END_TEST

/* Of a result nothing is written on failure, and as much as the caller has room for on success. */
START_TEST(results)
{
    gan_tensor *x = new_features(metric_context, 8, 1, 1, 0), *y = new_features(metric_context, 8, 1, 2, 0);
    gan_metric_precision_result r = {sizeof r, 7, 7};
    r.size = offsetof(gan_metric_precision_result, recall);
    ok(gan_metric_precision_recall(&r, x, y, NULL));
    ck_assert(r.precision >= 0 && r.precision <= 1 && r.recall == 7);
    ck_assert_uint_eq(r.size, offsetof(gan_metric_precision_result, recall));
    r = (gan_metric_precision_result){0, 7, 7};
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_metric_precision_result.size is 0",
          gan_metric_precision_recall(&r, x, y, NULL));
    ck_assert(r.precision == 7);
    fails(GAN_ERROR_INVALID_ARGUMENT, "result is NULL", gan_metric_precision_recall(NULL, x, y, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "result is NULL", gan_metric_kernel_distance(NULL, x, y, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "result is NULL", gan_metric_density_coverage(NULL, x, y, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "result is NULL", gan_metric_classifier_entropy(NULL, x, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "result is NULL", gan_metric_ms_ssim(NULL, x, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "result is NULL", gan_metric_modes(NULL, x, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "distance is NULL", gan_metric_sliced_wasserstein(NULL, x, y, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "distance is NULL", gan_metric_pairwise_distance(NULL, x));
    gan_tensor_free(&x);
    gan_tensor_free(&y);
}
END_TEST

START_TEST(wrong_moments)
{
    gan_moments *a, *b, *c;
    double number = 7, mean[16];
    gan_tensor *x = new_features(metric_context, 1, 1, 1, 0), *two = new_features(metric_context, 2, 1, 1, 0);
    fails(GAN_ERROR_INVALID_ARGUMENT, "moments is NULL", gan_moments_create(NULL, metric_context, 4));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_moments_create(&a, NULL, 4));
    fails(GAN_ERROR_INVALID_ARGUMENT, "dims is 0", gan_moments_create(&a, metric_context, 0));
    fails(GAN_ERROR_INVALID_ARGUMENT, "dims is", gan_moments_create(&a, metric_context, INT64_MAX));
    ck_assert_ptr_null(a);
    ok(gan_moments_create(&a, metric_context, 16));
    ok(gan_moments_create(&b, metric_context, 16));
    ok(gan_moments_create(&c, metric_context, 17));
    fails(GAN_ERROR_INVALID_ARGUMENT, "moments is NULL", gan_moments_add(NULL, x));
    fails(GAN_ERROR_SHAPE, "16 numbers", gan_moments_add(c, x));
    fails(GAN_ERROR_INVALID_ARGUMENT, "at least 1", gan_moments_get(a, mean, NULL));
    ok(gan_moments_get(a, NULL, NULL));
    ok(gan_moments_add(a, x));
    ok(gan_moments_add(b, two));
    ok(gan_moments_get(a, mean, NULL));
    ck_assert(mean[3] == (double)gan_tensor_floats(x)[3]);
    double covariance[16 * 16];
    fails(GAN_ERROR_INVALID_ARGUMENT, "at least 2", gan_moments_get(a, NULL, covariance));
    fails(GAN_ERROR_INVALID_ARGUMENT, "moments is NULL", gan_moments_get(NULL, mean, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "a is of 1 rows", gan_metric_frechet_distance(&number, a, b));
    fails(GAN_ERROR_INVALID_ARGUMENT, "b is of 1 rows", gan_metric_frechet_distance(&number, b, a));
    fails(GAN_ERROR_SHAPE, "b of 17", gan_metric_frechet_distance(&number, a, c));
    fails(GAN_ERROR_INVALID_ARGUMENT, "distance is NULL", gan_metric_frechet_distance(NULL, a, b));
    fails(GAN_ERROR_INVALID_ARGUMENT, "a is NULL", gan_metric_frechet_distance(&number, NULL, b));
    fails(GAN_ERROR_INVALID_ARGUMENT, "b is NULL", gan_metric_frechet_distance(&number, a, NULL));
    ck_assert(number == 7);
    ck_assert(gan_moments_count(NULL) == 0 && gan_moments_dims(NULL) == 0);
    /* a row that is not finite adds none of its batch */
    gan_tensor_floats(two)[17] = NAN;
    fails(GAN_ERROR_NUMERIC, "row 1", gan_moments_add(b, two));
    ck_assert_int_eq(gan_moments_count(b), 2);
    gan_moments_free(&a);
    gan_moments_free(&a);
    gan_moments_free(&b);
    gan_moments_free(&c);
    gan_moments_free(NULL);
    gan_tensor_free(&x);
    gan_tensor_free(&two);
}
END_TEST

START_TEST(wrong_neighbours)
{
    gan_tensor *x = new_features(metric_context, 3, 1, 1, 0), *distances = new_tensor(metric_context, GAN_SHAPE(3, 2));
    gan_tensor *indices[4];
    for (int k = 1; k <= 4; k++) ok(gan_tensor_create(&indices[k - 1], metric_context, GAN_INT32, GAN_SHAPE(3, k)));
    ok(gan_metric_nearest(indices[2], NULL, x, x));
    fails(GAN_ERROR_INVALID_ARGUMENT, "4 columns", gan_metric_nearest(indices[3], NULL, x, x));
    ok(gan_metric_nearest(indices[1], distances, x, x));
    fails(GAN_ERROR_SHAPE, "float [3,1]", gan_metric_nearest(indices[0], distances, x, x));
    fails(GAN_ERROR_SHAPE, "int32 [3,2]", gan_metric_nearest(distances, NULL, x, x));
    fails(GAN_ERROR_INVALID_ARGUMENT, "indices are NULL", gan_metric_nearest(NULL, distances, x, x));
    for (int k = 0; k < 4; k++) gan_tensor_free(&indices[k]);
    gan_tensor_free(&distances);
    gan_tensor_free(&x);
}
END_TEST

START_TEST(wrong_modes)
{
    gan_tensor *modes = new_labels(metric_context, 3), *distances = new_tensor(metric_context, GAN_SHAPE(3)),
               *two = new_tensor(metric_context, GAN_SHAPE(2));
    gan_metric_modes_result r = {.size = sizeof r};
    numbers(modes)[1] = 4;
    ok(gan_metric_modes(&r, modes, NULL, gan_metric_modes_options(.modes = 5)));
    ck_assert(r.covered == 2 && r.counted == 3);
    fails(GAN_ERROR_INVALID_ARGUMENT, "mode 1 is 4",
          gan_metric_modes(&r, modes, NULL, gan_metric_modes_options(.modes = 4)));
    numbers(modes)[2] = -1;
    fails(GAN_ERROR_INVALID_ARGUMENT, "mode 2 is -1", gan_metric_modes(&r, modes, NULL, NULL));
    numbers(modes)[2] = 0;
    fails(GAN_ERROR_INVALID_ARGUMENT, "distances are NULL",
          gan_metric_modes(&r, modes, NULL, gan_metric_modes_options(.limit = 1)));
    fails(GAN_ERROR_SHAPE, "float [3]", gan_metric_modes(&r, modes, two, NULL));
    fails(GAN_ERROR_SHAPE, "int32 [n]", gan_metric_modes(&r, distances, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "modes are NULL", gan_metric_modes(&r, NULL, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "limit",
          gan_metric_modes(&r, modes, distances, gan_metric_modes_options(.limit = -1)));
    gan_tensor_floats(distances)[1] = 1;
    ok(gan_metric_modes(&r, modes, distances, gan_metric_modes_options(.limit = 1))); /* 1 is within 1 */
    ck_assert_int_eq(r.counted, 3);
    gan_tensor_floats(distances)[1] = NAN;
    fails(GAN_ERROR_NUMERIC, "row 1", gan_metric_modes(&r, modes, distances, NULL));
    gan_tensor_free(&modes);
    gan_tensor_free(&distances);
    gan_tensor_free(&two);
}
END_TEST

struct allocator {
    atomic_int calls, live;
    int fail_at; /* 0: never */
};

static void *allocate(void *user, size_t size, size_t alignment)
{
    struct allocator *allocator = user;
    if (atomic_fetch_add(&allocator->calls, 1) + 1 == allocator->fail_at) return NULL;
    void *memory = NULL;
    if (posix_memalign(&memory, alignment, size) != 0) return NULL;
    atomic_fetch_add(&allocator->live, 1);
    return memory;
}

static void release(void *user, void *memory)
{
    struct allocator *allocator = user;
    atomic_fetch_sub(&allocator->live, 1);
    free(memory);
}

/* Each allocation of a metric fails once: it is told, nothing is lost, and the same call succeeds after it. */
START_TEST(every_allocation_may_fail)
{
    const metric *m = &metrics[_i];
    if (!metric_available(m)) return;
    struct allocator allocator = {0};
    gan_context *kept = metric_context;
    ok(gan_context_create(&metric_context,
                          gan_context_options(.threads = 2, .allocator = {allocate, release, &allocator})));
    gan_tensor *real = new_features(metric_context, 9, 1, 1, 0), *generated = new_features(metric_context, 8, 1, 2, 0);
    double expected[MOST_NUMBERS] = {0}, found[MOST_NUMBERS];
    ok(m->compute(expected, real, generated));
    int live = allocator.live, failures = 0;
    for (gan_status status = GAN_ERROR_OUT_OF_MEMORY; status != GAN_OK; failures++) {
        memset(found, 0, sizeof found);
        allocator.fail_at = allocator.calls + failures + 1;
        status = m->compute(found, real, generated);
        ck_assert_msg(status == GAN_OK || status == GAN_ERROR_OUT_OF_MEMORY, "%s, allocation %d: %s", m->name, failures,
                      gan_status_name(status));
        ck_assert_msg(allocator.live == live, "%s, allocation %d: memory was lost", m->name, failures);
    }
    ck_assert_int_gt(failures, 1);
    ck_assert_mem_eq(found, expected, sizeof found);
    gan_tensor_free(&real);
    gan_tensor_free(&generated);
    gan_context_free(&metric_context);
    ck_assert_int_eq(allocator.live, 0);
    metric_context = kept;
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metric limits");
    TCase *tests = tcase_create("metric limits");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, wrong_features, 0, metric_count());
    tcase_add_loop_test(tests, fewest_samples, 0, metric_count());
    tcase_add_test(tests, option_limits);
    tcase_add_test(tests, results);
    tcase_add_test(tests, wrong_moments);
    tcase_add_test(tests, wrong_neighbours);
    tcase_add_test(tests, wrong_modes);
    tcase_add_loop_test(tests, every_allocation_may_fail, 0, metric_count());
    return run_suite(suite);
}
