/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <math.h>

/* Schedules against values computed by hand, and optimizers that follow them. */

#define SCHEDULE(...)                     \
    {                                     \
        sizeof(gan_schedule), __VA_ARGS__ \
    }
#define LATER UINT64_C(1000000000000)

static const struct {
    gan_schedule schedule;
    float base;
    uint64_t step;
    float value;
} values[] = {
    {SCHEDULE(.kind = GAN_SCHEDULE_CONSTANT), 0.3f, 0, 0.3f},
    {SCHEDULE(.kind = GAN_SCHEDULE_CONSTANT), 0.3f, UINT64_MAX, 0.3f},
    {SCHEDULE(.warmup = 4), 2, 0, 0},
    {SCHEDULE(.warmup = 4), 2, 1, 0.5f},
    {SCHEDULE(.warmup = 4), 2, 3, 1.5f},
    {SCHEDULE(.warmup = 4), 2, 4, 2},
    {SCHEDULE(.warmup = 4, .start = 10), 2, 0, 10},
    {SCHEDULE(.warmup = 4, .start = 10), 2, 3, 4},
    {SCHEDULE(.warmup = 4, .start = -2, .hold = 100), 2, 2, 0},
    {SCHEDULE(.kind = GAN_SCHEDULE_LINEAR, .steps = 10), 5, 0, 5},
    {SCHEDULE(.kind = GAN_SCHEDULE_LINEAR, .steps = 10), 5, 1, 4.5f},
    {SCHEDULE(.kind = GAN_SCHEDULE_LINEAR, .steps = 10), 5, 9, 0.5f},
    {SCHEDULE(.kind = GAN_SCHEDULE_LINEAR, .steps = 10), 5, 10, 0},
    {SCHEDULE(.kind = GAN_SCHEDULE_LINEAR, .steps = 10), 5, LATER, 0},
    {SCHEDULE(.kind = GAN_SCHEDULE_LINEAR, .steps = 4, .end = 0.99f), 0.9f, 2, 0.945f},
    {SCHEDULE(.kind = GAN_SCHEDULE_LINEAR, .steps = 4, .hold = 3, .end = 1), 5, 3, 5},
    {SCHEDULE(.kind = GAN_SCHEDULE_LINEAR, .steps = 4, .hold = 3, .end = 1), 5, 4, 4},
    {SCHEDULE(.kind = GAN_SCHEDULE_LINEAR, .steps = 4, .hold = 3, .warmup = 2, .end = 1), 5, 1, 2.5f},
    {SCHEDULE(.kind = GAN_SCHEDULE_LINEAR, .steps = 4, .hold = 3, .warmup = 2, .end = 1), 5, 5, 5},
    {SCHEDULE(.kind = GAN_SCHEDULE_LINEAR, .steps = 4, .hold = 3, .warmup = 2, .end = 1), 5, 8, 2},
    {SCHEDULE(.kind = GAN_SCHEDULE_LINEAR, .steps = 4, .hold = 3, .warmup = 2, .end = 1), 5, 9, 1},
    /* (1 + cos(pi / 3)) / 2 = 3/4, (1 + cos(2 pi / 3)) / 2 = 1/4, (1 + cos(pi / 4)) / 2 = 0.853553391 */
    {SCHEDULE(.kind = GAN_SCHEDULE_COSINE, .steps = 6), 8, 0, 8},
    {SCHEDULE(.kind = GAN_SCHEDULE_COSINE, .steps = 6), 8, 2, 6},
    {SCHEDULE(.kind = GAN_SCHEDULE_COSINE, .steps = 6), 8, 3, 4},
    {SCHEDULE(.kind = GAN_SCHEDULE_COSINE, .steps = 6), 8, 4, 2},
    {SCHEDULE(.kind = GAN_SCHEDULE_COSINE, .steps = 6), 8, 6, 0},
    {SCHEDULE(.kind = GAN_SCHEDULE_COSINE, .steps = 6), 8, LATER, 0},
    {SCHEDULE(.kind = GAN_SCHEDULE_COSINE, .steps = 4, .end = 500e3f), 0, 1, 73223.3047f},
    {SCHEDULE(.kind = GAN_SCHEDULE_COSINE, .steps = 4, .end = 500e3f, .warmup = 3, .hold = 7), 0, 11, 73223.3047f},
    {SCHEDULE(.kind = GAN_SCHEDULE_STEP, .steps = 3), 2, 2, 2},
    {SCHEDULE(.kind = GAN_SCHEDULE_STEP, .steps = 3), 2, 3, 0.2f},
    {SCHEDULE(.kind = GAN_SCHEDULE_STEP, .steps = 3, .factor = 0.5f), 2, 8, 0.5f},
    {SCHEDULE(.kind = GAN_SCHEDULE_STEP, .steps = 3, .factor = 0.5f), 2, 9, 0.25f},
    {SCHEDULE(.kind = GAN_SCHEDULE_STEP, .steps = 3, .factor = 0.5f, .warmup = 1, .hold = 1), 2, 10, 0.5f},
    {SCHEDULE(.kind = GAN_SCHEDULE_STEP, .steps = 3, .factor = 0.5f, .warmup = 1, .hold = 1), 2, 11, 0.25f},
    {SCHEDULE(.kind = GAN_SCHEDULE_STEP, .steps = 1), 2, LATER, 0},
    {SCHEDULE(.kind = GAN_SCHEDULE_STEP, .steps = 1, .factor = 1), 2, LATER, 2},
};

