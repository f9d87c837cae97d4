/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_SESSION_SESSION_H
#define GAN_SESSION_SESSION_H

#include "loss/loss.h"
#include "network/profile.h"
#include "optimizer/optimizer.h"

#include <gan/session.h>

/* The files of this folder: options.c, what may play with what; session.c, making and freeing; memory.c, what steps
 * need; step.c, the public steps and in which order the players move; discriminator.c and generator.c, each one's part;
 * penalties.c; update.c, from gradients to a move; pictures.c, what D gets to see; labelled.c, runs that are told
 * labels; sample.c.
 */

/* A run of one of the networks, and what its second input is told of the labels. */
typedef struct gan_labelled_run {
    gan_run *run;
    gan_tensor *labels; /* float [N, 1] or [N, classes]; NULL when the network takes none */
} gan_labelled_run;

/* What a step is told of one batch, and draws for it. */
typedef struct gan_session_batch {
    gan_tensor *real; /* the caller's, or `copy`; NULL when nothing will look at it again */
    gan_tensor *copy; /* NULL but where G looks at real pictures of calls that are over */
    gan_tensor *latents;
    gan_tensor *real_labels, *fake_labels; /* GAN_INT32 [N]; NULL in games without labels */
} gan_session_batch;

/* The memory of steps, made by the first one, and anew when a larger batch comes or the game changes. */
typedef struct gan_session_memory {
    int64_t capacity;           /* pictures a batch; 0: there is no memory */
    gan_session_batch *batches; /* options.accumulate of them */
    gan_labelled_run g, d_real, d_fake, d_points;
    gan_tensor *shown_real, *shown_fake; /* pictures as an augmentation has changed them; NULL without one */
    gan_tensor *points; /* where penalties look that look at neither batch; it and d_points are NULL without such */
} gan_session_memory;

#define GAN_SESSION_PENALTIES 4

typedef struct gan_session_penalty {
    gan_penalty_options options; /* checked, with defaults; the schedule is beside it */
    gan_schedule schedule;
} gan_session_penalty;

/* The batches that make one update of D: options.accumulate of them, in as many calls. */
typedef struct gan_session_round {
    int batches;           /* whose gradients D has; 0: the next one begins a round */
    int lessons;           /* batches whose gradients G has */
    bool complete;         /* the last round came to its end, and its batches are still there for G */
    int at;                /* the batch at work */
    int generated;         /* the batch whose generated pictures are in memory.g; -1: none */
    uint64_t generated_by; /* and the steps of G's optimizer when they were made */
} gan_session_round;

struct gan_session {
    gan_context *context;
    gan_session_options options; /* checked, with defaults; networks and optimizers are retained; loss is below */
    gan_adversarial_loss loss;
    bool labelled;
    gan_session_penalty penalties[GAN_SESSION_PENALTIES];
    int penalty_count;
    gan_augment *augment;           /* or NULL */
    gan_ema *ema;                   /* of G; or NULL */
    uint64_t steps;                 /* D steps done */
    uint64_t since_g_step;          /* D steps since the last G step */
    uint64_t latent_position;       /* in GAN_STREAM_LATENTS */
    uint64_t label_position;        /* in GAN_STREAM_LABELS */
    uint64_t augment_position;      /* in the pictures of augment */
    uint64_t fake_position;         /* where d_fake's pictures were changed */
    uint64_t penalty_position;      /* in GAN_STREAM_PENALTIES */
    uint64_t sample_position;       /* in GAN_STREAM_SAMPLES */
    uint64_t sample_label_position; /* in GAN_STREAM_SAMPLE_LABELS */
    /* The caller's call at work, for sentences: its name, and the number of its D step. */
    const char *call;
    uint64_t number;
    bool reports; /* it is to be told what only a report tells */
    gan_session_round round;
    gan_session_memory memory;
    /* Made by the first sample. */
    gan_tensor *sample_latents, *sample_labels;
    gan_labelled_run sample, average_sample;
    gan_profile *profile; /* or NULL */
};

/* options.c: the caller's options, checked one by one and together, with defaults put in; and the loss's table. */
gan_status gan_session_options_read(gan_session_options *options, gan_adversarial_loss *loss,
                                    const gan_session_options *given);

