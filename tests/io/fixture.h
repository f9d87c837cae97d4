/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_IO_FIXTURE_H
#define TESTS_IO_FIXTURE_H

#include "support.h"

/* What tests of files begin with: a context, and the path of a file to be, which alone is in its folder when the test
 * ends. */
extern gan_context *context;
extern char folder[64], path[96];

void setup(void);
void teardown(void);

#endif
