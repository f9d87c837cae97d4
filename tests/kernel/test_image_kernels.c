/* SPDX-License-Identifier: BSD-2-Clause */
#include "buffers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Pooling, resizing and embedding of every set, against their definitions. Numbers are small integers where sums of
 * them are to be exact. */

#define SAMPLES 3

static const gan_kernels *table[8];
static int sets;

static buffer integers(int64_t n, int misaligned, uint64_t seed)
{
    buffer b = buffer_new(n, misaligned);
    buffer_fill(&b, seed);
    for (int64_t i = 0; i < n; i++) b.x[i] = (float)(int)(8 * b.x[i]);
    return b;
}

static void check_all(const char *what, const gan_kernels *k, int index, const buffer *is, const double *wanted,
                      double tolerance)
{
    char name[96];
    snprintf(name, sizeof name, "%s of set %s, case %d", what, k->name, index);
    check_near(name, is->x, wanted, is->n, 0, tolerance);
}

static double *zeros(int64_t n)
{
    return must_allocate((size_t)n, sizeof(double));
}

#define WINDOWS(height, width, channels, kh, kw, sh, sw, top, left, oh, ow)                                 \
    {                                                                                                       \
        .in_h = height, .in_w = width, .in_c = channels, .out_c = channels, .kernel_h = kh, .kernel_w = kw, \
        .stride_h = sh, .stride_w = sw, .pad_top = top, .pad_left = left, .out_h = oh, .out_w = ow          \
    }
static const gan_conv_geometry windows[] = {
    WINDOWS(1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1),  WINDOWS(4, 6, 3, 2, 2, 2, 2, 0, 0, 2, 3),
    WINDOWS(5, 4, 17, 3, 3, 2, 1, 1, 1, 3, 4), WINDOWS(6, 7, 33, 4, 2, 1, 3, 3, 0, 6, 3),
    WINDOWS(3, 3, 64, 3, 3, 1, 1, 2, 2, 4, 5), WINDOWS(7, 5, 2, 2, 1, 4, 3, 0, 0, 2, 2),
};

/* Calls see(s, output, input) for each pixel inside of each window, both counted through all samples. */
struct pooled {
    const gan_conv_geometry *g;
    const double *count;
    double *target;
    const float *source;
    bool adjoint;
};

static void each_pixel(const gan_conv_geometry *g, void (*see)(const struct pooled *, int64_t, int64_t),
                       const struct pooled *s)
{
    for (int64_t o = 0; o < (int64_t)SAMPLES * g->out_h * g->out_w; o++)
        for (int tap = 0; tap < g->kernel_h * g->kernel_w; tap++) {
            int64_t n = o / g->out_w / g->out_h;
            int64_t row = o / g->out_w % g->out_h * g->stride_h - g->pad_top + tap / g->kernel_w;
            int64_t column = o % g->out_w * g->stride_w - g->pad_left + tap % g->kernel_w;
            if (row < 0 || row >= g->in_h || column < 0 || column >= g->in_w) continue;
            see(s, o, (n * g->in_h + row) * g->in_w + column);
        }
}

static void count_pixel(const struct pooled *s, int64_t output, int64_t input)
{
    (void)input;
    s->target[output]++;
}

static void sum_pixel(const struct pooled *s, int64_t output, int64_t input)
{
    int64_t target = s->adjoint ? input : output, source = s->adjoint ? output : input;
    for (int64_t j = 0; j < s->g->in_c; j++)
        s->target[target * s->g->in_c + j] += s->source[source * s->g->in_c + j] / s->count[output];
}

static void check_sum_pool(int index, bool adjoint, gan_divisor divisor)
{
    const gan_conv_geometry *g = &windows[index];
    int64_t in = (int64_t)SAMPLES * g->in_h * g->in_w, out = (int64_t)SAMPLES * g->out_h * g->out_w;
    buffer source = integers((adjoint ? out : in) * g->in_c, 1, 1);
    double *count = zeros(out), *wanted = zeros((adjoint ? in : out) * g->in_c);
    each_pixel(g, count_pixel, &(struct pooled){.target = count});
    for (int64_t i = 0; i < out && divisor != GAN_DIVIDE_BY_INSIDE; i++)
        count[i] = divisor == GAN_DIVIDE_BY_ONE ? 1 : g->kernel_h * g->kernel_w;
    each_pixel(g, sum_pixel, &(struct pooled){g, count, wanted, source.x, adjoint});
    for (int k = 0; k < sets; k++) {
        buffer target = buffer_new((adjoint ? in : out) * g->in_c, 3);
        table[k]->sum_pool(target.x, source.x, g, adjoint, divisor, SAMPLES);
        check_all("sum_pool", table[k], index, &target, wanted, 1e-6);
        buffer_free(&target, "sum_pool");
    }
    free(wanted);
    free(count);
    buffer_free(&source, "sum_pool");
}

START_TEST(sums)
{
    for (int adjoint = 0; adjoint < 2; adjoint++)
        for (int divisor = GAN_DIVIDE_BY_INSIDE; divisor <= GAN_DIVIDE_BY_ONE; divisor++)
            check_sum_pool(_i, adjoint, (gan_divisor)divisor);
}
END_TEST

