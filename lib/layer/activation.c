/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/elementwise.h"
#include "layer/registry.h"
#include "layer/tangent.h"

#include <string.h>

/* The activations: relu, leaky relu, tanh, sigmoid. All are one kernel over ranges of the elements, and all find their
 * derivative from the output, so that they work in place. A row of the table below is one of them. */

static float slope_of(const gan_layer *layer)
{
    return layer->type == &gan_layer_leaky_relu ? ((const gan_leaky_relu_options *)layer->options)->slope : 0;
}

static void leaky_relu_range(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    (void)worker;
    call->kernels->leaky_relu(call->y + begin, call->x[0] + begin, end - begin, slope_of(call->layer));
}

static void leaky_relu_backward_range(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    (void)worker;
    call->kernels->leaky_relu_backward(call->dx[0] + begin, call->dy + begin, call->y + begin, end - begin,
                                       slope_of(call->layer));
}

#define ACTIVATION_RANGES(function)                                                                              \
    static void function##_range(void *argument, int64_t begin, int64_t end, int worker)                         \
    {                                                                                                            \
        const gan_layer_call *call = argument;                                                                   \
        (void)worker;                                                                                            \
        call->kernels->function(call->y + begin, call->x[0] + begin, end - begin);                               \
    }                                                                                                            \
    static void function##_backward_range(void *argument, int64_t begin, int64_t end, int worker)                \
    {                                                                                                            \
        const gan_layer_call *call = argument;                                                                   \
        (void)worker;                                                                                            \
        call->kernels->function##_backward(call->dx[0] + begin, call->dy + begin, call->y + begin, end - begin); \
    }                                                                                                            \
    static void function##_curvature_range(void *argument, int64_t begin, int64_t end, int worker)               \
    {                                                                                                            \
        const gan_layer_call *call = argument;                                                                   \
        (void)worker;                                                                                            \
        if (!call->dy) memset(call->dx[0] + begin, 0, (size_t)(end - begin) * sizeof(float));                    \
        call->kernels->function##_curvature(call->dx[0] + begin, call->dty + begin, call->tx[0] + begin,         \
                                            call->y + begin, end - begin);                                       \
    }                                                                                                            \
    static void function##_tangent_backward(const gan_layer_call *call)                                          \
    {                                                                                                            \
        gan_tangent_piecewise_backward(call);                                                                    \
        if (call->dx[0]) gan_elementwise(call, function##_curvature_range);                                      \
    }
ACTIVATION_RANGES(tanh)
ACTIVATION_RANGES(sigmoid)

#define ACTIVATION(layer, function, struct_name, field_table, count, second, curved) \
    static void layer##_forward(const gan_layer_call *call)                          \
    {                                                                                \
        gan_elementwise(call, function##_range);                                     \
    }                                                                                \
    static void layer##_backward(const gan_layer_call *call)                         \
    {                                                                                \
        if (call->dx[0]) gan_elementwise(call, function##_backward_range);           \
    }                                                                                \
    const gan_layer_type gan_layer_##layer = {                                       \
        .name = #layer,                                                              \
        .short_name = #layer,                                                        \
        .options_size = sizeof(struct_name),                                         \
        .fields = field_table,                                                       \
        .field_count = count,                                                        \
        .traits = GAN_READS_Y | GAN_IN_PLACE | (curved),                             \
        .infer = gan_infer_same_shape,                                               \
        .forward = layer##_forward,                                                  \
        .backward = layer##_backward,                                                \
        .tangent = gan_tangent_symmetric,                                            \
        .tangent_backward = second,                                                  \
    };                                                                               \
    gan_node *gan_##layer##_layer(const struct_name *options)                        \
    {                                                                                \
        return gan_layer_node(&gan_layer_##layer, options);                          \
    }

static const gan_field leaky_relu_fields[] = {
    {"slope", GAN_FIELD_FLOAT, 0, offsetof(gan_leaky_relu_options, slope), 0, 1, 0.2},
};

ACTIVATION(relu, leaky_relu, gan_activation_options, NULL, 0, gan_tangent_piecewise_backward, 0)
ACTIVATION(leaky_relu, leaky_relu, gan_leaky_relu_options, leaky_relu_fields, GAN_FIELD_COUNT(leaky_relu_fields),
           gan_tangent_piecewise_backward, 0)
ACTIVATION(tanh, tanh, gan_activation_options, NULL, 0, tanh_tangent_backward, GAN_CURVED)
ACTIVATION(sigmoid, sigmoid, gan_activation_options, NULL, 0, sigmoid_tangent_backward, GAN_CURVED)
