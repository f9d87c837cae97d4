/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/layer.h"

#include <gan/custom.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(GAN_CUSTOM_SLOTS == GAN_MAX_SLOTS, "a layer of the caller's has as many slots as ours");

int64_t gan_shape_elements(const gan_shape *shape)
{
    int64_t count;
    gan_shape_count(shape->rank, shape->size, &count);
    return count;
}

bool gan_shapes_equal(const gan_shape *a, const gan_shape *b)
{
    return a->rank == b->rank && memcmp(a->size, b->size, (size_t)a->rank * sizeof a->size[0]) == 0;
}

/* Normal numbers as a vector of length 1: a matrix of one row that is made orthonormal. */
static const gan_initializer unit_vector = {.kind = GAN_INITIALIZER_ORTHOGONAL, .scale = 1};

const gan_forms gan_gamma_forms = {.pytorch = {"weight"}, .axes = {GAN_AXIS_OUTPUT}},
                gan_beta_forms = {.pytorch = {"bias"}, .axes = {GAN_AXIS_OUTPUT}};

static const gan_forms bias_forms = {.axes = {GAN_AXIS_OUTPUT}}, vector_forms = {.pytorch = {"weight_u"},
                                                                                 .keras = {"vector_u", .ones = 1},
                                                                                 .axes = {GAN_AXIS_OUTPUT}};

void gan_layer_add_parameter(gan_layer *layer, gan_slot slot)
{
    if (slot.spectral) {
        slot.vector = layer->buffers;
        gan_layer_add_buffer(layer, (gan_slot){.name = slot.spectral,
                                               .shape = {1, {slot.shape.size[slot.output_axis]}},
                                               .initializer = unit_vector,
                                               .forms = slot.forms ? &vector_forms : NULL});
    }
    layer->parameter[layer->parameters++] = slot;
}

void gan_layer_add_buffer(gan_layer *layer, gan_slot slot)
{
    layer->buffer[layer->buffers++] = slot;
}

void gan_layer_add_weight(gan_layer *layer, gan_slot weight, int64_t outputs, const gan_initializer *biases)
{
    weight.name = "weight";
    gan_layer_add_parameter(layer, weight);
    if (biases)
        gan_layer_add_parameter(layer, (gan_slot){.name = "bias",
                                                  .shape = {1, {outputs}},
                                                  .initializer = *biases,
                                                  .fan_in = weight.fan_in,
                                                  .fan_out = weight.fan_out,
                                                  .additive = true,
                                                  .forms = &bias_forms});
}

static gan_status fail(const gan_layer *layer, gan_status status, const char *format, va_list arguments)
{
    char text[400];
    vsnprintf(text, sizeof text, format, arguments);
    return gan_fail(status, "%s (%s): %s", layer->name, layer->type->name, text);
}

gan_status gan_layer_fail(const gan_layer *layer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    gan_status status = fail(layer, GAN_ERROR_SHAPE, format, arguments);
    va_end(arguments);
    return status;
}

gan_status gan_layer_fail_option(const gan_layer *layer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    gan_status status = fail(layer, GAN_ERROR_INVALID_ARGUMENT, format, arguments);
    va_end(arguments);
    return status;
}
