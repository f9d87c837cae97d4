/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/layer.h"
#include "support.h"

#include <string.h>

/* Building networks: shapes that layers infer, what they refuse and with which sentence, and errors that wait for the
 * build. */

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

/* Output shapes: a node and what its shape should be. */
static void has_shape(const gan_node *node, int rank, const int64_t *shape)
{
    ck_assert_msg(node != NULL, "%s", gan_last_error());
    ck_assert_int_eq(gan_node_rank(node), rank);
    for (int i = 0; i < rank; i++) ck_assert_int_eq(gan_node_dimension(node, i), shape[i]);
}

START_TEST(shapes)
{
    gan_node *x = image(16, 16, 3), *z = gan_input(network, 100);
    has_shape(gan_conv2d(x, .filters = 8, .kernel = 4), GAN_SHAPE(13, 13, 8));
    has_shape(gan_conv2d(x, .filters = 8, .kernel = 4, .padding = GAN_PADDING_SAME), GAN_SHAPE(16, 16, 8));
    has_shape(gan_conv2d(x, .filters = 8, .kernel = 4, .stride = 2, .padding = GAN_PADDING_SAME), GAN_SHAPE(8, 8, 8));
    has_shape(gan_conv2d(x, .filters = 8, .kernel = 3, .stride = 5, .padding = GAN_PADDING_SAME), GAN_SHAPE(4, 4, 8));
    has_shape(gan_conv2d(x, .filters = 8, .kernel = 3, .padding = GAN_PADDING_EXPLICIT, .pad_top = 2, .pad_right = 3),
              GAN_SHAPE(16, 17, 8));
    has_shape(gan_conv2d(x, .filters = 1, .kernel_h = 16, .kernel_w = 1, .stride_w = 4), GAN_SHAPE(1, 4, 1));
    has_shape(gan_conv2d_transpose(x, .filters = 8, .kernel = 4, .stride = 2, .padding = GAN_PADDING_SAME),
              GAN_SHAPE(32, 32, 8));
    has_shape(gan_conv2d_transpose(x, .filters = 8, .kernel = 3), GAN_SHAPE(18, 18, 8));
    has_shape(
        gan_conv2d_transpose(x, .filters = 2, .kernel = 3, .stride = 2, .padding = GAN_PADDING_SAME, .output_h = 31),
        GAN_SHAPE(31, 32, 2));
    has_shape(gan_linear(z, .units = 7), GAN_SHAPE(7));
    has_shape(gan_linear(x, .units = 7), GAN_SHAPE(16, 16, 7));
    has_shape(gan_batch_norm(x), GAN_SHAPE(16, 16, 3));
    has_shape(gan_leaky_relu(gan_tanh(gan_sigmoid(gan_relu(x)))), GAN_SHAPE(16, 16, 3));
    has_shape(gan_concat_diff(x), GAN_SHAPE(16, 16, 4));
    has_shape(gan_flatten(x), GAN_SHAPE(768));
    has_shape(gan_reshape(z, .shape = {2, -1, 5}), GAN_SHAPE(2, 10, 5));
    has_shape(gan_concat(x, gan_concat_diff(x), x), GAN_SHAPE(16, 16, 10));
    has_shape(gan_add(x, x), GAN_SHAPE(16, 16, 3));
    ck_assert_int_eq(gan_node_rank(NULL), 0);
    ck_assert_int_eq(gan_node_dimension(NULL, 0), 0);
    ck_assert_int_eq(gan_node_dimension(x, 3), 0);
    ck_assert_str_eq(gan_node_name(NULL), "");
}
END_TEST

/* Refusals: each function makes one wrong call. The call returns NULL and says why, later calls pass NULL on, and the
 * build reports the same sentence. */
