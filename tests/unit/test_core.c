/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/error.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core/random.h"
#include "support.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Known answers of Philox4x32-10 from its authors' distribution (Random123, kat_vectors). */
START_TEST(philox_known_answers)
{
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } answers[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        const uint32_t *c = answers[i].counter, *k = answers[i].key;
        gan_philox philox = {.seed = (uint64_t)k[1] << 32 | k[0], .stream = c[2], .substream = c[3]};
        uint32_t out[4];
        gan_philox_block(&philox, (uint64_t)c[1] << 32 | c[0], out);
        ck_assert_mem_eq(out, answers[i].out, sizeof out);
    }
}
END_TEST

START_TEST(bounded_numbers_stay_below)
{
    ck_assert(gan_bounded(UINT64_MAX, 7) == 6);
    ck_assert(gan_bounded(0, 7) == 0);
    ck_assert(gan_bounded(UINT64_MAX, UINT64_MAX) == UINT64_MAX - 1);
}
END_TEST

#define DRAWN 200000

/* Mean, variance and third and fourth moments are within five deviations of what they should be. */
START_TEST(normal_numbers_are_normal)
{
    static float numbers[DRAWN];
    gan_philox philox = {.seed = 3, .stream = 64};
    ck_assert(gan_fill_normal(&philox, 0, numbers, DRAWN, 0, 1) == DRAWN / 4);
    double moment[5] = {0};
    for (int i = 0; i < DRAWN; i++)
        for (int k = 1; k < 5; k++) moment[k] += pow(numbers[i], k) / DRAWN;
    static const double expected[5] = {1, 0, 1, 0, 3}, variance[5] = {0, 1, 2, 15, 96};
    for (int k = 1; k < 5; k++) ck_assert_double_eq_tol(moment[k], expected[k], 5 * sqrt(variance[k] / DRAWN));
}
END_TEST

START_TEST(uniform_numbers_fill_the_range)
{
    static float numbers[DRAWN];
    gan_philox philox = {.seed = 3, .stream = 65};
    gan_fill_uniform(&philox, 0, numbers, DRAWN, -2, 6);
    double sum = 0;
    float low = 9, high = -9;
    for (int i = 0; i < DRAWN; i++) {
        sum += numbers[i];
        low = fminf(low, numbers[i]);
        high = fmaxf(high, numbers[i]);
    }
    ck_assert(low >= -2 && low < -1.999f && high < 6 && high > 5.999f);
    ck_assert_double_eq_tol(sum / DRAWN, 2, 5 * sqrt(64.0 / 12 / DRAWN));
    float next = nextafterf(1, 2); /* low + (high - low) * u rounds to high for half of all u */
    gan_fill_uniform(&philox, 0, numbers, 64, 1, next);
    for (int i = 0; i < 64; i++) ck_assert(numbers[i] == 1);
    gan_fill_uniform(&philox, 0, numbers, 64, 5, 5);
    for (int i = 0; i < 64; i++) ck_assert(numbers[i] == 5);
}
END_TEST

START_TEST(fills_end_inside_a_block)
{
    float all[8], some[8];
    gan_philox philox = {.seed = 1, .stream = 64};
    gan_fill_normal(&philox, 5, all, 8, 0, 1);
    for (size_t count = 0; count <= 8; count++) {
        for (int i = 0; i < 8; i++) some[i] = -99;
        ck_assert(gan_fill_normal(&philox, 5, some, count, 0, 1) == 5 + (count + 3) / 4);
        ck_assert(count == 0 || memcmp(all, some, count * sizeof(float)) == 0);
        for (size_t i = count; i < 8; i++) ck_assert(some[i] == -99);
    }
}
END_TEST

#define TASKS 1000

struct tally {
    gan_pool *pool;
    int done[TASKS], worker[TASKS];
    int64_t begin[TASKS], end[TASKS];
    bool nested;
};

static void count_task(void *argument, int64_t task, int worker)
{
    struct tally *tally = argument;
    tally->done[task]++;
    tally->worker[task] = worker;
}

static void count_nested(void *argument, int64_t task, int worker)
{
    struct tally *tally = argument;
    (void)worker;
    struct tally inner = {.pool = tally->pool};
    gan_pool_run(tally->pool, count_task, &inner, 3);
    tally->done[task] += inner.done[0] + inner.done[1] + inner.done[2];
}

