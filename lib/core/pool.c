/* SPDX-License-Identifier: BSD-2-Clause */
#ifdef HAVE_AFFINITY
#define _GNU_SOURCE /* sched_getaffinity() and cpu_set_t */
#endif
#include "core/pool.h"
#include "core/error.h"
#include "core/memory.h"

#include <pthread.h>
#ifdef HAVE_AFFINITY
#include <sched.h>
#endif
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

/* `cursor` is the round's number in its high half and the tasks not yet taken in its low half. A thread takes a task by
 * a compare-and-swap that counts down: it succeeds only while that round still has tasks, and so only while `task`,
 * `argument`, `count` and `float_mode` are that round's. The next round begins when `finished` has reached `count`. */
struct gan_pool {
    gan_allocator allocator;
    pid_t process; /* that the workers are in: a child after fork() has none */
    int threads;
    int started;
    int spins; /* looks for work before a thread goes to sleep; none when the threads outnumber the processors */
    atomic_flag busy;
    _Atomic uint64_t cursor;
    _Atomic(gan_task) task;
    _Atomic(void *) argument;
    _Atomic int64_t count;
    _Atomic int64_t finished;
    _Atomic uint64_t float_mode; /* the caller's */
    _Atomic int sleeping;        /* workers waiting for `work` */
    _Atomic bool waiting;        /* the caller waits for `done` */
    _Atomic bool stop;
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
    struct worker {
        gan_pool *pool;
        pthread_t thread;
        int index;
    } workers[];
};

#define REMAINING(cursor) ((int64_t)((cursor)&0xffffffffu))

/* How the calling thread rounds, and what it does with denormal numbers: workers calculate as their caller does. */
static uint64_t float_mode(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_stmxcsr() & ~0x3fu; /* without the flags of what has happened */
#elif defined(__aarch64__)
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
#else
    return 0;
#endif
}

static void set_float_mode(uint64_t mode)
{
    if (mode == float_mode()) return;
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr((unsigned)mode);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(mode));
#endif
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

int gan_processors(void)
{
#ifdef HAVE_AFFINITY
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

/* Takes and runs tasks until none is left. */
static void work_round(gan_pool *pool, int worker)
{
    uint64_t cursor = atomic_load(&pool->cursor);
    while (REMAINING(cursor) > 0) {
        gan_task task = atomic_load(&pool->task);
        void *argument = atomic_load(&pool->argument);
        int64_t count = atomic_load(&pool->count);
        uint64_t mode = atomic_load(&pool->float_mode);
        if (!atomic_compare_exchange_weak(&pool->cursor, &cursor, cursor - 1)) continue;
        if (worker > 0) set_float_mode(mode);
        task(argument, count - REMAINING(cursor), worker);
        if (atomic_fetch_add(&pool->finished, 1) + 1 == count && atomic_load(&pool->waiting)) {
            pthread_mutex_lock(&pool->mutex);
            pthread_cond_signal(&pool->done);
            pthread_mutex_unlock(&pool->mutex);
        }
        cursor = atomic_load(&pool->cursor);
    }
}

static bool has_work(gan_pool *pool)
{
    return REMAINING(atomic_load(&pool->cursor)) > 0 || atomic_load(&pool->stop);
}

static void wait_for_work(gan_pool *pool)
{
    for (int i = 0; i < pool->spins; i++) {
        if (has_work(pool)) return;
        relax();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleeping, 1);
    while (!has_work(pool)) pthread_cond_wait(&pool->work, &pool->mutex);
    atomic_fetch_sub(&pool->sleeping, 1);
    pthread_mutex_unlock(&pool->mutex);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    gan_pool *pool = worker->pool;
    while (!atomic_load(&pool->stop)) {
        wait_for_work(pool);
        work_round(pool, worker->index);
    }
    return NULL;
}

static void wait_until_done(gan_pool *pool, int64_t count)
{
    for (int i = 0; i < pool->spins; i++) {
        if (atomic_load(&pool->finished) == count) return;
        relax();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->waiting, true);
    while (atomic_load(&pool->finished) != count) pthread_cond_wait(&pool->done, &pool->mutex);
    atomic_store(&pool->waiting, false);
    pthread_mutex_unlock(&pool->mutex);
}

static void run_round(gan_pool *pool, gan_task task, void *argument, int64_t count)
{
    atomic_store(&pool->task, task);
    atomic_store(&pool->argument, argument);
    atomic_store(&pool->count, count);
    atomic_store(&pool->float_mode, float_mode());
    atomic_store(&pool->finished, 0);
    uint64_t round = (atomic_load(&pool->cursor) >> 32) + 1;
    atomic_store(&pool->cursor, round << 32 | (uint64_t)count);
    if (atomic_load(&pool->sleeping) > 0) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->work);
        pthread_mutex_unlock(&pool->mutex);
    }
    work_round(pool, 0);
    wait_until_done(pool, count);
}

