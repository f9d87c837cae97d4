/* SPDX-License-Identifier: BSD-2-Clause */
#include "onnx_cases.h"
#include "layer/registry.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A layer, or a network of more. */
typedef struct layer_case {
    const gan_layer_type *type;
    const void *options; /* NULL for types that join several inputs */
    int inputs;
    gan_shape input[3];
    int classes; /* input 0 is class numbers below this, where not 0 */
} layer_case;

#define OPTIONS(type, ...)  (&(type){.size = sizeof(type), __VA_ARGS__})
#define CONV(...)           &gan_layer_conv2d, OPTIONS(gan_conv2d_options, __VA_ARGS__), 1
#define DECONV(...)         &gan_layer_conv2d_transpose, OPTIONS(gan_conv2d_transpose_options, __VA_ARGS__), 1
#define LINEAR(...)         &gan_layer_linear, OPTIONS(gan_linear_options, __VA_ARGS__), 1
#define PLAIN(layer)        &gan_layer_##layer, OPTIONS(gan_layer_options, .name = NULL), 1
#define WITH(layer, ...)    &gan_layer_##layer, OPTIONS(gan_##layer##_options, __VA_ARGS__), 1
#define SHUFFLE(layer, ...) &gan_layer_pixel_##layer, OPTIONS(gan_pixel_shuffle_options, __VA_ARGS__), 1
#define FILM(...)           &gan_layer_film, OPTIONS(gan_film_options, __VA_ARGS__), 2
#define ATTENTION(...)      &gan_layer_attention, OPTIONS(gan_attention_options, __VA_ARGS__), 3
#define SAME                .padding = GAN_PADDING_SAME
#define EXPLICIT            .padding = GAN_PADDING_EXPLICIT
#define BILINEAR            .interpolation = GAN_INTERPOLATION_BILINEAR
#define BLOCKS_FIRST        .order = GAN_SHUFFLE_BLOCKS_FIRST

