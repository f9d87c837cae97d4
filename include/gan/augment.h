/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_AUGMENT_H
#define GAN_AUGMENT_H

#include <gan/tensor.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Differentiable augmentation of what a discriminator sees (DiffAugment: Zhao, Liu, Lin, Zhu, Han 2020): real and
 * generated pictures go through the same random changes before every pass through D, and G learns through the changes
 * of its pictures. Few pictures then last longer before D knows them by heart. With `adaptive`, how often pictures are
 * changed follows how well D knows the real ones (ADA: Karras et al. 2020).
 *
 * Pictures are float [N,H,W,C] of any size and any number of channels. Each gets numbers of its own. Given those, the
 * result is an affine function of the picture.
 *
 * Thread-safety: gan_augment_forward(), _tangent() and _backward() only read the augmentation and may work in several
 * threads at once, on different tensors; calls that change its probability must be alone with it. Augmentations are
 * counted by reference. */
typedef struct gan_augment gan_augment;

/* Values are forever. Pictures are changed in this order: flip, colour, translation, cutout. */
typedef enum gan_augment_policy {
    /* brightness: x + b; then saturation: s * (x - m) + m, m the mean over the channels of a pixel; then contrast:
     * c * (x - M) + M, M the mean over the picture. Values are not clipped. */
    GAN_AUGMENT_COLOUR = 1,
    GAN_AUGMENT_TRANSLATION = 2, /* moved by whole pixels; 0 (grey) comes in from outside */
    GAN_AUGMENT_CUTOUT = 4,      /* a square around a pixel of the picture becomes 0, as far as it is inside */
    GAN_AUGMENT_FLIP = 8         /* mirrored left to right, half the pictures */
} gan_augment_policy;

/* The ranges of uniform numbers; their defaults are DiffAugment's. GAN_ZERO for 0, which leaves that change out. Sizes
 * in pixels are rounded, halves up, separately for height and width. */
typedef struct gan_augment_options {
    size_t size;
    int policies;      /* a sum of gan_augment_policy; default colour, translation and cutout */
    float probability; /* of each change, for each picture; 0..1; default 1, when adaptive 0. The three of colour are
                        * told apart; a flip that happens mirrors half of the pictures */
    float brightness;  /* b is of -brightness..brightness; 0..2, default 0.5 */
    float saturation;  /* s is of 1 - saturation..1 + saturation; 0..1, default 1 */
    float contrast;    /* c is of 1 - contrast..1 + contrast; 0..1, default 0.5 */
    float translation; /* by at most this part of height and width; 0..1, default 1/8 */
    float cutout;      /* the square's sides, as parts of height and width; 0..1, default 1/2 */
    bool adaptive;     /* gan_augment_adapt() moves the probability */
    float target;      /* adaptive: the mean sign of D's logits of real pictures to aim at; -1..1, default 0.6 */
    int interval;      /* adaptive: batches from one change of the probability to the next; 1.., default 4 */
    int64_t ramp;      /* adaptive: images in which the probability can go from 0 to 1; 1.., default 500000 */
} gan_augment_options;
#ifndef __cplusplus
#define gan_augment_options(...) (&(gan_augment_options){.size = sizeof(gan_augment_options), __VA_ARGS__})
#endif

/* Makes an augmentation. options: NULL for the defaults. The caller owns the result and frees it with
 * gan_augment_free(). No other call of this header allocates.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, an option out of range. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_augment_create(gan_augment **augment, gan_context *context, const gan_augment_options *options);

/* Gives up the caller's reference (a session keeps its own) and sets *augment to NULL. NULL and a pointer to NULL are
 * fine. */
GAN_API void gan_augment_free(gan_augment **augment);

/* output = images, changed. position: where to draw. Picture i of the batch takes the numbers of position + i, which
 * are a function of the context's seed (GAN_STREAM_AUGMENTATION), of that place and of the policy alone: give every
 * batch places of its own, and move on by N. What the numbers do depends on options, probability and H and W.
 * output may be images itself; else they do not overlap.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL. GAN_ERROR_SHAPE: images are not float [N,H,W,C], or output is not like them. */
GAN_API gan_status gan_augment_forward(const gan_augment *augment, gan_tensor *output, const gan_tensor *images,
                                       uint64_t position);

/* The gradient: dx = A^T dy, where A is the linear part of what gan_augment_forward() does to a batch at this position,
 * exact, through the means as well. The pictures are not needed. The probability must be that of the forward pass. dx
 * is set, not added to. dx may be dy itself. Errors as gan_augment_forward(). */
GAN_API gan_status gan_augment_backward(const gan_augment *augment, gan_tensor *dx, const gan_tensor *dy,
                                        uint64_t position);

/* The derivative in a direction: tangent = A direction, for the gradients of gradient penalties that look through the
 * augmentation. tangent may be direction itself. Errors as gan_augment_forward(). */
GAN_API gan_status gan_augment_tangent(const gan_augment *augment, gan_tensor *tangent, const gan_tensor *direction,
                                       uint64_t position);

/* One batch of real pictures seen: its logits, as D gave them to augmented pictures, float [N, ...]. Every `interval`
 * calls, with r = the mean sign of all logits since the last change,
 *     p = p + sign(r - target) * (pictures since the last change) / ramp, clipped to 0..1
 * (Karras et al. 2020, section 3: r near 0 says that D does not know its pictures, near 1 that it knows them by heart.
 * They clip at 0 only; a p above 1 changes no more pictures, but takes longer to come back). Call it when no backward
 * pass at a position drawn before is still to come.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL. GAN_ERROR_SHAPE: logits are not float. GAN_ERROR_STATE: not made with adaptive.
 * GAN_ERROR_NUMERIC: a logit is not a number; nothing is counted. */
GAN_API gan_status gan_augment_adapt(gan_augment *augment, const gan_tensor *logits);

/* The probability that each change is made with, 0..1; 0 for NULL. gan_augment_set_probability(): of any augmentation,
 * adaptive or not. GAN_ERROR_INVALID_ARGUMENT: NULL, or out of range. */
GAN_API double gan_augment_probability(const gan_augment *augment);
GAN_API gan_status gan_augment_set_probability(gan_augment *augment, double probability);

/* All that changes in an augmentation, for checkpoints: one made with the same options and set to this state goes on
 * bit for bit. The caller sets size (gan_augment_state state = {.size = sizeof state};). */
typedef struct gan_augment_state {
    size_t size;
    double probability;
    int64_t batches, pictures; /* since the last change of the probability */
    int64_t logits, signs;     /* how many of those pictures, and the sum of their signs */
} gan_augment_state;

/* GAN_ERROR_INVALID_ARGUMENT: a NULL, an impossible size; for set, numbers that no augmentation of these options can
 * have come to. A failed call changes nothing. */
GAN_API gan_status gan_augment_get_state(const gan_augment *augment, gan_augment_state *state);
GAN_API gan_status gan_augment_set_state(gan_augment *augment, const gan_augment_state *state);

#ifdef __cplusplus
}
#endif
#endif
