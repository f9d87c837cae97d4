/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_NETWORK_H
#define GAN_NETWORK_H

#include <gan/layer.h>
#include <gan/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A network is a directed acyclic graph of layers (gan/layer.h) and their parameters. Activations belong to its runs
 * (gan/run.h). Runs, optimizers and sessions keep their networks alive.
 *
 * Thread-safety: one thread at a time builds a network. Of one that is built the queries may be called from several
 * threads at once, and gan_run_forward() of inference runs; who trains, or writes to parameters, buffers or gradients,
 * must be alone with the network. Networks of one context are independent of each other. */

typedef struct gan_network_options {
    size_t size;
    const char *name;        /* for messages and tables, 1..63 bytes, copied; default "network" */
    gan_initializer weights; /* of every layer that names none; default GAN_INITIALIZER_GLOROT_UNIFORM */
    int reserved;            /* 0 */
} gan_network_options;
#ifndef __cplusplus
#define gan_network_options(...) (&(gan_network_options){.size = sizeof(gan_network_options), __VA_ARGS__})
#endif

/* Makes an empty network. options: NULL for the defaults. The caller owns the result and frees it with
 * gan_network_free(). GAN_ERROR_INVALID_ARGUMENT: a NULL, a name that is empty or too long, an initializer that cannot
 * be. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_network_create(gan_network **network, gan_context *context, const gan_network_options *options);

/* Gives up the caller's reference and sets *network to NULL. NULL and a pointer to NULL are fine. */
GAN_API void gan_network_free(gan_network **network);

/* Makes the node an output. Outputs are numbered in the order of the calls. What fails here is remembered like any
 * error of a builder call, so that the result may be ignored. GAN_ERROR_INVALID_ARGUMENT: a NULL, a node of another
 * network, an input, an output already, or one more than GAN_MAX_INPUTS. GAN_ERROR_STATE: the network is built. Any
 * error that a builder call has left: the same again. */
GAN_API gan_status gan_network_output(gan_network *network, gan_node *node);

/* Ends the building: reports the first error of the builder calls, with its sentence, or allocates the parameters and
 * draws their first values. The k-th parameter of the n-th network that a context made is drawn from a place of its own
 * in GAN_STREAM_WEIGHTS: the same program gets the same weights, two networks of one program never the same.
 * GAN_ERROR_STATE: built already, or no input or no output, which may still be added. GAN_ERROR_OUT_OF_MEMORY, or any
 * error that a builder call has left: the network can then only be freed. */
GAN_API gan_status gan_network_build(gan_network *network);

/* Writes the table of layers that Keras users know (name, type, output shape, parameters, FLOPs for one sample, what it
 * reads) as text with line breaks and a final 0 into text, as far as capacity goes. *length (may be NULL): the
 * bytes of the whole table without the 0, so that a call with capacity 0 (and text NULL) asks for the size.
 * GAN_ERROR_INVALID_ARGUMENT: network is NULL, or text is NULL with capacity above 0. GAN_ERROR_STATE: not built. */
GAN_API gan_status gan_network_summary(const gan_network *network, char *text, size_t capacity, size_t *length);

/* Floating-point operations of one forward pass of one sample: a multiplication and an addition are two, every tap
 * of every kernel counts, padding included; layers without products count 0. 0 before the build. */
GAN_API int64_t gan_network_flops(const gan_network *network);

/* The same of a backward pass that wants these (a sum of gan_want of gan/run.h): what nobody wants is not counted. */
GAN_API int64_t gan_network_backward_flops(const gan_network *network, unsigned want);

/* Inputs and outputs, in the order they were made; counts and dimensions are 0 and names "" where there is none. */
GAN_API int gan_network_input_count(const gan_network *network);
GAN_API int gan_network_output_count(const gan_network *network);
GAN_API const gan_node *gan_network_input_node(const gan_network *network, int index);
GAN_API const gan_node *gan_network_output_node(const gan_network *network, int index);

/* Parameters (trained) and buffers (kept, not trained: running averages), in a stable order with stable names:
 * "conv0.weight", "bn1.running_mean". Counts are 0 before the build. Tensors and names are borrowed from the network;
 * the caller may write the values of tensors between runs. An index out of range gives NULL. */
GAN_API int gan_network_parameter_count(const gan_network *network);
GAN_API const char *gan_network_parameter_name(const gan_network *network, int index);
GAN_API gan_tensor *gan_network_parameter(const gan_network *network, int index);
GAN_API int gan_network_buffer_count(const gan_network *network);
GAN_API const char *gan_network_buffer_name(const gan_network *network, int index);
GAN_API gan_tensor *gan_network_buffer(const gan_network *network, int index);

/* The parameter or buffer of this name, borrowed, or NULL. */
GAN_API gan_tensor *gan_network_find(const gan_network *network, const char *name);

/* The gradient of a parameter, borrowed, of the parameter's shape. gan_run_backward() adds to it. Allocated with the
 * first training run of the network: NULL before that. */
GAN_API gan_tensor *gan_network_gradient(const gan_network *network, int index);

/* Sets all gradients to zero. GAN_ERROR_INVALID_ARGUMENT: NULL. GAN_ERROR_STATE: not built. */
GAN_API gan_status gan_network_zero_gradients(gan_network *network);

/* The Euclidean norm of all gradients together; 0 before the first training run and for NULL. */
GAN_API float gan_network_gradient_norm(const gan_network *network);

#ifdef __cplusplus
}
#endif
#endif
