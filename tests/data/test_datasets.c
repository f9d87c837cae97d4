/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/random.h"
#include "support.h"

#include <stdlib.h>
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

/* A set in memory of 10 grey pictures of 2x3, picture i of values around i, label i. */
#define PICTURES 10

static gan_dataset *small_set(const gan_dataset_options *options, bool labelled)
{
    gan_tensor *images, *labels = labelled ? new_labels(context, PICTURES) : NULL;
    ok(gan_tensor_create(&images, context, GAN_FLOAT32, GAN_SHAPE(PICTURES, 2, 3, 1)));
    for (int i = 0; i < PICTURES; i++) {
        for (int k = 0; k < 6; k++) gan_tensor_floats(images)[i * 6 + k] = (float)i + (float)k * 0.125f;
        if (labels) numbers(labels)[i] = i;
    }
    gan_dataset *data;
    ok(gan_dataset_create_memory(&data, context, images, labels, options));
    gan_tensor_free(&images);
    gan_tensor_free(&labels);
    return data;
}

/* Reads batches of 4 and notes the pictures' numbers; returns how many. */
static int read_batches(gan_dataset *data, int batches, int *seen)
{
    gan_tensor *images = new_tensor(context, GAN_SHAPE(4, 2, 3, 1)), *labels = new_labels(context, 4);
    int count = 0;
    for (int b = 0; b < batches; b++) {
        ok(gan_dataset_next(data, images, labels));
        ck_assert_int_eq(gan_tensor_dimension(images, 0), gan_tensor_dimension(labels, 0));
        for (int i = 0; i < gan_tensor_dimension(images, 0); i++) {
            ck_assert_int_eq((int)gan_tensor_floats(images)[i * 6], numbers(labels)[i]);
            seen[count++] = numbers(labels)[i];
        }
    }
    gan_tensor_free(&images);
    gan_tensor_free(&labels);
    return count;
}

static bool is_permutation(const int *seen, int count)
{
    int times[PICTURES] = {0};
    for (int i = 0; i < count; i++)
        if (seen[i] < 0 || seen[i] >= PICTURES || times[seen[i]]++) return false;
    return true;
}

START_TEST(epochs)
{
    int seen[60], again[60], dropped[60];
    gan_dataset *data = small_set(gan_dataset_options(.last_batch = GAN_LAST_BATCH_KEEP), true);
    ck_assert_int_eq(gan_dataset_batches(data, 4), 3);
    ck_assert_int_eq(read_batches(data, 6, seen), 20);
    ck_assert(is_permutation(seen, 10) && is_permutation(seen + 10, 10));
    ck_assert(memcmp(seen, seen + 10, 10 * sizeof *seen) != 0);
    ck_assert(gan_dataset_epoch(data) == 2 && gan_dataset_position(data) == 0);
    ok(gan_dataset_seek(data, 1, 4));
    ck_assert_int_eq(read_batches(data, 2, again), 6);
    ck_assert_mem_eq(again, seen + 14, 6 * sizeof *seen);
    ok(gan_dataset_seek(data, 0, 0));
    ck_assert_int_eq(read_batches(data, 6, again), 20);
    ck_assert_mem_eq(again, seen, 20 * sizeof *seen);
    gan_dataset_free(&data);

    data = small_set(NULL, true);
    ck_assert_int_eq(gan_dataset_batches(data, 4), 2);
    ck_assert_int_eq(read_batches(data, 5, dropped), 20);
    ck_assert_mem_eq(dropped, seen, 8 * sizeof *seen);
    ck_assert_mem_eq(dropped + 8, seen + 10, 8 * sizeof *seen);
    ck_assert(gan_dataset_epoch(data) == 2 && gan_dataset_position(data) == 4);
    ok(gan_dataset_seek(data, 0, 7)); /* no whole batch is left there */
    ck_assert_int_eq(read_batches(data, 1, again), 4);
    ck_assert_mem_eq(again, seen + 10, 4 * sizeof *seen);
    gan_dataset_free(&data);

    data = small_set(gan_dataset_options(.in_order = true, .last_batch = GAN_LAST_BATCH_KEEP), true);
    ck_assert_int_eq(read_batches(data, 3, again), 10);
    for (int i = 0; i < 10; i++) ck_assert_int_eq(again[i], i);
    gan_dataset_free(&data);
}
END_TEST

START_TEST(seeds)
{
    int first[20], second[20];
    gan_dataset *data = small_set(NULL, true);
    read_batches(data, 2, first);
    gan_dataset_free(&data);
    gan_context_free(&context);
    ok(gan_context_create(&context, gan_context_options(.seed = 43)));
    data = small_set(NULL, true);
    read_batches(data, 2, second);
    ck_assert(memcmp(first, second, 8 * sizeof *first) != 0);
    gan_dataset_free(&data);
}
END_TEST

