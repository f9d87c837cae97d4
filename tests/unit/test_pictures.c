/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include <math.h>
#include <string.h>

/* What goes around a game: the augmentation of what D sees, and the average of G. That a step with them is what
 * gan/session.h says is for test_games. */

static void steps(const game *made, int count)
{
    for (int i = 0; i < count; i++) ok(gan_session_step(made->session, real, NULL));
}

static gan_augment_state state_of(const gan_augment *augment)
{
    gan_augment_state state = {.size = sizeof state};
    ok(gan_augment_get_state(augment, &state));
    return state;
}

/* An adaptive augmentation hears of each batch of real pictures once, whatever the scheme and the loss. */
START_TEST(hears_of_each_batch_once)
{
    static const struct {
        const char *loss;
        gan_session_options play;
    } kinds[] = {
        {"hinge", {0}},
        {"hinge", {.discriminator_steps = 3}},
        {"relativistic_pairing", {0}}, /* G looks at the real pictures again */
        {"relativistic_pairing", {.scheme = GAN_SCHEME_SIMULTANEOUS}},
        {"relativistic_pairing", {.accumulate = 2}},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        gan_augment *augment;
        game made;
        game_options options = {.play = kinds[i].play};
        options.play.loss = gan_adversarial_loss_find(kinds[i].loss);
        ok(make_game(&made, context, options));
        ok(gan_augment_create(&augment, context, gan_augment_options(.adaptive = true, .interval = 1000)));
        ok(gan_session_set_augment(made.session, augment));
        steps(&made, 6);
        ck_assert_int_eq(state_of(augment).batches, 6);
        ck_assert_int_eq(state_of(augment).pictures, 6 * BATCH);
        gan_augment_free(&augment);
        steps(&made, 1); /* the session keeps it */
        free_game(&made);
    }
}
END_TEST

/* A step that fails is not heard of. */
START_TEST(hears_of_no_failure)
{
    gan_augment *augment;
    ok(make_game(&play, context, (game_options){0}));
    ok(gan_augment_create(&augment, context, gan_augment_options(.adaptive = true, .interval = 1000)));
    ok(gan_session_set_augment(play.session, augment));
    gan_tensor_floats(real)[0] = NAN;
    fails(GAN_ERROR_NUMERIC, "not a number", gan_session_step(play.session, real, NULL));
    ck_assert_int_eq(state_of(augment).batches, 0);
    gan_augment_free(&augment);
}
END_TEST

static uint64_t bits_after(gan_session_options options, bool augmented, double probability)
{
    gan_context *other = new_context(1, GAN_KERNELS_AUTO);
    gan_augment *augment;
    game made;
    ok(make_game(&made, other, (game_options){.play = options}));
    ok(gan_augment_create(&augment, other, gan_augment_options(.policies = GAN_AUGMENT_COLOUR)));
    ok(gan_augment_set_probability(augment, probability));
    ok(gan_session_set_augment(made.session, augment));
    if (!augmented) ok(gan_session_set_augment(made.session, NULL));
    steps(&made, 3);
    uint64_t bits = game_bits(&made);
    gan_augment_free(&augment);
    free_game(&made);
    gan_context_free(&other);
    return bits;
}

/* With probability 0, and when it is taken away, D sees the pictures as they are. */
START_TEST(changes_what_is_learnt)
{
    for (int scheme = GAN_SCHEME_ALTERNATING; scheme <= GAN_SCHEME_SIMULTANEOUS; scheme++) {
        gan_session_options options = {.scheme = scheme};
        uint64_t plain = bits_after(options, false, 1);
        ck_assert(bits_after(options, true, 0) == plain);
        ck_assert(bits_after(options, true, 1) != plain);
    }
}
END_TEST

