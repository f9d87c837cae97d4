/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/export.h"
#include "layer/product.h"
#include "layer/registry.h"
#include "layer/rows.h"

/* y[n,r,:] = x[n,r,:] * scale[n,:] + shift[n,:], scale = 1 + condition gamma, shift = condition beta, where r counts
 * all but the batch and the channels. Linear in x, and in the condition: the two directions meet in second derivatives.
 */

enum { GAMMA, BETA };  /* parameters */
enum { X, CONDITION }; /* inputs */

/* Matrices [batch, c] in shared, after a row of zeros and one of ones; MOVED is condition's direction times gamma or
 * beta. */
enum { PRODUCTS, SUMS, MOVED_SCALE, MOVED_SHIFT, SECOND_PRODUCTS, MATRICES };

#define TASK_FLOATS 8192

static const gan_field fields[] = {
    {"gamma", GAN_FIELD_INITIALIZER, 0, offsetof(gan_film_options, gamma), 0, 0, GAN_INITIALIZER_DEFAULT},
    {"beta", GAN_FIELD_INITIALIZER, 0, offsetof(gan_film_options, beta), 0, 0, GAN_INITIALIZER_DEFAULT},
    {"spectral_norm", GAN_FIELD_BOOL, 0, offsetof(gan_film_options, spectral_norm), 0, 1, 0},
    GAN_FIELD_RESERVED(gan_film_options),
};

static gan_status infer(gan_layer *layer)
{
    const gan_film_options *options = layer->options;
    const gan_shape *condition = &layer->input[CONDITION];
    char text[GAN_SHAPE_TEXT];
    layer->output = layer->input[X];
    if (condition->rank != 1)
        return gan_layer_fail(layer, "the condition is %s; it must be a vector, as of gan_flatten()",
                              gan_shape_text(text, condition->rank, condition->size));
    int64_t c = gan_channels(&layer->output), k = condition->size[0], weights;
    if (!gan_shape_count(2, (int64_t[]){k, c}, &weights) || __builtin_mul_overflow(4, weights, &layer->flops))
        return gan_layer_fail(layer, "the condition has too many elements");
    const gan_initializer given[] = {options->gamma, options->beta}, zeros = {.kind = GAN_INITIALIZER_ZEROS};
    static const char *const names[] = {"gamma", "beta"}, *const vectors[] = {"gamma_u", "beta_u"};
    for (int i = GAMMA; i <= BETA; i++)
        gan_layer_add_parameter(layer,
                                (gan_slot){.name = names[i],
                                           .shape = {2, {k, c}},
                                           .initializer = given[i].kind || options->spectral_norm ? given[i] : zeros,
                                           .spectral = options->spectral_norm ? vectors[i] : NULL,
                                           .output_axis = 1,
                                           .fan_in = k,
                                           .fan_out = c});
    return GAN_OK;
}

/* saved: scale and shift [batch, c]. */
static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    size_t c = (size_t)gan_channels(&layer->output), matrix = gan_saturating_multiply((size_t)batch, c);
    need->saved = gan_saturating_multiply(2, matrix);
    need->shared = gan_saturating_add(2 * c, gan_saturating_multiply(MATRICES, matrix));
    need->scratch = gan_product_scratch(kernels);
}

static gan_product product_of(const gan_layer_call *call)
{
    return (gan_product){call->batch, call->layer->input[CONDITION].size[0], gan_channels(&call->layer->output)};
}

static float *scale_of(const gan_layer_call *call)
{
    return call->saved;
}

static float *shift_of(const gan_layer_call *call)
{
    return call->saved + call->batch * gan_channels(&call->layer->output);
}

static float *zeros_of(const gan_layer_call *call)
{
    return call->shared;
}

static float *ones_of(const gan_layer_call *call)
{
    return call->shared + gan_channels(&call->layer->output);
}

static float *matrix_of(const gan_layer_call *call, int matrix)
{
    int64_t c = gan_channels(&call->layer->output);
    return call->shared + 2 * c + matrix * call->batch * c;
}

static void set_constants(const gan_layer_call *call)
{
    for (int64_t j = 0; j < gan_channels(&call->layer->output); j++) {
        zeros_of(call)[j] = 0;
        ones_of(call)[j] = 1;
    }
}

