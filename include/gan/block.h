/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_BLOCK_H
#define GAN_BLOCK_H

#include <gan/resize.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Blocks of known architectures, built from layers: each call adds several to the network, and returns the last one's
 * node. gan/layer.h tells how such calls work; what the layers check, they say themselves. With options.name, the node
 * has that name and the other layers have it in theirs: NAME_conv1. */

typedef enum gan_resample {
    GAN_RESAMPLE_NONE = 0,
    GAN_RESAMPLE_UP = 1,  /* gan_upsample() to twice the height and width */
    GAN_RESAMPLE_DOWN = 2 /* gan_average_pool() to half of them, rounded down */
} gan_resample;

typedef enum gan_block_norm { GAN_BLOCK_NORM_NONE = 0, GAN_BLOCK_NORM_BATCH = 1 } gan_block_norm;

typedef enum gan_block_activation { GAN_BLOCK_RELU = 0, GAN_BLOCK_LEAKY_RELU = 1 } gan_block_activation;

/* A residual block with activations before convolutions, as in WGAN-GP (Gulrajani et al. 2017) and SNGAN (Miyato et al.
 * 2018), H,W,C -> H,W,filters, or twice or half the height and width:
 *     y = shortcut(x) + down(conv2(act(norm(conv1(up(act(norm(x))))))))
 * conv1 and conv2 keep height and width. The shortcut is x itself where neither size nor channels change, otherwise a
 * 1x1 convolution and up or down. Of these two the one on the smaller picture comes first: the result is the same.
 *
 * `first` is for the block that sees the pixels: without norm and activation in front of conv1.
 *
 * A generator's block: gan_residual_block(x, .filters = 256, .resample = GAN_RESAMPLE_UP, .norm = GAN_BLOCK_NORM_BATCH)
 * A discriminator's:   gan_residual_block(x, .filters = 128, .resample = GAN_RESAMPLE_DOWN)
 *
 * Layers NAME_norm1, NAME_conv1, NAME_norm2, NAME_conv2, NAME_shortcut. */
typedef struct gan_residual_block_options {
    size_t size;
    gan_node *input;
    const char *name;
    int filters;       /* of conv2 and the shortcut, 1.., default the channels of the input */
    int hidden;        /* of conv1, 1.., default filters; for a block that goes down and is not the first, the
                          channels of the input */
    int kernel;        /* of conv1 and conv2, 1.., default 3 */
    int resample;      /* a gan_resample, default GAN_RESAMPLE_NONE */
    int interpolation; /* of GAN_RESAMPLE_UP: a gan_interpolation, default GAN_INTERPOLATION_NEAREST */
    int norm;          /* a gan_block_norm, default GAN_BLOCK_NORM_NONE */
    int activation;    /* a gan_block_activation, default GAN_BLOCK_RELU */
    float slope;       /* of GAN_BLOCK_LEAKY_RELU, 0 to 1, default 0.2 */
    bool first;
    gan_initializer weights;          /* of conv1 and conv2, default the network's */
    gan_initializer shortcut_weights; /* default the network's */
    /* In place of `norm`, a norm of the caller's: it adds its layers to x and returns the last node. It is called
     * twice, with the argument, which may hold the condition of a conditional norm. */
    gan_node *(*normalize)(gan_node *x, void *argument);
    void *argument;
    bool spectral_norm; /* of all convolutions (gan/layer.h) */
    int reserved;       /* 0 */
} gan_residual_block_options;
GAN_API gan_node *gan_residual_block_layer(const gan_residual_block_options *options);

/* Self-attention of a picture's pixels, as in SAGAN (Zhang, Goodfellow, Metaxas, Odena 2019), H,W,C -> H,W,C:
 *     y = x + gamma * out(attention(query(x), pool(key(x)), pool(value(x))))
 * where query, key, value and out are 1x1 convolutions without biases, pool is gan_max_pool() of 2x2, which leaves a
 * quarter of the keys, and gamma is a trained number that begins with 0: the block begins as y = x.
 *
 * Layers NAME_query, NAME_key, NAME_value, NAME_out, and NAME_gate, a gan_scale() that has gamma. */
typedef struct gan_self_attention_options {
    size_t size;
    gan_node *input;
    const char *name;
    int filters;             /* of query and key, 1.., default C / 8, at least 1 */
    int value_filters;       /* 1.., default C / 2, at least 1 */
    bool no_pool;            /* as the paper has it; its program pools */
    gan_initializer weights; /* of the four convolutions, default the network's */
    bool spectral_norm;      /* of the four convolutions (gan/layer.h), as the paper has it in both players */
    int reserved;            /* 0 */
} gan_self_attention_options;
GAN_API gan_node *gan_self_attention_layer(const gan_self_attention_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(residual_block, gan_residual_block_options)
GAN_LAYER_CALL_(self_attention, gan_self_attention_options)
#else
#define gan_residual_block(...) GAN_LAYER_CALL_(residual_block, gan_residual_block_options, __VA_ARGS__)
#define gan_self_attention(...) GAN_LAYER_CALL_(self_attention, gan_self_attention_options, __VA_ARGS__)
#endif

#endif
