/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/options.h"
#include "io/foreign.h"
#include "io/safetensors.h"

#include <string.h>

#define MOST_NAMES 10000

/* Where a file does not tell how many batches running averages have seen: more than any average counts. */
#define MANY_BATCHES 1000000.0f

/* A vector that is shorter has no direction (network/spectral.c). */
#define EPSILON 1e-12

static const gan_field fields[] = {
    {"layout", GAN_FIELD_INT, 0, offsetof(gan_weights_options, layout), 0, GAN_WEIGHTS_KERAS, GAN_WEIGHTS_LIBGAN},
    {"name_count", GAN_FIELD_INT, 0, offsetof(gan_weights_options, name_count), 0, MOST_NAMES, 0},
    {"allow_extra", GAN_FIELD_BOOL, 0, offsetof(gan_weights_options, allow_extra), 0, 1, 0},
    {"channels_last", GAN_FIELD_BOOL, 0, offsetof(gan_weights_options, channels_last), 0, 1, 0},
    GAN_FIELD_RESERVED(gan_weights_options),
};

static gan_status begin(gan_foreign_list *list, gan_weights_options *options, const gan_network *network,
                        const char *call, const char *path, const gan_weights_options *given)
{
    *list = (gan_foreign_list){NULL};
    gan_status status = gan_network_require_built(network, call, "network");
    if (status == GAN_OK && !path) status = gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: path is NULL", call);
    if (status == GAN_OK)
        status =
            gan_options_read(options, sizeof *options, given, "gan_weights_options", fields, GAN_FIELD_COUNT(fields));
    return status == GAN_OK ? gan_foreign_make(list, network, options) : status;
}

/* A file's tensors and the memory of their numbers. */
struct content {
    gan_stored_tensor *tensors;
    uint64_t *numbers; /* each tensor begins at a multiple of 8 bytes */
    double *sum;       /* W' u, of the longest */
};

static size_t bytes_of(const gan_foreign_tensor *tensor)
{
    return tensor->kind == GAN_FOREIGN_COUNT ? sizeof(int64_t) : (size_t)gan_foreign_elements(tensor) * sizeof(float);
}

static size_t words_of(const gan_foreign_tensor *tensor)
{
    return (bytes_of(tensor) + sizeof(uint64_t) - 1) / sizeof(uint64_t);
}

static gan_status allocate(struct content *content, const gan_foreign_list *list)
{
    size_t words = 1, longest = 1;
    for (int i = 0; i < list->count; i++) {
        words += words_of(&list->tensors[i]);
        size_t elements = list->tensors[i].u ? (size_t)gan_foreign_elements(&list->tensors[i]) : 0;
        if (elements > longest) longest = elements;
    }
    content->tensors = gan_context_allocate(list->context, (size_t)list->count + 1, sizeof *content->tensors,
                                            "the list of a file's tensors");
    content->numbers = gan_context_allocate(list->context, words, sizeof *content->numbers, "a file's numbers");
    content->sum = gan_context_allocate(list->context, longest, sizeof *content->sum, "a vector of a weight");
    return content->tensors && content->numbers && content->sum ? GAN_OK : GAN_ERROR_OUT_OF_MEMORY;
}

static void release(struct content *content, gan_context *context)
{
    gan_context_release(context, content->sum);
    gan_context_release(context, content->numbers);
    gan_context_release(context, content->tensors);
}

/* `normalized`: a spectrally normalized weight is divided by |W' u|, as an inference run divides it. */
static void write_values(const gan_foreign_tensor *tensor, float *target, bool normalized, double *sum)
{
    const float *source = gan_tensor_floats(tensor->variable->value);
    double length = tensor->u && normalized ? gan_foreign_transposed_product(tensor, sum) : 1;
    double scale = 1 / (length > EPSILON ? length : EPSILON);
    for (int64_t i = 0; i < gan_foreign_elements(tensor); i++)
        target[i] = (float)(source[gan_foreign_place(tensor, i)] * scale);
}

static void write_vector(const gan_foreign_tensor *vector, const gan_foreign_tensor *weight, float *target, double *sum)
{
    double length = gan_foreign_transposed_product(weight, sum);
    for (int64_t i = 0; i < gan_foreign_elements(vector); i++)
        target[i] = (float)(sum[i] / (length > EPSILON ? length : EPSILON));
}

static const gan_foreign_tensor *weight_of(const gan_foreign_list *list, const gan_foreign_tensor *vector)
{
    const gan_foreign_tensor *weight = list->tensors;
    while (weight->variable != vector->variable) weight++;
    return weight;
}

/* A number of batches, also where a caller has written something else. */
static int64_t whole(float number)
{
    return number >= 0 && number < 0x1p62f ? (int64_t)number : 0;
}

static void fill(struct content *content, const gan_foreign_list *list, bool normalized)
{
    uint64_t *at = content->numbers;
    for (int i = 0; i < list->count; at += words_of(&list->tensors[i++])) {
        const gan_foreign_tensor *tensor = &list->tensors[i];
        gan_stored_tensor *stored = &content->tensors[i];
        bool count = tensor->kind == GAN_FOREIGN_COUNT;
        *stored = (gan_stored_tensor){.name = tensor->name,
                                      .type = count ? GAN_STORED_I64 : GAN_STORED_F32,
                                      .rank = tensor->rank,
                                      .data = at,
                                      .bytes = bytes_of(tensor)};
        memcpy(stored->shape, tensor->shape, sizeof stored->shape);
        if (count)
            *(int64_t *)at = whole(*gan_tensor_floats(tensor->variable->value));
        else if (tensor->kind == GAN_FOREIGN_VECTOR)
            write_vector(tensor, weight_of(list, tensor), (float *)at, content->sum);
        else
            write_values(tensor, (float *)at, normalized, content->sum);
    }
}