/* What is done to some samples; each step leaves out what is NULL. */
struct step {
    const gan_layer_call *call;
    /* target = source * by_source + x * by_x + by_1: by_source has a row a sample, the others that or one row for all,
     * with a stride of 0. */
    float *target;
    const float *source, *x, *by_source, *by_x, *by_1;
    int64_t stride;
    /* sums = sum over a sample's rows of source, products = that of source * x */
    float *sums, *products;
};

static void step_samples(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct step *s = argument;
    const gan_kernels *k = s->call->kernels;
    int64_t c = gan_channels(&s->call->layer->output), rows = gan_rows(&s->call->layer->output, 1);
    (void)worker;
    for (int64_t n = begin; n < end; n++) {
        const float *source = s->source + n * rows * c, *x = s->x + n * rows * c;
        if (s->sums)
            k->batch_norm_sums(s->sums + n * c, s->products + n * c, source, x, zeros_of(s->call), ones_of(s->call),
                               rows, c);
        if (s->target)
            k->batch_norm_backward(s->target + n * rows * c, source, x, s->by_source + n * c, s->by_x + n * s->stride,
                                   s->by_1 + n * s->stride, rows, c);
    }
}

static int64_t grain_of(const gan_layer_call *call)
{
    int64_t grain = TASK_FLOATS / gan_shape_elements(&call->layer->output);
    return grain > 0 ? grain : 1;
}

static void run(const struct step *s)
{
    gan_pool_ranges(s->call->pool, step_samples, (void *)s, s->call->batch, grain_of(s->call));
}

/* target = source * by_source, or added to target. */
static void multiply(const gan_layer_call *call, float *target, const float *source, const float *by_source, bool add)
{
    run(&(struct step){.call = call,
                       .target = target,
                       .source = source,
                       .x = add ? target : source,
                       .by_source = by_source,
                       .by_x = add ? ones_of(call) : zeros_of(call),
                       .by_1 = zeros_of(call)});
}

static void find_sums(const gan_layer_call *call, const float *dy, const float *x, int sums, int products)
{
    run(&(struct step){
        .call = call, .source = dy, .x = x, .sums = matrix_of(call, sums), .products = matrix_of(call, products)});
}

static void forward_samples(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t c = gan_channels(&call->layer->output), rows = gan_rows(&call->layer->output, 1);
    (void)worker;
    for (int64_t n = begin; n < end; n++)
        call->kernels->scale_shift(call->y + n * rows * c, call->x[X] + n * rows * c, scale_of(call) + n * c,
                                   shift_of(call) + n * c, rows, c);
}

static void forward(const gan_layer_call *call)
{
    gan_product p = product_of(call);
    set_constants(call);
    gan_product_forward(call, &p, scale_of(call), call->x[CONDITION], call->parameter[GAMMA], ones_of(call));
    gan_product_forward(call, &p, shift_of(call), call->x[CONDITION], call->parameter[BETA], NULL);
    gan_pool_ranges(call->pool, forward_samples, (void *)call, call->batch, grain_of(call));
}

/* From the gradients of scale and shift [batch, c], `products` and `sums`, to those of the condition, in `target` where
 * that is not NULL, and of gamma and beta, as if the condition were this one. sums: -1 for zeros. */
static void through_condition(const gan_layer_call *call, const float *condition, float *target, int products, int sums)
{
    gan_product p = product_of(call);
    const int matrices[] = {products, sums};
    for (int i = GAMMA; i <= BETA; i++) {
        if (matrices[i] < 0) continue;
        const float *matrix = matrix_of(call, matrices[i]);
        if (call->gradient[i]) gan_product_weights(call, &p, call->gradient[i], condition, matrix);
        if (target) gan_product_inputs(call, &p, target, matrix, call->parameter[i], i == BETA);
    }
}

static void backward(const gan_layer_call *call)
{
    set_constants(call);
    if (call->gradient[GAMMA] || call->dx[CONDITION]) {
        find_sums(call, call->dy, call->x[X], SUMS, PRODUCTS);
        through_condition(call, call->x[CONDITION], call->dx[CONDITION], PRODUCTS, SUMS);
    }
    gan_layer_parameters_done(call);
    if (call->dx[X]) multiply(call, call->dx[X], call->dy, scale_of(call), false);
}

