/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/architecture.h"
#include "io/json.h"
#include "layer/registry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a layer's options are comes from its table of fields, so that a new layer is saved and loaded without a line
 * here. A member that has its default is left out. */

static const char *const kinds[] = {"default",        "normal",        "uniform",    "zeros",     "ones",
                                    "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "orthogonal"};

#define KINDS ((int)(sizeof kinds / sizeof kinds[0]))

/* The keys that objects may have. */
static const char *const initializer_keys[] = {"kind", "scale", "mean", NULL},
                         *const input_keys[] = {"type", "name", "shape", NULL},
                         *const layer_keys[] = {"type", "name", "inputs", "options", NULL},
                         *const network_keys[] = {"version", "name", "weights", "layers", "outputs", NULL};

static bool add(cJSON *object, const char *name, cJSON *item)
{
    if (cJSON_AddItemToObject(object, name, item)) return true;
    cJSON_Delete(item);
    return false;
}

/* The double of fewest digits that gives the float back: 0.02, where the float itself is 0.0199999996. A NaN or
 * infinity is never in checked options. */
static cJSON *float_item(float number)
{
    char text[32];
    for (int digits = 1; digits < 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)number);
        double rounded = strtod(text, NULL);
        if ((float)rounded == number) return cJSON_CreateNumber(rounded);
    }
    return cJSON_CreateNumber((double)number);
}

static cJSON *initializer_item(const gan_initializer *init)
{
    cJSON *object = cJSON_CreateObject();
    if (object && cJSON_AddStringToObject(object, "kind", kinds[init->kind]) &&
        add(object, "scale", float_item(init->scale)) && add(object, "mean", float_item(init->mean)))
        return object;
    cJSON_Delete(object);
    return NULL;
}

static cJSON *shape_item(int rank, const int64_t *shape)
{
    cJSON *array = cJSON_CreateArray();
    for (int i = 0; array && i < rank; i++)
        if (!cJSON_AddItemToArray(array, cJSON_CreateNumber((double)shape[i]))) {
            cJSON_Delete(array);
            array = NULL;
        }
    return array;
}

static int shape_rank(const int64_t *shape)
{
    int rank = 0;
    while (rank < GAN_MAX_RANK && shape[rank] != 0) rank++;
    return rank;
}

/* How each type of field is written and read. `skips`: whether the member has its default. */
typedef struct form {
    bool (*skips)(const gan_field *field, const void *member);
    cJSON *(*write)(const void *member);
    bool (*read)(void *member, const cJSON *item);
    const char *expected;
    const char *const *keys; /* where it is an object */
} form;

static bool skips_int(const gan_field *field, const void *member)
{
    return *(const int *)member == (int)field->fallback;
}

static cJSON *write_int(const void *member)
{
    return cJSON_CreateNumber(*(const int *)member);
}

static bool read_int(void *member, const cJSON *item)
{
    int64_t number;
    if (!gan_json_integer(item, INT32_MIN, INT32_MAX, &number)) return false;
    *(int *)member = (int)number;
    return true;
}

static bool skips_int64(const gan_field *field, const void *member)
{
    return *(const int64_t *)member == (int64_t)field->fallback;
}

static cJSON *write_int64(const void *member)
{
    return cJSON_CreateNumber((double)*(const int64_t *)member);
}

static bool read_int64(void *member, const cJSON *item)
{
    return gan_json_integer(item, -(INT64_C(1) << 53), INT64_C(1) << 53, member);
}

static bool skips_float(const gan_field *field, const void *member)
{
    float number = *(const float *)member;
    return number == (float)field->fallback && !(number == 0 && signbit(number));
}

static cJSON *write_float(const void *member)
{
    return float_item(*(const float *)member);
}

/* A 0 that is written out is meant: GAN_ZERO. */
static bool read_float(void *member, const cJSON *item)
{
    if (!cJSON_IsNumber(item)) return false;
    float number = (float)item->valuedouble;
    *(float *)member = number == 0 ? GAN_ZERO : number;
    return true;
}

