/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/convolution.h"
#include "layer/registry.h"
#include "layer/tangent.h"

static const gan_field fields[] = {
    GAN_KERNEL_FIELDS(gan_conv2d_options),
    {"groups", GAN_FIELD_INT, 0, offsetof(gan_conv2d_options, groups), 1, GAN_MAX_EXTENT, 1},
};

static const gan_forms forms = {
    .pytorch = {"weight", {3, 2, 0, 1}}, .keras = {"kernel"}, .axes = {[2] = GAN_AXIS_INPUT, GAN_AXIS_OUTPUT}};

/* From the input's H,W,C to the output's. */
static gan_status geometry_of(const gan_layer *layer, gan_conv_geometry *g)
{
    const gan_conv2d_options *options = layer->options;
    const gan_kernel_options kernel = GAN_KERNEL_OPTIONS(options);
    const int64_t *in = layer->input[0].size;
    *g = (gan_conv_geometry){.in_h = (int)in[0],
                             .in_w = (int)in[1],
                             .in_c = (int)in[2],
                             .out_c = options->filters,
                             .groups = options->groups};
    return gan_kernel_geometry(layer, &kernel, g);
}

static gan_status infer(gan_layer *layer)
{
    const gan_conv2d_options *options = layer->options;
    gan_conv_geometry g;
    gan_status status = gan_image_input(layer);
    if (status == GAN_OK) status = geometry_of(layer, &g);
    if (status == GAN_OK) status = gan_convolution_products(layer, &g, &layer->flops);
    if (status != GAN_OK) return status;
    layer->output = (gan_shape){.rank = 3, .size = {g.out_h, g.out_w, g.out_c}};
    int64_t field = (int64_t)g.kernel_h * g.kernel_w;
    gan_slot weight = {.shape = {4, {g.kernel_h, g.kernel_w, g.in_c / g.groups, g.out_c}},
                       .initializer = options->weights,
                       .spectral = options->spectral_norm ? "u" : NULL,
                       .output_axis = 3,
                       .fan_in = field * g.in_c / g.groups,
                       .fan_out = field * g.out_c / g.groups,
                       .forms = &forms};
    gan_layer_add_weight(layer, weight, g.out_c, options->no_bias ? NULL : &options->biases);
    return GAN_OK;
}

static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    gan_conv_geometry g;
    geometry_of(layer, &g);
    need->shared = gan_convolution_floats(&g, kernels, batch, g.out_c);
}

static void forward(const gan_layer_call *call)
{
    gan_conv_geometry g;
    geometry_of(call->layer, &g);
    gan_convolution_product(call, &g, false, call->y, call->x[0], call->parameter[0], call->parameter[1]);
}

static void backward(const gan_layer_call *call)
{
    gan_conv_geometry g;
    geometry_of(call->layer, &g);
    if (call->gradient[0]) gan_convolution_gradient(call, &g, call->gradient[0], call->x[0], call->dy);
    if (call->gradient[1])
        gan_bias_gradient(call, call->gradient[1], call->dy, call->batch * g.out_h * g.out_w, g.out_c);
    gan_layer_parameters_done(call);
    if (call->dx[0]) gan_convolution_product(call, &g, true, call->dx[0], call->dy, call->parameter[0], NULL);
}

static gan_value export_conv2d(gan_export *e)
{
    gan_conv_geometry g;
    geometry_of(e->layer, &g);
    gan_export_window w = gan_export_window_of(&g);
    return gan_export_convolution(e, "Conv",
                                  GAN_ATTRIBUTES(w.kernel, w.strides, w.pads, gan_attribute_int("group", g.groups)));
}

const gan_layer_type gan_layer_conv2d = {
    .name = "conv2d",
    .short_name = "conv",
    .options_size = sizeof(gan_conv2d_options),
    .fields = fields,
    .field_count = GAN_FIELD_COUNT(fields),
    .traits = GAN_READS_X,
    .infer = infer,
    .memory = memory,
    .forward = forward,
    .backward = backward,
    .tangent = gan_tangent_linear,
    .tangent_backward = gan_tangent_linear_backward,
    .export = export_conv2d,
};

gan_node *gan_conv2d_layer(const gan_conv2d_options *options)
{
    return gan_layer_node(&gan_layer_conv2d, options);
}
