/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include <math.h>
#include <string.h>

static void setup_game(void)
{
    setup();
    start((gan_session_options){.smoothing = 0.1f});
}

static void steps(game *played, int count)
{
    for (int i = 0; i < count; i++) {
        fill_real(context, real, i);
        ok(gan_session_step(played->session, real, NULL));
    }
}

START_TEST(reports)
{
    gan_session_report report = {.size = sizeof report};
    ok(gan_session_step(play.session, real, &report));
    ck_assert_int_eq(report.step, 1);
    ck_assert(report.generator_stepped);
    ck_assert(report.d_loss > 0.3f && report.d_loss < 5 && report.g_loss > 0.1f && report.g_loss < 5);
    ck_assert(report.d_real > 0 && report.d_real < 1 && report.d_fake > 0 && report.d_fake < 1);
    ck_assert(report.d_gradient_norm > 0 && report.g_gradient_norm > 0);
    ck_assert_float_eq(report.d_gradient_norm, gan_network_gradient_norm(play.d));
    ck_assert_float_eq(report.g_gradient_norm, gan_network_gradient_norm(play.g));
}
END_TEST

/* A report of an older caller is written as far as it goes; one of a newer caller keeps the rest. */
START_TEST(report_sizes)
{
    struct newer {
        gan_session_report report;
        int64_t more;
    } newer = {.report = {.size = sizeof newer}, .more = 77};
    ok(gan_session_step(play.session, real, &newer.report));
    ck_assert(newer.more == 77 && newer.report.size == sizeof newer && newer.report.d_loss > 0);
    gan_session_report old = {.size = offsetof(gan_session_report, g_loss), .g_loss = -5};
    ok(gan_session_step(play.session, real, &old));
    ck_assert(old.step == 2 && old.g_loss == -5);
    gan_session_report none = {.size = 0};
    uint64_t before = game_bits(&play);
    fails(GAN_ERROR_INVALID_ARGUMENT, "size is 0", gan_session_step(play.session, real, &none));
    ck_assert(game_bits(&play) == before);
}
END_TEST

/* The weights after some steps, in a context of its own. */
static uint64_t bits_with(int threads, gan_kernel_set set, uint64_t seed)
{
    gan_context *other;
    game again;
    ok(gan_context_create(&other, gan_context_options(.threads = threads, .kernels = set, .seed = seed)));
    ok(make_game(&again, other, (game_options){.play = {.smoothing = 0.1f}}));
    steps(&again, 4);
    uint64_t bits = game_bits(&again);
    free_game(&again);
    gan_context_free(&other);
    return bits;
}

/* Of every kernel set that this CPU runs. */
START_TEST(threads_change_no_bit)
{
    gan_kernel_set set = kernel_set(_i);
    uint64_t expected = bits_with(1, set, 42);
    for (int threads = 2; threads <= 5; threads++)
        ck_assert_msg(bits_with(threads, set, 42) == expected, "%d threads of set %d give other weights", threads,
                      (int)set);
}
END_TEST

START_TEST(seeds_change_all)
{
    ck_assert(bits_with(1, GAN_KERNELS_AUTO, 42) == bits_with(1, GAN_KERNELS_AUTO, 42));
    ck_assert(bits_with(1, GAN_KERNELS_AUTO, 42) != bits_with(1, GAN_KERNELS_AUTO, 43));
}
END_TEST

/* What gan/session.h says that a step is, written from the public parts. */
static float loss(gan_run *run, float target)
{
    float value;
    ok(gan_loss_binary_cross_entropy(&value, gan_run_output_gradient(run, 0), gan_run_output(run, 0), target, NULL));
    return value;
}

