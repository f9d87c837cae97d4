/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/plan.h"
#include "network/spectral.h"

/* Tangents read all of the last passes, in an order of their own: with them nothing that holds a batch ends early, and
 * no layer works in place.
 *
 * Time: node i runs forward at i and backward at 2 * nodes - 1 - i. A backward pass may be repeated, so that what it
 * reads of the forward pass lives to the end, 2 * nodes. What does is kept; the rest is work memory. */

/* A buffer: its size, and its life from first to last, both included. */
struct span {
    size_t floats, offset;
    int first, last;
    bool locked; /* holds a result that has to stay: no layer may work in place on it */
    bool placed;
    int next; /* placed span of the next higher offset, or -1 */
};

#define PLANNED 7 /* spans that a node may have */
#define SHARED  4 /* and those that all share: the last ones */

struct planner {
    const gan_network *network;
    gan_mode mode;
    int64_t batch;
    int end;
    struct span *spans;
    int count;
    int lowest;                                                      /* placed span of the lowest offset, or -1 */
    int *y, *gradient, *seed, *saved, *tangent, *adjoint, *spectral; /* span of each node, or -1 */
};

static int add_span(struct planner *p, size_t floats, int first, int last)
{
    const size_t line = GAN_ALIGNMENT / sizeof(float);
    size_t rounded = gan_saturating_add(floats, line - 1);
    if (rounded != SIZE_MAX) rounded = rounded / line * line;
    p->spans[p->count] = (struct span){.floats = rounded, .first = first, .last = last};
    return p->count++;
}

static int backward_time(const struct planner *p, const gan_node *node)
{
    return p->end - 1 - node->index;
}

static size_t batch_floats(const struct planner *p, const gan_node *node)
{
    return gan_saturating_multiply((size_t)p->batch, (size_t)gan_shape_elements(&node->layer.output));
}

static void extend(struct span *span, int last)
{
    if (span->last < last) span->last = last;
}

/* What readers of a node's result ask of its life: calls see(p, node, consumer) for each live pair. */
static void each_reader(struct planner *p, void (*see)(struct planner *, const gan_node *, const gan_node *))
{
    for (int i = 0; i < p->network->count; i++) {
        const gan_node *consumer = p->network->nodes[i];
        for (int k = 0; consumer->live && k < consumer->layer.inputs; k++) see(p, consumer->input[k], consumer);
    }
}

/* The span of the input whose memory the node's result can take, or -1. A view may share it with anyone. The caller's
 * memory, an input of the network, is never shared. */
static int span_in_place(const struct planner *p, const gan_node *node)
{
    unsigned traits = p->mode == GAN_TRAINING_TANGENTS ? 0 : node->layer.type->traits;
    int span = traits & GAN_IN_PLACE ? p->y[node->input[0]->index] : -1;
    return span >= 0 && ((traits & GAN_VIEW) || !p->spans[span].locked) ? span : -1;
}

static void plan_result(struct planner *p, const gan_node *node)
{
    int span = span_in_place(p, node);
    if (span < 0) span = add_span(p, batch_floats(p, node), node->index, node->index);
    p->y[node->index] = span;
    bool kept = p->mode != GAN_INFERENCE && (node->layer.type->traits & GAN_READS_Y);
    if (kept || node->consumers > 1 || node->is_output) p->spans[span].locked = true;
    bool to_the_end = node->is_output || kept || p->mode == GAN_TRAINING_TANGENTS;
    extend(&p->spans[span], to_the_end ? p->end : node->index);
}

static void extend_result(struct planner *p, const gan_node *node, const gan_node *consumer)
{
    int span = p->y[node->index];
    if (span < 0) return;
    bool kept = p->mode != GAN_INFERENCE && (consumer->layer.type->traits & GAN_READS_X);
    extend(&p->spans[span], kept ? p->end : consumer->index);
}

static void plan_results(struct planner *p)
{
    for (int i = 0; i < p->network->count; i++) {
        const gan_node *node = p->network->nodes[i];
        if (node->live && !node->is_input) plan_result(p, node);
    }
    each_reader(p, extend_result);
}

/* The one consumer of the node that can write the node's gradient over its own, or NULL. */
static const gan_node *consumer_in_place(const struct planner *p, const gan_node *node)
{
    if (node->consumers != 1 || node->is_output || node->is_input || p->mode == GAN_TRAINING_TANGENTS) return NULL;
    for (int i = node->index + 1; i < p->network->count; i++) {
        const gan_node *consumer = p->network->nodes[i];
        if (!consumer->live || consumer->layer.inputs == 0 || consumer->input[0] != node) continue;
        bool in_place = (consumer->layer.type->traits & GAN_IN_PLACE) && !gan_node_takes_seed(consumer);
        return in_place ? consumer : NULL;
    }
    return NULL;
}

