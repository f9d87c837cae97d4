/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/elementwise.h"
#include "layer/export.h"
#include "layer/registry.h"
#include "layer/tangent.h"

#include <string.h>

/* Activations without trained parameters: each is a row at the end, which names its kernels (kernel/kernel.h has the
 * formulas) and whether derivatives are found from the output, so that it works in place, or from the input. */

#define FROM_OUTPUT (GAN_READS_Y | GAN_IN_PLACE)
#define FROM_INPUT  GAN_READS_X

typedef struct activation {
    gan_activation kernels;
    size_t parameter;   /* where in the options the float p is; 0: there is none */
    size_t approximate; /* where the bool is that chooses the kernels after these; 0: likewise */
} activation;

static const gan_activation_kernels *kernels_of(const gan_layer_call *call)
{
    const activation *a = call->layer->type->own;
    const char *options = call->layer->options;
    bool approximate = a->approximate && *(const bool *)(options + a->approximate);
    return &call->kernels->activation[a->kernels + approximate];
}

static float parameter_of(const gan_layer_call *call)
{
    const activation *a = call->layer->type->own;
    return a->parameter ? *(const float *)(const void *)((const char *)call->layer->options + a->parameter) : 0;
}

/* What derivatives are found from. */
static const float *source_of(const gan_layer_call *call)
{
    return call->layer->type->traits & GAN_READS_Y ? call->y : call->x[0];
}

static void forward_range(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    (void)worker;
    kernels_of(call)->forward(call->y + begin, call->x[0] + begin, end - begin, parameter_of(call));
}

static void backward_range(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    (void)worker;
    kernels_of(call)->backward(call->dx[0] + begin, call->dy + begin, source_of(call) + begin, end - begin,
                               parameter_of(call));
}

static void curvature_range(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    (void)worker;
    if (!call->dy) memset(call->dx[0] + begin, 0, (size_t)(end - begin) * sizeof(float));
    kernels_of(call)->curvature(call->dx[0] + begin, call->dty + begin, call->tx[0] + begin, source_of(call) + begin,
                                end - begin, parameter_of(call));
}

static void forward(const gan_layer_call *call)
{
    gan_elementwise(call, forward_range);
}

static void backward(const gan_layer_call *call)
{
    if (call->dx[0]) gan_elementwise(call, backward_range);
}

static void tangent_backward(const gan_layer_call *call)
{
    gan_tangent_piecewise_backward(call);
    if (call->dx[0] && kernels_of(call)->curvature) gan_elementwise(call, curvature_range);
}

static gan_value export_relu(gan_export *e)
{
    return gan_export_elementwise(e, "Relu", NULL, 0);
}

static gan_value export_leaky_relu(gan_export *e)
{
    const gan_leaky_relu_options *options = e->layer->options;
    return gan_export_elementwise(e, "LeakyRelu", GAN_ATTRIBUTES(gan_attribute_float("alpha", options->slope)));
}

static gan_value export_tanh(gan_export *e)
{
    return gan_export_elementwise(e, "Tanh", NULL, 0);
}

static gan_value export_sigmoid(gan_export *e)
{
    return gan_export_elementwise(e, "Sigmoid", NULL, 0);
}

static gan_value export_elu(gan_export *e)
{
    const gan_elu_options *options = e->layer->options;
    return gan_export_elementwise(e, "Elu", GAN_ATTRIBUTES(gan_attribute_float("alpha", options->alpha)));
}

static gan_value export_softplus(gan_export *e)
{
    return gan_export_elementwise(e, "Softplus", NULL, 0);
}

static gan_value export_silu(gan_export *e)
{
    gan_order order = gan_export_order(e, 1);
    gan_value x = gan_export_input(e, 0, order);
    gan_value gate = gan_export_operator(e, "Sigmoid", x);
    return gan_export_in_order(e, gan_export_operator(e, "Mul", x, gate), order);
}

/* The distribution's two forms: erf(x / sqrt(2)) and tanh(sqrt(2 / pi) (x + 0.044715 x^3)), which are in -1..1. */
static gan_value export_distribution(gan_export *e, gan_value x, bool approximate)
{
    if (!approximate) {
        gan_value scaled = gan_export_operator(e, "Mul", x, gan_export_number(e, 0.70710678f));
        return gan_export_operator(e, "Erf", scaled);
    }
    gan_value square = gan_export_operator(e, "Mul", x, x);
    gan_value cubic = gan_export_operator(e, "Mul", square, gan_export_number(e, 0.044715f));
    gan_value factor = gan_export_operator(e, "Add", cubic, gan_export_number(e, 1));
    gan_value sum = gan_export_operator(e, "Mul", x, factor);
    gan_value scaled = gan_export_operator(e, "Mul", sum, gan_export_number(e, 0.79788456f));
    return gan_export_operator(e, "Tanh", scaled);
}