START_TEST(augment_misuse)
{
    gan_context *other = new_context(1, GAN_KERNELS_AUTO);
    gan_augment *foreign, *augment;
    gan_network *g, *d;
    gan_optimizer *g_sgd, *d_sgd;
    gan_session *flat;
    ok(make_game(&play, context, (game_options){0}));
    ok(gan_augment_create(&foreign, other, NULL));
    ok(gan_augment_create(&augment, context, NULL));
    ok(gan_network_create(&g, context, NULL));
    gan_network_output(g, gan_linear(gan_input(g, 3), .units = 7));
    ok(gan_network_build(g));
    ok(gan_network_create(&d, context, NULL));
    gan_network_output(d, gan_linear(gan_input(d, 7), .units = 1));
    ok(gan_network_build(d));
    ok(gan_sgd_create(&g_sgd, g, NULL));
    ok(gan_sgd_create(&d_sgd, d, NULL));
    ok(gan_session_create(&flat, gan_session_options(.generator = g, .discriminator = d, .generator_optimizer = g_sgd,
                                                     .discriminator_optimizer = d_sgd)));
    steps(&play, 1);
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_session_set_augment(NULL, augment));
    fails(GAN_ERROR_INVALID_ARGUMENT, "augment is of another context", gan_session_set_augment(play.session, foreign));
    fails(GAN_ERROR_SHAPE, "the discriminator takes [7]; pictures that are changed are [H,W,C]",
          gan_session_set_augment(flat, augment));
    ok(gan_session_set_augment(flat, NULL));
    ok(gan_session_generator_step(play.session, NULL)); /* as it was */
    gan_session_free(&flat);
    gan_optimizer_free(&d_sgd);
    gan_optimizer_free(&g_sgd);
    gan_network_free(&d);
    gan_network_free(&g);
    gan_augment_free(&augment);
    gan_augment_free(&foreign);
    gan_context_free(&other);
}
END_TEST

/* Images of G's steps, and none of others. */
START_TEST(counts_images)
{
    static const struct {
        gan_session_options play;
        uint64_t images; /* after 6 batches */
    } kinds[] = {
        {{0}, 6 * BATCH},
        {{.discriminator_steps = 2}, 3 * BATCH},
        {{.accumulate = 3}, 6 * BATCH},
        {{.accumulate = 2, .scheme = GAN_SCHEME_SIMULTANEOUS}, 6 * BATCH},
        {{.accumulate = 2, .discriminator_steps = 3}, 2 * BATCH},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        game made;
        ok(make_game(&made, context, (game_options){.play = kinds[i].play, .average = true}));
        steps(&made, 6);
        ck_assert_uint_eq(gan_ema_images(made.ema), kinds[i].images);
        free_game(&made);
    }
}
END_TEST

START_TEST(samples_from_the_average)
{
    gan_tensor *latents = new_tensor(context, GAN_SHAPE(70, 10)), *images = new_tensor(context, GAN_SHAPE(70, 8, 8, 3));
    gan_tensor *others = new_tensor(context, GAN_SHAPE(70, 8, 8, 3));
    gan_run *run;
    ok(make_game(&play, context, (game_options){.average = true}));
    fill_normal(context, latents, 1);
    for (int round = 0; round < 2; round++) {
        steps(&play, 2);
        ok(gan_session_sample_average(play.session, latents, NULL, images));
        ok(gan_run_create(&run, gan_ema_network(play.ema), GAN_INFERENCE, 70));
        ok(gan_run_forward(run, latents));
        check_close("averages", gan_tensor_floats(images), gan_tensor_floats(gan_run_output(run, 0)),
                    gan_tensor_count(images), 1e-5f);
        ok(gan_session_sample(play.session, latents, others));
        ck_assert(memcmp(gan_tensor_data(images), gan_tensor_data(others), gan_tensor_bytes(images)) != 0);
        gan_run_free(&run);
        ok(gan_network_standing_statistics(gan_ema_network(play.ema), gan_statistics_options(.batch = 4, .passes = 2)));
    }
    gan_ema *copy; /* an average of nothing but the last step is G, and takes the other's place */
    ok(gan_ema_create(&copy, play.g, gan_ema_options(.half_life = GAN_ZERO)));
    ok(gan_session_set_ema(play.session, copy));
    gan_ema_free(&copy);
    steps(&play, 1);
    ok(gan_session_sample_average(play.session, latents, NULL, images));
    ok(gan_session_sample(play.session, latents, others));
    ck_assert(memcmp(gan_tensor_data(images), gan_tensor_data(others), gan_tensor_bytes(images)) == 0);
    gan_tensor_free(&others);
    gan_tensor_free(&images);
    gan_tensor_free(&latents);
}
END_TEST

