/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/axis.h"
#include "kernel/gemm_builtin.h"

/* Convolutions and their adjoints, with neither patches nor padding in memory. Pixels of the target that meet the same
 * taps (axis.h) are taken together, TILE_ROWS at a time, from one sample or from several; a tile's sums stay in
 * registers while all taps and channels run. The channels under one row of taps are neighbours in the source: one run.
 *
 * Every sum begins with its bias and takes taps and channels in the same order, wherever its pixel is in a tile: the
 * result for a pixel does not depend on how work was cut. */

/* What a class of pixels sums: `rows` runs of `run` floats each. */
struct window {
    int64_t rows, run;
    int64_t source_stride;               /* from one run to the next, in the source */
    int64_t first_weight, weight_stride; /* likewise among the weights, in rows of the panel */
};

/* The columns first .. first + columns - 1 of the target: whole vectors, a part of one, or dot products. */
struct panel {
    const float *vectors; /* [taps, channels, width] */
    const float *dots;    /* [dot_columns, taps, channels] */
    const float *bias;    /* or NULL */
    int64_t width, columns, dot_columns, depth;
    const float *source;
    float *target;
};

INLINE void sum_tile(int rows, int vectors, const struct window *w, const float *weight, const float *bias,
                     int64_t columns, const float *const *source, float *const *target)
{
    vec sum[TILE_ROWS][TILE_VECTORS];
    UNROLL
    for (int j = 0; j < vectors; j++) {
        int64_t left = columns - j * LANES;
        vec begin = bias ? load_up_to(bias + j * LANES, left) : (vec){0};
        UNROLL
        for (int i = 0; i < rows; i++) sum[i][j] = begin;
    }
    for (int64_t r = 0; r < w->rows; r++) {
        const float *b = weight + r * w->weight_stride * vectors * LANES;
        int64_t begin = r * w->source_stride, end = begin + w->run;
        for (int64_t k = begin; k < end; k++, b += vectors * LANES) {
            vec v[TILE_VECTORS];
            UNROLL
            for (int j = 0; j < vectors; j++) v[j] = load(b + j * LANES);
            UNROLL
            for (int i = 0; i < rows; i++) {
                vec x = splat(source[i][k]);
                UNROLL
                for (int j = 0; j < vectors; j++) sum[i][j] = multiply_add(x, v[j], sum[i][j]);
            }
        }
    }
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < vectors; j++) store_up_to(target[i] + j * LANES, sum[i][j], columns - j * LANES);
    }
}

#define TILE(rows, vectors)                                                                                \
    static void tile_##rows##_##vectors(const struct window *w, const float *weight, const float *bias,    \
                                        int64_t columns, const float *const *source, float *const *target) \
    {                                                                                                      \
        sum_tile(rows, vectors, w, weight, bias, columns, source, target);                                 \
    }
#define TILES(rows) TILE(rows, 1) TILE(rows, 2)
EACH_TILE(TILES)

#define TILES_OF(rows) {tile_##rows##_1, tile_##rows##_2},
static void (*const tiles[TILE_ROWS][TILE_VECTORS])(const struct window *w, const float *weight, const float *bias,
                                                    int64_t columns, const float *const *source,
                                                    float *const *target) = {EACH_TILE(TILES_OF)};

