/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CUSTOM_H
#define GAN_CUSTOM_H

#include <gan/layer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Layers of the caller's own: a table of functions, registered with a context under a name, and from then on a layer
 * like any other: gan_custom(x, .type = "name"). Networks allocate, initialize, train and save what it declares.
 * Only gan_network_export_onnx() refuses it, as nothing tells other programs what it computes.
 * gan_check_network() of gan/check.h tests its derivatives. docs/guide.md has one from beginning to end. */

#define GAN_CUSTOM_NUMBERS 8
#define GAN_CUSTOM_SLOTS   4 /* parameters, and buffers, at most */

/* What `infer` looks at and fills in; valid during that call only. It may not add layers to a network. */
typedef struct gan_custom_setup gan_custom_setup;

/* The inputs' count and shapes (without the batch; *rank dimensions, NULL for an index out of range) and the node's
 * numbers (0 for an index out of range). */
GAN_API int gan_custom_inputs(const gan_custom_setup *setup);
GAN_API const int64_t *gan_custom_input(const gan_custom_setup *setup, int index, int *rank);
GAN_API float gan_custom_number(const gan_custom_setup *setup, int index);

/* Declare the output's shape (required), a parameter (trained) or a buffer (kept, not trained), floats for each sample
 * that live from the forward to the backward passes, and the operations of a forward pass of one sample. Names
 * are 1..31 letters, digits, '_', and are copied. additive: the parameter is only added, as a bias is. The
 * initializer's fans are the product of all but the last dimension, and the last one. Each returns
 * GAN_ERROR_INVALID_ARGUMENT, with a sentence, for what cannot be. */
GAN_API gan_status gan_custom_output(gan_custom_setup *setup, int rank, const int64_t *shape);
GAN_API gan_status gan_custom_parameter(gan_custom_setup *setup, const char *name, int rank, const int64_t *shape,
                                        gan_initializer initializer, bool additive);
GAN_API gan_status gan_custom_buffer(gan_custom_setup *setup, const char *name, int rank, const int64_t *shape,
                                     gan_initializer initializer);
GAN_API gan_status gan_custom_saved(gan_custom_setup *setup, int64_t floats);
GAN_API gan_status gan_custom_flops(gan_custom_setup *setup, int64_t flops);

/* Ends `infer` with a refusal: GAN_ERROR_SHAPE and "NAME (TYPE): text". */
GAN_API gan_status gan_custom_refuse(const gan_custom_setup *setup, const char *text);

/* What the passes get; valid during the call. Arrays are float, row-major, [batch, shape]. Pointers that a pass does
 * not use are NULL. */
typedef struct gan_custom_pass {
    size_t size;
    int64_t batch;
    bool training;
    int inputs;
    const float *numbers;          /* the node's, GAN_CUSTOM_NUMBERS */
    const float *const *x;         /* the inputs */
    float *y;                      /* forward: to be set; later: as it was set */
    const float *const *parameter; /* in the order they were declared */
    float *const *buffer;
    float *saved;           /* batch times the floats asked for */
    const float *dy;        /* backward: the gradient with respect to y */
    float *const *dx;       /* set dx[i] = that of input i, where not NULL */
    float *const *gradient; /* add to gradient[i] that of parameter i, where not NULL */
    const float *const *tx; /* tangent: set ty = the derivative of y in the direction tx of the inputs */
    float *ty;
    const float *dty;  /* tangent_backward: the gradient with respect to ty; dy is NULL or to be added in */
    float *const *dtx; /* set dtx[i] = the gradient of tx[i], where not NULL */
    void *parallel;    /* for gan_custom_parallel() */
} gan_custom_pass;

/* Runs task(argument, begin, end) for ranges of 0..total-1, `grain` long, by the context's threads; returns when all
 * are done. Who gives each range an output of its own has the same bits with any number of threads. */
GAN_API void gan_custom_parallel(const gan_custom_pass *pass, int64_t total, int64_t grain,
                                 void (*task)(void *argument, int64_t begin, int64_t end), void *argument);

typedef gan_status (*gan_custom_function)(void *user, const gan_custom_pass *pass);

/* The table. What a function returns other than GAN_OK ends the pass, and is what gan_run_forward() and the others
 * return. All functions may be called from several threads, for different runs. */
typedef struct gan_custom_type {
    size_t size;
    const char *name;       /* of the type, in tables and files; 1..63 letters, digits, '_', copied; required */
    const char *short_name; /* begins the names of layers ("mine0"); default `name` */
    void *user;             /* goes to every function; has to live as long as the context */
    bool curved; /* the second derivative by the inputs is not zero: tangent_backward sets dx, dy being NULL */
    gan_status (*infer)(void *user, gan_custom_setup *setup); /* required */
    gan_custom_function forward;                              /* required */
    gan_custom_function backward;                             /* required */
    gan_custom_function tangent;          /* both or neither; without them no gradient penalty goes through the layer */
    gan_custom_function tangent_backward; /* gradients of the sum of dty * ty, and of dy * y where dy is not NULL */
} gan_custom_type;

/* Makes the type known to the context. GAN_ERROR_INVALID_ARGUMENT: a NULL, a name that is taken or cannot be, a
 * required function missing. GAN_ERROR_OUT_OF_MEMORY. Register types before other threads use the context. */
GAN_API gan_status gan_custom_register(gan_context *context, const gan_custom_type *type);

/* Adds a layer of a registered type. gan/layer.h tells how layers are added. */
typedef struct gan_custom_options {
    size_t size;
    gan_node *input;
    const char *name;
    const char *type;                     /* required */
    gan_node *others[GAN_MAX_INPUTS - 1]; /* further inputs, ended by the first NULL */
    float numbers[GAN_CUSTOM_NUMBERS];    /* whatever the type makes of them; saved with the network */
} gan_custom_options;
GAN_API gan_node *gan_custom_layer(const gan_custom_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(custom, gan_custom_options)
#else
#define gan_custom(...) GAN_LAYER_CALL_(custom, gan_custom_options, __VA_ARGS__)
#endif

#endif
