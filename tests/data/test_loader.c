/* SPDX-License-Identifier: BSD-2-Clause */
#include "data/loader.h"
#include "support.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 40
#define BYTES 100

static gan_context *context;

/* What is loaded, how often, and what fails. Guarded by the mutex. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t loaded = PTHREAD_COND_INITIALIZER;
static int loads[COUNT], all_loads;
static int bad = -1; /* the picture that fails */

static unsigned char byte_of(int picture, int place)
{
    return (unsigned char)(picture * 31 + place * 7);
}

static gan_status load(void *user, int32_t picture, unsigned char *bytes)
{
    (void)user;
    for (int i = 0; i < BYTES; i++) bytes[i] = byte_of(picture, i);
    pthread_mutex_lock(&mutex);
    loads[picture]++;
    all_loads++;
    bool fails_now = picture == bad;
    pthread_cond_signal(&loaded);
    pthread_mutex_unlock(&mutex);
    return fails_now ? gan_fail(GAN_ERROR_FORMAT, "picture %d is bad", picture) : GAN_OK;
}

static int live, blocks, fail_at;
static pthread_mutex_t memory_mutex = PTHREAD_MUTEX_INITIALIZER;

static void *allocate(void *user, size_t size, size_t alignment)
{
    void *memory = NULL;
    (void)user;
    pthread_mutex_lock(&memory_mutex);
    if (++blocks == fail_at || posix_memalign(&memory, alignment, size) != 0) memory = NULL;
    live += memory != NULL;
    pthread_mutex_unlock(&memory_mutex);
    return memory;
}

static void release(void *user, void *memory)
{
    (void)user;
    pthread_mutex_lock(&memory_mutex);
    live--;
    pthread_mutex_unlock(&memory_mutex);
    free(memory);
}

static void setup(void)
{
    memset(loads, 0, sizeof loads);
    all_loads = live = blocks = fail_at = 0;
    bad = -1;
    ok(gan_context_create(&context, gan_context_options(.allocator = {.allocate = allocate, .release = release})));
}

static void teardown(void)
{
    gan_context_free(&context);
    ck_assert_int_eq(live, 0);
}

static gan_loader *new_loader(int threads, size_t cached)
{
    gan_loader *loader;
    ok(gan_loader_create(&loader, context,
                         &(gan_loader_plan){COUNT, BYTES, cached * BYTES + BYTES / 2, threads, load, NULL}));
    return loader;
}

static void check_there(const gan_loader *loader, const int32_t *pictures, int count)
{
    for (int i = 0; i < count; i++)
        for (int k = 0; k < BYTES; k++)
            ck_assert_int_eq(gan_loader_bytes(loader, pictures[i])[k], byte_of(pictures[i], k));
}

/* Whatever is wanted next is there, with any number of threads, any cache, and batches of any size. */
START_TEST(any_order)
{
    static const size_t caches[] = {0, 1, 17, COUNT - 1, COUNT, 1000};
    const int threads = 1 + 2 * (_i / 6);
    gan_loader *loader = new_loader(threads, caches[_i % 6]);
    unsigned number = 1;
    for (int round = 0; round < 150; round++) {
        int32_t pictures[30];
        number = number * 1103515245u + 12345u;
        int all = 1 + (int)(number >> 16) % 30, now = 1 + (int)(number >> 8) % all;
        for (int i = 0; i < all; i++) {
            number = number * 1103515245u + 12345u;
            pictures[i] = (int32_t)(number >> 16) % COUNT; /* the same one more than once, too */
        }
        ok(gan_loader_need(loader, pictures, now, all));
        check_there(loader, pictures, now);
    }
    gan_loader_free(&loader);
    ck_assert_ptr_null(loader);
}
END_TEST

