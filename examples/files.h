/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_FILES_H
#define EXAMPLES_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* What the programs do with files. Each call that fails says why on the standard error. */

#define PATH_BYTES 4096

/* "FOLDER/NAME", where NAME is made like printf() does. False: too long. */
bool path_join(char path[PATH_BYTES], const char *folder, const char *name, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* Makes a folder and those above it; one that is there already is fine. */
bool folder_make(const char *path);

/* Writes a file that appears whole or not at all. */
bool file_write(const char *path, const void *data, size_t bytes);

#endif
