/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/gemm_builtin.h"

/* The innermost loops of the library's own matrix products. */

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
            for (int j = 0; j < vectors; j++) sum[i][j] = multiply_add(x, v[j], sum[i][j]);
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

#define TILE(rows, vectors, order, is_along_k)                                                                        \
    static void tile_##rows##_##vectors##_##order(int64_t k, struct operand a, const float *b, int64_t ldb, float *c, \
                                                  int64_t ldc, bool accumulate)                                       \
    {                                                                                                                 \
        a.along_k = is_along_k;                                                                                       \
        multiply(rows, vectors, k, a, b, ldb, c, ldc, accumulate);                                                    \
    }
#define TILES(rows)              \
    TILE(rows, 1, across, false) \
    TILE(rows, 2, across, false) \
    TILE(rows, 1, along, true)   \
    TILE(rows, 2, along, true)
#define TILES_OF(rows)                                        \
    {                                                         \
        rows,                                                 \
        {                                                     \
            {tile_##rows##_1_across, tile_##rows##_2_across}, \
            {                                                 \
                tile_##rows##_1_along, tile_##rows##_2_along  \
            }                                                 \
        }                                                     \
    }

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

const struct tile VARIANT(gemm_tiles)[] = {
#if LANES == 16
    TILES_OF(12),
#endif
#if LANES == 16 || defined __aarch64__
    TILES_OF(8),
#else
    TILES_OF(6),
#endif
    TILES_OF(4), TILES_OF(2), TILES_OF(1)};

INLINE void dots(int rows, int columns, int64_t k, struct operand a, struct operand b, float *c, int64_t row,
                 int64_t column, bool accumulate)
{
    vec sum[DOT_ROWS][GEMM_DOT_COLUMNS];
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < columns; j++) sum[i][j] = (vec){0};
    }
    for (int64_t p = 0; p < k; p += LANES) {
        int64_t left = k - p;
        vec x[DOT_ROWS];
        UNROLL
        for (int i = 0; i < rows; i++)
            x[i] = left < LANES ? load_part(a.x + i * a.ld + p, left) : load(a.x + i * a.ld + p);
        UNROLL
        for (int j = 0; j < columns; j++) {
            vec v = left < LANES ? load_part(b.x + j * b.ld + p, left) : load(b.x + j * b.ld + p);
            UNROLL
            for (int i = 0; i < rows; i++) sum[i][j] = multiply_add(x[i], v, sum[i][j]);
        }
    }
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < columns; j++) {
            float *target = c + i * row + j * column, total = sum_lanes(sum[i][j]);
            *target = accumulate ? *target + total : total;
        }
    }
}

void VARIANT(gemm_dots)(int64_t rows, int64_t columns, int64_t k, struct operand a, struct operand b, float *c,
                        int64_t row, int64_t column, bool accumulate)
{
    for (; rows >= DOT_ROWS && columns == GEMM_DOT_COLUMNS; columns = 0)
        dots(DOT_ROWS, GEMM_DOT_COLUMNS, k, a, b, c, row, column, accumulate);
    for (int64_t j = 0; j < columns; j++) {
        struct operand line = part_of(b, j, 0);
        if (rows == DOT_ROWS) {
            dots(DOT_ROWS, 1, k, a, line, c + j * column, row, column, accumulate);
            continue;
        }
        for (int64_t i = 0; i < rows; i++)
            dots(1, 1, k, part_of(a, i, 0), line, c + i * row + j * column, row, column, accumulate);
    }
}

/* Four floats, whatever the set's vectors are. */
__extension__ typedef float four __attribute__((vector_size(16)));
#if defined __clang__ || __GNUC__ >= 12
#define SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
__extension__ typedef int32_t four_indices __attribute__((vector_size(16)));
#define SHUFFLE(a, b, i, j, k, l) __builtin_shuffle(a, b, (four_indices){i, j, k, l})
#endif

