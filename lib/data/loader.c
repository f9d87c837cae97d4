/* SPDX-License-Identifier: BSD-2-Clause */
#include "data/loader.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Pictures lie in places: those of the cache, which keep what they once got, and those of the ring, which are free
 * again when their picture is not among those wanted next. A place is given to a picture by the caller's thread only,
 * so that `where` stands still between two of its calls. Workers take pictures from the list of what is wanted, in its
 * order. The mutex guards everything but the pictures' bytes: a place that is LOADING belongs to the thread that loads
 * it. */
enum state { QUEUED, LOADING, READY, FAILED };

struct place {
    int32_t picture; /* -1: free */
    enum state state;
    uint64_t wanted; /* the last call that wanted it */
};

struct gan_loader {
    gan_context *context;
    gan_loader_plan plan;
    pid_t process; /* that the workers are in: a child after fork() has none */
    int started;
    bool stop;
    pthread_mutex_t mutex;
    pthread_cond_t work, done;

    int32_t *where;              /* of each picture: its place; -1: none */
    int32_t cached, cached_used; /* places of the cache */
    int64_t ring;                /* places of the ring, which are numbered after those of the cache */
    struct place *cache_places, *ring_places;
    unsigned char *cache_bytes, *ring_bytes;
    _Atomic int64_t complete; /* pictures in the cache that are READY */

    uint64_t call;
    int32_t *list; /* wanted, as many as the ring was made for */
    int64_t listed, cursor, list_capacity;

    pthread_t workers[];
};

static struct place *place_at(const gan_loader *loader, int64_t index)
{
    return index < loader->cached ? &loader->cache_places[index] : &loader->ring_places[index - loader->cached];
}

static unsigned char *bytes_at(const gan_loader *loader, int64_t index)
{
    return index < loader->cached ? loader->cache_bytes + (size_t)index * loader->plan.bytes
                                  : loader->ring_bytes + (size_t)(index - loader->cached) * loader->plan.bytes;
}

/* Loads the picture of a place, with the mutex held before and after. */
static gan_status load(gan_loader *loader, int64_t index)
{
    struct place *place = place_at(loader, index);
    int32_t picture = place->picture;
    unsigned char *bytes = bytes_at(loader, index);
    place->state = LOADING;
    pthread_mutex_unlock(&loader->mutex);
    gan_status status = loader->plan.load(loader->plan.user, picture, bytes);
    pthread_mutex_lock(&loader->mutex);
    place->state = status == GAN_OK ? READY : FAILED;
    if (status == GAN_OK && index < loader->cached) atomic_fetch_add(&loader->complete, 1);
    pthread_cond_signal(&loader->done); /* one thread may wait: the caller's */
    return status;
}

/* The place of the next picture that nobody has begun; -1 when there is none. */
static int64_t next_queued(gan_loader *loader)
{
    for (; loader->cursor < loader->listed; loader->cursor++) {
        int64_t index = loader->where[loader->list[loader->cursor]];
        if (index >= 0 && place_at(loader, index)->state == QUEUED) return index;
    }
    return -1;
}

static void *work(void *argument)
{
    gan_loader *loader = argument;
    pthread_mutex_lock(&loader->mutex);
    while (!loader->stop) {
        int64_t index = next_queued(loader);
        if (index >= 0)
            load(loader, index);
        else
            pthread_cond_wait(&loader->work, &loader->mutex);
    }
    pthread_mutex_unlock(&loader->mutex);
    return NULL;
}

static void wait_for_workers(gan_loader *loader)
{
    for (int64_t i = 0; i < loader->ring; i++)
        while (loader->ring_places[i].state == LOADING) pthread_cond_wait(&loader->done, &loader->mutex);
}

static void forget(gan_loader *loader, struct place *place)
{
    loader->where[place->picture] = -1;
    *place = (struct place){.picture = -1, .state = READY};
}

/* Room for `all` pictures: what is in the ring is forgotten. A worker may hold a picture that nobody wants any more,
 * for which there are places beside. A cache for everything needs no ring. */
