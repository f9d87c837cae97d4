/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_PROFILE_H
#define GAN_PROFILE_H

#include <gan/network.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A profile adds up where the time of runs and sessions goes: by network, layer and pass. It is given to runs with
 * gan_run_set_profile(), or to all parts of a session with gan_session_set_profile(). Profiles are counted by
 * reference: who was given one keeps it alive, and a profile keeps its networks alive. Thread-safety: as the runs that
 * it is given to; one thread at a time. */
typedef struct gan_profile gan_profile;

typedef enum gan_pass {
    GAN_PASS_FORWARD = 0,
    GAN_PASS_PARAMETERS = 1, /* backward: gradients of the layer's parameters */
    GAN_PASS_INPUTS = 2,     /* backward: gradients of its inputs, and what both need */
    GAN_PASS_UPDATE = 3,     /* the optimizer: layer and type are "" */
    GAN_PASS_TANGENT = 4,
    GAN_PASS_TANGENT_BACKWARD = 5
} gan_pass;

/* The caller sets size (gan_profile_row row = {sizeof row};), the library fills in the rest as far as that size goes.
 * Texts are borrowed from the profile. */
typedef struct gan_profile_row {
    size_t size;
    const char *network, *layer, *type;
    int pass;          /* a gan_pass */
    int64_t calls;     /* how often */
    int64_t samples;   /* of all calls together; 0 for an update */
    double seconds;    /* of all calls together, by the wall clock */
    double operations; /* floating-point operations of all calls together, as gan_network_flops() counts them */
} gan_profile_row;

/* Makes an empty profile. The caller owns the result and frees it with gan_profile_free().
 * GAN_ERROR_INVALID_ARGUMENT: a NULL. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_profile_create(gan_profile **profile, gan_context *context);

/* Gives up the caller's reference and sets *profile to NULL. NULL and a pointer to NULL are fine. */
GAN_API void gan_profile_free(gan_profile **profile);

/* Forgets all times; begins anew. NULL is fine. */
GAN_API void gan_profile_reset(gan_profile *profile);

/* Rows that have calls, in the order of networks, layers and passes. 0 for NULL. */
GAN_API int gan_profile_count(const gan_profile *profile);

/* GAN_ERROR_INVALID_ARGUMENT: a NULL, an index out of range, an impossible size. */
GAN_API gan_status gan_profile_get(const gan_profile *profile, int index, gan_profile_row *row);

/* Writes the rows as a table, with shares of their sum and rates, as gan_network_summary() does: text of capacity
 * bytes, *length (may be NULL) the bytes of the whole table without the final 0. GAN_ERROR_INVALID_ARGUMENT: profile is
 * NULL, or text is NULL with capacity above 0. */
GAN_API gan_status gan_profile_table(const gan_profile *profile, char *text, size_t capacity, size_t *length);

#ifdef __cplusplus
}
#endif
#endif
