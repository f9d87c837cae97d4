/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/run.h"

#include <string.h>

static void free_memory(gan_context *context, struct gan_run_memory *memory)
{
    for (int i = 0; i < GAN_MAX_INPUTS; i++) {
        gan_tensor_free(&memory->output[i]);
        gan_tensor_free(&memory->output_gradient[i]);
        gan_tensor_free(&memory->input_gradient[i]);
        gan_tensor_free(&memory->output_tangent[i]);
    }
    gan_tensor_free(&memory->work);
    gan_tensor_free(&memory->kept);
    gan_plan_free(&memory->plan, context);
}

static gan_status make_view(const struct gan_run_memory *memory, gan_tensor **view, const gan_node *node, size_t offset,
                            int64_t batch)
{
    int64_t shape[GAN_MAX_RANK];
    shape[0] = batch;
    memcpy(shape + 1, node->layer.output.size, (size_t)node->layer.output.rank * sizeof *shape);
    return gan_tensor_view(view, memory->kept, offset, node->layer.output.rank + 1, shape);
}

static gan_status make_views(const gan_network *network, gan_mode mode, struct gan_run_memory *memory, int64_t batch)
{
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < network->output_count; i++) {
        const gan_node *node = network->outputs[i];
        const gan_place *place = &memory->plan.places[node->index];
        status = make_view(memory, &memory->output[i], node, place->y, batch);
        if (status == GAN_OK && mode != GAN_INFERENCE)
            status = make_view(memory, &memory->output_gradient[i], node, place->seed, batch);
        if (status == GAN_OK && mode == GAN_TRAINING_TANGENTS)
            status = make_view(memory, &memory->output_tangent[i], node, place->tangent, batch);
    }
    for (int i = 0; status == GAN_OK && mode != GAN_INFERENCE && i < network->input_count; i++) {
        const gan_node *node = network->inputs[i];
        status = make_view(memory, &memory->input_gradient[i], node, memory->plan.places[node->index].gradient, batch);
    }
    return status;
}

static gan_status make_work(const gan_network *network, struct gan_run_memory *memory, const gan_run *beside)
{
    size_t floats = memory->plan.floats - memory->plan.kept;
    if (beside && gan_tensor_bytes(beside->memory.work) >= floats * sizeof(float)) {
        memory->work = gan_tensor_retain(beside->memory.work);
        return GAN_OK;
    }
    return gan_tensor_create(&memory->work, network->context, GAN_FLOAT32, 1,
                             (int64_t[]){floats ? (int64_t)floats : 1});
}

static gan_status make_memory(const gan_network *network, gan_mode mode, int64_t batch, const gan_run *beside,
                              struct gan_run_memory *memory)
{
    *memory = (struct gan_run_memory){.kept = NULL};
    gan_status status = gan_plan_create(&memory->plan, network, mode, batch);
    if (status == GAN_OK)
        status =
            gan_tensor_create(&memory->kept, network->context, GAN_FLOAT32, 1, (int64_t[]){(int64_t)memory->plan.kept});
    if (status == GAN_OK) status = make_work(network, memory, beside);
    if (status == GAN_OK) status = make_views(network, mode, memory, batch);
    if (status != GAN_OK)
        free_memory(network->context, memory);
    else
        gan_log(network->context, GAN_LOG_INFO, "network \"%s\": a run for %s takes %zu bytes for a batch of %lld",
                network->name, mode == GAN_INFERENCE ? "inference" : "training", memory->plan.floats * sizeof(float),
                (long long)batch);
    return status;
}

gan_status gan_run_create(gan_run **handle, gan_network *network, gan_mode mode, int64_t batch)
{
    return gan_run_create_beside(handle, network, mode, batch, NULL);
}

