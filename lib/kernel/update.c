/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/variant.h"

/* Kingma and Ba 2015, with the corrections of both moments in `rate` and `correction`:
 *     m = beta1 * m + (1 - beta1) * g
 *     v = beta2 * v + (1 - beta2) * g^2
 *     w -= rate * m / (sqrt(v * correction) + epsilon) */
void VARIANT(adam)(float *w, const float *g, float *m, float *v, int64_t n, const gan_adam_step *step)
{
    const gan_adam_step s = *step;
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) {
        m[i] += (1 - s.beta1) * (g[i] - m[i]);
        v[i] = s.beta2 * v[i] + (1 - s.beta2) * (g[i] * g[i]);
        w[i] -= s.rate * m[i] / (sqrtf(v[i] * s.correction) + s.epsilon);
    }
}

void VARIANT(sgd)(float *w, const float *g, float *v, int64_t n, float rate, float momentum, bool nesterov)
{
    if (!v) {
        INDEPENDENT
        for (int64_t i = 0; i < n; i++) w[i] -= rate * g[i];
        return;
    }
    const float gradient = nesterov ? 1 : 0, velocity = nesterov ? momentum : 1;
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) {
        v[i] = momentum * v[i] + g[i];
        w[i] -= rate * (gradient * g[i] + velocity * v[i]);
    }
}

/* Half a vector's floats are a vector of doubles. */
#define HALF (LANES / 2)
__extension__ typedef float half_vec __attribute__((vector_size(HALF * sizeof(float))));
__extension__ typedef double double_vec __attribute__((vector_size(HALF * sizeof(double))));

#define ACCUMULATORS 4

double VARIANT(sum_squares)(const float *x, int64_t n)
{
    double_vec sum[ACCUMULATORS] = {{0}, {0}, {0}, {0}};
    int64_t i = 0;
    for (; i + ACCUMULATORS * HALF <= n; i += ACCUMULATORS * HALF) {
        UNROLL
        for (int k = 0; k < ACCUMULATORS; k++) {
            half_vec v;
            memcpy(&v, x + i + k * HALF, sizeof v);
            double_vec wide = __builtin_convertvector(v, double_vec);
            sum[k] += wide * wide;
        }
    }
    double total = 0;
    for (; i < n; i++) total += (double)x[i] * x[i];
    sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    for (int lane = 0; lane < HALF; lane++) total += sum[0][lane];
    return total;
}
