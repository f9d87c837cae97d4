/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/architecture.h"
#include "io/fields.h"
#include "layer/registry.h"

#include <stdio.h>
#include <string.h>

/* What a layer's options are comes from its table of fields (io/fields.h), so that a new layer is saved and loaded
 * without a line here. */

/* The keys that objects may have. */
static const char *const input_keys[] = {"type", "name", "shape", NULL},
                         *const layer_keys[] = {"type", "name", "inputs", "options", NULL},
                         *const network_keys[] = {"version", "name", "weights", "layers", "outputs", NULL};

static bool add_inputs(cJSON *object, const gan_node *node)
{
    cJSON *inputs = cJSON_AddArrayToObject(object, "inputs");
    for (int i = 0; inputs && i < node->layer.inputs; i++)
        if (!cJSON_AddItemToArray(inputs, cJSON_CreateString(node->input[i]->name))) return false;
    return inputs != NULL;
}

static cJSON *layer_item(const gan_node *node)
{
    const gan_layer *layer = &node->layer;
    cJSON *object = cJSON_CreateObject();
    bool fine = object && cJSON_AddStringToObject(object, "type", layer->type->name) &&
                cJSON_AddStringToObject(object, "name", node->name);
    if (fine && node->is_input)
        fine = gan_json_add(object, "shape", gan_json_shape(layer->output.rank, layer->output.size));
    if (fine && !node->is_input)
        fine = add_inputs(object, node) &&
               gan_json_add(object, "options",
                            gan_fields_write(layer->type->fields, layer->type->field_count, layer->options));
    if (fine) return object;
    cJSON_Delete(object);
    return NULL;
}

cJSON *gan_architecture_write(const gan_network *network)
{
    cJSON *json = cJSON_CreateObject(), *layers = NULL, *outputs = NULL;
    bool fine = json && cJSON_AddNumberToObject(json, "version", GAN_ARCHITECTURE_VERSION) &&
                cJSON_AddStringToObject(json, "name", network->name) &&
                gan_json_add(json, "weights", gan_json_initializer(&network->weights)) &&
                (layers = cJSON_AddArrayToObject(json, "layers")) &&
                (outputs = cJSON_AddArrayToObject(json, "outputs"));
    for (int i = 0; fine && i < network->count; i++) fine = cJSON_AddItemToArray(layers, layer_item(network->nodes[i]));
    for (int i = 0; fine && i < network->output_count; i++)
        fine = cJSON_AddItemToArray(outputs, cJSON_CreateString(network->outputs[i]->name));
    if (fine) return json;
    cJSON_Delete(json);
    return NULL;
}

struct reader {
    gan_network *network;
    const char *what; /* the source, for errors */
    size_t floats;    /* that the layers may need, parameters and buffers */
};

static gan_node *node_named(const gan_network *network, const char *name)
{
    for (int i = 0; name && i < network->count; i++)
        if (strcmp(network->nodes[i]->name, name) == 0) return network->nodes[i];
    return NULL;
}

static gan_status read_inputs(const struct reader *r, const char *name, const cJSON *inputs, gan_node **nodes,
                              int *count)
{
    *count = cJSON_GetArraySize(inputs);
    if (!cJSON_IsArray(inputs) || *count < 1 || *count > GAN_MAX_INPUTS)
        return gan_fail(GAN_ERROR_FORMAT, "%.200s: layer \"%.60s\" must have inputs, an array of 1 to %d names",
                        r->what, name, GAN_MAX_INPUTS);
    for (int i = 0; i < *count; i++) {
        const char *input = cJSON_GetStringValue(cJSON_GetArrayItem(inputs, i));
        nodes[i] = node_named(r->network, input);
        if (!nodes[i])
            return gan_fail(GAN_ERROR_FORMAT,
                            "%.200s: input %d of layer \"%.60s\" is \"%.60s\"; it must be a layer "
                            "before it",
                            r->what, i, name, input ? input : "");
    }
    return GAN_OK;
}

static gan_status read_input_layer(const struct reader *r, const char *name, const cJSON *json)
{
    int64_t shape[GAN_MAX_RANK] = {0};
    if (!gan_json_read_shape(shape, cJSON_GetObjectItemCaseSensitive(json, "shape")))
        return gan_fail(GAN_ERROR_FORMAT, "%.200s: input \"%.60s\" must have a shape, %s", r->what, name,
                        GAN_JSON_SHAPE);
    gan_input_layer(r->network, gan_json_shape_rank(shape), shape, name);
    return GAN_OK;
}

static gan_status add_layer(const struct reader *r, const gan_layer_type *type, const char *name, const cJSON *json)
{
    gan_node *inputs[GAN_MAX_INPUTS];
    int count;
    gan_context *context = r->network->context;
    gan_status status = read_inputs(r, name, cJSON_GetObjectItemCaseSensitive(json, "inputs"), inputs, &count);
    if (status != GAN_OK) return status;
    unsigned char *options = gan_context_allocate(context, 1, type->options_size, "a layer's options");
    if (!options) return GAN_ERROR_OUT_OF_MEMORY;
    const gan_layer_options common = {type->options_size, inputs[0], name};
    memcpy(options, &common, sizeof common);
    char where[80];
    snprintf(where, sizeof where, "layer \"%.60s\"", name);
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(json, "options");
    if (given) status = gan_fields_read(type->fields, type->field_count, options, given, r->what, where);
    if (status == GAN_OK) gan_layer_node_with(type, options, inputs + 1, count - 1);
    gan_context_release(context, options);
    return status;
}

