/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_POOLING_H
#define GAN_POOLING_H

#include <gan/layer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pooling: each channel by itself, H,W,C -> OH,OW,C, or C for the global layers. gan/layer.h tells how layers are
 * added, and what the padding means; paddings are smaller than the kernel, so that each window has a pixel inside. */

/* The average of each window. Pixels in the padding have no part in it: a window at the border is divided by the number
 * of its pixels that are inside, as TensorFlow does. With include_padding they count as zeros, and every window is
 * divided by kernel_h * kernel_w: what PyTorch's avg_pool2d does unless count_include_pad is false. */
typedef struct gan_average_pool_options {
    size_t size;
    gan_node *input;
    const char *name;
    int kernel;             /* height and width, 1..; required, unless kernel_h and kernel_w are given */
    int kernel_h, kernel_w; /* where the two differ */
    int stride;             /* 1.., default the kernel's size: windows do not overlap */
    int stride_h, stride_w; /* where the two differ */
    int padding;            /* a gan_padding, default GAN_PADDING_VALID */
    int pad_top, pad_bottom, pad_left, pad_right; /* 0.., only with GAN_PADDING_EXPLICIT */
    bool include_padding;
    int64_t reserved; /* 0 */
} gan_average_pool_options;
GAN_API gan_node *gan_average_pool_layer(const gan_average_pool_options *options);

/* The largest number of each window; padding never is. Of equal ones the first, row by row, gets the gradient. A NaN in
 * the window makes the result NaN. Pictures have at most 2^24 pixels. */
typedef struct gan_max_pool_options {
    size_t size;
    gan_node *input;
    const char *name;
    int kernel;
    int kernel_h, kernel_w;
    int stride;
    int stride_h, stride_w;
    int padding;
    int pad_top, pad_bottom, pad_left, pad_right;
    int reserved; /* 0 */
} gan_max_pool_options;
GAN_API gan_node *gan_max_pool_layer(const gan_max_pool_options *options);

/* H,W,C -> C: the average over all pixels, or their sum, with which the discriminators of SNGAN and of projection GANs
 * end (Miyato et al. 2018). */
typedef struct gan_global_pool_options {
    size_t size;
    gan_node *input;
    const char *name;
} gan_global_pool_options;
GAN_API gan_node *gan_global_average_pool_layer(const gan_global_pool_options *options);
GAN_API gan_node *gan_global_sum_pool_layer(const gan_global_pool_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(average_pool, gan_average_pool_options)
GAN_LAYER_CALL_(max_pool, gan_max_pool_options)
GAN_LAYER_CALL_(global_average_pool, gan_global_pool_options)
GAN_LAYER_CALL_(global_sum_pool, gan_global_pool_options)
#else
#define gan_average_pool(...)        GAN_LAYER_CALL_(average_pool, gan_average_pool_options, __VA_ARGS__)
#define gan_max_pool(...)            GAN_LAYER_CALL_(max_pool, gan_max_pool_options, __VA_ARGS__)
#define gan_global_average_pool(...) GAN_LAYER_CALL_(global_average_pool, gan_global_pool_options, __VA_ARGS__)
#define gan_global_sum_pool(...)     GAN_LAYER_CALL_(global_sum_pool, gan_global_pool_options, __VA_ARGS__)
#endif

#endif
