/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_NETWORK_MEMORY_H
#define GAN_NETWORK_MEMORY_H

#include "network/plan.h"

/* What of a run depends on its largest batch: a plan, its memory, and views of what callers may look at. */
typedef struct gan_run_memory {
    gan_plan plan;
    gan_tensor *kept, *work; /* runs that work one at a time may have one `work` */
    gan_tensor *output[GAN_MAX_INPUTS], *output_gradient[GAN_MAX_INPUTS], *input_gradient[GAN_MAX_INPUTS];
} gan_run_memory;

/* All but `work`. On failure there is nothing to free. */
gan_status gan_run_memory_create(gan_run_memory *memory, const gan_network *network, gan_mode mode, int64_t batch);
void gan_run_memory_free(gan_run_memory *memory, gan_context *context);

/* One block of work for all of these. */
gan_status gan_run_memory_share(gan_run_memory *const *memories, int count, gan_context *context);

/* The memory at a place of the plan. */
static inline float *gan_run_memory_at(const gan_run_memory *memory, size_t place)
{
    size_t kept = memory->plan.kept;
    return place < kept ? (float *)memory->kept->data + place : (float *)memory->work->data + (place - kept);
}

#endif