static gan_node *no_kernel(void)
{
    return gan_conv2d(image(4, 4, 1), .filters = 2);
}
static gan_node *no_transposed_kernel(void)
{
    return gan_conv2d_transpose(image(1, 1, 1), .filters = 2);
}
static gan_node *no_filters(void)
{
    return gan_conv2d(image(4, 4, 1), .kernel = 2);
}
static gan_node *negative_filters(void)
{
    return gan_conv2d_transpose(image(4, 4, 1), .filters = -2, .kernel = 2);
}
static gan_node *large_kernel(void)
{
    return gan_conv2d(image(4, 6, 1), .filters = 2, .kernel = 5);
}
static gan_node *wide_kernel(void)
{
    return gan_conv2d(image(6, 4, 1), .filters = 2, .kernel = 5);
}
static gan_node *negative_stride(void)
{
    return gan_conv2d(image(4, 4, 1), .filters = 2, .kernel = 2, .stride = -1);
}
static gan_node *unknown_padding(void)
{
    return gan_conv2d(image(4, 4, 1), .filters = 2, .kernel = 2, .padding = 3);
}
static gan_node *needless_padding(void)
{
    return gan_conv2d(image(4, 4, 1), .filters = 2, .kernel = 2, .pad_left = 1);
}
static gan_node *vector_convolution(void)
{
    return gan_conv2d(gan_input(network, 16), .filters = 2, .kernel = 2);
}
static gan_node *vector_transpose(void)
{
    return gan_conv2d_transpose(gan_input(network, 16), .filters = 2, .kernel = 2);
}
static gan_node *impossible_output(void)
{
    return gan_conv2d_transpose(image(4, 4, 1), .filters = 2, .kernel = 4, .stride = 2, .padding = GAN_PADDING_SAME,
                                .output_h = 9);
}
static gan_node *no_output(void)
{
    return gan_conv2d_transpose(image(1, 1, 1), .filters = 2, .kernel = 2, .padding = GAN_PADDING_EXPLICIT,
                                .pad_top = 2);
}
static gan_node *huge_weight(void)
{
    return gan_conv2d(image(1 << 15, 1 << 15, 1 << 20), .filters = 1 << 20, .kernel = 1 << 15);
}
static gan_node *huge_input(void)
{
    return gan_input(network, INT64_MAX / 2, 2, 2);
}
static gan_node *no_units(void)
{
    return gan_linear(gan_input(network, 4));
}
static gan_node *zero_epsilon(void)
{
    return gan_batch_norm(image(4, 4, 1), .epsilon = GAN_ZERO);
}
static gan_node *large_momentum(void)
{
    return gan_batch_norm(image(4, 4, 1), .momentum = 1);
}
static gan_node *large_slope(void)
{
    return gan_leaky_relu(image(4, 4, 1), .slope = 1.5f);
}
static gan_node *no_shape(void)
{
    return gan_reshape(image(4, 4, 1));
}
static gan_node *other_count(void)
{
    return gan_reshape(image(4, 4, 1), .shape = {3, 5});
}
static gan_node *indivisible(void)
{
    return gan_reshape(image(4, 4, 1), .shape = {3, -1});
}
static gan_node *two_unknown(void)
{
    return gan_reshape(image(4, 4, 1), .shape = {-1, -1});
}
static gan_node *negative_dimension(void)
{
    return gan_reshape(image(4, 4, 1), .shape = {-4, -4});
}
static gan_node *long_shape(void)
{
    return gan_reshape(image(4, 4, 1), .shape = {1, 1, 1, 1, 1, 1, 1, 16});
}
static gan_node *different_sums(void)
{
    return gan_add(image(4, 4, 1), image(4, 4, 2));
}
static gan_node *different_heights(void)
{
    return gan_concat(image(4, 4, 1), image(3, 4, 1));
}
static gan_node *different_ranks(void)
{
    return gan_concat(image(4, 4, 1), gan_input(network, 4));
}
static gan_node *a_single_one(void)
{
    return gan_add(image(4, 4, 1));
}
static gan_node *a_missing_one(void)
{
    return gan_concat(image(4, 4, 1), NULL);
}
static gan_node *bad_name(void)
{
    return gan_relu(image(4, 4, 1), .name = "a name");
}
static gan_node *empty_name(void)
{
    return gan_relu(image(4, 4, 1), .name = "");
}
static gan_node *taken_name(void)
{
    return gan_relu(gan_relu(image(4, 4, 1), .name = "x"), .name = "x");
}
static gan_node *bad_initializer(void)
{
    return gan_linear(gan_input(network, 4), .units = 2, .weights = {.kind = 10});
}
static gan_node *scale_alone(void)
{
    return gan_linear(gan_input(network, 4), .units = 2, .weights = {.scale = 0.5f});
}
static gan_node *negative_scale(void)
{
    return gan_linear(gan_input(network, 4), .units = 2, .biases = {GAN_INITIALIZER_NORMAL, -1, 0});
}
static gan_node *empty_input(void)
{
    return gan_input(network, 4, 0);
}
static gan_node *high_input(void)
{
    return gan_input(network, 1, 1, 1, 1, 1, 1, 1, 1);
}
static gan_node *shapeless_input(void)
{
    return gan_input_layer(network, 2, NULL, NULL);
}
static gan_node *many_inputs(void)
{
    gan_node *x = NULL;
    for (int i = 0; i <= GAN_MAX_INPUTS; i++) x = gan_input(network, 1);
    return x;
}
static gan_node *reserved_member(void)
{
    return gan_batch_norm(image(4, 4, 1), .reserved = 5);
}
static gan_node *long_reserved_member(void)
{
    return gan_prelu(image(4, 4, 1), .reserved = 1 - (INT64_C(1) << 32));
}
static gan_node *reserved_member_of_two(void)
{
    return gan_conditional_batch_norm(image(4, 4, 1), .condition = gan_input(network, 3), .reserved = 5);
}
static gan_node *bad_size(void)
{
    return gan_conv2d_layer(&(gan_conv2d_options){.size = 3 * sizeof(void *) + 100000, .input = image(4, 4, 1)});
}

