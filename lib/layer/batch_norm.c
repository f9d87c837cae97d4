/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/export.h"
#include "layer/normalize.h"
#include "layer/registry.h"
#include "layer/rows.h"
#include "layer/tangent.h"

#include <math.h>
#include <string.h>

/* y = gamma * xhat + beta, xhat = (x - mean) * inverse, inverse = 1 / sqrt(variance + epsilon), by channel, over the
 * rows of x as a matrix [rows, c]. The sums over rows are taken in chunks of rows, by their shape, and added in order.
 */

enum { GAMMA, BETA };                             /* parameters */
enum { RUNNING_MEAN, RUNNING_VARIANCE, BATCHES }; /* buffers */

/* Numbers by channel, each a row [c]: coefficients of what is multiplied by dy, x, 1, u and t, where t = tx and u =
 * dty, and sums over the rows of the batch. A PRODUCT is the sum of something times xhat; PRODUCT_UT is that of u * (t
 * - mean of t). */
enum {
    BY_DY,
    BY_X,
    BY_1,
    BY_U,
    BY_T,
    SUM_DY,
    PRODUCT_DY,
    SUM_U,
    PRODUCT_U,
    SUM_T,
    PRODUCT_T,
    PRODUCT_UT,
    MEAN_T,
    ONES,
    ZEROS, /* MEAN_T and ONES together are a `saved` */
    ROWS
};

static const gan_field fields[] = {
    {"epsilon", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(gan_batch_norm_options, epsilon), 0, 1e30, 1e-3},
    {"momentum", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_HIGH, offsetof(gan_batch_norm_options, momentum), 0, 1, 0.9},
    {"gamma", GAN_FIELD_INITIALIZER, 0, offsetof(gan_batch_norm_options, gamma), 0, 0, GAN_INITIALIZER_ONES},
    {"beta", GAN_FIELD_INITIALIZER, 0, offsetof(gan_batch_norm_options, beta), 0, 0, GAN_INITIALIZER_ZEROS},
    {"no_affine", GAN_FIELD_BOOL, 0, offsetof(gan_batch_norm_options, no_affine), 0, 1, 0},
    GAN_FIELD_RESERVED(gan_batch_norm_options),
};

static const gan_forms mean_forms = {.keras = {"moving_mean"}, .axes = {GAN_AXIS_OUTPUT}},
                       variance_forms = {.pytorch = {"running_var"},
                                         .keras = {"moving_variance"},
                                         .axes = {GAN_AXIS_OUTPUT}},
                       batches_forms = {.pytorch = {"num_batches_tracked"}, .count = true};

static gan_status infer(gan_layer *layer)
{
    const gan_batch_norm_options *options = layer->options;
    layer->output = layer->input[0];
    gan_shape shape = {1, {gan_channels(&layer->output)}};
    gan_initializer zeros = {.kind = GAN_INITIALIZER_ZEROS}, ones = {.kind = GAN_INITIALIZER_ONES, .scale = 1};
    int64_t c = gan_channels(&layer->output);
    gan_slot gamma = {.name = "gamma",
                      .shape = shape,
                      .initializer = options->gamma,
                      .fan_in = c,
                      .fan_out = c,
                      .forms = &gan_gamma_forms};
    gan_slot beta = {.name = "beta",
                     .shape = shape,
                     .initializer = options->beta,
                     .fan_in = c,
                     .fan_out = c,
                     .additive = true,
                     .forms = &gan_beta_forms};
    if (!options->no_affine) gan_layer_add_parameter(layer, gamma);
    if (!options->no_affine) gan_layer_add_parameter(layer, beta);
    gan_layer_add_buffer(
        layer,
        (gan_slot){
            .name = "running_mean", .shape = shape, .initializer = zeros, .statistic = true, .forms = &mean_forms});
    gan_layer_add_buffer(layer, (gan_slot){.name = "running_variance",
                                           .shape = shape,
                                           .initializer = ones,
                                           .statistic = true,
                                           .forms = &variance_forms});
    gan_layer_add_buffer(
        layer, (gan_slot){.name = "batches", .shape = {1, {1}}, .initializer = zeros, .forms = &batches_forms});
    return GAN_OK;
}

/* saved: mean [c] and inverse [c] of the batch. shared: two sums [c] a chunk, then a row [c] of each kind of numbers.
 */

static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    (void)kernels;
    size_t c = (size_t)gan_channels(&layer->output),
           chunks = (size_t)gan_chunks(gan_rows(&layer->output, batch), gan_channels(&layer->output));
    need->saved = gan_saturating_multiply(2, c);
    need->shared = gan_saturating_multiply(gan_saturating_add(gan_saturating_multiply(2, chunks), ROWS), c);
}

