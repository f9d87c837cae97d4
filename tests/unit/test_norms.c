/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <string.h>

/* What layers of gan/norm.h and gan/batch_discrimination.h refuse, how their parameters begin, and what
 * gan_conditional_batch_norm() is made of. */

static gan_context *context;
static gan_network *network;

static void setup(void)
{
    context = new_context(1, GAN_KERNELS_AUTO);
    ok(gan_network_create(&network, context, NULL));
}

static void teardown(void)
{
    gan_network_free(&network);
    gan_context_free(&context);
}

static gan_node *image(void)
{
    return gan_input(network, 2, 3, 6);
}
static gan_node *vector(int64_t size)
{
    return gan_input(network, size);
}

static gan_node *no_groups(void)
{
    return gan_group_norm(image());
}
static gan_node *indivisible_groups(void)
{
    return gan_group_norm(image(), .groups = 4);
}
static gan_node *many_groups(void)
{
    return gan_group_norm(image(), .groups = 7);
}
static gan_node *group_of_one(void)
{
    return gan_group_norm(vector(6), .groups = 6);
}
static gan_node *instance_of_one(void)
{
    return gan_instance_norm(vector(6));
}
static gan_node *one_channel(void)
{
    return gan_layer_norm(gan_input(network, 4, 4, 1), .last_dimension = true);
}
static gan_node *zero_epsilon(void)
{
    return gan_layer_norm(image(), .epsilon = GAN_ZERO);
}
static gan_node *negative_epsilon(void)
{
    return gan_pixel_norm(image(), .epsilon = -1);
}
static gan_node *no_condition(void)
{
    return gan_film(image());
}
static gan_node *image_as_condition(void)
{
    return gan_film(image(), .condition = image());
}
static gan_node *film_of_unknown_kind(void)
{
    return gan_film(image(), .condition = vector(4), .gamma = {.kind = 99});
}
static gan_node *conditional_epsilon(void)
{
    return gan_conditional_batch_norm(image(), .condition = vector(4), .epsilon = -1);
}
static gan_node *conditional_without(void)
{
    return gan_conditional_batch_norm(image());
}
static gan_node *conditional_of_bad_size(void)
{
    return gan_conditional_batch_norm_layer(
        &(gan_conditional_batch_norm_options){.size = 100000, .input = image(), .condition = vector(4)});
}

static gan_node *image_to_compare(void)
{
    return gan_minibatch_discrimination(image());
}
static gan_node *negative_kernels(void)
{
    return gan_minibatch_discrimination(vector(6), .kernels = -1);
}
static gan_node *many_dims(void)
{
    return gan_minibatch_discrimination(vector(6), .dims = 1 << 16);
}
static gan_node *huge_comparison(void)
{
    return gan_minibatch_discrimination(vector((int64_t)1 << 40), .kernels = 1 << 15, .dims = 1 << 15);
}
static gan_node *negative_group(void)
{
    return gan_minibatch_stddev(image(), .group_size = -4);
}
static gan_node *indivisible_features(void)
{
    return gan_minibatch_stddev(image(), .features = 4);
}

static const struct {
    gan_node *(*call)(void);
    gan_status status;
    const char *text;
} refusals[] = {
    {no_groups, GAN_ERROR_INVALID_ARGUMENT, "gn0.groups is required"},
    {indivisible_groups, GAN_ERROR_SHAPE, "groups is 4; it must divide the 6 channels"},
    {many_groups, GAN_ERROR_SHAPE, "groups is 7"},
    {group_of_one, GAN_ERROR_SHAPE, "at least 2"},
    {instance_of_one, GAN_ERROR_SHAPE, "at least 2"},
    {one_channel, GAN_ERROR_SHAPE, "at least 2"},
    {zero_epsilon, GAN_ERROR_INVALID_ARGUMENT, "ln0.epsilon"},
    {negative_epsilon, GAN_ERROR_INVALID_ARGUMENT, "pn0.epsilon is -1"},
    {no_condition, GAN_ERROR_INVALID_ARGUMENT, "film: input 1 is NULL"},
    {image_as_condition, GAN_ERROR_SHAPE, "the condition is [2,3,6]"},
    {film_of_unknown_kind, GAN_ERROR_INVALID_ARGUMENT, "film0.gamma.kind is 99"},
    {conditional_epsilon, GAN_ERROR_INVALID_ARGUMENT, "bn0.epsilon is -1"},
    {conditional_without, GAN_ERROR_INVALID_ARGUMENT, "film: input 1 is NULL"},
    {conditional_of_bad_size, GAN_ERROR_INVALID_ARGUMENT, "size is 100000"},
    {image_to_compare, GAN_ERROR_SHAPE, "the input is [2,3,6]"},
    {negative_kernels, GAN_ERROR_INVALID_ARGUMENT, "mbd0.kernels is -1"},
    {many_dims, GAN_ERROR_INVALID_ARGUMENT, "mbd0.dims is 65536"},
    {huge_comparison, GAN_ERROR_SHAPE, "too many elements"},
    {negative_group, GAN_ERROR_INVALID_ARGUMENT, "mbstd0.group_size is -4"},
    {indivisible_features, GAN_ERROR_SHAPE, "features is 4; it must divide the 6 channels"},
};

