/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_GAME_H
#define TESTS_UNIT_GAME_H

#include "support.h"

/* Classes of real pictures in games with labels. */
#define GAME_CLASSES 3

#define GAME_PENALTIES 3

/* A small game on 8x8 pictures, with the kinds of layers that the reference game has. Members that could not be made
 * are NULL. */
typedef struct game {
    gan_network *g, *d;
    gan_optimizer *g_adam, *d_adam;
    gan_session_options options; /* of the session */
    gan_penalty_options penalties[GAME_PENALTIES];
    gan_augment *augment; /* NULL where the game has none */
    gan_ema *ema;
    gan_session *session;
} game;

typedef struct game_options {
    gan_session_options play;                      /* but for size, networks and optimizers */
    int g_labels, d_labels;                        /* width of the label input, 1 or GAME_CLASSES; 0: none */
    bool classifier;                               /* D's output 1: GAME_CLASSES logits */
    bool features;                                 /* D's last output: a layer that others read, too */
    bool augment;                                  /* every policy, adaptive and quick to move */
    bool average;                                  /* of G */
    gan_penalty_options penalties[GAME_PENALTIES]; /* but for size; kind 0 ends them */
} game_options;

/* The first error stops it; what was made is there to be freed. */
gan_status make_game(game *game, gan_context *context, game_options options);
void free_game(game *game);

/* Real pictures of step `number`. */
void fill_real(gan_context *context, gan_tensor *real, int number);

/* Labels of step `number`, all classes in them. */
void fill_labels(gan_tensor *labels, int number);

/* The bits of all parameters and buffers of both networks, and of the average, as one number. */
uint64_t game_bits(const game *game);

#endif
