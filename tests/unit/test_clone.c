/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/network.h"
#include "support.h"

#include <math.h>
#include <string.h>

/* Copies of networks, and standing statistics. */

/* Two inputs, two outputs, a node read twice, one that nothing reads, and every kind of variable. */
static gan_network *new_graph(gan_context *context)
{
    gan_network *network;
    ok(gan_network_create(&network, context,
                          gan_network_options(.name = "graph", .weights = {.kind = GAN_INITIALIZER_HE_NORMAL})));
    gan_node *a = gan_input(network, 6, 6, 3), *b = gan_input(network, 4);
    gan_node *x = gan_conv2d(a, .filters = 5, .kernel = 4, .stride = 2, .padding = GAN_PADDING_SAME, .name = "first");
    x = gan_concat_diff(gan_leaky_relu(gan_batch_norm(x, .momentum = 0.5f), .slope = 0.3f));
    gan_tanh(x);
    gan_node *y = gan_linear(gan_flatten(x), .units = 7);
    ok(gan_network_output(network, gan_conv2d_transpose(x, .filters = 2, .kernel = 3)));
    ok(gan_network_output(network, gan_add(gan_relu(y), gan_linear(b, .units = 7, .no_bias = true), gan_sigmoid(y))));
    ok(gan_network_build(network));
    return network;
}

/* A training pass on inputs of this number, the outputs' gradients being the outputs. */
static void pass(gan_network *network, gan_context *context, uint64_t number)
{
    gan_run *run;
    gan_tensor *inputs[] = {new_tensor(context, GAN_SHAPE(5, 6, 6, 3)), new_tensor(context, GAN_SHAPE(5, 4))};
    fill_normal(context, inputs[0], 2 * number);
    fill_normal(context, inputs[1], 2 * number + 1);
    ok(gan_run_create(&run, network, GAN_TRAINING, 5));
    ok(gan_run_forward_all(run, (const gan_tensor *const *)inputs, 2));
    for (int i = 0; i < 2; i++) ok(gan_tensor_copy(gan_run_output_gradient(run, i), gan_run_output(run, i)));
    ok(gan_network_zero_gradients(network));
    ok(gan_run_backward(run, NULL, GAN_WANT_PARAMETERS));
    gan_run_free(&run);
    for (int i = 0; i < 2; i++) gan_tensor_free(&inputs[i]);
}

static bool same(const gan_tensor *a, const gan_tensor *b)
{
    return gan_tensor_bytes(a) == gan_tensor_bytes(b) &&
           memcmp(gan_tensor_data(a), gan_tensor_data(b), gan_tensor_bytes(a)) == 0;
}

static void check_variables(const gan_network *a, const gan_network *b, bool gradients)
{
    ck_assert_int_eq(gan_network_parameter_count(a), gan_network_parameter_count(b));
    ck_assert_int_eq(gan_network_buffer_count(a), gan_network_buffer_count(b));
    for (int i = 0; i < gan_network_parameter_count(a); i++) {
        const char *name = gan_network_parameter_name(a, i);
        ck_assert_str_eq(name, gan_network_parameter_name(b, i));
        ck_assert_msg(same(gan_network_parameter(a, i), gan_network_parameter(b, i)), "%s differs", name);
        ck_assert_msg(!gradients || same(gan_network_gradient(a, i), gan_network_gradient(b, i)),
                      "the gradient of %s differs", name);
    }
    for (int i = 0; i < gan_network_buffer_count(a); i++) {
        ck_assert_str_eq(gan_network_buffer_name(a, i), gan_network_buffer_name(b, i));
        ck_assert(same(gan_network_buffer(a, i), gan_network_buffer(b, i)));
    }
}

static void check_summaries(const gan_network *a, const gan_network *b)
{
    char one[4096], other[4096];
    ok(gan_network_summary(a, one, sizeof one, NULL));
    ok(gan_network_summary(b, other, sizeof other, NULL));
    ck_assert_str_eq(one, other);
}

