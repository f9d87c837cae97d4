/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_KERNEL_VARIANT_H
#define GAN_KERNEL_VARIANT_H

#include "kernel/kernel.h"

#include <math.h>
#include <string.h>
#if defined __AVX__
#include <immintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#endif

/* What the sources of a kernel set share. Each is compiled once a set, with GAN_KERNEL_SET its name and with the
 * compiler's flags for its instructions; VARIANT(f) is the name of f in this set: gan_avx2_f. */
#define VARIANT_OF(set, name) gan_##set##_##name
#define VARIANT_IN(set, name) VARIANT_OF(set, name)
#define VARIANT(name)         VARIANT_IN(GAN_KERNEL_SET, name)

#if defined __AVX512F__
#define LANES 16
#elif defined __AVX__
#define LANES 8
#else
#define LANES 4
#endif

/* A register of floats, and one of the integers that comparisons of it give: 0 or -1. */
__extension__ typedef float vec __attribute__((vector_size(LANES * sizeof(float))));
__extension__ typedef int32_t ivec __attribute__((vector_size(LANES * sizeof(float))));

#if LANES == 8
static const ivec lane_numbers = {0, 1, 2, 3, 4, 5, 6, 7};
#endif

#define INLINE static inline __attribute__((always_inline))

/* Before a loop whose iterations are independent even where its pointers are equal: in place is fine. */
#if defined __clang__
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#define UNROLL      _Pragma("clang loop unroll(full)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#define UNROLL      _Pragma("GCC unroll 32")
#endif

INLINE vec load(const float *x)
{
    vec v;
    memcpy(&v, x, sizeof v);
    return v;
}

INLINE void store(float *y, vec v)
{
    memcpy(y, &v, sizeof v);
}

INLINE vec splat(float x)
{
    return x - (vec){0};
}

/* The first n <= LANES floats; the rest is 0. */
INLINE vec load_part(const float *x, int64_t n)
{
#if LANES == 16
    return (vec)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), x);
#elif LANES == 8
    return (vec)_mm256_maskload_ps(x, (__m256i)(lane_numbers < (int32_t)n));
#else
    vec v = {0};
    for (int64_t i = 0; i < n; i++) v[i] = x[i];
    return v;
#endif
}

INLINE void store_part(float *y, vec v, int64_t n)
{
#if LANES == 16
    _mm512_mask_storeu_ps(y, (__mmask16)((1u << n) - 1), (__m512)v);
#elif LANES == 8
    _mm256_maskstore_ps(y, (__m256i)(lane_numbers < (int32_t)n), (__m256)v);
#else
    for (int64_t i = 0; i < n; i++) y[i] = v[i];
#endif
}

/* The first n floats, n > 0, or all lanes. */
INLINE vec load_up_to(const float *x, int64_t n)
{
    return n < LANES ? load_part(x, n) : load(x);
}

INLINE void store_up_to(float *y, vec v, int64_t n)
{
    if (n < LANES)
        store_part(y, v, n);
    else
        store(y, v);
}

/* mask ? a : b, lane by lane, with the mask that a comparison gives. */
INLINE vec choose(ivec mask, vec a, vec b)
{
    return (vec)((mask & (ivec)a) | (~mask & (ivec)b));
}

/* a * b + c, rounded once where there are instructions for it. A compiler left to itself may join the two operations in
 * one copy of a loop and not in another: then a sum's bits would depend on how work was cut into tiles. */
INLINE vec multiply_add(vec a, vec b, vec c)
{
#if LANES == 16
    return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif LANES == 8
    return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined __aarch64__
    return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    return a * b + c;
#endif
}

INLINE vec absolute(vec v)
{
    return (vec)((ivec)v & 0x7fffffff);
}

/* g times the sign of d, 0 for 0. */
INLINE vec with_sign_of(vec d, vec g)
{
    ivec sign = (ivec)d & INT32_MIN;
    return (vec)(((ivec)g ^ sign) & (d != 0));
}

