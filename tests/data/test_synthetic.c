/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <string.h>

static gan_context *context;

static void setup(void)
{
    context = new_context(2, GAN_KERNELS_AUTO);
}

static void teardown(void)
{
    gan_context_free(&context);
}

/* All modes appear, and each picture's is recovered. */
START_TEST(synthetic_modes)
{
    enum { COUNT = 20000, BATCH = 1000 };
    gan_dataset *data;
    ok(gan_dataset_create_synthetic(&data, context, gan_dataset_options(.count = COUNT)));
    gan_tensor *images = new_tensor(context, GAN_SHAPE(BATCH, 16, 16, 3)), *labels = new_labels(context, BATCH);
    gan_tensor *modes = new_labels(context, BATCH), *distances = new_tensor(context, GAN_SHAPE(BATCH));
    static int times[GAN_SYNTHETIC_MODES];
    for (int b = 0; b < COUNT / BATCH; b++) {
        ok(gan_dataset_next(data, images, labels));
        ok(gan_synthetic_modes(modes, distances, images));
        ck_assert(largest(gan_tensor_floats(images), gan_tensor_count(images)) <= 1);
        for (int i = 0; i < BATCH; i++) {
            ck_assert_int_eq(numbers(modes)[i], numbers(labels)[i]);
            ck_assert(gan_tensor_floats(distances)[i] > 0 && gan_tensor_floats(distances)[i] < 0.25f);
            times[numbers(labels)[i]]++;
        }
    }
    for (int i = 0; i < GAN_SYNTHETIC_MODES; i++) ck_assert(times[i] > 0 && times[i] < 60);
    fill_normal(context, images, 3); /* no picture of the set */
    ok(gan_synthetic_modes(modes, distances, images));
    ck_assert(gan_tensor_floats(distances)[0] > 0.5f);
    ok(gan_synthetic_modes(modes, NULL, images));
    fails(GAN_ERROR_INVALID_ARGUMENT, "modes are NULL", gan_synthetic_modes(NULL, NULL, images));
    fails(GAN_ERROR_INVALID_ARGUMENT, "images are NULL", gan_synthetic_modes(modes, NULL, NULL));
    fails(GAN_ERROR_SHAPE, "images are float [1000]", gan_synthetic_modes(modes, NULL, distances));
    fails(GAN_ERROR_SHAPE, "modes are float", gan_synthetic_modes(distances, NULL, images));
    fails(GAN_ERROR_SHAPE, "distances are int32", gan_synthetic_modes(modes, labels, images));
    gan_tensor_free(&images);
    gan_tensor_free(&labels);
    gan_tensor_free(&modes);
    gan_tensor_free(&distances);
    gan_dataset_free(&data);
}
END_TEST

START_TEST(synthetic_pictures_are_functions_of_seed_and_index)
{
    gan_dataset *data, *again, *other;
    gan_context *seeded;
    ok(gan_context_create(&seeded, gan_context_options(.seed = 1, .threads = 1)));
    ok(gan_dataset_create_synthetic(&data, context, NULL));
    ok(gan_dataset_create_synthetic(&again, context, gan_dataset_options(.count = 100)));
    ok(gan_dataset_create_synthetic(&other, seeded, NULL));
    gan_dataset *none;
    ck_assert_int_eq(gan_dataset_count(data), 50000);
    gan_tensor *a = new_tensor(context, GAN_SHAPE(16, 16, 3)), *b = new_tensor(context, GAN_SHAPE(16, 16, 3));
    ok(gan_dataset_get(data, 77, a, NULL));
    ok(gan_dataset_get(again, 77, b, NULL));
    ck_assert_mem_eq(gan_tensor_data(a), gan_tensor_data(b), gan_tensor_bytes(a));
    ok(gan_dataset_get(other, 77, b, NULL));
    ck_assert(memcmp(gan_tensor_data(a), gan_tensor_data(b), gan_tensor_bytes(a)) != 0);
    fails(GAN_ERROR_INVALID_ARGUMENT, "dataset is NULL", gan_dataset_create_synthetic(NULL, context, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_dataset_create_synthetic(&none, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "count is",
          gan_dataset_create_synthetic(&none, context, gan_dataset_options(.count = INT64_MAX)));
    gan_tensor_free(&a);
    gan_tensor_free(&b);
    gan_dataset_free(&data);
    gan_dataset_free(&again);
    gan_dataset_free(&other);
    gan_context_free(&seeded);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("synthetic");
    TCase *tests = tcase_create("synthetic");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, synthetic_modes);
    tcase_add_test(tests, synthetic_pictures_are_functions_of_seed_and_index);
    return run_suite(suite);
}
