/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/registry.h"

#include <string.h>

const gan_layer_type *const gan_layer_types[] = {
    &gan_layer_input,
    &gan_layer_conv2d,
    &gan_layer_conv2d_transpose,
    &gan_layer_linear,
    &gan_layer_batch_norm,
    &gan_layer_relu,
    &gan_layer_leaky_relu,
    &gan_layer_tanh,
    &gan_layer_sigmoid,
    &gan_layer_reshape,
    &gan_layer_flatten,
    &gan_layer_concat,
    &gan_layer_add,
    &gan_layer_concat_diff,
    &gan_layer_elu,
    &gan_layer_silu,
    &gan_layer_gelu,
    &gan_layer_softplus,
    &gan_layer_prelu,
    &gan_layer_scale,
    &gan_layer_multiply,
    &gan_layer_sum_channels,
    &gan_layer_dropout,
    &gan_layer_gaussian_noise,
    &gan_layer_broadcast,
    &gan_layer_layer_norm,
    &gan_layer_instance_norm,
    &gan_layer_group_norm,
    &gan_layer_pixel_norm,
    &gan_layer_film,
    &gan_layer_minibatch_discrimination,
    &gan_layer_minibatch_stddev,
    &gan_layer_average_pool,
    &gan_layer_max_pool,
    &gan_layer_global_average_pool,
    &gan_layer_global_sum_pool,
    &gan_layer_upsample,
    &gan_layer_pixel_shuffle,
    &gan_layer_pixel_unshuffle,
    &gan_layer_embedding,
    &gan_layer_attention,
    NULL,
};

const gan_layer_type *gan_layer_type_named(const gan_context *context, const char *name)
{
    for (int i = 0; gan_layer_types[i]; i++)
        if (strcmp(gan_layer_types[i]->name, name) == 0) return gan_layer_types[i];
    return gan_custom_type_named(context, name);
}

const gan_layer_type *gan_custom_type_named(const gan_context *context, const char *name)
{
    for (const gan_extension *e = context->layers; e; e = e->next)
        if (strcmp(e->name, name) == 0) return e->block;
    return NULL;
}