/* Dot products: the lanes are taps and channels, and are added up at the end. */
INLINE void dot_tile(int rows, int columns, const struct window *w, const struct panel *p, const float *const *source,
                     float *const *target, int64_t first)
{
    vec sum[DOT_ROWS][DOT_WIDTH];
    const float *weight = p->dots + first * p->depth + w->first_weight;
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < columns; j++) sum[i][j] = (vec){0};
    }
    for (int64_t r = 0; r < w->rows; r++) {
        const float *b = weight + r * w->weight_stride;
        for (int64_t k = 0; k < w->run; k += LANES) {
            int64_t left = w->run - k, at = r * w->source_stride + k;
            vec v[DOT_WIDTH];
            UNROLL
            for (int j = 0; j < columns; j++) v[j] = load_up_to(b + j * p->depth + k, left);
            UNROLL
            for (int i = 0; i < rows; i++) {
                vec x = load_up_to(source[i] + at, left);
                UNROLL
                for (int j = 0; j < columns; j++) sum[i][j] = multiply_add(x, v[j], sum[i][j]);
            }
        }
    }
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < columns; j++) {
            int64_t column = p->columns + first + j;
            target[i][column] = (p->bias ? p->bias[column] : 0) + sum_lanes(sum[i][j]);
        }
    }
}

static void dot_columns(const struct window *w, const struct panel *p, int rows, const float *const *source,
                        float *const *target)
{
    int64_t j = 0;
    int i = 0;
    for (; i + DOT_ROWS <= rows; i += DOT_ROWS) {
        for (j = 0; j + DOT_WIDTH <= p->dot_columns; j += DOT_WIDTH)
            dot_tile(DOT_ROWS, DOT_WIDTH, w, p, source + i, target + i, j);
        for (; j < p->dot_columns; j++) dot_tile(DOT_ROWS, 1, w, p, source + i, target + i, j);
    }
    for (; i < rows; i++)
        for (j = 0; j < p->dot_columns; j++) dot_tile(1, 1, w, p, source + i, target + i, j);
}

/* A class's pixels in all samples, one after the other. */
struct cursor {
    int64_t row, column, rows, columns; /* of the class, in this sample */
    int64_t source, target;             /* offsets of the pixel's first tap and of the pixel, in floats */
    int64_t source_step[3],
        target_step[3]; /* to the next column; from a row's end to the next row; to the next sample */
};

INLINE void advance(struct cursor *c)
{
    int to = 0;
    if (++c->column == c->columns) {
        c->column = 0;
        to = 1;
        if (++c->row == c->rows) {
            c->row = 0;
            to = 2;
        }
    }
    c->source += c->source_step[to];
    c->target += c->target_step[to];
}

/* Where the class's first pixel is, in the first sample. */
static struct cursor class_cursor(const gan_axis *y, const gan_axis *x, const gan_axis_class *rows,
                                  const gan_axis_class *columns, int64_t source_c, int64_t target_c)
{
    int64_t source_row = x->sources * source_c, target_row = x->positions * target_c;
    int64_t across = columns->positions - 1, down = rows->positions - 1;
    struct cursor c = {.rows = rows->positions, .columns = columns->positions};
    c.source = rows->reach.source * source_row + columns->reach.source * source_c;
    c.target = rows->first * target_row + columns->first * target_c;
    c.source_step[0] = columns->source_step * source_c;
    c.target_step[0] = columns->step * target_c;
    c.source_step[1] = rows->source_step * source_row - across * c.source_step[0];
    c.target_step[1] = rows->step * target_row - across * c.target_step[0];
    c.source_step[2] = y->sources * source_row - across * c.source_step[0] - down * rows->source_step * source_row;
    c.target_step[2] = y->positions * target_row - across * c.target_step[0] - down * rows->step * target_row;
    return c;
}

static void sum_class(const struct window *w, const struct panel *p, struct cursor c, int64_t pixels)
{
    const float *source[TILE_ROWS], *vector_weights = p->vectors + w->first_weight * p->width;
    float *target[TILE_ROWS];
    int64_t vectors = p->width / LANES;
    while (pixels > 0) {
        int height = tile_height(pixels);
        for (int i = 0; i < height; i++, advance(&c)) {
            source[i] = p->source + c.source;
            target[i] = p->target + c.target;
        }
        if (vectors > 0) tiles[height - 1][vectors - 1](w, vector_weights, p->bias, p->columns, source, target);
        if (p->dot_columns > 0) dot_columns(w, p, height, source, target);
        pixels -= height;
    }
}

