/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/elementwise.h"
#include "layer/export.h"
#include "layer/registry.h"
#include "layer/rows.h"
#include "layer/tangent.h"

#include <string.h>

/* All dimensions but the last agree. */
static bool joins(const gan_shape *a, const gan_shape *b)
{
    return a->rank == b->rank && memcmp(a->size, b->size, (size_t)(a->rank - 1) * sizeof a->size[0]) == 0;
}

static gan_status infer(gan_layer *layer)
{
    layer->output = layer->input[0];
    int64_t *sum = &layer->output.size[layer->output.rank - 1];
    for (int i = 1; i < layer->inputs; i++) {
        char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
        if (!joins(&layer->input[0], &layer->input[i]))
            return gan_layer_fail(layer, "input 0 is %s and input %d is %s; they may differ in the last dimension only",
                                  gan_shape_text(a, layer->input[0].rank, layer->input[0].size), i,
                                  gan_shape_text(b, layer->input[i].rank, layer->input[i].size));
        if (__builtin_add_overflow(*sum, gan_channels(&layer->input[i]), sum))
            return gan_layer_fail(layer, "the channels of all inputs together do not fit");
    }
    return GAN_OK;
}

/* The rows of the batch, all dimensions but the last, and how many of them make a task. */
static int64_t row_count(const gan_layer_call *call)
{
    return gan_call_elements(call) / gan_channels(&call->layer->output);
}

static int64_t row_grain(const gan_layer_call *call)
{
    int64_t grain = 8192 / gan_channels(&call->layer->output);
    return grain > 0 ? grain : 1;
}

static void join_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    (void)worker;
    float *y = call->y + begin * gan_channels(&call->layer->output);
    for (int64_t row = begin; row < end; row++)
        for (int i = 0; i < call->layer->inputs; i++) {
            int64_t c = gan_channels(&call->layer->input[i]);
            memcpy(y, call->x[i] + row * c, (size_t)c * sizeof *y);
            y += c;
        }
}

static void split_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    (void)worker;
    const float *dy = call->dy + begin * gan_channels(&call->layer->output);
    for (int64_t row = begin; row < end; row++)
        for (int i = 0; i < call->layer->inputs; i++) {
            int64_t c = gan_channels(&call->layer->input[i]);
            if (call->dx[i]) memcpy(call->dx[i] + row * c, dy, (size_t)c * sizeof *dy);
            dy += c;
        }
}

static void forward(const gan_layer_call *call)
{
    gan_pool_ranges(call->pool, join_rows, (void *)call, row_count(call), row_grain(call));
}

static void backward(const gan_layer_call *call)
{
    gan_pool_ranges(call->pool, split_rows, (void *)call, row_count(call), row_grain(call));
}

static gan_value export_concat(gan_export *e)
{
    gan_value x[GAN_MAX_INPUTS];
    gan_order order = gan_export_order(e, e->layer->inputs);
    for (int i = 0; i < e->layer->inputs; i++) x[i] = gan_export_input(e, i, order);
    gan_value y = gan_export_add(e, "Concat", x, e->layer->inputs,
                                 GAN_ATTRIBUTES(gan_attribute_int("axis", gan_export_axis(e, order))));
    return gan_export_in_order(e, y, order);
}

const gan_layer_type gan_layer_concat = {
    .name = "concat",
    .short_name = "concat",
    .options_size = sizeof(gan_layer_options),
    .least_inputs = 2,
    .most_inputs = GAN_MAX_INPUTS,
    .traits = GAN_JOINS_FEATURES,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .tangent = gan_tangent_linear,
    .tangent_backward = gan_tangent_linear_backward,
    .export = export_concat,
};

gan_node *gan_concat_layer(gan_node *const *inputs, int count, const char *name)
{
    return gan_layer_node_joining(&gan_layer_concat, inputs, count, name);
}
