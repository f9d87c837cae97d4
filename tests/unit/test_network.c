/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Built networks: names, initial values, the summary, running averages; and runs. */

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

START_TEST(names)
{
    static const char *const parameters[] = {"conv0.weight", "conv0.bias", "bn0.gamma", "bn0.beta", "last.weight"};
    static const char *const buffers[] = {"bn0.running_mean", "bn0.running_variance", "bn0.batches"};
    gan_network *network = small_network();
    ck_assert_int_eq(gan_network_parameter_count(network), 5);
    ck_assert_int_eq(gan_network_buffer_count(network), 3);
    for (int i = 0; i < 5; i++) {
        ck_assert_str_eq(gan_network_parameter_name(network, i), parameters[i]);
        ck_assert_ptr_eq(gan_network_find(network, parameters[i]), gan_network_parameter(network, i));
        ck_assert_ptr_null(gan_network_gradient(network, i)); /* no training run yet */
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(gan_network_buffer_name(network, i), buffers[i]);
        ck_assert_ptr_eq(gan_network_find(network, buffers[i]), gan_network_buffer(network, i));
    }
    ck_assert_ptr_null(gan_network_find(network, "conv1.weight"));
    ck_assert_ptr_null(gan_network_find(network, NULL));
    ck_assert_ptr_null(gan_network_find(NULL, "conv0.weight"));
    for (int i = -1; i < 9; i += 9) {
        ck_assert_ptr_null(gan_network_parameter(network, i));
        ck_assert_ptr_null(gan_network_parameter_name(network, i));
        ck_assert_ptr_null(gan_network_buffer(network, i));
        ck_assert_ptr_null(gan_network_buffer_name(network, i));
        ck_assert_ptr_null(gan_network_gradient(network, i));
    }
    ck_assert_int_eq(gan_network_parameter_count(NULL), 0);
    ck_assert_int_eq(gan_network_buffer_count(NULL), 0);
    gan_network_free(&network);
}
END_TEST

START_TEST(a_taken_name_is_passed_over)
{
    gan_network *network = new_network(NULL);
    gan_node *x = gan_relu(gan_input(network, 3), .name = "tanh0");
    x = gan_tanh(x);
    ck_assert_str_eq(gan_node_name(x), "tanh1");
    gan_network_free(&network);
}
END_TEST

/* A weight [40, 60] by each initializer: mean, deviation and bound, within five deviations of chance. */
START_TEST(initializers)
{
    static const struct {
        gan_initializer initializer;
        double mean, deviation, bound;
    } cases[] = {
        {{0}, 0, 0.141421356, 0.24494898}, /* the default: Glorot uniform, sqrt(6 / 100) */
        {{GAN_INITIALIZER_NORMAL, 0.02f, 0}, 0, 0.02, 1},
        {{GAN_INITIALIZER_NORMAL, 0, 0}, 0, 0.05, 1},
        {{GAN_INITIALIZER_NORMAL, GAN_ZERO, 3}, 3, 0, 3},
        {{GAN_INITIALIZER_UNIFORM, 0.3f, 1}, 1, 0.173205081, 1.3},
        {{GAN_INITIALIZER_ZEROS, 0, 0}, 0, 0, 0},
        {{GAN_INITIALIZER_ONES, 0, 0}, 1, 0, 1},
        {{GAN_INITIALIZER_GLOROT_UNIFORM, 2, 0}, 0, 0.282842712, 0.48989795},
        {{GAN_INITIALIZER_GLOROT_NORMAL, 0, 0}, 0, 0.141421356, 9},
        {{GAN_INITIALIZER_HE_UNIFORM, 0, 0}, 0, 0.223606798, 0.38729834},
        {{GAN_INITIALIZER_HE_NORMAL, 0, 0}, 0, 0.223606798, 9},
        {{GAN_INITIALIZER_ORTHOGONAL, 0, 0}, 0, 0.129099445, 9}, /* 40 unit vectors of 60 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gan_network *network = new_network(NULL);
        ok(gan_network_output(network,
                              gan_linear(gan_input(network, 40), .units = 60, .weights = cases[i].initializer)));
        ok(gan_network_build(network));
        const float *w = gan_tensor_floats(gan_network_find(network, "linear0.weight"));
        double sum = 0, squares = 0;
        for (int k = 0; k < 2400; k++) {
            sum += w[k] / 2400;
            squares += (w[k] - cases[i].mean) * (w[k] - cases[i].mean) / 2400;
            ck_assert_msg(fabs(w[k]) <= cases[i].bound * 1.000001, "case %zu: %g", i, w[k]);
        }
        ck_assert_double_eq_tol(sum, cases[i].mean, 5 * cases[i].deviation / sqrt(2400) + 1e-6);
        ck_assert_double_eq_tol(sqrt(squares), cases[i].deviation, 5 * cases[i].deviation / sqrt(2 * 2400) + 1e-6);
        gan_network_free(&network);
    }
}
END_TEST

START_TEST(orthogonal_is_orthogonal)
{
    for (int units = 5; units <= 27; units += 22) { /* more rows than columns, and fewer */
        gan_network *network = new_network(gan_network_options(.weights = {GAN_INITIALIZER_ORTHOGONAL, 3, 0}));
        ok(gan_network_output(network, gan_linear(gan_input(network, 12), .units = units)));
        ok(gan_network_build(network));
        const float *w = gan_tensor_floats(gan_network_find(network, "linear0.weight"));
        int shorter = units < 12 ? units : 12, longer = units < 12 ? 12 : units;
        for (int a = 0; a < shorter; a++)
            for (int b = 0; b <= a; b++) {
                double dot = 0;
                for (int i = 0; i < longer; i++)
                    dot += units < 12 ? (double)w[i * units + a] * w[i * units + b]
                                      : (double)w[a * units + i] * w[b * units + i];
                ck_assert_double_eq_tol(dot, a == b ? 9 : 0, 1e-5);
            }
        gan_network_free(&network);
    }
}
END_TEST