/* Whether the picture at a place of an epoch is flipped: the coin of the stream that gan/random.h names. */
static bool coin(uint64_t epoch, int place)
{
    gan_philox philox = {.seed = 42, .stream = GAN_STREAM_AUGMENTATION, .substream = (uint32_t)epoch};
    uint32_t bits[4];
    gan_philox_block(&philox, ((epoch >> 32) << 40) + (uint64_t)place, bits);
    return bits[0] & 1;
}

/* Epochs that have their low or their high 32 bits in common are shuffled and flipped in ways of their own. */
START_TEST(epochs_of_64_bits)
{
    static const uint64_t tried[] = {1, 2, (UINT64_C(1) << 32) + 1, (UINT64_C(1) << 32) + 2, (UINT64_C(5) << 32) + 1};
    int seen[5][10];
    uint32_t flipped[5] = {0};
    gan_dataset *data = small_set(gan_dataset_options(.flip = true), true);
    gan_tensor *images = new_tensor(context, GAN_SHAPE(10, 2, 3, 1)), *labels = new_labels(context, 10);
    for (int e = 0; e < 5; e++) {
        ok(gan_dataset_seek(data, tried[e], 0));
        ok(gan_dataset_next(data, images, labels));
        ck_assert(gan_dataset_epoch(data) == tried[e] + 1);
        for (int i = 0; i < 10; i++) {
            seen[e][i] = numbers(labels)[i];
            bool mirrored = gan_tensor_floats(images)[i * 6] > (float)seen[e][i];
            ck_assert_int_eq(mirrored, coin(tried[e], i));
            flipped[e] |= (uint32_t)mirrored << i;
        }
        for (int k = 0; k < e; k++)
            ck_assert(memcmp(seen[e], seen[k], sizeof seen[e]) != 0 && flipped[e] != flipped[k]);
    }
    gan_tensor_free(&images);
    gan_tensor_free(&labels);
    gan_dataset_free(&data);
}
END_TEST

/* Every place is as likely for every picture: the first of 4000 epochs, within five deviations. */
START_TEST(shuffles_are_fair)
{
    gan_dataset *data = small_set(NULL, true);
    int times[PICTURES][PICTURES] = {{0}};
    for (int epoch = 0; epoch < 4000; epoch++) {
        int seen[12];
        ok(gan_dataset_seek(data, (uint64_t)epoch, 0));
        read_batches(data, 2, seen);
        for (int i = 0; i < 8; i++) times[i][seen[i]]++;
    }
    for (int i = 0; i < 8; i++)
        for (int k = 0; k < PICTURES; k++) ck_assert_int_le(abs(times[i][k] - 400), 95);
    gan_dataset_free(&data);
}
END_TEST

START_TEST(flips)
{
    gan_dataset *data = small_set(gan_dataset_options(.in_order = true, .flip = true), false);
    gan_tensor *images = new_tensor(context, GAN_SHAPE(10, 2, 3, 1)), *labels = new_labels(context, 10);
    int flipped = 0;
    for (int epoch = 0; epoch < 100; epoch++) {
        ok(gan_dataset_next(data, images, labels));
        for (int i = 0; i < 10; i++) {
            const float *x = gan_tensor_floats(images) + (ptrdiff_t)i * 6;
            bool mirrored = x[0] > (float)i;
            ck_assert_int_eq(mirrored, coin((uint64_t)epoch, i));
            static const int there[] = {0, 1, 2, 3, 4, 5}, back[] = {2, 1, 0, 5, 4, 3};
            for (int k = 0; k < 6; k++)
                ck_assert_float_eq(x[k], (float)i + (float)(mirrored ? back : there)[k] * 0.125f);
            flipped += mirrored;
            ck_assert_int_eq(numbers(labels)[i], -1);
        }
    }
    ck_assert_int_le(abs(flipped - 500), 80);
    fails(GAN_ERROR_SHAPE, "float [10,2,3,1]; it must be float [2,3,1]", gan_dataset_get(data, 3, images, NULL));
    gan_tensor_free(&images);
    gan_tensor_free(&labels);
    gan_dataset_free(&data);
}
END_TEST

START_TEST(bytes_become_floats)
{
    unsigned char bytes[] = {0, 255, 127, 128};
    gan_tensor *images, *batch = new_tensor(context, GAN_SHAPE(1, 1, 2, 2));
    gan_dataset *data;
    ok(gan_tensor_wrap(&images, context, GAN_UINT8, GAN_SHAPE(1, 1, 2, 2), bytes, NULL, NULL));
    ok(gan_dataset_create_memory(&data, context, images, NULL, NULL));
    ok(gan_dataset_next(data, batch, NULL));
    ck_assert_float_eq(gan_tensor_floats(batch)[0], -1);
    ck_assert_float_eq(gan_tensor_floats(batch)[1], 1);
    ck_assert_float_eq_tol(gan_tensor_floats(batch)[2], -1.0f / 255, 1e-7f);
    ck_assert_float_eq_tol(gan_tensor_floats(batch)[3], 1.0f / 255, 1e-7f);
    gan_dataset_free(&data);
    gan_tensor_free(&batch);
    gan_tensor_free(&images);
}
END_TEST