static gan_status make_room(gan_loader *loader, int64_t all)
{
    if (all <= loader->list_capacity) return GAN_OK;
    gan_context *context = loader->context;
    int64_t ring = loader->cached == loader->plan.count ? 0 : all + loader->plan.threads;
    size_t size;
    if (!gan_size_multiply((size_t)ring, loader->plan.bytes, &size)) size = SIZE_MAX;
    int32_t *list = gan_context_allocate(context, (size_t)all, sizeof *list, "a list of pictures");
    struct place *places = gan_context_allocate(context, (size_t)ring, sizeof *places, "places for pictures");
    unsigned char *bytes = gan_context_allocate(context, size, 1, "pictures that are wanted next");
    if (!list || !places || !bytes) {
        gan_context_release(context, bytes);
        gan_context_release(context, places);
        gan_context_release(context, list);
        return GAN_ERROR_OUT_OF_MEMORY;
    }
    loader->listed = loader->cursor = 0; /* nothing more is begun */
    wait_for_workers(loader);
    for (int64_t i = 0; i < loader->ring; i++)
        if (loader->ring_places[i].picture >= 0) forget(loader, &loader->ring_places[i]);
    for (int64_t i = 0; i < ring; i++) places[i] = (struct place){.picture = -1, .state = READY};
    gan_context_release(context, loader->list);
    gan_context_release(context, loader->ring_places);
    gan_context_release(context, loader->ring_bytes);
    loader->list = list;
    loader->list_capacity = all;
    loader->ring_places = places;
    loader->ring_bytes = bytes;
    loader->ring = ring;
    return GAN_OK;
}

/* Frees the ring's places whose picture is not wanted, and notes which are. */
static void mark_wanted(gan_loader *loader, const int32_t *pictures, int64_t all)
{
    loader->call++;
    for (int64_t i = 0; i < all; i++)
        if (loader->where[pictures[i]] >= 0) place_at(loader, loader->where[pictures[i]])->wanted = loader->call;
    for (int64_t i = 0; i < loader->ring; i++) {
        struct place *place = &loader->ring_places[i];
        if (place->picture >= 0 && place->wanted != loader->call && place->state != LOADING) forget(loader, place);
    }
}

static void give_places(gan_loader *loader, const int32_t *pictures, int64_t all)
{
    int64_t next = loader->cached;
    for (int64_t i = 0; i < all; i++) {
        if (loader->where[pictures[i]] >= 0) continue;
        int64_t index = loader->cached_used;
        if (index < loader->cached)
            loader->cached_used++;
        else
            for (index = next; place_at(loader, index)->picture >= 0;) index++;
        if (index >= loader->cached) next = index + 1;
        *place_at(loader, index) = (struct place){.picture = pictures[i], .state = QUEUED, .wanted = loader->call};
        loader->where[pictures[i]] = (int32_t)index;
    }
}

/* Until the picture is there. */
static gan_status wait_for(gan_loader *loader, int32_t picture)
{
    const int64_t index = loader->where[picture];
    const struct place *place = place_at(loader, index);
    while (place->state == LOADING) pthread_cond_wait(&loader->done, &loader->mutex);
    return place->state == READY ? GAN_OK : load(loader, index);
}

gan_status gan_loader_need(gan_loader *loader, const int32_t *pictures, int64_t now, int64_t all)
{
    pthread_mutex_lock(&loader->mutex);
    gan_status status = make_room(loader, all);
    if (status == GAN_OK) {
        mark_wanted(loader, pictures, all);
        give_places(loader, pictures, all);
        memcpy(loader->list, pictures, (size_t)all * sizeof *pictures);
        loader->listed = all;
        loader->cursor = 0;
        if (next_queued(loader) >= 0) pthread_cond_broadcast(&loader->work);
    }
    for (int64_t i = 0; status == GAN_OK && i < now; i++) status = wait_for(loader, pictures[i]);
    pthread_mutex_unlock(&loader->mutex);
    return status;
}

