/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <math.h>
#include <string.h>

/* The adaptive strength of an augmentation, against the paper's rule worked out by hand. */

static gan_context *context;
static gan_augment *augment;

static void setup(void)
{
    context = new_context(1, GAN_KERNELS_AUTO);
    augment = NULL;
}

static void teardown(void)
{
    gan_augment_free(&augment);
    gan_context_free(&context);
}

/* Logits of which `positive` are above zero, `zeros` are zero, and the rest below. */
static gan_tensor *new_logits(int count, int positive, int zeros)
{
    gan_tensor *logits = new_tensor(context, GAN_SHAPE(count, 1));
    for (int i = 0; i < count; i++)
        gan_tensor_floats(logits)[i] = i < positive ? 0.25f * (float)(i + 1) : i < positive + zeros ? 0.0f : -3.0f;
    return logits;
}

static void adapt(int times, int count, int positive, int zeros)
{
    gan_tensor *logits = new_logits(count, positive, zeros);
    for (int i = 0; i < times; i++) ok(gan_augment_adapt(augment, logits));
    gan_tensor_free(&logits);
}

static void check_probability(double expected)
{
    double p = gan_augment_probability(augment);
    ck_assert_msg(fabs(p - expected) <= 1e-12, "the probability is %.15g; should be %.15g", p, expected);
}

/* Batches of 64, all real pictures known: p rises from 0 to 1 in 500,000 images, by a step every four batches. */
START_TEST(the_published_speed)
{
    ok(gan_augment_create(&augment, context, gan_augment_options(.adaptive = true)));
    adapt(3, 64, 64, 0);
    check_probability(0);
    adapt(1, 64, 64, 0);
    check_probability(256.0 / 500000);
    int batches = 4;
    for (; gan_augment_probability(augment) < 1; batches++) adapt(1, 64, 64, 0);
    ck_assert_int_eq(batches, 7816); /* the first multiple of 4 that is 500,000 / 64 = 7812.5 or more */
    adapt(8, 64, 64, 0);
    check_probability(1);
    adapt(4, 64, 0, 0);
    check_probability(1 - 256.0 / 500000);
    for (int i = 0; i < 7816; i++) adapt(1, 64, 0, 0);
    check_probability(0);
}
END_TEST

/* Ten logits a batch, every batch a step of 10 images of 100. r is the mean sign; the default target is 0.6. */
static const struct {
    float target;
    int positive, zeros;
    double expected;
} steps[] = {
    {0, 9, 0, 0.6},                                                   /* r = 0.8 */
    {0, 8, 0, 0.5},                                                   /* 0.6: where it should be */
    {0, 7, 0, 0.4},                                                   /* 0.4 */
    {0, 8, 1, 0.6},                                                   /* 0.7: the sign of 0 is 0 */
    {0, 7, 1, 0.4},                                                   /* 0.5 */
    {0, 6, 4, 0.5},                                                   /* 0.6 */
    {0, 0, 0, 0.4},                                                   /* -1 */
    {GAN_ZERO, 5, 0, 0.5}, {GAN_ZERO, 6, 0, 0.6}, {-0.5f, 3, 0, 0.6}, /* -0.4 */
    {-0.5f, 2, 0, 0.4},                                               /* -0.6 */
    {1, 10, 0, 0.5},
};

START_TEST(one_step)
{
    ok(gan_augment_create(&augment, context,
                          gan_augment_options(.adaptive = true, .probability = 0.5f, .target = steps[_i].target,
                                              .interval = 1, .ramp = 100)));
    adapt(1, 10, steps[_i].positive, steps[_i].zeros);
    check_probability(steps[_i].expected);
}
END_TEST

