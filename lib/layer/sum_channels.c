/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/registry.h"
#include "layer/rows.h"
#include "layer/tangent.h"

static gan_status infer(gan_layer *layer)
{
    layer->output = layer->input[0];
    layer->output.size[layer->output.rank - 1] = 1;
    return GAN_OK;
}

static void sum_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t c = gan_channels(&call->layer->input[0]);
    (void)worker;
    call->kernels->sum_columns(call->y + begin, call->x[0] + begin * c, end - begin, c);
}

static void fill_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t c = gan_channels(&call->layer->input[0]);
    (void)worker;
    call->kernels->fill_columns(call->dx[0] + begin * c, call->dy + begin, end - begin, c);
}

static void by_rows(const gan_layer_call *call, gan_range_task task)
{
    const gan_shape *x = &call->layer->input[0];
    gan_pool_ranges(call->pool, task, (void *)call, gan_rows(x, call->batch), gan_chunk_rows(gan_channels(x)));
}

static void forward(const gan_layer_call *call)
{
    by_rows(call, sum_rows);
}

static void backward(const gan_layer_call *call)
{
    if (call->dx[0]) by_rows(call, fill_rows);
}

const gan_layer_type gan_layer_sum_channels = {
    .name = "sum_channels",
    .short_name = "sum",
    .options_size = sizeof(gan_sum_channels_options),
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .tangent = gan_tangent_linear,
    .tangent_backward = gan_tangent_linear_backward,
};

gan_node *gan_sum_channels_layer(const gan_sum_channels_options *options)
{
    return gan_layer_node(&gan_layer_sum_channels, options);
}
