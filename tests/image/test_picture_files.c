/* SPDX-License-Identifier: BSD-2-Clause */
#include "content.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Pictures read, against Pillow (pictures.py), and files that are damaged. */

static gan_context *context;

/* Memory that is counted, and whose n-th block from now on is refused. */
static int live, blocks, fail_at;
static size_t largest_block;

static void *allocate(void *user, size_t size, size_t alignment)
{
    void *memory;
    (void)user;
    if (++blocks == fail_at || posix_memalign(&memory, alignment, size) != 0) return NULL;
    if (size > largest_block) largest_block = size;
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
}

static void teardown(void)
{
    gan_context_free(&context);
    ck_assert_int_eq(live, 0);
}

static const struct {
    const char *name, *ending;
    int channels;
} pictures[] = {
    {"colour", "png", 3},   {"grey", "png", 1},    {"alpha", "png", 3},     {"grey_alpha", "png", 1},
    {"palette", "png", 3},  {"one_bit", "png", 1}, {"deep", "png", 3},      {"palette_hole", "png", 3},
    {"baseline", "jpg", 3}, {"inks", "jpg", 3},    {"jpeg_grey", "jpg", 1}, {"progressive", "jpg", 3},
};
#define COUNT ((int)(sizeof pictures / sizeof pictures[0]))

static bool is_png(int i)
{
    return strcmp(pictures[i].ending, "png") == 0;
}

static bool can_read(int i)
{
    return gan_has_feature(is_png(i) ? "png" : "jpeg");
}

static const char *path_of(int i, const char *ending)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s.%s", PICTURE_FOLDER, pictures[i].name, ending);
    return path;
}

static content content_of(int i)
{
    return read_content(path_of(i, pictures[i].ending));
}

/* PNG to the bit; the inverse transform of JPEG may differ by one between libraries. */
START_TEST(pictures_are_read)
{
    gan_tensor *image, *expected;
    if (!can_read(_i)) {
        fails(GAN_ERROR_UNSUPPORTED, path_of(_i, pictures[_i].ending),
              gan_image_read(&image, context, path_of(_i, pictures[_i].ending)));
        return;
    }
    ok(gan_image_read(&image, context, path_of(_i, pictures[_i].ending)));
    ok(gan_tensor_read_npy(&expected, context, path_of(_i, "npy")));
    ck_assert_int_eq(gan_tensor_type(image), GAN_UINT8);
    ck_assert_int_eq(gan_tensor_dimension(image, 2), pictures[_i].channels);
    ck_assert_int_eq(gan_tensor_rank(image), gan_tensor_rank(expected));
    for (int k = 0; k < 3; k++) ck_assert_int_eq(gan_tensor_dimension(image, k), gan_tensor_dimension(expected, k));
    const unsigned char *a = gan_tensor_data(image), *b = gan_tensor_data(expected);
    for (int64_t k = 0; k < gan_tensor_count(image); k++)
        ck_assert_msg(abs(a[k] - b[k]) <= !is_png(_i), "%s: byte %d is %d; should be %d", pictures[_i].name, (int)k,
                      a[k], b[k]);
    gan_tensor_free(&expected);
    gan_tensor_free(&image);
}
END_TEST

/* A file that ends anywhere is refused. */
START_TEST(cut_short)
{
    if (!can_read(_i)) return;
    content file = content_of(_i);
    unsigned char *data = file.bytes;
    size_t size = file.size;
    int before = live;
    for (size_t n = 0; n < size; n++) {
        gan_tensor *image = (gan_tensor *)&image;
        unsigned char *part = malloc(n + 1); /* a sanitizer sees what reads beyond */
        memcpy(part, data, n);
        gan_status status = gan_image_decode(&image, context, part, n);
        ck_assert_msg(status == GAN_ERROR_FORMAT, "%s: %d of %d bytes: %s", pictures[_i].name, (int)n, (int)size,
                      gan_status_name(status));
        ck_assert_ptr_null(image);
        free(part);
    }
    ck_assert_int_eq(live, before);
    free(data);
}
END_TEST

/* One bit of a file is wrong: a picture or a sentence, and no block of memory that the file cannot fill. A chunk of a
 * PNG has a check sum, so that no change to it goes unseen. */
