/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <math.h>
#include <string.h>

/* Losses and optimizers, against values computed by hand. */

static gan_context *context;

static void setup(void)
{
    context = new_context(1, kernel_set(0));
}

static void teardown(void)
{
    gan_context_free(&context);
}

static gan_tensor *row(int count, const float *numbers)
{
    gan_tensor *tensor = new_tensor(context, 1, (int64_t[]){count});
    memcpy(gan_tensor_floats(tensor), numbers, (size_t)count * sizeof *numbers);
    return tensor;
}

START_TEST(cross_entropy_values)
{
    /* log(1 + e^0) = 0.693147181; log(1 + e^-2) = 0.126928011; sigmoid(2) = 0.880797078, sigmoid(-1) = 0.268941421 */
    gan_tensor *x = row(3, (float[]){0, 2, -1}), *gradient = row(3, (float[]){10, 20, 30});
    float loss;
    ok(gan_loss_binary_cross_entropy(&loss, gradient, x, 1, NULL));
    ck_assert_float_eq_tol(loss, (0.693147181f + 0.126928011f + 1.313261688f) / 3, 1e-6f);
    ck_assert_float_eq_tol(gan_tensor_floats(gradient)[0], 10 + (0.5f - 1) / 3, 1e-6f);
    ck_assert_float_eq_tol(gan_tensor_floats(gradient)[1], 20 + (0.880797078f - 1) / 3, 2e-6f);
    ck_assert_float_eq_tol(gan_tensor_floats(gradient)[2], 30 + (0.268941421f - 1) / 3, 2e-6f);
    ok(gan_loss_binary_cross_entropy(&loss, NULL, x, 0.9f, NULL));
    ck_assert_float_eq_tol(loss, (0.693147181f + 2.126928011f - 1.8f + 0.313261688f + 0.9f) / 3, 1e-6f);
    gan_tensor *targets = row(3, (float[]){0, 1, 0.5f});
    ok(gan_loss_binary_cross_entropy(&loss, NULL, x, 7, targets)); /* target is not looked at */
    ck_assert_float_eq_tol(loss, (0.693147181f + 0.126928011f + 0.813261688f) / 3, 1e-6f);
    ok(gan_loss_binary_cross_entropy(NULL, NULL, x, 0, NULL));
    gan_tensor_free(&x);
    gan_tensor_free(&gradient);
    gan_tensor_free(&targets);
}
END_TEST

START_TEST(cross_entropy_does_not_saturate)
{
    gan_tensor *x = row(2, (float[]){1000, -1000}), *gradient = row(2, (float[]){0, 0});
    float loss;
    ok(gan_loss_binary_cross_entropy(&loss, gradient, x, 0, NULL));
    ck_assert_float_eq(loss, 500);
    ck_assert_float_eq(gan_tensor_floats(gradient)[0], 0.5f);
    ck_assert_float_eq(gan_tensor_floats(gradient)[1], 0);
    gan_tensor_free(&x);
    gan_tensor_free(&gradient);
}
END_TEST

