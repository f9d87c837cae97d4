/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/export.h"
#include "layer/registry.h"
#include "layer/rows.h"
#include "layer/tangent.h"

/* y = x with one more channel, the mean over channels of |x - mean of x over the batch| (kernel/kernel.h has the
 * formulas). The batch's mean is saved for the backward pass. Work is cut by pixels: a task sees all samples of some.
 */

static int64_t pixels(const gan_layer *layer)
{
    return gan_shape_elements(&layer->input[0]) / gan_channels(&layer->input[0]);
}

static gan_status infer(gan_layer *layer)
{
    layer->output = layer->input[0];
    layer->output.size[layer->output.rank - 1]++;
    return GAN_OK;
}

/* Pixels a task: a few hundred floats a sample are long runs of memory already. */
static int64_t grain(const gan_layer *layer)
{
    int64_t pixels_of_task = 256 / gan_channels(&layer->input[0]);
    return pixels_of_task > 0 ? pixels_of_task : 1;
}

static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    (void)kernels;
    (void)batch;
    need->saved = (size_t)gan_shape_elements(&layer->input[0]);
    need->scratch = (size_t)(grain(layer) * gan_channels(&layer->input[0]));
}

static void forward_pixels(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t c = gan_channels(&call->layer->input[0]);
    (void)worker;
    call->kernels->concat_diff(call->y + begin * (c + 1), call->saved + begin * c, call->x[0] + begin * c, call->batch,
                               pixels(call->layer), end - begin, c);
}

static void backward_pixels(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t c = gan_channels(&call->layer->input[0]);
    float *scratch = call->scratch + (size_t)worker * call->scratch_stride;
    call->kernels->concat_diff_backward(call->dx[0] + begin * c, call->dy + begin * (c + 1), call->x[0] + begin * c,
                                        call->saved + begin * c, scratch, call->batch, pixels(call->layer), end - begin,
                                        c);
}

static void tangent_pixels(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t c = gan_channels(&call->layer->input[0]);
    float *scratch = call->scratch + (size_t)worker * call->scratch_stride;
    call->kernels->concat_diff_tangent(call->ty + begin * (c + 1), call->tx[0] + begin * c, call->x[0] + begin * c,
                                       call->saved + begin * c, scratch, call->batch, pixels(call->layer), end - begin,
                                       c);
}

static void tangent(const gan_layer_call *call)
{
    gan_pool_ranges(call->pool, tangent_pixels, (void *)call, pixels(call->layer), grain(call->layer));
}

static void forward(const gan_layer_call *call)
{
    gan_pool_ranges(call->pool, forward_pixels, (void *)call, pixels(call->layer), grain(call->layer));
}

static void backward(const gan_layer_call *call)
{
    if (call->dx[0])
        gan_pool_ranges(call->pool, backward_pixels, (void *)call, pixels(call->layer), grain(call->layer));
}

static gan_value export_concat_diff(gan_export *e)
{
    gan_order order = gan_export_order(e, 1);
    int64_t axis = gan_export_axis(e, order);
    gan_value x = gan_export_input(e, 0, order);
    gan_value mean = gan_export_reduce(e, "ReduceMean", x, true, 1, (int64_t[]){0});
    gan_value difference = gan_export_operator(e, "Sub", x, mean);
    gan_value distance = gan_export_operator(e, "Abs", difference);
    gan_value map = gan_export_reduce(e, "ReduceMean", distance, true, 1, &axis);
    gan_value y = gan_export_add(e, "Concat", GAN_VALUES(x, map), GAN_ATTRIBUTES(gan_attribute_int("axis", axis)));
    return gan_export_in_order(e, y, order);
}

const gan_layer_type gan_layer_concat_diff = {
    .name = "concat_diff",
    .short_name = "diff",
    .options_size = sizeof(gan_concat_diff_options),
    .traits = GAN_READS_X | GAN_KEEPS_FEATURES,
    .infer = infer,
    .memory = memory,
    .forward = forward,
    .backward = backward,
    .tangent = tangent,
    .tangent_backward = gan_tangent_piecewise_backward,
    .export = export_concat_diff,
};

gan_node *gan_concat_diff_layer(const gan_concat_diff_options *options)
{
    return gan_layer_node(&gan_layer_concat_diff, options);
}