static const layer_case layers[] = {
    {CONV(.filters = 3, .kernel = 3), {{3, {5, 7, 2}}}},
    {CONV(.filters = 4, .kernel = 4, SAME), {{3, {6, 5, 3}}}},
    {CONV(.filters = 5, .kernel = 4, .stride = 2, SAME), {{3, {8, 8, 17}}}},
    {CONV(.filters = 1, .kernel = 2), {{3, {2, 2, 33}}}},
    {CONV(.filters = 2, .kernel = 1, .stride = 3, SAME), {{3, {5, 4, 2}}}},
    {CONV(.filters = 3, .kernel_h = 1, .kernel_w = 5, .stride_h = 2, .stride_w = 3, SAME, .no_bias = true),
     {{3, {4, 9, 1}}}},
    {CONV(.filters = 2, .kernel = 3, .stride = 2, EXPLICIT, .pad_top = 4, .pad_left = 1, .pad_right = 5),
     {{3, {3, 4, 2}}}},
    {CONV(.filters = 2, .kernel = 3, .stride = 2, EXPLICIT, .pad_bottom = 1), {{3, {5, 5, 2}}}},
    {CONV(.filters = 4, .kernel = 3, .groups = 2, SAME), {{3, {5, 4, 6}}}},
    {CONV(.filters = 19, .kernel = 4, .stride = 2, .groups = 19, SAME), {{3, {5, 6, 19}}}},
    {CONV(.filters = 4, .kernel = 3, .spectral_norm = true), {{3, {5, 5, 3}}}},
    {DECONV(.filters = 3, .kernel = 2), {{3, {1, 1, 9}}}},
    {DECONV(.filters = 3, .kernel = 4, .stride = 2, SAME), {{3, {3, 2, 5}}}},
    {DECONV(.filters = 2, .kernel = 4, SAME), {{3, {5, 4, 3}}}},
    {DECONV(.filters = 2, .kernel = 3, .stride = 2, SAME, .output_h = 5, .output_w = 6), {{3, {3, 3, 2}}}},
    {DECONV(.filters = 1, .kernel = 2, .stride = 3, .no_bias = true), {{3, {2, 3, 4}}}},
    {DECONV(.filters = 2, .kernel = 2, .stride = 3, SAME), {{3, {2, 3, 4}}}},
    {DECONV(.filters = 2, .kernel = 3, .stride = 3, .output_h = 8, .output_w = 9), {{3, {2, 3, 4}}}},
    {DECONV(.filters = 2, .kernel = 3, .stride = 2, EXPLICIT, .pad_top = 1, .pad_bottom = 1, .pad_left = 2),
     {{3, {3, 4, 2}}}},
    {DECONV(.filters = 2, .kernel_h = 5, .kernel_w = 1, .stride_h = 1, .stride_w = 2), {{3, {2, 3, 3}}}},
    {DECONV(.filters = 6, .kernel = 4, .stride = 2, .groups = 2, SAME), {{3, {3, 2, 4}}}},
    {DECONV(.filters = 5, .kernel = 2, .stride = 3, .groups = 5), {{3, {3, 2, 5}}}},
    {DECONV(.filters = 4, .kernel = 3, .spectral_norm = true), {{3, {3, 3, 2}}}},
    {LINEAR(.units = 7), {{1, {13}}}},
    {LINEAR(.units = 2, .no_bias = true), {{3, {2, 3, 5}}}},
    {LINEAR(.units = 3), {{2, {4, 5}}}},
    {LINEAR(.units = 5, .spectral_norm = true), {{1, {6}}}},
    {WITH(batch_norm, .epsilon = 0.01f), {{3, {3, 5, 7}}}},
    {WITH(batch_norm, .no_affine = true), {{3, {3, 5, 7}}}},
    {WITH(batch_norm, .name = NULL), {{1, {5}}}},
    {WITH(batch_norm, .name = NULL), {{2, {4, 5}}}},
    {WITH(batch_norm, .no_affine = true), {{4, {2, 3, 2, 5}}}},
    {PLAIN(relu), {{3, {3, 5, 7}}}},
    {WITH(leaky_relu, .slope = 0.3f), {{3, {5, 3, 2}}}},
    {WITH(leaky_relu, .slope = GAN_ZERO), {{1, {67}}}},
    {PLAIN(tanh), {{3, {3, 5, 2}}}},
    {PLAIN(sigmoid), {{3, {3, 5, 2}}}},
    {WITH(elu, .alpha = 0.7f), {{3, {3, 5, 2}}}},
    {PLAIN(silu), {{3, {7, 5, 2}}}},
    {WITH(gelu, .name = NULL), {{3, {4, 4, 3}}}},
    {WITH(gelu, .approximate = true), {{3, {4, 4, 3}}}},
    {PLAIN(softplus), {{3, {3, 5, 2}}}},
    {WITH(prelu, .name = NULL), {{3, {3, 5, 7}}}},
    {WITH(prelu, .shared = true), {{3, {5, 4, 3}}}},
    {WITH(prelu, .name = NULL), {{2, {5, 16}}}},
    {WITH(scale, .name = NULL), {{3, {3, 5, 7}}}},
    {WITH(scale, .per_channel = true), {{3, {3, 5, 7}}}},
    {WITH(scale, .per_channel = true), {{2, {9, 3}}}},
    {WITH(reshape, .shape = {2, -1, 3}), {{2, {6, 5}}}},
    {WITH(reshape, .shape = {30}), {{3, {2, 3, 5}}}},
    {PLAIN(flatten), {{3, {2, 3, 5}}}},
    {&gan_layer_concat, NULL, 3, {{3, {3, 4, 1}}, {3, {3, 4, 4}}, {3, {3, 4, 2}}}},
    {&gan_layer_concat, NULL, 2, {{1, {3}}, {1, {4}}}},
    {&gan_layer_add, NULL, 3, {{3, {3, 5, 2}}, {3, {3, 5, 2}}, {3, {3, 5, 2}}}},
    {&gan_layer_multiply, NULL, 2, {{2, {3, 5}}, {2, {3, 5}}}},
    {&gan_layer_multiply, NULL, 3, {{3, {7, 3, 2}}, {3, {7, 3, 2}}, {3, {7, 3, 2}}}},
    {PLAIN(concat_diff), {{3, {3, 2, 9}}}},
    {PLAIN(concat_diff), {{1, {4}}}},
    {PLAIN(sum_channels), {{3, {3, 5, 7}}}},
    {PLAIN(sum_channels), {{1, {40}}}},
    {WITH(dropout, .rate = 0.3f), {{3, {3, 5, 7}}}},
    {WITH(gaussian_noise, .deviation = 0.5f), {{3, {3, 5, 7}}}},
    {WITH(broadcast, .shape = {3, 4, 5}), {{3, {1, 1, 5}}}},
    {WITH(broadcast, .shape = {3, 4, 5}), {{3, {3, 4, 1}}}},
    {WITH(broadcast, .shape = {3, 4, 5}), {{3, {3, 1, 5}}}},
    {WITH(broadcast, .shape = {3, 4, 5}), {{1, {5}}}},
    {WITH(broadcast, .shape = {2, 7}), {{1, {1}}}},
    {WITH(layer_norm, .epsilon = 0.1f), {{3, {3, 2, 5}}}},
    {WITH(layer_norm, .last_dimension = true), {{2, {7, 9}}}},
    {WITH(layer_norm, .last_dimension = true), {{3, {2, 3, 9}}}},
    {WITH(layer_norm, .no_affine = true), {{1, {33}}}},
    {WITH(instance_norm, .epsilon = 0.1f), {{3, {4, 3, 5}}}},
    {WITH(group_norm, .groups = 3), {{3, {3, 4, 12}}}},
    {WITH(group_norm, .groups = 2, .no_affine = true), {{1, {20}}}},
    {WITH(pixel_norm, .epsilon = 0.1f), {{3, {3, 2, 7}}}},
    {WITH(pixel_norm, .name = NULL), {{2, {5, 4}}}},
    {FILM(.name = "modulate"), {{3, {3, 2, 5}}, {1, {4}}}},
    {FILM(.spectral_norm = true), {{1, {3}}, {1, {2}}}},
    {WITH(minibatch_discrimination, .kernels = 19, .dims = 2), {{1, {3}}}},
    {WITH(minibatch_stddev, .features = 2), {{3, {3, 2, 6}}}},
    {WITH(minibatch_stddev, .group_size = 2), {{2, {3, 7}}}},
    {WITH(minibatch_stddev, .group_size = 100), {{1, {5}}}},
    {WITH(average_pool, .kernel = 2), {{3, {5, 4, 3}}}},
    {WITH(average_pool, .kernel = 3, .stride = 2, SAME), {{3, {6, 5, 17}}}},
    {WITH(average_pool, .kernel = 3, .stride = 1, EXPLICIT, .pad_top = 2, .pad_right = 1, .include_padding = true),
     {{3, {4, 4, 2}}}},
    {WITH(average_pool, .kernel_h = 1, .kernel_w = 3, .stride_h = 3, SAME), {{3, {7, 7, 5}}}},
    {WITH(max_pool, .kernel = 2), {{3, {5, 4, 3}}}},
    {WITH(max_pool, .kernel = 3, .stride = 2, SAME), {{3, {6, 5, 17}}}},
    {WITH(max_pool, .kernel_h = 2, .kernel_w = 3, .stride = 1, EXPLICIT, .pad_bottom = 1, .pad_left = 2),
     {{3, {3, 4, 2}}}},
    {PLAIN(global_average_pool), {{3, {4, 3, 19}}}},
    {PLAIN(global_sum_pool), {{3, {3, 3, 2}}}},
    {WITH(upsample, .name = NULL), {{3, {3, 2, 5}}}},
    {WITH(upsample, .factor_h = 1, .factor_w = 3), {{3, {2, 4, 7}}}},
    {WITH(upsample, .factor = 2, BILINEAR), {{3, {3, 4, 3}}}},
    {WITH(upsample, .factor_h = 3, .factor_w = 4, BILINEAR), {{3, {1, 2, 18}}}},
    {WITH(pad, .top = 1, .left = 2, .right = 3), {{3, {3, 2, 5}}}},
    {WITH(pad, .bottom = 2, .right = 4, .mode = GAN_PAD_EDGE), {{3, {3, 2, 5}}}},
    {WITH(pad, .top = 2, .bottom = 1, .left = 1, .mode = GAN_PAD_REFLECT), {{3, {3, 2, 5}}}},
    {SHUFFLE(shuffle, .block = 2), {{3, {2, 3, 12}}}},
    {SHUFFLE(shuffle, .block = 3, BLOCKS_FIRST), {{3, {3, 1, 18}}}},
    {SHUFFLE(unshuffle, .block = 3), {{3, {6, 3, 2}}}},
    {SHUFFLE(unshuffle, BLOCKS_FIRST), {{3, {4, 2, 5}}}},
    {WITH(embedding, .classes = 4, .dim = 7), {{1, {1}}}, 4},
    {ATTENTION(.scale = 0.5f), {{3, {2, 3, 5}}, {3, {2, 2, 5}}, {3, {2, 2, 19}}}},
    {ATTENTION(.name = NULL), {{2, {4, 2}}, {3, {3, 1, 2}}, {3, {3, 1, 1}}}},
};

