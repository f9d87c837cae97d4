/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/network.h"

#include <stdio.h>
#include <string.h>

static int slot_count(const gan_layer *layer, bool buffers)
{
    return buffers ? layer->buffers : layer->parameters;
}

/* Counts the variables of all nodes, and notes where each node's begin. */
static int count_variables(gan_network *network, bool buffers)
{
    int count = 0;
    for (int i = 0; i < network->count; i++) {
        gan_node *node = network->nodes[i];
        *(buffers ? &node->first_buffer : &node->first_parameter) = count;
        count += slot_count(&node->layer, buffers);
    }
    return count;
}

/* Gives each variable its name and its place in the block. */
static gan_status lay_out(gan_network *network, gan_variables *variables, bool buffers)
{
    const size_t line = GAN_ALIGNMENT / sizeof(float);
    gan_variable *variable = variables->list;
    for (int i = 0; i < network->count; i++) {
        const gan_layer *layer = &network->nodes[i]->layer;
        for (int k = 0; k < slot_count(layer, buffers); k++, variable++) {
            variable->slot = buffers ? &layer->buffer[k] : &layer->parameter[k];
            snprintf(variable->name, sizeof variable->name, "%s.%s", layer->name, variable->slot->name);
            variable->offset = variables->floats;
            size_t floats = (size_t)gan_shape_elements(&variable->slot->shape);
            if (floats > SIZE_MAX / 8 ||
                !gan_size_add(variables->floats, (floats + line - 1) / line * line, &variables->floats))
                return gan_fail(GAN_ERROR_OUT_OF_MEMORY, "out of memory: the parameters of network \"%s\"",
                                network->name);
        }
    }
    return GAN_OK;
}

/* A block for all variables, and each one's view of it at `member` of gan_variable. */
static gan_status make_block(gan_context *context, const gan_variables *variables, gan_tensor **block, size_t member)
{
    if (variables->floats > INT64_MAX)
        return gan_fail(GAN_ERROR_OUT_OF_MEMORY, "out of memory: a network's parameters");
    gan_status status = gan_tensor_create(block, context, GAN_FLOAT32, 1, (int64_t[]){(int64_t)variables->floats});
    for (int i = 0; status == GAN_OK && i < variables->count; i++) {
        gan_variable *variable = &variables->list[i];
        gan_tensor **view = (gan_tensor **)((char *)variable + member);
        status =
            gan_tensor_view(view, *block, variable->offset, variable->slot->shape.rank, variable->slot->shape.size);
    }
    return status;
}

static void free_block(const gan_variables *variables, gan_tensor **block, size_t member)
{
    for (int i = 0; i < variables->count; i++) gan_tensor_free((gan_tensor **)((char *)&variables->list[i] + member));
    gan_tensor_free(block);
}

void gan_variables_free(gan_context *context, gan_variables *variables)
{
    free_block(variables, &variables->gradients, offsetof(gan_variable, gradient));
    free_block(variables, &variables->values, offsetof(gan_variable, value));
    gan_context_release(context, variables->list);
    *variables = (gan_variables){.count = 0};
}

static gan_status make(gan_network *network, gan_variables *variables, bool buffers)
{
    int count = count_variables(network, buffers);
    if (count == 0) return GAN_OK;
    variables->list =
        gan_context_allocate(network->context, (size_t)count, sizeof *variables->list, "a network's parameters");
    if (!variables->list) return GAN_ERROR_OUT_OF_MEMORY;
    variables->count = count;
    gan_status status = lay_out(network, variables, buffers);
    if (status == GAN_OK)
        status = make_block(network->context, variables, &variables->values, offsetof(gan_variable, value));
    return status;
}

static gan_status free_after_failure(gan_network *network, gan_status status)
{
    if (status != GAN_OK) {
        gan_variables_free(network->context, &network->buffers);
        gan_variables_free(network->context, &network->parameters);
    }
    return status;
}

gan_status gan_network_make_variables(gan_network *network)
{
    gan_status status = make(network, &network->parameters, false);
    if (status == GAN_OK) status = make(network, &network->buffers, true);
    return free_after_failure(network, status);
}

/* Buffers are numbered after the parameters: each draws from a place of its own. */
gan_status gan_network_initialize_variables(gan_network *network)
{
    const gan_variables *lists[] = {&network->parameters, &network->buffers};
    gan_status status = GAN_OK;
    for (int k = 0; k < 2; k++)
        for (int i = 0; status == GAN_OK && i < lists[k]->count; i++)
            status = gan_network_initialize(network, &lists[k]->list[i], (k ? network->parameters.count : 0) + i);
    return free_after_failure(network, status);
}

gan_status gan_network_need_gradients(gan_network *network)
{
    gan_variables *parameters = &network->parameters;
    if (parameters->gradients || parameters->count == 0) return GAN_OK;
    gan_status status =
        make_block(network->context, parameters, &parameters->gradients, offsetof(gan_variable, gradient));
    if (status != GAN_OK) free_block(parameters, &parameters->gradients, offsetof(gan_variable, gradient));
    return status;
}

static const gan_variable *at(const gan_variables *variables, int index)
{
    return index >= 0 && index < variables->count ? &variables->list[index] : NULL;
}

static const gan_variable *parameter_at(const gan_network *network, int index)
{
    return network ? at(&network->parameters, index) : NULL;
}

static const gan_variable *buffer_at(const gan_network *network, int index)
{
    return network ? at(&network->buffers, index) : NULL;
}

int gan_network_parameter_count(const gan_network *network)
{
    return network ? network->parameters.count : 0;
}

const char *gan_network_parameter_name(const gan_network *network, int index)
{
    const gan_variable *variable = parameter_at(network, index);
    return variable ? variable->name : NULL;
}

gan_tensor *gan_network_parameter(const gan_network *network, int index)
{
    const gan_variable *variable = parameter_at(network, index);
    return variable ? variable->value : NULL;
}

gan_tensor *gan_network_gradient(const gan_network *network, int index)
{
    const gan_variable *variable = parameter_at(network, index);
    return variable ? variable->gradient : NULL;
}

int gan_network_buffer_count(const gan_network *network)
{
    return network ? network->buffers.count : 0;
}

const char *gan_network_buffer_name(const gan_network *network, int index)
{
    const gan_variable *variable = buffer_at(network, index);
    return variable ? variable->name : NULL;
}

gan_tensor *gan_network_buffer(const gan_network *network, int index)
{
    const gan_variable *variable = buffer_at(network, index);
    return variable ? variable->value : NULL;
}

gan_tensor *gan_network_find(const gan_network *network, const char *name)
{
    if (!network || !name) return NULL;
    const gan_variables *lists[] = {&network->parameters, &network->buffers};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < lists[k]->count; i++)
            if (strcmp(lists[k]->list[i].name, name) == 0) return lists[k]->list[i].value;
    return NULL;
}

gan_status gan_network_zero_gradients(gan_network *network)
{
    gan_status status = gan_network_require_built(network, "gan_network_zero_gradients", "network");
    if (status == GAN_OK && network->parameters.gradients)
        memset(gan_tensor_data(network->parameters.gradients), 0, gan_tensor_bytes(network->parameters.gradients));
    return status;
}
