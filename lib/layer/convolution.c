/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/convolution.h"

/* Pixels of the target in a task: enough to fill tiles and to use each weight often, few enough to have many tasks. */
#define TASK_PIXELS 256

/* Weight gradients of large images have few elements with many terms each: they are summed in up to MAX_SLABS partial
 * sums of some samples each, SLAB_FLOATS together at most, which are then added in order. */
#define MAX_SLABS   8
#define SLAB_FLOATS 65536

/* Floats of image and output that one pass over a row of the kernel sees: what stays in a second-level cache. */
#define CACHED_FLOATS 131072

#define REDUCE_GRAIN 4096

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t parts_of(int64_t total, int64_t grain)
{
    return total / grain + (total % grain != 0);
}

static int64_t taps(const gan_conv_geometry *g)
{
    return (int64_t)g->kernel_h * g->kernel_w;
}

static int64_t weights_of(const gan_conv_geometry *g)
{
    return taps(g) * (g->in_c / g->groups) * g->out_c;
}

/* Groups have kernels of their own, which read the weights as they are. */
static bool is_grouped(const gan_conv_geometry *g)
{
    return g->groups > 1;
}

static int64_t image_floats(const gan_conv_geometry *g)
{
    return (int64_t)g->in_h * g->in_w * g->in_c;
}

static int64_t output_floats(const gan_conv_geometry *g)
{
    return (int64_t)g->out_h * g->out_w * g->out_c;
}

struct product {
    const gan_layer_call *call;
    gan_conv_call conv;
    const float *weight;
    int64_t panels, block; /* samples a task */
};

static void pack_tap(void *argument, int64_t tap, int worker)
{
    const struct product *p = argument;
    (void)worker;
    p->call->kernels->conv_pack(p->call->shared, p->weight, p->conv.geometry, p->conv.adjoint, tap);
}

static void product_block(void *argument, int64_t task, int worker)
{
    const struct product *p = argument;
    const gan_conv_geometry *g = p->conv.geometry;
    int64_t begin = task / p->panels * p->block;
    gan_conv_call part = p->conv;
    (void)worker;
    part.samples = least(p->block, p->conv.samples - begin);
    part.source += begin * (part.adjoint ? output_floats(g) : image_floats(g));
    part.target += begin * (part.adjoint ? image_floats(g) : output_floats(g));
    if (is_grouped(g))
        p->call->kernels->grouped_conv(&part);
    else
        p->call->kernels->conv(&part, task % p->panels);
}

void gan_convolution_product(const gan_layer_call *call, const gan_conv_geometry *g, bool adjoint, float *target,
                             const float *source, const float *weight, const float *bias)
{
    int64_t pixels = adjoint ? (int64_t)g->in_h * g->in_w : (int64_t)g->out_h * g->out_w;
    struct product p = {.call = call,
                        .conv = {g, adjoint, call->batch, source, call->shared, bias, target},
                        .weight = weight,
                        .panels = parts_of(adjoint ? g->in_c : g->out_c, call->kernels->conv_panel),
                        .block = parts_of(TASK_PIXELS, pixels)};
    if (is_grouped(g)) {
        p.conv.packed = weight;
        p.panels = 1;
    } else {
        gan_pool_run(call->pool, pack_tap, &p, taps(g));
    }
    gan_pool_run(call->pool, product_block, &p, p.panels * parts_of(call->batch, p.block));
}

/* The number of partial sums grows with the batch: a run for 9 samples may get 8. */
static int64_t slabs_of(const gan_conv_geometry *g, int64_t batch)
{
    return most(1, least(least(MAX_SLABS, batch), SLAB_FLOATS / weights_of(g)));
}

struct gradient {
    const gan_layer_call *call;
    const gan_conv_geometry *geometry;
    float *sum;
    const float *image, *output;
    int64_t slabs;
    void (*kernel)(float *gradient, const float *image, const float *output, const gan_conv_geometry *geometry,
                   int64_t samples, int64_t kernel_row);
};

