/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LAYER_REGISTRY_H
#define GAN_LAYER_REGISTRY_H

#include "layer/layer.h"

#include <gan/activation.h>
#include <gan/arithmetic.h>
#include <gan/attention.h>
#include <gan/batch_discrimination.h>
#include <gan/embedding.h>
#include <gan/noise.h>
#include <gan/norm.h>
#include <gan/pooling.h>
#include <gan/resize.h>

/* One line a layer, here and in registry.c. */
extern const gan_layer_type gan_layer_input;
extern const gan_layer_type gan_layer_conv2d;
extern const gan_layer_type gan_layer_conv2d_transpose;
extern const gan_layer_type gan_layer_linear;
extern const gan_layer_type gan_layer_batch_norm;
extern const gan_layer_type gan_layer_relu;
extern const gan_layer_type gan_layer_leaky_relu;
extern const gan_layer_type gan_layer_tanh;
extern const gan_layer_type gan_layer_sigmoid;
extern const gan_layer_type gan_layer_reshape;
extern const gan_layer_type gan_layer_flatten;
extern const gan_layer_type gan_layer_concat;
extern const gan_layer_type gan_layer_add;
extern const gan_layer_type gan_layer_concat_diff;
extern const gan_layer_type gan_layer_elu;
extern const gan_layer_type gan_layer_silu;
extern const gan_layer_type gan_layer_gelu;
extern const gan_layer_type gan_layer_softplus;
extern const gan_layer_type gan_layer_prelu;
extern const gan_layer_type gan_layer_scale;
extern const gan_layer_type gan_layer_multiply;
extern const gan_layer_type gan_layer_sum_channels;
extern const gan_layer_type gan_layer_dropout;
extern const gan_layer_type gan_layer_gaussian_noise;
extern const gan_layer_type gan_layer_broadcast;
extern const gan_layer_type gan_layer_layer_norm;
extern const gan_layer_type gan_layer_instance_norm;
extern const gan_layer_type gan_layer_group_norm;
extern const gan_layer_type gan_layer_pixel_norm;
extern const gan_layer_type gan_layer_film;
extern const gan_layer_type gan_layer_minibatch_discrimination;
extern const gan_layer_type gan_layer_minibatch_stddev;
extern const gan_layer_type gan_layer_average_pool;
extern const gan_layer_type gan_layer_max_pool;
extern const gan_layer_type gan_layer_global_average_pool;
extern const gan_layer_type gan_layer_global_sum_pool;
extern const gan_layer_type gan_layer_upsample;
extern const gan_layer_type gan_layer_pixel_shuffle;
extern const gan_layer_type gan_layer_pixel_unshuffle;
extern const gan_layer_type gan_layer_embedding;
extern const gan_layer_type gan_layer_attention;

#endif
