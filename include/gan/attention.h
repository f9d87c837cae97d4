/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_ATTENTION_H
#define GAN_ATTENTION_H

#include <gan/layer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Softmax attention within each sample. All dimensions but the last are places: of the query n of them with d channels,
 * of the key m with d, of the value m with e. The output has the query's places and the value's channels:
 *     y[i,:] = sum over j of softmax over j of (scale * query[i,:] . key[j,:]) * value[j,:]
 * query [..,d], key [..,d], value [..,e] -> [..,e]. A picture need not be flattened: a query of H,W,d and a key of
 * h,w,d and a value of h,w,e give H,W,e. A run keeps n * m numbers for each sample. gan/block.h has SAGAN's block
 * around it. */
typedef struct gan_attention_options {
    size_t size;
    gan_node *input; /* the query */
    const char *name;
    gan_node *key, *value; /* required */
    float scale;           /* above 0, default 1, as in SAGAN (Zhang et al. 2019); transformers take 1 / sqrt(d) */
    int reserved;          /* 0 */
} gan_attention_options;
GAN_API gan_node *gan_attention_layer(const gan_attention_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(attention, gan_attention_options)
#else
#define gan_attention(...) GAN_LAYER_CALL_(attention, gan_attention_options, __VA_ARGS__)
#endif

#endif
