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

/* Makes a built network of the same graph, options and names, with parameters and buffers of its own that begin with
 * the same values, and no gradients. It changes nothing about the numbers that other networks draw. The caller owns the
 * result and frees it with gan_network_free(); neither network needs the other.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL. GAN_ERROR_STATE: the network is not built. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_network_clone(gan_network **copy, const gan_network *network);

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

/* Between gan_run_backward() and gan_optimizer_step(), by one thread, alone with the network:
 *
 * gan_network_clip_gradient_norm() scales all gradients by max / norm where their common Euclidean norm is above max
 * (Pascanu, Mikolov, Bengio 2013). *norm (may be NULL): what it was before. GAN_ERROR_NUMERIC: the norm is not finite;
 * *norm tells, and the gradients are as they were.
 *
 * gan_network_clip_gradient_value() brings every gradient into -limit..limit; NaN stays NaN.
 *
 * gan_network_scale_gradients() multiplies all gradients: gradients of several batches add up until
 * gan_network_zero_gradients(), and 1 / (number of batches) makes their sum the mean, as that of one large batch. The
 * two are the same but for rounding where no layer looks at the batch as a whole (batch norm and concat_diff do).
 *
 * max and limit are above 0 and finite, factor is finite: else GAN_ERROR_INVALID_ARGUMENT, as for a NULL network.
 * GAN_ERROR_STATE: not built, or no training run was made yet. */
GAN_API gan_status gan_network_clip_gradient_norm(gan_network *network, float max, float *norm);
GAN_API gan_status gan_network_clip_gradient_value(gan_network *network, float limit);
GAN_API gan_status gan_network_scale_gradients(gan_network *network, float factor);

/* Brings every parameter into -limit..limit: after each step of a Wasserstein critic (Arjovsky, Chintala, Bottou 2017:
 * 0.01). GAN_ERROR_INVALID_ARGUMENT: NULL, or a limit that is not above 0 and finite. GAN_ERROR_STATE: not built. */
GAN_API gan_status gan_network_clip_parameters(gan_network *network, float limit);

/* Puts numbers into the inputs of a pass, float tensors [batch, shape of the input node], count of them; number counts
 * the passes from 0. What it returns, if not GAN_OK, ends the call. */
typedef gan_status (*gan_inputs_function)(void *user, int64_t number, gan_tensor *const *inputs, int count);

typedef struct gan_statistics_options {
    size_t size;
    int64_t batch;            /* samples a pass, 1.., default 64; as in training, for it has a part in the variance */
    int64_t passes;           /* 1.., default 16 */
    gan_inputs_function fill; /* default: standard normal numbers from the beginning of GAN_STREAM_STATISTICS */
    void *user;
} gan_statistics_options;
#ifndef __cplusplus
#define gan_statistics_options(...) (&(gan_statistics_options){.size = sizeof(gan_statistics_options), __VA_ARGS__})
#endif

/* Standing statistics (Brock, Donahue, Simonyan 2019): what layers keep of training for inference, batch norm's running
 * mean and variance, becomes the plain mean over `passes` training passes with the weights as they are, in place of an
 * exponential average over weights that have gone. Samples then depend on neither their batch nor the training's last
 * steps; above all for averaged weights (gan/ema.h). The same calls give the same bits; no other stream moves. A
 * network without such layers is left as it is. Takes the memory of a training run for the time of the call, and of the
 * network's gradients to stay. Thread-safety: as a training run, alone with its network.
 * GAN_ERROR_INVALID_ARGUMENT: NULL or an option out of range. GAN_ERROR_STATE: not built. GAN_ERROR_OUT_OF_MEMORY, or
 * what fill returned: all statistics are as they were. */
GAN_API gan_status gan_network_standing_statistics(gan_network *network, const gan_statistics_options *options);

#ifdef __cplusplus
}
#endif
#endif
