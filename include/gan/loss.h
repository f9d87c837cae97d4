/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LOSS_H
#define GAN_LOSS_H

#include <gan/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Binary cross-entropy on logits, the mean over all elements:
 *     loss = mean of max(x, 0) - x * t + log(1 + exp(-|x|)),   d loss / dx = (sigmoid(x) - t) / count
 * which is -( t * log sigmoid(x) + (1 - t) * log(1 - sigmoid(x)) ) computed without a saturated probability.
 *
 * target: one for all elements, 0 <= target <= 1 (one-sided label smoothing is 0.9 for real, 0 for generated pictures;
 * Salimans et al. 2016); or targets: a tensor of the logits' shape, used in place of target when not NULL.
 * *loss (may be NULL) is set. gradient (may be NULL; of the logits' shape): the loss's gradient is added to it.
 * GAN_ERROR_INVALID_ARGUMENT: logits are NULL, target out of range. GAN_ERROR_SHAPE: types or shapes differ.
 * Thread-safe on different tensors. */
GAN_API gan_status gan_loss_binary_cross_entropy(float *loss, gan_tensor *gradient, const gan_tensor *logits,
                                                 float target, const gan_tensor *targets);

/* Softmax cross-entropy with one class for each sample:
 *     loss = weight * mean over i of ( log(sum over k of exp(x[i, k])) - x[i, label[i]] )
 *     d loss / dx[i, k] = weight * (softmax(x[i])[k] - (k is label[i])) / N
 * logits: float [N, K] of any rank, where K is the product of all dimensions but the first; labels: GAN_INT32 [N],
 * 0..K-1. weight: finite. *loss (may be NULL) is set; gradient (may be NULL; of the logits' shape): added to.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, weight not finite, a label out of range: the sentence names its place.
 * GAN_ERROR_SHAPE. Thread-safe on different tensors. */
GAN_API gan_status gan_loss_cross_entropy(float *loss, gan_tensor *gradient, const gan_tensor *logits,
                                          const gan_tensor *labels, float weight);

/* Feature matching (Salimans et al. 2016): the squared distance between the mean features of generated and of real
 * pictures,
 *     loss = weight * sum over k of (mean of fake[., k] - mean of real[., k])^2
 *     d loss / d fake[i, k] = weight * 2 * (mean of fake[., k] - mean of real[., k]) / N
 * fake [N, features], real [M, features]: float, of any rank, of one shape but for the batch; an output of D.
 * weight: finite. *loss (may be NULL) is set; gradient (may be NULL; of the shape of fake): added to. The real features
 * get none: no generator moves them. GAN_ERROR_INVALID_ARGUMENT: a NULL, weight not finite. GAN_ERROR_SHAPE.
 * Thread-safe on different tensors. */
GAN_API gan_status gan_loss_feature_matching(float *loss, gan_tensor *gradient, const gan_tensor *fake,
                                             const gan_tensor *real, float weight);

/* What an adversarial loss looks at: D's logits of a batch of real and of as many generated pictures, and where the
 * gradients go. The members are set by gan_adversarial_loss_discriminator() and gan_adversarial_loss_generator(). */
typedef struct gan_logits {
    size_t size;
    int64_t count;                        /* logits of each kind, at least 1 */
    const float *real;                    /* [count]; G's side: NULL for losses without GAN_LOSS_READS_REAL */
    const float *fake;                    /* [count] */
    float *real_gradient, *fake_gradient; /* [count]: add d loss / d logit here. G's side: real_gradient is NULL */
    float real_target, fake_target;       /* D's side: 1 and 0, with label smoothing less and more */
} gan_logits;

/* One side of an adversarial loss: sets *loss and adds the gradients. Called in the thread of the step. What it returns
 * other than GAN_OK ends the step before any weight moves. The same logits must give the same bits. */
typedef gan_status (*gan_loss_function)(void *user, const gan_logits *logits, float *loss);

typedef enum gan_loss_flag {
    GAN_LOSS_READS_REAL = 1,    /* G's side looks at logits of real pictures: a step costs one more forward pass of D */
    GAN_LOSS_TAKES_TARGETS = 2, /* D's side follows real_target and fake_target: labels can be smoothed */
    GAN_LOSS_TAKES_LOGITS = 4   /* any real number has its meaning, and a probability is no logit: a session warns of a
                                   D that ends in a sigmoid. All of the library's but least squares */
} gan_loss_flag;

/* A pair of losses that D and G play against each other with: one of the functions below, or the caller's own:
 *     static const gan_adversarial_loss mine = {sizeof mine, .name = "mine", .discriminator = f, .generator = g};
 * r and f stand for D's logits of real and generated pictures (C(x) in the literature), softplus(x) = log(1 + exp(x)).
 * Both functions are required. name is for messages, default "custom". */
typedef struct gan_adversarial_loss {
    size_t size;
    const char *name;
    unsigned flags; /* a sum of gan_loss_flag */
    gan_loss_function discriminator, generator;
    void *user; /* the functions' first argument */
} gan_adversarial_loss;

/* The losses of the library: constant, never NULL, not freed. Their functions do not look at user, so that a table of
 * the caller's may take one side from them. Thread-safe.
 *
 * Logistic, by its non-saturating and by its minimax form (Goodfellow et al. 2014); with targets a for real and b for
 * generated pictures D's halves are the binary cross-entropies to a and b:
 *     D: mean softplus(-r) + mean softplus(f)     G: mean softplus(-f), and -mean softplus(f) in the minimax form */
GAN_API const gan_adversarial_loss *gan_loss_non_saturating(void);
GAN_API const gan_adversarial_loss *gan_loss_saturating(void);

/* Least squares (LSGAN; Mao et al. 2017), targets a (1) and b (0):
 *     D: mean (r - a)^2 / 2 + mean (f - b)^2 / 2     G: mean (f - 1)^2 / 2 */
GAN_API const gan_adversarial_loss *gan_loss_least_squares(void);

/* Hinge (Lim, Ye 2017; Miyato et al. 2018):
 *     D: mean max(0, 1 - r) + mean max(0, 1 + f)     G: -mean f */
GAN_API const gan_adversarial_loss *gan_loss_hinge(void);

/* Wasserstein (Arjovsky et al. 2017): D is a critic, which weight clipping or a gradient penalty has to bound.
 *     D: mean f - mean r     G: -mean f */
GAN_API const gan_adversarial_loss *gan_loss_wasserstein(void);

/* Relativistic average (RaGAN; Jolicoeur-Martineau 2018), R = r - mean f and F = f - mean r, the gradient of D's loss
 * flowing through the means as well: logistic, least squares (RaLSGAN) and hinge. G's loss is D's with r and f
 * exchanged.
 *     D, logistic:       mean softplus(-R) + mean softplus(F)
 *     D, least squares:  mean (R - 1)^2 + mean (F + 1)^2
 *     D, hinge:          mean max(0, 1 - R) + mean max(0, 1 + F) */
GAN_API const gan_adversarial_loss *gan_loss_relativistic_average(void);
GAN_API const gan_adversarial_loss *gan_loss_relativistic_average_least_squares(void);
GAN_API const gan_adversarial_loss *gan_loss_relativistic_average_hinge(void);

/* Relativistic pairing (RpGAN; Jolicoeur-Martineau 2018; with R1 and R2 the loss of R3GAN, Huang et al. 2024): picture
 * i of one batch against picture i of the other.
 *     D: mean softplus(f[i] - r[i])     G: mean softplus(r[i] - f[i]) */
GAN_API const gan_adversarial_loss *gan_loss_relativistic_pairing(void);

/* A loss of the library by its name, the function's without gan_loss_ ("hinge"): for settings that are text. NULL for
 * NULL and for a name there is not. Thread-safe. */
GAN_API const gan_adversarial_loss *gan_adversarial_loss_find(const char *name);

/* The two sides on runs of D, as a session calls them: real and fake are training runs of D after their forward passes,
 * of one batch size, output 0 one logit for each picture. *value is set, and the gradients are added to the runs'
 * output gradients: gan_run_backward() follows. The targets are 1 and 0; label smoothing (Salimans et al. 2016) is a
 * real_target below 1 (one-sided) and a fake_target above 0 (two-sided), for losses with GAN_LOSS_TAKES_TARGETS. G's
 * side gives no gradient for real pictures; real may be NULL there for losses without GAN_LOSS_READS_REAL.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, a loss that lacks a function or has an unknown flag, a target out of 0..1 or that
 * the loss does not take. GAN_ERROR_STATE: a run for inference, or without a forward pass. GAN_ERROR_SHAPE: not one
 * logit a picture, two batch sizes. Or what the loss's function returns. */
GAN_API gan_status gan_adversarial_loss_discriminator(const gan_adversarial_loss *loss, float *value, gan_run *real,
                                                      gan_run *fake, float real_target, float fake_target);
GAN_API gan_status gan_adversarial_loss_generator(const gan_adversarial_loss *loss, float *value, const gan_run *real,
                                                  gan_run *fake);

#ifdef __cplusplus
}
#endif
#endif
