/* SPDX-License-Identifier: BSD-2-Clause */
#include "onnx_cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAME     .padding = GAN_PADDING_SAME
#define BILINEAR .interpolation = GAN_INTERPOLATION_BILINEAR

/* Numbers of the layers' cases that can be exported. */
static int *layers;
static int layer_count;

void collect_onnx_cases(void)
{
    collect_cases();
    layers = calloc((size_t)case_count(), sizeof *layers); /* as long as the program */
    require(layers != NULL, "no memory");
    for (int i = 0; i < case_count(); i++)
        if (case_at(i)->type->export) layers[layer_count++] = i;
}

/* The layer after a convolution of each picture, and before one. */
static void build_between(gan_network *network, const layer_case *c, gan_node *const *inputs)
{
    layer_case unnamed = *c;
    unsigned char options[512];
    gan_node *pictures[GAN_MAX_INPUTS];
    if (c->options) {
        memcpy(options, c->options, c->type->options_size);
        memset(options + offsetof(gan_layer_options, name), 0, sizeof(const char *)); /* another layer has it */
        unnamed.options = options;
    }
    for (int i = 0; i < c->inputs; i++) {
        bool is_picture = c->input[i].rank == 3;
        pictures[i] = is_picture ? gan_conv2d(inputs[i], .filters = (int)c->input[i].size[2], .kernel = 1) : inputs[i];
    }
    gan_node *output = case_node(&unnamed, pictures);
    gan_network_output(network, output);
    if (gan_node_rank(output) == 3) gan_network_output(network, gan_conv2d(output, .filters = 2, .kernel = 1));
}

/* The layer, and again with pictures of which ONNX has the channels first. */
static void build_layer(gan_network *network, const layer_case *c)
{
    gan_node *inputs[GAN_MAX_INPUTS];
    for (int i = 0; i < c->inputs; i++) inputs[i] = gan_input_layer(network, c->input[i].rank, c->input[i].size, NULL);
    gan_network_output(network, case_node(c, inputs));
    build_between(network, c, inputs);
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
    return layer_count + NETWORKS + 2 * gan_zoo_count();
}

const char *onnx_case_name(int number, char text[64])
{
    const layer_case *c = onnx_case_layer(number);
    int network = number - layer_count, zoo = network - NETWORKS;
    if (c)
        snprintf(text, 64, "%s_%d", c->type->name, layers[number]);
    else if (zoo < 0)
        snprintf(text, 64, "%s", networks[network].name);
    else
        snprintf(text, 64, "%s_%s", gan_zoo_name(zoo / 2), zoo % 2 ? "d" : "g");
    return text;
}

const layer_case *onnx_case_layer(int number)
{
    return number < layer_count ? case_at(layers[number]) : NULL;
}

bool onnx_case_is_derived(int number)
{
    return number < layer_count && layers[number] >= given_count;
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
    int other = number - layer_count, zoo = other - NETWORKS;
    if (zoo >= 0)
        return (zoo % 2 ? gan_zoo_discriminator : gan_zoo_generator)(
            network, context, gan_zoo_options(.recipe = gan_zoo_name(zoo / 2), .width = 8));
    gan_status status = gan_network_create(network, context, NULL);
    if (status != GAN_OK) return status;
    if (other < 0)
        build_layer(*network, onnx_case_layer(number));
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
