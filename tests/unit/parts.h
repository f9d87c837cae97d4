/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_PARTS_H
#define TESTS_UNIT_PARTS_H

#include "game.h"

/* A training loop of the caller's: what gan/session.h says that a step is, written from the public parts, for the
 * networks, optimizers and options of a game. */
typedef struct parts parts;

parts *new_parts(const game *made, gan_context *context, int64_t batch);
void free_parts(parts **parts);

/* labels: of the real pictures; not looked at in a game without labels. */
void step_by_parts(parts *parts, const gan_tensor *real, const gan_tensor *labels, gan_session_report *report);

#endif