static void largest_pixel(const struct pooled *s, int64_t output, int64_t input)
{
    int64_t c = s->g->in_c, pixels = (int64_t)s->g->in_h * s->g->in_w;
    for (int64_t j = 0; j < c; j++) {
        double *where = &s->target[output * c + j];
        int64_t best = output / (s->g->out_h * s->g->out_w) * pixels + (int64_t)*where;
        if (*where < 0 || s->source[input * c + j] > s->source[best * c + j]) *where = (double)(input % pixels);
    }
}

/* The integers are few: there are ties, which the first pixel wins. */
START_TEST(maxima)
{
    const gan_conv_geometry *g = &windows[_i];
    int64_t c = g->in_c, in = (int64_t)g->in_h * g->in_w * c, out = (int64_t)g->out_h * g->out_w * c;
    buffer x = integers(SAMPLES * in, 1, 1), v = integers(SAMPLES * in, 3, 2), dy = integers(SAMPLES * out, 1, 3);
    double *where = zeros(SAMPLES * out), *y = zeros(SAMPLES * out), *ty = zeros(SAMPLES * out);
    double *dx = zeros(SAMPLES * in);
    for (int64_t i = 0; i < SAMPLES * out; i++) where[i] = -1;
    each_pixel(g, largest_pixel, &(struct pooled){.g = g, .target = where, .source = x.x});
    for (int64_t i = 0; i < SAMPLES * out; i++) {
        int64_t at = i / out * in + (int64_t)where[i] * c + i % c;
        y[i] = x.x[at];
        ty[i] = v.x[at];
        dx[at] += dy.x[i];
    }
    for (int k = 0; k < sets; k++) {
        buffer is = buffer_new(SAMPLES * out, 1), index = buffer_new(SAMPLES * out, 3), d = buffer_new(SAMPLES * in, 1);
        table[k]->max_pool(is.x, index.x, x.x, g, SAMPLES);
        check_all("max_pool", table[k], _i, &is, y, 0);
        check_all("max_pool's index", table[k], _i, &index, where, 0);
        table[k]->max_pool_take(is.x, index.x, v.x, g, SAMPLES);
        check_all("max_pool_take", table[k], _i, &is, ty, 0);
        table[k]->max_pool_give(d.x, index.x, dy.x, g, SAMPLES);
        check_all("max_pool_give", table[k], _i, &d, dx, 0);
        buffer_free(&d, "max_pool_give");
        buffer_free(&index, "max_pool's index");
        buffer_free(&is, "max_pool");
    }
    double *const all[] = {where, y, ty, dx};
    for (int i = 0; i < 4; i++) free(all[i]);
    buffer_free(&dy, "max_pool");
    buffer_free(&v, "max_pool");
    buffer_free(&x, "max_pool");
}
END_TEST

START_TEST(a_nan_is_the_largest)
{
    enum { C = 19 };
    const gan_conv_geometry g = WINDOWS(2, 2, C, 2, 2, 1, 1, 0, 0, 1, 1);
    for (int k = 0; k < sets; k++)
        for (int at = 0; at < 4 * C; at++) {
            float x[4 * C], y[C], index[C];
            for (int i = 0; i < 4 * C; i++) x[i] = i == at ? NAN : i % 2 ? INFINITY : -INFINITY;
            table[k]->max_pool(y, index, x, &g, 1);
            must(isnan(y[at % C]) && index[at % C] == (float)(at / C), "%s: a NaN is lost", table[k]->name);
            for (int j = 0; j < C; j++) must(j == at % C || !isnan(y[j]), "%s: a NaN of another", table[k]->name);
        }
}
END_TEST

static const gan_resize resizes[] = {
    {1, 1, 1, 1, 1, false}, {3, 2, 17, 2, 3, false}, {2, 5, 3, 1, 4, false}, {1, 1, 5, 3, 2, true},
    {3, 4, 2, 2, 2, true},  {4, 3, 18, 3, 5, true},  {2, 2, 64, 4, 1, true},
};

/* What pixel i of `large` ones gets of pixel j of the small ones. */
static double share(int64_t i, int64_t j, int64_t small, int64_t factor, bool bilinear)
{
    double at = fmin(fmax(((double)i + 0.5) / (double)factor - 0.5, 0), (double)(small - 1));
    if (!bilinear) return i / factor == j;
    return fmax(1 - fabs(at - (double)j), 0);
}

