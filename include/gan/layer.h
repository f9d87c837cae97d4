/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LAYER_H
#define GAN_LAYER_H

#include <gan/initializer.h>
#include <gan/tensor.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Layers are added to a network by calls that take nodes and return a node:
 *
 *     x = gan_conv2d(x, .filters = 32, .kernel = 4, .stride = 2, .padding = GAN_PADDING_SAME);
 *     x = gan_relu(gan_batch_norm(x));
 *
 * A call that fails returns NULL, and a NULL node makes every later call return NULL; the network remembers the first
 * error, and gan_network_build() reports it. So a model is written without a check per line and checked once. Nodes
 * belong to their network: they are not freed, and end with it.
 *
 * These calls are macros in C11 and inline functions in C++: they fill in `size` and `input` of the layer's options and
 * call the function of their name with _layer. Other languages fill in the struct themselves (gan/context.h tells how
 * options work).
 *
 * Each layer gets a name that is unique in its network: options.name, or the layer's short name and a count
 * ("conv0", "bn2"). A name of the caller's is 1..63 letters, digits, '_' and '-', and is copied. Parameters and buffers
 * have the layer's name and their own, "conv0.weight": by these gan_network_find() and files know them, so that short
 * names and parameters' names never change. Short names: conv (conv2d), deconv (conv2d_transpose), linear, reshape,
 * flatten, concat, add, input; other headers name theirs.
 *
 * Shapes below leave out the batch N, which is the first dimension of everything. H, W and C are height, width and
 * channels. Errors that builder calls leave in the network: GAN_ERROR_INVALID_ARGUMENT (options), GAN_ERROR_SHAPE
 * (inputs that do not fit), GAN_ERROR_STATE (the network is built already), GAN_ERROR_OUT_OF_MEMORY.
 * Thread-safety: one thread at a time builds a network. */
typedef struct gan_node gan_node;
typedef struct gan_network gan_network;

#define GAN_MAX_INPUTS 8

/* Where a convolution's border comes from. For TensorFlow's "same" the output has ceil(in / stride) rows, and of the
 * max((out - 1) * stride + kernel - in, 0) rows of zeros needed the smaller half is above: for an even kernel at stride
 * 1 one before and two after. A transposed convolution is the adjoint of the convolution with the same padding from its
 * output size back. */
typedef enum gan_padding {
    GAN_PADDING_VALID = 0, /* none */
    GAN_PADDING_SAME = 1,
    GAN_PADDING_EXPLICIT = 2 /* pad_top, pad_bottom, pad_left, pad_right */
} gan_padding;

/* Spectral normalization (Miyato, Kataoka, Koyama, Yoshida 2018): with `spectral_norm` a layer works with W / sigma in
 * place of its weight W, where sigma is the largest singular value of W as a matrix, outputs x everything else. It is
 * estimated by power iteration on the buffer "LAYER.u" [outputs], a vector of length 1 that begins at random. Each
 * training pass makes one iteration,
 *     v = W' u / |W' u|,  u = W v / |W v|,  sigma = u' W v,
 * and inference leaves u where it is: sigma = |W' u|. Gradients of W flow through sigma, u and v being constants. All
 * this is what PyTorch's spectral_norm does, but that it keeps v of the last training pass for inference. W itself is
 * what is trained and saved. A weight that is all zeros is left as it is. */

/* An input of the network. shape: 1..GAN_MAX_RANK-1 dimensions, each at least 1, without the batch.
 * gan_input(network, 16, 16, 3). A network may have several; their order is the order of the calls. */
GAN_API gan_node *gan_input_layer(gan_network *network, int rank, const int64_t *shape, const char *name);

/* Two-dimensional cross-correlation: H,W,C -> OH,OW,filters. H, W and C are at most 2^20.
 *     y[o,p,f] = bias[f] + sum over i,j,c of
 *                x[o * stride_h + i - pad_top, p * stride_w + j - pad_left, c] * weight[i,j,c,f]
 * Parameters: weight [kernel_h, kernel_w, C, filters], bias [filters].
 *
 * With `groups`, which divides C and filters, channels and filters are cut into as many groups, and a filter sees the
 * channels of its own group only: weight [kernel_h, kernel_w, C / groups, filters]. groups = C is a depthwise
 * convolution, which is fastest where filters = C, too. */
