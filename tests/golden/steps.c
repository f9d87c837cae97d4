/* SPDX-License-Identifier: BSD-2-Clause */
#include "golden.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A file of the reference game: initial weights, some steps' latents and real pictures, every tensor of the first step,
 * losses and final weights. The layers are named as in the file. */

struct game {
    const golden *file;
    gan_context *context;
    int ngf, ndf;
    gan_network *g, *d;
    gan_optimizer *g_adam, *d_adam;
    gan_run *g_run, *d_real, *d_fake;
    float smooth, d_loss, g_loss;
    int steps;
};

static bool norm_follows(const golden *file, const char *network, int layer)
{
    char name[64];
    snprintf(name, sizeof name, "%s.bn%d.gamma", network, layer);
    return golden_find(file, name, NULL, NULL) != NULL;
}

static gan_node *normalize(const struct game *game, const char *network, int layer, gan_node *x)
{
    char name[16];
    snprintf(name, sizeof name, "bn%d", layer);
    if (!norm_follows(game->file, network, layer)) return x;
    return gan_batch_norm(x, .name = name, .epsilon = (float)golden_number(game->file, "bn_epsilon", 1e-3));
}

static gan_network *generator(const struct game *game)
{
    int n = game->ngf, filters[] = {8 * n, 4 * n, 2 * n, n, 3};
    gan_network *network;
    ok(gan_network_create(&network, game->context, NULL));
    gan_node *x = gan_reshape(gan_input(network, (int64_t)golden_number(game->file, "zed", 100)), .shape = {1, 1, -1});
    for (int i = 0; i < 5; i++) {
        x = gan_conv2d_transpose(x, .filters = filters[i], .kernel = i == 0 ? 2 : 4, .stride = i == 0 || i == 4 ? 1 : 2,
                                 .padding = i == 0 ? GAN_PADDING_VALID : GAN_PADDING_SAME);
        x = normalize(game, "G", i, x);
        x = i < 4 ? gan_relu(x) : gan_tanh(x);
    }
    gan_network_output(network, x);
    ok(gan_network_build(network));
    return network;
}

static gan_network *discriminator(const struct game *game)
{
    int n = game->ndf, filters[] = {n, 2 * n, 4 * n, 8 * n};
    gan_network *network;
    ok(gan_network_create(&network, game->context, NULL));
    gan_node *x = gan_input(network, 16, 16, 3);
    for (int i = 0; i < 4; i++) {
        x = gan_conv2d(x, .filters = filters[i], .kernel = 4, .stride = i == 0 ? 1 : 2, .padding = GAN_PADDING_SAME);
        x = gan_concat_diff(gan_relu(normalize(game, "D", i, x)));
    }
    gan_network_output(network, gan_conv2d(x, .filters = 1, .kernel = 2));
    ok(gan_network_build(network));
    return network;
}

static void load(const struct game *game, const char *prefix, gan_network *network)
{
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        char name[160];
        snprintf(name, sizeof name, "%s%s", prefix, gan_network_parameter_name(network, i));
        gan_tensor *value = golden_tensor(game->file, game->context, name);
        ok(gan_tensor_copy(gan_network_parameter(network, i), value));
        gan_tensor_free(&value);
    }
}

/* A bias that a batch norm follows has no gradient but rounding, and Adam makes steps of up to the rate of that. */
static bool is_free(const struct game *game, const char *network, const char *parameter)
{
    const char *end = strstr(parameter, ".bias");
    return end && norm_follows(game->file, network, end[-1] - '0');
}

/* Rounding can put a number on the other side of a relu's zero, and Adam makes much of gradients that change by it: its
 * first steps are as long for small gradients as for large ones. So differences are small on the whole, with room for
 * single ones: relative to the largest number, and to how far Adam can go. */
#define TYPICAL  1e-5
#define MOST     1e-3
#define ROUNDING 3e-7 /* absolutely: of sums whose terms, of up to 1, nearly cancel */

/* How far Adam can take a parameter in all steps; gradients have not moved. */
static double reach(const struct game *game, bool gradient)
{
    return gradient ? 0 : golden_number(game->file, "lr", 2e-4) * game->steps;
}

static void check_typical(const char *name, const float *a, const float *b, int64_t count, double moved)
{
    double squares = 0, scale = largest(b, count), most = largest_difference(a, b, count);
    for (int64_t i = 0; i < count; i++) squares += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    double typical = sqrt(squares / (double)count);
    ck_assert_msg(typical <= TYPICAL * scale + ROUNDING + 0.01 * moved,
                  "%s: differs by %g on average, of numbers up to %g", name, typical, scale);
    ck_assert_msg(most <= MOST * scale + ROUNDING + 0.1 * moved, "%s: differs by %g, of numbers up to %g", name, most,
                  scale);
}

static void compare_all(const struct game *game, const char *prefix, const char *letter, const gan_network *network,
                        gan_tensor *(*tensor)(const gan_network *, int))
{
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        const char *parameter = gan_network_parameter_name(network, i);
        char name[160];
        snprintf(name, sizeof name, "%s%s", prefix, parameter);
        const float *expected = golden_find(game->file, name, NULL, NULL),
                    *values = gan_tensor_floats(tensor(network, i));
        ck_assert_msg(expected != NULL, "there is no %s", name);
        int64_t count = gan_tensor_count(tensor(network, i));
        double moved = reach(game, tensor == gan_network_gradient);
        if (!is_free(game, letter, parameter)) {
            check_typical(name, values, expected, count, moved);
            continue;
        }
        float difference = largest_difference(values, expected, count);
        double allowed = 1e-5 + 1.5 * moved; /* a free bias moves by chance, at first by a little more than the rate */
        ck_assert_msg(difference <= allowed, "%s differs by %g; allowed is %g", name, difference, allowed);
    }
}

