/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_KERNEL_AXIS_H
#define GAN_KERNEL_AXIS_H

#include "kernel/kernel.h"

/* One direction, height or width, of a convolution or of its adjoint: `positions` of the target, each a sum over the
 * kernel's taps that meet one of the `sources`. Taps that would meet padding, or that a stride leaves out, are never
 * visited: position i of a convolution meets tap t at source i * stride + t - pad, and position i of the adjoint meets
 * it at source (i + pad - t) / stride, for the t that leave no remainder: those of its phase, (i + pad) % stride.
 *
 * An adjoint's taps are packed phase by phase, and backwards in each, so that neighbouring packed taps meet
 * neighbouring sources in both directions. */
typedef struct gan_axis {
    int64_t sources, positions, kernel, stride, pad;
    bool adjoint;
} gan_axis;

/* What one position meets: packed taps `tap` .. `tap` + count - 1, at as many sources from `source` on; all 0 for none.
 */
typedef struct gan_reach {
    int64_t source, tap, count;
} gan_reach;

/* Positions first, first + step, ... that meet the same taps, at sources that move by source_step. */
typedef struct gan_axis_class {
    int64_t first, step, positions, source_step;
    gan_reach reach;
} gan_axis_class;

static inline gan_axis gan_axis_rows(const gan_conv_geometry *g, bool adjoint)
{
    return (gan_axis){
        adjoint ? g->out_h : g->in_h, adjoint ? g->in_h : g->out_h, g->kernel_h, g->stride_h, g->pad_top, adjoint};
}

static inline gan_axis gan_axis_columns(const gan_conv_geometry *g, bool adjoint)
{
    return (gan_axis){
        adjoint ? g->out_w : g->in_w, adjoint ? g->in_w : g->out_w, g->kernel_w, g->stride_w, g->pad_left, adjoint};
}

static inline int64_t gan_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t gan_most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Taps of a phase, and where they begin among the packed ones. */
static inline int64_t gan_phase_taps(const gan_axis *a, int64_t phase)
{
    return a->kernel / a->stride + (phase < a->kernel % a->stride);
}

static inline int64_t gan_phase_begin(const gan_axis *a, int64_t phase)
{
    return phase * (a->kernel / a->stride) + gan_least(phase, a->kernel % a->stride);
}

static inline int64_t gan_packed_tap(const gan_axis *a, int64_t tap)
{
    if (!a->adjoint) return tap;
    int64_t phase = tap % a->stride;
    return gan_phase_begin(a, phase) + gan_phase_taps(a, phase) - 1 - tap / a->stride;
}

static inline gan_reach gan_axis_reach(const gan_axis *a, int64_t position)
{
    if (!a->adjoint) {
        int64_t begin = position * a->stride - a->pad, tap = gan_most(0, -begin);
        int64_t count = gan_least(a->kernel, a->sources - begin) - tap;
        return count > 0 ? (gan_reach){begin + tap, tap, count} : (gan_reach){0, 0, 0};
    }
    int64_t phase = (position + a->pad) % a->stride, last = (position + a->pad) / a->stride;
    int64_t taps = gan_phase_taps(a, phase), most = gan_least(taps - 1, last);
    int64_t count = most - gan_most(0, last - a->sources + 1) + 1;
    if (count <= 0) return (gan_reach){0, 0, 0};
    return (gan_reach){last - most, gan_phase_begin(a, phase) + taps - 1 - most, count};
}

/* The class after *c; the first one after {0}. False when there is none. */
static inline bool gan_axis_next(const gan_axis *a, gan_axis_class *c)
{
    int64_t step = a->adjoint ? a->stride : 1, first = c->first + c->step * c->positions;
    if (first >= a->positions) {
        first = c->first % step + 1;
        if (first >= step || first >= a->positions) return false;
    }
    gan_reach reach = gan_axis_reach(a, first);
    int64_t source_step = reach.count == 0 ? 0 : a->adjoint ? 1 : a->stride;
    *c = (gan_axis_class){first, step, 1, source_step, reach};
    for (int64_t i = first + step; i < a->positions; i += step, c->positions++) {
        gan_reach next = gan_axis_reach(a, i);
        if (next.tap != c->reach.tap || next.count != c->reach.count) break;
    }
    return true;
}

#endif
