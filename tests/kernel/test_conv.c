/* SPDX-License-Identifier: BSD-2-Clause */
#include "buffers.h"

#include <string.h>

/* Convolutions, their adjoints and their weights' gradients of every set, against the definition. All numbers are small
 * integers, so that sums are exact in any order, and every element must be equal. */

#define GROUPED(height, width, in, out, kh, kw, sh, sw, top, left, number)                                       \
    {                                                                                                            \
        .in_h = height, .in_w = width, .in_c = in, .out_c = out, .kernel_h = kh, .kernel_w = kw, .stride_h = sh, \
        .stride_w = sw, .pad_top = top, .pad_left = left, .groups = number                                       \
    }
#define GEOMETRY(...) GROUPED(__VA_ARGS__, 1)
static const gan_conv_geometry geometries[] = {
    GEOMETRY(1, 1, 1, 1, 1, 1, 1, 1, 0, 0),     GEOMETRY(16, 16, 3, 16, 4, 4, 1, 1, 1, 1),
    GEOMETRY(8, 8, 17, 32, 4, 4, 2, 2, 1, 1),   GEOMETRY(4, 4, 65, 50, 4, 4, 2, 2, 1, 1),
    GEOMETRY(2, 2, 129, 1, 2, 2, 1, 1, 0, 0),   GEOMETRY(7, 5, 2, 3, 3, 5, 3, 1, 0, 2),
    GEOMETRY(5, 9, 4, 20, 2, 1, 1, 4, 1, 0),    GEOMETRY(3, 3, 37, 5, 2, 3, 2, 1, 5, 7),
    GEOMETRY(2, 2, 1, 33, 7, 7, 1, 1, 3, 3),    GEOMETRY(6, 6, 8, 9, 2, 2, 5, 3, 0, 0),
    GEOMETRY(9, 4, 6, 7, 5, 3, 3, 2, 2, 1),     GEOMETRY(1, 1, 64, 100, 1, 1, 1, 1, 0, 0),
    GEOMETRY(11, 13, 1, 2, 3, 3, 2, 5, 9, 20),  GEOMETRY(5, 5, 31, 47, 4, 4, 3, 3, 1, 1),
    GROUPED(5, 4, 6, 4, 3, 3, 1, 1, 1, 1, 2),   GROUPED(6, 6, 67, 67, 4, 4, 2, 2, 1, 1, 67),
    GROUPED(4, 5, 3, 12, 3, 2, 1, 3, 0, 1, 3),  GROUPED(7, 3, 12, 3, 2, 3, 3, 1, 4, 7, 3),
    GROUPED(3, 3, 40, 60, 3, 3, 1, 1, 1, 1, 2),
};

/* The output's size with as much padding behind as before, and one more: the kernel may end up wholly outside. */
static gan_conv_geometry geometry(int index)
{
    gan_conv_geometry g = geometries[index];
    g.out_h = (g.in_h + 2 * g.pad_top + (g.pad_top > 0) - g.kernel_h) / g.stride_h + 1;
    g.out_w = (g.in_w + 2 * g.pad_left + (g.pad_left > 0) - g.kernel_w) / g.stride_w + 1;
    return g;
}

static buffer integers(int64_t n, int misaligned, uint64_t seed)
{
    buffer b = buffer_new(n, misaligned);
    buffer_fill(&b, seed);
    for (int64_t i = 0; i < b.n; i++) b.x[i] = (float)(int)(4 * b.x[i]);
    return b;
}

static int64_t image_floats(const gan_conv_geometry *g)
{
    return (int64_t)g->in_h * g->in_w * g->in_c;
}

static int64_t output_floats(const gan_conv_geometry *g)
{
    return (int64_t)g->out_h * g->out_w * g->out_c;
}

static int64_t weights(const gan_conv_geometry *g)
{
    return (int64_t)g->kernel_h * g->kernel_w * (g->in_c / g->groups) * g->out_c;
}

struct sums {
    gan_conv_geometry g;
    int64_t samples;
    float *image, *output, *weight;
};

static void add_pixel(const struct sums *s, int64_t image, int64_t output, int64_t tap, char target)
{
    const gan_conv_geometry *g = &s->g;
    float *x = s->image + image * g->in_c, *y = s->output + output * g->out_c;
    int in = g->in_c / g->groups, out = g->out_c / g->groups;
    for (int c = 0; c < g->in_c; c++)
        for (int f = c / in * out; f < (c / in + 1) * out; f++) {
            float *w = s->weight + (tap * in + c % in) * g->out_c + f;
            if (target == 'y') y[f] += x[c] * *w;
            if (target == 'x') x[c] += y[f] * *w;
            if (target == 'w') *w += x[c] * y[f];
        }
}

/* target: 'y' adds to the output, 'x' to the image, 'w' to the weights. */
static void reference(const struct sums *s, char target)
{
    const gan_conv_geometry *g = &s->g;
    int64_t kernel_w = g->kernel_w, taps = g->kernel_h * kernel_w, pixels = (int64_t)g->out_h * g->out_w;
    for (int64_t i = 0; i < s->samples * pixels * taps; i++) {
        int64_t tap = i % taps, pixel = i / taps % pixels, n = i / taps / pixels;
        int64_t row = pixel / g->out_w * g->stride_h - g->pad_top + tap / kernel_w;
        int64_t column = pixel % g->out_w * g->stride_w - g->pad_left + tap % kernel_w;
        if (row < 0 || row >= g->in_h || column < 0 || column >= g->in_w) continue;
        add_pixel(s, (n * g->in_h + row) * g->in_w + column, n * pixels + pixel, tap, target);
    }
}

