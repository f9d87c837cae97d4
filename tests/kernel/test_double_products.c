/* SPDX-License-Identifier: BSD-2-Clause */
#include "buffers.h"

#include <string.h>

/* Products of floats in double: every set has the bits of a plain loop, as each product is exact and each sum has the
 * order of k. */

#define MOST_K 300
#define MOST   16 /* rows or columns of a tile */
#define LDC    (MOST + 3)

static const int64_t depths[] = {1, 7, 8, 9, 255, 256, MOST_K};

/* Lines of k floats, of which some are missing, packed by the kernel and by hand. */
static void pack(const gan_kernels *k, double *packed, const buffer *x, int64_t width, int64_t depth, int64_t there)
{
    const float *line[MOST];
    double *expected = must_allocate((size_t)(width * depth), sizeof *expected);
    for (int64_t j = 0; j < width; j++) {
        line[j] = j < there ? x->x + j * MOST_K : NULL;
        for (int64_t p = 0; p < depth; p++) expected[p * width + j] = j < there ? (double)line[j][p] : 0;
    }
    packed[width * depth] = 77;
    k->pack_doubles(packed, width, line, depth);
    must(memcmp(packed, expected, (size_t)(width * depth) * sizeof *packed) == 0, "%s: %d lines of %d", k->name,
         (int)there, (int)depth);
    must(packed[width * depth] == 77, "%s: %d lines of %d go too far", k->name, (int)there, (int)depth);
    free(expected);
}

static void check_product(const gan_kernels *k, int64_t depth)
{
    int64_t rows = k->double_rows, columns = k->double_columns;
    buffer x = buffer_new(MOST * MOST_K, 1), y = buffer_new(MOST * MOST_K, 1);
    double *a = must_allocate(MOST * MOST_K + 1, sizeof *a), *b = must_allocate(MOST * MOST_K + 1, sizeof *b);
    double c[MOST * LDC], expected[MOST * LDC];
    buffer_fill(&x, 1);
    buffer_fill(&y, 2);
    pack(k, a, &x, rows, depth, rows - 1);
    pack(k, b, &y, columns, depth, columns);
    for (int i = 0; i < MOST * LDC; i++) c[i] = expected[i] = i;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            for (int64_t p = 0; p < depth; p++) expected[i * LDC + j] += a[p * rows + i] * b[p * columns + j];
    k->double_products(c, LDC, a, b, depth);
    must(memcmp(c, expected, sizeof c) == 0, "%s: products over %d", k->name, (int)depth);
    free(a);
    free(b);
    buffer_free(&x, "x");
    buffer_free(&y, "y");
}

START_TEST(double_products)
{
    const gan_kernels *table[8];
    int count = tables(table);
    for (int k = 0; k < count; k++) {
        must(MOST % table[k]->double_rows == 0 && MOST % table[k]->double_columns == 0, "%s: tile", table[k]->name);
        check_product(table[k], depths[_i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("double_products");
    TCase *tests = tcase_create("double_products");
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, double_products, 0, (int)(sizeof depths / sizeof *depths));
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