START_TEST(value)
{
    ok(gan_schedule_check(&values[_i].schedule));
    float found = gan_schedule_value(&values[_i].schedule, values[_i].base, values[_i].step);
    float allowed = 2e-7f * fabsf(values[_i].value);
    ck_assert_msg(fabsf(found - values[_i].value) <= allowed, "it is %.9g; should be %.9g", found, values[_i].value);
}
END_TEST

static const struct {
    gan_schedule schedule;
    const char *sentence;
} refused[] = {
    {SCHEDULE(.kind = 4), "gan_schedule.kind is 4; it must be at least 0 and at most 3"},
    {SCHEDULE(.kind = -1), "gan_schedule.kind is -1"},
    {SCHEDULE(.warmup = -1), "gan_schedule.warmup is -1; it must be at least 0"},
    {SCHEDULE(.warmup = INT64_MAX), "gan_schedule.warmup is 9223372036854775808"},
    {SCHEDULE(.hold = -5), "gan_schedule.hold is -5"},
    {SCHEDULE(.kind = GAN_SCHEDULE_LINEAR), "gan_schedule.steps is required for a schedule of kind linear"},
    {SCHEDULE(.kind = GAN_SCHEDULE_COSINE), "gan_schedule.steps is required for a schedule of kind cosine"},
    {SCHEDULE(.kind = GAN_SCHEDULE_STEP), "gan_schedule.steps is required for a schedule of kind step"},
    {SCHEDULE(.kind = GAN_SCHEDULE_STEP, .steps = -1), "gan_schedule.steps is -1"},
    {SCHEDULE(.steps = 3), "gan_schedule.steps is 3, which a schedule of kind constant does not have"},
    {SCHEDULE(.end = 0.5f), "gan_schedule.end is 0.5, which a schedule of kind constant does not have"},
    {SCHEDULE(.kind = GAN_SCHEDULE_STEP, .steps = 1, .end = 1), "gan_schedule.end is 1, which a schedule of kind step"},
    {SCHEDULE(.factor = 0.1f), "gan_schedule.factor is 0.1"},
    {SCHEDULE(.kind = GAN_SCHEDULE_COSINE, .steps = 1, .factor = 0.5f), "gan_schedule.factor is 0.5, which a schedule"},
    {SCHEDULE(.kind = GAN_SCHEDULE_STEP, .steps = 1, .factor = GAN_ZERO),
     "gan_schedule.factor is -0; it must be above"},
    {SCHEDULE(.kind = GAN_SCHEDULE_STEP, .steps = 1, .factor = 2),
     "gan_schedule.factor is 2; it must be above 0 and at"},
    {SCHEDULE(.start = 1), "gan_schedule.start is 1, which a schedule without a warm-up does not have"},
    {SCHEDULE(.warmup = 1, .start = NAN), "gan_schedule.start is nan"},
    {SCHEDULE(.kind = GAN_SCHEDULE_LINEAR, .steps = 1, .end = INFINITY), "gan_schedule.end is inf"},
    {SCHEDULE(.reserved = 1), "gan_schedule.reserved is 1; it must be 0"},
    {{.size = 3}, "gan_schedule.size is 3"},
};

START_TEST(refusal)
{
    fails(GAN_ERROR_INVALID_ARGUMENT, refused[_i].sentence, gan_schedule_check(&refused[_i].schedule));
    ck_assert(isnan(gan_schedule_value(&refused[_i].schedule, 1, 0)));
}
END_TEST

START_TEST(no_schedule)
{
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_schedule is NULL", gan_schedule_check(NULL));
    ck_assert(isnan(gan_schedule_value(NULL, 1, 0)));
}
END_TEST

