/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

START_TEST(context_defaults_and_choices)
{
    gan_context *context;
    ok(gan_context_create(&context, NULL));
    ck_assert_int_eq(gan_context_threads(context), 1);
    ck_assert(gan_context_seed(context) == 0);
    ck_assert(gan_has_feature(gan_context_kernels(context)));
    gan_context_free(&context);
    ck_assert_ptr_null(context);
    gan_context_free(&context);
    gan_context_free(NULL);
    ok(gan_context_create(&context,
                          gan_context_options(.threads = GAN_THREADS_ALL, .seed = 9, .kernels = GAN_KERNELS_C)));
    ck_assert_int_ge(gan_context_threads(context), 1);
    ck_assert(gan_context_seed(context) == 9);
    ck_assert_str_eq(gan_context_kernels(context), "c");
    gan_context_free(&context);
    ck_assert_int_eq(gan_context_threads(NULL), 0);
    ck_assert(gan_context_seed(NULL) == 0);
    ck_assert_str_eq(gan_context_kernels(NULL), "");
}
END_TEST

static void *no_memory(void *user, size_t size, size_t alignment)
{
    (void)user;
    (void)size;
    (void)alignment;
    return NULL;
}

static void release_nothing(void *user, void *memory)
{
    (void)user;
    (void)memory;
}

