/* SPDX-License-Identifier: BSD-2-Clause */
#include "optimizer/optimizer.h"

#include <float.h>
#include <math.h>

static const gan_field fields[] = {
    {"rate", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(gan_adam_options, rate), 0, FLT_MAX, 0.001},
    {"beta1", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_HIGH, offsetof(gan_adam_options, beta1), 0, 1, 0.9},
    {"beta2", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_HIGH, offsetof(gan_adam_options, beta2), 0, 1, 0.999},
    {"epsilon", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(gan_adam_options, epsilon), 0, FLT_MAX, 1e-8},
};

static void update(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_optimizer *optimizer = argument;
    const gan_adam_options *options = &optimizer->options.adam;
    double t = (double)optimizer->steps;
    gan_adam_step step = {
        .beta1 = options->beta1,
        .beta2 = options->beta2,
        .epsilon = options->epsilon,
        .rate = (float)(optimizer->rate / (1 - pow(options->beta1, t))),
        .correction = (float)(1 / (1 - pow(options->beta2, t))),
    };
    gan_optimizer_range r = gan_optimizer_range_of(optimizer, begin, end);
    (void)worker;
    optimizer->network->context->kernels->adam(r.weight, r.gradient, r.state[0], r.state[1], r.count, &step);
}

static const gan_optimizer_type adam = {.name = "gan_adam_create", .states = 2, .update = update};

gan_status gan_adam_create(gan_optimizer **optimizer, gan_network *network, const gan_adam_options *given)
{
    if (!optimizer) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_adam_create: optimizer is NULL");
    *optimizer = NULL;
    gan_adam_options options;
    gan_status status =
        gan_options_read(&options, sizeof options, given, "gan_adam_options", fields, GAN_FIELD_COUNT(fields));
    if (status == GAN_OK) status = gan_optimizer_create(optimizer, network, &adam);
    if (status != GAN_OK) return status;
    (*optimizer)->rate = options.rate;
    (*optimizer)->options.adam = options;
    return GAN_OK;
}
