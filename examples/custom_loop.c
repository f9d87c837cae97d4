/* SPDX-License-Identifier: BSD-2-Clause */
/* The reference game from the library's parts: runs, losses, optimizers, random numbers. It ends with the same bits as
 * gan_session_step(), by which --session trains; both print a checksum of all that was learned. */
#include "game16.h"
#include "options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void check(gan_status status)
{
    if (status == GAN_OK) return;
    fprintf(stderr, "%s\n", gan_last_error());
    exit(EXIT_FAILURE);
}

/* A run's loss against one target; its gradient goes where gan_run_backward() looks for it. */
static float loss(gan_run *run, float target)
{
    float value;
    check(gan_loss_binary_cross_entropy(&value, gan_run_output_gradient(run, 0), gan_run_output(run, 0), target, NULL));
    return value;
}

/* One step. D looks at two batches in it, so that there are two runs of D. */
static void step(const game16 *game, gan_run *g, gan_run *d_real, gan_run *d_fake, const gan_tensor *latents,
                 const gan_tensor *real, gan_session_report *report)
{
    /* D learns to tell real from generated pictures. */
    check(gan_run_forward(g, latents));
    check(gan_run_forward(d_real, real));
    check(gan_run_forward(d_fake, gan_run_output(g, 0)));
    report->d_loss = loss(d_real, 1 - GAME16_SMOOTHING) + loss(d_fake, 0);
    check(gan_network_zero_gradients(game->discriminator));
    check(gan_run_backward(d_real, NULL, GAN_WANT_PARAMETERS));
    check(gan_run_backward(d_fake, NULL, GAN_WANT_PARAMETERS));
    check(gan_optimizer_step(game->discriminator_optimizer));

    /* G learns from what the new D says of the same pictures. */
    check(gan_run_forward(d_fake, gan_run_output(g, 0)));
    report->g_loss = loss(d_fake, 1);
    check(gan_run_backward(d_fake, NULL, GAN_WANT_INPUTS));
    check(gan_network_zero_gradients(game->generator));
    check(gan_run_backward(g, gan_run_input_gradient(d_fake, 0), GAN_WANT_PARAMETERS));
    check(gan_optimizer_step(game->generator_optimizer));
}

int main(int argc, char **argv)
{
    int64_t steps = 20, batch = 64, seed = 0, threads = 1;
    bool by_session = false;
    const option_line lines[] = {
        {"steps", OPTION_COUNT, &steps, 1, INT64_MAX, "N", "(20)"},
        {"batch", OPTION_COUNT, &batch, 1, 65536, "N", "pictures a step (64)"},
        {"seed", OPTION_COUNT, &seed, 0, INT64_MAX, "N", "of every random number (0)"},
        {"threads", OPTION_COUNT, &threads, 1, 256, "N", "(1)"},
        {"session", OPTION_FLAG, &by_session, 0, 0, NULL, "train by gan_session_step()"},
    };
    options_result options = options_read(argc, argv, "Trains the reference game on the synthetic pictures.", lines, 5);
    if (options != OPTIONS_OK) return options_exit(options);
    gan_context *context;
    gan_dataset *data;
    gan_tensor *real, *latents;
    gan_session *session;
    game16 game;
    gan_run *g, *d_real, *d_fake;
    check(gan_context_create(&context, gan_context_options(.threads = (int)threads, .seed = (uint64_t)seed)));
    check(gan_dataset_create_synthetic(&data, context, NULL));
    check(gan_tensor_create(&real, context, GAN_FLOAT32, GAN_SHAPE(batch, 16, 16, 3)));
    check(gan_tensor_create(&latents, context, GAN_FLOAT32, GAN_SHAPE(batch, GAME16_ZED)));
    check(game16_create(&game, context));
    check(game16_session(&session, &game));
    check(gan_run_create(&g, game.generator, GAN_TRAINING, batch));
    check(gan_run_create(&d_real, game.discriminator, GAN_TRAINING, batch));
    check(gan_run_create(&d_fake, game.discriminator, GAN_TRAINING, batch));
    gan_session_report report = {.size = sizeof report};
    uint64_t position = 0; /* in the stream of latents */
    for (int64_t i = 0; i < steps; i++) {
        check(gan_dataset_next(data, real, NULL));
        if (by_session) {
            check(gan_session_step(session, real, &report));
        } else {
            check(gan_random_normal(context, GAN_STREAM_LATENTS, &position, latents, 0, 1));
            step(&game, g, d_real, d_fake, latents, real, &report);
        }
    }
    printf("d_loss %.6f  g_loss %.6f\nchecksum %016" PRIx64 "\n", (double)report.d_loss, (double)report.g_loss,
           game16_checksum(&game));
    gan_run_free(&d_fake);
    gan_run_free(&d_real);
    gan_run_free(&g);
    gan_session_free(&session);
    game16_free(&game);
    gan_tensor_free(&latents);
    gan_tensor_free(&real);
    gan_dataset_free(&data);
    gan_context_free(&context);
}
