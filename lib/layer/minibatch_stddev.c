/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/export.h"
#include "layer/registry.h"

#include <string.h>

/* y = x with some more channels, the same at every pixel of a group's samples: of each, the mean of the standard
 * deviation of x over the group's samples, over all pixels and a part of the channels (kernel/kernel.h has the
 * formulas). The groups are interleaved: sample n is in group n % groups. saved: by group, the mean and inverse of
 * every pixel and channel. */

#define EPSILON      1e-8f /* below the root, so that it has a derivative where all samples are one */
#define CHUNK_FLOATS 2048  /* of a sample, in a task over a group */

static const gan_field fields[] = {
    {"group_size", GAN_FIELD_INT, 0, offsetof(gan_minibatch_stddev_options, group_size), 1, 1 << 30, 4},
    {"features", GAN_FIELD_INT, 0, offsetof(gan_minibatch_stddev_options, features), 1, 1 << 20, 1},
};

struct shape {
    int64_t batch, groups, pixels, c, features;
    int64_t chunk, chunks; /* pixels of a task, and tasks of a group */
};

static struct shape shape_of(const gan_layer *layer, int64_t batch)
{
    const gan_minibatch_stddev_options *options = layer->options;
    const gan_shape *x = &layer->input[0];
    struct shape s = {.batch = batch, .c = x->size[x->rank - 1], .features = options->features};
    s.groups = batch / options->group_size > 0 ? batch / options->group_size : 1;
    s.pixels = gan_shape_elements(x) / s.c;
    s.chunk = s.c < CHUNK_FLOATS ? CHUNK_FLOATS / s.c : 1;
    s.chunks = (s.pixels + s.chunk - 1) / s.chunk;
    return s;
}

static int64_t samples_of(const struct shape *s, int64_t group)
{
    return (s->batch - group + s->groups - 1) / s->groups;
}

static gan_status infer(gan_layer *layer)
{
    struct shape s = shape_of(layer, 1);
    layer->output = layer->input[0];
    layer->output.size[layer->output.rank - 1] += s.features;
    if (s.c % s.features)
        return gan_layer_fail(layer, "features is %lld; it must divide the %lld channels", (long long)s.features,
                              (long long)s.c);
    return GAN_OK;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* shared: sums [c] of each task, one a chunk of a group or one a sample; then by group a row [c]; then by sample a row
 * [features]. scratch: two numbers for each float of a chunk. */
static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    struct shape s = shape_of(layer, batch);
    size_t groups = (size_t)s.groups, c = (size_t)s.c;
    (void)kernels;
    need->saved = gan_saturating_multiply(2 * groups, (size_t)s.pixels * c);
    size_t tasks = larger(gan_saturating_multiply(groups, (size_t)s.chunks), (size_t)batch);
    need->shared = gan_saturating_multiply(gan_saturating_add(tasks, groups), c);
    need->shared = gan_saturating_add(need->shared, gan_saturating_multiply((size_t)batch, (size_t)s.features));
    need->scratch = gan_saturating_multiply(2 * (size_t)s.chunk, c);
}

/* Row `task` of the sums, row `group` of what follows them, row `sample` after that. */
static float *sums_of(const gan_layer_call *call, int64_t task)
{
    return call->shared + task * shape_of(call->layer, call->batch).c;
}

static float *group_row(const gan_layer_call *call, int64_t group)
{
    struct shape s = shape_of(call->layer, call->batch);
    int64_t tasks = s.groups * s.chunks;
    return sums_of(call, (tasks > s.batch ? tasks : s.batch) + group);
}

static float *sample_row(const gan_layer_call *call, int64_t sample)
{
    struct shape s = shape_of(call->layer, call->batch);
    return group_row(call, s.groups) + sample * s.features;
}

static float *mean_of(const gan_layer_call *call, int64_t group)
{
    struct shape s = shape_of(call->layer, call->batch);
    return call->saved + 2 * group * s.pixels * s.c;
}

static float *inverse_of(const gan_layer_call *call, int64_t group)
{
    struct shape s = shape_of(call->layer, call->batch);
    return mean_of(call, group) + s.pixels * s.c;
}

