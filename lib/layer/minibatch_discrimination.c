/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/export.h"
#include "layer/product.h"
#include "layer/registry.h"

#include <string.h>

/* y = x [A] and o [kernels] after it; kernel/kernel.h has the formula of o from m = x weight [dims, kernels]. m is
 * saved. Work is cut by samples, each of which looks at all others. */

/* Matrices [batch, dims * kernels] in shared. */
enum { GRADIENT, MOVED, SECOND_GRADIENT, MATRICES };

static const gan_field fields[] = {
    {"kernels", GAN_FIELD_INT, 0, offsetof(gan_minibatch_discrimination_options, kernels), 1, 1 << 15, 100},
    {"dims", GAN_FIELD_INT, 0, offsetof(gan_minibatch_discrimination_options, dims), 1, 1 << 15, 5},
    {"weights", GAN_FIELD_INITIALIZER, 0, offsetof(gan_minibatch_discrimination_options, weights), 0, 0,
     GAN_INITIALIZER_DEFAULT},
    GAN_FIELD_RESERVED(gan_minibatch_discrimination_options),
};

static int64_t kernels_of(const gan_layer *layer)
{
    const gan_minibatch_discrimination_options *options = layer->options;
    return options->kernels;
}

static gan_product product_of(const gan_layer_call *call)
{
    const gan_minibatch_discrimination_options *options = call->layer->options;
    return (gan_product){call->batch, call->layer->input[0].size[0], (int64_t)options->dims * options->kernels};
}

static const gan_forms forms = {.axes = {GAN_AXIS_INPUT}};

static gan_status infer(gan_layer *layer)
{
    const gan_minibatch_discrimination_options *options = layer->options;
    const gan_shape *x = &layer->input[0];
    char text[GAN_SHAPE_TEXT];
    if (x->rank != 1)
        return gan_layer_fail(layer, "the input is %s; it must be a vector, as of gan_flatten()",
                              gan_shape_text(text, x->rank, x->size));
    int64_t a = x->size[0], dims = options->dims, kernels = options->kernels, weights;
    if (!gan_shape_count(3, (int64_t[]){a, dims, kernels}, &weights) ||
        __builtin_mul_overflow(2, weights, &layer->flops))
        return gan_layer_fail(layer, "the input has too many elements");
    layer->output = (gan_shape){1, {a + kernels}};
    gan_layer_add_parameter(layer, (gan_slot){.name = "weight",
                                              .shape = {3, {a, dims, kernels}},
                                              .initializer = options->weights,
                                              .fan_in = a,
                                              .fan_out = dims * kernels,
                                              .forms = &forms});
    return GAN_OK;
}

static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    const gan_minibatch_discrimination_options *options = layer->options;
    size_t m = gan_saturating_multiply((size_t)batch, (size_t)options->dims * (size_t)options->kernels);
    need->saved = m;
    need->shared = gan_saturating_add(gan_saturating_multiply(MATRICES, m),
                                      gan_saturating_multiply((size_t)batch, (size_t)options->kernels));
    need->scratch = gan_product_scratch(kernels);
}

static float *matrix_of(const gan_layer_call *call, int matrix)
{
    gan_product p = product_of(call);
    return call->shared + matrix * p.rows * p.out;
}

/* The gradients of o, without those of x: [batch, kernels]. */
static float *gradients_of(const gan_layer_call *call)
{
    return matrix_of(call, MATRICES);
}

/* What is done to each sample: a row of the output from one of x and m, with the direction tm or without, or a row of a
 * gradient of m. */
struct step {
    const gan_layer_call *call;
    const float *tm;
    const float *x;
    float *target;
};

static gan_similarity similarity_of(const gan_layer_call *call, int64_t sample)
{
    const gan_minibatch_discrimination_options *options = call->layer->options;
    return (gan_similarity){sample, call->batch, options->dims, options->kernels};
}

static void compare_sample(void *argument, int64_t n, int worker)
{
    const struct step *s = argument;
    gan_similarity similarity = similarity_of(s->call, n);
    int64_t a = s->call->layer->input[0].size[0];
    float *y = s->target + n * (a + similarity.kernels);
    (void)worker;
    memcpy(y, s->x + n * a, (size_t)a * sizeof *y);
    s->call->kernels->similarity(y + a, s->call->saved, s->tm, &similarity);
}

static void sample_gradient(void *argument, int64_t n, int worker)
{
    const struct step *s = argument;
    gan_similarity similarity = similarity_of(s->call, n);
    (void)worker;
    s->call->kernels->similarity_gradient(s->target + n * similarity.dims * similarity.kernels, gradients_of(s->call),
                                          s->call->saved, s->tm, &similarity);
}

/* matrix = the gradient of m, or of its direction, from dy, the gradient of y or of its direction. */
static void find_gradient(const gan_layer_call *call, int matrix, const float *dy, const float *tm)
{
    int64_t a = call->layer->input[0].size[0], kernels = kernels_of(call->layer);
    for (int64_t n = 0; n < call->batch; n++)
        memcpy(gradients_of(call) + n * kernels, dy + n * (a + kernels) + a, (size_t)kernels * sizeof *dy);
    struct step step = {.call = call, .tm = tm, .target = matrix_of(call, matrix)};
    gan_pool_run(call->pool, sample_gradient, &step, call->batch);
}

