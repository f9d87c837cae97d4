/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/run.h"
#include "core/clock.h"
#include "network/profile.h"

#include <string.h>

struct gan_run {
    gan_network *network;
    gan_mode mode;
    int64_t capacity; /* the largest batch so far */
    int64_t batch;    /* of the last forward pass; 0 before the first */
    bool has_input_gradients;
    gan_tensor *inputs[GAN_MAX_INPUTS];
    const float *input_data[GAN_MAX_INPUTS];
    bool *written; /* one a node: its gradient has a value in this backward pass */
    gan_profile *profile;
    gan_profile_part *part; /* this network's of the profile; NULL when there is none */
    gan_run_memory memory;
};

/* A run that has nothing to work in yet. */
static gan_status create(gan_run **handle, gan_network *network, gan_mode mode, int64_t batch)
{
    gan_status status = GAN_OK;
    if (mode == GAN_TRAINING) status = gan_network_need_gradients(network);
    if (status != GAN_OK) return status;
    gan_run *run = gan_context_allocate(network->context, 1, sizeof *run, "a run");
    if (!run) return GAN_ERROR_OUT_OF_MEMORY;
    run->network = gan_network_retain(network);
    run->mode = mode;
    run->capacity = batch;
    run->written = gan_context_allocate(network->context, (size_t)network->count, sizeof *run->written, "a run");
    status = run->written ? gan_run_memory_create(&run->memory, network, mode, batch) : GAN_ERROR_OUT_OF_MEMORY;
    *handle = run;
    if (status != GAN_OK) gan_run_free(handle);
    return status;
}

gan_status gan_run_create_together(gan_run **const *handles, gan_network *const *networks, int count, gan_mode mode,
                                   int64_t batch)
{
    gan_run_memory *memories[GAN_MAX_TOGETHER];
    gan_status status = GAN_OK;
    for (int i = 0; i < count; i++) *handles[i] = NULL;
    for (int i = 0; status == GAN_OK && i < count; i++) {
        status = create(handles[i], networks[i], mode, batch);
        if (status == GAN_OK) memories[i] = &(*handles[i])->memory;
    }
    if (status == GAN_OK) status = gan_run_memory_share(memories, count, networks[0]->context);
    for (int i = 0; status != GAN_OK && i < count; i++) gan_run_free(handles[i]);
    return status;
}

gan_status gan_run_create(gan_run **handle, gan_network *network, gan_mode mode, int64_t batch)
{
    if (!handle) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_run_create: run is NULL");
    *handle = NULL;
    gan_status status = gan_network_require_built(network, "gan_run_create", "network");
    if (status != GAN_OK) return status;
    if (mode != GAN_INFERENCE && mode != GAN_TRAINING)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_run_create: mode is %d; it must be a gan_mode", (int)mode);
    if (batch < 1)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_run_create: batch is %lld; it must be at least 1",
                        (long long)batch);
    return gan_run_create_together(&handle, &network, 1, mode, batch);
}

void gan_run_free(gan_run **handle)
{
    if (!handle || !*handle) return;
    gan_run *run = *handle;
    gan_network *network = run->network;
    *handle = NULL;
    for (int i = 0; i < network->input_count; i++) gan_tensor_free(&run->inputs[i]);
    gan_run_memory_free(&run->memory, network->context);
    gan_profile_free(&run->profile);
    gan_context_release(network->context, run->written);
    gan_context_release(network->context, run);
    gan_network_free(&network);
}

gan_status gan_run_profile(gan_run *run, gan_profile *profile)
{
    if (!run) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_run_profile: run is NULL");
    gan_profile_part *part = profile ? gan_profile_part_of(profile, run->network) : NULL;
    if (profile && !part) return GAN_ERROR_OUT_OF_MEMORY;
    gan_profile *old = run->profile;
    run->profile = profile ? gan_profile_retain(profile) : NULL;
    run->part = part;
    gan_profile_free(&old);
    return GAN_OK;
}

static gan_status check_inputs(const gan_run *run, const gan_tensor *const *inputs)
{
    for (int i = 0; i < run->network->input_count; i++) {
        const gan_node *node = run->network->inputs[i];
        const gan_shape *shape = &node->layer.output;
        char given[GAN_TENSOR_TEXT], wanted[GAN_SHAPE_TEXT];
        if (!inputs[i])
            return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_run_forward: input \"%s\" is NULL", node->name);
        if (!gan_tensor_fits(inputs[i], shape->rank, shape->size))
            return gan_fail(GAN_ERROR_SHAPE,
                            "gan_run_forward: input \"%s\" of network \"%s\" is %s; it must be float [N,%s", node->name,
                            run->network->name, gan_tensor_text(given, inputs[i]),
                            gan_shape_text(wanted, shape->rank, shape->size) + 1);
        if (inputs[i]->shape[0] != inputs[0]->shape[0])
            return gan_fail(GAN_ERROR_SHAPE,
                            "gan_run_forward: input \"%s\" has a batch of %lld and input \"%s\" of %lld", node->name,
                            (long long)inputs[i]->shape[0], run->network->inputs[0]->name,
                            (long long)inputs[0]->shape[0]);
    }
    return GAN_OK;
}

