/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_IO_TRAINING_H
#define TESTS_IO_TRAINING_H

#include "content.h"
#include "support.h"

#include <stddef.h>

/* Small trainings with whatever a training can have, for the tests of checkpoints. */

#define TRAINING_CLASSES   3
#define TRAINING_PENALTIES 3

typedef gan_status (*make_optimizer)(gan_optimizer **optimizer, gan_network *network);

typedef struct training_plan {
    const char *name;
    make_optimizer g_optimizer, d_optimizer; /* NULL: Adam */
    gan_session_options play;                /* but for size, networks, optimizers */
    const char *loss;                        /* of the library; NULL: play's */
    int labels;                              /* width of the label inputs; 0: none */
    bool classifier, features;               /* more outputs of D */
    gan_penalty_options penalties[TRAINING_PENALTIES];
    gan_augment_options augment; /* policies 0: none */
    gan_ema_options average;     /* half_life 0: none */
    bool schedules;              /* of rates, beta2, penalties and the average */
    bool plain;                  /* networks of one layer */
} training_plan;

gan_status sgd(gan_optimizer **optimizer, gan_network *network);
gan_status nesterov(gan_optimizer **optimizer, gan_network *network);
gan_status rmsprop(gan_optimizer **optimizer, gan_network *network);
gan_status rmsprop_of_all(gan_optimizer **optimizer, gan_network *network);
gan_status amsgrad(gan_optimizer **optimizer, gan_network *network);
gan_status adamw(gan_optimizer **optimizer, gan_network *network);

extern const training_plan plans[];
extern const int plan_count;

/* A game of two layers, whose file is small. */
extern const training_plan smallest;

/* A training under way. Members that could not be made are NULL. */
typedef struct training {
    gan_context *context; /* of the caller */
    gan_session *session;
    gan_dataset *data;
    gan_tensor *real, *labels; /* labels: NULL in games without */
    int accumulate;
} training;

/* The first error stops it; what was made is there to be freed. */
gan_status training_start(training *t, gan_context *context, const training_plan *plan);

/* All but the session. */
gan_status training_prepare(training *t, gan_context *context, const training_plan *plan);
gan_status training_go_on(training *t, int steps);
void training_stop(training *t);

#endif
