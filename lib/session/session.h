/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_SESSION_SESSION_H
#define GAN_SESSION_SESSION_H

#include "loss/loss.h"
#include "network/profile.h"
#include "optimizer/optimizer.h"

#include <gan/session.h>

/* The files of this folder: options.c, what may play with what; session.c, making and freeing; step.c, the public steps
 * and in which order the players move; discriminator.c and generator.c, each one's part; pictures.c, what D gets to
 * see; labelled.c, runs that are told labels; sample.c. */

/* A run of one of the networks, and what its second input is told of the labels. */
typedef struct gan_labelled_run {
    gan_run *run;
    gan_tensor *labels; /* float [N, 1] or [N, classes]; NULL when the network takes none */
} gan_labelled_run;

struct gan_session {
    gan_context *context;
    gan_session_options options; /* checked, with defaults; networks and optimizers are retained; loss is below */
    gan_adversarial_loss loss;
    bool labelled;
    uint64_t steps;                 /* D steps done */
    uint64_t since_g_step;          /* D steps since the last G step */
    uint64_t latent_position;       /* in GAN_STREAM_LATENTS */
    uint64_t label_position;        /* in GAN_STREAM_LABELS */
    uint64_t sample_position;       /* in GAN_STREAM_SAMPLES */
    uint64_t sample_label_position; /* in GAN_STREAM_SAMPLE_LABELS */
    /* The batch of the present step; the memory is made by the first one. */
    gan_tensor *real; /* the caller's */
    gan_tensor *latents;
    gan_tensor *real_labels, *fake_labels; /* GAN_INT32 [N]; NULL in games without labels */
    gan_labelled_run g, d_real, d_fake;
    /* Made by the first sample. */
    gan_tensor *sample_latents, *sample_labels;
    gan_labelled_run sample;
    gan_profile *profile; /* or NULL */
};

/* options.c: the caller's options, checked one by one and together, with defaults put in; and the loss's table. */
gan_status gan_session_options_read(gan_session_options *options, gan_adversarial_loss *loss,
                                    const gan_session_options *given);

/* session.c: a tensor for a batch of what the node holds. */
gan_status gan_session_make_batch(gan_tensor **tensor, gan_context *context, const gan_node *node, int64_t batch);

/* labelled.c. A forward pass tells the network the labels (GAN_INT32 [N], checked) if it takes any. */
gan_status gan_labelled_run_create(gan_labelled_run *made, gan_network *network, gan_mode mode, int64_t batch);
void gan_labelled_run_free(gan_labelled_run *run);
gan_status gan_labelled_run_forward(gan_labelled_run *run, const gan_tensor *input, const gan_tensor *labels);

/* labelled.c: whether labels of the caller's fit the game and a batch of this size, and are in range; NULL does. */
gan_status gan_session_check_labels(const gan_session *session, const gan_tensor *labels, int64_t batch,
                                    const char *call);

/* pictures.c: D looks at the batch's real pictures, and at those that G has made. What D is shown is formed here, and
 * here the gradient of generated pictures comes back from d_fake's backward pass to what G has made. */
gan_status gan_session_see_real(gan_session *session);
gan_status gan_session_see_fake(gan_session *session);
const gan_tensor *gan_session_fake_gradient(const gan_session *session);

/* discriminator.c: D's loss and gradients, after it has seen both; and its update by them. */
gan_status gan_session_discriminator_gradients(gan_session *session, gan_session_report *report);
gan_status gan_session_update_discriminator(gan_session *session, gan_session_report *report);

/* generator.c: draws latents and labels, and generates; G's loss and gradients by what D has seen last; its update; and
 * whether its loss looks at what D says of the real pictures. */
gan_status gan_session_generate(gan_session *session);
gan_status gan_session_generator_gradients(gan_session *session, gan_session_report *report);
gan_status gan_session_update_generator(gan_session *session, gan_session_report *report);
bool gan_session_generator_reads_real(const gan_session *session);

/* step.c: an optimizer's step with its time, and the status for a loss that is not finite. */
gan_status gan_session_move(gan_session *session, gan_optimizer *optimizer);
gan_status gan_session_check_finite(float loss, const char *player);

void gan_session_free_step_memory(gan_session *session);

#endif
