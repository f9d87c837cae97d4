/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD 3073

static gan_context *context;
static char folder[64];

static void setup(void)
{
    context = new_context(2, GAN_KERNELS_AUTO);
    strcpy(folder, "/tmp/gan-data-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
    gan_context_free(&context);
}

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* A colour that tells record, plane, row and column. */
static unsigned char pixel(int record, int plane, int y, int x)
{
    return (unsigned char)(record * 7 + plane * 85 + y * 3 + x);
}

/* Writes a batch file of so many records, the first numbered `first`, and `more` bytes. */
static void write_batch(const char *name, int first, int records, int more, int label)
{
    FILE *file = fopen(in_folder(name), "wb");
    ck_assert(file != NULL);
    for (int r = first; r < first + records; r++) {
        fputc(label >= 0 && r == first + records - 1 ? label : r % 10, file);
        for (int k = 0; k < 3; k++)
            for (int y = 0; y < 32; y++)
                for (int x = 0; x < 32; x++) fputc(pixel(r, k, y, x), file);
    }
    for (int i = 0; i < more; i++) fputc(0, file);
    ck_assert(fclose(file) == 0);
}

static void write_folder(const char *below)
{
    char name[64];
    for (int i = 1; i <= 5; i++) {
        snprintf(name, sizeof name, "%sdata_batch_%d.bin", below, i);
        write_batch(name, 10 * i, 3, 0, -1);
    }
    snprintf(name, sizeof name, "%stest_batch.bin", below);
    write_batch(name, 70, 2, 0, -1);
}

static void check_picture(const float *image, int record, int crop, int top, int left)
{
    for (int y = 0; y < crop; y++)
        for (int x = 0; x < crop; x++)
            for (int k = 0; k < 3; k++) {
                float expected = (float)pixel(record, k, top + y, left + x) * 2 / 255 - 1;
                ck_assert_float_eq_tol(image[(y * crop + x) * 3 + k], expected, 1e-6f);
            }
}

START_TEST(cifar10_folder)
{
    static const struct {
        int part, count, first;
    } cases[] = {{GAN_CIFAR10_TRAIN, 15, 10}, {GAN_CIFAR10_TEST, 2, 70}, {GAN_CIFAR10_ALL, 17, 10}};
    char below[96];
    snprintf(below, sizeof below, "%s/cifar-10-batches-bin", folder);
    if (_i % 2) ck_assert_int_eq(mkdir(below, 0777), 0);
    write_folder(_i % 2 ? "cifar-10-batches-bin/" : "");
    gan_dataset *data;
    ok(gan_dataset_open_cifar10(&data, context, folder,
                                gan_dataset_options(.part = cases[_i / 2].part, .in_order = true)));
    ck_assert_int_eq(gan_dataset_count(data), cases[_i / 2].count);
    ck_assert_int_eq(gan_dataset_height(data), 16);
    ck_assert_int_eq(gan_dataset_width(data), 16);
    ck_assert_int_eq(gan_dataset_channels(data), 3);
    gan_tensor *image = new_tensor(context, GAN_SHAPE(16, 16, 3));
    int32_t label;
    ok(gan_dataset_get(data, 1, image, &label));
    check_picture(gan_tensor_floats(image), cases[_i / 2].first + 1, 16, 8, 8);
    ck_assert_int_eq(label, 1);
    gan_tensor_free(&image);
    gan_dataset_free(&data);
}
END_TEST

START_TEST(cifar10_crops)
{
    static const struct {
        int crop, top, left;
        bool at;
    } cases[] = {{0, 8, 8, false}, {32, 0, 0, false}, {15, 8, 8, false}, {8, 0, 0, true}, {8, 24, 3, true}};
    write_batch("one.bin", 4, 2, 0, -1);
    for (int i = 0; i < 5; i++) {
        gan_dataset *data;
        int crop = cases[i].crop ? cases[i].crop : 16;
        ok(gan_dataset_open_cifar10(&data, context, in_folder("one.bin"),
                                    gan_dataset_options(.crop = cases[i].crop, .crop_at = cases[i].at,
                                                        .crop_top = cases[i].at ? cases[i].top : 0,
                                                        .crop_left = cases[i].at ? cases[i].left : 0)));
        gan_tensor *image = new_tensor(context, GAN_SHAPE(1, crop, crop, 3));
        ok(gan_dataset_get(data, 1, image, NULL));
        check_picture(gan_tensor_floats(image), 5, crop, cases[i].top, cases[i].left);
        gan_tensor_free(&image);
        gan_dataset_free(&data);
    }
}
END_TEST

static void refuses(const char *name, gan_status status, const char *text)
{
    gan_dataset *data = (gan_dataset *)&data;
    fails(status, text, gan_dataset_open_cifar10(&data, context, in_folder(name), NULL));
    ck_assert(strstr(gan_last_error(), name) != NULL);
    ck_assert_ptr_null(data);
}

START_TEST(cifar10_damage)
{
    write_batch("empty.bin", 0, 0, 0, -1);
    write_batch("short.bin", 0, 2, 100, -1);
    write_batch("long.bin", 0, 2, RECORD - 1, -1);
    write_batch("label.bin", 0, 3, 0, 10);
    refuses("empty.bin", GAN_ERROR_FORMAT, "is empty");
    refuses("short.bin", GAN_ERROR_FORMAT, "record 2 is truncated to 100 of 3073 bytes");
    refuses("long.bin", GAN_ERROR_FORMAT, "record 2 is truncated to 3072");
    refuses("label.bin", GAN_ERROR_FORMAT, "label of record 2 is 10");
    refuses("missing.bin", GAN_ERROR_IO, "No such file");
    ck_assert_int_eq(mkfifo(in_folder("pipe.bin"), 0666), 0);
    refuses("pipe.bin", GAN_ERROR_IO, "not a regular file");
    write_folder("");
    ck_assert_int_eq(unlink(in_folder("data_batch_4.bin")), 0);
    refuses("", GAN_ERROR_IO, "data_batch_4.bin");
    write_batch("data_batch_4.bin", 0, 1, 1, -1);
    refuses("", GAN_ERROR_FORMAT, "data_batch_4.bin");
}
END_TEST

START_TEST(cifar10_misuse)
{
    gan_dataset *data;
    write_batch("one.bin", 0, 2, 0, -1);
    const char *path = in_folder("one.bin");
    static const struct {
        gan_dataset_options options;
        const char *text;
    } cases[] = {
        {{.crop = 33}, "crop is 33"},
        {{.crop = -1}, "crop is -1"},
        {{.crop_at = true, .crop_top = 17}, "crop_top is 17; with a crop of 16 it must be 0 to 16"},
        {{.crop_at = true, .crop = 30, .crop_left = 3}, "crop_left is 3; with a crop of 30 it must be 0 to 2"},
        {{.crop_at = true, .crop_left = 40}, "crop_left is 40"},
        {{.crop_top = 3}, "crop_at"},
        {{.part = 3}, "part is 3"},
        {{.last_batch = 2}, "last_batch is 2"},
        {{.count = -4}, "count is -4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gan_dataset_options options = cases[i].options;
        options.size = sizeof options;
        fails(GAN_ERROR_INVALID_ARGUMENT, cases[i].text, gan_dataset_open_cifar10(&data, context, path, &options));
        ck_assert_ptr_null(data);
    }
    fails(GAN_ERROR_INVALID_ARGUMENT, "dataset is NULL", gan_dataset_open_cifar10(NULL, context, path, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_dataset_open_cifar10(&data, NULL, path, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_dataset_open_cifar10(&data, context, NULL, NULL));
    char *endless = malloc(5000);
    memset(endless, 'x', 4999);
    endless[4999] = '\0';
    fails(GAN_ERROR_INVALID_ARGUMENT, "path", gan_dataset_open_cifar10(&data, context, endless, NULL));
    free(endless);
}
END_TEST

/* Members that only other kinds of datasets use are refused, not passed over. */
START_TEST(options_of_another_kind)
{
    static const struct {
        gan_dataset_options options;
        const char *text;
        bool memory, synthetic, file, folder; /* may have it */
    } cases[] = {
        {{.in_order = true, .flip = true, .last_batch = GAN_LAST_BATCH_KEEP}, "", true, true, true, true},
        {{.part = GAN_CIFAR10_ALL}, "gan_dataset_options.part is set", false, false, false, true},
        {{.crop = 16}, "gan_dataset_options.crop is set", false, false, true, true},
        {{.crop_at = true}, "gan_dataset_options.crop_at is set", false, false, true, true},
        {{.crop_top = 1}, "gan_dataset_options.crop_top is set", false, false, false, false},
        {{.crop_left = 1}, "gan_dataset_options.crop_left is set", false, false, false, false},
        {{.count = 50}, "gan_dataset_options.count is set", false, true, false, false},
    };
    gan_tensor *images = new_tensor(context, GAN_SHAPE(3, 2, 2, 1));
    write_folder("");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gan_dataset *data[4];
        gan_dataset_options options = cases[i].options;
        options.size = sizeof options;
        bool fine[] = {cases[i].memory, cases[i].synthetic, cases[i].file, cases[i].folder};
        for (int kind = 0; kind < 4; kind++) {
            gan_status status =
                kind == 0   ? gan_dataset_create_memory(&data[0], context, images, NULL, &options)
                : kind == 1 ? gan_dataset_create_synthetic(&data[1], context, &options)
                            : gan_dataset_open_cifar10(&data[kind], context,
                                                       kind == 2 ? in_folder("test_batch.bin") : folder, &options);
            if (fine[kind])
                ok(status);
            else if (kind > 1 && options.crop_top + options.crop_left > 0)
                fails(GAN_ERROR_INVALID_ARGUMENT, "need crop_at", status);
            else
                fails(GAN_ERROR_INVALID_ARGUMENT, cases[i].text, status);
            ck_assert(fine[kind] == (data[kind] != NULL));
            gan_dataset_free(&data[kind]);
        }
    }
    gan_tensor_free(&images);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cifar10");
    TCase *tests = tcase_create("cifar10");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, cifar10_folder, 0, 6);
    tcase_add_test(tests, cifar10_crops);
    tcase_add_test(tests, cifar10_damage);
    tcase_add_test(tests, cifar10_misuse);
    tcase_add_test(tests, options_of_another_kind);
    return run_suite(suite);
}
