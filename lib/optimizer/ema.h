/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_OPTIMIZER_EMA_H
#define GAN_OPTIMIZER_EMA_H

#include "core/schedule.h"
#include "network/network.h"

#include <gan/ema.h>

struct gan_ema {
    atomic_int references;
    gan_network *network, *average;
    gan_ema_options options;
    gan_schedule schedule;
    uint64_t images;
};

gan_ema *gan_ema_retain(gan_ema *ema);

/* The members of its options, for those who keep them in a file. */
extern const gan_field gan_ema_fields[];
extern const int gan_ema_field_count;

#endif
