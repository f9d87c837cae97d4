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
    .activation = VARIANT(activations),
    .add = VARIANT(add),
    .multiply = VARIANT(multiply),
    .multiply_add = VARIANT(multiply_add),
    .fill_rows = VARIANT(fill_rows),
    .sum_rows = VARIANT(sum_rows),
    .scale_shift = VARIANT(scale_shift),
    .moments = VARIANT(moments),
    .batch_norm_sums = VARIANT(batch_norm_sums),
    .batch_norm_backward = VARIANT(batch_norm_backward),
    .multiply_rows = VARIANT(multiply_rows),
    .sum_products = VARIANT(sum_products),
    .sum_columns = VARIANT(sum_columns),
    .fill_columns = VARIANT(fill_columns),
    .concat_diff = VARIANT(concat_diff),
    .concat_diff_backward = VARIANT(concat_diff_backward),
    .concat_diff_tangent = VARIANT(concat_diff_tangent),
    .adam = VARIANT(adam),
    .rmsprop = VARIANT(rmsprop),
    .sgd = VARIANT(sgd),
    .dropout = VARIANT(dropout),
    .noise = VARIANT(noise),
    .sum_squares = VARIANT(sum_squares),
    .scale = VARIANT(scale),
    .clip = VARIANT(clip),
    .lerp = VARIANT(lerp),
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
