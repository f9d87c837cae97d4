/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CHECK_H
#define GAN_CHECK_H

#include <gan/network.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The tests that every layer of the library passes, for layers of the caller's own (gan/custom.h) and any network. */
typedef struct gan_check_options {
    size_t size;
    int64_t batch;   /* 1..1000, default 3 */
    float step;      /* of the differences, above 0, default 0.004 */
    float tolerance; /* of a derivative, relative to the largest of its tensor or to 0.2; above 0, default 0.01 */
    bool first_only; /* no second derivatives; they are left out, too, where a layer has no tangent */
    int classes[GAN_MAX_INPUTS]; /* where not 0: the input holds numbers of classes, 0..classes-1, and has no gradient.
                                  * 0..1000000 */
    int reserved;                /* 0 */
} gan_check_options;
#ifndef __cplusplus
#define gan_check_options(...) (&(gan_check_options){.size = sizeof(gan_check_options), __VA_ARGS__})
#endif

/* Checks a built network at its parameters and at random inputs, normal numbers or classes, in training mode:
 * - gradients by inputs and parameters agree with central differences of a random sum of the outputs,
 * - the tangent agrees with differences of the outputs, and its gradients with differences of the tangent,
 * - a backward pass that wants inputs or parameters alone gives the same bits as one that wants both, leaves the rest
 *   alone, and parameter gradients add up.
 * A place where the two one-sided differences disagree is a kink (of a relu, say) and is left out; there may be few.
 * Spectral normalization is checked where its power iterations end, at a gradient that holds their vectors still.
 * Of large tensors some 300 numbers are tried. Parameters and buffers end as they began; gradients are zero. options:
 * NULL for the defaults. GAN_ERROR_NUMERIC: a derivative is wrong; the sentence names the tensor, the place and both
 * numbers. GAN_ERROR_INVALID_ARGUMENT: an option out of range; nothing has changed. GAN_ERROR_STATE: not built.
 * GAN_ERROR_OUT_OF_MEMORY, and whatever a layer of the caller's returns. Not thread-safe on one network. */
GAN_API gan_status gan_check_network(gan_network *network, const gan_check_options *options);

#ifdef __cplusplus
}
#endif
#endif
