/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <stddef.h>
#include <string.h>

/* Layers of pictures and classes: the shapes that they infer, and what they refuse. */

static gan_context *context;
static gan_network *network;

static void setup(void)
{
    context = new_context(1, GAN_KERNELS_AUTO);
    ok(gan_network_create(&network, context, gan_network_options(.name = "subject")));
}

static void teardown(void)
{
    gan_network_free(&network);
    gan_context_free(&context);
}

static gan_node *image(int64_t h, int64_t w, int64_t c)
{
    return gan_input(network, h, w, c);
}

static void has_shape(const gan_node *node, int rank, const int64_t *shape)
{
    ck_assert_msg(node != NULL, "%s", gan_last_error());
    ck_assert_int_eq(gan_node_rank(node), rank);
    for (int i = 0; i < rank; i++) ck_assert_int_eq(gan_node_dimension(node, i), shape[i]);
}

START_TEST(shapes)
{
    gan_node *x = image(16, 16, 3);
    has_shape(gan_conv2d(x, .filters = 6, .kernel = 3, .groups = 3), GAN_SHAPE(14, 14, 6));
    has_shape(gan_conv2d_transpose(x, .filters = 6, .kernel = 3, .groups = 3), GAN_SHAPE(18, 18, 6));
    has_shape(gan_average_pool(x, .kernel = 3), GAN_SHAPE(5, 5, 3));
    has_shape(gan_average_pool(x, .kernel = 3, .stride = 2, .padding = GAN_PADDING_SAME), GAN_SHAPE(8, 8, 3));
    has_shape(gan_max_pool(x, .kernel_h = 2, .kernel_w = 4, .stride_h = 1), GAN_SHAPE(15, 4, 3));
    has_shape(gan_max_pool(x, .kernel = 2, .stride = 1, .padding = GAN_PADDING_EXPLICIT, .pad_top = 1, .pad_right = 1),
              GAN_SHAPE(16, 16, 3));
    has_shape(gan_global_average_pool(x), GAN_SHAPE(3));
    has_shape(gan_global_sum_pool(x), GAN_SHAPE(3));
    has_shape(gan_upsample(x), GAN_SHAPE(32, 32, 3));
    has_shape(gan_upsample(x, .factor_w = 3, .interpolation = GAN_INTERPOLATION_BILINEAR), GAN_SHAPE(32, 48, 3));
    has_shape(gan_pixel_unshuffle(x), GAN_SHAPE(8, 8, 12));
    has_shape(gan_pixel_shuffle(gan_pixel_unshuffle(x, .block = 4), .block = 2), GAN_SHAPE(8, 8, 12));
    has_shape(gan_embedding(gan_input(network, 1), .classes = 10, .dim = 7), GAN_SHAPE(7));
    has_shape(gan_attention(x, .key = gan_upsample(x), .value = gan_concat(gan_upsample(x), gan_upsample(x))),
              GAN_SHAPE(16, 16, 6));
}
END_TEST

static gan_node *indivisible_channels(void)
{
    return gan_conv2d(image(4, 4, 3), .filters = 4, .kernel = 1, .groups = 2);
}
static gan_node *indivisible_filters(void)
{
    return gan_conv2d_transpose(image(4, 4, 4), .filters = 3, .kernel = 1, .groups = 2);
}
static gan_node *negative_groups(void)
{
    return gan_conv2d(image(4, 4, 4), .filters = 4, .kernel = 1, .groups = -1);
}
static gan_node *no_window(void)
{
    return gan_average_pool(image(4, 4, 1));
}
static gan_node *large_window(void)
{
    return gan_max_pool(image(4, 4, 1), .kernel = 5);
}
static gan_node *window_of_padding(void)
{
    return gan_average_pool(image(4, 4, 1), .kernel = 2, .padding = GAN_PADDING_EXPLICIT, .pad_bottom = 2);
}
static gan_node *many_pixels(void)
{
    return gan_max_pool(image(1 << 12, (1 << 12) + 1, 1), .kernel = 2);
}
static gan_node *vector_pool(void)
{
    return gan_global_sum_pool(gan_input(network, 4));
}
static gan_node *negative_factor(void)
{
    return gan_upsample(image(4, 4, 1), .factor = -2);
}
static gan_node *unknown_interpolation(void)
{
    return gan_upsample(image(4, 4, 1), .interpolation = 2);
}
static gan_node *huge_factor(void)
{
    gan_node *x = image(1 << 20, 1 << 20, 1);
    return gan_upsample(x, .factor = 1 << 15);
}
static gan_node *shuffled_channels(void)
{
    return gan_pixel_shuffle(image(4, 4, 6));
}
static gan_node *unknown_order(void)
{
    return gan_pixel_shuffle(image(4, 4, 4), .order = 2);
}
static gan_node *unshuffled_rows(void)
{
    return gan_pixel_unshuffle(image(4, 6, 1), .block = 3);
}
static gan_node *two_classes(void)
{
    return gan_embedding(gan_input(network, 2), .classes = 4, .dim = 4);
}
static gan_node *no_classes(void)
{
    return gan_embedding(gan_input(network, 1), .dim = 4);
}
static gan_node *no_key(void)
{
    gan_node *x = image(4, 4, 2);
    return gan_attention(x, .value = x);
}
static gan_node *other_key(void)
{
    return gan_attention(image(4, 4, 2), .key = image(4, 4, 3), .value = image(4, 4, 2));
}
static gan_node *other_value(void)
{
    return gan_attention(image(4, 4, 2), .key = image(4, 4, 2), .value = image(2, 8, 2));
}
static gan_node *negative_attention(void)
{
    gan_node *x = image(4, 4, 2);
    return gan_attention(x, .key = x, .value = x, .scale = -1);
}
static gan_node *huge_attention(void)
{
    gan_node *x = image(1 << 20, 1 << 20, 1);
    return gan_attention(x, .key = x, .value = x);
}