/* A larger batch gets memory of its own before the old one goes. */
static gan_status grow(gan_run *run, int64_t batch)
{
    gan_context *context = run->network->context;
    gan_run_memory memory, *const alone = &memory;
    gan_status status = gan_run_memory_create(&memory, run->network, run->mode, batch);
    if (status != GAN_OK) return status;
    status = gan_run_memory_share(&alone, 1, context);
    gan_run_memory_free(status == GAN_OK ? &run->memory : &memory, context);
    if (status != GAN_OK) return status;
    run->memory = memory;
    run->capacity = batch;
    return GAN_OK;
}

static void set_batch(gan_run *run, int64_t batch)
{
    gan_run_memory *memory = &run->memory;
    run->batch = batch;
    run->has_input_gradients = false;
    for (int i = 0; i < GAN_MAX_INPUTS; i++) {
        if (memory->output[i]) memory->output[i]->shape[0] = batch;
        if (memory->input_gradient[i]) memory->input_gradient[i]->shape[0] = batch;
        if (!memory->output_gradient[i]) continue;
        memory->output_gradient[i]->shape[0] = batch;
        memset(memory->output_gradient[i]->data, 0, gan_tensor_bytes(memory->output_gradient[i]));
    }
}

static float *at(const gan_run *run, size_t place)
{
    return gan_run_memory_at(&run->memory, place);
}

static const float *result_of(const gan_run *run, const gan_node *node)
{
    const gan_place *place = &run->memory.plan.places[node->index];
    return place->external >= 0 ? run->input_data[place->external] : at(run, place->y);
}

static int64_t elements_of(const gan_run *run, const gan_node *node)
{
    return run->batch * gan_shape_elements(&node->layer.output);
}

/* What forward and backward passes of a node have in common. */
static gan_layer_call call_of(const gan_run *run, const gan_node *node, bool backward)
{
    const gan_network *network = run->network;
    const gan_place *place = &run->memory.plan.places[node->index];
    gan_layer_call call = {
        .layer = &node->layer,
        .kernels = network->context->kernels,
        .pool = network->context->pool,
        .batch = run->batch,
        .training = run->mode == GAN_TRAINING,
        .y = at(run, place->y),
        .saved = at(run, place->saved),
        .shared = at(run, backward ? place->backward : place->forward),
        .scratch_stride = place->scratch,
    };
    call.scratch = call.shared + place->shared;
    for (int i = 0; i < node->layer.inputs; i++) call.x[i] = result_of(run, node->input[i]);
    for (int i = 0; i < node->layer.parameters; i++)
        call.parameter[i] = network->parameters.list[node->first_parameter + i].value->data;
    for (int i = 0; i < node->layer.buffers; i++)
        call.buffer[i] = network->buffers.list[node->first_buffer + i].value->data;
    return call;
}

gan_status gan_run_forward_all(gan_run *run, const gan_tensor *const *inputs, int count)
{
    if (!run || !inputs)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_run_forward: %s NULL", run ? "inputs are" : "run is");
    if (count != run->network->input_count)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_run_forward: %d inputs; network \"%s\" has %d", count,
                        run->network->name, run->network->input_count);
    gan_status status = check_inputs(run, inputs);
    if (status == GAN_OK && inputs[0]->shape[0] > run->capacity) status = grow(run, inputs[0]->shape[0]);
    if (status != GAN_OK) return status;
    for (int i = 0; i < count; i++) {
        gan_tensor *old = run->inputs[i];
        run->inputs[i] = gan_tensor_retain((gan_tensor *)inputs[i]); /* the count changes, the values do not */
        run->input_data[i] = inputs[i]->data;
        gan_tensor_free(&old);
    }
    set_batch(run, inputs[0]->shape[0]);
    for (int i = 0; i < run->network->count; i++) {
        const gan_node *node = run->network->nodes[i];
        if (!node->live || node->is_input) continue;
        gan_layer_call call = call_of(run, node, false);
        int64_t begin = run->part ? gan_clock() : 0;
        node->layer.type->forward(&call);
        if (run->part) gan_profile_add(run->part, node, GAN_PASS_FORWARD, run->batch, begin);
    }
    return GAN_OK;
}

