/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/export.h"
#include "layer/registry.h"

#include <string.h>

/* Softmax attention, sample by sample: with S = q k' and P = softmax(scale * S) by rows, y = P v. P is saved.
 *
 * With J(A) = scale * P * (A - the sum over the row of P * A), which is what a softmax does to a direction and to a
 * gradient, the passes are:
 *     backward: dv = P' dy, dS = J(dy v'), dq = dS k, dk = dS' q
 *     tangent:  tS = tq k' + q tk', ty = J(tS) v + P tv */

static const gan_field fields[] = {
    {"scale", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(gan_attention_options, scale), 0, 3e38, 1},
    GAN_FIELD_RESERVED(gan_attention_options),
};

enum { QUERY, KEY, VALUE };

static int64_t channels(const gan_layer *layer, int input)
{
    return layer->input[input].size[layer->input[input].rank - 1];
}

static int64_t places(const gan_layer *layer, int input)
{
    return gan_shape_elements(&layer->input[input]) / channels(layer, input);
}

static gan_status infer(gan_layer *layer)
{
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    const gan_shape *query = &layer->input[QUERY], *key = &layer->input[KEY], *value = &layer->input[VALUE];
    if (channels(layer, QUERY) != channels(layer, KEY))
        return gan_layer_fail(layer, "the query is %s and the key %s; their last dimensions must be the same",
                              gan_shape_text(a, query->rank, query->size), gan_shape_text(b, key->rank, key->size));
    gan_shape places_of_value = *value;
    places_of_value.size[value->rank - 1] = channels(layer, KEY);
    if (!gan_shapes_equal(key, &places_of_value))
        return gan_layer_fail(layer, "the key is %s and the value %s; they may differ in the last dimension only",
                              gan_shape_text(a, key->rank, key->size), gan_shape_text(b, value->rank, value->size));
    layer->output = *query;
    layer->output.size[query->rank - 1] = channels(layer, VALUE);
    int64_t pairs;
    if (__builtin_mul_overflow(places(layer, QUERY), places(layer, KEY), &pairs) || pairs > INT64_MAX / 64 ||
        __builtin_mul_overflow(2 * pairs, channels(layer, KEY) + channels(layer, VALUE), &layer->flops))
        return gan_layer_fail(layer, "query and key have too many places");
    return GAN_OK;
}

/* One sample, and what a worker has for it. */
struct sample {
    const gan_kernels *kernels;
    int64_t n, m, d, e;
    int64_t at[3], output; /* of its query, key and value, and of its result, in floats */
    float scale;
    float *p; /* [n, m], as are these: */
    float *matrix[3];
    float *scratch;
};

#define MATRICES 3

static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    size_t pairs = (size_t)(places(layer, QUERY) * places(layer, KEY));
    need->saved = gan_saturating_multiply((size_t)batch, pairs);
    need->scratch = gan_saturating_add(kernels->gemm_scratch, gan_saturating_multiply(MATRICES, pairs));
}

static struct sample sample_of(const gan_layer_call *call, int64_t number, int worker)
{
    const gan_layer *layer = call->layer;
    struct sample s = {.kernels = call->kernels,
                       .n = places(layer, QUERY),
                       .m = places(layer, KEY),
                       .d = channels(layer, KEY),
                       .e = channels(layer, VALUE),
                       .scale = ((const gan_attention_options *)layer->options)->scale,
                       .scratch = call->scratch + (size_t)worker * call->scratch_stride};
    for (int i = 0; i < 3; i++) s.at[i] = number * gan_shape_elements(&layer->input[i]);
    s.output = number * s.n * s.e;
    s.p = call->saved + number * s.n * s.m;
    for (int i = 0; i < MATRICES; i++) s.matrix[i] = s.scratch + call->kernels->gemm_scratch + i * s.n * s.m;
    return s;
}

/* Which operand is stored the other way round. */
enum form { PLAIN, FIRST_TRANSPOSED, SECOND_TRANSPOSED };

/* c [rows, columns] = or, to `add`, += a b, with sums over `inner`. */
static void multiply(const struct sample *s, enum form form, bool add, float *c, int64_t rows, int64_t columns,
                     int64_t inner, const float *a, const float *b)
{
    gan_gemm gemm = {.transpose_a = form == FIRST_TRANSPOSED,
                     .transpose_b = form == SECOND_TRANSPOSED,
                     .accumulate = add,
                     .m = rows,
                     .n = columns,
                     .k = inner,
                     .a = a,
                     .lda = form == FIRST_TRANSPOSED ? rows : inner,
                     .b = b,
                     .ldb = form == SECOND_TRANSPOSED ? inner : columns,
                     .c = c,
                     .ldc = columns,
                     .scratch = s->scratch};
    s->kernels->gemm(&gemm);
}