/* One weight, of gradients that the test chooses. */
struct scalar {
    gan_context *context;
    gan_network *network;
    gan_run *run;
    gan_optimizer *optimizer;
};

static struct scalar new_scalar(void)
{
    struct scalar s = {.context = new_context(1, kernel_set(0))};
    ok(gan_network_create(&s.network, s.context, NULL));
    ok(gan_network_output(s.network, gan_linear(gan_input(s.network, 1), .units = 1, .no_bias = true)));
    ok(gan_network_build(s.network));
    ok(gan_run_create(&s.run, s.network, GAN_TRAINING, 1));
    return s;
}

static void free_scalar(struct scalar *s)
{
    gan_optimizer_free(&s->optimizer);
    gan_run_free(&s->run);
    gan_network_free(&s->network);
    gan_context_free(&s->context);
}

/* How far the weight, which is 0, goes down. */
static float moved(struct scalar *s, float gradient)
{
    float *weight = gan_tensor_floats(gan_network_parameter(s->network, 0));
    *weight = 0;
    gan_tensor_floats(gan_network_gradient(s->network, 0))[0] = gradient;
    ok(gan_optimizer_step(s->optimizer));
    return -*weight;
}

START_TEST(rate_of_an_optimizer)
{
    struct scalar s = new_scalar();
    ok(gan_sgd_create(&s.optimizer, s.network, gan_sgd_options(.rate = 8)));
    ok(gan_optimizer_set_schedule(s.optimizer,
                                  gan_schedule(.kind = GAN_SCHEDULE_LINEAR, .warmup = 2, .steps = 4, .end = 4)));
    static const float expected[] = {0, 4, 8, 7, 6, 5, 4, 4};
    for (int i = 0; i < 8; i++) {
        ck_assert(gan_optimizer_rate(s.optimizer) == expected[i]);
        ck_assert(moved(&s, 1) == expected[i]);
    }
    ok(gan_optimizer_set_rate(s.optimizer, 2)); /* the base: step 8 is beyond the end */
    ck_assert(moved(&s, 1) == 4);
    ok(gan_optimizer_set_schedule(s.optimizer, NULL));
    ck_assert(gan_optimizer_rate(s.optimizer) == 2 && moved(&s, 1) == 2);
    ok(gan_optimizer_set_schedule(s.optimizer, gan_schedule(.kind = GAN_SCHEDULE_STEP, .steps = 5, .factor = 0.5f)));
    ck_assert(moved(&s, 1) == 0.5f); /* step 10 */
    free_scalar(&s);
}
END_TEST

/* The other optimizers follow the rate, too: what does not depend on their states is in the first step. */
START_TEST(rate_of_every_optimizer)
{
    struct scalar s = new_scalar();
    const gan_schedule *half = gan_schedule(.warmup = 2, .start = 0.5f);
    gan_status made[] = {
        _i == 0 ? gan_sgd_create(&s.optimizer, s.network, gan_sgd_options(.rate = 1, .momentum = 0.5f)) : GAN_OK,
        _i == 1 ? gan_rmsprop_create(&s.optimizer, s.network, gan_rmsprop_options(.rate = 1, .alpha = GAN_ZERO))
                : GAN_OK,
        _i == 2 ? gan_adam_create(&s.optimizer, s.network, gan_adam_options(.rate = 1)) : GAN_OK,
        _i == 3 ? gan_adamw_create(&s.optimizer, s.network, gan_adamw_options(.rate = 1)) : GAN_OK,
    };
    for (int i = 0; i < 4; i++) ok(made[i]);
    ok(gan_optimizer_set_schedule(s.optimizer, half));
    ck_assert_float_eq_tol(moved(&s, 1), 0.5f, 1e-6f);
    free_scalar(&s);
}
END_TEST

/* Adam with beta1 = 0 and beta2 0.5, 0.625, 0.75, 0.75: v is sum over i of (1 - beta2_i) g_i^2 prod over j > i of
 * beta2_j, and the weights of the squares add up to 1 - prod of beta2. */
START_TEST(beta2_of_adam)
{
    struct scalar s = new_scalar();
    ok(gan_adam_create(&s.optimizer, s.network, gan_adam_options(.rate = 1, .beta1 = GAN_ZERO, .beta2 = 0.5f)));
    ok(gan_optimizer_set_beta2_schedule(s.optimizer,
                                        gan_schedule(.kind = GAN_SCHEDULE_LINEAR, .steps = 2, .end = 0.75f)));
    static const double beta2[] = {0.5, 0.625, 0.75, 0.75}, gradients[] = {2, -1, 3, 0.5};
    double v = 0, product = 1;
    for (int i = 0; i < 4; i++) {
        v = beta2[i] * v + (1 - beta2[i]) * gradients[i] * gradients[i];
        product *= beta2[i];
        double expected = gradients[i] / (sqrt(v / (1 - product)) + 1e-8);
        ck_assert_float_eq_tol(moved(&s, (float)gradients[i]), (float)expected, 1e-6f);
    }
    free_scalar(&s);
}
END_TEST