static const struct {
    gan_node *(*call)(void);
    gan_status status;
    const char *text;
} refusals[] = {
    {no_kernel, GAN_ERROR_INVALID_ARGUMENT, "kernel is required"},
    {no_transposed_kernel, GAN_ERROR_INVALID_ARGUMENT, "kernel is required"},
    {no_filters, GAN_ERROR_INVALID_ARGUMENT, "conv0.filters is required"},
    {negative_filters, GAN_ERROR_INVALID_ARGUMENT, "deconv0.filters is -2"},
    {large_kernel, GAN_ERROR_SHAPE, "height 5 does not fit"},
    {wide_kernel, GAN_ERROR_SHAPE, "width 5 does not fit"},
    {negative_stride, GAN_ERROR_INVALID_ARGUMENT, "stride is -1"},
    {unknown_padding, GAN_ERROR_INVALID_ARGUMENT, "padding is 3"},
    {needless_padding, GAN_ERROR_INVALID_ARGUMENT, "GAN_PADDING_EXPLICIT"},
    {vector_convolution, GAN_ERROR_SHAPE, "must be [H,W,C]"},
    {vector_transpose, GAN_ERROR_SHAPE, "must be [H,W,C]"},
    {impossible_output, GAN_ERROR_SHAPE, "output_h is 9; for this input it must be 7 to 8"},
    {no_output, GAN_ERROR_SHAPE, "the output's height would be 0; it must be 1 to 1048576"},
    {huge_weight, GAN_ERROR_SHAPE, "too many elements"},
    {huge_input, GAN_ERROR_INVALID_ARGUMENT, "gan_input: the shape is [4611686018427387903,2,2]"},
    {no_units, GAN_ERROR_INVALID_ARGUMENT, "linear0.units is required"},
    {zero_epsilon, GAN_ERROR_INVALID_ARGUMENT, "bn0.epsilon"},
    {large_momentum, GAN_ERROR_INVALID_ARGUMENT, "bn0.momentum is 1"},
    {large_slope, GAN_ERROR_INVALID_ARGUMENT, "slope is 1.5"},
    {no_shape, GAN_ERROR_INVALID_ARGUMENT, "shape has no dimensions"},
    {other_count, GAN_ERROR_SHAPE, "[3,5]"},
    {indivisible, GAN_ERROR_SHAPE, "16 elements"},
    {two_unknown, GAN_ERROR_INVALID_ARGUMENT, "more than one -1"},
    {negative_dimension, GAN_ERROR_INVALID_ARGUMENT, "shape[0] is -4"},
    {long_shape, GAN_ERROR_INVALID_ARGUMENT, "too many dimensions"},
    {different_sums, GAN_ERROR_SHAPE, "[4,4,2]"},
    {different_heights, GAN_ERROR_SHAPE, "[3,4,1]"},
    {different_ranks, GAN_ERROR_SHAPE, "[4]"},
    {a_single_one, GAN_ERROR_INVALID_ARGUMENT, "1 inputs"},
    {a_missing_one, GAN_ERROR_INVALID_ARGUMENT, "input 1 is NULL"},
    {bad_name, GAN_ERROR_INVALID_ARGUMENT, "\"a name\""},
    {empty_name, GAN_ERROR_INVALID_ARGUMENT, "\"\""},
    {taken_name, GAN_ERROR_INVALID_ARGUMENT, "\"x\" already"},
    {bad_initializer, GAN_ERROR_INVALID_ARGUMENT, "kind is 10"},
    {scale_alone, GAN_ERROR_INVALID_ARGUMENT, "no kind"},
    {negative_scale, GAN_ERROR_INVALID_ARGUMENT, "scale -1"},
    {empty_input, GAN_ERROR_INVALID_ARGUMENT, "gan_input: the shape is [4,0]; each dimension must be at least 1"},
    {high_input, GAN_ERROR_INVALID_ARGUMENT, "gan_input: rank is 8; it must be 1 to 7"},
    {shapeless_input, GAN_ERROR_INVALID_ARGUMENT, "gan_input: shape is NULL"},
    {many_inputs, GAN_ERROR_INVALID_ARGUMENT, "at most 8"},
    {reserved_member, GAN_ERROR_INVALID_ARGUMENT, "bn0.reserved is 5; it must be 0"},
    {long_reserved_member, GAN_ERROR_INVALID_ARGUMENT, "prelu0.reserved is -4294967295; it must be 0"},
    {reserved_member_of_two, GAN_ERROR_INVALID_ARGUMENT, "options.reserved is 5; it must be 0"},
    {bad_size, GAN_ERROR_INVALID_ARGUMENT, "size is"},
};

