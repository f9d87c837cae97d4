/* SPDX-License-Identifier: BSD-2-Clause */
#include "game.h"

static gan_status make_generator(gan_network **network, gan_context *context, const game_options *options)
{
    gan_status status = gan_network_create(network, context, gan_network_options(.name = "generator"));
    if (status != GAN_OK) return status;
    gan_node *x = gan_input(*network, 10);
    if (options->g_labels) x = gan_concat(x, gan_linear(gan_input(*network, options->g_labels), .units = 4));
    x = gan_reshape(x, .shape = {1, 1, -1});
    x = gan_relu(gan_batch_norm(gan_conv2d_transpose(x, .filters = 9, .kernel = 4)));
    x = gan_conv2d_transpose(x, .filters = 3, .kernel = 4, .stride = 2, .padding = GAN_PADDING_SAME);
    gan_network_output(*network, gan_tanh(x));
    return gan_network_build(*network);
}

static gan_status make_discriminator(gan_network **network, gan_context *context, const game_options *options)
{
    gan_status status = gan_network_create(network, context, gan_network_options(.name = "discriminator"));
    if (status != GAN_OK) return status;
    gan_node *x =
        gan_conv2d(gan_input(*network, 8, 8, 3), .filters = 6, .kernel = 4, .stride = 2, .padding = GAN_PADDING_SAME);
    gan_node *features = gan_leaky_relu(gan_batch_norm(x));
    x = gan_flatten(gan_concat_diff(features));
    gan_node *told = x;
    if (options->d_labels) { /* the gradient by the picture, too, depends on the label */
        told = gan_concat(x, gan_linear(gan_input(*network, options->d_labels), .units = 5));
        told = gan_tanh(gan_linear(told, .units = 7));
    }
    gan_network_output(*network, gan_linear(told, .units = 1));
    if (options->classifier) gan_network_output(*network, gan_linear(x, .units = GAME_CLASSES));
    if (options->features) gan_network_output(*network, features);
    return gan_network_build(*network);
}

/* What is added to a session when there is one. */
static gan_status add_to_game(game *made, gan_context *context, const game_options *options)
{
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < GAME_PENALTIES && options->penalties[i].kind; i++) {
        made->penalties[i] = options->penalties[i];
        made->penalties[i].size = sizeof made->penalties[i];
        status = gan_session_add_penalty(made->session, &made->penalties[i]);
    }
    if (status == GAN_OK && options->augment)
        status = gan_augment_create(
            &made->augment, context,
            gan_augment_options(.policies = 15, .probability = 0.7f, .adaptive = true, .interval = 2, .ramp = 60));
    if (status == GAN_OK && options->augment) status = gan_session_set_augment(made->session, made->augment);
    if (status == GAN_OK && options->average)
        status = gan_ema_create(&made->ema, made->g, gan_ema_options(.half_life = 20));
    if (status == GAN_OK && options->average) status = gan_session_set_ema(made->session, made->ema);
    return status;
}

gan_status make_game(game *made, gan_context *context, game_options options)
{
    *made = (game){0};
    gan_status status = make_generator(&made->g, context, &options);
    if (status == GAN_OK) status = make_discriminator(&made->d, context, &options);
    if (status == GAN_OK)
        status = gan_adam_create(&made->g_adam, made->g, gan_adam_options(.rate = 2e-4f, .beta1 = 0.5f));
    if (status == GAN_OK)
        status = gan_adam_create(&made->d_adam, made->d, gan_adam_options(.rate = 2e-4f, .beta1 = 0.5f));
    if (status != GAN_OK) return status;
    made->options = options.play;
    made->options.size = sizeof made->options;
    made->options.generator = made->g;
    made->options.discriminator = made->d;
    made->options.generator_optimizer = made->g_adam;
    made->options.discriminator_optimizer = made->d_adam;
    status = gan_session_create(&made->session, &made->options);
    return status == GAN_OK ? add_to_game(made, context, &options) : status;
}

void free_game(game *made)
{
    gan_session_free(&made->session);
    gan_ema_free(&made->ema);
    gan_augment_free(&made->augment);
    gan_optimizer_free(&made->d_adam);
    gan_optimizer_free(&made->g_adam);
    gan_network_free(&made->d);
    gan_network_free(&made->g);
}

void fill_real(gan_context *context, gan_tensor *real, int number)
{
    uint64_t position = (uint64_t)number << 32;
    ok(gan_random_uniform(context, GAN_STREAM_USER, &position, real, -1, 1));
}

void fill_labels(gan_tensor *labels, int number)
{
    for (int64_t i = 0; i < gan_tensor_count(labels); i++) numbers(labels)[i] = (int32_t)(i + number) % GAME_CLASSES;
}

static uint64_t mix(uint64_t hash, const gan_tensor *tensor)
{
    const unsigned char *bytes = gan_tensor_data(tensor);
    for (size_t i = 0; i < gan_tensor_bytes(tensor); i++) hash = (hash ^ bytes[i]) * 0x100000001b3u; /* FNV-1a */
    return hash;
}

uint64_t game_bits(const game *made)
{
    const gan_network *networks[] = {made->g, made->d, gan_ema_network(made->ema)};
    uint64_t hash = 0xcbf29ce484222325u;
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < gan_network_parameter_count(networks[k]); i++)
            hash = mix(hash, gan_network_parameter(networks[k], i));
        for (int i = 0; i < gan_network_buffer_count(networks[k]); i++)
            hash = mix(hash, gan_network_buffer(networks[k], i));
    }
    return hash;
}
