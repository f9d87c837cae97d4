/* SPDX-License-Identifier: BSD-2-Clause */
#include "game.h"
#include "parts.h"

#include <math.h>
#include <string.h>

/* Every kind of game: each loss, scheme and way to use labels. What a session does is what gan/session.h says, written
 * from the public parts in parts.c, bit for bit, with any number of threads. */

#define BATCH 12
#define STEPS 4

#define SIMULTANEOUS GAN_SCHEME_SIMULTANEOUS
#define ONE_HOT      GAME_CLASSES

typedef struct kind {
    const char *loss; /* NULL: the default */
    gan_session_options play;
    int g_labels, d_labels;
    bool classifier, features, augment, average;
    gan_penalty_options penalties[GAME_PENALTIES];
} kind;

#define R1      GAN_PENALTY_R1
#define R2      GAN_PENALTY_R2
#define WGAN_GP GAN_PENALTY_WGAN_GP
#define DRAGAN  GAN_PENALTY_DRAGAN

static const gan_schedule falling = {sizeof falling, .kind = GAN_SCHEDULE_LINEAR, .steps = 2};

static const kind kinds[] = {
    {NULL, {.smoothing = 0.1f}},
    {"non_saturating", {.smoothing = 0.1f, .fake_smoothing = 0.05f}},
    {"saturating", {.discriminator_steps = 2}},
    {"least_squares", {.smoothing = 0.2f}},
    {"hinge", {.discriminator_steps = 3}},
    {"wasserstein", {0}},
    {"relativistic_average", {0}},
    {"relativistic_average_least_squares", {0}},
    {"relativistic_average_hinge", {0}},
    {"relativistic_pairing", {.discriminator_steps = 2}},
    {"non_saturating", {.scheme = SIMULTANEOUS, .smoothing = 0.1f}},
    {"hinge", {.scheme = SIMULTANEOUS, .discriminator_steps = 2}},
    {"relativistic_pairing", {.scheme = SIMULTANEOUS}},
    {"relativistic_average", {.scheme = SIMULTANEOUS, .feature_weight = 0.5f}, .features = true},
    {NULL, {.feature_weight = 2}, .features = true},
    {"hinge", {.feature_weight = 1, .features_only = true}, .features = true},
    {"relativistic_pairing", {.feature_weight = 1, .features_only = true}, .features = true},
    {NULL, {0}, ONE_HOT, ONE_HOT},
    {"hinge", {.fake_labels = GAN_FAKE_LABELS_REAL}, ONE_HOT, ONE_HOT},
    {NULL, {.classes = GAME_CLASSES}, 1, 1},
    {"relativistic_pairing", {0}, 1, ONE_HOT},
    {NULL, {0}, ONE_HOT, 0},
    {NULL, {.classifier_weight = 1}, 1, 0, .classifier = true},
    {"hinge", {.classifier_weight = 0.25f, .scheme = SIMULTANEOUS}, ONE_HOT, ONE_HOT, .classifier = true},
    {"relativistic_average",
     {.classifier_weight = 0.25f, .feature_weight = 0.1f, .discriminator_steps = 2},
     ONE_HOT,
     1,
     .classifier = true,
     .features = true},
    {NULL, {.smoothing = 0.1f}, .penalties = {{.kind = R1, .weight = 2}}},
    {"relativistic_pairing", {0}, .penalties = {{.kind = R1, .weight = 1}, {.kind = R2, .weight = 0.5f}}},
    {"wasserstein", {.discriminator_steps = 3}, .penalties = {{.kind = WGAN_GP}}},
    {NULL, {0}, .penalties = {{.kind = DRAGAN, .noise = 0.3f, .target = GAN_ZERO}}},
    {"hinge", {0}, .penalties = {{.kind = R1, .every = 2}, {.kind = WGAN_GP, .every = 3}, {.kind = DRAGAN}}},
    {"hinge",
     {.scheme = SIMULTANEOUS, .feature_weight = 0.5f},
     .features = true,
     .penalties = {{.kind = R2, .weight = 3, .schedule = &falling}, {.kind = R1}}},
    {NULL, {0}, ONE_HOT, ONE_HOT, .penalties = {{.kind = R1}, {.kind = WGAN_GP}}},
    {"hinge", {.classes = GAME_CLASSES, .scheme = SIMULTANEOUS}, 1, 1, .penalties = {{.kind = DRAGAN}, {.kind = R2}}},
    {"wasserstein", {.discriminator_clip_weights = 0.02f, .discriminator_clip_norm = 0.1f}},
    {NULL, {0}, .augment = true},
    {NULL, {.smoothing = 0.1f}, .augment = true, .average = true, .penalties = {{.kind = R1}}},
    {"relativistic_pairing", {.discriminator_steps = 2}, .augment = true, .penalties = {{.kind = R2}}},
    {"hinge", {.scheme = SIMULTANEOUS}, .augment = true, .average = true, .penalties = {{.kind = R1}, {.kind = R2}}},
    {"wasserstein",
     {.classifier_weight = 0.25f, .feature_weight = 0.5f, .generator_clip_norm = 1},
     ONE_HOT,
     1,
     .classifier = true,
     .features = true,
     .augment = true,
     .average = true,
     .penalties = {{.kind = WGAN_GP, .every = 2}, {.kind = DRAGAN}, {.kind = R1, .schedule = &falling}}},
    {NULL, {.generator_clip_norm = 0.01f, .generator_clip_value = 0.002f, .discriminator_clip_value = 0.01f}},
};