START_TEST(memory_misuse)
{
    gan_tensor *images = new_tensor(context, GAN_SHAPE(3, 2, 2, 1)), *flat = new_tensor(context, GAN_SHAPE(3, 4));
    gan_tensor *labels = new_labels(context, 3), *four = new_labels(context, 4);
    gan_dataset *data;
    fails(GAN_ERROR_INVALID_ARGUMENT, "dataset is NULL",
          gan_dataset_create_memory(NULL, context, images, labels, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_dataset_create_memory(&data, NULL, images, labels, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "images are NULL", gan_dataset_create_memory(&data, context, NULL, labels, NULL));
    fails(GAN_ERROR_SHAPE, "float [3,4]", gan_dataset_create_memory(&data, context, flat, labels, NULL));
    fails(GAN_ERROR_SHAPE, "int32 [3]", gan_dataset_create_memory(&data, context, labels, labels, NULL));
    fails(GAN_ERROR_SHAPE, "labels are int32 [4]", gan_dataset_create_memory(&data, context, images, four, NULL));
    fails(GAN_ERROR_SHAPE, "labels are float", gan_dataset_create_memory(&data, context, images, images, NULL));
    numbers(labels)[1] = -7;
    fails(GAN_ERROR_INVALID_ARGUMENT, "label 1 is -7", gan_dataset_create_memory(&data, context, images, labels, NULL));
    ck_assert_ptr_null(data);
    gan_tensor_free(&images);
    gan_tensor_free(&flat);
    gan_tensor_free(&labels);
    gan_tensor_free(&four);
}
END_TEST

START_TEST(reading_misuse)
{
    gan_dataset *data = small_set(NULL, true);
    gan_tensor *batch = new_tensor(context, GAN_SHAPE(4, 2, 3, 1)),
               *large = new_tensor(context, GAN_SHAPE(11, 2, 3, 1));
    gan_tensor *wrong = new_tensor(context, GAN_SHAPE(4, 3, 2, 1)), *labels = new_labels(context, 5);
    gan_tensor *picture = new_tensor(context, GAN_SHAPE(2, 3, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "dataset is NULL", gan_dataset_next(NULL, batch, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "images are NULL", gan_dataset_next(data, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "a batch of 11", gan_dataset_next(data, large, NULL));
    fails(GAN_ERROR_SHAPE, "float [4,3,2,1]; it must be float [N,2,3,1]", gan_dataset_next(data, wrong, NULL));
    fails(GAN_ERROR_SHAPE, "labels are int32 [5]", gan_dataset_next(data, batch, labels));
    fails(GAN_ERROR_INVALID_ARGUMENT, "index is 10", gan_dataset_get(data, 10, picture, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "index is -1", gan_dataset_get(data, -1, picture, NULL));
    fails(GAN_ERROR_SHAPE, "float [2,3,1]", gan_dataset_get(data, 0, batch, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "image is NULL", gan_dataset_get(data, 0, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "dataset is NULL", gan_dataset_get(NULL, 0, picture, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "position is 10", gan_dataset_seek(data, 0, 10));
    fails(GAN_ERROR_INVALID_ARGUMENT, "position is -1", gan_dataset_seek(data, 0, -1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "dataset is NULL", gan_dataset_seek(NULL, 0, 0));
    ck_assert(gan_dataset_position(data) == 0 && gan_dataset_epoch(data) == 0);
    ck_assert_int_eq(gan_dataset_batches(data, 0), 0);
    ck_assert(gan_dataset_count(NULL) == 0 && gan_dataset_height(NULL) == 0 && gan_dataset_width(NULL) == 0);
    ck_assert(gan_dataset_channels(NULL) == 0 && gan_dataset_batches(NULL, 4) == 0 && gan_dataset_epoch(NULL) == 0);
    ck_assert(gan_dataset_position(NULL) == 0);
    gan_tensor_free(&picture);
    gan_tensor_free(&labels);
    gan_tensor_free(&wrong);
    gan_tensor_free(&large);
    gan_tensor_free(&batch);
    gan_dataset_free(&data);
    gan_dataset_free(&data);
    gan_dataset_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("datasets");
    TCase *tests = tcase_create("datasets");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, epochs);
    tcase_add_test(tests, seeds);
    tcase_add_test(tests, epochs_of_64_bits);
    tcase_add_test(tests, shuffles_are_fair);
    tcase_add_test(tests, flips);
    tcase_add_test(tests, bytes_become_floats);
    tcase_add_test(tests, memory_misuse);
    tcase_add_test(tests, reading_misuse);
    return run_suite(suite);
}
