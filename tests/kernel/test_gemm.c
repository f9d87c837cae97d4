/* SPDX-License-Identifier: BSD-2-Clause */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "buffers.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Products of every set, by the BLAS where the build has one and by the library's own code, against sums in double. */

struct shape {
    int64_t m, n, k;
};

/* A product with everything it needs: operands whose rows are longer than used, and c as it was before. */
struct problem {
    gan_gemm gemm;
    buffer a, b, c, before, scratch;
    double *expected;
    int64_t rows, columns;
};

static int64_t stored_rows(int64_t rows, int64_t columns, bool transposed)
{
    return transposed ? columns : rows;
}

static buffer matrix(int64_t rows, int64_t ld, uint64_t seed, int misaligned)
{
    buffer b = buffer_new(rows * ld, misaligned);
    buffer_fill(&b, seed);
    return b;
}

/* Columns of c beyond n must keep what they had, so that `expected` has them too. */
static struct problem new_problem(struct shape s, int transposes, bool accumulate, int64_t extra)
{
    struct problem p = {.gemm = {.transpose_a = transposes & 1,
                                 .transpose_b = transposes >> 1,
                                 .accumulate = accumulate,
                                 .m = s.m,
                                 .n = s.n,
                                 .k = s.k}};
    gan_gemm *g = &p.gemm;
    int64_t a_rows = stored_rows(s.m, s.k, g->transpose_a), b_rows = stored_rows(s.k, s.n, g->transpose_b);
    g->lda = stored_rows(s.k, s.m, g->transpose_a) + extra;
    g->ldb = stored_rows(s.n, s.k, g->transpose_b) + 2 * extra;
    g->ldc = s.n + extra;
    p.a = matrix(a_rows, g->lda, 1, extra > 0);
    p.b = matrix(b_rows, g->ldb, 2, extra > 0);
    p.before = matrix(s.m, g->ldc, 3, extra > 0);
    p.c = matrix(s.m, g->ldc, 3, extra > 0);
    g->a = p.a.x;
    g->b = p.b.x;
    g->c = p.c.x;
    p.expected = must_allocate((size_t)p.c.n, sizeof(double));
    for (int64_t i = 0; i < s.m; i++)
        for (int64_t j = 0; j < g->ldc; j++) {
            double sum = accumulate || j >= s.n ? p.before.x[i * g->ldc + j] : 0;
            for (int64_t l = 0; l < s.k && j < s.n; l++)
                sum += (double)g->a[g->transpose_a ? l * g->lda + i : i * g->lda + l] *
                       g->b[g->transpose_b ? j * g->ldb + l : l * g->ldb + j];
            p.expected[i * g->ldc + j] = sum;
        }
    return p;
}

static void free_problem(struct problem *p)
{
    buffer *all[] = {&p->a, &p->b, &p->c, &p->before};
    for (int i = 0; i < 4; i++) buffer_free(all[i], "gemm");
    free(p->expected);
}

/* One call into b, its scratch guarded. */
static void call(const gan_kernels *k, bool builtin, const struct problem *p, buffer *c)
{
    gan_gemm gemm = p->gemm;
    buffer scratch = buffer_new((int64_t)k->gemm_scratch, 0);
    memcpy(c->x, p->before.x, (size_t)c->n * sizeof(float));
    gemm.c = c->x;
    gemm.scratch = scratch.x;
    (builtin ? k->gemm_builtin : k->gemm)(&gemm);
    buffer_free(&scratch, "gemm's scratch");
}

static void check_problem(struct problem *p)
{
    const gan_kernels *table[8];
    const gan_gemm *g = &p->gemm;
    buffer again = buffer_new(p->c.n, p->c.misaligned);
    int count = tables(table);
    double tolerance = 1e-6 * fmax(1, sqrt((double)g->k) / 16); /* rounding of a long sum grows like a random walk */
    for (int k = 0; k < count; k++)
        for (int builtin = 0; builtin < 2; builtin++) {
            char what[160];
            snprintf(what, sizeof what, "gemm %s%s %dx%dx%d%s%s%s", table[k]->name, builtin ? " builtin" : "",
                     (int)g->m, (int)g->n, (int)g->k, g->transpose_a ? " a'" : "", g->transpose_b ? " b'" : "",
                     g->accumulate ? " +=" : "");
            call(table[k], builtin, p, &p->c);
            check_near(what, p->c.x, p->expected, p->c.n, tolerance, tolerance);
            call(table[k], builtin, p, &again);
            must(!memcmp(again.x, p->c.x, (size_t)again.n * sizeof(float)), "%s: another call, other bits", what);
        }
    buffer_free(&again, "gemm");
}

static void check_shape(struct shape s)
{
    for (int transposes = 0; transposes < 4; transposes++)
        for (int accumulate = 0; accumulate < 2; accumulate++) {
            struct problem p = new_problem(s, transposes, accumulate, accumulate ? 3 : 0);
            check_problem(&p);
            free_problem(&p);
        }
}

START_TEST(small_shapes)
{
    static const int64_t size[] = {0, 1, 2, 3, 7, 12, 15, 16, 17, 31, 33, 65};
    enum { COUNT = sizeof size / sizeof *size };
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++) check_shape((struct shape){size[_i], size[i], size[j]});
}
END_TEST

