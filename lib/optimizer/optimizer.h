/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_OPTIMIZER_OPTIMIZER_H
#define GAN_OPTIMIZER_OPTIMIZER_H

#include "core/schedule.h"
#include "network/network.h"

#include <gan/optimizer.h>

#define GAN_OPTIMIZER_STATES 3

/* What a caller makes an optimizer of, for those who make it from a file: its name, its options and how it is made. */
typedef struct gan_optimizer_kind {
    const char *name; /* in messages between "gan_" and "_create", and in files */
    const gan_field *fields;
    int field_count;
    size_t options_size;
    gan_status (*create)(gan_optimizer **optimizer, gan_network *network, const void *options);
} gan_optimizer_kind;

/* An optimizer is one sweep over the block of a network's parameters; a type is what it does to a range of them. */
typedef struct gan_optimizer_type {
    const gan_optimizer_kind *kind;
    const char *state_names[GAN_OPTIMIZER_STATES]; /* of the numbers remembered */
    int states;                                    /* numbers remembered for each parameter */
    bool has_beta2;
    gan_range_task update; /* argument: the optimizer, its steps counting this one */
} gan_optimizer_type;

/* What schedules make of a step. */
typedef struct gan_optimizer_moment {
    float rate, beta2;
    double beta2_product; /* of this step's and all before it */
    uint64_t steps;       /* those that the product is of */
} gan_optimizer_moment;

/* Each kind's options; all begin with size and rate. */
typedef union gan_optimizer_options {
    struct {
        size_t size;
        float rate;
    } any;
    gan_sgd_options sgd;
    gan_rmsprop_options rmsprop;
    gan_adamw_options adam; /* Adam is AdamW without decay */
} gan_optimizer_options;

struct gan_optimizer {
    atomic_int references;
    const gan_optimizer_type *type;
    gan_network *network;
    float rate, beta2; /* as they were set; beta2 of types that have one */
    gan_schedule rate_schedule, beta2_schedule;
    uint64_t steps;
    gan_optimizer_moment now;
    gan_tensor *state[GAN_OPTIMIZER_STATES]; /* each like the block of parameters */
    gan_optimizer_options options; /* as the create function read them; the rate that counts is the one above */
};

/* Makes the handle with zero states; the type's create function sets rate and options. */
gan_status gan_optimizer_create(gan_optimizer **optimizer, gan_network *network, const gan_optimizer_type *type);
gan_optimizer *gan_optimizer_retain(gan_optimizer *optimizer);

/* registry.c: the kind of this name, or NULL. */
extern const gan_optimizer_kind gan_sgd_kind, gan_rmsprop_kind, gan_adam_kind, gan_adamw_kind;
const gan_optimizer_kind *gan_optimizer_kind_named(const char *name);

/* The range's parameters, gradients and states, for update functions. */
typedef struct gan_optimizer_range {
    float *weight, *state[GAN_OPTIMIZER_STATES]; /* NULL: a state that the type does not have */
    const float *gradient;
    int64_t count;
} gan_optimizer_range;
gan_optimizer_range gan_optimizer_range_of(const gan_optimizer *optimizer, int64_t begin, int64_t end);

#endif
