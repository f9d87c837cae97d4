/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <math.h>
#include <string.h>

/* Averages of networks, against values computed by hand. */

#define UPDATES 6

/* Half-lives of each update, in batches; infinite where the average would not move, 0 where it is a copy. */
static const struct {
    const char *name;
    gan_ema_options options;
    gan_schedule schedule; /* size 0: none */
    int64_t batch;
    double half_lives[UPDATES];
} cases[] = {
    {"one batch", {.half_life = 4}, {0}, 4, {1, 1, 1, 1, 1, 1}},
    {"many batches", {.half_life = 10}, {0}, 4, {2.5, 2.5, 2.5, 2.5, 2.5, 2.5}},
    {"default", {0}, {0}, 1000, {10, 10, 10, 10, 10, 10}},
    {"copy", {.half_life = GAN_ZERO}, {0}, 4, {0, 0, 0, 0, 0, 0}},
    /* at most 0.5 * 0, 4, 8, 12, 16, 20 images */
    {"ramp", {.half_life = 8, .ramp_up = 0.5f}, {0}, 4, {0, 0.5, 1, 1.5, 2, 2}},
    {"start", {.half_life = 8, .start = 9}, {0}, 4, {0, 0, 0, 2, 2, 2}},
    {"start at a batch", {.half_life = 8, .start = 8}, {0}, 4, {0, 0, 2, 2, 2, 2}},
    {"both", {.half_life = 8, .ramp_up = 0.125f, .start = 5}, {0}, 4, {0, 0, 0.25, 0.375, 0.5, 0.625}},
    {"schedule",
     {.half_life = GAN_ZERO},
     {sizeof(gan_schedule), .kind = GAN_SCHEDULE_LINEAR, .steps = 16, .end = 32},
     4,
     {0, 2, 4, 6, 8, 8}},
    {"schedule and ramp",
     {.half_life = 32, .ramp_up = 0.5f},
     {sizeof(gan_schedule), .kind = GAN_SCHEDULE_STEP, .steps = 8, .factor = 0.125f},
     4,
     {0, 0.5, 1, 1, 0.125, 0.125}},
};

static gan_network *new_linear(gan_context *context, int inputs, int units)
{
    gan_network *network;
    ok(gan_network_create(&network, context, gan_network_options(.name = "n")));
    ok(gan_network_output(network, gan_linear(gan_input(network, inputs), .units = units)));
    ok(gan_network_build(network));
    return network;
}

static float *weights(const gan_network *network)
{
    return gan_tensor_floats(gan_network_parameter(network, 0));
}

