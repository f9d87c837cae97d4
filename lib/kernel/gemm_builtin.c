/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/gemm_builtin.h"

/* Matrix products in the manner of Goto and van de Geijn 2008: tiles of c that stay in registers while k runs, a panel
 * of a (the tile's rows) in the first-level cache, a block of b in the second-level one. Operands are packed into
 * scratch where that makes them contiguous and is used often enough to pay, and read in place otherwise. A few columns
 * are dot products instead, which waste no lanes.
 *
 * Every element of c is a sum over k from the first to the last, BLOCK_K at a time, in an order that the shape sets. */

_Static_assert(GEMM_BLOCK_N % TILE_COLUMNS == 0 && GEMM_PANEL_ROWS >= TILE_ROWS, "what scratch has room for");

struct product {
    int64_t m, n, k;
    struct operand a, b;
    float *c;
    int64_t row, column; /* strides of c, one of them 1 */
    bool accumulate;
    float *panel, *block; /* scratch for a and for b */
};

/* Tiles whose columns are not whole vectors, or not neighbours in c, are made on the stack. */
static void store_tile(const struct product *g, const float *tile, float *c, int64_t rows, int64_t columns,
                       bool accumulate)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            float *target = c + i * g->row + j * g->column;
            *target = accumulate ? *target + tile[i * TILE_COLUMNS + j] : tile[i * TILE_COLUMNS + j];
        }
}

/* What one pass over c takes: k elements from p on, and columns first .. first + n - 1. */
struct pass {
    int64_t p, k, first, n;
    bool accumulate, packed;
};

static int64_t whole_vectors(int64_t n)
{
    return (n + LANES - 1) / LANES;
}

/* The rows of one panel, across all columns of the pass. */
static void multiply_panel(const struct product *g, const struct pass *s, struct operand a, int64_t row, int t)
{
    _Alignas(64) float tile[TILE_ROWS * TILE_COLUMNS];
    for (int64_t j = 0; j < s->n; j += TILE_COLUMNS) {
        int64_t columns = s->n - j < TILE_COLUMNS ? s->n - j : TILE_COLUMNS, vectors = whole_vectors(columns);
        bool packed = s->packed || columns % LANES;
        const float *b = packed ? g->block + j * s->k : part_of(g->b, s->first + j, s->p).x;
        int64_t ldb = packed ? vectors * LANES : g->b.ld;
        float *c = g->c + row * g->row + (s->first + j) * g->column;
        bool direct = columns % LANES == 0 && g->column == 1;
        VARIANT(gemm_tiles)
        [t].function[a.along_k][vectors - 1](s->k, a, b, ldb, direct ? c : tile, direct ? g->row : TILE_COLUMNS,
                                             direct && s->accumulate);
        if (!direct) store_tile(g, tile, c, VARIANT(gemm_tiles)[t].rows, columns, s->accumulate);
    }
}

static void pack_columns(const struct product *g, const struct pass *s)
{
    for (int64_t j = 0; j < s->n; j += TILE_COLUMNS) {
        int64_t columns = s->n - j < TILE_COLUMNS ? s->n - j : TILE_COLUMNS;
        if (s->packed || columns % LANES) VARIANT(gemm_pack)
        (g->block + j * s->k, whole_vectors(columns) * LANES, part_of(g->b, s->first + j, s->p), columns, s->k);
    }
}

static void run_pass(const struct product *g, const struct pass *s, bool pack_a)
{
    pack_columns(g, s);
    int t = 0;
    for (int64_t i = 0; i < g->m; i += VARIANT(gemm_tiles)[t].rows) {
        while (VARIANT(gemm_tiles)[t].rows > g->m - i) t++;
        struct operand a = part_of(g->a, i, s->p);
        if (pack_a) {
            VARIANT(gemm_pack)(g->panel, VARIANT(gemm_tiles)[t].rows, a, VARIANT(gemm_tiles)[t].rows, s->k);
            a = (struct operand){g->panel, VARIANT(gemm_tiles)[t].rows, false};
        }
        multiply_panel(g, s, a, i, t);
    }
}

static int64_t minimum(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void run_tiles(const struct product *g)
{
    bool pack_a = g->n > 4 * TILE_COLUMNS;
    bool pack_b = g->b.along_k || (g->n > TILE_COLUMNS && g->m > 16 * TILE_ROWS);
    for (int64_t first = 0; first < g->n; first += GEMM_BLOCK_N)
        for (int64_t p = 0; p < g->k; p += GEMM_BLOCK_K)
            run_pass(g,
                     &(struct pass){.p = p,
                                    .k = minimum(g->k - p, GEMM_BLOCK_K),
                                    .first = first,
                                    .n = minimum(g->n - first, GEMM_BLOCK_N),
                                    .accumulate = p > 0 || g->accumulate,
                                    .packed = pack_b},
                     pack_a);
}

/* n is at most GEMM_DOT_COLUMNS, and a along k; b is made so. */
static void run_dots(const struct product *g)
{
    const int64_t most = GEMM_BLOCK_K * GEMM_BLOCK_N / GEMM_DOT_COLUMNS;
    for (int64_t p = 0; p < g->k; p += most) {
        int64_t k = minimum(g->k - p, most);
        struct operand a = part_of(g->a, 0, p), b = part_of(g->b, 0, p);
        if (!b.along_k) {
            for (int64_t j = 0; j < g->n; j++)
                for (int64_t i = 0; i < k; i++) g->block[j * k + i] = b.x[i * b.ld + j];
            b = (struct operand){g->block, k, true};
        }
        for (int64_t i = 0; i < g->m; i += DOT_ROWS) VARIANT(gemm_dots)
        (minimum(g->m - i, DOT_ROWS), g->n, k, part_of(a, i, 0), b, g->c + i * g->row, g->row, g->column,
         p > 0 || g->accumulate);
    }
}

/* The same product with c transposed: its columns are vectors' lanes then. */
static struct product swapped(const struct product *g)
{
    struct product s = *g;
    s.m = g->n, s.n = g->m, s.a = g->b, s.b = g->a, s.row = g->column, s.column = g->row;
    return s;
}

static void run(const struct product *g)
{
    struct product whole = *g, rest = *g;
    rest.n = g->n % LANES;
    if (!g->a.along_k || rest.n > GEMM_DOT_COLUMNS) rest.n = 0;
    whole.n -= rest.n;
    rest.b = part_of(g->b, whole.n, 0);
    rest.c += whole.n * g->column;
    if (whole.n > 0) run_tiles(&whole);
    if (rest.n > 0) run_dots(&rest);
}

static void clear(const gan_gemm *g)
{
    for (int64_t i = 0; i < g->m && !g->accumulate; i++)
        for (int64_t j = 0; j < g->n; j++) g->c[i * g->ldc + j] = 0;
}

void VARIANT(gemm_builtin)(const gan_gemm *g)
{
    if (g->k == 0) {
        clear(g);
        return;
    }
    struct product product = {
        .m = g->m,
        .n = g->n,
        .k = g->k,
        .a = {g->a, g->lda, !g->transpose_a},
        .b = {g->b, g->ldb, g->transpose_b},
        .c = g->c,
        .row = g->ldc,
        .column = 1,
        .accumulate = g->accumulate,
        .panel = g->scratch,
        .block = g->scratch + GEMM_PANEL_ROWS * GEMM_BLOCK_K,
    };
    bool few_columns = g->n < LANES / 2 && g->n < g->m && g->transpose_a;
    bool few_rows = g->m <= GEMM_DOT_COLUMNS && g->m < g->n && g->transpose_b;
    if (few_columns || few_rows) product = swapped(&product);
    run(&product);
}