START_TEST(a_loop_from_the_parts)
{
    gan_context *other = new_context(1, GAN_KERNELS_AUTO);
    game parts;
    ok(make_game(&parts, other, (game_options){0}));
    gan_run *g, *d_real, *d_fake;
    ok(gan_run_create(&g, parts.g, GAN_TRAINING, 12));
    ok(gan_run_create(&d_real, parts.d, GAN_TRAINING, 12));
    ok(gan_run_create(&d_fake, parts.d, GAN_TRAINING, 12));
    gan_tensor *z = new_tensor(other, GAN_SHAPE(12, 10));
    uint64_t position = 0;
    for (int i = 0; i < 4; i++) {
        gan_session_report report = {.size = sizeof report};
        fill_real(context, real, i);
        ok(gan_session_step(play.session, real, &report));
        ok(gan_random_normal(other, GAN_STREAM_LATENTS, &position, z, 0, 1));
        ok(gan_run_forward(g, z));
        ok(gan_run_forward(d_real, real));
        ok(gan_run_forward(d_fake, gan_run_output(g, 0)));
        ck_assert_float_eq(loss(d_real, 0.9f) + loss(d_fake, 0), report.d_loss);
        ok(gan_network_zero_gradients(parts.d));
        ok(gan_run_backward(d_real, NULL, GAN_WANT_PARAMETERS));
        ok(gan_run_backward(d_fake, NULL, GAN_WANT_PARAMETERS));
        ok(gan_optimizer_step(parts.d_adam));
        ok(gan_run_forward(d_fake, gan_run_output(g, 0)));
        ck_assert_float_eq(loss(d_fake, 1), report.g_loss);
        ok(gan_run_backward(d_fake, NULL, GAN_WANT_INPUTS));
        ok(gan_network_zero_gradients(parts.g));
        ok(gan_run_backward(g, gan_run_input_gradient(d_fake, 0), GAN_WANT_PARAMETERS));
        ok(gan_optimizer_step(parts.g_adam));
        ck_assert(game_bits(&parts) == game_bits(&play));
    }
    gan_tensor_free(&z);
    gan_run_free(&d_fake);
    gan_run_free(&d_real);
    gan_run_free(&g);
    free_game(&parts);
    gan_context_free(&other);
}
END_TEST

START_TEST(several_discriminator_steps)
{
    gan_context *other = new_context(1, GAN_KERNELS_AUTO);
    game whole;
    ok(make_game(&whole, other, (game_options){.play = {.smoothing = 0.1f, .discriminator_steps = 3}}));
    for (int i = 1; i <= 7; i++) {
        gan_session_report report = {.size = sizeof report};
        fill_real(context, real, i);
        ok(gan_session_step(whole.session, real, &report));
        ck_assert_int_eq(report.generator_stepped, i % 3 == 0);
        ck_assert_int_eq(report.step, i);
        ok(gan_session_discriminator_step(play.session, real, NULL));
        if (i % 3 == 0) ok(gan_session_generator_step(play.session, NULL));
        ck_assert(game_bits(&whole) == game_bits(&play));
    }
    ck_assert_int_eq(gan_optimizer_steps(whole.d_adam), 7);
    ck_assert_int_eq(gan_optimizer_steps(whole.g_adam), 2);
    free_game(&whole);
    gan_context_free(&other);
}
END_TEST

START_TEST(batches_of_any_size)
{
    static const int64_t batches[] = {5, 12, 1, 7};
    for (int i = 0; i < 4; i++) {
        ok(gan_tensor_set_batch(real, batches[i]));
        ok(gan_session_step(play.session, real, NULL));
    }
}
END_TEST

/* A picture that is not a number: the step is not made, and says so. */
START_TEST(not_a_number)
{
    uint64_t before = gan_optimizer_steps(play.d_adam);
    gan_tensor_floats(real)[3] = NAN;
    fails(GAN_ERROR_NUMERIC, "discriminator is not a number", gan_session_step(play.session, real, NULL));
    ck_assert(gan_optimizer_steps(play.d_adam) == before);
    for (int i = 0; i < gan_network_parameter_count(play.d); i++) {
        const gan_tensor *w = gan_network_parameter(play.d, i);
        for (int64_t k = 0; k < gan_tensor_count(w); k++) ck_assert(isfinite(gan_tensor_floats(w)[k]));
    }
    for (int i = 0; i < gan_network_buffer_count(play.d); i++) {
        const gan_tensor *average = gan_network_buffer(play.d, i);
        for (int64_t k = 0; k < gan_tensor_count(average); k++) ck_assert(isfinite(gan_tensor_floats(average)[k]));
    }
}
END_TEST

