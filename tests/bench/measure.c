/* SPDX-License-Identifier: BSD-2-Clause */
#include "measure.h"
#include "core/clock.h"
#include "core/memory.h"
#include "core/pool.h"
#include "kernel/kernel.h"

#include <stdio.h>
#include <stdlib.h>

#define SIZE 1536

double seconds(void)
{
    return 1e-9 * (double)gan_clock();
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(double *times, int count)
{
    qsort(times, (size_t)count, sizeof *times, compare);
    return (times[(count - 1) / 2] + times[count / 2]) / 2;
}

double least(const double *times, int count)
{
    double best = times[0];
    for (int i = 1; i < count; i++)
        if (times[i] < best) best = times[i];
    return best;
}

void must(gan_status status)
{
    if (status == GAN_OK) return;
    fprintf(stderr, "%s\n", gan_last_error());
    exit(1);
}

struct product {
    void (*gemm)(const gan_gemm *);
    float *a, *b, *c, *scratch;
    size_t scratch_floats;
};

static void rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct product *p = argument;
    p->gemm(&(gan_gemm){.m = end - begin,
                        .n = SIZE,
                        .k = SIZE,
                        .a = p->a + begin * SIZE,
                        .lda = SIZE,
                        .b = p->b,
                        .ldb = SIZE,
                        .c = p->c + begin * SIZE,
                        .ldc = SIZE,
                        .scratch = p->scratch + (size_t)worker * p->scratch_floats});
}

static double best_time(gan_pool *pool, struct product *p, int threads, int repeats)
{
    double best = 1e30;
    for (int i = 0; i < repeats; i++) {
        double begin = seconds();
        gan_pool_ranges(pool, rows, p, SIZE, (SIZE + threads - 1) / threads);
        double time = seconds() - begin;
        if (time < best) best = time;
    }
    return best;
}

static float *floats(size_t count)
{
    float *x = aligned_alloc(64, (count * sizeof *x + 63) / 64 * 64);
    for (size_t i = 0; x && i < count; i++) x[i] = (float)(i % 7) - 3;
    return x;
}

double sgemm_rate(int threads, gan_kernel_set set, int repeats, const char **by)
{
    const gan_kernels *kernels = gan_kernels_select(set);
    const gan_allocator allocator = gan_default_allocator();
    gan_pool *pool = NULL;
    size_t matrix = (size_t)SIZE * SIZE, scratch = (kernels->gemm_scratch + 15) / 16 * 16;
    struct product p = {NULL,   floats(matrix), floats(matrix), floats(matrix), floats(scratch * (size_t)threads),
                        scratch};
    double rate = 0;
    if (p.a && p.b && p.c && p.scratch && gan_pool_create(&pool, &allocator, threads) == GAN_OK) {
        p.gemm = kernels->gemm_builtin;
        double own = best_time(pool, &p, threads, repeats), other = 1e30;
        p.gemm = kernels->gemm;
        bool best_set = set == GAN_KERNELS_AUTO || kernels == gan_kernels_select(GAN_KERNELS_AUTO);
        if (best_set && gan_kernels_use_blas()) other = best_time(pool, &p, threads, repeats);
        *by = own < other ? "libgan" : "the BLAS";
        rate = 2.0 * SIZE * SIZE * SIZE / (own < other ? own : other);
    }
    if (pool) gan_pool_free(&pool);
    free(p.a);
    free(p.b);
    free(p.c);
    free(p.scratch);
    return rate;
}
