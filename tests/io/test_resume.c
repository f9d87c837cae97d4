/* SPDX-License-Identifier: BSD-2-Clause */
#include "training.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* 100 steps, or 37 steps, a checkpoint and 63 more from it, end in the same bytes: of the next checkpoint, in which all
 * is that a training consists of, and of samples. */

#define STEPS  100
#define FIRST  37
#define SAMPLE 5

static char folder[64], middle[96], whole[96], resumed[96];

static void setup(void)
{
    snprintf(folder, sizeof folder, "%s", "/tmp/gan-resume-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    snprintf(middle, sizeof middle, "%s/middle", folder);
    snprintf(whole, sizeof whole, "%s/whole", folder);
    snprintf(resumed, sizeof resumed, "%s/resumed", folder);
}

static void teardown(void)
{
    unlink(middle);
    unlink(whole);
    unlink(resumed);
    ck_assert_msg(rmdir(folder) == 0, "something was left in %s", folder);
}

static void check_same_files(const char *a, const char *b, const training_plan *plan, const char *what)
{
    content x = read_content(a), y = read_content(b);
    size_t i = 0;
    while (i < x.size && i < y.size && x.bytes[i] == y.bytes[i]) i++;
    size_t from = i < 200 ? 0 : i - 200;
    ck_assert_msg(x.size == y.size && i == x.size, "%s, %s: byte %zu differs: %.300s | %.300s", plan->name, what, i,
                  (const char *)x.bytes + from, (const char *)y.bytes + from);
    free(x.bytes);
    free(y.bytes);
}

static gan_tensor *sample(training *t)
{
    const int64_t *shape = gan_tensor_shape(t->real);
    gan_tensor *images = new_tensor(t->context, 4, (int64_t[]){SAMPLE, shape[1], shape[2], shape[3]});
    if (gan_session_ema(t->session))
        ok(gan_session_sample_average(t->session, NULL, NULL, images));
    else
        ok(gan_session_sample(t->session, NULL, images));
    return images;
}

/* A rate that the caller has set goes on, too. */
static void play_first_part(training *t)
{
    ok(training_go_on(t, FIRST / 2));
    ok(gan_optimizer_set_rate(gan_session_discriminator_optimizer(t->session), 7e-4f));
    ok(training_go_on(t, FIRST - FIRST / 2));
    gan_tensor *images = sample(t);
    gan_tensor_free(&images);
}

static gan_tensor *play_rest(training *t, const char *path)
{
    ok(training_go_on(t, STEPS - FIRST));
    gan_tensor *images = sample(t);
    ok(gan_checkpoint_save(t->session, t->data, path, NULL));
    return images;
}

static void resume_and_compare(const training_plan *plan, int threads, bool restore, const gan_tensor *expected)
{
    gan_context *context = new_context(threads, GAN_KERNELS_AUTO);
    training t;
    if (restore) {
        ok(training_start(&t, context, plan));
        ok(training_go_on(&t, 3)); /* somewhere else */
        ok(gan_checkpoint_restore(t.session, t.data, middle));
    } else {
        ok(training_prepare(&t, context, plan));
        ok(gan_checkpoint_load(&t.session, context, t.data, middle, NULL));
    }
    ok(gan_checkpoint_save(t.session, t.data, resumed, NULL));
    check_same_files(middle, resumed, plan, "at once");
    gan_tensor *images = play_rest(&t, resumed);
    check_same_files(whole, resumed, plan, restore ? "restored" : "loaded");
    ck_assert_mem_eq(gan_tensor_data(images), gan_tensor_data(expected), gan_tensor_bytes(expected));
    gan_tensor_free(&images);
    training_stop(&t);
    gan_context_free(&context);
}

START_TEST(resumed_to_the_bit)
{
    const training_plan *plan = &plans[_i];
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    training t;
    ok(training_start(&t, context, plan));
    play_first_part(&t);
    gan_tensor *expected = play_rest(&t, whole);
    training_stop(&t);
    gan_context *two = new_context(2, GAN_KERNELS_AUTO);
    ok(training_start(&t, two, plan));
    play_first_part(&t);
    ok(gan_checkpoint_save(t.session, t.data, middle, NULL));
    training_stop(&t);
    gan_context_free(&two);
    for (int threads = 1; threads <= 2; threads++)
        for (int restore = 0; restore < 2; restore++) resume_and_compare(plan, threads, restore, expected);
    gan_tensor_free(&expected);
    gan_context_free(&context);
}
END_TEST

/* A game's random layers draw by the number of their network in its context; it is another one here. */
START_TEST(other_networks_before)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO), *busy = new_context(1, GAN_KERNELS_AUTO);
    gan_network *others[3];
    training t;
    ok(training_start(&t, context, &plans[0]));
    play_first_part(&t);
    ok(gan_checkpoint_save(t.session, t.data, middle, NULL));
    gan_tensor *images = play_rest(&t, whole);
    gan_tensor_free(&images);
    training_stop(&t);
    for (int i = 0; i < 3; i++) ok(gan_network_create(&others[i], busy, NULL));
    ok(training_prepare(&t, busy, &plans[0]));
    ok(gan_checkpoint_load(&t.session, busy, t.data, middle, NULL));
    images = play_rest(&t, resumed);
    check_same_files(whole, resumed, &plans[0], "with others before it");
    gan_tensor_free(&images);
    training_stop(&t);
    for (int i = 0; i < 3; i++) gan_network_free(&others[i]);
    gan_context_free(&busy);
    gan_context_free(&context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resume");
    TCase *tests = tcase_create("resume");
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, resumed_to_the_bit, 0, plan_count);
    tcase_add_test(tests, other_networks_before);
    return run_suite(suite);
}
