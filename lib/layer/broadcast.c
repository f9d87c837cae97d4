/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/export.h"
#include "layer/registry.h"
#include "layer/rows.h"
#include "layer/tangent.h"

#include <string.h>

/* Repeats along some neighbouring dimensions (broadcast), and sums over some (sum_channels): one is the adjoint of the
 * other, between a small array [before, behind] and a large one [before, repeated, behind]. */

struct geometry {
    int64_t before, repeated, behind;
};

/* Takes the dimension of the large shape into account, `size` in the large and 1 or the same in the small one. False
 * when the geometry cannot have it: repeated dimensions must be neighbours. */
static bool add_dimension(struct geometry *g, int64_t small, int64_t large)
{
    if (small == large) {
        *(g->repeated > 1 ? &g->behind : &g->before) *= large;
        return true;
    }
    g->repeated *= large;
    return small == 1 && g->behind == 1;
}

/* The last dimensions correspond to each other; what the small shape does not have is 1. */
static bool find_geometry(struct geometry *g, const gan_shape *small, const gan_shape *large)
{
    *g = (struct geometry){1, 1, 1};
    int missing = large->rank - small->rank;
    bool fits = missing >= 0;
    for (int i = 0; fits && i < large->rank; i++)
        fits = add_dimension(g, i < missing ? 1 : small->size[i - missing], large->size[i]);
    return fits;
}

static gan_status infer_broadcast(gan_layer *layer)
{
    const gan_broadcast_options *options = layer->options;
    int64_t count;
    int rank = 0;
    while (rank < GAN_MAX_RANK && options->shape[rank] != 0) rank++;
    layer->output.rank = rank;
    memcpy(layer->output.size, options->shape, sizeof layer->output.size);
    if (rank == 0 || rank == GAN_MAX_RANK || !gan_shape_count(rank, options->shape, &count))
        return gan_layer_fail_option(layer, "shape must have 1 to %d dimensions, each at least 1", GAN_MAX_RANK - 1);
    struct geometry g;
    char from[GAN_SHAPE_TEXT], to[GAN_SHAPE_TEXT];
    if (find_geometry(&g, &layer->input[0], &layer->output)) return GAN_OK;
    return gan_layer_fail(layer,
                          "the input %s does not repeat to %s; from the last dimension on it must be the same but for "
                          "neighbouring dimensions of 1",
                          gan_shape_text(from, layer->input[0].rank, layer->input[0].size),
                          gan_shape_text(to, rank, options->shape));
}

static gan_status infer_sum_channels(gan_layer *layer)
{
    layer->output = layer->input[0];
    layer->output.size[layer->output.rank - 1] = 1;
    return GAN_OK;
}

struct move {
    const gan_kernels *kernels;
    struct geometry g;
    float *target;
    const float *source;
};

/* Repeats or sums numbers begin .. end - 1 of the batch's `before`. */
static void repeat_range(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct move *m = argument;
    const struct geometry *g = &m->g;
    (void)worker;
    if (g->behind == 1) {
        m->kernels->fill_columns(m->target + begin * g->repeated, m->source + begin, end - begin, g->repeated);
        return;
    }
    for (int64_t i = begin; i < end; i++)
        m->kernels->fill_rows(m->target + i * g->repeated * g->behind, m->source + i * g->behind, g->repeated,
                              g->behind);
}

static void sum_range(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct move *m = argument;
    const struct geometry *g = &m->g;
    (void)worker;
    if (g->behind == 1) {
        m->kernels->sum_columns(m->target + begin, m->source + begin * g->repeated, end - begin, g->repeated);
        return;
    }
    for (int64_t i = begin; i < end; i++)
        m->kernels->sum_rows(m->target + i * g->behind, m->source + i * g->repeated * g->behind, g->repeated,
                             g->behind);
}

static void run(const gan_layer_call *call, gan_range_task task, const gan_shape *small, const gan_shape *large,
                float *target, const float *source)
{
    struct move m = {.kernels = call->kernels, .target = target, .source = source};
    find_geometry(&m.g, small, large);
    gan_pool_ranges(call->pool, task, &m, call->batch * m.g.before, gan_chunk_rows(m.g.repeated * m.g.behind));
}

static void forward_broadcast(const gan_layer_call *call)
{
    run(call, repeat_range, &call->layer->input[0], &call->layer->output, call->y, call->x[0]);
}

static void backward_broadcast(const gan_layer_call *call)
{
    if (call->dx[0]) run(call, sum_range, &call->layer->input[0], &call->layer->output, call->dx[0], call->dy);
}

static void forward_sum_channels(const gan_layer_call *call)
{
    run(call, sum_range, &call->layer->output, &call->layer->input[0], call->y, call->x[0]);
}

static void backward_sum_channels(const gan_layer_call *call)
{
    if (call->dx[0]) run(call, repeat_range, &call->layer->output, &call->layer->input[0], call->dx[0], call->dy);
}

/* The input's shape, with dimensions of 1 before it, is repeated. */
static gan_value export_broadcast(gan_export *e)
{
    const gan_shape *from = &e->layer->input[0], *to = &e->layer->output;
    int64_t small[GAN_MAX_RANK] = {0}, large[GAN_MAX_RANK] = {1};
    for (int i = 0; i < to->rank; i++) {
        int missing = to->rank - from->rank;
        small[i + 1] = i < missing ? 1 : from->size[i - missing];
        large[i + 1] = to->size[i];
    }
    gan_value x = gan_export_reshape(e, gan_export_input(e, 0, GAN_CHANNELS_LAST), to->rank + 1, small);
    gan_value shape = gan_export_integers(e, to->rank + 1, large);
    return gan_export_operator(e, "Expand", x, shape);
}

static gan_value export_sum_channels(gan_export *e)
{
    gan_order order = gan_export_order(e, 1);
    gan_value x = gan_export_input(e, 0, order);
    return gan_export_in_order(e, gan_export_reduce(e, "ReduceSum", x, true, 1, &(int64_t){gan_export_axis(e, order)}),
                               order);
}

static const gan_field broadcast_fields[] = {
    {"shape", GAN_FIELD_SHAPE, 0, offsetof(gan_broadcast_options, shape), 1, 0, 0},
};

const gan_layer_type gan_layer_broadcast = {
    .name = "broadcast",
    .short_name = "broadcast",
    .options_size = sizeof(gan_broadcast_options),
    .fields = broadcast_fields,
    .field_count = GAN_FIELD_COUNT(broadcast_fields),
    .infer = infer_broadcast,
    .forward = forward_broadcast,
    .backward = backward_broadcast,
    .tangent = gan_tangent_linear,
    .tangent_backward = gan_tangent_linear_backward,
    .export = export_broadcast,
};

const gan_layer_type gan_layer_sum_channels = {
    .name = "sum_channels",
    .short_name = "sum",
    .options_size = sizeof(gan_sum_channels_options),
    .infer = infer_sum_channels,
    .forward = forward_sum_channels,
    .backward = backward_sum_channels,
    .tangent = gan_tangent_linear,
    .tangent_backward = gan_tangent_linear_backward,
    .export = export_sum_channels,
};

gan_node *gan_broadcast_layer(const gan_broadcast_options *options)
{
    return gan_layer_node(&gan_layer_broadcast, options);
}

gan_node *gan_sum_channels_layer(const gan_sum_channels_options *options)
{
    return gan_layer_node(&gan_layer_sum_channels, options);
}
