/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock.h"
#include "network/run.h"
#include "network/spectral.h"

#include <gan/random.h>

#include <string.h>

/* Callers have no view of the memory that passes work in. */
static bool is_in_memory(const gan_run *run, const void *data)
{
    uintptr_t begin = (uintptr_t)run->memory.kept->data, at = (uintptr_t)data;
    return at >= begin && at - begin < run->memory.plan.kept * sizeof(float);
}

static gan_status check_inputs(const gan_run *run, const gan_tensor *const *inputs, const char *call)
{
    for (int i = 0; i < run->network->input_count; i++) {
        const gan_node *node = run->network->inputs[i];
        const gan_shape *shape = &node->layer.output;
        char given[GAN_TENSOR_TEXT], wanted[GAN_SHAPE_TEXT];
        if (!inputs[i]) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: input \"%s\" is NULL", call, node->name);
        if (!gan_tensor_fits(inputs[i], shape->rank, shape->size))
            return gan_fail(GAN_ERROR_SHAPE, "%s: input \"%s\" of network \"%s\" is %s; it must be float [N,%s", call,
                            node->name, run->network->name, gan_tensor_text(given, inputs[i]),
                            gan_shape_text(wanted, shape->rank, shape->size) + 1);
        if (is_in_memory(run, inputs[i]->data))
            return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                            "%s: input \"%s\" is in the run's own memory, which the pass overwrites; give a copy", call,
                            node->name);
        if (inputs[i]->shape[0] != inputs[0]->shape[0])
            return gan_fail(GAN_ERROR_SHAPE, "%s: input \"%s\" has a batch of %lld and input \"%s\" of %lld", call,
                            node->name, (long long)inputs[i]->shape[0], run->network->inputs[0]->name,
                            (long long)inputs[0]->shape[0]);
    }
    return GAN_OK;
}

static void set_batch(gan_run *run, int64_t batch)
{
    struct gan_run_memory *memory = &run->memory;
    run->batch = batch;
    run->has_input_gradients = run->has_tangents = false;
    for (int i = 0; i < GAN_MAX_INPUTS; i++) {
        if (memory->output_tangent[i]) memory->output_tangent[i]->shape[0] = batch;
        if (memory->output[i]) memory->output[i]->shape[0] = batch;
        if (memory->input_gradient[i]) memory->input_gradient[i]->shape[0] = batch;
        if (!memory->output_gradient[i]) continue;
        memory->output_gradient[i]->shape[0] = batch;
        memset(memory->output_gradient[i]->data, 0, gan_tensor_bytes(memory->output_gradient[i]));
    }
}

static const float *result_of(const gan_run *run, const gan_node *node)
{
    const gan_place *place = &run->memory.plan.places[node->index];
    return place->external >= 0 ? run->input_data[place->external] : gan_run_at(run, place->y);
}

gan_layer_call gan_run_call(gan_run *run, const gan_node *node)
{
    const gan_network *network = run->network;
    const gan_plan *plan = &run->memory.plan;
    gan_layer_call call = {
        .layer = &node->layer,
        .kernels = network->context->kernels,
        .pool = network->context->pool,
        .batch = run->batch,
        .training = run->mode != GAN_INFERENCE,
        .plain_mean = run->network->plain_mean,
        .y = gan_run_at(run, plan->places[node->index].y),
        .saved = gan_run_at(run, plan->places[node->index].saved),
        .shared = gan_run_at(run, plan->shared),
        .scratch = gan_run_at(run, plan->scratch),
        .scratch_stride = plan->scratch_stride,
        .random = {network->context->seed, GAN_STREAM_LAYERS, network->ordinal << 16 | (uint32_t)node->index},
        .position = run->pass << 32,
        .status = &run->failure,
    };
    for (int i = 0; i < node->layer.inputs; i++) call.x[i] = result_of(run, node->input[i]);
    for (int i = 0; i < node->layer.parameters; i++)
        call.parameter[i] = network->parameters.list[node->first_parameter + i].value->data;
    for (int i = 0; i < node->layer.buffers; i++)
        call.buffer[i] = network->buffers.list[node->first_buffer + i].value->data;
    gan_spectral_use(run, node, &call);
    return call;
}

void gan_run_want_parameters(const gan_run *run, const gan_node *node, gan_layer_call *call)
{
    for (int i = 0; i < node->layer.parameters; i++)
        call->gradient[i] = run->network->parameters.list[node->first_parameter + i].gradient->data;
    gan_spectral_begin_gradients(run, node, call);
}