/* The products that there are: [n, m] of two that have their channels side by side; of [n, m] with [m, channels]; and
 * of its transpose with [n, channels]. */
static void pair_up(const struct sample *s, bool add, float *pairs, const float *of_n, const float *of_m, int64_t c)
{
    multiply(s, SECOND_TRANSPOSED, add, pairs, s->n, s->m, c, of_n, of_m);
}

static void gather(const struct sample *s, bool add, float *of_n, const float *pairs, const float *of_m, int64_t c)
{
    multiply(s, PLAIN, add, of_n, s->n, c, s->m, pairs, of_m);
}

static void spread(const struct sample *s, bool add, float *of_m, const float *pairs, const float *of_n, int64_t c)
{
    multiply(s, FIRST_TRANSPOSED, add, of_m, s->m, c, s->n, pairs, of_n);
}

static void forward_sample(void *argument, int64_t number, int worker)
{
    const gan_layer_call *call = argument;
    const struct sample s = sample_of(call, number, worker);
    pair_up(&s, false, s.p, call->x[QUERY] + s.at[QUERY], call->x[KEY] + s.at[KEY], s.d);
    s.kernels->softmax(s.p, s.p, s.scale, s.n, s.m);
    gather(&s, false, call->y + s.output, s.p, call->x[VALUE] + s.at[VALUE], s.e);
}

static void backward_sample(void *argument, int64_t number, int worker)
{
    const gan_layer_call *call = argument;
    const struct sample s = sample_of(call, number, worker);
    const float *dy = call->dy + s.output;
    float *ds = s.matrix[0];
    if (call->dx[VALUE]) spread(&s, false, call->dx[VALUE] + s.at[VALUE], s.p, dy, s.e);
    if (!call->dx[QUERY] && !call->dx[KEY]) return;
    pair_up(&s, false, ds, dy, call->x[VALUE] + s.at[VALUE], s.e);
    s.kernels->softmax_backward(ds, ds, s.p, s.scale, s.n, s.m);
    if (call->dx[QUERY]) gather(&s, false, call->dx[QUERY] + s.at[QUERY], ds, call->x[KEY] + s.at[KEY], s.d);
    if (call->dx[KEY]) spread(&s, false, call->dx[KEY] + s.at[KEY], ds, call->x[QUERY] + s.at[QUERY], s.d);
}

/* tS = tq k' + q tk' */
static void pair_directions(const gan_layer_call *call, const struct sample *s, float *ts)
{
    pair_up(s, false, ts, call->tx[QUERY] + s->at[QUERY], call->x[KEY] + s->at[KEY], s->d);
    pair_up(s, true, ts, call->x[QUERY] + s->at[QUERY], call->tx[KEY] + s->at[KEY], s->d);
}

static void tangent_sample(void *argument, int64_t number, int worker)
{
    const gan_layer_call *call = argument;
    const struct sample s = sample_of(call, number, worker);
    float *tp = s.matrix[0];
    pair_directions(call, &s, tp);
    s.kernels->softmax_backward(tp, tp, s.p, s.scale, s.n, s.m);
    gather(&s, false, call->ty + s.output, tp, call->x[VALUE] + s.at[VALUE], s.e);
    gather(&s, true, call->ty + s.output, s.p, call->tx[VALUE] + s.at[VALUE], s.e);
}

/* dv = J(tS)' dty + P' dy, dtv = P' dty. `tp` is for what it likes. */
static void value_gradients(const gan_layer_call *call, const struct sample *s, const float *ts, float *tp)
{
    const float *dty = call->dty + s->output;
    if (call->dtx[VALUE]) spread(s, false, call->dtx[VALUE] + s->at[VALUE], s->p, dty, s->e);
    if (!call->dx[VALUE]) return;
    s->kernels->softmax_backward(tp, ts, s->p, s->scale, s->n, s->m);
    spread(s, false, call->dx[VALUE] + s->at[VALUE], tp, dty, s->e);
    if (call->dy) spread(s, true, call->dx[VALUE] + s->at[VALUE], s->p, call->dy + s->output, s->e);
}

