/* SPDX-License-Identifier: BSD-2-Clause */
#include "optimizer/optimizer.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

/* Parameters a task. */
#define GRAIN 16384

gan_status gan_optimizer_create(gan_optimizer **handle, gan_network *network, const gan_optimizer_type *type)
{
    char call[64];
    snprintf(call, sizeof call, "gan_%s_create", type->kind->name);
    gan_status status = gan_network_require_built(network, call, "network");
    if (status != GAN_OK) return status;
    gan_optimizer *optimizer = gan_context_allocate(network->context, 1, sizeof *optimizer, "an optimizer");
    if (!optimizer) return GAN_ERROR_OUT_OF_MEMORY;
    atomic_init(&optimizer->references, 1);
    optimizer->type = type;
    optimizer->network = gan_network_retain(network);
    const gan_tensor *values = network->parameters.values;
    for (int i = 0; status == GAN_OK && values && i < type->states; i++)
        status = gan_tensor_create(&optimizer->state[i], network->context, GAN_FLOAT32, values->rank, values->shape);
    *handle = optimizer;
    if (status != GAN_OK) gan_optimizer_free(handle);
    return status;
}

gan_optimizer *gan_optimizer_retain(gan_optimizer *optimizer)
{
    atomic_fetch_add(&optimizer->references, 1);
    return optimizer;
}

void gan_optimizer_free(gan_optimizer **handle)
{
    if (!handle || !*handle) return;
    gan_optimizer *optimizer = *handle;
    *handle = NULL;
    if (atomic_fetch_sub(&optimizer->references, 1) > 1) return;
    gan_network *network = optimizer->network;
    for (int i = 0; i < optimizer->type->states; i++) gan_tensor_free(&optimizer->state[i]);
    gan_context_release(network->context, optimizer);
    gan_network_free(&network);
}

gan_optimizer_range gan_optimizer_range_of(const gan_optimizer *optimizer, int64_t begin, int64_t end)
{
    const gan_variables *parameters = &optimizer->network->parameters;
    gan_optimizer_range range = {
        .weight = gan_tensor_floats(parameters->values) + begin,
        .gradient = gan_tensor_floats(parameters->gradients) + begin,
        .count = end - begin,
    };
    for (int i = 0; i < GAN_OPTIMIZER_STATES; i++)
        if (optimizer->state[i]) range.state[i] = gan_tensor_floats(optimizer->state[i]) + begin;
    return range;
}

/* A function of the number of steps, whatever came before, so that training goes on alike from a checkpoint. The
 * product is soon too small to count, and is 0 from then on. */
static void advance_product(gan_optimizer *optimizer)
{
    gan_optimizer_moment *now = &optimizer->now;
    if (now->steps + 1 != optimizer->steps) now->steps = 0;
    if (now->steps == 0) now->beta2_product = 1;
    for (; now->steps < optimizer->steps && now->beta2_product > 0; now->steps++) {
        now->beta2_product *= gan_schedule_at(&optimizer->beta2_schedule, optimizer->beta2, now->steps);
        if (now->beta2_product < 0x1p-60) now->beta2_product = 0;
    }
    now->steps = optimizer->steps;
}

static void follow_schedules(gan_optimizer *optimizer)
{
    gan_optimizer_moment *now = &optimizer->now;
    uint64_t step = optimizer->steps++;
    now->rate = gan_schedule_at(&optimizer->rate_schedule, optimizer->rate, step);
    now->beta2 = gan_schedule_at(&optimizer->beta2_schedule, optimizer->beta2, step);
    if (optimizer->beta2_schedule.size)
        advance_product(optimizer);
    else
        now->beta2_product = pow(optimizer->beta2, (double)optimizer->steps);
}

gan_status gan_optimizer_step(gan_optimizer *optimizer)
{
    if (!optimizer) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_optimizer_step: optimizer is NULL");
    const gan_network *network = optimizer->network;
    if (network->parameters.count > 0 && !network->parameters.gradients)
        return gan_fail(GAN_ERROR_STATE,
                        "gan_optimizer_step: network \"%s\" has no gradients; make a training run first",
                        network->name);
    follow_schedules(optimizer);
    gan_pool_ranges(network->context->pool, optimizer->type->update, optimizer, (int64_t)network->parameters.floats,
                    GRAIN);
    return GAN_OK;
}

gan_status gan_optimizer_set_rate(gan_optimizer *optimizer, float rate)
{
    if (!optimizer) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_optimizer_set_rate: optimizer is NULL");
    if (!(rate > 0) || isinf(rate))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_optimizer_set_rate: rate is %g; it must be above 0 and finite",
                        rate);
    optimizer->rate = rate;
    return GAN_OK;
}

gan_status gan_optimizer_set_schedule(gan_optimizer *optimizer, const gan_schedule *rate)
{
    static const gan_bounds bounds = {.low = 0, .high = FLT_MAX};
    const char *call = "gan_optimizer_set_schedule";
    if (!optimizer) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: optimizer is NULL", call);
    return gan_schedule_read(&optimizer->rate_schedule, rate, &bounds, call, "rate");
}

gan_status gan_optimizer_set_beta2_schedule(gan_optimizer *optimizer, const gan_schedule *beta2)
{
    static const gan_bounds bounds = {.low = 0, .high = 1, .open_high = true};
    const char *call = "gan_optimizer_set_beta2_schedule";
    if (!optimizer) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: optimizer is NULL", call);
    if (!optimizer->type->has_beta2)
        return gan_fail(GAN_ERROR_UNSUPPORTED, "%s: the optimizer is %s, which has no beta2; adam and adamw have", call,
                        optimizer->type->kind->name);
    gan_status status = gan_schedule_read(&optimizer->beta2_schedule, beta2, &bounds, call, "beta2");
    if (status == GAN_OK) optimizer->now.steps = 0; /* another schedule, another product */
    return status;
}

float gan_optimizer_rate(const gan_optimizer *optimizer)
{
    return optimizer ? gan_schedule_at(&optimizer->rate_schedule, optimizer->rate, optimizer->steps) : 0;
}

uint64_t gan_optimizer_steps(const gan_optimizer *optimizer)
{
    return optimizer ? optimizer->steps : 0;
}
