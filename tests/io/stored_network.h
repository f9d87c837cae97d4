/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_IO_STORED_NETWORK_H
#define TESTS_IO_STORED_NETWORK_H

#include "support.h"

/* What tests of networks in files begin with: a context, and a file to be, alone in its folder. */
extern gan_context *context;
extern char path[96];

void setup(void);
void teardown(void);

/* An architecture, written by hand. */
extern const char by_hand[];

#endif