#define KINDS ((int)(sizeof kinds / sizeof kinds[0]))

static game_options options_of(const kind *k)
{
    game_options options = {k->play, k->g_labels, k->d_labels, k->classifier, k->features, k->augment, k->average};
    memcpy(options.penalties, k->penalties, sizeof options.penalties);
    options.play.loss = gan_adversarial_loss_find(k->loss);
    ck_assert(!k->loss == !options.play.loss);
    return options;
}

static void start(game *made, gan_context **context, const kind *k, int threads)
{
    *context = new_context(threads, GAN_KERNELS_AUTO);
    ok(make_game(made, *context, options_of(k)));
}

static void stop(game *made, gan_context **context)
{
    free_game(made);
    gan_context_free(context);
}

/* The labels, where the game has some. */
static const gan_tensor *for_game(const game *made, const gan_tensor *labels)
{
    return gan_session_classes(made->session) > 0 ? labels : NULL;
}

static gan_status step(game *made, const gan_tensor *real, const gan_tensor *labels, gan_session_report *report)
{
    return gan_session_step_labelled(made->session, real, for_game(made, labels), report);
}

static uint64_t parameter_bits(const gan_network *network)
{
    const game one = {.g = (gan_network *)network, .d = NULL};
    return game_bits(&one);
}

/* Both players move, by numbers that are numbers, and to the same bits with 1, 2 and 3 threads. */
START_TEST(trains)
{
    uint64_t expected = 0;
    for (int threads = 1; threads <= 3; threads++) {
        gan_context *context;
        game made;
        start(&made, &context, &kinds[_i], threads);
        gan_tensor *real = new_tensor(context, GAN_SHAPE(BATCH, 8, 8, 3)), *labels = new_labels(context, BATCH);
        uint64_t g = parameter_bits(made.g), d = parameter_bits(made.d);
        for (int i = 0; i < STEPS; i++) {
            gan_session_report report = {.size = sizeof report};
            fill_real(context, real, i);
            fill_labels(labels, i);
            ok(step(&made, real, labels, &report));
            ck_assert(isfinite(report.d_loss) && isfinite(report.g_loss) && report.d_gradient_norm > 0);
        }
        ck_assert(parameter_bits(made.g) != g && parameter_bits(made.d) != d);
        if (threads == 1) expected = game_bits(&made);
        ck_assert_msg(game_bits(&made) == expected, "%d threads give other weights", threads);
        gan_tensor_free(&labels);
        gan_tensor_free(&real);
        stop(&made, &context);
    }
}
END_TEST

static void check_reports(const gan_session_report *a, const gan_session_report *b)
{
    ck_assert_float_eq(a->d_loss, b->d_loss);
    ck_assert_float_eq(a->g_loss, b->g_loss);
    ck_assert_float_eq(a->d_classifier_loss, b->d_classifier_loss);
    ck_assert_float_eq(a->g_classifier_loss, b->g_classifier_loss);
    ck_assert_float_eq(a->feature_loss, b->feature_loss);
    ck_assert_float_eq(a->penalty, b->penalty);
    ck_assert_float_eq_tol(a->d_real_logit, b->d_real_logit, 1e-6f);
    ck_assert_float_eq_tol(a->d_fake_logit, b->d_fake_logit, 1e-6f);
    ck_assert(a->generator_stepped == b->generator_stepped);
}