static float *chunk_sums(const gan_layer_call *call, int64_t chunk)
{
    return call->shared + chunk * 2 * gan_channels(&call->layer->output);
}

/* A row of numbers by channel, in shared after the sums of all chunks. */
static float *by_channel(const gan_layer_call *call, int row)
{
    int64_t c = gan_channels(&call->layer->output);
    return chunk_sums(call, gan_chunks(gan_rows(&call->layer->output, call->batch), c)) + row * c;
}

static void chunk_moments(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t c = gan_channels(&call->layer->output);
    (void)worker;
    float *sums = chunk_sums(call, begin / gan_chunk_rows(c));
    call->kernels->moments(sums, sums + c, call->x[0] + begin * c, end - begin, c);
}

/* Mean and variance of channel j from the chunks' (Chan, Golub, LeVeque 1979): squares about the common mean are each
 * chunk's own plus its rows times the square of the means' distance. */
static void combine_moments(const gan_layer_call *call, int64_t j, double *mean, double *variance)
{
    int64_t c = gan_channels(&call->layer->output), rows = gan_rows(&call->layer->output, call->batch),
            chunks = gan_chunks(rows, c);
    double sum = 0, squares = 0;
    for (int64_t k = 0; k < chunks; k++) {
        int64_t n = k < chunks - 1 ? gan_chunk_rows(c) : rows - k * gan_chunk_rows(c);
        sum += (double)n * chunk_sums(call, k)[j];
    }
    *mean = sum / (double)rows;
    for (int64_t k = 0; k < chunks; k++) {
        int64_t n = k < chunks - 1 ? gan_chunk_rows(c) : rows - k * gan_chunk_rows(c);
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
    int64_t c = gan_channels(&call->layer->output);
    gan_pool_ranges(call->pool, chunk_moments, (void *)call, gan_rows(&call->layer->output, call->batch),
                    gan_chunk_rows(c));
    float past = past_weight(call);
    for (int64_t j = 0; j < c; j++) {
        double mean, variance;
        combine_moments(call, j, &mean, &variance);
        call->saved[j] = (float)mean;
        call->saved[c + j] = (float)(1 / sqrt(variance + options->epsilon));
        if (!isfinite(mean) || !isfinite(variance)) continue; /* one bad batch would stay in the averages for good */
        float *running_mean = &call->buffer[RUNNING_MEAN][j], *running_variance = &call->buffer[RUNNING_VARIANCE][j];
        *running_mean = past * *running_mean + (1 - past) * (float)mean;
        *running_variance = past * *running_variance + (1 - past) * (float)variance;
    }
    if (*call->buffer[BATCHES] < 0x1p24f) *call->buffer[BATCHES] += 1; /* beyond, a float counts no further */
}

static void scale_shift_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t c = gan_channels(&call->layer->output);
    (void)worker;
    call->kernels->scale_shift(call->y + begin * c, call->x[0] + begin * c, by_channel(call, BY_X),
                               by_channel(call, BY_1), end - begin, c);
}

static float gamma_of(const gan_layer_call *call, int64_t j)
{
    return call->parameter[GAMMA] ? call->parameter[GAMMA][j] : 1;
}

static void forward(const gan_layer_call *call)
{
    const gan_batch_norm_options *options = call->layer->options;
    int64_t c = gan_channels(&call->layer->output);
    float *scale = by_channel(call, BY_X), *shift = by_channel(call, BY_1);
    if (call->training) batch_statistics(call);
    for (int64_t j = 0; j < c; j++) {
        float mean = call->training ? call->saved[j] : call->buffer[RUNNING_MEAN][j];
        float inverse =
            call->training ? call->saved[c + j] : 1 / sqrtf(call->buffer[RUNNING_VARIANCE][j] + options->epsilon);
        scale[j] = gamma_of(call, j) * inverse;
        shift[j] = (call->parameter[BETA] ? call->parameter[BETA][j] : 0) - mean * scale[j];
    }
    gan_pool_ranges(call->pool, scale_shift_rows, (void *)call, gan_rows(&call->layer->output, call->batch),
                    gan_chunk_rows(c));
}

static void chunk_gradient_sums(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t c = gan_channels(&call->layer->output);
    (void)worker;
    float *sums = chunk_sums(call, begin / gan_chunk_rows(c));
    call->kernels->batch_norm_sums(sums, sums + c, call->dy + begin * c, call->x[0] + begin * c, call->saved,
                                   call->saved + c, end - begin, c);
}

/* Rows sum and product: the sums over the batch's rows of dy, and of dy * (x - mean) * inverse with mean and inverse
 * from saved. */
