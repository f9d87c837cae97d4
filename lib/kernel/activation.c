/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/elementary.h"

/* Activations. Each has three functions of a register, p being the layer's parameter and z what kernel.h says:
 *     value(x, p) = f(x)
 *     gradient(dy, z, p) = dy * f'(x)
 *     curve(z, p) = f''(x)
 * Numbers beyond the range in which a float result changes are brought back to it first, so that infinities give what
 * the limits are. */

/* p == 0 is relu, where 0 times an infinity would be NaN. */
INLINE vec leaky_relu_value(vec x, float p)
{
    return choose(x < 0, p == 0 ? (vec){0} : p * x, x);
}

INLINE vec leaky_relu_gradient(vec dy, vec y, float p)
{
    return choose(y > 0, dy, p == 0 ? (vec){0} : p * dy);
}

/* tanh |x| = t / (t + 2), t = exp(2|x|) - 1. From 10 on the result rounds to 1. */
INLINE vec tanh_value(vec x, float p)
{
    (void)p;
    ivec sign = (ivec)x & INT32_MIN;
    vec a = at_most(absolute(x), 10);
    vec t = exponential_less_one(exponential_of(a + a));
    return (vec)((ivec)(t / (t + 2)) | sign);
}

INLINE vec tanh_gradient(vec dy, vec y, float p)
{
    (void)p;
    return dy * ((1 - y) * (1 + y));
}

/* -2 tanh (1 - tanh^2) */
INLINE vec tanh_curve(vec y, float p)
{
    (void)p;
    return -2 * y * ((1 - y) * (1 + y));
}

/* exp(-|x|), which is 0 from 105 on. */
INLINE vec falling(vec x)
{
    return exponential_value(exponential_of(-at_most(absolute(x), 105)));
}

/* sigmoid(x) and sigmoid(-x), which is 1 - sigmoid(x) with all digits. With e = exp(-|x|), the one on the side of 0 is
 * 1 / (1 + e), and the other e / (1 + e). */
struct logistic {
    vec value, rest;
};

INLINE struct logistic logistic_of(vec x)
{
    vec e = falling(x), one = splat(1);
    return (struct logistic){choose(x < 0, e, one) / (1 + e), choose(x < 0, one, e) / (1 + e)};
}

INLINE vec sigmoid_value(vec x, float p)
{
    (void)p;
    return logistic_of(x).value;
}

INLINE vec sigmoid_gradient(vec dy, vec y, float p)
{
    (void)p;
    return dy * (y * (1 - y));
}

/* sigmoid (1 - sigmoid) (1 - 2 sigmoid) */
INLINE vec sigmoid_curve(vec y, float p)
{
    (void)p;
    return y * (1 - y) * (1 - 2 * y);
}

/* x where x > 0, p * (exp(x) - 1) elsewhere. From -30 down the result rounds to -p. */
INLINE vec elu_value(vec x, float p)
{
    vec below = at_least(at_most(x, 0), -30);
    return choose(x < 0, p * exponential_less_one(exponential_of(below)), x);
}

/* Below 0, f' = f'' = p * exp(x) = y + p. */
INLINE vec elu_gradient(vec dy, vec y, float p)
{
    return dy * choose(y > 0, splat(1), y + p);
}

INLINE vec elu_curve(vec y, float p)
{
    return choose(y > 0, splat(0), y + p);
}

/* log(1 + exp(x)) = max(x, 0) + log(1 + e), e = exp(-|x|), and 1 + e = (1 + s) / (1 - s) with s = e / (2 + e). */
INLINE vec softplus_value(vec x, float p)
{
    (void)p;
    vec e = falling(x);
    return at_least(x, 0) + log_of_quotient(e / (2 + e));
}

/* f' = sigmoid(x) = 1 - exp(-y), f'' = sigmoid(x) sigmoid(-x) = (1 - exp(-y)) exp(-y) */
INLINE vec softplus_gradient(vec dy, vec y, float p)
{
    (void)p;
    return dy * -exponential_less_one(exponential_of(-at_most(y, 80)));
}

INLINE vec softplus_curve(vec y, float p)
{
    (void)p;
    vec less_one = exponential_less_one(exponential_of(-at_most(y, 80)));
    return -less_one * (1 + less_one);
}

/* x s, with s = sigmoid(x) and r = 1 - s:
 *     f' = s + x s r, f'' = s r (2 + x (r - s)) */
INLINE vec silu_value(vec x, float p)
{
    (void)p;
    return at_least(x, -105) * logistic_of(x).value;
}

INLINE vec silu_gradient(vec dy, vec x, float p)
{
    (void)p;
    struct logistic s = logistic_of(x);
    vec near = at_least(at_most(x, 105), -105);
    return dy * (s.value + near * (s.value * s.rest));
}

INLINE vec silu_curve(vec x, float p)
{
    (void)p;
    struct logistic s = logistic_of(x);
    vec near = at_least(at_most(x, 105), -105);
    return s.value * s.rest * (2 + near * (s.rest - s.value));
}

/* The standard normal distribution at x, |x| <= 14.5: its cumulative function P, and its density d. With a = |x|,
 *     P(-a) = exp(-a^2 / 2) * R(a), R(a) = polynomial(2 a / (a + 2)) / (1 + 2 a),
 * the form of Shepherd, Laframboise 1981. a^2 is the square of its first 12 bits, which is exact, and a rest: so exp()
 * of large numbers keeps its digits. */
struct normal {
    vec cumulative, density;
};

