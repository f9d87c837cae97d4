/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/registry.h"

#include <math.h>

/* y = gamma * xhat + beta, xhat = (x - mean) * inverse, inverse = 1 / sqrt(variance + epsilon), by channel, over the
 * rows of x as a matrix [rows, c]. The sums over rows are taken in chunks of rows, by their shape, and added in order.
 */

enum { GAMMA, BETA };                             /* parameters */
enum { RUNNING_MEAN, RUNNING_VARIANCE, BATCHES }; /* buffers */

#define CHUNK_FLOATS 8192

static const gan_field fields[] = {
    {"epsilon", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(gan_batch_norm_options, epsilon), 0, 1e30, 1e-3},
    {"momentum", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_HIGH, offsetof(gan_batch_norm_options, momentum), 0, 1, 0.9},
    {"gamma", GAN_FIELD_INITIALIZER, 0, offsetof(gan_batch_norm_options, gamma), 0, 0, GAN_INITIALIZER_ONES},
    {"beta", GAN_FIELD_INITIALIZER, 0, offsetof(gan_batch_norm_options, beta), 0, 0, GAN_INITIALIZER_ZEROS},
};

static int64_t channels(const gan_layer *layer)
{
    return layer->output.size[layer->output.rank - 1];
}

static int64_t rows_of(const gan_layer *layer, int64_t batch)
{
    return batch * (gan_shape_elements(&layer->output) / channels(layer));
}

static int64_t chunk_rows(int64_t c)
{
    return c < CHUNK_FLOATS ? CHUNK_FLOATS / c : 1;
}

static int64_t chunks_of(int64_t rows, int64_t c)
{
    return (rows + chunk_rows(c) - 1) / chunk_rows(c);
}

static gan_status infer(gan_layer *layer)
{
    const gan_batch_norm_options *options = layer->options;
    layer->output = layer->input[0];
    gan_shape shape = {1, {channels(layer)}};
    gan_initializer zeros = {.kind = GAN_INITIALIZER_ZEROS}, ones = {.kind = GAN_INITIALIZER_ONES, .scale = 1};
    gan_layer_add_parameter(layer, (gan_slot){"gamma", shape, options->gamma, channels(layer), channels(layer)});
    gan_layer_add_parameter(layer, (gan_slot){"beta", shape, options->beta, channels(layer), channels(layer)});
    gan_layer_add_buffer(layer, (gan_slot){"running_mean", shape, zeros, 1, 1, true});
    gan_layer_add_buffer(layer, (gan_slot){"running_variance", shape, ones, 1, 1, true});
    gan_layer_add_buffer(layer, (gan_slot){"batches", {1, {1}}, zeros, 1, 1});
    return GAN_OK;
}

/* saved: mean [c] and inverse [c] of the batch. shared: two sums [c] a chunk, then three coefficients [c]. */
static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    (void)kernels;
    size_t c = (size_t)channels(layer), chunks = (size_t)chunks_of(rows_of(layer, batch), channels(layer));
    need->saved = gan_saturating_multiply(2, c);
    need->shared = gan_saturating_multiply(gan_saturating_add(gan_saturating_multiply(2, chunks), 3), c);
}

static float *chunk_sums(const gan_layer_call *call, int64_t chunk)
{
    return call->shared + chunk * 2 * channels(call->layer);
}

/* The coefficients' place in shared, after the sums of all chunks. */
static float *coefficients(const gan_layer_call *call)
{
    int64_t c = channels(call->layer);
    return chunk_sums(call, chunks_of(rows_of(call->layer, call->batch), c));
}

static void chunk_moments(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t c = channels(call->layer);
    (void)worker;
    float *sums = chunk_sums(call, begin / chunk_rows(c));
    call->kernels->moments(sums, sums + c, call->x[0] + begin * c, end - begin, c);
}

/* Mean and variance of channel j from the chunks' (Chan, Golub, LeVeque 1979): squares about the common mean are each
 * chunk's own plus its rows times the square of the means' distance. */
static void combine_moments(const gan_layer_call *call, int64_t j, double *mean, double *variance)
{
    int64_t c = channels(call->layer), rows = rows_of(call->layer, call->batch), chunks = chunks_of(rows, c);
    double sum = 0, squares = 0;
    for (int64_t k = 0; k < chunks; k++) {
        int64_t n = k < chunks - 1 ? chunk_rows(c) : rows - k * chunk_rows(c);
        sum += (double)n * chunk_sums(call, k)[j];
    }
    *mean = sum / (double)rows;
    for (int64_t k = 0; k < chunks; k++) {
        int64_t n = k < chunks - 1 ? chunk_rows(c) : rows - k * chunk_rows(c);
        double distance = chunk_sums(call, k)[j] - *mean;
        squares += chunk_sums(call, k)[c + j] + (double)n * distance * distance;
    }
    *variance = squares / (double)rows;
}

