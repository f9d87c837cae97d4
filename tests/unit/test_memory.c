/* SPDX-License-Identifier: BSD-2-Clause */
#include "allocator.h"
#include "game.h"

/* A whole program with an allocator that fails at the n-th call, for every n: each failure is told, nothing leaks, and
 * a step after the first takes no memory. */

struct program {
    gan_context *context;
    game game;
    gan_augment *augment;
    gan_tensor *real, *labels, *images;
    gan_optimizer *others[4];
    gan_ema *ema;
};

/* What a training may have besides its session. */
static gan_status start_more(struct program *p)
{
    gan_network *g = p->game.g;
    gan_status status = gan_sgd_create(&p->others[0], g, gan_sgd_options(.momentum = 0.5f));
    if (status == GAN_OK)
        status = gan_rmsprop_create(&p->others[1], g, gan_rmsprop_options(.momentum = 0.5f, .centered = true));
    if (status == GAN_OK) status = gan_adam_create(&p->others[2], g, gan_adam_options(.amsgrad = true));
    if (status == GAN_OK) status = gan_adamw_create(&p->others[3], g, NULL);
    for (int i = 0; status == GAN_OK && i < 4; i++)
        status = gan_optimizer_set_schedule(p->others[i], gan_schedule(.warmup = 100));
    if (status == GAN_OK)
        status = gan_optimizer_set_beta2_schedule(p->others[3], gan_schedule(.warmup = 100, .start = 0.5f));
    if (status == GAN_OK) status = gan_ema_create(&p->ema, g, NULL);
    if (status == GAN_OK) status = gan_network_standing_statistics(gan_ema_network(p->ema), NULL);
    return status;
}

static gan_status play_more(struct program *p)
{
    gan_status status = gan_network_clip_gradient_norm(p->game.g, 1, NULL);
    if (status == GAN_OK) status = gan_network_clip_gradient_value(p->game.g, 0.1f);
    if (status == GAN_OK) status = gan_network_scale_gradients(p->game.g, 0.5f);
    if (status == GAN_OK) status = gan_network_clip_parameters(p->game.d, 0.1f);
    for (int i = 0; status == GAN_OK && i < 4; i++) status = gan_optimizer_step(p->others[i]);
    return status == GAN_OK ? gan_ema_update(p->ema, 8) : status;
}

/* A plain game, and one in which everything takes memory that can take some. */
static const game_options games[] = {
    {.play = {.smoothing = 0.1f}},
    {{.classifier_weight = 1, .feature_weight = 1, .accumulate = 2},
     1,
     GAME_CLASSES,
     .classifier = true,
     .features = true,
     .augment = true,
     .average = true,
     .penalties = {{.kind = GAN_PENALTY_R1}, {.kind = GAN_PENALTY_WGAN_GP}}},
};

#define GAMES ((int)(sizeof games / sizeof games[0]))

/* With as many batches as it takes. */
static gan_status step(struct program *p)
{
    int batches = p->game.options.accumulate > 1 ? p->game.options.accumulate : 1;
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < batches; i++)
        status = gan_session_step_labelled(p->game.session, p->real, p->labels, NULL);
    return status;
}

static gan_status start(struct program *p, failing_allocator *allocator, const game_options *options)
{
    gan_status status =
        gan_context_create(&p->context, gan_context_options(.threads = 2, .allocator = allocator_of(allocator)));
    if (status == GAN_OK) status = make_game(&p->game, p->context, *options);
    if (status == GAN_OK) status = gan_augment_create(&p->augment, p->context, gan_augment_options(.adaptive = true));
    if (status == GAN_OK) status = gan_tensor_create(&p->real, p->context, GAN_FLOAT32, GAN_SHAPE(8, 8, 8, 3));
    if (status == GAN_OK) status = gan_tensor_create(&p->images, p->context, GAN_FLOAT32, GAN_SHAPE(3, 8, 8, 3));
    if (status == GAN_OK && options->g_labels)
        status = gan_tensor_create(&p->labels, p->context, GAN_INT32, GAN_SHAPE(8));
    return status == GAN_OK ? start_more(p) : status;
}

static gan_status play(struct program *p)
{
    gan_status status = GAN_OK;
    fill_real(p->context, p->real, 1);
    for (int64_t batch = 4; status == GAN_OK && batch <= 8; batch += 4) {
        status = gan_tensor_set_batch(p->real, batch);
        if (status == GAN_OK && p->labels) status = gan_tensor_set_batch(p->labels, batch);
        if (status == GAN_OK) status = step(p);
    }
    if (status == GAN_OK) status = gan_session_sample(p->game.session, NULL, p->images);
    if (status == GAN_OK && p->game.ema) status = gan_session_sample_average(p->game.session, NULL, NULL, p->images);
    return status == GAN_OK ? play_more(p) : status;
}

