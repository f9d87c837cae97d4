/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_OPTIMIZER_H
#define GAN_OPTIMIZER_H

#include <gan/network.h>
#include <gan/schedule.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An optimizer moves the parameters of one network against their gradients, and holds what it remembers of them. It
 * keeps the network alive. Thread-safety: one thread at a time uses an optimizer and its network. */
typedef struct gan_optimizer gan_optimizer;

/* Stochastic gradient descent, as PyTorch defines it:
 *     v = momentum * v + g (v = g in the first step),   w = w - rate * v,
 *     with nesterov w = w - rate * (g + momentum * v). */
typedef struct gan_sgd_options {
    size_t size;
    float rate;     /* above 0, default 0.01 */
    float momentum; /* 0 <= momentum < 1, default 0 */
    bool nesterov;  /* needs a momentum above 0 */
    int reserved;   /* 0 */
} gan_sgd_options;
#ifndef __cplusplus
#define gan_sgd_options(...) (&(gan_sgd_options){.size = sizeof(gan_sgd_options), __VA_ARGS__})
#endif

/* RMSProp (Tieleman, Hinton 2012), as PyTorch defines it:
 *     v = alpha * v + (1 - alpha) * g^2,   w = w - rate * g / (sqrt(v) + epsilon),
 *     centered: a = alpha * a + (1 - alpha) * g, and v - a^2 below the root (Graves 2013),
 *     with a momentum: b = momentum * b + the quotient, w = w - rate * b. */
typedef struct gan_rmsprop_options {
    size_t size;
    float rate;     /* above 0, default 0.01 */
    float alpha;    /* 0 <= alpha < 1, default 0.99 */
    float epsilon;  /* above 0, default 1e-8 */
    float momentum; /* 0 <= momentum < 1, default 0 */
    bool centered;
    int reserved; /* 0 */
} gan_rmsprop_options;
#ifndef __cplusplus
#define gan_rmsprop_options(...) (&(gan_rmsprop_options){.size = sizeof(gan_rmsprop_options), __VA_ARGS__})
#endif

/* Adam (Kingma, Ba 2015), t counting from 1:
 *     m = beta1 * m + (1 - beta1) * g,   v = beta2 * v + (1 - beta2) * g^2
 *     w = w - rate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon) */
typedef struct gan_adam_options {
    size_t size;
    float rate;    /* above 0, default 0.001 */
    float beta1;   /* 0 <= beta1 < 1, default 0.9; GAN_ZERO for 0 */
    float beta2;   /* 0 <= beta2 < 1, default 0.999 */
    float epsilon; /* above 0, default 1e-8 */
    bool amsgrad;  /* below the root the largest v of all steps so far (Reddi, Kale, Kumar 2018) */
    int reserved;  /* 0 */
} gan_adam_options;
#ifndef __cplusplus
#define gan_adam_options(...) (&(gan_adam_options){.size = sizeof(gan_adam_options), __VA_ARGS__})
#endif

/* AdamW (Loshchilov, Hutter 2019): Adam's step, and in the same step the weights shrink by themselves,
 *     w = w - rate * weight_decay * w - rate * (Adam's quotient),
 * biases and the parameters of norms, too. The decay follows the rate's schedule. */
typedef struct gan_adamw_options {
    size_t size;
    float rate; /* the first members are those of gan_adam_options, with their ranges and defaults */
    float beta1;
    float beta2;
    float epsilon;
    bool amsgrad;
    float weight_decay; /* 0.., default 0.01 */
} gan_adamw_options;
#ifndef __cplusplus
#define gan_adamw_options(...) (&(gan_adamw_options){.size = sizeof(gan_adamw_options), __VA_ARGS__})
#endif

/* Make an optimizer for the parameters of a built network. options: NULL for the defaults. The caller owns the result
 * and frees it with gan_optimizer_free(). GAN_ERROR_INVALID_ARGUMENT, GAN_ERROR_STATE: the network is not built,
 * GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_sgd_create(gan_optimizer **optimizer, gan_network *network, const gan_sgd_options *options);
GAN_API gan_status gan_rmsprop_create(gan_optimizer **optimizer, gan_network *network,
                                      const gan_rmsprop_options *options);
GAN_API gan_status gan_adam_create(gan_optimizer **optimizer, gan_network *network, const gan_adam_options *options);
GAN_API gan_status gan_adamw_create(gan_optimizer **optimizer, gan_network *network, const gan_adamw_options *options);

/* Gives up the caller's reference (a session keeps its own) and sets *optimizer to NULL. NULL is fine. */
GAN_API void gan_optimizer_free(gan_optimizer **optimizer);

/* One update of all parameters from the network's gradients, which stay as they are.
 * GAN_ERROR_INVALID_ARGUMENT: NULL. GAN_ERROR_STATE: the network has no gradients yet (no training run was made). */
GAN_API gan_status gan_optimizer_step(gan_optimizer *optimizer);

/* The learning rate: above 0 and finite, else GAN_ERROR_INVALID_ARGUMENT. Where there is a schedule, it is the base. */
GAN_API gan_status gan_optimizer_set_rate(gan_optimizer *optimizer, float rate);

/* From now on, the rate of a step is what the schedule makes of the rate that was set; steps are the optimizer's, so
 * that the first one has the number 0. The schedule is copied; NULL takes it away. start and end are at least 0: a rate
 * of 0 moves no weight, only what the optimizer remembers. GAN_ERROR_INVALID_ARGUMENT: a NULL optimizer, what
 * gan_schedule_check() refuses, a number out of range. */
GAN_API gan_status gan_optimizer_set_schedule(gan_optimizer *optimizer, const gan_schedule *rate);

/* The same for beta2 of Adam and AdamW: start and end are at least 0 and below 1. The correction of v takes each step's
 * own beta2: 1 - their product in place of 1 - beta2^t, the product being that of the schedule from step 0 on.
 * GAN_ERROR_INVALID_ARGUMENT. GAN_ERROR_UNSUPPORTED: the optimizer has no beta2. */
GAN_API gan_status gan_optimizer_set_beta2_schedule(gan_optimizer *optimizer, const gan_schedule *beta2);

/* The rate of the next step, and the number of steps done. 0 for NULL. */
GAN_API float gan_optimizer_rate(const gan_optimizer *optimizer);
GAN_API uint64_t gan_optimizer_steps(const gan_optimizer *optimizer);

#ifdef __cplusplus
}
#endif
#endif
