/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/axis.h"
#include "kernel/variant.h"

/* Pooling: of each output's window, the sum or average, or the largest number. Windows are those of a convolution;
 * what is in the padding is never visited. */

/* What the window of output (row, column) is multiplied by. */
static float scale_of(const gan_axis *y, const gan_axis *x, int64_t row, int64_t column, gan_divisor divisor)
{
    if (divisor == GAN_DIVIDE_BY_ONE) return 1;
    if (divisor == GAN_DIVIDE_BY_KERNEL) return 1 / (float)(y->kernel * x->kernel);
    return 1 / (float)(gan_axis_reach(y, row).count * gan_axis_reach(x, column).count);
}

/* One pixel of the target: a sum over the sources that it meets, each with the scale of the window. */
static void sum_window(float *target, const float *source, const gan_conv_geometry *g, bool adjoint,
                       gan_divisor divisor, int64_t row, int64_t column)
{
    const gan_axis windows_y = gan_axis_rows(g, false), windows_x = gan_axis_columns(g, false);
    const gan_axis y = gan_axis_rows(g, adjoint), x = gan_axis_columns(g, adjoint);
    const gan_reach rows = gan_axis_reach(&y, row), columns = gan_axis_reach(&x, column);
    float scale = adjoint ? 0 : scale_of(&windows_y, &windows_x, row, column, divisor);
    memset(target, 0, (size_t)g->in_c * sizeof *target);
    for (int64_t i = rows.source; i < rows.source + rows.count; i++)
        for (int64_t j = columns.source; j < columns.source + columns.count; j++) {
            if (adjoint) scale = scale_of(&windows_y, &windows_x, i, j, divisor);
            add_scaled(target, scale, source + (i * x.sources + j) * g->in_c, g->in_c);
        }
}

void VARIANT(sum_pool)(float *target, const float *source, const gan_conv_geometry *g, bool adjoint,
                       gan_divisor divisor, int64_t samples)
{
    int64_t rows = adjoint ? g->in_h : g->out_h, columns = adjoint ? g->in_w : g->out_w;
    int64_t source_floats = (adjoint ? (int64_t)g->out_h * g->out_w : (int64_t)g->in_h * g->in_w) * g->in_c;
    for (int64_t n = 0; n < samples; n++, source += source_floats)
        for (int64_t row = 0; row < rows; row++)
            for (int64_t column = 0; column < columns; column++, target += g->in_c)
                sum_window(target, source, g, adjoint, divisor, row, column);
}

/* One window, whose first pixel is number `first` of the image. A NaN is larger than everything, the last one most. */
static void largest(float *y, float *index, const float *x, int64_t first, int64_t rows, int64_t columns,
                    int64_t image_w, int64_t c)
{
    for (int64_t k = 0; k < c; k += LANES) {
        vec best = load_up_to(x + first * c + k, c - k), where = splat((float)first);
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < columns; j++) {
                int64_t pixel = first + i * image_w + j;
                vec v = load_up_to(x + pixel * c + k, c - k);
                ivec better = (v > best) | (v != v);
                best = choose(better, v, best);
                where = choose(better, splat((float)pixel), where);
            }
        store_up_to(y + k, best, c - k);
        store_up_to(index + k, where, c - k);
    }
}

void VARIANT(max_pool)(float *y, float *index, const float *x, const gan_conv_geometry *g, int64_t samples)
{
    const gan_axis down = gan_axis_rows(g, false), across = gan_axis_columns(g, false);
    int64_t c = g->in_c;
    for (int64_t n = 0; n < samples; n++, x += (int64_t)g->in_h * g->in_w * c)
        for (int64_t row = 0; row < g->out_h; row++)
            for (int64_t column = 0; column < g->out_w; column++, y += c, index += c) {
                const gan_reach rows = gan_axis_reach(&down, row), columns = gan_axis_reach(&across, column);
                largest(y, index, x, rows.source * g->in_w + columns.source, rows.count, columns.count, g->in_w, c);
            }
}

void VARIANT(max_pool_take)(float *ty, const float *index, const float *tx, const gan_conv_geometry *g, int64_t samples)
{
    int64_t c = g->in_c, in = (int64_t)g->in_h * g->in_w * c, out = (int64_t)g->out_h * g->out_w * c;
    for (int64_t n = 0; n < samples; n++, ty += out, index += out, tx += in)
        for (int64_t i = 0; i < out; i += c)
            for (int64_t j = 0; j < c; j++) ty[i + j] = tx[(int64_t)index[i + j] * c + j];
}

void VARIANT(max_pool_give)(float *dx, const float *index, const float *dy, const gan_conv_geometry *g, int64_t samples)
{
    int64_t c = g->in_c, in = (int64_t)g->in_h * g->in_w * c, out = (int64_t)g->out_h * g->out_w * c;
    memset(dx, 0, (size_t)(samples * in) * sizeof *dx);
    for (int64_t n = 0; n < samples; n++, dx += in, index += out, dy += out)
        for (int64_t i = 0; i < out; i += c)
            for (int64_t j = 0; j < c; j++) dx[(int64_t)index[i + j] * c + j] += dy[i + j];
}