/* One slab's part of one row of the kernel. A row's tasks follow each other slab by slab, so that what they read is
 * still in a cache. */
static void gradient_row(void *argument, int64_t task, int worker)
{
    const struct gradient *p = argument;
    const gan_conv_geometry *g = p->geometry;
    int64_t slab = task / g->kernel_h, row = task % g->kernel_h, floats = weights_of(g) / g->kernel_h;
    int64_t end = p->call->batch * (slab + 1) / p->slabs;
    int64_t block = most(1, CACHED_FLOATS / (image_floats(g) + output_floats(g)));
    float *sum = p->slabs > 1 ? p->call->shared + slab * weights_of(g) : p->sum;
    (void)worker;
    for (int64_t i = 0; p->slabs > 1 && i < floats; i++) sum[row * floats + i] = 0;
    for (int64_t n = p->call->batch * slab / p->slabs; n < end; n += block)
        p->kernel(sum, p->image + n * image_floats(g), p->output + n * output_floats(g), g, least(block, end - n), row);
}

static void add_slabs(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct gradient *p = argument;
    (void)worker;
    for (int64_t slab = 0; slab < p->slabs; slab++)
        p->call->kernels->add(p->sum + begin, p->call->shared + slab * weights_of(p->geometry) + begin, end - begin);
}

void gan_convolution_gradient(const gan_layer_call *call, const gan_conv_geometry *g, float *gradient,
                              const float *image, const float *output)
{
    struct gradient p = {call, g, gradient, image, output, slabs_of(g, call->batch), call->kernels->conv_gradient};
    if (is_grouped(g)) p.kernel = call->kernels->grouped_gradient;
    gan_pool_run(call->pool, gradient_row, &p, p.slabs * g->kernel_h);
    if (p.slabs > 1) gan_pool_ranges(call->pool, add_slabs, &p, weights_of(g), REDUCE_GRAIN);
}

static size_t packed_floats(const gan_conv_geometry *g, const gan_kernels *kernels, int source_c, int target_c)
{
    int64_t columns = parts_of(target_c, kernels->conv_panel) * kernels->conv_panel;
    if (is_grouped(g)) return 0;
    return gan_saturating_multiply((size_t)(taps(g) * source_c), (size_t)columns);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t gan_convolution_floats(const gan_conv_geometry *g, const gan_kernels *kernels, int64_t batch,
                              int64_t bias_channels)
{
    int64_t slabs = slabs_of(g, batch);
    size_t packed = larger(packed_floats(g, kernels, g->in_c, g->out_c), packed_floats(g, kernels, g->out_c, g->in_c));
    size_t partial = slabs > 1 ? (size_t)(slabs * weights_of(g)) : 0;
    return larger(larger(packed, partial), gan_bias_gradient_floats(bias_channels));
}

struct bias_sum {
    const gan_layer_call *call;
    const float *gradient;
    int64_t rows, c, slabs;
};

static void sum_slab(void *argument, int64_t slab, int worker)
{
    const struct bias_sum *sum = argument;
    (void)worker;
    int64_t begin = sum->rows * slab / sum->slabs, end = sum->rows * (slab + 1) / sum->slabs;
    sum->call->kernels->sum_rows(sum->call->shared + slab * sum->c, sum->gradient + begin * sum->c, end - begin,
                                 sum->c);
}

void gan_bias_gradient(const gan_layer_call *call, float *bias, const float *gradient, int64_t rows, int64_t c)
{
    struct bias_sum sum = {call, gradient, rows, c, least(rows, MAX_SLABS)};
    gan_pool_run(call->pool, sum_slab, &sum, sum.slabs);
    for (int64_t slab = 0; slab < sum.slabs; slab++) call->kernels->add(bias, call->shared + slab * c, c);
}

size_t gan_bias_gradient_floats(int64_t c)
{
    return gan_saturating_multiply(MAX_SLABS, (size_t)c);
}
