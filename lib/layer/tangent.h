/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LAYER_TANGENT_H
#define GAN_LAYER_TANGENT_H

#include "layer/layer.h"

/* Tangents of layers of a simple kind, from their forward and backward passes. A layer's table names them. */

/* Linear in the inputs but for additive parameters (convolutions, sums, views): the tangent is the forward pass of the
 * direction without the additive parameters; what multiplies the inputs gets a gradient from x with dy and from tx with
 * dty. */
void gan_tangent_linear(const gan_layer_call *call);
void gan_tangent_linear_backward(const gan_layer_call *call);

/* A derivative that is symmetric, as that of every activation is: element by element. The tangent is the backward pass
 * of the direction. */
void gan_tangent_symmetric(const gan_layer_call *call);

/* Linear around almost every x, without parameters (relu, a maximum, signs): both gradients go the way of the backward
 * pass. Layers that are curved call it, too, and add to dx what their second derivative gives. */
void gan_tangent_piecewise_backward(const gan_layer_call *call);

#endif
