/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_SESSION_H
#define GAN_SESSION_H

#include <gan/augment.h>
#include <gan/ema.h>
#include <gan/loss.h>
#include <gan/optimizer.h>
#include <gan/penalty.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A session plays the game between a generator G and a discriminator D (Goodfellow et al. 2014). It keeps the networks
 * and optimizers it is made of alive. Thread-safety: one thread at a time uses a session and its networks.
 *
 * The networks. G has the latents as its first input and one output, the picture. D has the picture as its first input
 * and the logit, one number, as its first output; other outputs serve classifier_output and feature_output.
 *
 * Conditional games (Mirza, Osindero 2014). When G has a second input, the game has labels: each real picture comes
 * with its class, 0..classes-1, each generated one is made for a class, and D's second input, when it has one, is told
 * that class. The form of a label follows from the input's shape: [1] gets the number of the class as a float, for an
 * embedding layer; [K] gets a row of K numbers, 1 at the class and 0 elsewhere (one-hot), and K is the number of
 * classes. A projection discriminator (Miyato, Koyama 2018) is a D with a label input, an auxiliary classifier (AC-GAN;
 * Odena et al. 2017) a D with classifier_weight. */
typedef struct gan_session gan_session;

/* In which order the players learn. */
typedef enum gan_scheme {
    GAN_SCHEME_ALTERNATING = 0, /* D moves, then G learns from what the new D says of the same pictures */
    GAN_SCHEME_SIMULTANEOUS = 1 /* both learn from one forward pass of D, before either moves: a forward pass less */
} gan_scheme;

/* Which classes G is asked for in training. */
typedef enum gan_fake_labels {
    GAN_FAKE_LABELS_UNIFORM = 0, /* each class as likely as any other, from GAN_STREAM_LABELS */
    GAN_FAKE_LABELS_REAL = 1     /* those of the real batch, in its order: their frequencies, and pairs of one class */
} gan_fake_labels;

typedef struct gan_session_options {
    size_t size;
    gan_network *generator;                 /* required */
    gan_network *discriminator;             /* required */
    gan_optimizer *generator_optimizer;     /* of the generator; required */
    gan_optimizer *discriminator_optimizer; /* of the discriminator; required */
    /* Label smoothing (Salimans et al. 2016), for a loss with GAN_LOSS_TAKES_TARGETS: one-sided, the target of real
     * pictures in D's loss is 1 - smoothing. 0..0.5, default 0. */
    float smoothing;
    int discriminator_steps; /* a G step after every this many D steps, 1.., default 1 */
    /* Default gan_loss_non_saturating(). Copied; its name and user have to live as long as the session. */
    const gan_adversarial_loss *loss;
    float fake_smoothing; /* the target of generated pictures in D's loss: two-sided. 0..0.5, default 0 */
    int scheme;           /* a gan_scheme */
    /* 1..2^24, for games with labels. Default: as many as a one-hot input or the classifier's output has; one of the
     * three has to say, and all that do agree. */
    int classes;
    int fake_labels;         /* a gan_fake_labels */
    float classifier_weight; /* of the auxiliary classifier's cross-entropy, 0..; default 0: no classifier */
    int classifier_output;   /* the output of D that has the class logits, [classes]; 1.., default 1 */
    float feature_weight;    /* of feature matching (Salimans et al. 2016) in G's loss, 0..; default 0: none */
    int feature_output;      /* the output of D whose means are matched, of any shape; 1.., default D's last */
    bool features_only;      /* feature matching in place of G's adversarial loss, not beside it */
    /* The gradients of a player are clipped before it moves, by their common norm and then each to -value..value, as
     * gan/network.h says; the weights of D after each of its moves to -weights..weights (Arjovsky et al. 2017).
     * 0..1e18; default 0: not. */
    float generator_clip_norm, discriminator_clip_norm;
    float generator_clip_value, discriminator_clip_value;
    float discriminator_clip_weights;
    int accumulate; /* batches that make one step, 1..65536, default 1: see gan_session_step() */
    int reserved;   /* 0 */
} gan_session_options;
#ifndef __cplusplus
#define gan_session_options(...) (&(gan_session_options){.size = sizeof(gan_session_options), __VA_ARGS__})
#endif

/* What a step saw. The caller sets size (gan_session_report report = {sizeof report};), the library fills in the rest
 * as far as that size goes. With `accumulate`, D's numbers are of the batch of this call, and G's, where G moves by a
 * look of its own at all batches, their mean. Numbers of a part that a call does not do are left as they were. A call
 * that fails in the midst tells what was done until then, and the number that made it fail. */