static void check_equal(const gan_kernels *k, const char *what, int index, const buffer *is, const buffer *wanted)
{
    for (int64_t i = 0; i < is->n; i++)
        must(is->x[i] == wanted->x[i], "%s %s, geometry %d, element %d: %g, not %g", what, k->name, index, (int)i,
             (double)is->x[i], (double)wanted->x[i]);
}

struct problem {
    gan_conv_geometry g;
    int64_t samples;
    buffer image, output, weight, bias, packed, result;
};

static struct problem new_problem(int index, int64_t samples, const gan_kernels *k, bool adjoint)
{
    struct problem p = {.g = geometry(index), .samples = samples};
    int64_t source_c = adjoint ? p.g.out_c : p.g.in_c, target_c = adjoint ? p.g.in_c : p.g.out_c;
    int64_t columns = (target_c + k->conv_panel - 1) / k->conv_panel * k->conv_panel;
    p.image = integers(samples * image_floats(&p.g), 1, 1);
    p.output = integers(samples * output_floats(&p.g), 3, 2);
    p.weight = integers(weights(&p.g), 1, 3);
    p.bias = integers(target_c, 1, 4);
    p.packed = integers((int64_t)p.g.kernel_h * p.g.kernel_w * source_c * columns, 0, 5);
    return p;
}

static void free_problem(struct problem *p)
{
    buffer *const all[] = {&p->image, &p->output, &p->weight, &p->bias, &p->packed, &p->result};
    for (int i = 0; i < 6; i++) buffer_free(all[i], "convolution");
}

static void run_conv(const gan_kernels *k, const struct problem *p, bool adjoint, bool bias, int64_t first,
                     int64_t samples)
{
    const gan_conv_geometry *g = &p->g;
    gan_conv_call call = {.geometry = g,
                          .adjoint = adjoint,
                          .samples = samples,
                          .source =
                              adjoint ? p->output.x + first * output_floats(g) : p->image.x + first * image_floats(g),
                          .packed = p->packed.x,
                          .bias = bias ? p->bias.x : NULL,
                          .target = p->result.x + first * (adjoint ? image_floats(g) : output_floats(g))};
    if (g->groups > 1) {
        call.packed = p->weight.x;
        k->grouped_conv(&call);
        return;
    }
    for (int64_t panel = 0; panel * k->conv_panel < (adjoint ? g->in_c : g->out_c); panel++) k->conv(&call, panel);
}

static void check_conv(const gan_kernels *k, int index, bool adjoint, bool bias)
{
    struct problem p = new_problem(index, 5, k, adjoint);
    buffer *target = adjoint ? &p.image : &p.output;
    p.result = integers(target->n, 1, 6);
    for (int64_t tap = 0; p.g.groups == 1 && tap < (int64_t)p.g.kernel_h * p.g.kernel_w; tap++)
        k->conv_pack(p.packed.x, p.weight.x, &p.g, adjoint, tap);
    run_conv(k, &p, adjoint, bias, 0, 3); /* work may be cut between any samples */
    run_conv(k, &p, adjoint, bias, 3, 2);
    for (int64_t i = 0; i < target->n; i++) target->x[i] = bias ? p.bias.x[i % p.bias.n] : 0;
    reference(&(struct sums){p.g, p.samples, p.image.x, p.output.x, p.weight.x}, adjoint ? 'x' : 'y');
    check_equal(k, adjoint ? "adjoint" : "conv", index, &p.result, target);
    free_problem(&p);
}

static void check_gradient(const gan_kernels *k, int index)
{
    struct problem p = new_problem(index, 3, k, false);
    p.result = integers(p.weight.n, 1, 3);
    for (int row = 0; row < p.g.kernel_h; row++)
        (p.g.groups > 1 ? k->grouped_gradient : k->conv_gradient)(p.result.x, p.image.x, p.output.x, &p.g, 3, row);
    reference(&(struct sums){p.g, p.samples, p.image.x, p.output.x, p.weight.x}, 'w');
    check_equal(k, "gradient", index, &p.result, &p.weight);
    free_problem(&p);
}

START_TEST(convolutions)
{
    const gan_kernels *table[8];
    int count = tables(table);
    for (int k = 0; k < count; k++) {
        for (int adjoint = 0; adjoint < 2; adjoint++) {
            check_conv(table[k], _i, adjoint, false);
            check_conv(table[k], _i, adjoint, true);
        }
        check_gradient(table[k], _i);
    }
}
END_TEST

/* A pixel's bits do not depend on which others a call computes. */
START_TEST(any_cut)
{
    const gan_kernels *table[8];
    int count = tables(table);
    for (int k = 0; k < count; k++)
        for (int adjoint = 0; adjoint < 2; adjoint++) {
            struct problem p = new_problem(_i, 7, table[k], adjoint);
            buffer_fill(&p.image, 7);
            buffer_fill(&p.output, 8);
            buffer_fill(&p.packed, 9);
            p.result = integers(adjoint ? p.image.n : p.output.n, 1, 6);
            run_conv(table[k], &p, adjoint, true, 0, 7);
            buffer whole = p.result;
            p.result = integers(whole.n, 2, 7);
            for (int64_t n = 0; n < 7; n++) run_conv(table[k], &p, adjoint, true, n, 1);
            must(!memcmp(whole.x, p.result.x, (size_t)whole.n * sizeof *whole.x), "%s, geometry %d: cut by samples",
                 table[k]->name, _i);
            buffer_free(&whole, "convolution");
            free_problem(&p);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conv");
    TCase *tests = tcase_create("conv");
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, convolutions, 0, (int)(sizeof geometries / sizeof *geometries));
    tcase_add_loop_test(tests, any_cut, 0, (int)(sizeof geometries / sizeof *geometries));
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
