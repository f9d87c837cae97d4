/* SPDX-License-Identifier: BSD-2-Clause */
#include "data/folder.h"
#include "picture_folder.h"

#include <errno.h>

/* Folders of pictures where the system, memory or time are short. */

/* The system, of whose calls the n-th and all that follow fail. */
static int calls, calls_fail_at;

static bool call_fails(void)
{
    bool now = count_call(&calls) >= calls_fail_at;
    if (now) errno = EIO;
    return now;
}

static int open_file(const char *path, int flags, mode_t mode)
{
    return call_fails() ? -1 : gan_system_files.open(path, flags, mode);
}

static int examine(int file, struct stat *info)
{
    return call_fails() ? -1 : gan_system_files.fstat(file, info);
}

static ssize_t read_file(int file, void *data, size_t size)
{
    return call_fails() ? -1 : gan_system_files.read(file, data, size);
}

static DIR *open_folder(const char *path)
{
    return call_fails() ? NULL : gan_system_files.opendir(path);
}

static struct dirent *read_folder(DIR *opened)
{
    return call_fails() ? NULL : gan_system_files.readdir(opened);
}

static int close_file(int file)
{
    return gan_system_files.close(file);
}

static int close_folder(DIR *opened)
{
    return gan_system_files.closedir(opened);
}

static const gan_file_calls failing = {.open = open_file,
                                       .fstat = examine,
                                       .read = read_file,
                                       .close = close_file,
                                       .opendir = open_folder,
                                       .readdir = read_folder,
                                       .closedir = close_folder};

/* An epoch in order, from opening to freeing. */
static gan_status whole_epoch(const gan_file_calls *system, gan_tensor *batch, int broken)
{
    gan_dataset *data;
    gan_status status = gan_dataset_open_folder_by(
        system, &data, context, folder,
        gan_dataset_options(.in_order = true, .broken = broken, .cache = 3 * H * W * 3, .height = H, .width = W));
    for (int i = 0; status == GAN_OK && i < 5; i++) status = gan_dataset_next(data, batch, NULL);
    gan_dataset_free(&data);
    return status;
}

START_TEST(input_fails)
{
    write_tree();
    gan_tensor *batch = new_tensor(context, GAN_SHAPE(2, H, W, 3));
    int before = live, failed = 0;
    for (int n = 1;; n++, failed++) {
        calls = 0;
        calls_fail_at = n;
        gan_status status = whole_epoch(&failing, batch, _i);
        ck_assert_int_eq(live, before);
        if (status == GAN_OK) break;
        ck_assert_msg(status == GAN_ERROR_IO || (_i && status == GAN_ERROR_FORMAT) ||
                          (_i && status == GAN_ERROR_INVALID_ARGUMENT), /* a batch larger than what is left */
                      "%s: %s", gan_status_name(status), gan_last_error());
    }
    ck_assert_int_gt(failed, 50);
    gan_tensor_free(&batch);
}
END_TEST

START_TEST(out_of_memory)
{
    write_tree();
    gan_tensor *batch = new_tensor(context, GAN_SHAPE(2, H, W, 3));
    int before = live, failed = 0, passed = 0;
    for (int n = 1; passed < 40; n++) { /* what a worker lacks the caller tries again, and may get */
        blocks = 0;
        fail_at = n;
        gan_status status = whole_epoch(&gan_system_files, batch, _i);
        ck_assert_msg(live == before, "block %d: %d were lost", n, live - before);
        passed = status == GAN_OK ? passed + 1 : 0;
        failed += status != GAN_OK;
        if (status != GAN_OK) check_fails(GAN_ERROR_OUT_OF_MEMORY, "", status, "epoch", __FILE__, __LINE__);
    }
    fail_at = 0;
    ck_assert_int_gt(failed, 25);
    gan_tensor_free(&batch);
}
END_TEST

/* Freed while pictures are being decoded. */
START_TEST(freed)
{
    write_tree();
    gan_tensor *batch = new_tensor(context, GAN_SHAPE(2, H, W, 3));
    for (int i = 0; i < 60; i++) {
        gan_dataset *data = open_tree(gan_dataset_options(.threads = 1 + i % 3, .cache = 1 + i % 2));
        for (int k = 0; k < i % 4; k++) ok(gan_dataset_next(data, batch, NULL));
        if (i % 5 == 0) ok(gan_dataset_seek(data, 3, 1));
        gan_dataset_free(&data);
    }
    gan_tensor_free(&batch);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("folder_failures");
    TCase *tests = tcase_create("folder_failures");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, folder_setup, folder_teardown);
    if (gan_has_feature("png")) {
        tcase_add_loop_test(tests, input_fails, 0, 2);
        tcase_add_loop_test(tests, out_of_memory, 0, 2);
        tcase_add_test(tests, freed);
    }
    return run_suite(suite);
}
