/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_FIXTURE_H
#define TESTS_UNIT_FIXTURE_H

#include "game.h"

/* What tests of a session begin with: a context of one thread, a batch of real pictures, and a game that is freed where
 * the test has made one. */
#define BATCH 12

extern gan_context *context;
extern gan_tensor *real; /* float [BATCH,8,8,3] */
extern game play;

void setup(void);
void teardown(void);

/* Makes `play` with these options. */
void start(gan_session_options options);

#endif
