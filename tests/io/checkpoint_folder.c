/* SPDX-License-Identifier: BSD-2-Clause */
#include "checkpoint_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

char folder[64], path[96], other_path[96];

atomic_int calls, live;
int fail_at;
_Atomic size_t largest_block;

static void *allocate(void *user, size_t size, size_t alignment)
{
    void *memory = NULL;
    (void)user;
    if (size > largest_block) largest_block = size;
    if (atomic_fetch_add(&calls, 1) + 1 == fail_at || posix_memalign(&memory, alignment, size) != 0) return NULL;
    atomic_fetch_add(&live, 1);
    return memory;
}

static void release(void *user, void *memory)
{
    (void)user;
    atomic_fetch_sub(&live, 1);
    free(memory);
}

gan_context *counting_context(uint64_t seed)
{
    gan_context *made;
    ok(gan_context_create(&made,
                          gan_context_options(.seed = seed, .allocator = {.allocate = allocate, .release = release})));
    return made;
}

gan_context *context;

void setup(void)
{
    fail_at = 0;
    context = counting_context(42);
    snprintf(folder, sizeof folder, "%s", "/tmp/gan-checkpoint-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(other_path, sizeof other_path, "%s/other", folder);
}

void teardown(void)
{
    unlink(path);
    unlink(other_path);
    ck_assert_msg(rmdir(folder) == 0, "something was left in %s", folder);
    gan_context_free(&context);
    ck_assert_int_eq(live, 0);
}

content saved(const training_plan *plan, int steps)
{
    training t;
    ok(training_start(&t, context, plan));
    ok(training_go_on(&t, steps));
    ok(gan_checkpoint_save(t.session, t.data, path, gan_checkpoint_options(.note = "a \"note\"\n")));
    training_stop(&t);
    largest_block = 0;
    return read_content(path);
}