/* A chunk of the pixels of all of a group's samples. */
struct chunk {
    struct shape shape;
    int64_t group, first; /* floats of a sample before it */
    int64_t at;           /* floats of the batch before it, in the group's first sample */
    gan_deviation call;
};

static struct chunk chunk_of(const gan_layer_call *call, int64_t task)
{
    struct chunk chunk = {.shape = shape_of(call->layer, call->batch)};
    const struct shape *s = &chunk.shape;
    int64_t pixel = task % s->chunks * s->chunk, left = s->pixels - pixel;
    chunk.group = task / s->chunks;
    chunk.first = pixel * s->c;
    chunk.at = chunk.group * s->pixels * s->c + chunk.first;
    chunk.call = (gan_deviation){samples_of(s, chunk.group),
                                 s->groups * s->pixels * s->c,
                                 left < s->chunk ? left : s->chunk,
                                 s->c,
                                 s->c + s->features,
                                 EPSILON};
    return chunk;
}

static void chunk_deviation(void *argument, int64_t task, int worker)
{
    const gan_layer_call *call = argument;
    struct chunk chunk = chunk_of(call, task);
    (void)worker;
    call->kernels->deviation(mean_of(call, chunk.group) + chunk.first, inverse_of(call, chunk.group) + chunk.first,
                             sums_of(call, task), call->x[0] + chunk.at, &chunk.call);
}

/* Numbers [c] as features: each the sum over its part of the channels. */
static double feature_of(const struct shape *s, const float *row, int64_t feature)
{
    int64_t width = s->c / s->features;
    double sum = 0;
    for (int64_t j = feature * width; j < (feature + 1) * width; j++) sum += row[j];
    return sum;
}

/* What a feature's deviations are divided by: how many there are. */
static double terms_of(const struct shape *s)
{
    return (double)s->pixels * (double)(s->c / s->features);
}

/* A sample's output: its pixels of x, each with the sample's features, which lie in sample_row(). */
struct output {
    const gan_layer_call *call;
    const float *x;
    float *y;
};

static void write_sample(void *argument, int64_t sample, int worker)
{
    const struct output *o = argument;
    struct shape s = shape_of(o->call->layer, o->call->batch);
    const float *x = o->x + sample * s.pixels * s.c, *row = sample_row(o->call, sample);
    float *y = o->y + sample * s.pixels * (s.c + s.features);
    (void)worker;
    for (int64_t p = 0; p < s.pixels; p++, x += s.c, y += s.c + s.features) {
        memcpy(y, x, (size_t)s.c * sizeof *y);
        memcpy(y + s.c, row, (size_t)s.features * sizeof *y);
    }
}

static void forward(const gan_layer_call *call)
{
    struct shape s = shape_of(call->layer, call->batch);
    gan_pool_run(call->pool, chunk_deviation, (void *)call, s.groups * s.chunks);
    for (int64_t n = 0; n < s.batch; n++)
        for (int64_t f = 0; f < s.features; f++) {
            double sum = 0;
            for (int64_t k = 0; n < s.groups && k < s.chunks; k++)
                sum += feature_of(&s, sums_of(call, n * s.chunks + k), f);
            sample_row(call, n)[f] = n < s.groups ? (float)(sum / terms_of(&s)) : sample_row(call, n % s.groups)[f];
        }
    gan_pool_run(call->pool, write_sample, &(struct output){call, call->x[0], call->y}, s.batch);
}

/* The gradient of y, or of its direction, and where that of x goes. */
struct gradient {
    const gan_layer_call *call;
    const float *dy;
    float *dx;
};

static void sum_features(void *argument, int64_t sample, int worker)
{
    const struct gradient *g = argument;
    struct shape s = shape_of(g->call->layer, g->call->batch);
    const float *dy = g->dy + sample * s.pixels * (s.c + s.features) + s.c;
    (void)worker;
    for (int64_t f = 0; f < s.features; f++) {
        double sum = 0;
        for (int64_t p = 0; p < s.pixels; p++) sum += dy[p * (s.c + s.features) + f];
        sample_row(g->call, sample)[f] = (float)sum;
    }
}

