/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LAYER_REGISTRY_H
#define GAN_LAYER_REGISTRY_H

#include "layer/layer.h"

#include <gan/gan.h>

/* The tables of all layers: layers.def lists them. */
#define LAYER(type, file) extern const gan_layer_type gan_layer_##type;
#include "layer/layers.def"
#undef LAYER

#endif
