/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_NETWORK_RUN_H
#define GAN_NETWORK_RUN_H

#include "network/memory.h"

#define GAN_MAX_TOGETHER 4

/* gan_run_create() for up to GAN_MAX_TOGETHER runs of one context that work one at a time: they share the memory that
 * is dead between passes. networks: built. On failure all runs are NULL. */
gan_status gan_run_create_together(gan_run **const *runs, gan_network *const *networks, int count, gan_mode mode,
                                   int64_t batch);

#endif
