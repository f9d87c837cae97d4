/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/registry.h"
#include "network/network.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The first error of the builder calls stays with the network until gan_network_build(). Always NULL, as the calls
 * return. */
static gan_node *remember(gan_network *network, gan_status status)
{
    if (network->error == GAN_OK) {
        network->error = status;
        snprintf(network->error_text, sizeof network->error_text, "%s", gan_last_error());
    }
    return NULL;
}

gan_node *gan_layer_refuse(gan_node *input, gan_status status)
{
    return input ? remember(input->network, status) : NULL;
}

static bool reserve_node(gan_network *network)
{
    if (network->count < network->capacity) return true;
    int capacity = network->capacity ? 2 * network->capacity : 32;
    gan_node **nodes = gan_context_allocate(network->context, (size_t)capacity, sizeof *nodes, "a network's nodes");
    if (!nodes) return false;
    if (network->count) memcpy(nodes, network->nodes, (size_t)network->count * sizeof *nodes);
    gan_context_release(network->context, network->nodes);
    network->nodes = nodes;
    network->capacity = capacity;
    return true;
}

static bool name_is_valid(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return length > 0 && length < GAN_NAME_SIZE && name[length] == '\0';
}

static bool name_is_taken(const gan_network *network, const char *name)
{
    for (int i = 0; i < network->count; i++)
        if (strcmp(network->nodes[i]->name, name) == 0) return true;
    return false;
}

/* "conv0": the layer's short name and how many of its type there are, or more when a caller took that name. */
static void set_automatic_name(const gan_network *network, gan_node *node)
{
    int number = 0;
    for (int i = 0; i < network->count; i++)
        if (network->nodes[i]->layer.type == node->layer.type) number++;
    do snprintf(node->name, sizeof node->name, "%s%d", node->layer.type->short_name, number++);
    while (name_is_taken(network, node->name));
}

static gan_status set_name(const gan_network *network, gan_node *node, const char *name)
{
    if (!name) {
        set_automatic_name(network, node);
        return GAN_OK;
    }
    if (!name_is_valid(name))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "a layer's name is \"%.80s\"; it must be 1 to %d letters, digits, '_' or '-'", name,
                        GAN_NAME_SIZE - 1);
    if (name_is_taken(network, name))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "the network has a layer \"%s\" already", name);
    snprintf(node->name, sizeof node->name, "%s", name);
    return GAN_OK;
}

static void free_node(gan_context *context, gan_node *node)
{
    if (!node) return;
    gan_context_release(context, node->options);
    gan_context_release(context, node);
}

/* Only an input layer has none, and only gan_input_layer() makes one. */
static gan_status check_input_count(const gan_layer *layer, int count)
{
    int least = layer->type->least_inputs ? layer->type->least_inputs : 1;
    int most = layer->type->most_inputs ? layer->type->most_inputs : least;
    if (count == 0 || (count >= least && count <= most)) return GAN_OK;
    if (least == most) return gan_layer_fail_option(layer, "it is given %d inputs; there must be %d", count, least);
    return gan_layer_fail_option(layer, "it is given %d inputs; there must be %d to %d", count, least, most);
}

static gan_status connect(gan_network *network, gan_node *node, gan_node *const *inputs, int count)
{
    for (int i = 0; i < count; i++) {
        if (inputs[i]->network != network)
            return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s (%s): input %d belongs to another network", node->name,
                            node->layer.type->name, i);
        node->input[i] = inputs[i];
        node->layer.input[i] = inputs[i]->layer.output;
        node->has_parameters = node->has_parameters || inputs[i]->has_parameters;
    }
    node->layer.inputs = count;
    return GAN_OK;
}

/* What infer() made must be a shape that a batch of one can have. */
static gan_status check_output(gan_node *node)
{
    int64_t count;
    if (!gan_shape_count(node->layer.output.rank, node->layer.output.size, &count) || count > INT64_MAX / 8)
        return gan_layer_fail(&node->layer, "the output has too many elements");
    return GAN_OK;
}

