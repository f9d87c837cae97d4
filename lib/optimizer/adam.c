/* SPDX-License-Identifier: BSD-2-Clause */
#include "optimizer/adam.h"

#include <math.h>
#include <string.h>

static const gan_field fields[] = {GAN_ADAM_FIELDS(gan_adam_options), GAN_FIELD_RESERVED(gan_adam_options)};

_Static_assert(offsetof(gan_adam_options, epsilon) == offsetof(gan_adamw_options, epsilon) &&
                   offsetof(gan_adam_options, amsgrad) == offsetof(gan_adamw_options, amsgrad) &&
                   sizeof(gan_adam_options) <= sizeof(gan_adamw_options),
               "the options of Adam begin those of AdamW");

void gan_adam_update(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_optimizer *optimizer = argument;
    const gan_adamw_options *options = &optimizer->options.adam;
    const gan_optimizer_moment *now = &optimizer->now;
    gan_adam_step step = {
        .beta1 = options->beta1,
        .beta2 = now->beta2,
        .epsilon = options->epsilon,
        .rate = (float)(now->rate / (1 - pow(options->beta1, (double)optimizer->steps))),
        .correction = (float)(1 / (1 - now->beta2_product)),
        .decay = now->rate * options->weight_decay,
    };
    gan_optimizer_range r = gan_optimizer_range_of(optimizer, begin, end);
    (void)worker;
    optimizer->network->context->kernels->adam(r.weight, r.gradient, r.state[0], r.state[1], r.state[2], r.count,
                                               &step);
}

static const gan_optimizer_type adam = {
    .kind = &gan_adam_kind, .states = 2, .has_beta2 = true, .state_names = GAN_ADAM_STATES, .update = gan_adam_update};
static const gan_optimizer_type amsgrad = {
    .kind = &gan_adam_kind, .states = 3, .has_beta2 = true, .state_names = GAN_ADAM_STATES, .update = gan_adam_update};

gan_status gan_adam_create(gan_optimizer **optimizer, gan_network *network, const gan_adam_options *given)
{
    if (!optimizer) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_adam_create: optimizer is NULL");
    *optimizer = NULL;
    gan_adam_options options;
    gan_status status =
        gan_options_read(&options, sizeof options, given, "gan_adam_options", fields, GAN_FIELD_COUNT(fields));
    if (status == GAN_OK) status = gan_optimizer_create(optimizer, network, options.amsgrad ? &amsgrad : &adam);
    if (status != GAN_OK) return status;
    (*optimizer)->rate = options.rate;
    (*optimizer)->beta2 = options.beta2;
    memcpy(&(*optimizer)->options, &options, sizeof options); /* the first members of AdamW's */
    return GAN_OK;
}

static gan_status create(gan_optimizer **optimizer, gan_network *network, const void *options)
{
    return gan_adam_create(optimizer, network, options);
}

const gan_optimizer_kind gan_adam_kind = {.name = "adam",
                                          .fields = fields,
                                          .field_count = GAN_FIELD_COUNT(fields),
                                          .options_size = sizeof(gan_adam_options),
                                          .create = create};
