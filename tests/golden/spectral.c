/* SPDX-License-Identifier: BSD-2-Clause */
#include "golden.h"

#include <stdio.h>
#include <string.h>

/* Files of spectral_norm.py: steps of one layer whose weight is normalized, and a penalty on D's gradient. */

#define TOLERANCE 3e-6f

/* What the file names `name`, or with a step's number, against the tensor. */
static void compare(const golden *file, const char *name, int step, const gan_tensor *tensor)
{
    char full[64];
    snprintf(full, sizeof full, step < 0 ? "%s" : "%s%d", name, step);
    const float *expected = golden_find(file, full, NULL, NULL);
    ck_assert_msg(expected && tensor, "there is no %s", full);
    check_close(full, gan_tensor_floats(tensor), expected, gan_tensor_count(tensor), TOLERANCE);
}

static void load(const golden *file, gan_context *context, const char *name, int step, gan_tensor *target)
{
    char full[64];
    snprintf(full, sizeof full, step < 0 ? "%s" : "%s%d", name, step);
    gan_tensor *value = golden_tensor(file, context, full);
    ok(gan_tensor_copy(target, value));
    gan_tensor_free(&value);
}

#define CONVOLUTION                                                                                   \
    .filters = filters, .kernel = (int)golden_number(file, "kernel", 0),                              \
    .stride = (int)golden_number(file, "stride", 0), .padding = GAN_PADDING_EXPLICIT, .pad_top = pad, \
    .pad_bottom = pad, .pad_left = pad, .pad_right = pad, .name = "layer", .spectral_norm = true

static gan_network *layer_network(const golden *file, gan_context *context, const gan_tensor *x)
{
    const char *layer = golden_text(file, "layer");
    int64_t shape[GAN_MAX_RANK];
    golden_find(file, "u", NULL, shape);
    int filters = (int)shape[0], pad = (int)golden_number(file, "pad", 0);
    gan_network *network;
    ok(gan_network_create(&network, context, NULL));
    gan_node *node = gan_input_layer(network, gan_tensor_rank(x) - 1, gan_tensor_shape(x) + 1, NULL);
    if (strcmp(layer, "conv2d") == 0)
        node = gan_conv2d(node, CONVOLUTION);
    else if (strcmp(layer, "conv2d_transpose") == 0)
        node = gan_conv2d_transpose(node, CONVOLUTION);
    else
        node = gan_linear(node, .units = filters, .name = "layer", .spectral_norm = true);
    gan_network_output(network, node);
    ok(gan_network_build(network));
    return network;
}

static void check_step(const golden *file, gan_context *context, gan_run *run, gan_network *network,
                       const gan_tensor *x, int step)
{
    load(file, context, "w", step, gan_network_find(network, "layer.weight"));
    load(file, context, "b", step, gan_network_find(network, "layer.bias"));
    ok(gan_network_zero_gradients(network));
    ok(gan_run_forward(run, x));
    load(file, context, "dy", step, gan_run_output_gradient(run, 0));
    ok(gan_run_backward(run, NULL, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS));
    compare(file, "y", step, gan_run_output(run, 0));
    compare(file, "dx", step, gan_run_input_gradient(run, 0));
    compare(file, "dw", step, gan_network_gradient(network, 0));
    compare(file, "db", step, gan_network_gradient(network, 1));
    compare(file, "u", step, gan_network_find(network, "layer.u"));
}

static void check_steps(const golden *file, gan_context *context)
{
    gan_tensor *x = golden_tensor(file, context, "x");
    gan_network *network = layer_network(file, context, x);
    gan_run *run, *inference;
    int steps = (int)golden_number(file, "steps", 0);
    ck_assert_int_gt(steps, 1);
    ok(gan_run_create(&run, network, GAN_TRAINING, gan_tensor_dimension(x, 0)));
    ok(gan_run_create(&inference, network, GAN_INFERENCE, gan_tensor_dimension(x, 0)));
    load(file, context, "u", -1, gan_network_find(network, "layer.u"));
    for (int i = 0; i < steps; i++) check_step(file, context, run, network, x, i);
    load(file, context, "w", -1, gan_network_find(network, "layer.weight"));
    load(file, context, "b", -1, gan_network_find(network, "layer.bias"));
    for (int i = 0; i < 2; i++) {
        ok(gan_run_forward(inference, x));
        compare(file, "y_inference", -1, gan_run_output(inference, 0));
        compare(file, "u", steps - 1, gan_network_find(network, "layer.u"));
    }
    gan_run_free(&inference);
    gan_run_free(&run);
    gan_network_free(&network);
    gan_tensor_free(&x);
}

static gan_network *penalized_network(const golden *file, gan_context *context, const gan_tensor *x)
{
    gan_network *network;
    ok(gan_network_create(&network, context, NULL));
    gan_node *node = gan_input_layer(network, 3, gan_tensor_shape(x) + 1, NULL);
    node = gan_tanh(gan_conv2d(node, .filters = 5, .kernel = 3, .spectral_norm = true));
    gan_network_output(network, gan_linear(gan_flatten(node), .units = 1, .spectral_norm = true));
    ok(gan_network_build(network));
    for (int i = 0; i < gan_network_parameter_count(network); i++)
        load(file, context, gan_network_parameter_name(network, i), -1, gan_network_parameter(network, i));
    for (int i = 0; i < gan_network_buffer_count(network); i++)
        load(file, context, gan_network_buffer_name(network, i), -1, gan_network_buffer(network, i));
    return network;
}

/* The gradient of |v|^2, v = dD/dx, is twice that of the tangent at v. */
static void check_penalty(const golden *file, gan_context *context)
{
    gan_tensor *x = golden_tensor(file, context, "x"), *ones = new_tensor(context, 2, (int64_t[]){4, 1});
    for (int i = 0; i < 4; i++) gan_tensor_floats(ones)[i] = 1;
    gan_network *network = penalized_network(file, context, x);
    gan_run *run;
    ok(gan_run_create(&run, network, GAN_TRAINING_TANGENTS, 4));
    ok(gan_run_forward(run, x));
    ok(gan_run_backward(run, ones, GAN_WANT_INPUTS));
    compare(file, "dx", -1, gan_run_input_gradient(run, 0));
    ok(gan_run_tangent(run, gan_run_input_gradient(run, 0)));
    for (int i = 0; i < 2; i++) /* gradients add up */
        ok(gan_run_tangent_backward(run, ones, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS));
    gan_tensor *d2x = gan_run_input_gradient(run, 0);
    for (int64_t i = 0; i < gan_tensor_count(d2x); i++) gan_tensor_floats(d2x)[i] *= 2;
    compare(file, "d2x", -1, d2x);
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        char name[64];
        snprintf(name, sizeof name, "d.%s", gan_network_parameter_name(network, i));
        compare(file, name, -1, gan_network_gradient(network, i));
    }
    gan_run_free(&run);
    gan_network_free(&network);
    gan_tensor_free(&ones);
    gan_tensor_free(&x);
}

void check_spectral_file(const golden *file, gan_context *context, const char *prefix)
{
    (void)prefix;
    (golden_text(file, "layer") ? check_steps : check_penalty)(file, context);
}
