/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_DATA_LOADER_H
#define GAN_DATA_LOADER_H

#include "context/context.h"

/* Loads pictures in threads of its own, ahead of who wants them, and keeps as many as a cache has room for. What is
 * loaded depends on the picture alone, so that neither threads nor cache can change it.
 *
 * One thread at a time calls a loader, but gan_loader_bytes(), which several may. */
typedef struct gan_loader gan_loader;

typedef struct gan_loader_plan {
    int32_t count; /* pictures, numbered from 0 */
    size_t bytes;  /* of each */
    size_t cache;  /* bytes at most that are kept for good */
    int threads;
    /* Puts a picture's bytes down. Called by several threads at once. */
    gan_status (*load)(void *user, int32_t picture, unsigned char *bytes);
    void *user;
} gan_loader_plan;

/* GAN_ERROR_OUT_OF_MEMORY, GAN_ERROR_SYSTEM. */
gan_status gan_loader_create(gan_loader **loader, gan_context *context, const gan_loader_plan *plan);

/* Waits for what is being loaded, and for no more. After fork() the child has no threads to wait for. */
void gan_loader_free(gan_loader **loader);

/* The first `now` of `all` pictures are there when it returns, until the next call; the others will be wanted next, in
 * this order, and are loaded in the background. A thread that would have to wait loads what nobody has begun. A picture
 * that could not be loaded in the background is tried again by the caller, who so gets the status and the sentence of
 * load(). Takes memory only when `all` is larger than ever before. */
gan_status gan_loader_need(gan_loader *loader, const int32_t *pictures, int64_t now, int64_t all);

/* Where a picture lies that is there. */
const unsigned char *gan_loader_bytes(const gan_loader *loader, int32_t picture);

/* Copies one picture, from the cache or loaded for it; does not change what is there. The status of load(). */
gan_status gan_loader_get(gan_loader *loader, int32_t picture, unsigned char *bytes);

/* Whether all pictures are there for good, but `without` that never will be: then nobody need call
 * gan_loader_need() any more. Takes no lock. */
bool gan_loader_complete(const gan_loader *loader, int64_t without);

#endif