/* y [4, ldy] = the transpose of x [4, ldx], 4 columns each. */
INLINE void transpose(float *y, int64_t ldy, const float *x, int64_t ldx)
{
    four r[4];
    for (int i = 0; i < 4; i++) memcpy(&r[i], x + i * ldx, sizeof r[i]);
    four low01 = SHUFFLE(r[0], r[1], 0, 4, 1, 5), high01 = SHUFFLE(r[0], r[1], 2, 6, 3, 7);
    four low23 = SHUFFLE(r[2], r[3], 0, 4, 1, 5), high23 = SHUFFLE(r[2], r[3], 2, 6, 3, 7);
    four columns[4] = {SHUFFLE(low01, low23, 0, 1, 4, 5), SHUFFLE(low01, low23, 2, 3, 6, 7),
                       SHUFFLE(high01, high23, 0, 1, 4, 5), SHUFFLE(high01, high23, 2, 3, 6, 7)};
    for (int i = 0; i < 4; i++) memcpy(y + i * ldy, &columns[i], sizeof columns[i]);
}

/* Likewise of x [LANES, ldx]: the same in each quarter or half of a vector. */
#if LANES == 16
INLINE __m512 fours(const float *x, int64_t ld)
{
    __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(x));
    v = _mm512_insertf32x4(v, _mm_loadu_ps(x + 4 * ld), 1);
    v = _mm512_insertf32x4(v, _mm_loadu_ps(x + 8 * ld), 2);
    return _mm512_insertf32x4(v, _mm_loadu_ps(x + 12 * ld), 3);
}
#define UNPACK(half, a, b) _mm512_unpack##half##_ps(a, b)
#define PAIRS(a, b, which) _mm512_shuffle_ps(a, b, which)
#elif LANES == 8
INLINE __m256 fours(const float *x, int64_t ld)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(x)), _mm_loadu_ps(x + 4 * ld), 1);
}
#define UNPACK(half, a, b) _mm256_unpack##half##_ps(a, b)
#define PAIRS(a, b, which) _mm256_shuffle_ps(a, b, which)
#endif

INLINE void transpose_lanes(float *y, int64_t ldy, const float *x, int64_t ldx)
{
#if LANES > 4
    vec r[4];
    for (int i = 0; i < 4; i++) r[i] = (vec)fours(x + i * ldx, ldx);
    vec low01 = (vec)UNPACK(lo, r[0], r[1]), high01 = (vec)UNPACK(hi, r[0], r[1]);
    vec low23 = (vec)UNPACK(lo, r[2], r[3]), high23 = (vec)UNPACK(hi, r[2], r[3]);
    store(y, (vec)PAIRS(low01, low23, 0x44));
    store(y + ldy, (vec)PAIRS(low01, low23, 0xee));
    store(y + 2 * ldy, (vec)PAIRS(high01, high23, 0x44));
    store(y + 3 * ldy, (vec)PAIRS(high01, high23, 0xee));
#else
    transpose(y, ldy, x, ldx);
#endif
}

/* `count` lines, LANES or 4, from the first on. */
INLINE void pack_lines(float *packed, int64_t width, const float *x, int64_t ld, int64_t k, int count)
{
    int64_t p = 0;
    for (; p + 4 <= k; p += 4) {
        if (count == LANES)
            transpose_lanes(packed + p * width, width, x + p, ld);
        else
            transpose(packed + p * width, width, x + p, ld);
    }
    for (; p < k; p++)
        for (int line = 0; line < count; line++) packed[p * width + line] = x[line * ld + p];
}

static void pack_along(float *packed, int64_t width, struct operand o, int64_t lines, int64_t k)
{
    int64_t i = 0;
    for (; i + LANES <= lines; i += LANES) pack_lines(packed + i, width, o.x + i * o.ld, o.ld, k, LANES);
    for (; i + 4 <= lines; i += 4) pack_lines(packed + i, width, o.x + i * o.ld, o.ld, k, 4);
    for (; i < width; i++)
        for (int64_t p = 0; p < k; p++) packed[p * width + i] = i < lines ? o.x[i * o.ld + p] : 0;
}

void VARIANT(gemm_pack)(float *packed, int64_t width, struct operand o, int64_t lines, int64_t k)
{
    if (o.along_k) {
        pack_along(packed, width, o, lines, k);
        return;
    }
    for (int64_t p = 0; p < k; p++, packed += width) {
        const float *x = o.x + p * o.ld;
        int64_t i = 0;
        for (; i + 4 <= lines; i += 4) memcpy(packed + i, x + i, 4 * sizeof *x);
        for (; i < width; i++) packed[i] = i < lines ? x[i] : 0;
    }
}
