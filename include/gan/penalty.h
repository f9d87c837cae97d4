/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_PENALTY_H
#define GAN_PENALTY_H

#include <gan/run.h>
#include <gan/schedule.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Gradient penalties: terms of D's loss that are functions of g[n] = d(sum of D over the batch)/dx[n] at some pictures
 * x. Their gradients by D's parameters are exact: the gradient of a tangent (gan/run.h). A session adds them up with
 * gan_session_add_penalty(); these parts are for loops of the caller's own. */
typedef enum gan_penalty_kind {
    GAN_PENALTY_R1 = 1,      /* weight / 2 * mean of |g|^2 at real pictures (Mescheder, Geiger, Nowozin 2018) */
    GAN_PENALTY_R2 = 2,      /* the same at generated ones */
    GAN_PENALTY_WGAN_GP = 3, /* weight * mean of (|g| - target)^2 between real and generated ones (Gulrajani et al.
                                2017) */
    GAN_PENALTY_DRAGAN = 4   /* the same beside real ones (Kodali et al. 2017) */
} gan_penalty_kind;

typedef struct gan_penalty_options {
    size_t size;
    int kind;     /* a gan_penalty_kind, required */
    float weight; /* above 0, at most 2^100; default 10 */
    int every;    /* D steps, 1..2^20: the penalty is computed at each `every`-th D step, the first included, with
                     `every` times its weight (lazy regularization: Karras et al. 2020); default 1 */
    float target; /* of WGAN_GP and DRAGAN: 0 or more, default 1; GAN_ZERO for 0 */
    float noise;  /* of DRAGAN: how far beside, in standard deviations of the batch, above 0; default 0.5 */
    const gan_schedule *schedule; /* of the weight, over D steps; copied; default none. Where it is 0, nothing is
                                     computed */
} gan_penalty_options;
#ifndef __cplusplus
#define gan_penalty_options(...) (&(gan_penalty_options){.size = sizeof(gan_penalty_options), __VA_ARGS__})
#endif

/* Each adds a penalty's gradient to the gradients of the run's network. run: of mode GAN_TRAINING_TANGENTS, whose last
 * forward pass was at the pictures where the penalty is taken, as input 0; the gradient by other inputs is not looked
 * at. The penalty is of output 0, and all gan_run_output_gradient() are overwritten. *value (may be NULL): the penalty.
 *     squared_norm:  weight / 2 * mean over n of |g[n]|^2
 *     norm_distance: weight * mean over n of (|g[n]| - target)^2; where g[n] is 0 the gradient is taken as 0
 * GAN_ERROR_INVALID_ARGUMENT: a NULL run, weight or target negative or not finite. GAN_ERROR_STATE: a run of another
 * mode, or no forward pass yet. Thread-safety: as gan_run_backward(). */
GAN_API gan_status gan_penalty_squared_norm(float *value, gan_run *run, float weight);
GAN_API gan_status gan_penalty_norm_distance(float *value, gan_run *run, float weight, float target);

/* Where WGAN-GP looks: points[n] = e * real[n] + (1 - e) * generated[n], with a uniform number e of [0, 1) for each n.
 * All three are float tensors of one shape [N,...]. *position is a place in GAN_STREAM_PENALTIES, and is moved on.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL. GAN_ERROR_SHAPE: the shapes or types differ. */
GAN_API gan_status gan_penalty_between(gan_tensor *points, const gan_tensor *real, const gan_tensor *generated,
                                       uint64_t *position);

/* Where DRAGAN looks: points[n] = real[n] + e * noise * s * u, with s the standard deviation of all numbers of the
 * batch, a uniform number e of [0, 1) for each n and u of [0, 1) for each number. Errors as above, and
 * GAN_ERROR_INVALID_ARGUMENT when noise is negative or not finite. */
GAN_API gan_status gan_penalty_beside(gan_tensor *points, const gan_tensor *real, float noise, uint64_t *position);

#ifdef __cplusplus
}
#endif
#endif
