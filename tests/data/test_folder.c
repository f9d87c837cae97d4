/* SPDX-License-Identifier: BSD-2-Clause */
#include "picture_folder.h"

#include <stdio.h>
#include <string.h>

/* Folders of pictures. Most tests need PNG files, and do without where there is no libpng. */

/* The same pictures in memory. */
static gan_dataset *in_memory(const gan_dataset_options *options)
{
    gan_tensor *images, *labels = new_labels(context, COUNT);
    gan_dataset *data;
    ok(gan_tensor_create(&images, context, GAN_UINT8, GAN_SHAPE(COUNT, H, W, 3)));
    for (int n = 0; n < COUNT; n++) {
        for (int i = 0; i < H * W * 3; i++) ((unsigned char *)gan_tensor_data(images))[n * H * W * 3 + i] = value(n, i);
        numbers(labels)[n] = tree[n].label;
    }
    ok(gan_dataset_create_memory(&data, context, images, labels, options));
    gan_tensor_free(&images);
    gan_tensor_free(&labels);
    return data;
}

START_TEST(order_and_classes)
{
    static const char *const names[] = {"Zebra", "ant", "bee", "\xc3\xa9t\xc3\xa9"};
    write_tree();
    gan_dataset *data = open_tree(gan_dataset_options(.in_order = true));
    gan_tensor *image = new_tensor(context, GAN_SHAPE(H, W, 3));
    ck_assert(gan_dataset_count(data) == COUNT && gan_dataset_height(data) == H && gan_dataset_width(data) == W);
    ck_assert_int_eq(gan_dataset_classes(data), 4);
    for (int i = 0; i < 4; i++) ck_assert_str_eq(gan_dataset_class_name(data, i), names[i]);
    ck_assert(!gan_dataset_class_name(data, 4) && !gan_dataset_class_name(data, -1) &&
              !gan_dataset_class_name(NULL, 0));
    ck_assert(gan_dataset_skipped(data) == 0 && gan_dataset_skipped(NULL) == 0 && gan_dataset_classes(NULL) == 0);
    for (int n = COUNT - 1; n >= 0; n--) {
        int32_t label;
        ok(gan_dataset_get(data, n, image, &label));
        ck_assert_int_eq(label, tree[n].label);
        for (int i = 0; i < H * W * 3; i++)
            ck_assert_float_eq(gan_tensor_floats(image)[i], (float)value(n, i) / 127.5f - 1);
    }
    gan_tensor_free(&image);
    gan_dataset_free(&data);
}
END_TEST

/* Whatever threads, cache and batch: the bits of the same pictures in memory, also after a seek. */
START_TEST(same_as_in_memory)
{
    static const int64_t caches[] = {1, 4 * H * W * 3, 0};
    write_tree();
    for (int i = 0; i < 8; i++) {
        const gan_dataset_options plain = {sizeof plain, .in_order = i & 1, .flip = i & 2, .last_batch = i >> 2};
        gan_dataset_options options = plain;
        options.cache = caches[_i % 3];
        options.threads = 1 + _i / 3 * 3;
        gan_dataset *memory = in_memory(&plain), *data = open_tree(&options);
        gan_tensor *a[2], *b[2], *labels[] = {new_labels(context, 4), new_labels(context, 4)};
        for (int k = 0; k < 2; k++) {
            a[k] = new_tensor(context, GAN_SHAPE(k ? 3 : 4, H, W, 3));
            b[k] = new_tensor(context, GAN_SHAPE(k ? 3 : 4, H, W, 3));
        }
        for (int step = 0; step < 24; step++) {
            int k = step > 8 && step < 14; /* batches of another size for a while */
            if (step == 18) ok(gan_dataset_seek(memory, 1, 2));
            if (step == 18) ok(gan_dataset_seek(data, 1, 2));
            ok(gan_dataset_next(memory, a[k], k ? NULL : labels[0]));
            ok(gan_dataset_next(data, b[k], k ? NULL : labels[1]));
            ck_assert_int_eq(gan_tensor_bytes(a[k]), gan_tensor_bytes(b[k]));
            ck_assert_mem_eq(gan_tensor_data(a[k]), gan_tensor_data(b[k]), gan_tensor_bytes(a[k]));
            ck_assert_mem_eq(numbers(labels[0]), numbers(labels[1]), gan_tensor_bytes(labels[0]));
            ck_assert(gan_dataset_epoch(memory) == gan_dataset_epoch(data) &&
                      gan_dataset_position(memory) == gan_dataset_position(data));
        }
        for (int k = 0; k < 2; k++) {
            gan_tensor_free(&a[k]);
            gan_tensor_free(&b[k]);
            gan_tensor_free(&labels[k]);
        }
        gan_dataset_free(&memory);
        gan_dataset_free(&data);
    }
}
END_TEST

