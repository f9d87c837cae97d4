/* SPDX-License-Identifier: BSD-2-Clause */
#include <gan/gan.h>
#include <stdio.h>
#include <stdlib.h>

#define CONV(F) .filters = F, .kernel = 4, .stride = 2, .padding = GAN_PADDING_SAME

static void check(gan_status status)
{
    if (status == GAN_OK) return;
    fprintf(stderr, "%s\n", gan_last_error());
    exit(EXIT_FAILURE);
}

int main(void)
{
    if (!gan_has_feature("png")) {
        fputs("samples.png needs a libgan that was built with libpng\n", stderr);
        return EXIT_FAILURE;
    }
    gan_context *context;
    check(gan_context_create(&context, gan_context_options(.threads = GAN_THREADS_ALL)));
    gan_network *g, *d;
    check(gan_network_create(&g, context, NULL));
    check(gan_network_create(&d, context, NULL));

    gan_node *x = gan_reshape(gan_linear(gan_input(g, 64), .units = 4 * 4 * 64), .shape = {4, 4, 64});
    x = gan_conv2d_transpose(gan_relu(gan_batch_norm(x)), CONV(32));
    x = gan_conv2d_transpose(gan_relu(gan_batch_norm(x)), CONV(3));
    gan_network_output(g, gan_tanh(x));
    check(gan_network_build(g));

    x = gan_leaky_relu(gan_conv2d(gan_input(d, 16, 16, 3), CONV(32)));
    x = gan_concat_diff(gan_leaky_relu(gan_conv2d(x, CONV(64))));
    gan_network_output(d, gan_linear(gan_flatten(x), .units = 1));
    check(gan_network_build(d));

    gan_session_options game = {.size = sizeof game, .generator = g, .discriminator = d, .smoothing = 0.1f};
    check(gan_adam_create(&game.generator_optimizer, g, gan_adam_options(.rate = 2e-4f, .beta1 = 0.5f)));
    check(gan_adam_create(&game.discriminator_optimizer, d, gan_adam_options(.rate = 2e-4f, .beta1 = 0.5f)));
    gan_session *session;
    check(gan_session_create(&session, &game));

    gan_dataset *data;
    gan_tensor *images;
    check(gan_dataset_create_synthetic(&data, context, NULL));
    check(gan_tensor_create(&images, context, GAN_FLOAT32, GAN_SHAPE(64, 16, 16, 3)));
    for (int step = 0; step < 1000; step++) {
        check(gan_dataset_next(data, images, NULL));
        check(gan_session_step(session, images, NULL));
    }
    check(gan_session_sample(session, NULL, images));
    check(gan_image_write_png("samples.png", images, gan_grid_options(.scale = 4)));
}