#define LAYERS ((int)(sizeof layers / sizeof layers[0]))

/* The layer, and to between: after a convolution of each picture, and before one. */
static void build_layer(gan_network *network, const layer_case *c, bool between)
{
    gan_node *inputs[3], *output;
    for (int i = 0; i < c->inputs; i++) {
        inputs[i] = gan_input_layer(network, c->input[i].rank, c->input[i].size, NULL);
        if (between && c->input[i].rank == 3)
            inputs[i] = gan_conv2d(inputs[i], .filters = (int)c->input[i].size[2], .kernel = 1);
    }
    if (c->options) {
        unsigned char options[512];
        memcpy(options, c->options, c->type->options_size);
        ((gan_layer_options *)(void *)options)->input = inputs[0];
        output = gan_layer_node_with(c->type, options, inputs + 1, c->inputs - 1);
    } else {
        output = gan_layer_node_joining(c->type, inputs, c->inputs, NULL);
    }
    gan_network_output(network, output);
    if (between && gan_node_rank(output) == 3)
        gan_network_output(network, gan_conv2d(output, .filters = 2, .kernel = 1));
}

static gan_node *deconvolution(gan_node *x, int filters, int stride)
{
    return gan_conv2d_transpose(x, .filters = filters, .kernel = 4, .stride = stride, SAME);
}

