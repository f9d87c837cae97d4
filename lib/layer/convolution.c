/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/convolution.h"

/* Floats of a block's patches: a quarter of a megabyte, so that they, the output and much of the weight stay in a
 * second-level cache of one. */
#define PATCH_FLOATS 65536

/* Weight gradients are summed in up to this many partial sums, one a task, which are then added in order. */
#define MAX_SLABS   8
#define SLAB_FLOATS (1 << 21) /* of all partial sums together, but for at least two */

#define REDUCE_GRAIN 4096

static int64_t minimum(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t maximum(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t blocks_of(int64_t total, int64_t grain)
{
    return total / grain + (total % grain != 0);
}

/* Columns of the patch matrix. */
static int64_t taps(const gan_conv_geometry *g)
{
    return (int64_t)g->kernel_h * g->kernel_w * g->in_c;
}

/* The patch matrix is the image itself when every pixel, or all of them together, is one patch. */
static bool patches_are_image(const gan_conv_geometry *g)
{
    bool no_padding = g->pad_top == 0 && g->pad_left == 0;
    bool each = g->kernel_h == 1 && g->kernel_w == 1 && g->stride_h == 1 && g->stride_w == 1 && g->out_h == g->in_h &&
                g->out_w == g->in_w;
    bool all = g->kernel_h == g->in_h && g->kernel_w == g->in_w && g->out_h == 1 && g->out_w == 1;
    return no_padding && (each || all);
}

gan_convolution gan_convolution_of(const gan_conv_geometry *g, const gan_layer_call *call, int64_t batch)
{
    int64_t row = g->out_w * taps(g), sample = g->out_h * row;
    int64_t fitting = maximum(1, PATCH_FLOATS / sample);
    gan_convolution c = {.geometry = *g, .call = call, .batch = batch};
    c.block = minimum(fitting, blocks_of(batch, MAX_SLABS));
    c.strip = (int)(patches_are_image(g) ? g->out_h : maximum(1, minimum(g->out_h, PATCH_FLOATS / row)));
    return c;
}

/* A bound of the number of slabs that grows with the batch: a run for 9 samples may get 8, which make more slabs. */
static int64_t most_slabs(const gan_conv_geometry *g, int64_t batch)
{
    int64_t fitting = maximum(2, SLAB_FLOATS / (taps(g) * g->out_c));
    return minimum(minimum(fitting, MAX_SLABS), batch);
}

static int64_t slabs_of(const gan_convolution *c)
{
    return minimum(most_slabs(&c->geometry, c->batch), blocks_of(c->batch, c->block));
}

void gan_convolution_memory(const gan_conv_geometry *g, const gan_kernels *kernels, int64_t batch,
                            int64_t bias_channels, gan_layer_memory *memory)
{
    gan_convolution c = gan_convolution_of(g, NULL, batch);
    size_t patches = 0;
    if (!patches_are_image(g))
        patches = gan_saturating_multiply((size_t)(c.block * c.strip * g->out_w), (size_t)taps(g));
    memory->scratch = gan_saturating_add(patches + GAN_ALIGNMENT / sizeof(float), kernels->gemm_scratch);
    size_t weights = gan_saturating_multiply((size_t)taps(g), (size_t)g->out_c);
    size_t partial = gan_saturating_multiply((size_t)most_slabs(g, batch), weights);
    size_t bias = gan_saturating_multiply(MAX_SLABS, (size_t)bias_channels);
    memory->shared = partial > bias ? partial : bias;
}

/* A product of which one side is a convolution's: what the tasks below share. */
struct product {
    const gan_convolution *convolution;
    float *target;
    const float *image, *output, *weight, *bias;
    int64_t slabs;
};

static int64_t image_floats(const gan_conv_geometry *g)
{
    return (int64_t)g->in_h * g->in_w * g->in_c;
}

/* A worker's scratch: the patches, then gemm's own, both aligned. */
static float *patch_scratch(const gan_convolution *c, int worker)
{
    return c->call->scratch + (size_t)worker * c->call->scratch_stride;
}

static float *gemm_scratch(const gan_convolution *c, int worker)
{
    const gan_conv_geometry *g = &c->geometry;
    size_t patches = patches_are_image(g) ? 0 : (size_t)(c->block * c->strip * g->out_w * taps(g));
    size_t line = GAN_ALIGNMENT / sizeof(float);
    return patch_scratch(c, worker) + (patches + line - 1) / line * line;
}

/* The patches of samples begin..end-1 (of one only, when a strip is not the whole), rows first..first+rows-1. */
static const float *patches(const gan_convolution *c, const float *image, int64_t begin, int64_t end, int first,
                            int rows, float *scratch)
{
    const gan_conv_geometry *g = &c->geometry;
    if (patches_are_image(g)) return image + begin * image_floats(g);
    for (int64_t n = begin; n < end; n++)
        c->call->kernels->im2col(scratch + (n - begin) * rows * g->out_w * taps(g), image + n * image_floats(g), g,
                                 first, rows);
    return scratch;
}

/* A block's samples are taken together when their patches are whole, and one by one in strips when they are not. */
struct piece {
    int64_t begin, end; /* samples */
    int first, rows;    /* output rows */
    int64_t pixels;     /* of all */
    int64_t offset;     /* of the first pixel, in the whole output */
};

static bool next_piece(const gan_convolution *c, int64_t end, struct piece *piece)
{
    const gan_conv_geometry *g = &c->geometry;
    piece->first += piece->rows;
    if (piece->first >= g->out_h) {
        piece->first = 0;
        piece->begin = piece->end;
    }
    if (piece->begin >= end) return false;
    piece->end = c->strip == g->out_h ? end : piece->begin + 1;
    piece->rows = (int)minimum(c->strip, g->out_h - piece->first);
    piece->pixels = (piece->end - piece->begin) * piece->rows * g->out_w;
    piece->offset = (piece->begin * g->out_h + piece->first) * g->out_w;
    return true;
}

static struct piece first_piece(const gan_convolution *c, int64_t begin)
{
    return (struct piece){.begin = begin, .end = begin, .rows = c->geometry.out_h};
}

/* Rows of a result begin as the bias, or zeros, and products are added to them. */
static void begin_rows(const gan_kernels *kernels, float *rows, const float *bias, int64_t count, int64_t c)
{
    if (bias) {
        kernels->fill_rows(rows, bias, count, c);
        return;
    }
    for (int64_t i = 0; i < count * c; i++) rows[i] = 0;
}

static void forward_block(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct product *p = argument;
    const gan_convolution *c = p->convolution;
    const gan_kernels *kernels = c->call->kernels;
    const gan_conv_geometry *g = &c->geometry;
    for (struct piece s = first_piece(c, begin); next_piece(c, end, &s);) {
        float *output = p->target + s.offset * g->out_c;
        if (p->bias) kernels->fill_rows(output, p->bias, s.pixels, g->out_c);
        kernels->gemm(&(gan_gemm){
            .accumulate = p->bias != NULL,
            .m = s.pixels,
            .n = g->out_c,
            .k = taps(g),
            .a = patches(c, p->image, s.begin, s.end, s.first, s.rows, patch_scratch(c, worker)),
            .lda = taps(g),
            .b = p->weight,
            .ldb = g->out_c,
            .c = output,
            .ldc = g->out_c,
            .scratch = gemm_scratch(c, worker),
        });
    }
}

static void adjoint_block(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct product *p = argument;
    const gan_convolution *c = p->convolution;
    const gan_kernels *kernels = c->call->kernels;
    const gan_conv_geometry *g = &c->geometry;
    bool direct = patches_are_image(g);
    begin_rows(kernels, p->target + begin * image_floats(g), p->bias, (end - begin) * g->in_h * g->in_w, g->in_c);
    for (struct piece s = first_piece(c, begin); next_piece(c, end, &s);) {
        float *col = direct ? p->target + s.begin * image_floats(g) : patch_scratch(c, worker);
        kernels->gemm(&(gan_gemm){
            .transpose_b = true,
            .accumulate = direct,
            .m = s.pixels,
            .n = taps(g),
            .k = g->out_c,
            .a = p->output + s.offset * g->out_c,
            .lda = g->out_c,
            .b = p->weight,
            .ldb = g->out_c,
            .c = col,
            .ldc = taps(g),
            .scratch = gemm_scratch(c, worker),
        });
        for (int64_t n = s.begin; n < s.end && !direct; n++)
            kernels->col2im(p->target + n * image_floats(g), col + (n - s.begin) * s.rows * g->out_w * taps(g), g,
                            s.first, s.rows);
    }
}

/* Slab i of the weight gradient: samples i * batch / slabs up to the next slab's. */
static void weights_slab(void *argument, int64_t slab, int worker)
{
    const struct product *p = argument;
    const gan_convolution *c = p->convolution;
    const gan_conv_geometry *g = &c->geometry;
    float *partial = c->call->shared + slab * taps(g) * g->out_c;
    int64_t begin = c->batch * slab / p->slabs, stop = c->batch * (slab + 1) / p->slabs;
    bool accumulate = false;
    for (; begin < stop; begin += c->block) {
        for (struct piece s = first_piece(c, begin); next_piece(c, minimum(stop, begin + c->block), &s);) {
            c->call->kernels->gemm(&(gan_gemm){
                .transpose_a = true,
                .accumulate = accumulate,
                .m = taps(g),
                .n = g->out_c,
                .k = s.pixels,
                .a = patches(c, p->image, s.begin, s.end, s.first, s.rows, patch_scratch(c, worker)),
                .lda = taps(g),
                .b = p->output + s.offset * g->out_c,
                .ldb = g->out_c,
                .c = partial,
                .ldc = g->out_c,
                .scratch = gemm_scratch(c, worker),
            });
            accumulate = true;
        }
    }
}

static void add_slabs(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct product *p = argument;
    const gan_conv_geometry *g = &p->convolution->geometry;
    (void)worker;
    for (int64_t slab = 0; slab < p->slabs; slab++)
        p->convolution->call->kernels->add(
            p->target + begin, p->convolution->call->shared + slab * taps(g) * g->out_c + begin, end - begin);
}

void gan_convolution_forward(const gan_convolution *c, float *output, const float *image, const float *weight,
                             const float *bias)
{
    struct product p = {.convolution = c, .target = output, .image = image, .weight = weight, .bias = bias};
    gan_pool_ranges(c->call->pool, forward_block, &p, c->batch, c->block);
}

void gan_convolution_adjoint(const gan_convolution *c, float *image, const float *output, const float *weight,
                             const float *bias)
{
    struct product p = {.convolution = c, .target = image, .output = output, .weight = weight, .bias = bias};
    gan_pool_ranges(c->call->pool, adjoint_block, &p, c->batch, c->block);
}

void gan_convolution_weights(const gan_convolution *c, float *weight, const float *image, const float *output)
{
    struct product p = {.convolution = c, .target = weight, .image = image, .output = output, .slabs = slabs_of(c)};
    gan_pool_run(c->call->pool, weights_slab, &p, p.slabs);
    gan_pool_ranges(c->call->pool, add_slabs, &p, taps(&c->geometry) * c->geometry.out_c, REDUCE_GRAIN);
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
    struct bias_sum sum = {call, gradient, rows, c, minimum(rows, MAX_SLABS)};
    gan_pool_run(call->pool, sum_slab, &sum, sum.slabs);
    for (int64_t slab = 0; slab < sum.slabs; slab++) call->kernels->add(bias, call->shared + slab * c, c);
}
