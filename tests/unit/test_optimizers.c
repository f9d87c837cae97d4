/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <math.h>
#include <string.h>

/* What holds for all optimizers: the ranges of their options, and the same bits with any number of threads. Their
 * numbers are in the golden test. */

typedef gan_status (*creator)(gan_optimizer **optimizer, gan_network *network, const void *options);

#define CREATOR(name)                                                                            \
    static gan_status name(gan_optimizer **optimizer, gan_network *network, const void *options) \
    {                                                                                            \
        return gan_##name##_create(optimizer, network, options);                                 \
    }
CREATOR(sgd)
CREATOR(rmsprop)
CREATOR(adam)
CREATOR(adamw)

#define SGD(...)                             \
    sgd, &(const gan_sgd_options)            \
    {                                        \
        sizeof(gan_sgd_options), __VA_ARGS__ \
    }
#define RMSPROP(...)                             \
    rmsprop, &(const gan_rmsprop_options)        \
    {                                            \
        sizeof(gan_rmsprop_options), __VA_ARGS__ \
    }
#define ADAM(...)                             \
    adam, &(const gan_adam_options)           \
    {                                         \
        sizeof(gan_adam_options), __VA_ARGS__ \
    }
#define ADAMW(...)                             \
    adamw, &(const gan_adamw_options)          \
    {                                          \
        sizeof(gan_adamw_options), __VA_ARGS__ \
    }

static const struct {
    creator create;
    const void *options;
    const char *sentence; /* NULL: it is taken */
} bounds[] = {
    {SGD(.rate = -1), "gan_sgd_options.rate is -1; it must be above 0 and at most 3.4"},
    {SGD(.rate = GAN_ZERO), "gan_sgd_options.rate is -0; it must be above 0"},
    {SGD(.rate = NAN), "gan_sgd_options.rate is nan"},
    {SGD(.momentum = -0.1f), "gan_sgd_options.momentum is -0.1"},
    {SGD(.momentum = 1), "gan_sgd_options.momentum is 1; it must be at least 0 and below 1"},
    {SGD(.nesterov = true), "gan_sgd_options.nesterov needs a momentum above 0"},
    {SGD(.rate = 1e30f, .momentum = 0.99999f), NULL},
    {RMSPROP(.rate = -1), "gan_rmsprop_options.rate is -1; it must be above 0"},
    {RMSPROP(.rate = INFINITY), "gan_rmsprop_options.rate is inf"},
    {RMSPROP(.alpha = -0.5f), "gan_rmsprop_options.alpha is -0.5; it must be at least 0 and below 1"},
    {RMSPROP(.alpha = 1), "gan_rmsprop_options.alpha is 1;"},
    {RMSPROP(.epsilon = GAN_ZERO), "gan_rmsprop_options.epsilon is -0; it must be above 0"},
    {RMSPROP(.momentum = 1), "gan_rmsprop_options.momentum is 1; it must be at least 0 and below 1"},
    {RMSPROP(.momentum = NAN), "gan_rmsprop_options.momentum is nan"},
    {RMSPROP(.alpha = GAN_ZERO, .epsilon = 1e-30f, .momentum = GAN_ZERO, .centered = true), NULL},
    {ADAM(.rate = -1), "gan_adam_options.rate is -1; it must be above 0"},
    {ADAM(.beta1 = 1), "gan_adam_options.beta1 is 1; it must be at least 0 and below 1"},
    {ADAM(.beta1 = -0.5f), "gan_adam_options.beta1 is -0.5"},
    {ADAM(.beta2 = 1.5f), "gan_adam_options.beta2 is 1.5; it must be at least 0 and below 1"},
    {ADAM(.beta2 = NAN), "gan_adam_options.beta2 is nan"},
    {ADAM(.epsilon = -1), "gan_adam_options.epsilon is -1; it must be above 0"},
    {ADAM(.beta1 = GAN_ZERO, .beta2 = GAN_ZERO, .epsilon = 1, .amsgrad = true), NULL},
    {ADAMW(.rate = GAN_ZERO), "gan_adamw_options.rate is -0; it must be above 0"},
    {ADAMW(.beta1 = 2), "gan_adamw_options.beta1 is 2; it must be at least 0 and below 1"},
    {ADAMW(.beta2 = 1), "gan_adamw_options.beta2 is 1;"},
    {ADAMW(.epsilon = INFINITY), "gan_adamw_options.epsilon is inf"},
    {ADAMW(.weight_decay = -0.5f), "gan_adamw_options.weight_decay is -0.5; it must be at least 0"},
    {ADAMW(.weight_decay = NAN), "gan_adamw_options.weight_decay is nan"},
    {ADAMW(.weight_decay = GAN_ZERO), NULL},
};

#define BOUNDS ((int)(sizeof bounds / sizeof bounds[0]))

static gan_network *new_linear(gan_context *context, int inputs, int units)
{
    gan_network *network;
    ok(gan_network_create(&network, context, NULL));
    ok(gan_network_output(network, gan_linear(gan_input(network, inputs), .units = units)));
    ok(gan_network_build(network));
    return network;
}