static gan_status read_layer(const struct reader *r, int index, const cJSON *json)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "name"));
    const char *type_name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "type"));
    if (!name || !type_name)
        return gan_fail(GAN_ERROR_FORMAT, "%.200s: layer %d must have a type and a name", r->what, index);
    bool is_input = strcmp(type_name, gan_layer_input.name) == 0;
    char where[80];
    snprintf(where, sizeof where, "layer \"%.60s\"", name);
    gan_status status = gan_json_check_keys(json, is_input ? input_keys : layer_keys, r->what, where);
    if (status != GAN_OK) return status;
    if (is_input) return read_input_layer(r, name, json);
    const gan_layer_type *type = gan_layer_type_named(r->network->context, type_name);
    if (!type)
        return gan_fail(GAN_ERROR_FORMAT,
                        "%.200s: layer \"%.60s\" is of type \"%.60s\", which this version does not know", r->what, name,
                        type_name);
    return add_layer(r, type, name, json);
}

/* The numbers that the layers so far have. */
static size_t floats_needed(const gan_network *network)
{
    size_t floats = 0;
    for (int i = 0; i < network->count; i++) {
        const gan_layer *layer = &network->nodes[i]->layer;
        for (int k = 0; k < layer->parameters; k++)
            floats = gan_saturating_add(floats, (size_t)gan_shape_elements(&layer->parameter[k].shape));
        for (int k = 0; k < layer->buffers; k++)
            floats = gan_saturating_add(floats, (size_t)gan_shape_elements(&layer->buffer[k].shape));
    }
    return floats;
}

/* Before anything of that size is allocated. */
static gan_status build(const struct reader *r)
{
    size_t floats = floats_needed(r->network);
    if (floats <= r->floats) return gan_network_build(r->network);
    return gan_fail(GAN_ERROR_FORMAT, "%.300s: its layers need %zu numbers, and it has %zu", r->what, floats,
                    r->floats);
}

/* The builder's own first error comes out of gan_network_build(). */
static gan_status read_layers(const struct reader *r, const cJSON *json)
{
    const cJSON *layers = cJSON_GetObjectItemCaseSensitive(json, "layers"), *item,
                *outputs = cJSON_GetObjectItemCaseSensitive(json, "outputs");
    if (!cJSON_IsArray(layers) || !cJSON_IsArray(outputs))
        return gan_fail(GAN_ERROR_FORMAT, "%.300s: a network must have arrays \"layers\" and \"outputs\"", r->what);
    gan_status status = GAN_OK;
    int index = 0;
    cJSON_ArrayForEach(item, layers)
    {
        status = read_layer(r, index++, item);
        if (status != GAN_OK) return status;
        if (r->network->error != GAN_OK) return gan_network_build(r->network);
    }
    cJSON_ArrayForEach(item, outputs)
    {
        gan_node *node = node_named(r->network, cJSON_GetStringValue(item));
        if (!node) return gan_fail(GAN_ERROR_FORMAT, "%.300s: an output is no layer of the network", r->what);
        status = gan_network_output(r->network, node);
        if (status != GAN_OK) return status;
    }
    return build(r);
}

static gan_status read_network_options(gan_network_options *options, const cJSON *json, const char *what)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(json, "name"),
                *weights = cJSON_GetObjectItemCaseSensitive(json, "weights");
    gan_status status = gan_json_check_keys(json, network_keys, what, "the network");
    if (status == GAN_OK && weights) status = gan_json_read_initializer(&options->weights, weights, what, "weights");
    if (status != GAN_OK) return status;
    options->name = cJSON_GetStringValue(name);
    if (name && !options->name) return gan_fail(GAN_ERROR_FORMAT, "%.300s: the network's name must be a text", what);
    return GAN_OK;
}

gan_status gan_architecture_read(gan_network **network, gan_context *context, const cJSON *json, const char *what,
                                 size_t floats)
{
    int64_t version;
    *network = NULL;
    if (!gan_json_integer(cJSON_GetObjectItemCaseSensitive(json, "version"), 1, INT32_MAX, &version))
        return gan_fail(GAN_ERROR_FORMAT, "%.300s: the network has no version", what);
    if (version > GAN_ARCHITECTURE_VERSION)
        return gan_fail(GAN_ERROR_FORMAT, "%.300s: the network is of version %d; this library reads up to %d", what,
                        (int)version, GAN_ARCHITECTURE_VERSION);
    gan_network_options options = {.size = sizeof options};
    gan_status status = read_network_options(&options, json, what);
    if (status == GAN_OK) status = gan_network_create(network, context, &options);
    if (status != GAN_OK) return status;
    status = read_layers(&(struct reader){*network, what, floats}, json);
    if (status != GAN_OK) gan_network_free(network);
    return status;
}
