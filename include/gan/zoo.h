/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_ZOO_H
#define GAN_ZOO_H

#include <gan/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Published games, ready to be trained: the two networks, and a session with the loss, optimizers and penalties
 * that their authors give; r3gan's has an average of G, too. docs/recipes.md has a table, and what each makes of
 * CIFAR-10. For pictures of other sizes than the paper's the networks have fewer or more of the same stages.
 *
 * What `width` counts, and its default:
 *     dcgan16 (16)   filters of D's first convolution. They double with every halving of the picture; G begins with
 *                    width * pixels / 2 and halves them likewise
 *     sndcgan (64)   filters of D's first convolution and of G's last stage; the deepest ones have 8 times as many
 *     sngan (128)    filters of D's blocks; those of G have twice as many
 *     wgan_gp (128)  filters of all blocks of G and D
 *     r3gan (128)    the same */
typedef struct gan_zoo_options {
    size_t size;
    const char *recipe; /* one of gan_zoo_name(); required */
    int pixels;         /* height and width of the pictures: 16, 32 or 64; default 16 */
    int width;          /* what it counts is told above; 1..1024; default the recipe's */
    int latents;        /* 1..4096; default the recipe's */
    int reserved;       /* 0 */
} gan_zoo_options;
#ifndef __cplusplus
#define gan_zoo_options(...) (&(gan_zoo_options){.size = sizeof(gan_zoo_options), __VA_ARGS__})
#endif

/* The recipes' names, 0..gan_zoo_count()-1, and a line about each: who, when, what. NULL out of range. Constant. */
GAN_API int gan_zoo_count(void);
GAN_API const char *gan_zoo_name(int index);
GAN_API const char *gan_zoo_about(int index);

/* Make a recipe's network, built: the generator [latents] -> [pixels,pixels,3], the discriminator from there to the
 * logit [1]. The caller owns the result and frees it with gan_network_free(). GAN_ERROR_INVALID_ARGUMENT: a NULL, a
 * recipe that is none (the sentence lists them), a number out of range. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_zoo_generator(gan_network **network, gan_context *context, const gan_zoo_options *options);
GAN_API gan_status gan_zoo_discriminator(gan_network **network, gan_context *context, const gan_zoo_options *options);

/* Makes the whole game: both networks, their optimizers, the session with the recipe's loss, penalties and, where it
 * has one, average of G. gan_session_generator() and the like lend its parts. The caller owns the session and frees it
 * with gan_session_free(). Errors as above. */
GAN_API gan_status gan_zoo_session(gan_session **session, gan_context *context, const gan_zoo_options *options);

#ifdef __cplusplus
}
#endif
#endif
