/* SPDX-License-Identifier: BSD-2-Clause */
#include "zoo/zoo.h"

#include <math.h>

/* In the style of R3GAN (Huang, Gokaslan, Kuleshov, Tompkin 2024): no norms, blocks of 1x1, grouped 3x3 and 1x1
 * convolutions whose last one begins with zeros (Fixup; Zhang, Dauphin, Ma 2019), bilinear resampling, leaky relus, the
 * relativistic pairing loss and both zero-centred gradient penalties. The paper's networks are deeper and far wider. */

#define GROUP 16 /* channels of a group */

/* The gain of a leaky relu of slope 0.2, shared by the two layers of the L blocks of a network that begin with other
 * weights than zeros: sqrt(2 / 1.04) * L^(-1/4) over the root of the fan-in. */
static gan_initializer block_weights(int blocks)
{
    return (gan_initializer){.kind = GAN_INITIALIZER_HE_NORMAL, .scale = 0.980581f / sqrtf(sqrtf((float)blocks))};
}

static int blocks_of(int pixels)
{
    int blocks = 1;
    for (int extent = 4; extent < pixels; extent *= 2) blocks++;
    return blocks;
}

/* Biases are where an activation follows. */
static gan_node *block(gan_node *x, gan_game_size size)
{
    int w = size.width, groups = w % GROUP == 0 ? w / GROUP : 1;
    gan_initializer weights = block_weights(blocks_of(size.pixels));
    gan_node *y = gan_leaky_relu(gan_conv2d(x, .filters = w, .kernel = 1, .weights = weights));
    y = gan_conv2d(y, .filters = w, .kernel = 3, .padding = GAN_PADDING_SAME, .groups = groups, .weights = weights);
    y = gan_conv2d(gan_leaky_relu(y), .filters = w, .kernel = 1, .no_bias = true,
                   .weights = {.kind = GAN_INITIALIZER_ZEROS});
    return gan_add(x, y);
}

/* Each channel begins as a picture of its own of 4x4, times a number that the latents give. */
static gan_node *generator(gan_node *z, gan_game_size size)
{
    int w = size.width;
    gan_node *x = gan_reshape(gan_linear(z, .units = w, .no_bias = true), .shape = {1, 1, w});
    x = gan_conv2d_transpose(x, .filters = w, .kernel = 4, .groups = w, .no_bias = true,
                             .weights = {.kind = GAN_INITIALIZER_NORMAL, .scale = 1});
    x = block(x, size);
    for (int extent = 4; extent < size.pixels; extent *= 2)
        x = block(gan_upsample(x, .factor = 2, .interpolation = GAN_INTERPOLATION_BILINEAR), size);
    return gan_conv2d(x, .filters = 3, .kernel = 1, .no_bias = true);
}

static gan_node *discriminator(gan_node *x, gan_game_size size)
{
    int w = size.width;
    x = block(gan_conv2d(x, .filters = w, .kernel = 1, .no_bias = true), size);
    for (int extent = size.pixels; extent > 4; extent /= 2)
        x = block(gan_average_pool(x, .kernel = 2, .stride = 2), size);
    x = gan_conv2d(x, .filters = w, .kernel = 4, .groups = w, .no_bias = true);
    return gan_linear(gan_flatten(x), .units = 1, .no_bias = true);
}

const gan_recipe gan_recipe_r3gan = {
    .name = "r3gan",
    .about = "in the style of R3GAN: no norms, relativistic pairing loss, R1 and R2 (Huang et al. 2024)",
    .width = 128,
    .latents = 64,
    .weights = {.kind = GAN_INITIALIZER_HE_NORMAL, .scale = 0.70710678f}, /* 1 / sqrt(fan_in) */
    .generator = generator,
    .discriminator = discriminator,
    .loss = "relativistic_pairing",
    .discriminator_steps = 1,
    .rate = 2e-4f,
    .beta1 = GAN_ZERO,
    .beta2 = 0.99f,
    .penalties = {{.kind = GAN_PENALTY_R1, .weight = 0.05f}, {.kind = GAN_PENALTY_R2, .weight = 0.05f}},
    .half_life = 100000,
};
