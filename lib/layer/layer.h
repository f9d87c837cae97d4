/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LAYER_LAYER_H
#define GAN_LAYER_LAYER_H

#include "context/context.h"
#include "core/options.h"
#include "core/random.h"

#include <gan/layer.h>

/* A layer is one constant table, gan_layer_type, in a file of its own. Everything else about layers (the graph, memory,
 * initialization, gradients over several paths, tests) works from that table. A layer never allocates, and
 * touches data only by the kernels of its context. */

typedef struct gan_shape {
    int rank; /* at least 1, without the batch */
    int64_t size[GAN_MAX_RANK];
} gan_shape;

#define GAN_MAX_SLOTS 4

#define GAN_ONES_TO_RANK (-1)

/* A parameter or buffer as another framework has it (io/foreign.h). */
typedef struct gan_form {
    const char *name; /* NULL: the slot's */
    int axes[4];      /* which of the slot's dimensions each of its own is; all 0: they are in the slot's order */
    int ones;         /* dimensions of 1 that come before those; GAN_ONES_TO_RANK: to be as many as the output has */
} gan_form;

/* What numbers along a dimension are: the features of the layer's first input, or of its output. Where a network
 * flattens a picture, frameworks differ in the order of features (network/feature_order.h). */
typedef enum gan_axis { GAN_AXIS_OTHER = 0, GAN_AXIS_INPUT = 1, GAN_AXIS_OUTPUT = 2 } gan_axis;

typedef struct gan_forms {
    gan_form pytorch, keras;
    gan_axis axes[4]; /* of the slot */
    bool count;       /* how many batches there were: a 64-bit integer in PyTorch, unknown to Keras */
} gan_forms;

/* A parameter (trained, has a gradient) or a buffer (kept, not trained) that a layer declares. */
typedef struct gan_slot {
    const char *name;
    gan_shape shape;
    gan_initializer initializer; /* a default kind means the network's */
    int64_t fan_in, fan_out;
    bool additive;  /* a term of the output that multiplies no input: a bias, which no tangent depends on */
    bool statistic; /* of a buffer: an average over training passes. gan_ema_update() averages it, others it copies; and
                       gan_network_standing_statistics() begins with all buffers of its layer at their first values */
    /* Spectral normalization (network/spectral.h), where `spectral` names the buffer of its vector; the axis of the
     * shape that outputs are counted along, and that buffer's number, set when the slot is added. Layers see the
     * normalized parameter, and write the gradient of that. */
    const char *spectral;
    int output_axis, vector;
    const gan_forms *forms; /* NULL: other frameworks have it as it is */
} gan_slot;

typedef struct gan_layer {
    const struct gan_layer_type *type;
    const char *name;
    const void *options; /* of the type's struct; checked, defaults put in */
    int inputs;
    gan_shape input[GAN_MAX_INPUTS];
    /* The rest is what the type's `infer` works out. */
    gan_shape output;
    int parameters, buffers;
    gan_slot parameter[GAN_MAX_SLOTS], buffer[GAN_MAX_SLOTS];
    int64_t flops; /* of products, forward, for one sample */
} gan_layer;

/* Floats that a layer wants for a batch: `saved` lives from the forward to the backward pass, `shared` and `scratch`
 * during a call, `scratch` once for each worker. Computed by the saturating functions below. */
typedef struct gan_layer_memory {
    size_t saved, shared, scratch;
} gan_layer_memory;

typedef struct gan_layer_call {
    const gan_layer *layer;
    const gan_kernels *kernels;
    gan_pool *pool;
    int64_t batch;
    bool training;
    bool plain_mean; /* statistics are the plain mean of all training passes since the buffers' first values */
    const float *x[GAN_MAX_INPUTS]; /* backward: valid only for types that read it */
    float *y;                       /* likewise */
    const float *parameter[GAN_MAX_SLOTS];
    float *buffer[GAN_MAX_SLOTS];
    float *saved, *shared, *scratch;
    size_t scratch_stride; /* scratch + worker * scratch_stride is that worker's */
    /* A place of their own for this pass's random numbers: blocks position .. position + 2^32 - 1. */
    gan_philox random;
    uint64_t position;
    /* Backward: dx[i] = the gradient of input i, where not NULL; gradient[i] += the gradient of parameter i, where
     * not NULL. */
    const float *dy;
    float *dx[GAN_MAX_INPUTS];
    float *gradient[GAN_MAX_SLOTS];
    /* Tangent: ty = the derivative of y in the direction tx of the inputs, parameters held fixed. Backward of the
     * tangent, a function of x, tx and the parameters: gets dty, the gradient with respect to ty, and dy, that with
     * respect to y, or NULL for zeros. dtx[i] = the gradient of tx[i], dx[i] = that of x[i], gradient[i] += that of
     * parameter i, each where not NULL. */
    const float *tx[GAN_MAX_INPUTS];
    float *ty;
    const float *dty;
    float *dtx[GAN_MAX_INPUTS];
    gan_status *status; /* where a layer of the caller's tells what went wrong; ours cannot fail */
    /* Backward: the layer calls it, where not NULL, when it is done with its parameters' gradients. */
    void (*parameters_done)(void *profiler);
    void *profiler;
} gan_layer_call;

static inline void gan_layer_parameters_done(const gan_layer_call *call)
{
    if (call->parameters_done) call->parameters_done(call->profiler);
}

