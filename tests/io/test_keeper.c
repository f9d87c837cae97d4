/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/keeper.h"
#include "training.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Keepers of checkpoints: when they write, what stays, what is the best, what is the newest. */

static gan_context *context;
static char folder[64];
static training t;
static int warnings;

static void count_warnings(void *user, gan_log_level level, const char *line)
{
    (void)user;
    (void)line;
    warnings += level == GAN_LOG_WARNING;
}

static void setup(void)
{
    ok(gan_context_create(&context, gan_context_options(.seed = 42, .log = count_warnings)));
    snprintf(folder, sizeof folder, "%s", "/tmp/gan-keeper-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    ok(training_start(&t, context, &smallest));
    warnings = 0;
}

static void in_folder(char path[320], const char *name)
{
    snprintf(path, 320, "%s/%s", folder, name);
}

static void teardown(void)
{
    char path[320];
    training_stop(&t);
    DIR *handle = opendir(folder);
    ck_assert(handle != NULL);
    for (struct dirent *entry; (entry = readdir(handle));) {
        in_folder(path, entry->d_name);
        if (entry->d_name[0] != '.' || entry->d_name[1] == 'g') unlink(path);
    }
    closedir(handle);
    ck_assert(rmdir(folder) == 0);
    gan_context_free(&context);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The folder has just these files: their names, in their order, each followed by a space. */
static void check_files(const char *expected)
{
    char names[32][256], found[16384] = "";
    int count = 0;
    DIR *handle = opendir(folder);
    for (struct dirent *entry; (entry = readdir(handle));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && count < 32)
            snprintf(names[count++], 256, "%s", entry->d_name);
    closedir(handle);
    qsort(names, (size_t)count, sizeof names[0], compare_names);
    for (int i = 0; i < count; i++) {
        char *end = strstr(names[i], ".safetensors");
        if (end) *end = '\0';
        snprintf(found + strlen(found), sizeof found - strlen(found), "%s ", names[i]);
    }
    ck_assert_str_eq(found, expected);
}

static gan_keeper *keeper(gan_keeper_options options)
{
    gan_keeper *made;
    options.size = sizeof options;
    options.folder = folder;
    ok(gan_keeper_create(&made, context, &options));
    return made;
}

static void play(gan_keeper *k, int steps, int expected)
{
    int saved_times = 0;
    for (int i = 0; i < steps; i++) {
        bool saved;
        ok(training_go_on(&t, 1));
        ok(gan_keeper_step(k, t.session, t.data, NULL, &saved));
        saved_times += saved;
        ok(gan_keeper_step(k, t.session, t.data, NULL, &saved)); /* once is enough */
        ck_assert(!saved);
    }
    ck_assert_int_eq(saved_times, expected);
}

START_TEST(every_so_many_steps)
{
    gan_keeper *k = keeper((gan_keeper_options){.every_steps = 5, .keep = 2});
    play(k, 4, 0);
    check_files("");
    play(k, 1, 1);
    check_files("checkpoint-000001-step-5 ");
    play(k, 9, 1);
    check_files("checkpoint-000001-step-5 checkpoint-000002-step-10 ");
    play(k, 7, 2);
    check_files("checkpoint-000003-step-15 checkpoint-000004-step-20 ");
    gan_keeper_free(&k);
    ck_assert_ptr_null(k);
    gan_keeper_free(&k);
}
END_TEST

/* A training that went back, and a new one in the old folder: what is written last is the newest. */
START_TEST(numbers_go_on)
{
    char path[320];
    gan_checkpoint_info info = {.size = sizeof info};
    gan_keeper *k = keeper((gan_keeper_options){.every_steps = 5});
    play(k, 10, 2);
    gan_keeper_free(&k);
    in_folder(path, "checkpoint-000001-step-5.safetensors");
    ok(gan_checkpoint_restore(t.session, t.data, path));
    k = keeper((gan_keeper_options){.every_steps = 2});
    ok(gan_keeper_step(k, t.session, t.data, NULL, NULL)); /* 5 is no multiple of 2 */
    play(k, 1, 1);
    check_files("checkpoint-000001-step-5 checkpoint-000002-step-10 checkpoint-000003-step-6 ");
    ok(gan_checkpoint_newest(folder, path, sizeof path, &info, NULL));
    ck_assert_uint_eq(info.step, 6);
    ok(gan_keeper_save(k, t.session, t.data, gan_checkpoint_options(.note = "end")));
    check_files("checkpoint-000002-step-10 checkpoint-000003-step-6 checkpoint-000004-step-6 ");
    gan_keeper_free(&k);
}
END_TEST

/* A caller that does not ask after each step. */
START_TEST(multiples_passed)
{
    bool saved;
    gan_keeper *k = keeper((gan_keeper_options){.every_steps = 5});
    static const int steps[] = {3, 3, 3, 3, 20}, expected[] = {0, 1, 0, 1, 1};
    for (int i = 0; i < 5; i++) {
        ok(training_go_on(&t, steps[i]));
        ok(gan_keeper_step(k, t.session, NULL, NULL, &saved));
        ck_assert_int_eq(saved, expected[i]);
    }
    gan_keeper_free(&k);
}
END_TEST

/* Seconds are those of the caller's clock here: nothing waits. */
START_TEST(every_so_many_seconds)
{
    static const struct {
        double at;
        bool saves;
    } moments[] = {{0, true}, {59.9, false}, {60, true}, {60.1, false}, {119.9, false}, {120.1, true}, {1000, true}};
    const int64_t start = INT64_C(1) << 62;
    gan_keeper *k = keeper((gan_keeper_options){.every_seconds = 60});
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        bool saved;
        ok(gan_keeper_step_at(k, t.session, t.data, NULL, &saved, start + (int64_t)(moments[i].at * 1e9)));
        ck_assert_msg(saved == moments[i].saves, "at %g", moments[i].at);
    }
    gan_keeper_free(&k);
    k = keeper((gan_keeper_options){.every_seconds = 1e-9}); /* and by the library's own */
    bool saved = false;
    while (!saved) ok(gan_keeper_step(k, t.session, t.data, NULL, &saved));
    gan_keeper_free(&k);
}
END_TEST

START_TEST(amid_a_round)
{
    const training_plan plan = {.play = {.accumulate = 2}, .plain = true};
    bool saved;
    training_stop(&t);
    ok(training_start(&t, context, &plan));
    gan_keeper *k = keeper((gan_keeper_options){.every_steps = 1});
    for (int i = 0; i < 6; i++) {
        ok(gan_dataset_next(t.data, t.real, NULL));
        ok(gan_session_step(t.session, t.real, NULL));
        ok(gan_keeper_step(k, t.session, t.data, NULL, &saved));
        ck_assert_int_eq(saved, i % 2);
    }
    gan_keeper_free(&k);
}
END_TEST

static void score(gan_keeper *k, double metric, bool expected)
{
    bool best;
    ok(training_go_on(&t, 1));
    ok(gan_keeper_score(k, t.session, t.data, metric, "n", &best));
    ck_assert_msg(best == expected, "%g", metric);
}

START_TEST(the_best)
{
    char path[320];
    gan_checkpoint_info info = {.size = sizeof info};
    bool best;
    gan_keeper *k = keeper((gan_keeper_options){.metric_name = "fid", .lower_is_better = true});
    score(k, 30, true);
    score(k, 31, false);
    score(k, 30, false);
    score(k, 29.5, true);
    score(k, -1, true);
    fails(GAN_ERROR_NUMERIC, "metric is nan", gan_keeper_score(k, t.session, NULL, (double)NAN, NULL, &best));
    gan_keeper_free(&k);
    check_files("best-fid ");
    in_folder(path, "best-fid.safetensors");
    ok(gan_checkpoint_inspect(&info, path));
    ck_assert(info.metric == -1 && info.step == 5 && strcmp(info.metric_name, "fid") == 0);
    k = keeper((gan_keeper_options){.metric_name = "fid", .lower_is_better = true}); /* it is remembered */
    score(k, 3, false);
    score(k, -2, true);
    gan_keeper_free(&k);
    k = keeper((gan_keeper_options){.keep = 1});
    score(k, -5, true);
    score(k, -6, false);
    score(k, 1, true);
    gan_keeper_free(&k);
    check_files("best-fid best-metric ");
    ck_assert_int_eq(warnings, 0);
    write_content(path, (const unsigned char *)"x", 1);
    k = keeper((gan_keeper_options){.metric_name = "fid"});
    ck_assert_int_eq(warnings, 1);
    score(k, -100, true);
    gan_keeper_free(&k);
}
END_TEST

START_TEST(damaged_ones_are_skipped)
{
    char path[320], found[320];
    gan_checkpoint_info info = {.size = sizeof info};
    int skipped;
    ok(gan_checkpoint_newest(folder, found, sizeof found, &info, &skipped));
    ck_assert(found[0] == '\0' && skipped == 0);
    gan_keeper *k = keeper((gan_keeper_options){.every_steps = 1, .keep = 4});
    play(k, 4, 4);
    gan_keeper_free(&k);
    for (int damaged = 0; damaged <= 4; damaged++) {
        snprintf(path, sizeof path, "%s/checkpoint-00000%d-step-%d.safetensors", folder, 4 - damaged, 4 - damaged);
        if (damaged < 4) {
            ok(gan_checkpoint_newest(folder, found, sizeof found, &info, &skipped));
            ck_assert_str_eq(found, path);
            ck_assert(skipped == damaged && info.step == (uint64_t)(4 - damaged));
            content c = read_content(path);
            c.bytes[c.size - 1] ^= 1;
            write_content(path, c.bytes, c.size - (size_t)(damaged % 2));
            free(c.bytes);
        } else {
            fails(GAN_ERROR_FORMAT, "is damaged", gan_checkpoint_newest(folder, found, sizeof found, NULL, &skipped));
            ck_assert(found[0] == '\0' && skipped == 4);
        }
    }
}
END_TEST

/* Two trainings' checkpoints were copied into one folder: a number twice. */
START_TEST(numbers_that_are_there_twice)
{
    char path[320], found[320];
    gan_checkpoint_info info = {.size = sizeof info};
    int skipped;
    ok(training_go_on(&t, 1));
    in_folder(path, "checkpoint-000001-step-1.safetensors");
    ok(gan_checkpoint_save(t.session, t.data, path, NULL));
    in_folder(path, "checkpoint-000001-step-9.safetensors");
    write_content(path, (const unsigned char *)"x", 1);
    ok(gan_checkpoint_newest(folder, found, sizeof found, &info, &skipped));
    in_folder(path, "checkpoint-000001-step-1.safetensors");
    ck_assert_str_eq(found, path);
    ck_assert(skipped == 1 && info.step == 1);
    write_content(path, (const unsigned char *)"x", 1);
    fails(GAN_ERROR_FORMAT, "step-1.safetensors is", gan_checkpoint_newest(folder, found, sizeof found, NULL, NULL));
    ck_assert(found[0] == '\0');
    gan_keeper *k = keeper((gan_keeper_options){.every_steps = 1, .keep = 2});
    play(k, 1, 1);
    check_files("checkpoint-000001-step-9 checkpoint-000002-step-2 ");
    gan_keeper_free(&k);
}
END_TEST

/* Temporary files that nobody writes any more go, others' files stay. */
START_TEST(what_is_removed)
{
    static const char *const names[] = {".gan-1-3.tmp", ".gan-x-0.tmp", "checkpoint-1-step-1.safetensors",
                                        "checkpoint-000001-step-1.txt", "notes"};
    char path[320], own[64];
    snprintf(own, sizeof own, ".gan-%d-0.tmp", (int)getpid());
    in_folder(path, own);
    write_content(path, (const unsigned char *)"x", 1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        in_folder(path, names[i]);
        write_content(path, (const unsigned char *)"x", 1);
    }
    gan_keeper *k = keeper((gan_keeper_options){.every_steps = 1, .keep = 1});
    play(k, 3, 3);
    gan_keeper_free(&k);
    check_files(".gan-1-3.tmp .gan-x-0.tmp checkpoint-000001-step-1.txt checkpoint-000003-step-3 checkpoint-1-step-1 "
                "notes ");
}
END_TEST

START_TEST(misuse)
{
    gan_keeper *k = NULL;
    char path[320], *deep = malloc(4000);
    memset(deep, 'x', 4000);
    deep[3901] = '\0';
    bool saved;
    fails(GAN_ERROR_INVALID_ARGUMENT, "keeper is NULL", gan_keeper_create(NULL, context, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_keeper_create(&k, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "folder is NULL", gan_keeper_create(&k, context, NULL));
    const struct {
        gan_keeper_options options;
        const char *text;
    } wrong[] = {
        {{.keep = -1}, "keep is -1"},
        {{.every_steps = -1}, "every_steps is -1"},
        {{.every_seconds = -1}, "every_seconds is -1"},
        {{.every_seconds = (double)NAN}, "every_seconds is nan"},
        {{.metric_name = ""}, "metric_name is \"\""},
        {{.metric_name = "a/b"}, "metric_name is \"a/b\""},
        {{.folder = ""}, "folder has 0 bytes"},
        {{.folder = deep}, "folder has 3901 bytes"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        gan_keeper_options options = wrong[i].options;
        options.size = sizeof options;
        if (!options.folder) options.folder = folder;
        fails(GAN_ERROR_INVALID_ARGUMENT, wrong[i].text, gan_keeper_create(&k, context, &options));
    }
    fails(GAN_ERROR_IO, "/missing", gan_keeper_create(&k, context, gan_keeper_options(.folder = "/missing")));
    fails(GAN_ERROR_INVALID_ARGUMENT, "keeper is NULL", gan_keeper_step(NULL, t.session, NULL, NULL, &saved));
    fails(GAN_ERROR_INVALID_ARGUMENT, "keeper is NULL", gan_keeper_save(NULL, t.session, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "keeper is NULL", gan_keeper_score(NULL, t.session, NULL, 1, NULL, NULL));
    k = keeper((gan_keeper_options){.every_steps = 1});
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_keeper_step(k, NULL, NULL, NULL, &saved));
    ok(gan_keeper_save(k, t.session, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "capacity is 9", gan_checkpoint_newest(folder, path, 9, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "capacity is 0", gan_checkpoint_newest(folder, path, 0, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "folder is NULL", gan_checkpoint_newest(NULL, path, 9, NULL, NULL));
    fails(GAN_ERROR_IO, "/missing", gan_checkpoint_newest("/missing", path, 9, NULL, NULL));
    gan_keeper_free(&k);
    free(deep);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keeper");
    TCase *tests = tcase_create("keeper");
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, every_so_many_steps);
    tcase_add_test(tests, numbers_go_on);
    tcase_add_test(tests, multiples_passed);
    tcase_add_test(tests, every_so_many_seconds);
    tcase_add_test(tests, amid_a_round);
    tcase_add_test(tests, the_best);
    tcase_add_test(tests, damaged_ones_are_skipped);
    tcase_add_test(tests, numbers_that_are_there_twice);
    tcase_add_test(tests, what_is_removed);
    tcase_add_test(tests, misuse);
    return run_suite(suite);
}