static void compare_output(const struct game *game, const char *name, const gan_run *run)
{
    const float *expected = golden_find(game->file, name, NULL, NULL);
    ck_assert_msg(expected != NULL, "there is no %s", name);
    const gan_tensor *output = gan_run_output(run, 0);
    check_close(name, gan_tensor_floats(output), expected, gan_tensor_count(output), 1e-5f);
}

static float loss(gan_run *run, float target)
{
    float value;
    ok(gan_loss_binary_cross_entropy(&value, gan_run_output_gradient(run, 0), gan_run_output(run, 0), target, NULL));
    return value;
}

static void discriminator_step(struct game *game, const gan_tensor *z, const gan_tensor *real, bool first)
{
    ok(gan_run_forward(game->g_run, z));
    ok(gan_run_forward(game->d_real, real));
    ok(gan_run_forward(game->d_fake, gan_run_output(game->g_run, 0)));
    game->d_loss = loss(game->d_real, game->smooth) + loss(game->d_fake, 0);
    ok(gan_network_zero_gradients(game->d));
    ok(gan_run_backward(game->d_real, NULL, GAN_WANT_PARAMETERS));
    ok(gan_run_backward(game->d_fake, NULL, GAN_WANT_PARAMETERS));
    if (first) {
        compare_output(game, "step0.fake", game->g_run);
        compare_output(game, "step0.logit_real", game->d_real);
        compare_output(game, "step0.logit_fake", game->d_fake);
        compare_all(game, "step0.dD.", "D", game->d, gan_network_gradient);
    }
    ok(gan_optimizer_step(game->d_adam));
}

static void generator_step(struct game *game, bool first)
{
    ok(gan_run_forward(game->d_fake, gan_run_output(game->g_run, 0)));
    game->g_loss = loss(game->d_fake, 1);
    ok(gan_run_backward(game->d_fake, NULL, GAN_WANT_INPUTS));
    ok(gan_network_zero_gradients(game->g));
    ok(gan_run_backward(game->g_run, gan_run_input_gradient(game->d_fake, 0), GAN_WANT_PARAMETERS));
    if (first) compare_all(game, "step0.dG.", "G", game->g, gan_network_gradient);
    ok(gan_optimizer_step(game->g_adam));
}

static void check_loss(const struct game *game, const char *name, int step, float value)
{
    const float *expected = golden_find(game->file, name, NULL, NULL);
    ck_assert_msg(expected != NULL, "there is no %s", name);
    ck_assert_msg(fabsf(value - expected[step]) <= 1e-5f, "%s of step %d is %.8g; should be %.8g", name, step, value,
                  expected[step]);
}

static void play(struct game *game)
{
    for (int step = 0; step < game->steps; step++) {
        char name[32];
        snprintf(name, sizeof name, "step%d.z", step);
        gan_tensor *z = golden_tensor(game->file, game->context, name);
        snprintf(name, sizeof name, "step%d.real", step);
        gan_tensor *real = golden_tensor(game->file, game->context, name);
        discriminator_step(game, z, real, step == 0);
        generator_step(game, step == 0);
        check_loss(game, "d_loss", step, game->d_loss);
        check_loss(game, "g_loss", step, game->g_loss);
        gan_tensor_free(&real);
        gan_tensor_free(&z);
    }
}

static gan_optimizer *adam(const struct game *game, gan_network *network)
{
    const golden *file = game->file;
    gan_optimizer *optimizer;
    ok(gan_adam_create(&optimizer, network,
                       gan_adam_options(.rate = (float)golden_number(file, "lr", 2e-4),
                                        .beta1 = (float)golden_number(file, "beta1", 0.5),
                                        .beta2 = (float)golden_number(file, "beta2", 0.999),
                                        .epsilon = (float)golden_number(file, "epsilon", 1e-8))));
    return optimizer;
}

void check_steps_file(const golden *file, gan_context *context, const char *prefix)
{
    (void)prefix;
    struct game game = {
        .file = file,
        .context = context,
        .ngf = (int)golden_number(file, "ngf", 16),
        .ndf = (int)golden_number(file, "ndf", 16),
        .smooth = (float)golden_number(file, "smooth", 0.9),
        .steps = (int)golden_number(file, "steps", 1),
    };
    int64_t batch = (int64_t)golden_number(file, "batch", 8);
    game.g = generator(&game);
    game.d = discriminator(&game);
    load(&game, "G.", game.g);
    load(&game, "D.", game.d);
    game.g_adam = adam(&game, game.g);
    game.d_adam = adam(&game, game.d);
    ok(gan_run_create(&game.g_run, game.g, GAN_TRAINING, batch));
    ok(gan_run_create(&game.d_real, game.d, GAN_TRAINING, batch));
    ok(gan_run_create(&game.d_fake, game.d, GAN_TRAINING, batch));
    play(&game);
    compare_all(&game, "end.G.", "G", game.g, gan_network_parameter);
    compare_all(&game, "end.D.", "D", game.d, gan_network_parameter);
    gan_run_free(&game.d_fake);
    gan_run_free(&game.d_real);
    gan_run_free(&game.g_run);
    gan_optimizer_free(&game.d_adam);
    gan_optimizer_free(&game.g_adam);
    gan_network_free(&game.d);
    gan_network_free(&game.g);
}
