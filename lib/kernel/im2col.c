/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/variant.h"

/* Runs of a kernel's row are short (4 taps of 3 channels are 12 floats), so that a call of memcpy a run would cost more
 * than the copy. What is less than a vector goes by eight and four floats. */
__extension__ typedef float four __attribute__((vector_size(16)));
__extension__ typedef float eight __attribute__((vector_size(32)));

#define COPY(type, y, x)           \
    do {                           \
        type v;                    \
        memcpy(&v, (x), sizeof v); \
        memcpy((y), &v, sizeof v); \
    } while (0)

#define ADD(type, y, x)            \
    do {                           \
        type v, w;                 \
        memcpy(&v, (y), sizeof v); \
        memcpy(&w, (x), sizeof w); \
        v += w;                    \
        memcpy((y), &v, sizeof v); \
    } while (0)

/* y = x for n floats. The last piece may overlap the one before. */
INLINE void copy_run(float *y, const float *x, int64_t n)
{
    if (n >= LANES) {
        for (int64_t i = 0; i < n - LANES; i += LANES) store(y + i, load(x + i));
        store(y + n - LANES, load(x + n - LANES));
    } else if (LANES > 8 && n >= 8) {
        COPY(eight, y, x);
        COPY(eight, y + n - 8, x + n - 8);
    } else if (n >= 4) {
        COPY(four, y, x);
        COPY(four, y + n - 4, x + n - 4);
    } else {
        for (int64_t i = 0; i < n; i++) y[i] = x[i];
    }
}

INLINE void zero_run(float *y, int64_t n)
{
    const vec zero = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) store(y + i, zero);
    for (; i < n; i++) y[i] = 0;
}

INLINE void add_run(float *y, const float *x, int64_t n)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) store(y + i, load(y + i) + load(x + i));
    if (LANES > 8 && i + 8 <= n) {
        ADD(eight, y + i, x + i);
        i += 8;
    }
    if (LANES > 4 && i + 4 <= n) {
        ADD(four, y + i, x + i);
        i += 4;
    }
    for (; i < n; i++) y[i] += x[i];
}

/* Kernel columns begin..end-1 of an output column lie in the image, the first of them at image column `first`. */
struct span {
    int64_t begin, end, first;
};

static struct span span_of(const gan_conv_geometry *g, int x)
{
    int64_t left = (int64_t)x * g->stride_w - g->pad_left;
    int64_t begin = left < 0 ? -left : 0, end = g->in_w - left;
    if (end > g->kernel_w) end = g->kernel_w;
    if (begin >= end) return (struct span){0, 0, 0};
    return (struct span){begin, end, left + begin};
}

static int64_t image_row(const gan_conv_geometry *g, int y, int kernel_row)
{
    return (int64_t)y * g->stride_h - g->pad_top + kernel_row;
}

void VARIANT(im2col)(float *col, const float *image, const gan_conv_geometry *g, int first_row, int rows)
{
    const int64_t c = g->in_c, run = g->kernel_w * c;
    for (int y = first_row; y < first_row + rows; y++) {
        for (int x = 0; x < g->out_w; x++) {
            struct span s = span_of(g, x);
            for (int k = 0; k < g->kernel_h; k++, col += run) {
                int64_t row = image_row(g, y, k);
                int64_t begin = s.begin * c, end = row < 0 || row >= g->in_h ? begin : s.end * c;
                if (end - begin < run) zero_run(col, run);
                if (end > begin) copy_run(col + begin, image + (row * g->in_w + s.first) * c, end - begin);
            }
        }
    }
}

void VARIANT(col2im)(float *image, const float *col, const gan_conv_geometry *g, int first_row, int rows)
{
    const int64_t c = g->in_c, run = g->kernel_w * c;
    for (int y = first_row; y < first_row + rows; y++) {
        for (int x = 0; x < g->out_w; x++) {
            struct span s = span_of(g, x);
            for (int k = 0; k < g->kernel_h; k++, col += run) {
                int64_t row = image_row(g, y, k);
                if (row < 0 || row >= g->in_h || s.begin == s.end) continue;
                add_run(image + (row * g->in_w + s.first) * c, col + s.begin * c, (s.end - s.begin) * c);
            }
        }
    }
}
