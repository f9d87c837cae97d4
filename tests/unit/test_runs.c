/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <math.h>
#include <pthread.h>

/* Runs: what they work out, what they refuse, and many at once. */

static gan_context *context;

static void setup(void)
{
    context = new_context(1, GAN_KERNELS_AUTO);
}

static void teardown(void)
{
    gan_context_free(&context);
}

static gan_network *new_network(const gan_network_options *options)
{
    gan_network *network;
    ok(gan_network_create(&network, context, options));
    return network;
}

static gan_network *small_network(void)
{
    gan_network *network = new_network(gan_network_options(.name = "small"));
    gan_node *x = gan_relu(gan_batch_norm(gan_conv2d(gan_input(network, 8, 8, 3), .filters = 4, .kernel = 3)));
    x = gan_conv2d(x, .name = "last", .filters = 1, .kernel = 6, .no_bias = true);
    ok(gan_network_output(network, gan_flatten(x)));
    ok(gan_network_build(network));
    return network;
}

/* What no output depends on takes no part in a pass. */
START_TEST(dead_layers_do_not_run)
{
    gan_network *network = new_network(NULL);
    gan_node *x = gan_linear(gan_input(network, 3), .units = 4);
    gan_tanh(gan_batch_norm(x, .name = "dead"));
    ok(gan_network_output(network, gan_batch_norm(x, .name = "alive")));
    ok(gan_network_build(network));
    gan_run *run;
    ok(gan_run_create(&run, network, GAN_TRAINING, 2));
    gan_tensor *input = new_tensor(context, GAN_SHAPE(2, 3));
    fill_normal(context, input, 1);
    ok(gan_run_forward(run, input));
    ok(gan_run_backward(run, NULL, GAN_WANT_PARAMETERS));
    ck_assert_float_eq(gan_tensor_floats(gan_network_find(network, "alive.batches"))[0], 1);
    ck_assert_float_eq(gan_tensor_floats(gan_network_find(network, "dead.batches"))[0], 0);
    gan_tensor_free(&input);
    gan_run_free(&run);
    gan_network_free(&network);
}
END_TEST

/* An output fed back would be overwritten while it is read. */
START_TEST(outputs_are_no_inputs)
{
    gan_network *network = new_network(NULL);
    gan_run *run;
    ok(gan_network_output(network, gan_tanh(gan_linear(gan_input(network, 3), .units = 3))));
    ok(gan_network_build(network));
    ok(gan_run_create(&run, network, GAN_INFERENCE, 2));
    gan_tensor *x = new_tensor(context, GAN_SHAPE(2, 3));
    ok(gan_run_forward(run, x));
    fails(GAN_ERROR_INVALID_ARGUMENT, "give a copy", gan_run_forward(run, gan_run_output(run, 0)));
    ok(gan_tensor_copy(x, gan_run_output(run, 0)));
    ok(gan_run_forward(run, x));
    gan_run *training;
    ok(gan_run_create(&training, network, GAN_TRAINING, 2));
    ok(gan_run_forward(training, x));
    ok(gan_run_backward(training, gan_run_output(training, 0), GAN_WANT_INPUTS));
    const gan_tensor *gradient = gan_run_input_gradient(training, 0);
    fails(GAN_ERROR_INVALID_ARGUMENT, "give a copy", gan_run_backward(training, gradient, GAN_WANT_INPUTS));
    gan_run_free(&training);
    gan_tensor_free(&x);
    gan_run_free(&run);
    gan_network_free(&network);
}
END_TEST

