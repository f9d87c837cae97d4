/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_ZOO_ZOO_H
#define GAN_ZOO_ZOO_H

#include <gan/gan.h>

/* A recipe is a table beside the functions that build its networks, and a line in zoo.c. Recipes that share networks
 * share a file. */

typedef struct gan_game_size {
    int pixels, width, latents;
} gan_game_size;

typedef struct gan_recipe {
    const char *name, *about;
    int width, latents;      /* defaults */
    gan_initializer weights; /* of layers that the builders give none */
    /* Add the layers from the latents to the picture, and from the picture to the logit. */
    gan_node *(*generator)(gan_node *z, gan_game_size size);
    gan_node *(*discriminator)(gan_node *x, gan_game_size size);
    const char *loss; /* for gan_adversarial_loss_find() */
    float smoothing;
    int discriminator_steps;
    float rate, beta1, beta2;
    int64_t decay_steps; /* the rate falls to 0 in a straight line over so many G steps; 0: it stays */
    gan_penalty_options penalties[2];
    int64_t half_life; /* of G's average, in pictures; 0: none */
} gan_recipe;

extern const gan_recipe gan_recipe_dcgan;
extern const gan_recipe gan_recipe_sndcgan;
extern const gan_recipe gan_recipe_sngan;
extern const gan_recipe gan_recipe_wgan_gp;
extern const gan_recipe gan_recipe_r3gan;

#endif
