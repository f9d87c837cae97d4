/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/variant.h"

/* Matrix products in the manner of Goto and van de Geijn 2008: tiles of c that stay in registers while k runs, a panel of
 * a (the tile's rows) in the first-level cache, a block of b in the second-level one. Operands are packed into scratch
 * where that makes them contiguous and is used often enough to pay, and read in place otherwise.
 *
 * Every element of c is a sum over k from the first to the last, BLOCK_K at a time: its rounding depends on the shape. */

#define TILE_VECTORS 2
#define TILE_COLUMNS (TILE_VECTORS * LANES)
#if LANES == 16
#define TILE_ROWS 12 /* 24 sums, 2 vectors of b and 1 of a, in 32 registers */
#elif defined __aarch64__
#define TILE_ROWS 8
#else
#define TILE_ROWS 6 /* 12 sums, of 16 registers */
#endif

_Static_assert(GEMM_BLOCK_N % TILE_COLUMNS == 0 && GEMM_PANEL_ROWS >= TILE_ROWS, "what scratch has room for");

/* a or b as lines of k elements: the rows of a, the columns of b. Their elements are neighbours, or, when not `along_k`,
 * the lines are: the product is symmetric in both, c(i,j) = sum over p of a(i,p) * b(j,p). */
struct operand {
    const float *x;
    int64_t ld;
    bool along_k;
};

struct product {
    int64_t m, n, k;
    struct operand a, b;
    float *c;
    int64_t row, column; /* strides of c, one of them 1 */
    bool accumulate;
    float *panel, *block; /* scratch for a and for b */
};

INLINE struct operand part_of(struct operand o, int64_t line, int64_t p)
{
    o.x += o.along_k ? line * o.ld + p : p * o.ld + line;
    return o;
}

/* One tile: c [rows, vectors * LANES] of a's lines and b [k, ldb]. */
INLINE void multiply(int rows, int vectors, int64_t k, struct operand a, const float *b, int64_t ldb, float *c,
                     int64_t ldc, bool accumulate)
{
    vec sum[TILE_ROWS][TILE_VECTORS];
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < vectors; j++) sum[i][j] = (vec){0};
    }
    for (int64_t p = 0; p < k; p++) {
        vec v[TILE_VECTORS];
        UNROLL
        for (int j = 0; j < vectors; j++) v[j] = load(b + p * ldb + j * LANES);
        UNROLL
        for (int i = 0; i < rows; i++) {
            vec x = splat(a.along_k ? a.x[i * a.ld + p] : a.x[p * a.ld + i]);
            UNROLL
            for (int j = 0; j < vectors; j++) sum[i][j] += x * v[j];
        }
    }
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < vectors; j++) {
            float *target = c + i * ldc + j * LANES;
            store(target, accumulate ? load(target) + sum[i][j] : sum[i][j]);
        }
    }
}

typedef void tile_function(int64_t k, struct operand a, const float *b, int64_t ldb, float *c, int64_t ldc,
                           bool accumulate);

#define TILE(rows, vectors, order, is_along_k)                                                             \
    static void tile_##rows##_##vectors##_##order(int64_t k, struct operand a, const float *b, int64_t ldb, \
                                                  float *c, int64_t ldc, bool accumulate)                  \
    {                                                                                                      \
        a.along_k = is_along_k;                                                                            \
        multiply(rows, vectors, k, a, b, ldb, c, ldc, accumulate);                                         \
    }
#define TILES(rows)        \
    TILE(rows, 1, across, 0) \
    TILE(rows, 2, across, 0) \
    TILE(rows, 1, along, 1)  \
    TILE(rows, 2, along, 1)
#define TILE_NAMES(rows) \
    {rows, {{tile_##rows##_1_across, tile_##rows##_2_across}, {tile_##rows##_1_along, tile_##rows##_2_along}}}

#if LANES == 16
TILES(12)
#endif
#if LANES == 16 || defined __aarch64__
TILES(8)
#else
TILES(6)
#endif
TILES(4)
TILES(2)
TILES(1)

/* Rows that are left over go to the tallest tile that fits. */
static const struct {
    int rows;
    tile_function *function[2][TILE_VECTORS]; /* [along_k][vectors - 1] */
} tiles[] = {
#if LANES == 16
    TILE_NAMES(12),
#endif
#if LANES == 16 || defined __aarch64__
    TILE_NAMES(8),
#else
    TILE_NAMES(6),
#endif
    TILE_NAMES(4), TILE_NAMES(2), TILE_NAMES(1)};

/* packed [k, width] = `lines` lines of o, zeros beyond them. */
static void pack(float *packed, int64_t width, struct operand o, int64_t lines, int64_t k)
{
    if (!o.along_k) {
        for (int64_t p = 0; p < k; p++) {
            for (int64_t i = 0; i < lines; i++) packed[p * width + i] = o.x[p * o.ld + i];
            for (int64_t i = lines; i < width; i++) packed[p * width + i] = 0;
        }
        return;
    }
    for (int64_t i = 0; i < width; i++)
        for (int64_t p = 0; p < k; p++) packed[p * width + i] = i < lines ? o.x[i * o.ld + p] : 0;
}

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
        tiles[t].function[a.along_k][vectors - 1](s->k, a, b, ldb, direct ? c : tile, direct ? g->row : TILE_COLUMNS,
                                                  direct && s->accumulate);
        if (!direct) store_tile(g, tile, c, tiles[t].rows, columns, s->accumulate);
    }
}

static void pack_columns(const struct product *g, const struct pass *s)
{
    for (int64_t j = 0; j < s->n; j += TILE_COLUMNS) {
        int64_t columns = s->n - j < TILE_COLUMNS ? s->n - j : TILE_COLUMNS;
        if (s->packed || columns % LANES)
            pack(g->block + j * s->k, whole_vectors(columns) * LANES, part_of(g->b, s->first + j, s->p), columns, s->k);
    }
}

static void run_pass(const struct product *g, const struct pass *s, bool pack_a)
{
    pack_columns(g, s);
    int t = 0;
    for (int64_t i = 0; i < g->m; i += tiles[t].rows) {
        while (tiles[t].rows > g->m - i) t++;
        struct operand a = part_of(g->a, i, s->p);
        if (pack_a) {
            pack(g->panel, tiles[t].rows, a, tiles[t].rows, s->k);
            a = (struct operand){g->panel, tiles[t].rows, false};
        }
        multiply_panel(g, s, a, i, t);
    }
}

static void run_tiles(const struct product *g)
{
    bool pack_a = g->n > 4 * TILE_COLUMNS;
    bool pack_b = g->b.along_k || (g->n > TILE_COLUMNS && g->m > 16 * TILE_ROWS);
    for (int64_t first = 0; first < g->n; first += GEMM_BLOCK_N) {
        for (int64_t p = 0; p < g->k; p += GEMM_BLOCK_K) {
            struct pass pass = {
                .p = p,
                .k = g->k - p < GEMM_BLOCK_K ? g->k - p : GEMM_BLOCK_K,
                .first = first,
                .n = g->n - first < GEMM_BLOCK_N ? g->n - first : GEMM_BLOCK_N,
                .accumulate = p > 0 || g->accumulate,
                .packed = pack_b,
            };
            run_pass(g, &pass, pack_a);
        }
    }
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
    run_tiles(&(struct product){
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
    });
}
