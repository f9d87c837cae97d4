/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/convolution.h"
#include "layer/registry.h"

static const gan_field fields[] = {
    {"units", GAN_FIELD_INT, GAN_FIELD_REQUIRED, offsetof(gan_linear_options, units), 1, GAN_MAX_EXTENT, 0},
    {"weights", GAN_FIELD_INITIALIZER, 0, offsetof(gan_linear_options, weights), 0, 0, GAN_INITIALIZER_DEFAULT},
    {"biases", GAN_FIELD_INITIALIZER, 0, offsetof(gan_linear_options, biases), 0, 0, GAN_INITIALIZER_ZEROS},
};

/* A convolution of 1x1 images, of which a sample has as many as it has rows. */
static gan_conv_geometry geometry_of(const gan_layer *layer)
{
    const gan_shape *x = &layer->input[0];
    return (gan_conv_geometry){.in_h = 1,
                               .in_w = 1,
                               .in_c = (int)x->size[x->rank - 1],
                               .out_h = 1,
                               .out_w = 1,
                               .out_c = ((const gan_linear_options *)layer->options)->units,
                               .kernel_h = 1,
                               .kernel_w = 1,
                               .stride_h = 1,
                               .stride_w = 1};
}

static int64_t rows_of(const gan_layer *layer, int64_t batch)
{
    const gan_shape *x = &layer->input[0];
    return batch * (gan_shape_elements(x) / x->size[x->rank - 1]);
}

static gan_status infer(gan_layer *layer)
{
    const gan_linear_options *options = layer->options;
    const gan_shape *x = &layer->input[0];
    int64_t in = x->size[x->rank - 1];
    if (in > GAN_MAX_EXTENT) return gan_layer_fail(layer, "the input has more than %d channels", GAN_MAX_EXTENT);
    layer->output = *x;
    layer->output.size[x->rank - 1] = options->units;
    if (__builtin_mul_overflow(2 * in * options->units, rows_of(layer, 1), &layer->flops))
        return gan_layer_fail(layer, "the output has too many elements");
    gan_slot weight = {
        .shape = {2, {in, options->units}}, .initializer = options->weights, .fan_in = in, .fan_out = options->units};
    gan_layer_add_weight(layer, weight, options->units, options->no_bias ? NULL : &options->biases);
    return GAN_OK;
}

static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    gan_conv_geometry g = geometry_of(layer);
    gan_convolution_memory(&g, kernels, rows_of(layer, batch), g.out_c, need);
}

static void forward(const gan_layer_call *call)
{
    gan_conv_geometry g = geometry_of(call->layer);
    gan_convolution c = gan_convolution_of(&g, call, rows_of(call->layer, call->batch));
    gan_convolution_forward(&c, call->y, call->x[0], call->parameter[0], call->parameter[1]);
}

static void backward(const gan_layer_call *call)
{
    gan_conv_geometry g = geometry_of(call->layer);
    gan_convolution c = gan_convolution_of(&g, call, rows_of(call->layer, call->batch));
    if (call->dx[0]) gan_convolution_adjoint(&c, call->dx[0], call->dy, call->parameter[0], NULL);
    if (call->gradient[0]) gan_convolution_weights(&c, call->gradient[0], call->x[0], call->dy);
    if (call->gradient[1]) gan_bias_gradient(call, call->gradient[1], call->dy, c.batch, g.out_c);
}

const gan_layer_type gan_layer_linear = {
    .name = "linear",
    .short_name = "linear",
    .options_size = sizeof(gan_linear_options),
    .fields = fields,
    .field_count = GAN_FIELD_COUNT(fields),
    .traits = GAN_READS_X,
    .infer = infer,
    .memory = memory,
    .forward = forward,
    .backward = backward,
};

gan_node *gan_linear_layer(const gan_linear_options *options)
{
    return gan_layer_node(&gan_layer_linear, options);
}
