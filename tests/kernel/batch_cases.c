/* SPDX-License-Identifier: BSD-2-Clause */
#include "cases.h"

#include <math.h>

static double sign(double x)
{
    return (x > 0) - (x < 0);
}

static gan_similarity similarity_of(const int64_t *s)
{
    return (gan_similarity){s[0] / 2, s[0], DIMS, s[1]};
}

/* c[j,b] * e[j,b], or c[j,b] without a direction. */
static double compare(const double *m, const double *tm, const int64_t *s, int64_t j, int64_t b)
{
    double distance = 0, moved = 0;
    for (int d = 0; d < DIMS; d++) {
        int64_t mine = (s[0] / 2 * DIMS + d) * s[1] + b, other = (j * DIMS + d) * s[1] + b;
        distance += fabs(m[mine] - m[other]);
        if (tm) moved -= sign(m[mine] - m[other]) * (tm[mine] - tm[other]);
    }
    return exp(-distance) * (tm ? moved : 1);
}

#define SIMILARITY(name, direction, gradient)                                                                  \
    static void run_similarity##name(const gan_kernels *k, float **out, float **in, const int64_t *s)          \
    {                                                                                                          \
        gan_similarity call = similarity_of(s);                                                                \
        k->similarity(out[0], in[0], direction, &call);                                                        \
    }                                                                                                          \
    static void reference_similarity##name(double **out, double **in, const int64_t *s)                        \
    {                                                                                                          \
        for (int64_t b = 0; b < s[1]; b++) {                                                                   \
            out[0][b] = 0;                                                                                     \
            for (int64_t j = 0; j < s[0]; j++) out[0][b] += compare(in[0], direction, s, j, b);                \
        }                                                                                                      \
    }                                                                                                          \
    static void run_similarity_gradient##name(const gan_kernels *k, float **out, float **in, const int64_t *s) \
    {                                                                                                          \
        gan_similarity call = similarity_of(s);                                                                \
        k->similarity_gradient(out[0], in[gradient], in[0], direction, &call);                                 \
    }                                                                                                          \
    static void reference_similarity_gradient##name(double **out, double **in, const int64_t *s)               \
    {                                                                                                          \
        for (int64_t i = 0; i < DIMS * s[1]; i++) {                                                            \
            const int64_t b = i % s[1], row = DIMS * s[1], mine = s[0] / 2;                                    \
            const double *g = in[gradient];                                                                    \
            out[0][i] = 0;                                                                                     \
            for (int64_t j = 0; j < s[0]; j++)                                                                 \
                out[0][i] -= (g[mine * s[1] + b] + g[j * s[1] + b]) * compare(in[0], direction, s, j, b) *     \
                             sign(in[0][mine * row + i] - in[0][j * row + i]);                                 \
        }                                                                                                      \
    }
SIMILARITY(, NULL, 1)
SIMILARITY(_tangent, in[1], 2)

static gan_deviation deviation_of(const int64_t *s)
{
    return (gan_deviation){s[0], s[1] * s[3], s[2], s[3], s[3] + 1, 0.5f};
}

static void run_deviation(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    gan_deviation call = deviation_of(s);
    k->deviation(out[0], out[1], out[2], in[0], &call);
}

static void reference_deviation(double **out, double **in, const int64_t *s)
{
    const int64_t stride = s[1] * s[3];
    for (int64_t j = 0; j < s[3]; j++) out[2][j] = 0;
    for (int64_t i = 0; i < s[2] * s[3]; i++) {
        double mean = 0, squares = 0;
        for (int64_t n = 0; n < s[0]; n++) mean += in[0][n * stride + i] / (double)s[0];
        for (int64_t n = 0; n < s[0]; n++) squares += pow(in[0][n * stride + i] - mean, 2) / (double)s[0];
        out[0][i] = mean;
        out[1][i] = 1 / sqrt(squares + 0.5);
        out[2][i % s[3]] += sqrt(squares + 0.5);
    }
}

static void run_deviation_backward(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    gan_deviation call = deviation_of(s);
    k->deviation_backward(out[0], in[0], in[1], in[2], in[3], in[4], &call);
}

static void reference_deviation_backward(double **out, double **in, const int64_t *s)
{
    for (int64_t i = 0; i < s[2] * s[3]; i++)
        out[0][i] = in[0][i + i / s[3]] + in[4][i % s[3]] * (in[1][i] - in[2][i]) * in[3][i];
}

static void run_deviation_tangent(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    gan_deviation call = deviation_of(s);
    k->deviation_tangent(out[0], in[0], in[1], in[2], in[3], &call);
}

static void reference_deviation_tangent(double **out, double **in, const int64_t *s)
{
    for (int64_t j = 0; j < s[3]; j++) out[0][j] = 0;
    for (int64_t i = 0; i < s[2] * s[3]; i++) out[0][i % s[3]] += in[0][i] * (in[1][i] - in[2][i]) * in[3][i];
}

static void run_deviation_curvature(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    gan_deviation call = deviation_of(s);
    k->deviation_curvature(out[0], in[0], in[1], in[2], in[3], in[4], out[1], &call);
}