START_TEST(is_the_sum_of_its_parts)
{
    gan_context *context, *other;
    game made, again;
    start(&made, &context, &kinds[_i], 1);
    start(&again, &other, &kinds[_i], 1);
    gan_tensor *real = new_tensor(context, GAN_SHAPE(BATCH, 8, 8, 3)), *labels = new_labels(context, BATCH);
    parts *loop = new_parts(&again, other, BATCH);
    for (int i = 0; i < STEPS; i++) {
        gan_session_report report = {.size = sizeof report}, expected = {.size = sizeof expected};
        fill_real(context, real, i);
        fill_labels(labels, i);
        ok(step(&made, real, labels, &report));
        step_by_parts(loop, real, labels, &expected);
        check_reports(&report, &expected);
        ck_assert_msg(game_bits(&made) == game_bits(&again), "step %d differs from its parts", i);
        ck_assert_double_eq(gan_augment_probability(made.augment), gan_augment_probability(again.augment));
    }
    free_parts(&loop);
    gan_tensor_free(&labels);
    gan_tensor_free(&real);
    stop(&again, &other);
    stop(&made, &context);
}
END_TEST

/* Batches that shrink and grow, with everything that a step keeps. */
START_TEST(batches_of_any_size)
{
    static const int64_t batches[] = {5, BATCH, 1, 7};
    gan_context *context;
    game made;
    start(&made, &context, &kinds[_i], 1);
    gan_tensor *real = new_tensor(context, GAN_SHAPE(BATCH, 8, 8, 3)), *labels = new_labels(context, BATCH);
    for (int i = 0; i < 4; i++) {
        fill_real(context, real, i);
        fill_labels(labels, i);
        ok(gan_tensor_set_batch(real, batches[i]));
        ok(gan_tensor_set_batch(labels, batches[i]));
        ok(step(&made, real, labels, NULL));
    }
    gan_tensor_free(&labels);
    gan_tensor_free(&real);
    stop(&made, &context);
}
END_TEST

/* The parts that are public by name make the same step. */
START_TEST(two_half_steps)
{
    gan_context *context, *other;
    game made, again;
    start(&made, &context, &kinds[_i], 1);
    start(&again, &other, &kinds[_i], 1);
    gan_tensor *real = new_tensor(context, GAN_SHAPE(BATCH, 8, 8, 3)), *labels = new_labels(context, BATCH);
    bool simultaneous = made.options.scheme == SIMULTANEOUS;
    int every = made.options.discriminator_steps ? made.options.discriminator_steps : 1;
    for (int i = 1; i <= STEPS; i++) {
        fill_real(context, real, i);
        fill_labels(labels, i);
        if (!simultaneous) ok(step(&made, real, labels, NULL));
        ok(gan_session_discriminator_step_labelled(again.session, real, for_game(&again, labels), NULL));
        if (simultaneous)
            fails(GAN_ERROR_STATE, "simultaneous scheme G has no step",
                  gan_session_generator_step(again.session, NULL));
        else if (i % every == 0)
            ok(gan_session_generator_step(again.session, NULL));
        if (!simultaneous) ck_assert(game_bits(&made) == game_bits(&again));
    }
    gan_tensor_free(&labels);
    gan_tensor_free(&real);
    stop(&again, &other);
    stop(&made, &context);
}
END_TEST

/* The default loss, written by a caller. */
static float cross_entropy(const float *x, float *gradient, int64_t count, float target)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        double e = exp(-fabs((double)x[i]));
        sum += (x[i] > 0 ? (double)x[i] : 0) - x[i] * (double)target + log1p(e);
        gradient[i] += (float)(((x[i] >= 0 ? 1 : e) / (1 + e) - target) / (double)count);
    }
    return (float)(sum / (double)count);
}

static gan_status my_discriminator(void *user, const gan_logits *l, float *loss)
{
    ++*(int *)user;
    *loss = cross_entropy(l->real, l->real_gradient, l->count, l->real_target) +
            cross_entropy(l->fake, l->fake_gradient, l->count, l->fake_target);
    return GAN_OK;
}

static gan_status my_generator(void *user, const gan_logits *l, float *loss)
{
    ++*(int *)user;
    *loss = cross_entropy(l->fake, l->fake_gradient, l->count, 1);
    return *(int *)user > 100 ? GAN_ERROR_IO : GAN_OK;
}

