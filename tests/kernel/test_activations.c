/* SPDX-License-Identifier: BSD-2-Clause */
#include "buffers.h"

#include <math.h>
#include <string.h>

/* A row of `cases` is one activation: f, f' and f'' as functions of x, in double, by the C library. */

typedef double (*function)(double x, double p);

static double relu(double x, double p)
{
    return x < 0 ? p * x : x;
}

static double relu_1(double x, double p)
{
    return x > 0 ? 1 : p;
}

static double tanh_0(double x, double p)
{
    (void)p;
    return tanh(x);
}

static double tanh_1(double x, double p)
{
    (void)p;
    return pow(cosh(fmin(fabs(x), 300)), -2);
}

static double tanh_2(double x, double p)
{
    return -2 * tanh(x) * tanh_1(x, p);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double sigmoid_0(double x, double p)
{
    (void)p;
    return sigmoid(x);
}

static double sigmoid_1(double x, double p)
{
    (void)p;
    return sigmoid(x) * sigmoid(-x);
}

static double sigmoid_2(double x, double p)
{
    return sigmoid_1(x, p) * (sigmoid(-x) - sigmoid(x));
}

static double elu(double x, double p)
{
    return x > 0 ? x : p * expm1(x);
}

static double elu_1(double x, double p)
{
    return x > 0 ? 1 : p * exp(x);
}

static double elu_2(double x, double p)
{
    return x > 0 ? 0 : p * exp(x);
}

static double softplus(double x, double p)
{
    (void)p;
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double silu(double x, double p)
{
    (void)p;
    return x * sigmoid(x);
}

static double silu_1(double x, double p)
{
    return sigmoid(x) + x * sigmoid_1(x, p);
}

static double silu_2(double x, double p)
{
    return 2 * sigmoid_1(x, p) + x * sigmoid_2(x, p);
}

static double normal(double x)
{
    return exp(-x * x / 2) / sqrt(8 * atan(1));
}

static double gelu(double x, double p)
{
    (void)p;
    return x / 2 * erfc(-x / sqrt(2));
}

static double gelu_1(double x, double p)
{
    (void)p;
    return erfc(-x / sqrt(2)) / 2 + x * normal(x);
}

static double gelu_2(double x, double p)
{
    (void)p;
    return normal(x) * (2 - x * x);
}

/* x s(w(x)) and its derivatives by the chain rule */
static double gelu_w(double x, int derivative)
{
    const double c = sqrt(2 / atan(1)), b = 0.044715;
    return derivative == 0 ? c * (x + b * x * x * x) : derivative == 1 ? c * (1 + 3 * b * x * x) : c * 6 * b * x;
}

static double gelu_tanh(double x, double p)
{
    (void)p;
    return x * sigmoid(gelu_w(x, 0));
}

static double gelu_tanh_1(double x, double p)
{
    double w = gelu_w(x, 0);
    return sigmoid(w) + x * sigmoid_1(w, p) * gelu_w(x, 1);
}

static double gelu_tanh_2(double x, double p)
{
    double w = gelu_w(x, 0), w1 = gelu_w(x, 1), w2 = gelu_w(x, 2);
    return sigmoid_1(w, p) * (2 * w1 + x * w2) + x * sigmoid_2(w, p) * w1 * w1;
}

/* ulps: how far the value may be off, in units of the last place. The tanh form of GELU is looser: its exponential is
 * of a float that has few digits behind the point, and the results there are next to 0. */
static const struct {
    gan_activation row;
    bool from_input;
    float p;
    function value, first, second;
    double ulps;
} cases[] = {
    {GAN_ACTIVATION_LEAKY_RELU, false, 0, relu, relu_1, NULL, 1},
    {GAN_ACTIVATION_LEAKY_RELU, false, 0.3f, relu, relu_1, NULL, 1},
    {GAN_ACTIVATION_TANH, false, 0, tanh_0, tanh_1, tanh_2, 3},
    {GAN_ACTIVATION_SIGMOID, false, 0, sigmoid_0, sigmoid_1, sigmoid_2, 3},
    {GAN_ACTIVATION_ELU, false, 1, elu, elu_1, elu_2, 3},
    {GAN_ACTIVATION_ELU, false, 0.3f, elu, elu_1, elu_2, 3},
    {GAN_ACTIVATION_SOFTPLUS, false, 0, softplus, sigmoid_0, sigmoid_1, 3},
    {GAN_ACTIVATION_SILU, true, 0, silu, silu_1, silu_2, 5},
    {GAN_ACTIVATION_GELU, true, 0, gelu, gelu_1, gelu_2, 6},
    {GAN_ACTIVATION_GELU_TANH, true, 0, gelu_tanh, gelu_tanh_1, gelu_tanh_2, 200},
};

#define CASES ((int)(sizeof cases / sizeof cases[0]))

/* In units of the last place of a float result. What is x times a denormal number has the places of that. */
static double ulps(float a, double b, double x)
{
    int exponent;
    frexp(b, &exponent);
    return fabs(a - b) / fmax(ldexp(1, exponent - 24), ldexp(fmax(1, fmin(fabs(x), 200)), -149));
}

enum { COUNT = 4096, STEP = 1009 };

struct expected {
    float x[COUNT];
    double value[COUNT], first[COUNT], second[COUNT];
};

static void check_block(int number, const gan_kernels *k, const struct expected *e)
{
    static float y[COUNT], ones[COUNT], slope[COUNT], curve[COUNT];
    const gan_activation_kernels *a = &k->activation[cases[number].row];
    const float p = cases[number].p, *z = cases[number].from_input ? e->x : y;
    for (int i = 0; i < COUNT; i++) {
        ones[i] = 1;
        curve[i] = 0;
    }
    a->forward(y, e->x, COUNT, p);
    a->backward(slope, ones, z, COUNT, p);
    if (a->curvature) a->curvature(curve, ones, ones, z, COUNT, p);
    must(!a->curvature == !cases[number].second, "case %d: a curvature is missing, or too many", number);
    for (int i = 0; i < COUNT; i++) {
        const char *set = k->name;
        float x = e->x[i];
        must(ulps(y[i], e->value[i], x) < cases[number].ulps, "set %s, case %d: f(%.9g) is %.9g, not %.9g", set, number,
             x, y[i], e->value[i]);
        must(fabs(slope[i] - e->first[i]) < 1e-6, "set %s, case %d: f'(%.9g) is %.9g, not %.9g", set, number, x,
             slope[i], e->first[i]);
        must(fabs(curve[i] - e->second[i]) < 1.5e-6, "set %s, case %d: f''(%.9g) is %.9g, not %.9g", set, number, x,
             curve[i], e->second[i]);
    }
}

/* Floats of all magnitudes and both signs. */
START_TEST(accuracy)
{
    static struct expected e;
    const gan_kernels *table[8];
    int sets = tables(table);
    double p = cases[_i].p;
    uint32_t bits = 0;
    while (bits < 0x7f800000u - STEP * COUNT) {
        for (int i = 0; i < COUNT; i++, bits += STEP) {
            uint32_t signed_bits = bits | (uint32_t)(i & 1) << 31;
            memcpy(&e.x[i], &signed_bits, sizeof *e.x);
            e.value[i] = cases[_i].value(e.x[i], p);
            e.first[i] = cases[_i].first(e.x[i], p);
            e.second[i] = cases[_i].second ? cases[_i].second(e.x[i], p) : 0;
        }
        for (int k = 0; k < sets; k++) check_block(_i, table[k], &e);
    }
}
END_TEST

enum { LENGTHS = 70, SLOTS = 6 };

/* All three kernels on the first n elements of the buffers 0: x, 1: y, 2: dy, 3: dx, 4: tx, 5: the curvature's dx. */
static void run_all(int number, const gan_kernels *k, float *const b[SLOTS], int64_t n)
{
    const gan_activation_kernels *a = &k->activation[cases[number].row];
    a->forward(b[1], b[0], n, cases[number].p);
    a->backward(b[3], b[2], cases[number].from_input ? b[0] : b[1], n, cases[number].p);
    const float *z = cases[number].from_input ? b[0] : b[1];
    if (a->curvature) a->curvature(b[5], b[2], b[4], z, n, cases[number].p);
}

static void new_slots(buffer slot[SLOTS], int64_t n, int misaligned)
{
    for (int i = 0; i < SLOTS; i++) {
        slot[i] = buffer_new(n, misaligned);
        buffer_fill(&slot[i], (uint64_t)(i + 1));
    }
}

/* What an element gives depends neither on its place nor on how many there are, nor on whether it is written over. */
START_TEST(lengths_and_places)
{
    const gan_kernels *table[8];
    int sets = tables(table);
    for (int k = 0; k < sets; k++) {
        buffer whole[SLOTS], part[SLOTS];
        float *x[SLOTS], *y[SLOTS];
        new_slots(whole, LENGTHS, 0);
        for (int i = 0; i < SLOTS; i++) x[i] = whole[i].x;
        run_all(_i, table[k], x, LENGTHS);
        for (int64_t n = 0; n <= LENGTHS; n++)
            for (int way = 0; way < 4; way++) { /* apart or in place, aligned or not */
                bool in_place = way / 2 && !cases[_i].from_input;
                new_slots(part, n, way % 2 ? 3 : 0);
                for (int i = 0; i < SLOTS; i++) y[i] = part[i].x;
                if (in_place) y[1] = y[0];
                if (in_place && !cases[_i].second) y[3] = y[2];
                run_all(_i, table[k], y, n);
                for (int i = 1; i < SLOTS; i += 2)
                    must(!memcmp(x[i], y[i], (size_t)n * sizeof(float)), "set %s, case %d: other bits in slot %d of %d",
                         table[k]->name, _i, i, (int)n);
                for (int i = 0; i < SLOTS; i++) buffer_free(&part[i], "an activation");
            }
        for (int i = 0; i < SLOTS; i++) buffer_free(&whole[i], "an activation");
    }
}
END_TEST

/* Limits at infinity; a NaN stays one; a zero keeps its sign where f(0) = 0. */
START_TEST(special_values)
{
    const float special[] = {INFINITY, -INFINITY, NAN, 0.0f, -0.0f, 1e30f, -1e30f};
    const struct {
        gan_activation row;
        float p, expected[7];
    } values[] = {
        {GAN_ACTIVATION_LEAKY_RELU, 0, {INFINITY, 0, NAN, 0, -0.0f, 1e30f, 0}},
        {GAN_ACTIVATION_LEAKY_RELU, 0.5f, {INFINITY, -INFINITY, NAN, 0, -0.0f, 1e30f, -5e29f}},
        {GAN_ACTIVATION_TANH, 0, {1, -1, NAN, 0, -0.0f, 1, -1}},
        {GAN_ACTIVATION_SIGMOID, 0, {1, 0, NAN, 0.5f, 0.5f, 1, 0}},
        {GAN_ACTIVATION_ELU, 0.5f, {INFINITY, -0.5f, NAN, 0, -0.0f, 1e30f, -0.5f}},
        {GAN_ACTIVATION_SOFTPLUS, 0, {INFINITY, 0, NAN, 0.693147182f, 0.693147182f, 1e30f, 0}},
        {GAN_ACTIVATION_SILU, 0, {INFINITY, -0.0f, NAN, 0, -0.0f, 1e30f, -0.0f}},
        {GAN_ACTIVATION_GELU, 0, {INFINITY, -0.0f, NAN, 0, -0.0f, 1e30f, -0.0f}},
        {GAN_ACTIVATION_GELU_TANH, 0, {INFINITY, -0.0f, NAN, 0, -0.0f, 1e30f, -0.0f}},
    };
    const gan_kernels *table[8];
    int sets = tables(table);
    for (int k = 0; k < sets; k++)
        for (size_t c = 0; c < sizeof values / sizeof values[0]; c++)
            for (int at = 0; at < 40; at++) /* in vectors and in the rest behind them */
                for (int i = 0; i < 7; i++) {
                    float x[40] = {0}, y[40], want = values[c].expected[i];
                    x[at] = special[i];
                    table[k]->activation[values[c].row].forward(y, x, 40, values[c].p);
                    must(isnan(want) ? isnan(y[at]) : y[at] == want && !signbit(y[at]) == !signbit(want),
                         "set %s, line %d: f(%g) is %g", table[k]->name, (int)c, special[i], y[at]);
                }
}
END_TEST

/* Infinite inputs have the derivatives of the limits, where there are any. */
START_TEST(derivatives_at_infinity)
{
    const gan_kernels *table[8];
    int sets = tables(table);
    for (int k = 0; k < sets; k++) {
        const gan_activation_kernels *a = &table[k]->activation[cases[_i].row];
        float x[2] = {INFINITY, -INFINITY}, ones[2] = {1, 1}, y[2], dx[2], curve[2] = {0};
        a->forward(y, x, 2, cases[_i].p);
        const float *z = cases[_i].from_input ? x : y;
        a->backward(dx, ones, z, 2, cases[_i].p);
        if (a->curvature) a->curvature(curve, ones, ones, z, 2, cases[_i].p);
        for (int i = 0; i < 2; i++) {
            double far = i ? -60 : 60;
            must(fabs(dx[i] - cases[_i].first(far, cases[_i].p)) < 1e-7, "case %d: f'(%g) is %g", _i, x[i], dx[i]);
            must(fabs(curve[i]) < 1e-7, "case %d: f''(%g) is %g", _i, x[i], curve[i]);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("activations");
    TCase *tests = tcase_create("activations");
    tcase_set_timeout(tests, 0);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, accuracy, 0, CASES);
    tcase_add_loop_test(tests, lengths_and_places, 0, CASES);
    tcase_add_test(tests, special_values);
    tcase_add_loop_test(tests, derivatives_at_infinity, 0, CASES);
    return run_suite(suite);
}
