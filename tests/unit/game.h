/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_GAME_H
#define TESTS_UNIT_GAME_H

#include "support.h"

/* A small game on 8x8 pictures, with the kinds of layers that the reference game has. Members that could not be made
 * are NULL. */
typedef struct game {
    gan_network *g, *d;
    gan_optimizer *g_adam, *d_adam;
    gan_session *session;
} game;

typedef struct game_options {
    float smoothing;
    int discriminator_steps;
} game_options;

/* The first error stops it; what was made is there to be freed. */
gan_status make_game(game *game, gan_context *context, game_options options);
void free_game(game *game);

/* Real pictures of step `number`. */
void fill_real(gan_context *context, gan_tensor *real, int number);

/* The bits of all parameters and buffers of both networks as one number. */
uint64_t game_bits(const game *game);

#endif
