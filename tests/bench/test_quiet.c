/* SPDX-License-Identifier: BSD-2-Clause */
/* A step of the reference game, with all that a session can be given, after the first takes no memory, no lock and
 * makes no system call. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "game.h"
#include "measure.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/seccomp.h>

static bool counting;
static int calls, locks; /* of memory and of mutexes */

/* The C library's own entry points, under the names that it has for those who put theirs before. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

void *malloc(size_t size)
{
    calls += counting;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    calls += counting;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    calls += counting;
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    calls += counting;
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    calls += counting;
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : 12;
}

void free(void *memory)
{
    calls += counting && memory;
    __libc_free(memory);
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    static int (*next)(pthread_mutex_t *);
    if (!next) {
        void *symbol = dlsym(RTLD_NEXT, "pthread_mutex_lock");
        memcpy(&next, &symbol, sizeof next);
    }
    locks += counting;
    return next(mutex);
}

struct play {
    gan_context *context;
    game game;
    gan_augment *augment;
    gan_ema *ema;
    gan_tensor *real;
};

static void add_everything(struct play *p)
{
    gan_session *session = p->game.session;
    for (int kind = GAN_PENALTY_R1; kind <= GAN_PENALTY_DRAGAN; kind++)
        must(gan_session_add_penalty(session, gan_penalty_options(.kind = kind)));
    must(gan_augment_create(&p->augment, p->context, gan_augment_options(.adaptive = true)));
    must(gan_ema_create(&p->ema, p->game.g, NULL));
    must(gan_session_set_augment(session, p->augment));
    must(gan_session_set_ema(session, p->ema));
}

static struct play start(int threads)
{
    struct play p;
    uint64_t position = 0;
    must(gan_context_create(&p.context, gan_context_options(.threads = threads)));
    game_create(&p.game, p.context, 16, 16, GAN_SCHEME_ALTERNATING);
    add_everything(&p);
    must(gan_tensor_create(&p.real, p.context, GAN_FLOAT32, GAN_SHAPE(16, 16, 16, 3)));
    must(gan_random_uniform(p.context, GAN_STREAM_USER, &position, p.real, -1, 1));
    must(gan_session_step(p.game.session, p.real, NULL));
    return p;
}

static void end(struct play *p)
{
    gan_tensor_free(&p->real);
    gan_ema_free(&p->ema);
    gan_augment_free(&p->augment);
    game_free(&p->game);
    gan_context_free(&p->context);
}

/* The interposed functions are those that the library calls: it takes memory, and a lock to stop its threads. */
static void count_first_step(void)
{
    calls = locks = 0;
    counting = true;
    struct play p = start(2);
    end(&p);
    counting = false;
}

static void count_later_step(void)
{
    struct play p = start(1);
    calls = locks = 0;
    counting = true;
    gan_status status = gan_session_step(p.game.session, p.real, NULL);
    counting = false;
    must(status);
    end(&p);
}

/* In seccomp's strict mode the kernel kills a process at any system call but read, write and exit. */
static bool step_without_system_calls(bool make_one)
{
    pid_t child = fork();
    if (child == 0) {
        struct play p = start(1);
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) _exit(77);
        gan_status status = gan_session_step(p.game.session, p.real, NULL);
        if (make_one) getppid();
        syscall(SYS_exit, status == GAN_OK ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        puts("no seccomp here: system calls are not looked at");
        return !make_one;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(void)
{
    int failures = 0;
    count_first_step();
    bool sees_memory = calls > 0, sees_locks = locks > 0;
    count_later_step();
    const struct {
        const char *what;
        bool fine;
    } checks[] = {
        {"allocations are seen", sees_memory},
        {"locks are seen", sees_locks},
        {"a step takes no memory", calls == 0},
        {"a step takes no lock", locks == 0},
        {"system calls are seen", !step_without_system_calls(true)},
        {"a step makes no system call", step_without_system_calls(false)},
    };
    const int count = sizeof checks / sizeof checks[0];
    for (int i = 0; i < count; i++)
        if (!checks[i].fine) {
            printf("failed: %s\n", checks[i].what);
            failures++;
        }
    printf("%d%%: Checks: %d, Failures: %d, Errors: 0\n", 100 * (count - failures) / count, count, failures);
    return failures > 0;
}
