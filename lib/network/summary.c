/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/text.h"
#include "network/network.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS "%-33s %-21s %13s %15s%s%s\n"

static int64_t parameters_of(const gan_layer *layer)
{
    int64_t count = 0;
    for (int i = 0; i < layer->parameters; i++) count += gan_shape_elements(&layer->parameter[i].shape);
    return count;
}

/* 1234567 as "1,234,567". */
static const char *grouped(char out[32], int64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number), used = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

static void append_layer(gan_text *text, const gan_node *node)
{
    const gan_layer *layer = &node->layer;
    char title[2 * GAN_NAME_SIZE], shape[GAN_SHAPE_TEXT], output[GAN_SHAPE_TEXT + 4], parameters[32], flops[32];
    char reads[GAN_MAX_INPUTS * (GAN_NAME_SIZE + 2) + 8] = "";
    snprintf(title, sizeof title, "%s (%s)", node->name, layer->type->name);
    gan_shape_text(shape, layer->output.rank, layer->output.size);
    snprintf(output, sizeof output, "[N,%s", shape + 1);
    size_t used = 0;
    for (int i = 0; i < layer->inputs; i++)
        used += (size_t)snprintf(reads + used, sizeof reads - used, "%s%s", i ? ", " : "", node->input[i]->name);
    if (!node->live) snprintf(reads + used, sizeof reads - used, " (unused)");
    gan_text_append(text, COLUMNS, title, output, grouped(parameters, parameters_of(layer)),
                    grouped(flops, layer->flops), reads[0] ? "  " : "", reads);
}

static void append_totals(gan_text *text, const gan_network *network)
{
    int64_t parameters = 0, buffers = 0;
    char number[32];
    for (int i = 0; i < network->parameters.count; i++)
        parameters += gan_tensor_count(network->parameters.list[i].value);
    for (int i = 0; i < network->buffers.count; i++) buffers += gan_tensor_count(network->buffers.list[i].value);
    gan_text_append(text, "Parameters, trained:                %s\n", grouped(number, parameters));
    gan_text_append(text, "Values kept beside them:            %s\n", grouped(number, buffers));
    gan_text_append(text, "FLOPs of a forward pass, a sample:  %s\n", grouped(number, gan_network_flops(network)));
}

gan_status gan_network_summary(const gan_network *network, char *out, size_t capacity, size_t *length)
{
    gan_status status = gan_network_require_built(network, "gan_network_summary", "network");
    if (status != GAN_OK) return status;
    if (!out && capacity > 0)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_summary: text is NULL and capacity %zu", capacity);
    gan_text text = {.out = out, .capacity = capacity};
    gan_text_append(&text, "Network: %s\n", network->name);
    gan_text_rule(&text, '-', 100);
    gan_text_append(&text, COLUMNS, "Layer (type)", "Output shape", "Parameters", "FLOPs", "  ", "Reads");
    gan_text_rule(&text, '=', 100);
    for (int i = 0; i < network->count; i++) append_layer(&text, network->nodes[i]);
    gan_text_rule(&text, '=', 100);
    append_totals(&text, network);
    gan_text_rule(&text, '-', 100);
    if (length) *length = text.length;
    return GAN_OK;
}
