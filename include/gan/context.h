/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CONTEXT_H
#define GAN_CONTEXT_H

#include <gan/status.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A context holds what the objects made from it share: the allocator, the worker threads, the seed, the kernels and
 * the log callback. There is nothing outside a context: two contexts in one process never meet.
 *
 * Every object keeps its context alive; gan_context_free() gives up the caller's reference only, so the order in which
 * handles are freed does not matter. */
typedef struct gan_context gan_context;

/* Option structs, here and in every other header: `size` is the size of the struct as the caller's compiler knows it,
 * every other member that is zero means its default. The macro of the struct's name fills in the size and takes
 * designated initializers: gan_context_create(&context, gan_context_options(.threads = 2, .seed = 7)). The struct lives
 * to the end of the enclosing block and is not needed after the call. NULL stands for all defaults where no member
 * is required. A struct from a newer header is accepted when the members that this library does not know are zero.
 * Members named `reserved` must be zero.
 *
 * Where a member's default is not zero and zero itself is a useful value (a momentum, a slope), GAN_ZERO asks for zero.
 */
#define GAN_ZERO (-0.0f)

/* All processors that the process may run on, for gan_context_options.threads. */
#define GAN_THREADS_ALL (-1)

/* Kernel sets: the implementations of the inner loops. Results are reproducible bit for bit within one set, on one
 * build of the library; between sets they differ by rounding. */
typedef enum gan_kernel_set {
    GAN_KERNELS_AUTO = 0, /* the fastest that this CPU runs */
    GAN_KERNELS_C = 1,    /* portable C, every CPU */
    GAN_KERNELS_AVX2 = 2, /* x86-64 with AVX2 and FMA */
    GAN_KERNELS_AVX512 = 3,
    GAN_KERNELS_NEON = 4
} gan_kernel_set;

typedef enum gan_log_level { GAN_LOG_ERROR = 0, GAN_LOG_WARNING = 1, GAN_LOG_INFO = 2 } gan_log_level;

/* Receives one line without a line break: what a context, a network, a run or a dataset was made as (information), and
 * settings that will cost the caller something, or pictures that are left out (warnings). Errors are statuses, not
 * lines here; GAN_LOG_ERROR is kept for what no call can return. May be called from any thread that calls into the
 * context, never from a worker thread. */
typedef void (*gan_log_function)(void *user, gan_log_level level, const char *message);

/* Where all memory of a context comes from; only a BLAS, the C library and, while a network is saved or loaded, the
 * JSON library have memory of their own, and so has the JPEG library while a picture is read or written. `allocate`
 * returns memory aligned to `alignment` (a power of two, at most 64) or NULL; `release` gets what `allocate` returned,
 * never NULL. Both may be called from several threads at once. */
typedef struct gan_allocator {
    void *(*allocate)(void *user, size_t size, size_t alignment);
    void (*release)(void *user, void *memory);
    void *user;
} gan_allocator;

typedef struct gan_context_options {
    size_t size;
    int threads;             /* 1..256 threads that work in a call, the caller's included; 0: one; GAN_THREADS_ALL */
    int kernels;             /* a gan_kernel_set; default GAN_KERNELS_AUTO */
    uint64_t seed;           /* of every random number; default 0 */
    gan_allocator allocator; /* both functions or neither; default the C library's */
    gan_log_function log;    /* default none: the library never prints */
    void *log_user;
} gan_context_options;
#ifndef __cplusplus
#define gan_context_options(...) (&(gan_context_options){.size = sizeof(gan_context_options), __VA_ARGS__})
#endif

/* Makes a context. options: NULL for the defaults. The caller owns the result and frees it with gan_context_free().
 * GAN_ERROR_INVALID_ARGUMENT: context is NULL, threads or kernels out of range, half an allocator.
 * GAN_ERROR_UNSUPPORTED: the CPU or the build lacks the kernel set asked for.
 * GAN_ERROR_OUT_OF_MEMORY. GAN_ERROR_SYSTEM: a thread could not be started.
 * A context may be used by several threads at once; a call that finds the workers busy does its work alone. Worker
 * threads do not survive fork(): a child process makes a context of its own, and may do no more than free what it has
 * inherited. */
GAN_API gan_status gan_context_create(gan_context **context, const gan_context_options *options);

/* Gives up the caller's reference and sets *context to NULL. NULL and a pointer to NULL are fine. The memory goes with
 * the last object made from the context. */
GAN_API void gan_context_free(gan_context **context);

/* How many threads work in a call, 1..256; 0 for NULL. Thread-safe. */
GAN_API int gan_context_threads(const gan_context *context);

/* The seed the context was made with; 0 for NULL. Thread-safe. */
GAN_API uint64_t gan_context_seed(const gan_context *context);

/* The name of the kernel set in use: "c", "avx2", "avx512" or "neon"; "" for NULL. Thread-safe. */
GAN_API const char *gan_context_kernels(const gan_context *context);

#ifdef __cplusplus
}

/* C++: an option or report struct with its size filled in, and zeros that stand for the defaults:
 * auto options = gan_options<gan_context_options>(); options.threads = 2; gan_context_create(&context, &options); */
template <typename Options> inline Options gan_options()
{
    Options options = Options();
    options.size = sizeof options;
    return options;
}
#endif
#endif