START_TEST(context_misuse)
{
    gan_context *context = (gan_context *)&context;
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_context_create(NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "threads is 257",
          gan_context_create(&context, gan_context_options(.threads = 257)));
    ck_assert_ptr_null(context);
    fails(GAN_ERROR_INVALID_ARGUMENT,
          "gan_context_options.threads is -2; it must be 1 to 256, 0 for one, or GAN_THREADS_ALL",
          gan_context_create(&context, gan_context_options(.threads = -2)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "kernels is 5", gan_context_create(&context, gan_context_options(.kernels = 5)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "allocator",
          gan_context_create(&context, gan_context_options(.allocator = {.allocate = no_memory})));
    fails(GAN_ERROR_OUT_OF_MEMORY, "out of memory",
          gan_context_create(&context,
                             gan_context_options(.allocator = {.allocate = no_memory, .release = release_nothing})));
    for (int set = GAN_KERNELS_C; set <= GAN_KERNELS_NEON; set++) {
        static const char *const names[] = {"auto", "c", "avx2", "avx512", "neon"};
        if (!gan_has_feature(names[set]))
            fails(GAN_ERROR_UNSUPPORTED, names[set], gan_context_create(&context, gan_context_options(.kernels = set)));
    }
}
END_TEST

/* The size member: too small, absurd, a newer caller's with the rest zero and not zero. */
START_TEST(option_sizes)
{
    struct newer {
        gan_context_options options;
        int64_t more;
    } newer = {.options = {.size = sizeof newer, .seed = 5}};
    gan_context *context;
    ok(gan_context_create(&context, &newer.options));
    ck_assert(gan_context_seed(context) == 5);
    gan_context_free(&context);
    newer.more = 1;
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_context_options", gan_context_create(&context, &newer.options));
    newer.options.size = 0;
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_context_options.size is 0", gan_context_create(&context, &newer.options));
    newer.options.size = (size_t)-1;
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_context_options.size", gan_context_create(&context, &newer.options));
    newer.options.size = offsetof(gan_context_options, seed); /* an older caller's: no seed */
    ok(gan_context_create(&context, &newer.options));
    ck_assert(gan_context_seed(context) == 0);
    gan_context_free(&context);
}
END_TEST

struct lines {
    int count;
    gan_log_level level;
    char text[600];
};

static void take_line(void *user, gan_log_level level, const char *message)
{
    struct lines *lines = user;
    lines->count++;
    lines->level = level;
    snprintf(lines->text, sizeof lines->text, "%s", message);
}

static void said(const struct lines *lines, int count, const char *text)
{
    ck_assert_int_eq(lines->count, count);
    ck_assert_int_eq(lines->level, GAN_LOG_INFO);
    ck_assert_msg(strstr(lines->text, text) && !strchr(lines->text, '\n'), "\"%s\" should say \"%s\"", lines->text,
                  text);
}

/* A line for each thing that is made, to its own context's callback. */
START_TEST(log_lines)
{
    struct lines lines = {0};
    gan_context *context;
    gan_network *network;
    gan_run *run;
    gan_dataset *data;
    ok(gan_context_create(&context,
                          gan_context_options(.kernels = GAN_KERNELS_C, .log = take_line, .log_user = &lines)));
    said(&lines, 1, "c kernels, matrix products by libgan, 1 threads");
    ok(gan_network_create(&network, context, gan_network_options(.name = "net")));
    ok(gan_network_output(network, gan_linear(gan_input(network, 3), .units = 2)));
    ok(gan_network_build(network));
    said(&lines, 2, "network \"net\": 2 layers");
    ok(gan_run_create(&run, network, GAN_INFERENCE, 5));
    said(&lines, 3, "for a batch of 5");
    ok(gan_dataset_create_synthetic(&data, context, NULL));
    said(&lines, 4, "50000 pictures of 16 x 16 x 3");
    gan_dataset_free(&data);
    gan_run_free(&run);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

START_TEST(names_of_things)
{
    ck_assert_str_eq(gan_status_name(GAN_OK), "GAN_OK");
    ck_assert_str_eq(gan_status_name(GAN_ERROR_NUMERIC), "GAN_ERROR_NUMERIC");
    ck_assert_str_eq(gan_status_name((gan_status)-99), "unknown status");
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", GAN_VERSION_MAJOR, GAN_VERSION_MINOR, GAN_VERSION_PATCH);
    ck_assert_str_eq(gan_version(), version);
    ck_assert(gan_has_feature("c") && !gan_has_feature("gpu") && !gan_has_feature(NULL));
}
END_TEST

static void *fail_elsewhere(void *argument)
{
    ck_assert_str_eq(gan_last_error(), "");
    gan_context_create(NULL, NULL);
    return argument;
}

START_TEST(errors_belong_to_a_thread)
{
    pthread_t thread;
    fails(GAN_ERROR_INVALID_ARGUMENT, "source", gan_tensor_copy((gan_tensor *)&thread, NULL));
    ck_assert(pthread_create(&thread, NULL, fail_elsewhere, NULL) == 0);
    pthread_join(thread, NULL);
    ck_assert(strstr(gan_last_error(), "source") != NULL);
}
END_TEST

START_TEST(tensor_basics)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_tensor *t = new_tensor(context, GAN_SHAPE(2, 3, 4));
    gan_context_free(&context); /* the tensor keeps it */
    ck_assert_int_eq(gan_tensor_rank(t), 3);
    ck_assert_int_eq(gan_tensor_dimension(t, 1), 3);
    ck_assert_int_eq(gan_tensor_dimension(t, 3), 0);
    ck_assert_int_eq(gan_tensor_dimension(t, -1), 0);
    ck_assert_int_eq(gan_tensor_count(t), 24);
    ck_assert_int_eq(gan_tensor_bytes(t), 96);
    ck_assert((uintptr_t)gan_tensor_data(t) % 64 == 0);
    for (int i = 0; i < 24; i++) ck_assert(gan_tensor_floats(t)[i] == 0);
    gan_tensor *again = gan_tensor_retain(t);
    gan_tensor_free(&t);
    ck_assert_ptr_null(t);
    ok(gan_tensor_set_batch(again, 1));
    ck_assert_int_eq(gan_tensor_count(again), 12);
    fails(GAN_ERROR_INVALID_ARGUMENT, "batch is 3", gan_tensor_set_batch(again, 3));
    fails(GAN_ERROR_INVALID_ARGUMENT, "batch is 0", gan_tensor_set_batch(again, 0));
    fails(GAN_ERROR_INVALID_ARGUMENT, "NULL", gan_tensor_set_batch(NULL, 1));
    ok(gan_tensor_set_batch(again, 2));
    gan_tensor_free(&again);
    gan_tensor_free(&again);
    gan_tensor_free(NULL);
}
END_TEST

START_TEST(tensor_queries_take_null)
{
    ck_assert_int_eq(gan_tensor_type(NULL), GAN_FLOAT32);
    ck_assert_int_eq(gan_tensor_rank(NULL), 0);
    ck_assert_ptr_null(gan_tensor_shape(NULL));
    ck_assert_int_eq(gan_tensor_dimension(NULL, 0), 0);
    ck_assert_int_eq(gan_tensor_count(NULL), 0);
    ck_assert_int_eq(gan_tensor_bytes(NULL), 0);
    ck_assert_ptr_null(gan_tensor_data(NULL));
    ck_assert_ptr_null(gan_tensor_floats(NULL));
    ck_assert_ptr_null(gan_tensor_retain(NULL));
}
END_TEST

START_TEST(tensor_misuse)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_tensor *t = NULL;
    const int64_t shape[] = {2, 3}, huge[] = {INT64_MAX, 2}, zero[] = {2, 0};
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_tensor_create: tensor is NULL",
          gan_tensor_create(NULL, context, GAN_FLOAT32, 2, shape));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_tensor_create: context is NULL",
          gan_tensor_create(&t, NULL, GAN_FLOAT32, 2, shape));
    fails(GAN_ERROR_INVALID_ARGUMENT, "type is 3", gan_tensor_create(&t, context, (gan_type)3, 2, shape));
    fails(GAN_ERROR_INVALID_ARGUMENT, "type is -1", gan_tensor_create(&t, context, (gan_type)-1, 2, shape));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_tensor_create: rank is 0",
          gan_tensor_create(&t, context, GAN_FLOAT32, 0, shape));
    fails(GAN_ERROR_INVALID_ARGUMENT, "rank is 9", gan_tensor_create(&t, context, GAN_FLOAT32, 9, shape));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_tensor_create: shape is NULL",
          gan_tensor_create(&t, context, GAN_FLOAT32, 2, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "[2,0]", gan_tensor_create(&t, context, GAN_FLOAT32, 2, zero));
    fails(GAN_ERROR_INVALID_ARGUMENT, "shape is [", gan_tensor_create(&t, context, GAN_FLOAT32, 2, huge));
    ck_assert_ptr_null(t);
    gan_context_free(&context);
}
END_TEST