static void plan_gradient(struct planner *p, const gan_node *node)
{
    int i = node->index, last = node->is_input ? p->end : backward_time(p, node);
    if (node->is_output) p->seed[i] = add_span(p, batch_floats(p, node), 0, p->end);
    const gan_node *consumer = consumer_in_place(p, node);
    if (gan_node_takes_seed(node))
        p->gradient[i] = p->seed[i];
    else if (consumer)
        p->gradient[i] = p->gradient[consumer->index];
    else
        p->gradient[i] = add_span(p, batch_floats(p, node), node->is_output ? p->network->count : last, last);
    extend(&p->spans[p->gradient[i]], last);
}

/* The gradient begins its life when the first consumer writes it; an output's, with its seed, before all of them. */
static void begin_gradient(struct planner *p, const gan_node *node, const gan_node *consumer)
{
    struct span *span = &p->spans[p->gradient[node->index]];
    if (backward_time(p, consumer) < span->first) span->first = backward_time(p, consumer);
}

static void plan_gradients(struct planner *p)
{
    for (int i = p->network->count - 1; i >= 0; i--) {
        const gan_node *node = p->network->nodes[i];
        if (node->live || node->is_input) plan_gradient(p, node);
    }
    each_reader(p, begin_gradient);
}

static void plan_tangents(struct planner *p)
{
    for (int i = 0; i < p->network->count; i++) {
        const gan_node *node = p->network->nodes[i];
        if (node->live || node->is_input) p->tangent[i] = add_span(p, batch_floats(p, node), 0, p->end);
        if (node->live && !node->is_input) p->adjoint[i] = add_span(p, batch_floats(p, node), 0, p->end);
    }
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* What the gradients of all inputs together need that are added to: of those that other nodes read, too, or that are
 * outputs. */
static size_t extra_floats(const struct planner *p, const gan_node *node)
{
    size_t floats = 0;
    for (int k = 0; k < node->layer.inputs; k++)
        if (node->input[k]->consumers > 1 || node->input[k]->is_output)
            floats = gan_saturating_add(floats, batch_floats(p, node->input[k]));
    return p->mode == GAN_TRAINING_TANGENTS ? gan_saturating_multiply(2, floats) : floats;
}

/* A span that lives through a node's forward pass, or from there to the end of training. */
static int add_kept(struct planner *p, size_t floats, int i)
{
    return floats ? add_span(p, floats, i, p->mode != GAN_INFERENCE ? p->end : i) : -1;
}

/* The layers' own memory, and that of their normalized parameters. */
static void plan_workspace(struct planner *p)
{
    const gan_network *network = p->network;
    gan_layer_memory most = {0};
    size_t extra = 0, spectral = 0;
    for (int i = 0; i < network->count; i++) {
        const gan_node *node = network->nodes[i];
        gan_layer_memory need = {0};
        if (!node->live) continue;
        if (node->layer.type->memory)
            node->layer.type->memory(&node->layer, network->context->kernels, p->batch, &need);
        p->saved[i] = add_kept(p, need.saved, i);
        p->spectral[i] = add_kept(p, gan_spectral_floats(&node->layer), i);
        most.shared = larger(most.shared, need.shared);
        most.scratch = larger(most.scratch, need.scratch);
        spectral = larger(spectral, gan_spectral_scratch(&node->layer));
        if (p->mode != GAN_INFERENCE) extra = larger(extra, extra_floats(p, node));
    }
    add_span(p, extra, 0, p->end - 1);
    add_span(p, spectral, 0, p->end - 1);
    add_span(p, most.shared, 0, p->end - 1);
    int scratch = add_span(p, most.scratch, 0, p->end - 1);
    size_t workers = (size_t)gan_pool_threads(network->context->pool);
    p->spans[scratch].floats = gan_saturating_multiply(p->spans[scratch].floats, workers);
}

/* Puts the span at the lowest place where it meets no placed span of a life that meets its own. */
static void place_span(struct planner *p, int index)
{
    struct span *span = &p->spans[index];
    int *link = &p->lowest;
    for (int i = p->lowest; i >= 0; i = p->spans[i].next) {
        const struct span *other = &p->spans[i];
        if (other->first > span->last || span->first > other->last) continue;
        if (gan_saturating_add(span->offset, span->floats) <= other->offset) break;
        span->offset = larger(span->offset, other->offset + other->floats);
    }
    while (*link >= 0 && p->spans[*link].offset < span->offset) link = &p->spans[*link].next;
    span->next = *link;
    *link = index;
    span->placed = true;
}

/* Larger spans first: the small ones fill the gaps. Places what is kept, or what is not, from `begin` on. Returns
 * where that ends, SIZE_MAX when it does not fit. */
static size_t place_spans(struct planner *p, bool kept, size_t begin)
{
    size_t total = begin;
    p->lowest = -1;
    for (int n = 0; n < p->count; n++) {
        int largest = -1;
        for (int i = 0; i < p->count; i++)
            if (!p->spans[i].placed && (p->spans[i].last == p->end) == kept &&
                (largest < 0 || p->spans[i].floats > p->spans[largest].floats))
                largest = i;
        if (largest < 0) break;
        p->spans[largest].offset = begin;
        place_span(p, largest);
        total = larger(total, gan_saturating_add(p->spans[largest].offset, p->spans[largest].floats));
        if (total >= SIZE_MAX / 2 / sizeof(float)) return SIZE_MAX;
    }
    return total;
}

static size_t offset_of(const struct planner *p, int span)
{
    return span < 0 ? 0 : p->spans[span].offset;
}

static void write_plan(const struct planner *p, gan_plan *plan)
{
    for (int i = 0; i < p->network->count; i++)
        plan->places[i] = (gan_place){
            .external = -1,
            .y = offset_of(p, p->y[i]),
            .gradient = offset_of(p, p->gradient[i]),
            .seed = offset_of(p, p->seed[i]),
            .saved = offset_of(p, p->saved[i]),
            .tangent = offset_of(p, p->tangent[i]),
            .adjoint = offset_of(p, p->adjoint[i]),
            .spectral = offset_of(p, p->spectral[i]),
        };
    for (int i = 0; i < p->network->input_count; i++) plan->places[p->network->inputs[i]->index].external = i;
    const struct span *last = &p->spans[p->count - 1];
    plan->extra = last[-3].offset;
    plan->spectral = last[-2].offset;
    plan->shared = last[-1].offset;
    plan->scratch = last->offset;
    plan->scratch_stride = last->floats / (size_t)gan_pool_threads(p->network->context->pool);
}

/* Every result of the batch has a size that fits, so that layers can count with it. */
static bool batch_fits(const gan_network *network, int64_t batch)
{
    int64_t floats;
    for (int i = 0; i < network->count; i++)
        if (__builtin_mul_overflow(batch, gan_shape_elements(&network->nodes[i]->layer.output), &floats) ||
            (uint64_t)floats > SIZE_MAX / 8)
            return false;
    return true;
}

static gan_status too_large(const gan_network *network, int64_t batch)
{
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                    "network \"%s\" with a batch of %lld needs more memory than there can be", network->name,
                    (long long)batch);
}

