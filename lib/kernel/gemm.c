/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/gemm.h"

#include <limits.h>

/* The only file that sees a BLAS. Calls come from several threads of a pool at once, each for a part of the work, so
 * that each call should work alone; and the host program may use the same BLAS with settings of its own. */

#ifdef HAVE_BLIS
#include BLAS_HEADER

/* BLIS takes its number of threads with the call (a rntm_t), whatever BLIS_NUM_THREADS or the host say, so that a
 * result depends on the operands alone. Its pool of packing buffers is behind a mutex: several threads may call it. The
 * typed interface also stays clear of the name cblas_sgemm, which another BLAS of the host may have taken. */
static void multiply(const gan_gemm *g)
{
    static const float one = 1, zero = 0;
    rntm_t alone = BLIS_RNTM_INITIALIZER;
    bli_rntm_set_num_threads(1, &alone);
    bli_sgemm_ex(g->transpose_a ? BLIS_TRANSPOSE : BLIS_NO_TRANSPOSE,
                 g->transpose_b ? BLIS_TRANSPOSE : BLIS_NO_TRANSPOSE, g->m, g->n, g->k, (float *)&one, (float *)g->a,
                 g->lda, 1, (float *)g->b, g->ldb, 1, (float *)(g->accumulate ? &one : &zero), g->c, g->ldc, 1, NULL,
                 &alone);
}

/* BLIS (0.9, and later ones by its issue 635) loads whole register tiles at the edges of its operands, and so reads
 * past their end, where there may be no memory. Sizes that leave no part of a tile are safe. */
static bool takes(const gan_gemm *g)
{
    return g->m % 32 == 0 && g->n % 32 == 0 && g->k % 32 == 0;
}
#elif defined HAVE_BLAS
#include BLAS_HEADER

static bool takes(const gan_gemm *g)
{
    (void)g;
    return true;
}

/* OpenBLAS has one number of threads for the whole program (openblas_set_num_threads_local of 0.3.27 sets it too),
 * which is the host's to choose, not this library's. Run with OPENBLAS_NUM_THREADS=1: with more, it splits products
 * above some 2.6e5 multiplications between threads, which callers then wait for in turn, and with the split may change
 * which of its kernels does an element, and so its rounding. Results are promised to be equal bit for bit only where
 * that number is. */
static void multiply(const gan_gemm *g)
{
    cblas_sgemm(CblasRowMajor, g->transpose_a ? CblasTrans : CblasNoTrans, g->transpose_b ? CblasTrans : CblasNoTrans,
                (int)g->m, (int)g->n, (int)g->k, 1, g->a, (int)g->lda, g->b, (int)g->ldb, g->accumulate ? 1 : 0, g->c,
                (int)g->ldc);
}
#endif

bool gan_gemm_blas(const gan_gemm *g)
{
#ifdef HAVE_BLAS
    const int64_t size[] = {g->m, g->n, g->k, g->lda, g->ldb, g->ldc};
    for (int i = 0; i < 6; i++)
        if (size[i] <= 0 || size[i] > INT_MAX) return false;
    if (!takes(g)) return false;
    multiply(g);
    return true;
#else
    (void)g;
    return false;
#endif
}

int gan_kernels_blas_threads(void)
{
#if defined HAVE_BLAS && !defined HAVE_BLIS
    return openblas_get_num_threads();
#else
    return 1;
#endif
}
