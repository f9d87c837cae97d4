/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/network.h"

#include <string.h>

/* The node of the copy that stands where `node` stands in its own network. */
static gan_node *twin(const gan_network *copy, const gan_node *node)
{
    return copy->nodes[node->index];
}

/* A layer of the caller's own has the names of its parameters in its options. */
static void move_name(gan_slot *slot, const gan_node *from, const gan_node *to)
{
    uintptr_t place = (uintptr_t)slot->name - (uintptr_t)from->options;
    if (place < from->layer.type->options_size) slot->name = (const char *)to->options + place;
}

/* Appends a node like this one; those that it reads are there. Its options are the same bytes: the input and the name
 * in them were the builder's, and nothing reads them after it. What fails leaves the rest to gan_network_free(). */
static gan_status clone_node(gan_network *copy, const gan_node *node)
{
    size_t size = node->layer.type->options_size;
    gan_node *made = gan_context_allocate(copy->context, 1, sizeof *made, "a layer");
    if (!made) return GAN_ERROR_OUT_OF_MEMORY;
    *made = *node;
    made->network = copy;
    made->options = gan_context_allocate(copy->context, 1, size, "a layer's options");
    copy->nodes[copy->count++] = made;
    if (!made->options) return GAN_ERROR_OUT_OF_MEMORY;
    memcpy(made->options, node->options, size);
    made->layer.name = made->name;
    made->layer.options = made->options;
    for (int i = 0; i < GAN_MAX_SLOTS; i++) {
        move_name(&made->layer.parameter[i], node, made);
        move_name(&made->layer.buffer[i], node, made);
    }
    for (int i = 0; i < node->layer.inputs; i++) made->input[i] = twin(copy, node->input[i]);
    return GAN_OK;
}

static gan_status clone_graph(gan_network *copy, const gan_network *network)
{
    copy->nodes = gan_context_allocate(copy->context, (size_t)network->count, sizeof(gan_node *), "a network's nodes");
    if (!copy->nodes) return GAN_ERROR_OUT_OF_MEMORY;
    copy->capacity = network->count;
    for (int i = 0; i < network->count; i++) {
        gan_status status = clone_node(copy, network->nodes[i]);
        if (status != GAN_OK) return status;
    }
    copy->input_count = network->input_count;
    copy->output_count = network->output_count;
    for (int i = 0; i < network->input_count; i++) copy->inputs[i] = twin(copy, network->inputs[i]);
    for (int i = 0; i < network->output_count; i++) copy->outputs[i] = twin(copy, network->outputs[i]);
    return GAN_OK;
}

static gan_status clone_values(gan_variables *copy, const gan_variables *variables)
{
    return copy->values ? gan_tensor_copy(copy->values, variables->values) : GAN_OK;
}

gan_status gan_network_clone(gan_network **handle, const gan_network *network)
{
    if (!handle) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_clone: copy is NULL");
    *handle = NULL;
    gan_status status = gan_network_require_built(network, "gan_network_clone", "network");
    if (status != GAN_OK) return status;
    gan_network *copy = gan_network_new(network->context, network->name, &network->weights, network->ordinal);
    if (!copy) return GAN_ERROR_OUT_OF_MEMORY;
    status = clone_graph(copy, network);
    if (status == GAN_OK) status = gan_network_make_variables(copy);
    if (status == GAN_OK) status = clone_values(&copy->parameters, &network->parameters);
    if (status == GAN_OK) status = clone_values(&copy->buffers, &network->buffers);
    copy->built = status == GAN_OK;
    *handle = copy;
    if (status != GAN_OK) gan_network_free(handle);
    return status;
}
