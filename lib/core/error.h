/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CORE_ERROR_H
#define GAN_CORE_ERROR_H

#include <gan/status.h>
#include <stddef.h>
#include <stdint.h>

/* Sets the calling thread's last error to the sentence and returns the status, so that a check reads
 * `return gan_fail(GAN_ERROR_SHAPE, "...", ...)`. */
gan_status gan_fail(gan_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The system's words for an errno, for a sentence. Thread-safe, unlike strerror(). Returns text. */
#define GAN_REASON_TEXT 128
const char *gan_reason_text(char text[GAN_REASON_TEXT], int error);

/* A path for a sentence: a long one without its middle, so that what the sentence says after it stays. Returns text. */
#define GAN_PATH_TEXT 320
const char *gan_path_text(char text[GAN_PATH_TEXT], const char *path);

/* Writes "[2,16,16,3]" into text and returns text. */
#define GAN_SHAPE_TEXT 192
const char *gan_shape_text(char text[GAN_SHAPE_TEXT], int rank, const int64_t *shape);

#endif
