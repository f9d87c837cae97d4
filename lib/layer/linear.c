/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/convolution.h"
#include "layer/export.h"
#include "layer/product.h"
#include "layer/registry.h"
#include "layer/rows.h"
#include "layer/tangent.h"

static const gan_field fields[] = {
    {"units", GAN_FIELD_INT, GAN_FIELD_REQUIRED, offsetof(gan_linear_options, units), 1, GAN_MAX_EXTENT, 0},
    {"no_bias", GAN_FIELD_BOOL, 0, offsetof(gan_linear_options, no_bias), 0, 1, 0},
    {"weights", GAN_FIELD_INITIALIZER, 0, offsetof(gan_linear_options, weights), 0, 0, GAN_INITIALIZER_DEFAULT},
    {"biases", GAN_FIELD_INITIALIZER, 0, offsetof(gan_linear_options, biases), 0, 0, GAN_INITIALIZER_ZEROS},
    {"spectral_norm", GAN_FIELD_BOOL, 0, offsetof(gan_linear_options, spectral_norm), 0, 1, 0},
};

static const gan_forms forms = {
    .pytorch = {"weight", {1, 0}}, .keras = {"kernel"}, .axes = {GAN_AXIS_INPUT, GAN_AXIS_OUTPUT}};

static int64_t units(const gan_layer *layer)
{
    return layer->output.size[layer->output.rank - 1];
}

static gan_status infer(gan_layer *layer)
{
    const gan_linear_options *options = layer->options;
    const gan_shape *x = &layer->input[0];
    int64_t in = x->size[x->rank - 1];
    if (in > GAN_MAX_EXTENT) return gan_layer_fail(layer, "the input has more than %d channels", GAN_MAX_EXTENT);
    layer->output = *x;
    layer->output.size[x->rank - 1] = options->units;
    if (__builtin_mul_overflow(2 * in * options->units, gan_rows(&layer->input[0], 1), &layer->flops))
        return gan_layer_fail(layer, "the output has too many elements");
    gan_slot weight = {.shape = {2, {in, options->units}},
                       .initializer = options->weights,
                       .spectral = options->spectral_norm ? "u" : NULL,
                       .output_axis = 1,
                       .fan_in = in,
                       .fan_out = options->units,
                       .forms = &forms};
    gan_layer_add_weight(layer, weight, options->units, options->no_bias ? NULL : &options->biases);
    return GAN_OK;
}

static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    (void)batch;
    need->shared = gan_bias_gradient_floats(units(layer));
    need->scratch = gan_product_scratch(kernels);
}

static gan_product product_of(const gan_layer_call *call)
{
    const gan_layer *layer = call->layer;
    return (gan_product){gan_rows(&layer->input[0], call->batch), gan_channels(&layer->input[0]), units(layer)};
}

static void forward(const gan_layer_call *call)
{
    gan_product p = product_of(call);
    gan_product_forward(call, &p, call->y, call->x[0], call->parameter[0], call->parameter[1]);
}

static void backward(const gan_layer_call *call)
{
    gan_product p = product_of(call);
    if (call->gradient[0]) gan_product_weights(call, &p, call->gradient[0], call->x[0], call->dy);
    if (call->gradient[1]) gan_bias_gradient(call, call->gradient[1], call->dy, p.rows, p.out);
    gan_layer_parameters_done(call);
    if (call->dx[0]) gan_product_inputs(call, &p, call->dx[0], call->dy, call->parameter[0], false);
}

static gan_value export_linear(gan_export *e)
{
    gan_value x = gan_export_input(e, 0, GAN_CHANNELS_LAST), weight = gan_export_parameter(e, 0);
    gan_value y = gan_export_operator(e, "MatMul", x, weight);
    return e->layer->parameters == 1 ? y : gan_export_operator(e, "Add", y, gan_export_parameter(e, 1));
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
    .tangent = gan_tangent_linear,
    .tangent_backward = gan_tangent_linear_backward,
    .export = export_linear,
};

gan_node *gan_linear_layer(const gan_linear_options *options)
{
    return gan_layer_node(&gan_layer_linear, options);
}
