/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/elementwise.h"
#include "layer/export.h"
#include "layer/registry.h"
#include "layer/tangent.h"

#include <inttypes.h>
#include <string.h>

static const gan_field reshape_fields[] = {
    {"shape", GAN_FIELD_SHAPE, 0, offsetof(gan_reshape_options, shape), -1, 0, 0},
};

/* Reshape and flatten are views: where the plan gives them their input's memory there is nothing to do. */
static void forward(const gan_layer_call *call)
{
    gan_parallel_copy(call->pool, call->y, call->x[0], gan_call_elements(call));
}

static void backward(const gan_layer_call *call)
{
    if (call->dx[0]) gan_parallel_copy(call->pool, call->dx[0], call->dy, gan_call_elements(call));
}

/* Replaces a -1 in the shape by what makes the counts equal. */
static gan_status fill_unknown(gan_layer *layer, int64_t elements)
{
    int64_t known = 1;
    int unknown = -1;
    for (int i = 0; i < layer->output.rank; i++) {
        int64_t size = layer->output.size[i];
        if (size == -1 && unknown >= 0) return gan_layer_fail_option(layer, "shape has more than one -1");
        if (size == -1)
            unknown = i;
        else if (size < 1 || __builtin_mul_overflow(known, size, &known))
            return gan_layer_fail_option(layer, "shape[%d] is %" PRId64 "; dimensions are at least 1, or -1 once", i,
                                         size);
    }
    if (unknown >= 0 && elements % known == 0)
        layer->output.size[unknown] = elements / known;
    else if (unknown >= 0 || known != elements) {
        char from[GAN_SHAPE_TEXT], to[GAN_SHAPE_TEXT];
        return gan_layer_fail(layer, "the input %s has %" PRId64 " elements, which do not make the shape %s",
                              gan_shape_text(from, layer->input[0].rank, layer->input[0].size), elements,
                              gan_shape_text(to, layer->output.rank, layer->output.size));
    }
    return GAN_OK;
}

static gan_status infer_reshape(gan_layer *layer)
{
    const gan_reshape_options *options = layer->options;
    int rank = 0;
    while (rank < GAN_MAX_RANK && options->shape[rank] != 0) rank++;
    if (rank == 0 || rank == GAN_MAX_RANK)
        return gan_layer_fail_option(layer, "shape has %s dimensions; it must have 1 to %d", rank ? "too many" : "no",
                                     GAN_MAX_RANK - 1);
    layer->output.rank = rank;
    memcpy(layer->output.size, options->shape, sizeof layer->output.size);
    return fill_unknown(layer, gan_shape_elements(&layer->input[0]));
}

static gan_status infer_flatten(gan_layer *layer)
{
    layer->output = (gan_shape){.rank = 1, .size = {gan_shape_elements(&layer->input[0])}};
    return GAN_OK;
}

static gan_value export_reshape(gan_export *e)
{
    return gan_export_as_output(e, gan_export_input(e, 0, GAN_CHANNELS_LAST), GAN_CHANNELS_LAST);
}

const gan_layer_type gan_layer_reshape = {
    .name = "reshape",
    .short_name = "reshape",
    .options_size = sizeof(gan_reshape_options),
    .fields = reshape_fields,
    .field_count = GAN_FIELD_COUNT(reshape_fields),
    .traits = GAN_IN_PLACE | GAN_VIEW,
    .infer = infer_reshape,
    .forward = forward,
    .backward = backward,
    .tangent = gan_tangent_linear,
    .tangent_backward = gan_tangent_linear_backward,
    .export = export_reshape,
};

const gan_layer_type gan_layer_flatten = {
    .name = "flatten",
    .short_name = "flatten",
    .options_size = sizeof(gan_flatten_options),
    .traits = GAN_IN_PLACE | GAN_VIEW,
    .infer = infer_flatten,
    .forward = forward,
    .backward = backward,
    .tangent = gan_tangent_linear,
    .tangent_backward = gan_tangent_linear_backward,
    .export = export_reshape,
};

gan_node *gan_reshape_layer(const gan_reshape_options *options)
{
    return gan_layer_node(&gan_layer_reshape, options);
}

gan_node *gan_flatten_layer(const gan_flatten_options *options)
{
    return gan_layer_node(&gan_layer_flatten, options);
}