/* An average over all batches at first, an exponential one later, where that is wanted. */
static float past_weight(const gan_layer_call *call)
{
    const gan_batch_norm_options *options = call->layer->options;
    float batches = *call->buffer[BATCHES];
    float all = batches / (batches + 1);
    return call->plain_mean || all < options->momentum ? all : options->momentum;
}

static void batch_statistics(const gan_layer_call *call)
{
    const gan_batch_norm_options *options = call->layer->options;
    int64_t c = channels(call->layer);
    gan_pool_ranges(call->pool, chunk_moments, (void *)call, rows_of(call->layer, call->batch), chunk_rows(c));
    float past = past_weight(call);
    for (int64_t j = 0; j < c; j++) {
        double mean, variance;
        combine_moments(call, j, &mean, &variance);
        call->saved[j] = (float)mean;
        call->saved[c + j] = (float)(1 / sqrt(variance + options->epsilon));
        float *running_mean = &call->buffer[RUNNING_MEAN][j], *running_variance = &call->buffer[RUNNING_VARIANCE][j];
        *running_mean = past * *running_mean + (1 - past) * (float)mean;
        *running_variance = past * *running_variance + (1 - past) * (float)variance;
    }
    if (*call->buffer[BATCHES] < 0x1p24f) *call->buffer[BATCHES] += 1; /* beyond, a float counts no further */
}

static void scale_shift_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t c = channels(call->layer);
    const float *scale = coefficients(call);
    (void)worker;
    call->kernels->scale_shift(call->y + begin * c, call->x[0] + begin * c, scale, scale + c, end - begin, c);
}

static void forward(const gan_layer_call *call)
{
    const gan_batch_norm_options *options = call->layer->options;
    int64_t c = channels(call->layer);
    float *scale = coefficients(call), *shift = scale + c;
    if (call->training) batch_statistics(call);
    for (int64_t j = 0; j < c; j++) {
        float mean = call->training ? call->saved[j] : call->buffer[RUNNING_MEAN][j];
        float inverse =
            call->training ? call->saved[c + j] : 1 / sqrtf(call->buffer[RUNNING_VARIANCE][j] + options->epsilon);
        scale[j] = call->parameter[GAMMA][j] * inverse;
        shift[j] = call->parameter[BETA][j] - mean * scale[j];
    }
    gan_pool_ranges(call->pool, scale_shift_rows, (void *)call, rows_of(call->layer, call->batch), chunk_rows(c));
}

static void chunk_gradient_sums(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t c = channels(call->layer);
    (void)worker;
    float *sums = chunk_sums(call, begin / chunk_rows(c));
    call->kernels->batch_norm_sums(sums, sums + c, call->dy + begin * c, call->x[0] + begin * c, call->saved,
                                   call->saved + c, end - begin, c);
}

static void input_gradient_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t c = channels(call->layer);
    const float *a = coefficients(call);
    (void)worker;
    call->kernels->batch_norm_backward(call->dx[0] + begin * c, call->dy + begin * c, call->x[0] + begin * c, a, a + c,
                                       a + 2 * c, end - begin, c);
}

/* With s = sum of dy and t = sum of dy * xhat over the rows: dbeta = s, dgamma = t, and
 *     dx = gamma * inverse * (dy - s / rows - xhat * t / rows) = a * dy + b * x + d. */
static void backward(const gan_layer_call *call)
{
    int64_t c = channels(call->layer), rows = rows_of(call->layer, call->batch), chunks = chunks_of(rows, c);
    float *a = coefficients(call), *b = a + c, *d = b + c;
    gan_pool_ranges(call->pool, chunk_gradient_sums, (void *)call, rows, chunk_rows(c));
    for (int64_t j = 0; j < c; j++) {
        double s = 0, t = 0, mean = call->saved[j], inverse = call->saved[c + j];
        for (int64_t k = 0; k < chunks; k++) {
            s += chunk_sums(call, k)[j];
            t += chunk_sums(call, k)[c + j];
        }
        if (call->gradient[GAMMA]) call->gradient[GAMMA][j] += (float)t;
        if (call->gradient[BETA]) call->gradient[BETA][j] += (float)s;
        double scale = call->parameter[GAMMA][j] * inverse;
        a[j] = (float)scale;
        b[j] = (float)(-scale * inverse * t / (double)rows);
        d[j] = (float)(-scale * s / (double)rows + scale * inverse * mean * t / (double)rows);
    }
    gan_layer_parameters_done(call);
    if (call->dx[0]) gan_pool_ranges(call->pool, input_gradient_rows, (void *)call, rows, chunk_rows(c));
}

const gan_layer_type gan_layer_batch_norm = {
    .name = "batch_norm",
    .short_name = "bn",
    .options_size = sizeof(gan_batch_norm_options),
    .fields = fields,
    .field_count = GAN_FIELD_COUNT(fields),
    .traits = GAN_READS_X,
    .infer = infer,
    .memory = memory,
    .forward = forward,
    .backward = backward,
};

gan_node *gan_batch_norm_layer(const gan_batch_norm_options *options)
{
    return gan_layer_node(&gan_layer_batch_norm, options);
}