START_TEST(value)
{
    gan_context *context = new_context(1, kernel_set(_i % kernel_set_count()));
    gan_network *network = new_linear(context, 1, 1);
    gan_ema_options options = cases[_i / kernel_set_count()].options;
    const gan_schedule *schedule = &cases[_i / kernel_set_count()].schedule;
    gan_ema *ema;
    options.size = sizeof options;
    *weights(network) = -1;
    ok(gan_ema_create(&ema, network, &options));
    if (schedule->size) ok(gan_ema_set_schedule(ema, schedule));
    double expected = -1;
    for (int i = 0; i < UPDATES; i++) {
        double half_life = cases[_i / kernel_set_count()].half_lives[i];
        double decay = half_life > 0 ? pow(0.5, 1 / half_life) : 0;
        *weights(network) = (float)(i * i);
        expected = decay * expected + (1 - decay) * (i * i);
        ok(gan_ema_update(ema, cases[_i / kernel_set_count()].batch));
        ck_assert_msg(fabs(*weights(gan_ema_network(ema)) - expected) <= 1e-6 * fabs(expected) + 1e-7,
                      "%s: after update %d it is %.9g; should be %.9g", cases[_i / kernel_set_count()].name, i,
                      *weights(gan_ema_network(ema)), expected);
    }
    ck_assert_uint_eq(gan_ema_images(ema), (uint64_t)(UPDATES * cases[_i / kernel_set_count()].batch));
    gan_ema_free(&ema);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

/* What does not change stays, to the last bit. */
START_TEST(a_constant_stays)
{
    gan_context *context = new_context(1, kernel_set(_i));
    gan_network *network = new_linear(context, 30, 30);
    gan_ema *ema;
    ok(gan_ema_create(&ema, network, gan_ema_options(.half_life = 3)));
    for (int i = 0; i < 50; i++) ok(gan_ema_update(ema, 1));
    ck_assert(memcmp(weights(network), weights(gan_ema_network(ema)), 900 * sizeof(float)) == 0);
    gan_ema_free(&ema);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

/* Running averages are averaged, the counter of their batches is copied. */
START_TEST(buffers)
{
    gan_context *context = new_context(1, kernel_set(0));
    gan_network *network;
    gan_ema *ema;
    ok(gan_network_create(&network, context, NULL));
    ok(gan_network_output(network, gan_batch_norm(gan_input(network, 1), .name = "bn")));
    ok(gan_network_build(network));
    ok(gan_ema_create(&ema, network, gan_ema_options(.half_life = 1)));
    static const char *const names[] = {"bn.running_mean", "bn.running_variance", "bn.batches", "bn.gamma", "bn.beta"};
    static const float expected[] = {2, 2.5f, 4, 2.5f, 2}; /* halfway from 0, 1, 0, 1, 0 to 4, but the counter */
    for (int i = 0; i < 5; i++) *gan_tensor_floats(gan_network_find(network, names[i])) = 4;
    ok(gan_ema_update(ema, 1));
    for (int i = 0; i < 5; i++) {
        float found = *gan_tensor_floats(gan_network_find(gan_ema_network(ema), names[i]));
        ck_assert_msg(found == expected[i], "%s is %g; should be %g", names[i], found, expected[i]);
    }
    gan_ema_free(&ema);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

/* The averaged network runs while the network goes on, and outlives the average where a run keeps it. */
START_TEST(sampling)
{
    gan_context *context = new_context(1, kernel_set(0));
    gan_network *network = new_linear(context, 1, 1);
    gan_ema *ema;
    gan_run *run;
    gan_tensor *x = new_tensor(context, GAN_SHAPE(1, 1));
    *gan_tensor_floats(x) = 1;
    *weights(network) = 2;
    ok(gan_ema_create(&ema, network, gan_ema_options(.half_life = 1)));
    ok(gan_run_create(&run, gan_ema_network(ema), GAN_INFERENCE, 1));
    ok(gan_run_forward(run, x));
    ck_assert(*gan_tensor_floats(gan_run_output(run, 0)) == 2);
    *weights(network) = 4;
    ok(gan_ema_update(ema, 1));
    gan_network_free(&network);
    gan_ema_free(&ema);
    ok(gan_run_forward(run, x));
    ck_assert(*gan_tensor_floats(gan_run_output(run, 0)) == 3);
    gan_run_free(&run);
    gan_tensor_free(&x);
    gan_context_free(&context);
}
END_TEST

#define INPUTS 300
#define UNITS  200 /* parameters for several tasks */

static void average(float *found, int threads, gan_kernel_set set)
{
    gan_context *context = new_context(threads, set);
    gan_network *network = new_linear(context, INPUTS, UNITS);
    gan_ema *ema;
    ok(gan_ema_create(&ema, network, gan_ema_options(.half_life = 5, .ramp_up = 0.5f)));
    for (uint64_t i = 0; i < 4; i++) {
        fill_normal(context, gan_network_parameter(network, 0), i);
        ok(gan_ema_update(ema, 3));
    }
    memcpy(found, weights(gan_ema_network(ema)), INPUTS * UNITS * sizeof *found);
    gan_ema_free(&ema);
    gan_network_free(&network);
    gan_context_free(&context);
}

START_TEST(threads_do_not_change_a_bit)
{
    static float expected[INPUTS * UNITS], found[INPUTS * UNITS];
    average(expected, 1, kernel_set(_i));
    for (int threads = 2; threads <= 3; threads++) {
        average(found, threads, kernel_set(_i));
        ck_assert_msg(memcmp(expected, found, sizeof found) == 0, "%d threads give other bits", threads);
    }
}
END_TEST

static const struct {
    gan_ema_options options;
    const char *sentence; /* NULL: it is taken */
} bounds[] = {
    {{sizeof(gan_ema_options), .half_life = -1}, "gan_ema_options.half_life is -1; it must be at least 0"},
    {{sizeof(gan_ema_options), .half_life = INFINITY}, "gan_ema_options.half_life is inf"},
    {{sizeof(gan_ema_options), .half_life = NAN}, "gan_ema_options.half_life is nan"},
    {{sizeof(gan_ema_options), .ramp_up = -0.5f}, "gan_ema_options.ramp_up is -0.5; it must be at least 0"},
    {{sizeof(gan_ema_options), .start = -1}, "gan_ema_options.start is -1; it must be at least 0"},
    {{sizeof(gan_ema_options), .half_life = 1e-30f, .ramp_up = 1e30f, .start = INT64_C(1) << 53}, NULL},
};

START_TEST(options_and_their_bounds)
{
    gan_context *context = new_context(1, kernel_set(0));
    gan_network *network = new_linear(context, 1, 1);
    gan_ema *ema;
    if (bounds[_i].sentence)
        fails(GAN_ERROR_INVALID_ARGUMENT, bounds[_i].sentence, gan_ema_create(&ema, network, &bounds[_i].options));
    else
        ok(gan_ema_create(&ema, network, &bounds[_i].options));
    ck_assert(!ema == !!bounds[_i].sentence);
    gan_ema_free(&ema);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

START_TEST(misuse)
{
    gan_context *context = new_context(1, kernel_set(0));
    gan_network *network = new_linear(context, 1, 1), *unfinished;
    gan_ema *ema;
    ok(gan_network_create(&unfinished, context, gan_network_options(.name = "u")));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_ema_create: ema is NULL", gan_ema_create(NULL, network, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_ema_create: network is NULL", gan_ema_create(&ema, NULL, NULL));
    fails(GAN_ERROR_STATE, "\"u\" is not built", gan_ema_create(&ema, unfinished, NULL));
    ck_assert_ptr_null(ema);
    ok(gan_ema_create(&ema, network, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "ema is NULL", gan_ema_update(NULL, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "batch is 0; it must be at least 1", gan_ema_update(ema, 0));
    fails(GAN_ERROR_INVALID_ARGUMENT, "ema is NULL", gan_ema_set_schedule(NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_ema_set_schedule: half_life.end is -1; it must be at least 0",
          gan_ema_set_schedule(ema, gan_schedule(.kind = GAN_SCHEDULE_LINEAR, .steps = 1, .end = -1)));
    ok(gan_ema_set_schedule(ema, NULL));
    ck_assert_uint_eq(gan_ema_images(ema), 0);
    ck_assert_uint_eq(gan_ema_images(NULL), 0);
    ck_assert_ptr_null(gan_ema_network(NULL));
    gan_ema_free(&ema);
    gan_ema_free(&ema);
    gan_ema_free(NULL);
    gan_network_free(&unfinished);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ema");
    TCase *tests = tcase_create("ema");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, value, 0, (int)(sizeof cases / sizeof cases[0]) * kernel_set_count());
    tcase_add_loop_test(tests, a_constant_stays, 0, kernel_set_count());
    tcase_add_test(tests, buffers);
    tcase_add_test(tests, sampling);
    tcase_add_loop_test(tests, threads_do_not_change_a_bit, 0, kernel_set_count());
    tcase_add_loop_test(tests, options_and_their_bounds, 0, (int)(sizeof bounds / sizeof bounds[0]));
    tcase_add_test(tests, misuse);
    return run_suite(suite);
}