/* group_row() = for each channel the gradient of its deviation, by the number of samples. */
static void find_weights(const struct gradient *g)
{
    struct shape s = shape_of(g->call->layer, g->call->batch);
    gan_pool_run(g->call->pool, sum_features, (void *)g, s.batch);
    for (int64_t group = 0; group < s.groups; group++)
        for (int64_t f = 0; f < s.features; f++) {
            double sum = 0;
            int64_t width = s.c / s.features;
            for (int64_t n = group; n < s.batch; n += s.groups) sum += sample_row(g->call, n)[f];
            for (int64_t j = f * width; j < (f + 1) * width; j++)
                group_row(g->call, group)[j] = (float)(sum / terms_of(&s) / (double)samples_of(&s, group));
        }
}

static gan_deviation sample_call(const struct shape *s)
{
    return (gan_deviation){.samples = 1, .pixels = s->pixels, .c = s->c, .row = s->c + s->features};
}

static void sample_backward(void *argument, int64_t sample, int worker)
{
    const struct gradient *g = argument;
    struct shape s = shape_of(g->call->layer, g->call->batch);
    gan_deviation call = sample_call(&s);
    int64_t at = sample * s.pixels * s.c, group = sample % s.groups;
    (void)worker;
    g->call->kernels->deviation_backward(g->dx + at, g->dy + sample * s.pixels * call.row, g->call->x[0] + at,
                                         mean_of(g->call, group), inverse_of(g->call, group), group_row(g->call, group),
                                         &call);
}

static void propagate(const gan_layer_call *call, float *dx, const float *dy)
{
    struct gradient g = {call, dy, dx};
    find_weights(&g);
    gan_pool_run(call->pool, sample_backward, &g, call->batch);
}

static void backward(const gan_layer_call *call)
{
    if (call->dx[0]) propagate(call, call->dx[0], call->dy);
}

static void sample_tangent(void *argument, int64_t sample, int worker)
{
    const gan_layer_call *call = argument;
    struct shape s = shape_of(call->layer, call->batch);
    gan_deviation deviation = sample_call(&s);
    int64_t at = sample * s.pixels * s.c, group = sample % s.groups;
    (void)worker;
    call->kernels->deviation_tangent(sums_of(call, sample), call->tx[0] + at, call->x[0] + at, mean_of(call, group),
                                     inverse_of(call, group), &deviation);
}

static void tangent(const gan_layer_call *call)
{
    struct shape s = shape_of(call->layer, call->batch);
    gan_pool_run(call->pool, sample_tangent, (void *)call, s.batch);
    for (int64_t n = 0; n < s.batch; n++)
        for (int64_t f = 0; f < s.features; f++) {
            double sum = 0;
            int64_t group = n % s.groups;
            for (int64_t k = group; k < s.batch; k += s.groups) sum += feature_of(&s, sums_of(call, k), f);
            sample_row(call, n)[f] = (float)(sum / terms_of(&s) / (double)samples_of(&s, group));
        }
    gan_pool_run(call->pool, write_sample, &(struct output){call, call->tx[0], call->ty}, s.batch);
}

static void chunk_curvature(void *argument, int64_t task, int worker)
{
    const gan_layer_call *call = argument;
    struct chunk chunk = chunk_of(call, task);
    call->kernels->deviation_curvature(call->dx[0] + chunk.at, call->tx[0] + chunk.at, call->x[0] + chunk.at,
                                       mean_of(call, chunk.group) + chunk.first,
                                       inverse_of(call, chunk.group) + chunk.first, group_row(call, chunk.group),
                                       call->scratch + (size_t)worker * call->scratch_stride, &chunk.call);
}

static void tangent_backward(const gan_layer_call *call)
{
    struct shape s = shape_of(call->layer, call->batch);
    if (call->dtx[0]) propagate(call, call->dtx[0], call->dty);
    if (!call->dx[0]) return;
    if (call->dy)
        propagate(call, call->dx[0], call->dy);
    else
        memset(call->dx[0], 0, (size_t)(s.batch * s.pixels * s.c) * sizeof(float));
    find_weights(&(struct gradient){.call = call, .dy = call->dty});
    gan_pool_run(call->pool, chunk_curvature, (void *)call, s.groups * s.chunks);
}

