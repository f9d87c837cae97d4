/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/text.h"
#include "network/network.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS "%-*s %-*s %13s %15s%s%s\n"

/* The columns that hold names and shapes are as wide as their longest entry, and these at least. */
#define TITLE_WIDTH  33
#define OUTPUT_WIDTH 21

struct widths {
    int title, output;
};

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

#define TITLE_TEXT  (2 * GAN_NAME_SIZE + 4)
#define OUTPUT_TEXT (GAN_SHAPE_TEXT + 4)

static void describe(const gan_node *node, char title[TITLE_TEXT], char output[OUTPUT_TEXT])
{
    char shape[GAN_SHAPE_TEXT];
    snprintf(title, TITLE_TEXT, "%s (%s)", node->name, node->layer.type->name);
    gan_shape_text(shape, node->layer.output.rank, node->layer.output.size);
    snprintf(output, OUTPUT_TEXT, "[N,%s", shape + 1);
}

static struct widths widths_of(const gan_network *network)
{
    struct widths widths = {TITLE_WIDTH, OUTPUT_WIDTH};
    for (int i = 0; i < network->count; i++) {
        char title[TITLE_TEXT], output[OUTPUT_TEXT];
        describe(network->nodes[i], title, output);
        if ((int)strlen(title) > widths.title) widths.title = (int)strlen(title);
        if ((int)strlen(output) > widths.output) widths.output = (int)strlen(output);
    }
    return widths;
}

static void append_layer(gan_text *text, const gan_node *node, struct widths widths)
{
    const gan_layer *layer = &node->layer;
    char title[TITLE_TEXT], output[OUTPUT_TEXT], parameters[32], flops[32];
    char reads[GAN_MAX_INPUTS * (GAN_NAME_SIZE + 2) + 8] = "";
    describe(node, title, output);
    size_t used = 0;
    for (int i = 0; i < layer->inputs; i++)
        used += (size_t)snprintf(reads + used, sizeof reads - used, "%s%s", i ? ", " : "", node->input[i]->name);
    if (!node->live) snprintf(reads + used, sizeof reads - used, " (unused)");
    gan_text_append(text, COLUMNS, widths.title, title, widths.output, output,
                    grouped(parameters, parameters_of(layer)), grouped(flops, layer->flops), reads[0] ? "  " : "",
                    reads);
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
    const struct widths widths = widths_of(network);
    const int width = 100 - TITLE_WIDTH - OUTPUT_WIDTH + widths.title + widths.output;
    gan_text_append(&text, "Network: %s\n", network->name);
    gan_text_rule(&text, '-', width);
    gan_text_append(&text, COLUMNS, widths.title, "Layer (type)", widths.output, "Output shape", "Parameters", "FLOPs",
                    "  ", "Reads");
    gan_text_rule(&text, '=', width);
    for (int i = 0; i < network->count; i++) append_layer(&text, network->nodes[i], widths);
    gan_text_rule(&text, '=', width);
    append_totals(&text, network);
    gan_text_rule(&text, '-', width);
    if (length) *length = text.length;
    return GAN_OK;
}