START_TEST(tangent_misuse)
{
    gan_network *network = small_network();
    gan_tensor *x = new_tensor(context, GAN_SHAPE(2, 8, 8, 3)), *flat = new_tensor(context, GAN_SHAPE(2, 192));
    gan_run *run, *plain;
    ok(gan_run_create(&run, network, GAN_TRAINING_TANGENTS, 2));
    ok(gan_run_create(&plain, network, GAN_TRAINING, 2));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_run_tangent: run is NULL", gan_run_tangent(NULL, x));
    fails(GAN_ERROR_STATE, "no forward pass", gan_run_tangent(run, x));
    fails(GAN_ERROR_STATE, "GAN_TRAINING_TANGENTS", gan_run_tangent(plain, x));
    ok(gan_run_forward(run, x));
    fails(GAN_ERROR_INVALID_ARGUMENT, "direction is NULL", gan_run_tangent(run, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_run_tangent_all: 2 directions",
          gan_run_tangent_all(run, (const gan_tensor *[]){x, x}, 2));
    fails(GAN_ERROR_SHAPE, "[2,192]", gan_run_tangent(run, flat));
    ck_assert_ptr_null(gan_run_output_tangent(run, 0));
    const gan_tensor *y = gan_run_output(run, 0);
    fails(GAN_ERROR_STATE, "no gan_run_tangent()", gan_run_tangent_backward(run, y, GAN_WANT_PARAMETERS));
    ok(gan_tensor_set_batch(x, 1)); /* whatever becomes of the input: the run has its own batch */
    fails(GAN_ERROR_SHAPE, "float [2,8,8,3]", gan_run_tangent(run, x));
    ok(gan_tensor_set_batch(x, 2));
    ok(gan_run_tangent(run, x));
    ck_assert_ptr_nonnull(gan_run_output_tangent(run, 0));
    ck_assert_ptr_null(gan_run_output_tangent(run, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gradient is NULL", gan_run_tangent_backward(run, NULL, GAN_WANT_PARAMETERS));
    fails(GAN_ERROR_INVALID_ARGUMENT, "want is 4", gan_run_tangent_backward(run, y, 4));
    fails(GAN_ERROR_SHAPE, "[2,8,8,3]", gan_run_tangent_backward(run, x, GAN_WANT_PARAMETERS));
    ok(gan_run_forward(run, x));
    fails(GAN_ERROR_STATE, "no gan_run_tangent()", gan_run_tangent_backward(run, y, GAN_WANT_PARAMETERS));
    fails(GAN_ERROR_STATE, "GAN_TRAINING_TANGENTS", gan_penalty_squared_norm(NULL, plain, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "weight is -1", gan_penalty_squared_norm(NULL, run, -1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "target is inf", gan_penalty_norm_distance(NULL, run, 1, INFINITY));
    fails(GAN_ERROR_INVALID_ARGUMENT, "run is NULL", gan_penalty_norm_distance(NULL, NULL, 1, 1));
    gan_run_free(&plain);
    gan_run_free(&run);
    gan_tensor_free(&flat);
    gan_tensor_free(&x);
    gan_network_free(&network);
}
END_TEST

START_TEST(run_misuse)
{
    gan_network *network = small_network(), *unbuilt = new_network(NULL);
    gan_tensor *x = new_tensor(context, GAN_SHAPE(2, 8, 8, 3)), *flat = new_tensor(context, GAN_SHAPE(2, 192)), *bytes;
    ok(gan_tensor_create(&bytes, context, GAN_UINT8, GAN_SHAPE(2, 8, 8, 3)));
    gan_run *run, *inference;
    fails(GAN_ERROR_INVALID_ARGUMENT, "run is NULL", gan_run_create(NULL, network, GAN_TRAINING, 2));
    fails(GAN_ERROR_INVALID_ARGUMENT, "network is NULL", gan_run_create(&run, NULL, GAN_TRAINING, 2));
    fails(GAN_ERROR_INVALID_ARGUMENT, "mode is 3", gan_run_create(&run, network, (gan_mode)3, 2));
    fails(GAN_ERROR_INVALID_ARGUMENT, "batch is 0", gan_run_create(&run, network, GAN_TRAINING, 0));
    fails(GAN_ERROR_INVALID_ARGUMENT, "more memory", gan_run_create(&run, network, GAN_TRAINING, INT64_MAX / 2));
    fails(GAN_ERROR_INVALID_ARGUMENT, "more memory", gan_run_create(&run, network, GAN_TRAINING, INT64_MAX / 256));
    fails(GAN_ERROR_STATE, "not built", gan_run_create(&run, unbuilt, GAN_TRAINING, 2));
    ck_assert_ptr_null(run);
    ok(gan_run_create(&run, network, GAN_TRAINING, 2));
    ok(gan_run_create(&inference, network, GAN_INFERENCE, 2));
    ck_assert_ptr_null(gan_run_output(run, 0));
    ck_assert_ptr_null(gan_run_output_gradient(run, 0));
    fails(GAN_ERROR_STATE, "no forward pass", gan_run_backward(run, NULL, GAN_WANT_PARAMETERS));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_run_forward: run is NULL", gan_run_forward(NULL, x));
    fails(GAN_ERROR_INVALID_ARGUMENT, "input \"input0\" is NULL", gan_run_forward(run, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_run_forward_all: inputs are NULL", gan_run_forward_all(run, NULL, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_run_forward_all: 2 inputs",
          gan_run_forward_all(run, (const gan_tensor *[]){x, x}, 2));
    fails(GAN_ERROR_SHAPE, "float [2,192]; it must be float [N,8,8,3]", gan_run_forward(run, flat));
    fails(GAN_ERROR_SHAPE, "uint8 [2,8,8,3]", gan_run_forward(run, bytes));
    ok(gan_run_forward(run, x));
    ok(gan_run_forward(inference, x));
    fails(GAN_ERROR_INVALID_ARGUMENT, "fixed", gan_tensor_set_batch(gan_run_output(run, 0), 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "fixed", gan_tensor_set_batch(gan_network_parameter(network, 0), 1));
    ck_assert_ptr_null(gan_run_output(run, 1));
    ck_assert_ptr_null(gan_run_output(NULL, 0));
    ck_assert_ptr_null(gan_run_output_gradient(inference, 0));
    ck_assert_ptr_null(gan_run_input_gradient(run, 0));
    ck_assert_int_eq(gan_run_bytes(NULL), 0);
    fails(GAN_ERROR_STATE, "inference", gan_run_backward(inference, NULL, GAN_WANT_PARAMETERS));
    fails(GAN_ERROR_INVALID_ARGUMENT, "want is 0", gan_run_backward(run, NULL, 0));
    fails(GAN_ERROR_INVALID_ARGUMENT, "want is 4", gan_run_backward(run, NULL, 4));
    fails(GAN_ERROR_INVALID_ARGUMENT, "run is NULL", gan_run_backward(NULL, NULL, 1));
    fails(GAN_ERROR_SHAPE, "float [2,1]", gan_run_backward(run, x, GAN_WANT_INPUTS));
    fails(GAN_ERROR_INVALID_ARGUMENT, "NULL", gan_network_zero_gradients(NULL));
    fails(GAN_ERROR_STATE, "not built", gan_network_zero_gradients(unbuilt));
    ck_assert(gan_network_gradient_norm(NULL) == 0 && gan_network_gradient_norm(unbuilt) == 0);
    gan_tensor_free(&bytes);
    gan_tensor_free(&flat);
    gan_tensor_free(&x);
    gan_network_free(&unbuilt);
    gan_network_free(&network); /* the runs keep it */
    gan_run_free(&inference);
    gan_run_free(&run);
    gan_run_free(&run);
    gan_run_free(NULL);
}
END_TEST

START_TEST(inputs_of_different_batches)
{
    gan_network *network = new_network(NULL);
    ok(gan_network_output(network, gan_add(gan_input(network, 3), gan_input(network, 3))));
    ok(gan_network_build(network));
    gan_tensor *two = new_tensor(context, GAN_SHAPE(2, 3)), *three = new_tensor(context, GAN_SHAPE(3, 3));
    gan_run *run;
    ok(gan_run_create(&run, network, GAN_INFERENCE, 2));
    fails(GAN_ERROR_SHAPE, "batch of 3", gan_run_forward_all(run, (const gan_tensor *[]){two, three}, 2));
    fails(GAN_ERROR_INVALID_ARGUMENT, "1 inputs", gan_run_forward(run, two));
    ok(gan_run_forward_all(run, (const gan_tensor *[]){three, three}, 2));
    gan_tensor_free(&three); /* the run keeps what it reads */
    ck_assert_int_eq(gan_tensor_dimension(gan_run_output(run, 0), 0), 3);
    gan_tensor_free(&two);
    gan_run_free(&run);
    gan_network_free(&network);
}
END_TEST

/* An output that the caller retains stays readable when its run is gone. */
START_TEST(retained_output_outlives_its_run)
{
    gan_network *network = small_network();
    gan_tensor *x = new_tensor(context, GAN_SHAPE(2, 8, 8, 3));
    gan_run *run;
    ok(gan_run_create(&run, network, GAN_INFERENCE, 2));
    ok(gan_run_forward(run, x));
    gan_tensor *y = gan_tensor_retain(gan_run_output(run, 0));
    float before = gan_tensor_floats(y)[0];
    gan_run_free(&run);
    gan_network_free(&network);
    gan_tensor_free(&x);
    ck_assert(gan_tensor_floats(y)[0] == before);
    gan_tensor_free(&y);
}
END_TEST

/* Runs of one network, in as many threads of the caller's, on a context with two workers: each gives what it gives
 * alone. */
#define CALLERS 4

struct caller {
    gan_run *run;
    gan_tensor *x;
    float expected;
    bool same;
};

static void *infer_often(void *argument)
{
    struct caller *caller = argument;
    caller->same = true;
    for (int i = 0; i < 50; i++) {
        if (gan_run_forward(caller->run, caller->x) != GAN_OK) caller->same = false;
        if (gan_tensor_floats(gan_run_output(caller->run, 0))[0] != caller->expected) caller->same = false;
    }
    return NULL;
}

START_TEST(inference_in_several_threads)
{
    gan_context_free(&context);
    context = new_context(2, GAN_KERNELS_AUTO);
    gan_network *network = small_network();
    struct caller callers[CALLERS];
    pthread_t threads[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        ok(gan_run_create(&callers[i].run, network, GAN_INFERENCE, 40));
        callers[i].x = new_tensor(context, GAN_SHAPE(40, 8, 8, 3));
        fill_normal(context, callers[i].x, (uint64_t)i);
        ok(gan_run_forward(callers[i].run, callers[i].x));
        callers[i].expected = gan_tensor_floats(gan_run_output(callers[i].run, 0))[0];
    }
    for (int i = 0; i < CALLERS; i++) ck_assert(pthread_create(&threads[i], NULL, infer_often, &callers[i]) == 0);
    for (int i = 0; i < CALLERS; i++) {
        ck_assert(pthread_join(threads[i], NULL) == 0);
        ck_assert_msg(callers[i].same, "thread %d got another result", i);
        gan_tensor_free(&callers[i].x);
        gan_run_free(&callers[i].run);
    }
    gan_network_free(&network);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runs");
    TCase *tests = tcase_create("runs");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, dead_layers_do_not_run);
    tcase_add_test(tests, outputs_are_no_inputs);
    tcase_add_test(tests, tangent_misuse);
    tcase_add_test(tests, run_misuse);
    tcase_add_test(tests, inputs_of_different_batches);
    tcase_add_test(tests, retained_output_outlives_its_run);
    tcase_add_test(tests, inference_in_several_threads);
    return run_suite(suite);
}