static void count_range(void *argument, int64_t begin, int64_t end, int worker)
{
    struct tally *tally = argument;
    (void)worker;
    for (int64_t i = begin; i < end; i++) tally->done[i]++;
    tally->begin[begin] = begin;
    tally->end[begin] = end;
}

START_TEST(pool_runs_every_task_once)
{
    gan_allocator allocator = gan_default_allocator();
    struct tally *tally = calloc(1, sizeof *tally);
    ck_assert(tally != NULL);
    ck_assert(gan_pool_create(&tally->pool, &allocator, _i) == GAN_OK);
    ck_assert_int_eq(gan_pool_threads(tally->pool), _i);
    for (int round = 1; round <= 50; round++) {
        gan_pool_run(tally->pool, count_task, tally, TASKS);
        for (int i = 0; i < TASKS; i++)
            ck_assert(tally->done[i] == round && tally->worker[i] >= 0 && tally->worker[i] < _i);
    }
    gan_pool_run(tally->pool, count_task, tally, 0);
    memset(tally->done, 0, sizeof tally->done);
    gan_pool_run(tally->pool, count_nested, tally, 20);
    for (int i = 0; i < 20; i++) ck_assert_int_eq(tally->done[i], 3);
    memset(tally->done, 0, sizeof tally->done);
    gan_pool_ranges(tally->pool, count_range, tally, TASKS, 7);
    for (int i = 0; i < TASKS; i++) ck_assert_int_eq(tally->done[i], 1);
    for (int i = 0; i < TASKS; i += 7)
        ck_assert(tally->begin[i] == i && tally->end[i] == (i + 7 < TASKS ? i + 7 : TASKS));
    gan_pool_free(&tally->pool);
    ck_assert_ptr_null(tally->pool);
    free(tally);
}
END_TEST

struct caller {
    gan_pool *pool;
    struct tally *tally;
};

static void *call_often(void *argument)
{
    struct caller *caller = argument;
    for (int round = 0; round < 200; round++) gan_pool_run(caller->pool, count_task, caller->tally, TASKS);
    return NULL;
}

