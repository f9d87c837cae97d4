/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_SESSION_H
#define GAN_SESSION_H

#include <gan/optimizer.h>
#include <gan/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A session plays the game between a generator G and a discriminator D (Goodfellow et al. 2014). It keeps the networks
 * and optimizers it is made of alive. Thread-safety: one thread at a time uses a session and its networks. */
typedef struct gan_session gan_session;

typedef struct gan_session_options {
    size_t size;
    gan_network *generator; /* one input (the latents), one output; required */
    gan_network
        *discriminator; /* one input of the shape of G's output, one output of one number: the logit; required */
    gan_optimizer *generator_optimizer;     /* of the generator; required */
    gan_optimizer *discriminator_optimizer; /* of the discriminator; required */
    float smoothing; /* one-sided label smoothing: the target of real pictures is 1 - smoothing; 0..0.5, default 0 */
    int discriminator_steps; /* a G step after every this many D steps, 1.., default 1 */
} gan_session_options;
#ifndef __cplusplus
#define gan_session_options(...) (&(gan_session_options){.size = sizeof(gan_session_options), __VA_ARGS__})
#endif

/* What a step saw. The caller sets size (gan_session_report report = {sizeof report};), the library fills in the rest
 * as far as that size goes. Numbers of a part that a call does not do are left as they were. */
typedef struct gan_session_report {
    size_t size;
    uint64_t step; /* D steps done, this one included */
    float d_loss;  /* real and generated half together */
    float g_loss;
    float d_real;          /* mean probability that D gives to real pictures */
    float d_fake;          /* and to generated ones, before D's update */
    float d_gradient_norm; /* Euclidean norm over all parameters */
    float g_gradient_norm;
    bool generator_stepped; /* whether this step moved G */
} gan_session_report;

/* GAN_ERROR_INVALID_ARGUMENT: a NULL or a number out of range, an optimizer of another network, networks of different
 * contexts. GAN_ERROR_SHAPE: D does not take what G gives, or a number of inputs or outputs is not as above.
 * GAN_ERROR_STATE: a network is not built. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_session_create(gan_session **session, const gan_session_options *options);

/* Frees the session and sets *session to NULL. NULL and a pointer to NULL are fine. */
GAN_API void gan_session_free(gan_session **session);

/* One step on a batch of real pictures, a float tensor [N, shape of D's input] of any N: one D step, and when
 * discriminator_steps of them are done since the last one, a G step. report: NULL, or filled in.
 *
 * The D step draws N latents (standard normal, GAN_STREAM_LATENTS), generates, and moves D by the gradients of
 *     BCE(D(real), 1 - smoothing) + BCE(D(G(z)), 0)
 * with batch statistics of each pass by itself. The G step moves G by the gradient of BCE(D(G(z)), 1), the
 * non-saturating loss, through the updated D, on the same latents.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, a report with an impossible size. GAN_ERROR_SHAPE: real does not fit.
 * GAN_ERROR_NUMERIC: a loss is not finite; that part's optimizer step was not done. GAN_ERROR_OUT_OF_MEMORY: a larger
 * batch than before. */
GAN_API gan_status gan_session_step(gan_session *session, const gan_tensor *real, gan_session_report *report);

/* The parts of a step. gan_session_step() is the one and then, every discriminator_steps, the other. The G step uses
 * the latents and generated pictures of the last D step: GAN_ERROR_STATE before the first. */
GAN_API gan_status gan_session_discriminator_step(gan_session *session, const gan_tensor *real,
                                                  gan_session_report *report);
GAN_API gan_status gan_session_generator_step(gan_session *session, gan_session_report *report);

/* Generates pictures without training: images, a float tensor [n, shape of G's output] of any n; latents [n, shape of
 * G's input], or NULL to draw them from GAN_STREAM_SAMPLES (each call draws new ones; training is not disturbed). G
 * works in inference mode, so that a picture depends on its latent only, not on its batch. GAN_ERROR_INVALID_ARGUMENT,
 * GAN_ERROR_SHAPE, GAN_ERROR_OUT_OF_MEMORY (first call). */
GAN_API gan_status gan_session_sample(gan_session *session, const gan_tensor *latents, gan_tensor *images);

/* Floating-point operations of one step of D and G for one picture, as gan_network_flops() counts them: G forward, D
 * forward on real, on generated, and on generated pictures again after its update, and the gradients that are needed. 0
 * for NULL. */
GAN_API int64_t gan_session_flops(const gan_session *session);

/* Adds the times of all parts of the session's steps to the profile from now on; NULL: to none. The session keeps the
 * profile alive. GAN_ERROR_INVALID_ARGUMENT: session is NULL. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_session_profile(gan_session *session, gan_profile *profile);

#ifdef __cplusplus
}
#endif
#endif