START_TEST(refusal)
{
    gan_node *node = refusals[_i].call();
    ck_assert_msg(node == NULL, "nothing was refused; should be \"%s\"", refusals[_i].text);
    ck_assert_msg(strstr(gan_last_error(), refusals[_i].text), "\"%s\" should say \"%s\"", gan_last_error(),
                  refusals[_i].text);
    gan_node *later = gan_relu(gan_concat_diff(gan_linear(node, .units = 3)));
    ck_assert_ptr_null(later);
    ck_assert_ptr_null(gan_input(network, 5));
    gan_network_output(network, later);
    fails(refusals[_i].status, refusals[_i].text, gan_network_build(network));
    fails(refusals[_i].status, "subject", gan_network_build(network));
}
END_TEST

/* Whether a transposed convolution takes this output, and whether the convolution it is the adjoint of gives the input
 * from there. */
static bool transposes_to(int64_t in, int kernel, int stride, int padding, int border, int output)
{
    gan_network *small;
    ok(gan_network_create(&small, context, NULL));
    gan_node *y = gan_conv2d_transpose(gan_input(small, in, 1, 1), .filters = 1, .kernel_h = kernel, .kernel_w = 1,
                                       .stride_h = stride, .padding = padding, .pad_top = border, .output_h = output);
    bool fine = y != NULL;
    if (fine && output) ck_assert_int_eq(gan_node_dimension(y, 0), output);
    gan_network_free(&small);
    return fine;
}

static bool convolves_to(int64_t in, int kernel, int stride, int padding, int border, int64_t out)
{
    gan_network *small;
    ok(gan_network_create(&small, context, NULL));
    gan_node *y = gan_conv2d(gan_input(small, in, 1, 1), .filters = 1, .kernel_h = kernel, .kernel_w = 1,
                             .stride_h = stride, .padding = padding, .pad_top = border);
    bool fine = y && gan_node_dimension(y, 0) == out;
    gan_network_free(&small);
    return fine;
}

