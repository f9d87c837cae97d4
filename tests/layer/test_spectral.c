/* SPDX-License-Identifier: BSD-2-Clause */
#include "gradients.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Spectral normalization of weights. What it computes is held to PyTorch in tests/golden/spectral.c; here is what no
 * golden file can show. */

#define SAME .padding = GAN_PADDING_SAME

static gan_node *conv(gan_node *x)
{
    return gan_conv2d(x, .filters = 5, .kernel = 3, SAME, .spectral_norm = true);
}

static gan_node *deconv(gan_node *x)
{
    return gan_conv2d_transpose(x, .filters = 4, .kernel = 3, .stride = 2, SAME, .spectral_norm = true);
}

static gan_node *deconv_of_one_channel(gan_node *x)
{
    return gan_conv2d_transpose(gan_conv2d(x, .filters = 1, .kernel = 1, .spectral_norm = true), .filters = 3,
                                .kernel = 2, .spectral_norm = true);
}

static gan_node *linear(gan_node *x)
{
    return gan_linear(gan_flatten(x), .units = 300, .spectral_norm = true); /* several parts */
}

static gan_node *one_unit(gan_node *x)
{
    return gan_linear(gan_flatten(x), .units = 1, .no_bias = true, .spectral_norm = true);
}

static gan_node *film(gan_node *x)
{
    gan_node *condition = gan_linear(gan_flatten(x), .units = 4);
    return gan_film(x, .condition = condition, .spectral_norm = true); /* two normalized parameters */
}

static gan_node *several(gan_node *x)
{
    return one_unit(gan_tanh(deconv(gan_tanh(conv(x)))));
}

static gan_node *(*const builders[])(gan_node *) = {conv, deconv, deconv_of_one_channel, linear, one_unit,
                                                    film, several};

#define BUILDERS ((int)(sizeof builders / sizeof builders[0]))

static subject subject_of(int index, int threads, gan_kernel_set set, int64_t batch)
{
    gan_context *context = new_context(threads, set);
    gan_network *network;
    ok(gan_network_create(&network, context, NULL));
    ok(gan_network_output(network, builders[index](gan_input(network, 5, 4, 3))));
    ok(gan_network_build(network));
    subject s = new_subject(context, network, batch);
    gan_context_free(&context);
    return s;
}

START_TEST(gradients_agree_with_differences)
{
    subject s = subject_of(_i % BUILDERS, 1, kernel_set(_i / BUILDERS), 3);
    ok(gan_check_network(s.network, NULL));
    free_subject(&s);
}
END_TEST

START_TEST(threads_do_not_change_a_bit)
{
    uint64_t expected = 0;
    for (int threads = 1; threads <= 3; threads++) {
        subject s = subject_of(_i % BUILDERS, threads, kernel_set(_i / BUILDERS), 50);
        uint64_t found = fingerprint(&s);
        use_tangents(&s);
        found = found * 31 + second_fingerprint(&s);
        if (threads == 1) expected = found;
        ck_assert_msg(found == expected, "%d threads give other bits", threads);
        free_subject(&s);
    }
}
END_TEST

static float *copy_of(const gan_tensor *tensor)
{
    float *copy = malloc(gan_tensor_bytes(tensor));
    ck_assert(copy != NULL);
    memcpy(copy, gan_tensor_floats(tensor), gan_tensor_bytes(tensor));
    return copy;
}

static bool same_bits(const gan_tensor *tensor, const float *numbers)
{
    return memcmp(gan_tensor_data(tensor), numbers, gan_tensor_bytes(tensor)) == 0;
}

/* Backward passes after one forward pass; what is not wanted is left alone. */
START_TEST(wants)
{
    subject s = subject_of(_i, 2, GAN_KERNELS_AUTO, 3);
    float *inputs, *parameters[16];
    int count = gan_network_parameter_count(s.network);
    backward(&s, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS);
    inputs = copy_of(gan_run_input_gradient(s.run, 0));
    for (int i = 0; i < count; i++) parameters[i] = copy_of(gan_network_gradient(s.network, i));
    ok(gan_network_zero_gradients(s.network));
    ok(gan_run_backward(s.run, NULL, GAN_WANT_INPUTS));
    ck_assert(same_bits(gan_run_input_gradient(s.run, 0), inputs));
    for (int i = 0; i < count; i++) {
        const gan_tensor *gradient = gan_network_gradient(s.network, i);
        ck_assert(largest(gan_tensor_floats(gradient), gan_tensor_count(gradient)) == 0);
    }
    ok(gan_run_backward(s.run, NULL, GAN_WANT_PARAMETERS));
    for (int i = 0; i < count; i++) ck_assert(same_bits(gan_network_gradient(s.network, i), parameters[i]));
    for (int i = 0; i < count; i++) free(parameters[i]);
    free(inputs);
    free_subject(&s);
}
END_TEST

/* A forward pass of another run moves u, and a run that is under way goes on with its own. */
START_TEST(runs_do_not_disturb_each_other)
{
    subject alone = subject_of(_i, 1, GAN_KERNELS_AUTO, 3), s = subject_of(_i, 1, GAN_KERNELS_AUTO, 3);
    gan_tensor *u = gan_network_buffer(s.network, 0);
    gan_run *other;
    backward(&alone, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS);
    ok(gan_run_create(&other, s.network, GAN_TRAINING, 3));
    forward(&s);
    float *before = copy_of(u);
    ok(gan_run_forward(other, s.input[0]));
    ck_assert(gan_tensor_count(u) == 1 || !same_bits(u, before));
    ok(gan_tensor_copy(gan_run_output_gradient(s.run, 0), s.r[0]));
    ok(gan_run_backward(s.run, NULL, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS));
    ck_assert(same_bits(gan_run_input_gradient(s.run, 0), gan_tensor_floats(gan_run_input_gradient(alone.run, 0))));
    for (int i = 0; i < gan_network_parameter_count(s.network); i++)
        ck_assert(
            same_bits(gan_network_gradient(s.network, i), gan_tensor_floats(gan_network_gradient(alone.network, i))));
    free(before);
    gan_run_free(&other);
    free_subject(&s);
    free_subject(&alone);
}
END_TEST