gan_status gan_network_export_weights(const gan_network *network, const char *path, const gan_weights_options *given)
{
    gan_weights_options options;
    gan_foreign_list list;
    struct content content = {NULL};
    gan_status status = begin(&list, &options, network, "gan_network_export_weights", path, given);
    if (status != GAN_OK) return status;
    status = allocate(&content, &list);
    if (status == GAN_OK) {
        fill(&content, &list, options.layout == GAN_WEIGHTS_KERAS);
        status = gan_safetensors_write(list.context, path, content.tensors, list.count, NULL, 0);
    }
    release(&content, list.context);
    gan_foreign_free(&list);
    return status;
}

/* What no layer's result depends on: that may be missing. */
static bool is_optional(const gan_foreign_tensor *tensor)
{
    return tensor->kind != GAN_FOREIGN_VALUES;
}

static gan_status check_shape(const gan_safetensors *file, const gan_foreign_tensor *tensor,
                              const gan_stored_tensor *stored)
{
    char given[GAN_SHAPE_TEXT], wanted[GAN_SHAPE_TEXT];
    const char *path = gan_safetensors_path(file);
    if (!gan_stored_is_number(stored->type))
        return gan_fail(GAN_ERROR_FORMAT, "%.200s: tensor \"%.100s\" is %s; it must be F32, F64, F16 or BF16", path,
                        tensor->name, gan_stored_type_name(stored->type));
    if (tensor->kind == GAN_FOREIGN_COUNT
            ? stored->rank == 0 || (stored->rank == 1 && stored->shape[0] == 1)
            : stored->rank == tensor->rank &&
                  memcmp(stored->shape, tensor->shape, (size_t)stored->rank * sizeof *stored->shape) == 0)
        return GAN_OK;
    return gan_fail(GAN_ERROR_FORMAT, "%.200s: tensor \"%.100s\" is %s; for %s it must be %s", path, tensor->name,
                    gan_shape_text(given, stored->rank, stored->shape), tensor->own_name,
                    gan_shape_text(wanted, tensor->rank, tensor->shape));
}

static gan_status check_tensors(const gan_safetensors *file, const gan_foreign_list *list)
{
    const gan_foreign_tensor *missing = NULL;
    int count = 0;
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < list->count; i++) {
        const gan_foreign_tensor *tensor = &list->tensors[i];
        const gan_stored_tensor *stored = gan_safetensors_find(file, tensor->name);
        if (stored) {
            status = check_shape(file, tensor, stored);
        } else if (!is_optional(tensor)) {
            if (count++ == 0) missing = tensor;
        }
    }
    if (status != GAN_OK || !missing) return status;
    return gan_fail(GAN_ERROR_FORMAT, "%.200s has no tensor \"%.120s\", for %s, and %d more are missing",
                    gan_safetensors_path(file), missing->name, missing->own_name, count - 1);
}

static bool is_known(const gan_foreign_list *list, const char *name)
{
    for (int i = 0; i < list->count; i++)
        if (strcmp(list->tensors[i].name, name) == 0) return true;
    return false;
}

static gan_status check_extra(const gan_safetensors *file, const gan_foreign_list *list, const char *prefix)
{
    const char *extra = NULL;
    int count = 0;
    for (int i = 0; i < gan_safetensors_count(file); i++) {
        const char *name = gan_safetensors_at(file, i)->name;
        bool ours = !prefix || strncmp(name, prefix, strlen(prefix)) == 0;
        if (ours && !is_known(list, name) && count++ == 0) extra = name;
    }
    if (!extra) return GAN_OK;
    return gan_fail(GAN_ERROR_FORMAT,
                    "%.200s has a tensor \"%.120s\" that no parameter of the network has, and %d more such; "
                    "gan_weights_options.allow_extra leaves them out",
                    gan_safetensors_path(file), extra, count - 1);
}

static void forget_counts(const gan_network *network)
{
    for (int i = 0; i < network->buffers.count; i++) {
        const gan_variable *buffer = &network->buffers.list[i];
        if (buffer->slot->forms && buffer->slot->forms->count) *gan_tensor_floats(buffer->value) = MANY_BATCHES;
    }
}

static void read_tensors(const gan_safetensors *file, const gan_foreign_list *list)
{
    for (int i = 0; i < list->count; i++) {
        const gan_foreign_tensor *tensor = &list->tensors[i];
        const gan_stored_tensor *stored = gan_safetensors_find(file, tensor->name);
        float *target = gan_tensor_floats(tensor->variable->value);
        if (tensor->kind == GAN_FOREIGN_COUNT && stored) *target = gan_stored_number(stored, 0);
        for (int64_t k = 0; tensor->kind == GAN_FOREIGN_VALUES && k < gan_foreign_elements(tensor); k++)
            target[gan_foreign_place(tensor, k)] = gan_stored_number(stored, k);
    }
}

gan_status gan_network_import_weights(gan_network *network, const char *path, const gan_weights_options *given)
{
    gan_weights_options options;
    gan_foreign_list list;
    gan_safetensors *file = NULL;
    gan_status status = begin(&list, &options, network, "gan_network_import_weights", path, given);
    if (status == GAN_OK) status = gan_safetensors_read(&file, network->context, path);
    if (status == GAN_OK) status = check_tensors(file, &list);
    if (status == GAN_OK && !options.allow_extra) status = check_extra(file, &list, options.prefix);
    if (status == GAN_OK) {
        forget_counts(network);
        read_tensors(file, &list);
    }
    gan_safetensors_free(&file);
    gan_foreign_free(&list);
    return status;
}