START_TEST(refusal)
{
    gan_node *node = refusals[_i].call();
    ck_assert_msg(node == NULL, "nothing was refused; should be \"%s\"", refusals[_i].text);
    ck_assert_msg(strstr(gan_last_error(), refusals[_i].text), "\"%s\" should say \"%s\"", gan_last_error(),
                  refusals[_i].text);
    gan_network_output(network, gan_relu(node));
    fails(refusals[_i].status, refusals[_i].text, gan_network_build(network));
}
END_TEST

static void check_all(const char *name, float expected)
{
    const gan_tensor *tensor = gan_network_find(network, name);
    ck_assert_msg(tensor != NULL, "there is no %s", name);
    for (int64_t i = 0; i < gan_tensor_count(tensor); i++) ck_assert(gan_tensor_floats(tensor)[i] == expected);
}

/* A group of the largest and of the smallest size that there can be, and no parameters where there are to be none. */
START_TEST(parameters)
{
    gan_node *x = image();
    x = gan_layer_norm(gan_instance_norm(gan_group_norm(gan_group_norm(x, .groups = 1), .groups = 6)));
    x = gan_layer_norm(x, .no_affine = true, .last_dimension = true);
    x = gan_batch_norm(gan_pixel_norm(gan_group_norm(x, .groups = 2, .no_affine = true)), .no_affine = true);
    ok(gan_network_output(network, gan_instance_norm(x, .no_affine = true)));
    ok(gan_network_build(network));
    ck_assert_int_eq(gan_network_parameter_count(network), 8);
    check_all("gn0.gamma", 1);
    check_all("gn1.beta", 0);
    check_all("in0.gamma", 1);
    check_all("ln0.beta", 0);
}
END_TEST

START_TEST(conditional_batch_norm)
{
    gan_node *y = vector(5), *x = gan_conditional_batch_norm(image(), .condition = y);
    x = gan_conditional_batch_norm(x, .condition = y, .name = "second", .spectral_norm = true);
    ck_assert_str_eq(gan_node_name(x), "second");
    ok(gan_network_output(network, x));
    ok(gan_network_build(network));
    ck_assert_int_eq(gan_network_parameter_count(network), 4);
    check_all("film0.gamma", 0);
    check_all("film0.beta", 0);
    const gan_tensor *gamma = gan_network_find(network, "second.gamma");
    ck_assert_int_eq(gan_tensor_dimension(gamma, 0), 5);
    ck_assert_int_eq(gan_tensor_dimension(gamma, 1), 6);
    ck_assert(largest(gan_tensor_floats(gamma), 30) > 0);
    ck_assert_ptr_nonnull(gan_network_find(network, "bn0.running_mean"));
    ck_assert_ptr_nonnull(gan_network_find(network, "second_bn.running_variance"));
    ck_assert_int_eq(gan_tensor_count(gan_network_find(network, "second.gamma_u")), 6);
    ck_assert_int_eq(gan_tensor_count(gan_network_find(network, "second.beta_u")), 6);
}
END_TEST

/* Samples that are all the same: each is as close as can be to every one, and nothing deviates. */
START_TEST(equal_samples)
{
    gan_node *x = gan_input(network, 3);
    ok(gan_network_output(network, gan_minibatch_discrimination(x, .kernels = 7)));
    ok(gan_network_output(network, gan_minibatch_stddev(x)));
    ok(gan_network_build(network));
    gan_tensor *samples = new_tensor(context, GAN_SHAPE(5, 3));
    gan_run *run;
    for (int i = 0; i < 15; i++) gan_tensor_floats(samples)[i] = 0.1f * (float)(i % 3) - 0.7f;
    ok(gan_run_create(&run, network, GAN_TRAINING, 5));
    ok(gan_run_forward(run, samples));
    const float *closeness = gan_tensor_floats(gan_run_output(run, 0));
    const float *deviation = gan_tensor_floats(gan_run_output(run, 1));
    for (int n = 0; n < 5; n++) {
        for (int b = 0; b < 7; b++) ck_assert_float_eq_tol(closeness[n * 10 + 3 + b], 5, 1e-4f);
        ck_assert_float_eq_tol(deviation[n * 4 + 3], 1e-4f, 1e-8f);
    }
    gan_run_free(&run);
    gan_tensor_free(&samples);
}
END_TEST

START_TEST(nothing_at_all)
{
    ck_assert_ptr_null(gan_conditional_batch_norm_layer(NULL));
    ck_assert_ptr_null(gan_conditional_batch_norm(NULL, .condition = NULL));
    ck_assert_ptr_null(gan_film_layer(NULL));
    ck_assert_ptr_null(gan_film(NULL, .condition = vector(3)));
    ck_assert_ptr_null(gan_group_norm(NULL, .groups = 1));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("norms");
    TCase *tests = tcase_create("norms");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, refusal, 0, (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_test(tests, parameters);
    tcase_add_test(tests, conditional_batch_norm);
    tcase_add_test(tests, equal_samples);
    tcase_add_test(tests, nothing_at_all);
    return run_suite(suite);
}
