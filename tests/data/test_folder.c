/* SPDX-License-Identifier: BSD-2-Clause */
#include "data/folder.h"
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Folders of pictures. Most tests need PNG files, and do without where there is no libpng. */

static gan_context *context;
static char folder[64];

/* Memory that is counted, and whose n-th block is refused; worker threads ask for some. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int live, blocks, fail_at;

static bool is_failing(int *calls, int at)
{
    pthread_mutex_lock(&mutex);
    bool now = ++*calls == at;
    pthread_mutex_unlock(&mutex);
    return now;
}

static void *allocate(void *user, size_t size, size_t alignment)
{
    void *memory;
    (void)user;
    if (is_failing(&blocks, fail_at) || posix_memalign(&memory, alignment, size) != 0) return NULL;
    pthread_mutex_lock(&mutex);
    live++;
    pthread_mutex_unlock(&mutex);
    return memory;
}

static void release(void *user, void *memory)
{
    (void)user;
    pthread_mutex_lock(&mutex);
    live--;
    pthread_mutex_unlock(&mutex);
    free(memory);
}

static char lines[4096]; /* of the log */

static void note(void *user, gan_log_level level, const char *message)
{
    (void)user;
    size_t used = strlen(lines);
    if (level == GAN_LOG_WARNING) snprintf(lines + used, sizeof lines - used, "%s\n", message);
}

static void setup(void)
{
    live = blocks = fail_at = 0;
    lines[0] = '\0';
    ok(gan_context_create(&context, gan_context_options(.threads = 2, .seed = 42, .log = note,
                                                        .allocator = {.allocate = allocate, .release = release})));
    strcpy(folder, "/tmp/gan-folder-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
}

static void run(const char *format, const char *argument)
{
    char command[1024], *end = command;
    end += sprintf(end, "cd '%s' && ", folder);
    snprintf(end, sizeof command - 200, format, argument, argument, argument);
    ck_assert_msg(system(command) == 0, "%s", command);
}

static void teardown(void)
{
    run("rm -rf '%s'", folder);
    gan_context_free(&context);
    ck_assert_int_eq(live, 0);
}

static const char *in_folder(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* A picture of 5x4 whose pixels tell its number. */
#define H 5
#define W 4

static unsigned char value(int number, int place)
{
    return (unsigned char)(number * 17 + place * 3);
}

static void write_picture(const char *name, int number)
{
    gan_tensor *image;
    ok(gan_tensor_create(&image, context, GAN_UINT8, GAN_SHAPE(1, H, W, 3)));
    for (int i = 0; i < H * W * 3; i++) ((unsigned char *)gan_tensor_data(image))[i] = value(number, i);
    ok(gan_image_write_png(in_folder(name), image, NULL));
    gan_tensor_free(&image);
}

/* Two classes, and below one of them folders: the pictures are numbered in the order that they should have. */
static const struct {
    const char *name;
    int label;
} tree[] = {
    {"Zebra/1.png", 0},
    {"Zebra/10.PNG", 0},
    {"Zebra/2.png", 0},
    {"ant/a.jpg", 1},
    {"ant/b/deep/x.png", 1},
    {"ant/b/y.jpeg", 1},
    {"ant/c.png", 1},
    {"bee/only.png", 2},
    {"bee/onlz.png", 2},
    {"\xc3\xa9t\xc3\xa9/1.png", 3},
    {"\xc3\xa9t\xc3\xa9/2.png", 3},
};
#define COUNT ((int)(sizeof tree / sizeof tree[0]))

static void write_tree(void)
{
    run("mkdir -p Zebra ant/b/deep ant/empty bee '\xc3\xa9t\xc3\xa9' .hidden%s", "");
    for (int i = COUNT - 1; i >= 0; i--) write_picture(tree[i].name, i);
    run("echo text > ant/readme.txt; echo x > bee/.only.png; echo x > .hidden/1.png; echo x > notes%s", "");
}

static gan_dataset *open_tree(const gan_dataset_options *options)
{
    gan_dataset *data;
    ok(gan_dataset_open_folder(&data, context, folder, options));
    return data;
}

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

/* The system, of whose calls the n-th and all that follow fail. */
static int calls, calls_fail_at;

static bool call_fails(void)
{
    pthread_mutex_lock(&mutex);
    bool now = ++calls >= calls_fail_at;
    pthread_mutex_unlock(&mutex);
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
    Suite *suite = suite_create("folder");
    TCase *tests = tcase_create("folder");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, misuse);
    if (gan_has_feature("png")) {
        tcase_add_test(tests, order_and_classes);
        tcase_add_loop_test(tests, same_as_in_memory, 0, 6);
        tcase_add_test(tests, cached);
        tcase_add_test(tests, sizes);
        tcase_add_test(tests, odd_shapes);
        tcase_add_loop_test(tests, broken_is_fatal, 0, 2);
        tcase_add_loop_test(tests, broken_is_skipped, 0, 2);
        tcase_add_loop_test(tests, input_fails, 0, 2);
        tcase_add_loop_test(tests, out_of_memory, 0, 2);
        tcase_add_test(tests, freed);
    }
    return run_suite(suite);
}
