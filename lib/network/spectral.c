/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/spectral.h"

#include <math.h>
#include <string.h>

/* Vectors shorter than this have no direction. */
#define EPSILON 1e-12

/* Where nothing follows the dimension of the outputs, the weight is one matrix [rest, outputs], whose rows are cut into
 * up to MOST_PARTS parts of about PART_FLOATS at least. Elsewhere it is a row of matrices [outputs, columns], each a
 * part. In both cases a part has numbers of its own of v, and adds to all of u. */
#define MOST_PARTS  16
#define PART_FLOATS 8192

/* For products of all elements, and for what is done element by element. */
#define MOST_SUMS 64
#define GRAIN     16384

struct spectral {
    const gan_kernels *kernels;
    gan_pool *pool;
    int64_t floats, outputs, rest;
    bool outputs_last;
    int64_t rows, columns, part_rows, parts;
    const float *weight;
    float *normalized, *u, *v, *sigma; /* of the run */
    float *scratch;                    /* of a call: part sums of u, or the gradient of the normalized weight */
};

static int64_t parts_of(int64_t total, int64_t part)
{
    return total / part + (total % part != 0);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static struct spectral view_of(const gan_slot *slot)
{
    struct spectral s = {.floats = gan_shape_elements(&slot->shape), .outputs = slot->shape.size[slot->output_axis]};
    int64_t inner = 1;
    for (int i = slot->output_axis + 1; i < slot->shape.rank; i++) inner *= slot->shape.size[i];
    s.rest = s.floats / s.outputs;
    s.outputs_last = inner == 1;
    s.columns = s.outputs_last ? s.outputs : inner;
    s.rows = s.floats / s.columns;
    s.part_rows = s.outputs_last ? larger(parts_of(s.rows, MOST_PARTS), PART_FLOATS / s.columns) : s.outputs;
    s.parts = parts_of(s.rows, s.part_rows);
    return s;
}

static size_t line_of(int64_t floats)
{
    const size_t line = GAN_ALIGNMENT / sizeof(float);
    return ((size_t)floats + line - 1) / line * line;
}

/* A parameter's share: the normalized weight, u, v and sigma. */
static size_t floats_of(const gan_slot *slot)
{
    if (!slot->spectral) return 0;
    struct spectral s = view_of(slot);
    return line_of(s.floats + s.outputs + s.rest + 1);
}

static size_t scratch_of(const gan_slot *slot)
{
    if (!slot->spectral) return 0;
    struct spectral s = view_of(slot);
    return line_of(larger(s.floats, s.parts * s.outputs));
}

size_t gan_spectral_floats(const gan_layer *layer)
{
    size_t floats = 0;
    for (int i = 0; i < layer->parameters; i++) floats = gan_saturating_add(floats, floats_of(&layer->parameter[i]));
    return floats;
}

size_t gan_spectral_scratch(const gan_layer *layer)
{
    size_t floats = 0;
    for (int i = 0; i < layer->parameters; i++) floats = gan_saturating_add(floats, scratch_of(&layer->parameter[i]));
    return floats;
}

/* Parameter i of the node, which is normalized, with its memory in the run. */
static struct spectral spectral_of(const gan_run *run, const gan_node *node, int i)
{
    const gan_plan *plan = &run->memory.plan;
    const gan_layer *layer = &node->layer;
    size_t kept = plan->places[node->index].spectral, scratch = plan->spectral;
    for (int k = 0; k < i; k++) {
        kept += floats_of(&layer->parameter[k]);
        scratch += scratch_of(&layer->parameter[k]);
    }
    struct spectral s = view_of(&layer->parameter[i]);
    s.kernels = run->network->context->kernels;
    s.pool = run->network->context->pool;
    s.weight = run->network->parameters.list[node->first_parameter + i].value->data;
    s.normalized = gan_run_at(run, kept);
    s.u = s.normalized + s.floats;
    s.v = s.u + s.outputs;
    s.sigma = s.v + s.rest;
    s.scratch = gan_run_at(run, scratch);
    return s;
}

/* A part as a matrix [rows, columns] of the weight at `offset`, and the vectors of its two sides: one number a row, and
 * one a column. Of u and v one belongs to the part, the other to all. */
struct part {
    int64_t offset, rows;
    float *left, *right;
};

static struct part part_of(const struct spectral *s, int64_t index)
{
    int64_t begin = index * s->part_rows, rest = s->rows - begin;
    return (struct part){
        .offset = begin * s->columns,
        .rows = rest < s->part_rows ? rest : s->part_rows,
        .left = s->outputs_last ? s->v + begin : s->u,
        .right = s->outputs_last ? s->u : s->v + index * s->columns,
    };
}

/* left = W right */
static void multiply_right(const struct spectral *s, const struct part *part)
{
    const float *row = s->weight + part->offset;
    for (int64_t r = 0; r < part->rows; r++, row += s->columns)
        part->left[r] = (float)s->kernels->dot(row, part->right, s->columns);
}

/* right = W' left */
static void multiply_left(const struct spectral *s, const struct part *part)
{
    const float *row = s->weight + part->offset;
    memset(part->right, 0, (size_t)s->columns * sizeof(float));
    for (int64_t r = 0; r < part->rows; r++, row += s->columns)
        s->kernels->add_scaled(part->right, row, s->columns, part->left[r]);
}

static void find_v(void *argument, int64_t index, int worker)
{
    const struct spectral *s = argument;
    struct part part = part_of(s, index);
    (void)worker;
    (s->outputs_last ? multiply_right : multiply_left)(s, &part);
}

static void find_part_of_u(void *argument, int64_t index, int worker)
{
    const struct spectral *s = argument;
    struct part part = part_of(s, index);
    (void)worker;
    *(s->outputs_last ? &part.right : &part.left) = s->scratch + index * s->outputs;
    (s->outputs_last ? multiply_left : multiply_right)(s, &part);
}

/* Makes the vector's length 1, where it has one; returns what it was. */
static double normalize(const struct spectral *s, float *x, int64_t n)
{
    double length = sqrt(s->kernels->dot(x, x, n));
    if (length > EPSILON) s->kernels->set_scaled(x, x, n, (float)(1 / length));
    return length;
}

static void set_normalized(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct spectral *s = argument;
    (void)worker;
    s->kernels->set_scaled(s->normalized + begin, s->weight + begin, end - begin, 1 / *s->sigma);
}

/* u = W v, made a unit vector, and that of the network; returns its length, sigma. */
static double move_u(const struct spectral *s, float *network_u)
{
    gan_pool_run(s->pool, find_part_of_u, (void *)s, s->parts);
    memcpy(s->u, s->scratch, (size_t)s->outputs * sizeof(float));
    for (int64_t i = 1; i < s->parts; i++) s->kernels->add(s->u, s->scratch + i * s->outputs, s->outputs);
    double sigma = normalize(s, s->u, s->outputs);
    bool directed = sigma > EPSILON;
    memcpy(directed ? network_u : s->u, directed ? s->u : network_u, (size_t)s->outputs * sizeof(float));
    return sigma;
}

void gan_spectral_forward(const gan_run *run, const gan_node *node)
{
    for (int i = 0; i < node->layer.parameters; i++) {
        const gan_slot *slot = &node->layer.parameter[i];
        if (!slot->spectral) continue;
        struct spectral s = spectral_of(run, node, i);
        float *network_u = run->network->buffers.list[node->first_buffer + slot->vector].value->data;
        memcpy(s.u, network_u, (size_t)s.outputs * sizeof(float));
        gan_pool_run(s.pool, find_v, &s, s.parts);
        double sigma = normalize(&s, s.v, s.rest);
        if (run->mode != GAN_INFERENCE) sigma = move_u(&s, network_u);
        *s.sigma = (float)(sigma > EPSILON ? sigma : EPSILON);
        gan_pool_ranges(s.pool, set_normalized, &s, s.floats, GRAIN);
    }
}

void gan_spectral_use(const gan_run *run, const gan_node *node, gan_layer_call *call)
{
    for (int i = 0; i < node->layer.parameters; i++)
        if (node->layer.parameter[i].spectral) call->parameter[i] = spectral_of(run, node, i).normalized;
}

void gan_spectral_begin_gradients(const gan_run *run, const gan_node *node, gan_layer_call *call)
{
    for (int i = 0; i < node->layer.parameters; i++) {
        if (!node->layer.parameter[i].spectral) continue;
        struct spectral s = spectral_of(run, node, i);
        memset(s.scratch, 0, (size_t)s.floats * sizeof(float));
        call->gradient[i] = s.scratch;
    }
}

/* The gradient d of the weight from that, e, of the normalized one:
 *     d = (e - <e, W / sigma> u v') / sigma */
struct gradient {
    struct spectral s;
    float *target;
    double along; /* <e, W / sigma> */
    double sum[MOST_SUMS];
    int64_t sum_floats;
};

static void add_products(void *argument, int64_t begin, int64_t end, int worker)
{
    struct gradient *g = argument;
    (void)worker;
    g->sum[begin / g->sum_floats] = g->s.kernels->dot(g->s.scratch + begin, g->s.normalized + begin, end - begin);
}

static void add_part(void *argument, int64_t index, int worker)
{
    const struct gradient *g = argument;
    const struct spectral *s = &g->s;
    struct part part = part_of(s, index);
    float *target = g->target + part.offset, scale = 1 / *s->sigma;
    (void)worker;
    s->kernels->add_scaled(target, s->scratch + part.offset, part.rows * s->columns, scale);
    for (int64_t r = 0; r < part.rows; r++, target += s->columns)
        s->kernels->add_scaled(target, part.right, s->columns, (float)(-g->along * scale * part.left[r]));
}

void gan_spectral_add_gradients(const gan_run *run, const gan_node *node, const gan_layer_call *call)
{
    for (int i = 0; i < node->layer.parameters; i++) {
        if (!node->layer.parameter[i].spectral || !call->gradient[i]) continue;
        struct gradient g = {.s = spectral_of(run, node, i)};
        g.target = run->network->parameters.list[node->first_parameter + i].gradient->data;
        g.sum_floats = larger(GRAIN, parts_of(g.s.floats, MOST_SUMS));
        gan_pool_ranges(g.s.pool, add_products, &g, g.s.floats, g.sum_floats);
        for (int64_t k = 0; k < parts_of(g.s.floats, g.sum_floats); k++) g.along += g.sum[k];
        gan_pool_run(g.s.pool, add_part, &g, g.s.parts);
    }
}
