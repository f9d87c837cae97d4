/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* From gradients to a move: what clips them, and what stops a move in time. */

static float largest_gradient(const gan_network *network)
{
    float most = 0;
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        const gan_tensor *gradient = gan_network_gradient(network, i);
        float here = largest(gan_tensor_floats(gradient), gan_tensor_count(gradient));
        if (here > most) most = here;
    }
    return most;
}

START_TEST(clips_norms)
{
    gan_session_report report = {.size = sizeof report};
    start((gan_session_options){.discriminator_clip_norm = 0.01f, .generator_clip_norm = 0.002f});
    ok(gan_session_step(play.session, real, &report));
    ck_assert(report.d_gradient_norm > 0.01f && report.g_gradient_norm > 0.002f); /* they were */
    ck_assert_float_eq_tol(gan_network_gradient_norm(play.d), 0.01f, 1e-6f);
    ck_assert_float_eq_tol(gan_network_gradient_norm(play.g), 0.002f, 1e-7f);
}
END_TEST

START_TEST(clips_values)
{
    start((gan_session_options){.discriminator_clip_value = 0.001f, .generator_clip_value = 0.0005f});
    ok(gan_session_step(play.session, real, NULL));
    ck_assert_float_eq(largest_gradient(play.d), 0.001f);
    ck_assert_float_eq(largest_gradient(play.g), 0.0005f);
}
END_TEST

START_TEST(clips_weights)
{
    start((gan_session_options){.discriminator_clip_weights = 0.01f, .loss = gan_loss_wasserstein()});
    ok(gan_session_step(play.session, real, NULL));
    float most = 0;
    for (int i = 0; i < gan_network_parameter_count(play.d); i++) {
        const gan_tensor *w = gan_network_parameter(play.d, i);
        most = fmaxf(most, largest(gan_tensor_floats(w), gan_tensor_count(w)));
    }
    ck_assert_float_eq(most, 0.01f);
}
END_TEST

/* The session's first numbers, written from the public parts, for a second G step. */
START_TEST(generators_that_have_moved_generate_again)
{
    gan_context *other = new_context(1, GAN_KERNELS_AUTO);
    game parts;
    gan_run *g, *d_real, *d_fake;
    gan_tensor *z = new_tensor(other, GAN_SHAPE(BATCH, 10));
    uint64_t position = 0;
    float value;
    start((gan_session_options){.smoothing = 0.1f});
    ok(make_game(&parts, other, (game_options){.play = {.smoothing = 0.1f}}));
    ok(gan_session_step(play.session, real, NULL));
    ok(gan_session_step(parts.session, real, NULL));
    ok(gan_session_generator_step(play.session, NULL));
    ok(gan_run_create(&g, parts.g, GAN_TRAINING, BATCH));
    ok(gan_run_create(&d_real, parts.d, GAN_TRAINING, BATCH));
    ok(gan_run_create(&d_fake, parts.d, GAN_TRAINING, BATCH));
    ok(gan_random_normal(other, GAN_STREAM_LATENTS, &position, z, 0, 1));
    ok(gan_run_forward(g, z)); /* G as it is now, on the same latents */
    ok(gan_run_forward(d_fake, gan_run_output(g, 0)));
    ok(gan_adversarial_loss_generator(gan_loss_non_saturating(), &value, d_real, d_fake));
    ok(gan_run_backward(d_fake, NULL, GAN_WANT_INPUTS));
    ok(gan_network_zero_gradients(parts.g));
    ok(gan_run_backward(g, gan_run_input_gradient(d_fake, 0), GAN_WANT_PARAMETERS));
    ok(gan_optimizer_step(parts.g_adam));
    ck_assert(game_bits(&parts) == game_bits(&play));
    gan_run_free(&d_fake);
    gan_run_free(&d_real);
    gan_run_free(&g);
    gan_tensor_free(&z);
    free_game(&parts);
    gan_context_free(&other);
}
END_TEST

/* A loss whose gradients have one number in them that is too much. */
struct trouble {
    float d_slope, g_slope; /* of the first logit */
};

static gan_status troubled_discriminator(void *user, const gan_logits *l, float *loss)
{
    *loss = 1;
    l->real_gradient[0] += ((struct trouble *)user)->d_slope;
    return GAN_OK;
}

