/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/elementary.h"

/* Up to LANES kernels b of minibatch discrimination: pointers are to the first of them in the first sample. */
struct lanes {
    const float *m, *tm;
    const gan_similarity *call;
    int64_t n;
};

INLINE vec at(const struct lanes *l, const float *x, int64_t sample, int64_t d)
{
    return load_up_to(x + (sample * l->call->dims + d) * l->call->kernels, l->n);
}

/* c[j,b], or with a direction c[j,b] * e[j,b]. From a distance of 105 on c is 0. */
INLINE vec compare(const struct lanes *l, int64_t j)
{
    const int64_t i = l->call->sample;
    vec distance = {0}, moved = {0};
    for (int64_t d = 0; d < l->call->dims; d++) {
        vec difference = at(l, l->m, i, d) - at(l, l->m, j, d);
        distance += absolute(difference);
        if (l->tm) moved -= with_sign_of(difference, at(l, l->tm, i, d) - at(l, l->tm, j, d));
    }
    vec c = exponential_value(exponential_of(-at_most(distance, 105)));
    return l->tm ? c * moved : c;
}

static struct lanes lanes_of(const float *m, const float *tm, const gan_similarity *call, int64_t b)
{
    return (struct lanes){m + b, tm ? tm + b : NULL, call, call->kernels - b};
}

void VARIANT(similarity)(float *o, const float *m, const float *tm, const gan_similarity *call)
{
    for (int64_t b = 0; b < call->kernels; b += LANES) {
        struct lanes l = lanes_of(m, tm, call, b);
        vec sum = {0};
        for (int64_t j = 0; j < call->batch; j++) sum += compare(&l, j);
        store_up_to(o + b, sum, l.n);
    }
}

void VARIANT(similarity_gradient)(float *dm, const float *g, const float *m, const float *tm,
                                  const gan_similarity *call)
{
    const int64_t i = call->sample, kernels = call->kernels;
    for (int64_t k = 0; k < call->dims * kernels; k++) dm[k] = 0;
    for (int64_t b = 0; b < kernels; b += LANES) {
        struct lanes l = lanes_of(m, tm, call, b);
        for (int64_t j = 0; j < call->batch; j++) {
            vec w = compare(&l, j) * (load_up_to(g + i * kernels + b, l.n) + load_up_to(g + j * kernels + b, l.n));
            for (int64_t d = 0; d < call->dims; d++) {
                float *target = dm + d * kernels + b;
                vec s = with_sign_of(at(&l, l.m, i, d) - at(&l, l.m, j, d), w);
                store_up_to(target, load_up_to(target, l.n) - s, l.n);
            }
        }
    }
}
