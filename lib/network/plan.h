/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_NETWORK_PLAN_H
#define GAN_NETWORK_PLAN_H

#include "network/network.h"

#include <gan/run.h>

/* Where everything of a run lies: floats from the beginning of its memory, first what is kept after a pass, then what
 * passes work in, which runs that take turns can share. Buffers whose lives do not meet share memory, and layers that can
 * work in place do. A plan depends on the graph, the mode, the batch and the number of workers. */
typedef struct gan_place {
    int external; /* the result is in the caller's tensor of this input of the network; -1: in the run's memory, at y */
    size_t y;     /* the result */
    size_t gradient; /* training: of the loss with respect to the result */
    size_t seed;  /* training, outputs only: what losses add up. It is `gradient` when no other node reads the output */
    size_t saved; /* the layer's own, from forward to backward */
    size_t tangent;  /* with tangents: of the result, and of the caller's inputs */
    size_t adjoint;  /* with tangents: the gradient of the result in the tangent's backward pass */
    size_t spectral; /* normalized parameters, from forward to backward */
} gan_place;

typedef struct gan_plan {
    gan_place *places; /* one a node */
    size_t kept;       /* floats that stay after a pass */
    size_t floats;     /* with those that it works in */
    size_t shared, scratch, scratch_stride;
    size_t extra;    /* for gradients that are added to what another consumer wrote */
    size_t spectral; /* for spectral normalization during a call */
} gan_plan;

/* GAN_ERROR_OUT_OF_MEMORY; GAN_ERROR_INVALID_ARGUMENT when the memory is more than size_t counts. */
gan_status gan_plan_create(gan_plan *plan, const gan_network *network, gan_mode mode, int64_t batch);
void gan_plan_free(gan_plan *plan, gan_context *context);

/* Whether the node's output gradient is the seed itself, which belongs to the losses and may not be overwritten. */
static inline bool gan_node_takes_seed(const gan_node *node)
{
    return node->is_output && node->consumers == 0;
}

#endif
