/* SPDX-License-Identifier: BSD-2-Clause */
#include "zoo/zoo.h"

/* SNDCGAN: the convolutional networks of Miyato, Kataoka, Koyama, Yoshida 2018 (their table 3, setting C), whose
 * discriminator is held by spectral normalization alone. Width 64 is the paper's, for 32 pixels. */

static gan_node *norm_relu(gan_node *x)
{
    return gan_relu(gan_batch_norm(x, .epsilon = 2e-5f));
}

static gan_node *up(gan_node *x, int filters)
{
    x = gan_conv2d_transpose(x, .filters = filters, .kernel = 4, .stride = 2, .padding = GAN_PADDING_SAME);
    return norm_relu(x);
}

static gan_node *generator(gan_node *z, gan_game_size size)
{
    int base = size.pixels / 8, w = size.width;
    gan_node *x = gan_linear(z, .units = base * base * 8 * w);
    x = norm_relu(gan_reshape(x, .shape = {base, base, 8 * w}));
    x = up(up(up(x, 4 * w), 2 * w), w);
    return gan_tanh(gan_conv2d(x, .filters = 3, .kernel = 3, .padding = GAN_PADDING_SAME));
}

static gan_node *conv(gan_node *x, int filters, int kernel, int stride)
{
    x = gan_conv2d(x, .filters = filters, .kernel = kernel, .stride = stride, .padding = GAN_PADDING_SAME,
                   .spectral_norm = true);
    return gan_leaky_relu(x, .slope = 0.1f);
}

static gan_node *discriminator(gan_node *x, gan_game_size size)
{
    int w = size.width;
    x = conv(conv(x, w, 3, 1), w, 4, 2);
    x = conv(conv(x, 2 * w, 3, 1), 2 * w, 4, 2);
    x = conv(conv(x, 4 * w, 3, 1), 4 * w, 4, 2);
    x = conv(x, 8 * w, 3, 1);
    return gan_linear(gan_flatten(x), .units = 1, .spectral_norm = true);
}

const gan_recipe gan_recipe_sndcgan = {
    .name = "sndcgan",
    .about = "SNDCGAN: convolutions with spectral normalization in D (Miyato et al. 2018)",
    .width = 64,
    .latents = 128,
    .weights = {.kind = GAN_INITIALIZER_NORMAL, .scale = 0.02f},
    .generator = generator,
    .discriminator = discriminator,
    .loss = "non_saturating",
    .discriminator_steps = 1,
    .rate = 2e-4f,
    .beta1 = 0.5f,
    .beta2 = 0.999f,
};