void gan_pool_run(gan_pool *pool, gan_task task, void *argument, int64_t count)
{
    bool alone = count < 2 || count > UINT32_MAX || pool->threads < 2;
    if (alone || atomic_flag_test_and_set(&pool->busy)) {
        for (int64_t i = 0; i < count; i++) task(argument, i, 0);
        return;
    }
    run_round(pool, task, argument, count);
    atomic_flag_clear(&pool->busy);
}

struct ranges {
    gan_range_task task;
    void *argument;
    int64_t total, grain;
};

static void run_range(void *argument, int64_t index, int worker)
{
    const struct ranges *ranges = argument;
    int64_t begin = index * ranges->grain;
    int64_t end = ranges->total - begin < ranges->grain ? ranges->total : begin + ranges->grain;
    ranges->task(ranges->argument, begin, end, worker);
}

void gan_pool_ranges(gan_pool *pool, gan_range_task task, void *argument, int64_t total, int64_t grain)
{
    struct ranges ranges = {task, argument, total, grain};
    gan_pool_run(pool, run_range, &ranges, total / grain + (total % grain != 0));
}

int gan_pool_threads(const gan_pool *pool)
{
    return pool->threads;
}

static void stop_workers(gan_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->stop, true);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    for (int i = 0; i < pool->started; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->mutex);
}

void gan_pool_free(gan_pool **handle)
{
    gan_pool *pool = *handle;
    if (!pool) return;
    if (pool->process == getpid()) stop_workers(pool);
    gan_allocator allocator = pool->allocator;
    gan_release(&allocator, pool);
    *handle = NULL;
}

static gan_status start_each_worker(gan_pool *pool)
{
    for (int i = 0; i < pool->threads - 1; i++) {
        struct worker *worker = &pool->workers[i];
        worker->pool = pool;
        worker->index = i + 1;
        int error = pthread_create(&worker->thread, NULL, work, worker);
        char reason[GAN_REASON_TEXT];
        if (error)
            return gan_fail(GAN_ERROR_SYSTEM, "thread %d of %d could not be started: %s", i + 2, pool->threads,
                            gan_reason_text(reason, error));
        pool->started++;
    }
    return GAN_OK;
}

/* Signals are the host's: its own threads take them. */
static gan_status start_workers(gan_pool *pool)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    gan_status status = start_each_worker(pool);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return status;
}

gan_status gan_pool_create(gan_pool **handle, const gan_allocator *allocator, int threads)
{
    size_t workers = (size_t)(threads - 1) * sizeof(struct worker);
    gan_pool *pool = gan_allocate(allocator, 1, sizeof(gan_pool) + workers, "the thread pool");
    *handle = pool;
    if (!pool) return GAN_ERROR_OUT_OF_MEMORY;
    pool->allocator = *allocator;
    pool->process = getpid();
    pool->threads = threads;
    pool->spins = threads <= gan_processors() ? 4000 : 0;
    atomic_flag_clear(&pool->busy);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    gan_status status = start_workers(pool);
    if (status != GAN_OK) gan_pool_free(handle);
    return status;
}
