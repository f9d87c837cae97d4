/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/layer.h"

#include <float.h>
#include <gan/custom.h>
#include <stdio.h>
#include <string.h>

/* The bridge between a caller's table and gan_layer_type: a registered type is one of those, whose functions fill in
 * what the caller's want to see. */

#define TYPE_NAME_SIZE 64
#define NAME_SIZE      32

struct custom_type {
    gan_layer_type layer; /* first: the graph points to it */
    char name[TYPE_NAME_SIZE], short_name[TYPE_NAME_SIZE];
    gan_custom_type caller;
    gan_extension link;
};

/* A node's options, with what its infer() declared. */
struct custom_options {
    gan_custom_options caller;
    int64_t saved;
    char names[2 * GAN_MAX_SLOTS][NAME_SIZE];
};

struct gan_custom_setup {
    gan_layer *layer;
};

#define NUMBER(i)                                                                                               \
    {                                                                                                           \
        "number" #i, GAN_FIELD_FLOAT, 0, offsetof(gan_custom_options, numbers) + (i) * sizeof(float), -FLT_MAX, \
            FLT_MAX, 0                                                                                          \
    }
static const gan_field fields[] = {NUMBER(0), NUMBER(1), NUMBER(2), NUMBER(3),
                                   NUMBER(4), NUMBER(5), NUMBER(6), NUMBER(7)};

static const gan_custom_type *caller_of(const gan_layer *layer)
{
    return &((const struct custom_type *)(const void *)layer->type)->caller;
}

static const struct custom_options *options_of(const gan_layer *layer)
{
    return layer->options;
}

/* infer() alone may write to the node's options, which are the network's own copy. */
static struct custom_options *own_options(const gan_custom_setup *setup)
{
    return (struct custom_options *)setup->layer->options;
}

static bool name_is_valid(const char *name, size_t size)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t length = name ? strspn(name, letters) : 0;
    return length > 0 && length < size && name[length] == '\0';
}

int gan_custom_inputs(const gan_custom_setup *setup)
{
    return setup ? setup->layer->inputs : 0;
}

const int64_t *gan_custom_input(const gan_custom_setup *setup, int index, int *rank)
{
    if (!setup || index < 0 || index >= setup->layer->inputs) return NULL;
    if (rank) *rank = setup->layer->input[index].rank;
    return setup->layer->input[index].size;
}

float gan_custom_number(const gan_custom_setup *setup, int index)
{
    return setup && index >= 0 && index < GAN_CUSTOM_NUMBERS ? options_of(setup->layer)->caller.numbers[index] : 0;
}

static gan_status read_shape(const gan_custom_setup *setup, const char *what, int rank, const int64_t *shape,
                             gan_shape *result)
{
    int64_t count;
    if (!setup) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: setup is NULL", what);
    if (rank < 1 || rank >= GAN_MAX_RANK || !shape || !gan_shape_count(rank, shape, &count) || count > INT64_MAX / 8)
        return gan_layer_fail_option(setup->layer, "%s: the shape must be of 1 to %d dimensions, each at least 1", what,
                                     GAN_MAX_RANK - 1);
    *result = (gan_shape){.rank = rank};
    memcpy(result->size, shape, (size_t)rank * sizeof *shape);
    return GAN_OK;
}

gan_status gan_custom_output(gan_custom_setup *setup, int rank, const int64_t *shape)
{
    return read_shape(setup, "gan_custom_output", rank, shape, setup ? &setup->layer->output : NULL);
}

/* Name 0..GAN_MAX_SLOTS-1 is a parameter's, the rest are buffers'. */
static gan_status read_slot(gan_custom_setup *setup, const char *what, int count, int place, const char *name, int rank,
                            const int64_t *shape, gan_initializer initializer, gan_slot *slot)
{
    gan_shape read;
    gan_status status = read_shape(setup, what, rank, shape, &read);
    if (status != GAN_OK) return status;
    if (count == GAN_CUSTOM_SLOTS)
        return gan_layer_fail_option(setup->layer, "%s: there are %d already, the most that can be", what, count);
    if (!name_is_valid(name, NAME_SIZE))
        return gan_layer_fail_option(setup->layer, "%s: the name must be 1 to %d letters, digits or '_'", what,
                                     NAME_SIZE - 1);
    for (int i = 0; i < 2 * GAN_MAX_SLOTS; i++)
        if (strcmp(own_options(setup)->names[i], name) == 0)
            return gan_layer_fail_option(setup->layer, "%s: there is a \"%s\" already", what, name);
    status = gan_initializer_read(&initializer, setup->layer->name, name);
    if (status != GAN_OK) return status;
    char *copy = own_options(setup)->names[place];
    snprintf(copy, NAME_SIZE, "%s", name);
    int64_t last = read.size[read.rank - 1];
    *slot = (gan_slot){copy, read, initializer, gan_shape_elements(&read) / last, last, false};
    return GAN_OK;
}

