/* SPDX-License-Identifier: BSD-2-Clause */
#include "content.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Datasets of NumPy's and of MNIST's files, and gan_dataset_open(). */

static gan_context *context;
static char folder[64];

static int live, blocks, fail_at;

static void *allocate(void *user, size_t size, size_t alignment)
{
    void *memory;
    (void)user;
    if (++blocks == fail_at || posix_memalign(&memory, alignment, size) != 0) return NULL;
    live++;
    return memory;
}

static void release(void *user, void *memory)
{
    (void)user;
    live--;
    free(memory);
}

static void setup(void)
{
    live = blocks = fail_at = 0;
    ok(gan_context_create(&context, gan_context_options(.allocator = {.allocate = allocate, .release = release})));
    strcpy(folder, "/tmp/gan-arrays-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
    gan_context_free(&context);
    ck_assert_int_eq(live, 0);
}

static const char *in_folder(const char *name)
{
    static char paths[4][256];
    static int turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static const char *write_bytes(const char *name, const void *data, size_t size)
{
    const char *path = in_folder(name);
    write_content(path, data, size);
    return path;
}

/* Three grey pictures of 2x2: picture i has 40 * i + 10 * pixel. */
#define IDX_BYTES 28
static size_t idx_images(unsigned char data[IDX_BYTES])
{
    static const unsigned char header[] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2};
    memcpy(data, header, sizeof header);
    for (int i = 0; i < 12; i++) data[16 + i] = (unsigned char)(i / 4 * 40 + i % 4 * 10);
    return IDX_BYTES;
}

static const unsigned char idx_labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9};

static void write_mnist(const char *images, const char *labels)
{
    unsigned char data[IDX_BYTES];
    write_bytes(images, data, idx_images(data));
    write_bytes(labels, idx_labels, sizeof idx_labels);
}

static float value_at(const gan_dataset *data, int64_t index, int place, int32_t *label)
{
    gan_tensor *image =
        new_tensor(context, GAN_SHAPE(gan_dataset_height(data), gan_dataset_width(data), gan_dataset_channels(data)));
    ok(gan_dataset_get(data, index, image, label));
    float value = gan_tensor_floats(image)[place];
    gan_tensor_free(&image);
    return value;
}

START_TEST(idx)
{
    gan_dataset *data;
    int32_t label;
    write_mnist("images", "labels");
    ok(gan_dataset_open_idx(&data, context, in_folder("images"), in_folder("labels"), NULL));
    ck_assert(gan_dataset_count(data) == 3 && gan_dataset_height(data) == 2 && gan_dataset_channels(data) == 1);
    ck_assert_int_eq(gan_dataset_classes(data), 10);
    ck_assert_ptr_null(gan_dataset_class_name(data, 0));
    ck_assert_float_eq(value_at(data, 2, 3, &label), 110 / 127.5f - 1);
    ck_assert_int_eq(label, 9);
    gan_dataset_free(&data);
    ok(gan_dataset_open_idx(
        &data, context, in_folder("images"), NULL,
        gan_dataset_options(.height = 4, .width = 3, .channels = 3, .filter = GAN_IMAGE_BOX, .fit = GAN_FIT_STRETCH)));
    ck_assert(gan_dataset_height(data) == 4 && gan_dataset_width(data) == 3 && gan_dataset_channels(data) == 3);
    ck_assert_float_eq(value_at(data, 1, 0, &label), 40 / 127.5f - 1);
    ck_assert_float_eq(value_at(data, 1, 35, &label), 70 / 127.5f - 1);
    ck_assert(label == -1 && gan_dataset_classes(data) == 0);
    gan_dataset_free(&data);
}
END_TEST

