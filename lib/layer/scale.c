/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/export.h"
#include "layer/registry.h"
#include "layer/rows.h"

/* A trained factor w, one for each channel or one for all: y = w * x everywhere (scale), or where x <= 0 (prelu). With
 * m = w or 1 by place, ty = m * tx; and the gradient of w is the sum of dy * x, or of dty * tx, over the places that it
 * multiplies. The sum is taken by chunks, which are added in order. */

typedef struct factor {
    bool below; /* it multiplies where x <= 0 only */
    const char *parameter;
    size_t initial; /* where the number that it begins with is in the options */
    size_t choice;  /* and where the bool is that chooses one factor for all, when it is `one` */
    bool one;
    gan_forms forms;
} factor;

static const void *option(const gan_layer *layer, size_t offset)
{
    return (const char *)layer->options + offset;
}

static gan_status infer(gan_layer *layer)
{
    const factor *f = layer->type->own;
    layer->output = layer->input[0];
    bool one = *(const bool *)option(layer, f->choice) == f->one;
    gan_initializer constant = {.kind = GAN_INITIALIZER_NORMAL,
                                .mean = *(const float *)option(layer, f->initial)}; /* a deviation of 0 */
    gan_layer_add_parameter(layer, (gan_slot){.name = f->parameter,
                                              .shape = {1, {one ? 1 : gan_channels(&layer->output)}},
                                              .initializer = constant,
                                              .fan_in = 1,
                                              .fan_out = 1,
                                              .forms = &f->forms});
    return GAN_OK;
}

/* shared: the factors by channel, [c], and sums [c] for each chunk */
static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    (void)kernels;
    int64_t c = gan_channels(&layer->output);
    need->shared = gan_saturating_multiply((size_t)gan_chunks(gan_rows(&layer->output, batch), c) + 1, (size_t)c);
}

static const float *where(const gan_layer_call *call)
{
    const factor *f = call->layer->type->own;
    return f->below ? call->x[0] : NULL;
}

/* Something multiplied, or a product summed: a pass over the rows. */
struct pass {
    const gan_layer_call *call;
    float *result;
    const float *a, *b, *below;
};

static void multiply_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct pass *p = argument;
    int64_t c = gan_channels(&p->call->layer->output), at = begin * c;
    (void)worker;
    p->call->kernels->multiply_rows(p->result + at, p->a + at, p->b, p->below ? p->below + at : NULL, end - begin, c);
}

/* result = m * a */
static void multiply(const gan_layer_call *call, float *result, const float *a)
{
    int64_t c = gan_channels(&call->layer->output);
    bool one = call->layer->parameter[0].shape.size[0] == 1;
    for (int64_t j = 0; j < c; j++) call->shared[j] = call->parameter[0][one ? 0 : j];
    struct pass p = {call, result, a, call->shared, where(call)};
    gan_pool_ranges(call->pool, multiply_rows, &p, gan_rows(&call->layer->output, call->batch), gan_chunk_rows(c));
}

static void sum_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct pass *p = argument;
    int64_t c = gan_channels(&p->call->layer->output), at = begin * c;
    (void)worker;
    p->call->kernels->sum_products(p->result + begin / gan_chunk_rows(c) * c, p->a + at, p->b + at,
                                   p->below ? p->below + at : NULL, end - begin, c);
}

/* The factor's gradient += the sum of a * b where it multiplies. */
static void add_products(const gan_layer_call *call, const float *a, const float *b)
{
    int64_t c = gan_channels(&call->layer->output), rows = gan_rows(&call->layer->output, call->batch);
    bool one = call->layer->parameter[0].shape.size[0] == 1;
    struct pass p = {call, call->shared + c, a, b, where(call)};
    gan_pool_ranges(call->pool, sum_rows, &p, rows, gan_chunk_rows(c));
    double all = 0;
    for (int64_t j = 0; j < c; j++) {
        double sum = 0;
        for (int64_t k = 0; k < gan_chunks(rows, c); k++) sum += p.result[k * c + j];
        all += sum;
        if (!one) call->gradient[0][j] += (float)sum;
    }
    if (one) call->gradient[0][0] += (float)all;
}

static void forward(const gan_layer_call *call)
{
    multiply(call, call->y, call->x[0]);
}

static void backward(const gan_layer_call *call)
{
    if (call->gradient[0]) add_products(call, call->dy, call->x[0]);
    gan_layer_parameters_done(call);
    if (call->dx[0]) multiply(call, call->dx[0], call->dy);
}

static void tangent(const gan_layer_call *call)
{
    multiply(call, call->ty, call->tx[0]);
}

static void tangent_backward(const gan_layer_call *call)
{
    if (call->gradient[0]) add_products(call, call->dty, call->tx[0]);
    if (call->dtx[0]) multiply(call, call->dtx[0], call->dty);
    if (call->dy) backward(call);
}

static gan_value export_factor(gan_export *e)
{
    const factor *f = e->layer->type->own;
    gan_order order = gan_export_order(e, 1);
    gan_value x = gan_export_input(e, 0, order), by = gan_export_by_channel(e, 0, order);
    return gan_export_in_order(e, gan_export_operator(e, f->below ? "PRelu" : "Mul", x, by), order);
}

static const gan_field scale_fields[] = {
    {"initial", GAN_FIELD_FLOAT, 0, offsetof(gan_scale_options, initial), -1e30, 1e30, 0},
    {"per_channel", GAN_FIELD_BOOL, 0, offsetof(gan_scale_options, per_channel), 0, 1, 0},
    GAN_FIELD_RESERVED(gan_scale_options),
};

static const gan_field prelu_fields[] = {
    {"initial", GAN_FIELD_FLOAT, 0, offsetof(gan_prelu_options, initial), -1e30, 1e30, 0.25},
    {"shared", GAN_FIELD_BOOL, 0, offsetof(gan_prelu_options, shared), 0, 1, 0},
    GAN_FIELD_RESERVED(gan_prelu_options),
};

#define SCALE(layer, ...)                                               \
    const gan_layer_type gan_layer_##layer = {                          \
        .name = #layer,                                                 \
        .short_name = #layer,                                           \
        .options_size = sizeof(gan_##layer##_options),                  \
        .fields = layer##_fields,                                       \
        .field_count = GAN_FIELD_COUNT(layer##_fields),                 \
        .traits = GAN_READS_X | GAN_KEEPS_FEATURES,                     \
        .own = &(const factor){__VA_ARGS__},                            \
        .infer = infer,                                                 \
        .memory = memory,                                               \
        .forward = forward,                                             \
        .backward = backward,                                           \
        .tangent = tangent,                                             \
        .tangent_backward = tangent_backward,                           \
        .export = export_factor,                                        \
    };                                                                  \
    gan_node *gan_##layer##_layer(const gan_##layer##_options *options) \
    {                                                                   \
        return gan_layer_node(&gan_layer_##layer, options);             \
    }

SCALE(scale, .below = false, .parameter = "gamma", .initial = offsetof(gan_scale_options, initial),
      .choice = offsetof(gan_scale_options, per_channel), .one = false, .forms.axes = {GAN_AXIS_OUTPUT})
SCALE(prelu, .below = true, .parameter = "slope", .initial = offsetof(gan_prelu_options, initial),
      .choice = offsetof(gan_prelu_options, shared), .one = true,
      .forms = {.pytorch = {"weight"}, .keras = {"alpha", .ones = GAN_ONES_TO_RANK}, .axes = {GAN_AXIS_OUTPUT}})
