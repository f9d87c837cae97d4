/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock.h"
#include "network/run.h"
#include "network/spectral.h"

#include <string.h>

/* The tangent pass and its backward pass. In the latter each node has two gradients: of its tangent, in the place of
 * the ordinary gradient, and of its result, in `adjoint`. The second is zero, and not computed, until a curved layer
 * makes something of it. */

gan_status gan_network_require_tangents(const gan_network *network)
{
    for (int i = 0; i < network->count; i++) {
        const gan_node *node = network->nodes[i];
        if (node->live && !node->is_input && !node->layer.type->tangent)
            return gan_fail(GAN_ERROR_UNSUPPORTED, "layer \"%s\" (%s) of network \"%s\" has no tangent", node->name,
                            node->layer.type->name, network->name);
    }
    return GAN_OK;
}

static float *tangent_of(const gan_run *run, const gan_node *node)
{
    return gan_run_at(run, run->memory.plan.places[node->index].tangent);
}

static gan_status check_directions(const gan_run *run, const gan_tensor *const *directions, int count, const char *call)
{
    if (!run || !directions)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s NULL", call, run ? "directions are" : "run is");
    if (run->mode != GAN_TRAINING_TANGENTS)
        return gan_fail(GAN_ERROR_STATE, "%s: the run was not made with GAN_TRAINING_TANGENTS", call);
    if (run->batch == 0) return gan_fail(GAN_ERROR_STATE, "%s: there was no forward pass yet", call);
    if (count != run->network->input_count)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %d directions; network \"%s\" has %d inputs", call, count,
                        run->network->name, run->network->input_count);
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < count; i++)
        if (directions[i]) status = gan_run_check_batch(run, run->network->inputs[i], directions[i], call, "direction");
    return status;
}

float *gan_run_direction(const gan_run *run, int input)
{
    return tangent_of(run, run->network->inputs[input]);
}

gan_status gan_run_push_tangent(gan_run *run)
{
    run->failure = GAN_OK;
    for (int i = 0; run->failure == GAN_OK && i < run->network->count; i++) {
        const gan_node *node = run->network->nodes[i];
        if (!node->live || node->is_input) continue;
        gan_layer_call call = gan_run_call(run, node);
        for (int k = 0; k < node->layer.inputs; k++) call.tx[k] = tangent_of(run, node->input[k]);
        call.ty = tangent_of(run, node);
        int64_t begin = run->part ? gan_clock() : 0;
        node->layer.type->tangent(&call);
        if (run->part) gan_profile_add(run->part, node, GAN_PASS_TANGENT, run->batch, begin);
    }
    run->has_tangents = run->failure == GAN_OK;
    return run->failure;
}

static gan_status tangent(gan_run *run, const gan_tensor *const *directions, int count, const char *call)
{
    gan_status status = check_directions(run, directions, count, call);
    if (status != GAN_OK) return status;
    for (int i = 0; i < count; i++) {
        size_t bytes = (size_t)gan_run_elements(run, run->network->inputs[i]) * sizeof(float);
        if (directions[i])
            memcpy(gan_run_direction(run, i), directions[i]->data, bytes);
        else
            memset(gan_run_direction(run, i), 0, bytes);
    }
    return gan_run_push_tangent(run);
}

gan_status gan_run_tangent_all(gan_run *run, const gan_tensor *const *directions, int count)
{
    return tangent(run, directions, count, "gan_run_tangent_all");
}

gan_status gan_run_tangent(gan_run *run, const gan_tensor *direction)
{
    const gan_tensor *directions[GAN_MAX_INPUTS] = {direction};
    if (run && !direction) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_run_tangent: direction is NULL");
    return tangent(run, directions, run ? run->network->input_count : 0, "gan_run_tangent");
}

/* A gradient that a node's call writes, and where it is to be added when another consumer has written one before. */
struct target {
    float *place, *extra;
    int64_t count;
};

/* Where to write a gradient of the node's: its place, or for what is to be added, the next part of `extra`. */
static float *take_target(struct target *target, float *place, bool *written, int64_t count, float **extra)
{
    *target = (struct target){.place = place, .count = count};
    if (*written) {
        target->extra = *extra;
        *extra += count;
    }
    *written = true;
    return target->extra ? target->extra : place;
}

