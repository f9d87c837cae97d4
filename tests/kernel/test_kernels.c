/* SPDX-License-Identifier: BSD-2-Clause */
#include "cases.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A row of `cases` is one kernel with the formula that kernel.h gives for it, written plainly in double. Every set runs
 * it for all shapes, from aligned and misaligned memory, apart and in place. */

/* Shapes are [rows, c], or [batch, image_pixels, pixels, c]. S holds squares, L squares that are larger than those of
 * all other numbers. */
static int64_t floats_of(char letter, const int64_t *s)
{
    switch (letter) {
    case 'N':
    case 'S':
    case 'L':
        return s[0] * s[1];
    case 'C':
        return s[1];
    case 'R':
        return s[0];
    case '1':
        return 1;
    case 'M':
        return s[0] * DIMS * s[1];
    case 'D':
        return DIMS * s[1];
    case 'c':
        return s[3];
    case 'y':
        return s[2] * (s[3] + 1);
    case '2':
        return 2 * s[2] * s[3];
    case 'X':
        return ((s[0] - 1) * s[1] + s[2]) * s[3];
    case 'Y':
        return ((s[0] - 1) * s[1] + s[2]) * (s[3] + 1);
    default:
        return s[2] * s[3];
    }
}

/* A kernel's name, how it is called, and what element i of the output is. */
#define ELEMENTWISE(name, call, formula)                                                    \
    static void run_##name(const gan_kernels *k, float **out, float **in, const int64_t *s) \
    {                                                                                       \
        int64_t n = s[0] * s[1];                                                            \
        (void)in;                                                                           \
        call;                                                                               \
    }                                                                                       \
    static void reference_##name(double **out, double **in, const int64_t *s)               \
    {                                                                                       \
        for (int64_t i = 0; i < s[0] * s[1]; i++) {                                         \
            double x = in[0][i], z = in[1] ? in[1][i] : 0;                                  \
            (void)x;                                                                        \
            (void)z;                                                                        \
            out[0][i] = formula;                                                            \
        }                                                                                   \
    }
ELEMENTWISE(add, k->add(out[0], in[0], n), out[0][i] + x)
ELEMENTWISE(multiply, k->multiply(out[0], in[0], in[1], n), x *z)
ELEMENTWISE(multiply_add, k->multiply_add(out[0], in[0], in[1], n), out[0][i] + x * z)
/* What is random, by the library's core, where the position has a carry. */
static const gan_philox philox = {.seed = 0x123456789abcdef0u, .stream = 5, .substream = 77};
static const uint64_t position = 0xfffffff3u;

static double drop_factor(int64_t i)
{
    uint32_t words[4];
    gan_philox_block(&philox, position + (uint64_t)i / 4, words);
    return gan_unit_float(words[i % 4]) < 0.3f ? 0 : 1 / (1 - (double)0.3f);
}

static double normal(int64_t i)
{
    float numbers[4];
    gan_fill_normal(&philox, position + (uint64_t)i / 4, numbers, 4, 0, 1);
    return numbers[i % 4];
}
ELEMENTWISE(dropout, k->dropout(out[0], in[0], n, &philox, position, 0.3f), x *drop_factor(i))
ELEMENTWISE(dropout_of_nothing, k->dropout(out[0], in[0], n, &philox, position, 0), x)
ELEMENTWISE(noise, k->noise(out[0], in[0], n, &philox, position, 0.5f, 0), x + 0.5 * normal(i))
ELEMENTWISE(multiplicative_noise, k->noise(out[0], in[0], n, &philox, position, 0, 2), x + 2 * x * normal(i))

/* The same with column j, of what applies to a row. */
#define BY_ROWS(name, call, formula)                                                        \
    static void run_##name(const gan_kernels *k, float **out, float **in, const int64_t *s) \
    {                                                                                       \
        call;                                                                               \
    }                                                                                       \
    static void reference_##name(double **out, double **in, const int64_t *s)               \
    {                                                                                       \
        for (int64_t i = 0; i < s[0] * s[1]; i++) {                                         \
            int64_t j = i % s[1];                                                           \
            out[0][i] = formula;                                                            \
        }                                                                                   \
    }