static void note_release(void *user, void *data)
{
    *(void **)user = data;
}

START_TEST(tensor_wraps_memory)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    float numbers[6] = {1, 2, 3, 4, 5, 6};
    void *released = NULL;
    gan_tensor *t;
    ok(gan_tensor_wrap(&t, context, GAN_FLOAT32, GAN_SHAPE(2, 3), numbers, note_release, &released));
    ck_assert_ptr_eq(gan_tensor_data(t), numbers);
    gan_tensor *again = gan_tensor_retain(t);
    gan_tensor_free(&t);
    ck_assert_ptr_null(released);
    gan_tensor_free(&again);
    ck_assert_ptr_eq(released, numbers);
    released = NULL;
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_tensor_wrap: data is NULL",
          gan_tensor_wrap(&t, context, GAN_FLOAT32, GAN_SHAPE(2), NULL, note_release, &released));
    fails(GAN_ERROR_INVALID_ARGUMENT, "aligned to 4",
          gan_tensor_wrap(&t, context, GAN_FLOAT32, GAN_SHAPE(1), (char *)numbers + 1, note_release, &released));
    ck_assert_ptr_null(released);
    ok(gan_tensor_wrap(&t, context, GAN_UINT8, GAN_SHAPE(3), (char *)numbers + 1, NULL, NULL));
    ck_assert_ptr_null(gan_tensor_floats(t));
    ck_assert_int_eq(gan_tensor_bytes(t), 3);
    gan_tensor_free(&t);
    gan_context_free(&context);
}
END_TEST

START_TEST(tensor_copies)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_tensor *a = new_tensor(context, GAN_SHAPE(2, 3)), *b = new_tensor(context, GAN_SHAPE(2, 3));
    gan_tensor *flat = new_tensor(context, GAN_SHAPE(6)), *bytes;
    ok(gan_tensor_create(&bytes, context, GAN_UINT8, GAN_SHAPE(2, 3)));
    fill_normal(context, a, 1);
    ok(gan_tensor_copy(b, a));
    ck_assert_mem_eq(gan_tensor_data(a), gan_tensor_data(b), gan_tensor_bytes(a));
    ok(gan_tensor_copy(a, a));
    fails(GAN_ERROR_SHAPE, "float [2,3]", gan_tensor_copy(flat, a));
    fails(GAN_ERROR_SHAPE, "uint8 [2,3]", gan_tensor_copy(bytes, a));
    fails(GAN_ERROR_INVALID_ARGUMENT, "target is NULL", gan_tensor_copy(NULL, a));
    gan_tensor_free(&a);
    gan_tensor_free(&b);
    gan_tensor_free(&flat);
    gan_tensor_free(&bytes);
    gan_context_free(&context);
}
END_TEST

