/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/axis.h"
#include "kernel/tile.h"

/* The gradient of a convolution's weights: element [i, j, c, f] is the sum over samples and output pixels (o, p) of
 * image[o * stride + i - pad, p * stride + j - pad, c] * output[o, p, f]. A tile's rows are neighbouring (j, c), which
 * are neighbours in the image too, and its sums stay in registers while samples and pixels run. Columns of pixels that
 * meet the same taps are taken together, so that padding is never visited. */

/* Three nested loops over pixels, outermost first: how often, and how far apart in the image and the output. */
struct pixels {
    int64_t count[3], image[3], output[3];
};

INLINE void sum_tile(int rows, int vectors, bool part, const struct pixels *p, const float *image, const float *output,
                     float *gradient, int64_t stride, int64_t columns)
{
    vec sum[TILE_ROWS][TILE_VECTORS];
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < vectors; j++) sum[i][j] = (vec){0};
    }
    for (int64_t n = 0; n < p->count[0]; n++)
        for (int64_t y = 0; y < p->count[1]; y++) {
            const float *a = image + n * p->image[0] + y * p->image[1];
            const float *b = output + n * p->output[0] + y * p->output[1];
            for (int64_t x = 0; x < p->count[2]; x++, a += p->image[2], b += p->output[2]) {
                vec v[TILE_VECTORS];
                UNROLL
                for (int j = 0; j < vectors; j++) v[j] = part ? load_part(b, columns) : load(b + j * LANES);
                UNROLL
                for (int i = 0; i < rows; i++) {
                    vec s = splat(a[i]);
                    UNROLL
                    for (int j = 0; j < vectors; j++) sum[i][j] = multiply_add(s, v[j], sum[i][j]);
                }
            }
        }
    UNROLL
    for (int i = 0; i < rows; i++, gradient += stride) {
        UNROLL
        for (int j = 0; j < vectors; j++) {
            float *g = gradient + j * LANES;
            if (part)
                store_part(g, load_part(g, columns) + sum[i][j], columns);
            else
                store(g, load(g) + sum[i][j]);
        }
    }
}

#define TILE(rows, vectors, part, name)                                                                                \
    static void tile_##rows##_##name(const struct pixels *p, const float *image, const float *output, float *gradient, \
                                     int64_t stride, int64_t columns)                                                  \
    {                                                                                                                  \
        sum_tile(rows, vectors, part, p, image, output, gradient, stride, columns);                                    \
    }
#define TILES(rows) TILE(rows, 1, true, part) TILE(rows, 1, false, 1) TILE(rows, 2, false, 2)
EACH_TILE(TILES)

/* By height and by whole vectors, 0 for a part of one. */
#define TILES_OF(rows) {tile_##rows##_part, tile_##rows##_1, tile_##rows##_2},
static void (*const tiles[TILE_ROWS][TILE_VECTORS + 1])(const struct pixels *p, const float *image, const float *output,
                                                        float *gradient, int64_t stride,
                                                        int64_t columns) = {EACH_TILE(TILES_OF)};

/* All tiles of the rows [run, out_c] of the gradient. */
static void sum_rows(const struct pixels *p, const float *image, const float *output, float *gradient, int64_t run,
                     int64_t out_c)
{
    for (int64_t first = 0; first < out_c;) {
        int64_t left = out_c - first, vectors = gan_least(left / LANES, TILE_VECTORS);
        int height;
        for (int64_t row = 0; row < run; row += height) {
            height = tile_height(run - row);
            tiles[height - 1][vectors](p, image + row, output + first, gradient + row * out_c + first, out_c, left);
        }
        first += vectors > 0 ? vectors * LANES : left;
    }
}

/* The output rows whose tap in kernel row `tap` is inside the image. */
static gan_reach rows_inside(const gan_conv_geometry *g, int64_t tap)
{
    int64_t offset = tap - g->pad_top, stride = g->stride_h;
    int64_t first = offset < 0 ? (-offset + stride - 1) / stride : 0;
    int64_t end = offset < g->in_h ? (g->in_h - 1 - offset) / stride + 1 : 0;
    return (gan_reach){.source = first * stride + offset, .tap = first, .count = gan_least(end, g->out_h) - first};
}

void VARIANT(conv_gradient)(float *gradient, const float *image, const float *output, const gan_conv_geometry *g,
                            int64_t samples, int64_t kernel_row)
{
    const gan_axis x = gan_axis_columns(g, false);
    int64_t in_c = g->in_c, out_c = g->out_c, image_row = g->in_w * in_c, output_row = g->out_w * out_c;
    gan_reach rows = rows_inside(g, kernel_row);
    gradient += kernel_row * g->kernel_w * in_c * out_c;
    for (gan_axis_class c = {0}; rows.count > 0 && gan_axis_next(&x, &c);) {
        struct pixels p = {{samples, rows.count, c.positions},
                           {g->in_h * image_row, g->stride_h * image_row, c.source_step * in_c},
                           {g->out_h * output_row, output_row, out_c}};
        sum_rows(&p, image + rows.source * image_row + c.reach.source * in_c,
                 output + rows.tap * output_row + c.first * out_c, gradient + c.reach.tap * in_c * out_c,
                 c.reach.count * in_c, out_c);
    }
}
