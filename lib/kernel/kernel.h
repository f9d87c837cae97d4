/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_KERNEL_KERNEL_H
#define GAN_KERNEL_KERNEL_H

#include "core/random.h"

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
    float decay;      /* of the weight itself: rate * weight decay */
} gan_adam_step;

typedef struct gan_rmsprop_step {
    float alpha, epsilon, momentum, rate;
} gan_rmsprop_step;
/* Activations f: the rows of gan_kernels.activation. */
typedef enum gan_activation {
    /* Whose derivatives are found from the result: */
    GAN_ACTIVATION_LEAKY_RELU, /* x > 0 ? x : p x; 0 <= p; NaN stays NaN */
    GAN_ACTIVATION_TANH,
    GAN_ACTIVATION_SIGMOID,
    GAN_ACTIVATION_ELU,      /* x > 0 ? x : p (exp(x) - 1); 0 < p */
    GAN_ACTIVATION_SOFTPLUS, /* log(1 + exp(x)) */
    /* And those whose result does not tell x: */
    GAN_ACTIVATION_SILU,      /* x sigmoid(x) */
    GAN_ACTIVATION_GELU,      /* x P(x), P the cumulative standard normal distribution */
    GAN_ACTIVATION_GELU_TANH, /* x/2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) */
    GAN_ACTIVATIONS
} gan_activation;

/* Element by element over n, p being the activation's parameter where it has one. z is y = f(x), or x for the second
 * group above. In place (y == x, dx == dy) is fine. */
typedef struct gan_activation_kernels {
    void (*forward)(float *y, const float *x, int64_t n, float p);
    void (*backward)(float *dx, const float *dy, const float *z, int64_t n, float p); /* dx = dy * f'(x) */
    void (*curvature)(float *dx, const float *dty, const float *tx, const float *z, int64_t n,
                      float p); /* dx += dty * tx * f''(x); NULL where that is 0 */
} gan_activation_kernels;
/* Minibatch discrimination of one sample: m [batch, dims, kernels]. */
typedef struct gan_similarity {
    int64_t sample, batch, dims, kernels;
} gan_similarity;

/* Minibatch standard deviation: `samples` that begin `stride` floats apart (one where the comment says so), and of each
 * some neighbouring pixels [pixels, c]. */
