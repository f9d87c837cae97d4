/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <stdio.h>
#include <string.h>

/* Sizes changed, against Pillow: pictures.py. */

static gan_context *context;

static void setup(void)
{
    context = new_context(1, GAN_KERNELS_AUTO);
}

static void teardown(void)
{
    gan_context_free(&context);
}

static gan_tensor *golden(const char *name)
{
    char path[512];
    gan_tensor *tensor;
    snprintf(path, sizeof path, "%s/%s.npy", PICTURE_FOLDER, name);
    ok(gan_tensor_read_npy(&tensor, context, path));
    return tensor;
}

static const struct {
    const char *name;
    gan_image_filter filter;
} filters[] = {{"bilinear", GAN_IMAGE_BILINEAR},
               {"box", GAN_IMAGE_BOX},
               {"bicubic", GAN_IMAGE_BICUBIC},
               {"lanczos", GAN_IMAGE_LANCZOS}};

static gan_tensor *resized(const gan_tensor *source, const gan_tensor *like, gan_image_filter filter)
{
    gan_tensor *target;
    ok(gan_tensor_create(&target, context, gan_tensor_type(source), gan_tensor_rank(like), gan_tensor_shape(like)));
    ok(gan_image_resize(target, source, filter));
    return target;
}

START_TEST(bytes)
{
    static const char *const sizes[] = {"7x5", "30x40", "23x8", "9x17"};
    gan_tensor *source = golden("resize_bytes");
    for (int i = 0; i < 4; i++) {
        char name[64];
        snprintf(name, sizeof name, "bytes_%s_%s", filters[_i].name, sizes[i]);
        gan_tensor *expected = golden(name), *target = resized(source, expected, filters[_i].filter);
        const unsigned char *a = gan_tensor_data(target), *b = gan_tensor_data(expected);
        for (int64_t k = 0; k < gan_tensor_count(target); k++)
            ck_assert_msg(a[k] == b[k], "%s: byte %d is %d; should be %d", name, (int)k, a[k], b[k]);
        gan_tensor_free(&target);
        gan_tensor_free(&expected);
    }
    gan_tensor_free(&source);
}
END_TEST

START_TEST(floats)
{
    static const char *const sizes[] = {"4x5", "16x16"};
    gan_tensor *source = golden("resize_floats");
    for (int i = 0; i < 2; i++) {
        char name[64];
        snprintf(name, sizeof name, "floats_%s_%s", filters[_i].name, sizes[i]);
        gan_tensor *expected = golden(name), *target = resized(source, expected, filters[_i].filter);
        check_close(name, gan_tensor_floats(target), gan_tensor_floats(expected), gan_tensor_count(target), 1e-6f);
        gan_tensor_free(&target);
        gan_tensor_free(&expected);
    }
    gan_tensor_free(&source);
}
END_TEST

/* Pictures of one colour stay so, a batch is its pictures, and the same size is a copy. */
START_TEST(batches)
{
    gan_tensor *flat, *made, *source = golden("resize_bytes"), *two, *both, *one;
    ok(gan_tensor_create(&flat, context, GAN_UINT8, GAN_SHAPE(2, 9, 5, 2)));
    memset(gan_tensor_data(flat), 201, gan_tensor_bytes(flat));
    ok(gan_tensor_create(&made, context, GAN_UINT8, GAN_SHAPE(2, 4, 11, 2)));
    ok(gan_image_resize(made, flat, filters[_i].filter));
    for (size_t k = 0; k < gan_tensor_bytes(made); k++)
        ck_assert_int_eq(((unsigned char *)gan_tensor_data(made))[k], 201);

    size_t size = gan_tensor_bytes(source);
    ok(gan_tensor_create(&two, context, GAN_UINT8, GAN_SHAPE(2, 23, 17, 3)));
    memcpy((char *)gan_tensor_data(two) + size, gan_tensor_data(source), size);
    ok(gan_tensor_create(&both, context, GAN_UINT8, GAN_SHAPE(2, 6, 6, 3)));
    ok(gan_tensor_create(&one, context, GAN_UINT8, GAN_SHAPE(6, 6, 3)));
    ok(gan_image_resize(both, two, filters[_i].filter));
    ok(gan_image_resize(one, source, filters[_i].filter));
    ck_assert_mem_eq((char *)gan_tensor_data(both) + 6 * 6 * 3, gan_tensor_data(one), 6 * 6 * 3);
    gan_tensor *same = resized(source, source, filters[_i].filter);
    ck_assert_mem_eq(gan_tensor_data(same), gan_tensor_data(source), size);
    gan_tensor *all[] = {flat, made, source, two, both, one, same};
    for (int i = 0; i < 7; i++) gan_tensor_free(&all[i]);
}
END_TEST

START_TEST(misuse)
{
    gan_tensor *a = new_tensor(context, GAN_SHAPE(4, 4, 3)), *b = new_tensor(context, GAN_SHAPE(2, 2, 1));
    gan_tensor *c = new_tensor(context, GAN_SHAPE(1, 2, 2, 3)), *d;
    ok(gan_tensor_create(&d, context, GAN_UINT8, GAN_SHAPE(2, 2, 3)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "target is NULL", gan_image_resize(NULL, a, GAN_IMAGE_BOX));
    fails(GAN_ERROR_INVALID_ARGUMENT, "source is NULL", gan_image_resize(a, NULL, GAN_IMAGE_BOX));
    fails(GAN_ERROR_INVALID_ARGUMENT, "filter is 4", gan_image_resize(a, a, (gan_image_filter)4));
    fails(GAN_ERROR_SHAPE, "from float [4,4,3] to float [2,2,1]", gan_image_resize(b, a, GAN_IMAGE_BOX));
    fails(GAN_ERROR_SHAPE, "to float [1,2,2,3]", gan_image_resize(c, a, GAN_IMAGE_BOX));
    fails(GAN_ERROR_SHAPE, "to uint8 [2,2,3]", gan_image_resize(d, a, GAN_IMAGE_BOX));
    gan_tensor *all[] = {a, b, c, d};
    for (int i = 0; i < 4; i++) gan_tensor_free(&all[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resize");
    TCase *tests = tcase_create("resize");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, bytes, 0, 4);
    tcase_add_loop_test(tests, floats, 0, 4);
    tcase_add_loop_test(tests, batches, 0, 4);
    tcase_add_test(tests, misuse);
    return run_suite(suite);
}
