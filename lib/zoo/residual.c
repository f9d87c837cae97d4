/* SPDX-License-Identifier: BSD-2-Clause */
#include "zoo/zoo.h"

#define HE                                \
    {                                     \
        .kind = GAN_INITIALIZER_HE_NORMAL \
    }

/* Glorot's with the gain of a relu in the blocks, as SNGAN's authors have it. */
#define GLOROT_RELU                                                  \
    {                                                                \
        .kind = GAN_INITIALIZER_GLOROT_UNIFORM, .scale = 1.41421356f \
    }

gan_node *gan_residual_generator(gan_node *z, gan_game_size size, gan_initializer block_weights)
{
    gan_node *x = gan_reshape(gan_linear(z, .units = 16 * size.width), .shape = {4, 4, size.width});
    for (int extent = 4; extent < size.pixels; extent *= 2)
        x = gan_residual_block(x, .filters = size.width, .resample = GAN_RESAMPLE_UP, .norm = GAN_BLOCK_NORM_BATCH,
                               .weights = block_weights);
    x = gan_relu(gan_batch_norm(x));
    return gan_tanh(gan_conv2d(x, .filters = 3, .kernel = 3, .padding = GAN_PADDING_SAME));
}

gan_node *gan_residual_discriminator(gan_node *x, gan_game_size size, gan_initializer block_weights, bool spectral_norm,
                                     bool sum)
{
    for (int extent = size.pixels; extent > 8; extent /= 2)
        x = gan_residual_block(x, .filters = size.width, .resample = GAN_RESAMPLE_DOWN, .first = extent == size.pixels,
                               .weights = block_weights, .spectral_norm = spectral_norm);
    for (int i = 0; i < 2; i++)
        x = gan_residual_block(x, .filters = size.width, .weights = block_weights, .spectral_norm = spectral_norm);
    x = gan_relu(x);
    x = sum ? gan_global_sum_pool(x) : gan_global_average_pool(x);
    return gan_linear(x, .units = 1, .spectral_norm = spectral_norm);
}

static gan_node *sngan_generator(gan_node *z, gan_game_size size)
{
    return gan_residual_generator(z, (gan_game_size){size.pixels, 2 * size.width, size.latents},
                                  (gan_initializer)GLOROT_RELU);
}

static gan_node *sngan_discriminator(gan_node *x, gan_game_size size)
{
    return gan_residual_discriminator(x, size, (gan_initializer)GLOROT_RELU, true, true);
}

/* Table 4 of the paper: G twice as wide as D, hinge loss, five D steps, rates that fall over 100,000 G steps. */
const gan_recipe gan_recipe_sngan = {
    .name = "sngan",
    .about = "SNGAN: residual networks, spectral normalization in D, hinge loss (Miyato et al. 2018)",
    .width = 128,
    .latents = 128,
    .weights = {.kind = GAN_INITIALIZER_GLOROT_UNIFORM, .scale = 1},
    .generator = sngan_generator,
    .discriminator = sngan_discriminator,
    .loss = "hinge",
    .discriminator_steps = 5,
    .rate = 2e-4f,
    .beta1 = GAN_ZERO,
    .beta2 = 0.9f,
    .decay_steps = 100000,
};

static gan_node *wgan_generator(gan_node *z, gan_game_size size)
{
    return gan_residual_generator(z, size, (gan_initializer)HE);
}

static gan_node *wgan_discriminator(gan_node *x, gan_game_size size)
{
    return gan_residual_discriminator(x, size, (gan_initializer)HE, false, false);
}

/* Appendix F of the paper and its program for CIFAR-10. */
const gan_recipe gan_recipe_wgan_gp = {
    .name = "wgan_gp",
    .about = "WGAN-GP: residual networks, Wasserstein loss with gradient penalty (Gulrajani et al. 2017)",
    .width = 128,
    .latents = 128,
    .weights = {.kind = GAN_INITIALIZER_GLOROT_UNIFORM, .scale = 1},
    .generator = wgan_generator,
    .discriminator = wgan_discriminator,
    .loss = "wasserstein",
    .discriminator_steps = 5,
    .rate = 2e-4f,
    .beta1 = GAN_ZERO,
    .beta2 = 0.9f,
    .decay_steps = 100000,
    .penalties = {{.kind = GAN_PENALTY_WGAN_GP, .weight = 10}},
};
