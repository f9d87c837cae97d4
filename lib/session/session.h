/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_SESSION_SESSION_H
#define GAN_SESSION_SESSION_H

#include "network/profile.h"
#include "optimizer/optimizer.h"

#include <gan/session.h>

struct gan_session {
    gan_context *context;
    gan_network *generator, *discriminator;
    gan_optimizer *generator_optimizer, *discriminator_optimizer;
    float smoothing;
    int discriminator_steps;
    uint64_t steps;           /* D steps done */
    uint64_t since_g_step;    /* D steps since the last G step */
    uint64_t latent_position; /* in GAN_STREAM_LATENTS */
    uint64_t sample_position; /* in GAN_STREAM_SAMPLES */
    /* Made by the first step. */
    gan_tensor *latents;
    gan_run *g_run, *d_real, *d_fake;
    /* Made by the first gan_session_sample(). */
    gan_tensor *sample_latents;
    gan_run *sample_run;
    gan_profile *profile; /* or NULL */
};

/* A tensor for a batch of what the node holds. */
gan_status gan_session_make_batch(gan_tensor **tensor, gan_context *context, const gan_node *node, int64_t batch);

void gan_session_free_step_memory(gan_session *session);

#endif
