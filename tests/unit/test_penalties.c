/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Gradient penalties of a session: when, where and with which weight. That they are exact is for tests/golden, that a
 * session adds what gan/penalty.h says for test_games. */

static gan_session_report step(const game *played)
{
    gan_session_report report = {.size = sizeof report};
    ok(gan_session_step(played->session, real, &report));
    return report;
}

/* Learning nothing, D gives the same penalty for the same pictures again. */
static void stand_still(const game *made)
{
    ok(gan_optimizer_set_rate(made->d_adam, 1e-30f));
    ok(gan_optimizer_set_rate(made->g_adam, 1e-30f));
}

START_TEST(every_so_often)
{
    static const gan_schedule schedule = {sizeof schedule, .kind = GAN_SCHEDULE_STEP, .hold = 3, .steps = 100,
                                          .factor = 0.5f};
    ok(make_game(&play, context,
                 (game_options){.penalties = {{.kind = GAN_PENALTY_R1, .every = 3, .schedule = &schedule}}}));
    stand_still(&play);
    float first = step(&play).penalty;
    ck_assert(first > 0);
    for (int i = 1; i < 12; i++) {
        float penalty = step(&play).penalty;
        if (i % 3)
            ck_assert_float_eq(penalty, 0);
        else
            ck_assert_float_eq_tol(penalty, first, 1e-5f * first);
    }
    gan_session_free(&play.session); /* all at once, at a third of the weight */
    ok(gan_session_create(&play.session, &play.options));
    ok(gan_session_add_penalty(play.session, gan_penalty_options(.kind = GAN_PENALTY_R1)));
    ck_assert_float_eq_tol(3 * step(&play).penalty, first, 1e-4f * first);
}
END_TEST

START_TEST(weights_follow_a_schedule)
{
    const gan_schedule schedule = {sizeof schedule, .kind = GAN_SCHEDULE_LINEAR, .steps = 4};
    const gan_penalty_options penalty = {.kind = GAN_PENALTY_R1, .weight = 8, .schedule = &schedule};
    ok(make_game(&play, context, (game_options){.penalties = {penalty}}));
    stand_still(&play);
    float first = step(&play).penalty;
    ck_assert(first > 0);
    for (int i = 1; i < 6; i++)
        ck_assert_float_eq_tol(step(&play).penalty, i < 4 ? first * (float)(4 - i) / 4 : 0, 1e-5f * first);
}
END_TEST

static uint64_t bits_of_g(const game *made)
{
    return game_bits(&(game){.g = made->g});
}

/* The penalty is D's alone: with a weight that D does not feel, G learns in the same step what it learns without. In
 * the simultaneous scheme it learns from the very pass that the penalty has looked into. */
START_TEST(leaves_generators_alone)
{
    for (int scheme = GAN_SCHEME_ALTERNATING; scheme <= GAN_SCHEME_SIMULTANEOUS; scheme++) {
        game_options options = {.play = {.scheme = scheme, .feature_weight = 1}, .features = true};
        uint64_t expected = 0;
        for (int kind = 0; kind <= GAN_PENALTY_DRAGAN; kind++) {
            gan_context *other = new_context(1, GAN_KERNELS_AUTO);
            game made;
            if (kind) options.penalties[0] = (gan_penalty_options){.kind = kind, .weight = 1e-30f};
            ok(make_game(&made, other, options));
            step(&made);
            if (kind == 0) expected = bits_of_g(&made);
            ck_assert_msg(bits_of_g(&made) == expected, "penalty %d, scheme %d", kind, scheme);
            free_game(&made);
            gan_context_free(&other);
        }
    }
}
END_TEST

static int64_t calls(const gan_profile *profile, const char *layer, gan_pass pass)
{
    for (int i = 0; i < gan_profile_count(profile); i++) {
        gan_profile_row row = {.size = sizeof row};
        ok(gan_profile_get(profile, i, &row));
        if (!strcmp(row.network, "discriminator") && !strcmp(row.layer, layer) && row.pass == (int)pass)
            return row.calls;
    }
    return 0;
}

