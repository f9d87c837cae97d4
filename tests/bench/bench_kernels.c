/* SPDX-License-Identifier: BSD-2-Clause */
/* Every kernel of every set against the portable one, on shapes of the reference game at batch 64, in one thread. */
#include "kernel/kernel.h"
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH   64
#define REPEATS 7
#define SETS    5

typedef struct arrays {
    float *a, *b, *c, *d, *e, *scratch;
} arrays;

/* What a case gets: rows and channels of a matrix, or a layer's geometry. */
typedef struct shape {
    int64_t rows, c;
    gan_conv_geometry g;
} shape;

#define LAYER(extent, in, out, kernel, stride, pad) \
    {                                               \
        .g = {                                      \
            extent,                                 \
            extent,                                 \
            in,                                     \
            (extent) / (stride),                    \
            (extent) / (stride),                    \
            out,                                    \
            kernel,                                 \
            kernel,                                 \
            stride,                                 \
            stride,                                 \
            pad,                                    \
            pad                                     \
        }                                           \
    }
static const shape layers[] = {LAYER(16, 3, 16, 4, 1, 1), LAYER(16, 17, 32, 4, 2, 1), LAYER(8, 33, 64, 4, 2, 1),
                               LAYER(4, 65, 128, 4, 2, 1)};
static const shape matrices[] = {{.rows = BATCH * 256, .c = 16}, {.rows = BATCH * 16, .c = 64}};
static const shape products[] = {{.rows = 1024, .c = 64}};
static const shape samples[] = {{.rows = BATCH, .c = 100}};
static const shape block[] = {{.rows = 180224, .c = 1}};
static const shape own[] = {{.rows = 0, .c = 0}}; /* the case's own */

static void convolve(const gan_kernels *k, const arrays *x, const shape *s, bool adjoint)
{
    const gan_conv_call call = {&s->g, adjoint, BATCH, x->a, x->b, x->c, x->d};
    for (int64_t panel = 0; panel * k->conv_panel < (adjoint ? s->g.in_c : s->g.out_c); panel++) k->conv(&call, panel);
}

#define CASE(name, call)                                                          \
    static void run_##name(const gan_kernels *k, const arrays *x, const shape *s) \
    {                                                                             \
        int64_t rows = s->rows, c = s->c, n = rows * c;                           \
        (void)rows, (void)c, (void)n;                                             \
        call;                                                                     \
    }
CASE(conv, convolve(k, x, s, false))
CASE(conv_adjoint, convolve(k, x, s, true))
CASE(conv_pack,
     for (int tap = 0; tap < s->g.kernel_h * s->g.kernel_w; tap++) k->conv_pack(x->d, x->b, &s->g, true, tap))
CASE(conv_gradient, for (int row = 0; row < s->g.kernel_h; row++) k->conv_gradient(x->d, x->a, x->b, &s->g, BATCH, row))
CASE(gemm, k->gemm(&(gan_gemm){.m = rows,
                               .n = c,
                               .k = 512,
                               .a = x->a,
                               .lda = 512,
                               .b = x->b,
                               .ldb = c,
                               .c = x->d,
                               .ldc = c,
                               .scratch = x->scratch}))
CASE(gemm_builtin, k->gemm_builtin(&(gan_gemm){.m = rows,
                                               .n = c,
                                               .k = 512,
                                               .a = x->a,
                                               .lda = 512,
                                               .b = x->b,
                                               .ldb = c,
                                               .c = x->d,
                                               .ldc = c,
                                               .scratch = x->scratch}))
