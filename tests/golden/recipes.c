/* SPDX-License-Identifier: BSD-2-Clause */
#include "golden.h"

#include <math.h>
#include <stdio.h>

/* The first steps of a recipe of the zoo: initial weights, the real pictures of each step, what the session reports of
 * it, and pictures that the moved G makes. Latents and the points of penalties are drawn by the context's seed. */

/* Relative to the largest: what float32 makes of a step, with some room; another beta2 of Adam by a hundredth is beyond
 * it. */
#define OF_LOSSES   3e-6f
#define OF_PICTURES 1e-5f

static void load(const golden *file, gan_context *context, const char *letter, gan_network *network)
{
    int count = gan_network_parameter_count(network);
    for (int i = 0; i < count + gan_network_buffer_count(network); i++) {
        const char *name =
            i < count ? gan_network_parameter_name(network, i) : gan_network_buffer_name(network, i - count);
        char key[160];
        snprintf(key, sizeof key, "%s.%s", letter, name);
        if (i >= count && !golden_find(file, key, NULL, NULL)) continue; /* statistics, which begin as they are */
        gan_tensor *value = golden_tensor(file, context, key);
        ok(gan_tensor_copy(gan_network_find(network, name), value));
        gan_tensor_free(&value);
    }
}

static void check_value(const golden *file, const char *name, int index, float value)
{
    const float *expected = golden_find(file, name, NULL, NULL);
    ck_assert_msg(expected != NULL, "there is no %s", name);
    float scale = fmaxf(1, fabsf(expected[index]));
    ck_assert_msg(fabsf(value - expected[index]) <= OF_LOSSES * scale, "%s %d is %.8g; should be %.8g", name, index,
                  (double)value, (double)expected[index]);
}

static void play(const golden *file, gan_context *context, gan_session *session)
{
    int moves = 0;
    for (int step = 0; step < (int)golden_number(file, "steps", 1); step++) {
        char name[32];
        gan_session_report report = {.size = sizeof report};
        snprintf(name, sizeof name, "step%d.real", step);
        gan_tensor *real = golden_tensor(file, context, name);
        ok(gan_session_step(session, real, &report));
        check_value(file, "d_loss", step, report.d_loss);
        check_value(file, "penalty", step, report.penalty);
        if (report.generator_stepped) check_value(file, "g_loss", moves++, report.g_loss);
        gan_tensor_free(&real);
    }
    ck_assert_int_gt(moves, 0);
}

static void check_pictures(const golden *file, gan_context *context, gan_network *g)
{
    gan_tensor *z = golden_tensor(file, context, "z");
    gan_run *run;
    ok(gan_run_create(&run, g, GAN_TRAINING, gan_tensor_dimension(z, 0)));
    ok(gan_run_forward(run, z));
    const gan_tensor *pictures = gan_run_output(run, 0);
    check_close("pictures", gan_tensor_floats(pictures), golden_find(file, "pictures", NULL, NULL),
                gan_tensor_count(pictures), OF_PICTURES);
    gan_run_free(&run);
    gan_tensor_free(&z);
}

void check_recipe_file(const golden *file, gan_context *context, const char *prefix)
{
    (void)prefix;
    gan_session *session;
    ok(gan_zoo_session(&session, context,
                       gan_zoo_options(.recipe = golden_text(file, "recipe"),
                                       .width = (int)golden_number(file, "width", 0),
                                       .latents = (int)golden_number(file, "latents", 0))));
    load(file, context, "G", gan_session_generator(session));
    load(file, context, "D", gan_session_discriminator(session));
    play(file, context, session);
    check_pictures(file, context, gan_session_generator(session));
    gan_session_free(&session);
}
