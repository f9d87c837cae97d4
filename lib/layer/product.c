/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/product.h"

/* Work is cut by the product's rows: in MOST_TASKS, but of LEAST_ROWS at least. */
#define MOST_TASKS 8
#define LEAST_ROWS 16

struct product {
    const gan_layer_call *call;
    gan_gemm gemm;
    const float *bias; /* that the rows begin with, or NULL */
};

static void multiply_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct product *p = argument;
    gan_gemm part = p->gemm;
    part.m = end - begin;
    part.a += begin * (part.transpose_a ? 1 : part.lda);
    part.c += begin * part.ldc;
    part.scratch = p->call->scratch + (size_t)worker * p->call->scratch_stride;
    if (p->bias) p->call->kernels->fill_rows(part.c, p->bias, part.m, part.n);
    p->call->kernels->gemm(&part);
}

static void multiply(const gan_layer_call *call, const gan_gemm *gemm, const float *bias)
{
    struct product p = {call, *gemm, bias};
    int64_t rows = (gemm->m + MOST_TASKS - 1) / MOST_TASKS;
    gan_pool_ranges(call->pool, multiply_rows, &p, gemm->m, rows < LEAST_ROWS ? LEAST_ROWS : rows);
}

size_t gan_product_scratch(const gan_kernels *kernels)
{
    return kernels->gemm_scratch;
}

void gan_product_forward(const gan_layer_call *call, const gan_product *p, float *y, const float *x, const float *w,
                         const float *bias)
{
    gan_gemm gemm = {.accumulate = bias != NULL,
                     .m = p->rows,
                     .n = p->out,
                     .k = p->in,
                     .a = x,
                     .lda = p->in,
                     .b = w,
                     .ldb = p->out,
                     .c = y,
                     .ldc = p->out};
    multiply(call, &gemm, bias);
}

void gan_product_inputs(const gan_layer_call *call, const gan_product *p, float *dx, const float *dy, const float *w,
                        bool accumulate)
{
    gan_gemm gemm = {.transpose_b = true,
                     .accumulate = accumulate,
                     .m = p->rows,
                     .n = p->in,
                     .k = p->out,
                     .a = dy,
                     .lda = p->out,
                     .b = w,
                     .ldb = p->out,
                     .c = dx,
                     .ldc = p->in};
    multiply(call, &gemm, NULL);
}

void gan_product_weights(const gan_layer_call *call, const gan_product *p, float *dw, const float *x, const float *dy)
{
    gan_gemm gemm = {.transpose_a = true,
                     .accumulate = true,
                     .m = p->in,
                     .n = p->out,
                     .k = p->rows,
                     .a = x,
                     .lda = p->in,
                     .b = dy,
                     .ldb = p->out,
                     .c = dw,
                     .ldc = p->out};
    multiply(call, &gemm, NULL);
}
