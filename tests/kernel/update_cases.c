/* SPDX-License-Identifier: BSD-2-Clause */
#include "cases.h"

#include <math.h>

/* Adam with and without AMSGrad's third state. */
static const gan_adam_step adam_step = {0.5f, 0.999f, 1e-8f, 4e-4f, 1000, 0.01f};

#define ADAM(name, top)                                                                                        \
    static void run_##name(const gan_kernels *k, float **out, float **in, const int64_t *s)                    \
    {                                                                                                          \
        k->adam(out[0], in[0], out[1], out[2], top, s[0] * s[1], &adam_step);                                  \
    }                                                                                                          \
    static void reference_##name(double **out, double **in, const int64_t *s)                                  \
    {                                                                                                          \
        const gan_adam_step *a = &adam_step;                                                                   \
        double *tops = top;                                                                                    \
        for (int64_t i = 0; i < s[0] * s[1]; i++) {                                                            \
            double g = in[0][i], *m = out[1] + i, *v = out[2] + i;                                             \
            *m = (double)a->beta1 * *m + (1 - (double)a->beta1) * g;                                           \
            *v = (double)a->beta2 * *v + (1 - (double)a->beta2) * g * g;                                       \
            double divisor = tops ? tops[i] = fmax(*v, tops[i]) : *v;                                          \
            double step = (double)a->rate * *m / (sqrt(divisor * (double)a->correction) + (double)a->epsilon); \
            out[0][i] -= (double)a->decay * out[0][i] + step;                                                  \
        }                                                                                                      \
    }
ADAM(adam, NULL)
ADAM(amsgrad, out[3])

/* RMSProp's states: the square, the mean and the velocity. */
static const gan_rmsprop_step rmsprop_step = {0.75f, 0.5f, 0.25f, 0.125f};

#define RMSPROP(name, mean, velocity)                                                       \
    static void run_##name(const gan_kernels *k, float **out, float **in, const int64_t *s) \
    {                                                                                       \
        k->rmsprop(out[0], in[0], out[1], mean, velocity, s[0] * s[1], &rmsprop_step);      \
    }                                                                                       \
    static void reference_##name(double **out, double **in, const int64_t *s)               \
    {                                                                                       \
        double *means = mean, *velocities = velocity;                                       \
        for (int64_t i = 0; i < s[0] * s[1]; i++) {                                         \
            double g = in[0][i], variance = out[1][i] = 0.75 * out[1][i] + 0.25 * g * g;    \
            if (means) variance -= pow(means[i] = 0.75 * means[i] + 0.25 * g, 2);           \
            double change = g / (sqrt(fmax(variance, 0)) + 0.5);                            \
            if (velocities) change = velocities[i] = 0.25 * velocities[i] + change;         \
            out[0][i] -= 0.125 * change;                                                    \
        }                                                                                   \
    }
RMSPROP(rmsprop, NULL, NULL)
RMSPROP(rmsprop_centered, out[2], NULL)
RMSPROP(rmsprop_momentum, NULL, out[2])
RMSPROP(rmsprop_all, out[2], out[3])

#define SGD(name, state, momentum, nesterov, step)                                          \
    static void run_##name(const gan_kernels *k, float **out, float **in, const int64_t *s) \
    {                                                                                       \
        k->sgd(out[0], in[0], state, s[0] * s[1], 0.125f, momentum, nesterov);              \
    }                                                                                       \
    static void reference_##name(double **out, double **in, const int64_t *s)               \
    {                                                                                       \
        for (int64_t i = 0; i < s[0] * s[1]; i++) {                                         \
            double g = in[0][i], *v = &out[1][i];                                           \
            if ((momentum) != 0) *v = momentum * *v + g;                                    \
            out[0][i] -= 0.125 * (step);                                                    \
        }                                                                                   \
    }
SGD(sgd, NULL, 0, false, g)
SGD(sgd_momentum, out[1], 0.75f, false, *v)
SGD(sgd_nesterov, out[1], 0.75f, true, g + 0.75 * *v)

static const struct test_case cases[] = {
    CASE(adam, "N", "NNS", false, 2e-6, 1e-7),
    CASE(amsgrad, "N", "NNSS", false, 2e-6, 1e-7),
    CASE(rmsprop, "N", "NS", false, 2e-6, 1e-7),
    CASE(rmsprop_centered, "N", "NLN", false, 2e-6, 1e-7),
    CASE(rmsprop_momentum, "N", "NSN", false, 2e-6, 1e-7),
    CASE(rmsprop_all, "N", "NLNN", false, 2e-6, 1e-7),
    CASE(sgd, "N", "NN", false, 1e-6, 1e-7),
    CASE(sgd_momentum, "N", "NN", false, 1e-6, 1e-7),
    CASE(sgd_nesterov, "N", "NN", false, 1e-6, 1e-7),
};

const struct test_table update_cases = {cases, (int)(sizeof cases / sizeof *cases)};
