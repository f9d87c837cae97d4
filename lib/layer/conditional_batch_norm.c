/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/registry.h"

#include <stdio.h>

static const gan_field fields[] = {GAN_FIELD_RESERVED(gan_conditional_batch_norm_options)};

/* Two layers in one call: what the norm and the modulation check, they say themselves. */
gan_node *gan_conditional_batch_norm_layer(const gan_conditional_batch_norm_options *given)
{
    gan_conditional_batch_norm_options o;
    const gan_layer_options *common = (const void *)given;
    if (!given) return gan_layer_node(&gan_layer_batch_norm, NULL);
    gan_status status =
        gan_options_read(&o, sizeof o, given, "gan_conditional_batch_norm_options", fields, GAN_FIELD_COUNT(fields));
    if (status != GAN_OK) return gan_layer_refuse(common->input, status);
    char name[72];
    if (o.name) snprintf(name, sizeof name, "%.68s_bn", o.name);
    gan_node *x = gan_batch_norm(o.input, .name = o.name ? name : NULL, .epsilon = o.epsilon, .momentum = o.momentum,
                                 .no_affine = true);
    if (!x) return NULL;
    return gan_film(x, .name = o.name, .condition = o.condition, .gamma = o.gamma, .beta = o.beta,
                    .spectral_norm = o.spectral_norm);
}
