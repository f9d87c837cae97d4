/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/gemm.h"
#include "kernel/tile.h"

#define TEXT_OF(name) #name
#define TEXT(name)    TEXT_OF(name)

/* The portable set depends on nothing outside, so that there is always one whose results no BLAS has a part in. */
#if defined HAVE_BLAS && !defined GAN_KERNELS_PORTABLE
static void blas_or_builtin(const gan_gemm *gemm)
{
    if (!gan_gemm_blas(gemm)) VARIANT(gemm_builtin)(gemm);
}
#define GEMM blas_or_builtin
#else
#define GEMM VARIANT(gemm_builtin)
#endif

const gan_kernels VARIANT(kernels) = {
    .name = TEXT(GAN_KERNEL_SET),
    .gemm_scratch = GEMM_SCRATCH,
    .gemm = GEMM,
    .gemm_builtin = VARIANT(gemm_builtin),
    .conv_panel = TILE_COLUMNS,
    .conv = VARIANT(conv),
    .conv_pack = VARIANT(conv_pack),
    .conv_gradient = VARIANT(conv_gradient),
    .add = VARIANT(add),
    .leaky_relu = VARIANT(leaky_relu),
    .leaky_relu_backward = VARIANT(leaky_relu_backward),
    .tanh = VARIANT(tanh),
    .tanh_backward = VARIANT(tanh_backward),
    .tanh_curvature = VARIANT(tanh_curvature),
    .sigmoid = VARIANT(sigmoid),
    .sigmoid_backward = VARIANT(sigmoid_backward),
    .sigmoid_curvature = VARIANT(sigmoid_curvature),
    .fill_rows = VARIANT(fill_rows),
    .sum_rows = VARIANT(sum_rows),
    .scale_shift = VARIANT(scale_shift),
    .moments = VARIANT(moments),
    .batch_norm_sums = VARIANT(batch_norm_sums),
    .batch_norm_backward = VARIANT(batch_norm_backward),
    .concat_diff = VARIANT(concat_diff),
    .concat_diff_backward = VARIANT(concat_diff_backward),
    .concat_diff_tangent = VARIANT(concat_diff_tangent),
    .adam = VARIANT(adam),
    .sgd = VARIANT(sgd),
    .sum_squares = VARIANT(sum_squares),
    .set_scaled = VARIANT(set_scaled),
    .add_scaled = VARIANT(add_scaled),
    .dot = VARIANT(dot),
    .similarity = VARIANT(similarity),
    .similarity_gradient = VARIANT(similarity_gradient),
    .deviation = VARIANT(deviation),
    .deviation_backward = VARIANT(deviation_backward),
    .deviation_tangent = VARIANT(deviation_tangent),
    .deviation_curvature = VARIANT(deviation_curvature),
};