static gan_status forward(gan_run *run, const gan_tensor *const *inputs, int count, const char *call)
{
    if (!run || !inputs)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s NULL", call, run ? "inputs are" : "run is");
    if (count != run->network->input_count)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %d inputs; network \"%s\" has %d", call, count,
                        run->network->name, run->network->input_count);
    gan_status status = check_inputs(run, inputs, call);
    if (status == GAN_OK && inputs[0]->shape[0] > run->capacity) status = gan_run_grow(run, inputs[0]->shape[0]);
    if (status != GAN_OK) return status;
    for (int i = 0; i < count; i++) {
        gan_tensor *old = run->inputs[i];
        run->inputs[i] = gan_tensor_retain((gan_tensor *)inputs[i]); /* the count changes, the values do not */
        run->input_data[i] = inputs[i]->data;
        gan_tensor_free(&old);
    }
    set_batch(run, inputs[0]->shape[0]);
    if (run->mode != GAN_INFERENCE) run->pass = run->network->passes++;
    run->failure = GAN_OK;
    for (int i = 0; run->failure == GAN_OK && i < run->network->count; i++) {
        const gan_node *node = run->network->nodes[i];
        if (!node->live || node->is_input) continue;
        gan_layer_call layer = gan_run_call(run, node);
        int64_t begin = run->part ? gan_clock() : 0;
        gan_spectral_forward(run, node);
        node->layer.type->forward(&layer);
        if (run->part) gan_profile_add(run->part, node, GAN_PASS_FORWARD, run->batch, begin);
    }
    if (run->failure != GAN_OK) run->batch = 0; /* as before the first pass */
    return run->failure;
}

gan_status gan_run_forward_all(gan_run *run, const gan_tensor *const *inputs, int count)
{
    return forward(run, inputs, count, "gan_run_forward_all");
}

gan_status gan_run_forward(gan_run *run, const gan_tensor *input)
{
    return forward(run, &input, 1, "gan_run_forward");
}

gan_status gan_run_check_backward(const gan_run *run, unsigned want, const char *call)
{
    if (!run) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: run is NULL", call);
    if (want == 0 || (want & ~(unsigned)(GAN_WANT_INPUTS | GAN_WANT_PARAMETERS)))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: want is %u; it must be a sum of gan_want", call, want);
    if (run->mode == GAN_INFERENCE) return gan_fail(GAN_ERROR_STATE, "%s: the run was made for inference", call);
    if (run->batch == 0) return gan_fail(GAN_ERROR_STATE, "%s: there was no forward pass yet", call);
    return GAN_OK;
}

gan_status gan_run_check_like(const gan_tensor *tensor, const gan_tensor *model, const char *call, const char *what)
{
    if (tensor->type == GAN_FLOAT32 && tensor->rank == model->rank &&
        memcmp(tensor->shape, model->shape, (size_t)model->rank * sizeof *model->shape) == 0)
        return GAN_OK;
    char given[GAN_TENSOR_TEXT], wanted[GAN_TENSOR_TEXT];
    return gan_fail(GAN_ERROR_SHAPE, "%s: the %s is %s; it must be %s", call, what, gan_tensor_text(given, tensor),
                    gan_tensor_text(wanted, model));
}

gan_status gan_run_check_batch(const gan_run *run, const gan_node *node, const gan_tensor *tensor, const char *call,
                               const char *what)
{
    const gan_shape *shape = &node->layer.output;
    char given[GAN_TENSOR_TEXT], wanted[GAN_SHAPE_TEXT];
    if (gan_tensor_fits(tensor, shape->rank, shape->size) && tensor->shape[0] == run->batch) return GAN_OK;
    return gan_fail(GAN_ERROR_SHAPE, "%s: the %s is %s; it must be float [%lld,%s", call, what,
                    gan_tensor_text(given, tensor), (long long)run->batch,
                    gan_shape_text(wanted, shape->rank, shape->size) + 1);
}

/* Of the run's own memory only what it lends for outputs keeps its numbers through a backward pass. */
static bool keeps_its_numbers(const gan_run *run, const gan_tensor *tensor)
{
    const struct gan_run_memory *m = &run->memory;
    for (int i = 0; i < run->network->output_count; i++)
        if (tensor->data == m->output[i]->data || tensor->data == m->output_gradient[i]->data ||
            (m->output_tangent[i] && tensor->data == m->output_tangent[i]->data))
            return true;
    return !is_in_memory(run, tensor->data);
}

gan_status gan_run_check_gradient(const gan_run *run, const gan_tensor *gradient, const char *call)
{
    gan_status status = gan_run_check_like(gradient, run->memory.output[0], call, "gradient");
    if (status == GAN_OK && !keeps_its_numbers(run, gradient))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "%s: the gradient is in the run's own memory, which the pass overwrites; give a copy", call);
    return status;
}

struct backward {
    gan_run *run;
    const float *gradient; /* of output 0, or NULL for the run's own */
    unsigned want;
};