static bool skips_bool(const gan_field *field, const void *member)
{
    (void)field;
    return !*(const bool *)member;
}

static cJSON *write_bool(const void *member)
{
    return cJSON_CreateBool(*(const bool *)member);
}

static bool read_bool(void *member, const cJSON *item)
{
    *(bool *)member = cJSON_IsTrue(item);
    return cJSON_IsBool(item);
}

static bool skips_shape(const gan_field *field, const void *member)
{
    (void)field;
    return shape_rank(member) == 0;
}

static cJSON *write_shape(const void *member)
{
    return shape_item(shape_rank(member), member);
}

static bool read_shape(void *member, const cJSON *item)
{
    int64_t *shape = member;
    int rank = cJSON_GetArraySize(item);
    if (!cJSON_IsArray(item) || rank >= GAN_MAX_RANK) return false;
    for (int i = 0; i < rank; i++) /* a 0 would end the shape before what follows it */
        if (!gan_json_integer(cJSON_GetArrayItem(item, i), -1, INT64_C(1) << 53, &shape[i]) || shape[i] == 0)
            return false;
    return true;
}

static bool skips_initializer(const gan_field *field, const void *member)
{
    const gan_initializer *init = member;
    float scale = init->kind == GAN_INITIALIZER_NORMAL || init->kind == GAN_INITIALIZER_UNIFORM ? 0.05f : 1;
    return init->kind == (int)field->fallback && (init->kind == 0 || (init->scale == scale && init->mean == 0));
}

static cJSON *write_initializer(const void *member)
{
    return initializer_item(member);
}

static bool read_initializer(void *member, const cJSON *item)
{
    gan_initializer *init = member;
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "kind"));
    const cJSON *scale = cJSON_GetObjectItemCaseSensitive(item, "scale"),
                *mean = cJSON_GetObjectItemCaseSensitive(item, "mean");
    init->kind = 1;
    while (kind && init->kind < KINDS && strcmp(kinds[init->kind], kind) != 0) init->kind++;
    if (cJSON_IsNumber(mean)) init->mean = (float)mean->valuedouble;
    return kind && init->kind < KINDS && (!mean || cJSON_IsNumber(mean)) && (!scale || read_float(&init->scale, scale));
}

static const form forms[] = {
    [GAN_FIELD_INT] = {skips_int, write_int, read_int, "a whole number"},
    [GAN_FIELD_INT64] = {skips_int64, write_int64, read_int64, "a whole number"},
    [GAN_FIELD_FLOAT] = {skips_float, write_float, read_float, "a number"},
    [GAN_FIELD_BOOL] = {skips_bool, write_bool, read_bool, "true or false"},
    [GAN_FIELD_SHAPE] = {skips_shape, write_shape, read_shape, "an array of up to 7 whole numbers, none of them 0"},
    [GAN_FIELD_INITIALIZER] = {skips_initializer, write_initializer, read_initializer,
                               "an object with kind, scale and mean", initializer_keys},
};

static cJSON *options_item(const gan_layer *layer)
{
    cJSON *object = cJSON_CreateObject();
    for (int i = 0; object && i < layer->type->field_count; i++) {
        const gan_field *field = &layer->type->fields[i];
        const void *member = (const unsigned char *)layer->options + field->offset;
        const form *f = &forms[field->type];
        if (f->skips(field, member) || add(object, field->name, f->write(member))) continue;
        cJSON_Delete(object);
        object = NULL;
    }
    return object;
}

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
    if (fine && node->is_input) fine = add(object, "shape", shape_item(layer->output.rank, layer->output.size));
    if (fine && !node->is_input) fine = add_inputs(object, node) && add(object, "options", options_item(layer));
    if (fine) return object;
    cJSON_Delete(object);
    return NULL;
}

cJSON *gan_architecture_write(const gan_network *network)
{
    cJSON *json = cJSON_CreateObject(), *layers = NULL, *outputs = NULL;
    bool fine = json && cJSON_AddNumberToObject(json, "version", GAN_ARCHITECTURE_VERSION) &&
                cJSON_AddStringToObject(json, "name", network->name) &&
                add(json, "weights", initializer_item(&network->weights)) &&
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
};

