/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Files appear whole or not at all: with a system whose n-th call fails, for every n. */

static char folder[64], path[96];

static void setup(void)
{
    strcpy(folder, "/tmp/gan-file-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/file", folder);
}

static int files_in_folder(void)
{
    int count = 0;
    DIR *open_folder = opendir(folder);
    ck_assert(open_folder != NULL);
    while (readdir(open_folder)) count++;
    closedir(open_folder);
    return count - 2; /* . and .. */
}

static void teardown(void)
{
    unlink(path);
    ck_assert_msg(rmdir(folder) == 0, "something was left in %s", folder);
}

static gan_allocator allocator(void)
{
    return gan_default_allocator();
}

static void check_content(const char *expected)
{
    gan_allocator a = allocator();
    unsigned char *data;
    size_t size;
    ok(gan_file_read(path, &a, 100, &data, &size));
    ck_assert_int_eq(size, strlen(expected));
    ck_assert_mem_eq(data, expected, size);
    gan_release(&a, data);
}

/* The system, and what happens to its calls. */
static int calls, fail_at, error_number, open_files, after_rename;
static size_t most; /* bytes that one call moves */

static bool call_fails(void)
{
    if (++calls != fail_at) return false;
    errno = error_number;
    return true;
}

static int open_file(const char *name, int flags, mode_t mode)
{
    if (call_fails()) return -1;
    int file = gan_system_files.open(name, flags, mode);
    open_files += file >= 0;
    return file;
}

static int examine(int file, struct stat *info)
{
    return call_fails() ? -1 : gan_system_files.fstat(file, info);
}

static ssize_t read_file(int file, void *data, size_t size)
{
    return call_fails() ? -1 : gan_system_files.read(file, data, size < most ? size : most);
}

static ssize_t write_file(int file, const void *data, size_t size)
{
    return call_fails() ? -1 : gan_system_files.write(file, data, size < most ? size : most);
}

static int sync_file(int file)
{
    return call_fails() ? -1 : gan_system_files.fsync(file);
}

static int close_file(int file) /* the file is gone whatever close() says */
{
    bool failed = call_fails();
    open_files--;
    int result = gan_system_files.close(file);
    if (failed) errno = error_number;
    return failed ? -1 : result;
}

static int rename_file(const char *from, const char *to)
{
    if (call_fails()) return -1;
    after_rename = calls;
    return gan_system_files.rename(from, to);
}

static const gan_file_calls failing = {open_file, examine,    read_file,   write_file,
                                       sync_file, close_file, rename_file, unlink};

static void arm(int n, int error, size_t bytes)
{
    calls = open_files = after_rename = 0;
    fail_at = n;
    error_number = error;
    most = bytes;
}

START_TEST(every_call_of_a_replacement_may_fail)
{
    int failures = 0;
    gan_status status = GAN_ERROR_IO;
    for (int n = 1; status != GAN_OK; n++) {
        ok(gan_file_replace(path, "old", 3));
        arm(n, ENOSPC, 3);
        status = gan_file_replace_by(&failing, path, "new content", 11);
        if (status != GAN_OK) {
            fails(GAN_ERROR_IO, "/file could not be written: No space left on device", status);
            failures++;
        }
        check_content(after_rename ? "new content" : "old");
        ck_assert_msg(files_in_folder() == 1, "call %d: a temporary file was left", n);
        ck_assert_int_eq(open_files, 0);
    }
    ck_assert_int_eq(failures, 10); /* open, 4 writes, fsync, close, rename; the folder's open and fsync */
}
END_TEST

START_TEST(every_call_of_reading_may_fail)
{
    gan_allocator a = allocator();
    unsigned char *data;
    size_t size;
    int failures = 0;
    ok(gan_file_replace(path, "content", 7));
    gan_status status = GAN_ERROR_IO;
    for (int n = 1; status != GAN_OK; n++) {
        arm(n, EIO, 3);
        status = gan_file_read_by(&failing, path, &a, 100, &data, &size);
        ck_assert_int_eq(open_files, 0);
        if (status == GAN_OK) break;
        fails(GAN_ERROR_IO, "Input/output error", status);
        ck_assert_ptr_null(data);
        failures++;
    }
    ck_assert_int_eq(failures, 5); /* open, fstat, 3 reads */
    ck_assert_int_eq(size, 7);
    ck_assert_mem_eq(data, "content", 7);
    gan_release(&a, data);
}
END_TEST

/* A signal between two writes or reads is no failure. */
START_TEST(interrupted_calls_go_on)
{
    gan_allocator a = allocator();
    unsigned char *data;
    size_t size;
    arm(2, EINTR, 4);
    ok(gan_file_replace_by(&failing, path, "content", 7));
    check_content("content");
    arm(4, EINTR, 4);
    ok(gan_file_read_by(&failing, path, &a, 100, &data, &size));
    ck_assert(size == 7 && memcmp(data, "content", 7) == 0);
    gan_release(&a, data);
}
END_TEST