/* The generator of the reference game. */
static void build_gen2(gan_network *network)
{
    gan_node *x = gan_reshape(gan_input(network, 100), .shape = {1, 1, 100});
    x = gan_relu(gan_batch_norm(gan_conv2d_transpose(x, .filters = 128, .kernel = 2)));
    x = gan_relu(gan_batch_norm(deconvolution(x, 64, 2)));
    x = gan_relu(gan_batch_norm(deconvolution(x, 32, 2)));
    x = gan_relu(deconvolution(x, 16, 2));
    gan_network_output(network, gan_tanh(deconvolution(x, 3, 1)));
}

static void build_dis2(gan_network *network)
{
    gan_node *x = gan_conv2d(gan_input(network, 16, 16, 3), .filters = 16, .kernel = 4, SAME);
    x = gan_concat_diff(gan_relu(x));
    for (int filters = 32; filters <= 128; filters *= 2) {
        x = gan_batch_norm(gan_conv2d(x, .filters = filters, .kernel = 4, .stride = 2, SAME));
        x = gan_concat_diff(gan_relu(x));
    }
    gan_network_output(network, gan_conv2d(x, .filters = 1, .kernel = 2));
}

static void build_conditional(gan_network *network)
{
    gan_node *x = gan_input(network, 8), *label = gan_input(network, 3);
    x = gan_reshape(gan_linear(x, .units = 48), .shape = {2, 2, 12});
    x = gan_relu(gan_conditional_batch_norm(x, .condition = label));
    x = gan_relu(gan_conditional_batch_norm(deconvolution(x, 6, 2), .condition = label, .spectral_norm = true));
    gan_network_output(network, gan_tanh(deconvolution(x, 3, 2)));
}

static void build_blocks(gan_network *network)
{
    gan_node *x = gan_input(network, 8, 8, 8);
    x = gan_residual_block(x, .filters = 6, .resample = GAN_RESAMPLE_DOWN, .spectral_norm = true);
    x = gan_residual_block(x, .filters = 8, .resample = GAN_RESAMPLE_UP, .norm = GAN_BLOCK_NORM_BATCH, BILINEAR);
    x = gan_self_attention(x);
    gan_network_output(network, gan_linear(gan_global_sum_pool(gan_relu(x)), .units = 1));
}

/* Several outputs, of which some are an input's or another layer's result as it is, in both orders; inputs and layers
 * that nobody reads; a layer that is read in both orders. */
