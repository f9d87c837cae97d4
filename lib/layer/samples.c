/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/samples.h"

#define GRAIN 8192 /* floats a task */

void gan_by_samples(const gan_layer_call *call, gan_range_task task)
{
    int64_t in = gan_input_floats(call), out = gan_output_floats(call), sample = in > out ? in : out;
    gan_pool_ranges(call->pool, task, (void *)call, call->batch, sample < GRAIN ? GRAIN / sample : 1);
}