gan_status gan_run_forward(gan_run *run, const gan_tensor *input)
{
    return gan_run_forward_all(run, &input, 1);
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

size_t gan_run_bytes(const gan_run *run)
{
    return run ? (run->memory.plan.kept + run->memory.plan.work) * sizeof(float) : 0;
}

static gan_status check_backward(const gan_run *run, const gan_tensor *gradient, unsigned want)
{
    if (!run) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_run_backward: run is NULL");
    if (want == 0 || (want & ~(unsigned)(GAN_WANT_INPUTS | GAN_WANT_PARAMETERS)))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_run_backward: want is %u; it must be a sum of gan_want", want);
    if (run->mode != GAN_TRAINING) return gan_fail(GAN_ERROR_STATE, "gan_run_backward: the run was made for inference");
    if (run->batch == 0) return gan_fail(GAN_ERROR_STATE, "gan_run_backward: there was no forward pass yet");
    if (!gradient) return GAN_OK;
    const gan_tensor *output = run->memory.output[0];
    if (gradient->type != GAN_FLOAT32 || gradient->rank != output->rank ||
        memcmp(gradient->shape, output->shape, (size_t)output->rank * sizeof *output->shape) != 0) {
        char given[GAN_TENSOR_TEXT], wanted[GAN_TENSOR_TEXT];
        return gan_fail(GAN_ERROR_SHAPE, "gan_run_backward: the gradient is %s; it must be as the output, %s",
                        gan_tensor_text(given, gradient), gan_tensor_text(wanted, output));
    }
    return GAN_OK;
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
    return at(pass->run, pass->run->memory.plan.places[node->index].seed);
}

/* Outputs that other nodes read, too, begin with their seed; nothing else has a gradient yet. */
static void begin_gradients(const struct backward *pass)
{
    gan_run *run = pass->run;
    memset(run->written, 0, (size_t)run->network->count * sizeof *run->written);
    for (int i = 0; i < run->network->output_count; i++) {
        const gan_node *node = run->network->outputs[i];
        if (gan_node_takes_seed(node)) continue;
        memcpy(at(run, run->memory.plan.places[node->index].gradient), seed_of(pass, node),
               (size_t)elements_of(run, node) * sizeof(float));
        run->written[node->index] = true;
    }
}

static bool wants_gradient(const struct backward *pass, const gan_node *node)
{
    return (pass->want & GAN_WANT_INPUTS) || node->has_parameters;
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
        return;
    }
    struct profiler profiler = {run, node, gan_clock()};
    if (call->gradient[0]) call->parameters_done = parameters_done;
    call->profiler = &profiler;
    node->layer.type->backward(call);
    bool inputs = false;
    for (int i = 0; i < node->layer.inputs; i++) inputs = inputs || call->dx[i];
    if (inputs) gan_profile_add(run->part, node, GAN_PASS_INPUTS, run->batch, profiler.begin);
}

static void backward_node(const struct backward *pass, const gan_node *node)
{
    gan_run *run = pass->run;
    const gan_plan *plan = &run->memory.plan;
    gan_layer_call call = call_of(run, node, true);
    call.dy = gan_node_takes_seed(node) ? seed_of(pass, node) : at(run, plan->places[node->index].gradient);
    for (int i = 0; (pass->want & GAN_WANT_PARAMETERS) && i < node->layer.parameters; i++)
        call.gradient[i] = run->network->parameters.list[node->first_parameter + i].gradient->data;
    float *extra = call.scratch + call.scratch_stride * (size_t)gan_pool_threads(call.pool);
    bool add[GAN_MAX_INPUTS] = {false};
    for (int i = 0; i < node->layer.inputs; i++) {
        const gan_node *input = node->input[i];
        if (!wants_gradient(pass, input)) continue;
        add[i] = run->written[input->index];
        call.dx[i] = add[i] ? extra : at(run, plan->places[input->index].gradient);
        if (add[i]) extra += elements_of(run, input);
        run->written[input->index] = true;
    }
    layer_backward(run, node, &call);
    for (int i = 0; i < node->layer.inputs; i++)
        if (add[i])
            call.kernels->add(at(run, plan->places[node->input[i]->index].gradient), call.dx[i],
                              elements_of(run, node->input[i]));
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
    gan_status status = check_backward(run, gradient, want);
    if (status != GAN_OK) return status;
    struct backward pass = {.run = run, .gradient = gradient ? gradient->data : NULL, .want = want};
    run->has_input_gradients = false;
    begin_gradients(&pass);
    for (int i = run->network->count - 1; i >= 0; i--) {
        const gan_node *node = run->network->nodes[i];
        if (node->live && !node->is_input && wants_gradient(&pass, node)) backward_node(&pass, node);
    }
    if (want & GAN_WANT_INPUTS) finish_input_gradients(run);
    return GAN_OK;
}
