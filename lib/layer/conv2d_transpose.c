/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/convolution.h"
#include "layer/registry.h"
#include "layer/tangent.h"

#include <inttypes.h>

/* The convolution that this layer is the adjoint of goes from the layer's output, the "image", back to its input. */

static const gan_field fields[] = {
    GAN_KERNEL_FIELDS(gan_conv2d_transpose_options),
    {"output_h", GAN_FIELD_INT, 0, offsetof(gan_conv2d_transpose_options, output_h), 1, GAN_MAX_EXTENT, 0},
    {"output_w", GAN_FIELD_INT, 0, offsetof(gan_conv2d_transpose_options, output_w), 1, GAN_MAX_EXTENT, 0},
    {"groups", GAN_FIELD_INT, 0, offsetof(gan_conv2d_transpose_options, groups), 1, GAN_MAX_EXTENT, 1},
};

static const gan_forms forms = {
    .pytorch = {"weight", {3, 2, 0, 1}}, .keras = {"kernel"}, .axes = {[2] = GAN_AXIS_OUTPUT, GAN_AXIS_INPUT}};

/* The image's height or width: its convolution gives `in` from `stride` sizes, of which SAME's default is the last, and
 * that of other paddings the first. `chosen` is output_h or output_w, 0 for the default. */
struct extent {
    const char *option, *name;
    int64_t in, kernel, stride, padding, chosen;
};

static gan_status image_extent(const gan_layer *layer, int padding, const struct extent *e, int *extent)
{
    *extent = 1;
    if (e->kernel == 0) return GAN_OK; /* gan_kernel_geometry() refuses it */
    bool same = padding == GAN_PADDING_SAME;
    int64_t low = same ? (e->in - 1) * e->stride + 1 : (e->in - 1) * e->stride + e->kernel - e->padding;
    int64_t high = low + e->stride - 1, result = e->chosen ? e->chosen : same ? high : low;
    if (e->chosen && (e->chosen < low || e->chosen > high))
        return gan_layer_fail(layer, "%s is %" PRId64 "; for this input it must be %" PRId64 " to %" PRId64, e->option,
                              e->chosen, low, high);
    if (result < 1 || result > GAN_MAX_EXTENT)
        return gan_layer_fail(layer, "the output's %s would be %" PRId64 "; it must be 1 to %d", e->name, result,
                              GAN_MAX_EXTENT);
    *extent = (int)result;
    return GAN_OK;
}

static gan_status geometry_of(const gan_layer *layer, gan_conv_geometry *g)
{
    const gan_conv2d_transpose_options *o = layer->options;
    const gan_kernel_options kernel = GAN_KERNEL_OPTIONS(o);
    const int64_t *in = layer->input[0].size;
    const struct extent h = {"output_h",
                             "height",
                             in[0],
                             o->kernel_h ? o->kernel_h : o->kernel,
                             o->stride_h ? o->stride_h : o->stride,
                             o->pad_top + o->pad_bottom,
                             o->output_h};
    const struct extent w = {"output_w",
                             "width",
                             in[1],
                             o->kernel_w ? o->kernel_w : o->kernel,
                             o->stride_w ? o->stride_w : o->stride,
                             o->pad_left + o->pad_right,
                             o->output_w};
    *g = (gan_conv_geometry){.in_c = o->filters, .out_c = (int)in[2], .groups = o->groups};
    gan_status status = image_extent(layer, o->padding, &h, &g->in_h);
    if (status == GAN_OK) status = image_extent(layer, o->padding, &w, &g->in_w);
    return status == GAN_OK ? gan_kernel_geometry(layer, &kernel, g) : status;
}

static gan_status infer(gan_layer *layer)
{
    const gan_conv2d_transpose_options *options = layer->options;
    gan_conv_geometry g;
    gan_status status = gan_image_input(layer);
    if (status == GAN_OK) status = geometry_of(layer, &g);
    if (status == GAN_OK) status = gan_convolution_products(layer, &g, &layer->flops);
    if (status != GAN_OK) return status;
    layer->output = (gan_shape){.rank = 3, .size = {g.in_h, g.in_w, g.in_c}};
    int64_t field = (int64_t)g.kernel_h * g.kernel_w;
    gan_slot weight = {.shape = {4, {g.kernel_h, g.kernel_w, g.in_c / g.groups, g.out_c}},
                       .initializer = options->weights,
                       .spectral = options->spectral_norm ? "u" : NULL,
                       .output_axis = 2,
                       .fan_in = field * g.out_c / g.groups,
                       .fan_out = field * g.in_c / g.groups,
                       .forms = &forms};
    gan_layer_add_weight(layer, weight, g.in_c, options->no_bias ? NULL : &options->biases);
    return GAN_OK;
}

static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    gan_conv_geometry g;
    geometry_of(layer, &g);
    need->shared = gan_convolution_floats(&g, kernels, batch, g.in_c);
}

static void forward(const gan_layer_call *call)
{
    gan_conv_geometry g;
    geometry_of(call->layer, &g);
    gan_convolution_product(call, &g, true, call->y, call->x[0], call->parameter[0], call->parameter[1]);
}

static void backward(const gan_layer_call *call)
{
    gan_conv_geometry g;
    geometry_of(call->layer, &g);
    if (call->gradient[0]) gan_convolution_gradient(call, &g, call->gradient[0], call->dy, call->x[0]);
    if (call->gradient[1]) gan_bias_gradient(call, call->gradient[1], call->dy, call->batch * g.in_h * g.in_w, g.in_c);
    gan_layer_parameters_done(call);
    if (call->dx[0]) gan_convolution_product(call, &g, false, call->dx[0], call->dy, call->parameter[0], NULL);
}

/* What the kernels at the last pixels reach beyond the output is padding; what they do not reach of it is added. */
static gan_value export_conv2d_transpose(gan_export *e)
{
    gan_conv_geometry g;
    geometry_of(e->layer, &g);
    int64_t h = (int64_t)(g.out_h - 1) * g.stride_h + g.kernel_h - g.pad_top - g.in_h;
    int64_t w = (int64_t)(g.out_w - 1) * g.stride_w + g.kernel_w - g.pad_left - g.in_w;
    const int64_t more[] = {h < 0 ? -h : 0, w < 0 ? -w : 0};
    gan_export_window window = gan_export_window_of(&g);
    return gan_export_convolution(e, "ConvTranspose",
                                  GAN_ATTRIBUTES(window.kernel, window.strides, window.pads,
                                                 gan_attribute_ints("output_padding", 2, more),
                                                 gan_attribute_int("group", g.groups)));
}

const gan_layer_type gan_layer_conv2d_transpose = {
    .name = "conv2d_transpose",
    .short_name = "deconv",
    .options_size = sizeof(gan_conv2d_transpose_options),
    .fields = fields,
    .field_count = GAN_FIELD_COUNT(fields),
    .traits = GAN_READS_X,
    .infer = infer,
    .memory = memory,
    .forward = forward,
    .backward = backward,
    .tangent = gan_tangent_linear,
    .tangent_backward = gan_tangent_linear_backward,
    .export = export_conv2d_transpose,
};

gan_node *gan_conv2d_transpose_layer(const gan_conv2d_transpose_options *options)
{
    return gan_layer_node(&gan_layer_conv2d_transpose, options);
}