/* x / 2 (1 + the distribution) */
static gan_value export_gelu(gan_export *e)
{
    const gan_gelu_options *options = e->layer->options;
    gan_order order = gan_export_order(e, 1);
    gan_value x = gan_export_input(e, 0, order);
    gan_value distribution = export_distribution(e, x, options->approximate);
    gan_value sum = gan_export_operator(e, "Add", distribution, gan_export_number(e, 1));
    gan_value half = gan_export_operator(e, "Mul", x, gan_export_number(e, 0.5f));
    return gan_export_in_order(e, gan_export_operator(e, "Mul", half, sum), order);
}

static const gan_field leaky_relu_fields[] = {
    {"slope", GAN_FIELD_FLOAT, 0, offsetof(gan_leaky_relu_options, slope), 0, 1, 0.2},
    GAN_FIELD_RESERVED(gan_leaky_relu_options),
};

static const gan_field elu_fields[] = {
    {"alpha", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(gan_elu_options, alpha), 0, 1e30, 1},
    GAN_FIELD_RESERVED(gan_elu_options),
};

static const gan_field gelu_fields[] = {
    {"approximate", GAN_FIELD_BOOL, 0, offsetof(gan_gelu_options, approximate), 0, 1, 0},
    GAN_FIELD_RESERVED(gan_gelu_options),
};

#define PLAIN(kernels)  gan_activation_options, NULL, 0, (kernels), 0, 0
#define LIST_OF(fields) fields, GAN_FIELD_COUNT(fields)

#define ACTIVATION(...) ACTIVATION_(__VA_ARGS__)
#define ACTIVATION_(layer, trait_set, struct_name, field_table, count, ...) \
    const gan_layer_type gan_layer_##layer = {                              \
        .name = #layer,                                                     \
        .short_name = #layer,                                               \
        .options_size = sizeof(struct_name),                                \
        .fields = field_table,                                              \
        .field_count = count,                                               \
        .traits = (trait_set) | GAN_KEEPS_FEATURES,                         \
        .own = &(const activation){__VA_ARGS__},                            \
        .infer = gan_infer_same_shape,                                      \
        .forward = forward,                                                 \
        .backward = backward,                                               \
        .tangent = gan_tangent_symmetric,                                   \
        .tangent_backward = tangent_backward,                               \
        .export = export_##layer,                                           \
    };                                                                      \
    gan_node *gan_##layer##_layer(const struct_name *options)               \
    {                                                                       \
        return gan_layer_node(&gan_layer_##layer, options);                 \
    }

ACTIVATION(relu, FROM_OUTPUT, PLAIN(GAN_ACTIVATION_LEAKY_RELU))
ACTIVATION(leaky_relu, FROM_OUTPUT, gan_leaky_relu_options, LIST_OF(leaky_relu_fields), GAN_ACTIVATION_LEAKY_RELU,
           offsetof(gan_leaky_relu_options, slope), 0)
ACTIVATION(tanh, FROM_OUTPUT | GAN_CURVED, PLAIN(GAN_ACTIVATION_TANH))
ACTIVATION(sigmoid, FROM_OUTPUT | GAN_CURVED, PLAIN(GAN_ACTIVATION_SIGMOID))
ACTIVATION(elu, FROM_OUTPUT | GAN_CURVED, gan_elu_options, LIST_OF(elu_fields), GAN_ACTIVATION_ELU,
           offsetof(gan_elu_options, alpha), 0)
ACTIVATION(silu, FROM_INPUT | GAN_CURVED, PLAIN(GAN_ACTIVATION_SILU))
ACTIVATION(gelu, FROM_INPUT | GAN_CURVED, gan_gelu_options, LIST_OF(gelu_fields), GAN_ACTIVATION_GELU, 0,
           offsetof(gan_gelu_options, approximate))
ACTIVATION(softplus, FROM_OUTPUT | GAN_CURVED, PLAIN(GAN_ACTIVATION_SOFTPLUS))