/* The sum of the lanes, halves added to halves. */
INLINE float sum_lanes(vec v)
{
#if LANES == 16
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256((__m512)v), _mm512_extractf32x8_ps((__m512)v, 1));
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
#elif LANES == 8
    __m128 four = _mm_add_ps(_mm256_castps256_ps128((__m256)v), _mm256_extractf128_ps((__m256)v, 1));
#else
    vec four = v;
#endif
    return (four[0] + four[2]) + (four[1] + four[3]);
}

/* target += scale * source */
INLINE void add_scaled(float *target, float scale, const float *source, int64_t n)
{
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) target[i] += scale * source[i];
}

/* The builtin gemm's scratch: a panel of a and a block of b. */
#define GEMM_BLOCK_K    256
#define GEMM_BLOCK_N    512
#define GEMM_PANEL_ROWS 16
#define GEMM_SCRATCH    ((GEMM_PANEL_ROWS + GEMM_BLOCK_N) * GEMM_BLOCK_K)

/* A tile of double_products: sums of two registers a row, half of what there are. */
#define DOUBLE_COLUMNS LANES
#define DOUBLE_ROWS    (LANES == 16 ? 8 : 4)

/* mean = the mean over the samples of n numbers of each, which begin `stride` apart. */
void VARIANT(sample_mean)(float *mean, const float *x, int64_t samples, int64_t stride, int64_t n);

/* The kernels of this set; kernel.h says what each does. */
extern const gan_kernels VARIANT(kernels);
extern const gan_activation_kernels VARIANT(activations)[GAN_ACTIVATIONS];

void VARIANT(gemm_builtin)(const gan_gemm *gemm);
void VARIANT(conv)(const gan_conv_call *call, int64_t panel);
void VARIANT(conv_pack)(float *packed, const float *weight, const gan_conv_geometry *geometry, bool adjoint,
                        int64_t tap);
void VARIANT(conv_gradient)(float *gradient, const float *image, const float *output, const gan_conv_geometry *geometry,
                            int64_t samples, int64_t kernel_row);
void VARIANT(add)(float *y, const float *x, int64_t n);
void VARIANT(multiply)(float *y, const float *a, const float *b, int64_t n);
void VARIANT(multiply_add)(float *y, const float *a, const float *b, int64_t n);
void VARIANT(fill_rows)(float *y, const float *row, int64_t rows, int64_t c);
void VARIANT(sum_rows)(float *sum, const float *x, int64_t rows, int64_t c);
void VARIANT(scale_shift)(float *y, const float *x, const float *scale, const float *shift, int64_t rows, int64_t c);
void VARIANT(moments)(float *mean, float *squares, const float *x, int64_t rows, int64_t c);
void VARIANT(batch_norm_sums)(float *sum_dy, float *sum_dy_x, const float *dy, const float *x, const float *mean,
                              const float *inverse, int64_t rows, int64_t c);
void VARIANT(batch_norm_backward)(float *dx, const float *dy, const float *x, const float *a, const float *b,
                                  const float *d, int64_t rows, int64_t c);
void VARIANT(multiply_rows)(float *y, const float *x, const float *scale, const float *below, int64_t rows, int64_t c);
void VARIANT(sum_products)(float *sum, const float *a, const float *b, const float *below, int64_t rows, int64_t c);
void VARIANT(sum_columns)(float *sum, const float *x, int64_t rows, int64_t c);
void VARIANT(fill_columns)(float *y, const float *column, int64_t rows, int64_t c);
void VARIANT(concat_diff)(float *y, float *mean, const float *x, int64_t batch, int64_t image_pixels, int64_t pixels,
                          int64_t c);
void VARIANT(concat_diff_backward)(float *dx, const float *dy, const float *x, const float *mean, float *scratch,
                                   int64_t batch, int64_t image_pixels, int64_t pixels, int64_t c);
void VARIANT(concat_diff_tangent)(float *ty, const float *tx, const float *x, const float *mean, float *scratch,
                                  int64_t batch, int64_t image_pixels, int64_t pixels, int64_t c);