gan_status gan_custom_parameter(gan_custom_setup *setup, const char *name, int rank, const int64_t *shape,
                                gan_initializer initializer, bool additive)
{
    int count = setup ? setup->layer->parameters : 0;
    gan_slot slot;
    gan_status status = read_slot(setup, "gan_custom_parameter", count, count, name, rank, shape, initializer, &slot);
    if (status != GAN_OK) return status;
    slot.additive = additive;
    gan_layer_add_parameter(setup->layer, slot);
    return GAN_OK;
}

gan_status gan_custom_buffer(gan_custom_setup *setup, const char *name, int rank, const int64_t *shape,
                             gan_initializer initializer)
{
    int count = setup ? setup->layer->buffers : 0;
    gan_slot slot;
    gan_status status =
        read_slot(setup, "gan_custom_buffer", count, GAN_MAX_SLOTS + count, name, rank, shape, initializer, &slot);
    if (status == GAN_OK) gan_layer_add_buffer(setup->layer, slot);
    return status;
}

static gan_status read_count(const gan_custom_setup *setup, const char *what, int64_t count)
{
    if (!setup) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: setup is NULL", what);
    if (count >= 0 && count <= INT64_MAX / 8) return GAN_OK;
    return gan_layer_fail_option(setup->layer, "%s: %lld is not 0 to 2^60", what, (long long)count);
}

gan_status gan_custom_saved(gan_custom_setup *setup, int64_t floats)
{
    gan_status status = read_count(setup, "gan_custom_saved", floats);
    if (status == GAN_OK) own_options(setup)->saved = floats;
    return status;
}

gan_status gan_custom_flops(gan_custom_setup *setup, int64_t flops)
{
    gan_status status = read_count(setup, "gan_custom_flops", flops);
    if (status == GAN_OK) setup->layer->flops = flops;
    return status;
}

gan_status gan_custom_refuse(const gan_custom_setup *setup, const char *text)
{
    if (!setup) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_custom_refuse: setup is NULL");
    return gan_layer_fail(setup->layer, "%s", text ? text : "the inputs do not fit");
}

static gan_status infer(gan_layer *layer)
{
    gan_custom_setup setup = {layer};
    const gan_custom_type *caller = caller_of(layer);
    gan_fail(GAN_OK, "%s", ""); /* to see whether the function says why */
    gan_status status = caller->infer(caller->user, &setup);
    if (status != GAN_OK && gan_last_error()[0] == '\0')
        return gan_fail(status, "%s (%s): its infer function returned %s", layer->name, layer->type->name,
                        gan_status_name(status));
    if (status == GAN_OK && layer->output.rank == 0)
        status = gan_layer_fail_option(layer, "its infer function did not call gan_custom_output()");
    return status;
}

static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    (void)kernels;
    need->saved = gan_saturating_multiply((size_t)batch, (size_t)options_of(layer)->saved);
}

struct ranges {
    void (*task)(void *argument, int64_t begin, int64_t end);
    void *argument;
};

static void run_range(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct ranges *ranges = argument;
    (void)worker;
    ranges->task(ranges->argument, begin, end);
}

void gan_custom_parallel(const gan_custom_pass *pass, int64_t total, int64_t grain,
                         void (*task)(void *argument, int64_t begin, int64_t end), void *argument)
{
    if (!pass || !task || total < 1) return;
    struct ranges ranges = {task, argument};
    gan_pool_ranges(pass->parallel, run_range, &ranges, total, grain < 1 ? 1 : grain);
}

