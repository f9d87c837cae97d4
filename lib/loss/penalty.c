/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/run.h"

#include <gan/penalty.h>
#include <gan/random.h>
#include <math.h>
#include <string.h>

/* A penalty is a sum over samples of f(|g|^2), g the gradient of the sum of D by a sample's picture. Its gradient by
 * the parameters is that of D's tangent in the direction v = 2 f'(|g|^2) g, held fixed. */

struct penalty {
    float weight, target;
    bool squared;
};

/* One sample's penalty from |g|^2, divided by the batch, and the factor of g in v. */
static double value_of(const struct penalty *p, double squares, double per_sample, double *factor)
{
    double weight = p->weight * per_sample, norm = sqrt(squares), distance = norm - p->target;
    *factor = weight;
    if (p->squared) return weight / 2 * squares;
    *factor = norm > 0 ? 2 * weight * distance / norm : 0;
    return weight * distance * distance;
}

/* Writes v as the direction of input 0, and zeros as that of others. Returns the penalty. */
static double set_directions(gan_run *run, const struct penalty *p)
{
    const gan_network *network = run->network;
    int64_t count = gan_shape_elements(&network->inputs[0]->layer.output);
    const float *g = gan_tensor_floats(gan_run_input_gradient(run, 0));
    float *v = gan_run_direction(run, 0);
    double sum = 0, factor;
    for (int64_t n = 0; n < run->batch; n++, g += count, v += count) {
        sum += value_of(p, network->context->kernels->sum_squares(g, count), 1 / (double)run->batch, &factor);
        for (int64_t i = 0; i < count; i++) v[i] = (float)factor * g[i];
    }
    for (int i = 1; i < network->input_count; i++)
        memset(gan_run_direction(run, i), 0, (size_t)gan_run_elements(run, network->inputs[i]) * sizeof(float));
    return sum;
}

/* The sum of output 0 has a gradient of ones, and no other output has one. */
static gan_tensor *seed_ones(gan_run *run)
{
    gan_tensor *ones = gan_run_output_gradient(run, 0);
    for (int i = 1; i < run->network->output_count; i++) {
        gan_tensor *other = gan_run_output_gradient(run, i);
        memset(other->data, 0, gan_tensor_bytes(other));
    }
    for (int64_t i = 0; i < gan_tensor_count(ones); i++) gan_tensor_floats(ones)[i] = 1;
    return ones;
}

static gan_status check_number(const char *call, const char *what, float number)
{
    if (number >= 0 && isfinite(number)) return GAN_OK;
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is %g; it must be finite and not negative", call, what,
                    (double)number);
}

static gan_status add_penalty(const char *call, float *value, gan_run *run, struct penalty penalty)
{
    gan_status status = GAN_OK;
    if (run && run->mode != GAN_TRAINING_TANGENTS)
        status = gan_fail(GAN_ERROR_STATE, "%s: the run was not made with GAN_TRAINING_TANGENTS", call);
    if (status == GAN_OK) status = gan_run_check_backward(run, GAN_WANT_PARAMETERS, call);
    if (status == GAN_OK) status = check_number(call, "weight", penalty.weight);
    if (status == GAN_OK) status = check_number(call, "target", penalty.target);
    if (status != GAN_OK) return status;
    const gan_tensor *ones = seed_ones(run);
    status = gan_run_backward(run, NULL, GAN_WANT_INPUTS);
    if (status != GAN_OK) return status;
    double sum = set_directions(run, &penalty);
    status = gan_run_push_tangent(run);
    if (status == GAN_OK) status = gan_run_tangent_backward(run, ones, GAN_WANT_PARAMETERS);
    if (status == GAN_OK && value) *value = (float)sum;
    return status;
}

gan_status gan_penalty_squared_norm(float *value, gan_run *run, float weight)
{
    return add_penalty("gan_penalty_squared_norm", value, run, (struct penalty){.weight = weight, .squared = true});
}

gan_status gan_penalty_norm_distance(float *value, gan_run *run, float weight, float target)
{
    return add_penalty("gan_penalty_norm_distance", value, run, (struct penalty){.weight = weight, .target = target});
}

static gan_status check_pictures(const char *call, const gan_tensor *points, const gan_tensor *real,
                                 const uint64_t *position)
{
    if (!points || !real || !position)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is NULL", call,
                        !points ? "points"
                        : !real ? "real"
                                : "position");
    if (real->type == GAN_FLOAT32) return gan_run_check_like(points, real, call, "tensor of points");
    char given[GAN_TENSOR_TEXT];
    return gan_fail(GAN_ERROR_SHAPE, "%s: real is %s; it must be float", call, gan_tensor_text(given, real));
}

static void draw(const gan_context *context, uint64_t position, uint32_t bits[4])
{
    gan_philox_block(&(gan_philox){context->seed, GAN_STREAM_PENALTIES, 0}, position, bits);
}

gan_status gan_penalty_between(gan_tensor *points, const gan_tensor *real, const gan_tensor *generated,
                               uint64_t *position)
{
    gan_status status = check_pictures("gan_penalty_between", points, real, position);
    if (status == GAN_OK && !generated)
        status = gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_penalty_between: generated is NULL");
    if (status == GAN_OK) status = gan_run_check_like(generated, real, "gan_penalty_between", "tensor of generated");
    if (status != GAN_OK) return status;
    int64_t count = gan_tensor_count(real) / real->shape[0];
    const float *x = real->data, *y = generated->data;
    float *out = points->data;
    for (int64_t n = 0; n < real->shape[0]; n++) {
        uint32_t bits[4];
        draw(real->context, (*position)++, bits);
        float e = gan_unit_float(bits[0]);
        for (int64_t i = n * count; i < (n + 1) * count; i++) out[i] = e * x[i] + (1 - e) * y[i];
    }
    return GAN_OK;
}

static double standard_deviation(const gan_tensor *tensor)
{
    int64_t count = gan_tensor_count(tensor);
    const float *x = tensor->data;
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) sum += x[i];
    double mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++) squares += (x[i] - mean) * (x[i] - mean);
    return sqrt(squares / (double)count);
}

gan_status gan_penalty_beside(gan_tensor *points, const gan_tensor *real, float noise, uint64_t *position)
{
    gan_status status = check_pictures("gan_penalty_beside", points, real, position);
    if (status == GAN_OK) status = check_number("gan_penalty_beside", "noise", noise);
    if (status != GAN_OK) return status;
    int64_t count = gan_tensor_count(real) / real->shape[0];
    float reach = noise * (float)standard_deviation(real);
    const float *x = real->data;
    float *out = points->data;
    for (int64_t n = 0; n < real->shape[0]; n++) {
        uint32_t bits[4];
        draw(real->context, (*position)++, bits);
        float e = gan_unit_float(bits[0]);
        for (int64_t i = 0; i < count; i++) {
            if (i % 4 == 0) draw(real->context, (*position)++, bits);
            out[n * count + i] = x[n * count + i] + e * reach * gan_unit_float(bits[i % 4]);
        }
    }
    return GAN_OK;
}
