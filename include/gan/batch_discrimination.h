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

/* Minibatch discrimination (Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen 2016): A -> A + kernels, x and after
 * it how close the sample is to all of its batch. With M = x weight, a matrix [dims, kernels] for each sample, the b-th
 * new number of sample i is sum over all samples j of exp(-sum over d of |M_i[d,b] - M_j[d,b]|) where j = i adds 1, as
 * in the paper. Parameters: weight [A, dims, kernels]. The work grows with the square of the batch. The result for a
 * sample depends on its batch, in training and in inference. */
typedef struct gan_minibatch_discrimination_options {
    size_t size;
    gan_node *input; /* a vector: gan_flatten() */
    const char *name;
    int kernels;             /* B of the paper, 1.., default 100 */
    int dims;                /* C of the paper, 1.., default 5 */
    gan_initializer weights; /* default the network's */
    int reserved;            /* 0 */
} gan_minibatch_discrimination_options;
GAN_API gan_node *gan_minibatch_discrimination_layer(const gan_minibatch_discrimination_options *options);

/* Minibatch standard deviation (Karras, Aila, Laine, Lehtinen 2018): H,W,C -> H,W,C+features (or ..,C ->
 * ..,C+features). The batch is cut into groups, and the channels into `features` parts of neighbours. The f-th new
 * channel, the same at every place and for all samples of a group, is the mean over places and the f-th part's channels
 * of sqrt(variance of x over the group's samples + 1e-8). There are batch / group_size groups (1 for a smaller batch),
 * and sample n is in group n % groups, as in StyleGAN; where group_size does not divide the batch, some groups are a
 * sample larger. A group_size of the batch or more makes it one group, as in the paper. The result for a sample depends
 * on its group, in training and in inference. */
typedef struct gan_minibatch_stddev_options {
    size_t size;
    gan_node *input;
    const char *name;
    int group_size; /* 1.., default 4 */
    int features;   /* 1.., divides C, default 1 */
} gan_minibatch_stddev_options;
GAN_API gan_node *gan_minibatch_stddev_layer(const gan_minibatch_stddev_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(concat_diff, gan_concat_diff_options)
GAN_LAYER_CALL_(minibatch_discrimination, gan_minibatch_discrimination_options)
GAN_LAYER_CALL_(minibatch_stddev, gan_minibatch_stddev_options)
#else
#define gan_concat_diff(...) GAN_LAYER_CALL_(concat_diff, gan_concat_diff_options, __VA_ARGS__)
#define gan_minibatch_discrimination(...) \
    GAN_LAYER_CALL_(minibatch_discrimination, gan_minibatch_discrimination_options, __VA_ARGS__)
#define gan_minibatch_stddev(...) GAN_LAYER_CALL_(minibatch_stddev, gan_minibatch_stddev_options, __VA_ARGS__)
#endif

#endif
