/* SPDX-License-Identifier: BSD-2-Clause */
#include "game.h"
#include "measure.h"

#define WEIGHTS                                        \
    {                                                  \
        .kind = GAN_INITIALIZER_NORMAL, .scale = 0.02f \
    }

static gan_node *norm(gan_node *x)
{
    return gan_batch_norm(x, .gamma = {.kind = GAN_INITIALIZER_NORMAL, .mean = 1, .scale = 0.02f});
}

static gan_node *up(gan_node *x, int filters, int stride)
{
    return gan_conv2d_transpose(x, .filters = filters, .kernel = 4, .stride = stride, .padding = GAN_PADDING_SAME);
}

static gan_node *down(gan_node *x, int filters, int stride)
{
    return gan_conv2d(x, .filters = filters, .kernel = 4, .stride = stride, .padding = GAN_PADDING_SAME);
}

static void make_generator(gan_network **g, gan_context *context, int size, int ngf)
{
    int filters = ngf * size / 2;
    must(gan_network_create(g, context, gan_network_options(.name = "G", .weights = WEIGHTS)));
    gan_node *x = gan_reshape(gan_input(*g, GAME_LATENTS), .shape = {1, 1, GAME_LATENTS});
    x = gan_relu(norm(gan_conv2d_transpose(x, .filters = filters, .kernel = 2)));
    for (int extent = 4; extent <= size; extent *= 2) {
        x = up(x, filters /= 2, 2);
        x = gan_relu(extent < size ? norm(x) : x);
    }
    gan_network_output(*g, gan_tanh(up(x, 3, 1)));
    must(gan_network_build(*g));
}

static void make_discriminator(gan_network **d, gan_context *context, int size, int ndf)
{
    must(gan_network_create(d, context, gan_network_options(.name = "D", .weights = WEIGHTS)));
    gan_node *x = gan_concat_diff(gan_relu(down(gan_input(*d, size, size, 3), ndf, 1)));
    for (int extent = size / 2, filters = 2 * ndf; extent >= 2; extent /= 2, filters *= 2)
        x = gan_concat_diff(gan_relu(norm(down(x, filters, 2))));
    gan_network_output(*d, gan_conv2d(x, .filters = 1, .kernel = 2));
    must(gan_network_build(*d));
}

void game_create(game *made, gan_context *context, int size, int ngf, gan_scheme scheme)
{
    const gan_adam_options *adam = gan_adam_options(.rate = 2e-4f, .beta1 = 0.5f);
    make_generator(&made->g, context, size, ngf);
    make_discriminator(&made->d, context, size, ngf);
    must(gan_adam_create(&made->g_adam, made->g, adam));
    must(gan_adam_create(&made->d_adam, made->d, adam));
    must(gan_session_create(&made->session, gan_session_options(.generator = made->g, .discriminator = made->d,
                                                                .generator_optimizer = made->g_adam,
                                                                .discriminator_optimizer = made->d_adam,
                                                                .smoothing = 0.1f, .scheme = scheme)));
}

void game_free(game *made)
{
    gan_session_free(&made->session);
    gan_optimizer_free(&made->d_adam);
    gan_optimizer_free(&made->g_adam);
    gan_network_free(&made->d);
    gan_network_free(&made->g);
}