START_TEST(samples)
{
    gan_tensor *z = new_tensor(context, GAN_SHAPE(70, 10)), *all = new_tensor(context, GAN_SHAPE(70, 8, 8, 3));
    gan_tensor *one = new_tensor(context, GAN_SHAPE(1, 8, 8, 3)), *one_z = new_tensor(context, GAN_SHAPE(1, 10));
    steps(&play, 2);
    uint64_t before = game_bits(&play);
    fill_normal(context, z, 5);
    ok(gan_session_sample(play.session, z, all));
    ck_assert(game_bits(&play) == before);
    for (int i = 0; i < 70; i += 23) { /* a picture depends on its latent only */
        memcpy(gan_tensor_floats(one_z), gan_tensor_floats(z) + (ptrdiff_t)i * 10, gan_tensor_bytes(one_z));
        ok(gan_session_sample(play.session, one_z, one));
        check_close("a sample", gan_tensor_floats(one), gan_tensor_floats(all) + (ptrdiff_t)i * 192, 192, 1e-5f);
    }
    ok(gan_session_sample(play.session, NULL, one));
    float first = gan_tensor_floats(one)[0];
    ok(gan_session_sample(play.session, NULL, one));
    ck_assert(gan_tensor_floats(one)[0] != first);
    gan_tensor_free(&one_z);
    gan_tensor_free(&one);
    gan_tensor_free(&all);
    gan_tensor_free(&z);
}
END_TEST

/* Drawing samples does not move training. */
START_TEST(sampling_does_not_disturb)
{
    gan_context *other = new_context(1, GAN_KERNELS_AUTO);
    game again;
    ok(make_game(&again, other, (game_options){.play = {.smoothing = 0.1f}}));
    gan_tensor *images = new_tensor(other, GAN_SHAPE(3, 8, 8, 3));
    for (int i = 0; i < 3; i++) {
        fill_real(context, real, i);
        ok(gan_session_step(play.session, real, NULL));
        ok(gan_session_step(again.session, real, NULL));
        ok(gan_session_sample(again.session, NULL, images));
    }
    ck_assert(game_bits(&play) == game_bits(&again));
    gan_tensor_free(&images);
    free_game(&again);
    gan_context_free(&other);
}
END_TEST