START_TEST(convolutions_count_their_fans)
{
    gan_network *network = new_network(gan_network_options(.weights = {.kind = GAN_INITIALIZER_HE_UNIFORM}));
    gan_node *x = gan_conv2d(gan_input(network, 8, 8, 6), .filters = 20, .kernel = 3);
    ok(gan_network_output(network, gan_conv2d_transpose(x, .filters = 9, .kernel = 2)));
    ok(gan_network_build(network));
    const gan_tensor *conv = gan_network_find(network, "conv0.weight"),
                     *deconv = gan_network_find(network, "deconv0.weight");
    float conv_bound = sqrtf(6.0f / (9 * 6)), deconv_bound = sqrtf(6.0f / (4 * 20));
    float conv_most = largest(gan_tensor_floats(conv), gan_tensor_count(conv));
    float deconv_most = largest(gan_tensor_floats(deconv), gan_tensor_count(deconv));
    ck_assert(conv_most <= conv_bound * 1.000001f && conv_most > 0.98f * conv_bound);
    ck_assert(deconv_most <= deconv_bound * 1.000001f && deconv_most > 0.98f * deconv_bound);
    ck_assert(largest(gan_tensor_floats(gan_network_find(network, "conv0.bias")), 20) == 0);
    gan_network_free(&network);
}
END_TEST

/* A bias has the fans of its layer's weight. */
START_TEST(biases_have_fans)
{
    static const struct {
        int kind;
        double conv, linear; /* bounds: fans 3*3*6 and 3*3*500, 500 and 600 */
    } cases[] = {{GAN_INITIALIZER_HE_UNIFORM, 0.33333333, 0.10954451},
                 {GAN_INITIALIZER_GLOROT_UNIFORM, 0.03629788, 0.07385489}};
    for (int i = 0; i < 2; i++) {
        gan_initializer biases = {.kind = cases[i].kind};
        gan_network *network = new_network(NULL);
        gan_node *x = gan_conv2d(gan_input(network, 3, 3, 6), .filters = 500, .kernel = 3, .biases = biases);
        ok(gan_network_output(network, gan_linear(x, .units = 600, .biases = biases)));
        ok(gan_network_build(network));
        double conv_most = largest(gan_tensor_floats(gan_network_find(network, "conv0.bias")), 500);
        double linear_most = largest(gan_tensor_floats(gan_network_find(network, "linear0.bias")), 600);
        ck_assert(conv_most <= cases[i].conv * 1.000001 && conv_most > 0.98 * cases[i].conv);
        ck_assert(linear_most <= cases[i].linear * 1.000001 && linear_most > 0.98 * cases[i].linear);
        gan_network_free(&network);
    }
}
END_TEST

/* Two layers of one kind, and of one size. */
static gan_network *twins(gan_context *owner)
{
    gan_network *network;
    ok(gan_network_create(&network, owner, NULL));
    ok(gan_network_output(network, gan_linear(gan_linear(gan_input(network, 9), .units = 9), .units = 9)));
    ok(gan_network_build(network));
    return network;
}