static gan_status troubled_generator(void *user, const gan_logits *l, float *loss)
{
    *loss = 2;
    l->fake_gradient[0] += ((struct trouble *)user)->g_slope;
    return GAN_OK;
}

static uint64_t weights(const gan_network *network)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        const gan_tensor *w = gan_network_parameter(network, i);
        const unsigned char *bytes = gan_tensor_data(w);
        for (size_t k = 0; k < gan_tensor_bytes(w); k++) hash = (hash ^ bytes[k]) * 0x100000001b3u;
    }
    return hash;
}

static void check_trouble(struct trouble trouble, int scheme, gan_status expected, const char *player,
                          const char *first)
{
    const gan_adversarial_loss loss = {sizeof loss, .discriminator = troubled_discriminator,
                                       .generator = troubled_generator, .user = &trouble};
    gan_session_report report = {.size = sizeof report, .step = 77, .g_gradient_norm = -1};
    game made;
    ok(make_game(&made, context, (game_options){.play = {.loss = &loss, .scheme = scheme}}));
    uint64_t d = weights(made.d), g = weights(made.g);
    gan_status status = gan_session_step(made.session, real, &report);
    if (expected == GAN_OK) {
        ok(status);
    } else {
        bool of_d = strstr(player, "disc") != NULL, d_moved = !of_d && scheme == GAN_SCHEME_ALTERNATING;
        fails(expected, player, status);
        fails(expected, "gan_session_step: the norm of the ", status);
        fails(expected, "in step 1, first at ", status);
        fails(expected, first, status);
        ck_assert(weights(made.g) == g && (weights(made.d) == d) == !d_moved);
        ck_assert(report.discriminator_stepped == d_moved && report.step == (d_moved ? 1 : 77));
        ck_assert(report.d_loss == 1 && !report.generator_stepped); /* what was done is told */
        ck_assert(of_d ? !(report.d_gradient_norm < 1e19f) : report.g_loss == 2 && !(report.g_gradient_norm < 1e19f));
    }
    free_game(&made);
}

START_TEST(stops_in_time)
{
    static const float bad[] = {NAN, INFINITY, 1e30f};
    for (int scheme = GAN_SCHEME_ALTERNATING; scheme <= GAN_SCHEME_SIMULTANEOUS; scheme++) {
        for (int i = 0; i < 3; i++) {
            const char *place = i < 2 ? "\"linear0." : "first at \"";
            check_trouble((struct trouble){bad[i], 1}, scheme, GAN_ERROR_NUMERIC,
                          "discriminator's gradients (network \"discriminator\")", place);
            place = i < 2 ? "\"deconv1." : "first at \"";
            check_trouble((struct trouble){1, bad[i]}, scheme, GAN_ERROR_NUMERIC,
                          "generator's gradients (network \"generator\")", place);
        }
        check_trouble((struct trouble){1e3f, 1e3f}, scheme, GAN_OK, NULL, NULL);
    }
}
END_TEST

/* What is huge but finite is what clipping is for. */
START_TEST(clips_the_huge)
{
    struct trouble trouble = {1e30f, 1e30f};
    const gan_adversarial_loss loss = {sizeof loss, .discriminator = troubled_discriminator,
                                       .generator = troubled_generator, .user = &trouble};
    start((gan_session_options){.loss = &loss, .discriminator_clip_norm = 1, .generator_clip_value = 1});
    ok(gan_session_step(play.session, real, NULL));
    ck_assert_float_eq_tol(gan_network_gradient_norm(play.d), 1, 1e-5f);
}
END_TEST