START_TEST(step_misuse)
{
    gan_tensor *wrong = new_tensor(context, GAN_SHAPE(2, 8, 8, 4)),
               *images = new_tensor(context, GAN_SHAPE(2, 8, 8, 3));
    gan_tensor *latents = new_tensor(context, GAN_SHAPE(3, 10));
    uint64_t before = game_bits(&play);
    fails(GAN_ERROR_STATE, "no discriminator step", gan_session_generator_step(play.session, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_session_step(NULL, real, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_session_discriminator_step(NULL, real, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_session_generator_step(NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "real is NULL", gan_session_step(play.session, NULL, NULL));
    fails(GAN_ERROR_SHAPE, "real is float [2,8,8,4]; it must be float [N,8,8,3]",
          gan_session_step(play.session, wrong, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_session_sample(NULL, NULL, images));
    fails(GAN_ERROR_INVALID_ARGUMENT, "images are NULL", gan_session_sample(play.session, NULL, NULL));
    fails(GAN_ERROR_SHAPE, "images are float [2,8,8,4]", gan_session_sample(play.session, NULL, wrong));
    fails(GAN_ERROR_SHAPE, "latents are float [3,10]; they must be float [2,10]",
          gan_session_sample(play.session, latents, images));
    ck_assert(game_bits(&play) == before);
    gan_session_free(NULL);
    gan_tensor_free(&latents);
    gan_tensor_free(&images);
    gan_tensor_free(&wrong);
}
END_TEST

START_TEST(create_misuse)
{
    gan_session *s;
    gan_context *other = new_context(1, GAN_KERNELS_AUTO);
    game foreign;
    gan_network *wide;
    ok(make_game(&foreign, other, (game_options){0}));
    ok(gan_network_create(&wide, context, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_session_create(NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "generator is NULL", gan_session_create(&s, NULL));
    gan_session_options good = {.size = sizeof good,
                                .generator = play.g,
                                .discriminator = play.d,
                                .generator_optimizer = play.g_adam,
                                .discriminator_optimizer = play.d_adam};
    gan_session_options o = good;
    o.discriminator = NULL;
    fails(GAN_ERROR_INVALID_ARGUMENT, "discriminator is NULL", gan_session_create(&s, &o));
    o = good;
    o.reserved = 1;
    fails(GAN_ERROR_INVALID_ARGUMENT, "reserved is 1; it must be 0", gan_session_create(&s, &o));
    o = good;
    o.generator_optimizer = NULL;
    fails(GAN_ERROR_INVALID_ARGUMENT, "generator_optimizer is NULL", gan_session_create(&s, &o));
    o = good;
    o.generator_optimizer = play.d_adam;
    fails(GAN_ERROR_INVALID_ARGUMENT, "generator_optimizer was made for another", gan_session_create(&s, &o));
    o = good;
    o.discriminator_optimizer = play.g_adam;
    fails(GAN_ERROR_INVALID_ARGUMENT, "discriminator_optimizer was made for another", gan_session_create(&s, &o));
    o = good;
    o.discriminator = play.g;
    fails(GAN_ERROR_INVALID_ARGUMENT, "the same network", gan_session_create(&s, &o));
    o = good;
    o.discriminator = foreign.d;
    fails(GAN_ERROR_INVALID_ARGUMENT, "different contexts", gan_session_create(&s, &o));
    o = good;
    o.generator = play.d;
    o.discriminator = play.g;
    fails(GAN_ERROR_SHAPE, "generator makes", gan_session_create(&s, &o));
    o = good;
    o.discriminator = wide;
    fails(GAN_ERROR_STATE, "not built", gan_session_create(&s, &o));
    ok(gan_network_output(wide, gan_conv2d(gan_input(wide, 8, 8, 3), .filters = 2, .kernel = 8)));
    ok(gan_network_build(wide));
    fails(GAN_ERROR_SHAPE, "[1,1,2]; it must be one number", gan_session_create(&s, &o));
    o = good;
    o.smoothing = 0.6f;
    fails(GAN_ERROR_INVALID_ARGUMENT, "smoothing is 0.6", gan_session_create(&s, &o));
    o = good;
    o.discriminator_steps = -1;
    fails(GAN_ERROR_INVALID_ARGUMENT, "discriminator_steps is -1", gan_session_create(&s, &o));
    ck_assert_ptr_null(s);
    gan_network_free(&wide);
    free_game(&foreign);
    gan_context_free(&other);
}
END_TEST

/* A session keeps what it is made of. */
START_TEST(handles_in_any_order)
{
    gan_network_free(&play.g);
    gan_network_free(&play.d);
    gan_optimizer_free(&play.g_adam);
    gan_optimizer_free(&play.d_adam);
    gan_context_free(&context);
    ok(gan_session_step(play.session, real, NULL));
    gan_session_free(&play.session);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("session");
    TCase *tests = tcase_create("session");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup_game, teardown);
    tcase_add_test(tests, reports);
    tcase_add_test(tests, report_sizes);
    tcase_add_loop_test(tests, threads_change_no_bit, 0, kernel_set_count());
    tcase_add_test(tests, seeds_change_all);
    tcase_add_test(tests, a_loop_from_the_parts);
    tcase_add_test(tests, several_discriminator_steps);
    tcase_add_test(tests, batches_of_any_size);
    tcase_add_test(tests, not_a_number);
    tcase_add_test(tests, samples);
    tcase_add_test(tests, sampling_does_not_disturb);
    tcase_add_test(tests, step_misuse);
    tcase_add_test(tests, create_misuse);
    tcase_add_test(tests, handles_in_any_order);
    return run_suite(suite);
}