static void run_pass(const gan_layer_call *call, gan_custom_function function, const char *name)
{
    const gan_custom_type *caller = caller_of(call->layer);
    const gan_custom_pass pass = {
        .size = sizeof pass,
        .batch = call->batch,
        .training = call->training,
        .inputs = call->layer->inputs,
        .numbers = options_of(call->layer)->caller.numbers,
        .x = call->x,
        .y = call->y,
        .parameter = call->parameter,
        .buffer = call->buffer,
        .saved = options_of(call->layer)->saved ? call->saved : NULL,
        .dy = call->dy,
        .dx = call->dx,
        .gradient = call->gradient,
        .tx = call->tx,
        .ty = call->ty,
        .dty = call->dty,
        .dtx = call->dtx,
        .parallel = call->pool,
    };
    gan_status status = function(caller->user, &pass);
    if (status != GAN_OK)
        *call->status = gan_fail(status, "%s (%s): its %s function returned %s", call->layer->name,
                                 call->layer->type->name, name, gan_status_name(status));
}

static void forward(const gan_layer_call *call)
{
    run_pass(call, caller_of(call->layer)->forward, "forward");
}

static void backward(const gan_layer_call *call)
{
    run_pass(call, caller_of(call->layer)->backward, "backward");
}

static void tangent(const gan_layer_call *call)
{
    run_pass(call, caller_of(call->layer)->tangent, "tangent");
}

static void tangent_backward(const gan_layer_call *call)
{
    run_pass(call, caller_of(call->layer)->tangent_backward, "tangent_backward");
}

static const gan_field type_fields[] = {
    {"name", GAN_FIELD_POINTER, 0, offsetof(gan_custom_type, name), 0, 0, 0},
};

static gan_status check_type(gan_context *context, const gan_custom_type *type)
{
    const char *missing = !type->infer ? "infer" : !type->forward ? "forward" : !type->backward ? "backward" : NULL;
    if (missing) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_custom_type.%s is NULL", missing);
    if (!type->tangent != !type->tangent_backward)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_custom_type needs tangent and tangent_backward, or neither");
    if (!name_is_valid(type->name, TYPE_NAME_SIZE) ||
        (type->short_name && !name_is_valid(type->short_name, TYPE_NAME_SIZE - 16)))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_custom_type.name is \"%.80s\", short_name \"%.80s\"; they must be of letters, digits and "
                        "'_', at most 63 and 47",
                        type->name, type->short_name ? type->short_name : "");
    if (gan_layer_type_named(context, type->name))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_custom_type.name: there is a type \"%s\" already", type->name);
    return GAN_OK;
}

gan_status gan_custom_register(gan_context *context, const gan_custom_type *given)
{
    if (!context || !given)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_custom_register: %s is NULL", context ? "type" : "context");
    gan_custom_type read;
    gan_status status =
        gan_options_read(&read, sizeof read, given, "gan_custom_type", type_fields, GAN_FIELD_COUNT(type_fields));
    if (status == GAN_OK) status = check_type(context, &read);
    if (status != GAN_OK) return status;
    struct custom_type *type = gan_context_allocate(context, 1, sizeof *type, "a type of layers");
    if (!type) return GAN_ERROR_OUT_OF_MEMORY;
    snprintf(type->name, sizeof type->name, "%s", read.name);
    snprintf(type->short_name, sizeof type->short_name, "%.47s", read.short_name ? read.short_name : read.name);
    type->caller = read;
    type->layer = (gan_layer_type){
        .name = type->name,
        .short_name = type->short_name,
        .options_size = sizeof(struct custom_options),
        .fields = fields,
        .field_count = GAN_FIELD_COUNT(fields),
        .most_inputs = GAN_MAX_INPUTS,
        .traits = GAN_READS_X | GAN_READS_Y | (read.curved ? GAN_CURVED : 0),
        .infer = infer,
        .memory = memory,
        .forward = forward,
        .backward = backward,
        .tangent = read.tangent ? tangent : NULL,
        .tangent_backward = read.tangent ? tangent_backward : NULL,
    };
    type->link = (gan_extension){context->layers, type->name, type};
    context->layers = &type->link;
    return GAN_OK;
}

gan_node *gan_custom_layer(const gan_custom_options *options)
{
    static const gan_layer_type none = {.name = "custom"};
    gan_custom_options read = {.size = 0};
    if (options) memcpy(&read, options, options->size < sizeof read ? options->size : sizeof read);
    if (!read.input) return gan_layer_node(&none, options);
    int others = 0;
    while (others < GAN_MAX_INPUTS - 1 && read.others[others]) others++;
    return gan_layer_node_named(read.type, options, read.others, others);
}