BY_ROWS(fill_rows, k->fill_rows(out[0], in[0], s[0], s[1]), in[0][j])
BY_ROWS(scale_shift, k->scale_shift(out[0], in[0], in[1], in[2], s[0], s[1]), in[0][i] * in[1][j] + in[2][j])
BY_ROWS(batch_norm_backward, k->batch_norm_backward(out[0], in[0], in[1], in[2], in[3], in[4], s[0], s[1]),
        in[2][j] * in[0][i] + in[3][j] * in[1][i] + in[4][j])

BY_ROWS(multiply_rows, k->multiply_rows(out[0], in[0], in[1], NULL, s[0], s[1]), in[0][i] * in[1][j])
BY_ROWS(multiply_rows_below, k->multiply_rows(out[0], in[0], in[1], in[2], s[0], s[1]),
        in[2][i] > 0 ? in[0][i] : in[0][i] * in[1][j])

#define SUM_PRODUCTS(name, below, condition)                                                \
    static void run_##name(const gan_kernels *k, float **out, float **in, const int64_t *s) \
    {                                                                                       \
        k->sum_products(out[0], in[0], in[1], below, s[0], s[1]);                           \
    }                                                                                       \
    static void reference_##name(double **out, double **in, const int64_t *s)               \
    {                                                                                       \
        for (int64_t j = 0; j < s[1]; j++) out[0][j] = 0;                                   \
        for (int64_t i = 0; i < s[0] * s[1]; i++)                                           \
            if (condition) out[0][i % s[1]] += in[0][i] * in[1][i];                         \
    }
SUM_PRODUCTS(sum_products, NULL, true)
SUM_PRODUCTS(sum_products_below, in[2], in[2][i] <= 0)

static void run_sum_columns(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    k->sum_columns(out[0], in[0], s[0], s[1]);
}

static void reference_sum_columns(double **out, double **in, const int64_t *s)
{
    for (int64_t r = 0; r < s[0]; r++) out[0][r] = 0;
    for (int64_t i = 0; i < s[0] * s[1]; i++) out[0][i / s[1]] += in[0][i];
}

static void run_fill_columns(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    k->fill_columns(out[0], in[0], s[0], s[1]);
}

static void reference_fill_columns(double **out, double **in, const int64_t *s)
{
    for (int64_t i = 0; i < s[0] * s[1]; i++) out[0][i] = in[0][i / s[1]];
}

static void run_sum_rows(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    k->sum_rows(out[0], in[0], s[0], s[1]);
}

static void reference_sum_rows(double **out, double **in, const int64_t *s)
{
    for (int64_t j = 0; j < s[1]; j++) {
        out[0][j] = 0;
        for (int64_t r = 0; r < s[0]; r++) out[0][j] += in[0][r * s[1] + j];
    }
}

static void run_moments(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    k->moments(out[0], out[1], in[0], s[0], s[1]);
}

static void reference_moments(double **out, double **in, const int64_t *s)
{
    reference_sum_rows(out, in, s);
    for (int64_t j = 0; j < s[1]; j++) {
        out[0][j] /= (double)s[0];
        out[1][j] = 0;
        for (int64_t r = 0; r < s[0]; r++) out[1][j] += pow(in[0][r * s[1] + j] - out[0][j], 2);
    }
}

static void run_batch_norm_sums(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    k->batch_norm_sums(out[0], out[1], in[0], in[1], in[2], in[3], s[0], s[1]);
}

static void reference_batch_norm_sums(double **out, double **in, const int64_t *s)
{
    reference_sum_rows(out, in, s);
    for (int64_t j = 0; j < s[1]; j++) {
        out[1][j] = 0;
        for (int64_t r = 0; r < s[0]; r++)
            out[1][j] += in[0][r * s[1] + j] * (in[1][r * s[1] + j] - in[2][j]) * in[3][j];
    }
}

ELEMENTWISE(scale, k->scale(out[0], n, 0.75f), 0.75 * out[0][i])
ELEMENTWISE(clip, k->clip(out[0], n, 0.5f), fmin(fmax(out[0][i], -0.5), 0.5))
ELEMENTWISE(lerp, k->lerp(out[0], in[0], n, 0.25f), out[0][i] + 0.25 * (x - out[0][i]))

static void run_sum_squares(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    double sum = k->sum_squares(in[0], s[0] * s[1]);
    out[0][0] = (float)sum;
}

static void reference_sum_squares(double **out, double **in, const int64_t *s)
{
    out[0][0] = 0;
    for (int64_t i = 0; i < s[0] * s[1]; i++) out[0][0] += in[0][i] * in[0][i];
}