static gan_node *node_named(const gan_network *network, const char *name)
{
    for (int i = 0; name && i < network->count; i++)
        if (strcmp(network->nodes[i]->name, name) == 0) return network->nodes[i];
    return NULL;
}

/* gan_options_read() would take it for the default. */
static bool is_zero_out_of_range(const gan_field *field, const cJSON *item)
{
    bool whole = field->type == GAN_FIELD_INT || field->type == GAN_FIELD_INT64;
    return whole && item->valuedouble == 0 && (field->low > 0 || field->high < 0);
}

static gan_status read_option(const struct reader *r, const gan_field *field, const char *name, const cJSON *item,
                              void *member)
{
    const form *f = &forms[field->type];
    char where[160];
    snprintf(where, sizeof where, "option \"%.60s\" of layer \"%.60s\"", field->name, name);
    gan_status status = f->keys ? gan_json_check_keys(item, f->keys, r->what, where) : GAN_OK;
    if (status == GAN_OK && !f->read(member, item))
        status = gan_fail(GAN_ERROR_FORMAT, "%.200s: %s must be %s", r->what, where, f->expected);
    if (status == GAN_OK && is_zero_out_of_range(field, item))
        status = gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%.200s: %s is 0; it must be %.19g to %.19g, or left out",
                          r->what, where, field->low, field->high);
    return status;
}

static gan_status read_options(const struct reader *r, const gan_layer_type *type, const char *name,
                               const cJSON *options, unsigned char *target)
{
    const cJSON *item;
    if (options && !cJSON_IsObject(options))
        return gan_fail(GAN_ERROR_FORMAT, "%.200s: the options of layer \"%.60s\" must be an object", r->what, name);
    cJSON_ArrayForEach(item, options)
    {
        int i = 0;
        while (i < type->field_count && strcmp(type->fields[i].name, item->string) != 0) i++;
        if (i == type->field_count)
            return gan_fail(GAN_ERROR_FORMAT,
                            "%.200s: layer \"%.60s\" (%s) has an option \"%.60s\", which this version "
                            "does not know",
                            r->what, name, type->name, item->string);
        gan_status status = read_option(r, &type->fields[i], name, item, target + type->fields[i].offset);
        if (status != GAN_OK) return status;
    }
    return GAN_OK;
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
    if (!read_shape(shape, cJSON_GetObjectItemCaseSensitive(json, "shape")))
        return gan_fail(GAN_ERROR_FORMAT, "%.200s: input \"%.60s\" must have a shape, %s", r->what, name,
                        forms[GAN_FIELD_SHAPE].expected);
    gan_input_layer(r->network, shape_rank(shape), shape, name);
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
    status = read_options(r, type, name, cJSON_GetObjectItemCaseSensitive(json, "options"), options);
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
    return gan_network_build(r->network);
}

static gan_status read_network_options(gan_network_options *options, const cJSON *json, const char *what)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(json, "name"),
                *weights = cJSON_GetObjectItemCaseSensitive(json, "weights");
    gan_status status = gan_json_check_keys(json, network_keys, what, "the network");
    if (status == GAN_OK && weights) status = gan_json_check_keys(weights, initializer_keys, what, "weights");
    if (status != GAN_OK) return status;
    options->name = cJSON_GetStringValue(name);
    if (name && !options->name) return gan_fail(GAN_ERROR_FORMAT, "%.300s: the network's name must be a text", what);
    if (weights && !read_initializer(&options->weights, weights))
        return gan_fail(GAN_ERROR_FORMAT, "%.300s: weights must be %s", what, forms[GAN_FIELD_INITIALIZER].expected);
    return GAN_OK;
}

gan_status gan_architecture_read(gan_network **network, gan_context *context, const cJSON *json, const char *what)
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
    status = read_layers(&(struct reader){*network, what}, json);
    if (status != GAN_OK) gan_network_free(network);
    return status;
}