START_TEST(random_integers)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_tensor *many = new_labels(context, 3001), *few = new_labels(context, 3),
               *floats = new_tensor(context, GAN_SHAPE(3));
    uint64_t position = 5, other = 5;
    int counts[10] = {0};
    ok(gan_random_integers(context, GAN_STREAM_USER, &position, many, -3, 7));
    ck_assert(position == 5 + 1501);
    for (int i = 0; i < 3001; i++) {
        ck_assert(numbers(many)[i] >= -3 && numbers(many)[i] < 7);
        counts[numbers(many)[i] + 3]++;
    }
    for (int i = 0; i < 10; i++)
        ck_assert_msg(counts[i] > 220 && counts[i] < 380, "%d comes %d times", i - 3, counts[i]);
    ok(gan_random_integers(context, GAN_STREAM_USER, &other, few, -3, 7)); /* begins like any fill of this place */
    ck_assert_mem_eq(numbers(few), numbers(many), gan_tensor_bytes(few));
    ck_assert(other == 7);
    ok(gan_random_integers(context, GAN_STREAM_USER, &position, few, INT32_MAX - 1, INT32_MAX));
    ck_assert(numbers(few)[2] == INT32_MAX - 1);
    ok(gan_random_integers(context, GAN_STREAM_USER, &position, few, INT32_MIN, INT32_MAX));
    other = position;
    fails(GAN_ERROR_INVALID_ARGUMENT, "low is 3 and high 3", gan_random_integers(context, 64, &position, few, 3, 3));
    fails(GAN_ERROR_INVALID_ARGUMENT, "tensor is NULL", gan_random_integers(context, 64, &position, NULL, 0, 3));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_random_integers(NULL, 64, &position, few, 0, 3));
    fails(GAN_ERROR_INVALID_ARGUMENT, "position is NULL", gan_random_integers(context, 64, NULL, few, 0, 3));
    fails(GAN_ERROR_INVALID_ARGUMENT, "stream is 0", gan_random_integers(context, 0, &position, few, 0, 3));
    fails(GAN_ERROR_SHAPE, "float [3]; it must be int32", gan_random_integers(context, 64, &position, floats, 0, 3));
    ck_assert(position == other);
    gan_tensor_free(&floats);
    gan_tensor_free(&few);
    gan_tensor_free(&many);
    gan_context_free(&context);
}
END_TEST

START_TEST(random_fills)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_tensor *a = new_tensor(context, GAN_SHAPE(10)), *b = new_tensor(context, GAN_SHAPE(10)), *bytes;
    ok(gan_tensor_create(&bytes, context, GAN_UINT8, GAN_SHAPE(10)));
    uint64_t position = 0, other = 0;
    ok(gan_random_normal(context, GAN_STREAM_USER, &position, a, 0, 1));
    ck_assert(position == 3);
    ok(gan_random_normal(context, GAN_STREAM_USER, &other, b, 0, 1));
    ck_assert_mem_eq(gan_tensor_data(a), gan_tensor_data(b), gan_tensor_bytes(a));
    ok(gan_random_normal(context, GAN_STREAM_USER, &other, b, 0, 1));
    ck_assert(memcmp(gan_tensor_data(a), gan_tensor_data(b), gan_tensor_bytes(a)) != 0);
    other = 0;
    ok(gan_random_normal(context, GAN_STREAM_USER + 1, &other, b, 0, 1));
    ck_assert(memcmp(gan_tensor_data(a), gan_tensor_data(b), gan_tensor_bytes(a)) != 0);
    ok(gan_random_uniform(context, GAN_STREAM_USER, &position, a, 3, 3));
    ck_assert(gan_tensor_floats(a)[9] == 3);
    fails(GAN_ERROR_INVALID_ARGUMENT, "position", gan_random_normal(context, 1, NULL, a, 0, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context", gan_random_normal(NULL, 1, &position, a, 0, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "tensor", gan_random_uniform(context, 1, &position, NULL, 0, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "stream", gan_random_normal(context, 0, &position, a, 0, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "deviation", gan_random_normal(context, 1, &position, a, 0, -1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "deviation", gan_random_normal(context, 1, &position, a, NAN, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "bounds", gan_random_uniform(context, 1, &position, a, 2, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "bounds", gan_random_uniform(context, 1, &position, a, 0, INFINITY));
    fails(GAN_ERROR_SHAPE, "uint8", gan_random_uniform(context, 1, &position, bytes, 0, 1));
    gan_tensor_free(&a);
    gan_tensor_free(&b);
    gan_tensor_free(&bytes);
    gan_context_free(&context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tensor");
    TCase *tests = tcase_create("contexts, tensors, random numbers");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, context_defaults_and_choices);
    tcase_add_test(tests, context_misuse);
    tcase_add_test(tests, option_sizes);
    tcase_add_test(tests, log_lines);
    tcase_add_test(tests, names_of_things);
    tcase_add_test(tests, errors_belong_to_a_thread);
    tcase_add_test(tests, tensor_basics);
    tcase_add_test(tests, tensor_queries_take_null);
    tcase_add_test(tests, tensor_misuse);
    tcase_add_test(tests, tensor_wraps_memory);
    tcase_add_test(tests, tensor_copies);
    tcase_add_test(tests, random_integers);
    tcase_add_test(tests, random_fills);
    return run_suite(suite);
}
