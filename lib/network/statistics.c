/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/network.h"

#include <gan/random.h>
#include <gan/run.h>
#include <string.h>

static const gan_field fields[] = {
    {"batch", GAN_FIELD_INT64, 0, offsetof(gan_statistics_options, batch), 1, INT32_MAX, 64},
    {"passes", GAN_FIELD_INT64, 0, offsetof(gan_statistics_options, passes), 1, INT32_MAX, 16},
};

/* The estimation at work: its inputs, and the buffers as they were. */
struct estimation {
    gan_network *network;
    gan_statistics_options options;
    gan_run *run;
    gan_tensor *inputs[GAN_MAX_INPUTS], *before;
    uint64_t position, passes_before;
};

static bool has_statistics(const gan_layer *layer)
{
    for (int i = 0; i < layer->buffers; i++)
        if (layer->buffer[i].statistic) return true;
    return false;
}

static bool any_statistics(const gan_network *network)
{
    for (int i = 0; i < network->count; i++)
        if (has_statistics(&network->nodes[i]->layer)) return true;
    return false;
}

static gan_status make_input(struct estimation *e, int index)
{
    const gan_shape *shape = &e->network->inputs[index]->layer.output;
    int64_t sizes[GAN_MAX_RANK] = {e->options.batch};
    memcpy(sizes + 1, shape->size, (size_t)shape->rank * sizeof *sizes);
    return gan_tensor_create(&e->inputs[index], e->network->context, GAN_FLOAT32, shape->rank + 1, sizes);
}

/* All memory, before anything changes. */
static gan_status start(struct estimation *e)
{
    const gan_tensor *buffers = e->network->buffers.values;
    gan_status status = gan_run_create(&e->run, e->network, GAN_TRAINING, e->options.batch);
    e->passes_before = e->network->passes;
    for (int i = 0; status == GAN_OK && i < e->network->input_count; i++) status = make_input(e, i);
    if (status == GAN_OK)
        status = gan_tensor_create(&e->before, e->network->context, GAN_FLOAT32, buffers->rank, buffers->shape);
    return status == GAN_OK ? gan_tensor_copy(e->before, buffers) : status;
}

static void stop(struct estimation *e)
{
    gan_tensor_free(&e->before);
    for (int i = 0; i < GAN_MAX_INPUTS; i++) gan_tensor_free(&e->inputs[i]);
    gan_run_free(&e->run);
}

/* Counters go back with their statistics; other layers' buffers stay. */
static gan_status reset(const gan_network *network)
{
    gan_status status = GAN_OK;
    for (int i = 0; i < network->count; i++) {
        const gan_node *node = network->nodes[i];
        for (int k = 0; status == GAN_OK && has_statistics(&node->layer) && k < node->layer.buffers; k++) {
            int number = node->first_buffer + k;
            status =
                gan_network_initialize(network, &network->buffers.list[number], network->parameters.count + number);
        }
    }
    return status;
}

static gan_status fill(struct estimation *e, int64_t number)
{
    int count = e->network->input_count;
    if (e->options.fill) return e->options.fill(e->options.user, number, e->inputs, count);
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < count; i++)
        status = gan_random_normal(e->network->context, GAN_STREAM_STATISTICS, &e->position, e->inputs[i], 0, 1);
    return status;
}

/* All that passes moved goes back, but for the statistics where those are kept. */
static void restore(const struct estimation *e, bool keep)
{
    const float *before = gan_tensor_floats(e->before);
    e->network->passes = e->passes_before;
    for (int i = 0; i < e->network->count; i++) {
        const gan_node *node = e->network->nodes[i];
        for (int k = 0; k < node->layer.buffers; k++) {
            gan_tensor *value = e->network->buffers.list[node->first_buffer + k].value;
            size_t place = (size_t)(gan_tensor_floats(value) - gan_tensor_floats(e->network->buffers.values));
            if (!keep || !has_statistics(&node->layer)) memcpy(value->data, before + place, gan_tensor_bytes(value));
        }
    }
}

static gan_status estimate(struct estimation *e)
{
    gan_status status = reset(e->network);
    e->network->plain_mean = true;
    for (int64_t number = 0; status == GAN_OK && number < e->options.passes; number++) {
        status = fill(e, number);
        if (status == GAN_OK)
            status = gan_run_forward_all(e->run, (const gan_tensor *const *)e->inputs, e->network->input_count);
    }
    e->network->plain_mean = false;
    restore(e, status == GAN_OK);
    return status;
}

gan_status gan_network_standing_statistics(gan_network *network, const gan_statistics_options *given)
{
    struct estimation e = {.network = network};
    gan_status status = gan_network_require_built(network, "gan_network_standing_statistics", "network");
    if (status == GAN_OK)
        status = gan_options_read(&e.options, sizeof e.options, given, "gan_statistics_options", fields,
                                  GAN_FIELD_COUNT(fields));
    if (status != GAN_OK || !any_statistics(network)) return status;
    status = start(&e);
    if (status == GAN_OK) status = estimate(&e);
    stop(&e);
    return status;
}