static bool same_weights(const gan_tensor *a, const gan_tensor *b)
{
    ck_assert_int_eq(gan_tensor_bytes(a), 9 * 9 * sizeof(float));
    ck_assert_int_eq(gan_tensor_bytes(b), 9 * 9 * sizeof(float));
    return memcmp(gan_tensor_data(a), gan_tensor_data(b), gan_tensor_bytes(a)) == 0;
}

/* The same program gets the same weights; another network, another layer or another seed others. */
START_TEST(weights_have_places_of_their_own)
{
    gan_context *again = new_context(1, GAN_KERNELS_AUTO), *other;
    ok(gan_context_create(&other, gan_context_options(.seed = 43)));
    gan_network *networks[] = {twins(context), twins(context), twins(again), twins(other)};
    const gan_tensor *first = gan_network_find(networks[0], "linear0.weight");
    ck_assert(!same_weights(first, gan_network_find(networks[0], "linear1.weight")));
    ck_assert(!same_weights(first, gan_network_find(networks[1], "linear0.weight")));
    ck_assert(same_weights(first, gan_network_find(networks[2], "linear0.weight")));
    ck_assert(!same_weights(first, gan_network_find(networks[3], "linear0.weight")));
    for (int i = 0; i < 4; i++) gan_network_free(&networks[i]);
    gan_context_free(&again);
    gan_context_free(&other);
}
END_TEST

/* Columns stay columns with the longest name: numbers end in one place. */
START_TEST(summary_of_long_names)
{
    static const char *const given[] = {NULL, "a_name_of_sixty_three_letters_the_longest_that_a_layer_may_have"};
    for (int i = 0; i < 2; i++) {
        char text[4000];
        gan_network *network = new_network(NULL);
        gan_node *x = gan_linear(gan_input(network, 3), .units = 7000, .name = given[i]);
        ok(gan_network_output(network, gan_linear(x, .units = 1)));
        ok(gan_network_build(network));
        ok(gan_network_summary(network, text, sizeof text, NULL));
        size_t end[3];
        static const char *const flops[] = {"FLOPs ", "42,000 ", "14,000 "};
        for (int k = 0; k < 3; k++) {
            const char *at = strstr(text, flops[k]), *line = at;
            ck_assert_msg(at != NULL, "no \"%s\" in\n%s", flops[k], text);
            while (line > text && line[-1] != '\n') line--;
            end[k] = (size_t)(at - line) + strlen(flops[k]);
        }
        ck_assert_msg(end[0] == end[1] && end[1] == end[2], "%s", text);
        gan_network_free(&network);
    }
}
END_TEST

