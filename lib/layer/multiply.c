/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/elementwise.h"
#include "layer/export.h"
#include "layer/registry.h"

#include <string.h>

/* y = the product of all inputs. Each derivative is a sum of products in which one or two of the inputs are replaced:
 *     dx[i] = dy, at the place of x[i]
 *     ty    = the sum over i: tx[i] at the place of x[i]
 * and of sum(ty * dty)
 *     dtx[i] = dty at the place of x[i]
 *     dx[i]  = the sum over k != i: dty at the place of x[i], tx[k] at that of x[k] */

static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    (void)layer;
    (void)kernels;
    (void)batch;
    need->scratch = GAN_ELEMENTWISE_GRAIN;
}

/* A range of the elements. */
struct part {
    const gan_layer_call *call;
    int64_t begin, n;
    float *scratch;
};

static struct part part_of(const gan_layer_call *call, int64_t begin, int64_t end, int worker)
{
    return (struct part){call, begin, end - begin, call->scratch + (size_t)worker * call->scratch_stride};
}

/* target = the product of the inputs, with `a` in place of input i and b in place of input k, or added to it. i or k
 * may be -1. */
static void product(const struct part *p, float *target, int i, const float *a, int k, const float *b, bool add)
{
    const gan_kernels *kernels = p->call->kernels;
    int last = p->call->layer->inputs - 1;
    const float *factor[GAN_MAX_INPUTS] = {NULL};
    for (int j = 0; j <= last; j++) factor[j] = (j == i ? a : j == k ? b : p->call->x[j]) + p->begin;
    target += p->begin;
    float *first = add ? p->scratch : target; /* of all but the last */
    if (last > 1) kernels->multiply(first, factor[0], factor[1], p->n);
    for (int j = 2; j < last; j++) kernels->multiply(first, first, factor[j], p->n);
    const float *others = last > 1 ? first : factor[0];
    if (add)
        kernels->multiply_add(target, others, factor[last], p->n);
    else
        kernels->multiply(target, others, factor[last], p->n);
}

static void forward_range(void *argument, int64_t begin, int64_t end, int worker)
{
    struct part p = part_of(argument, begin, end, worker);
    product(&p, p.call->y, -1, NULL, -1, NULL, false);
}

static void backward_range(void *argument, int64_t begin, int64_t end, int worker)
{
    struct part p = part_of(argument, begin, end, worker);
    for (int i = 0; i < p.call->layer->inputs; i++)
        if (p.call->dx[i]) product(&p, p.call->dx[i], i, p.call->dy, -1, NULL, false);
}

static void tangent_range(void *argument, int64_t begin, int64_t end, int worker)
{
    struct part p = part_of(argument, begin, end, worker);
    for (int i = 0; i < p.call->layer->inputs; i++) product(&p, p.call->ty, i, p.call->tx[i], -1, NULL, i > 0);
}

static void tangent_backward_range(void *argument, int64_t begin, int64_t end, int worker)
{
    struct part p = part_of(argument, begin, end, worker);
    const gan_layer_call *call = p.call;
    for (int i = 0; i < call->layer->inputs; i++) {
        bool add = call->dy != NULL;
        if (call->dtx[i]) product(&p, call->dtx[i], i, call->dty, -1, NULL, false);
        if (call->dx[i] && call->dy) product(&p, call->dx[i], i, call->dy, -1, NULL, false);
        for (int k = 0; call->dx[i] && k < call->layer->inputs; k++) {
            if (k == i) continue;
            product(&p, call->dx[i], i, call->dty, k, call->tx[k], add);
            add = true;
        }
    }
}

static void forward(const gan_layer_call *call)
{
    gan_elementwise(call, forward_range);
}

static void backward(const gan_layer_call *call)
{
    gan_elementwise(call, backward_range);
}

static void tangent(const gan_layer_call *call)
{
    gan_elementwise(call, tangent_range);
}

static void tangent_backward(const gan_layer_call *call)
{
    gan_elementwise(call, tangent_backward_range);
}

static gan_value export_multiply(gan_export *e)
{
    return gan_export_chain(e, "Mul");
}

const gan_layer_type gan_layer_multiply = {
    .name = "multiply",
    .short_name = "multiply",
    .options_size = sizeof(gan_layer_options),
    .least_inputs = 2,
    .most_inputs = GAN_MAX_INPUTS,
    .traits = GAN_READS_X | GAN_CURVED | GAN_KEEPS_FEATURES,
    .infer = gan_infer_equal_shapes,
    .memory = memory,
    .forward = forward,
    .backward = backward,
    .tangent = tangent,
    .tangent_backward = tangent_backward,
    .export = export_multiply,
};

gan_node *gan_multiply_layer(gan_node *const *inputs, int count, const char *name)
{
    return gan_layer_node_joining(&gan_layer_multiply, inputs, count, name);
}
