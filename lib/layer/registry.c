/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/registry.h"

const gan_layer_type *const gan_layer_types[] = {&gan_layer_input,
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
                                                 &gan_layer_layer_norm,
                                                 &gan_layer_instance_norm,
                                                 &gan_layer_group_norm,
                                                 &gan_layer_pixel_norm,
                                                 &gan_layer_film,
                                                 NULL};