/* dS and dtS from the gradients of P, dty tv' + dy v', and of its tangent, dty v'. Then dq = dS k + dtS tk, dtq = dtS
 * k, and so by the transposes for the key. */
static void tangent_backward_sample(void *argument, int64_t number, int worker)
{
    const gan_layer_call *call = argument;
    const struct sample s = sample_of(call, number, worker);
    const float *dty = call->dty + s.output, *value = call->x[VALUE] + s.at[VALUE];
    const float *query = call->x[QUERY] + s.at[QUERY], *key = call->x[KEY] + s.at[KEY];
    float *ts = s.matrix[0], *ds = s.matrix[1], *dts = s.matrix[2];
    pair_directions(call, &s, ts);
    value_gradients(call, &s, ts, ds);
    if (!call->dx[QUERY] && !call->dx[KEY] && !call->dtx[QUERY] && !call->dtx[KEY]) return;
    pair_up(&s, false, dts, dty, value, s.e);
    pair_up(&s, false, ds, dty, call->tx[VALUE] + s.at[VALUE], s.e);
    if (call->dy) pair_up(&s, true, ds, call->dy + s.output, value, s.e);
    s.kernels->softmax_tangent_backward(ds, dts, ts, s.p, s.scale, s.n, s.m);
    if (call->dtx[QUERY]) gather(&s, false, call->dtx[QUERY] + s.at[QUERY], dts, key, s.d);
    if (call->dtx[KEY]) spread(&s, false, call->dtx[KEY] + s.at[KEY], dts, query, s.d);
    if (call->dx[QUERY]) {
        gather(&s, false, call->dx[QUERY] + s.at[QUERY], ds, key, s.d);
        gather(&s, true, call->dx[QUERY] + s.at[QUERY], dts, call->tx[KEY] + s.at[KEY], s.d);
    }
    if (call->dx[KEY]) {
        spread(&s, false, call->dx[KEY] + s.at[KEY], ds, query, s.d);
        spread(&s, true, call->dx[KEY] + s.at[KEY], dts, call->tx[QUERY] + s.at[QUERY], s.d);
    }
}

#define BY_SAMPLE(pass)                                                     \
    static void pass(const gan_layer_call *call)                            \
    {                                                                       \
        gan_pool_run(call->pool, pass##_sample, (void *)call, call->batch); \
    }
BY_SAMPLE(forward)
BY_SAMPLE(backward)
BY_SAMPLE(tangent)
BY_SAMPLE(tangent_backward)

/* Input i as [N, places, channels]. */
static gan_value export_places(gan_export *e, int i)
{
    gan_value x = gan_export_input(e, i, GAN_CHANNELS_LAST);
    return gan_export_reshape(e, x, GAN_SHAPE(0, places(e->layer, i), channels(e->layer, i)));
}

static gan_value export_attention(gan_export *e)
{
    const gan_attention_options *options = e->layer->options;
    gan_value query = export_places(e, QUERY), key = export_places(e, KEY), value = export_places(e, VALUE);
    key = gan_export_add(e, "Transpose", GAN_VALUES(key),
                         GAN_ATTRIBUTES(gan_attribute_ints("perm", 3, (int64_t[]){0, 2, 1})));
    gan_value pairs = gan_export_operator(e, "MatMul", query, key);
    pairs = gan_export_operator(e, "Mul", pairs, gan_export_number(e, options->scale));
    gan_value p = gan_export_add(e, "Softmax", GAN_VALUES(pairs), GAN_ATTRIBUTES(gan_attribute_int("axis", -1)));
    return gan_export_as_output(e, gan_export_operator(e, "MatMul", p, value), GAN_CHANNELS_LAST);
}

const gan_layer_type gan_layer_attention = {
    .name = "attention",
    .short_name = "attention",
    .options_size = sizeof(gan_attention_options),
    .fields = fields,
    .field_count = GAN_FIELD_COUNT(fields),
    .least_inputs = 3,
    .traits = GAN_READS_X | GAN_CURVED,
    .infer = infer,
    .memory = memory,
    .forward = forward,
    .backward = backward,
    .tangent = tangent,
    .tangent_backward = tangent_backward,
    .export = export_attention,
};

gan_node *gan_attention_layer(const gan_attention_options *options)
{
    gan_attention_options given = {.size = 0};
    if (options) memcpy(&given, options, options->size < sizeof given ? options->size : sizeof given);
    return gan_layer_node_with(&gan_layer_attention, options, (gan_node *[]){given.key, given.value}, 2);
}