START_TEST(options_and_their_bounds)
{
    gan_context *context = new_context(1, kernel_set(0));
    gan_network *network = new_linear(context, 2, 3);
    gan_optimizer *optimizer;
    if (!bounds[_i].sentence) {
        ok(bounds[_i].create(&optimizer, network, bounds[_i].options));
        ck_assert_ptr_nonnull(optimizer);
        gan_optimizer_free(&optimizer);
    } else {
        fails(GAN_ERROR_INVALID_ARGUMENT, bounds[_i].sentence,
              bounds[_i].create(&optimizer, network, bounds[_i].options));
        ck_assert_ptr_null(optimizer);
    }
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

START_TEST(misuse)
{
    static const creator creators[] = {sgd, rmsprop, adam, adamw};
    static const char *const calls[] = {"gan_sgd_create", "gan_rmsprop_create", "gan_adam_create", "gan_adamw_create"};
    gan_context *context = new_context(1, kernel_set(0));
    gan_network *network = new_linear(context, 2, 3), *unfinished;
    ok(gan_network_create(&unfinished, context, NULL));
    for (int i = 0; i < 4; i++) {
        gan_optimizer *optimizer;
        fails(GAN_ERROR_INVALID_ARGUMENT, calls[i], creators[i](NULL, network, NULL));
        fails(GAN_ERROR_INVALID_ARGUMENT, calls[i], creators[i](&optimizer, NULL, NULL));
        fails(GAN_ERROR_STATE, calls[i], creators[i](&optimizer, unfinished, NULL));
        ck_assert_ptr_null(optimizer);
    }
    gan_optimizer *none;
    fails(GAN_ERROR_INVALID_ARGUMENT, "reserved is 1", gan_sgd_create(&none, network, gan_sgd_options(.reserved = 1)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "reserved is 1",
          gan_rmsprop_create(&none, network, gan_rmsprop_options(.reserved = 1)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "reserved is 1",
          gan_adam_create(&none, network, gan_adam_options(.reserved = 1)));
    gan_network_free(&unfinished);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

/* Of 2^30 and then 1, an average without memory is 1, and not what is left of it beside the first one. */
START_TEST(beta1_of_zero_forgets)
{
    gan_context *context = new_context(1, kernel_set(_i));
    gan_network *network = new_linear(context, 1, 1);
    gan_run *run;
    gan_optimizer *optimizer;
    ok(gan_run_create(&run, network, GAN_TRAINING, 1)); /* for the gradients */
    ok(gan_adam_create(&optimizer, network, gan_adam_options(.rate = 0.125f, .beta1 = GAN_ZERO, .beta2 = GAN_ZERO)));
    float *weight = gan_tensor_floats(gan_network_parameter(network, 0));
    float *gradient = gan_tensor_floats(gan_network_gradient(network, 0));
    *weight = 1;
    *gradient = 0x1p30f;
    ok(gan_optimizer_step(optimizer));
    ck_assert(*weight == 0.875f);
    *gradient = 1;
    ok(gan_optimizer_step(optimizer));
    ck_assert_msg(*weight == 0.75f, "the weight is %.9g", *weight);
    gan_optimizer_free(&optimizer);
    gan_run_free(&run);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

static const struct {
    creator create;
    const void *options;
} kinds[] = {
    {SGD(.rate = 0.1f)},
    {SGD(.rate = 0.1f, .momentum = 0.9f, .nesterov = true)},
    {RMSPROP(.momentum = 0.5f, .centered = true)},
    {ADAM(.beta1 = 0.5f)},
    {ADAM(.beta1 = GAN_ZERO, .amsgrad = true)},
    {ADAMW(.weight_decay = 0.1f)},
};

#define KINDS  ((int)(sizeof kinds / sizeof kinds[0]))
#define INPUTS 300
#define UNITS  200 /* parameters for several tasks */

static void train(float *weights, int kind, int threads, gan_kernel_set set)
{
    gan_context *context = new_context(threads, set);
    gan_network *network = new_linear(context, INPUTS, UNITS);
    gan_optimizer *optimizer;
    gan_run *run;
    gan_tensor *x = new_tensor(context, GAN_SHAPE(4, INPUTS)), *dy = new_tensor(context, GAN_SHAPE(4, UNITS));
    ok(kinds[kind].create(&optimizer, network, kinds[kind].options));
    ok(gan_run_create(&run, network, GAN_TRAINING, 4));
    for (uint64_t step = 0; step < 3; step++) {
        fill_normal(context, x, 2 * step);
        fill_normal(context, dy, 2 * step + 1);
        ok(gan_network_zero_gradients(network));
        ok(gan_run_forward(run, x));
        ok(gan_run_backward(run, dy, GAN_WANT_PARAMETERS));
        ok(gan_optimizer_step(optimizer));
    }
    memcpy(weights, gan_tensor_floats(gan_network_parameter(network, 0)), INPUTS * UNITS * sizeof *weights);
    gan_tensor_free(&dy);
    gan_tensor_free(&x);
    gan_run_free(&run);
    gan_optimizer_free(&optimizer);
    gan_network_free(&network);
    gan_context_free(&context);
}

START_TEST(threads_do_not_change_a_bit)
{
    static float expected[INPUTS * UNITS], found[INPUTS * UNITS];
    gan_kernel_set set = kernel_set(_i / KINDS);
    train(expected, _i % KINDS, 1, set);
    for (int threads = 2; threads <= 3; threads++) {
        train(found, _i % KINDS, threads, set);
        ck_assert_msg(memcmp(expected, found, sizeof found) == 0, "kind %d: %d threads give other bits", _i % KINDS,
                      threads);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optimizers");
    TCase *tests = tcase_create("optimizers");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, options_and_their_bounds, 0, BOUNDS);
    tcase_add_test(tests, misuse);
    tcase_add_loop_test(tests, beta1_of_zero_forgets, 0, kernel_set_count());
    tcase_add_loop_test(tests, threads_do_not_change_a_bit, 0, KINDS * kernel_set_count());
    return run_suite(suite);
}
