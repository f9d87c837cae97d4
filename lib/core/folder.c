/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/folder.h"
#include "core/error.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static gan_status io_error(const char *folder, int error)
{
    char name[GAN_PATH_TEXT], reason[GAN_REASON_TEXT];
    return gan_fail(GAN_ERROR_IO, "the folder %s could not be read: %s", gan_path_text(name, folder),
                    gan_reason_text(reason, error));
}

gan_status gan_folder_visit(const gan_file_calls *calls, const char *folder,
                            gan_status (*visit)(void *user, const char *name), void *user)
{
    DIR *handle = calls->opendir(folder);
    if (!handle) return io_error(folder, errno);
    gan_status status = GAN_OK;
    while (status == GAN_OK) {
        errno = 0;
        const struct dirent *entry = calls->readdir(handle);
        if (!entry && errno) status = io_error(folder, errno);
        if (!entry) break;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) status = visit(user, entry->d_name);
    }
    calls->closedir(handle);
    return status;
}

/* Whether nobody is writing it: its name has the number of the process. */
static bool is_left_over(const char *name)
{
    long process;
    int attempt, length = 0;
    if (sscanf(name, GAN_TEMPORARY_NAME "%n", &process, &attempt, &length) != 2 || length == 0 || name[length])
        return false;
    return process == (long)getpid() || (process > 0 && kill((pid_t)process, 0) != 0 && errno == ESRCH);
}

static gan_status clean(void *user, const char *name)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", (const char *)user, name);
    if (is_left_over(name) && length < (int)sizeof path) gan_system_files.unlink(path);
    return GAN_OK;
}

gan_status gan_folder_clean(const char *folder)
{
    return gan_folder_visit(&gan_system_files, folder, clean, (void *)folder);
}