START_TEST(cross_entropy_misuse)
{
    gan_tensor *x = row(3, (float[]){0, 2, -1}), *two = row(2, (float[]){0, 0}), *labels;
    ok(gan_tensor_create(&labels, context, GAN_INT32, GAN_SHAPE(3)));
    float loss = 5;
    fails(GAN_ERROR_INVALID_ARGUMENT, "logits", gan_loss_binary_cross_entropy(&loss, NULL, NULL, 0, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "target is 1.5", gan_loss_binary_cross_entropy(&loss, NULL, x, 1.5f, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "target is nan", gan_loss_binary_cross_entropy(&loss, NULL, x, NAN, NULL));
    fails(GAN_ERROR_SHAPE, "gradient is float [2]", gan_loss_binary_cross_entropy(&loss, two, x, 0, NULL));
    fails(GAN_ERROR_SHAPE, "targets is float [2]", gan_loss_binary_cross_entropy(&loss, NULL, x, 0, two));
    fails(GAN_ERROR_SHAPE, "int32 [3]", gan_loss_binary_cross_entropy(&loss, NULL, x, 0, labels));
    fails(GAN_ERROR_SHAPE, "int32 [3]", gan_loss_binary_cross_entropy(&loss, NULL, labels, 0, NULL));
    ck_assert(loss == 5);
    gan_tensor_free(&x);
    gan_tensor_free(&two);
    gan_tensor_free(&labels);
}
END_TEST

/* One weight w with y = w x: the gradient is chosen by hand. */
struct scalar {
    gan_network *network;
    gan_run *run;
    gan_tensor *x, *gradient;
};

static struct scalar new_scalar(float weight)
{
    struct scalar s;
    ok(gan_network_create(&s.network, context, NULL));
    ok(gan_network_output(s.network, gan_linear(gan_input(s.network, 1), .units = 1, .no_bias = true)));
    ok(gan_network_build(s.network));
    gan_tensor_floats(gan_network_parameter(s.network, 0))[0] = weight;
    ok(gan_run_create(&s.run, s.network, GAN_TRAINING, 1));
    s.x = new_tensor(context, GAN_SHAPE(1, 1));
    s.gradient = new_tensor(context, GAN_SHAPE(1, 1));
    gan_tensor_floats(s.x)[0] = 1;
    return s;
}

static void free_scalar(struct scalar *s)
{
    gan_tensor_free(&s->x);
    gan_tensor_free(&s->gradient);
    gan_run_free(&s->run);
    gan_network_free(&s->network);
}

static float step(struct scalar *s, gan_optimizer *optimizer, float gradient)
{
    ok(gan_network_zero_gradients(s->network));
    gan_tensor_floats(s->gradient)[0] = gradient;
    ok(gan_run_forward(s->run, s->x));
    ok(gan_run_backward(s->run, s->gradient, GAN_WANT_PARAMETERS));
    ck_assert_float_eq_tol(gan_network_gradient_norm(s->network), fabsf(gradient), 1e-7f);
    ok(gan_optimizer_step(optimizer));
    return gan_tensor_floats(gan_network_parameter(s->network, 0))[0];
}

/* Gradients 2, -1, 3 at rate 0.1 from w = 1. */
static const float gradients[] = {2, -1, 3};

static void check_sgd(const gan_sgd_options *options, const float *expected)
{
    struct scalar s = new_scalar(1);
    gan_optimizer *sgd;
    ok(gan_sgd_create(&sgd, s.network, options));
    for (int i = 0; i < 3; i++) ck_assert_float_eq_tol(step(&s, sgd, gradients[i]), expected[i], 1e-6f);
    ck_assert_int_eq(gan_optimizer_steps(sgd), 3);
    gan_optimizer_free(&sgd);
    free_scalar(&s);
}

START_TEST(sgd_values)
{
    check_sgd(gan_sgd_options(.rate = 0.1f), (float[]){0.8f, 0.9f, 0.6f});
    /* v = 2, 0.5 * 2 - 1 = 0, 3 */
    check_sgd(gan_sgd_options(.rate = 0.1f, .momentum = 0.5f), (float[]){0.8f, 0.8f, 0.5f});
    /* g + 0.5 v = 3, -1, 4.5 */
    check_sgd(gan_sgd_options(.rate = 0.1f, .momentum = 0.5f, .nesterov = true), (float[]){0.7f, 0.8f, 0.35f});
}
END_TEST

START_TEST(adam_values)
{
    struct scalar s = new_scalar(1);
    gan_optimizer *adam;
    ok(gan_adam_create(&adam, s.network,
                       gan_adam_options(.rate = 0.1f, .beta1 = 0.5f, .beta2 = 0.75f, .epsilon = 0.5f)));
    /* m = 1, 0, 1.5; v = 1, 1, 3; corrected m = 2, 0, 1.5/0.875; corrected v = 4, 1/0.4375, 3/0.578125 */
    double w = 1, m[] = {2, 0, 1.5 / 0.875}, v[] = {4, 1 / 0.4375, 3 / 0.578125};
    for (int i = 0; i < 3; i++) {
        w -= 0.1 * m[i] / (sqrt(v[i]) + 0.5);
        ck_assert_float_eq_tol(step(&s, adam, gradients[i]), (float)w, 1e-6f);
    }
    ck_assert(gan_optimizer_rate(adam) == 0.1f);
    ok(gan_optimizer_set_rate(adam, 0.25f));
    ck_assert(gan_optimizer_rate(adam) == 0.25f);
    gan_optimizer_free(&adam);
    free_scalar(&s);
}
END_TEST

START_TEST(adam_without_momentum)
{
    struct scalar s = new_scalar(1);
    gan_optimizer *adam;
    ok(gan_adam_create(&adam, s.network, gan_adam_options(.rate = 0.1f, .beta1 = GAN_ZERO, .beta2 = GAN_ZERO)));
    for (int i = 0; i < 3; i++) { /* each step is the rate in the gradient's direction */
        float before = gan_tensor_floats(gan_network_parameter(s.network, 0))[0];
        ck_assert_float_eq_tol(step(&s, adam, gradients[i]), before - copysignf(0.1f, gradients[i]), 1e-6f);
    }
    gan_optimizer_free(&adam);
    free_scalar(&s);
}
END_TEST

START_TEST(optimizer_misuse)
{
    gan_network *network;
    ok(gan_network_create(&network, context, gan_network_options(.name = "n")));
    gan_optimizer *o;
    fails(GAN_ERROR_STATE, "\"n\" is not built", gan_adam_create(&o, network, NULL));
    fails(GAN_ERROR_STATE, "\"n\" is not built", gan_sgd_create(&o, network, NULL));
    ok(gan_network_output(network, gan_linear(gan_input(network, 2), .units = 1)));
    ok(gan_network_build(network));
    fails(GAN_ERROR_INVALID_ARGUMENT, "optimizer is NULL", gan_adam_create(NULL, network, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "optimizer is NULL", gan_sgd_create(NULL, network, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "network is NULL", gan_adam_create(&o, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "network is NULL", gan_sgd_create(&o, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "rate is -1", gan_adam_create(&o, network, gan_adam_options(.rate = -1)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "rate is inf", gan_adam_create(&o, network, gan_adam_options(.rate = INFINITY)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "beta1 is 1", gan_adam_create(&o, network, gan_adam_options(.beta1 = 1)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "beta2 is -0.5", gan_adam_create(&o, network, gan_adam_options(.beta2 = -0.5f)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "epsilon", gan_adam_create(&o, network, gan_adam_options(.epsilon = GAN_ZERO)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "momentum is 1", gan_sgd_create(&o, network, gan_sgd_options(.momentum = 1)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "nesterov", gan_sgd_create(&o, network, gan_sgd_options(.nesterov = true)));
    ck_assert_ptr_null(o);
    ok(gan_sgd_create(&o, network, NULL));
    fails(GAN_ERROR_STATE, "no gradients", gan_optimizer_step(o));
    ck_assert_int_eq(gan_optimizer_steps(o), 0);
    fails(GAN_ERROR_INVALID_ARGUMENT, "rate is 0", gan_optimizer_set_rate(o, 0));
    fails(GAN_ERROR_INVALID_ARGUMENT, "rate is nan", gan_optimizer_set_rate(o, NAN));
    fails(GAN_ERROR_INVALID_ARGUMENT, "optimizer is NULL", gan_optimizer_set_rate(NULL, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "optimizer is NULL", gan_optimizer_step(NULL));
    ck_assert(gan_optimizer_rate(NULL) == 0 && gan_optimizer_steps(NULL) == 0);
    gan_network_free(&network);
    gan_optimizer_free(&o);
    gan_optimizer_free(&o);
    gan_optimizer_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("training");
    TCase *tests = tcase_create("losses and optimizers");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, cross_entropy_values);
    tcase_add_test(tests, cross_entropy_does_not_saturate);
    tcase_add_test(tests, cross_entropy_misuse);
    tcase_add_test(tests, sgd_values);
    tcase_add_test(tests, adam_values);
    tcase_add_test(tests, adam_without_momentum);
    tcase_add_test(tests, optimizer_misuse);
    return run_suite(suite);
}
