/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include <math.h>
#include <string.h>

/* Steps that take several batches: what adds them up, and what a session keeps of them. */

/* A game whose layers look at each picture by itself, with SGD: gradients show in the weights as they are. */
static void start_plain(game *made, gan_context *of, gan_session_options options, int penalty)
{
    *made = (game){0};
    ok(gan_network_create(&made->g, of, gan_network_options(.name = "G")));
    gan_node *x = gan_relu(gan_linear(gan_input(made->g, 10), .units = 24));
    gan_network_output(made->g, gan_tanh(gan_reshape(gan_linear(x, .units = 192), .shape = {8, 8, 3})));
    ok(gan_network_build(made->g));
    ok(gan_network_create(&made->d, of, gan_network_options(.name = "D")));
    x = gan_leaky_relu(gan_conv2d(gan_input(made->d, 8, 8, 3), .filters = 5, .kernel = 4, .stride = 2));
    gan_network_output(made->d, gan_linear(gan_flatten(x), .units = 1));
    ok(gan_network_build(made->d));
    ok(gan_sgd_create(&made->g_adam, made->g, gan_sgd_options(.rate = 0.1f)));
    ok(gan_sgd_create(&made->d_adam, made->d, gan_sgd_options(.rate = 0.1f)));
    made->options = options;
    made->options.size = sizeof options;
    made->options.generator = made->g;
    made->options.discriminator = made->d;
    made->options.generator_optimizer = made->g_adam;
    made->options.discriminator_optimizer = made->d_adam;
    ok(gan_session_create(&made->session, &made->options));
    if (penalty) ok(gan_session_add_penalty(made->session, gan_penalty_options(.kind = penalty, .weight = 1)));
}

/* But for rounding, also of gradients that are exactly zero. */
static void check_weights(const gan_network *a, const gan_network *b)
{
    for (int i = 0; i < gan_network_parameter_count(a); i++) {
        const gan_tensor *x = gan_network_parameter(a, i), *y = gan_network_parameter(b, i);
        int64_t count = gan_tensor_count(x);
        float difference = largest_difference(gan_tensor_floats(x), gan_tensor_floats(y), count);
        ck_assert_msg(difference <= 1e-5f * largest(gan_tensor_floats(y), count) + 1e-7f, "%s differs by %g",
                      gan_network_parameter_name(a, i), difference);
    }
}

/* Options of games with several batches a step. Each is played whole and in three parts. */
static const struct {
    const char *loss;
    gan_session_options play;
    int penalty;
} rounds[] = {
    {"non_saturating", {.smoothing = 0.1f}, GAN_PENALTY_R1},
    {"non_saturating", {.scheme = GAN_SCHEME_SIMULTANEOUS}, GAN_PENALTY_R2},
    {"relativistic_pairing", {0}},
    {"hinge", {.discriminator_steps = 2}},
    {"relativistic_pairing", {.scheme = GAN_SCHEME_SIMULTANEOUS, .discriminator_steps = 2}},
    {"wasserstein", {.discriminator_clip_norm = 0.05f, .generator_clip_norm = 0.01f}, GAN_PENALTY_WGAN_GP},
};

#define ROUNDS ((int)(sizeof rounds / sizeof rounds[0]))
#define PARTS  3

/* `whole` learns from the batch, `parts` from its parts one after another in memory that is used again. */
static void play_both(game *whole, game *parts, gan_tensor *part, gan_session_report *at_once, gan_session_report *last)
{
    float d_loss = 0;
    ok(gan_session_step(whole->session, real, at_once));
    for (int i = 0; i < PARTS; i++) {
        size_t size = gan_tensor_bytes(part);
        memcpy(gan_tensor_data(part), (char *)gan_tensor_data(real) + (size_t)i * size, size);
        ok(gan_session_step(parts->session, part, last));
        memset(gan_tensor_data(part), 0, size);
        d_loss += last->d_loss / PARTS;
        ck_assert_int_eq(last->discriminator_stepped, i == PARTS - 1);
        if (i < PARTS - 1) ck_assert(!last->generator_stepped);
    }
    ck_assert_float_eq_tol(d_loss, at_once->d_loss, 1e-5f);
}

START_TEST(batches_add_up)
{
    gan_session_options options = rounds[_i].play;
    gan_context *other = new_context(1, GAN_KERNELS_AUTO);
    game parts;
    options.loss = gan_adversarial_loss_find(rounds[_i].loss);
    start_plain(&play, context, options, rounds[_i].penalty);
    options.accumulate = PARTS;
    start_plain(&parts, other, options, rounds[_i].penalty);
    gan_tensor *part = new_tensor(other, GAN_SHAPE(BATCH / PARTS, 8, 8, 3));
    for (int step = 0; step < 4; step++) {
        gan_session_report at_once = {.size = sizeof at_once}, last = {.size = sizeof last};
        fill_real(context, real, step);
        play_both(&play, &parts, part, &at_once, &last);
        ck_assert(at_once.generator_stepped == last.generator_stepped && last.step == at_once.step);
        ck_assert_float_eq_tol(last.d_gradient_norm, at_once.d_gradient_norm, 1e-5f);
        ck_assert_float_eq_tol(last.g_gradient_norm, at_once.g_gradient_norm, 1e-5f);
        if (options.scheme == GAN_SCHEME_ALTERNATING) ck_assert_float_eq_tol(last.g_loss, at_once.g_loss, 1e-5f);
    }
    check_weights(parts.d, play.d);
    check_weights(parts.g, play.g);
    gan_tensor_free(&part);
    free_game(&parts);
    gan_context_free(&other);
}
END_TEST

