/* SPDX-License-Identifier: BSD-2-Clause */
#include "game16.h"

#define WEIGHTS                                        \
    {                                                  \
        .kind = GAN_INITIALIZER_NORMAL, .scale = 0.02f \
    }

static gan_node *norm_relu(gan_node *x)
{
    x = gan_batch_norm(x, .gamma = {.kind = GAN_INITIALIZER_NORMAL, .mean = 1, .scale = 0.02f});
    return gan_relu(x);
}

static gan_node *up(gan_node *x, int filters, int stride)
{
    return gan_conv2d_transpose(x, .filters = filters, .kernel = 4, .stride = stride, .padding = GAN_PADDING_SAME);
}

static gan_node *down(gan_node *x, int filters, int stride)
{
    return gan_conv2d(x, .filters = filters, .kernel = 4, .stride = stride, .padding = GAN_PADDING_SAME);
}

gan_status game16_generator(gan_network **network, gan_context *context, int zed, int ngf)
{
    gan_status status = gan_network_create(network, context, gan_network_options(.name = "G", .weights = WEIGHTS));
    if (status != GAN_OK) return status;
    gan_node *x = gan_input(*network, zed);
    x = gan_reshape(x, .shape = {1, 1, zed});
    x = norm_relu(gan_conv2d_transpose(x, .filters = 8 * ngf, .kernel = 2)); /* 2x2 */
    x = norm_relu(up(x, 4 * ngf, 2));                                        /* 4x4 */
    x = norm_relu(up(x, 2 * ngf, 2));                                        /* 8x8 */
    x = gan_relu(up(x, ngf, 2));                                             /* 16x16 */
    x = gan_tanh(up(x, 3, 1));
    gan_network_output(*network, x);
    return gan_network_build(*network);
}

gan_status game16_discriminator(gan_network **network, gan_context *context, int ndf)
{
    gan_status status = gan_network_create(network, context, gan_network_options(.name = "D", .weights = WEIGHTS));
    if (status != GAN_OK) return status;
    gan_node *x = gan_input(*network, 16, 16, 3);
    x = gan_concat_diff(gan_relu(down(x, ndf, 1)));      /* 16x16 */
    x = gan_concat_diff(norm_relu(down(x, 2 * ndf, 2))); /* 8x8 */
    x = gan_concat_diff(norm_relu(down(x, 4 * ndf, 2))); /* 4x4 */
    x = gan_concat_diff(norm_relu(down(x, 8 * ndf, 2))); /* 2x2 */
    gan_network_output(*network, gan_conv2d(x, .filters = 1, .kernel = 2));
    return gan_network_build(*network);
}

gan_status game16_create(game16 *game, gan_context *context)
{
    const gan_adam_options *adam = gan_adam_options(.rate = 2e-4f, .beta1 = 0.5f);
    *game = (game16){NULL, NULL, NULL, NULL};
    gan_status status = game16_generator(&game->generator, context, GAME16_ZED, GAME16_NGF);
    if (status == GAN_OK) status = game16_discriminator(&game->discriminator, context, GAME16_NDF);
    if (status == GAN_OK) status = gan_adam_create(&game->generator_optimizer, game->generator, adam);
    if (status == GAN_OK) status = gan_adam_create(&game->discriminator_optimizer, game->discriminator, adam);
    return status;
}

void game16_free(game16 *game)
{
    gan_optimizer_free(&game->discriminator_optimizer);
    gan_optimizer_free(&game->generator_optimizer);
    gan_network_free(&game->discriminator);
    gan_network_free(&game->generator);
}

gan_status game16_session(gan_session **session, const game16 *game)
{
    return gan_session_create(session,
                              gan_session_options(.generator = game->generator, .discriminator = game->discriminator,
                                                  .generator_optimizer = game->generator_optimizer,
                                                  .discriminator_optimizer = game->discriminator_optimizer,
                                                  .smoothing = GAME16_SMOOTHING));
}

static uint64_t hash_tensor(uint64_t hash, const gan_tensor *tensor)
{
    const unsigned char *byte = gan_tensor_data(tensor), *end = byte + gan_tensor_bytes(tensor);
    while (byte < end) hash = (hash ^ *byte++) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_network(uint64_t hash, const gan_network *network)
{
    for (int i = 0; i < gan_network_parameter_count(network); i++)
        hash = hash_tensor(hash, gan_network_parameter(network, i));
    for (int i = 0; i < gan_network_buffer_count(network); i++)
        hash = hash_tensor(hash, gan_network_buffer(network, i));
    return hash;
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo 1991), over parameters and running averages. */
uint64_t game16_checksum(const game16 *game)
{
    return hash_network(hash_network(UINT64_C(0xcbf29ce484222325), game->generator), game->discriminator);
}