/* Averages and samples of them take nothing from a training. */
START_TEST(averages_do_not_disturb)
{
    gan_context *other = new_context(1, GAN_KERNELS_AUTO);
    gan_tensor *images = new_tensor(other, GAN_SHAPE(3, 8, 8, 3));
    game averaged;
    ok(make_game(&play, context, (game_options){0}));
    ok(make_game(&averaged, other, (game_options){.average = true}));
    for (int i = 0; i < 3; i++) {
        steps(&play, 1);
        steps(&averaged, 1);
        ok(gan_session_sample_average(averaged.session, NULL, NULL, images));
    }
    ck_assert(game_bits(&play) == game_bits(&(game){.g = averaged.g, .d = averaged.d}));
    free_game(&averaged);
    gan_tensor_free(&images);
    gan_context_free(&other);
}
END_TEST

START_TEST(labelled_averages)
{
    gan_tensor *images = new_tensor(context, GAN_SHAPE(3, 8, 8, 3)), *labels = new_labels(context, BATCH),
               *three = new_labels(context, 3);
    ok(make_game(&play, context, (game_options){.g_labels = GAME_CLASSES, .average = true}));
    fill_labels(labels, 0);
    ok(gan_session_step_labelled(play.session, real, labels, NULL));
    ok(gan_session_sample_average(play.session, NULL, NULL, images));
    ok(gan_session_sample_average(play.session, NULL, three, images));
    numbers(three)[1] = GAME_CLASSES;
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_session_sample_average: labels[1] is 3",
          gan_session_sample_average(play.session, NULL, three, images));
    gan_tensor_free(&three);
    gan_tensor_free(&labels);
    gan_tensor_free(&images);
}
END_TEST

START_TEST(average_misuse)
{
    gan_tensor *images = new_tensor(context, GAN_SHAPE(3, 8, 8, 3)),
               *wrong = new_tensor(context, GAN_SHAPE(3, 8, 8, 4));
    gan_ema *of_d;
    ok(make_game(&play, context, (game_options){0}));
    ok(gan_ema_create(&of_d, play.d, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_session_set_ema(NULL, of_d));
    fails(GAN_ERROR_INVALID_ARGUMENT, "ema is of network \"discriminator\"; it must be of the generator, \"generator\"",
          gan_session_set_ema(play.session, of_d));
    fails(GAN_ERROR_STATE, "gan_session_sample_average: the session has no average",
          gan_session_sample_average(play.session, NULL, NULL, images));
    fails(GAN_ERROR_SHAPE, "gan_session_sample_average: images are float [3,8,8,4]",
          gan_session_sample_average(play.session, NULL, NULL, wrong));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_session_sample_average(NULL, NULL, NULL, images));
    ok(gan_session_set_ema(play.session, NULL));
    gan_ema_free(&of_d);
    gan_tensor_free(&wrong);
    gan_tensor_free(&images);
}
END_TEST

/* A session keeps what it was given. */
START_TEST(handles_in_any_order)
{
    ok(make_game(&play, context, (game_options){.augment = true, .average = true}));
    gan_network *average = gan_ema_network(play.ema);
    gan_augment_free(&play.augment);
    gan_ema_free(&play.ema);
    steps(&play, 2);
    ck_assert_int_gt(gan_network_parameter_count(average), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pictures");
    TCase *tests = tcase_create("pictures");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, hears_of_each_batch_once);
    tcase_add_test(tests, hears_of_no_failure);
    tcase_add_test(tests, changes_what_is_learnt);
    tcase_add_test(tests, augment_misuse);
    tcase_add_test(tests, counts_images);
    tcase_add_test(tests, samples_from_the_average);
    tcase_add_test(tests, averages_do_not_disturb);
    tcase_add_test(tests, labelled_averages);
    tcase_add_test(tests, average_misuse);
    tcase_add_test(tests, handles_in_any_order);
    return run_suite(suite);
}