/* A schedule that is set again, as a training that is taken up does, goes on with the same bits; one that says what is
 * so without it changes nothing but rounding. */
START_TEST(beta2_of_adam_taken_up)
{
    struct scalar a = new_scalar(), b = new_scalar(), c = new_scalar();
    const gan_adam_options *options = gan_adam_options(.rate = 1, .beta2 = 0.9f);
    const gan_schedule *schedule = gan_schedule(.kind = GAN_SCHEDULE_COSINE, .steps = 50, .end = 0.99f);
    ok(gan_adam_create(&a.optimizer, a.network, options));
    ok(gan_adam_create(&b.optimizer, b.network, options));
    ok(gan_adam_create(&c.optimizer, c.network, options));
    ok(gan_optimizer_set_beta2_schedule(a.optimizer, schedule));
    for (int i = 0; i < 2000; i++) {
        float gradient = sinf((float)i);
        ok(gan_optimizer_set_beta2_schedule(b.optimizer, schedule));
        float first = moved(&a, gradient), again = moved(&b, gradient);
        ck_assert_msg(first == again, "step %d is %.9g, and %.9g with the schedule set again", i, first, again);
    }
    gan_optimizer_free(&a.optimizer);
    ok(gan_adam_create(&a.optimizer, a.network, options));
    ok(gan_optimizer_set_beta2_schedule(a.optimizer, gan_schedule(.kind = GAN_SCHEDULE_CONSTANT)));
    for (int i = 0; i < 20; i++) ck_assert_float_eq_tol(moved(&a, sinf((float)i)), moved(&c, sinf((float)i)), 1e-6f);
    free_scalar(&c);
    free_scalar(&b);
    free_scalar(&a);
}
END_TEST

START_TEST(misuse_of_optimizers)
{
    struct scalar s = new_scalar();
    const gan_schedule *constant = gan_schedule(.kind = 0), *unknown = gan_schedule(.kind = 7);
    ok(gan_sgd_create(&s.optimizer, s.network, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "optimizer is NULL", gan_optimizer_set_schedule(NULL, constant));
    fails(GAN_ERROR_INVALID_ARGUMENT, "optimizer is NULL", gan_optimizer_set_beta2_schedule(NULL, constant));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_schedule.kind is 7", gan_optimizer_set_schedule(s.optimizer, unknown));
    fails(GAN_ERROR_UNSUPPORTED, "the optimizer is sgd, which has no beta2",
          gan_optimizer_set_beta2_schedule(s.optimizer, constant));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_optimizer_set_schedule: rate.start is -1; it must be at least 0",
          gan_optimizer_set_schedule(s.optimizer, gan_schedule(.warmup = 1, .start = -1)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_optimizer_set_schedule: rate.end is -0.5; it must be at least 0",
          gan_optimizer_set_schedule(s.optimizer, gan_schedule(.kind = GAN_SCHEDULE_LINEAR, .steps = 1, .end = -0.5f)));
    gan_optimizer_free(&s.optimizer);
    ok(gan_adamw_create(&s.optimizer, s.network, NULL));
    fails(
        GAN_ERROR_INVALID_ARGUMENT, "beta2.end is 1; it must be at least 0 and below 1",
        gan_optimizer_set_beta2_schedule(s.optimizer, gan_schedule(.kind = GAN_SCHEDULE_LINEAR, .steps = 1, .end = 1)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "beta2.start is 1.5",
          gan_optimizer_set_beta2_schedule(s.optimizer, gan_schedule(.warmup = 1, .start = 1.5f)));
    ok(gan_optimizer_set_beta2_schedule(s.optimizer, NULL));
    free_scalar(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schedules");
    TCase *tests = tcase_create("schedules");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, value, 0, (int)(sizeof values / sizeof values[0]));
    tcase_add_loop_test(tests, refusal, 0, (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(tests, no_schedule);
    tcase_add_test(tests, rate_of_an_optimizer);
    tcase_add_loop_test(tests, rate_of_every_optimizer, 0, 4);
    tcase_add_test(tests, beta2_of_adam);
    tcase_add_test(tests, beta2_of_adam_taken_up);
    tcase_add_test(tests, misuse_of_optimizers);
    return run_suite(suite);
}