static const struct {
    gan_node *(*call)(void);
    gan_status status;
    const char *text;
} refusals[] = {
    {indivisible_channels, GAN_ERROR_SHAPE, "must divide both numbers of channels, 3 and 4"},
    {indivisible_filters, GAN_ERROR_SHAPE, "must divide both numbers of channels, 4 and 3"},
    {negative_groups, GAN_ERROR_INVALID_ARGUMENT, "groups is -1"},
    {no_window, GAN_ERROR_INVALID_ARGUMENT, "kernel is required"},
    {large_window, GAN_ERROR_SHAPE, "height 5 does not fit"},
    {window_of_padding, GAN_ERROR_SHAPE, "less than the kernel"},
    {many_pixels, GAN_ERROR_SHAPE, "16781312 pixels"},
    {vector_pool, GAN_ERROR_SHAPE, "must be [H,W,C]"},
    {negative_factor, GAN_ERROR_INVALID_ARGUMENT, "factor is -2"},
    {unknown_interpolation, GAN_ERROR_INVALID_ARGUMENT, "interpolation is 2"},
    {huge_factor, GAN_ERROR_SHAPE, "too many elements"},
    {shuffled_channels, GAN_ERROR_SHAPE, "6 channels"},
    {unknown_order, GAN_ERROR_INVALID_ARGUMENT, "order is 2"},
    {unshuffled_rows, GAN_ERROR_SHAPE, "4 x 6"},
    {two_classes, GAN_ERROR_SHAPE, "[2]"},
    {no_classes, GAN_ERROR_INVALID_ARGUMENT, "classes is required"},
    {no_key, GAN_ERROR_INVALID_ARGUMENT, "input 1 is NULL"},
    {other_key, GAN_ERROR_SHAPE, "the query is [4,4,2] and the key [4,4,3]"},
    {other_value, GAN_ERROR_SHAPE, "the key is [4,4,2] and the value [2,8,2]"},
    {negative_attention, GAN_ERROR_INVALID_ARGUMENT, "scale is -1"},
    {huge_attention, GAN_ERROR_SHAPE, "too many places"},
};

START_TEST(refusal)
{
    ck_assert_ptr_null(refusals[_i].call());
    ck_assert_msg(strstr(gan_last_error(), refusals[_i].text), "\"%s\" should say \"%s\"", gan_last_error(),
                  refusals[_i].text);
    fails(refusals[_i].status, refusals[_i].text, gan_network_build(network));
}
END_TEST

/* Options of a version that did not have all members yet, and none. */
START_TEST(short_options)
{
    gan_node *x = image(4, 4, 3);
    ck_assert_ptr_null(gan_attention_layer(NULL));
    gan_conv2d_options conv = {
        .size = offsetof(gan_conv2d_options, groups), .input = x, .filters = 2, .kernel = 1, .groups = 7};
    ck_assert_ptr_nonnull(gan_conv2d_layer(&conv));
    gan_attention_options attention = {
        .size = offsetof(gan_attention_options, value), .input = x, .key = x, .value = x};
    ck_assert_ptr_null(gan_attention_layer(&attention));
    fails(GAN_ERROR_INVALID_ARGUMENT, "input 2 is NULL", gan_network_build(network));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image layers");
    TCase *tests = tcase_create("image layers");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, shapes);
    tcase_add_loop_test(tests, refusal, 0, (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_test(tests, short_options);
    return run_suite(suite);
}
