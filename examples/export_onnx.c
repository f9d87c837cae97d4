/* SPDX-License-Identifier: BSD-2-Clause */
/* A saved network, or what samples in a checkpoint, as an ONNX file, for ONNX Runtime and others:
 *
 *     export_onnx generator.safetensors generator.onnx */
#include <gan/gan.h>
#include <stdio.h>
#include <stdlib.h>

static void check(gan_status status)
{
    if (status == GAN_OK) return;
    fprintf(stderr, "%s\n", gan_last_error());
    exit(EXIT_FAILURE);
}

static void print_node(const char *what, const gan_node *node)
{
    printf("%s %s [N", what, gan_node_name(node));
    for (int i = 0; i < gan_node_rank(node); i++) printf(",%lld", (long long)gan_node_dimension(node, i));
    puts("]");
}

/* Of a checkpoint: the average of the generator when there is one, else the generator. */
static void load(gan_network **network, gan_context *context, const char *path)
{
    gan_checkpoint_info info = {.size = sizeof info};
    bool whole_training = gan_checkpoint_inspect(&info, path) == GAN_OK;
    check(whole_training ? gan_checkpoint_network(network, context, path, GAN_CHECKPOINT_SAMPLER)
                         : gan_network_load(network, context, path));
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 4) {
        fputs("usage: export_onnx NETWORK-OR-CHECKPOINT.safetensors FILE.onnx [OPSET]\n", stderr);
        return EXIT_FAILURE;
    }
    gan_context *context;
    gan_network *network;
    check(gan_context_create(&context, NULL));
    load(&network, context, argv[1]);
    check(gan_network_export_onnx(network, argv[2], gan_onnx_options(.opset = argc > 3 ? atoi(argv[3]) : 0)));
    for (int i = 0; i < gan_network_input_count(network); i++) print_node("input", gan_network_input_node(network, i));
    for (int i = 0; i < gan_network_output_count(network); i++)
        print_node("output", gan_network_output_node(network, i));
    gan_network_free(&network);
    gan_context_free(&context);
    return EXIT_SUCCESS;
}
