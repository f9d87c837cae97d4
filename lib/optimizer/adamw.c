/* SPDX-License-Identifier: BSD-2-Clause */
#include "optimizer/adam.h"

static const gan_field fields[] = {
    GAN_ADAM_FIELDS(gan_adamw_options),
    {"weight_decay", GAN_FIELD_FLOAT, 0, offsetof(gan_adamw_options, weight_decay), 0, FLT_MAX, 0.01},
};

static const gan_optimizer_type adamw = {
    .kind = &gan_adamw_kind, .states = 2, .has_beta2 = true, .state_names = GAN_ADAM_STATES, .update = gan_adam_update};
static const gan_optimizer_type amsgrad = {
    .kind = &gan_adamw_kind, .states = 3, .has_beta2 = true, .state_names = GAN_ADAM_STATES, .update = gan_adam_update};

gan_status gan_adamw_create(gan_optimizer **optimizer, gan_network *network, const gan_adamw_options *given)
{
    if (!optimizer) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_adamw_create: optimizer is NULL");
    *optimizer = NULL;
    gan_adamw_options options;
    gan_status status =
        gan_options_read(&options, sizeof options, given, "gan_adamw_options", fields, GAN_FIELD_COUNT(fields));
    if (status == GAN_OK) status = gan_optimizer_create(optimizer, network, options.amsgrad ? &amsgrad : &adamw);
    if (status != GAN_OK) return status;
    (*optimizer)->rate = options.rate;
    (*optimizer)->beta2 = options.beta2;
    (*optimizer)->options.adam = options;
    return GAN_OK;
}

static gan_status create(gan_optimizer **optimizer, gan_network *network, const void *options)
{
    return gan_adamw_create(optimizer, network, options);
}

const gan_optimizer_kind gan_adamw_kind = {.name = "adamw",
                                           .fields = fields,
                                           .field_count = GAN_FIELD_COUNT(fields),
                                           .options_size = sizeof(gan_adamw_options),
                                           .create = create};