static void gradient_sums(const gan_layer_call *call, int sum, int product)
{
    int64_t c = gan_channels(&call->layer->output), rows = gan_rows(&call->layer->output, call->batch),
            chunks = gan_chunks(rows, c);
    gan_pool_ranges(call->pool, chunk_gradient_sums, (void *)call, rows, gan_chunk_rows(c));
    for (int64_t j = 0; j < c; j++) {
        double s = 0, t = 0;
        for (int64_t k = 0; k < chunks; k++) {
            s += chunk_sums(call, k)[j];
            t += chunk_sums(call, k)[c + j];
        }
        by_channel(call, sum)[j] = (float)s;
        by_channel(call, product)[j] = (float)t;
    }
}

/* result = a * source + b * x + d, where a, b, d are by channel. */
struct combination {
    const gan_layer_call *call;
    float *result;
    const float *source, *x, *a, *b, *d;
};

static void combine_rows(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct combination *p = argument;
    int64_t c = gan_channels(&p->call->layer->output);
    (void)worker;
    p->call->kernels->batch_norm_backward(p->result + begin * c, p->source + begin * c, p->x + begin * c, p->a, p->b,
                                          p->d, end - begin, c);
}

static void combine(const struct combination *p)
{
    int64_t c = gan_channels(&p->call->layer->output);
    gan_pool_ranges(p->call->pool, combine_rows, (void *)p, gan_rows(&p->call->layer->output, p->call->batch),
                    gan_chunk_rows(c));
}

/* dx = BY_`row` * source + BY_X * x + BY_1 */
static void begin_gradient(const gan_layer_call *call, float *dx, int row, const float *source)
{
    combine(&(struct combination){call, dx, source, call->x[0], by_channel(call, row), by_channel(call, BY_X),
                                  by_channel(call, BY_1)});
}

/* dx += BY_`row` * source */
static void add_gradient(const gan_layer_call *call, float *dx, int row, const float *source)
{
    combine(&(struct combination){call, dx, source, dx, by_channel(call, row), by_channel(call, ONES),
                                  by_channel(call, ZEROS)});
}

static gan_norm_set set_of(const gan_layer_call *call, int64_t j)
{
    double rows = (double)gan_rows(&call->layer->output, call->batch);
    return (gan_norm_set){call->saved[j], call->saved[gan_channels(&call->layer->output) + j], rows};
}

/* The gradient of x from that of y, dx = P(gamma * dy), by the sums of dy and of dy * xhat. */
static void set_coefficients(const gan_layer_call *call, int sum, int product)
{
    for (int64_t j = 0; j < gan_channels(&call->layer->output); j++) {
        gan_norm_set set = set_of(call, j);
        double gamma = gamma_of(call, j);
        gan_norm_line line =
            gan_norm_derivative(&set, gamma * by_channel(call, sum)[j], gamma * by_channel(call, product)[j]);
        by_channel(call, BY_DY)[j] = (float)(gamma * set.inverse);
        by_channel(call, BY_X)[j] = (float)line.by_x;
        by_channel(call, BY_1)[j] = (float)line.by_1;
    }
}

/* dbeta = sum of dy, dgamma = sum of dy * xhat */
static void parameter_gradients(const gan_layer_call *call)
{
    int64_t c = gan_channels(&call->layer->output);
    if (call->gradient[GAMMA]) call->kernels->add(call->gradient[GAMMA], by_channel(call, PRODUCT_DY), c);
    if (call->gradient[BETA]) call->kernels->add(call->gradient[BETA], by_channel(call, SUM_DY), c);
}

static void backward(const gan_layer_call *call)
{
    gradient_sums(call, SUM_DY, PRODUCT_DY);
    parameter_gradients(call);
    gan_layer_parameters_done(call);
    if (!call->dx[0]) return;
    set_coefficients(call, SUM_DY, PRODUCT_DY);
    begin_gradient(call, call->dx[0], BY_DY, call->dy);
}

static void second_sums(const gan_layer_call *call)
{
    int64_t c = gan_channels(&call->layer->output);
    gan_layer_call sums = *call;
    sums.dy = call->tx[0];
    gradient_sums(&sums, SUM_T, PRODUCT_T);
    for (int64_t j = 0; j < c; j++) {
        by_channel(call, MEAN_T)[j] = by_channel(call, SUM_T)[j] / (float)gan_rows(&call->layer->output, call->batch);
        by_channel(call, ONES)[j] = 1;
        by_channel(call, ZEROS)[j] = 0;
    }
    sums.dy = call->dty;
    sums.x[0] = call->tx[0];
    sums.saved = by_channel(call, MEAN_T);
    gradient_sums(&sums, SUM_U, PRODUCT_UT);
    sums.x[0] = call->x[0];
    sums.saved = call->saved;
    gradient_sums(&sums, SUM_U, PRODUCT_U);
}

/* The sum of u * ty is that of w * P(t) with w = gamma * u. Adds what it gives to BY_X and BY_1, and to the gradient of
 * gamma: inverse * (sum of u * (t - <t>) - <t xhat> * sum of u * xhat). */