START_TEST(options_in_range)
{
    static const struct {
        gan_session_options play;
        const char *text;
    } bad[] = {
        {{.generator_clip_norm = -1}, "generator_clip_norm is -1; it must be at least 0 and at most 1e+18"},
        {{.discriminator_clip_norm = INFINITY}, "discriminator_clip_norm is inf"},
        {{.generator_clip_value = NAN}, "generator_clip_value is nan"},
        {{.discriminator_clip_value = 1e19f}, "discriminator_clip_value is 1e+19"},
        {{.discriminator_clip_weights = -0.01f}, "discriminator_clip_weights is -0.01"},
        {{.accumulate = -1}, "accumulate is -1; it must be at least 1 and at most 65536"},
        {{.accumulate = 65537}, "accumulate is 65537"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        game made;
        fails(GAN_ERROR_INVALID_ARGUMENT, bad[i].text, make_game(&made, context, (game_options){.play = bad[i].play}));
        free_game(&made);
    }
    start((gan_session_options){.generator_clip_norm = 1e18f, .accumulate = 65536});
}
END_TEST

/* Sentences begin with the call that was made. */
START_TEST(calls_by_their_names)
{
    gan_tensor *wrong = new_tensor(context, GAN_SHAPE(2, 8, 8, 4));
    start((gan_session_options){0});
    gan_session *s = play.session;
    fails(GAN_ERROR_SHAPE, "gan_session_step: real is", gan_session_step(s, wrong, NULL));
    fails(GAN_ERROR_SHAPE, "gan_session_step_labelled: real", gan_session_step_labelled(s, wrong, NULL, NULL));
    fails(GAN_ERROR_SHAPE, "gan_session_discriminator_step: real", gan_session_discriminator_step(s, wrong, NULL));
    fails(GAN_ERROR_SHAPE, "gan_session_discriminator_step_labelled: real",
          gan_session_discriminator_step_labelled(s, wrong, NULL, NULL));
    fails(GAN_ERROR_STATE, "gan_session_generator_step: there was no", gan_session_generator_step(s, NULL));
    fails(GAN_ERROR_SHAPE, "gan_session_sample: images", gan_session_sample(s, NULL, wrong));
    fails(GAN_ERROR_SHAPE, "gan_session_sample_labelled: images", gan_session_sample_labelled(s, NULL, NULL, wrong));
    gan_tensor_floats(real)[3] = NAN;
    fails(GAN_ERROR_NUMERIC, "gan_session_discriminator_step: the loss of the discriminator is not a number in step 1",
          gan_session_discriminator_step(s, real, NULL));
    gan_tensor_free(&wrong);
}
END_TEST

struct log {
    int warnings;
    char last[400];
};

static void remember(void *user, gan_log_level level, const char *message)
{
    struct log *log = user;
    if (level != GAN_LOG_WARNING) return;
    log->warnings++;
    snprintf(log->last, sizeof log->last, "%s", message);
}

/* A D that ends in a sigmoid, by way of a reshape. */
START_TEST(warns_of_a_sigmoid)
{
    static const char *const losses[] = {"hinge", "non_saturating", "relativistic_pairing", "least_squares"};
    struct log log = {0};
    gan_context *logged;
    game made;
    gan_network *d;
    gan_optimizer *sgd;
    ok(gan_context_create(&logged, gan_context_options(.log = remember, .log_user = &log)));
    ok(make_game(&made, logged, (game_options){0}));
    ck_assert_int_eq(log.warnings, 0);
    ok(gan_network_create(&d, logged, gan_network_options(.name = "D")));
    gan_node *x = gan_sigmoid(gan_linear(gan_flatten(gan_input(d, 8, 8, 3)), .units = 1));
    gan_network_output(d, gan_reshape(x, .shape = {1, 1, 1}));
    ok(gan_network_build(d));
    ok(gan_sgd_create(&sgd, d, NULL));
    for (int i = 0; i < 4; i++) {
        gan_session *session;
        log.warnings = 0;
        ok(gan_session_create(&session,
                              gan_session_options(.generator = made.g, .discriminator = d,
                                                  .generator_optimizer = made.g_adam, .discriminator_optimizer = sgd,
                                                  .loss = gan_adversarial_loss_find(losses[i]))));
        ck_assert_int_eq(log.warnings, i < 3);
        gan_session_free(&session);
    }
    ck_assert_ptr_nonnull(strstr(log.last, "ends in the sigmoid \"sigmoid0\", and the loss \"relativistic_pairing\""));
    gan_optimizer_free(&sgd);
    gan_network_free(&d);
    free_game(&made);
    gan_context_free(&logged);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("updates");
    TCase *tests = tcase_create("updates");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, clips_norms);
    tcase_add_test(tests, clips_values);
    tcase_add_test(tests, clips_weights);
    tcase_add_test(tests, generators_that_have_moved_generate_again);
    tcase_add_test(tests, stops_in_time);
    tcase_add_test(tests, clips_the_huge);
    tcase_add_test(tests, options_in_range);
    tcase_add_test(tests, calls_by_their_names);
    tcase_add_test(tests, warns_of_a_sigmoid);
    return run_suite(suite);
}