typedef struct gan_deviation {
    int64_t samples, stride, pixels, c;
    int64_t row; /* floats from one pixel's gradient of y to the next: c and the added channels */
    float epsilon;
} gan_deviation;
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
    /* Writes one tap's weights (0 .. kernel_h * kernel_w - 1) where conv() reads them. packed: aligned
     * to 64 bytes, the same for all taps: kernel_h * kernel_w * the source's channels * the target's channels rounded
     * up to whole panels. */
    void (*conv_pack)(float *packed, const float *weight, const gan_conv_geometry *geometry, bool adjoint, int64_t tap);
    /* gradient += that of the weights in one row of the kernel, from an image and the gradient of the output. */
    void (*conv_gradient)(float *gradient, const float *image, const float *output, const gan_conv_geometry *geometry,
                          int64_t samples, int64_t kernel_row);

    const gan_activation_kernels *activation; /* GAN_ACTIVATIONS of them */

    /* Element by element over n. */
    void (*add)(float *y, const float *x, int64_t n);                          /* y += x */
    void (*multiply)(float *y, const float *a, const float *b, int64_t n);     /* y = a * b, in place is fine */
    void (*multiply_add)(float *y, const float *a, const float *b, int64_t n); /* y += a * b */

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

    /* y = x * scale [c]; where `below` [rows, c] is not NULL, only what is not above 0 there is multiplied */
    void (*multiply_rows)(float *y, const float *x, const float *scale, const float *below, int64_t rows, int64_t c);
    /* sum = sum over r of a[r,:] * b[r,:]; where `below` is not NULL, over what is not above 0 there */
    void (*sum_products)(float *sum, const float *a, const float *b, const float *below, int64_t rows, int64_t c);

    void (*sum_columns)(float *sum, const float *x, int64_t rows, int64_t c);     /* sum[r] = sum over j of x[r,j] */
    void (*fill_columns)(float *y, const float *column, int64_t rows, int64_t c); /* y[r,:] = column[r] */

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
    /* m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g^2;
     *     w -= rate * m / (sqrt(v * correction) + epsilon) + decay * w.
     * v_max, where not NULL, becomes max(v_max, v), and takes the place of v below the root. */
    void (*adam)(float *w, const float *g, float *m, float *v, float *v_max, int64_t n, const gan_adam_step *step);
    /* square = alpha * square + (1 - alpha) * g^2; w -= rate * g / (sqrt(square) + epsilon).
     * mean, where not NULL, becomes alpha * mean + (1 - alpha) * g, and square - mean^2 is below the root. velocity,
     * where not NULL, becomes momentum * velocity + the quotient, and takes its place. */
    void (*rmsprop)(float *w, const float *g, float *square, float *mean, float *velocity, int64_t n,
                    const gan_rmsprop_step *step);
    /* v = momentum * v + g; w -= rate * (nesterov ? g + momentum * v : v). v may be NULL when momentum is 0. */
    void (*sgd)(float *w, const float *g, float *v, int64_t n, float rate, float momentum, bool nesterov);

    /* Sweeps over n numbers. */
    /* Random by element: element i has word i % 4 of Philox's block position + i / 4. In place is fine.
     * dropout: y = x / (1 - rate), or 0 where the first 24 bits of the word are below rate, 0 <= rate < 1
     * noise: y = x + (a + b * x) * normal number, which is the one of gan_fill_normal() but for rounding */
    void (*dropout)(float *y, const float *x, int64_t n, const gan_philox *philox, uint64_t position, float rate);
    void (*noise)(float *y, const float *x, int64_t n, const gan_philox *philox, uint64_t position, float a, float b);

    double (*sum_squares)(const float *x, int64_t n);
    void (*scale)(float *y, int64_t n, float factor);           /* y *= factor */
    void (*clip)(float *y, int64_t n, float limit);             /* to -limit..limit; NaN stays NaN */
    void (*lerp)(float *y, const float *x, int64_t n, float t); /* y += t * (x - y) */

    void (*set_scaled)(float *y, const float *x, int64_t n, float a); /* y = a x; in place is fine */
    void (*add_scaled)(float *y, const float *x, int64_t n, float a); /* y += a x */
    double (*dot)(const float *x, const float *y, int64_t n);         /* the sum of x y; x == y is fine */

    /* With c[j,b] = exp(-sum over d of |m[i,d,b] - m[j,d,b]|) for the sample i, and s[j,d,b] the sign of that
     * difference: o[b] = sum over j of c[j,b], i included. With tm, a direction of m, or NULL: o[b] = sum over j of
     * c[j,b] * e[j,b], its derivative, e[j,b] = -sum over d of s[j,d,b] * (tm[i,d,b] - tm[j,d,b]). */
    void (*similarity)(float *o, const float *m, const float *tm, const gan_similarity *call);
    /* The gradient of sample i's m [dims, kernels], when that of all samples' o is g [batch, kernels]:
     * dm[d,b] = -sum over j of (g[i,b] + g[j,b]) * c[j,b] * s[j,d,b], and with tm times e[j,b]. */
    void (*similarity_gradient)(float *dm, const float *g, const float *m, const float *tm, const gan_similarity *call);

    /* By pixel and channel, over the samples: mean, and inverse = 1 / sqrt(<(x - mean)^2> + epsilon), both [pixels, c];
     * sum [c] = sum over the pixels of 1 / inverse. */
    void (*deviation)(float *mean, float *inverse, float *sum, const float *x, const gan_deviation *call);
    /* One sample: dx = dy + w * (x - mean) * inverse; w [c], dy of `row` floats a pixel. */
    void (*deviation_backward)(float *dx, const float *dy, const float *x, const float *mean, const float *inverse,
                               const float *w, const gan_deviation *call);
    /* One sample: sum [c] = sum over the pixels of tx * (x - mean) * inverse */
    void (*deviation_tangent)(float *sum, const float *tx, const float *x, const float *mean, const float *inverse,
                              const gan_deviation *call);
    /* dx += w * inverse * (tx - <tx> - inverse^2 * <tx * (x - mean)> * (x - mean)), the derivative by x of the sum of
     * w * tx * (x - mean) * inverse. scratch: 2 * pixels * c floats. */
    void (*deviation_curvature)(float *dx, const float *tx, const float *x, const float *mean, const float *inverse,
                                const float *w, float *scratch, const gan_deviation *call);

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

    /* Sums of products in double, for metrics. A packed operand is [k, width], zeros where it has fewer lines; the
     * width of a is double_rows and that of b double_columns, which are powers of two.
     * double_products: c [double_rows, double_columns], of rows `ldc` apart, += the sum over p of a[p,i] * b[p,j]. Each
     * of the sums is added up in the order of p, so that its bits depend on its two lines only; as a product of two
     * floats is exact in double, those of floats are the same in every set.
     * pack_doubles: packed[p,j] = line[j][p] for p < k, 0 where line[j] is NULL. */
    int64_t double_rows, double_columns;
    void (*double_products)(double *c, int64_t ldc, const double *a, const double *b, int64_t k);
    void (*pack_doubles)(double *packed, int64_t width, const float *const *line, int64_t k);
} gan_kernels;

/* The table of a set, GAN_KERNELS_AUTO: the best that the CPU runs. NULL when the build or the CPU lacks it. */
const gan_kernels *gan_kernels_select(gan_kernel_set set);

/* Whether sets other than GAN_KERNELS_C give their matrix products to a BLAS. */
bool gan_kernels_use_blas(void);

/* Threads that the BLAS may start by itself for one product; 1 where there is none. */
int gan_kernels_blas_threads(void);

#endif
