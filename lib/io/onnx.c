/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/onnx.h"
#include "core/file.h"
#include "io/protobuf.h"
#include "network/run.h"
#include "network/spectral.h"

#include <gan/onnx.h>

/* The messages of onnx/onnx.proto (github.com/onnx/onnx), which specifies the format, and the numbers of those fields
 * that are written. */
enum { MODEL_IR_VERSION = 1, MODEL_PRODUCER = 2, MODEL_PRODUCER_VERSION = 3, MODEL_GRAPH = 7, MODEL_OPSET = 8 };
enum { OPSET_DOMAIN = 1, OPSET_VERSION = 2 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_TYPE = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_F = 2, ATTRIBUTE_I = 3, ATTRIBUTE_S = 4, ATTRIBUTE_INTS = 8, ATTRIBUTE_TYPE = 20 };
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9 };
enum { VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, TYPE_ELEMENT = 1, TYPE_SHAPE = 2 };
enum { SHAPE_DIMENSION = 1, DIMENSION_NUMBER = 1, DIMENSION_NAME = 2 };

#define IR_VERSION   8         /* of the messages, since ONNX 1.10; readers take any operators with it */
#define LARGEST_FILE INT32_MAX /* what readers of messages take */

static const gan_field fields[] = {
    {"opset", GAN_FIELD_INT, 0, offsetof(gan_onnx_options, opset), 13, 21, 17},
    GAN_FIELD_RESERVED(gan_onnx_options),
};

/* What functions write: a part of the graph. */
struct part {
    const gan_network *network;
    const gan_export *graph;
    const void *item;
};

static void write_attribute(gan_protobuf *p, const void *argument)
{
    static const struct {
        int field, type;
    } forms[] = {
        [GAN_ATTRIBUTE_FLOAT] = {ATTRIBUTE_F, 1},
        [GAN_ATTRIBUTE_INT] = {ATTRIBUTE_I, 2},
        [GAN_ATTRIBUTE_TEXT] = {ATTRIBUTE_S, 3},
        [GAN_ATTRIBUTE_INTS] = {ATTRIBUTE_INTS, 7},
    };
    const gan_attribute *a = argument;
    int field = forms[a->type].field;
    gan_protobuf_text(p, ATTRIBUTE_NAME, a->name);
    if (a->type == GAN_ATTRIBUTE_FLOAT) gan_protobuf_float(p, field, a->number);
    if (a->type == GAN_ATTRIBUTE_TEXT) gan_protobuf_text(p, field, a->text);
    for (int i = 0; i < a->count; i++) gan_protobuf_integer(p, field, a->list[i]);
    gan_protobuf_integer(p, ATTRIBUTE_TYPE, forms[a->type].type);
}

/* Inputs that are left out have no name; at the end of the list they are not there. */
static void write_operator(gan_protobuf *p, const void *argument)
{
    const struct part *part = argument;
    const gan_operator *o = part->item;
    const gan_export_value *values = part->graph->values;
    int inputs = o->inputs;
    while (inputs > 0 && !o->input[inputs - 1]) inputs--;
    for (int i = 0; i < inputs; i++) gan_protobuf_text(p, NODE_INPUT, o->input[i] ? values[o->input[i]].name : "");
    gan_protobuf_text(p, NODE_OUTPUT, values[o->output].name);
    gan_protobuf_text(p, NODE_NAME, values[o->output].name);
    gan_protobuf_text(p, NODE_TYPE, o->type);
    for (int i = 0; i < o->attributes; i++) gan_protobuf_message(p, NODE_ATTRIBUTE, write_attribute, &o->attribute[i]);
}

static void write_constant(gan_protobuf *p, const void *argument)
{
    const gan_export_value *value = argument;
    size_t count = 1;
    for (int i = 0; i < value->rank; i++) {
        gan_protobuf_integer(p, TENSOR_DIMS, value->shape[i]);
        count *= (size_t)value->shape[i];
    }
    gan_protobuf_integer(p, TENSOR_TYPE, value->constant);
    gan_protobuf_text(p, TENSOR_NAME, value->name);
    gan_protobuf_numbers(p, TENSOR_RAW, value->data, count, value->constant == GAN_ELEMENT_FLOAT ? 4 : 8);
}

static void write_dimension(gan_protobuf *p, const void *argument)
{
    gan_protobuf_integer(p, DIMENSION_NUMBER, *(const int64_t *)argument);
}

static void write_batch(gan_protobuf *p, const void *argument)
{
    gan_protobuf_text(p, DIMENSION_NAME, argument);
}

static void write_shape(gan_protobuf *p, const void *argument)
{
    const gan_node *node = argument;
    gan_protobuf_message(p, SHAPE_DIMENSION, write_batch, "N");
    for (int i = 0; i < node->layer.output.rank; i++)
        gan_protobuf_message(p, SHAPE_DIMENSION, write_dimension, &node->layer.output.size[i]);
}

static void write_tensor_type(gan_protobuf *p, const void *argument)
{
    gan_protobuf_integer(p, TYPE_ELEMENT, GAN_ELEMENT_FLOAT);
    gan_protobuf_message(p, TYPE_SHAPE, write_shape, argument);
}

static void write_type(gan_protobuf *p, const void *argument)
{
    gan_protobuf_message(p, TYPE_TENSOR, write_tensor_type, argument);
}

/* An input or output of the network. */
static void write_node(gan_protobuf *p, const void *argument)
{
    const gan_node *node = argument;
    gan_protobuf_text(p, VALUE_NAME, node->name);
    gan_protobuf_message(p, VALUE_TYPE, write_type, node);
}