/* Once everything is in the cache, no file is looked at. */
START_TEST(cached)
{
    write_tree();
    gan_dataset *data = open_tree(gan_dataset_options(.last_batch = GAN_LAST_BATCH_KEEP));
    gan_tensor *batch = new_tensor(context, GAN_SHAPE(5, H, W, 3));
    for (int i = 0; i < 3; i++) ok(gan_dataset_next(data, batch, NULL));
    ck_assert(gan_dataset_epoch(data) == 1);
    run("rm -rf %s/*", folder);
    for (int i = 0; i < 9; i++) ok(gan_dataset_next(data, batch, NULL));
    gan_dataset_free(&data);
    gan_tensor_free(&batch);
}
END_TEST

/* Against Pillow: tests/image/pictures.py. */
START_TEST(sizes)
{
    static const struct {
        const char *golden;
        gan_dataset_options options;
    } cases[] = {
        {"fit_crop", {.height = 8, .width = 8}},
        {"fit_grey", {.height = 8, .width = 8, .channels = 1}},
        {"fit_stretch", {.height = 8, .width = 8, .fit = GAN_FIT_STRETCH, .filter = GAN_IMAGE_LANCZOS}},
        {"resize_bytes", {0}},
    };
    run("cp '%s/tall.png' .", PICTURE_FOLDER);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gan_dataset_options options = cases[i].options;
        char path[512];
        gan_tensor *expected, *image;
        int32_t label;
        options.size = sizeof options;
        snprintf(path, sizeof path, "%s/%s.npy", PICTURE_FOLDER, cases[i].golden);
        ok(gan_tensor_read_npy(&expected, context, path));
        image = new_tensor(context, gan_tensor_rank(expected), gan_tensor_shape(expected));
        gan_dataset *data = open_tree(&options);
        ok(gan_dataset_get(data, 0, image, &label));
        ck_assert(label == -1 && gan_dataset_classes(data) == 0); /* no folder, no class */
        for (int64_t k = 0; k < gan_tensor_count(image); k++)
            ck_assert_float_eq(gan_tensor_floats(image)[k],
                               (float)((unsigned char *)gan_tensor_data(expected))[k] / 127.5f - 1);
        gan_dataset_free(&data);
        gan_tensor_free(&image);
        gan_tensor_free(&expected);
    }
}
END_TEST

/* A thin picture and a wide one, grey and colour, made square: one colour stays one colour. */
START_TEST(odd_shapes)
{
    static const int shapes[][3] = {{1, 90, 3}, {90, 1, 1}, {2, 3, 3}};
    for (int i = 0; i < 3; i++) {
        gan_tensor *image, *made = new_tensor(context, GAN_SHAPE(1, 7, 7, 3));
        ok(gan_tensor_create(&image, context, GAN_UINT8, GAN_SHAPE(1, shapes[i][0], shapes[i][1], shapes[i][2])));
        memset(gan_tensor_data(image), 51, gan_tensor_bytes(image));
        ok(gan_image_write_png(in_folder("x.png"), image, NULL));
        gan_dataset *data = open_tree(gan_dataset_options(.height = 7, .width = 7));
        ok(gan_dataset_next(data, made, NULL));
        for (int k = 0; k < 7 * 7 * 3; k++) ck_assert_float_eq(gan_tensor_floats(made)[k], 51 / 127.5f - 1);
        gan_dataset_free(&data);
        gan_tensor_free(&made);
        gan_tensor_free(&image);
    }
}
END_TEST

START_TEST(broken_is_fatal)
{
    write_tree();
    run("head -c 60 ant/c.png > cut && mv cut ant/c.png%s", "");
    gan_dataset *data = open_tree(gan_dataset_options(.in_order = true, .threads = 1 + _i));
    gan_tensor *batch = new_tensor(context, GAN_SHAPE(3, H, W, 3));
    for (int i = 0; i < 2; i++) ok(gan_dataset_next(data, batch, NULL));
    for (int i = 0; i < 2; i++) {
        fails(GAN_ERROR_FORMAT, "ant/c.png: PNG: the file is cut short", gan_dataset_next(data, batch, NULL));
        ck_assert(gan_dataset_position(data) == 6 && gan_dataset_epoch(data) == 0);
    }
    write_picture("ant/c.png", 6);
    ok(gan_dataset_next(data, batch, NULL));
    ck_assert_float_eq(gan_tensor_floats(batch)[0], (float)value(6, 0) / 127.5f - 1);
    gan_dataset_free(&data);
    run("echo no > Zebra/1.png%s", "");
    fails(GAN_ERROR_FORMAT, "Zebra/1.png is neither", gan_dataset_open_folder(&data, context, folder, NULL));
    ck_assert_ptr_null(data);
    gan_tensor_free(&batch);
}
END_TEST