START_TEST(upsampling)
{
    const gan_resize *r = &resizes[_i];
    int64_t h = r->in_h * r->factor_h, w = r->in_w * r->factor_w, in = r->in_h * r->in_w, out = h * w, c = r->c;
    buffer x = integers(SAMPLES * in * c, 1, 1), dy = integers(SAMPLES * out * c, 3, 2);
    double *y = zeros(dy.n), *dx = zeros(x.n);
    for (int64_t i = 0; i < dy.n; i++)
        for (int64_t p = 0; p < in; p++) {
            int64_t pixel = i / c % out, from = (i / c / out * in + p) * c + i % c;
            double part = share(pixel / w, p / r->in_w, r->in_h, r->factor_h, r->bilinear) *
                          share(pixel % w, p % r->in_w, r->in_w, r->factor_w, r->bilinear);
            y[i] += part * x.x[from];
            dx[from] += part * dy.x[i];
        }
    for (int k = 0; k < sets; k++) {
        buffer is = buffer_new(dy.n, 1), d = buffer_new(x.n, 1);
        table[k]->upsample(is.x, x.x, r, SAMPLES);
        check_all("upsample", table[k], _i, &is, y, r->bilinear ? 5e-7 : 0);
        table[k]->upsample_adjoint(d.x, dy.x, r, SAMPLES);
        check_all("upsample_adjoint", table[k], _i, &d, dx, r->bilinear ? 5e-7 : 0);
        buffer_free(&d, "upsample_adjoint");
        buffer_free(&is, "upsample");
    }
    free(dx);
    free(y);
    buffer_free(&dy, "upsample");
    buffer_free(&x, "upsample");
}
END_TEST

static const gan_shuffle shuffles[] = {
    {1, 1, 1, 1, true}, {2, 3, 4, 2, true}, {2, 3, 4, 2, false}, {3, 1, 17, 3, true}, {3, 2, 5, 3, false}};

START_TEST(shuffling)
{
    const gan_shuffle *s = &shuffles[_i];
    int64_t b = s->block, depth = s->c * b * b, n = SAMPLES * s->h * s->w * depth, width = s->w * b;
    buffer deep = integers(n, 1, 1);
    double *wide = zeros(n), *again = zeros(n);
    for (int64_t i = 0; i < n; i++) { /* of the wide picture; samples are as many rows more */
        int64_t j = i % s->c, column = i / s->c % width, row = i / s->c / width, in_block = row % b * b + column % b;
        int64_t channel = s->channels_first ? j * b * b + in_block : in_block * s->c + j;
        int64_t from = (row / b * s->w + column / b) * depth + channel;
        wide[i] = deep.x[from];
        again[from] = deep.x[from];
    }
    for (int k = 0; k < sets; k++) {
        buffer is = buffer_new(n, 1), back = buffer_new(n, 3);
        table[k]->depth_to_space(is.x, deep.x, s, SAMPLES);
        check_all("depth_to_space", table[k], _i, &is, wide, 0);
        table[k]->space_to_depth(back.x, is.x, s, SAMPLES);
        check_all("space_to_depth", table[k], _i, &back, again, 0);
        buffer_free(&back, "space_to_depth");
        buffer_free(&is, "depth_to_space");
    }
    free(again);
    free(wide);
    buffer_free(&deep, "depth_to_space");
}
END_TEST

#define CLASSES 3
#define ROWS    10
static const float class_numbers[ROWS] = {2, 0, -1, 2, 2.5f, 1, 3, NAN, 1e30f, 2};

START_TEST(embeddings)
{
    const int64_t c = 2 + 31 * _i, first = c / 3, columns = c / 2;
    buffer weight = integers(CLASSES * c, 1, 1), dy = integers(ROWS * c, 3, 2);
    for (int k = 0; k < sets; k++) {
        buffer y = buffer_new(ROWS * c, 1), gradient = integers(CLASSES * c, 1, 3),
               wanted = integers(CLASSES * c, 1, 3);
        table[k]->embedding(y.x, weight.x, class_numbers, ROWS, CLASSES, c);
        table[k]->embedding_gradient(gradient.x, dy.x, class_numbers, ROWS, CLASSES, c, first, columns);
        for (int64_t i = 0; i < ROWS * c; i++) {
            int number = i / c == 1 ? 0 : i / c == 5 ? 1 : i / c == 0 || i / c == 3 || i / c == 9 ? 2 : -1;
            must(number < 0 ? isnan(y.x[i]) : y.x[i] == weight.x[number * c + i % c], "%s: row %d", table[k]->name,
                 (int)(i / c));
            if (number >= 0 && i % c >= first && i % c < first + columns) wanted.x[number * c + i % c] += dy.x[i];
        }
        must(memcmp(gradient.x, wanted.x, (size_t)gradient.n * sizeof(float)) == 0, "%s: gradient", table[k]->name);
        buffer_free(&wanted, "embedding");
        buffer_free(&gradient, "embedding_gradient");
        buffer_free(&y, "embedding");
    }
    buffer_free(&dy, "embedding");
    buffer_free(&weight, "embedding");
}
END_TEST

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

int main(void)
{
    sets = tables(table);
    Suite *suite = suite_create("images");
    TCase *tests = tcase_create("images");
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, sums, 0, COUNT(windows));
    tcase_add_loop_test(tests, maxima, 0, COUNT(windows));
    tcase_add_test(tests, a_nan_is_the_largest);
    tcase_add_loop_test(tests, upsampling, 0, COUNT(resizes));
    tcase_add_loop_test(tests, shuffling, 0, COUNT(shuffles));
    tcase_add_loop_test(tests, embeddings, 0, 3);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
