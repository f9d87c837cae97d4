/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Built networks: names, initial values, the summary, running averages. */

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

int main(void)
{
    Suite *suite = suite_create("network");
    TCase *tests = tcase_create("networks");
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
    return run_suite(suite);
}
