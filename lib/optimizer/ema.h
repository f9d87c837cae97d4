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

#endif
