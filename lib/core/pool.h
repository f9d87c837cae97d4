/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CORE_POOL_H
#define GAN_CORE_POOL_H

#include <gan/context.h>

/* Worker threads that run numbered tasks. Who cuts work into tasks does so by shape, never by the number of threads,
 * and gives each task an output of its own: then the result is the same whichever thread runs which task. */
typedef struct gan_pool gan_pool;

/* task: 0..count-1. worker: 0..threads-1, never the same in two tasks at once of one gan_pool_run(): scratch memory is
 * indexed by it. */
typedef void (*gan_task)(void *argument, int64_t task, int worker);

/* threads counts the caller: threads - 1 are started. Fails with GAN_ERROR_OUT_OF_MEMORY or GAN_ERROR_SYSTEM. */
gan_status gan_pool_create(gan_pool **pool, const gan_allocator *allocator, int threads);
void gan_pool_free(gan_pool **pool);
int gan_pool_threads(const gan_pool *pool);

/* Runs all tasks and returns when they are done. When the pool is already at work, for another thread of the caller's
 * or from within a task, the calling thread runs all of them itself, as worker 0. */
void gan_pool_run(gan_pool *pool, gan_task task, void *argument, int64_t count);

/* Cuts 0..total-1 into ranges of `grain` (the last may be shorter) and runs one task for each. */
typedef void (*gan_range_task)(void *argument, int64_t begin, int64_t end, int worker);
void gan_pool_ranges(gan_pool *pool, gan_range_task task, void *argument, int64_t total, int64_t grain);

/* Processors the process may run on, at least 1. */
int gan_processors(void);

#endif
