/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/variant.h"

void VARIANT(deviation)(float *mean, float *inverse, float *sum, const float *x, const gan_deviation *call)
{
    const int64_t n = call->pixels * call->c, c = call->c;
    const float scale = 1 / (float)call->samples, epsilon = call->epsilon;
    VARIANT(sample_mean)(mean, x, call->samples, call->stride, n);
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) inverse[i] = 0;
    for (int64_t k = 0; k < call->samples; k++) {
        const float *sample = x + k * call->stride;
        INDEPENDENT
        for (int64_t i = 0; i < n; i++) inverse[i] += (sample[i] - mean[i]) * (sample[i] - mean[i]);
    }
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) inverse[i] = sqrtf(scale * inverse[i] + epsilon);
    for (int64_t j = 0; j < c; j++) sum[j] = 0;
    for (int64_t p = 0; p < n; p += c) {
        INDEPENDENT
        for (int64_t j = 0; j < c; j++) sum[j] += inverse[p + j];
    }
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) inverse[i] = 1 / inverse[i];
}

void VARIANT(deviation_backward)(float *dx, const float *dy, const float *x, const float *mean, const float *inverse,
                                 const float *w, const gan_deviation *call)
{
    const int64_t c = call->c;
    for (int64_t p = 0; p < call->pixels; p++, dx += c, dy += call->row, x += c, mean += c, inverse += c) {
        INDEPENDENT
        for (int64_t j = 0; j < c; j++) dx[j] = dy[j] + w[j] * ((x[j] - mean[j]) * inverse[j]);
    }
}

void VARIANT(deviation_tangent)(float *sum, const float *tx, const float *x, const float *mean, const float *inverse,
                                const gan_deviation *call)
{
    const int64_t c = call->c;
    for (int64_t j = 0; j < c; j++) sum[j] = 0;
    for (int64_t p = 0; p < call->pixels * c; p += c) {
        INDEPENDENT
        for (int64_t j = 0; j < c; j++) sum[j] += tx[p + j] * ((x[p + j] - mean[p + j]) * inverse[p + j]);
    }
}

void VARIANT(deviation_curvature)(float *dx, const float *tx, const float *x, const float *mean, const float *inverse,
                                  const float *w, float *scratch, const gan_deviation *call)
{
    const int64_t n = call->pixels * call->c, c = call->c;
    const float scale = 1 / (float)call->samples;
    float *mean_tx = scratch, *along = scratch + n;
    VARIANT(sample_mean)(mean_tx, tx, call->samples, call->stride, n);
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) along[i] = 0;
    for (int64_t k = 0; k < call->samples; k++) {
        const float *sample = x + k * call->stride, *t = tx + k * call->stride;
        INDEPENDENT
        for (int64_t i = 0; i < n; i++) along[i] += (t[i] - mean_tx[i]) * (sample[i] - mean[i]);
    }
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) along[i] *= scale * inverse[i] * inverse[i];
    for (int64_t k = 0; k < call->samples; k++)
        for (int64_t p = 0; p < n; p += c) {
            const int64_t at = k * call->stride + p;
            INDEPENDENT
            for (int64_t j = 0; j < c; j++)
                dx[at + j] +=
                    w[j] * inverse[p + j] * ((tx[at + j] - mean_tx[p + j]) - along[p + j] * (x[at + j] - mean[p + j]));
        }
}