/* R1 and R2 look where D has looked; the others take a look of their own. */
START_TEST(passes)
{
    static const struct {
        int kind, forward, tangents;
    } cases[] = {{0, 3, 0},
                 {GAN_PENALTY_R1, 3, 1},
                 {GAN_PENALTY_R2, 3, 1},
                 {GAN_PENALTY_WGAN_GP, 4, 1},
                 {GAN_PENALTY_DRAGAN, 4, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        game made;
        gan_profile *profile;
        ok(gan_profile_create(&profile, context));
        ok(make_game(&made, context, (game_options){.penalties = {{.kind = cases[i].kind, .every = 2}}}));
        ok(gan_session_set_profile(made.session, profile));
        for (int k = 0; k < 4; k++) step(&made);
        ck_assert_int_eq(calls(profile, "conv0", GAN_PASS_FORWARD), 12 + 2 * (cases[i].forward - 3));
        ck_assert_int_eq(calls(profile, "conv0", GAN_PASS_TANGENT), 2 * cases[i].tangents);
        free_game(&made);
        gan_profile_free(&profile);
    }
}
END_TEST

struct log {
    size_t bytes; /* of all training runs of D */
};

static void count_bytes(void *user, gan_log_level level, const char *message)
{
    size_t bytes;
    const char *text = strstr(message, "a run for training takes ");
    (void)level;
    if (!strstr(message, "\"discriminator\"") || !text || sscanf(text, "a run for training takes %zu", &bytes) != 1)
        return;
    ((struct log *)user)->bytes += bytes;
}

static size_t bytes_with(int kind, int another)
{
    struct log log = {0};
    gan_context *logged;
    game made;
    ok(gan_context_create(&logged, gan_context_options(.log = count_bytes, .log_user = &log)));
    game_options options = {.penalties = {{.kind = kind}, {.kind = another}}};
    ok(make_game(&made, logged, options));
    step(&made);
    free_game(&made);
    gan_context_free(&logged);
    return log.bytes;
}

/* Memory for tangents is where a penalty needs it, and nowhere else. */
START_TEST(memory)
{
    size_t plain = bytes_with(0, 0), r1 = bytes_with(GAN_PENALTY_R1, 0);
    size_t more = r1 - plain;
    ck_assert(plain > 0 && r1 > plain && plain % 2 == 0);
    ck_assert_uint_eq(bytes_with(GAN_PENALTY_R2, 0), plain + more);
    ck_assert_uint_eq(bytes_with(GAN_PENALTY_R1, GAN_PENALTY_R1), plain + more);
    ck_assert_uint_eq(bytes_with(GAN_PENALTY_R1, GAN_PENALTY_R2), plain + 2 * more);
    ck_assert_uint_eq(bytes_with(GAN_PENALTY_WGAN_GP, GAN_PENALTY_DRAGAN), plain + plain / 2 + more);
}
END_TEST

/* A penalty that is added amid a training: the session goes on, and needs a D step first. */
START_TEST(added_later)
{
    ok(make_game(&play, context, (game_options){0}));
    ck_assert_float_eq(step(&play).penalty, 0);
    ok(gan_session_add_penalty(play.session, gan_penalty_options(.kind = GAN_PENALTY_WGAN_GP)));
    fails(GAN_ERROR_STATE, "there was no discriminator step", gan_session_generator_step(play.session, NULL));
    gan_session_report report = step(&play);
    ck_assert(report.penalty > 0 && report.step == 2);
    ok(gan_session_generator_step(play.session, NULL));
}
END_TEST

/* |g| overflows: the penalty is not a number, and D stays. */
START_TEST(not_a_number)
{
    ok(make_game(&play, context,
                 (game_options){.penalties = {{.kind = GAN_PENALTY_R1, .weight = 0x1p100f, .every = 1 << 20}}}));
    for (int i = 0; i < gan_network_parameter_count(play.d); i++) {
        gan_tensor *w = gan_network_parameter(play.d, i);
        for (int64_t k = 0; k < gan_tensor_count(w); k++) gan_tensor_floats(w)[k] *= 100;
    }
    gan_session_report report = {.size = sizeof report};
    uint64_t before = gan_optimizer_steps(play.d_adam);
    fails(GAN_ERROR_NUMERIC, "gan_session_step: the R1 penalty of the discriminator is ",
          gan_session_step(play.session, real, &report));
    ck_assert(gan_optimizer_steps(play.d_adam) == before && !isfinite(report.penalty));
}
END_TEST

START_TEST(misuse)
{
    static const gan_schedule negative = {sizeof negative, .kind = GAN_SCHEDULE_LINEAR, .steps = 5, .end = -1};
    static const gan_schedule endless = {sizeof endless, .kind = GAN_SCHEDULE_LINEAR};
    static const struct {
        gan_penalty_options options;
        const char *text;
    } bad[] = {
        {{.kind = 0}, "kind is required; it must be 1 to 4"},
        {{.kind = 5}, "kind is 5"},
        {{.kind = -1}, "kind is -1"},
        {{.kind = 1, .weight = -1}, "weight is -1; it must be above 0"},
        {{.kind = 1, .weight = GAN_ZERO}, "weight is -0; it must be above 0"},
        {{.kind = 1, .weight = 0x1.8p100f}, "weight is 1.90148e+30"},
        {{.kind = 1, .weight = NAN}, "weight is nan"},
        {{.kind = 1, .every = -1}, "every is -1; it must be at least 1"},
        {{.kind = 1, .every = (1 << 20) + 1}, "every is 1048577"},
        {{.kind = 3, .target = -2}, "target is -2; it must be at least 0"},
        {{.kind = 4, .target = INFINITY}, "target is inf"},
        {{.kind = 4, .noise = GAN_ZERO}, "noise is -0; it must be above 0"},
        {{.kind = 1, .target = 1}, "target is 1, which a penalty of kind R1 has not"},
        {{.kind = 2, .target = GAN_ZERO}, "target is -0, which a penalty of kind R2 has not"},
        {{.kind = 3, .noise = 0.5f}, "noise is 0.5, which a penalty of kind WGAN_GP has not"},
        {{.kind = 1, .schedule = &negative}, "schedule.end is -1; it must be at least 0 and at most 1.2676506e+30"},
        {{.kind = 1, .schedule = &endless}, "gan_schedule.steps is required"},
    };
    ok(make_game(&play, context, (game_options){0}));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_session_add_penalty(NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "kind is required", gan_session_add_penalty(play.session, NULL));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        gan_penalty_options options = bad[i].options;
        options.size = sizeof options;
        fails(GAN_ERROR_INVALID_ARGUMENT, bad[i].text, gan_session_add_penalty(play.session, &options));
    }
    step(&play);
    ok(gan_session_generator_step(play.session, NULL)); /* refusals leave the session as it was */
    for (int i = 0; i < 4; i++)
        ok(gan_session_add_penalty(play.session,
                                   gan_penalty_options(.kind = 1 + i, .weight = 0x1p100f, .every = 1 << 20)));
    fails(GAN_ERROR_STATE, "the session has 4 penalties",
          gan_session_add_penalty(play.session, gan_penalty_options(.kind = 1)));
}
END_TEST

