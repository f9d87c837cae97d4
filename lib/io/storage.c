/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/text.h"
#include "io/architecture.h"
#include "io/json.h"
#include "io/safetensors.h"

#include <gan/storage.h>
#include <string.h>

/* In a file, a network is its architecture under this key, and its variables by their names. */
#define NETWORK_KEY "gan.network"

static gan_status out_of_memory(const gan_network *network)
{
    return gan_fail(GAN_ERROR_OUT_OF_MEMORY, "out of memory: the architecture of network \"%s\"", network->name);
}

static gan_status check_call(const gan_network *network, const char *call, const char *what, const void *argument)
{
    gan_status status = gan_network_require_built(network, call, "network");
    if (status == GAN_OK && !argument) status = gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is NULL", call, what);
    return status;
}

static void list_variables(const gan_variables *variables, gan_stored_tensor *list)
{
    for (int i = 0; i < variables->count; i++) list[i] = gan_stored(variables->list[i].name, variables->list[i].value);
}

static gan_status write_file(const gan_network *network, const char *path, const char *architecture)
{
    int count = network->parameters.count + network->buffers.count;
    gan_stored_tensor *list =
        gan_context_allocate(network->context, (size_t)count + 1, sizeof *list, "the list of a file's tensors");
    if (!list) return GAN_ERROR_OUT_OF_MEMORY;
    list_variables(&network->parameters, list);
    list_variables(&network->buffers, list + network->parameters.count);
    const gan_stored_text text = {NETWORK_KEY, architecture};
    gan_status status = gan_safetensors_write(network->context, path, list, count, &text, 1);
    gan_context_release(network->context, list);
    return status;
}

gan_status gan_network_save(const gan_network *network, const char *path)
{
    gan_status status = check_call(network, "gan_network_save", "path", path);
    if (status != GAN_OK) return status;
    cJSON *json = gan_architecture_write(network);
    char *text = json ? cJSON_PrintUnformatted(json) : NULL;
    status = text ? write_file(network, path, text) : out_of_memory(network);
    cJSON_free(text);
    cJSON_Delete(json);
    return status;
}

/* All are looked at before any is changed. */
static gan_status read_variables(const gan_safetensors *file, const gan_variables *variables, bool copy)
{
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < variables->count; i++) {
        const gan_variable *v = &variables->list[i];
        status = copy ? gan_safetensors_copy(file, v->name, v->value) : gan_safetensors_check(file, v->name, v->value);
    }
    return status;
}

static gan_status read_weights(const gan_safetensors *file, const gan_network *network)
{
    gan_status status = GAN_OK;
    for (int copy = 0; status == GAN_OK && copy < 2; copy++) {
        status = read_variables(file, &network->parameters, copy);
        if (status == GAN_OK) status = read_variables(file, &network->buffers, copy);
    }
    return status;
}

static gan_status read_network(gan_network **network, gan_context *context, const gan_safetensors *file)
{
    const char *text = gan_safetensors_text(file, NETWORK_KEY), *path = gan_safetensors_path(file);
    cJSON *json = NULL;
    if (!text && gan_safetensors_text(file, GAN_CHECKPOINT_KEY))
        return gan_fail(GAN_ERROR_FORMAT, "%.300s is a checkpoint; gan_checkpoint_network() makes a network of it",
                        path);
    if (!text) return gan_fail(GAN_ERROR_FORMAT, "%.300s has no network: no \"%s\" in its metadata", path, NETWORK_KEY);
    gan_status status = gan_json_parse(&json, context, text, strlen(text), path);
    if (status == GAN_OK) status = gan_architecture_read(network, context, json, path, gan_safetensors_numbers(file));
    if (status == GAN_OK) status = read_weights(file, *network);
    cJSON_Delete(json);
    if (status != GAN_OK) gan_network_free(network);
    return status;
}

gan_status gan_network_load(gan_network **network, gan_context *context, const char *path)
{
    if (!network) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_load: network is NULL");
    *network = NULL;
    if (!context || !path)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_load: %s is NULL", context ? "path" : "context");
    gan_safetensors *file;
    gan_status status = gan_safetensors_read(&file, context, path);
    if (status == GAN_OK) status = read_network(network, context, file);
    gan_safetensors_free(&file);
    return status;
}

gan_status gan_network_load_weights(gan_network *network, const char *path)
{
    gan_status status = check_call(network, "gan_network_load_weights", "path", path);
    gan_safetensors *file = NULL;
    if (status == GAN_OK) status = gan_safetensors_read(&file, network->context, path);
    if (status == GAN_OK) status = read_weights(file, network);
    gan_safetensors_free(&file);
    return status;
}

gan_status gan_network_to_json(const gan_network *network, char *text, size_t capacity, size_t *length)
{
    gan_status status = gan_network_require_built(network, "gan_network_to_json", "network");
    if (status != GAN_OK) return status;
    if (!text && capacity > 0)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_to_json: text is NULL and capacity %zu", capacity);
    cJSON *json = gan_architecture_write(network);
    char *printed = json ? cJSON_Print(json) : NULL;
    if (printed) {
        gan_text out = {.out = text, .capacity = capacity};
        gan_text_append(&out, "%s\n", printed);
        if (length) *length = out.length;
    }
    status = printed ? GAN_OK : out_of_memory(network);
    cJSON_free(printed);
    cJSON_Delete(json);
    return status;
}

gan_status gan_network_from_json(gan_network **network, gan_context *context, const char *text, size_t length)
{
    if (!network) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_from_json: network is NULL");
    *network = NULL;
    if (!context || !text)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_from_json: %s is NULL", context ? "text" : "context");
    cJSON *json;
    gan_status status = gan_json_parse(&json, context, text, length, "the text");
    if (status == GAN_OK) status = gan_architecture_read(network, context, json, "the text", SIZE_MAX);
    cJSON_Delete(json);
    return status;
}