static void write_graph(gan_protobuf *p, const void *argument)
{
    struct part part = *(const struct part *)argument;
    const gan_network *network = part.network;
    const gan_export *graph = part.graph;
    for (int i = 0; i < graph->operator_count; i++) {
        part.item = &graph->operators[i];
        gan_protobuf_message(p, GRAPH_NODE, write_operator, &part);
    }
    gan_protobuf_text(p, GRAPH_NAME, network->name);
    for (int i = 1; i < graph->value_count; i++)
        if (graph->values[i].constant) gan_protobuf_message(p, GRAPH_INITIALIZER, write_constant, &graph->values[i]);
    for (int i = 0; i < network->input_count; i++) gan_protobuf_message(p, GRAPH_INPUT, write_node, network->inputs[i]);
    for (int i = 0; i < network->output_count; i++)
        gan_protobuf_message(p, GRAPH_OUTPUT, write_node, network->outputs[i]);
}

static void write_opset(gan_protobuf *p, const void *argument)
{
    gan_protobuf_text(p, OPSET_DOMAIN, "");
    gan_protobuf_integer(p, OPSET_VERSION, *(const int *)argument);
}

static void write_model(gan_protobuf *p, const struct part *part)
{
    gan_protobuf_integer(p, MODEL_IR_VERSION, IR_VERSION);
    gan_protobuf_text(p, MODEL_PRODUCER, "libgan");
    gan_protobuf_text(p, MODEL_PRODUCER_VERSION, gan_version());
    gan_protobuf_message(p, MODEL_GRAPH, write_graph, part);
    gan_protobuf_message(p, MODEL_OPSET, write_opset, &part->graph->opset);
}

gan_status gan_onnx_write(const gan_network *network, const gan_export *graph, const char *path)
{
    const struct part part = {network, graph, NULL};
    gan_protobuf p = {NULL, 0};
    write_model(&p, &part);
    if (p.size > LARGEST_FILE)
        return gan_fail(GAN_ERROR_UNSUPPORTED,
                        "gan_network_export_onnx: network \"%s\" would make a file of %zu bytes; ONNX has at most %d",
                        network->name, p.size, LARGEST_FILE);
    unsigned char *bytes = gan_context_allocate(network->context, p.size, 1, "the content of a file");
    if (!bytes) return GAN_ERROR_OUT_OF_MEMORY;
    p = (gan_protobuf){bytes, 0};
    write_model(&p, &part);
    gan_status status = gan_file_replace(path, bytes, p.size);
    gan_context_release(network->context, bytes);
    return status;
}

/* A node's layer, with the parameters that its calls in this run would get. */
static gan_status export_layer(gan_export *graph, gan_run *run, const gan_node *node, gan_value *results)
{
    if (!node->layer.type->export)
        return gan_fail(GAN_ERROR_UNSUPPORTED,
                        "gan_network_export_onnx: %s (%s): layers of this type cannot be exported", node->name,
                        node->layer.type->name);
    gan_spectral_forward(run, node);
    const gan_layer_call call = gan_run_call(run, node);
    for (int i = 0; i < node->layer.inputs; i++) graph->x[i] = results[node->input[i]->index];
    for (int i = 0; i < GAN_MAX_SLOTS; i++) {
        graph->parameter[i] = call.parameter[i];
        graph->buffer[i] = call.buffer[i];
    }
    gan_export_begin(graph, &node->layer);
    results[node->index] = node->layer.type->export(graph);
    gan_export_end(graph, results[node->index]);
    if (node->is_output) gan_export_network_output(graph, node->name, results[node->index]);
    return graph->status;
}

static gan_status export_nodes(gan_export *graph, gan_run *run, gan_value *results)
{
    const gan_network *network = run->network;
    for (int i = 0; graph->status == GAN_OK && i < network->count; i++) {
        const gan_node *node = network->nodes[i];
        if (node->is_input)
            results[i] = gan_export_network_input(graph, node->name);
        else if (node->live)
            graph->status = export_layer(graph, run, node, results);
    }
    return graph->status;
}

static gan_status export_network(const gan_network *network, const char *path, int opset)
{
    gan_context *context = network->context;
    gan_export graph = {.context = context, .opset = opset};
    gan_run *run = NULL;
    gan_value *results =
        gan_context_allocate(context, (size_t)network->count, sizeof *results, "the results of a network's layers");
    gan_status status = results ? GAN_OK : GAN_ERROR_OUT_OF_MEMORY;
    if (status == GAN_OK) /* which counts references to the network, and changes nothing else of it */
        status = gan_run_create(&run, (gan_network *)network, GAN_INFERENCE, 1);
    if (status == GAN_OK) status = export_nodes(&graph, run, results);
    if (status == GAN_OK) status = gan_onnx_write(network, &graph, path);
    gan_export_free(&graph);
    gan_run_free(&run);
    gan_context_release(context, results);
    return status;
}

gan_status gan_network_export_onnx(const gan_network *network, const char *path, const gan_onnx_options *given)
{
    gan_onnx_options options;
    gan_status status = gan_network_require_built(network, "gan_network_export_onnx", "network");
    if (status == GAN_OK && !path)
        status = gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_network_export_onnx: path is NULL");
    if (status == GAN_OK)
        status = gan_options_read(&options, sizeof options, given, "gan_onnx_options", fields, GAN_FIELD_COUNT(fields));
    return status == GAN_OK ? export_network(network, path, options.opset) : status;
}