ELEMENTWISE(set_scaled, k->set_scaled(out[0], in[0], n, 0.75f), 0.75 * x)
ELEMENTWISE(add_scaled, k->add_scaled(out[0], in[0], n, 0.75f), out[0][i] + 0.75 * x)

static void run_dot(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    double sum = k->dot(in[0], in[1], s[0] * s[1]);
    out[0][0] = (float)sum;
}

static void reference_dot(double **out, double **in, const int64_t *s)
{
    out[0][0] = 0;
    for (int64_t i = 0; i < s[0] * s[1]; i++) out[0][0] += in[0][i] * in[1][i];
}
#define SOFTMAX_SCALE 0.75f

/* The sum over row r of a * p. */
static double row_mean(const double *a, const double *p, int64_t r, int64_t c)
{
    double sum = 0;
    for (int64_t j = r * c; j < (r + 1) * c; j++) sum += a[j] * p[j];
    return sum;
}

static void run_softmax(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    k->softmax(out[0], in[0], SOFTMAX_SCALE, s[0], s[1]);
}

static void reference_softmax(double **out, double **in, const int64_t *s)
{
    for (int64_t i = 0; i < s[0] * s[1]; i++) {
        double sum = 0;
        for (int64_t j = 0; j < s[1]; j++) sum += exp(SOFTMAX_SCALE * (in[0][i / s[1] * s[1] + j] - in[0][i]));
        out[0][i] = 1 / sum;
    }
}

static void run_softmax_backward(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    k->softmax_backward(out[0], in[0], in[1], SOFTMAX_SCALE, s[0], s[1]);
}

static void reference_softmax_backward(double **out, double **in, const int64_t *s)
{
    for (int64_t i = 0; i < s[0] * s[1]; i++)
        out[0][i] = SOFTMAX_SCALE * in[1][i] * (in[0][i] - row_mean(in[0], in[1], i / s[1], s[1]));
}

static void run_softmax_tangent_backward(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    k->softmax_tangent_backward(out[0], out[1], in[0], in[1], SOFTMAX_SCALE, s[0], s[1]);
}

static void reference_softmax_tangent_backward(double **out, double **in, const int64_t *s)
{
    const double *tx = in[0], *y = in[1];
    double *dx = out[0], *dtx = out[1];
    for (int64_t r = 0; r < s[0]; r++) {
        double mean = row_mean(dtx, y, r, s[1]), tangent = row_mean(tx, y, r, s[1]);
        for (int64_t i = r * s[1]; i < (r + 1) * s[1]; i++)
            dx[i] += SOFTMAX_SCALE * (dtx[i] * (tx[i] - tangent) - tx[i] * mean);
        double through = row_mean(dx, y, r, s[1]);
        for (int64_t i = r * s[1]; i < (r + 1) * s[1]; i++) {
            dx[i] = SOFTMAX_SCALE * y[i] * (dx[i] - through);
            dtx[i] = SOFTMAX_SCALE * y[i] * (dtx[i] - mean);
        }
    }
}

static const struct test_case cases[] = {
    CASE(add, "N", "N", false, 1.2e-7, 0),
    CASE(fill_rows, "C", "N", false, 0, 0),
    CASE(scale_shift, "NCC", "N", true, 0, 3e-7),
    CASE(batch_norm_backward, "NNCCC", "N", true, 0, 5e-7),
    CASE(sum_rows, "N", "C", false, 0, 4e-6),
    CASE(moments, "N", "CC", false, 0, 4e-6),
    CASE(batch_norm_sums, "NNCC", "CC", false, 0, 4e-6),
    CASE(multiply_rows, "NC", "N", true, 6e-8, 0),
    CASE(multiply_rows_below, "NCN", "N", true, 6e-8, 0),
    CASE(sum_products, "NN", "C", false, 0, 4e-6),
    CASE(sum_products_below, "NNN", "C", false, 0, 4e-6),
    CASE(multiply, "NN", "N", true, 6e-8, 0),
    CASE(multiply_add, "NN", "N", false, 0, 2e-7),
    CASE(sum_columns, "N", "R", false, 0, 4e-6),
    CASE(fill_columns, "R", "N", false, 0, 0),
    CASE(dropout, "N", "N", true, 2e-7, 0),
    CASE(dropout_of_nothing, "N", "N", true, 0, 0),
    CASE(noise, "N", "N", true, 0, 4e-7),
    CASE(multiplicative_noise, "N", "N", true, 0, 4e-7),
    CASE(sum_squares, "N", "1", false, 1e-7, 0),
    CASE(scale, "N", "N", false, 1.2e-7, 0),
    CASE(clip, "N", "N", false, 0, 0),
    CASE(lerp, "N", "N", false, 2e-7, 1e-7),
    CASE(set_scaled, "N", "N", true, 1.2e-7, 0),
    CASE(add_scaled, "N", "N", false, 0, 3e-7),
    CASE(dot, "NN", "1", false, 1e-7, 1e-7),
    CASE(softmax, "N", "N", true, 1e-6, 0),
    CASE(softmax_backward, "NN", "N", true, 0, 3e-6),
    CASE(softmax_tangent_backward, "NN", "NN", false, 0, 3e-6),
};