/* Signs are counted over all batches since the last step, and every picture counts, whatever its batch. */
START_TEST(batches_of_an_interval)
{
    ok(gan_augment_create(&augment, context,
                          gan_augment_options(.adaptive = true, .probability = 0.5f, .interval = 3, .ramp = 100)));
    adapt(1, 2, 0, 0);
    adapt(1, 1, 0, 0);
    check_probability(0.5);
    adapt(1, 17, 17, 0); /* r = 14 / 20 */
    check_probability(0.5 + 20.0 / 100);
    adapt(2, 1, 1, 0); /* the count begins anew */
    adapt(1, 1, 0, 0);
    check_probability(0.7 - 3.0 / 100);
}
END_TEST

/* A discriminator that judges patches: its logits all count, its pictures once. */
START_TEST(many_logits_a_picture)
{
    ok(gan_augment_create(&augment, context, gan_augment_options(.adaptive = true, .interval = 1, .ramp = 100)));
    gan_tensor *logits = new_tensor(context, GAN_SHAPE(5, 3, 3, 1));
    for (int i = 0; i < 45; i++) gan_tensor_floats(logits)[i] = 1;
    ok(gan_augment_adapt(augment, logits));
    check_probability(0.05);
    gan_tensor_free(&logits);
}
END_TEST

START_TEST(a_state_goes_on)
{
    gan_augment *other;
    const gan_augment_options *options = gan_augment_options(.adaptive = true, .ramp = 1000);
    ok(gan_augment_create(&augment, context, options));
    ok(gan_augment_create(&other, context, options));
    for (int i = 0; i < 30; i++) {
        adapt(1, 7 + i % 5, i % 7 == 0 ? 0 : 7 + i % 5, 0);
        gan_augment_state state = {.size = sizeof state}, again = {.size = sizeof again};
        ok(gan_augment_get_state(augment, &state));
        ok(gan_augment_set_state(other, &state));
        ok(gan_augment_get_state(other, &again));
        ck_assert(memcmp(&state, &again, sizeof state) == 0);
        ck_assert_int_eq(state.batches, (i + 1) % 4);
        gan_augment *swapped = augment; /* the next batch is the other's */
        augment = other;
        other = swapped;
    }
    gan_augment_state swapped = {.size = sizeof swapped}, unbroken = {.size = sizeof unbroken};
    ok(gan_augment_get_state(augment, &swapped));
    gan_augment_free(&augment);
    ok(gan_augment_create(&augment, context, options));
    for (int i = 0; i < 30; i++) adapt(1, 7 + i % 5, i % 7 == 0 ? 0 : 7 + i % 5, 0);
    ok(gan_augment_get_state(augment, &unbroken));
    ck_assert(memcmp(&swapped, &unbroken, sizeof swapped) == 0);
    ck_assert(unbroken.probability > 0 && unbroken.batches > 0);
    gan_augment_free(&other);
}
END_TEST

#define S(...)                                         \
    {                                                  \
        .size = sizeof(gan_augment_state), __VA_ARGS__ \
    }
static const struct {
    gan_augment_state state;
    const char *text;
} bad_states[] = {
    {{.size = 7}, "size is 7"},
    {S(.probability = -0.1), "probability is -0.1"},
    {S(.probability = 1.1), "probability is 1.1"},
    {S(.probability = NAN), "probability is nan"},
    {S(.batches = -1), "batches is -1"},
    {S(.batches = 4, .pictures = 4, .logits = 4), "batches is 4; with these options it must be 0 to 3"},
    {S(.pictures = -1), "pictures is -1"},
    {S(.logits = -1), "logits is -1"},
    {S(.batches = 3, .pictures = 3, .logits = INT64_MAX), "logits is 9223372036854775808"},
    {S(.signs = INT64_MIN), "signs is -9223372036854775808"},
    {S(.pictures = 1, .logits = 1), "0 batches, 1 pictures"},
    {S(.batches = 2, .pictures = 1, .logits = 1), "2 batches, 1 pictures"},
    {S(.batches = 1, .pictures = 2, .logits = 1), "2 pictures, 1 logits"},
    {S(.batches = 1, .pictures = 2, .logits = 2, .signs = 3), "3 signs"},
    {S(.batches = 1, .pictures = 2, .logits = 2, .signs = -3), "-3 signs"},
};
#define BAD_STATES ((int)(sizeof bad_states / sizeof bad_states[0]))

