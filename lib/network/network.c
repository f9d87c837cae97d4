/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/network.h"

#include <gan/run.h>

#include <stdio.h>
#include <string.h>

static const gan_field fields[] = {
    {"weights", GAN_FIELD_INITIALIZER, 0, offsetof(gan_network_options, weights), 0, 0, GAN_INITIALIZER_GLOROT_UNIFORM},
    GAN_FIELD_RESERVED(gan_network_options),
};

gan_network *gan_network_new(gan_context *context, const char *name, const gan_initializer *weights, uint32_t ordinal)
{
    gan_network *network = gan_context_allocate(context, 1, sizeof *network, "a network");
    if (!network) return NULL;
    atomic_init(&network->references, 1);
    network->context = gan_context_retain(context);
    network->weights = *weights;
    network->ordinal = ordinal;
    snprintf(network->name, sizeof network->name, "%s", name);
    return network;
}

gan_status gan_network_create(gan_network **handle, gan_context *context, const gan_network_options *given)
{
    if (!handle) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_create: network is NULL");
    *handle = NULL;
    if (!context) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_create: context is NULL");
    gan_network_options options;
    gan_status status =
        gan_options_read(&options, sizeof options, given, "gan_network_options", fields, GAN_FIELD_COUNT(fields));
    if (status != GAN_OK) return status;
    const char *name = options.name ? options.name : "network";
    if (name[0] == '\0' || strlen(name) >= GAN_NAME_SIZE)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_options.name has %zu bytes; it must have 1 to %d",
                        strlen(name), GAN_NAME_SIZE - 1);
    *handle = gan_network_new(context, name, &options.weights, 0);
    if (!*handle) return GAN_ERROR_OUT_OF_MEMORY;
    (*handle)->ordinal = atomic_fetch_add(&context->networks, 1);
    return GAN_OK;
}

gan_network *gan_network_retain(gan_network *network)
{
    atomic_fetch_add(&network->references, 1);
    return network;
}

void gan_network_free(gan_network **handle)
{
    if (!handle || !*handle) return;
    gan_network *network = *handle;
    *handle = NULL;
    if (atomic_fetch_sub(&network->references, 1) > 1) return;
    gan_context *context = network->context;
    gan_variables_free(context, &network->buffers);
    gan_variables_free(context, &network->parameters);
    for (int i = network->count - 1; i >= 0; i--) {
        gan_context_release(context, network->nodes[i]->options);
        gan_context_release(context, network->nodes[i]);
    }
    gan_context_release(context, network->nodes);
    gan_context_release(context, network);
    gan_context_free(&context);
}

gan_status gan_network_require_built(const gan_network *network, const char *call, const char *what)
{
    if (!network) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is NULL", call, what);
    if (!network->built)
        return gan_fail(GAN_ERROR_STATE, "%s: network \"%s\" is not built; call gan_network_build() first", call,
                        network->name);
    return GAN_OK;
}

int64_t gan_network_flops(const gan_network *network)
{
    int64_t flops = 0;
    for (int i = 0; network && network->built && i < network->count; i++)
        if (network->nodes[i]->live && __builtin_add_overflow(flops, network->nodes[i]->layer.flops, &flops))
            return INT64_MAX;
    return flops;
}

static bool any_input_has_parameters(const gan_node *node)
{
    for (int i = 0; i < node->layer.inputs; i++)
        if (node->input[i]->has_parameters) return true;
    return false;
}

int64_t gan_network_backward_flops(const gan_network *network, unsigned want)
{
    int64_t flops = 0;
    for (int i = 0; network && network->built && i < network->count; i++) {
        const gan_node *node = network->nodes[i];
        bool inputs = node->layer.inputs > 0 && ((want & GAN_WANT_INPUTS) || (want && any_input_has_parameters(node)));
        bool parameters = (want & GAN_WANT_PARAMETERS) && node->layer.parameters > 0;
        for (int k = 0; node->live && k < inputs + parameters; k++)
            if (__builtin_add_overflow(flops, node->layer.flops, &flops)) return INT64_MAX;
    }
    return flops;
}

int gan_network_input_count(const gan_network *network)
{
    return network ? network->input_count : 0;
}

int gan_network_output_count(const gan_network *network)
{
    return network ? network->output_count : 0;
}

const gan_node *gan_network_input_node(const gan_network *network, int index)
{
    return network && index >= 0 && index < network->input_count ? network->inputs[index] : NULL;
}

const gan_node *gan_network_output_node(const gan_network *network, int index)
{
    return network && index >= 0 && index < network->output_count ? network->outputs[index] : NULL;
}