gan_status gan_run_create_beside(gan_run **handle, gan_network *network, gan_mode mode, int64_t batch,
                                 const gan_run *beside)
{
    if (!handle) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_run_create: run is NULL");
    *handle = NULL;
    gan_status status = gan_network_require_built(network, "gan_run_create", "network");
    if (status != GAN_OK) return status;
    if (mode != GAN_INFERENCE && mode != GAN_TRAINING && mode != GAN_TRAINING_TANGENTS)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_run_create: mode is %d; it must be a gan_mode", (int)mode);
    if (batch < 1)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_run_create: batch is %lld; it must be at least 1",
                        (long long)batch);
    if (mode == GAN_TRAINING_TANGENTS) status = gan_network_require_tangents(network);
    if (status == GAN_OK && mode != GAN_INFERENCE) status = gan_network_need_gradients(network);
    if (status != GAN_OK) return status;
    gan_run *run = gan_context_allocate(network->context, 1, sizeof *run, "a run");
    if (!run) return GAN_ERROR_OUT_OF_MEMORY;
    run->network = gan_network_retain(network);
    run->mode = mode;
    run->capacity = batch;
    run->written = gan_context_allocate(network->context, 2 * (size_t)network->count, sizeof *run->written, "a run");
    run->bent = run->written ? run->written + network->count : NULL;
    status = run->written ? make_memory(network, mode, batch, beside, &run->memory) : GAN_ERROR_OUT_OF_MEMORY;
    *handle = run;
    if (status != GAN_OK) gan_run_free(handle);
    return status;
}

void gan_run_free(gan_run **handle)
{
    if (!handle || !*handle) return;
    gan_run *run = *handle;
    gan_network *network = run->network;
    *handle = NULL;
    for (int i = 0; i < network->input_count; i++) gan_tensor_free(&run->inputs[i]);
    free_memory(network->context, &run->memory);
    gan_profile_free(&run->profile);
    gan_context_release(network->context, run->written);
    gan_context_release(network->context, run);
    gan_network_free(&network);
}

void gan_run_forget_inputs(gan_run *run)
{
    for (int i = 0; i < run->network->input_count; i++) gan_tensor_free(&run->inputs[i]);
    run->batch = 0;
    run->has_input_gradients = run->has_tangents = false;
}

gan_status gan_run_set_profile(gan_run *run, gan_profile *profile)
{
    if (!run) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_run_set_profile: run is NULL");
    gan_profile_part *part = profile ? gan_profile_part_of(profile, run->network) : NULL;
    if (profile && !part) return GAN_ERROR_OUT_OF_MEMORY;
    gan_profile *old = run->profile;
    run->profile = profile ? gan_profile_retain(profile) : NULL;
    run->part = part;
    gan_profile_free(&old);
    return GAN_OK;
}

/* The new memory is there before the old one goes. */
gan_status gan_run_grow(gan_run *run, int64_t batch)
{
    struct gan_run_memory memory;
    gan_status status = make_memory(run->network, run->mode, batch, NULL, &memory);
    if (status != GAN_OK) return status;
    free_memory(run->network->context, &run->memory);
    run->memory = memory;
    run->capacity = batch;
    return GAN_OK;
}

gan_tensor *gan_run_output(const gan_run *run, int index)
{
    return run && run->batch && index >= 0 && index < run->network->output_count ? run->memory.output[index] : NULL;
}

gan_tensor *gan_run_output_gradient(const gan_run *run, int index)
{
    return run && run->batch && index >= 0 && index < run->network->output_count ? run->memory.output_gradient[index]
                                                                                 : NULL;
}

gan_tensor *gan_run_input_gradient(const gan_run *run, int index)
{
    return run && run->has_input_gradients && index >= 0 && index < run->network->input_count
               ? run->memory.input_gradient[index]
               : NULL;
}

gan_tensor *gan_run_output_tangent(const gan_run *run, int index)
{
    return run && run->has_tangents && index >= 0 && index < run->network->output_count
               ? run->memory.output_tangent[index]
               : NULL;
}

size_t gan_run_bytes(const gan_run *run)
{
    return run ? run->memory.plan.floats * sizeof(float) : 0;
}