/* A matrix [N,N] whose product with the samples is each one's group's mean: 1 / the group's samples where two are in
 * one group. How many there are is known only when the graph runs. */
static gan_value export_averaging(gan_export *e, gan_value x)
{
    const gan_minibatch_stddev_options *options = e->layer->options;
    gan_value zero = gan_export_integer(e, 0), one = gan_export_integer(e, 1);
    gan_value shape = gan_export_operator(e, "Shape", x);
    gan_value batch = gan_export_operator(e, "Gather", shape, zero);
    gan_value whole = gan_export_operator(e, "Div", batch, gan_export_integer(e, options->group_size));
    gan_value groups = gan_export_operator(e, "Max", whole, one);
    gan_value sample = gan_export_operator(e, "Range", zero, batch, one);
    gan_value group = gan_export_operator(e, "Mod", sample, groups);
    gan_value column = gan_export_reshape(e, group, GAN_SHAPE(-1, 1));
    gan_value row = gan_export_reshape(e, group, GAN_SHAPE(1, -1));
    gan_value same = gan_export_operator(e, "Equal", column, row);
    same = gan_export_add(e, "Cast", GAN_VALUES(same), GAN_ATTRIBUTES(gan_attribute_int("to", GAN_ELEMENT_FLOAT)));
    gan_value count = gan_export_reduce(e, "ReduceSum", same, true, 1, (int64_t[]){1});
    return gan_export_operator(e, "Div", same, count);
}

/* The deviation of each place and channel over its sample's group, [N, places * channels]. */
static gan_value export_deviation(gan_export *e, gan_value x)
{
    gan_value averaging = export_averaging(e, x);
    gan_value rows = gan_export_reshape(e, x, GAN_SHAPE(0, gan_shape_elements(&e->layer->input[0])));
    gan_value mean = gan_export_operator(e, "MatMul", averaging, rows);
    gan_value difference = gan_export_operator(e, "Sub", rows, mean);
    gan_value square = gan_export_operator(e, "Mul", difference, difference);
    gan_value variance = gan_export_operator(e, "MatMul", averaging, square);
    gan_value sum = gan_export_operator(e, "Add", variance, gan_export_number(e, EPSILON));
    return gan_export_operator(e, "Sqrt", sum);
}

static gan_value export_minibatch_stddev(gan_export *e)
{
    struct shape s = shape_of(e->layer, 1);
    int rank = e->layer->input[0].rank;
    int64_t once[GAN_MAX_RANK] = {0}, repeated[GAN_MAX_RANK] = {1};
    for (int i = 1; i <= rank; i++) {
        once[i] = i < rank ? 1 : s.features;
        repeated[i] = i < rank ? e->layer->input[0].size[i - 1] : s.features;
    }
    gan_value x = gan_export_input(e, 0, GAN_CHANNELS_LAST);
    gan_value deviation = export_deviation(e, x);
    deviation = gan_export_reshape(e, deviation, GAN_SHAPE(0, s.pixels, s.features, s.c / s.features));
    gan_value features = gan_export_reduce(e, "ReduceMean", deviation, false, 2, (int64_t[]){1, 3});
    features = gan_export_reshape(e, features, rank + 1, once);
    features = gan_export_operator(e, "Expand", features, gan_export_integers(e, rank + 1, repeated));
    return gan_export_add(e, "Concat", GAN_VALUES(x, features), GAN_ATTRIBUTES(gan_attribute_int("axis", rank)));
}

const gan_layer_type gan_layer_minibatch_stddev = {
    .name = "minibatch_stddev",
    .short_name = "mbstd",
    .options_size = sizeof(gan_minibatch_stddev_options),
    .fields = fields,
    .field_count = GAN_FIELD_COUNT(fields),
    .traits = GAN_READS_X | GAN_CURVED,
    .infer = infer,
    .memory = memory,
    .forward = forward,
    .backward = backward,
    .tangent = tangent,
    .tangent_backward = tangent_backward,
    .export = export_minibatch_stddev,
};

gan_node *gan_minibatch_stddev_layer(const gan_minibatch_stddev_options *options)
{
    return gan_layer_node(&gan_layer_minibatch_stddev, options);
}