START_TEST(a_clone_does_what_its_network_does)
{
    gan_context *context = new_context(2, kernel_set(_i));
    gan_network *network = new_graph(context), *copy, *again;
    pass(network, context, 1);
    ok(gan_network_clone(&copy, network));
    check_variables(network, copy, false);
    check_summaries(network, copy);
    ck_assert_ptr_null(gan_network_gradient(copy, 0));
    ck_assert_int_eq(gan_network_flops(network), gan_network_flops(copy));
    pass(network, context, 2);
    pass(copy, context, 2);
    check_variables(network, copy, true);
    gan_network_free(&network);
    ok(gan_network_clone(&again, copy));
    pass(copy, context, 3);
    pass(again, context, 3);
    check_variables(copy, again, true);
    gan_network_free(&copy);
    gan_network_free(&again);
    gan_context_free(&context);
}
END_TEST

START_TEST(a_clone_is_apart)
{
    gan_context *context = new_context(1, kernel_set(0));
    gan_network *network = new_graph(context), *copy;
    ok(gan_network_clone(&copy, network));
    ck_assert_ptr_ne(gan_network_input_node(network, 1), gan_network_input_node(copy, 1));
    ck_assert_str_eq(gan_node_name(gan_network_output_node(copy, 1)),
                     gan_node_name(gan_network_output_node(network, 1)));
    float *mine = gan_tensor_floats(gan_network_find(network, "first.weight"));
    const float *its = gan_tensor_floats(gan_network_find(copy, "first.weight"));
    float before = mine[0];
    mine[0] += 1;
    ck_assert(its[0] == before);
    pass(network, context, 1);
    ck_assert(gan_tensor_floats(gan_network_find(network, "bn0.batches"))[0] == 1);
    ck_assert(gan_tensor_floats(gan_network_find(copy, "bn0.batches"))[0] == 0);
    gan_network_free(&copy);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

/* The weights of a network do not depend on copies made before it. */
START_TEST(a_clone_moves_no_random_numbers)
{
    gan_context *context = new_context(1, kernel_set(0)), *other = new_context(1, kernel_set(0));
    gan_network *first = new_graph(context), *copy, *second;
    ok(gan_network_clone(&copy, first));
    second = new_graph(context);
    gan_network *expected_first = new_graph(other), *expected = new_graph(other);
    check_variables(second, expected, false);
    gan_network *all[] = {first, copy, second, expected_first, expected};
    for (int i = 0; i < 5; i++) gan_network_free(&all[i]);
    gan_context_free(&other);
    gan_context_free(&context);
}
END_TEST

START_TEST(misuse_of_clone)
{
    gan_context *context = new_context(1, kernel_set(0));
    gan_network *network, *copy;
    ok(gan_network_create(&network, context, gan_network_options(.name = "n")));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_network_clone: copy is NULL", gan_network_clone(NULL, network));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_network_clone: network is NULL", gan_network_clone(&copy, NULL));
    ck_assert_ptr_null(copy);
    fails(GAN_ERROR_STATE, "gan_network_clone: network \"n\" is not built", gan_network_clone(&copy, network));
    ck_assert_ptr_null(copy);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

/* Batch norm of the inputs themselves: its statistics are those of the latents. */
#define FEATURES 3
#define BATCH    16
#define PASSES   25 /* more than the ten that batch norm's average is plain for by itself */

static gan_network *new_norm(gan_context *context)
{
    gan_network *network;
    ok(gan_network_create(&network, context, gan_network_options(.name = "norm")));
    gan_node *x = gan_batch_norm(gan_input(network, FEATURES), .name = "bn");
    ok(gan_network_output(network, gan_add(x, gan_input(network, FEATURES))));
    ok(gan_network_build(network));
    return network;
}

/* Mean and variance of each pass's first input, which is drawn in turn with the second. */
static void expect(gan_context *context, double mean[FEATURES], double variance[FEATURES])
{
    uint64_t position = 0;
    gan_tensor *x = new_tensor(context, GAN_SHAPE(BATCH, FEATURES));
    for (int j = 0; j < FEATURES; j++) mean[j] = variance[j] = 0;
    for (int number = 0; number < 2 * PASSES; number++) {
        ok(gan_random_normal(context, GAN_STREAM_STATISTICS, &position, x, 0, 1));
        for (int j = 0; number % 2 == 0 && j < FEATURES; j++) {
            double sum = 0, squares = 0;
            for (int i = 0; i < BATCH; i++) sum += gan_tensor_floats(x)[i * FEATURES + j];
            for (int i = 0; i < BATCH; i++) squares += pow(gan_tensor_floats(x)[i * FEATURES + j] - sum / BATCH, 2);
            mean[j] += sum / BATCH / PASSES;
            variance[j] += squares / BATCH / PASSES;
        }
    }
    gan_tensor_free(&x);
}

static float *find(const gan_network *network, const char *name)
{
    return gan_tensor_floats(gan_network_find(network, name));
}

static void set_statistics(gan_network *network, float number)
{
    for (int j = 0; j < FEATURES; j++) find(network, "bn.running_mean")[j] = number;
    for (int j = 0; j < FEATURES; j++) find(network, "bn.running_variance")[j] = number;
    *find(network, "bn.batches") = number;
}

START_TEST(statistics_are_the_mean_of_all_passes)
{
    double mean[FEATURES], variance[FEATURES];
    gan_context *context = new_context(1, kernel_set(_i));
    gan_network *network = new_norm(context);
    expect(context, mean, variance);
    for (int round = 0; round < 2; round++) { /* whatever they were before */
        set_statistics(network, 7);
        ok(gan_network_standing_statistics(network, gan_statistics_options(.batch = BATCH, .passes = PASSES)));
        for (int j = 0; j < FEATURES; j++) {
            ck_assert_float_eq_tol(find(network, "bn.running_mean")[j], (float)mean[j], 1e-6f);
            ck_assert_float_eq_tol(find(network, "bn.running_variance")[j], (float)variance[j], 1e-6f);
        }
        ck_assert(*find(network, "bn.batches") == PASSES);
    }
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

/* A training that goes on has its exponential average back: 0.9 of what was there, 0.1 of a batch whose mean is 1. */
START_TEST(training_after_statistics)
{
    gan_context *context = new_context(1, kernel_set(0));
    gan_network *network = new_norm(context);
    gan_run *run;
    ok(gan_network_standing_statistics(network, gan_statistics_options(.batch = BATCH, .passes = PASSES)));
    float before = *find(network, "bn.running_mean");
    gan_tensor *x = new_tensor(context, GAN_SHAPE(2, FEATURES));
    for (int i = 0; i < 2 * FEATURES; i++) gan_tensor_floats(x)[i] = 1;
    ok(gan_run_create(&run, network, GAN_TRAINING, 2));
    ok(gan_run_forward_all(run, (const gan_tensor *const[]){x, x}, 2));
    ck_assert_float_eq_tol(*find(network, "bn.running_mean"), 0.9f * before + 0.1f, 1e-6f);
    gan_run_free(&run);
    gan_tensor_free(&x);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

struct filler {
    int64_t calls, fail_at;
};

/* The first input of pass n is n in one half of the batch and -n in the other: mean 0, variance n^2. */
static gan_status fill(void *user, int64_t number, gan_tensor *const *inputs, int count)
{
    struct filler *filler = user;
    ck_assert_int_eq(number, filler->calls++);
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(gan_tensor_dimension(inputs[0], 0), 4);
    if (number == filler->fail_at) return GAN_ERROR_UNSUPPORTED;
    for (int i = 0; i < 4 * FEATURES; i++)
        gan_tensor_floats(inputs[0])[i] = (float)(i < 2 * FEATURES ? number : -number);
    return GAN_OK;
}

START_TEST(statistics_of_the_callers_inputs)
{
    gan_context *context = new_context(1, kernel_set(0));
    gan_network *network = new_norm(context);
    struct filler filler = {.fail_at = -1};
    ok(gan_network_standing_statistics(
        network, gan_statistics_options(.batch = 4, .passes = 20, .fill = fill, .user = &filler)));
    ck_assert_int_eq(filler.calls, 20);
    for (int j = 0; j < FEATURES; j++) { /* the mean of 0^2 .. 19^2 is 123.5 */
        ck_assert_float_eq_tol(find(network, "bn.running_mean")[j], 0, 1e-6f);
        ck_assert_float_eq_tol(find(network, "bn.running_variance")[j], 123.5f, 1e-4f);
    }
    set_statistics(network, 7);
    filler = (struct filler){.fail_at = 3};
    ck_assert_int_eq(
        gan_network_standing_statistics(network, gan_statistics_options(.batch = 4, .fill = fill, .user = &filler)),
        GAN_ERROR_UNSUPPORTED);
    ck_assert_int_eq(filler.calls, 4);
    ck_assert(*find(network, "bn.running_mean") == 7 && *find(network, "bn.batches") == 7);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

/* What else passes move stays: a training that goes on has the numbers that it would have had. */
START_TEST(statistics_move_nothing_else)
{
    gan_context *context = new_context(1, kernel_set(0));
    gan_network *network;
    gan_run *run;
    ok(gan_network_create(&network, context, gan_network_options(.name = "n")));
    gan_node *x = gan_linear(gan_input(network, FEATURES), .name = "linear", .units = 4, .spectral_norm = true);
    ok(gan_network_output(network, gan_dropout(gan_batch_norm(x, .name = "bn"), .rate = 0.5f)));
    ok(gan_network_build(network));
    gan_tensor *z = new_tensor(context, GAN_SHAPE(2, FEATURES));
    ok(gan_run_create(&run, network, GAN_TRAINING, 2));
    ok(gan_run_forward(run, z));
    float u[4];
    memcpy(u, find(network, "linear.u"), sizeof u);
    ok(gan_network_standing_statistics(network, gan_statistics_options(.passes = 3)));
    ck_assert(memcmp(u, find(network, "linear.u"), sizeof u) == 0);
    ck_assert_int_eq((int)network->passes, 1);
    ck_assert(*find(network, "bn.batches") == 3);
    gan_run_free(&run);
    gan_tensor_free(&z);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

START_TEST(misuse_of_statistics)
{
    gan_context *context = new_context(1, kernel_set(0));
    gan_network *network, *norm = new_norm(context);
    ok(gan_network_create(&network, context, gan_network_options(.name = "n")));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_network_standing_statistics: network is NULL",
          gan_network_standing_statistics(NULL, NULL));
    fails(GAN_ERROR_STATE, "\"n\" is not built", gan_network_standing_statistics(network, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_statistics_options.batch is -1; it must be at least 1",
          gan_network_standing_statistics(norm, gan_statistics_options(.batch = -1)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_statistics_options.passes is -3; it must be at least 1",
          gan_network_standing_statistics(norm, gan_statistics_options(.passes = -3)));
    ok(gan_network_output(network, gan_relu(gan_input(network, 1))));
    ok(gan_network_build(network));
    ok(gan_network_standing_statistics(network, NULL)); /* nothing to do */
    gan_network_free(&norm);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clone");
    TCase *tests = tcase_create("clone and statistics");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, a_clone_does_what_its_network_does, 0, kernel_set_count());
    tcase_add_test(tests, a_clone_is_apart);
    tcase_add_test(tests, a_clone_moves_no_random_numbers);
    tcase_add_test(tests, misuse_of_clone);
    tcase_add_loop_test(tests, statistics_are_the_mean_of_all_passes, 0, kernel_set_count());
    tcase_add_test(tests, training_after_statistics);
    tcase_add_test(tests, statistics_of_the_callers_inputs);
    tcase_add_test(tests, statistics_move_nothing_else);
    tcase_add_test(tests, misuse_of_statistics);
    return run_suite(suite);
}
