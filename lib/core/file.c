/* SPDX-License-Identifier: BSD-2-Clause */
#define _XOPEN_SOURCE 700 /* realpath() */
#include "core/file.h"
#include "core/error.h"
#include "core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_file(const char *path, int flags, mode_t mode)
{
    return open(path, flags, mode);
}

const gan_file_calls gan_system_files = {open_file, fstat,  read,    write,   fsync,   close,
                                         rename,    unlink, opendir, readdir, closedir};

static gan_status io_error(const char *action, const char *path, int error)
{
    char name[GAN_PATH_TEXT], reason[GAN_REASON_TEXT];
    return gan_fail(GAN_ERROR_IO, "%s could not be %s: %s", gan_path_text(name, path), action,
                    gan_reason_text(reason, error));
}

static gan_status read_exactly(const gan_file_calls *calls, int file, const char *path, unsigned char *data,
                               size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = calls->read(file, data + done, size - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return io_error("read", path, errno);
        char name[GAN_PATH_TEXT];
        if (got == 0) return gan_fail(GAN_ERROR_IO, "%s became shorter while it was read", gan_path_text(name, path));
        done += (size_t)got;
    }
    return GAN_OK;
}

static gan_status read_open_file(const gan_file_calls *calls, int file, const char *path,
                                 const gan_allocator *allocator, size_t limit, unsigned char **data, size_t *size)
{
    struct stat info;
    char name[GAN_PATH_TEXT];
    if (calls->fstat(file, &info) != 0) return io_error("examined", path, errno);
    if (!S_ISREG(info.st_mode)) return gan_fail(GAN_ERROR_IO, "%s is not a regular file", gan_path_text(name, path));
    if ((uintmax_t)info.st_size > limit)
        return gan_fail(GAN_ERROR_FORMAT, "%s has %jd bytes; at most %zu are read", gan_path_text(name, path),
                        (intmax_t)info.st_size, limit);
    *size = (size_t)info.st_size;
    *data = gan_allocate(allocator, *size, 1, "the content of a file");
    if (!*data) return GAN_ERROR_OUT_OF_MEMORY;
    gan_status status = read_exactly(calls, file, path, *data, *size);
    if (status != GAN_OK) {
        gan_release(allocator, *data);
        *data = NULL;
    }
    return status;
}

gan_status gan_file_read_by(const gan_file_calls *calls, const char *path, const gan_allocator *allocator, size_t limit,
                            unsigned char **data, size_t *size)
{
    *data = NULL;
    *size = 0;
    int file = calls->open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0); /* a pipe is refused, not waited for */
    if (file < 0) return io_error("opened", path, errno);
    gan_status status = read_open_file(calls, file, path, allocator, limit, data, size);
    calls->close(file);
    return status;
}

gan_status gan_file_read(const char *path, const gan_allocator *allocator, size_t limit, unsigned char **data,
                         size_t *size)
{
    return gan_file_read_by(&gan_system_files, path, allocator, limit, data, size);
}

bool gan_file_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool gan_file_exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

gan_status gan_file_read_beginning(const char *path, unsigned char *bytes, size_t size, size_t *got)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe has no bytes yet, and is not waited for */
    if (file < 0) return io_error("opened", path, errno);
    ssize_t count;
    do count = read(file, bytes, size);
    while (count < 0 && errno == EINTR);
    int error = errno;
    close(file);
    *got = count > 0 ? (size_t)count : 0;
    return count < 0 ? io_error("read", path, error) : GAN_OK;
}

static int write_all(const gan_file_calls *calls, int file, const unsigned char *data, size_t size)
{
    while (size > 0) {
        ssize_t put = calls->write(file, data, size);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return put < 0 ? errno : EIO; /* nothing written is no progress */
        data += put;
        size -= (size_t)put;
    }
    return 0;
}

/* A rename is on the disk when its folder is. File systems that cannot sync a folder say EINVAL, and a folder that may
 * be written but not read says EACCES: then there is no more to be done. */
static int sync_folder(const gan_file_calls *calls, const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (!slash)
        snprintf(folder, sizeof folder, ".");
    else
        snprintf(folder, sizeof folder, "%.*s", (int)(length ? length : 1), path);
    int file = calls->open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (file < 0) return errno == EACCES ? 0 : errno;
    int error = calls->fsync(file) == 0 || errno == EINVAL ? 0 : errno;
    calls->close(file);
    return error;
}

/* Creates a new file beside path, with the mode that the process gives its files. -1 with errno set when it cannot. */
static int create_beside(const gan_file_calls *calls, const char *path, char temporary[PATH_MAX])
{
    const char *slash = strrchr(path, '/'); /* a name of its own: path's may be as long as a name can be */
    const size_t folder = slash ? (size_t)(slash + 1 - path) : 0;
    if (folder + 64 > PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(temporary, path, folder);
    for (int attempt = 0; attempt < 100; attempt++) {
        snprintf(temporary + folder, PATH_MAX - folder, GAN_TEMPORARY_NAME, (long)getpid(), attempt);
        int file = calls->open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file >= 0 || errno != EEXIST) return file;
    }
    return -1;
}

gan_status gan_file_replace_by(const gan_file_calls *calls, const char *path, const void *data, size_t size)
{
    char temporary[PATH_MAX];
    int file = create_beside(calls, path, temporary);
    if (file < 0) return io_error("written", path, errno);
    int error = write_all(calls, file, data, size);
    if (!error && calls->fsync(file) != 0) error = errno;
    if (calls->close(file) != 0 && !error) error = errno;
    if (!error && calls->rename(temporary, path) != 0) error = errno;
    if (error) {
        calls->unlink(temporary);
        return io_error("written", path, error);
    }
    error = sync_folder(calls, path);
    return error ? io_error("written", path, error) : GAN_OK;
}

/* What a link names is replaced, and not the link. A rename would also put a file in the place of a pipe or a device. */
gan_status gan_file_replace(const char *path, const void *data, size_t size)
{
    char resolved[PATH_MAX], name[GAN_PATH_TEXT];
    struct stat info;
    const char *target = realpath(path, resolved) ? resolved : path;
    if (stat(target, &info) == 0 && !S_ISREG(info.st_mode))
        return gan_fail(GAN_ERROR_IO, "%s is not a regular file", gan_path_text(name, path));
    return gan_file_replace_by(&gan_system_files, target, data, size);
}
