/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CONTEXT_CONTEXT_H
#define GAN_CONTEXT_CONTEXT_H

#include "core/error.h"
#include "core/memory.h"
#include "core/pool.h"
#include "kernel/kernel.h"

#include <gan/context.h>
#include <stdatomic.h>

/* A block that a higher layer has hung on the context, and that goes with it. */
typedef struct gan_extension {
    struct gan_extension *next;
    const char *name;
    void *block; /* the extension lies in it */
} gan_extension;

struct gan_context {
    atomic_int references;
    gan_allocator allocator;
    gan_pool *pool;
    const gan_kernels *kernels;
    uint64_t seed;
    gan_log_function log;
    void *log_user;
    atomic_uint networks;  /* made so far: each draws its weights from a place of its own */
    gan_extension *layers; /* types of layers that the caller has registered */
};

gan_context *gan_context_retain(gan_context *context);

/* One line to the context's log callback, if it has one. */
void gan_log(const gan_context *context, gan_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* gan_allocate() and gan_release() with the context's allocator. */
static inline void *gan_context_allocate(gan_context *context, size_t count, size_t size, const char *what)
{
    return gan_allocate(&context->allocator, count, size, what);
}

static inline void gan_context_release(gan_context *context, void *memory)
{
    gan_release(&context->allocator, memory);
}

#endif