typedef struct gan_session_report {
    size_t size;
    uint64_t step;         /* D steps done, this one included */
    float d_loss;          /* what D minimizes together: real and generated half, classifier; penalties are beside it */
    float g_loss;          /* all that G minimizes together */
    float d_real;          /* mean probability that D gives to real pictures: the mean of sigmoid(logit) */
    float d_fake;          /* and to generated ones, before D's update */
    float d_gradient_norm; /* Euclidean norm over all parameters, before it is clipped */
    float g_gradient_norm;
    bool generator_stepped;  /* whether this step moved G */
    float d_real_logit;      /* mean logit of real pictures, which for a critic says more than a probability */
    float d_fake_logit;      /* and of generated ones, before D's update */
    float d_classifier_loss; /* the weighted part of the classifier in d_loss, real and generated half; 0 without one */
    float g_classifier_loss; /* the same in g_loss */
    float feature_loss;      /* the weighted part of feature matching in g_loss; 0 without it */
    bool discriminator_stepped; /* whether this step moved D */
    float penalty;              /* D's penalties together, with their weights; 0 in steps that have none */
} gan_session_report;

/* GAN_ERROR_INVALID_ARGUMENT: a NULL or a number out of range, an optimizer of another network, networks of different
 * contexts, a loss that is not whole, smoothing for a loss without targets, label options without a label input, no
 * number of classes. GAN_ERROR_SHAPE: D does not take what G gives, a number of inputs or outputs is not as above, two
 * numbers of classes. GAN_ERROR_STATE: a network is not built. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_session_create(gan_session **session, const gan_session_options *options);

/* Adds a gradient penalty to what D minimizes from the next D step on; up to 4. options are copied. R1 is taken where D
 * has looked at the real pictures and R2 where it has looked at the generated ones, without another forward pass;
 * WGAN_GP and DRAGAN at points of GAN_STREAM_PENALTIES, told the labels of the real pictures (in their order, where
 * points are between two classes). The lines of gan/penalty.h, in the order in which they were added, after D's
 * backward passes, add up to the same bits. Steps of `every` and of the schedule are D steps, so that the first is 0.
 * Penalties need memory for tangents, where they look only. Memory of steps is made anew by the next D step, which a G
 * step needs, and batches that were accumulated are dropped.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, an option out of range, or one that the kind does not have.
 * GAN_ERROR_UNSUPPORTED: a layer of D has no tangent; the sentence names it. GAN_ERROR_STATE: there are 4. */
GAN_API gan_status gan_session_add_penalty(gan_session *session, const gan_penalty_options *options);

/* From now on D sees pictures as the augmentation changes them, real and generated ones by the same policies and each
 * look by numbers of its own: a position of the augmentation's for each picture, one batch after another (as they are
 * looked at: real, generated, and again what the G step looks at). G learns through the changes of its pictures, and
 * penalties look at changed ones, as in Karras et al. 2020. An adaptive augmentation hears of D's logits of each
 * batch of real pictures after D's part of the call. The session keeps it alive; who changes its probability does that
 * between steps. NULL: none. Memory of steps is made anew, as by gan_session_add_penalty().
 * GAN_ERROR_INVALID_ARGUMENT: session is NULL, another context. GAN_ERROR_SHAPE: D does not take [H,W,C]. */
GAN_API gan_status gan_session_set_augment(gan_session *session, gan_augment *augment);

/* From now on the average moves after each of G's steps, by the images of that step (accumulate * N). The session keeps
 * it alive. NULL: none. GAN_ERROR_INVALID_ARGUMENT: session is NULL, an average of another network. */
GAN_API gan_status gan_session_set_ema(gan_session *session, gan_ema *ema);

/* Frees the session and sets *session to NULL. NULL and a pointer to NULL are fine. */
GAN_API void gan_session_free(gan_session **session);

/* One step on a batch of real pictures, a float tensor [N, shape of D's input] of any N: one D step, and when
 * discriminator_steps of them are done since the last one, a G step. report: NULL, or filled in. labels: GAN_INT32 [N],
 * the classes of the real pictures, 0..classes-1, in a game with labels; they are copied. Other games have none:
 * gan_session_step(), or NULL. No reference to real is kept when the call is over, unless
 * gan_session_generator_step() says so.
 *
 * The D step draws N latents (standard normal, GAN_STREAM_LATENTS) and labels (GAN_STREAM_LABELS), generates, and moves
 * D by the gradients of
 *     loss.discriminator(D(real), D(G(z)), 1 - smoothing, fake_smoothing)
 *         + classifier_weight * ( CE(C(real), labels) + CE(C(G(z)), labels of z) ) + penalties
 * with batch statistics of each pass by itself. The G step moves G by the gradient of
 *     loss.generator(D(G(z))) + classifier_weight * CE(C(G(z)), labels of z)
 *         + feature_weight * |mean of F(real) - mean of F(G(z))|^2
 * through the updated D, on the same latents; a loss that reads real pictures, and feature matching, look at the real
 * batch again. C and F are D's other outputs. In the simultaneous scheme the G step has D as it was before its update.
 *
 * With accumulate = k a D step takes k calls, each with a batch of the same size: their gradients add up, and in the
 * k-th call D moves by their mean. The G step, in that call too, has the mean over the same k batches: their latents
 * and labels once more through G, and through the updated D (in the simultaneous scheme each call adds its part of
 * both). So k batches of N make the step that one of k * N makes, but for rounding, for layers that look at the batch
 * as a whole (batch norm, concat_diff, and losses that do), and for what batch norm has seen twice. A call that fails
 * drops what the calls before it have added up, and the next one begins anew.
 *
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, a report with an impossible size, labels that are missing, out of range (the
 * sentence names the place) or not asked for. GAN_ERROR_SHAPE: real or labels do not fit.
 * GAN_ERROR_NUMERIC: a loss or penalty is not finite, or the norm of a player's gradients is not, or is at 2^64 where
 * Adam's squares end and nothing clips them. The sentence names the player, the step and where the gradients went
 * wrong; that player did not move, and in the simultaneous scheme neither did. GAN_ERROR_OUT_OF_MEMORY: a larger batch
 * than before; the session is as it was. What a loss of the caller's returns. */
