/* SPDX-License-Identifier: BSD-2-Clause */
#include "optimizer/ema.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Numbers a task. */
#define GRAIN 16384

const gan_field gan_ema_fields[] = {
    {"half_life", GAN_FIELD_FLOAT, 0, offsetof(gan_ema_options, half_life), 0, FLT_MAX, 10000},
    {"ramp_up", GAN_FIELD_FLOAT, 0, offsetof(gan_ema_options, ramp_up), 0, FLT_MAX, 0},
    {"start", GAN_FIELD_INT64, 0, offsetof(gan_ema_options, start), 0, 0x1p53, 0},
};
const int gan_ema_field_count = GAN_FIELD_COUNT(gan_ema_fields);

gan_status gan_ema_create(gan_ema **handle, gan_network *network, const gan_ema_options *given)
{
    if (!handle) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_ema_create: ema is NULL");
    *handle = NULL;
    gan_ema_options options;
    gan_status status = gan_network_require_built(network, "gan_ema_create", "network");
    if (status == GAN_OK)
        status =
            gan_options_read(&options, sizeof options, given, "gan_ema_options", gan_ema_fields, gan_ema_field_count);
    if (status != GAN_OK) return status;
    gan_ema *ema = gan_context_allocate(network->context, 1, sizeof *ema, "an average of a network");
    if (!ema) return GAN_ERROR_OUT_OF_MEMORY;
    atomic_init(&ema->references, 1);
    ema->network = gan_network_retain(network);
    ema->options = options;
    status = gan_network_clone(&ema->average, network);
    *handle = ema;
    if (status != GAN_OK) gan_ema_free(handle);
    return status;
}

gan_ema *gan_ema_retain(gan_ema *ema)
{
    atomic_fetch_add(&ema->references, 1);
    return ema;
}

void gan_ema_free(gan_ema **handle)
{
    if (!handle || !*handle) return;
    gan_ema *ema = *handle;
    *handle = NULL;
    if (atomic_fetch_sub(&ema->references, 1) > 1) return;
    gan_network *network = ema->network;
    gan_network_free(&ema->average);
    gan_context_release(network->context, ema);
    gan_network_free(&network);
}

gan_status gan_ema_set_schedule(gan_ema *ema, const gan_schedule *half_life)
{
    static const gan_bounds bounds = {.low = 0, .high = FLT_MAX};
    if (!ema) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_ema_set_schedule: ema is NULL");
    return gan_schedule_read(&ema->schedule, half_life, &bounds, "gan_ema_set_schedule", "half_life");
}

/* 1 - decay, which is small, to all its digits. */
static float part_of_network(const gan_ema *ema, int64_t batch)
{
    double half_life = gan_schedule_at(&ema->schedule, ema->options.half_life, ema->images);
    if (ema->options.ramp_up > 0) half_life = fmin(half_life, ema->options.ramp_up * (double)ema->images);
    if (ema->images < (uint64_t)ema->options.start || !(half_life > 0)) return 1;
    return (float)-expm1(-0.693147180559945309417 * (double)batch / half_life);
}

struct blend {
    const gan_kernels *kernels;
    float *average;
    const float *value;
    float part;
};

/* All of it is a copy: rounding leaves no trace of what was there. */
static void blend_range(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct blend *blend = argument;
    (void)worker;
    if (blend->part < 1)
        blend->kernels->lerp(blend->average + begin, blend->value + begin, end - begin, blend->part);
    else
        memcpy(blend->average + begin, blend->value + begin, (size_t)(end - begin) * sizeof(float));
}

static void blend_tensor(const gan_ema *ema, const gan_tensor *average, const gan_tensor *value, float part)
{
    struct blend blend = {.kernels = ema->network->context->kernels,
                          .average = gan_tensor_floats(average),
                          .value = gan_tensor_floats(value),
                          .part = part};
    gan_pool_ranges(ema->network->context->pool, blend_range, &blend, gan_tensor_count(value), GRAIN);
}

gan_status gan_ema_update(gan_ema *ema, int64_t batch)
{
    if (!ema) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_ema_update: ema is NULL");
    if (batch < 1)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_ema_update: batch is %lld; it must be at least 1",
                        (long long)batch);
    const gan_network *network = ema->network, *average = ema->average;
    float part = part_of_network(ema, batch);
    if (network->parameters.values) blend_tensor(ema, average->parameters.values, network->parameters.values, part);
    for (int i = 0; i < network->buffers.count; i++) {
        const gan_variable *buffer = &network->buffers.list[i];
        blend_tensor(ema, average->buffers.list[i].value, buffer->value, buffer->slot->statistic ? part : 1);
    }
    ema->images += (uint64_t)batch;
    return GAN_OK;
}

gan_network *gan_ema_network(const gan_ema *ema)
{
    return ema ? ema->average : NULL;
}

uint64_t gan_ema_images(const gan_ema *ema)
{
    return ema ? ema->images : 0;
}