START_TEST(idx_damage)
{
    unsigned char data[IDX_BYTES + 1] = {0};
    gan_dataset *set;
    size_t size = idx_images(data);
    write_mnist("images", "labels");
    for (size_t n = 0; n <= size + 1; n++) {
        if (n == size) continue;
        const char *path = write_bytes("part", data, n);
        fails(GAN_ERROR_FORMAT, "part", gan_dataset_open_idx(&set, context, path, NULL, NULL));
        ck_assert_ptr_null(set);
    }
    for (size_t bit = 0; bit < 16 * 8; bit++) { /* every bit of the header matters */
        data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        const char *path = write_bytes("flipped", data, size);
        fails(GAN_ERROR_FORMAT, "flipped", gan_dataset_open_idx(&set, context, path, NULL, NULL));
        data[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    fails(GAN_ERROR_FORMAT, "packed by gzip",
          gan_dataset_open_idx(&set, context, write_bytes("x.gz", "\x1f\x8b\x08\0\0\0", 6), NULL, NULL));
    fails(GAN_ERROR_FORMAT, "labels is uint8 [3]; pictures are",
          gan_dataset_open_idx(&set, context, in_folder("labels"), NULL, NULL));
    fails(GAN_ERROR_FORMAT, "images is uint8 [3,2,2]; labels are whole numbers [3]",
          gan_dataset_open_idx(&set, context, in_folder("images"), in_folder("images"), NULL));
    fails(GAN_ERROR_IO, "none", gan_dataset_open_idx(&set, context, in_folder("none"), NULL, NULL));
    fails(GAN_ERROR_IO, "none", gan_dataset_open_idx(&set, context, in_folder("images"), in_folder("none"), NULL));
}
END_TEST

/* A file of NumPy's by hand; numpy_files.py has those of its own. */
static const char *write_npy(const char *name, const char *header, const void *data, size_t size)
{
    unsigned char bytes[512] = "\x93NUMPY\x01";
    size_t length = strlen(header);
    bytes[8] = (unsigned char)length;
    memcpy(bytes + 10, header, length);
    memcpy(bytes + 10 + length, data, size);
    return write_bytes(name, bytes, 10 + length + size);
}

START_TEST(npy)
{
    gan_dataset *data;
    int32_t label;
    float floats[] = {-1, 0.5f, 7, 0.25f};
    int64_t labels[] = {3, 1};
    write_npy("f.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 1, 2), }\n", floats, sizeof floats);
    write_npy("l.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n", labels, sizeof labels);
    ok(gan_dataset_open_npy(&data, context, in_folder("f.npy"), in_folder("l.npy"), NULL));
    ck_assert(gan_dataset_count(data) == 2 && gan_dataset_channels(data) == 2 && gan_dataset_classes(data) == 4);
    ck_assert_float_eq(value_at(data, 1, 0, &label), 7);
    ck_assert_int_eq(label, 1);
    gan_dataset_free(&data);
    fails(GAN_ERROR_INVALID_ARGUMENT, "channels is 3; the pictures of",
          gan_dataset_open_npy(&data, context, in_folder("f.npy"), NULL, gan_dataset_options(.channels = 3)));
    write_npy("g.npy", "{'shape': (1,1,4), 'descr':'<f4','fortran_order':False}", floats, sizeof floats);
    ok(gan_dataset_open_npy(
        &data, context, in_folder("g.npy"), NULL,
        gan_dataset_options(.height = 1, .width = 2, .channels = 3, .fit = GAN_FIT_STRETCH, .filter = GAN_IMAGE_BOX)));
    for (int k = 0; k < 3; k++) ck_assert_float_eq(value_at(data, 0, 3 + k, NULL), 3.625f);
    gan_dataset_free(&data);
    labels[1] = -2;
    write_npy("l.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n", labels, sizeof labels);
    fails(GAN_ERROR_FORMAT, "l.npy: label 1 is -2",
          gan_dataset_open_npy(&data, context, in_folder("f.npy"), in_folder("l.npy"), NULL));
    fails(GAN_ERROR_FORMAT, "f.npy is float [2,1,1,2]; labels are whole numbers",
          gan_dataset_open_npy(&data, context, in_folder("f.npy"), in_folder("f.npy"), NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "images are NULL", gan_dataset_open_npy(&data, context, NULL, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_dataset_open_npy(&data, NULL, "x", NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_open_npy: dataset",
          gan_dataset_open_npy(NULL, context, "x", NULL, NULL));
}
END_TEST

START_TEST(npy_headers)
{
    static const struct {
        const char *header, *text;
    } cases[] = {
        {"", "no dictionary"},
        {"{", "something else"},
        {"{}", "lacks"},
        {"{'descr': '<f4', 'fortran_order': False}", "lacks"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,2)} x", "goes on after"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,2), 'shape': (2,2)}", "something else"},
        {"{'descr': '<f4' 'fortran_order': False, 'shape': (2,2)}", "no dictionary"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", "the type of its elements"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2,2)}", "order is not that of C"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': [2,2]}", "no tuple"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2 2)}", "no tuple"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,2", "no tuple"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4)}x", "goes on after"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': ()}", "without a dimension"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0,4)}", "must be at least 1"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-4,)}", "must be at least 1"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "must be at least 1"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,4611686018427387904)}", "16 bytes"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", "it has 16 bytes of elements; [3] of 4 bytes"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,4)}", "more than 8"},
    };
    float floats[4] = {0};
    gan_tensor *tensor;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_npy("x.npy", cases[i].header, floats, sizeof floats);
        gan_status status = gan_tensor_read_npy(&tensor, context, in_folder("x.npy"));
        check_fails(GAN_ERROR_FORMAT, cases[i].text, status, cases[i].header, __FILE__, __LINE__);
        ck_assert(tensor == NULL && strstr(gan_last_error(), "x.npy") != NULL);
    }
}
END_TEST

