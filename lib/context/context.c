/* SPDX-License-Identifier: BSD-2-Clause */
#include "context/context.h"
#include "core/options.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_THREADS 256

static const gan_field fields[] = {
    {"threads", GAN_FIELD_INT, 0, offsetof(gan_context_options, threads), INT_MIN, INT_MAX, 1},
    {"kernels", GAN_FIELD_INT, 0, offsetof(gan_context_options, kernels), GAN_KERNELS_AUTO, GAN_KERNELS_NEON, 0},
};

static int resolve_threads(int threads)
{
    if (threads != GAN_THREADS_ALL) return threads;
    int processors = gan_processors();
    return processors < MAX_THREADS ? processors : MAX_THREADS;
}

static const char *const set_names[] = {"auto", "c", "avx2", "avx512", "neon"};

void gan_log(const gan_context *context, gan_log_level level, const char *format, ...)
{
    if (!context->log) return;
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    context->log(context->log_user, level, line);
}

static void log_beginning(const gan_context *context)
{
    const gan_kernels *kernels = context->kernels;
    bool builtin = kernels->gemm == kernels->gemm_builtin;
    gan_log(context, GAN_LOG_INFO, "libgan %s: %s kernels, matrix products by %s, %d threads", gan_version(),
            kernels->name, builtin ? "libgan" : "a BLAS", gan_pool_threads(context->pool));
    if (!builtin && gan_kernels_blas_threads() > 1)
        gan_log(
            context, GAN_LOG_WARNING,
            "the BLAS starts up to %d threads of its own for a linear layer's product, which slows small ones and may "
            "change their rounding; OPENBLAS_NUM_THREADS=1 prevents that",
            gan_kernels_blas_threads());
}

gan_status gan_context_create(gan_context **handle, const gan_context_options *given)
{
    if (!handle) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_context_create: context is NULL");
    *handle = NULL;
    gan_context_options options;
    gan_status status =
        gan_options_read(&options, sizeof options, given, "gan_context_options", fields, GAN_FIELD_COUNT(fields));
    if (status != GAN_OK) return status;
    if (options.threads != GAN_THREADS_ALL && (options.threads < 1 || options.threads > MAX_THREADS))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_context_options.threads is %d; it must be 1 to %d, 0 for one, or GAN_THREADS_ALL",
                        options.threads, MAX_THREADS);
    if (!options.allocator.allocate != !options.allocator.release)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_context_options.allocator needs both functions or neither");
    const gan_kernels *kernels = gan_kernels_select((gan_kernel_set)options.kernels);
    if (!kernels)
        return gan_fail(GAN_ERROR_UNSUPPORTED,
                        "gan_context_options.kernels asks for %s, which this CPU or this build does not have",
                        set_names[options.kernels]);
    gan_allocator allocator = options.allocator.allocate ? options.allocator : gan_default_allocator();
    gan_context *context = gan_allocate(&allocator, 1, sizeof *context, "a context");
    if (!context) return GAN_ERROR_OUT_OF_MEMORY;
    context->allocator = allocator;
    atomic_init(&context->references, 1);
    atomic_init(&context->networks, 0);
    context->kernels = kernels;
    context->seed = options.seed;
    context->log = options.log;
    context->log_user = options.log_user;
    status = gan_pool_create(&context->pool, &allocator, resolve_threads(options.threads));
    if (status != GAN_OK) {
        gan_release(&allocator, context);
        return status;
    }
    log_beginning(context);
    *handle = context;
    return GAN_OK;
}

gan_context *gan_context_retain(gan_context *context)
{
    atomic_fetch_add(&context->references, 1);
    return context;
}

void gan_context_free(gan_context **handle)
{
    if (!handle || !*handle) return;
    gan_context *context = *handle;
    *handle = NULL;
    if (atomic_fetch_sub(&context->references, 1) > 1) return;
    gan_pool_free(&context->pool);
    while (context->layers) {
        void *block = context->layers->block;
        context->layers = context->layers->next;
        gan_context_release(context, block);
    }
    gan_allocator allocator = context->allocator;
    gan_release(&allocator, context);
}

int gan_context_threads(const gan_context *context)
{
    return context ? gan_pool_threads(context->pool) : 0;
}

uint64_t gan_context_seed(const gan_context *context)
{
    return context ? context->seed : 0;
}

const char *gan_context_kernels(const gan_context *context)
{
    return context ? context->kernels->name : "";
}

const char *gan_version(void)
{
#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)
    return TEXT(GAN_VERSION_MAJOR) "." TEXT(GAN_VERSION_MINOR) "." TEXT(GAN_VERSION_PATCH);
}

bool gan_has_feature(const char *feature)
{
    if (!feature) return false;
#ifdef HAVE_PNG
    if (strcmp(feature, "png") == 0) return true;
#endif
#ifdef HAVE_JPEG
    if (strcmp(feature, "jpeg") == 0) return true;
#endif
#ifdef HAVE_JSON
    if (strcmp(feature, "json") == 0) return true;
#endif
#ifdef HAVE_LAPACK
    if (strcmp(feature, "lapack") == 0) return true;
#endif
    if (strcmp(feature, "blas") == 0) return gan_kernels_use_blas();
    for (int set = GAN_KERNELS_C; set <= GAN_KERNELS_NEON; set++)
        if (strcmp(feature, set_names[set]) == 0) return gan_kernels_select((gan_kernel_set)set) != NULL;
    return false;
}
