/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/convolution.h"
#include "layer/registry.h"
#include "layer/samples.h"
#include "layer/tangent.h"

#include <inttypes.h>

/* Pooling. Sums and averages are linear, and the global ones are those of one window, the whole picture. A maximum
 * saves which pixel it was: its tangent takes from there, its gradient goes there. */

static const gan_field average_fields[] = {
    GAN_WINDOW_FIELDS(gan_average_pool_options, 0),
    {"include_padding", GAN_FIELD_BOOL, 0, offsetof(gan_average_pool_options, include_padding), 0, 1, 0},
    GAN_FIELD_RESERVED(gan_average_pool_options),
};

static const gan_field max_fields[] = {
    GAN_WINDOW_FIELDS(gan_max_pool_options, 0),
    GAN_FIELD_RESERVED(gan_max_pool_options),
};

/* The largest number that a float index counts pixels up to. */
#define MOST_PIXELS ((int64_t)1 << 24)

static gan_status picture_geometry(const gan_layer *layer, gan_conv_geometry *g)
{
    const int64_t *in = layer->input[0].size;
    gan_status status = gan_image_input(layer);
    if (status == GAN_OK) *g = (gan_conv_geometry){(int)in[0], (int)in[1], (int)in[2], .out_c = (int)in[2]};
    return status;
}

static gan_status window_geometry(const gan_layer *layer, gan_kernel_options kernel, gan_conv_geometry *g)
{
    gan_status status = picture_geometry(layer, g);
    if (status != GAN_OK) return status;
    int height = kernel.kernel_h ? kernel.kernel_h : kernel.kernel;
    int width = kernel.kernel_w ? kernel.kernel_w : kernel.kernel;
    if (!kernel.stride_h && !kernel.stride) kernel.stride_h = height;
    if (!kernel.stride_w && !kernel.stride) kernel.stride_w = width;
    status = gan_kernel_geometry(layer, &kernel, g);
    if (status == GAN_OK && (kernel.pad_top >= height || kernel.pad_bottom >= height || kernel.pad_left >= width ||
                             kernel.pad_right >= width))
        return gan_layer_fail(layer, "the padding is %d, %d, %d, %d; it must be less than the kernel, %d x %d",
                              kernel.pad_top, kernel.pad_bottom, kernel.pad_left, kernel.pad_right, height, width);
    return status;
}

/* The whole picture as one window. */
static gan_status global_geometry(const gan_layer *layer, gan_conv_geometry *g)
{
    gan_status status = picture_geometry(layer, g);
    if (status != GAN_OK) return status;
    g->out_h = g->out_w = g->stride_h = g->stride_w = 1;
    g->kernel_h = g->in_h;
    g->kernel_w = g->in_w;
    return GAN_OK;
}

static bool is_global(const gan_layer *layer)
{
    return layer->type != &gan_layer_average_pool && layer->type != &gan_layer_max_pool;
}

static gan_status geometry_of(const gan_layer *layer, gan_conv_geometry *g)
{
    if (is_global(layer)) return global_geometry(layer, g);
    if (layer->type == &gan_layer_max_pool)
        return window_geometry(layer,
                               (gan_kernel_options)GAN_KERNEL_OPTIONS((const gan_max_pool_options *)layer->options), g);
    return window_geometry(layer,
                           (gan_kernel_options)GAN_KERNEL_OPTIONS((const gan_average_pool_options *)layer->options), g);
}

static gan_status infer(gan_layer *layer)
{
    gan_conv_geometry g;
    gan_status status = geometry_of(layer, &g);
    if (status != GAN_OK) return status;
    layer->output = (gan_shape){.rank = 3, .size = {g.out_h, g.out_w, g.out_c}};
    if (is_global(layer)) layer->output = (gan_shape){.rank = 1, .size = {g.out_c}};
    int64_t pixels = (int64_t)g.in_h * g.in_w;
    if (layer->type == &gan_layer_max_pool && pixels > MOST_PIXELS)
        return gan_layer_fail(layer, "the input has %" PRId64 " pixels; it may have %" PRId64, pixels, MOST_PIXELS);
    return GAN_OK;
}

static gan_divisor divisor_of(const gan_layer *layer)
{
    if (layer->type == &gan_layer_global_sum_pool) return GAN_DIVIDE_BY_ONE;
    if (layer->type == &gan_layer_global_average_pool) return GAN_DIVIDE_BY_KERNEL;
    const gan_average_pool_options *options = layer->options;
    return options->include_padding ? GAN_DIVIDE_BY_KERNEL : GAN_DIVIDE_BY_INSIDE;
}

static void sum_samples(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    gan_conv_geometry g;
    (void)worker;
    geometry_of(call->layer, &g);
    call->kernels->sum_pool(call->y + begin * gan_output_floats(call), call->x[0] + begin * gan_input_floats(call), &g,
                            false, divisor_of(call->layer), end - begin);
}

static void spread_samples(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    gan_conv_geometry g;
    (void)worker;
    geometry_of(call->layer, &g);
    call->kernels->sum_pool(call->dx[0] + begin * gan_input_floats(call), call->dy + begin * gan_output_floats(call),
                            &g, true, divisor_of(call->layer), end - begin);
}

