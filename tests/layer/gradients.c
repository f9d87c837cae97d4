/* SPDX-License-Identifier: BSD-2-Clause */
#include "gradients.h"
#include "network/network.h"

#include <string.h>

static gan_tensor *batch_of(const subject *s, const gan_node *node)
{
    int64_t shape[GAN_MAX_RANK];
    shape[0] = s->batch;
    for (int i = 0; i < gan_node_rank(node); i++) shape[i + 1] = gan_node_dimension(node, i);
    return new_tensor(s->context, gan_node_rank(node) + 1, shape);
}

subject new_subject(gan_context *context, gan_network *network, int64_t batch)
{
    subject s = {.context = context, .network = network, .batch = batch};
    for (int i = 0; i < gan_network_input_count(network); i++) {
        s.input[i] = batch_of(&s, gan_network_input_node(network, i));
        fill_normal(context, s.input[i], (uint64_t)i);
    }
    for (int i = 0; i < gan_network_output_count(network); i++) {
        s.r[i] = batch_of(&s, gan_network_output_node(network, i));
        fill_normal(context, s.r[i], (uint64_t)i + 10);
    }
    for (int i = 0; i < gan_network_parameter_count(network); i++)
        fill_normal(context, gan_network_parameter(network, i), (uint64_t)i + 20);
    ok(gan_run_create(&s.run, network, GAN_TRAINING, batch));
    return s;
}

void fill_classes(subject *s, int input, int classes)
{
    float *x = gan_tensor_floats(s->input[input]);
    s->is_class[input] = true;
    for (int64_t k = 0; k < gan_tensor_count(s->input[input]); k++) x[k] = (float)(k % classes);
}

void free_subject(subject *s)
{
    gan_run_free(&s->run);
    for (int i = 0; i < GAN_MAX_INPUTS; i++) {
        gan_tensor_free(&s->input[i]);
        gan_tensor_free(&s->r[i]);
        gan_tensor_free(&s->v[i]);
    }
    gan_network_free(&s->network);
}

void forward(subject *s)
{
    const gan_tensor *inputs[GAN_MAX_INPUTS];
    memcpy(inputs, s->input, sizeof inputs);
    s->network->passes = 3; /* the same random numbers in each */
    ok(gan_run_forward_all(s->run, inputs, gan_network_input_count(s->network)));
}

void backward(subject *s, unsigned want)
{
    forward(s);
    for (int i = 0; i < gan_network_output_count(s->network); i++)
        ok(gan_tensor_copy(gan_run_output_gradient(s->run, i), s->r[i]));
    ok(gan_run_backward(s->run, NULL, want));
}

void use_tangents(subject *s)
{
    gan_run_free(&s->run);
    ok(gan_run_create(&s->run, s->network, GAN_TRAINING_TANGENTS, s->batch));
    for (int i = 0; i < gan_network_input_count(s->network); i++) {
        s->v[i] = batch_of(s, gan_network_input_node(s->network, i));
        fill_normal(s->context, s->v[i], (uint64_t)i + 100);
    }
}

void push_tangent(subject *s)
{
    const gan_tensor *directions[GAN_MAX_INPUTS];
    memcpy(directions, s->v, sizeof directions);
    forward(s);
    ok(gan_run_tangent_all(s->run, directions, gan_network_input_count(s->network)));
}

void tangent_backward(subject *s, unsigned want)
{
    push_tangent(s);
    ok(gan_run_tangent_backward(s->run, s->r[0], want));
}

static uint64_t mix(uint64_t hash, const gan_tensor *tensor)
{
    const unsigned char *bytes = gan_tensor_data(tensor);
    for (size_t i = 0; i < gan_tensor_bytes(tensor); i++) hash = (hash ^ bytes[i]) * 0x100000001b3u; /* FNV-1a */
    return hash;
}

uint64_t fingerprint(subject *s)
{
    uint64_t hash = 0xcbf29ce484222325u;
    ok(gan_network_zero_gradients(s->network));
    backward(s, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS);
    for (int i = 0; i < gan_network_output_count(s->network); i++) hash = mix(hash, gan_run_output(s->run, i));
    for (int i = 0; i < gan_network_input_count(s->network); i++) hash = mix(hash, gan_run_input_gradient(s->run, i));
    for (int i = 0; i < gan_network_parameter_count(s->network); i++)
        hash = mix(hash, gan_network_gradient(s->network, i));
    return hash;
}

uint64_t second_fingerprint(subject *s)
{
    uint64_t hash = 0xcbf29ce484222325u;
    ok(gan_network_zero_gradients(s->network));
    tangent_backward(s, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS);
    hash = mix(hash, gan_run_output_tangent(s->run, 0));
    for (int i = 0; i < gan_network_input_count(s->network); i++) hash = mix(hash, gan_run_input_gradient(s->run, i));
    for (int i = 0; i < gan_network_parameter_count(s->network); i++)
        hash = mix(hash, gan_network_gradient(s->network, i));
    return hash;
}
