/* SPDX-License-Identifier: BSD-2-Clause */
#include "buffers.h"

#include <string.h>

/* im2col and col2im of every set: the first by its definition, the second as the first one's adjoint. All numbers are
 * small integers, so that sums are exact in any order. */

#define GEOMETRY(height, width, channels, kh, kw, sh, sw, top, left)                                     \
    {                                                                                                    \
        .in_h = height, .in_w = width, .in_c = channels, .kernel_h = kh, .kernel_w = kw, .stride_h = sh, \
        .stride_w = sw, .pad_top = top, .pad_left = left                                                 \
    }
static const gan_conv_geometry geometries[] = {
    GEOMETRY(1, 1, 1, 1, 1, 1, 1, 0, 0),  GEOMETRY(16, 16, 3, 4, 4, 1, 1, 1, 1), GEOMETRY(16, 16, 17, 4, 4, 2, 2, 1, 1),
    GEOMETRY(4, 4, 65, 4, 4, 2, 2, 1, 1), GEOMETRY(7, 5, 2, 3, 5, 3, 1, 0, 2),   GEOMETRY(5, 9, 4, 2, 1, 1, 4, 1, 0),
    GEOMETRY(3, 3, 5, 2, 3, 2, 1, 5, 7),  GEOMETRY(2, 2, 1, 7, 7, 1, 1, 3, 3),   GEOMETRY(6, 6, 1, 2, 2, 5, 3, 0, 0),
};

/* The output's size with as much padding behind as before, and one more: the kernel may end up wholly outside. */
static gan_conv_geometry geometry(int index)
{
    gan_conv_geometry g = geometries[index];
    g.out_h = (g.in_h + 2 * g.pad_top + (g.pad_top > 0) - g.kernel_h) / g.stride_h + 1;
    g.out_w = (g.in_w + 2 * g.pad_left + (g.pad_left > 0) - g.kernel_w) / g.stride_w + 1;
    g.out_c = 1;
    return g;
}

static void fill_integers(buffer *b, uint64_t seed)
{
    buffer_fill(b, seed);
    for (int64_t i = 0; i < b->n; i++) b->x[i] = (float)(int)(4 * b->x[i]);
}

static int64_t taps(const gan_conv_geometry *g)
{
    return (int64_t)g->kernel_h * g->kernel_w * g->in_c;
}

/* Where element `tap` of the patch of output pixel (y, x) comes from in the image, or -1 for padding. */
static int64_t source(const gan_conv_geometry *g, int y, int x, int64_t tap)
{
    int64_t row = (int64_t)y * g->stride_h - g->pad_top + tap / g->in_c / g->kernel_w;
    int64_t column = (int64_t)x * g->stride_w - g->pad_left + tap / g->in_c % g->kernel_w;
    bool inside = row >= 0 && row < g->in_h && column >= 0 && column < g->in_w;
    return inside ? (row * g->in_w + column) * g->in_c + tap % g->in_c : -1;
}

struct strip {
    gan_conv_geometry g;
    int first, rows;
    buffer image, col, result;
};

static struct strip new_strip(int index, int first, int rows, bool to_image)
{
    struct strip s = {.g = geometry(index), .first = first, .rows = rows};
    int64_t image = (int64_t)s.g.in_h * s.g.in_w * s.g.in_c, col = rows * s.g.out_w * taps(&s.g);
    s.image = buffer_new(image, 1);
    s.col = buffer_new(col, 3);
    s.result = buffer_new(to_image ? image : col, 1);
    fill_integers(&s.image, 1);
    fill_integers(&s.col, 2);
    fill_integers(&s.result, to_image ? 1 : 3);
    return s;
}

static void free_strip(struct strip *s)
{
    buffer_free(&s->image, "im2col");
    buffer_free(&s->col, "col2im");
    buffer_free(&s->result, "im2col or col2im");
}

static void check_im2col(const gan_kernels *k, int index, int first, int rows)
{
    struct strip s = new_strip(index, first, rows, false);
    k->im2col(s.result.x, s.image.x, &s.g, first, rows);
    for (int64_t i = 0; i < s.result.n; i++) {
        int64_t pixel = i / taps(&s.g);
        int64_t from = source(&s.g, first + (int)(pixel / s.g.out_w), (int)(pixel % s.g.out_w), i % taps(&s.g));
        must(s.result.x[i] == (from < 0 ? 0 : s.image.x[from]), "im2col %s, geometry %d, rows %d + %d: element %d",
             k->name, index, first, rows, (int)i);
    }
    free_strip(&s);
}

static void check_col2im(const gan_kernels *k, int index, int first, int rows)
{
    struct strip s = new_strip(index, first, rows, true);
    k->col2im(s.result.x, s.col.x, &s.g, first, rows);
    for (int64_t i = 0; i < s.col.n; i++) {
        int64_t pixel = i / taps(&s.g);
        int64_t to = source(&s.g, first + (int)(pixel / s.g.out_w), (int)(pixel % s.g.out_w), i % taps(&s.g));
        if (to >= 0) s.image.x[to] += s.col.x[i];
    }
    must(!memcmp(s.image.x, s.result.x, (size_t)s.image.n * sizeof(float)), "col2im %s, geometry %d", k->name, index);
    free_strip(&s);
}

/* <im2col(image), col> = <image, col2im(col)> */
static void check_adjoint(const gan_kernels *k, int index)
{
    int rows = geometry(index).out_h;
    struct strip s = new_strip(index, 0, rows, false), t = new_strip(index, 0, rows, true);
    k->im2col(s.result.x, s.image.x, &s.g, 0, rows);
    memset(t.result.x, 0, (size_t)t.result.n * sizeof(float));
    k->col2im(t.result.x, s.col.x, &s.g, 0, rows);
    double left = 0, right = 0;
    for (int64_t i = 0; i < s.col.n; i++) left += (double)s.result.x[i] * s.col.x[i];
    for (int64_t i = 0; i < s.image.n; i++) right += (double)s.image.x[i] * t.result.x[i];
    ck_assert(left == right);
    free_strip(&s);
    free_strip(&t);
}

START_TEST(patches)
{
    const gan_kernels *table[8];
    int count = tables(table);
    for (int k = 0; k < count; k++) {
        int out_h = geometry(_i).out_h;
        check_im2col(table[k], _i, 0, out_h);
        check_col2im(table[k], _i, 0, out_h);
        check_adjoint(table[k], _i);
        for (int first = 0; first < out_h; first += 2) {
            check_im2col(table[k], _i, first, out_h - first < 2 ? 1 : 2);
            check_col2im(table[k], _i, first, 1);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("patches");
    TCase *tests = tcase_create("patches");
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, patches, 0, (int)(sizeof geometries / sizeof *geometries));
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
