/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/elementwise.h"
#include "layer/export.h"
#include "layer/registry.h"
#include "layer/rows.h"
#include "layer/tangent.h"

#include <math.h>

/* y = x * inverse, inverse = 1 / sqrt(<x x> + epsilon), for every row of channels, <> being the mean over them. Its
 * derivative is symmetric: P(g) = inverse * g - inverse^3 * <g x> * x. saved: each row's inverse. */

#define TASK_FLOATS 8192

static const gan_field fields[] = {
    {"epsilon", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(gan_pixel_norm_options, epsilon), 0, 1e30, 1e-8},
    GAN_FIELD_RESERVED(gan_pixel_norm_options),
};

static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    (void)kernels;
    need->saved = gan_saturating_multiply((size_t)batch,
                                          (size_t)(gan_shape_elements(&layer->output) / gan_channels(&layer->output)));
}

static void each_row(const gan_layer_call *call, gan_range_task task)
{
    int64_t c = gan_channels(&call->layer->output), grain = TASK_FLOATS / c;
    gan_pool_ranges(call->pool, task, (void *)call, gan_call_elements(call) / c, grain > 0 ? grain : 1);
}

static void forward_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    const gan_pixel_norm_options *options = call->layer->options;
    int64_t c = gan_channels(&call->layer->output);
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        const float *x = call->x[0] + r * c;
        double mean = call->kernels->sum_squares(x, c) / (double)c;
        call->saved[r] = (float)(1 / sqrt(mean + options->epsilon));
        call->kernels->set_scaled(call->y + r * c, x, c, call->saved[r]);
    }
}

/* The mean over channels of a * b in a row. */
static double mean_product(const gan_layer_call *call, const float *a, const float *b, int64_t row)
{
    int64_t c = gan_channels(&call->layer->output);
    return call->kernels->dot(a + row * c, b + row * c, c) / (double)c;
}

/* target = P(g) in a row, or added to target. */
static void derivative(const gan_layer_call *call, float *target, const float *g, int64_t row, bool add)
{
    int64_t c = gan_channels(&call->layer->output);
    double inverse = call->saved[row], along = mean_product(call, g, call->x[0], row);
    (add ? call->kernels->add_scaled : call->kernels->set_scaled)(target + row * c, g + row * c, c, (float)inverse);
    call->kernels->add_scaled(target + row * c, call->x[0] + row * c, c, (float)(-inverse * inverse * inverse * along));
}

static void backward_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    (void)worker;
    for (int64_t r = begin; r < end; r++) derivative(call, call->dx[0], call->dy, r, false);
}

/* With u = dty and t = tx the sum of u * P(t) is c * (inverse * <u t> - inverse^3 * <u x> * <t x>), whose derivative by
 * x is -inverse^3 * (<t x> * u + <u x> * t + (<u t> - 3 * inverse^2 * <u x> * <t x>) * x). */
static void curvature(const gan_layer_call *call, int64_t row)
{
    const float *x = call->x[0], *u = call->dty, *t = call->tx[0];
    const gan_kernels *k = call->kernels;
    int64_t c = gan_channels(&call->layer->output);
    double inverse = call->saved[row], scale = -inverse * inverse * inverse;
    double ut = mean_product(call, u, t, row), ux = mean_product(call, u, x, row), tx = mean_product(call, t, x, row);
    float *dx = call->dx[0] + row * c;
    k->set_scaled(dx, u + row * c, c, (float)(scale * tx));
    k->add_scaled(dx, t + row * c, c, (float)(scale * ux));
    k->add_scaled(dx, x + row * c, c, (float)(scale * (ut - 3 * inverse * inverse * ux * tx)));
}

static void second_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        if (call->dtx[0]) derivative(call, call->dtx[0], call->dty, r, false);
        if (!call->dx[0]) continue;
        curvature(call, r);
        if (call->dy) derivative(call, call->dx[0], call->dy, r, true);
    }
}

static void forward(const gan_layer_call *call)
{
    each_row(call, forward_rows);
}

static void backward(const gan_layer_call *call)
{
    if (call->dx[0]) each_row(call, backward_rows);
}

static void tangent_backward(const gan_layer_call *call)
{
    each_row(call, second_rows);
}

static gan_value export_pixel_norm(gan_export *e)
{
    const gan_pixel_norm_options *options = e->layer->options;
    gan_order order = gan_export_order(e, 1);
    gan_value x = gan_export_input(e, 0, order);
    gan_value square = gan_export_operator(e, "Mul", x, x);
    gan_value mean = gan_export_reduce(e, "ReduceMean", square, true, 1, &(int64_t){gan_export_axis(e, order)});
    gan_value sum = gan_export_operator(e, "Add", mean, gan_export_number(e, options->epsilon));
    gan_value root = gan_export_operator(e, "Sqrt", sum);
    return gan_export_in_order(e, gan_export_operator(e, "Div", x, root), order);
}

const gan_layer_type gan_layer_pixel_norm = {
    .name = "pixel_norm",
    .short_name = "pn",
    .options_size = sizeof(gan_pixel_norm_options),
    .fields = fields,
    .field_count = GAN_FIELD_COUNT(fields),
    .traits = GAN_READS_X | GAN_CURVED | GAN_KEEPS_FEATURES,
    .infer = gan_infer_same_shape,
    .memory = memory,
    .forward = forward,
    .backward = backward,
    .tangent = gan_tangent_symmetric,
    .tangent_backward = tangent_backward,
    .export = export_pixel_norm,
};

gan_node *gan_pixel_norm_layer(const gan_pixel_norm_options *options)
{
    return gan_layer_node(&gan_layer_pixel_norm, options);
}
