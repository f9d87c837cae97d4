/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CORE_CLOCK_H
#define GAN_CORE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds since some moment in the past. It is time as it passes, whatever the processor works at, and it never
 * goes back: CLOCK_MONOTONIC. */
static inline int64_t gan_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#endif