typedef struct gan_conv2d_options {
    size_t size;
    gan_node *input;
    const char *name;
    int filters;            /* output channels, 1..2^20, required */
    int kernel;             /* height and width, 1..2^15; required, unless kernel_h and kernel_w are given */
    int kernel_h, kernel_w; /* where the two differ, 1..2^15; default kernel */
    int stride;             /* 1..2^15, default 1 */
    int stride_h, stride_w; /* where the two differ, 1..2^15; default stride */
    int padding;            /* a gan_padding, default GAN_PADDING_VALID */
    int pad_top, pad_bottom, pad_left, pad_right; /* 0..2^15, only with GAN_PADDING_EXPLICIT; default 0 */
    bool no_bias;                                 /* no parameter bias */
    bool spectral_norm;                           /* of the weight: see above */
    gan_initializer weights;                      /* default the network's */
    gan_initializer biases;                       /* default zeros */
    int groups;                                   /* 1.., default 1 */
} gan_conv2d_options;
GAN_API gan_node *gan_conv2d_layer(const gan_conv2d_options *options);

/* Transposed convolution, the adjoint of gan_conv2d from its output back: H,W,C -> OH,OW,filters, all at most 2^20. For
 * SAME the output is H * stride, for VALID (H - 1) * stride + kernel, for EXPLICIT that less the padding; output_h and
 * output_w choose another of the stride sizes whose convolution gives H,W: up to stride - 1 less for SAME, or more for
 * the others.
 *     y[o,p,f] = bias[f] + sum over h,w,c, i = o + pad_top - h * stride_h, j = p + pad_left - w * stride_w of
 *                x[h,w,c] * weight[i,j,f,c], where 0 <= i < kernel_h and 0 <= j < kernel_w
 * Parameters: weight [kernel_h, kernel_w, filters / groups, C], bias [filters]. */
typedef struct gan_conv2d_transpose_options {
    size_t size;
    gan_node *input;
    const char *name;
    int filters; /* from here to pad_right as for gan_conv2d */
    int kernel;
    int kernel_h, kernel_w;
    int stride;
    int stride_h, stride_w;
    int padding;
    int pad_top, pad_bottom, pad_left, pad_right;
    int output_h, output_w;  /* 1..2^20, see above for which; default: as above */
    bool no_bias;            /* no parameter bias */
    bool spectral_norm;      /* of the weight: see above */
    gan_initializer weights; /* default the network's */
    gan_initializer biases;  /* default zeros */
    int groups;              /* of that convolution, 1.., default 1; divides C and filters */
} gan_conv2d_transpose_options;
GAN_API gan_node *gan_conv2d_transpose_layer(const gan_conv2d_transpose_options *options);

/* y = x weight + bias on the last dimension: ..,C -> ..,units, C at most 2^20.
 * Parameters: weight [C, units], bias [units]. */
typedef struct gan_linear_options {
    size_t size;
    gan_node *input;
    const char *name;
    int units;               /* 1..2^20, required */
    bool no_bias;            /* no parameter bias */
    bool spectral_norm;      /* of the weight: see above */
    gan_initializer weights; /* default the network's */
    gan_initializer biases;  /* default zeros */
} gan_linear_options;
GAN_API gan_node *gan_linear_layer(const gan_linear_options *options);

/* The same elements in another shape of as many: gan_reshape(x, .shape = {1, 1, 100}). One dimension may be -1: what is
 * left. The list ends at the first 0. */
typedef struct gan_reshape_options {
    size_t size;
    gan_node *input;
    const char *name;
    int64_t shape[GAN_MAX_RANK]; /* required */
} gan_reshape_options;
GAN_API gan_node *gan_reshape_layer(const gan_reshape_options *options);