START_TEST(summary)
{
    gan_network *network = small_network();
    size_t length, again;
    ok(gan_network_summary(network, NULL, 0, &length));
    char *text = malloc(length + 1), part[20];
    ok(gan_network_summary(network, text, length + 1, &again));
    ck_assert_int_eq(again, length);
    ck_assert_int_eq(strlen(text), length);
    static const char *const lines[] = {
        "small",
        "conv0 (conv2d)",
        "[N,6,6,4]",
        "112",   /* 3*3*3*4 + 4 */
        "7,776", /* 2 * 36 * 27 * 4 */
        "last (conv2d)",
        "[N,1,1,1]",
        "144",
        "8,064", /* all: 7776 + 2 * 144 */
        "bn0 (batch_norm)",
        "264", /* all parameters */
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        ck_assert_msg(strstr(text, lines[i]) != NULL, "no \"%s\" in\n%s", lines[i], text);
    ok(gan_network_summary(network, part, sizeof part, &again));
    ck_assert_int_eq(again, length);
    ck_assert(strlen(part) == sizeof part - 1 && strncmp(part, text, sizeof part - 1) == 0);
    ck_assert_int_eq(gan_network_flops(network), 8064);
    ck_assert_int_eq(gan_network_flops(NULL), 0);
    fails(GAN_ERROR_INVALID_ARGUMENT, "text is NULL", gan_network_summary(network, NULL, 5, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "network is NULL", gan_network_summary(NULL, NULL, 0, NULL));
    free(text);
    gan_network_free(&network);
    network = new_network(NULL);
    fails(GAN_ERROR_STATE, "not built", gan_network_summary(network, NULL, 0, NULL));
    ck_assert_int_eq(gan_network_flops(network), 0);
    gan_network_free(&network);
}
END_TEST

/* Batch norm on two batches of one channel: the first average is the first batch's statistics, then the mean of both,
 * and from the momentum's length on an exponential average. Inference uses them. */
START_TEST(running_averages)
{
    gan_network *network = new_network(NULL);
    ok(gan_network_output(network, gan_batch_norm(gan_input(network, 1), .momentum = 0.6f, .epsilon = 1)));
    ok(gan_network_build(network));
    gan_run *run, *inference;
    ok(gan_run_create(&run, network, GAN_TRAINING, 4));
    ok(gan_run_create(&inference, network, GAN_INFERENCE, 4));
    gan_tensor *x = new_tensor(context, GAN_SHAPE(4, 1));
    static const float batches[3][4] = {{1, 2, 3, 6}, {0, 0, 4, 4}, {10, 10, 10, 10}};
    /* means 3, 2, 10; variances 3.5, 4, 0; weights of the past 0, 1/2, 0.6 */
    static const float means[] = {3, 2.5f, 5.5f}, variances[] = {3.5f, 3.75f, 2.25f};
    for (int i = 0; i < 3; i++) {
        memcpy(gan_tensor_floats(x), batches[i], sizeof batches[i]);
        ok(gan_run_forward(run, x));
        ck_assert_float_eq_tol(gan_tensor_floats(gan_network_find(network, "bn0.running_mean"))[0], means[i], 1e-6f);
        ck_assert_float_eq_tol(gan_tensor_floats(gan_network_find(network, "bn0.running_variance"))[0], variances[i],
                               1e-6f);
        ok(gan_run_forward(inference, x));
        float expected = (batches[i][1] - means[i]) / sqrtf(variances[i] + 1);
        ck_assert_float_eq_tol(gan_tensor_floats(gan_run_output(inference, 0))[1], expected, 1e-6f);
    }
    gan_tensor_free(&x);
    gan_run_free(&run);
    gan_run_free(&inference);
    gan_network_free(&network);
}
END_TEST

/* Batches are counted up to 2^24, from where a float counts no further; averages move on. */
START_TEST(batches_are_counted_to_the_end)
{
    gan_network *network = new_network(NULL);
    ok(gan_network_output(network, gan_batch_norm(gan_input(network, 1), .momentum = 0.5f)));
    ok(gan_network_build(network));
    gan_run *run;
    ok(gan_run_create(&run, network, GAN_TRAINING, 2));
    gan_tensor *x = new_tensor(context, GAN_SHAPE(2, 1));
    float *batches = gan_tensor_floats(gan_network_find(network, "bn0.batches"));
    float *mean = gan_tensor_floats(gan_network_find(network, "bn0.running_mean"));
    *batches = 0x1p24f - 2;
    gan_tensor_floats(x)[0] = gan_tensor_floats(x)[1] = 1;
    for (int i = 0; i < 4; i++) {
        ok(gan_run_forward(run, x));
        ck_assert_float_eq(*batches, i == 0 ? 0x1p24f - 1 : 0x1p24f);
        ck_assert_float_eq(*mean, 1 - ldexpf(1, -1 - i));
    }
    gan_tensor_free(&x);
    gan_run_free(&run);
    gan_network_free(&network);
}
END_TEST

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
    Suite *suite = suite_create("network");
    TCase *tests = tcase_create("networks and runs");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, names);
    tcase_add_test(tests, a_taken_name_is_passed_over);
    tcase_add_test(tests, initializers);
    tcase_add_test(tests, orthogonal_is_orthogonal);
    tcase_add_test(tests, convolutions_count_their_fans);
    tcase_add_test(tests, biases_have_fans);
    tcase_add_test(tests, weights_have_places_of_their_own);
    tcase_add_test(tests, summary);
    tcase_add_test(tests, summary_of_long_names);
    tcase_add_test(tests, running_averages);
    tcase_add_test(tests, batches_are_counted_to_the_end);
    tcase_add_test(tests, dead_layers_do_not_run);
    tcase_add_test(tests, outputs_are_no_inputs);
    tcase_add_test(tests, tangent_misuse);
    tcase_add_test(tests, run_misuse);
    tcase_add_test(tests, inputs_of_different_batches);
    tcase_add_test(tests, retained_output_outlives_its_run);
    tcase_add_test(tests, inference_in_several_threads);
    return run_suite(suite);
}
