/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_SCHEDULE_H
#define GAN_SCHEDULE_H

#include <gan/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A schedule makes a number change over the steps of a training: a learning rate, beta2, the weight of a penalty, the
 * half-life of an average. The number itself, the base, is not part of it. Steps count from 0 and may be any unit that
 * the caller counts in: optimizers count their steps, averages (gan/ema.h) images.
 *
 * There are three parts, each of which may be missing: the warm-up goes from `start` to the base in a straight line,
 * the hold stays at the base, and then the kind sets in, x being the part of `steps` that is over, 1 at the most:
 *     constant   base
 *     linear     base + (end - base) * x
 *     cosine     end + (base - end) * (1 + cos(pi * x)) / 2, half a wave (Loshchilov, Hutter 2017, without restarts)
 *     step       base * factor^n, n being how often `steps` steps are over
 * So step 0 of a warm-up has `start`, step `warmup` the base, and step `warmup + hold + steps` of linear and cosine has
 * `end`, as have all later ones. */
typedef enum gan_schedule_kind {
    GAN_SCHEDULE_CONSTANT = 0,
    GAN_SCHEDULE_LINEAR = 1,
    GAN_SCHEDULE_COSINE = 2,
    GAN_SCHEDULE_STEP = 3
} gan_schedule_kind;

typedef struct gan_schedule {
    size_t size;
    int kind;       /* a gan_schedule_kind, default GAN_SCHEDULE_CONSTANT */
    int64_t warmup; /* steps, 0.., default 0 */
    int64_t hold;   /* steps, 0.., default 0 */
    int64_t steps;  /* 1.., required for all kinds but constant, which has none */
    float start;    /* where the warm-up begins: the number, not a factor; finite, default 0; only with a warm-up */
    float end;      /* where linear and cosine end, likewise */
    float factor;   /* of step: above 0, at most 1; default 0.1 */
    int reserved;   /* 0 */
} gan_schedule;
#ifndef __cplusplus
#define gan_schedule(...) (&(gan_schedule){.size = sizeof(gan_schedule), __VA_ARGS__})
#endif

/* Whether the schedule is one. GAN_ERROR_INVALID_ARGUMENT: NULL, a member out of range, or one set that its kind does
 * not have. Thread-safe. */
GAN_API gan_status gan_schedule_check(const gan_schedule *schedule);

/* The number at a step. A pure function; NaN, and gan_last_error() tells why, for what gan_schedule_check() refuses.
 * Thread-safe. */
GAN_API float gan_schedule_value(const gan_schedule *schedule, float base, uint64_t step);

#ifdef __cplusplus
}
#endif
#endif
