/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_NETWORK_RUN_H
#define GAN_NETWORK_RUN_H

#include "network/plan.h"
#include "network/profile.h"

/* What depends on the largest batch: a plan, its memory, and views of what callers may look at. */
struct gan_run_memory {
    gan_plan plan;
    gan_tensor *kept, *work; /* the two parts; other runs may have the second, too */
    gan_tensor *output[GAN_MAX_INPUTS], *output_gradient[GAN_MAX_INPUTS], *input_gradient[GAN_MAX_INPUTS],
        *output_tangent[GAN_MAX_INPUTS];
};

struct gan_run {
    gan_network *network;
    gan_mode mode;
    int64_t capacity; /* the largest batch so far */
    int64_t batch;    /* of the last forward pass; 0 before the first */
    bool has_input_gradients, has_tangents;
    gan_tensor *inputs[GAN_MAX_INPUTS];
    const float *input_data[GAN_MAX_INPUTS];
    gan_status failure; /* of the pass at work: what a layer of the caller's returned */
    uint64_t pass;      /* of the network's training passes, the last forward pass here: where its random numbers are */
    bool *written;      /* one a node: its gradient has a value in this backward pass */
    bool *bent;         /* likewise, of a tangent's backward pass: so has the gradient of its result */
    gan_profile *profile;
    gan_profile_part *part; /* this network's of the profile; NULL when there is none */
    struct gan_run_memory memory;
};

/* As gan_run_create(), with the work memory of `beside` (may be NULL), if that is large enough: for runs that never work
 * at the same time. */
gan_status gan_run_create_beside(gan_run **run, gan_network *network, gan_mode mode, int64_t batch,
                                 const gan_run *beside);

/* Lets go of the inputs of the last forward pass: the run is as before the first. */
void gan_run_forget_inputs(gan_run *run);

/* Memory for a larger batch than before, in place of the old one. */
gan_status gan_run_grow(gan_run *run, int64_t batch);

static inline float *gan_run_at(const gan_run *run, size_t offset)
{
    size_t kept = run->memory.plan.kept;
    return offset < kept ? (float *)run->memory.kept->data + offset : (float *)run->memory.work->data + (offset - kept);
}

static inline int64_t gan_run_elements(const gan_run *run, const gan_node *node)
{
    return run->batch * gan_shape_elements(&node->layer.output);
}

/* What all passes of a node have in common. */
gan_layer_call gan_run_call(gan_run *run, const gan_node *node);

/* Whether a backward pass that wants these needs the gradient of the node's result. */
static inline bool gan_node_wants_gradient(const gan_node *node, unsigned want)
{
    return (want & GAN_WANT_INPUTS) || node->has_parameters;
}

/* Points the call's gradients at those of the network's parameters. */
void gan_run_want_parameters(const gan_run *run, const gan_node *node, gan_layer_call *call);

/* gan_run_tangent() in two parts: where an input's direction is to be written, and the pass. */
float *gan_run_direction(const gan_run *run, int input);
gan_status gan_run_push_tangent(gan_run *run);

/* What backward passes ask of a run; `call` begins the sentence. */
gan_status gan_run_check_backward(const gan_run *run, unsigned want, const char *call);

/* Whether a backward pass can read this gradient of output 0: it has that shape, and is not overwritten under way. */
gan_status gan_run_check_gradient(const gan_run *run, const gan_tensor *gradient, const char *call);

/* GAN_ERROR_SHAPE unless the tensor is float of the node's shape and the batch of the last forward pass, whatever has
 * become of the tensors that it was given. */
gan_status gan_run_check_batch(const gan_run *run, const gan_node *node, const gan_tensor *tensor, const char *call,
                               const char *what);

/* GAN_ERROR_SHAPE unless the tensor is float of the model's shape. */
gan_status gan_run_check_like(const gan_tensor *tensor, const gan_tensor *model, const char *call, const char *what);

#endif