#define CASES ((int)(sizeof cases / sizeof *cases))

static const struct test_case *test_case(int index)
{
    if (index < CASES) return &cases[index];
    index -= CASES;
    return index < batch_cases.count ? &batch_cases.cases[index] : &update_cases.cases[index - batch_cases.count];
}

/* Inputs come before outputs: arguments of a case by one index. */
struct arguments {
    int ins, outs;
    buffer buffer[2 * MOST];
    float *x[2 * MOST];
};

static struct arguments new_arguments(const struct test_case *t, const int64_t *s, int misaligned, bool in_place)
{
    struct arguments a = {.ins = (int)strlen(t->in), .outs = (int)strlen(t->out)};
    for (int i = 0; i < a.ins + a.outs; i++) {
        char letter = i < a.ins ? t->in[i] : t->out[i - a.ins];
        buffer *b = &a.buffer[i];
        *b = buffer_new(floats_of(letter, s), misaligned);
        buffer_fill(b, (uint64_t)(i + 1));
        for (int64_t j = 0; (letter == 'S' || letter == 'L') && j < b->n; j++)
            b->x[j] = (letter == 'L' ? 5 : 0) + b->x[j] * b->x[j];
        a.x[i] = b->x;
    }
    if (in_place) a.x[a.ins] = a.x[0];
    return a;
}

static void free_arguments(const struct test_case *t, struct arguments *a)
{
    for (int i = 0; i < a->ins + a->outs; i++) buffer_free(&a->buffer[i], t->name);
}

/* out[i], as the formula has it. */
static void expect(const struct test_case *t, const int64_t *s, double *out[MOST])
{
    double *x[2 * MOST] = {NULL}, *in[MOST] = {NULL};
    struct arguments a = new_arguments(t, s, 0, false);
    for (int i = 0; i < a.ins + a.outs; i++) {
        x[i] = must_allocate((size_t)a.buffer[i].n, sizeof(double));
        for (int64_t j = 0; j < a.buffer[i].n; j++) x[i][j] = a.x[i][j];
    }
    for (int i = 0; i < a.ins; i++) in[i] = x[i];
    for (int i = 0; i < a.outs; i++) out[i] = x[a.ins + i];
    t->reference(out, in, s);
    for (int i = 0; i < a.ins; i++) free(in[i]);
    free_arguments(t, &a);
}

static void check_case(const struct test_case *t, const int64_t *s)
{
    static const struct {
        int misaligned;
        bool in_place;
    } ways[] = {{0, false}, {1, false}, {3, true}};
    const gan_kernels *table[8];
    double *expected[MOST] = {NULL};
    int sets = tables(table);
    expect(t, s, expected);
    for (int k = 0; k < sets; k++) {
        struct arguments first = new_arguments(t, s, 0, false);
        t->run(table[k], first.x + first.ins, first.x, s);
        for (int way = 0; way < (t->in_place ? 3 : 2); way++) {
            struct arguments a = new_arguments(t, s, ways[way].misaligned, ways[way].in_place);
            t->run(table[k], a.x + a.ins, a.x, s);
            for (int i = 0; i < a.outs; i++) {
                char what[128];
                int64_t n = a.buffer[a.ins + i].n;
                snprintf(what, sizeof what, "%s of set %s, way %d, shape %d %d", t->name, table[k]->name, way,
                         (int)s[0], (int)s[1]);
                check_near(what, a.x[a.ins + i], expected[i], n, t->relative, t->floor);
                must(!memcmp(a.x[a.ins + i], first.x[first.ins + i], (size_t)n * sizeof(float)),
                     "%s: the bits differ from another call's", what);
            }
            free_arguments(t, &a);
        }
        free_arguments(t, &first);
    }
    for (int i = 0; i < MOST; i++) free(expected[i]);
}