START_TEST(broken_is_skipped)
{
    write_tree();
    run("echo no > Zebra/1.png; head -c 60 ant/c.png > cut && mv cut ant/c.png; rm bee/onlz.png; mkfifo bee/onlz.png%s",
        "");
    const gan_dataset_options *options =
        gan_dataset_options(.in_order = true, .broken = GAN_BROKEN_SKIP, .threads = 1 + _i, .cache = _i ? 1 : 0,
                            .last_batch = GAN_LAST_BATCH_KEEP);
    gan_dataset *data = open_tree(options);
    gan_tensor *batch = new_tensor(context, GAN_SHAPE(2, H, W, 3)), *labels = new_labels(context, 2);
    static const int left[] = {1, 2, 3, 4, 5, 7, 9, 10};
    ck_assert(gan_dataset_count(data) == 8 && gan_dataset_skipped(data) == 3 && gan_dataset_classes(data) == 4);
    const char *first = strstr(lines, "Zebra/1.png is neither"), *second = strstr(lines, "ant/c.png: PNG");
    const char *third = strstr(lines, "bee/onlz.png is not a regular file");
    ck_assert_msg(first && second > first && third > second, "%s", lines);
    for (int i = 0; i < 8; i += 2) {
        ok(gan_dataset_next(data, batch, labels));
        for (int k = 0; k < 2; k++) {
            ck_assert_float_eq(gan_tensor_floats(batch)[k * H * W * 3], (float)value(left[i + k], 0) / 127.5f - 1);
            ck_assert_int_eq(numbers(labels)[k], tree[left[i + k]].label);
        }
    }
    run("rm bee/only.png%s", ""); /* breaks later: nothing where it is kept, an error where not */
    gan_tensor *all = new_tensor(context, GAN_SHAPE(10, H, W, 3));
    ok(gan_dataset_seek(data, 7, 0));
    if (_i)
        fails(GAN_ERROR_IO, "bee/only.png", gan_dataset_next(data, all, NULL));
    else
        ok(gan_dataset_next(data, all, NULL));
    gan_tensor_free(&all);
    gan_dataset_free(&data);
    run("rm bee/onlz.png; echo no > bee/only.png; for f in */*.* */*/*.* */*/*/*.*; do echo no > $f; done%s", "");
    fails(GAN_ERROR_FORMAT, "neither a PNG", gan_dataset_open_folder(&data, context, folder, options));
    fails(GAN_ERROR_FORMAT, "none of the 10 pictures can be read",
          gan_dataset_open_folder(&data, context, folder,
                                  gan_dataset_options(.broken = GAN_BROKEN_SKIP, .height = 3, .width = 3)));
    gan_tensor_free(&batch);
    gan_tensor_free(&labels);
}
END_TEST

START_TEST(misuse)
{
    gan_dataset *data;
    fails(GAN_ERROR_FORMAT, "has no pictures", gan_dataset_open_folder(&data, context, folder, NULL));
    run("mkdir empty full && echo x > full/1.png%s", "");
    fails(GAN_ERROR_FORMAT, "empty is a class without", gan_dataset_open_folder(&data, context, folder, NULL));
    run("echo x > empty/2.png && echo x > beside.jpg%s", "");
    fails(GAN_ERROR_FORMAT, "beside.jpg has no class", gan_dataset_open_folder(&data, context, folder, NULL));
    run("rm -r * && mkdir a && ln -s .. a/a%s", "");
    fails(GAN_ERROR_FORMAT, "more than 32 folders", gan_dataset_open_folder(&data, context, folder, NULL));
    fails(GAN_ERROR_IO, "none could not be read: No such",
          gan_dataset_open_folder(&data, context, in_folder("none"), NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "part is set",
          gan_dataset_open_folder(&data, context, folder, gan_dataset_options(.part = 1)));
    static const struct {
        gan_dataset_options options;
        const char *text;
    } cases[] = {{{.height = -1, .width = 2}, "height is -1"},
                 {{.width = 2}, "both or neither"},
                 {{.channels = 2}, "channels is 2"},
                 {{.channels = 4}, "channels is 4"},
                 {{.fit = 2}, "fit is 2"},
                 {{.filter = 4}, "filter is 4"},
                 {{.broken = 2}, "broken is 2"},
                 {{.threads = -1}, "threads is -1"},
                 {{.reserved = 1}, "reserved is 1"},
                 {{.cache = -1}, "cache is -1"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gan_dataset_options options = cases[i].options;
        options.size = sizeof options;
        fails(GAN_ERROR_INVALID_ARGUMENT, cases[i].text, gan_dataset_open_folder(&data, context, folder, &options));
        ck_assert_ptr_null(data);
    }
    fails(GAN_ERROR_INVALID_ARGUMENT, "dataset is NULL", gan_dataset_open_folder(NULL, context, folder, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_dataset_open_folder(&data, NULL, folder, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_dataset_open_folder(&data, context, NULL, NULL));
    char endless[5000];
    memset(endless, 'x', 4999);
    endless[4999] = '\0';
    fails(GAN_ERROR_INVALID_ARGUMENT, "4095 bytes", gan_dataset_open_folder(&data, context, endless, NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("folder");
    TCase *tests = tcase_create("folder");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, folder_setup, folder_teardown);
    tcase_add_test(tests, misuse);
    if (gan_has_feature("png")) {
        tcase_add_test(tests, order_and_classes);
        tcase_add_loop_test(tests, same_as_in_memory, 0, 6);
        tcase_add_test(tests, cached);
        tcase_add_test(tests, sizes);
        tcase_add_test(tests, odd_shapes);
        tcase_add_loop_test(tests, broken_is_fatal, 0, 2);
        tcase_add_loop_test(tests, broken_is_skipped, 0, 2);
    }
    return run_suite(suite);
}