/* The gradient with respect to an output: the caller's, or what losses have added up. */
static const float *seed_of(const struct backward *pass, const gan_node *node)
{
    if (pass->gradient && node == pass->run->network->outputs[0]) return pass->gradient;
    return gan_run_at(pass->run, pass->run->memory.plan.places[node->index].seed);
}

/* Outputs that other nodes read, too, begin with their seed; nothing else has a gradient yet. */
static void begin_gradients(const struct backward *pass)
{
    gan_run *run = pass->run;
    memset(run->written, 0, (size_t)run->network->count * sizeof *run->written);
    for (int i = 0; i < run->network->output_count; i++) {
        const gan_node *node = run->network->outputs[i];
        if (gan_node_takes_seed(node)) continue;
        memcpy(gan_run_at(run, run->memory.plan.places[node->index].gradient), seed_of(pass, node),
               (size_t)gan_run_elements(run, node) * sizeof(float));
        run->written[node->index] = true;
    }
}

/* The times of a node's backward pass: what is not for its parameters is for its inputs. */
struct profiler {
    gan_run *run;
    const gan_node *node;
    int64_t begin;
};

static void parameters_done(void *argument)
{
    struct profiler *p = argument;
    p->begin = gan_profile_add(p->run->part, p->node, GAN_PASS_PARAMETERS, p->run->batch, p->begin);
}

static void layer_backward(gan_run *run, const gan_node *node, gan_layer_call *call)
{
    if (!run->part) {
        node->layer.type->backward(call);
        gan_spectral_add_gradients(run, node, call);
        return;
    }
    struct profiler profiler = {run, node, gan_clock()};
    if (call->gradient[0]) call->parameters_done = parameters_done;
    call->profiler = &profiler;
    node->layer.type->backward(call);
    bool inputs = false;
    for (int i = 0; i < node->layer.inputs; i++) inputs = inputs || call->dx[i];
    if (inputs) profiler.begin = gan_profile_add(run->part, node, GAN_PASS_INPUTS, run->batch, profiler.begin);
    gan_spectral_add_gradients(run, node, call);
    if (call->gradient[0]) gan_profile_extend(run->part, node, GAN_PASS_PARAMETERS, profiler.begin);
}

static void backward_node(const struct backward *pass, const gan_node *node)
{
    gan_run *run = pass->run;
    const gan_plan *plan = &run->memory.plan;
    gan_layer_call call = gan_run_call(run, node);
    call.dy = gan_node_takes_seed(node) ? seed_of(pass, node) : gan_run_at(run, plan->places[node->index].gradient);
    if (pass->want & GAN_WANT_PARAMETERS) gan_run_want_parameters(run, node, &call);
    float *extra = gan_run_at(run, plan->extra);
    bool add[GAN_MAX_INPUTS] = {false};
    for (int i = 0; i < node->layer.inputs; i++) {
        const gan_node *input = node->input[i];
        if (!gan_node_wants_gradient(input, pass->want)) continue;
        add[i] = run->written[input->index];
        call.dx[i] = add[i] ? extra : gan_run_at(run, plan->places[input->index].gradient);
        if (add[i]) extra += gan_run_elements(run, input);
        run->written[input->index] = true;
    }
    layer_backward(run, node, &call);
    for (int i = 0; i < node->layer.inputs; i++)
        if (add[i])
            call.kernels->add(gan_run_at(run, plan->places[node->input[i]->index].gradient), call.dx[i],
                              gan_run_elements(run, node->input[i]));
}

/* An input that no output depends on has no gradient but zeros. */
static void finish_input_gradients(gan_run *run)
{
    for (int i = 0; i < run->network->input_count; i++)
        if (!run->network->inputs[i]->live)
            memset(run->memory.input_gradient[i]->data, 0, gan_tensor_bytes(run->memory.input_gradient[i]));
    run->has_input_gradients = true;
}

gan_status gan_run_backward(gan_run *run, const gan_tensor *gradient, unsigned want)
{
    gan_status status = gan_run_check_backward(run, want, "gan_run_backward");
    if (status == GAN_OK && gradient) status = gan_run_check_gradient(run, gradient, "gan_run_backward");
    if (status != GAN_OK) return status;
    struct backward pass = {.run = run, .gradient = gradient ? gradient->data : NULL, .want = want};
    run->has_input_gradients = false;
    begin_gradients(&pass);
    run->failure = GAN_OK;
    for (int i = run->network->count - 1; run->failure == GAN_OK && i >= 0; i--) {
        const gan_node *node = run->network->nodes[i];
        if (node->live && !node->is_input && gan_node_wants_gradient(node, want)) backward_node(&pass, node);
    }
    if (run->failure == GAN_OK && (want & GAN_WANT_INPUTS)) finish_input_gradients(run);
    return run->failure;
}
