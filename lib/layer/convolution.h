/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LAYER_CONVOLUTION_H
#define GAN_LAYER_CONVOLUTION_H

#include "layer/layer.h"

/* The three products of a convolution, shared by conv2d, conv2d_transpose (whose forward pass is conv2d's adjoint) and
 * linear (a convolution of 1x1 images). With P the patch matrix of the image (im2col) and W the weight as a matrix
 * [kernel_h * kernel_w * in_c, out_c]:
 *
 *     forward  output = P W + bias
 *     adjoint  image  = col2im(output W^T) + bias
 *     weights  W     += P^T output
 *
 * Work is cut into blocks of whole samples so that a block's patches stay in the second-level cache; a sample whose
 * patches are larger is walked in strips of rows. Blocks depend on the geometry and the batch only. */
typedef struct gan_convolution {
    gan_conv_geometry geometry;
    const gan_layer_call *call;
    int64_t batch;
    int64_t block; /* samples a task */
    int strip;     /* output rows at a time */
} gan_convolution;

gan_convolution gan_convolution_of(const gan_conv_geometry *geometry, const gan_layer_call *call, int64_t batch);

/* bias may be NULL: zeros. */
void gan_convolution_forward(const gan_convolution *convolution, float *output, const float *image, const float *weight,
                             const float *bias);
void gan_convolution_adjoint(const gan_convolution *convolution, float *image, const float *output, const float *weight,
                             const float *bias);
void gan_convolution_weights(const gan_convolution *convolution, float *weight, const float *image,
                             const float *output);

/* bias [c] += the sum over the rows of gradient [rows, c]. */
void gan_bias_gradient(const gan_layer_call *call, float *bias, const float *gradient, int64_t rows, int64_t c);

/* What the calls above need of call->shared and call->scratch. */
void gan_convolution_memory(const gan_conv_geometry *geometry, const gan_kernels *kernels, int64_t batch,
                            int64_t bias_channels, gan_layer_memory *memory);

/* How options describe a kernel: gan_conv2d_options and gan_conv2d_transpose_options have the same members. */
typedef struct gan_kernel_options {
    int filters, kernel, kernel_h, kernel_w, stride, stride_h, stride_w;
    int padding, pad_top, pad_bottom, pad_left, pad_right;
} gan_kernel_options;

#define GAN_KERNEL_OPTIONS(o)                                                                               \
    {                                                                                                       \
        (o)->filters, (o)->kernel, (o)->kernel_h, (o)->kernel_w, (o)->stride, (o)->stride_h, (o)->stride_w, \
            (o)->padding, (o)->pad_top, (o)->pad_bottom, (o)->pad_left, (o)->pad_right                      \
    }

/* The fields that both structs have, for their tables. */
#define GAN_KERNEL_FIELDS(type)                                                                             \
    {"filters", GAN_FIELD_INT, GAN_FIELD_REQUIRED, offsetof(type, filters), 1, 1 << 20, 0},                 \
        {"kernel", GAN_FIELD_INT, 0, offsetof(type, kernel), 1, 1 << 15, 0},                                \
        {"kernel_h", GAN_FIELD_INT, 0, offsetof(type, kernel_h), 1, 1 << 15, 0},                            \
        {"kernel_w", GAN_FIELD_INT, 0, offsetof(type, kernel_w), 1, 1 << 15, 0},                            \
        {"stride", GAN_FIELD_INT, 0, offsetof(type, stride), 1, 1 << 15, 1},                                \
        {"stride_h", GAN_FIELD_INT, 0, offsetof(type, stride_h), 1, 1 << 15, 0},                            \
        {"stride_w", GAN_FIELD_INT, 0, offsetof(type, stride_w), 1, 1 << 15, 0},                            \
        {"padding", GAN_FIELD_INT, 0, offsetof(type, padding), 0, GAN_PADDING_EXPLICIT, GAN_PADDING_VALID}, \
        {"pad_top", GAN_FIELD_INT, 0, offsetof(type, pad_top), 0, 1 << 15, 0},                              \
        {"pad_bottom", GAN_FIELD_INT, 0, offsetof(type, pad_bottom), 0, 1 << 15, 0},                        \
        {"pad_left", GAN_FIELD_INT, 0, offsetof(type, pad_left), 0, 1 << 15, 0},                            \
        {"pad_right", GAN_FIELD_INT, 0, offsetof(type, pad_right), 0, 1 << 15, 0},                          \
        {"weights", GAN_FIELD_INITIALIZER, 0, offsetof(type, weights), 0, 0, GAN_INITIALIZER_DEFAULT},      \
    {                                                                                                       \
        "biases", GAN_FIELD_INITIALIZER, 0, offsetof(type, biases), 0, 0, GAN_INITIALIZER_ZEROS             \
    }

/* Heights, widths and channels above this are refused, so that a pixel's place fits into 64 bits with room to spare. */
#define GAN_MAX_EXTENT (1 << 20)

/* The input is [H,W,C] within that. */
gan_status gan_image_input(const gan_layer *layer);

/* Fills in kernel, stride, padding and out_h, out_w of a convolution from in_h, in_w, which the caller sets. Fails when
 * no kernel is given, padding does not go with the numbers, or the kernel does not fit into the padded input. */
gan_status gan_kernel_geometry(const gan_layer *layer, const gan_kernel_options *options, gan_conv_geometry *geometry);

/* Checks that the number of weights fits, and counts the operations of one sample: a multiplication and an addition
 * for every tap, padding included. */
gan_status gan_convolution_products(const gan_layer *layer, const gan_conv_geometry *geometry, int64_t *flops);

#endif