const unsigned char *gan_loader_bytes(const gan_loader *loader, int32_t picture)
{
    return bytes_at(loader, loader->where[picture]);
}

gan_status gan_loader_get(gan_loader *loader, int32_t picture, unsigned char *bytes)
{
    pthread_mutex_lock(&loader->mutex);
    int64_t index = loader->where[picture];
    bool there = index >= 0 && place_at(loader, index)->state == READY;
    pthread_mutex_unlock(&loader->mutex);
    if (!there) return loader->plan.load(loader->plan.user, picture, bytes);
    memcpy(bytes, bytes_at(loader, index), loader->plan.bytes);
    return GAN_OK;
}

bool gan_loader_complete(const gan_loader *loader, int64_t without)
{
    return atomic_load(&loader->complete) == loader->plan.count - without;
}

static gan_status allocate(gan_loader *loader)
{
    gan_context *context = loader->context;
    const size_t count = (size_t)loader->plan.count, room = loader->plan.cache / loader->plan.bytes;
    loader->cached = (int32_t)(room < count ? room : count);
    loader->where = gan_context_allocate(context, count, sizeof *loader->where, "places of pictures");
    loader->cache_places =
        gan_context_allocate(context, (size_t)loader->cached, sizeof *loader->cache_places, "places of a cache");
    loader->cache_bytes =
        gan_context_allocate(context, (size_t)loader->cached, loader->plan.bytes, "a cache of pictures");
    if (!loader->where || !loader->cache_places || !loader->cache_bytes) return GAN_ERROR_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++) loader->where[i] = -1;
    return GAN_OK;
}

/* Signals are the host's: its own threads take them. */
static gan_status start(gan_loader *loader)
{
    sigset_t all, old;
    int error = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (; error == 0 && loader->started < loader->plan.threads; loader->started += error == 0)
        error = pthread_create(&loader->workers[loader->started], NULL, work, loader);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    char reason[GAN_REASON_TEXT];
    return error ? gan_fail(GAN_ERROR_SYSTEM, "thread %d of %d that load pictures could not be started: %s",
                            loader->started + 1, loader->plan.threads, gan_reason_text(reason, error))
                 : GAN_OK;
}

gan_status gan_loader_create(gan_loader **handle, gan_context *context, const gan_loader_plan *plan)
{
    gan_loader *loader = gan_context_allocate(
        context, 1, sizeof *loader + (size_t)plan->threads * sizeof *loader->workers, "a loader of pictures");
    *handle = loader;
    if (!loader) return GAN_ERROR_OUT_OF_MEMORY;
    loader->context = gan_context_retain(context);
    loader->plan = *plan;
    loader->process = getpid();
    atomic_init(&loader->complete, 0);
    pthread_mutex_init(&loader->mutex, NULL);
    pthread_cond_init(&loader->work, NULL);
    pthread_cond_init(&loader->done, NULL);
    gan_status status = allocate(loader);
    if (status == GAN_OK) status = start(loader);
    if (status != GAN_OK) gan_loader_free(handle);
    return status;
}

static void stop_workers(gan_loader *loader)
{
    pthread_mutex_lock(&loader->mutex);
    loader->stop = true;
    pthread_cond_broadcast(&loader->work);
    pthread_mutex_unlock(&loader->mutex);
    for (int i = 0; i < loader->started; i++) pthread_join(loader->workers[i], NULL);
    pthread_cond_destroy(&loader->done);
    pthread_cond_destroy(&loader->work);
    pthread_mutex_destroy(&loader->mutex);
}

void gan_loader_free(gan_loader **handle)
{
    gan_loader *loader = *handle;
    if (!loader) return;
    *handle = NULL;
    if (loader->process == getpid()) stop_workers(loader);
    gan_context *context = loader->context;
    void *const blocks[] = {loader->list,         loader->ring_bytes,  loader->ring_places,
                            loader->cache_places, loader->cache_bytes, loader->where};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) gan_context_release(context, blocks[i]);
    gan_context_release(context, loader);
    gan_context_free(&context);
}
