/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LAYER_EXPORT_H
#define GAN_LAYER_EXPORT_H

#include "layer/layer.h"

/* A network as a graph of operators for other programs, which each layer's `export` adds its own to. Operators, their
 * inputs and attributes are those of ONNX (onnx.ai/onnx/operators); what becomes a file of it, layers do not know.
 *
 * A layer's export adds operators and returns the value that is its output, in inference. The first call that fails is
 * remembered in `status`, and every later one gives 0; so a layer checks nothing. */

/* A gan_value is a number of gan_export.values; 0: none. */

/* Values are [N,...,C], as everywhere here. ONNX's operators on pictures want [N,C,H,W]: a value may be in either order,
 * or in both, and is brought into the other when somebody asks for it. Only pictures are ever in the second. */
typedef enum gan_order { GAN_CHANNELS_LAST, GAN_CHANNELS_FIRST } gan_order;

/* ONNX's numbers for the types of elements; 0 of what is no constant. */
typedef enum gan_element { GAN_ELEMENT_NONE = 0, GAN_ELEMENT_FLOAT = 1, GAN_ELEMENT_INT64 = 7 } gan_element;

#define GAN_VALUE_NAME 160

typedef struct gan_export_value {
    char name[GAN_VALUE_NAME];
    bool temporary; /* the name is, in case the value becomes its layer's output */
    gan_order order;
    gan_value other; /* the same in the other order; 0: there is none yet */
    gan_element constant;
    int rank; /* of a constant, as what follows */
    int64_t shape[GAN_MAX_RANK];
    const void *data;
    void *own; /* the graph's memory, where data is that */
} gan_export_value;

typedef enum gan_attribute_type {
    GAN_ATTRIBUTE_FLOAT,
    GAN_ATTRIBUTE_INT,
    GAN_ATTRIBUTE_TEXT,
    GAN_ATTRIBUTE_INTS
} gan_attribute_type;

/* Names and texts are constant strings. */
typedef struct gan_attribute {
    const char *name;
    gan_attribute_type type;
    float number;
    const char *text;
    int count; /* 1 for an int */
    int64_t list[GAN_MAX_RANK];
} gan_attribute;

#define GAN_MAX_ATTRIBUTES 5

typedef struct gan_operator {
    const char *type;
    int inputs, attributes;
    gan_value input[GAN_MAX_INPUTS], output;
    gan_attribute attribute[GAN_MAX_ATTRIBUTES];
} gan_operator;

typedef struct gan_export {
    gan_context *context;
    int opset; /* the version of ONNX's operators */
    gan_status status;
    /* The layer at work, with what it needs of a run. */
    const gan_layer *layer;
    gan_value x[GAN_MAX_INPUTS];
    const float *parameter[GAN_MAX_SLOTS], *buffer[GAN_MAX_SLOTS]; /* parameters normalized where their slots say so */
    int temporaries;
    /* The graph. Operators are in an order in which each comes after what it reads. */
    gan_export_value *values; /* from 1 on */
    gan_operator *operators;
    int value_count, value_capacity, operator_count, operator_capacity;
} gan_export;

void gan_export_free(gan_export *e);

/* For the graph: an input of the network; makes `layer` the one at work; the layer's output y gets its name; and the
 * same as an output of the network, which has that name and channels last. */
gan_value gan_export_network_input(gan_export *e, const char *name);
void gan_export_begin(gan_export *e, const gan_layer *layer);
void gan_export_end(gan_export *e, gan_value y);
void gan_export_network_output(gan_export *e, const char *name, gan_value y);

/* For layers. Input i in this order; the order that the first `inputs` inputs are in already, for layers that take
 * either; and the axis of a picture's channels, or the last one. */
gan_value gan_export_input(gan_export *e, int i, gan_order order);
gan_order gan_export_order(const gan_export *e, int inputs);
int64_t gan_export_axis(const gan_export *e, gan_order order);

/* Says that y, which is returned, is in this order; without it the channels are last. */
gan_value gan_export_in_order(gan_export *e, gan_value y, gan_order order);

gan_value gan_export_add(gan_export *e, const char *type, const gan_value *inputs, int count,
                         const gan_attribute *attributes, int attribute_count);

#define GAN_VALUES(...) \
    (const gan_value[]){__VA_ARGS__}, (int)(sizeof((const gan_value[]){__VA_ARGS__}) / sizeof(gan_value))
#define GAN_ATTRIBUTES(...) \
    (const gan_attribute[]){__VA_ARGS__}, (int)(sizeof((const gan_attribute[]){__VA_ARGS__}) / sizeof(gan_attribute))

/* An operator without attributes: gan_export_operator(e, "Add", a, b). */
#define gan_export_operator(e, type, ...) gan_export_add((e), (type), GAN_VALUES(__VA_ARGS__), NULL, 0)

gan_attribute gan_attribute_float(const char *name, float number);
gan_attribute gan_attribute_int(const char *name, int64_t number);
gan_attribute gan_attribute_text(const char *name, const char *text);
gan_attribute gan_attribute_ints(const char *name, int count, const int64_t *list);

/* Constants. The layer's parameter i as it is, or another shape of it; memory of the graph's for the layer to fill,
 * *data being NULL when there is none, named after its layer and `name`; single numbers and lists of whole ones. */
gan_value gan_export_parameter(gan_export *e, int i);
gan_value gan_export_buffer(gan_export *e, int i);
gan_value gan_export_floats(gan_export *e, const char *name, int rank, const int64_t *shape, float **data);
gan_value gan_export_number(gan_export *e, float number);
gan_value gan_export_integer(gan_export *e, int64_t number);
gan_value gan_export_integers(gan_export *e, int count, const int64_t *list);

/* Parameter i, which is one number a channel or one for all, so that it goes with an input of this order. */
gan_value gan_export_by_channel(gan_export *e, int i, gan_order order);

/* Parameter i, [kernel_h, kernel_w, a, b], as ONNX's convolutions have it: [b, a, kernel_h, kernel_w]. */
gan_value gan_export_kernel(gan_export *e, int i);

/* In another shape, in which a 0 is the same dimension as before: GAN_SHAPE(0, ...) keeps the batch. */
gan_value gan_export_reshape(gan_export *e, gan_value x, int rank, const int64_t *shape);

/* The batch in the shape of the layer's output, in this order. */
gan_value gan_export_as_output(gan_export *e, gan_value x, gan_order order);

/* "ReduceMean" or "ReduceSum" over these axes; keep: as dimensions of 1. */
gan_value gan_export_reduce(gan_export *e, const char *type, gan_value x, bool keep, int count, const int64_t *axes);

/* (x - mean) / sqrt(variance + epsilon), over these axes. */
gan_value gan_export_normalize(gan_export *e, gan_value x, float epsilon, int count, const int64_t *axes);

/* Exports of layers that are one operator, with attributes or without, applied to one input in any order; and one that
 * is applied to all inputs, two at a time. */
gan_value gan_export_elementwise(gan_export *e, const char *type, const gan_attribute *attributes, int count);
gan_value gan_export_chain(gan_export *e, const char *type);

/* That of layers that do nothing in inference. */
gan_value gan_export_identity(gan_export *e);

#endif
