/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_ARITHMETIC_H
#define GAN_ARITHMETIC_H

#include <gan/layer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Layers that calculate with results as they are; gan_add() and gan_concat() are in gan/layer.h, which tells how layers
 * are added. */

/* gamma * x with a trained gamma, the shape stays: the gate that lets a branch in little by little, from 0 on, as that
 * of self-attention (Zhang et al. 2018), of a residual branch (ReZero: Bachlechner et al. 2020) or, per channel, of a
 * LayerScale (Touvron et al. 2021). With 0 nothing behind it learns in the first step, but gamma does.
 * Parameter: gamma [1], or [C] per channel. */
typedef struct gan_scale_options {
    size_t size;
    gan_node *input;
    const char *name;
    float initial;    /* what gamma begins with, default 0, -1e30..1e30 */
    bool per_channel; /* a gamma for each number of the last dimension */
    int64_t reserved; /* 0 */
} gan_scale_options;
GAN_API gan_node *gan_scale_layer(const gan_scale_options *options);

/* The product, element by element, of 2..GAN_MAX_INPUTS nodes of one shape. */
GAN_API gan_node *gan_multiply_layer(gan_node *const *inputs, int count, const char *name);

/* The sum over the last dimension: ..,C -> ..,1. gan_sum_channels(gan_multiply(a, b)) is the inner product of a
 * projection discriminator (Miyato, Koyama 2018). */
typedef struct gan_sum_channels_options {
    size_t size;
    gan_node *input;
    const char *name;
} gan_sum_channels_options;
GAN_API gan_node *gan_sum_channels_layer(const gan_sum_channels_options *options);

/* Repeats a node along neighbouring dimensions in which it has 1, or which it does not have in front: [C] or [1,1,C] or
 * [H,W,1] -> [H,W,C], for what follows to add or multiply. Of two dimensions that are no neighbours, each takes a call.
 *     gan_multiply(x, gan_broadcast(gate, .shape = {16, 16, 64})) */
typedef struct gan_broadcast_options {
    size_t size;
    gan_node *input;
    const char *name;
    int64_t shape[GAN_MAX_RANK]; /* of the result, without the batch; required, ended by 0 */
} gan_broadcast_options;
GAN_API gan_node *gan_broadcast_layer(const gan_broadcast_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(scale, gan_scale_options)
GAN_LAYER_CALL_(sum_channels, gan_sum_channels_options)
GAN_LAYER_CALL_(broadcast, gan_broadcast_options)

template <typename... Nodes> gan_node *gan_multiply(Nodes... nodes)
{
    gan_node *const inputs[] = {nodes...};
    return gan_multiply_layer(inputs, static_cast<int>(sizeof...(nodes)), nullptr);
}
#else
#define gan_scale(...)        GAN_LAYER_CALL_(scale, gan_scale_options, __VA_ARGS__)
#define gan_sum_channels(...) GAN_LAYER_CALL_(sum_channels, gan_sum_channels_options, __VA_ARGS__)
#define gan_broadcast(...)    GAN_LAYER_CALL_(broadcast, gan_broadcast_options, __VA_ARGS__)

#define gan_multiply(...) gan_multiply_layer(GAN_NODES_(__VA_ARGS__), NULL)
#endif

#endif
