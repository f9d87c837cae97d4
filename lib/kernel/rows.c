/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/variant.h"

/* Kernels over the rows of a matrix [rows, c]. Where c is small or no multiple of a vector, they take the matrix as one
 * of fewer and wider rows, `group` of the old ones each, with what applies to a row repeated for each. Sums then have
 * one more step, in which the parts of the wide sum are added up. */

#define ACCUMULATORS 8
#define WIDEST       512 /* floats of a wide row, and of the arrays on the stack that repeat a row */

static int64_t group_of(int64_t rows, int64_t c)
{
    int64_t group = 1;
    if (c < ACCUMULATORS * LANES) group = c % LANES == 0 ? ACCUMULATORS * LANES / c : LANES;
    return group * c <= WIDEST && rows >= 4 * group ? group : 1;
}

static void repeat(float *wide, const float *row, int64_t group, int64_t c)
{
    for (int64_t k = 0; k < group; k++) memcpy(wide + k * c, row, (size_t)c * sizeof *row);
}

static void fill(float *y, const float *row, int64_t rows, int64_t c)
{
    for (; rows > 0; rows--, y += c) {
        INDEPENDENT
        for (int64_t j = 0; j < c; j++) y[j] = row[j];
    }
}

void VARIANT(fill_rows)(float *y, const float *row, int64_t rows, int64_t c)
{
    float wide[WIDEST];
    int64_t group = group_of(rows, c), done = group > 1 ? rows / group * group : 0;
    if (done > 0) {
        repeat(wide, row, group, c);
        fill(y, wide, done / group, group * c);
    }
    fill(y + done * c, row, rows - done, c);
}

static void scale_and_shift(float *y, const float *x, const float *scale, const float *shift, int64_t rows, int64_t c)
{
    for (; rows > 0; rows--, y += c, x += c) {
        INDEPENDENT
        for (int64_t j = 0; j < c; j++) y[j] = x[j] * scale[j] + shift[j];
    }
}

void VARIANT(scale_shift)(float *y, const float *x, const float *scale, const float *shift, int64_t rows, int64_t c)
{
    float wide[2][WIDEST];
    int64_t group = group_of(rows, c), done = group > 1 ? rows / group * group : 0;
    if (done > 0) {
        repeat(wide[0], scale, group, c);
        repeat(wide[1], shift, group, c);
        scale_and_shift(y, x, wide[0], wide[1], done / group, group * c);
    }
    scale_and_shift(y + done * c, x + done * c, scale, shift, rows - done, c);
}

/* Where `below` is not NULL, only what is not above 0 there is multiplied. */
static void multiply(float *y, const float *x, const float *scale, const float *below, int64_t rows, int64_t c)
{
    for (; rows > 0; rows--, y += c, x += c) {
        if (!below) {
            INDEPENDENT
            for (int64_t j = 0; j < c; j++) y[j] = x[j] * scale[j];
            continue;
        }
        INDEPENDENT
        for (int64_t j = 0; j < c; j++) y[j] = x[j] * (below[j] > 0 ? 1 : scale[j]);
        below += c;
    }
}

void VARIANT(multiply_rows)(float *y, const float *x, const float *scale, const float *below, int64_t rows, int64_t c)
{
    float wide[WIDEST];
    int64_t group = group_of(rows, c), done = group > 1 ? rows / group * group : 0;
    if (done > 0) {
        repeat(wide, scale, group, c);
        multiply(y, x, wide, below, done / group, group * c);
    }
    multiply(y + done * c, x + done * c, scale, below ? below + done * c : NULL, rows - done, c);
}

static void combine(float *dx, const float *dy, const float *x, const float *a, const float *b, const float *d,
                    int64_t rows, int64_t c)
{
    for (; rows > 0; rows--, dx += c, dy += c, x += c) {
        INDEPENDENT
        for (int64_t j = 0; j < c; j++) dx[j] = a[j] * dy[j] + (b[j] * x[j] + d[j]);
    }
}

void VARIANT(batch_norm_backward)(float *dx, const float *dy, const float *x, const float *a, const float *b,
                                  const float *d, int64_t rows, int64_t c)
{
    float wide[3][WIDEST];
    int64_t group = group_of(rows, c), done = group > 1 ? rows / group * group : 0;
    if (done > 0) {
        repeat(wide[0], a, group, c);
        repeat(wide[1], b, group, c);
        repeat(wide[2], d, group, c);
        combine(dx, dy, x, wide[0], wide[1], wide[2], done / group, group * c);
    }
    combine(dx + done * c, dy + done * c, x + done * c, a, b, d, rows - done, c);
}

/* What is summed over the rows: x, (x - mean)^2, dy * (x - mean), dy * x, or the last where below is not above 0. */
enum term { VALUE, SQUARE, PRODUCT, PLAIN_PRODUCT, PRODUCT_BELOW };

#define HAS_MEAN(kind) ((kind) == SQUARE || (kind) == PRODUCT)
#define HAS_DY(kind)   ((kind) >= PRODUCT)

struct terms {
    const float *x, *mean, *dy, *below;
};

#define TERM(kind, x, mean, dy)                           \
    ((kind) == VALUE    ? (x)                             \
     : (kind) == SQUARE ? ((x) - (mean)) * ((x) - (mean)) \
     : HAS_MEAN(kind)   ? (dy) * ((x) - (mean))           \
                        : (dy) * (x))