/* dx = the matrix, through the weight, and the part of dy (zeros where NULL) that is x's. */
static void input_gradient(const gan_layer_call *call, float *dx, int matrix, const float *dy)
{
    gan_product p = product_of(call);
    for (int64_t n = 0; dy && n < p.rows; n++)
        memcpy(dx + n * p.in, dy + n * (p.in + kernels_of(call->layer)), (size_t)p.in * sizeof *dx);
    gan_product_inputs(call, &p, dx, matrix_of(call, matrix), call->parameter[0], dy != NULL);
}

static void forward(const gan_layer_call *call)
{
    gan_product p = product_of(call);
    gan_product_forward(call, &p, call->saved, call->x[0], call->parameter[0], NULL);
    struct step step = {.call = call, .x = call->x[0], .target = call->y};
    gan_pool_run(call->pool, compare_sample, &step, call->batch);
}

static void backward(const gan_layer_call *call)
{
    gan_product p = product_of(call);
    find_gradient(call, GRADIENT, call->dy, NULL);
    if (call->gradient[0]) gan_product_weights(call, &p, call->gradient[0], call->x[0], matrix_of(call, GRADIENT));
    gan_layer_parameters_done(call);
    if (call->dx[0]) input_gradient(call, call->dx[0], GRADIENT, call->dy);
}

static void tangent(const gan_layer_call *call)
{
    gan_product p = product_of(call);
    gan_product_forward(call, &p, matrix_of(call, MOVED), call->tx[0], call->parameter[0], NULL);
    struct step step = {.call = call, .tm = matrix_of(call, MOVED), .x = call->tx[0], .target = call->ty};
    gan_pool_run(call->pool, compare_sample, &step, call->batch);
}

/* The gradient of the direction goes the way of the backward pass; that of m has a part of the direction, and one of
 * dy. */
static void tangent_backward(const gan_layer_call *call)
{
    gan_product p = product_of(call);
    float *weight = call->gradient[0];
    gan_product_forward(call, &p, matrix_of(call, MOVED), call->tx[0], call->parameter[0], NULL);
    find_gradient(call, GRADIENT, call->dty, NULL);
    if (weight) gan_product_weights(call, &p, weight, call->tx[0], matrix_of(call, GRADIENT));
    if (call->dtx[0]) input_gradient(call, call->dtx[0], GRADIENT, call->dty);
    find_gradient(call, GRADIENT, call->dty, matrix_of(call, MOVED));
    if (call->dy) {
        find_gradient(call, SECOND_GRADIENT, call->dy, NULL);
        call->kernels->add(matrix_of(call, GRADIENT), matrix_of(call, SECOND_GRADIENT), p.rows * p.out);
    }
    if (weight) gan_product_weights(call, &p, weight, call->x[0], matrix_of(call, GRADIENT));
    if (call->dx[0]) input_gradient(call, call->dx[0], GRADIENT, call->dy);
}

/* M of the samples as [N, 1, dims, kernels] and as [1, N, dims, kernels], so that each meets each. */
static gan_value export_similarity(gan_export *e, gan_value x)
{
    const gan_minibatch_discrimination_options *options = e->layer->options;
    int64_t dims = options->dims, kernels = options->kernels, a = e->layer->input[0].size[0];
    gan_value weight = gan_export_reshape(e, gan_export_parameter(e, 0), GAN_SHAPE(a, dims * kernels));
    gan_value m = gan_export_operator(e, "MatMul", x, weight);
    gan_value one = gan_export_reshape(e, m, GAN_SHAPE(-1, 1, dims, kernels));
    gan_value other = gan_export_reshape(e, m, GAN_SHAPE(1, -1, dims, kernels));
    gan_value difference = gan_export_operator(e, "Sub", one, other);
    gan_value distance = gan_export_operator(e, "Abs", difference);
    distance = gan_export_reduce(e, "ReduceSum", distance, false, 1, (int64_t[]){2});
    gan_value c = gan_export_operator(e, "Exp", gan_export_operator(e, "Neg", distance));
    return gan_export_reduce(e, "ReduceSum", c, false, 1, (int64_t[]){1});
}

static gan_value export_minibatch_discrimination(gan_export *e)
{
    gan_value x = gan_export_input(e, 0, GAN_CHANNELS_LAST);
    gan_value o = export_similarity(e, x);
    return gan_export_add(e, "Concat", GAN_VALUES(x, o), GAN_ATTRIBUTES(gan_attribute_int("axis", 1)));
}

const gan_layer_type gan_layer_minibatch_discrimination = {
    .name = "minibatch_discrimination",
    .short_name = "mbd",
    .options_size = sizeof(gan_minibatch_discrimination_options),
    .fields = fields,
    .field_count = GAN_FIELD_COUNT(fields),
    .traits = GAN_READS_X | GAN_CURVED | GAN_KEEPS_FEATURES,
    .infer = infer,
    .memory = memory,
    .forward = forward,
    .backward = backward,
    .tangent = tangent,
    .tangent_backward = tangent_backward,
    .export = export_minibatch_discrimination,
};

gan_node *gan_minibatch_discrimination_layer(const gan_minibatch_discrimination_options *options)
{
    return gan_layer_node(&gan_layer_minibatch_discrimination, options);
}