INLINE struct normal normal_of(vec x)
{
    vec a = absolute(x), first = (vec)((ivec)a & ~0xfff);
    vec e = exponential_value(exponential_of_sum(-0.5f * (first * first), -0.5f * ((a - first) * (a + first))));
    vec u = (a + a) / (a + 2);
    vec r = splat(0.000455620815f);
    r = r * u - 0.0026952019f;
    r = r * u + 0.00494459039f;
    r = r * u - 0.00471796701f;
    r = r * u + 0.00915872678f;
    r = r * u + 0.0100669051f;
    r = r * u - 0.0303910933f;
    r = r * u - 0.247369558f;
    r = r * u + 0.601057887f;
    r = r * u + 0.5f;
    vec tail = e * (r / (1 + (a + a)));
    return (struct normal){choose(x < 0, tail, 1 - tail), 0.39894228f * e};
}

/* x P(x): f' = P + x d, f'' = d (2 - x^2) */
INLINE vec gelu_value(vec x, float p)
{
    (void)p;
    vec above = at_least(x, -14.5f);
    return above * normal_of(at_most(above, 14.5f)).cumulative;
}

INLINE vec gelu_gradient(vec dy, vec x, float p)
{
    (void)p;
    vec near = at_least(at_most(x, 14.5f), -14.5f);
    struct normal n = normal_of(near);
    return dy * (n.cumulative + near * n.density);
}

INLINE vec gelu_curve(vec x, float p)
{
    (void)p;
    vec near = at_least(at_most(x, 14.5f), -14.5f);
    return normal_of(near).density * (2 - near * near);
}

/* x/2 (1 + tanh(w/2)) = x s, with w = sqrt(8 / pi) (x + 0.044715 x^3), s = sigmoid(w) and r = 1 - s:
 *     f' = s + x s r w', f'' = s r (2 w' + x ((r - s) w'^2 + w'')) */
#define GELU_1 1.59576912f  /* sqrt(8 / pi) */
#define GELU_3 0.071354816f /* the same times 0.044715 */

INLINE struct logistic gelu_tanh_gate(vec x)
{
    return logistic_of(x * (GELU_1 + GELU_3 * (x * x)));
}

INLINE vec gelu_tanh_value(vec x, float p)
{
    (void)p;
    vec above = at_least(x, -12);
    return above * gelu_tanh_gate(at_most(above, 12)).value;
}

INLINE vec gelu_tanh_gradient(vec dy, vec x, float p)
{
    (void)p;
    vec near = at_least(at_most(x, 12), -12);
    struct logistic s = gelu_tanh_gate(near);
    return dy * (s.value + near * (s.value * s.rest) * (GELU_1 + 3 * GELU_3 * (near * near)));
}

INLINE vec gelu_tanh_curve(vec x, float p)
{
    (void)p;
    vec near = at_least(at_most(x, 12), -12);
    struct logistic s = gelu_tanh_gate(near);
    vec first = GELU_1 + 3 * GELU_3 * (near * near), second = 6 * GELU_3 * near;
    return s.value * s.rest * (2 * first + near * ((s.rest - s.value) * (first * first) + second));
}

/* Whole registers and the rest go through one function, so that an element's bits do not depend on its place. */
#define FORWARD(f)                                                                                                \
    static void f##_forward(float *y, const float *x, int64_t n, float p)                                         \
    {                                                                                                             \
        for (int64_t i = 0; i < n; i += LANES) store_up_to(y + i, f##_value(load_up_to(x + i, n - i), p), n - i); \
    }                                                                                                             \
    static void f##_backward(float *dx, const float *dy, const float *z, int64_t n, float p)                      \
    {                                                                                                             \
        for (int64_t i = 0; i < n; i += LANES)                                                                    \
            store_up_to(dx + i, f##_gradient(load_up_to(dy + i, n - i), load_up_to(z + i, n - i), p), n - i);     \
    }

#define CURVATURE(f)                                                                                             \
    static void f##_curvature(float *dx, const float *dty, const float *tx, const float *z, int64_t n, float p)  \
    {                                                                                                            \
        for (int64_t i = 0; i < n; i += LANES) {                                                                 \
            vec bend =                                                                                           \
                load_up_to(dty + i, n - i) * load_up_to(tx + i, n - i) * f##_curve(load_up_to(z + i, n - i), p); \
            store_up_to(dx + i, load_up_to(dx + i, n - i) + bend, n - i);                                        \
        }                                                                                                        \
    }

#define CURVED(f) \
    FORWARD(f)    \
    CURVATURE(f)

FORWARD(leaky_relu)
CURVED(tanh)
CURVED(sigmoid)
CURVED(elu)
CURVED(softplus)
CURVED(silu)
CURVED(gelu)
CURVED(gelu_tanh)

const gan_activation_kernels VARIANT(activations)[GAN_ACTIVATIONS] = {
    [GAN_ACTIVATION_LEAKY_RELU] = {leaky_relu_forward, leaky_relu_backward, NULL},
#define ROW(f)                                   \
    {                                            \
        f##_forward, f##_backward, f##_curvature \
    }
    [GAN_ACTIVATION_TANH] = ROW(tanh),
    [GAN_ACTIVATION_SIGMOID] = ROW(sigmoid),
    [GAN_ACTIVATION_ELU] = ROW(elu),
    [GAN_ACTIVATION_SOFTPLUS] = ROW(softplus),
    [GAN_ACTIVATION_SILU] = ROW(silu),
    [GAN_ACTIVATION_GELU] = ROW(gelu),
    [GAN_ACTIVATION_GELU_TANH] = ROW(gelu_tanh),
};
