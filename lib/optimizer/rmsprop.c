/* SPDX-License-Identifier: BSD-2-Clause */
#include "optimizer/optimizer.h"

#include <float.h>

static const gan_field fields[] = {
    {"rate", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(gan_rmsprop_options, rate), 0, FLT_MAX, 0.01},
    {"alpha", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_HIGH, offsetof(gan_rmsprop_options, alpha), 0, 1, 0.99},
    {"epsilon", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(gan_rmsprop_options, epsilon), 0, FLT_MAX, 1e-8},
    {"momentum", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_HIGH, offsetof(gan_rmsprop_options, momentum), 0, 1, 0},
    {"centered", GAN_FIELD_BOOL, 0, offsetof(gan_rmsprop_options, centered), 0, 1, 0},
    GAN_FIELD_RESERVED(gan_rmsprop_options),
};

/* The states are the average of squares, then, as the options ask for them, the average and the velocity. */
static void update(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_optimizer *optimizer = argument;
    const gan_rmsprop_options *options = &optimizer->options.rmsprop;
    gan_rmsprop_step step = {
        .alpha = options->alpha,
        .epsilon = options->epsilon,
        .momentum = options->momentum,
        .rate = optimizer->now.rate,
    };
    gan_optimizer_range r = gan_optimizer_range_of(optimizer, begin, end);
    (void)worker;
    float *mean = options->centered ? r.state[1] : NULL;
    float *velocity = options->momentum > 0 ? r.state[options->centered ? 2 : 1] : NULL;
    optimizer->network->context->kernels->rmsprop(r.weight, r.gradient, r.state[0], mean, velocity, r.count, &step);
}

#define TYPE(count, ...)                                                                           \
    {                                                                                              \
        .kind = &gan_rmsprop_kind, .states = count, .state_names = {__VA_ARGS__}, .update = update \
    }

static const gan_optimizer_type types[2][2] = {
    /* [centered][with momentum] */
    {TYPE(1, "square"), TYPE(2, "square", "velocity")},
    {TYPE(2, "square", "mean"), TYPE(3, "square", "mean", "velocity")},
};

gan_status gan_rmsprop_create(gan_optimizer **optimizer, gan_network *network, const gan_rmsprop_options *given)
{
    if (!optimizer) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_rmsprop_create: optimizer is NULL");
    *optimizer = NULL;
    gan_rmsprop_options options;
    gan_status status =
        gan_options_read(&options, sizeof options, given, "gan_rmsprop_options", fields, GAN_FIELD_COUNT(fields));
    if (status == GAN_OK)
        status = gan_optimizer_create(optimizer, network, &types[options.centered][options.momentum > 0]);
    if (status != GAN_OK) return status;
    (*optimizer)->rate = options.rate;
    (*optimizer)->options.rmsprop = options;
    return GAN_OK;
}

static gan_status create(gan_optimizer **optimizer, gan_network *network, const void *options)
{
    return gan_rmsprop_create(optimizer, network, options);
}

const gan_optimizer_kind gan_rmsprop_kind = {.name = "rmsprop",
                                             .fields = fields,
                                             .field_count = GAN_FIELD_COUNT(fields),
                                             .options_size = sizeof(gan_rmsprop_options),
                                             .create = create};
