/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_BENCH_GAME_H
#define TESTS_BENCH_GAME_H

#include <gan/gan.h>

/* The reference game, and games of the same style for larger pictures: each doubling of the size is one more layer. */
typedef struct game {
    gan_network *g, *d;
    gan_optimizer *g_adam, *d_adam;
    gan_session *session;
} game;

#define GAME_LATENTS 100

/* size: 4, 8, 16, ... Ends the program when it fails. */
void game_create(game *made, gan_context *context, int size, int ngf, gan_scheme scheme);
void game_free(game *made);

#endif
