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
    .sum_pool = VARIANT(sum_pool),
    .max_pool = VARIANT(max_pool),
    .max_pool_take = VARIANT(max_pool_take),
    .max_pool_give = VARIANT(max_pool_give),
    .upsample = VARIANT(upsample),
    .upsample_adjoint = VARIANT(upsample_adjoint),
    .depth_to_space = VARIANT(depth_to_space),
    .space_to_depth = VARIANT(space_to_depth),
    .embedding = VARIANT(embedding),
    .embedding_gradient = VARIANT(embedding_gradient),
    .grouped_conv = VARIANT(grouped_conv),
    .grouped_gradient = VARIANT(grouped_gradient),
    .softmax = VARIANT(softmax),
    .softmax_backward = VARIANT(softmax_backward),
    .softmax_tangent_backward = VARIANT(softmax_tangent_backward),
    .double_rows = DOUBLE_ROWS,
    .double_columns = DOUBLE_COLUMNS,
    .double_products = VARIANT(double_products),
    .pack_doubles = VARIANT(pack_doubles),
};