CASE(add, k->add(x->d, x->a, n))
#define ACTIVATION(name, row, p)                             \
    CASE(name, k->activation[row].forward(x->d, x->a, n, p)) \
    CASE(name##_backward, k->activation[row].backward(x->d, x->a, x->b, n, p))
#define CURVED(name, row, p) \
    ACTIVATION(name, row, p) \
    CASE(name##_curvature, k->activation[row].curvature(x->d, x->a, x->b, x->c, n, p))
ACTIVATION(relu, GAN_ACTIVATION_LEAKY_RELU, 0)
CURVED(tanh, GAN_ACTIVATION_TANH, 0)
CURVED(sigmoid, GAN_ACTIVATION_SIGMOID, 0)
CURVED(elu, GAN_ACTIVATION_ELU, 1)
CURVED(softplus, GAN_ACTIVATION_SOFTPLUS, 0)
CURVED(silu, GAN_ACTIVATION_SILU, 0)
CURVED(gelu, GAN_ACTIVATION_GELU, 0)
CURVED(gelu_tanh, GAN_ACTIVATION_GELU_TANH, 0)
CASE(fill_rows, k->fill_rows(x->d, x->a, rows, c))
CASE(sum_rows, k->sum_rows(x->d, x->a, rows, c))
CASE(scale_shift, k->scale_shift(x->d, x->a, x->b, x->c, rows, c))
CASE(moments, k->moments(x->d, x->e, x->a, rows, c))
CASE(batch_norm_sums, k->batch_norm_sums(x->d, x->e, x->a, x->b, x->c, x->c, rows, c))
CASE(batch_norm_backward, k->batch_norm_backward(x->d, x->a, x->b, x->c, x->c, x->c, rows, c))
CASE(multiply_rows, k->multiply_rows(x->d, x->a, x->b, x->c, rows, c))
CASE(sum_products, k->sum_products(x->d, x->a, x->b, x->c, rows, c))
CASE(multiply, k->multiply(x->d, x->a, x->b, n))
CASE(multiply_add, k->multiply_add(x->d, x->a, x->b, n))
CASE(sum_columns, k->sum_columns(x->d, x->a, rows, c))
CASE(fill_columns, k->fill_columns(x->d, x->a, rows, c))
CASE(dropout, k->dropout(x->d, x->a, n, &(gan_philox){7, 1, 2}, 0, 0.3f))
CASE(noise, k->noise(x->d, x->a, n, &(gan_philox){7, 1, 2}, 0, 0.1f, 0.2f))
CASE(concat_diff, k->concat_diff(x->d, x->e, x->a, BATCH, rows / BATCH, rows / BATCH, c))
CASE(concat_diff_backward,
     k->concat_diff_backward(x->d, x->a, x->b, x->c, x->scratch, BATCH, rows / BATCH, rows / BATCH, c))
CASE(concat_diff_tangent,
     k->concat_diff_tangent(x->d, x->a, x->b, x->c, x->scratch, BATCH, rows / BATCH, rows / BATCH, c))
CASE(adam, k->adam(x->d, x->a, x->b, x->c, NULL, n, &(gan_adam_step){0.5f, 0.999f, 1e-8f, 2e-4f, 1, 0}))
CASE(amsgrad, k->adam(x->d, x->a, x->b, x->c, x->e, n, &(gan_adam_step){0.5f, 0.999f, 1e-8f, 2e-4f, 1, 0}))
CASE(rmsprop, k->rmsprop(x->d, x->a, x->b, NULL, NULL, n, &(gan_rmsprop_step){0.99f, 1e-8f, 0, 2e-4f}))
CASE(rmsprop_centered, k->rmsprop(x->d, x->a, x->b, x->c, x->e, n, &(gan_rmsprop_step){0.99f, 1e-8f, 0.5f, 2e-4f}))
CASE(sgd, k->sgd(x->d, x->a, x->b, n, 1e-3f, 0.9f, true))
CASE(sum_squares, x->d[0] = (float)k->sum_squares(x->a, n))
CASE(scale, k->scale(x->d, n, 0.999f))
CASE(clip, k->clip(x->d, n, 0.5f))
CASE(lerp, k->lerp(x->d, x->a, n, 0.01f))
CASE(set_scaled, k->set_scaled(x->d, x->a, n, 0.5f))
CASE(add_scaled, k->add_scaled(x->d, x->a, n, 0.5f))
CASE(dot, x->d[0] = (float)k->dot(x->a, x->b, n))

/* A batch of rows of 5 numbers for each of c kernels; and a batch of few large pixels. */
CASE(similarity, k->similarity(x->d, x->a, NULL, &(gan_similarity){1, rows, 5, c}))
CASE(similarity_gradient, k->similarity_gradient(x->d, x->b, x->a, NULL, &(gan_similarity){1, rows, 5, c}))
#define DEVIATION                                  \
    &(gan_deviation)                               \
    {                                              \
        4, rows / 4 * c, rows / 4, c, c + 1, 1e-8f \
    }
CASE(deviation, k->deviation(x->d, x->e, x->c, x->a, DEVIATION))
CASE(deviation_backward, k->deviation_backward(x->d, x->a, x->b, x->c, x->c, x->c, DEVIATION))
CASE(deviation_tangent, k->deviation_tangent(x->d, x->a, x->b, x->c, x->c, DEVIATION))
CASE(deviation_curvature, k->deviation_curvature(x->d, x->a, x->b, x->c, x->c, x->c, x->scratch, DEVIATION))

static const gan_conv_geometry halves = {32, 32, 64, 16, 16, 64, 2, 2, 2, 2, .groups = 64};
static const gan_conv_geometry threes = {16, 16, 128, 16, 16, 128, 3, 3, 1, 1, 1, 1, .groups = 128};
static const gan_resize twice = {8, 8, 64, 2, 2, true};
static const gan_shuffle blocks = {8, 8, 32, 2, true};
CASE(sum_pool, k->sum_pool(x->d, x->a, &halves, false, GAN_DIVIDE_BY_INSIDE, 16))
CASE(sum_pool_adjoint, k->sum_pool(x->d, x->a, &halves, true, GAN_DIVIDE_BY_INSIDE, 16))
CASE(max_pool, k->max_pool(x->d, x->e, x->a, &halves, 16))
CASE(max_pool_take, k->max_pool_take(x->d, x->scratch, x->a, &halves, 16))
CASE(max_pool_give, k->max_pool_give(x->d, x->scratch, x->a, &halves, 16))
CASE(upsample, k->upsample(x->d, x->a, &twice, BATCH))
CASE(upsample_adjoint, k->upsample_adjoint(x->d, x->a, &twice, BATCH))
CASE(depth_to_space, k->depth_to_space(x->d, x->a, &blocks, BATCH))
CASE(space_to_depth, k->space_to_depth(x->d, x->a, &blocks, BATCH))
CASE(grouped_conv, k->grouped_conv(&(gan_conv_call){&threes, false, 16, x->a, x->b, x->c, x->d}))
CASE(grouped_adjoint, k->grouped_conv(&(gan_conv_call){&threes, true, 16, x->a, x->b, x->c, x->d}))
CASE(grouped_gradient, for (int row = 0; row < 3; row++) k->grouped_gradient(x->d, x->a, x->b, &threes, 16, row))
CASE(softmax, k->softmax(x->d, x->a, 1, rows, c))
CASE(softmax_backward, k->softmax_backward(x->d, x->a, x->b, 1, rows, c))
CASE(softmax_tangent_backward, k->softmax_tangent_backward(x->d, x->e, x->a, x->b, 0, rows, c))

#define LINE(name, shapes)                                           \
    {                                                                \
#name, run_##name, shapes, sizeof(shapes) / sizeof *(shapes) \
    }
static const struct {
    const char *name;
    void (*run)(const gan_kernels *k, const arrays *x, const shape *s);
    const shape *shapes;
    size_t count;
} cases[] = {
    LINE(conv, layers),
    LINE(conv_adjoint, layers),
    LINE(conv_gradient, layers),
    LINE(conv_pack, layers),
    LINE(gemm, products),
    LINE(gemm_builtin, products),
    LINE(fill_rows, matrices),
    LINE(sum_rows, matrices),
    LINE(scale_shift, matrices),
    LINE(moments, matrices),
    LINE(batch_norm_sums, matrices),
    LINE(batch_norm_backward, matrices),
    LINE(multiply_rows, matrices),
    LINE(sum_products, matrices),
    LINE(multiply, matrices),
    LINE(multiply_add, matrices),
    LINE(sum_columns, matrices),
    LINE(fill_columns, matrices),
    LINE(dropout, matrices),
    LINE(noise, matrices),
    LINE(concat_diff, matrices),
    LINE(concat_diff_backward, matrices),
    LINE(concat_diff_tangent, matrices),
    LINE(relu, matrices),
    LINE(relu_backward, matrices),
    LINE(tanh, matrices),
    LINE(tanh_backward, matrices),
    LINE(tanh_curvature, matrices),
    LINE(sigmoid, matrices),
    LINE(sigmoid_backward, matrices),
    LINE(sigmoid_curvature, matrices),
    LINE(elu, matrices),
    LINE(elu_backward, matrices),
    LINE(elu_curvature, matrices),
    LINE(softplus, matrices),
    LINE(softplus_backward, matrices),
    LINE(softplus_curvature, matrices),
    LINE(silu, matrices),
    LINE(silu_backward, matrices),
    LINE(silu_curvature, matrices),
    LINE(gelu, matrices),
    LINE(gelu_backward, matrices),
    LINE(gelu_curvature, matrices),
    LINE(gelu_tanh, matrices),
    LINE(gelu_tanh_backward, matrices),
    LINE(gelu_tanh_curvature, matrices),
    LINE(add, matrices),
    LINE(adam, block),
    LINE(amsgrad, block),
    LINE(rmsprop, block),
    LINE(rmsprop_centered, block),
    LINE(sgd, block),
    LINE(sum_squares, block),
    LINE(scale, block),
    LINE(clip, block),
    LINE(lerp, block),
    LINE(set_scaled, block),
    LINE(add_scaled, block),
    LINE(dot, block),
    LINE(similarity, samples),
    LINE(similarity_gradient, samples),
    LINE(deviation, matrices),
    LINE(deviation_backward, matrices),
    LINE(deviation_tangent, matrices),
    LINE(deviation_curvature, matrices),
    LINE(sum_pool, own),
    LINE(sum_pool_adjoint, own),
    LINE(max_pool, own),
    LINE(max_pool_take, own),
    LINE(max_pool_give, own),
    LINE(upsample, own),
    LINE(upsample_adjoint, own),
    LINE(depth_to_space, own),
    LINE(space_to_depth, own),
    LINE(grouped_conv, own),
    LINE(grouped_adjoint, own),
    LINE(grouped_gradient, own),
    LINE(softmax, matrices),
    LINE(softmax_backward, matrices),
    LINE(softmax_tangent_backward, matrices),
};

#define FLOATS ((size_t)1 << 20)

static float *floats(uint32_t seed)
{
    float *x = aligned_alloc(64, FLOATS * sizeof *x);
    if (!x) exit(1);
    for (size_t i = 0; i < FLOATS; i++) {
        seed = seed * 1664525 + 1013904223;
        x[i] = (float)(seed >> 8) * 0x1p-24f;
    }
    return x;
}

/* The least of REPEATS times, each of as many calls as take some two milliseconds. */
static double time_case(size_t index, const gan_kernels *k, const arrays *x, const shape *s)
{
    double best = 1e30;
    int calls = 1;
    for (int i = 0; i < REPEATS;) {
        double begin = seconds();
        for (int n = 0; n < calls; n++) cases[index].run(k, x, s);
        double time = seconds() - begin;
        if (time < 2e-3 && calls < 1 << 20) {
            calls *= 2;
            continue;
        }
        if (time / calls < best) best = time / calls;
        i++;
    }
    return best;
}

static void print_shape(const shape *s)
{
    char text[32];
    if (s->rows == 0 && s->g.in_h == 0)
        snprintf(text, sizeof text, "(fixed)");
    else if (s->rows)
        snprintf(text, sizeof text, "%d x %d", (int)s->rows, (int)s->c);
    else
        snprintf(text, sizeof text, "%dx%d %d->%d /%d", s->g.in_h, s->g.in_w, s->g.in_c, s->g.out_c, s->g.stride_h);
    printf(" %-20s", text);
}

int main(void)
{
    const gan_kernels *sets[SETS];
    int count = 0;
    for (int set = GAN_KERNELS_C; set <= GAN_KERNELS_NEON; set++) {
        sets[count] = gan_kernels_select((gan_kernel_set)set);
        count += sets[count] != NULL;
    }
    const arrays x = {floats(1), floats(2), floats(3), floats(4), floats(5), floats(6)};
    printf("%-22s %-20s", "Microseconds a call", "Shape, batch 64");
    for (int k = 0; k < count; k++) printf(" %18s", sets[k]->name);
    puts("");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t n = 0; n < cases[i].count; n++) {
            double portable = 0;
            printf("%-22s", cases[i].name);
            print_shape(&cases[i].shapes[n]);
            for (int k = 0; k < count; k++) {
                double time = time_case(i, sets[k], &x, &cases[i].shapes[n]);
                if (k == 0) portable = time;
                printf(" %9.1f %7.2fx", 1e6 * time, portable / time);
            }
            puts("");
        }
    float *const all[] = {x.a, x.b, x.c, x.d, x.e, x.scratch};
    for (int i = 0; i < 6; i++) free(all[i]);
    return 0;
}