/* Reads options, connects and infers; the node is not in the network yet. */
static gan_status fill_node(gan_network *network, gan_node *node, gan_node *const *inputs, int count,
                            const void *options, const char *name)
{
    const gan_layer_type *type = node->layer.type;
    if (network->built)
        return gan_fail(GAN_ERROR_STATE, "network \"%s\" is built: no layer can be added", network->name);
    gan_status status = set_name(network, node, name);
    if (status == GAN_OK)
        status =
            gan_options_read(node->options, type->options_size, options, node->name, type->fields, type->field_count);
    if (status == GAN_OK) status = check_input_count(&node->layer, count);
    if (status == GAN_OK) status = connect(network, node, inputs, count);
    if (status == GAN_OK && type->infer) status = type->infer(&node->layer);
    return status;
}

static gan_node *add_node(gan_network *network, const gan_layer_type *type, gan_node *const *inputs, int count,
                          const void *options, const char *name, const gan_shape *input_shape)
{
    if (network->error != GAN_OK) return NULL;
    if (network->inferring)
        return remember(network,
                        gan_fail(GAN_ERROR_STATE, "%s: a layer's infer function can add no layers", type->name));
    gan_node *node = NULL;
    if (network->count == INT_MAX / 2 || !reserve_node(network) ||
        !(node = gan_context_allocate(network->context, 1, sizeof *node, "a layer")) ||
        !(node->options = gan_context_allocate(network->context, 1, type->options_size, "a layer's options"))) {
        free_node(network->context, node);
        return remember(network, GAN_ERROR_OUT_OF_MEMORY);
    }
    node->network = network;
    node->index = network->count;
    node->layer.type = type;
    node->layer.name = node->name;
    node->layer.options = node->options;
    network->inferring = true;
    gan_status status = fill_node(network, node, inputs, count, options, name);
    network->inferring = false;
    if (status == GAN_OK) status = network->error; /* of a call that infer() may not make */
    if (status == GAN_OK && input_shape) node->layer.output = *input_shape;
    if (status == GAN_OK) status = check_output(node);
    if (status != GAN_OK) {
        free_node(network->context, node);
        return remember(network, status);
    }
    node->has_parameters = node->has_parameters || node->layer.parameters > 0;
    network->nodes[network->count++] = node;
    return node;
}

gan_node *gan_layer_node_with(const gan_layer_type *type, const void *options, gan_node *const *others, int count)
{
    gan_layer_options common = {.size = 0};
    gan_node *inputs[GAN_MAX_INPUTS];
    size_t given = 0;
    if (options) memcpy(&given, options, sizeof given);
    if (options) memcpy(&common, options, given < sizeof common ? given : sizeof common);
    if (!common.input) {
        gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s", type->name,
                 options ? "the input is NULL" : "the options are NULL");
        return NULL;
    }
    gan_network *network = common.input->network;
    if (given < sizeof common)
        return remember(network, gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                                          "%s: the options' size is %zu; it must be the size of their struct",
                                          type->name, given));
    inputs[0] = common.input;
    for (int i = 0; i < count; i++) {
        inputs[i + 1] = others[i];
        if (!others[i])
            return remember(network, gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: input %d is NULL", type->name, i + 1));
    }
    return add_node(network, type, inputs, count + 1, options, common.name, NULL);
}

gan_node *gan_layer_node_named(const char *name, const void *options, gan_node *const *others, int count)
{
    gan_network *network = ((const gan_layer_options *)options)->input->network;
    const gan_layer_type *type = name ? gan_custom_type_named(network->context, name) : NULL;
    if (!type)
        return remember(network, gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                                          "gan_custom: the type is \"%.80s\"; gan_custom_register() makes types known",
                                          name ? name : ""));
    return gan_layer_node_with(type, options, others, count);
}

gan_node *gan_layer_node(const gan_layer_type *type, const void *options)
{
    return gan_layer_node_with(type, options, NULL, 0);
}

gan_node *gan_layer_node_joining(const gan_layer_type *type, gan_node *const *inputs, int count, const char *name)
{
    gan_network *network = NULL;
    int missing = -1;
    for (int i = 0; inputs && i < count && i < GAN_MAX_INPUTS; i++) {
        if (!inputs[i])
            missing = i;
        else if (!network)
            network = inputs[i]->network;
    }
    gan_status status = GAN_OK;
    if (count < 2 || count > GAN_MAX_INPUTS)
        status = gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %d inputs; there must be 2 to %d", type->name, count,
                          GAN_MAX_INPUTS);
    else if (!network || missing >= 0)
        status = gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: input %d is NULL", type->name, missing < 0 ? 0 : missing);
    if (status != GAN_OK) return network ? remember(network, status) : NULL;
    return add_node(network, type, inputs, count, NULL, name, NULL);
}