START_TEST(states_are_checked)
{
    ok(gan_augment_create(&augment, context, gan_augment_options(.adaptive = true, .probability = 0.25f)));
    gan_augment_state state = S(.probability = 1, .batches = 3, .pictures = 5, .logits = 5, .signs = -5);
    fails(GAN_ERROR_INVALID_ARGUMENT, bad_states[_i].text, gan_augment_set_state(augment, &bad_states[_i].state));
    check_probability(0.25);
    ok(gan_augment_set_state(augment, &state));
    check_probability(1);
    gan_augment_state small = {.size = offsetof(gan_augment_state, batches), .pictures = 99};
    ok(gan_augment_get_state(augment, &small));
    ck_assert(small.size == offsetof(gan_augment_state, batches) && small.probability == 1 && small.pictures == 99);
}
END_TEST

START_TEST(misuse)
{
    gan_augment_state state = {.size = sizeof state, .batches = 1, .pictures = 1, .logits = 1}, none = {.size = 0};
    gan_tensor *logits = new_logits(4, 2, 0), *bytes;
    ok(gan_tensor_create(&bytes, context, GAN_UINT8, GAN_SHAPE(4)));
    ok(gan_augment_create(&augment, context, NULL));
    fails(GAN_ERROR_STATE, "adaptive", gan_augment_adapt(augment, logits));
    fails(GAN_ERROR_INVALID_ARGUMENT, "must be 0 to 0", gan_augment_set_state(augment, &state));
    gan_augment_free(&augment);
    ok(gan_augment_create(&augment, context, gan_augment_options(.adaptive = true)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "augment is NULL", gan_augment_adapt(NULL, logits));
    fails(GAN_ERROR_INVALID_ARGUMENT, "logits are NULL", gan_augment_adapt(augment, NULL));
    fails(GAN_ERROR_SHAPE, "logits are uint8 [4]", gan_augment_adapt(augment, bytes));
    gan_tensor_floats(logits)[3] = NAN;
    for (int i = 0; i < 9; i++) fails(GAN_ERROR_NUMERIC, "logit 3", gan_augment_adapt(augment, logits));
    check_probability(0);
    ck_assert(gan_augment_probability(NULL) == 0);
    fails(GAN_ERROR_INVALID_ARGUMENT, "augment is NULL", gan_augment_set_probability(NULL, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "is -0.5", gan_augment_set_probability(augment, -0.5));
    fails(GAN_ERROR_INVALID_ARGUMENT, "is 1.5", gan_augment_set_probability(augment, 1.5));
    fails(GAN_ERROR_INVALID_ARGUMENT, "is nan", gan_augment_set_probability(augment, NAN));
    fails(GAN_ERROR_INVALID_ARGUMENT, "augment is NULL", gan_augment_get_state(NULL, &state));
    fails(GAN_ERROR_INVALID_ARGUMENT, "state is NULL", gan_augment_get_state(augment, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "size is 0", gan_augment_get_state(augment, &none));
    fails(GAN_ERROR_INVALID_ARGUMENT, "augment is NULL", gan_augment_set_state(NULL, &state));
    fails(GAN_ERROR_INVALID_ARGUMENT, "state is NULL", gan_augment_set_state(augment, NULL));
    ok(gan_augment_set_probability(augment, 0.75));
    check_probability(0.75);
    gan_tensor_free(&bytes);
    gan_tensor_free(&logits);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("adapt");
    TCase *tests = tcase_create("adaptive strength");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, the_published_speed);
    tcase_add_loop_test(tests, one_step, 0, (int)(sizeof steps / sizeof steps[0]));
    tcase_add_test(tests, batches_of_an_interval);
    tcase_add_test(tests, many_logits_a_picture);
    tcase_add_test(tests, a_state_goes_on);
    tcase_add_loop_test(tests, states_are_checked, 0, BAD_STATES);
    tcase_add_test(tests, misuse);
    return run_suite(suite);
}
