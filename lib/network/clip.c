/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/network.h"

#include <math.h>

/* Sweeps over all gradients or parameters of a network: their norm, and what bounds or scales them. */

/* Numbers a task. */
#define GRAIN 16384

static double norm_of(const gan_network *network)
{
    const gan_tensor *gradients = network->parameters.gradients;
    if (!gradients) return 0;
    return sqrt(network->context->kernels->sum_squares(gan_tensor_floats(gradients), gan_tensor_count(gradients)));
}

float gan_network_gradient_norm(const gan_network *network)
{
    return network ? (float)norm_of(network) : 0;
}

struct sweep {
    const gan_kernels *kernels;
    float *data;
    float number;
};

static void scale(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct sweep *sweep = argument;
    (void)worker;
    sweep->kernels->scale(sweep->data + begin, end - begin, sweep->number);
}

static void clip(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct sweep *sweep = argument;
    (void)worker;
    sweep->kernels->clip(sweep->data + begin, end - begin, sweep->number);
}

/* block: the network's parameters or gradients, NULL when it has none. */
static void sweep_over(const gan_network *network, const gan_tensor *block, gan_range_task task, float number)
{
    if (!block) return;
    struct sweep sweep = {.kernels = network->context->kernels, .data = gan_tensor_floats(block), .number = number};
    gan_pool_ranges(network->context->pool, task, &sweep, gan_tensor_count(block), GRAIN);
}

static gan_status require_gradients(const gan_network *network, const char *call)
{
    gan_status status = gan_network_require_built(network, call, "network");
    if (status == GAN_OK && network->parameters.count > 0 && !network->parameters.gradients)
        status = gan_fail(GAN_ERROR_STATE, "%s: network \"%s\" has no gradients; make a training run first", call,
                          network->name);
    return status;
}

static gan_status require_positive(float number, const char *call, const char *what)
{
    if (number > 0 && !isinf(number)) return GAN_OK;
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is %.9g; it must be above 0 and finite", call, what, number);
}

gan_status gan_network_clip_gradient_norm(gan_network *network, float max, float *norm)
{
    const char *call = "gan_network_clip_gradient_norm";
    gan_status status = require_gradients(network, call);
    if (status == GAN_OK) status = require_positive(max, call, "max");
    if (status != GAN_OK) return status;
    double found = norm_of(network);
    if (norm) *norm = (float)found;
    if (!isfinite(found))
        return gan_fail(GAN_ERROR_NUMERIC, "%s: the norm of network \"%s\" is %g; its gradients stay as they are", call,
                        network->name, found);
    if (found > max) sweep_over(network, network->parameters.gradients, scale, (float)(max / found));
    return GAN_OK;
}

gan_status gan_network_clip_gradient_value(gan_network *network, float limit)
{
    gan_status status = require_gradients(network, "gan_network_clip_gradient_value");
    if (status == GAN_OK) status = require_positive(limit, "gan_network_clip_gradient_value", "limit");
    if (status == GAN_OK) sweep_over(network, network->parameters.gradients, clip, limit);
    return status;
}

gan_status gan_network_scale_gradients(gan_network *network, float factor)
{
    gan_status status = require_gradients(network, "gan_network_scale_gradients");
    if (status != GAN_OK) return status;
    if (!isfinite(factor))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_scale_gradients: factor is %g; it must be finite",
                        factor);
    sweep_over(network, network->parameters.gradients, scale, factor);
    return GAN_OK;
}

gan_status gan_network_clip_parameters(gan_network *network, float limit)
{
    gan_status status = gan_network_require_built(network, "gan_network_clip_parameters", "network");
    if (status == GAN_OK) status = require_positive(limit, "gan_network_clip_parameters", "limit");
    if (status == GAN_OK) sweep_over(network, network->parameters.values, clip, limit);
    return status;
}