static void sum_forward(const gan_layer_call *call)
{
    gan_by_samples(call, sum_samples);
}

static void sum_backward(const gan_layer_call *call)
{
    if (call->dx[0]) gan_by_samples(call, spread_samples);
}

static void max_memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    (void)kernels;
    need->saved = gan_saturating_multiply((size_t)batch, (size_t)gan_shape_elements(&layer->output));
}

static void max_samples(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t out = begin * gan_output_floats(call);
    gan_conv_geometry g;
    (void)worker;
    geometry_of(call->layer, &g);
    call->kernels->max_pool(call->y + out, call->saved + out, call->x[0] + begin * gan_input_floats(call), &g,
                            end - begin);
}

static void take_samples(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t out = begin * gan_output_floats(call);
    gan_conv_geometry g;
    (void)worker;
    geometry_of(call->layer, &g);
    call->kernels->max_pool_take(call->ty + out, call->saved + out, call->tx[0] + begin * gan_input_floats(call), &g,
                                 end - begin);
}

static void give_samples(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t out = begin * gan_output_floats(call);
    gan_conv_geometry g;
    (void)worker;
    geometry_of(call->layer, &g);
    call->kernels->max_pool_give(call->dx[0] + begin * gan_input_floats(call), call->saved + out, call->dy + out, &g,
                                 end - begin);
}

static void max_forward(const gan_layer_call *call)
{
    gan_by_samples(call, max_samples);
}

static void max_tangent(const gan_layer_call *call)
{
    gan_by_samples(call, take_samples);
}

static void max_backward(const gan_layer_call *call)
{
    if (call->dx[0]) gan_by_samples(call, give_samples);
}

static gan_value export_window(gan_export *e, const char *type, const gan_attribute *attributes, int count)
{
    gan_value x = gan_export_input(e, 0, GAN_CHANNELS_FIRST);
    return gan_export_in_order(e, gan_export_add(e, type, GAN_VALUES(x), attributes, count), GAN_CHANNELS_FIRST);
}

static gan_value export_max_pool(gan_export *e)
{
    gan_conv_geometry g;
    geometry_of(e->layer, &g);
    gan_export_window w = gan_export_window_of(&g);
    return export_window(e, "MaxPool", GAN_ATTRIBUTES(w.kernel, w.strides, w.pads));
}

static gan_value export_average_pool(gan_export *e)
{
    gan_conv_geometry g;
    geometry_of(e->layer, &g);
    gan_export_window w = gan_export_window_of(&g);
    bool padding = divisor_of(e->layer) == GAN_DIVIDE_BY_KERNEL;
    return export_window(e, "AveragePool",
                         GAN_ATTRIBUTES(w.kernel, w.strides, w.pads, gan_attribute_int("count_include_pad", padding)));
}

static gan_value export_global(gan_export *e, const char *type)
{
    gan_order order = gan_export_order(e, 1);
    gan_value x = gan_export_input(e, 0, order);
    int64_t first = order == GAN_CHANNELS_FIRST ? 2 : 1;
    return gan_export_reduce(e, type, x, false, 2, (int64_t[]){first, first + 1});
}

static gan_value export_global_average_pool(gan_export *e)
{
    return export_global(e, "ReduceMean");
}

static gan_value export_global_sum_pool(gan_export *e)
{
    return export_global(e, "ReduceSum");
}

#define SUM_POOL(layer, abbreviation, struct_name, field_table, count) \
    const gan_layer_type gan_layer_##layer = {                         \
        .name = #layer,                                                \
        .short_name = abbreviation,                                    \
        .options_size = sizeof(struct_name),                           \
        .fields = field_table,                                         \
        .field_count = count,                                          \
        .infer = infer,                                                \
        .forward = sum_forward,                                        \
        .backward = sum_backward,                                      \
        .tangent = gan_tangent_linear,                                 \
        .tangent_backward = gan_tangent_linear_backward,               \
        .export = export_##layer,                                      \
    };                                                                 \
    gan_node *gan_##layer##_layer(const struct_name *options)          \
    {                                                                  \
        return gan_layer_node(&gan_layer_##layer, options);            \
    }
SUM_POOL(average_pool, "avgpool", gan_average_pool_options, average_fields, GAN_FIELD_COUNT(average_fields))
SUM_POOL(global_average_pool, "globalavg", gan_global_pool_options, NULL, 0)
SUM_POOL(global_sum_pool, "globalsum", gan_global_pool_options, NULL, 0)

const gan_layer_type gan_layer_max_pool = {
    .name = "max_pool",
    .short_name = "maxpool",
    .options_size = sizeof(gan_max_pool_options),
    .fields = max_fields,
    .field_count = GAN_FIELD_COUNT(max_fields),
    .infer = infer,
    .memory = max_memory,
    .forward = max_forward,
    .backward = max_backward,
    .tangent = max_tangent,
    .tangent_backward = gan_tangent_piecewise_backward,
    .export = export_max_pool,
};

gan_node *gan_max_pool_layer(const gan_max_pool_options *options)
{
    return gan_layer_node(&gan_layer_max_pool, options);
}
