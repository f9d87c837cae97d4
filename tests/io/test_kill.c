/* SPDX-License-Identifier: BSD-2-Clause */
#include "training.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A training that is killed at any moment, while it writes, too: there is always a newest checkpoint, it is whole, and
 * the training that goes on from it ends in the same bytes. */

#define KEEP  2
#define KILLS 200

static char folder[64];

static void setup(void)
{
    snprintf(folder, sizeof folder, "%s", "/tmp/gan-kill-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
}

/* Of the names that begin so; "": of all. */
static int count_files(const char *beginning, bool remove)
{
    char path[320];
    int count = 0;
    DIR *handle = opendir(folder);
    ck_assert(handle != NULL);
    for (struct dirent *entry; (entry = readdir(handle));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (strncmp(entry->d_name, beginning, strlen(beginning)) != 0) continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (remove) unlink(path);
        count++;
    }
    closedir(handle);
    return count;
}

static void teardown(void)
{
    count_files("", true);
    ck_assert(rmdir(folder) == 0);
}

/* The linker puts these in the place of the system's calls: the n-th of them is the last thing the process does, before
 * it, amid it, or after it. */
typedef enum moment { BEFORE, AMID, AFTER, MOMENTS } moment;
static int io_calls, die_at;
static moment die_when;

static void die_if(moment now)
{
    if (die_at > 0 && io_calls == die_at && die_when == now) raise(SIGKILL);
}

#define WRAP(result, name, parameters, ...)        \
    result __real_##name parameters;               \
    result __wrap_##name parameters;               \
    result __wrap_##name parameters                \
    {                                              \
        io_calls++;                                \
        die_if(BEFORE);                            \
        result value = __real_##name(__VA_ARGS__); \
        die_if(AMID);                              \
        die_if(AFTER);                             \
        return value;                              \
    }

WRAP(int, fsync, (int file), file)
WRAP(int, rename, (const char *from, const char *to), from, to)
WRAP(int, unlink, (const char *path), path)

ssize_t __real_write(int file, const void *data, size_t size);
ssize_t __wrap_write(int file, const void *data, size_t size);
ssize_t __wrap_write(int file, const void *data, size_t size)
{
    io_calls++;
    die_if(BEFORE);
    ssize_t half = __real_write(file, data, size / 2);
    die_if(AMID);
    ssize_t rest = half < 0 ? half : __real_write(file, (const char *)data + half, size - (size_t)half);
    die_if(AFTER);
    return rest < 0 ? rest : half + rest;
}

/* Goes on from the newest checkpoint, if there is one, to this many steps; writes one each step. */
static gan_status play(int threads, uint64_t steps)
{
    char path[320];
    gan_checkpoint_info info = {.size = sizeof info};
    gan_keeper *keeper = NULL;
    gan_context *context = NULL;
    training t = {NULL};
    gan_status status = gan_checkpoint_newest(folder, path, sizeof path, &info, NULL);
    if (status == GAN_OK)
        status =
            gan_context_create(&context, gan_context_options(.threads = threads, .seed = path[0] ? info.seed : 11));
    if (status == GAN_OK) status = (path[0] ? training_prepare : training_start)(&t, context, &smallest);
    if (status == GAN_OK && path[0]) status = gan_checkpoint_load(&t.session, context, t.data, path, NULL);
    if (status == GAN_OK)
        status =
            gan_keeper_create(&keeper, context, gan_keeper_options(.folder = folder, .keep = KEEP, .every_steps = 1));
    for (uint64_t step = path[0] ? info.step : 0; status == GAN_OK && step < steps; step++) {
        status = training_go_on(&t, 1);
        if (status == GAN_OK) status = gan_keeper_step(keeper, t.session, t.data, NULL, NULL);
    }
    gan_keeper_free(&keeper);
    training_stop(&t);
    gan_context_free(&context);
    return status;
}

static pid_t start(int threads, uint64_t steps)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        io_calls = 0;
        _exit(play(threads, steps) == GAN_OK ? 0 : 1);
    }
    ck_assert(child > 0);
    return child;
}

/* How it ended: by the signal, or well. */
static bool was_killed(pid_t child)
{
    int status;
    ck_assert(waitpid(child, &status, 0) == child);
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    ck_assert_msg(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0), "the training failed");
    return killed;
}

/* Steps of the newest checkpoint, which is whole, as all are. */
static uint64_t newest(char path[320])
{
    gan_checkpoint_info info = {.size = sizeof info};
    int skipped;
    ok(gan_checkpoint_newest(folder, path, 320, &info, &skipped));
    ck_assert_int_eq(skipped, 0);
    return path[0] ? info.step : 0;
}

/* The training that nobody killed, to so many steps, has the same file. */
static void check_bytes(uint64_t steps)
{
    char path[320];
    ck_assert(!was_killed(start(1, steps)));
    ck_assert_uint_eq(newest(path), steps);
    ck_assert_int_eq(count_files("", false), KEEP); /* nothing is left of the killed ones */
    content killed = read_content(path);
    count_files("", true);
    ck_assert(!was_killed(start(2, steps)));
    ck_assert_uint_eq(newest(path), steps);
    content whole = read_content(path);
    ck_assert(killed.size == whole.size && memcmp(killed.bytes, whole.bytes, whole.size) == 0);
    free(whole.bytes);
    free(killed.bytes);
}

/* Moments are random, and what must hold at each does not depend on them. */
START_TEST(killed_at_random_moments)
{
    char path[320];
    uint64_t step = 0;
    unsigned random = 12345;
    for (int i = 0; i < KILLS; i++) {
        pid_t child = start(1 + i % 2, UINT64_MAX);
        random = random * 1664525 + 1013904223;
        nanosleep(&(struct timespec){0, (long)(random >> 8) % 24000000}, NULL);
        ck_assert(kill(child, SIGKILL) == 0);
        ck_assert(was_killed(child));
        uint64_t now = newest(path);
        ck_assert_uint_ge(now, step);
        step = now;
        ck_assert_int_le(count_files(".gan-", false), 1); /* the next one removes it */
    }
    check_bytes(step + 2);
}
END_TEST

/* Each call that writes, syncs, renames or removes is the last one once. */
START_TEST(killed_at_each_call)
{
    char path[320];
    uint64_t step = 0;
    int kills = 0;
    die_when = (moment)_i;
    for (bool killed = true; killed;) {
        die_at++;
        killed = was_killed(start(1, step + 3));
        uint64_t now = newest(path);
        ck_assert_uint_ge(now, step);
        step = now;
        ck_assert_int_le(count_files(".gan-", false), 1); /* the next one removes it */
        kills += killed;
        ck_assert_int_lt(kills, 100);
    }
    ck_assert_int_gt(kills, 12); /* three checkpoints, of five calls each, but for the first two nothing is removed */
    die_at = 0;
    check_bytes(step + 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kill");
    TCase *tests = tcase_create("kill");
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, killed_at_random_moments);
    tcase_add_loop_test(tests, killed_at_each_call, 0, MOMENTS);
    return run_suite(suite);
}
