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
} gan_scale_options;
GAN_API gan_node *gan_scale_layer(const gan_scale_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(scale, gan_scale_options)
#else
#define gan_scale(...) GAN_LAYER_CALL_(scale, gan_scale_options, __VA_ARGS__)
#endif

#endif
