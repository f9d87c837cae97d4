/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/convolution.h"
#include "layer/registry.h"
#include "layer/tangent.h"

/* Work is cut by the product's rows: in MOST_TASKS, but of LEAST_ROWS at least. */
#define MOST_TASKS 8
#define LEAST_ROWS 16

static const gan_field fields[] = {
    {"units", GAN_FIELD_INT, GAN_FIELD_REQUIRED, offsetof(gan_linear_options, units), 1, GAN_MAX_EXTENT, 0},
    {"no_bias", GAN_FIELD_BOOL, 0, offsetof(gan_linear_options, no_bias), 0, 1, 0},
    {"weights", GAN_FIELD_INITIALIZER, 0, offsetof(gan_linear_options, weights), 0, 0, GAN_INITIALIZER_DEFAULT},
    {"biases", GAN_FIELD_INITIALIZER, 0, offsetof(gan_linear_options, biases), 0, 0, GAN_INITIALIZER_ZEROS},
};
GAN_STRUCT_ENDS(gan_linear_options, biases);

static int64_t channels(const gan_layer *layer)
{
    return layer->input[0].size[layer->input[0].rank - 1];
}

static int64_t units(const gan_layer *layer)
{
    return layer->output.size[layer->output.rank - 1];
}

static int64_t rows_of(const gan_layer *layer, int64_t batch)
{
    const gan_shape *x = &layer->input[0];
    return batch * (gan_shape_elements(x) / x->size[x->rank - 1]);
}

static gan_status infer(gan_layer *layer)
{
    const gan_linear_options *options = layer->options;
    const gan_shape *x = &layer->input[0];
    int64_t in = x->size[x->rank - 1];
    if (in > GAN_MAX_EXTENT) return gan_layer_fail(layer, "the input has more than %d channels", GAN_MAX_EXTENT);
    layer->output = *x;
    layer->output.size[x->rank - 1] = options->units;
    if (__builtin_mul_overflow(2 * in * options->units, rows_of(layer, 1), &layer->flops))
        return gan_layer_fail(layer, "the output has too many elements");
    gan_slot weight = {
        .shape = {2, {in, options->units}}, .initializer = options->weights, .fan_in = in, .fan_out = options->units};
    gan_layer_add_weight(layer, weight, options->units, options->no_bias ? NULL : &options->biases);
    return GAN_OK;
}

static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    (void)batch;
    need->shared = gan_bias_gradient_floats(units(layer));
    need->scratch = kernels->gemm_scratch;
}

struct product {
    const gan_layer_call *call;
    gan_gemm gemm;
    const float *bias; /* that the rows begin with, or NULL */
};

static void multiply_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct product *p = argument;
    gan_gemm part = p->gemm;
    part.m = end - begin;
    part.a += begin * (part.transpose_a ? 1 : part.lda);
    part.c += begin * part.ldc;
    part.scratch = p->call->scratch + (size_t)worker * p->call->scratch_stride;
    if (p->bias) p->call->kernels->fill_rows(part.c, p->bias, part.m, part.n);
    p->call->kernels->gemm(&part);
}

static void multiply(const gan_layer_call *call, const gan_gemm *gemm, const float *bias)
{
    struct product p = {call, *gemm, bias};
    int64_t rows = (gemm->m + MOST_TASKS - 1) / MOST_TASKS;
    gan_pool_ranges(call->pool, multiply_rows, &p, gemm->m, rows < LEAST_ROWS ? LEAST_ROWS : rows);
}

static void forward(const gan_layer_call *call)
{
    int64_t rows = rows_of(call->layer, call->batch), in = channels(call->layer), out = units(call->layer);
    gan_gemm y = {.accumulate = call->parameter[1] != NULL,
                  .m = rows,
                  .n = out,
                  .k = in,
                  .a = call->x[0],
                  .lda = in,
                  .b = call->parameter[0],
                  .ldb = out,
                  .c = call->y,
                  .ldc = out};
    multiply(call, &y, call->parameter[1]);
}

static void backward(const gan_layer_call *call)
{
    int64_t rows = rows_of(call->layer, call->batch), in = channels(call->layer), out = units(call->layer);
    gan_gemm dx = {.transpose_b = true,
                   .m = rows,
                   .n = in,
                   .k = out,
                   .a = call->dy,
                   .lda = out,
                   .b = call->parameter[0],
                   .ldb = out,
                   .c = call->dx[0],
                   .ldc = in};
    gan_gemm gradient = {.transpose_a = true,
                         .accumulate = true,
                         .m = in,
                         .n = out,
                         .k = rows,
                         .a = call->x[0],
                         .lda = in,
                         .b = call->dy,
                         .ldb = out,
                         .c = call->gradient[0],
                         .ldc = out};
    if (call->gradient[0]) multiply(call, &gradient, NULL);
    if (call->gradient[1]) gan_bias_gradient(call, call->gradient[1], call->dy, rows, out);
    gan_layer_parameters_done(call);
    if (call->dx[0]) multiply(call, &dx, NULL);
}

const gan_layer_type gan_layer_linear = {
    .name = "linear",
    .short_name = "linear",
    .options_size = sizeof(gan_linear_options),
    .fields = fields,
    .field_count = GAN_FIELD_COUNT(fields),
    .traits = GAN_READS_X,
    .infer = infer,
    .memory = memory,
    .forward = forward,
    .backward = backward,
    .tangent = gan_tangent_linear,
    .tangent_backward = gan_tangent_linear_backward,
};

gan_node *gan_linear_layer(const gan_linear_options *options)
{
    return gan_layer_node(&gan_layer_linear, options);
}
