/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <math.h>
#include <string.h>

/* Layers that work element by element: what the tables of cases and the golden files do not see. Random layers in
 * training and in inference, what parameters begin with, options that are refused. */

#define BATCH    64
#define ELEMENTS (BATCH * 40 * 25)

typedef gan_node *(*builder)(gan_node *x);

static gan_node *drop(gan_node *x)
{
    return gan_dropout(x, .rate = 0.3f);
}

static gan_node *add_noise(gan_node *x)
{
    return gan_gaussian_noise(x, .deviation = 0.5f);
}

static gan_node *multiply_noise(gan_node *x)
{
    return gan_gaussian_noise(x, .deviation = 0.5f, .multiplicative = true);
}

static const builder noises[] = {drop, add_noise, multiply_noise};

/* A network of the layer twice, side by side on x, which holds numbers of 1 and above. */
typedef struct subject {
    gan_context *context;
    gan_network *network;
    gan_run *run;
    gan_tensor *x;
} subject;

static subject new_subject(builder build, gan_mode mode)
{
    subject s = {.context = new_context(2, GAN_KERNELS_AUTO)};
    ok(gan_network_create(&s.network, s.context, NULL));
    gan_node *x = gan_input(s.network, 40, 25);
    ok(gan_network_output(s.network, build(x)));
    ok(gan_network_output(s.network, build(x)));
    ok(gan_network_build(s.network));
    ok(gan_run_create(&s.run, s.network, mode, BATCH));
    s.x = new_tensor(s.context, 3, (const int64_t[]){BATCH, 40, 25});
    for (int64_t i = 0; i < ELEMENTS; i++) gan_tensor_floats(s.x)[i] = 1 + (float)(i % 7);
    return s;
}

static void free_subject(subject *s)
{
    gan_tensor_free(&s->x);
    gan_run_free(&s->run);
    gan_network_free(&s->network);
    gan_context_free(&s->context);
}

static const float *pass(subject *s, int output)
{
    ok(gan_run_forward(s->run, s->x));
    return gan_tensor_floats(gan_run_output(s->run, output));
}

START_TEST(inference_passes_on)
{
    subject s = new_subject(noises[_i], GAN_INFERENCE);
    for (int output = 0; output < 2; output++)
        ck_assert_int_eq(memcmp(pass(&s, output), gan_tensor_data(s.x), gan_tensor_bytes(s.x)), 0);
    free_subject(&s);
}
END_TEST

/* How many elements two outputs have in common. */
static int64_t in_common(const float *a, const float *b)
{
    int64_t count = 0;
    for (int64_t i = 0; i < ELEMENTS; i++) count += a[i] == b[i];
    return count;
}

/* Dropout leaves two outputs equal where both drop or both do not: 0.3^2 + 0.7^2 of the elements. */
START_TEST(each_pass_and_layer_draws_its_own)
{
    static float first[ELEMENTS];
    subject s = new_subject(noises[_i], GAN_TRAINING);
    int64_t most = noises[_i] == drop ? ELEMENTS * 6 / 10 : ELEMENTS / 1000;
    memcpy(first, pass(&s, 0), sizeof first);
    ck_assert_int_lt(in_common(first, gan_tensor_floats(gan_run_output(s.run, 1))), most);
    ck_assert_int_lt(in_common(first, pass(&s, 0)), most);
    free_subject(&s);
    s = new_subject(noises[_i], GAN_TRAINING); /* the same once more */
    ck_assert_int_eq(in_common(first, pass(&s, 0)), ELEMENTS);
    free_subject(&s);
}
END_TEST

START_TEST(dropout_drops_its_rate_and_scales_the_rest)
{
    subject s = new_subject(drop, GAN_TRAINING);
    const float *y = pass(&s, 0), *x = gan_tensor_floats(s.x);
    int64_t dropped = 0;
    for (int64_t i = 0; i < ELEMENTS; i++) {
        if (y[i] == 0)
            dropped++;
        else if (fabsf(y[i] * 0.7f - x[i]) > 2e-6f * x[i])
            ck_abort_msg("%g became %g", x[i], y[i]);
    }
    double deviation = sqrt(0.3 * 0.7 / ELEMENTS); /* of the share that is dropped */
    ck_assert_double_le(fabs((double)dropped / ELEMENTS - 0.3), 4 * deviation);
    free_subject(&s);
}
END_TEST

