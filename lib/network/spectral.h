/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_NETWORK_SPECTRAL_H
#define GAN_NETWORK_SPECTRAL_H

#include "network/run.h"

/* Spectral normalization of the parameters whose slots ask for it (Miyato et al. 2018; gan/layer.h has the formulas).
 * A run keeps what it found in a forward pass, in memory of its own: W / sigma, which the layer's calls get as their
 * parameter, and u, v and sigma for the gradient. So runs of one network do not disturb each other, and inference
 * writes nothing that is shared. */

/* Floats that a run keeps for a layer, and those that it needs during a call; 0 for layers without such parameters. */
size_t gan_spectral_floats(const gan_layer *layer);
size_t gan_spectral_scratch(const gan_layer *layer);

/* Before the layer's forward pass. In a training run, moves the network's u. */
void gan_spectral_forward(const gan_run *run, const gan_node *node);

/* Points the call's parameters at the normalized ones. */
void gan_spectral_use(const gan_run *run, const gan_node *node, gan_layer_call *call);

/* Before a backward pass: points the call's gradients of normalized parameters at zeros. After it: adds what they have
 * become to the gradients of the parameters themselves. */
void gan_spectral_begin_gradients(const gan_run *run, const gan_node *node, gan_layer_call *call);
void gan_spectral_add_gradients(const gan_run *run, const gan_node *node, const gan_layer_call *call);

#endif
