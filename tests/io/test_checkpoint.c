/* SPDX-License-Identifier: BSD-2-Clause */
#include "checkpoint_folder.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a checkpoint tells and refuses, and what fails on its way. test_checkpoint_damage.c has files that are damaged,
 * test_resume.c that trainings go on from one. */

START_TEST(tells_of_itself)
{
    training t;
    gan_checkpoint_info info = {.size = sizeof info};
    char note[32];
    size_t length;
    ok(training_start(&t, context, &smallest));
    ok(training_go_on(&t, 13));
    ok(gan_checkpoint_save(
        t.session, t.data, path,
        gan_checkpoint_options(.metric_name = "fid", .metric = 0.1 + 0.2, .note = "{\"mine\": \"\xc3\xa9\"}")));
    ok(gan_checkpoint_inspect(&info, path));
    ck_assert_uint_eq(info.seed, 42);
    ck_assert_uint_eq(info.step, 13);
    ck_assert_uint_eq(info.epoch, gan_dataset_epoch(t.data));
    ck_assert_int_eq(info.position, gan_dataset_position(t.data));
    ck_assert(info.epoch > 0 && info.position > 0);
    ck_assert_int_eq(info.pictures, 23);
    ck_assert(info.metric == 0.1 + 0.2 && info.has_average && info.classes == 0);
    ck_assert_str_eq(info.metric_name, "fid");
    ok(gan_checkpoint_note(path, note, sizeof note, &length));
    ck_assert_str_eq(note, "{\"mine\": \"\xc3\xa9\"}");
    ck_assert_uint_eq(length, strlen(note));
    ok(gan_checkpoint_note(path, note, 5, &length));
    ck_assert_str_eq(note, "{\"mi");
    ok(gan_checkpoint_save(t.session, NULL, path, NULL));
    ok(gan_checkpoint_inspect(&info, path));
    ck_assert(info.metric == 0 && info.metric_name[0] == '\0' && info.pictures == 0);
    ok(gan_checkpoint_note(path, note, sizeof note, NULL));
    ck_assert_str_eq(note, "");
    training_stop(&t);
}
END_TEST

static void check_same_network(const gan_network *a, const gan_network *b)
{
    ck_assert_int_eq(gan_network_parameter_count(a), gan_network_parameter_count(b));
    ck_assert_int_eq(gan_network_buffer_count(a), gan_network_buffer_count(b));
    for (int i = 0; i < gan_network_parameter_count(a); i++)
        ck_assert_mem_eq(gan_tensor_data(gan_network_parameter(a, i)), gan_tensor_data(gan_network_parameter(b, i)),
                         gan_tensor_bytes(gan_network_parameter(a, i)));
    for (int i = 0; i < gan_network_buffer_count(a); i++)
        ck_assert_mem_eq(gan_tensor_data(gan_network_buffer(a, i)), gan_tensor_data(gan_network_buffer(b, i)),
                         gan_tensor_bytes(gan_network_buffer(a, i)));
}

START_TEST(networks_alone)
{
    training t;
    gan_context *other = counting_context(7); /* of another seed */
    ok(training_start(&t, context, &plans[12]));
    ok(training_go_on(&t, 3));
    ok(gan_checkpoint_save(t.session, NULL, path, NULL));
    const gan_network *expected[] = {gan_ema_network(gan_session_ema(t.session)), gan_session_generator(t.session),
                                     gan_session_discriminator(t.session), gan_ema_network(gan_session_ema(t.session))};
    for (int part = 0; part < 4; part++) {
        gan_network *network;
        ok(gan_checkpoint_network(&network, other, path, part));
        check_same_network(expected[part], network);
        gan_network_free(&network);
    }
    ok(gan_session_set_ema(t.session, NULL));
    ok(gan_checkpoint_save(t.session, NULL, path, NULL));
    gan_network *network;
    ok(gan_checkpoint_network(&network, other, path, GAN_CHECKPOINT_SAMPLER));
    check_same_network(gan_session_generator(t.session), network);
    gan_network_free(&network);
    fails(GAN_ERROR_INVALID_ARGUMENT, "no average",
          gan_checkpoint_network(&network, other, path, GAN_CHECKPOINT_AVERAGE));
    fails(GAN_ERROR_INVALID_ARGUMENT, "part is 4", gan_checkpoint_network(&network, other, path, 4));
    fails(GAN_ERROR_FORMAT, "is a checkpoint", gan_network_load(&network, other, path));
    ck_assert_ptr_null(network);
    training_stop(&t);
    gan_context_free(&other);
}
END_TEST