struct client {
    pthread_t thread;
    gan_run *run;
    const gan_tensor *input;
    const float *expected;
    bool same;
};

static void *serve(void *argument)
{
    struct client *client = argument;
    client->same = true;
    for (int i = 0; i < 50; i++)
        client->same = client->same && gan_run_forward(client->run, client->input) == GAN_OK &&
                       same_bits(gan_run_output(client->run, 0), client->expected);
    return NULL;
}

/* Each has its own normalized weights, and leaves u where it is. */
START_TEST(inference_runs_in_several_threads)
{
    subject s = subject_of(_i, 1, GAN_KERNELS_AUTO, 3);
    struct client clients[3];
    gan_tensor *u = gan_network_buffer(s.network, 0);
    float *before = copy_of(u), *expected = NULL;
    for (int i = 0; i < 3; i++) {
        ok(gan_run_create(&clients[i].run, s.network, GAN_INFERENCE, 3));
        ok(gan_run_forward(clients[i].run, s.input[0]));
        if (i == 0) expected = copy_of(gan_run_output(clients[0].run, 0));
        clients[i].input = s.input[0];
        clients[i].expected = expected;
    }
    for (int i = 0; i < 3; i++) ck_assert(pthread_create(&clients[i].thread, NULL, serve, &clients[i]) == 0);
    for (int i = 0; i < 3; i++) {
        ck_assert(pthread_join(clients[i].thread, NULL) == 0);
        ck_assert(clients[i].same);
        gan_run_free(&clients[i].run);
    }
    ck_assert(same_bits(u, before));
    free(before);
    free(expected);
    free_subject(&s);
}
END_TEST

/* u begins as a vector of length 1 of its own, which does not move other numbers. */
START_TEST(first_u)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_network *networks[2];
    for (int k = 0; k < 2; k++) {
        gan_context_free(&context);
        context = new_context(1, GAN_KERNELS_AUTO);
        gan_initializer weights = {.kind = GAN_INITIALIZER_NORMAL};
        ok(gan_network_create(&networks[k], context, gan_network_options(.weights = weights)));
        gan_node *x = gan_input(networks[k], 7);
        x = gan_linear(gan_linear(x, .units = 9, .spectral_norm = k), .units = 9, .spectral_norm = k);
        ok(gan_network_output(networks[k], x));
        ok(gan_network_build(networks[k]));
    }
    for (int i = 0; i < gan_network_parameter_count(networks[0]); i++)
        ck_assert(
            same_bits(gan_network_parameter(networks[0], i), gan_tensor_floats(gan_network_parameter(networks[1], i))));
    ck_assert_int_eq(gan_network_buffer_count(networks[0]), 0);
    ck_assert_int_eq(gan_network_buffer_count(networks[1]), 2);
    const gan_tensor *a = gan_network_find(networks[1], "linear0.u"), *b = gan_network_find(networks[1], "linear1.u");
    double squares = 0;
    for (int i = 0; i < 9; i++) squares += gan_tensor_floats(a)[i] * gan_tensor_floats(a)[i];
    ck_assert_double_eq_tol(squares, 1, 1e-6);
    ck_assert(!same_bits(a, gan_tensor_floats(b)));
    const float *u = gan_tensor_floats(a), *w = gan_tensor_floats(gan_network_parameter(networks[1], 0));
    ck_assert(fabsf(u[0] * w[1] - u[1] * w[0]) > 1e-4f); /* other numbers than the weight's, not only another length */
    for (int k = 0; k < 2; k++) gan_network_free(&networks[k]);
    gan_context_free(&context);
}
END_TEST

/* Nothing is divided by the zero that sigma is. */
START_TEST(zeros_stay_zeros)
{
    subject s = subject_of(0, 1, GAN_KERNELS_AUTO, 3);
    gan_tensor *weight = gan_network_parameter(s.network, 0), *u = gan_network_buffer(s.network, 0);
    float *before = copy_of(u);
    memset(gan_tensor_data(weight), 0, gan_tensor_bytes(weight));
    backward(&s, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS);
    ck_assert(same_bits(u, before));
    const float *y = gan_tensor_floats(gan_run_output(s.run, 0)),
                *bias = gan_tensor_floats(gan_network_parameter(s.network, 1));
    for (int i = 0; i < 10; i++) ck_assert(y[i] == bias[i % 5]);
    const gan_tensor *gradient = gan_network_gradient(s.network, 0);
    for (int64_t i = 0; i < gan_tensor_count(gradient); i++) ck_assert(isfinite(gan_tensor_floats(gradient)[i]));
    free(before);
    free_subject(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spectral");
    TCase *tests = tcase_create("spectral normalization");
    tcase_set_timeout(tests, 0);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, gradients_agree_with_differences, 0, BUILDERS * kernel_set_count());
    tcase_add_loop_test(tests, threads_do_not_change_a_bit, 0, BUILDERS * kernel_set_count());
    tcase_add_loop_test(tests, wants, 0, BUILDERS);
    tcase_add_loop_test(tests, runs_do_not_disturb_each_other, 0, BUILDERS);
    tcase_add_loop_test(tests, inference_runs_in_several_threads, 0, BUILDERS);
    tcase_add_test(tests, first_u);
    tcase_add_test(tests, zeros_stay_zeros);
    return run_suite(suite);
}