gan_node *gan_input_layer(gan_network *network, int rank, const int64_t *shape, const char *name)
{
    if (!network) {
        gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_input: network is NULL");
        return NULL;
    }
    if (network->input_count == GAN_MAX_INPUTS)
        return remember(network, gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_input: a network has at most %d inputs",
                                          GAN_MAX_INPUTS));
    int64_t count;
    char text[GAN_SHAPE_TEXT];
    if (!shape) return remember(network, gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_input: shape is NULL"));
    if (rank < 1 || rank >= GAN_MAX_RANK)
        return remember(network, gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_input: rank is %d; it must be 1 to %d", rank,
                                          GAN_MAX_RANK - 1));
    if (!gan_shape_count(rank, shape, &count))
        return remember(network, gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                                          "gan_input: the shape is %s; each dimension must be at least 1, and their "
                                          "product less than 2^63",
                                          gan_shape_text(text, rank, shape)));
    gan_shape input = {.rank = rank};
    memcpy(input.size, shape, (size_t)rank * sizeof *shape);
    gan_node *node = add_node(network, &gan_layer_input, NULL, 0, NULL, name, &input);
    if (!node) return NULL;
    node->is_input = true;
    network->inputs[network->input_count++] = node;
    return node;
}

static gan_status check_new_output(const gan_network *network, const gan_node *node)
{
    if (!node) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_output: the node is NULL");
    if (node->network != network)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_output: \"%s\" belongs to another network",
                        node->name);
    if (node->is_output || node->is_input)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_output: \"%s\" is %s", node->name,
                        node->is_input ? "an input" : "an output already");
    if (network->output_count == GAN_MAX_INPUTS)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_output: a network has at most %d outputs",
                        GAN_MAX_INPUTS);
    return GAN_OK;
}

gan_status gan_network_output(gan_network *network, gan_node *node)
{
    if (!network) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_output: network is NULL");
    if (network->error != GAN_OK) return gan_fail(network->error, "%s", network->error_text);
    if (network->built) return gan_fail(GAN_ERROR_STATE, "gan_network_output: network \"%s\" is built", network->name);
    gan_status status = check_new_output(network, node);
    if (status != GAN_OK) {
        remember(network, status);
        return status;
    }
    node->is_output = true;
    network->outputs[network->output_count++] = node;
    return GAN_OK;
}

/* What no output depends on is dead: no run computes it, and it has no part in gradients. */
static void mark_live(gan_network *network)
{
    for (int i = network->count - 1; i >= 0; i--) {
        gan_node *node = network->nodes[i];
        node->live = node->is_output || node->consumers > 0;
        for (int k = 0; node->live && k < node->layer.inputs; k++) node->input[k]->consumers++;
    }
}

gan_status gan_network_build(gan_network *network)
{
    if (!network) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_build: network is NULL");
    if (network->built)
        return gan_fail(GAN_ERROR_STATE, "gan_network_build: network \"%s\" is built already", network->name);
    if (network->error != GAN_OK)
        return gan_fail(network->error, "network \"%s\": %s", network->name, network->error_text);
    if (network->inferring)
        return gan_fail(GAN_ERROR_STATE, "gan_network_build: a layer is being added to network \"%s\"", network->name);
    if (network->input_count == 0 || network->output_count == 0)
        return gan_fail(GAN_ERROR_STATE, "gan_network_build: network \"%s\" has no %s", network->name,
                        network->input_count == 0 ? "input" : "output");
    gan_status status = gan_network_make_variables(network);
    if (status == GAN_OK) status = gan_network_initialize_variables(network);
    if (status != GAN_OK) {
        remember(network, status);
        return status;
    }
    mark_live(network);
    network->built = true;
    gan_log(network->context, GAN_LOG_INFO, "network \"%s\": %d layers, %zu bytes of parameters, %lld FLOPs a sample",
            network->name, network->count, network->parameters.floats * sizeof(float),
            (long long)gan_network_flops(network));
    return GAN_OK;
}

int gan_node_rank(const gan_node *node)
{
    return node ? node->layer.output.rank : 0;
}

int64_t gan_node_dimension(const gan_node *node, int axis)
{
    return node && axis >= 0 && axis < node->layer.output.rank ? node->layer.output.size[axis] : 0;
}

const char *gan_node_name(const gan_node *node)
{
    return node ? node->name : "";
}
