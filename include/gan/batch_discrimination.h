/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_BATCH_DISCRIMINATION_H
#define GAN_BATCH_DISCRIMINATION_H

#include <gan/layer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Layers that let a discriminator compare the samples of a batch. gan/layer.h tells how layers are added. */

/* Batch discrimination by one more feature map (short name: diff): H,W,C -> H,W,C+1 (or ..,C -> ..,C+1). At every
 * sample and pixel the new channel is the mean over channels of |x - mean of x over the batch|. The gradient flows
 * through that mean, too. The result for a sample depends on its batch, in training and in inference. */
typedef struct gan_concat_diff_options {
    size_t size;
    gan_node *input;
    const char *name;
} gan_concat_diff_options;
GAN_API gan_node *gan_concat_diff_layer(const gan_concat_diff_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(concat_diff, gan_concat_diff_options)
#else
#define gan_concat_diff(...) GAN_LAYER_CALL_(concat_diff, gan_concat_diff_options, __VA_ARGS__)
#endif

#endif
