/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_ALLOCATOR_H
#define TESTS_ALLOCATOR_H

#include <gan/context.h>
#include <stdatomic.h>

/* An allocator that counts, and has nothing to give at one of its calls. Begins as zeros. */
typedef struct failing_allocator {
    atomic_int calls, live; /* so far, and blocks that were not released */
    int fail_at;            /* the call that fails, from 1; 0: none */
} failing_allocator;

/* For gan_context_options.allocator. */
gan_allocator allocator_of(failing_allocator *allocator);

#endif