void VARIANT(adam)(float *w, const float *g, float *m, float *v, float *v_max, int64_t n, const gan_adam_step *step);
void VARIANT(rmsprop)(float *w, const float *g, float *square, float *mean, float *velocity, int64_t n,
                      const gan_rmsprop_step *step);
void VARIANT(sgd)(float *w, const float *g, float *v, int64_t n, float rate, float momentum, bool nesterov);
void VARIANT(dropout)(float *y, const float *x, int64_t n, const gan_philox *philox, uint64_t position, float rate);
void VARIANT(noise)(float *y, const float *x, int64_t n, const gan_philox *philox, uint64_t position, float a, float b);
double VARIANT(sum_squares)(const float *x, int64_t n);
void VARIANT(scale)(float *y, int64_t n, float factor);
void VARIANT(clip)(float *y, int64_t n, float limit);
void VARIANT(lerp)(float *y, const float *x, int64_t n, float t);
void VARIANT(set_scaled)(float *y, const float *x, int64_t n, float a);
void VARIANT(add_scaled)(float *y, const float *x, int64_t n, float a);
double VARIANT(dot)(const float *x, const float *y, int64_t n);
void VARIANT(similarity)(float *o, const float *m, const float *tm, const gan_similarity *call);
void VARIANT(similarity_gradient)(float *dm, const float *g, const float *m, const float *tm,
                                  const gan_similarity *call);
void VARIANT(deviation)(float *mean, float *inverse, float *sum, const float *x, const gan_deviation *call);
void VARIANT(deviation_backward)(float *dx, const float *dy, const float *x, const float *mean, const float *inverse,
                                 const float *w, const gan_deviation *call);
void VARIANT(deviation_tangent)(float *sum, const float *tx, const float *x, const float *mean, const float *inverse,
                                const gan_deviation *call);
void VARIANT(deviation_curvature)(float *dx, const float *tx, const float *x, const float *mean, const float *inverse,
                                  const float *w, float *scratch, const gan_deviation *call);
void VARIANT(sum_pool)(float *target, const float *source, const gan_conv_geometry *geometry, bool adjoint,
                       gan_divisor divisor, int64_t samples);
void VARIANT(max_pool)(float *y, float *index, const float *x, const gan_conv_geometry *geometry, int64_t samples);
void VARIANT(max_pool_take)(float *ty, const float *index, const float *tx, const gan_conv_geometry *geometry,
                            int64_t samples);
void VARIANT(max_pool_give)(float *dx, const float *index, const float *dy, const gan_conv_geometry *geometry,
                            int64_t samples);
void VARIANT(upsample)(float *y, const float *x, const gan_resize *resize, int64_t samples);
void VARIANT(upsample_adjoint)(float *dx, const float *dy, const gan_resize *resize, int64_t samples);
void VARIANT(depth_to_space)(float *wide, const float *deep, const gan_shuffle *shuffle, int64_t samples);
void VARIANT(space_to_depth)(float *deep, const float *wide, const gan_shuffle *shuffle, int64_t samples);
void VARIANT(embedding)(float *y, const float *table, const float *number, int64_t rows, int64_t classes, int64_t c);
void VARIANT(embedding_gradient)(float *gradient, const float *dy, const float *number, int64_t rows, int64_t classes,
                                 int64_t c, int64_t first, int64_t columns);
void VARIANT(grouped_conv)(const gan_conv_call *call);
void VARIANT(grouped_gradient)(float *gradient, const float *image, const float *output,
                               const gan_conv_geometry *geometry, int64_t samples, int64_t kernel_row);
void VARIANT(softmax)(float *y, const float *x, float scale, int64_t rows, int64_t c);
void VARIANT(softmax_backward)(float *dx, const float *dy, const float *y, float scale, int64_t rows, int64_t c);
void VARIANT(softmax_tangent_backward)(float *dx, float *dtx, const float *tx, const float *y, float scale,
                                       int64_t rows, int64_t c);
void VARIANT(double_products)(double *c, int64_t ldc, const double *a, const double *b, int64_t k);
void VARIANT(pack_doubles)(double *packed, int64_t width, const float *const *line, int64_t k);

#endif
