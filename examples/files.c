/* SPDX-License-Identifier: BSD-2-Clause */
#define _POSIX_C_SOURCE 200809L
#include "files.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(const char *what, const char *path)
{
    fprintf(stderr, "%s %s: %s\n", what, path, strerror(errno));
    return false;
}

bool path_join(char path[PATH_BYTES], const char *folder, const char *name, ...)
{
    va_list arguments;
    int used = snprintf(path, PATH_BYTES, "%s/", folder);
    bool fits = used > 0 && used < PATH_BYTES;
    if (fits) {
        va_start(arguments, name);
        int more = vsnprintf(path + used, (size_t)(PATH_BYTES - used), name, arguments);
        va_end(arguments);
        fits = more > 0 && more < PATH_BYTES - used;
    }
    errno = ENAMETOOLONG;
    return fits || fail("a name in", folder);
}

bool folder_make(const char *path)
{
    char part[PATH_BYTES];
    struct stat info;
    size_t length = strlen(path);
    errno = ENAMETOOLONG;
    if (length >= sizeof part) return fail("the folder", path);
    memcpy(part, path, length + 1);
    for (char *slash = part + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST) return fail("cannot make the folder", part);
    }
    if (mkdir(part, 0777) != 0 && errno != EEXIST) return fail("cannot make the folder", part);
    if (stat(part, &info) != 0) return fail("cannot read the folder", part);
    errno = ENOTDIR;
    return S_ISDIR(info.st_mode) || fail("cannot write into", part);
}

bool file_write(const char *path, const void *data, size_t bytes)
{
    char temporary[PATH_BYTES];
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) { /* a rename would put a file in a device's place */
        fprintf(stderr, "cannot write %s: it is not a regular file\n", path);
        return false;
    }
    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary) {
        errno = ENAMETOOLONG;
        return fail("cannot write", path);
    }
    FILE *file = fopen(temporary, "wb");
    if (!file) return fail("cannot write", temporary);
    bool written = fwrite(data, 1, bytes, file) == bytes && fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (fclose(file) != 0) written = false; /* closed in any case */
    if (written && rename(temporary, path) == 0) return true;
    fail("cannot write", path);
    remove(temporary);
    return false;
}