/* All dimensions as one. */
typedef struct gan_flatten_options {
    size_t size;
    gan_node *input;
    const char *name;
} gan_flatten_options;
GAN_API gan_node *gan_flatten_layer(const gan_flatten_options *options);

/* Joins 2..GAN_MAX_INPUTS nodes along the last dimension: ..,C1 and ..,C2 -> ..,C1+C2. The other dimensions agree. */
GAN_API gan_node *gan_concat_layer(gan_node *const *inputs, int count, const char *name);

/* The sum of 2..GAN_MAX_INPUTS nodes of one shape. */
GAN_API gan_node *gan_add_layer(gan_node *const *inputs, int count, const char *name);

/* The node's shape without the batch, for code that builds by what it gets: 0 for NULL or an axis out of range. */
GAN_API int gan_node_rank(const gan_node *node);
GAN_API int64_t gan_node_dimension(const gan_node *node, int axis);
GAN_API const char *gan_node_name(const gan_node *node); /* lives as long as the network; "" for NULL */

#ifdef __cplusplus
}

/* C++11: gan_conv2d(x, options), where options need neither size nor input; C++20: gan_conv2d(x, {.filters = 16}). */
#define GAN_LAYER_CALL_(layer, type)                                     \
    inline gan_node *gan_##layer(gan_node *input, type options = type()) \
    {                                                                    \
        options.size = sizeof options;                                   \
        options.input = input;                                           \
        return gan_##layer##_layer(&options);                            \
    }
GAN_LAYER_CALL_(conv2d, gan_conv2d_options)
GAN_LAYER_CALL_(conv2d_transpose, gan_conv2d_transpose_options)
GAN_LAYER_CALL_(linear, gan_linear_options)
GAN_LAYER_CALL_(reshape, gan_reshape_options)
GAN_LAYER_CALL_(flatten, gan_flatten_options)

template <typename... Dimensions> gan_node *gan_input(gan_network *network, Dimensions... dimensions)
{
    const int64_t shape[] = {static_cast<int64_t>(dimensions)...};
    return gan_input_layer(network, static_cast<int>(sizeof...(dimensions)), shape, nullptr);
}
template <typename... Nodes> gan_node *gan_concat(Nodes... nodes)
{
    gan_node *const inputs[] = {nodes...};
    return gan_concat_layer(inputs, static_cast<int>(sizeof...(nodes)), nullptr);
}
template <typename... Nodes> gan_node *gan_add(Nodes... nodes)
{
    gan_node *const inputs[] = {nodes...};
    return gan_add_layer(inputs, static_cast<int>(sizeof...(nodes)), nullptr);
}
#else
#define GAN_LAYER_CALL_(layer, type, ...) gan_##layer##_layer(&(type){.size = sizeof(type), .input = __VA_ARGS__})
#define gan_conv2d(...)                   GAN_LAYER_CALL_(conv2d, gan_conv2d_options, __VA_ARGS__)
#define gan_conv2d_transpose(...)         GAN_LAYER_CALL_(conv2d_transpose, gan_conv2d_transpose_options, __VA_ARGS__)
#define gan_linear(...)                   GAN_LAYER_CALL_(linear, gan_linear_options, __VA_ARGS__)
#define gan_reshape(...)                  GAN_LAYER_CALL_(reshape, gan_reshape_options, __VA_ARGS__)
#define gan_flatten(...)                  GAN_LAYER_CALL_(flatten, gan_flatten_options, __VA_ARGS__)

#define gan_input(network, ...) gan_input_layer((network), GAN_SHAPE(__VA_ARGS__), NULL)
#define GAN_NODES_(...) \
    (gan_node *const[]){__VA_ARGS__}, (int)(sizeof((gan_node *const[]){__VA_ARGS__}) / sizeof(gan_node *))
#define gan_concat(...) gan_concat_layer(GAN_NODES_(__VA_ARGS__), NULL)
#define gan_add(...)    gan_add_layer(GAN_NODES_(__VA_ARGS__), NULL)
#endif

#endif
