/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_NETWORK_PROFILE_H
#define GAN_NETWORK_PROFILE_H

#include "network/network.h"

#include <gan/profile.h>

#define GAN_PASSES 6

typedef struct gan_profile_cell {
    int64_t calls, samples, nanoseconds;
} gan_profile_cell;

/* A network's part of a profile: a cell for each node and pass, and one more row of cells for what is of no layer. */
typedef struct gan_profile_part {
    gan_network *network;
    gan_profile_cell (*cells)[GAN_PASSES];
    struct gan_profile_part *next;
} gan_profile_part;

gan_profile *gan_profile_retain(gan_profile *profile);

/* The network's part, made when there is none; NULL when there is no memory for it. Valid as long as the profile. */
gan_profile_part *gan_profile_part_of(gan_profile *profile, gan_network *network);

/* Adds a call that began at `begin` (gan_clock()) and ends now; returns now. node: NULL for the optimizer. */
int64_t gan_profile_add(gan_profile_part *part, const gan_node *node, gan_pass pass, int64_t samples, int64_t begin);

/* Adds the time from `begin` to now to the pass, as part of a call that is counted already. */
void gan_profile_extend(gan_profile_part *part, const gan_node *node, gan_pass pass, int64_t begin);

#endif
