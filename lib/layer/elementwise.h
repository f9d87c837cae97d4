/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LAYER_ELEMENTWISE_H
#define GAN_LAYER_ELEMENTWISE_H

#include "layer/layer.h"

/* The output has the shape of the input. */
gan_status gan_infer_same_shape(gan_layer *layer);

/* The same, of several inputs that must have one shape. */
gan_status gan_infer_equal_shapes(gan_layer *layer);

/* Floats a task: large enough to hide its start, small enough for the first-level cache. */
#define GAN_ELEMENTWISE_GRAIN 8192

/* Elements of the batch's output. */
int64_t gan_call_elements(const gan_layer_call *call);

/* Runs the task over ranges of the batch's output elements, call being its argument. */
void gan_elementwise(const gan_layer_call *call, gan_range_task task);

/* Copies n floats by all workers; source == target is nothing to do. */
void gan_parallel_copy(gan_pool *pool, float *target, const float *source, int64_t n);

#endif