static void add_second_order(const gan_layer_call *call)
{
    for (int64_t j = 0; j < gan_channels(&call->layer->output); j++) {
        gan_norm_set set = set_of(call, j);
        double gamma = gamma_of(call, j), ut = by_channel(call, PRODUCT_UT)[j], ux = by_channel(call, PRODUCT_U)[j];
        gan_norm_sums sums = {gamma * by_channel(call, SUM_U)[j], gamma * ux, by_channel(call, SUM_T)[j],
                              by_channel(call, PRODUCT_T)[j], gamma * ut};
        gan_norm_curve curve = gan_norm_second_derivative(&set, &sums);
        by_channel(call, BY_U)[j] = (float)(gamma * curve.by_w);
        by_channel(call, BY_T)[j] = (float)curve.by_t;
        by_channel(call, BY_X)[j] += (float)curve.line.by_x;
        by_channel(call, BY_1)[j] += (float)curve.line.by_1;
        if (call->gradient[GAMMA]) call->gradient[GAMMA][j] += (float)(set.inverse * (ut - sums.t_x / set.count * ux));
    }
}

static void tangent_backward(const gan_layer_call *call)
{
    int64_t c = gan_channels(&call->layer->output);
    second_sums(call);
    set_coefficients(call, SUM_U, PRODUCT_U);
    if (call->dtx[0]) begin_gradient(call, call->dtx[0], BY_DY, call->dty);
    if (call->dy) {
        gradient_sums(call, SUM_DY, PRODUCT_DY);
        parameter_gradients(call);
        set_coefficients(call, SUM_DY, PRODUCT_DY);
    } else {
        memset(by_channel(call, BY_X), 0, (size_t)c * sizeof(float));
        memset(by_channel(call, BY_1), 0, (size_t)c * sizeof(float));
    }
    add_second_order(call);
    if (!call->dx[0]) return;
    begin_gradient(call, call->dx[0], BY_U, call->dty);
    add_gradient(call, call->dx[0], BY_T, call->tx[0]);
    if (call->dy) add_gradient(call, call->dx[0], BY_DY, call->dy);
}

/* Gamma or beta, or one number for all channels where there is none. */
static gan_value export_affine(gan_export *e, int i, float without)
{
    float *data;
    if (e->layer->parameters) return gan_export_parameter(e, i);
    gan_value value = gan_export_floats(e, NULL, 1, &e->layer->buffer[RUNNING_MEAN].shape.size[0], &data);
    for (int64_t j = 0; data && j < gan_channels(&e->layer->output); j++) data[j] = without;
    return value;
}

/* ONNX has the channels in the second place: a picture's are brought there, and other shapes made [rows, C]. */
static gan_value export_batch_norm(gan_export *e)
{
    const gan_batch_norm_options *options = e->layer->options;
    int rank = e->layer->output.rank;
    gan_order order = rank == 3 ? GAN_CHANNELS_FIRST : GAN_CHANNELS_LAST;
    bool flat = rank != 1 && rank != 3;
    gan_value x = gan_export_input(e, 0, order);
    if (flat) x = gan_export_reshape(e, x, GAN_SHAPE(-1, gan_channels(&e->layer->output)));
    gan_value gamma = export_affine(e, GAMMA, 1), beta = export_affine(e, BETA, 0);
    gan_value mean = gan_export_buffer(e, RUNNING_MEAN), variance = gan_export_buffer(e, RUNNING_VARIANCE);
    gan_value y = gan_export_add(e, "BatchNormalization", GAN_VALUES(x, gamma, beta, mean, variance),
                                 GAN_ATTRIBUTES(gan_attribute_float("epsilon", options->epsilon)));
    int64_t shape[GAN_MAX_RANK] = {-1};
    memcpy(shape + 1, e->layer->output.size, (size_t)rank * sizeof *shape);
    return gan_export_in_order(e, flat ? gan_export_reshape(e, y, rank + 1, shape) : y, order);
}

const gan_layer_type gan_layer_batch_norm = {
    .name = "batch_norm",
    .short_name = "bn",
    .options_size = sizeof(gan_batch_norm_options),
    .fields = fields,
    .field_count = GAN_FIELD_COUNT(fields),
    .traits = GAN_READS_X | GAN_CURVED | GAN_KEEPS_FEATURES,
    .infer = infer,
    .memory = memory,
    .forward = forward,
    .backward = backward,
    .tangent = gan_tangent_symmetric,
    .tangent_backward = tangent_backward,
    .export = export_batch_norm,
};

gan_node *gan_batch_norm_layer(const gan_batch_norm_options *options)
{
    return gan_layer_node(&gan_layer_batch_norm, options);
}
