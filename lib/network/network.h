/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_NETWORK_NETWORK_H
#define GAN_NETWORK_NETWORK_H

#include "layer/layer.h"
#include "tensor/tensor.h"

#include <gan/network.h>

#define GAN_NAME_SIZE 64

struct gan_node {
    gan_network *network;
    gan_layer layer;
    void *options;
    char name[GAN_NAME_SIZE];
    int index; /* in network->nodes, which is a topological order: inputs come before */
    struct gan_node *input[GAN_MAX_INPUTS];
    /* Set by the build. */
    bool live;     /* an output depends on it */
    int consumers; /* live nodes that read this one, counted once for each input they read it with */
    bool is_input, is_output;
    bool has_parameters;               /* it or anything before it */
    int first_parameter, first_buffer; /* in the network's lists */
};

/* A parameter or buffer. Its tensor is a view of the network's block. */
typedef struct gan_variable {
    char name[2 * GAN_NAME_SIZE];
    const gan_slot *slot;
    size_t offset; /* floats from the block's beginning */
    gan_tensor *value;
    gan_tensor *gradient; /* NULL for buffers, and before the first training run */
} gan_variable;

/* The parameters are one block of memory, each aligned, with zeros between: an optimizer moves them in one sweep.
 * Buffers are another. */
typedef struct gan_variables {
    gan_variable *list;
    int count;
    size_t floats;
    gan_tensor *values, *gradients;
} gan_variables;

struct gan_network {
    atomic_int references;
    gan_context *context;
    char name[GAN_NAME_SIZE];
    gan_initializer weights;
    uint32_t ordinal; /* among the networks of its context */
    gan_node **nodes;
    int count, capacity;
    gan_node *inputs[GAN_MAX_INPUTS], *outputs[GAN_MAX_INPUTS];
    int input_count, output_count;
    gan_variables parameters, buffers;
    uint64_t passes; /* training passes begun: each has random numbers of its own */
    bool built;
    bool inferring;   /* a layer is about to be added: what it asks for may not change the graph */
    bool plain_mean;  /* what gan_layer_call says of it, at this moment */
    gan_status error; /* the first of the builder's, with its sentence */
    char error_text[512];
};

/* Makes an empty network. NULL when there is no memory for it. */
gan_network *gan_network_new(gan_context *context, const char *name, const gan_initializer *weights, uint32_t ordinal);
gan_network *gan_network_retain(gan_network *network);

/* Lays out parameters and buffers, zeros; draws the first values of all of them. On failure the network has none. */
gan_status gan_network_make_variables(gan_network *network);
gan_status gan_network_initialize_variables(gan_network *network);
void gan_variables_free(gan_context *context, gan_variables *variables);

/* GAN_ERROR_UNSUPPORTED when a layer that outputs depend on has no tangent. */
gan_status gan_network_require_tangents(const gan_network *network);

/* Makes the gradients, when there are none yet. */
gan_status gan_network_need_gradients(gan_network *network);

/* Draws the first value of a variable, from its place in GAN_STREAM_WEIGHTS; `number` is its place among the
 * parameters and then the buffers. Fails with GAN_ERROR_OUT_OF_MEMORY (orthogonal needs some). */
gan_status gan_network_initialize(const gan_network *network, const gan_variable *variable, int number);

/* GAN_ERROR_INVALID_ARGUMENT for NULL, GAN_ERROR_STATE when not built; `call` and `what` ("network", an option's name)
 * begin the sentence. */
gan_status gan_network_require_built(const gan_network *network, const char *call, const char *what);

#endif