static gan_status make_plan(struct planner *p, gan_plan *plan)
{
    size_t n = (size_t)p->network->count;
    for (size_t i = 0; i < PLANNED * n; i++) p->y[i] = -1;
    p->gradient = p->y + n;
    p->seed = p->gradient + n;
    p->saved = p->seed + n;
    p->tangent = p->saved + n;
    p->adjoint = p->tangent + n;
    p->spectral = p->adjoint + n;
    plan_results(p);
    if (p->mode != GAN_INFERENCE) plan_gradients(p);
    if (p->mode == GAN_TRAINING_TANGENTS) plan_tangents(p);
    plan_workspace(p);
    plan->kept = place_spans(p, true, 0);
    plan->floats = plan->kept == SIZE_MAX ? SIZE_MAX : place_spans(p, false, plan->kept);
    if (plan->floats == SIZE_MAX) return too_large(p->network, p->batch);
    write_plan(p, plan);
    return GAN_OK;
}

gan_status gan_plan_create(gan_plan *plan, const gan_network *network, gan_mode mode, int64_t batch)
{
    gan_context *context = network->context;
    size_t n = (size_t)network->count;
    *plan = (gan_plan){0};
    if (!batch_fits(network, batch)) return too_large(network, batch);
    struct planner p = {.network = network, .mode = mode, .batch = batch, .end = 2 * network->count};
    plan->places = gan_context_allocate(context, n, sizeof *plan->places, "a run's plan");
    p.spans = gan_context_allocate(context, PLANNED * n + SHARED, sizeof *p.spans, "a run's plan");
    p.y = gan_context_allocate(context, PLANNED * n, sizeof *p.y, "a run's plan");
    gan_status status = GAN_ERROR_OUT_OF_MEMORY;
    if (plan->places && p.spans && p.y) status = make_plan(&p, plan);
    gan_context_release(context, p.y);
    gan_context_release(context, p.spans);
    if (status != GAN_OK) gan_plan_free(plan, context);
    return status;
}

void gan_plan_free(gan_plan *plan, gan_context *context)
{
    gan_context_release(context, plan->places);
    *plan = (gan_plan){0};
}