static void want_inputs(gan_run *run, const gan_node *node, gan_layer_call *call, unsigned want, struct target *targets)
{
    const gan_plan *plan = &run->memory.plan;
    bool bends = call->dy || (node->layer.type->traits & GAN_CURVED);
    float *extra = gan_run_at(run, plan->extra);
    for (int i = 0; i < node->layer.inputs; i++) {
        const gan_node *input = node->input[i];
        const gan_place *place = &plan->places[input->index];
        int64_t count = gan_run_elements(run, input);
        if (!gan_node_wants_gradient(input, want)) continue;
        if (!input->is_input)
            call->dtx[i] = take_target(&targets[2 * i], gan_run_at(run, place->gradient), &run->written[input->index],
                                       count, &extra);
        if (bends)
            call->dx[i] =
                take_target(&targets[2 * i + 1], gan_run_at(run, input->is_input ? place->gradient : place->adjoint),
                            &run->bent[input->index], count, &extra);
    }
}

static void tangent_backward_node(gan_run *run, const gan_node *node, const float *seed, unsigned want)
{
    const gan_place *place = &run->memory.plan.places[node->index];
    struct target targets[2 * GAN_MAX_INPUTS] = {{0}};
    gan_layer_call call = gan_run_call(run, node);
    for (int i = 0; i < node->layer.inputs; i++) call.tx[i] = tangent_of(run, node->input[i]);
    call.ty = tangent_of(run, node);
    call.dty = seed ? seed : gan_run_at(run, place->gradient);
    call.dy = run->bent[node->index] ? gan_run_at(run, place->adjoint) : NULL;
    if (want & GAN_WANT_PARAMETERS) gan_run_want_parameters(run, node, &call);
    want_inputs(run, node, &call, want, targets);
    int64_t begin = run->part ? gan_clock() : 0;
    node->layer.type->tangent_backward(&call);
    gan_spectral_add_gradients(run, node, &call);
    for (int i = 0; i < 2 * node->layer.inputs; i++)
        if (targets[i].extra) call.kernels->add(targets[i].place, targets[i].extra, targets[i].count);
    if (run->part) gan_profile_add(run->part, node, GAN_PASS_TANGENT_BACKWARD, run->batch, begin);
}

/* Inputs that no curved layer depends on have a gradient of zeros. */
static void finish_inputs(gan_run *run)
{
    for (int i = 0; i < run->network->input_count; i++)
        if (!run->bent[run->network->inputs[i]->index])
            memset(run->memory.input_gradient[i]->data, 0, gan_tensor_bytes(run->memory.input_gradient[i]));
    run->has_input_gradients = true;
}

gan_status gan_run_tangent_backward(gan_run *run, const gan_tensor *gradient, unsigned want)
{
    const char *name = "gan_run_tangent_backward";
    gan_status status = gan_run_check_backward(run, want, name);
    if (status == GAN_OK && !run->has_tangents)
        status = gan_fail(GAN_ERROR_STATE, "%s: there was no gan_run_tangent() since the last forward pass", name);
    if (status == GAN_OK && !gradient) status = gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: gradient is NULL", name);
    if (status == GAN_OK) status = gan_run_check_gradient(run, gradient, name);
    if (status != GAN_OK) return status;
    const gan_network *network = run->network;
    const gan_node *output = network->outputs[0];
    memset(run->written, 0, 2 * (size_t)network->count * sizeof *run->written); /* bent, too */
    run->has_input_gradients = false;
    run->written[output->index] = true;
    if (output->consumers > 0)
        memcpy(gan_run_at(run, run->memory.plan.places[output->index].gradient), gradient->data,
               gan_tensor_bytes(gradient));
    run->failure = GAN_OK;
    for (int i = network->count - 1; run->failure == GAN_OK && i >= 0; i--) {
        const gan_node *node = network->nodes[i];
        if (!node->live || node->is_input || !run->written[i] || !gan_node_wants_gradient(node, want)) continue;
        bool takes_seed = node == output && output->consumers == 0;
        tangent_backward_node(run, node, takes_seed ? gradient->data : NULL, want);
    }
    if (run->failure == GAN_OK && (want & GAN_WANT_INPUTS)) finish_inputs(run);
    return run->failure;
}