START_TEST(outputs_of_transposed_convolutions)
{
    for (int in = 1; in <= 3; in++)
        for (int kernel = 1; kernel <= 4; kernel++)
            for (int stride = 1; stride <= 3; stride++)
                for (int padding = 0; padding < 4; padding++) {
                    int border = padding == 3 ? 2 : 0, kind = padding < 2 ? padding : GAN_PADDING_EXPLICIT;
                    for (int output = 1; output <= 14; output++)
                        ck_assert_msg(transposes_to(in, kernel, stride, kind, border, output) ==
                                          convolves_to(output, kernel, stride, kind, border, in),
                                      "%d -> %d, kernel %d, stride %d, padding %d", in, output, kernel, stride,
                                      padding);
                }
}
END_TEST

START_TEST(networks_do_not_mix)
{
    gan_network *other;
    ok(gan_network_create(&other, context, NULL));
    gan_node *x = image(4, 4, 1), *y = gan_input(other, 4, 4, 1);
    fails(GAN_ERROR_INVALID_ARGUMENT, "another network", gan_network_output(other, x));
    fails(GAN_ERROR_INVALID_ARGUMENT, "another network", gan_network_build(other));
    ck_assert_ptr_null(gan_add(x, y));
    fails(GAN_ERROR_INVALID_ARGUMENT, "another network", gan_network_build(network));
    gan_network_free(&other);
}
END_TEST

START_TEST(nothing_at_all)
{
    ck_assert_ptr_null(gan_input(NULL, 4));
    ck_assert_ptr_null(gan_conv2d(NULL, .filters = 3, .kernel = 3));
    ck_assert_ptr_null(gan_conv2d_layer(NULL));
    ck_assert_ptr_null(gan_add_layer(NULL, 2, NULL));
    ck_assert_ptr_null(gan_concat_layer((gan_node *[]){NULL, NULL}, 2, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "network is NULL", gan_network_create(NULL, context, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "network is NULL", gan_network_output(NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "network is NULL", gan_network_build(NULL));
    gan_network *none;
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_network_create(&none, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "0 bytes", gan_network_create(&none, context, gan_network_options(.name = "")));
    fails(GAN_ERROR_INVALID_ARGUMENT, "weights.kind is 11",
          gan_network_create(&none, context, gan_network_options(.weights = {.kind = 11})));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_network_options.reserved is -1; it must be 0",
          gan_network_create(&none, context, gan_network_options(.reserved = -1)));
    ck_assert_ptr_null(none);
    gan_network_free(&none);
    gan_network_free(NULL);
}
END_TEST

START_TEST(outputs)
{
    fails(GAN_ERROR_STATE, "no input", gan_network_build(network));
    gan_node *x = image(4, 4, 1);
    fails(GAN_ERROR_STATE, "no output", gan_network_build(network));
    gan_node *y = gan_relu(x);
    ok(gan_network_output(network, y));
    ok(gan_network_build(network));
    fails(GAN_ERROR_STATE, "built already", gan_network_build(network));
    fails(GAN_ERROR_STATE, "is built", gan_network_output(network, y));
    ck_assert_ptr_null(gan_relu(y));
    ck_assert(strstr(gan_last_error(), "is built") != NULL);
    ck_assert_int_eq(gan_network_output_count(network), 1);
    ck_assert_ptr_eq(gan_network_output_node(network, 0), y);
    ck_assert_ptr_eq(gan_network_input_node(network, 0), x);
    ck_assert_ptr_null(gan_network_output_node(network, 1));
    ck_assert_ptr_null(gan_network_input_node(network, -1));
}
END_TEST

START_TEST(output_misuse)
{
    gan_node *x = image(4, 4, 1), *y = gan_relu(x);
    static const char *const texts[] = {"is an input", "an output already", "node is NULL"};
    ok(gan_network_output(network, y));
    gan_node *wrong[] = {x, y, NULL};
    fails(GAN_ERROR_INVALID_ARGUMENT, texts[_i], gan_network_output(network, wrong[_i]));
    fails(GAN_ERROR_INVALID_ARGUMENT, texts[_i], gan_network_build(network));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("builder");
    TCase *tests = tcase_create("builder");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, shapes);
    tcase_add_loop_test(tests, refusal, 0, (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_test(tests, outputs_of_transposed_convolutions);
    tcase_add_test(tests, networks_do_not_mix);
    tcase_add_test(tests, nothing_at_all);
    tcase_add_test(tests, outputs);
    tcase_add_loop_test(tests, output_misuse, 0, 3);
    return run_suite(suite);
}
