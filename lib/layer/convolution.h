/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LAYER_CONVOLUTION_H
#define GAN_LAYER_CONVOLUTION_H

#include "layer/export.h"

/* The products of a convolution, shared by conv2d and conv2d_transpose, whose forward pass is conv2d's adjoint. Work is
 * cut by the geometry and the batch only, and its scratch is call->shared. */

/* target = bias + the convolution of source, or its adjoint. bias may be NULL: zeros. */
void gan_convolution_product(const gan_layer_call *call, const gan_conv_geometry *geometry, bool adjoint, float *target,
                             const float *source, const float *weight, const float *bias);

/* gradient += that of the weight, from the image and the gradient of the output. */
void gan_convolution_gradient(const gan_layer_call *call, const gan_conv_geometry *geometry, float *gradient,
                              const float *image, const float *output);

/* bias [c] += the sum over the rows of gradient [rows, c]. */
void gan_bias_gradient(const gan_layer_call *call, float *bias, const float *gradient, int64_t rows, int64_t c);

size_t gan_bias_gradient_floats(int64_t c);

/* What the calls above need of call->shared. */
size_t gan_convolution_floats(const gan_conv_geometry *geometry, const gan_kernels *kernels, int64_t batch,
                              int64_t bias_channels);

/* How options describe a kernel: those of convolutions and pooling have the same members. */
typedef struct gan_kernel_options {
    int kernel, kernel_h, kernel_w, stride, stride_h, stride_w;
    int padding, pad_top, pad_bottom, pad_left, pad_right;
} gan_kernel_options;

#define GAN_KERNEL_OPTIONS(o)                                                                               \
    {                                                                                                       \
        (o)->kernel, (o)->kernel_h, (o)->kernel_w, (o)->stride, (o)->stride_h, (o)->stride_w, (o)->padding, \
            (o)->pad_top, (o)->pad_bottom, (o)->pad_left, (o)->pad_right                                    \
    }

/* The fields of these, for a table; stride_fallback: what 0 stands for. */
#define GAN_WINDOW_FIELDS(type, stride_fallback)                                                            \
    {"kernel", GAN_FIELD_INT, 0, offsetof(type, kernel), 1, 1 << 15, 0},                                    \
        {"kernel_h", GAN_FIELD_INT, 0, offsetof(type, kernel_h), 1, 1 << 15, 0},                            \
        {"kernel_w", GAN_FIELD_INT, 0, offsetof(type, kernel_w), 1, 1 << 15, 0},                            \
        {"stride", GAN_FIELD_INT, 0, offsetof(type, stride), 1, 1 << 15, stride_fallback},                  \
        {"stride_h", GAN_FIELD_INT, 0, offsetof(type, stride_h), 1, 1 << 15, 0},                            \
        {"stride_w", GAN_FIELD_INT, 0, offsetof(type, stride_w), 1, 1 << 15, 0},                            \
        {"padding", GAN_FIELD_INT, 0, offsetof(type, padding), 0, GAN_PADDING_EXPLICIT, GAN_PADDING_VALID}, \
        {"pad_top", GAN_FIELD_INT, 0, offsetof(type, pad_top), 0, 1 << 15, 0},                              \
        {"pad_bottom", GAN_FIELD_INT, 0, offsetof(type, pad_bottom), 0, 1 << 15, 0},                        \
        {"pad_left", GAN_FIELD_INT, 0, offsetof(type, pad_left), 0, 1 << 15, 0},                            \
    {                                                                                                       \
        "pad_right", GAN_FIELD_INT, 0, offsetof(type, pad_right), 0, 1 << 15, 0                             \
    }

/* The fields that both structs have, for their tables. */
#define GAN_KERNEL_FIELDS(type)                                                                        \
    {"filters", GAN_FIELD_INT, GAN_FIELD_REQUIRED, offsetof(type, filters), 1, 1 << 20, 0},            \
        GAN_WINDOW_FIELDS(type, 1), {"no_bias", GAN_FIELD_BOOL, 0, offsetof(type, no_bias), 0, 1, 0},  \
        {"weights", GAN_FIELD_INITIALIZER, 0, offsetof(type, weights), 0, 0, GAN_INITIALIZER_DEFAULT}, \
        {"spectral_norm", GAN_FIELD_BOOL, 0, offsetof(type, spectral_norm), 0, 1, 0},                  \
    {                                                                                                  \
        "biases", GAN_FIELD_INITIALIZER, 0, offsetof(type, biases), 0, 0, GAN_INITIALIZER_ZEROS        \
    }

/* Heights, widths and channels above this are refused, so that a pixel's place fits into 64 bits with room to spare. */
#define GAN_MAX_EXTENT (1 << 20)

/* The input is [H,W,C] within that. */
gan_status gan_image_input(const gan_layer *layer);

/* Fills in kernel, stride, padding and out_h, out_w of a convolution from in_h, in_w, which the caller sets. Fails when
 * no kernel is given, padding does not go with the numbers, or the kernel does not fit into the padded input. */
gan_status gan_kernel_geometry(const gan_layer *layer, const gan_kernel_options *options, gan_conv_geometry *geometry);

/* The attributes of a window in a graph. What it reaches beyond the picture's end is padding, however that was asked
 * for. */
typedef struct gan_export_window {
    gan_attribute kernel, strides, pads;
} gan_export_window;

gan_export_window gan_export_window_of(const gan_conv_geometry *geometry);

/* An operator on the picture, parameter 0 as its kernel and, where there is one, the bias. */
gan_value gan_export_convolution(gan_export *e, const char *type, const gan_attribute *attributes, int count);

/* Checks that the groups divide the channels and that the number of weights fits, and counts the operations of one
 * sample: a multiplication and an addition for every tap, padding included. */
gan_status gan_convolution_products(const gan_layer *layer, const gan_conv_geometry *geometry, int64_t *flops);

#endif