static gan_status change(struct program *p)
{
    gan_status status = gan_augment_forward(p->augment, p->images, p->images, 0);
    if (status == GAN_OK) status = gan_augment_tangent(p->augment, p->images, p->images, 0);
    if (status == GAN_OK) status = gan_augment_backward(p->augment, p->images, p->images, 0);
    return status == GAN_OK ? gan_augment_adapt(p->augment, p->images) : status;
}

static void stop(struct program *p)
{
    gan_ema_free(&p->ema);
    for (int i = 0; i < 4; i++) gan_optimizer_free(&p->others[i]);
    gan_tensor_free(&p->labels);
    gan_tensor_free(&p->images);
    gan_tensor_free(&p->real);
    gan_augment_free(&p->augment);
    free_game(&p->game);
    gan_context_free(&p->context);
}

START_TEST(every_allocation_may_fail)
{
    gan_status status = GAN_ERROR_OUT_OF_MEMORY;
    int failures = 0;
    for (int n = 1; status != GAN_OK; n++, failures++) {
        failing_allocator allocator = {.fail_at = n};
        struct program program = {0};
        status = start(&program, &allocator, &games[_i]);
        if (status == GAN_OK) status = play(&program);
        if (status == GAN_OK) status = change(&program);
        ck_assert_msg(status == GAN_OK || status == GAN_ERROR_OUT_OF_MEMORY, "allocation %d: %s: %s", n,
                      gan_status_name(status), gan_last_error());
        stop(&program);
        ck_assert_msg(allocator.live == 0, "allocation %d: %d blocks were lost", n, allocator.live);
    }
    ck_assert_int_gt(failures, 50);
}
END_TEST

/* Memory that comes back: the same calls succeed after a failure, and train as if nothing had been. */
START_TEST(a_failed_step_can_be_repeated)
{
    failing_allocator calm = {0}, allocator = {0};
    struct program expected = {0};
    ok(start(&expected, &calm, &games[_i]));
    fill_real(expected.context, expected.real, 1);
    ok(step(&expected));
    for (int n = 1;; n++) {
        struct program program = {0};
        allocator = (failing_allocator){0};
        ok(start(&program, &allocator, &games[_i]));
        fill_real(program.context, program.real, 1);
        allocator.fail_at = allocator.calls + n;
        gan_status status = step(&program);
        if (status != GAN_OK) ok(step(&program));
        ck_assert_msg(game_bits(&program.game) == game_bits(&expected.game),
                      "allocation %d of a step changed its result", n);
        stop(&program);
        if (status == GAN_OK) break;
    }
    stop(&expected);
}
END_TEST

static gan_status step_of(struct program *p, int64_t batch)
{
    ok(gan_tensor_set_batch(p->real, batch));
    if (p->labels) ok(gan_tensor_set_batch(p->labels, batch));
    fill_real(p->context, p->real, 1);
    return step(p);
}

/* A step of 4, one of 8 whose allocation `fail` fails (0: it is not made), and what can still be done after that. */
static gan_status fail_to_grow(int fail, uint64_t *bits)
{
    failing_allocator allocator = {0};
    struct program program = {0};
    gan_status status = GAN_OK;
    ok(start(&program, &allocator, &games[0]));
    ok(step_of(&program, 4));
    int calls = allocator.calls;
    allocator.fail_at = calls + fail;
    if (fail) status = step_of(&program, 8);
    calls = allocator.calls;
    if (status != GAN_OK || !fail) {
        ok(gan_session_generator_step(program.game.session, NULL)); /* by the step of 4 */
        ok(step_of(&program, 4));
        ck_assert_int_eq(allocator.calls, calls);
        *bits = game_bits(&program.game);
    }
    stop(&program);
    return status;
}

/* No memory for a larger batch: the session is as it was, down to the pictures that G may still learn from. */
START_TEST(a_larger_batch_that_fails_changes_nothing)
{
    uint64_t expected, bits;
    int failures = 0;
    ok(fail_to_grow(0, &expected));
    while (fail_to_grow(failures + 1, &bits) != GAN_OK) {
        failures++;
        ck_assert_msg(bits == expected, "allocation %d left a trace", failures);
    }
    ck_assert_int_gt(failures, 10);
}
END_TEST

START_TEST(later_steps_take_no_memory)
{
    failing_allocator allocator = {0};
    struct program program = {0};
    ok(start(&program, &allocator, &games[_i]));
    ok(play(&program));
    int calls = allocator.calls;
    for (int i = 0; i < 3; i++) {
        ok(play(&program));
        ok(change(&program));
    }
    ck_assert_int_eq(allocator.calls, calls);
    stop(&program);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory");
    TCase *tests = tcase_create("memory");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, every_allocation_may_fail, 0, GAMES);
    tcase_add_loop_test(tests, a_failed_step_can_be_repeated, 0, GAMES);
    tcase_add_test(tests, a_larger_batch_that_fails_changes_nothing);
    tcase_add_loop_test(tests, later_steps_take_no_memory, 0, GAMES);
    return run_suite(suite);
}
