/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/memory.h"

#include <string.h>

static gan_status make_view(const gan_run_memory *memory, gan_tensor **view, const gan_node *node, size_t offset,
                            int64_t batch)
{
    int64_t shape[GAN_MAX_RANK];
    shape[0] = batch;
    memcpy(shape + 1, node->layer.output.size, (size_t)node->layer.output.rank * sizeof *shape);
    return gan_tensor_view(view, memory->kept, offset, node->layer.output.rank + 1, shape);
}

static gan_status make_views(const gan_network *network, gan_mode mode, gan_run_memory *memory, int64_t batch)
{
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < network->output_count; i++) {
        const gan_node *node = network->outputs[i];
        const gan_place *place = &memory->plan.places[node->index];
        status = make_view(memory, &memory->output[i], node, place->y, batch);
        if (status == GAN_OK && mode == GAN_TRAINING)
            status = make_view(memory, &memory->output_gradient[i], node, place->seed, batch);
    }
    for (int i = 0; status == GAN_OK && mode == GAN_TRAINING && i < network->input_count; i++) {
        const gan_node *node = network->inputs[i];
        status = make_view(memory, &memory->input_gradient[i], node, memory->plan.places[node->index].gradient, batch);
    }
    return status;
}

static gan_status make_block(gan_tensor **block, gan_context *context, size_t floats)
{
    return gan_tensor_create(block, context, GAN_FLOAT32, 1, (int64_t[]){floats ? (int64_t)floats : 1});
}

gan_status gan_run_memory_create(gan_run_memory *memory, const gan_network *network, gan_mode mode, int64_t batch)
{
    *memory = (gan_run_memory){.kept = NULL};
    gan_status status = gan_plan_create(&memory->plan, network, mode, batch);
    if (status == GAN_OK) status = make_block(&memory->kept, network->context, memory->plan.kept);
    if (status == GAN_OK) status = make_views(network, mode, memory, batch);
    if (status != GAN_OK)
        gan_run_memory_free(memory, network->context);
    else
        gan_log(network->context, GAN_LOG_INFO,
                "network \"%s\": a run for %s takes %zu bytes for a batch of %lld, and %zu to work in", network->name,
                mode == GAN_TRAINING ? "training" : "inference", memory->plan.kept * sizeof(float), (long long)batch,
                memory->plan.work * sizeof(float));
    return status;
}

gan_status gan_run_memory_share(gan_run_memory *const *memories, int count, gan_context *context)
{
    size_t floats = 0;
    gan_tensor *block;
    for (int i = 0; i < count; i++)
        if (memories[i]->plan.work > floats) floats = memories[i]->plan.work;
    gan_status status = make_block(&block, context, floats);
    for (int i = 0; status == GAN_OK && i < count; i++) memories[i]->work = gan_tensor_retain(block);
    gan_tensor_free(&block);
    return status;
}

void gan_run_memory_free(gan_run_memory *memory, gan_context *context)
{
    for (int i = 0; i < GAN_MAX_INPUTS; i++) {
        gan_tensor_free(&memory->output[i]);
        gan_tensor_free(&memory->output_gradient[i]);
        gan_tensor_free(&memory->input_gradient[i]);
    }
    gan_tensor_free(&memory->work);
    gan_tensor_free(&memory->kept);
    gan_plan_free(&memory->plan, context);
}