/* A session that differs in one thing from that of the file (plans[0], without schedules), and what is said of it. */
static const struct {
    training_plan plan;
    const char *text;
} differences[] = {
    {{.g_optimizer = rmsprop},
     "generator_optimizer.options.beta1 is 0.5 in the checkpoint and not there in the session"},
    {{.d_optimizer = amsgrad}, "discriminator_optimizer.options.beta1 is 0.5 in the checkpoint and 0 in the session"},
    {{.play = {.discriminator_steps = 2}}, "options.discriminator_steps is not there in the checkpoint and 2 in"},
    {{.play = {.smoothing = 0.1f}}, "options.smoothing is not there in the checkpoint and 0.1 in the session"},
    {{.loss = "hinge"}, "loss is \"non_saturating\" in the checkpoint and \"hinge\" in the session"},
    {{.penalties = {{.kind = GAN_PENALTY_R1}}}, "penalties[0] is not there in the checkpoint and {\"options\":"},
    {{.augment = {.policies = 1}}, "augment is not there in the checkpoint"},
    {{.average = {.half_life = 5}}, "average is not there in the checkpoint and {\"options\":{\"half_life\":5}}"},
    {{.schedules = true}, "generator_optimizer.rate_schedule is not there in the checkpoint"},
    {{.features = true}, "discriminator.outputs[1] is not there in the checkpoint"},
    {{.plain = true}, "generator.layers[0].shape[0] is 6 in the checkpoint and 2 in the session"},
    {{.labels = 1, .play = {.classes = 3}}, "is \"linear\" in the checkpoint and \"input\" in the session"},
};

START_TEST(differences_are_told)
{
    training t;
    content c = saved(&plans[0], 3);
    ok(training_start(&t, context, &differences[_i].plan));
    ok(training_go_on(&t, 1));
    ok(gan_checkpoint_save(t.session, t.data, other_path, NULL));
    content before = read_content(other_path);
    fails(GAN_ERROR_INVALID_ARGUMENT, differences[_i].text, gan_checkpoint_restore(t.session, t.data, path));
    ok(gan_checkpoint_save(t.session, t.data, other_path, NULL));
    content after = read_content(other_path);
    ck_assert(before.size == after.size && memcmp(before.bytes, after.bytes, after.size) == 0);
    training_stop(&t);
    free(after.bytes);
    free(before.bytes);
    free(c.bytes);
}
END_TEST

