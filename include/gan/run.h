/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_RUN_H
#define GAN_RUN_H

#include <gan/profile.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A run holds the activations of a network for one batch at a time. A network may have many: a discriminator keeps one
 * for real and one for generated pictures, a server one per thread.
 *
 * All memory of a run is laid out when it is made, and again only when a larger batch arrives.
 *
 * Thread-safety: one thread at a time uses a run. Inference runs of one network may work in several threads at once;
 * a training run (it moves running averages, and its backward pass adds to the gradients) must be alone with its
 * network. */
typedef struct gan_run gan_run;

typedef enum gan_mode {
    GAN_INFERENCE = 0,
    GAN_TRAINING = 1,         /* batch statistics, and activations are kept for gan_run_backward() */
    GAN_TRAINING_TANGENTS = 2 /* as GAN_TRAINING, with memory for gan_run_tangent() */
} gan_mode;

/* Makes a run for batches of up to `batch` samples. mode: what the run will be used for; an inference run needs a
 * fraction of the memory. The caller owns the result and frees it with gan_run_free().
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, a batch below 1, sizes beyond size_t. GAN_ERROR_STATE: the network is not built.
 * GAN_ERROR_UNSUPPORTED: GAN_TRAINING_TANGENTS, and a layer has no tangent; the sentence names it.
 * GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_run_create(gan_run **run, gan_network *network, gan_mode mode, int64_t batch);

/* Frees the run and sets *run to NULL. NULL and a pointer to NULL are fine. */
GAN_API void gan_run_free(gan_run **run);

/* Computes the outputs from the inputs: float tensors [N, shape of the input node], all of one N. The run keeps
 * references to the inputs until its next forward pass, and a training run reads them again in gan_run_backward():
 * leave their values alone until then. Sets the gradients of the outputs to zero. gan_run_forward_all() is for networks
 * with several inputs: count as gan_network_input_count(). GAN_ERROR_INVALID_ARGUMENT: a NULL, a wrong count, an input
 * in the run's own memory (an output fed back needs a copy), or a batch of more bytes than size_t counts.
 * GAN_ERROR_SHAPE: an input that does not fit, the sentence says which. GAN_ERROR_OUT_OF_MEMORY: a larger batch than
 * ever before, and no memory for it; the run is as it was. */
GAN_API gan_status gan_run_forward(gan_run *run, const gan_tensor *input);
GAN_API gan_status gan_run_forward_all(gan_run *run, const gan_tensor *const *inputs, int count);

/* The output [N, shape of the output node] of the last forward pass, and the gradient of the loss with respect to it,
 * where losses add theirs. Borrowed; valid until a larger batch arrives or the run is freed. NULL before the first
 * forward pass, for an index out of range, and the gradient for an inference run. */
GAN_API gan_tensor *gan_run_output(const gan_run *run, int index);
GAN_API gan_tensor *gan_run_output_gradient(const gan_run *run, int index);

/* What a backward pass is to compute; what nobody wants is skipped. */
typedef enum gan_want {
    GAN_WANT_INPUTS = 1,    /* gradients of the inputs, for gan_run_input_gradient() */
    GAN_WANT_PARAMETERS = 2 /* added to the network's gradients */
} gan_want;

/* Propagates gradients of the outputs back. want: a sum of gan_want, at least one. gradient: NULL for the run's own
 * output gradients, or that of output 0, of its shape, in place of the run's own (a generator takes the
 * discriminator's input gradient). May be called again with another gradient after the same forward pass.
 * GAN_ERROR_INVALID_ARGUMENT: NULL run, unknown want, a gradient in the run's own memory other than its outputs and
 * their gradients. GAN_ERROR_STATE: an inference run, or no forward pass yet.
 * GAN_ERROR_SHAPE: the gradient does not fit. */
GAN_API gan_status gan_run_backward(gan_run *run, const gan_tensor *gradient, unsigned want);

/* The gradient with respect to an input. Borrowed, valid as gan_run_output(). NULL unless the last backward pass since
 * the last forward pass wanted it (GAN_WANT_INPUTS), for an index out of range and for inference runs. */
GAN_API gan_tensor *gan_run_input_gradient(const gan_run *run, int index);

/* Second derivatives, for a run made with GAN_TRAINING_TANGENTS.
 *
 * The tangent: the derivative of the outputs in a direction of the inputs, at the inputs of the last forward pass, with
 * parameters held fixed (Pearlmutter 1994). In training mode the direction moves the batch's statistics as well. Each
 * direction is float of its input's shape and batch, and is copied; NULL is zeros. gan_run_tangent() gives one for
 * input 0, and zeros for others. GAN_ERROR_INVALID_ARGUMENT: a NULL run, a wrong count. GAN_ERROR_STATE: no forward
 * pass yet, or a run of another mode. GAN_ERROR_SHAPE: a direction does not fit; the sentence says which. */
GAN_API gan_status gan_run_tangent(gan_run *run, const gan_tensor *direction);
GAN_API gan_status gan_run_tangent_all(gan_run *run, const gan_tensor *const *directions, int count);

/* The tangent of an output, of its shape. Borrowed, valid as gan_run_output(). NULL before gan_run_tangent(). */
GAN_API gan_tensor *gan_run_output_tangent(const gan_run *run, int index);

/* The gradient of s = the sum of gradient * output 0's tangent, the direction held fixed: it is added to the network's
 * gradients, and that by the inputs is gan_run_input_gradient(), as `want` says. gradient: of output 0's shape. With
 * gradient all ones and the direction v = d(sum of D)/dx, held fixed, s = the sum of D's tangent, and the gradient of
 * 1/2 |v|^2 by the parameters is that of s: what gradient penalties need (gan/penalty.h).
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, unknown want. GAN_ERROR_STATE: no gan_run_tangent() since the last forward pass.
 * GAN_ERROR_SHAPE: the gradient does not fit. */
GAN_API gan_status gan_run_tangent_backward(gan_run *run, const gan_tensor *gradient, unsigned want);

/* Adds the times of the run's passes to the profile from now on; NULL: to none. The run keeps the profile alive.
 * GAN_ERROR_INVALID_ARGUMENT: run is NULL. GAN_ERROR_OUT_OF_MEMORY: the run's profile is as it was. */
GAN_API gan_status gan_run_set_profile(gan_run *run, gan_profile *profile);

/* Bytes that the run holds for activations, gradients and scratch; 0 for NULL. */
GAN_API size_t gan_run_bytes(const gan_run *run);

#ifdef __cplusplus
}
#endif
#endif
