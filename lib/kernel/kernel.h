/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_KERNEL_KERNEL_H
#define GAN_KERNEL_KERNEL_H

#include <gan/context.h>
#include <stdbool.h>

/* The inner loops of the library, on plain pointers, behind one table: another instruction set, or another device, is
 * another table. Kernels never allocate, never fail and never start threads; who calls them cuts the work. Arrays are
 * float, row-major, channels last; none of them overlap unless the comment says so. */

/* A convolution from an image of in_h x in_w x in_c to an output of out_h x out_w x out_c, weights [kernel_h, kernel_w,
 * in_c, out_c]. Its adjoint goes from the output back to the image. */
typedef struct gan_conv_geometry {
    int in_h, in_w, in_c;
    int out_h, out_w, out_c;
    int kernel_h, kernel_w, stride_h, stride_w;
    int pad_top, pad_left; /* may leave a kernel wholly outside; may be larger than the kernel */
    int groups;            /* of grouped_conv and grouped_gradient; the others do not read it */
} gan_conv_geometry;

/* The target is the output and the source the image, or the other way round for the adjoint; both of `samples`. */
typedef struct gan_conv_call {
    const gan_conv_geometry *geometry;
    bool adjoint;
    int64_t samples;
    const float *source, *packed, *bias; /* packed: by conv_pack(); bias: one number a channel of the target, or NULL */
    float *target;
} gan_conv_call;

/* c [m,n] = a [m,k] * b [k,n], or added to c when accumulate. transpose_a: a is stored [k,m]; transpose_b: b is stored
 * [n,k]. lda, ldb, ldc: floats from one stored row to the next. The order of the additions depends on m, n and k only.
 */
typedef struct gan_gemm {
    bool transpose_a, transpose_b, accumulate;
    int64_t m, n, k;
    const float *a, *b;
    float *c;
    int64_t lda, ldb, ldc;
    float *scratch; /* gemm_scratch floats, aligned to 64 bytes */
} gan_gemm;

typedef struct gan_adam_step {
    float beta1, beta2, epsilon;
    float rate;       /* divided by (1 - beta1^t) */
    float correction; /* 1 / (1 - beta2^t) */
} gan_adam_step;

/* What the sums of a pooling window are divided by: the pixels that are inside the image, all of the kernel's, 1. */
typedef enum gan_divisor { GAN_DIVIDE_BY_INSIDE, GAN_DIVIDE_BY_KERNEL, GAN_DIVIDE_BY_ONE } gan_divisor;

/* From a picture [in_h, in_w, c] to one factor_h and factor_w times as large. */
typedef struct gan_resize {
    int64_t in_h, in_w, c, factor_h, factor_w;
    bool bilinear; /* or the nearest pixel */
} gan_resize;

/* A deep picture [h, w, c * block * block] and the wide one of the same numbers, [h * block, w * block, c]. */
typedef struct gan_shuffle {
    int64_t h, w, c, block;
    bool channels_first; /* the deep channel of [a, b, j] in a block is (j * block + a) * block + b, or else (a * block
                            + b) * c + j */
} gan_shuffle;