/* Folders that cannot be synced: of file systems that have no such call, and that may not be read. */
START_TEST(folders_without_sync)
{
    arm(6, EACCES, 100); /* open, write, fsync, close, rename; open of the folder */
    ok(gan_file_replace_by(&failing, path, "x", 1));
    arm(7, EINVAL, 100);
    ok(gan_file_replace_by(&failing, path, "x", 1));
    arm(3, EINVAL, 100); /* the file itself must be */
    fails(GAN_ERROR_IO, "Invalid argument", gan_file_replace_by(&failing, path, "x", 1));
}
END_TEST

static ssize_t write_nothing(int file, const void *data, size_t size)
{
    (void)file;
    (void)data;
    (void)size;
    return 0;
}

static ssize_t read_nothing(int file, void *data, size_t size)
{
    (void)file;
    (void)data;
    (void)size;
    return 0;
}

START_TEST(calls_that_do_nothing_end)
{
    gan_allocator a = allocator();
    unsigned char *data;
    size_t size;
    gan_file_calls lazy = gan_system_files;
    lazy.write = write_nothing;
    lazy.read = read_nothing;
    fails(GAN_ERROR_IO, "Input/output error", gan_file_replace_by(&lazy, path, "x", 1));
    ck_assert_int_eq(files_in_folder(), 0);
    ok(gan_file_replace(path, "x", 1));
    fails(GAN_ERROR_IO, "became shorter", gan_file_read_by(&lazy, path, &a, 100, &data, &size));
}
END_TEST

/* The reason is told whatever the length of the path. */
START_TEST(long_paths_keep_the_reason)
{
    gan_allocator a = allocator();
    unsigned char *data;
    size_t size;
    char deep[2000];
    int length = snprintf(deep, sizeof deep, "%s", folder);
    while (length < 1500) length += snprintf(deep + length, sizeof deep - (size_t)length, "/%0200d", 7);
    fails(GAN_ERROR_IO, "7 could not be opened: No such file", gan_file_read(deep, &a, 100, &data, &size));
    ck_assert(strstr(gan_last_error(), folder) != NULL);
    fails(GAN_ERROR_IO, "7 could not be written: No such file", gan_file_replace(deep, "x", 1));
}
END_TEST

/* Pipes and devices stay what they are, and links stay links. */
START_TEST(what_is_no_file_is_left)
{
    char link[96];
    struct stat info;
    ck_assert(mkfifo(path, 0600) == 0);
    fails(GAN_ERROR_IO, "is not a regular file", gan_file_replace(path, "x", 1));
    ck_assert(stat(path, &info) == 0 && S_ISFIFO(info.st_mode));
    unlink(path);
    snprintf(link, sizeof link, "%s/link", folder);
    ok(gan_file_replace(path, "old", 3));
    ck_assert(symlink("file", link) == 0);
    ok(gan_file_replace(link, "new", 3));
    check_content("new");
    ck_assert(lstat(link, &info) == 0 && S_ISLNK(info.st_mode));
    unlink(link);
}
END_TEST

START_TEST(files_are_replaced_whole)
{
    char missing[96];
    snprintf(missing, sizeof missing, "%s/missing/file", folder);
    gan_allocator a = allocator();
    unsigned char *data;
    size_t size;
    for (int round = 0; round < 2; round++) {
        ok(gan_file_replace(path, round ? "second" : "one", round ? 6 : 3));
        ok(gan_file_read(path, &a, 100, &data, &size));
        ck_assert(size == (round ? 6 : 3) && memcmp(data, round ? "second" : "one", size) == 0);
        gan_release(&a, data);
    }
    fails(GAN_ERROR_FORMAT, path, gan_file_read(path, &a, 5, &data, &size));
    fails(GAN_ERROR_IO, missing, gan_file_read(missing, &a, 5, &data, &size));
    fails(GAN_ERROR_IO, missing, gan_file_replace(missing, "x", 1));
    fails(GAN_ERROR_IO, folder, gan_file_replace(folder, "x", 1));
    fails(GAN_ERROR_IO, folder, gan_file_read(folder, &a, 5, &data, &size));
    char longest[64 + 256];
    snprintf(longest, sizeof longest, "%s/%0255d", folder, 1);
    ok(gan_file_replace(longest, "x", 1));
    ck_assert(unlink(longest) == 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file");
    TCase *tests = tcase_create("files");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, every_call_of_a_replacement_may_fail);
    tcase_add_test(tests, every_call_of_reading_may_fail);
    tcase_add_test(tests, interrupted_calls_go_on);
    tcase_add_test(tests, folders_without_sync);
    tcase_add_test(tests, calls_that_do_nothing_end);
    tcase_add_test(tests, long_paths_keep_the_reason);
    tcase_add_test(tests, files_are_replaced_whole);
    tcase_add_test(tests, what_is_no_file_is_left);
    return run_suite(suite);
}