GAN_API gan_status gan_session_step(gan_session *session, const gan_tensor *real, gan_session_report *report);
GAN_API gan_status gan_session_step_labelled(gan_session *session, const gan_tensor *real, const gan_tensor *labels,
                                             gan_session_report *report);

/* The parts of a step. gan_session_step() is the one and then, every discriminator_steps, the other. The G step uses
 * the latents and labels of the last D step, and its generated pictures; when G has moved since, as between two G
 * steps, it makes them anew. Where the loss or feature matching reads real pictures in the alternating scheme, it looks
 * at that step's real tensor, to which the session keeps a reference until the next D step: leave its values alone
 * until then (with accumulate the pictures are copied). GAN_ERROR_STATE for the G step: before the first D step, after
 * one that failed, or amid those that accumulate; in the simultaneous scheme, where it has no step of its own. */
GAN_API gan_status gan_session_discriminator_step(gan_session *session, const gan_tensor *real,
                                                  gan_session_report *report);
GAN_API gan_status gan_session_discriminator_step_labelled(gan_session *session, const gan_tensor *real,
                                                           const gan_tensor *labels, gan_session_report *report);
GAN_API gan_status gan_session_generator_step(gan_session *session, gan_session_report *report);

/* Generates pictures without training: images, a float tensor [n, shape of G's output] of any n; latents [n, shape of
 * G's input], or NULL to draw them from GAN_STREAM_SAMPLES (each call draws new ones; training is not disturbed). In a
 * game with labels, labels is GAN_INT32 [n], the classes to generate, or NULL to draw them uniformly from
 * GAN_STREAM_SAMPLE_LABELS; gan_session_sample() draws them. G works in inference mode, so that a picture depends on
 * its latent and label only, not on its batch. GAN_ERROR_INVALID_ARGUMENT: a NULL, a label out of range, labels where
 * the game has none. GAN_ERROR_SHAPE, GAN_ERROR_OUT_OF_MEMORY (first call). */
GAN_API gan_status gan_session_sample(gan_session *session, const gan_tensor *latents, gan_tensor *images);
GAN_API gan_status gan_session_sample_labelled(gan_session *session, const gan_tensor *latents,
                                               const gan_tensor *labels, gan_tensor *images);

/* The same from the average that gan_session_set_ema() gave, from the same streams; labels as above, NULL in games that
 * have none. The average's batch norm has averaged statistics; gan_network_standing_statistics() on gan_ema_network()
 * measures better ones, as often as they are wanted. GAN_ERROR_STATE: there is no average. */
GAN_API gan_status gan_session_sample_average(gan_session *session, const gan_tensor *latents, const gan_tensor *labels,
                                              gan_tensor *images);

/* What the session is made of, borrowed; NULL for NULL, and where it has none. */
GAN_API gan_network *gan_session_generator(const gan_session *session);
GAN_API gan_network *gan_session_discriminator(const gan_session *session);
GAN_API gan_optimizer *gan_session_generator_optimizer(const gan_session *session);
GAN_API gan_optimizer *gan_session_discriminator_optimizer(const gan_session *session);
GAN_API gan_ema *gan_session_ema(const gan_session *session);
GAN_API gan_augment *gan_session_augment(const gan_session *session);

/* The number of classes in a game with labels; 0 in others and for NULL. */
GAN_API int gan_session_classes(const gan_session *session);

/* Floating-point operations of one step of D and G for one picture, as gan_network_flops() counts them, without
 * penalties and with one batch a step: G forward, D forward on real, on generated, and, when they alternate, on
 * generated pictures again after its update (and on real ones where G's loss reads them), and the gradients that are
 * needed. 0 for NULL. */
GAN_API int64_t gan_session_flops(const gan_session *session);

/* Adds the times of all parts of the session's steps to the profile from now on; NULL: to none. The session keeps the
 * profile alive. GAN_ERROR_INVALID_ARGUMENT: session is NULL. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_session_set_profile(gan_session *session, gan_profile *profile);

#ifdef __cplusplus
}
#endif
#endif