/* Shapes on both sides of the blocks' ends, and of the library's own convolutions. */
START_TEST(large_shapes)
{
    static const struct shape shapes[] = {
        {129, 129, 129}, {5, 511, 255}, {5, 512, 256},  {5, 513, 257}, {200, 513, 9}, {257, 3, 513},   {1, 1025, 300},
        {1100, 1, 520},  {3, 700, 600}, {48, 16, 2000}, {64, 17, 272}, {33, 65, 528}, {30, 129, 1040}, {2, 2, 9000},
    };
    check_shape(shapes[_i]);
}
END_TEST

/* 0 * garbage: c is written, not multiplied by 0, when nothing is accumulated; NaN in an operand arrives. */
START_TEST(not_a_numbers)
{
    const gan_kernels *table[8];
    int count = tables(table);
    struct problem p = new_problem((struct shape){20, 20, 20}, 0, false, 0);
    for (int64_t i = 0; i < p.before.n; i++) p.before.x[i] = (float)(0.0 / 0.0);
    for (int k = 0; k < count; k++)
        for (int builtin = 0; builtin < 2; builtin++) {
            call(table[k], builtin, &p, &p.c);
            check_near("gemm over NaN", p.c.x, p.expected, p.c.n, 1e-6, 1e-6);
            float kept = p.a.x[25];
            p.a.x[25] = (float)(0.0 / 0.0);
            call(table[k], builtin, &p, &p.c);
            for (int64_t i = 0; i < p.c.n; i++)
                must((p.c.x[i] != p.c.x[i]) == (i / 20 == 1), "NaN is in the wrong row");
            p.a.x[25] = kept;
        }
    free_problem(&p);
}
END_TEST

struct caller {
    const gan_kernels *kernels;
    const struct problem *problem;
    buffer c;
};

static void *call_often(void *argument)
{
    struct caller *caller = argument;
    for (int i = 0; i < 20; i++) call(caller->kernels, false, caller->problem, &caller->c);
    return NULL;
}

START_TEST(threads_do_not_change_a_result)
{
    enum { THREADS = 4 };
    const gan_kernels *kernels = gan_kernels_select(GAN_KERNELS_AUTO);
    struct problem p = new_problem((struct shape){300, 65, 272}, 2, true, 1);
    call(kernels, false, &p, &p.c);
    pthread_t thread[THREADS];
    struct caller caller[THREADS];
    for (int i = 0; i < THREADS; i++) {
        caller[i] = (struct caller){kernels, &p, buffer_new(p.c.n, 1)};
        ck_assert_int_eq(pthread_create(&thread[i], NULL, call_often, &caller[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        ck_assert(!memcmp(caller[i].c.x, p.c.x, (size_t)p.c.n * sizeof(float)));
        buffer_free(&caller[i].c, "gemm");
    }
    free_problem(&p);
}
END_TEST

/* Operands that end where a page ends, before one that may not be read: a product looks at nothing beyond them. */
#define AREA ((size_t)1 << 17)

struct guarded {
    unsigned char *pages, *end;
};

static struct guarded guard(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct guarded g = {mmap(NULL, AREA + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), NULL};
    ck_assert(g.pages != MAP_FAILED);
    g.end = g.pages + AREA;
    ck_assert(mprotect(g.end, page, PROT_NONE) == 0);
    return g;
}

static float *before_the_end(const struct guarded *g, int64_t floats)
{
    return (float *)(void *)g->end - floats;
}

START_TEST(nothing_beyond_the_operands_is_read)
{
    const gan_kernels *k = gan_kernels_select(kernel_set(_i));
    struct guarded a = guard(), b = guard(), c = guard();
    float *scratch = aligned_alloc(64, (k->gemm_scratch * sizeof(float) + 63) / 64 * 64);
    uint32_t state = 1;
    for (int round = 0; round < 3000; round++) {
        int64_t size[3];
        for (int i = 0; i < 3; i++) {
            state = state * 1664525u + 1013904223u;
            size[i] = 1 + (state >> 8) % 140;
        }
        gan_gemm g = {.transpose_a = round & 1, .transpose_b = round & 2, .accumulate = round & 4};
        g.m = size[0], g.n = size[1], g.k = size[2], g.scratch = scratch;
        g.lda = g.transpose_a ? g.m : g.k, g.ldb = g.transpose_b ? g.k : g.n, g.ldc = g.n;
        g.a = before_the_end(&a, g.m * g.k);
        g.b = before_the_end(&b, g.k * g.n);
        g.c = before_the_end(&c, g.m * g.n);
        k->gemm(&g);
    }
    free(scratch);
    munmap(a.pages, AREA);
    munmap(b.pages, AREA);
    munmap(c.pages, AREA);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gemm");
    TCase *tests = tcase_create("gemm");
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, small_shapes, 0, 12);
    tcase_add_loop_test(tests, large_shapes, 0, 14);
    tcase_add_test(tests, not_a_numbers);
    tcase_add_test(tests, threads_do_not_change_a_result);
    tcase_add_loop_test(tests, nothing_beyond_the_operands_is_read, 0, kernel_set_count());
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
