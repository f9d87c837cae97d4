/* SPDX-License-Identifier: BSD-2-Clause */
#include "golden.h"

#include <stdio.h>
#include <string.h>

/* A file of a gradient penalty on the reference discriminator: pictures, weights, dx = d(sum of D)/dx, the penalty, and
 * its gradients by the weights, which PyTorch found by differentiating twice. */

#define TOLERANCE 2e-5f
#define ROUNDING  1e-6f /* of a bias that a batch norm follows: exactly zero */

static bool is_true(const golden *file, const char *setting)
{
    const char *text = golden_text(file, setting);
    return text && strcmp(text, "True") == 0;
}

/* One more channel of zeros, where the file's game has no concat_diff. */
static gan_node *append_channel(const golden *file, gan_node *x, int layer)
{
    char name[16];
    if (is_true(file, "concat_diff")) return gan_concat_diff(x);
    snprintf(name, sizeof name, "zeros%d", layer);
    gan_node *zeros = gan_conv2d(x, .name = name, .filters = 1, .kernel = 1, .no_bias = true,
                                 .weights = {.kind = GAN_INITIALIZER_ZEROS});
    return gan_concat(x, zeros);
}

static gan_network *discriminator(const golden *file, gan_context *context)
{
    int n = (int)golden_number(file, "ndf", 4), filters[] = {n, 2 * n, 4 * n, 8 * n};
    gan_network *network;
    ok(gan_network_create(&network, context, NULL));
    gan_node *x = gan_input(network, 16, 16, 3);
    for (int i = 0; i < 4; i++) {
        char conv[16], bn[16];
        snprintf(conv, sizeof conv, "conv%d", i);
        snprintf(bn, sizeof bn, "bn%d", i);
        x = gan_conv2d(x, .name = conv, .filters = filters[i], .kernel = 4, .stride = i == 0 ? 1 : 2,
                       .padding = GAN_PADDING_SAME);
        if (i > 0 && is_true(file, "batch_norm"))
            x = gan_batch_norm(x, .name = bn, .epsilon = (float)golden_number(file, "bn_epsilon", 1e-3));
        x = append_channel(file, gan_leaky_relu(x, .slope = (float)golden_number(file, "slope", 0.2)), i);
    }
    gan_network_output(network, gan_conv2d(x, .name = "conv4", .filters = 1, .kernel = 2));
    ok(gan_network_build(network));
    return network;
}

/* The file's tensor for parameter i, "D.conv0.weight"; NULL for the zeros above. */
static const float *of_parameter(const golden *file, const gan_network *network, int i, const char *prefix)
{
    char name[160];
    snprintf(name, sizeof name, "%s%s", prefix, gan_network_parameter_name(network, i));
    return golden_find(file, name, NULL, NULL);
}

static float add_penalty(const golden *file, gan_run *run)
{
    const char *kind = golden_text(file, "kind");
    float value;
    ck_assert_ptr_nonnull(kind);
    if (strstr(kind, "- 1)^2"))
        ok(gan_penalty_norm_distance(&value, run, 1, 1));
    else
        ok(gan_penalty_squared_norm(&value, run, 1));
    return value;
}

void check_penalty_file(const golden *file, gan_context *context, const char *prefix)
{
    (void)prefix;
    gan_network *network = discriminator(file, context);
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        gan_tensor *parameter = gan_network_parameter(network, i);
        const float *numbers = of_parameter(file, network, i, "D.");
        if (numbers) memcpy(gan_tensor_data(parameter), numbers, gan_tensor_bytes(parameter));
    }
    gan_tensor *x = golden_tensor(file, context, "x");
    gan_run *run;
    ok(gan_run_create(&run, network, GAN_TRAINING_TANGENTS, gan_tensor_dimension(x, 0)));
    ok(gan_run_forward(run, x));
    float value = add_penalty(file, run);
    check_close("penalty", &value, golden_find(file, "penalty", NULL, NULL), 1, TOLERANCE);
    int compared = 0;
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        const float *expected = of_parameter(file, network, i, "dD.");
        const gan_tensor *gradient = gan_network_gradient(network, i);
        if (!expected) continue;
        compared++;
        float scale = largest(expected, gan_tensor_count(gradient));
        float difference = largest_difference(gan_tensor_floats(gradient), expected, gan_tensor_count(gradient));
        ck_assert_msg(difference <= TOLERANCE * scale + ROUNDING, "gradient of %s differs by %g, of numbers up to %g",
                      gan_network_parameter_name(network, i), difference, scale);
    }
    ck_assert_int_ge(compared, 10);
    ok(gan_run_backward(run, NULL, GAN_WANT_INPUTS)); /* the penalty left ones as the output's gradient */
    check_close("dx", gan_tensor_floats(gan_run_input_gradient(run, 0)), golden_find(file, "dx", NULL, NULL),
                gan_tensor_count(x), TOLERANCE);
    gan_run_free(&run);
    gan_tensor_free(&x);
    gan_network_free(&network);
}
