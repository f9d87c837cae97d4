/* SPDX-License-Identifier: BSD-2-Clause */
#include "content.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gan_context *context;
static char folder[64], path[128];

static void setup(void)
{
    context = new_context(1, GAN_KERNELS_AUTO);
    strcpy(folder, "/tmp/gan-images-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/grid.png", folder);
}

static void teardown(void)
{
    unlink(path);
    ck_assert_msg(rmdir(folder) == 0, "something was left in %s", folder);
    gan_context_free(&context);
}

START_TEST(bytes)
{
    /* 127.5 * (x + 1), halves to even */
    static const float x[] = {
        -1,  1,         0,        -0.00392156886f, 0.0117647059f, -7,           7,
        NAN, -INFINITY, INFINITY, 1.0f / 255,      -0.211764708f, -0.203921571f}; /* the last two are 100.5 and 101.5
                                                                                     exactly */
    static const unsigned char expected[] = {0, 255, 128, 127, 129, 0, 255, 0, 0, 255, 128, 100, 102};
    gan_tensor *images = new_tensor(context, GAN_SHAPE(13)), *y;
    ok(gan_tensor_create(&y, context, GAN_UINT8, GAN_SHAPE(13)));
    memcpy(gan_tensor_floats(images), x, sizeof x);
    ok(gan_image_to_bytes(y, images));
    for (int i = 0; i < 13; i++)
        ck_assert_msg(((unsigned char *)gan_tensor_data(y))[i] == expected[i], "%g becomes %d; should be %d", x[i],
                      ((unsigned char *)gan_tensor_data(y))[i], expected[i]);
    fails(GAN_ERROR_INVALID_ARGUMENT, "images are NULL", gan_image_to_bytes(y, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "bytes are NULL", gan_image_to_bytes(NULL, images));
    fails(GAN_ERROR_SHAPE, "float [13]", gan_image_to_bytes(images, images));
    ok(gan_tensor_set_batch(images, 5));
    fails(GAN_ERROR_SHAPE, "float [5]", gan_image_to_bytes(y, images));
    gan_tensor_free(&images);
    gan_tensor_free(&y);
}
END_TEST

#ifdef HAVE_PNG
#include <png.h>

/* Decodes with libpng's simple interface; the caller frees the pixels. */
static unsigned char *decode(const void *data, size_t size, int channels, int *width, int *height)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    ck_assert(png_image_begin_read_from_memory(&image, data, size));
    ck_assert_int_eq(image.format, channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB);
    unsigned char *pixels = malloc(PNG_IMAGE_SIZE(image));
    ck_assert(pixels && png_image_finish_read(&image, NULL, pixels, 0, NULL));
    *width = (int)image.width;
    *height = (int)image.height;
    return pixels;
}

static unsigned char value(int picture, int y, int x, int k)
{
    return (unsigned char)(picture * 40 + y * 9 + x * 5 + k * 3 + 1);
}

static gan_tensor *pictures(int count, int h, int w, int c)
{
    gan_tensor *tensor;
    ok(gan_tensor_create(&tensor, context, GAN_UINT8, GAN_SHAPE(count, h, w, c)));
    unsigned char *byte = gan_tensor_data(tensor);
    for (int n = 0; n < count; n++)
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                for (int k = 0; k < c; k++) *byte++ = value(n, y, x, k);
    return tensor;
}

/* What pixel (x, y) of the grid should be. */
static int expected_pixel(int x, int y, int k, int count, int columns, int h, int w, const gan_grid_options *o)
{
    int scale = o->scale ? o->scale : 1;
    for (int n = 0; n < count; n++) {
        int left = o->gap + n % columns * (w * scale + o->gap), top = o->gap + n / columns * (h * scale + o->gap);
        if (x >= left && x < left + w * scale && y >= top && y < top + h * scale)
            return value(n, (y - top) / scale, (x - left) / scale, k);
    }
    return o->background;
}