/* The scratch, out[1], again as ours leaves it: the mean of tx, and what multiplies x - mean. */
static void reference_deviation_curvature(double **out, double **in, const int64_t *s)
{
    const int64_t stride = s[1] * s[3], n = s[2] * s[3];
    for (int64_t i = 0; i < n; i++) {
        double mean = 0, along = 0, inverse = in[3][i];
        for (int64_t k = 0; k < s[0]; k++) mean += in[0][k * stride + i] / (double)s[0];
        for (int64_t k = 0; k < s[0]; k++)
            along += (in[0][k * stride + i] - mean) * (in[1][k * stride + i] - in[2][i]) / (double)s[0];
        along *= inverse * inverse;
        for (int64_t k = 0; k < s[0]; k++)
            out[0][k * stride + i] +=
                in[4][i % s[3]] * inverse * (in[0][k * stride + i] - mean - along * (in[1][k * stride + i] - in[2][i]));
        out[1][i] = mean;
        out[1][n + i] = along;
    }
}

static void run_concat_diff(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    k->concat_diff(out[0], out[1], in[0], s[0], s[1], s[2], s[3]);
}

static void reference_concat_diff(double **out, double **in, const int64_t *s)
{
    const int64_t batch = s[0], pixels = s[2], c = s[3];
    for (int64_t p = 0; p < pixels; p++) {
        double *mean = out[1] + p * c;
        for (int64_t j = 0; j < c; j++) {
            mean[j] = 0;
            for (int64_t n = 0; n < batch; n++) mean[j] += in[0][(n * s[1] + p) * c + j] / (double)batch;
        }
        for (int64_t n = 0; n < batch; n++) {
            const double *x = in[0] + (n * s[1] + p) * c;
            double *y = out[0] + (n * s[1] + p) * (c + 1);
            y[c] = 0;
            for (int64_t j = 0; j < c; j++) {
                y[j] = x[j];
                y[c] += fabs(x[j] - mean[j]) / (double)c;
            }
        }
    }
}

static void run_concat_diff_backward(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    k->concat_diff_backward(out[0], in[0], in[1], in[2], out[1], s[0], s[1], s[2], s[3]);
}

/* The scratch, out[1], holds what the kernel likes; the reference leaves there what ours does. */
static void reference_concat_diff_backward(double **out, double **in, const int64_t *s)
{
    const int64_t batch = s[0], c = s[3], in_stride = s[1] * c, out_stride = s[1] * (c + 1);
    for (int64_t i = 0; i < s[2] * c; i++) {
        const double *x = in[1] + i, *dy = in[0] + i + i / c, *g = in[0] + i / c * (c + 1) + c;
        double average = 0;
        for (int64_t n = 0; n < batch; n++)
            average += g[n * out_stride] * sign(x[n * in_stride] - in[2][i]) / (double)batch;
        for (int64_t n = 0; n < batch; n++)
            out[0][n * in_stride + i] =
                dy[n * out_stride] + (g[n * out_stride] * sign(x[n * in_stride] - in[2][i]) - average) / (double)c;
        out[1][i] = average / (double)c;
    }
}

static void run_concat_diff_tangent(const gan_kernels *k, float **out, float **in, const int64_t *s)
{
    k->concat_diff_tangent(out[0], in[0], in[1], in[2], out[1], s[0], s[1], s[2], s[3]);
}

static void reference_concat_diff_tangent(double **out, double **in, const int64_t *s)
{
    const int64_t batch = s[0], c = s[3];
    for (int64_t i = 0; i < s[2] * c; i++) {
        const double *tx = in[0] + i, *x = in[1] + i;
        double average = 0;
        for (int64_t n = 0; n < batch; n++) average += tx[n * s[1] * c] / (double)batch;
        for (int64_t n = 0; n < batch; n++) {
            double *y = out[0] + (n * s[1] + i / c) * (c + 1);
            if (i % c == 0) y[c] = 0;
            y[i % c] = tx[n * s[1] * c];
            y[c] += sign(x[n * s[1] * c] - in[2][i]) * (tx[n * s[1] * c] - average) / (double)c;
        }
        out[1][i] = average;
    }
}

static const struct test_case cases[] = {
    CASE(concat_diff, "X", "Ym", false, 0, 1e-6),
    CASE(concat_diff_backward, "YXm", "Xm", false, 0, 1e-6),
    CASE(concat_diff_tangent, "XXm", "Ym", false, 0, 1e-6),
    CASE(similarity, "M", "C", false, 0, 4e-6),
    CASE(similarity_tangent, "MM", "C", false, 0, 4e-6),
    CASE(similarity_gradient, "MN", "D", false, 0, 4e-6),
    CASE(similarity_gradient_tangent, "MMN", "D", false, 0, 4e-6),
    CASE(deviation, "X", "mmc", false, 0, 4e-6),
    CASE(deviation_backward, "ymmmc", "m", false, 0, 1e-6),
    CASE(deviation_tangent, "mmmm", "c", false, 0, 4e-6),
    CASE(deviation_curvature, "XXmmc", "X2", false, 0, 1e-5),
};

const struct test_table batch_cases = {cases, (int)(sizeof cases / sizeof *cases)};
