/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#define MOST 64 /* cases of a suite, tests of a case */

struct TCase {
    const char *name;
    SFun setup, teardown;
    struct {
        TFun function;
        int begin, end;
    } test[MOST];
    int tests;
};

struct Suite {
    const char *name;
    TCase *tcase[MOST];
    int cases, run, failed;
};

static jmp_buf end_of_test;

static void *must_have(void *memory)
{
    if (!memory) abort();
    return memory;
}

Suite *suite_create(const char *name)
{
    Suite *suite = must_have(calloc(1, sizeof *suite));
    suite->name = name;
    return suite;
}

TCase *tcase_create(const char *name)
{
    TCase *tcase = must_have(calloc(1, sizeof *tcase));
    tcase->name = name;
    return tcase;
}

void suite_add_tcase(Suite *suite, TCase *tcase)
{
    if (suite->cases == MOST) abort();
    suite->tcase[suite->cases++] = tcase;
}

void tcase_add_loop_test(TCase *tcase, TFun test, int begin, int end)
{
    if (tcase->tests == MOST) abort();
    tcase->test[tcase->tests].function = test;
    tcase->test[tcase->tests].begin = begin;
    tcase->test[tcase->tests++].end = end;
}

void tcase_add_checked_fixture(TCase *tcase, SFun setup, SFun teardown)
{
    tcase->setup = setup;
    tcase->teardown = teardown;
}

void tcase_set_timeout(TCase *tcase, double seconds)
{
    (void)tcase;
    (void)seconds;
}

SRunner *srunner_create(Suite *suite)
{
    return suite;
}

void check_failed(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("%s:%d: ", file, line);
    vprintf(format, arguments);
    puts("");
    va_end(arguments);
    longjmp(end_of_test, 1);
}

static void run_test(SRunner *runner, const TCase *tcase, TFun test, int i)
{
    runner->run++;
    if (setjmp(end_of_test) == 0) {
        if (tcase->setup) tcase->setup();
        test(i);
        if (tcase->teardown) tcase->teardown();
    } else {
        printf("failed: %s:%s, number %d\n", runner->name, tcase->name, i);
        runner->failed++;
    }
}

void srunner_run_all(SRunner *runner, enum print_output output)
{
    (void)output;
    for (int k = 0; k < runner->cases; k++) {
        const TCase *tcase = runner->tcase[k];
        for (int t = 0; t < tcase->tests; t++)
            for (int i = tcase->test[t].begin; i < tcase->test[t].end; i++)
                run_test(runner, tcase, tcase->test[t].function, i);
    }
    printf("%d%%: Checks: %d, Failures: %d, Errors: 0\n",
           runner->run ? 100 * (runner->run - runner->failed) / runner->run : 100, runner->run, runner->failed);
}

int srunner_ntests_failed(SRunner *runner)
{
    return runner->failed;
}

void srunner_free(SRunner *runner)
{
    for (int k = 0; k < runner->cases; k++) free(runner->tcase[k]);
    free(runner);
}
