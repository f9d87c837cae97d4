/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/elementwise.h"
#include "layer/export.h"
#include "layer/registry.h"
#include "layer/tangent.h"

#include <string.h>

static void add_range(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    (void)worker;
    memcpy(call->y + begin, call->x[0] + begin, (size_t)(end - begin) * sizeof *call->y);
    for (int i = 1; i < call->layer->inputs; i++) call->kernels->add(call->y + begin, call->x[i] + begin, end - begin);
}

static void forward(const gan_layer_call *call)
{
    gan_elementwise(call, add_range);
}

static void backward(const gan_layer_call *call)
{
    for (int i = 0; i < call->layer->inputs; i++)
        if (call->dx[i]) gan_parallel_copy(call->pool, call->dx[i], call->dy, gan_call_elements(call));
}

static gan_value export_add(gan_export *e)
{
    return gan_export_chain(e, "Add");
}

const gan_layer_type gan_layer_add = {
    .name = "add",
    .short_name = "add",
    .options_size = sizeof(gan_layer_options),
    .least_inputs = 2,
    .most_inputs = GAN_MAX_INPUTS,
    .traits = GAN_KEEPS_FEATURES,
    .infer = gan_infer_equal_shapes,
    .forward = forward,
    .backward = backward,
    .tangent = gan_tangent_linear,
    .tangent_backward = gan_tangent_linear_backward,
    .export = export_add,
};

gan_node *gan_add_layer(gan_node *const *inputs, int count, const char *name)
{
    return gan_layer_node_joining(&gan_layer_add, inputs, count, name);
}
