/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/elementwise.h"

#include <string.h>

gan_status gan_infer_same_shape(gan_layer *layer)
{
    layer->output = layer->input[0];
    return GAN_OK;
}

gan_status gan_infer_equal_shapes(gan_layer *layer)
{
    for (int i = 1; i < layer->inputs; i++)
        if (!gan_shapes_equal(&layer->input[0], &layer->input[i])) {
            char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
            return gan_layer_fail(layer, "input 0 is %s and input %d is %s; they must be the same",
                                  gan_shape_text(a, layer->input[0].rank, layer->input[0].size), i,
                                  gan_shape_text(b, layer->input[i].rank, layer->input[i].size));
        }
    return gan_infer_same_shape(layer);
}

int64_t gan_call_elements(const gan_layer_call *call)
{
    return call->batch * gan_shape_elements(&call->layer->output);
}

void gan_elementwise(const gan_layer_call *call, gan_range_task task)
{
    gan_pool_ranges(call->pool, task, (void *)call, gan_call_elements(call), GAN_ELEMENTWISE_GRAIN);
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
    if (target != source) gan_pool_ranges(pool, copy_range, &copy, n, GAN_ELEMENTWISE_GRAIN);
}