START_TEST(flipped_bits)
{
    if (!can_read(_i)) return;
    int fine = 0, before = live;
    content file = content_of(_i);
    unsigned char *data = file.bytes;
    size_t size = file.size;
    for (size_t bit = 0; bit < 8 * size; bit += is_png(_i) ? 1 : 3) {
        data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        gan_tensor *image;
        largest_block = 0;
        gan_status status = gan_image_decode(&image, context, data, size);
        ck_assert_msg(status == GAN_OK || status == GAN_ERROR_FORMAT, "%s: bit %d: %s: %s", pictures[_i].name, (int)bit,
                      gan_status_name(status), gan_last_error());
        ck_assert_msg(largest_block <= 3 * 1032 * size + 65536, "%s: bit %d: a block of %d bytes", pictures[_i].name,
                      (int)bit, (int)largest_block);
        fine += status == GAN_OK;
        gan_tensor_free(&image);
        data[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    ck_assert_int_eq(live, before);
    if (is_png(_i)) ck_assert_int_eq(fine, 0);
    free(data);
}
END_TEST

START_TEST(out_of_memory)
{
    if (!can_read(_i)) return;
    content file = content_of(_i);
    unsigned char *data = file.bytes;
    size_t size = file.size;
    int before = live, failures = 0;
    for (int n = 1;; n++, failures++) {
        gan_tensor *image;
        fail_at = blocks + n;
        gan_status status = gan_image_decode(&image, context, data, size);
        gan_tensor_free(&image);
        ck_assert_msg(live == before, "block %d: %d were lost", n, live - before);
        if (status == GAN_OK) break;
        check_fails(GAN_ERROR_OUT_OF_MEMORY, "", status, "decode", __FILE__, __LINE__);
    }
    ck_assert_int_gt(failures, 2);
    fail_at = 0;
    free(data);
}
END_TEST

/* Headers that promise what the file cannot hold, or more than is read. */
START_TEST(lies)
{
    static const struct {
        int picture;
        size_t place; /* of the size in the file */
        unsigned char bytes[4];
        const char *text;
    } cases[] = {
        {8, 0, {0x7f, 0xff, 0xff, 0}, "32767 x 65280 pixels; at most 65536 a side and 268435456"},
        {8, 0, {0x10, 0, 0x10, 0}, "the header says 4096 x 4096 pixels, more than 890 bytes can hold"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int picture = cases[i].picture;
        size_t sof = 0;
        if (!can_read(picture)) continue;
        content file = content_of(picture);
        unsigned char *data = file.bytes;
        size_t size = file.size;
        while (!(data[sof] == 0xff && data[sof + 1] == 0xc0)) sof++; /* then length, precision, height and width */
        memcpy(data + sof + 5, cases[i].bytes, 4);
        gan_tensor *image;
        largest_block = 0;
        fails(GAN_ERROR_FORMAT, cases[i].text, gan_image_decode(&image, context, data, size));
        ck_assert_int_lt(largest_block, 8192);
        free(data);
    }
}
END_TEST

START_TEST(misuse)
{
    gan_tensor *image;
    static const char text[] = "P6 1 1 255 rgb";
    fails(GAN_ERROR_INVALID_ARGUMENT, "image is NULL", gan_image_read(NULL, context, "x"));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_image_read(&image, NULL, "x"));
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_image_read(&image, context, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "image is NULL", gan_image_decode(NULL, context, text, 5));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_image_decode(&image, NULL, text, 5));
    fails(GAN_ERROR_INVALID_ARGUMENT, "data is NULL", gan_image_decode(&image, context, NULL, 5));
    fails(GAN_ERROR_FORMAT, "the picture is neither a PNG nor a JPEG", gan_image_decode(&image, context, text, 14));
    fails(GAN_ERROR_FORMAT, "neither", gan_image_decode(&image, context, text, 0));
    fails(GAN_ERROR_FORMAT, "colour.npy is neither", gan_image_read(&image, context, path_of(0, "npy")));
    fails(GAN_ERROR_IO, "No such file", gan_image_read(&image, context, PICTURE_FOLDER "/none.png"));
    fails(GAN_ERROR_IO, "not a regular file", gan_image_read(&image, context, PICTURE_FOLDER));
}
END_TEST

/* What is written is read again: PNG as it was, JPEG within what its quality loses. */
START_TEST(written_and_read)
{
    if (!gan_has_feature(_i ? "jpeg" : "png")) return;
    gan_tensor *images, *file[2], *image;
    ok(gan_tensor_create(&images, context, GAN_UINT8, GAN_SHAPE(1, 40, 31, 3)));
    unsigned char *a = gan_tensor_data(images);
    for (int y = 0, k = 0; y < 40; y++)
        for (int x = 0; x < 31; x++, k += 3) {
            a[k] = (unsigned char)(6 * y);
            a[k + 1] = (unsigned char)(8 * x);
            a[k + 2] = (unsigned char)(240 - 3 * x - 3 * y);
        }
    size_t sizes[2];
    for (int i = 0; i < 2; i++) {
        ok(_i ? gan_image_encode_jpeg(&file[i], images, gan_grid_options(.quality = i ? 100 : 40))
              : gan_image_encode_png(&file[i], images, NULL));
        sizes[i] = gan_tensor_bytes(file[i]);
        ok(gan_image_decode(&image, context, gan_tensor_data(file[i]), sizes[i]));
        ck_assert(gan_tensor_dimension(image, 0) == 40 && gan_tensor_dimension(image, 1) == 31);
        const unsigned char *b = gan_tensor_data(image);
        int most = _i == 0 ? 0 : i == 0 ? 24 : 3;
        for (int64_t k = 0; k < gan_tensor_count(image); k++) ck_assert_int_le(abs(a[k] - b[k]), most);
        gan_tensor_free(&image);
    }
    if (_i) ck_assert_int_lt(sizes[0], sizes[1]);
    if (!_i)
        fails(GAN_ERROR_INVALID_ARGUMENT, "quality is 5",
              gan_image_encode_png(&image, images, gan_grid_options(.quality = 5)));
    if (_i)
        fails(GAN_ERROR_INVALID_ARGUMENT, "quality is 101",
              gan_image_encode_jpeg(&image, images, gan_grid_options(.quality = 101)));
    gan_tensor_free(&file[0]);
    gan_tensor_free(&file[1]);
    gan_tensor_free(&images);
}
END_TEST

START_TEST(jpeg_files)
{
    char path[] = "/tmp/gan-jpeg-XXXXXX";
    gan_tensor *images = new_tensor(context, GAN_SHAPE(3, 8, 8, 1)), *image, *jpeg;
    close(mkstemp(path));
    if (gan_has_feature("jpeg")) {
        ok(gan_image_write_jpeg(path, images, gan_grid_options(.gap = 1, .background = 255)));
        ok(gan_image_read(&image, context, path));
        ck_assert(gan_tensor_dimension(image, 0) == 19 && gan_tensor_dimension(image, 2) == 1);
        gan_tensor_free(&image);
        fails(GAN_ERROR_IO, "No such file", gan_image_write_jpeg("/nowhere/x.jpg", images, NULL));
        int before = live, failures = 0;
        for (int n = 1;; n++, failures++) {
            fail_at = blocks + n;
            gan_status status = gan_image_encode_jpeg(&jpeg, images, NULL);
            gan_tensor_free(&jpeg);
            ck_assert_int_eq(live, before);
            if (status == GAN_OK) break;
            check_fails(GAN_ERROR_OUT_OF_MEMORY, "", status, "encode", __FILE__, __LINE__);
        }
        ck_assert_int_gt(failures, 2);
    } else {
        fails(GAN_ERROR_UNSUPPORTED, "libjpeg", gan_image_write_jpeg(path, images, NULL));
    }
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_image_write_jpeg(NULL, images, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "jpeg is NULL", gan_image_encode_jpeg(NULL, images, NULL));
    unlink(path);
    gan_tensor_free(&images);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("picture files");
    TCase *tests = tcase_create("picture files");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, pictures_are_read, 0, COUNT);
    tcase_add_loop_test(tests, cut_short, 0, COUNT);
    tcase_add_loop_test(tests, flipped_bits, 0, COUNT);
    tcase_add_loop_test(tests, out_of_memory, 0, COUNT);
    tcase_add_test(tests, lies);
    tcase_add_test(tests, misuse);
    tcase_add_loop_test(tests, written_and_read, 0, 2);
    tcase_add_test(tests, jpeg_files);
    return run_suite(suite);
}