/* Columns j .. j + vectors * LANES - 1, added to sum. */
INLINE void sum_vectors(enum term kind, float *sum, const struct terms *t, int64_t rows, int64_t c, int64_t j,
                        int vectors)
{
    vec s[ACCUMULATORS], mean[ACCUMULATORS];
    const vec unused = {0};
    UNROLL
    for (int k = 0; k < vectors; k++) {
        s[k] = load(sum + j + k * LANES);
        mean[k] = HAS_MEAN(kind) ? load(t->mean + j + k * LANES) : unused;
    }
    for (int64_t i = j; i < rows * c; i += c) {
        UNROLL
        for (int k = 0; k < vectors; k++) {
            vec x = load(t->x + i + k * LANES), dy = HAS_DY(kind) ? load(t->dy + i + k * LANES) : unused;
            if (kind == PRODUCT_BELOW) dy = choose(load(t->below + i + k * LANES) > 0, unused, dy);
            s[k] += TERM(kind, x, mean[k], dy);
        }
    }
    UNROLL
    for (int k = 0; k < vectors; k++) store(sum + j + k * LANES, s[k]);
}

INLINE void add_kind(enum term kind, float *sum, const struct terms *t, int64_t rows, int64_t c)
{
    int64_t j = 0;
    for (; j + ACCUMULATORS * LANES <= c; j += ACCUMULATORS * LANES)
        sum_vectors(kind, sum, t, rows, c, j, ACCUMULATORS);
    for (; j + LANES <= c; j += LANES) sum_vectors(kind, sum, t, rows, c, j, 1);
    for (; j < c; j++) {
        float mean = HAS_MEAN(kind) ? t->mean[j] : 0;
        for (int64_t i = j; i < rows * c; i += c) {
            float dy = HAS_DY(kind) && !(kind == PRODUCT_BELOW && t->below[i] > 0) ? t->dy[i] : 0;
            sum[j] += TERM(kind, t->x[i], mean, dy);
        }
    }
}

/* One copy of each kind. */
static void add_terms(enum term kind, float *sum, const struct terms *t, int64_t rows, int64_t c)
{
    switch (kind) {
    case VALUE:
        add_kind(VALUE, sum, t, rows, c);
        break;
    case SQUARE:
        add_kind(SQUARE, sum, t, rows, c);
        break;
    case PRODUCT:
        add_kind(PRODUCT, sum, t, rows, c);
        break;
    case PLAIN_PRODUCT:
        add_kind(PLAIN_PRODUCT, sum, t, rows, c);
        break;
    case PRODUCT_BELOW:
        add_kind(PRODUCT_BELOW, sum, t, rows, c);
        break;
    }
}

static void sum_terms(enum term kind, float *sum, struct terms t, int64_t rows, int64_t c)
{
    float wide[WIDEST] = {0}, wide_mean[WIDEST];
    int64_t group = group_of(rows, c), done = group > 1 ? rows / group * group : 0;
    for (int64_t j = 0; j < c; j++) sum[j] = 0;
    if (done > 0) {
        if (HAS_MEAN(kind)) repeat(wide_mean, t.mean, group, c);
        add_terms(kind, wide, &(struct terms){t.x, wide_mean, t.dy, t.below}, done / group, group * c);
        for (int64_t k = 0; k < group; k++)
            for (int64_t j = 0; j < c; j++) sum[j] += wide[k * c + j];
    }
    struct terms rest = {t.x + done * c, t.mean, HAS_DY(kind) ? t.dy + done * c : NULL,
                         kind == PRODUCT_BELOW ? t.below + done * c : NULL};
    add_terms(kind, sum, &rest, rows - done, c);
}

void VARIANT(sum_rows)(float *sum, const float *x, int64_t rows, int64_t c)
{
    sum_terms(VALUE, sum, (struct terms){.x = x}, rows, c);
}

void VARIANT(moments)(float *mean, float *squares, const float *x, int64_t rows, int64_t c)
{
    sum_terms(VALUE, mean, (struct terms){.x = x}, rows, c);
    for (int64_t j = 0; j < c; j++) mean[j] /= (float)rows;
    sum_terms(SQUARE, squares, (struct terms){.x = x, .mean = mean}, rows, c);
}

void VARIANT(batch_norm_sums)(float *sum_dy, float *sum_dy_x, const float *dy, const float *x, const float *mean,
                              const float *inverse, int64_t rows, int64_t c)
{
    sum_terms(VALUE, sum_dy, (struct terms){.x = dy}, rows, c);
    sum_terms(PRODUCT, sum_dy_x, (struct terms){.x = x, .mean = mean, .dy = dy}, rows, c);
    for (int64_t j = 0; j < c; j++) sum_dy_x[j] *= inverse[j];
}

void VARIANT(sum_products)(float *sum, const float *a, const float *b, const float *below, int64_t rows, int64_t c)
{
    struct terms t = {.x = b, .dy = a, .below = below};
    sum_terms(below ? PRODUCT_BELOW : PLAIN_PRODUCT, sum, t, rows, c);
}

void VARIANT(sum_columns)(float *sum, const float *x, int64_t rows, int64_t c)
{
    for (int64_t r = 0; r < rows; r++, x += c) {
        vec s = {0};
        int64_t j = 0;
        for (; j + LANES <= c; j += LANES) s += load(x + j);
        if (j < c) s += load_part(x + j, c - j);
        sum[r] = sum_lanes(s);
    }
}

void VARIANT(fill_columns)(float *y, const float *column, int64_t rows, int64_t c)
{
    for (int64_t r = 0; r < rows; r++, y += c) {
        float value = column[r];
        INDEPENDENT
        for (int64_t j = 0; j < c; j++) y[j] = value;
    }
}
