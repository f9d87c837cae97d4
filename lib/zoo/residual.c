/* SPDX-License-Identifier: BSD-2-Clause */
#include "zoo/zoo.h"

/* The residual networks for CIFAR-10 of Gulrajani et al. 2017, and Miyato et al. 2018 after them. Blocks begin with the
 * deviation sqrt(4 / (fan_in + fan_out)), all else with Glorot's. */

#define BLOCK_WEIGHTS                                                \
    {                                                                \
        .kind = GAN_INITIALIZER_GLOROT_UNIFORM, .scale = 1.41421356f \
    }

/* Where the two papers differ. */
struct style {
    int generator_width; /* times the width */
    float epsilon;       /* of batch norm */
    bool spectral_norm;
    gan_node *(*pool)(gan_node *x); /* over the places, before D's last layer */
    bool no_bias;                   /* in that */
};

static gan_node *batch_norm(gan_node *x, void *epsilon)
{
    return gan_batch_norm(x, .epsilon = *(float *)epsilon);
}

/* A 4x4 map from the latents, one block for each doubling, and a picture. */
static gan_node *generator(gan_node *z, gan_game_size size, struct style style)
{
    int width = style.generator_width * size.width;
    gan_node *x = gan_reshape(gan_linear(z, .units = 16 * width), .shape = {4, 4, width});
    for (int extent = 4; extent < size.pixels; extent *= 2)
        x = gan_residual_block(x, .filters = width, .resample = GAN_RESAMPLE_UP, .normalize = batch_norm,
                               .argument = &style.epsilon, .weights = BLOCK_WEIGHTS);
    x = gan_relu(batch_norm(x, &style.epsilon));
    return gan_tanh(gan_conv2d(x, .filters = 3, .kernel = 3, .padding = GAN_PADDING_SAME));
}

/* Halved down to 8x8, then two blocks more. */
static gan_node *discriminator(gan_node *x, gan_game_size size, struct style style)
{
    for (int extent = size.pixels; extent > 8; extent /= 2)
        x = gan_residual_block(x, .filters = size.width, .resample = GAN_RESAMPLE_DOWN, .first = extent == size.pixels,
                               .weights = BLOCK_WEIGHTS, .spectral_norm = style.spectral_norm);
    for (int i = 0; i < 2; i++)
        x = gan_residual_block(x, .filters = size.width, .weights = BLOCK_WEIGHTS,
                               .spectral_norm = style.spectral_norm);
    return gan_linear(style.pool(gan_relu(x)), .units = 1, .spectral_norm = style.spectral_norm,
                      .no_bias = style.no_bias);
}

static gan_node *sum_pool(gan_node *x)
{
    return gan_global_sum_pool(x);
}

static const struct style sngan = {
    .generator_width = 2, .epsilon = 2e-5f, .spectral_norm = true, .pool = sum_pool, .no_bias = true};

static gan_node *sngan_generator(gan_node *z, gan_game_size size)
{
    return generator(z, size, sngan);
}

static gan_node *sngan_discriminator(gan_node *x, gan_game_size size)
{
    return discriminator(x, size, sngan);
}

/* Table 4 of the paper, and its authors' program: hinge loss, five D steps, rates that fall over 50,000 G steps. */
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
    .decay_steps = 50000,
};

static gan_node *average_pool(gan_node *x)
{
    return gan_global_average_pool(x);
}

static const struct style wgan = {.generator_width = 1, .epsilon = 1e-5f, .pool = average_pool};

static gan_node *wgan_generator(gan_node *z, gan_game_size size)
{
    return generator(z, size, wgan);
}

static gan_node *wgan_discriminator(gan_node *x, gan_game_size size)
{
    return discriminator(x, size, wgan);
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
