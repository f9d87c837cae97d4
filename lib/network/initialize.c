/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/random.h"
#include "network/network.h"

#include <gan/random.h>
#include <math.h>

/* Where a variable's numbers come from, and what to make of them. */
struct draw {
    gan_context *context;
    gan_philox philox;
    uint64_t position;
    float *out;
    size_t count;
    const gan_slot *slot;
    gan_initializer initializer;
};

static void fill(const struct draw *draw, float value)
{
    for (size_t i = 0; i < draw->count; i++) draw->out[i] = value;
}

static void uniform(const struct draw *draw, double mean, double bound)
{
    gan_fill_uniform(&draw->philox, draw->position, draw->out, draw->count, (float)(mean - bound),
                     (float)(mean + bound));
}

static void normal(const struct draw *draw, double mean, double deviation)
{
    gan_fill_normal(&draw->philox, draw->position, draw->out, draw->count, (float)mean, (float)deviation);
}

/* Element i of vector v of a matrix stored [rows, columns]: its vectors are the shorter of rows and columns. */
struct vectors {
    double *data;
    int64_t count, length, vector_stride, element_stride;
};

static double *element(const struct vectors *m, int64_t vector, int64_t i)
{
    return &m->data[vector * m->vector_stride + i * m->element_stride];
}

static double dot(const struct vectors *m, int64_t a, int64_t b)
{
    double sum = 0;
    for (int64_t i = 0; i < m->length; i++) sum += *element(m, a, i) * *element(m, b, i);
    return sum;
}

/* Gram and Schmidt, each vector twice ("twice is enough": Giraud, Langou, Rozloznik 2005). */
static void orthonormalize(const struct vectors *m)
{
    for (int64_t v = 0; v < m->count; v++) {
        for (int pass = 0; pass < 2; pass++)
            for (int64_t u = 0; u < v; u++) {
                double along = dot(m, u, v);
                for (int64_t i = 0; i < m->length; i++) *element(m, v, i) -= along * *element(m, u, i);
            }
        double norm = sqrt(dot(m, v, v));
        for (int64_t i = 0; i < m->length; i++) *element(m, v, i) /= norm;
    }
}

/* The parameter as a matrix [all dimensions but the last, the last]: normal numbers made orthonormal along its shorter
 * side. */
static gan_status orthogonal(const struct draw *draw)
{
    const gan_shape *shape = &draw->slot->shape;
    int64_t columns = shape->size[shape->rank - 1], rows = (int64_t)draw->count / columns;
    double *data = gan_context_allocate(draw->context, draw->count, sizeof *data, "an orthogonal initializer");
    if (!data) return GAN_ERROR_OUT_OF_MEMORY;
    normal(draw, 0, 1);
    for (size_t i = 0; i < draw->count; i++) data[i] = draw->out[i];
    struct vectors m = rows < columns ? (struct vectors){data, rows, columns, columns, 1}
                                      : (struct vectors){data, columns, rows, 1, columns};
    orthonormalize(&m);
    for (size_t i = 0; i < draw->count; i++) draw->out[i] = (float)(draw->initializer.scale * data[i]);
    gan_context_release(draw->context, data);
    return GAN_OK;
}

gan_status gan_network_initialize(const gan_network *network, const gan_variable *variable, int number)
{
    const gan_slot *slot = variable->slot;
    struct draw draw = {
        .context = network->context,
        .philox = {.seed = network->context->seed, .stream = GAN_STREAM_WEIGHTS, .substream = network->ordinal},
        .position = (uint64_t)number << 40, /* more than any parameter draws */
        .out = gan_tensor_floats(variable->value),
        .count = (size_t)gan_tensor_count(variable->value),
        .slot = slot,
        .initializer = slot->initializer.kind == GAN_INITIALIZER_DEFAULT ? network->weights : slot->initializer,
    };
    double scale = draw.initializer.scale, in = (double)slot->fan_in, both = in + (double)slot->fan_out;
    switch ((gan_initializer_kind)draw.initializer.kind) {
    case GAN_INITIALIZER_DEFAULT: /* the network's is never the default */
    case GAN_INITIALIZER_ZEROS:
        fill(&draw, 0);
        break;
    case GAN_INITIALIZER_ONES:
        fill(&draw, 1);
        break;
    case GAN_INITIALIZER_NORMAL:
        normal(&draw, draw.initializer.mean, scale);
        break;
    case GAN_INITIALIZER_UNIFORM:
        uniform(&draw, draw.initializer.mean, scale);
        break;
    case GAN_INITIALIZER_GLOROT_UNIFORM:
        uniform(&draw, 0, scale * sqrt(6 / both));
        break;
    case GAN_INITIALIZER_GLOROT_NORMAL:
        normal(&draw, 0, scale * sqrt(2 / both));
        break;
    case GAN_INITIALIZER_HE_UNIFORM:
        uniform(&draw, 0, scale * sqrt(6 / in));
        break;
    case GAN_INITIALIZER_HE_NORMAL:
        normal(&draw, 0, scale * sqrt(2 / in));
        break;
    case GAN_INITIALIZER_ORTHOGONAL:
        return orthogonal(&draw);
    }
    return GAN_OK;
}