static void build_ends(gan_network *network)
{
    gan_node *x = gan_input(network, 6, 6, 3);
    gan_input(network, 5);
    gan_relu(x);
    gan_node *first = gan_conv2d(x, .filters = 4, .kernel = 3);
    gan_network_output(network, gan_dropout(x, .rate = 0.5f));
    gan_network_output(network, gan_dropout(gan_gaussian_noise(first, .deviation = 1)));
    gan_network_output(network, first);
    gan_network_output(network, gan_flatten(first));
    gan_network_output(network, gan_conv2d(gan_relu(first), .name = "my-name_1", .filters = 2, .kernel = 2));
}

static const struct {
    const char *name;
    void (*build)(gan_network *network);
} networks[] = {
    {"gen2", build_gen2},     {"dis2", build_dis2}, {"conditional", build_conditional},
    {"blocks", build_blocks}, {"ends", build_ends},
};

#define NETWORKS ((int)(sizeof networks / sizeof networks[0]))

int onnx_case_count(void)
{
    return 2 * LAYERS + NETWORKS + 2 * gan_zoo_count();
}

const char *onnx_case_name(int number, char text[64])
{
    int network = number - 2 * LAYERS, zoo = network - NETWORKS;
    if (network < 0)
        snprintf(text, 64, "%s_%d%s", layers[number / 2].type->name, number / 2, number % 2 ? "_between" : "");
    else if (zoo < 0)
        snprintf(text, 64, "%s", networks[network].name);
    else
        snprintf(text, 64, "%s_%s", gan_zoo_name(zoo / 2), zoo % 2 ? "d" : "g");
    return text;
}

const gan_layer_type *onnx_case_type(int number)
{
    return number < 2 * LAYERS ? layers[number / 2].type : NULL;
}

int onnx_case_classes(int number, int input)
{
    return number < 2 * LAYERS && input == 0 ? layers[number / 2].classes : 0;
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), part = strlen(end);
    return length >= part && strcmp(name + length - part, end) == 0;
}

/* Moves a variable by normal numbers. The vectors of spectral norms stay, and variances above 0. */
static gan_status disturb(gan_context *context, gan_tensor *variable, const char *name, uint64_t number)
{
    if (ends_with(name, "u") || ends_with(name, "batches")) return GAN_OK;
    gan_tensor *noise;
    uint64_t position = number << 32;
    gan_status status =
        gan_tensor_create(&noise, context, GAN_FLOAT32, gan_tensor_rank(variable), gan_tensor_shape(variable));
    if (status == GAN_OK) status = gan_random_normal(context, GAN_STREAM_USER, &position, noise, 0, 0.1f);
    for (int64_t i = 0; status == GAN_OK && i < gan_tensor_count(variable); i++) {
        float *value = &gan_tensor_floats(variable)[i];
        *value += gan_tensor_floats(noise)[i];
        if (ends_with(name, "running_variance")) *value = fabsf(*value) + 0.1f;
    }
    gan_tensor_free(&noise);
    return status;
}

static gan_status make(int number, gan_network **network, gan_context *context)
{
    int other = number - 2 * LAYERS, zoo = other - NETWORKS;
    if (zoo >= 0)
        return (zoo % 2 ? gan_zoo_discriminator : gan_zoo_generator)(
            network, context, gan_zoo_options(.recipe = gan_zoo_name(zoo / 2), .width = 8));
    gan_status status = gan_network_create(network, context, NULL);
    if (status != GAN_OK) return status;
    if (other < 0)
        build_layer(*network, &layers[number / 2], number % 2);
    else
        networks[other].build(*network);
    return gan_network_build(*network);
}

gan_status onnx_case_network(int number, gan_network **network, gan_context *context)
{
    gan_status status = make(number, network, context);
    int parameters = gan_network_parameter_count(*network), buffers = gan_network_buffer_count(*network);
    for (int i = 0; status == GAN_OK && i < parameters; i++)
        status = disturb(context, gan_network_parameter(*network, i), gan_network_parameter_name(*network, i),
                         (uint64_t)i + 1);
    for (int i = 0; status == GAN_OK && i < buffers; i++)
        status = disturb(context, gan_network_buffer(*network, i), gan_network_buffer_name(*network, i),
                         (uint64_t)(parameters + i) + 1);
    if (status != GAN_OK) gan_network_free(network);
    return status;
}