START_TEST(a_loss_of_the_callers)
{
    gan_context *context, *other;
    game made, mine;
    int calls = 0;
    gan_adversarial_loss loss = {.size = sizeof loss,
                                 .name = "my loss",
                                 .flags = GAN_LOSS_TAKES_TARGETS,
                                 .discriminator = my_discriminator,
                                 .generator = my_generator,
                                 .user = &calls};
    start(&made, &context, &kinds[0], 1);
    other = new_context(1, GAN_KERNELS_AUTO);
    ok(make_game(&mine, other, (game_options){.play = {.smoothing = 0.1f, .loss = &loss}}));
    memset(&loss, 0, sizeof loss); /* it was copied */
    gan_tensor *real = new_tensor(context, GAN_SHAPE(BATCH, 8, 8, 3));
    for (int i = 0; i < STEPS; i++) {
        fill_real(context, real, i);
        ok(gan_session_step(made.session, real, NULL));
        ok(gan_session_step(mine.session, real, NULL));
        ck_assert(game_bits(&made) == game_bits(&mine));
    }
    ck_assert_int_eq(calls, 2 * STEPS);
    calls = 1000;
    uint64_t before = gan_optimizer_steps(mine.g_adam);
    fails(GAN_ERROR_IO, "the loss \"my loss\" returned -6", gan_session_step(mine.session, real, NULL));
    ck_assert(gan_optimizer_steps(mine.g_adam) == before);
    gan_tensor_free(&real);
    stop(&mine, &other);
    stop(&made, &context);
}
END_TEST

static gan_status no_number(void *user, const gan_logits *l, float *loss)
{
    (void)user;
    (void)l;
    *loss = NAN;
    return GAN_OK;
}

/* G's loss is not a number: G stays, and in the simultaneous scheme D as well. */
START_TEST(not_a_number)
{
    const gan_adversarial_loss loss = {sizeof loss, .discriminator = gan_loss_hinge()->discriminator,
                                       .generator = no_number};
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_tensor *real = new_tensor(context, GAN_SHAPE(BATCH, 8, 8, 3));
    fill_real(context, real, 0);
    for (int scheme = GAN_SCHEME_ALTERNATING; scheme <= GAN_SCHEME_SIMULTANEOUS; scheme++) {
        game made;
        ok(make_game(&made, context, (game_options){.play = {.loss = &loss, .scheme = scheme}}));
        fails(GAN_ERROR_NUMERIC, "generator is not a number", gan_session_step(made.session, real, NULL));
        ck_assert_int_eq(gan_optimizer_steps(made.d_adam), scheme == GAN_SCHEME_ALTERNATING);
        ck_assert_int_eq(gan_optimizer_steps(made.g_adam), 0);
        free_game(&made);
    }
    gan_tensor_free(&real);
    gan_context_free(&context);
}
END_TEST

/* What the schemes and losses cost. */
START_TEST(flops)
{
    gan_context *context;
    game made;
    start(&made, &context, &kinds[_i], 1);
    const kind *k = &kinds[_i];
    int64_t forward = gan_network_flops(made.d), backward = gan_network_backward_flops(made.d, GAN_WANT_PARAMETERS);
    int64_t g = gan_network_flops(made.g) + gan_network_backward_flops(made.g, GAN_WANT_PARAMETERS);
    bool features = k->play.feature_weight > 0;
    bool relative = k->loss && strncmp(k->loss, "relativistic", 12) == 0 && !k->play.features_only;
    int looks = made.options.scheme == SIMULTANEOUS ? 2 : relative || features ? 4 : 3;
    ck_assert_int_eq(gan_session_flops(made.session),
                     g + looks * forward + 2 * backward + gan_network_backward_flops(made.d, GAN_WANT_INPUTS));
    stop(&made, &context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("games");
    TCase *tests = tcase_create("games");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, trains, 0, KINDS);
    tcase_add_loop_test(tests, is_the_sum_of_its_parts, 0, KINDS);
    tcase_add_loop_test(tests, batches_of_any_size, 0, KINDS);
    tcase_add_loop_test(tests, two_half_steps, 0, KINDS);
    tcase_add_loop_test(tests, flops, 0, KINDS);
    tcase_add_test(tests, a_loss_of_the_callers);
    tcase_add_test(tests, not_a_number);
    return run_suite(suite);
}
