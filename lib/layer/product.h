/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LAYER_PRODUCT_H
#define GAN_LAYER_PRODUCT_H

#include "layer/layer.h"

/* Matrix products of layers: y [rows, out] = x [rows, in] * w [in, out], and its gradients, by all workers. Work is cut
 * by rows of the result. The layer's scratch has to be gan_product_scratch(). */
typedef struct gan_product {
    int64_t rows, in, out;
} gan_product;

size_t gan_product_scratch(const gan_kernels *kernels);

/* y = bias + x w; bias [out] may be NULL. */
void gan_product_forward(const gan_layer_call *call, const gan_product *p, float *y, const float *x, const float *w,
                         const float *bias);

/* dx = dy w', or added to dx. */
void gan_product_inputs(const gan_layer_call *call, const gan_product *p, float *dx, const float *dy, const float *w,
                        bool accumulate);

/* dw += x' dy */
void gan_product_weights(const gan_layer_call *call, const gan_product *p, float *dw, const float *x, const float *dy);

#endif