/* The directions of scale and shift. */
static void move(const gan_layer_call *call)
{
    gan_product p = product_of(call);
    set_constants(call);
    gan_product_forward(call, &p, matrix_of(call, MOVED_SCALE), call->tx[CONDITION], call->parameter[GAMMA], NULL);
    gan_product_forward(call, &p, matrix_of(call, MOVED_SHIFT), call->tx[CONDITION], call->parameter[BETA], NULL);
}

/* ty = tx * scale + x * tscale + tshift */
static void tangent(const gan_layer_call *call)
{
    move(call);
    run(&(struct step){.call = call,
                       .target = call->ty,
                       .source = call->tx[X],
                       .x = call->x[X],
                       .by_source = scale_of(call),
                       .by_x = matrix_of(call, MOVED_SCALE),
                       .by_1 = matrix_of(call, MOVED_SHIFT),
                       .stride = gan_channels(&call->layer->output)});
}

/* With u = dty, of u * (tx * scale + x * tscale + tshift): u goes back to the directions as it does to the inputs, and
 * to x with tscale, to scale with tx; and dy goes its way. */
static void tangent_backward(const gan_layer_call *call)
{
    move(call);
    find_sums(call, call->dty, call->x[X], SUMS, PRODUCTS);
    through_condition(call, call->tx[CONDITION], call->dtx[CONDITION], PRODUCTS, SUMS);
    find_sums(call, call->dty, call->tx[X], SUMS, PRODUCTS);
    if (call->dy) {
        find_sums(call, call->dy, call->x[X], SUMS, SECOND_PRODUCTS);
        call->kernels->add(matrix_of(call, PRODUCTS), matrix_of(call, SECOND_PRODUCTS),
                           call->batch * gan_channels(&call->layer->output));
    }
    through_condition(call, call->x[CONDITION], call->dx[CONDITION], PRODUCTS, call->dy ? SUMS : -1);
    if (call->dtx[X]) multiply(call, call->dtx[X], call->dty, scale_of(call), false);
    if (call->dx[X]) multiply(call, call->dx[X], call->dty, matrix_of(call, MOVED_SCALE), false);
    if (call->dx[X] && call->dy) multiply(call, call->dx[X], call->dy, scale_of(call), true);
}

/* condition times gamma or beta, as numbers that go with all places of x. */
static gan_value export_modulation(gan_export *e, int i, gan_order order)
{
    gan_value condition = gan_export_input(e, CONDITION, GAN_CHANNELS_LAST), weight = gan_export_parameter(e, i);
    gan_value product = gan_export_operator(e, "MatMul", condition, weight);
    int64_t shape[GAN_MAX_RANK] = {0};
    int rank = e->layer->output.rank;
    for (int k = 1; k <= rank; k++) shape[k] = 1;
    shape[gan_export_axis(e, order)] = gan_channels(&e->layer->input[0]);
    return rank == 1 ? product : gan_export_reshape(e, product, rank + 1, shape);
}

static gan_value export_film(gan_export *e)
{
    gan_order order = gan_export_order(e, 1);
    gan_value x = gan_export_input(e, X, order);
    gan_value scale = export_modulation(e, GAMMA, order), shift = export_modulation(e, BETA, order);
    scale = gan_export_operator(e, "Add", scale, gan_export_number(e, 1));
    gan_value product = gan_export_operator(e, "Mul", x, scale);
    return gan_export_in_order(e, gan_export_operator(e, "Add", product, shift), order);
}

const gan_layer_type gan_layer_film = {
    .name = "film",
    .short_name = "film",
    .options_size = sizeof(gan_film_options),
    .fields = fields,
    .field_count = GAN_FIELD_COUNT(fields),
    .least_inputs = 2,
    .traits = GAN_READS_X | GAN_CURVED,
    .infer = infer,
    .memory = memory,
    .forward = forward,
    .backward = backward,
    .tangent = tangent,
    .tangent_backward = tangent_backward,
    .export = export_film,
};

gan_node *gan_film_layer(const gan_film_options *options)
{
    gan_node *condition = NULL;
    if (options && options->size >= offsetof(gan_film_options, condition) + sizeof condition)
        condition = options->condition;
    return gan_layer_node_with(&gan_layer_film, options, &condition, 1);
}