/* The noise, divided by what it is to be multiplied by, has the first four moments of N(0, 1). */
START_TEST(noise_is_normal)
{
    subject s = new_subject(noises[_i], GAN_TRAINING);
    const float *y = pass(&s, 0), *x = gan_tensor_floats(s.x);
    double moment[5] = {0};
    for (int64_t i = 0; i < ELEMENTS; i++) {
        double n = ((double)y[i] - x[i]) / (noises[_i] == add_noise ? 0.5 : 0.5 * x[i]), power = 1;
        for (int k = 1; k <= 4; k++) moment[k] += (power *= n) / ELEMENTS;
    }
    const double expected[5] = {0, 0, 1, 0, 3}, variance[5] = {0, 1, 2, 15, 96};
    for (int k = 1; k <= 4; k++)
        ck_assert_msg(fabs(moment[k] - expected[k]) < 4 * sqrt(variance[k] / ELEMENTS), "moment %d is %g", k,
                      moment[k]);
    free_subject(&s);
}
END_TEST

/* What drops nothing passes its input on, in training, too. */
static gan_node *drop_nothing(gan_node *x)
{
    return gan_dropout(x, .rate = GAN_ZERO);
}

static gan_node *no_noise(gan_node *x)
{
    return gan_gaussian_noise(x, .deviation = GAN_ZERO);
}

START_TEST(zero_is_nothing)
{
    subject s = new_subject(_i ? drop_nothing : no_noise, GAN_TRAINING);
    ck_assert_int_eq(in_common(pass(&s, 0), gan_tensor_floats(s.x)), ELEMENTS);
    free_subject(&s);
}
END_TEST

static gan_node *prelu(gan_node *x)
{
    return gan_prelu(x, .name = "layer");
}

static gan_node *prelu_at_0(gan_node *x)
{
    return gan_prelu(x, .name = "layer", .initial = GAN_ZERO, .shared = true);
}

static gan_node *scale(gan_node *x)
{
    return gan_scale(x, .name = "layer");
}

static gan_node *scale_channels(gan_node *x)
{
    return gan_scale(x, .name = "layer", .initial = -1e-4f, .per_channel = true);
}

static const struct {
    builder build;
    const char *parameter;
    int64_t count;
    float value;
} beginnings[] = {
    {prelu, "layer.slope", 5, 0.25f},
    {prelu_at_0, "layer.slope", 1, 0},
    {scale, "layer.gamma", 1, 0},
    {scale_channels, "layer.gamma", 5, -1e-4f},
};

START_TEST(parameters_begin_with)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_network *network;
    ok(gan_network_create(&network, context, NULL));
    ok(gan_network_output(network, beginnings[_i].build(gan_input(network, 3, 5))));
    ok(gan_network_build(network));
    gan_tensor *parameter = gan_network_find(network, beginnings[_i].parameter);
    ck_assert_int_eq(gan_network_parameter_count(network), 1);
    ck_assert_ptr_nonnull(parameter);
    ck_assert_int_eq(gan_tensor_count(parameter), beginnings[_i].count);
    for (int64_t i = 0; i < beginnings[_i].count; i++)
        ck_assert(gan_tensor_floats(parameter)[i] == beginnings[_i].value);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

#define REFUSED(name, call)                      \
    static gan_node *refused_##name(gan_node *x) \
    {                                            \
        return call;                             \
    }
