/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_STATUS_H
#define GAN_STATUS_H

#include <gan/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a call came to. Zero is success, every error is negative; the numbers never change meaning.
 *
 * A call that fails leaves its objects as they were, unless its comment says otherwise, and sets the calling thread's
 * gan_last_error() to one sentence that names the argument, what it was and what it may be. Output handles are set to
 * NULL on failure. */
typedef enum gan_status {
    GAN_OK = 0,
    GAN_ERROR_INVALID_ARGUMENT = -1, /* a NULL, a number out of its range, an option that this version does not know */
    GAN_ERROR_OUT_OF_MEMORY = -2,    /* the allocator returned NULL */
    GAN_ERROR_SHAPE = -3,            /* tensors or layers whose shapes or types do not fit together */
    GAN_ERROR_STATE = -4,            /* the object is not ready for this call: not built, not yet run, already built */
    GAN_ERROR_UNSUPPORTED = -5,      /* this build or this CPU cannot do it */
    GAN_ERROR_IO = -6,      /* a file could not be opened, read or written; the sentence has the system's reason */
    GAN_ERROR_FORMAT = -7,  /* a file's content is not what its format promises */
    GAN_ERROR_NUMERIC = -8, /* a loss, penalty, gradient or logit is infinite or not a number; or a derivative is wrong,
                               which gan_check_network() found */
    GAN_ERROR_SYSTEM = -9   /* the operating system refused something other than memory or a file: a thread */
} gan_status;

/* The name of a status ("GAN_ERROR_SHAPE"), or "unknown status". The string is constant. Thread-safe. */
GAN_API const char *gan_status_name(gan_status status);

/* The sentence of the last error in the calling thread, "" before the first one. A call that succeeds does not clear
 * it. The pointer stays valid for the life of the thread; its text changes with the thread's next error. At most 511
 * bytes, ended after a whole character; of a long path the middle is left out. UTF-8 where the names and paths given to
 * the library are. No line break at its end. Thread-safe: each thread has its own. */
GAN_API const char *gan_last_error(void);

#ifdef __cplusplus
}
#endif
#endif