START_TEST(pool_serves_several_callers)
{
    gan_allocator allocator = gan_default_allocator();
    gan_pool *pool;
    pthread_t threads[4];
    struct caller callers[4];
    ck_assert(gan_pool_create(&pool, &allocator, 3) == GAN_OK);
    for (int i = 0; i < 4; i++) {
        callers[i] = (struct caller){pool, calloc(1, sizeof(struct tally))};
        ck_assert(pthread_create(&threads[i], NULL, call_often, &callers[i]) == 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        for (int k = 0; k < TASKS; k++) ck_assert_int_eq(callers[i].tally->done[k], 200);
        free(callers[i].tally);
    }
    gan_pool_free(&pool);
}
END_TEST

/* What a task finds in its thread: whether a signal would interrupt it, and what becomes of half the smallest number.
 */
struct surroundings {
    atomic_int open, kept;
    volatile float tiny;
};

static void look_around(void *argument, int64_t task, int worker)
{
    struct surroundings *s = argument;
    sigset_t blocked;
    (void)task;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    if (worker > 0 && !sigismember(&blocked, SIGUSR1)) atomic_fetch_add(&s->open, 1);
    if (s->tiny * 0.5f != 0) atomic_fetch_add(&s->kept, 1);
}

START_TEST(workers_leave_signals_and_calculate_as_their_caller)
{
    gan_allocator allocator = gan_default_allocator();
    gan_pool *pool;
    ck_assert(gan_pool_create(&pool, &allocator, 3) == GAN_OK);
    struct surroundings s = {.tiny = FLT_MIN};
    for (int round = 0; round < 50; round++) gan_pool_run(pool, look_around, &s, TASKS);
    ck_assert_int_eq(s.open, 0);
    ck_assert_int_eq(s.kept, 50 * TASKS);
#ifdef __x86_64__
    unsigned mode = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(mode | 0x8000); /* results flushed to zero */
    for (int round = 0; round < 50; round++) gan_pool_run(pool, look_around, &s, TASKS);
    __builtin_ia32_ldmxcsr(mode);
    ck_assert_int_eq(s.kept, 50 * TASKS);
#endif
    gan_pool_free(&pool);
}
END_TEST

START_TEST(a_child_may_free_what_it_inherits)
{
    gan_context *shared = new_context(3, GAN_KERNELS_AUTO);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        gan_context_free(&shared);
        _exit(0);
    }
    int status;
    ck_assert(waitpid(child, &status, 0) == child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child hung");
    gan_context_free(&shared);
}
END_TEST

START_TEST(sizes_are_checked)
{
    size_t size;
    int64_t count;
    ck_assert(gan_size_multiply(3, 5, &size) && size == 15);
    ck_assert(!gan_size_multiply(SIZE_MAX / 2, 3, &size));
    ck_assert(!gan_size_add(SIZE_MAX, 1, &size));
    ck_assert(gan_shape_count(2, (int64_t[]){3, 4}, &count) && count == 12);
    ck_assert(!gan_shape_count(2, (int64_t[]){INT64_MAX, 2}, &count));
    ck_assert(!gan_shape_count(2, (int64_t[]){4, 0}, &count));
    gan_allocator allocator = gan_default_allocator();
    ck_assert_ptr_null(gan_allocate(&allocator, SIZE_MAX / 2, 3, "a test"));
    ck_assert(strstr(gan_last_error(), "a test") != NULL);
}
END_TEST

START_TEST(sentences_end_with_a_character)
{
    char text[600], path[GAN_PATH_TEXT];
    for (int begin = 0; begin < 4; begin++) { /* a character of four bytes at each place of the cut */
        memset(text, 'x', (size_t)begin);
        for (int i = 0; i < 140; i++) memcpy(text + begin + (ptrdiff_t)i * 4, "\xf0\x9f\x90\x88", 5);
        ck_assert(gan_fail(GAN_ERROR_IO, "%s", text) == GAN_ERROR_IO);
        size_t length = strlen(gan_last_error());
        ck_assert(length <= 511 && length > 507 && length % 4 == (size_t)begin);
        ck_assert_mem_eq(gan_last_error(), text, length);

        gan_path_text(path, text);
        const char *dots = strstr(path, "...");
        ck_assert(dots && strlen(path) < GAN_PATH_TEXT && strlen(path) > GAN_PATH_TEXT - 16);
        ck_assert_int_eq((dots - path) % 4, begin);
        ck_assert_int_eq(strlen(dots + 3) % 4, 0);
        ck_assert_mem_eq(path, text, (size_t)(dots - path));
        ck_assert_str_eq(dots + 3, text + strlen(text) - strlen(dots + 3));
    }
    memset(text, 'x', sizeof text);
    for (size_t length = 510; length < 514; length++) {
        gan_fail(GAN_ERROR_IO, "%.*s", (int)length, text);
        ck_assert_int_eq(strlen(gan_last_error()), length < 511 ? length : 511);
    }
    text[GAN_PATH_TEXT - 1] = '\0';
    ck_assert_str_eq(gan_path_text(path, text), text);
    char reason[GAN_REASON_TEXT];
    ck_assert_str_eq(gan_reason_text(reason, ENOENT), "No such file or directory");
    ck_assert(strstr(gan_reason_text(reason, 98765), "98765") != NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core");
    TCase *tests = tcase_create("core");
    tcase_set_timeout(tests, 0);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, philox_known_answers);
    tcase_add_test(tests, bounded_numbers_stay_below);
    tcase_add_test(tests, normal_numbers_are_normal);
    tcase_add_test(tests, uniform_numbers_fill_the_range);
    tcase_add_test(tests, fills_end_inside_a_block);
    tcase_add_loop_test(tests, pool_runs_every_task_once, 1, 5);
    tcase_add_test(tests, pool_serves_several_callers);
    tcase_add_test(tests, workers_leave_signals_and_calculate_as_their_caller);
    tcase_add_test(tests, a_child_may_free_what_it_inherits);
    tcase_add_test(tests, sizes_are_checked);
    tcase_add_test(tests, sentences_end_with_a_character);
    return run_suite(suite);
}