typedef struct gan_kernels {
    const char *name;

    size_t gemm_scratch; /* floats that gemm and gemm_builtin want for themselves */
    void (*gemm)(const gan_gemm *gemm);
    void (*gemm_builtin)(const gan_gemm *gemm); /* the library's own, whether gemm is a BLAS's or not */

    /* target = bias + the convolution of source, or its adjoint, for one panel of the target's channels: those from
     * panel * conv_panel on, conv_panel of them or the rest. */
    int64_t conv_panel;
    void (*conv)(const gan_conv_call *call, int64_t panel);
    /* Writes one tap's weights (0 .. kernel_h * kernel_w - 1) where conv() reads them. packed: gan_conv_packed()
     * floats, aligned to 64 bytes, the same for all taps. */
    void (*conv_pack)(float *packed, const float *weight, const gan_conv_geometry *geometry, bool adjoint, int64_t tap);
    /* gradient += that of the weights in one row of the kernel, from an image and the gradient of the output. */
    void (*conv_gradient)(float *gradient, const float *image, const float *output, const gan_conv_geometry *geometry,
                          int64_t samples, int64_t kernel_row);

    /* Element by element over n. Backward kernels get the forward result y. In place (y == x, dx == dy) is fine. */
    void (*add)(float *y, const float *x, int64_t n);                     /* y += x */
    void (*leaky_relu)(float *y, const float *x, int64_t n, float slope); /* slope 0: relu; NaN stays NaN */
    void (*leaky_relu_backward)(float *dx, const float *dy, const float *y, int64_t n,
                                float slope); /* y > 0 ? dy : slope * dy */
    void (*tanh)(float *y, const float *x, int64_t n);
    void (*tanh_backward)(float *dx, const float *dy, const float *y, int64_t n); /* dy * (1 - y^2) */
    void (*tanh_curvature)(float *dx, const float *dty, const float *tx, const float *y,
                           int64_t n); /* dx += dty * tx * f''(x), here and below */
    void (*sigmoid)(float *y, const float *x, int64_t n);
    void (*sigmoid_backward)(float *dx, const float *dy, const float *y, int64_t n); /* dy * y * (1 - y) */
    void (*sigmoid_curvature)(float *dx, const float *dty, const float *tx, const float *y, int64_t n);

    /* Over the rows of a matrix [rows, c]. */
    void (*fill_rows)(float *y, const float *row, int64_t rows, int64_t c); /* y[r,:] = row */
    void (*sum_rows)(float *sum, const float *x, int64_t rows, int64_t c);  /* sum = sum over r of x[r,:] */
    void (*scale_shift)(float *y, const float *x, const float *scale, const float *shift, int64_t rows,
                        int64_t c); /* in place is fine */
    /* mean = mean over r of x[r,:]; squares = sum over r of (x[r,:] - mean)^2, in two passes */
    void (*moments)(float *mean, float *squares, const float *x, int64_t rows, int64_t c);
    /* sum_dy = sum over r of dy[r,:]; sum_dy_x = sum over r of dy[r,:] * (x[r,:] - mean) * inverse */
    void (*batch_norm_sums)(float *sum_dy, float *sum_dy_x, const float *dy, const float *x, const float *mean,
                            const float *inverse, int64_t rows, int64_t c);
    /* dx = a * dy + b * x + d, each of a, b, d [c]; dx == dy is fine */
    void (*batch_norm_backward)(float *dx, const float *dy, const float *x, const float *a, const float *b,
                                const float *d, int64_t rows, int64_t c);

    /* concat_diff on `pixels` neighbouring pixels of a batch. Pointers are to the first of them in the first sample; a
     * sample's pixels are image_pixels long: x and dx [batch, image_pixels, c], y and dy [batch, image_pixels, c + 1],
     * mean [pixels, c]: the mean of x over the batch, which the forward kernel writes and the backward kernel reads.
     *     y = x, and y[n,p,c] = 1/c * sum over j of |x[n,p,j] - mean[p,j]|
     *     dx[n,p,j] = dy[n,p,j] + 1/c * (g[n,p] * s[n,p,j] - 1/batch * sum over m of g[m,p] * s[m,p,j]),
     *     g = dy[..,c], s = sign of x - mean (0 for 0). scratch: pixels * c floats. */
    void (*concat_diff)(float *y, float *mean, const float *x, int64_t batch, int64_t image_pixels, int64_t pixels,
                        int64_t c);
    void (*concat_diff_backward)(float *dx, const float *dy, const float *x, const float *mean, float *scratch,
                                 int64_t batch, int64_t image_pixels, int64_t pixels, int64_t c);

    /* ty = tx, and ty[n,p,c] = 1/c * sum over j of s[n,p,j] * (tx[n,p,j] - mean over m of tx[m,p,j]).
     * scratch: as above. */
    void (*concat_diff_tangent)(float *ty, const float *tx, const float *x, const float *mean, float *scratch,
                                int64_t batch, int64_t image_pixels, int64_t pixels, int64_t c);

    /* Optimizer updates of n parameters w by gradients g. */
    void (*adam)(float *w, const float *g, float *m, float *v, int64_t n, const gan_adam_step *step);
    /* v = momentum * v + g; w -= rate * (nesterov ? g + momentum * v : v). v may be NULL when momentum is 0. */
    void (*sgd)(float *w, const float *g, float *v, int64_t n, float rate, float momentum, bool nesterov);

    double (*sum_squares)(const float *x, int64_t n);

    /* Pooling of a geometry with in_c == out_c, each window with a pixel inside at least. target = the sums of the
     * windows' pixels, divided, or for the adjoint, from the outputs back to the image, its transpose. */
    void (*sum_pool)(float *target, const float *source, const gan_conv_geometry *geometry, bool adjoint,
                     gan_divisor divisor, int64_t samples);
    /* y = the largest number of a window, NaN when one is, and index = the number of its pixel, less than 2^24. The
     * first of equal ones. */
    void (*max_pool)(float *y, float *index, const float *x, const gan_conv_geometry *geometry, int64_t samples);
    /* ty = tx at the index; dx = dy at the index, in sum, 0 elsewhere. */
    void (*max_pool_take)(float *ty, const float *index, const float *tx, const gan_conv_geometry *geometry,
                          int64_t samples);
    void (*max_pool_give)(float *dx, const float *index, const float *dy, const gan_conv_geometry *geometry,
                          int64_t samples);

    void (*upsample)(float *y, const float *x, const gan_resize *resize, int64_t samples);
    void (*upsample_adjoint)(float *dx, const float *dy, const gan_resize *resize, int64_t samples);
    void (*depth_to_space)(float *wide, const float *deep, const gan_shuffle *shuffle, int64_t samples);
    void (*space_to_depth)(float *deep, const float *wide, const gan_shuffle *shuffle, int64_t samples);

    /* y[r,:] = table[number[r],:] of table [classes, c], NaN where the number is not one of 0 .. classes - 1. The
     * gradient of the table += dy, in the columns `first` .. first + columns - 1. */
    void (*embedding)(float *y, const float *table, const float *number, int64_t rows, int64_t classes, int64_t c);
    void (*embedding_gradient)(float *gradient, const float *dy, const float *number, int64_t rows, int64_t classes,
                               int64_t c, int64_t first, int64_t columns);

    /* As conv and conv_gradient, in groups: weights [kernel_h, kernel_w, in_c / groups, out_c], where output f sees the
     * inputs of group f / (out_c / groups). call->packed: the weights as they are. */
    void (*grouped_conv)(const gan_conv_call *call);
    void (*grouped_gradient)(float *gradient, const float *image, const float *output,
                             const gan_conv_geometry *geometry, int64_t samples, int64_t kernel_row);

    /* Over the rows of a matrix [rows, c]; scale >= 0. y = softmax(scale * x), in place is fine; a NaN or a positive
     * infinity makes its row NaN. dx = scale * y * (dy - <dy>), with <a> = the sum over the row of y * a; in place is
     * fine. */
    void (*softmax)(float *y, const float *x, float scale, int64_t rows, int64_t c);
    void (*softmax_backward)(float *dx, const float *dy, const float *y, float scale, int64_t rows, int64_t c);
    /* The gradients of the tangent ty = scale * y * (tx - <tx>). In: dx = the gradient of y, dtx = that of ty, each
     * but for what ty's own use of y gives. Out: dx = that of x, dtx = that of tx. */
    void (*softmax_tangent_backward)(float *dx, float *dtx, const float *tx, const float *y, float scale, int64_t rows,
                                     int64_t c);
} gan_kernels;

/* The table of a set, GAN_KERNELS_AUTO: the best that the CPU runs. NULL when the build or the CPU lacks it. */
const gan_kernels *gan_kernels_select(gan_kernel_set set);

/* Whether sets other than GAN_KERNELS_C give their matrix products to a BLAS. */
bool gan_kernels_use_blas(void);

/* Threads that the BLAS may start by itself for one product; 1 where there is none. */
int gan_kernels_blas_threads(void);

#endif
