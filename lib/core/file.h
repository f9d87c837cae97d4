/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CORE_FILE_H
#define GAN_CORE_FILE_H

#include <dirent.h>
#include <gan/context.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* What files need of the system: the one place where a test makes them fail. Each call fails as the system's of its
 * name does, with -1 and errno; open() has the mode always. */
typedef struct gan_file_calls {
    int (*open)(const char *path, int flags, mode_t mode);
    int (*fstat)(int file, struct stat *info);
    ssize_t (*read)(int file, void *data, size_t size);
    ssize_t (*write)(int file, const void *data, size_t size);
    int (*fsync)(int file);
    int (*close)(int file);
    int (*rename)(const char *from, const char *to);
    int (*unlink)(const char *path);
    DIR *(*opendir)(const char *path);
    struct dirent *(*readdir)(DIR *folder);
    int (*closedir)(DIR *folder);
} gan_file_calls;

extern const gan_file_calls gan_system_files;

/* Reads a whole file. *data is the caller's to gan_release(). A file of more than `limit` bytes is refused before
 * memory is taken for it. GAN_ERROR_IO (with the system's reason), GAN_ERROR_FORMAT (too large),
 * GAN_ERROR_OUT_OF_MEMORY. */
gan_status gan_file_read(const char *path, const gan_allocator *allocator, size_t limit, unsigned char **data,
                         size_t *size);
gan_status gan_file_read_by(const gan_file_calls *calls, const char *path, const gan_allocator *allocator, size_t limit,
                            unsigned char **data, size_t *size);

/* The first bytes of a file, at most `size` of them: *got. GAN_ERROR_IO. */
gan_status gan_file_read_beginning(const char *path, unsigned char *bytes, size_t size, size_t *got);

/* Whether there is a folder of this name, and whether there is anything, a link to nowhere included. */
bool gan_file_is_folder(const char *path);
bool gan_file_exists(const char *path);

/* The process, and which of its files. */
#define GAN_TEMPORARY_NAME ".gan-%ld-%d.tmp"

/* Writes a file whole or not at all: a temporary file beside it, fsync, rename, fsync of the folder. An existing file
 * stays as it was when anything before the folder's fsync fails; when that fails, the new file is there, but may not be
 * after a crash. A link's file is written, and what is no file, as a pipe, is refused. GAN_ERROR_IO. */
gan_status gan_file_replace(const char *path, const void *data, size_t size);
gan_status gan_file_replace_by(const gan_file_calls *calls, const char *path, const void *data, size_t size);

#endif
