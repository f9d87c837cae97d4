/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_ACTIVATION_H
#define GAN_ACTIVATION_H

#include <gan/layer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Activations: element by element, the shape stays. gan/layer.h tells how layers are added. Short names: relu, tanh,
 * sigmoid, leaky_relu. */
typedef struct gan_activation_options {
    size_t size;
    gan_node *input;
    const char *name;
} gan_activation_options;
GAN_API gan_node *gan_relu_layer(const gan_activation_options *options); /* max(x, 0) */
GAN_API gan_node *gan_tanh_layer(const gan_activation_options *options);
GAN_API gan_node *gan_sigmoid_layer(const gan_activation_options *options); /* 1 / (1 + exp(-x)) */

/* x where x > 0, slope * x elsewhere. */
typedef struct gan_leaky_relu_options {
    size_t size;
    gan_node *input;
    const char *name;
    float slope; /* 0 <= slope <= 1, default 0.2 */
} gan_leaky_relu_options;
GAN_API gan_node *gan_leaky_relu_layer(const gan_leaky_relu_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(relu, gan_activation_options)
GAN_LAYER_CALL_(leaky_relu, gan_leaky_relu_options)
GAN_LAYER_CALL_(tanh, gan_activation_options)
GAN_LAYER_CALL_(sigmoid, gan_activation_options)
#else
#define gan_relu(...)       GAN_LAYER_CALL_(relu, gan_activation_options, __VA_ARGS__)
#define gan_leaky_relu(...) GAN_LAYER_CALL_(leaky_relu, gan_leaky_relu_options, __VA_ARGS__)
#define gan_tanh(...)       GAN_LAYER_CALL_(tanh, gan_activation_options, __VA_ARGS__)
#define gan_sigmoid(...)    GAN_LAYER_CALL_(sigmoid, gan_activation_options, __VA_ARGS__)
#endif

#endif
