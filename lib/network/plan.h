/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_NETWORK_PLAN_H
#define GAN_NETWORK_PLAN_H

#include "network/network.h"

#include <gan/run.h>

/* Where everything of a run lies, in floats. Buffers whose lives do not meet share memory, and layers that can work in
 * place do. Places up to `kept` are in the memory that has to stay from pass to pass; from there on they are in the
 * memory that is dead between passes. A plan depends on the graph, the mode, the batch and the number of workers. */
typedef struct gan_place {
    int external;    /* the result is in the caller's tensor of this input of the network; -1: at y */
    size_t y;        /* the result */
    size_t gradient; /* training: of the loss with respect to the result */
    size_t seed;  /* training, outputs only: what losses add up. It is `gradient` when no other node reads the output */
    size_t saved; /* the layer's own, from forward to backward */
    size_t forward, backward; /* what it works in during a pass: */
    size_t shared;            /* floats that all workers share, then */
    size_t scratch;           /* floats of each worker, then room for gradients that are added to another consumer's */
} gan_place;

typedef struct gan_plan {
    gan_place *places; /* one a node */
    size_t kept, work; /* floats */
} gan_plan;

/* GAN_ERROR_OUT_OF_MEMORY; GAN_ERROR_INVALID_ARGUMENT when that is more than size_t counts. */
gan_status gan_plan_create(gan_plan *plan, const gan_network *network, gan_mode mode, int64_t batch);
void gan_plan_free(gan_plan *plan, gan_context *context);

/* Whether the node's output gradient is the seed itself, which belongs to the losses and may not be overwritten. */
static inline bool gan_node_takes_seed(const gan_node *node)
{
    return node->is_output && node->consumers == 0;
}

#endif
