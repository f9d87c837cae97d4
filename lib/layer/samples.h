/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LAYER_SAMPLES_H
#define GAN_LAYER_SAMPLES_H

#include "layer/layer.h"

/* For layers whose work is cut between samples. */

/* Floats of a sample of input 0, and of the output. */
static inline int64_t gan_input_floats(const gan_layer_call *call)
{
    return gan_shape_elements(&call->layer->input[0]);
}

static inline int64_t gan_output_floats(const gan_layer_call *call)
{
    return gan_shape_elements(&call->layer->output);
}

/* Runs the task over ranges of samples, call being its argument: enough of them for some thousand floats. */
void gan_by_samples(const gan_layer_call *call, gan_range_task task);

#endif
