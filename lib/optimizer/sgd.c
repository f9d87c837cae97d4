/* SPDX-License-Identifier: BSD-2-Clause */
#include "optimizer/optimizer.h"

#include <float.h>

static const gan_field fields[] = {
    {"rate", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(gan_sgd_options, rate), 0, FLT_MAX, 0.01},
    {"momentum", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_HIGH, offsetof(gan_sgd_options, momentum), 0, 1, 0},
    {"nesterov", GAN_FIELD_BOOL, 0, offsetof(gan_sgd_options, nesterov), 0, 1, 0},
    GAN_FIELD_RESERVED(gan_sgd_options),
};

static void update(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_optimizer *optimizer = argument;
    const gan_sgd_options *options = &optimizer->options.sgd;
    gan_optimizer_range r = gan_optimizer_range_of(optimizer, begin, end);
    (void)worker;
    optimizer->network->context->kernels->sgd(r.weight, r.gradient, r.state[0], r.count, optimizer->now.rate,
                                              options->momentum, options->nesterov);
}

static const gan_optimizer_type plain = {.kind = &gan_sgd_kind, .states = 0, .update = update};
static const gan_optimizer_type with_momentum = {
    .kind = &gan_sgd_kind, .states = 1, .state_names = {"velocity"}, .update = update};

gan_status gan_sgd_create(gan_optimizer **optimizer, gan_network *network, const gan_sgd_options *given)
{
    if (!optimizer) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_sgd_create: optimizer is NULL");
    *optimizer = NULL;
    gan_sgd_options options;
    gan_status status =
        gan_options_read(&options, sizeof options, given, "gan_sgd_options", fields, GAN_FIELD_COUNT(fields));
    if (status != GAN_OK) return status;
    if (options.nesterov && !(options.momentum > 0))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_sgd_options.nesterov needs a momentum above 0");
    status = gan_optimizer_create(optimizer, network, options.momentum > 0 ? &with_momentum : &plain);
    if (status != GAN_OK) return status;
    (*optimizer)->rate = options.rate;
    (*optimizer)->options.sgd = options;
    return GAN_OK;
}

static gan_status create(gan_optimizer **optimizer, gan_network *network, const void *options)
{
    return gan_sgd_create(optimizer, network, options);
}

const gan_optimizer_kind gan_sgd_kind = {.name = "sgd",
                                         .fields = fields,
                                         .field_count = GAN_FIELD_COUNT(fields),
                                         .options_size = sizeof(gan_sgd_options),
                                         .create = create};
