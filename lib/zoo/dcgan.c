/* SPDX-License-Identifier: BSD-2-Clause */
#include "zoo/zoo.h"

/* The reference game of this library: DCGAN (Radford, Metz, Chintala 2016) with batch discrimination by concat_diff and
 * one-sided label smoothing. At 16 pixels and width 16 they are G and D of examples/game16.c. */

static gan_node *norm_relu(gan_node *x)
{
    x = gan_batch_norm(x, .gamma = {.kind = GAN_INITIALIZER_NORMAL, .mean = 1, .scale = 0.02f});
    return gan_relu(x);
}

static gan_node *generator(gan_node *z, gan_game_size size)
{
    int filters = size.width * size.pixels / 2;
    gan_node *x = gan_reshape(z, .shape = {1, 1, size.latents});
    x = norm_relu(gan_conv2d_transpose(x, .filters = filters, .kernel = 2));
    for (int extent = 4; extent <= size.pixels; extent *= 2) {
        filters /= 2;
        x = gan_conv2d_transpose(x, .filters = filters, .kernel = 4, .stride = 2, .padding = GAN_PADDING_SAME);
        x = extent < size.pixels ? norm_relu(x) : gan_relu(x);
    }
    return gan_tanh(gan_conv2d_transpose(x, .filters = 3, .kernel = 4, .padding = GAN_PADDING_SAME));
}

static gan_node *discriminator(gan_node *x, gan_game_size size)
{
    int filters = size.width;
    x = gan_conv2d(x, .filters = filters, .kernel = 4, .padding = GAN_PADDING_SAME);
    x = gan_concat_diff(gan_relu(x));
    for (int extent = size.pixels / 2; extent >= 2; extent /= 2) {
        filters *= 2;
        x = gan_conv2d(x, .filters = filters, .kernel = 4, .stride = 2, .padding = GAN_PADDING_SAME);
        x = gan_concat_diff(norm_relu(x));
    }
    return gan_flatten(gan_conv2d(x, .filters = 1, .kernel = 2));
}

const gan_recipe gan_recipe_dcgan = {
    .name = "dcgan16",
    .about =
        "DCGAN with concat_diff and one-sided smoothing, this library's reference game (after Radford et al. 2016)",
    .width = 16,
    .latents = 100,
    .weights = {.kind = GAN_INITIALIZER_NORMAL, .scale = 0.02f},
    .generator = generator,
    .discriminator = discriminator,
    .loss = "non_saturating",
    .smoothing = 0.1f,
    .discriminator_steps = 1,
    .rate = 2e-4f,
    .beta1 = 0.5f,
    .beta2 = 0.999f,
};