START_TEST(grids)
{
    static const struct {
        int count, h, w, c, columns; /* columns as they should be */
        gan_grid_options options;
    } cases[] = {
        {1, 3, 2, 3, 1, {0}},
        {5, 3, 2, 3, 3, {.gap = 2, .background = 200}},
        {4, 2, 2, 1, 2, {.scale = 3, .gap = 1, .background = 7}},
        {6, 2, 3, 3, 4, {.columns = 4, .scale = 2}},
        {6, 2, 3, 1, 6, {.columns = 6, .gap = 3}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gan_grid_options o = cases[i].options;
        o.size = sizeof o;
        gan_tensor *images = pictures(cases[i].count, cases[i].h, cases[i].w, cases[i].c), *png, *again;
        ok(gan_image_encode_png(&png, images, &o));
        ok(gan_image_encode_png(&again, images, &o));
        ck_assert_int_eq(gan_tensor_bytes(png), gan_tensor_bytes(again));
        ck_assert_mem_eq(gan_tensor_data(png), gan_tensor_data(again), gan_tensor_bytes(png));
        int width, height, scale = o.scale ? o.scale : 1, columns = cases[i].columns;
        int rows = (cases[i].count + columns - 1) / columns;
        unsigned char *pixels = decode(gan_tensor_data(png), gan_tensor_bytes(png), cases[i].c, &width, &height);
        ck_assert_int_eq(width, columns * cases[i].w * scale + (columns + 1) * o.gap);
        ck_assert_int_eq(height, rows * cases[i].h * scale + (rows + 1) * o.gap);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                for (int k = 0; k < cases[i].c; k++)
                    ck_assert_int_eq(pixels[(y * width + x) * cases[i].c + k],
                                     expected_pixel(x, y, k, cases[i].count, columns, cases[i].h, cases[i].w, &o));
        free(pixels);
        gan_tensor_free(&png);
        gan_tensor_free(&again);
        gan_tensor_free(&images);
    }
}
END_TEST

START_TEST(files)
{
    gan_tensor *images = new_tensor(context, GAN_SHAPE(2, 4, 4, 3));
    int width, height;
    for (int round = 0; round < 2; round++) { /* the second replaces the first */
        for (int i = 0; i < 96; i++) gan_tensor_floats(images)[i] = round ? 1 : -1;
        ok(gan_image_write_png(path, images, NULL));
        content c = read_content(path);
        unsigned char *pixels = decode(c.bytes, c.size, 3, &width, &height);
        ck_assert(width == 8 && height == 4 && pixels[0] == 255 * round && pixels[95] == 255 * round);
        free(pixels);
        free(c.bytes);
    }
    char missing[256];
    snprintf(missing, sizeof missing, "%s/missing/grid.png", folder);
    fails(GAN_ERROR_IO, missing, gan_image_write_png(missing, images, NULL));
    fails(GAN_ERROR_IO, folder, gan_image_write_png(folder, images, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_image_write_png(NULL, images, NULL));
    gan_tensor_free(&images);
}
END_TEST

START_TEST(grid_misuse)
{
    gan_tensor *images = pictures(4, 2, 2, 3), *two = pictures(4, 2, 2, 2), *png = (gan_tensor *)&png, *labels;
    gan_tensor *large = new_tensor(context, GAN_SHAPE(2, 600, 600, 1));
    ok(gan_tensor_create(&labels, context, GAN_INT32, GAN_SHAPE(4, 2, 2, 3)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "png is NULL", gan_image_encode_png(NULL, images, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "images are NULL", gan_image_encode_png(&png, NULL, NULL));
    fails(GAN_ERROR_SHAPE, "uint8 [4,2,2,2]", gan_image_encode_png(&png, two, NULL));
    fails(GAN_ERROR_SHAPE, "int32 [4,2,2,3]", gan_image_encode_png(&png, labels, NULL));
    static const struct {
        gan_grid_options options;
        const char *text;
    } cases[] = {
        {{.columns = 5}, "columns is 5"}, {{.columns = -1}, "columns is -1"},
        {{.scale = 65}, "scale is 65"},   {{.gap = 65}, "gap is 65"},
        {{.gap = -1}, "gap is -1"},       {{.background = 256}, "background is 256"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gan_grid_options o = cases[i].options;
        o.size = sizeof o;
        fails(GAN_ERROR_INVALID_ARGUMENT, cases[i].text, gan_image_encode_png(&png, images, &o));
    }
    fails(GAN_ERROR_INVALID_ARGUMENT, "32768 pixels", gan_image_encode_png(&png, large, gan_grid_options(.scale = 60)));
    ck_assert_ptr_null(png);
    gan_tensor_free(&labels);
    gan_tensor_free(&large);
    gan_tensor_free(&two);
    gan_tensor_free(&images);
}
END_TEST

/* Every allocation of an encoding may fail. */
static int calls, fail_at, live;

static void *allocate(void *user, size_t size, size_t alignment)
{
    (void)user;
    void *memory = NULL;
    if (++calls == fail_at || posix_memalign(&memory, alignment, size) != 0) return NULL;
    live++;
    return memory;
}

static void release(void *user, void *memory)
{
    (void)user;
    live--;
    free(memory);
}

START_TEST(out_of_memory)
{
    gan_context *small;
    gan_tensor *images, *png;
    ok(gan_context_create(&small, gan_context_options(.allocator = {.allocate = allocate, .release = release})));
    ok(gan_tensor_create(&images, small, GAN_FLOAT32, GAN_SHAPE(4, 64, 64, 3)));
    fill_normal(small, images, 1);
    int before = live, failures = 0;
    for (int n = 1;; n++, failures++) {
        fail_at = calls + n;
        gan_status status = gan_image_encode_png(&png, images, NULL);
        if (status == GAN_OK) break;
        check_fails(GAN_ERROR_OUT_OF_MEMORY, "", status, "encode", __FILE__, __LINE__);
        ck_assert_ptr_null(png);
        ck_assert_msg(live == before, "allocation %d: %d blocks were lost", n, live - before);
    }
    ck_assert_int_gt(failures, 5);
    gan_tensor_free(&png);
    gan_tensor_free(&images);
    gan_context_free(&small);
    ck_assert_int_eq(live, 0);
}
END_TEST

static void add_png_tests(TCase *tests)
{
    tcase_add_test(tests, grids);
    tcase_add_test(tests, files);
    tcase_add_test(tests, grid_misuse);
    tcase_add_test(tests, out_of_memory);
}
#else
START_TEST(unsupported)
{
    gan_tensor *images = new_tensor(context, GAN_SHAPE(1, 2, 2, 3)), *png;
    ck_assert(!gan_has_feature("png"));
    fails(GAN_ERROR_UNSUPPORTED, "libpng", gan_image_encode_png(&png, images, NULL));
    fails(GAN_ERROR_UNSUPPORTED, "libpng", gan_image_write_png(path, images, NULL));
    gan_tensor_free(&images);
}
END_TEST

static void add_png_tests(TCase *tests)
{
    tcase_add_test(tests, unsupported);
}
#endif

int main(void)
{
    Suite *suite = suite_create("images");
    TCase *tests = tcase_create("images");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, bytes);
    add_png_tests(tests);
    return run_suite(suite);
}
