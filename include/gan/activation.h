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
/* x sigmoid(x): SiLU (Elfwing, Uchibe, Doya 2017), also called Swish. */
GAN_API gan_node *gan_silu_layer(const gan_activation_options *options);
/* log(1 + exp(x)), without overflow: softplus (Dugas et al. 2001). */
GAN_API gan_node *gan_softplus_layer(const gan_activation_options *options);

/* x where x > 0, slope * x elsewhere. */
typedef struct gan_leaky_relu_options {
    size_t size;
    gan_node *input;
    const char *name;
    float slope;  /* 0 <= slope <= 1, default 0.2 */
    int reserved; /* 0 */
} gan_leaky_relu_options;
GAN_API gan_node *gan_leaky_relu_layer(const gan_leaky_relu_options *options);

/* x where x > 0, alpha * (exp(x) - 1) elsewhere: ELU (Clevert, Unterthiner, Hochreiter 2015). */
typedef struct gan_elu_options {
    size_t size;
    gan_node *input;
    const char *name;
    float alpha;  /* 0 < alpha <= 1e30, default 1 */
    int reserved; /* 0 */
} gan_elu_options;
GAN_API gan_node *gan_elu_layer(const gan_elu_options *options);

/* x P(x), where P is the cumulative standard normal distribution: GELU (Hendrycks, Gimpel 2016). */
typedef struct gan_gelu_options {
    size_t size;
    gan_node *input;
    const char *name;
    bool approximate; /* instead x/2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), which some models were trained with */
    int reserved;     /* 0 */
} gan_gelu_options;
GAN_API gan_node *gan_gelu_layer(const gan_gelu_options *options);

/* x where x > 0, slope * x elsewhere, with a trained slope for each channel (He et al. 2015).
 * Parameter: slope [C], or [1] when shared. */
typedef struct gan_prelu_options {
    size_t size;
    gan_node *input;
    const char *name;
    float initial;    /* what slopes begin with, default 0.25, -1e30..1e30 */
    bool shared;      /* one slope for all channels */
    int64_t reserved; /* 0 */
} gan_prelu_options;
GAN_API gan_node *gan_prelu_layer(const gan_prelu_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(relu, gan_activation_options)
GAN_LAYER_CALL_(leaky_relu, gan_leaky_relu_options)
GAN_LAYER_CALL_(tanh, gan_activation_options)
GAN_LAYER_CALL_(sigmoid, gan_activation_options)
GAN_LAYER_CALL_(elu, gan_elu_options)
GAN_LAYER_CALL_(silu, gan_activation_options)
GAN_LAYER_CALL_(gelu, gan_gelu_options)
GAN_LAYER_CALL_(softplus, gan_activation_options)
GAN_LAYER_CALL_(prelu, gan_prelu_options)
#else
#define gan_relu(...)       GAN_LAYER_CALL_(relu, gan_activation_options, __VA_ARGS__)
#define gan_leaky_relu(...) GAN_LAYER_CALL_(leaky_relu, gan_leaky_relu_options, __VA_ARGS__)
#define gan_tanh(...)       GAN_LAYER_CALL_(tanh, gan_activation_options, __VA_ARGS__)
#define gan_sigmoid(...)    GAN_LAYER_CALL_(sigmoid, gan_activation_options, __VA_ARGS__)
#define gan_elu(...)        GAN_LAYER_CALL_(elu, gan_elu_options, __VA_ARGS__)
#define gan_silu(...)       GAN_LAYER_CALL_(silu, gan_activation_options, __VA_ARGS__)
#define gan_gelu(...)       GAN_LAYER_CALL_(gelu, gan_gelu_options, __VA_ARGS__)
#define gan_softplus(...)   GAN_LAYER_CALL_(softplus, gan_activation_options, __VA_ARGS__)
#define gan_prelu(...)      GAN_LAYER_CALL_(prelu, gan_prelu_options, __VA_ARGS__)
#endif

#endif