/* Cut anywhere or with one bit wrong: a tensor or a sentence. */
START_TEST(npy_damage)
{
    gan_tensor *tensor = new_tensor(context, GAN_SHAPE(3, 5));
    ok(gan_tensor_write_npy(in_folder("whole.npy"), tensor));
    gan_tensor_free(&tensor);
    content c = read_content(in_folder("whole.npy"));
    unsigned char *data = c.bytes;
    size_t size = c.size;
    ck_assert_int_eq(size, 128 + 60);
    for (size_t n = 0; n < size; n++)
        fails(GAN_ERROR_FORMAT, "cut.npy", gan_tensor_read_npy(&tensor, context, write_bytes("cut.npy", data, n)));
    for (size_t bit = 0; bit < 128 * 8; bit++) {
        data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        gan_status status = gan_tensor_read_npy(&tensor, context, write_bytes("bit.npy", data, size));
        ck_assert(status == GAN_OK || status == GAN_ERROR_FORMAT);
        gan_tensor_free(&tensor);
        data[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    free(data);
    fails(GAN_ERROR_INVALID_ARGUMENT, "tensor is NULL", gan_tensor_write_npy("x", NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "tensor is NULL", gan_tensor_read_npy(NULL, context, "x"));
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_tensor_read_npy(&tensor, context, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_tensor_read_npy(&tensor, NULL, "x"));
    tensor = new_tensor(context, GAN_SHAPE(2));
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_tensor_write_npy(NULL, tensor));
    fails(GAN_ERROR_IO, "No such file", gan_tensor_write_npy("/nowhere/x.npy", tensor));
    gan_tensor_free(&tensor);
}
END_TEST

START_TEST(out_of_memory)
{
    int before = live, failed = 0;
    write_mnist("images", "labels");
    for (int n = 1;; n++, failed++) {
        gan_dataset *data;
        fail_at = blocks + n;
        gan_status status = gan_dataset_open_idx(&data, context, in_folder("images"), in_folder("labels"),
                                                 gan_dataset_options(.height = 3, .width = 5, .channels = 3));
        gan_dataset_free(&data);
        ck_assert_int_eq(live, before);
        if (status == GAN_OK) break;
        check_fails(GAN_ERROR_OUT_OF_MEMORY, "", status, "open", __FILE__, __LINE__);
    }
    ck_assert_int_gt(failed, 20);
}
END_TEST

/* One call for all kinds. */
START_TEST(any_path)
{
    gan_dataset *data;
    unsigned char bytes[12] = {0};
    static unsigned char records[2 * 3073];
    const gan_dataset_options *options = gan_dataset_options(.flip = true, .height = 16, .width = 16, .channels = 3);
    write_mnist("train-images-idx3-ubyte", "train-labels-idx1-ubyte");
    write_npy("x.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2, 2), }\n", bytes, 12);
    write_bytes("c.bin", records, sizeof records);
    static const struct {
        const char *name;
        int count, classes;
    } cases[] = {{"", 3, 10}, {"x.npy", 3, 0}, {"train-images-idx3-ubyte", 3, 0}, {"c.bin", 2, 10}};
    for (size_t i = 0; i < 4; i++) {
        ok(gan_dataset_open(&data, context, in_folder(cases[i].name), options));
        ck_assert_int_eq(gan_dataset_count(data), cases[i].count);
        ck_assert_int_eq(gan_dataset_classes(data), cases[i].classes);
        ck_assert(gan_dataset_height(data) == 16 && gan_dataset_width(data) == 16 && gan_dataset_channels(data) == 3);
        if (cases[i].count == 2) ck_assert_str_eq(gan_dataset_class_name(data, 9), "truck");
        gan_dataset_free(&data);
    }
    ok(gan_dataset_open(&data, context, "synthetic", gan_dataset_options(.count = 7, .crop = 5)));
    ck_assert(gan_dataset_count(data) == 7 && gan_dataset_classes(data) == GAN_SYNTHETIC_MODES);
    gan_dataset_free(&data);
    fails(GAN_ERROR_INVALID_ARGUMENT, "cannot resize; asked for are 8 x 8 x 0",
          gan_dataset_open(&data, context, "synthetic", gan_dataset_options(.height = 8, .width = 8)));
    ck_assert_ptr_null(data);
    fails(GAN_ERROR_FORMAT, "text is no dataset", gan_dataset_open(&data, context, write_bytes("text", "no", 2), NULL));
    fails(GAN_ERROR_IO, "nothing", gan_dataset_open(&data, context, in_folder("nothing"), NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "threads is 65",
          gan_dataset_open(&data, context, "synthetic", gan_dataset_options(.threads = 65)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "height is 3 and width is 0; give both",
          gan_dataset_open(&data, context, "synthetic", gan_dataset_options(.height = 3)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "channels is 2",
          gan_dataset_open(&data, context, in_folder("x.npy"), gan_dataset_options(.channels = 2)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_options.cache is set",
          gan_dataset_open_npy(&data, context, in_folder("x.npy"), NULL, gan_dataset_options(.cache = 2)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "dataset is NULL", gan_dataset_open(NULL, context, "x", NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_dataset_open(&data, NULL, "x", NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_dataset_open(&data, context, NULL, NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arrays");
    TCase *tests = tcase_create("arrays");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, idx);
    tcase_add_test(tests, idx_damage);
    tcase_add_test(tests, npy);
    tcase_add_test(tests, npy_headers);
    tcase_add_test(tests, npy_damage);
    tcase_add_test(tests, out_of_memory);
    tcase_add_test(tests, any_path);
    return run_suite(suite);
}
