/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/elementwise.h"
#include "layer/export.h"
#include "layer/registry.h"
#include "layer/tangent.h"

/* Layers that are random in training and pass their input on in inference. Element i takes its random number from block
 * position + i / 4 of the pass; backward and tangent passes draw it again. The derivative is a factor for each element,
 * which does not depend on x. */

typedef void (*noise_function)(const gan_layer_call *call, bool derivative, float *target, const float *source,
                               int64_t begin, int64_t n);

static void drop(const gan_layer_call *call, bool derivative, float *target, const float *source, int64_t begin,
                 int64_t n)
{
    const gan_dropout_options *options = call->layer->options;
    (void)derivative; /* the same */
    call->kernels->dropout(target + begin, source + begin, n, &call->random, call->position + (uint64_t)begin / 4,
                           options->rate);
}

/* y = x + (a + b * x) * n, of which the derivative has the second term only. */
static void add_noise(const gan_layer_call *call, bool derivative, float *target, const float *source, int64_t begin,
                      int64_t n)
{
    const gan_gaussian_noise_options *options = call->layer->options;
    float a = options->multiplicative || derivative ? 0 : options->deviation;
    float b = options->multiplicative ? options->deviation : 0;
    call->kernels->noise(target + begin, source + begin, n, &call->random, call->position + (uint64_t)begin / 4, a, b);
}

struct noise {
    noise_function function;
};

static void forward_range(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    const struct noise *noise = call->layer->type->own;
    (void)worker;
    noise->function(call, false, call->y, call->x[0], begin, end - begin);
}

static void backward_range(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    const struct noise *noise = call->layer->type->own;
    (void)worker;
    noise->function(call, true, call->dx[0], call->dy, begin, end - begin);
}

static void forward(const gan_layer_call *call)
{
    if (call->training)
        gan_elementwise(call, forward_range);
    else
        gan_parallel_copy(call->pool, call->y, call->x[0], gan_call_elements(call));
}

static void backward(const gan_layer_call *call)
{
    if (call->dx[0]) gan_elementwise(call, backward_range);
}

static const gan_field dropout_fields[] = {
    {"rate", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_HIGH, offsetof(gan_dropout_options, rate), 0, 1, 0.5},
    GAN_FIELD_RESERVED(gan_dropout_options),
};

static const gan_field gaussian_noise_fields[] = {
    {"deviation", GAN_FIELD_FLOAT, GAN_FIELD_REQUIRED, offsetof(gan_gaussian_noise_options, deviation), 0, 1e30, 0},
    {"multiplicative", GAN_FIELD_BOOL, 0, offsetof(gan_gaussian_noise_options, multiplicative), 0, 1, 0},
    GAN_FIELD_RESERVED(gan_gaussian_noise_options),
};

#define NOISE(layer, short, noise_function)                             \
    const gan_layer_type gan_layer_##layer = {                          \
        .name = #layer,                                                 \
        .short_name = short,                                            \
        .options_size = sizeof(gan_##layer##_options),                  \
        .fields = layer##_fields,                                       \
        .field_count = GAN_FIELD_COUNT(layer##_fields),                 \
        .traits = GAN_IN_PLACE | GAN_KEEPS_FEATURES,                    \
        .own = &(const struct noise){noise_function},                   \
        .infer = gan_infer_same_shape,                                  \
        .forward = forward,                                             \
        .backward = backward,                                           \
        .tangent = gan_tangent_symmetric,                               \
        .tangent_backward = gan_tangent_piecewise_backward,             \
        .export = gan_export_identity,                                  \
    };                                                                  \
    gan_node *gan_##layer##_layer(const gan_##layer##_options *options) \
    {                                                                   \
        return gan_layer_node(&gan_layer_##layer, options);             \
    }

NOISE(dropout, "dropout", drop)
NOISE(gaussian_noise, "noise", add_noise)
