/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_IO_CHECKPOINT_FOLDER_H
#define TESTS_IO_CHECKPOINT_FOLDER_H

#include "training.h"

#include <stdatomic.h>

/* What tests of checkpoints begin with: a folder with room for two files, and a context whose allocator counts. */

extern char folder[64], path[96], other_path[96];
extern gan_context *context;

/* The allocator's calls, what is alive, the largest block, and the call that fails (0: none). */
extern atomic_int calls, live;
extern int fail_at;
extern _Atomic size_t largest_block;

void setup(void);
void teardown(void);
gan_context *counting_context(uint64_t seed);

/* The bytes of a training's checkpoint after so many steps, which is under `path`. */
content saved(const training_plan *plan, int steps);

#endif
