/* SPDX-License-Identifier: BSD-2-Clause */
#include "weights_networks.h"

#include "io/safetensors.h"

#include <stdio.h>
#include <stdlib.h>

#define MOST_INPUTS 2

gan_network *sample(gan_context *context, bool spectral)
{
    gan_network *network;
    ok(gan_network_create(&network, context, NULL));
    gan_node *x = gan_input(network, 4, 4, 4);
    x = gan_conv2d(x, .filters = 6, .kernel_h = 2, .kernel_w = 3, .spectral_norm = spectral);
    x = gan_conv2d_transpose(gan_batch_norm(x), .filters = 5, .kernel = 3, .spectral_norm = spectral);
    x = gan_linear(gan_flatten(gan_prelu(x)), .units = 2, .spectral_norm = spectral);
    gan_network_output(network, x);
    ok(gan_network_build(network));
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        gan_tensor *parameter = gan_network_parameter(network, i);
        for (int64_t k = 0; k < gan_tensor_count(parameter); k++) gan_tensor_floats(parameter)[k] = (float)k;
    }
    return network;
}

/* As `Layers` of weights_networks.py. */
static gan_network *layers(gan_context *context)
{
    gan_network *network;
    ok(gan_network_create(&network, context, NULL));
    gan_node *x = gan_input(network, 4, 6, 2), *label = gan_input(network, 1);
    x = gan_conv2d(x, .filters = 4, .kernel = 3, .padding = GAN_PADDING_SAME, .groups = 2, .no_bias = true);
    x = gan_instance_norm(gan_group_norm(gan_prelu(x), .groups = 2));
    x = gan_conv2d_transpose(x, .filters = 2, .kernel = 2, .stride = 2, .groups = 2);
    x = gan_average_pool(gan_scale(gan_prelu(gan_layer_norm(x), .shared = true), .initial = 1), .kernel = 2);
    x = gan_multiply(gan_batch_norm(gan_flatten(x)), gan_embedding(label, .classes = 3, .dim = 48));
    x = gan_minibatch_discrimination(gan_prelu(gan_layer_norm(x)), .kernels = 3, .dims = 2);
    x = gan_concat(x, gan_embedding(label, .classes = 3, .dim = 5));
    x = gan_leaky_relu(gan_batch_norm(gan_linear(x, .units = 24, .spectral_norm = true)));
    x = gan_reshape(x, .shape = {3, 2, 4});
    x = gan_conv2d(x, .filters = 8, .kernel_h = 3, .kernel_w = 2, .spectral_norm = true);
    x = gan_reshape(x, .shape = {2, 2, 2});
    gan_network_output(network, gan_conv2d_transpose(x, .filters = 3, .kernel = 2, .spectral_norm = true));
    ok(gan_network_build(network));
    return network;
}

static const struct {
    const char *name, *recipe;
    int width;
    bool generator;
} networks[] = {
    {"dcgan16_g", "dcgan16", 2, true},  {"dcgan16_d", "dcgan16", 2, false}, {"sndcgan_g", "sndcgan", 1, true},
    {"sndcgan_d", "sndcgan", 1, false}, {"sngan_g", "sngan", 2, true},      {"sngan_d", "sngan", 2, false},
    {"wgan_gp_g", "wgan_gp", 2, true},  {"wgan_gp_d", "wgan_gp", 2, false}, {"layers", NULL, 0, false},
};

int exchanged_count(void)
{
    return (int)(sizeof networks / sizeof networks[0]);
}

const char *exchanged_name(int index)
{
    return networks[index].name;
}

gan_network *exchanged_network(gan_context *context, int index)
{
    gan_network *network;
    if (!networks[index].recipe) return layers(context);
    const gan_zoo_options *options =
        gan_zoo_options(.recipe = networks[index].recipe, .width = networks[index].width, .latents = 4);
    ok((networks[index].generator ? gan_zoo_generator : gan_zoo_discriminator)(&network, context, options));
    return network;
}

static gan_tensor *tensor_of(const gan_safetensors *file, gan_context *context, const char *name)
{
    gan_tensor *tensor;
    const gan_stored_tensor *stored = gan_safetensors_find(file, name);
    ck_assert_msg(stored != NULL, "%s has no %s", gan_safetensors_path(file), name);
    ok(gan_tensor_create(&tensor, context, GAN_FLOAT32, stored->rank, stored->shape));
    ok(gan_safetensors_copy(file, name, tensor));
    return tensor;
}

/* The network's output for a file's inputs; the run is the caller's, too. */
struct pass {
    gan_run *run;
    gan_tensor *x[MOST_INPUTS];
    int inputs;
};

static void forward(struct pass *pass, gan_network *network, gan_context *context, const gan_safetensors *file)
{
    static const char *const names[MOST_INPUTS] = {"x0", "x1"};
    pass->inputs = gan_network_input_count(network);
    for (int i = 0; i < pass->inputs; i++) pass->x[i] = tensor_of(file, context, names[i]);
    ok(gan_run_create(&pass->run, network, GAN_INFERENCE, (int)gan_tensor_dimension(pass->x[0], 0)));
    ok(gan_run_forward_all(pass->run, (const gan_tensor *const *)pass->x, pass->inputs));
}

static void end(struct pass *pass)
{
    for (int i = 0; i < pass->inputs; i++) gan_tensor_free(&pass->x[i]);
    gan_run_free(&pass->run);
}

void check_output(gan_network *network, gan_context *context, const char *path)
{
    struct pass pass;
    gan_safetensors *file;
    ok(gan_safetensors_read(&file, context, path));
    forward(&pass, network, context, file);
    gan_tensor *wanted = tensor_of(file, context, "y");
    const gan_tensor *y = gan_run_output(pass.run, 0);
    ck_assert_int_eq(gan_tensor_count(y), gan_tensor_count(wanted));
    check_close(path, gan_tensor_floats(y), gan_tensor_floats(wanted), gan_tensor_count(y), 1e-5f);
    gan_tensor_free(&wanted);
    end(&pass);
    gan_safetensors_free(&file);
}

static gan_stored_tensor stored_of(const char *name, const gan_tensor *tensor)
{
    gan_stored_tensor stored = {.name = name,
                                .type = GAN_STORED_F32,
                                .rank = gan_tensor_rank(tensor),
                                .data = gan_tensor_data(tensor),
                                .bytes = gan_tensor_bytes(tensor)};
    for (int i = 0; i < stored.rank; i++) stored.shape[i] = gan_tensor_dimension(tensor, i);
    return stored;
}

void write_output(gan_network *network, gan_context *context, const char *inputs, const char *path)
{
    struct pass pass;
    gan_safetensors *file;
    ok(gan_safetensors_read(&file, context, inputs));
    forward(&pass, network, context, file);
    const gan_stored_tensor tensors[] = {stored_of("y", gan_run_output(pass.run, 0)), stored_of("x0", pass.x[0]),
                                         stored_of("x1", pass.x[pass.inputs - 1])};
    ok(gan_safetensors_write(context, path, tensors, 1 + pass.inputs, NULL, 0));
    end(&pass);
    gan_safetensors_free(&file);
}