static gan_status flat_infer(void *user, gan_custom_setup *setup)
{
    int rank;
    const int64_t *shape = gan_custom_input(setup, 0, &rank);
    (void)user;
    return gan_custom_output(setup, rank, shape);
}

static gan_status flat_pass(void *user, const gan_custom_pass *pass)
{
    (void)user;
    (void)pass;
    return GAN_OK;
}

/* A layer without a tangent is named, and the session plays on without the penalty. */
START_TEST(layers_without_a_tangent)
{
    static const gan_custom_type flat = {sizeof flat, .name = "flat", .infer = flat_infer, .forward = flat_pass,
                                         .backward = flat_pass};
    gan_network *d;
    gan_optimizer *sgd;
    gan_session *session;
    ok(make_game(&play, context, (game_options){0}));
    ok(gan_custom_register(context, &flat));
    ok(gan_network_create(&d, context, gan_network_options(.name = "D")));
    gan_node *x = gan_linear(gan_flatten(gan_input(d, 8, 8, 3)), .units = 1);
    gan_network_output(d, gan_custom(x, .type = "flat", .name = "mine"));
    ok(gan_network_build(d));
    ok(gan_sgd_create(&sgd, d, NULL));
    ok(gan_session_create(&session,
                          gan_session_options(.generator = play.g, .discriminator = d,
                                              .generator_optimizer = play.g_adam, .discriminator_optimizer = sgd)));
    fails(GAN_ERROR_UNSUPPORTED, "layer \"mine\" (flat) of network \"D\" has no tangent",
          gan_session_add_penalty(session, gan_penalty_options(.kind = GAN_PENALTY_R1)));
    ok(gan_session_step(session, real, NULL));
    gan_session_free(&session);
    gan_optimizer_free(&sgd);
    gan_network_free(&d);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("penalties");
    TCase *tests = tcase_create("penalties");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, every_so_often);
    tcase_add_test(tests, weights_follow_a_schedule);
    tcase_add_test(tests, leaves_generators_alone);
    tcase_add_test(tests, passes);
    tcase_add_test(tests, memory);
    tcase_add_test(tests, added_later);
    tcase_add_test(tests, not_a_number);
    tcase_add_test(tests, misuse);
    tcase_add_test(tests, layers_without_a_tangent);
    return run_suite(suite);
}