/* A cache for all loads each picture once, and one for some those once. */
START_TEST(kept)
{
    const size_t cached = _i ? 10 : COUNT;
    gan_loader *loader = new_loader(2, cached);
    for (int epoch = 0; epoch < 3; epoch++)
        for (int first = 0; first < COUNT; first += 4) {
            int32_t pictures[8];
            for (int i = 0; i < 8; i++) pictures[i] = (first + i) % COUNT;
            ck_assert(!epoch || !first || gan_loader_complete(loader, 0) == (cached == COUNT));
            ok(gan_loader_need(loader, pictures, 4, 8));
            check_there(loader, pictures, 4);
        }
    gan_loader_free(&loader);
    for (int i = 0; i < COUNT; i++) ck_assert(i < (int)cached ? loads[i] == 1 : loads[i] >= 2);
}
END_TEST

/* What is wanted next is loaded while nobody waits for it. The test hangs where it is not. */
START_TEST(ahead)
{
    gan_loader *loader = new_loader(1 + _i, 0);
    int32_t pictures[] = {5, 6, 7, 8};
    ok(gan_loader_need(loader, pictures, 1, 4));
    pthread_mutex_lock(&mutex);
    while (all_loads < 4) pthread_cond_wait(&loaded, &mutex);
    pthread_mutex_unlock(&mutex);
    ok(gan_loader_need(loader, pictures, 4, 4));
    check_there(loader, pictures, 4);
    ck_assert_int_eq(all_loads, 4);
    gan_loader_free(&loader);
}
END_TEST

/* The caller hears of a bad picture when its turn comes, by load()'s own sentence, and each time again. */
START_TEST(failures)
{
    gan_loader *loader = new_loader(2, _i ? COUNT : 3);
    int32_t pictures[] = {1, 2, 3, 9, 4};
    unsigned char bytes[BYTES];
    bad = 9;
    ok(gan_loader_need(loader, pictures, 3, 5));
    check_there(loader, pictures, 3);
    for (int i = 0; i < 3; i++) fails(GAN_ERROR_FORMAT, "picture 9 is bad", gan_loader_need(loader, pictures, 5, 5));
    fails(GAN_ERROR_FORMAT, "picture 9 is bad", gan_loader_get(loader, 9, bytes));
    ok(gan_loader_get(loader, 30, bytes));
    ck_assert_int_eq(bytes[3], byte_of(30, 3));
    bad = -1;
    ok(gan_loader_need(loader, pictures, 5, 5));
    check_there(loader, pictures, 5);
    ok(gan_loader_get(loader, 9, bytes));
    ck_assert_int_eq(bytes[3], byte_of(9, 3));
    gan_loader_free(&loader);
}
END_TEST

/* Freed at any moment of its threads. */
START_TEST(freed)
{
    for (int round = 0; round < 100; round++) {
        gan_loader *loader = new_loader(1 + round % 4, (size_t)round % COUNT);
        int32_t pictures[COUNT];
        for (int i = 0; i < COUNT; i++) pictures[i] = i;
        for (int i = 0; i < round % 3; i++) ok(gan_loader_need(loader, pictures + i, 1, COUNT - i));
        gan_loader_free(&loader);
    }
}
END_TEST

START_TEST(out_of_memory)
{
    int32_t pictures[COUNT];
    int failed = 0;
    for (int i = 0; i < COUNT; i++) pictures[i] = i;
    for (int n = 1;; n++, failed++) {
        gan_loader *loader;
        const gan_loader_plan plan = {COUNT, BYTES, 500, 2, load, NULL};
        fail_at = blocks + n;
        gan_status status = gan_loader_create(&loader, context, &plan);
        if (status == GAN_OK) status = gan_loader_need(loader, pictures, 3, 9);
        if (status == GAN_OK) status = gan_loader_need(loader, pictures, 10, 20);
        gan_loader_free(&loader);
        ck_assert_int_eq(live, 2); /* the context and its pool */
        if (status == GAN_OK) break;
        check_fails(GAN_ERROR_OUT_OF_MEMORY, "", status, "loader", __FILE__, __LINE__);
    }
    ck_assert_int_ge(failed, 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loader");
    TCase *tests = tcase_create("loader");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, any_order, 0, 12);
    tcase_add_loop_test(tests, kept, 0, 2);
    tcase_add_loop_test(tests, ahead, 0, 3);
    tcase_add_loop_test(tests, failures, 0, 2);
    tcase_add_test(tests, freed);
    tcase_add_test(tests, out_of_memory);
    return run_suite(suite);
}
