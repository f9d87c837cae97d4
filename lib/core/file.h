/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CORE_FILE_H
#define GAN_CORE_FILE_H

#include <gan/context.h>
#include <stdbool.h>

/* Reads a whole file. *data is the caller's to gan_release(). A file of more than `limit` bytes is refused before
 * memory is taken for it. GAN_ERROR_IO (with the system's reason), GAN_ERROR_FORMAT (too large),
 * GAN_ERROR_OUT_OF_MEMORY. */
gan_status gan_file_read(const char *path, const gan_allocator *allocator, size_t limit, unsigned char **data,
                         size_t *size);

/* Whether there is a folder of this name. */
bool gan_file_is_folder(const char *path);

/* Writes a file whole or not at all: a temporary file beside it, fsync, rename, fsync of the folder. An existing file
 * stays as it was when anything fails. GAN_ERROR_IO. */
gan_status gan_file_replace(const char *path, const void *data, size_t size);

#endif