/* The same bits with any number of threads, by gan_session_step() and by its parts, with everything on. */
START_TEST(rounds_have_one_result)
{
    uint64_t expected = 0;
    for (int way = 0; way < 4; way++) {
        gan_context *other = new_context(way < 3 ? 1 + way : 1, GAN_KERNELS_AUTO);
        game again;
        gan_session_options options = rounds[_i].play;
        options.loss = gan_adversarial_loss_find(rounds[_i].loss);
        options.accumulate = 2;
        bool by_parts = way == 3 && options.scheme == GAN_SCHEME_ALTERNATING;
        int every = 2 * (options.discriminator_steps ? options.discriminator_steps : 1);
        ok(make_game(
            &again, other,
            (game_options){.play = options,
                           .augment = true,
                           .average = true,
                           .penalties = {{.kind = GAN_PENALTY_R1}, {.kind = GAN_PENALTY_DRAGAN, .every = 2}}}));
        for (int i = 1; i <= 8; i++) {
            fill_real(context, real, i);
            if (!by_parts) ok(gan_session_step(again.session, real, NULL));
            if (by_parts) ok(gan_session_discriminator_step(again.session, real, NULL));
            if (by_parts && i % every == 0) ok(gan_session_generator_step(again.session, NULL));
        }
        if (way == 0) expected = game_bits(&again);
        ck_assert_msg(game_bits(&again) == expected, "way %d gives other weights", way);
        free_game(&again);
        gan_context_free(&other);
    }
}
END_TEST

START_TEST(rounds_are_kept_whole)
{
    start((gan_session_options){.accumulate = 2});
    ok(gan_session_step(play.session, real, NULL));
    fails(GAN_ERROR_STATE, "the discriminator has 1 of the 2 batches", gan_session_generator_step(play.session, NULL));
    ok(gan_tensor_set_batch(real, 5));
    fails(GAN_ERROR_SHAPE,
          "gan_session_step: real is float [5,8,8,3]; the batches that are accumulated are of one size",
          gan_session_step(play.session, real, NULL));
    fails(GAN_ERROR_STATE, "no discriminator step yet", gan_session_generator_step(play.session, NULL));
    ok(gan_tensor_set_batch(real, BATCH));
    gan_tensor_floats(real)[7] = NAN; /* the round fails, and the next call begins one */
    fails(GAN_ERROR_NUMERIC, "not a number", gan_session_step(play.session, real, NULL));
    fill_real(context, real, 1);
    ok(gan_tensor_set_batch(real, 5));
    ok(gan_session_step(play.session, real, NULL));
    ck_assert_int_eq(gan_optimizer_steps(play.d_adam), 0);
    ok(gan_session_step(play.session, real, NULL));
    ck_assert_int_eq(gan_optimizer_steps(play.d_adam), 1);
    ok(gan_session_generator_step(play.session, NULL));
    ck_assert_int_eq(gan_optimizer_steps(play.g_adam), 2);
}
END_TEST

static void count_release(void *user, void *data)
{
    (void)data;
    ++*(int *)user;
}

/* The caller's pictures are the caller's again when the round is over. */
START_TEST(rounds_keep_no_pictures)
{
    int released = 0;
    start((gan_session_options){.accumulate = _i});
    for (int k = 1; k <= 2 * _i; k++) {
        gan_tensor *mine;
        ok(gan_tensor_wrap(&mine, context, GAN_FLOAT32, GAN_SHAPE(BATCH, 8, 8, 3), gan_tensor_floats(real),
                           count_release, &released));
        ok(gan_session_step(play.session, mine, NULL));
        gan_tensor_free(&mine);
        ck_assert_int_eq(released, k);
    }
}
END_TEST

/* A frame of the caller's: whether the session lets it go with the step, or with the next D step. */
static int releases_after_a_step(const char *loss, int scheme)
{
    int released = 0, before;
    float *frame = gan_tensor_floats(real);
    gan_tensor *wrapped;
    game made;
    ok(make_game(&made, context, (game_options){.play = {.loss = gan_adversarial_loss_find(loss), .scheme = scheme}}));
    ok(gan_tensor_wrap(&wrapped, context, GAN_FLOAT32, GAN_SHAPE(BATCH, 8, 8, 3), frame, count_release, &released));
    ok(gan_session_step(made.session, wrapped, NULL));
    gan_tensor_free(&wrapped);
    before = released;
    if (!before) ok(gan_session_generator_step(made.session, NULL)); /* may still be asked for */
    ok(gan_session_step(made.session, real, NULL));
    ck_assert_int_eq(released, 1);
    free_game(&made);
    return before;
}

START_TEST(lets_go_of_the_batch)
{
    ck_assert_int_eq(releases_after_a_step("hinge", GAN_SCHEME_ALTERNATING), 1);
    ck_assert_int_eq(releases_after_a_step("relativistic_pairing", GAN_SCHEME_SIMULTANEOUS), 1);
    ck_assert_int_eq(releases_after_a_step("relativistic_pairing", GAN_SCHEME_ALTERNATING), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rounds");
    TCase *tests = tcase_create("rounds");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, batches_add_up, 0, ROUNDS);
    tcase_add_loop_test(tests, rounds_have_one_result, 0, ROUNDS);
    tcase_add_test(tests, rounds_are_kept_whole);
    tcase_add_loop_test(tests, rounds_keep_no_pictures, 1, 5);
    tcase_add_test(tests, lets_go_of_the_batch);
    return run_suite(suite);
}
