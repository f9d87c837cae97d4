/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_NORM_H
#define GAN_NORM_H

#include <gan/layer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Normalizations. gan/layer.h tells how layers are added. */

/* Batch normalization (short name bn) over everything but the last dimension (Ioffe, Szegedy 2015):
 *     y = gamma * (x - mean) / sqrt(variance + epsilon) + beta
 * Training: mean and (biased) variance of the batch. Inference: their running averages, each an average over all
 * batches seen until 1 / (1 - momentum) of them, an exponential one with this momentum after, so that they are usable
 * from the first step on. A channel whose batch has an infinity or NaN leaves them as they are. Parameters gamma [C],
 * beta [C]; buffers running_mean [C], running_variance [C], batches [1].
 */
typedef struct gan_batch_norm_options {
    size_t size;
    gan_node *input;
    const char *name;
    float epsilon;         /* above 0, default 0.001 */
    float momentum;        /* the weight of the past, 0 <= momentum < 1, default 0.9: a generator moves fast */
    gan_initializer gamma; /* default ones */
    gan_initializer beta;  /* default zeros */
    bool no_affine;        /* without gamma and beta: 1 and 0 */
    int reserved;          /* 0 */
} gan_batch_norm_options;
GAN_API gan_node *gan_batch_norm_layer(const gan_batch_norm_options *options);

/* Normalizations of each sample by itself, the same in training and inference:
 *     y = gamma * (x - mean) / sqrt(variance + epsilon) + beta
 * with mean and (biased) variance over a group of each sample's numbers, ..,C -> ..,C. Parameters gamma [C], beta [C]:
 * one a channel, whatever the group. A group has at least 2 numbers. */

/* Layer normalization (Ba, Kiros, Hinton 2016): the group is the whole sample, all dimensions but the batch, as in the
 * critics of WGAN-GP (Gulrajani et al. 2017). PyTorch's LayerNorm with normalized_shape of all these dimensions is the
 * same but for its gamma and beta, which have one number an element. With last_dimension the group is the channels at
 * one place, as in transformers: PyTorch's LayerNorm(C), Keras's LayerNormalization(axis=-1). */
typedef struct gan_layer_norm_options {
    size_t size;
    gan_node *input;
    const char *name;
    float epsilon;         /* above 0, default 0.00001 */
    gan_initializer gamma; /* default ones */
    gan_initializer beta;  /* default zeros */
    bool no_affine;        /* without gamma and beta: 1 and 0 */
    bool last_dimension;
    int64_t reserved; /* 0 */
} gan_layer_norm_options;
GAN_API gan_node *gan_layer_norm_layer(const gan_layer_norm_options *options);

/* Instance normalization (Ulyanov, Vedaldi, Lempitsky 2016): the group is one channel of a sample. */
typedef struct gan_instance_norm_options {
    size_t size;
    gan_node *input;
    const char *name;
    float epsilon; /* these four as above */
    gan_initializer gamma;
    gan_initializer beta;
    bool no_affine;
    int64_t reserved; /* 0 */
} gan_instance_norm_options;
GAN_API gan_node *gan_instance_norm_layer(const gan_instance_norm_options *options);

/* Group normalization (Wu, He 2018): the group is C / groups neighbouring channels of a sample. */
typedef struct gan_group_norm_options {
    size_t size;
    gan_node *input;
    const char *name;
    float epsilon; /* these four as above */
    gan_initializer gamma;
    gan_initializer beta;
    bool no_affine;
    int groups;   /* 1.., divides C; required */
    int reserved; /* 0 */
} gan_group_norm_options;
GAN_API gan_node *gan_group_norm_layer(const gan_group_norm_options *options);

/* Pixelwise normalization (Karras, Aila, Laine, Lehtinen 2018), over the channels at each place:
 *     y = x / sqrt(mean of x^2 + epsilon) */
typedef struct gan_pixel_norm_options {
    size_t size;
    gan_node *input;
    const char *name;
    float epsilon; /* above 0, default 1e-8 */
    int reserved;  /* 0 */
} gan_pixel_norm_options;
GAN_API gan_node *gan_pixel_norm_layer(const gan_pixel_norm_options *options);

/* Feature-wise linear modulation (Perez et al. 2018): gain and offset of each channel from a second node, the
 * condition, a vector [K] for each sample:
 *     y[..,c] = x[..,c] * (1 + sum over k of condition[k] * gamma[k,c]) + sum over k of condition[k] * beta[k,c]
 * Parameters gamma [K,C], beta [K,C]. Where the condition is a class as one-hot vector, their rows are the classes' own
 * gains less 1, and offsets; where it is learned features (BigGAN: class embedding and a part of z), they are BigGAN's
 * two linear maps. After a norm without affine parameters this is conditional batch norm, conditional instance norm
 * (Dumoulin et al. 2017), adaptive instance norm. gan_film(x, .condition = y) */
typedef struct gan_film_options {
    size_t size;
    gan_node *input;
    const char *name;
    gan_node *condition;   /* required */
    gan_initializer gamma; /* default zeros, with spectral_norm the network's weights */
    gan_initializer beta;  /* likewise */
    bool spectral_norm;    /* of gamma and of beta: buffers gamma_u and beta_u (gan/layer.h) */
    int reserved;          /* 0 */
} gan_film_options;
GAN_API gan_node *gan_film_layer(const gan_film_options *options);

/* Conditional batch normalization (de Vries et al. 2017; Brock et al. 2019): gan_film() on gan_batch_norm() without
 * affine parameters; returns the former's node. A name is that of gan_film(), and its batch norm has "_bn" after it. */
typedef struct gan_conditional_batch_norm_options {
    size_t size;
    gan_node *input;
    const char *name;
    gan_node *condition; /* these four as of gan_film() */
    gan_initializer gamma;
    gan_initializer beta;
    bool spectral_norm;
    float epsilon; /* these two as of gan_batch_norm() */
    float momentum;
    int reserved; /* 0 */
} gan_conditional_batch_norm_options;
GAN_API gan_node *gan_conditional_batch_norm_layer(const gan_conditional_batch_norm_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(batch_norm, gan_batch_norm_options)
GAN_LAYER_CALL_(layer_norm, gan_layer_norm_options)
GAN_LAYER_CALL_(instance_norm, gan_instance_norm_options)
GAN_LAYER_CALL_(group_norm, gan_group_norm_options)
GAN_LAYER_CALL_(pixel_norm, gan_pixel_norm_options)
GAN_LAYER_CALL_(film, gan_film_options)
GAN_LAYER_CALL_(conditional_batch_norm, gan_conditional_batch_norm_options)
#else
#define gan_batch_norm(...)    GAN_LAYER_CALL_(batch_norm, gan_batch_norm_options, __VA_ARGS__)
#define gan_layer_norm(...)    GAN_LAYER_CALL_(layer_norm, gan_layer_norm_options, __VA_ARGS__)
#define gan_instance_norm(...) GAN_LAYER_CALL_(instance_norm, gan_instance_norm_options, __VA_ARGS__)
#define gan_group_norm(...)    GAN_LAYER_CALL_(group_norm, gan_group_norm_options, __VA_ARGS__)
#define gan_pixel_norm(...)    GAN_LAYER_CALL_(pixel_norm, gan_pixel_norm_options, __VA_ARGS__)
#define gan_film(...)          GAN_LAYER_CALL_(film, gan_film_options, __VA_ARGS__)
#define gan_conditional_batch_norm(...) \
    GAN_LAYER_CALL_(conditional_batch_norm, gan_conditional_batch_norm_options, __VA_ARGS__)
#endif

#endif
