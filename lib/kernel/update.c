/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/variant.h"

/* Which state there is, is a constant in each sweep: a loop that asks has no vectors. */

INLINE void adam_sweep(float *w, const float *g, float *m, float *v, float *v_max, int64_t n, gan_adam_step s,
                       bool largest)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) {
        m[i] = s.beta1 * m[i] + (1 - s.beta1) * g[i];
        v[i] = s.beta2 * v[i] + (1 - s.beta2) * (g[i] * g[i]);
        float divisor = v[i];
        if (largest) divisor = v_max[i] = v_max[i] >= v[i] ? v_max[i] : v[i];
        w[i] -= s.decay * w[i] + s.rate * m[i] / (sqrtf(divisor * s.correction) + s.epsilon);
    }
}

/* Kingma and Ba 2015, with the corrections of both moments in `rate` and `correction`; the first moment is a sum of two
 * products, so that beta1 = 0 gives the gradient itself. */
void VARIANT(adam)(float *w, const float *g, float *m, float *v, float *v_max, int64_t n, const gan_adam_step *step)
{
    if (v_max)
        adam_sweep(w, g, m, v, v_max, n, *step, true);
    else
        adam_sweep(w, g, m, v, NULL, n, *step, false);
}

/* The difference of averages that estimates a variance can be negative by rounding only. */
INLINE void rmsprop_sweep(float *w, const float *g, float *square, float *mean, float *velocity, int64_t n,
                          gan_rmsprop_step s, bool centered, bool momentum)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) {
        square[i] = s.alpha * square[i] + (1 - s.alpha) * (g[i] * g[i]);
        float divisor = square[i];
        if (centered) {
            mean[i] = s.alpha * mean[i] + (1 - s.alpha) * g[i];
            divisor -= mean[i] * mean[i];
            divisor = divisor < 0 ? 0 : divisor;
        }
        float change = g[i] / (sqrtf(divisor) + s.epsilon);
        if (momentum) change = velocity[i] = s.momentum * velocity[i] + change;
        w[i] -= s.rate * change;
    }
}

void VARIANT(rmsprop)(float *w, const float *g, float *square, float *mean, float *velocity, int64_t n,
                      const gan_rmsprop_step *step)
{
    if (mean && velocity)
        rmsprop_sweep(w, g, square, mean, velocity, n, *step, true, true);
    else if (mean)
        rmsprop_sweep(w, g, square, mean, NULL, n, *step, true, false);
    else if (velocity)
        rmsprop_sweep(w, g, square, NULL, velocity, n, *step, false, true);
    else
        rmsprop_sweep(w, g, square, NULL, NULL, n, *step, false, false);
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

void VARIANT(scale)(float *y, int64_t n, float factor)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) y[i] *= factor;
}

void VARIANT(clip)(float *y, int64_t n, float limit)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) {
        float low = y[i] < -limit ? -limit : y[i];
        y[i] = low > limit ? limit : low;
    }
}

/* The difference first: a number that does not change stays the same to the last bit. */
void VARIANT(lerp)(float *y, const float *x, int64_t n, float t)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) y[i] += t * (x[i] - y[i]);
}