/* Panel `number` of the target's columns; conv_pack() writes what it points to. */
static struct panel panel_of(const gan_conv_geometry *g, bool adjoint, const float *packed, int64_t number)
{
    int64_t source_c = adjoint ? g->out_c : g->in_c, target_c = adjoint ? g->in_c : g->out_c;
    int64_t depth = (int64_t)g->kernel_h * g->kernel_w * source_c, first = number * TILE_COLUMNS;
    int64_t columns = gan_least(target_c - first, TILE_COLUMNS), rest = columns % LANES;
    struct panel p = {.columns = columns, .depth = depth, .vectors = packed + first * depth};
    if (rest <= DOT_COLUMNS) {
        p.dot_columns = rest;
        p.columns -= rest;
    }
    p.width = (p.columns + LANES - 1) / LANES * LANES;
    p.dots = p.vectors + p.width * depth;
    return p;
}

void VARIANT(conv)(const gan_conv_call *call, int64_t number)
{
    const gan_conv_geometry *g = call->geometry;
    const gan_axis y = gan_axis_rows(g, call->adjoint), x = gan_axis_columns(g, call->adjoint);
    int64_t source_c = call->adjoint ? g->out_c : g->in_c, first = number * TILE_COLUMNS;
    int64_t target_c = call->adjoint ? g->in_c : g->out_c;
    struct panel p = panel_of(g, call->adjoint, call->packed, number);
    p.source = call->source;
    p.target = call->target + first;
    p.bias = call->bias ? call->bias + first : NULL;
    for (gan_axis_class rows = {0}; gan_axis_next(&y, &rows);)
        for (gan_axis_class columns = {0}; gan_axis_next(&x, &columns);) {
            struct window w = {.rows = columns.reach.count ? rows.reach.count : 0,
                               .run = columns.reach.count * source_c,
                               .source_stride = x.sources * source_c,
                               .first_weight = (rows.reach.tap * x.kernel + columns.reach.tap) * source_c,
                               .weight_stride = x.kernel * source_c};
            sum_class(&w, &p, class_cursor(&y, &x, &rows, &columns, source_c, target_c),
                      call->samples * rows.positions * columns.positions);
        }
}

/* One tap's matrix [in_c, out_c] of the weights, for one panel. */
static void pack_panel(const gan_conv_geometry *g, bool adjoint, float *packed, const float *weight, int64_t at,
                       int64_t number)
{
    struct panel p = panel_of(g, adjoint, packed, number);
    int64_t source_c = adjoint ? g->out_c : g->in_c, first = number * TILE_COLUMNS;
    struct operand columns = {weight, g->out_c, adjoint};
    VARIANT(gemm_pack)
    ((float *)p.vectors + at * p.width, p.width, part_of(columns, first, 0), p.columns, source_c);
    for (int64_t j = 0; j < p.dot_columns; j++) {
        float *dots = (float *)p.dots + j * p.depth + at;
        int64_t column = first + p.columns + j;
        for (int64_t k = 0; k < source_c; k++)
            dots[k] = adjoint ? weight[column * g->out_c + k] : weight[k * g->out_c + column];
    }
}

void VARIANT(conv_pack)(float *packed, const float *weight, const gan_conv_geometry *g, bool adjoint, int64_t tap)
{
    const gan_axis y = gan_axis_rows(g, adjoint), x = gan_axis_columns(g, adjoint);
    int64_t source_c = adjoint ? g->out_c : g->in_c, target_c = adjoint ? g->in_c : g->out_c;
    int64_t at = gan_packed_tap(&y, tap / x.kernel) * x.kernel + gan_packed_tap(&x, tap % x.kernel);
    for (int64_t number = 0; number * TILE_COLUMNS < target_c; number++)
        pack_panel(g, adjoint, packed, weight + tap * g->in_c * g->out_c, at * source_c, number);
}