REFUSED(negative_alpha, gan_elu(x, .alpha = -1))
REFUSED(no_alpha, gan_elu(x, .alpha = GAN_ZERO))
REFUSED(negative_rate, gan_dropout(x, .rate = -0.1f))
REFUSED(rate_of_all, gan_dropout(x, .rate = 1))
REFUSED(rate_nan, gan_dropout(x, .rate = NAN))
REFUSED(no_deviation, gan_gaussian_noise(x))
REFUSED(negative_deviation, gan_gaussian_noise(x, .deviation = -1))
REFUSED(infinite_deviation, gan_gaussian_noise(x, .deviation = INFINITY))
REFUSED(infinite_slope, gan_prelu(x, .initial = INFINITY))
REFUSED(scale_nan, gan_scale(x, .initial = NAN))
REFUSED(one_factor, gan_multiply(x))
REFUSED(null_factor, gan_multiply(x, NULL))
REFUSED(other_shape, gan_multiply(x, gan_sum_channels(x)))
REFUSED(no_shape, gan_broadcast(x, .name = "wide"))
REFUSED(negative_shape, gan_broadcast(x, .shape = {3, -5}))
REFUSED(long_shape, gan_broadcast(x, .shape = {1, 1, 1, 1, 1, 1, 1, 1}))
REFUSED(short_shape, gan_broadcast(x, .shape = {5}))
REFUSED(other_size, gan_broadcast(x, .shape = {3, 6}))
REFUSED(no_neighbours, gan_broadcast(gan_reshape(x, .shape = {1, 15, 1}), .shape = {2, 15, 2}))

static const struct {
    builder build;
    gan_status status;
    const char *text;
} refusals[] = {
    {refused_negative_alpha, GAN_ERROR_INVALID_ARGUMENT, "alpha is -1; it must be above 0 and"},
    {refused_no_alpha, GAN_ERROR_INVALID_ARGUMENT, "alpha is -0"},
    {refused_negative_rate, GAN_ERROR_INVALID_ARGUMENT, "rate is -0.1"},
    {refused_rate_of_all, GAN_ERROR_INVALID_ARGUMENT, "rate is 1; it must be at least 0 and below 1"},
    {refused_rate_nan, GAN_ERROR_INVALID_ARGUMENT, "rate is nan"},
    {refused_no_deviation, GAN_ERROR_INVALID_ARGUMENT, "deviation is required"},
    {refused_negative_deviation, GAN_ERROR_INVALID_ARGUMENT, "deviation is -1"},
    {refused_infinite_deviation, GAN_ERROR_INVALID_ARGUMENT, "deviation is inf"},
    {refused_infinite_slope, GAN_ERROR_INVALID_ARGUMENT, "initial is inf"},
    {refused_scale_nan, GAN_ERROR_INVALID_ARGUMENT, "initial is nan"},
    {refused_one_factor, GAN_ERROR_INVALID_ARGUMENT, "multiply: 1 inputs; there must be 2 to 8"},
    {refused_null_factor, GAN_ERROR_INVALID_ARGUMENT, "multiply: input 1 is NULL"},
    {refused_other_shape, GAN_ERROR_SHAPE, "input 0 is [3,5] and input 1 is [3,1]; they must be the same"},
    {refused_no_shape, GAN_ERROR_INVALID_ARGUMENT, "wide (broadcast): shape must have 1 to"},
    {refused_negative_shape, GAN_ERROR_INVALID_ARGUMENT, "shape must have 1 to"},
    {refused_long_shape, GAN_ERROR_INVALID_ARGUMENT, "shape must have 1 to"},
    {refused_short_shape, GAN_ERROR_SHAPE, "[3,5] does not repeat to [5]"},
    {refused_other_size, GAN_ERROR_SHAPE, "[3,5] does not repeat to [3,6]"},
    {refused_no_neighbours, GAN_ERROR_SHAPE, "neighbouring dimensions of 1"},
};

START_TEST(options_are_refused)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_network *network;
    ok(gan_network_create(&network, context, NULL));
    ck_assert_ptr_null(refusals[_i].build(gan_input(network, 3, 5)));
    fails(refusals[_i].status, refusals[_i].text, gan_network_build(network));
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

int main(void)
{
    Suite *suite = suite_create("elementwise");
    TCase *tests = tcase_create("elementwise");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, inference_passes_on, 0, COUNT(noises));
    tcase_add_loop_test(tests, each_pass_and_layer_draws_its_own, 0, COUNT(noises));
    tcase_add_test(tests, dropout_drops_its_rate_and_scales_the_rest);
    tcase_add_loop_test(tests, noise_is_normal, 1, COUNT(noises));
    tcase_add_loop_test(tests, zero_is_nothing, 0, 2);
    tcase_add_loop_test(tests, parameters_begin_with, 0, COUNT(beginnings));
    tcase_add_loop_test(tests, options_are_refused, 0, COUNT(refusals));
    return run_suite(suite);
}