/* options.c and penalties.c: the members of the options, for those who keep them in a file. */
extern const gan_field gan_session_fields[], gan_penalty_fields[];
extern const int gan_session_field_count, gan_penalty_field_count;

/* memory.c: a tensor for a batch of what the node holds. */
gan_status gan_session_make_batch(gan_tensor **tensor, gan_context *context, const gan_node *node, int64_t batch);

/* memory.c: memory for steps of this batch; on failure the session is as it was. And no memory any more: the round
 * begins anew. */
gan_status gan_session_need_memory(gan_session *session, int64_t batch);
void gan_session_forget_memory(gan_session *session);

/* The batch at work. */
static inline gan_session_batch *gan_session_at_work(const gan_session *session)
{
    return &session->memory.batches[session->round.at];
}

/* labelled.c. A forward pass tells the network the labels (GAN_INT32 [N], checked) if it takes any. `beside` is NULL or
 * a run that never works at the same time, whose work memory this one takes, too. */
gan_status gan_labelled_run_create(gan_labelled_run *made, gan_network *network, gan_mode mode, int64_t batch,
                                   const gan_labelled_run *beside);
void gan_labelled_run_free(gan_labelled_run *run);
gan_status gan_labelled_run_forward(gan_labelled_run *run, const gan_tensor *input, const gan_tensor *labels);

/* labelled.c: whether labels of the caller's fit the game and a batch of this size, and are in range; NULL does. */
gan_status gan_session_check_labels(const gan_session *session, const gan_tensor *labels, int64_t batch,
                                    const char *call);

/* pictures.c: D looks at the batch's real pictures, and at those that G has made. What D is shown is formed here, and
 * here the gradient of generated pictures comes back from d_fake's backward pass to what G has made. */
gan_status gan_session_see_real(gan_session *session);
gan_status gan_session_see_fake(gan_session *session);
gan_status gan_session_fake_gradient(const gan_session *session, const gan_tensor **gradient);

/* pictures.c: what D has been shown; and an adaptive augmentation hears of what D said of the real pictures. */
const gan_tensor *gan_session_seen_real(const gan_session *session);
const gan_tensor *gan_session_seen_fake(const gan_session *session);
gan_status gan_session_adapt(gan_session *session);

/* penalties.c: the runs of D whose tangents penalties need, a sum of gan_penalty_run; and D's gradients get the
 * penalties that this step has. d_real and d_fake keep what their forward passes gave, but for output gradients. */
typedef enum gan_penalty_run {
    GAN_PENALTY_AT_REAL = 1,
    GAN_PENALTY_AT_FAKE = 2,
    GAN_PENALTY_AT_POINTS = 4
} gan_penalty_run;

unsigned gan_session_penalty_runs(const gan_session *session);
gan_status gan_session_penalize(gan_session *session, gan_session_report *report);

/* discriminator.c: D's loss, and its gradients added up, after it has seen both. */
gan_status gan_session_discriminator_gradients(gan_session *session, gan_session_report *report);

/* generator.c: draws latents and labels, and generates; generates again from the same where G has moved since, or where
 * its run holds another batch's pictures; G's loss, and its gradients added up, by what D has seen last; and whether
 * its loss looks at what D says of the real pictures. */
gan_status gan_session_generate(gan_session *session);
gan_status gan_session_generate_again(gan_session *session);
gan_status gan_session_generator_gradients(gan_session *session, gan_session_report *report);
bool gan_session_generator_reads_real(const gan_session *session);

/* One who learns. */
typedef struct gan_player {
    const char *name;
    gan_network *network;
    gan_optimizer *optimizer;
    float clip_norm, clip_value, clip_weights; /* 0: not */
} gan_player;

gan_player gan_discriminator_player(const gan_session *session);
gan_player gan_generator_player(const gan_session *session);

/* update.c: the gradients of this many batches become their mean, of which *norm tells, and are clipped: after that
 * nothing keeps the player from moving. GAN_ERROR_NUMERIC when it had better not. And the move. */
gan_status gan_session_prepare(gan_session *session, const gan_player *player, int batches, float *norm);
gan_status gan_session_move(gan_session *session, const gan_player *player);

/* update.c: GAN_ERROR_NUMERIC for a loss that is not finite; `what` is "the loss". */
gan_status gan_session_check_finite(const gan_session *session, float loss, const char *what, const char *player);

#endif