START_TEST(datasets_and_seeds)
{
    training t;
    gan_session *session;
    gan_dataset *data;
    content c = saved(&plans[0], 3);
    gan_context *other = counting_context(43);
    fails(GAN_ERROR_INVALID_ARGUMENT, "the checkpoint's seed is 42; the context's is 43",
          gan_checkpoint_load(&session, other, NULL, path, NULL));
    ok(gan_dataset_create_synthetic(&data, context, gan_dataset_options(.count = 50)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "pictures is 23 in the checkpoint and 50 in the dataset",
          gan_checkpoint_load(&session, context, data, path, NULL));
    ck_assert_ptr_null(session);
    ok(training_prepare(&t, context, &plans[0]));
    ok(gan_checkpoint_load(&t.session, context, t.data, path, NULL));
    ck_assert_int_eq(gan_dataset_position(t.data), 12);
    ok(gan_checkpoint_save(t.session, NULL, path, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "no dataset's place", gan_checkpoint_restore(t.session, t.data, path));
    ok(gan_checkpoint_restore(t.session, NULL, path));
    fails(GAN_ERROR_STATE, "no discriminator step yet", gan_session_generator_step(t.session, NULL));
    training_stop(&t);
    gan_dataset_free(&data);
    gan_context_free(&other);
    free(c.bytes);
}
END_TEST

static const gan_adversarial_loss *own_loss(gan_adversarial_loss *loss, const char *name)
{
    *loss = *gan_loss_wasserstein();
    loss->name = name;
    return loss;
}

START_TEST(losses_of_the_callers_own)
{
    gan_adversarial_loss mine, wrong;
    training t;
    gan_session *session;
    const training_plan plan = {.play = {.loss = own_loss(&mine, "mine")}};
    ok(training_start(&t, context, &plan));
    ok(gan_checkpoint_save(t.session, NULL, path, NULL));
    training_stop(&t);
    fails(GAN_ERROR_INVALID_ARGUMENT, "its loss \"mine\" is none of the library's",
          gan_checkpoint_load(&session, context, NULL, path, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "loss is \"wrong\"; the checkpoint's game has \"mine\"",
          gan_checkpoint_load(&session, context, NULL, path, own_loss(&wrong, "wrong")));
    ok(gan_checkpoint_load(&session, context, NULL, path, &mine));
    gan_session_free(&session);
}
END_TEST

START_TEST(amid_a_round)
{
    training t;
    const training_plan plan = {.play = {.accumulate = 3}};
    ok(training_start(&t, context, &plan));
    ok(training_go_on(&t, 1));
    ok(gan_dataset_next(t.data, t.real, NULL));
    ok(gan_session_step(t.session, t.real, NULL));
    fails(GAN_ERROR_STATE, "1 of the 3 batches", gan_checkpoint_save(t.session, t.data, path, NULL));
    ok(gan_session_step(t.session, t.real, NULL));
    ok(gan_session_step(t.session, t.real, NULL));
    ok(gan_checkpoint_save(t.session, t.data, path, NULL));
    training_stop(&t);
}
END_TEST

START_TEST(misuse)
{
    training t;
    gan_session *session;
    gan_checkpoint_info info = {.size = 3};
    char long_name[60], note[4];
    memset(long_name, 'x', sizeof long_name);
    long_name[48] = '\0';
    ok(training_start(&t, context, &smallest));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_checkpoint_save(NULL, NULL, path, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_checkpoint_save(t.session, NULL, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "metric_name has 48 bytes",
          gan_checkpoint_save(t.session, NULL, path, gan_checkpoint_options(.metric_name = long_name)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "metric_name has 1 bytes; it must be UTF-8",
          gan_checkpoint_save(t.session, NULL, path, gan_checkpoint_options(.metric_name = "\xff")));
    fails(GAN_ERROR_INVALID_ARGUMENT, "metric is 1;",
          gan_checkpoint_save(t.session, NULL, path, gan_checkpoint_options(.metric = 1)));
    fails(
        GAN_ERROR_INVALID_ARGUMENT, "must be finite",
        gan_checkpoint_save(t.session, NULL, path, gan_checkpoint_options(.metric_name = "m", .metric = (double)NAN)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "note has 2 bytes",
          gan_checkpoint_save(t.session, NULL, path, gan_checkpoint_options(.note = "a\xc0")));
    fails(GAN_ERROR_IO, "/missing/", gan_checkpoint_save(t.session, NULL, "/missing/file", NULL));
    fails(GAN_ERROR_IO, "/missing/", gan_checkpoint_inspect(&(gan_checkpoint_info){sizeof info}, "/missing/file"));
    fails(GAN_ERROR_INVALID_ARGUMENT, "size is 3", gan_checkpoint_inspect(&info, path));
    fails(GAN_ERROR_INVALID_ARGUMENT, "info is NULL", gan_checkpoint_inspect(NULL, path));
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_checkpoint_note(NULL, note, 4, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "text is NULL", gan_checkpoint_note(path, NULL, 4, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_checkpoint_load(NULL, context, NULL, path, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_checkpoint_load(&session, NULL, NULL, path, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_checkpoint_restore(NULL, NULL, path));
    ok(gan_network_save(gan_session_generator(t.session), path));
    fails(GAN_ERROR_FORMAT, "is no checkpoint", gan_checkpoint_load(&session, context, NULL, path, NULL));
    training_stop(&t);
}
END_TEST

/* The JSON library's memory, which ends after so many allocations. */
static int allocations_left;

static void *scarce(size_t size)
{
    if (allocations_left-- > 0) return malloc(size);
    errno = ENOMEM;
    return NULL;
}

typedef enum memory_call { SAVE, LOAD, RESTORE, INSPECT, NETWORK, CALLS } memory_call;

static gan_status call_of(memory_call call, training *t)
{
    gan_session *session = NULL;
    gan_network *network = NULL;
    gan_checkpoint_info info = {.size = sizeof info};
    gan_status status = call == SAVE      ? gan_checkpoint_save(t->session, t->data, other_path, NULL)
                        : call == LOAD    ? gan_checkpoint_load(&session, context, t->data, path, NULL)
                        : call == RESTORE ? gan_checkpoint_restore(t->session, t->data, path)
                        : call == INSPECT ? gan_checkpoint_inspect(&info, path)
                                          : gan_checkpoint_network(&network, context, path, 0);
    gan_session_free(&session);
    gan_network_free(&network);
    return status;
}

/* Every allocation of the context and of the JSON library fails once, and is told as what it is; nothing is lost. */
START_TEST(without_memory)
{
    training t;
    int most = 0;
    content c = saved(&smallest, 2);
    ok(training_start(&t, context, &smallest));
    for (int json = 0; json < 2; json++) {
        gan_status status = GAN_ERROR_OUT_OF_MEMORY;
        int n = 1, before = live;
        for (; status != GAN_OK; n++) {
            ck_assert_int_lt(n, 20000);
            allocations_left = n - 1;
            calls = 0;
            if (json)
                cJSON_InitHooks(&(cJSON_Hooks){scarce, free});
            else
                fail_at = n;
            status = call_of((memory_call)_i, &t);
            fail_at = 0;
            cJSON_InitHooks(NULL);
            ck_assert_msg(status == GAN_OK || status == GAN_ERROR_OUT_OF_MEMORY, "call %d, allocation %d: %s", _i, n,
                          gan_last_error());
            ck_assert_int_eq(live, before);
        }
        if (n > most) most = n;
    }
    ck_assert_int_gt(most, 20);
    training_stop(&t);
    free(c.bytes);
}
END_TEST

/* The linker puts these in the place of the system's calls: the n-th of them fails. */
static int io_calls, io_fail_at;

static bool io_fails(void)
{
    if (io_fail_at == 0 || ++io_calls != io_fail_at) return false;
    errno = ENOSPC;
    return true;
}

ssize_t __real_write(int file, const void *data, size_t size);
ssize_t __wrap_write(int file, const void *data, size_t size);
int __real_fsync(int file);
int __wrap_fsync(int file);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

ssize_t __wrap_write(int file, const void *data, size_t size)
{
    if (io_fail_at && size > 100) size = size / 2 + 1; /* in several parts */
    return io_fails() ? -1 : __real_write(file, data, size);
}

int __wrap_fsync(int file)
{
    return io_fails() ? -1 : __real_fsync(file);
}

int __wrap_rename(const char *from, const char *to)
{
    return io_fails() ? -1 : __real_rename(from, to);
}

/* Before the rename the old file is there, after it the new one, and never a part. */
START_TEST(every_write_may_fail)
{
    training t;
    content old = saved(&smallest, 2);
    ok(training_start(&t, context, &smallest));
    ok(training_go_on(&t, 5));
    ok(gan_checkpoint_save(t.session, t.data, other_path, NULL));
    content new = read_content(other_path);
    gan_status status = GAN_ERROR_IO;
    int failures = 0;
    for (int n = 1; status != GAN_OK; n++) {
        ck_assert_int_lt(n, 100);
        io_calls = 0;
        io_fail_at = n;
        status = gan_checkpoint_save(t.session, t.data, path, NULL);
        io_fail_at = 0;
        content c = read_content(path);
        bool is_old = c.size == old.size && memcmp(c.bytes, old.bytes, c.size) == 0;
        bool is_new = c.size == new.size &&memcmp(c.bytes, new.bytes, c.size) == 0;
        ck_assert_msg(status == GAN_OK || status == GAN_ERROR_IO, "call %d: %s", n, gan_last_error());
        ck_assert(status == GAN_OK ? is_new : is_old || is_new);
        failures += status != GAN_OK;
        free(c.bytes);
    }
    ck_assert_int_gt(failures, 5);
    training_stop(&t);
    free(new.bytes);
    free(old.bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint");
    TCase *tests = tcase_create("checkpoint");
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, tells_of_itself);
    tcase_add_test(tests, networks_alone);
    tcase_add_loop_test(tests, differences_are_told, 0, (int)(sizeof differences / sizeof differences[0]));
    tcase_add_test(tests, datasets_and_seeds);
    tcase_add_test(tests, losses_of_the_callers_own);
    tcase_add_test(tests, amid_a_round);
    tcase_add_test(tests, misuse);
    tcase_add_loop_test(tests, without_memory, 0, CALLS);
    tcase_add_test(tests, every_write_may_fail);
    return run_suite(suite);
}
