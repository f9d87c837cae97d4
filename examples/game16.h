/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_GAME16_H
#define EXAMPLES_GAME16_H

#include <gan/gan.h>

/* The reference game: a DCGAN generator G against a discriminator D with concat_diff, on 16x16 colour pictures,
 * each with Adam. */
#define GAME16_ZED       100 /* numbers in a latent */
#define GAME16_NGF       16  /* G's filters in the layer before the last; the ones before have 2, 4 and 8 times that */
#define GAME16_NDF       16  /* D's filters in the first layer; the next ones have 2, 4 and 8 times that */
#define GAME16_SMOOTHING 0.1f

typedef struct game16 {
    gan_network *generator, *discriminator;
    gan_optimizer *generator_optimizer, *discriminator_optimizer;
} game16;

/* The networks alone, built: latents [N, zed] to pictures [N,16,16,3], and those to logits [N,1,1,1]. The caller frees
 * the network, after an error too. */
gan_status game16_generator(gan_network **network, gan_context *context, int zed, int ngf);
gan_status game16_discriminator(gan_network **network, gan_context *context, int ndf);

/* Everything that a session needs, in the sizes above. The caller frees the game, after an error too. */
gan_status game16_create(game16 *game, gan_context *context);
void game16_free(game16 *game);

/* A session that plays the game. */
gan_status game16_session(gan_session **session, const game16 *game);

/* A number that tells whether two games have learned the same, bit for bit. */
uint64_t game16_checksum(const game16 *game);

#endif