typedef enum gan_layer_trait {
    GAN_READS_X = 1,  /* backward reads the inputs */
    GAN_READS_Y = 2,  /* backward reads the output */
    GAN_IN_PLACE = 4, /* y may be the memory of x, and dx that of dy; does not go with GAN_READS_X */
    GAN_VIEW = 8,     /* y is x as it is: in place even where someone else reads x */
    GAN_CURVED = 16,  /* the second derivative by the inputs is not zero: the tangent's backward sets dx though dy is
                         NULL. Layers without it are not asked for dx then. */
    GAN_KEEPS_FEATURES = 32, /* a feature of the output, a number along its last dimension, is made of the same feature
                                of the inputs, and of others in ways that do not depend on their order; features that
                                are new come last */
    GAN_JOINS_FEATURES = 64  /* the output's features are those of the inputs, one input after the other */
} gan_layer_trait;

/* A layer as operators for other programs: export.h. */
struct gan_export;
typedef int gan_value;

typedef struct gan_layer_type {
    const char *name;       /* in tables and files: never changes */
    const char *short_name; /* the first part of automatic names */
    size_t options_size;
    const gan_field *fields;
    int field_count;
    int least_inputs, most_inputs; /* 0 means 1, and as many as the least; checked before `infer` */
    unsigned traits;

    /* Checks the inputs and works out the rest of gan_layer. Errors begin with the layer's name. */
    gan_status (*infer)(gan_layer *layer);
    /* Starts from zeros; NULL when the layer needs none. */
    void (*memory)(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *memory);
    void (*forward)(const gan_layer_call *call);
    void (*backward)(const gan_layer_call *call);
    /* Both or neither; tangent.h has them for linear layers and others of a simple kind. They read x, y and saved as
     * the last forward pass left them; x and y are always there. */
    void (*tangent)(const gan_layer_call *call);
    void (*tangent_backward)(const gan_layer_call *call);
    /* Adds the operators of the layer's inference to a graph, and returns the value that is its output. NULL: the layer
     * cannot be exported. */
    gan_value (*export)(struct gan_export *e);
    const void *own; /* where functions serve several types: what they tell them apart by */
} gan_layer_type;

/* Every type of ours, ended by NULL; and ours or the context's own of this name, or NULL. */
extern const gan_layer_type *const gan_layer_types[];
const gan_layer_type *gan_layer_type_named(const gan_context *context, const char *name);
const gan_layer_type *gan_custom_type_named(const gan_context *context, const char *name); /* of the caller's only */

/* What all options of layers with one input begin with. */
typedef struct gan_layer_options {
    size_t size;
    gan_node *input;
    const char *name;
} gan_layer_options;

/* Adds a layer to the network of its inputs; the graph (network/build.c) implements these. Options are sized structs;
 * gan_layer_node() takes input and name from them. */
gan_node *gan_layer_node(const gan_layer_type *type, const void *options);
gan_node *gan_layer_node_joining(const gan_layer_type *type, gan_node *const *inputs, int count, const char *name);

/* The same for a type with options and several inputs, of which options->input is the first: a NULL among them is an
 * error. */
gan_node *gan_layer_node_with(const gan_layer_type *type, const void *options, gan_node *const *others, int count);

/* The same for the type of this name, as the input's context knows it. */
gan_node *gan_layer_node_named(const char *type, const void *options, gan_node *const *others, int count);
/* For calls that add more than one layer: the network of `input` (which may be NULL) remembers the error that is last.
 * Always NULL, as the calls return. */
gan_node *gan_layer_refuse(gan_node *input, gan_status status);

/* Elements of a shape, for one sample. Shapes in a network are checked to have a count that fits. */
int64_t gan_shape_elements(const gan_shape *shape);
bool gan_shapes_equal(const gan_shape *a, const gan_shape *b);

/* Forms of what norms have for each channel. */
extern const gan_forms gan_gamma_forms, gan_beta_forms;

/* Adds a slot to layer->parameter or layer->buffer; a spectral parameter also adds the buffer of its vector. */
void gan_layer_add_parameter(gan_layer *layer, gan_slot slot);
void gan_layer_add_buffer(gan_layer *layer, gan_slot slot);

/* Adds "weight" of this shape and, with `biases`, "bias" [outputs]. The weight has forms. */
void gan_layer_add_weight(gan_layer *layer, gan_slot weight, int64_t outputs, const gan_initializer *biases);

/* A gan_fail(), "NAME (TYPE): ": GAN_ERROR_SHAPE for inputs that do not fit, and GAN_ERROR_INVALID_ARGUMENT for options
 * that are wrong whatever the input. */
gan_status gan_layer_fail(const gan_layer *layer, const char *format, ...) __attribute__((format(printf, 2, 3)));
gan_status gan_layer_fail_option(const gan_layer *layer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* SIZE_MAX when the result does not fit: the planner refuses such sizes, so that layers need no check of their own. */
static inline size_t gan_saturating_multiply(size_t a, size_t b)
{
    size_t product;
    return gan_size_multiply(a, b, &product) ? product : SIZE_MAX;
}

static inline size_t gan_saturating_add(size_t a, size_t b)
{
    size_t sum;
    return gan_size_add(a, b, &sum) ? sum : SIZE_MAX;
}

#endif