static bool has_letter(const struct test_case *t, char letter)
{
    return strchr(t->in, letter) || strchr(t->out, letter);
}

START_TEST(formula)
{
    static const int64_t rows[] = {0, 1, 2, 3, 15, 17, 64, 129, 600};
    static const int64_t c[] = {1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 48, 64, 65, 128, 129, 200};
    const struct test_case *t = test_case(_i);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t j = 0; j < sizeof c / sizeof *c; j++) {
            bool strided = has_letter(t, 'X') || has_letter(t, 'm');
            if (rows[i] == 0 && (strided || has_letter(t, 'M') || t->run == run_moments))
                continue; /* a mean of nothing */
            if (strided && rows[i] > 129) continue;
            for (int64_t pixels = 1; pixels <= (strided ? 3 : 1); pixels += 2)
                check_case(t, strided ? (int64_t[]){rows[i], 5, pixels, c[j]} : (int64_t[]){rows[i], c[j]});
        }
}
END_TEST

/* Equal samples differ from their mean by nothing, and a sign of rounding must not become a gradient. */
START_TEST(equal_samples_have_no_difference)
{
    enum { BATCH = 7, C = 19 };
    float x[BATCH * C], y[BATCH * (C + 1)], dy[BATCH * (C + 1)], dx[BATCH * C], mean[C], scratch[C];
    const gan_kernels *table[8];
    int sets = tables(table);
    for (int i = 0; i < BATCH * C; i++) x[i] = i < C ? 0.1f * (float)i - 0.7f : x[i - C];
    for (int i = 0; i < BATCH * (C + 1); i++) dy[i] = (float)(i % 11);
    for (int k = 0; k < sets; k++) {
        table[k]->concat_diff(y, mean, x, BATCH, 1, 1, C);
        table[k]->concat_diff_backward(dx, dy, x, mean, scratch, BATCH, 1, 1, C);
        for (int i = 0; i < BATCH; i++) {
            must(y[i * (C + 1) + C] == 0, "a difference of %g", y[i * (C + 1) + C]);
            for (int j = 0; j < C; j++) must(dx[i * C + j] == dy[i * (C + 1) + j], "a gradient through no difference");
        }
    }
}
END_TEST

/* NaN passes through every sweep that could hide it; a variance that rounding made negative counts as 0. */
START_TEST(updates_at_the_edge)
{
    enum { COUNT = 40 };
    const gan_kernels *table[8];
    int sets = tables(table);
    for (int k = 0; k < sets; k++)
        for (int at = 0; at < COUNT; at++) {
            float w[COUNT] = {0}, g[COUNT] = {0}, square[COUNT] = {0}, mean[COUNT] = {0}, top[COUNT] = {0};
            mean[at] = 0.25f;
            table[k]->rmsprop(w, g, square, mean, NULL, COUNT, &(gan_rmsprop_step){0.5f, 0.5f, 0, 1});
            must(w[at] == 0, "a negative variance moves a weight to %g", w[at]);
            w[at] = INFINITY;
            table[k]->clip(w, COUNT, 2);
            must(w[at] == 2, "infinity is clipped to %g", w[at]);
            w[at] = g[at] = NAN;
            table[k]->clip(w, COUNT, 2);
            must(isnan(w[at]), "NaN is clipped to %g", w[at]);
            table[k]->adam(w, g, mean, square, top, COUNT, &(gan_adam_step){0.5f, 0.5f, 1, 1, 1, 0});
            must(isnan(top[at]), "the largest of NaN is %g", top[at]);
        }
}
END_TEST

START_TEST(selection)
{
    ck_assert_str_eq(gan_kernels_select(GAN_KERNELS_C)->name, "c");
    ck_assert_ptr_nonnull(gan_kernels_select(GAN_KERNELS_AUTO));
    ck_assert_ptr_null(gan_kernels_select((gan_kernel_set)99));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernels");
    TCase *tests = tcase_create("kernels");
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, formula, 0, CASES + batch_cases.count + update_cases.count);
    tcase_add_test(tests, equal_samples_have_no_difference);
    tcase_add_test(tests, updates_at_the_edge);
    tcase_add_test(tests, selection);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
