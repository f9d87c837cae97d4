/* SPDX-License-Identifier: BSD-2-Clause */
#include "onnx_cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* For onnx_check.py: writes every case into a folder as NAME.onnx, whole networks also as NAME.safetensors, where there is
 * a JSON library for it, and for some batches the inputs and what libgan makes of them, as NAME.BATCH.NODE.f32, plain
 * floats. Derived cases of layers are written in one opset only: what opsets change is in the others. Arguments: the
 * folder, the opset. */

#define OPSET_OF_DERIVED 17

static const int64_t batches[] = {1, 7};

static void check(gan_status status, const char *what)
{
    if (status == GAN_OK) return;
    fprintf(stderr, "%s: %s\n", what, gan_last_error());
    exit(EXIT_FAILURE);
}

static void write_tensor(const char *folder, const char *name, int64_t batch, const gan_node *node,
                         const gan_tensor *tensor)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.%d.%s.f32", folder, name, (int)batch, gan_node_name(node));
    FILE *file = fopen(path, "wb");
    size_t bytes = gan_tensor_bytes(tensor);
    if (!file || fwrite(gan_tensor_data(tensor), 1, bytes, file) != bytes || fclose(file) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

/* Normal numbers; or classes, and among them a few numbers that are none. */
static gan_tensor *make_input(gan_context *context, const gan_node *node, int64_t batch, int number, int classes)
{
    static const float none[] = {-1, 0.5f, NAN, 1e30f};
    int64_t shape[GAN_MAX_RANK] = {batch};
    int rank = gan_node_rank(node);
    for (int i = 0; i < rank; i++) shape[i + 1] = gan_node_dimension(node, i);
    gan_tensor *x;
    uint64_t position = (uint64_t)(number + 1) << 40;
    check(gan_tensor_create(&x, context, GAN_FLOAT32, rank + 1, shape), gan_node_name(node));
    check(gan_random_normal(context, GAN_STREAM_USER, &position, x, 0, 1), gan_node_name(node));
    for (int64_t i = 0; classes && i < gan_tensor_count(x); i++)
        gan_tensor_floats(x)[i] = i < 3 ? (float)((i + 1) % classes) : none[(i - 3) % 4];
    return x;
}

static void write_run(gan_context *context, gan_network *network, const char *folder, const char *name, int number,
                      int64_t batch)
{
    gan_tensor *inputs[GAN_MAX_INPUTS];
    gan_run *run;
    const layer_case *layer = onnx_case_layer(number);
    int count = gan_network_input_count(network);
    for (int i = 0; i < count; i++) {
        const gan_node *node = gan_network_input_node(network, i);
        inputs[i] = make_input(context, node, batch, i, layer ? layer->classes[i] : 0);
        write_tensor(folder, name, batch, node, inputs[i]);
    }
    check(gan_run_create(&run, network, GAN_INFERENCE, batch), name);
    check(gan_run_forward_all(run, (const gan_tensor *const *)inputs, count), name);
    for (int i = 0; i < gan_network_output_count(network); i++)
        write_tensor(folder, name, batch, gan_network_output_node(network, i), gan_run_output(run, i));
    gan_run_free(&run);
    for (int i = 0; i < count; i++) gan_tensor_free(&inputs[i]);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: write_onnx FOLDER OPSET\n", stderr);
        return EXIT_FAILURE;
    }
    int opset = atoi(argv[2]);
    gan_context *context;
    collect_onnx_cases();
    check(gan_context_create(&context, gan_context_options(.seed = 42)), "context");
    for (int i = 0; i < onnx_case_count(); i++) {
        char name[64], path[512];
        gan_network *network;
        if (onnx_case_is_derived(i) && opset != OPSET_OF_DERIVED) continue;
        check(onnx_case_network(i, &network, context), onnx_case_name(i, name));
        snprintf(path, sizeof path, "%s/%s.onnx", argv[1], name);
        check(gan_network_export_onnx(network, path, gan_onnx_options(.opset = opset)), name);
        snprintf(path, sizeof path, "%s/%s.safetensors", argv[1], name);
        if (!onnx_case_layer(i) && gan_has_feature("json")) check(gan_network_save(network, path), name);
        for (int k = 0; k < 2; k++) write_run(context, network, argv[1], name, i, batches[k]);
        gan_network_free(&network);
    }
    gan_context_free(&context);
    return EXIT_SUCCESS;
}
