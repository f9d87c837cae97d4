/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/axis.h"
#include "kernel/variant.h"

/* Convolutions in groups of channels, straight from their definition: with few channels in a group there is little that
 * a tile would use twice. Where a group has one channel on either side, a depthwise convolution, the lanes are groups.
 */

/* What one pixel of the target meets: rows x columns pixels of the source, and as many taps of the kernel. The taps go
 * by a step that is negative for the adjoint. */
struct window {
    int64_t rows, columns, source, tap;
    int64_t source_row, tap_row, tap_column; /* from a row to the next, from a column to the next; in floats */
};

/* The tap that position meets at a source, and the step to the next source's. */
static int64_t tap_at(const gan_axis *a, int64_t position, int64_t source, int64_t *step)
{
    *step = a->adjoint ? -a->stride : 1;
    return a->adjoint ? position + a->pad - source * a->stride : source + a->pad - position * a->stride;
}

static struct window window_of(const gan_conv_geometry *g, bool adjoint, int64_t row, int64_t column)
{
    const gan_axis y = gan_axis_rows(g, adjoint), x = gan_axis_columns(g, adjoint);
    const gan_reach rows = gan_axis_reach(&y, row), columns = gan_axis_reach(&x, column);
    int64_t step_y, step_x, c = adjoint ? g->out_c : g->in_c, matrix = (int64_t)g->in_c / g->groups * g->out_c;
    int64_t tap_y = tap_at(&y, row, rows.source, &step_y), tap_x = tap_at(&x, column, columns.source, &step_x);
    if (rows.count == 0 || columns.count == 0) return (struct window){0};
    return (struct window){.rows = rows.count,
                           .columns = columns.count,
                           .source = (rows.source * x.sources + columns.source) * c,
                           .tap = (tap_y * g->kernel_w + tap_x) * matrix,
                           .source_row = x.sources * c,
                           .tap_row = step_y * g->kernel_w * matrix,
                           .tap_column = step_x * matrix};
}

INLINE float dot(const float *a, const float *b, int64_t n)
{
    vec sum = {0};
    for (int64_t i = 0; i < n; i += LANES) sum += load_up_to(a + i, n - i) * load_up_to(b + i, n - i);
    return sum_lanes(sum);
}

/* weight: a tap's [in_c / groups, out_c]. */
static void add_tap(bool adjoint, float *target, const float *source, const float *weight, const gan_conv_geometry *g)
{
    int64_t in = g->in_c / g->groups, out = g->out_c / g->groups;
    for (int64_t group = 0; group < g->groups; group++)
        for (int64_t j = 0; j < in; j++) {
            const float *row = weight + j * g->out_c + group * out;
            if (adjoint)
                target[group * in + j] += dot(source + group * out, row, out);
            else
                add_scaled(target + group * out, source[group * in + j], row, out);
        }
}

static void depthwise_pixel(float *target, const float *source, const float *weight, const struct window *w, int64_t c)
{
    for (int64_t k = 0; k < c; k += LANES) {
        vec sum = load_up_to(target + k, c - k);
        for (int64_t i = 0; i < w->rows; i++)
            for (int64_t j = 0; j < w->columns; j++)
                sum += load_up_to(source + i * w->source_row + j * c + k, c - k) *
                       load_up_to(weight + i * w->tap_row + j * w->tap_column + k, c - k);
        store_up_to(target + k, sum, c - k);
    }
}

static void grouped_pixel(float *target, const float *source, const float *weight, const struct window *w,
                          const gan_conv_geometry *g, bool adjoint)
{
    int64_t c = adjoint ? g->out_c : g->in_c;
    for (int64_t i = 0; i < w->rows; i++)
        for (int64_t j = 0; j < w->columns; j++)
            add_tap(adjoint, target, source + i * w->source_row + j * c, weight + i * w->tap_row + j * w->tap_column,
                    g);
}

void VARIANT(grouped_conv)(const gan_conv_call *call)
{
    const gan_conv_geometry *g = call->geometry;
    bool adjoint = call->adjoint, depthwise = g->groups == g->in_c && g->groups == g->out_c;
    int64_t rows = adjoint ? g->in_h : g->out_h, columns = adjoint ? g->in_w : g->out_w;
    int64_t c = adjoint ? g->in_c : g->out_c;
    int64_t source_floats = adjoint ? (int64_t)g->out_h * g->out_w * g->out_c : (int64_t)g->in_h * g->in_w * g->in_c;
    for (int64_t row = 0; row < rows; row++)
        for (int64_t column = 0; column < columns; column++) {
            const struct window w = window_of(g, adjoint, row, column);
            const float *source = call->source + w.source, *weight = call->packed + w.tap;
            float *target = call->target + (row * columns + column) * c;
            for (int64_t n = 0; n < call->samples; n++, source += source_floats, target += rows * columns * c) {
                for (int64_t k = 0; k < c; k++) target[k] = call->bias ? call->bias[k] : 0;
                if (depthwise)
                    depthwise_pixel(target, source, weight, &w, c);
                else
                    grouped_pixel(target, source, weight, &w, g, adjoint);
            }
        }
}

/* One tap's gradient [in_c / groups, out_c] += what one pixel of image and output give it. */
INLINE void add_outer(float *gradient, const float *image, const float *output, const gan_conv_geometry *g)
{
    int64_t in = g->in_c / g->groups, out = g->out_c / g->groups;
    if (in * out == 1) {
        INDEPENDENT
        for (int64_t k = 0; k < g->groups; k++) gradient[k] += image[k] * output[k];
        return;
    }
    for (int64_t group = 0; group < g->groups; group++)
        for (int64_t j = 0; j < in; j++)
            add_scaled(gradient + j * g->out_c + group * out, image[group * in + j], output + group * out, out);
}

void VARIANT(grouped_gradient)(float *gradient, const float *image, const float *output, const gan_conv_geometry *g,
                               int64_t samples, int64_t kernel_row)
{
    const gan_axis x = gan_axis_columns(g, false);
    int64_t matrix = (int64_t)g->in_c / g->groups * g->out_c;
    gradient += kernel_row * g->kernel_w * matrix;
    for (int64_t row = 0; row < samples * g->out_h; row++) {
        int64_t n = row / g->out_h, in_row = row % g->out_h * g->stride_h + kernel_row - g->pad_top;
        if (in_row < 0 || in_row >= g->in_h) continue;
        for (int64_t column = 0; column < g->out_w; column++) {
            const gan_reach taps = gan_axis_reach(&x, column);
            const float *pixel = image + ((n * g->in_h + in_row) * g->in_w + taps.source) * g->in_c;
            for (int64_t k = 0; k < taps.count; k++)
                add_outer(gradient + (taps.tap + k) * matrix, pixel + k * g->in_c,
                          output + (row * g->out_w + column) * g->out_c, g);
        }
    }
}
