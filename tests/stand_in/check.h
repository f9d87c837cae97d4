/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_STAND_IN_CHECK_H
#define TESTS_STAND_IN_CHECK_H

/* As much of Check (libcheck.github.io) as the tests use, for cross-compiled tests, where Check is rarely at hand. All
 * cases run in one process, one after the other: a failure ends its case, a crash ends them all. */

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

typedef void (*TFun)(int);
typedef void (*SFun)(void);
typedef struct TCase TCase;
typedef struct Suite Suite;
typedef struct Suite SRunner;
enum print_output { CK_NORMAL };

#define START_TEST(name) static void name(int _i __attribute__((unused)))
#define END_TEST

Suite *suite_create(const char *name);
TCase *tcase_create(const char *name);
void suite_add_tcase(Suite *suite, TCase *tcase);
void tcase_add_loop_test(TCase *tcase, TFun test, int begin, int end);
#define tcase_add_test(tcase, test) tcase_add_loop_test(tcase, test, 0, 1)
void tcase_add_checked_fixture(TCase *tcase, SFun setup, SFun teardown);
void tcase_set_timeout(TCase *tcase, double seconds);

SRunner *srunner_create(Suite *suite);
void srunner_run_all(SRunner *runner, enum print_output output);
int srunner_ntests_failed(SRunner *runner);
void srunner_free(SRunner *runner);

_Noreturn void check_failed(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define ck_abort_msg(...)                check_failed(__FILE__, __LINE__, __VA_ARGS__)
#define ck_assert_msg(condition, ...)    ((condition) ? (void)0 : ck_abort_msg(__VA_ARGS__))
#define ck_assert(condition)             ck_assert_msg(condition, "not so: %s", #condition)
#define ck_assert_ptr_null(pointer)      ck_assert((pointer) == NULL)
#define ck_assert_ptr_nonnull(pointer)   ck_assert((pointer) != NULL)
#define ck_assert_ptr_eq(a, b)           ck_assert((const void *)(a) == (const void *)(b))
#define ck_assert_ptr_ne(a, b)           ck_assert((const void *)(a) != (const void *)(b))
#define ck_assert_str_eq(a, b)           CHECK_STRINGS(a, ==, b)
#define ck_assert_str_ne(a, b)           CHECK_STRINGS(a, !=, b)
#define ck_assert_mem_eq(a, b, size)     ck_assert(memcmp(a, b, size) == 0)
#define ck_assert_int_eq(a, b)           CHECK_NUMBERS(intmax_t, "%jd", a, ==, b)
#define ck_assert_int_ge(a, b)           CHECK_NUMBERS(intmax_t, "%jd", a, >=, b)
#define ck_assert_int_gt(a, b)           CHECK_NUMBERS(intmax_t, "%jd", a, >, b)
#define ck_assert_int_le(a, b)           CHECK_NUMBERS(intmax_t, "%jd", a, <=, b)
#define ck_assert_int_lt(a, b)           CHECK_NUMBERS(intmax_t, "%jd", a, <, b)
#define ck_assert_int_ne(a, b)           CHECK_NUMBERS(intmax_t, "%jd", a, !=, b)
#define ck_assert_uint_eq(a, b)          CHECK_NUMBERS(uintmax_t, "%ju", a, ==, b)
#define ck_assert_uint_ne(a, b)          CHECK_NUMBERS(uintmax_t, "%ju", a, !=, b)
#define ck_assert_float_eq(a, b)         CHECK_NUMBERS(float, "%.9g", a, ==, b)
#define ck_assert_double_eq(a, b)        CHECK_NUMBERS(double, "%.17g", a, ==, b)
#define ck_assert_double_le(a, b)        CHECK_NUMBERS(double, "%.17g", a, <=, b)
#define ck_assert_float_eq_tol(a, b, t)  CHECK_NEAR(float, "%.9g", a, b, t)
#define ck_assert_double_eq_tol(a, b, t) CHECK_NEAR(double, "%.17g", a, b, t)

#define CHECK_NUMBERS(type, format, a, is, b)                                                  \
    do {                                                                                       \
        type a_ = (a), b_ = (b);                                                               \
        ck_assert_msg(a_ is b_, "not so: %s %s %s: " format ", " format, #a, #is, #b, a_, b_); \
    } while (0)
#define CHECK_STRINGS(a, is, b)                                                                      \
    do {                                                                                             \
        const char *a_ = (a), *b_ = (b);                                                             \
        ck_assert_msg(strcmp(a_, b_) is 0, "not so: %s %s %s: \"%s\", \"%s\"", #a, #is, #b, a_, b_); \
    } while (0)
#define CHECK_NEAR(type, format, a, b, t)                                                          \
    do {                                                                                           \
        type a_ = (a), b_ = (b), t_ = (t), d_ = a_ < b_ ? b_ - a_ : a_ - b_;                       \
        ck_assert_msg(d_ < t_, "%s is " format ", not " format " within " format, #a, a_, b_, t_); \
    } while (0)

#endif
