/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/elementwise.h"

#include <string.h>

/* Floats a task: large enough to hide its start, small enough for the first-level cache. */
#define GRAIN 8192

gan_status gan_infer_same_shape(gan_layer *layer)
{
    layer->output = layer->input[0];
    return GAN_OK;
}

int64_t gan_call_elements(const gan_layer_call *call)
{
    return call->batch * gan_shape_elements(&call->layer->output);
}

void gan_elementwise(const gan_layer_call *call, gan_range_task task)
{
    gan_pool_ranges(call->pool, task, (void *)call, gan_call_elements(call), GRAIN);
}

struct copy {
    float *target;
    const float *source;
};

static void copy_range(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct copy *copy = argument;
    (void)worker;
    memcpy(copy->target + begin, copy->source + begin, (size_t)(end - begin) * sizeof *copy->target);
}

void gan_parallel_copy(gan_pool *pool, float *target, const float *source, int64_t n)
{
    struct copy copy = {target, source};
    if (target != source) gan_pool_ranges(pool, copy_range, &copy, n, GRAIN);
}
