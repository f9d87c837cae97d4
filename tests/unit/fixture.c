/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

gan_context *context;
gan_tensor *real;
game play;

void setup(void)
{
    context = new_context(1, GAN_KERNELS_AUTO);
    real = new_tensor(context, GAN_SHAPE(BATCH, 8, 8, 3));
    fill_real(context, real, 0);
}

void teardown(void)
{
    free_game(&play);
    gan_tensor_free(&real);
    gan_context_free(&context);
}

void start(gan_session_options options)
{
    ok(make_game(&play, context, (game_options){.play = options}));
}
