/* SPDX-License-Identifier: BSD-2-Clause */
#include "gradients.h"

#include <stdio.h>
#include <string.h>

/* Blocks: the shapes and layers that they add, what they refuse, and derivatives of whole graphs through them. */

static gan_context *context;
static gan_network *network;

static void setup(void)
{
    context = new_context(1, GAN_KERNELS_AUTO);
    ok(gan_network_create(&network, context, NULL));
}

static void teardown(void)
{
    gan_network_free(&network);
    gan_context_free(&context);
}

static gan_node *picture(void)
{
    return gan_input(network, 6, 4, 8);
}

static gan_node *counted_norm(gan_node *x, void *argument)
{
    ++*(int *)argument;
    return gan_batch_norm(x, .epsilon = 0.1f);
}

static int calls;

/* Where a norm makes one number move many, a relu of all of them is no place for differences. */
#define GENTLE .activation = GAN_BLOCK_LEAKY_RELU, .slope = 0.9f

#define BLOCK(...) gan_residual_block(picture(), .name = "b", __VA_ARGS__)

static gan_node *identity(void)
{
    return BLOCK(.hidden = 3, .activation = GAN_BLOCK_LEAKY_RELU, .slope = GAN_ZERO);
}
static gan_node *up(void)
{
    return BLOCK(.filters = 5, .resample = GAN_RESAMPLE_UP, .norm = GAN_BLOCK_NORM_BATCH, GENTLE);
}
static gan_node *down(void)
{
    return BLOCK(.filters = 5, .resample = GAN_RESAMPLE_DOWN, .activation = GAN_BLOCK_LEAKY_RELU);
}
static gan_node *first(void)
{
    return BLOCK(.filters = 5, .resample = GAN_RESAMPLE_DOWN, .first = true);
}
static gan_node *wider(void)
{
    return BLOCK(.filters = 9, .kernel = 1, .normalize = counted_norm, .argument = &calls, GENTLE);
}
static gan_node *smooth(void)
{
    return BLOCK(.resample = GAN_RESAMPLE_UP, .interpolation = GAN_INTERPOLATION_BILINEAR, GENTLE);
}
static gan_node *attention(void)
{
    return gan_self_attention(picture(), .name = "b");
}
static gan_node *whole_attention(void)
{
    return gan_self_attention(picture(), .name = "b", .filters = 3, .value_filters = 2, .no_pool = true);
}
static gan_node *spectral_attention(void)
{
    return gan_self_attention(picture(), .name = "b", .filters = 2, .spectral_norm = true);
}

static const struct {
    gan_node *(*add)(void);
    int64_t shape[3];
    const char *parameters; /* with their shapes, sorted as the network has them */
} blocks[] = {
    {identity, {6, 4, 8}, "b_conv1.weight 3,3,8,3 b_conv1.bias 3 b_conv2.weight 3,3,3,8 b_conv2.bias 8 "},
    {up,
     {12, 8, 5},
     "b_norm1.gamma 8 b_norm1.beta 8 b_conv1.weight 3,3,8,5 b_conv1.bias 5 b_norm2.gamma 5 b_norm2.beta 5 "
     "b_conv2.weight 3,3,5,5 b_conv2.bias 5 b_shortcut.weight 1,1,8,5 b_shortcut.bias 5 "},
    {down,
     {3, 2, 5},
     "b_conv1.weight 3,3,8,8 b_conv1.bias 8 b_conv2.weight 3,3,8,5 b_conv2.bias 5 b_shortcut.weight 1,1,8,5 "
     "b_shortcut.bias 5 "},
    {first,
     {3, 2, 5},
     "b_conv1.weight 3,3,8,5 b_conv1.bias 5 b_conv2.weight 3,3,5,5 b_conv2.bias 5 b_shortcut.weight 1,1,8,5 "
     "b_shortcut.bias 5 "},
    {wider,
     {6, 4, 9},
     "bn0.gamma 8 bn0.beta 8 b_conv1.weight 1,1,8,9 b_conv1.bias 9 bn1.gamma 9 bn1.beta 9 b_conv2.weight 1,1,9,9 "
     "b_conv2.bias 9 b_shortcut.weight 1,1,8,9 b_shortcut.bias 9 "},
    {smooth,
     {12, 8, 8},
     "b_conv1.weight 3,3,8,8 b_conv1.bias 8 b_conv2.weight 3,3,8,8 b_conv2.bias 8 b_shortcut.weight 1,1,8,8 "
     "b_shortcut.bias 8 "},
    {attention,
     {6, 4, 8},
     "b_query.weight 1,1,8,1 b_key.weight 1,1,8,1 b_value.weight 1,1,8,4 b_out.weight 1,1,4,8 b_gate.gamma 1 "},
    {whole_attention,
     {6, 4, 8},
     "b_query.weight 1,1,8,3 b_key.weight 1,1,8,3 b_value.weight 1,1,8,2 b_out.weight 1,1,2,8 b_gate.gamma 1 "},
    {spectral_attention,
     {6, 4, 8},
     "b_query.weight 1,1,8,2 b_key.weight 1,1,8,2 b_value.weight 1,1,8,4 b_out.weight 1,1,4,8 b_gate.gamma 1 "},
};

#define BLOCKS ((int)(sizeof blocks / sizeof blocks[0]))

static void build(gan_node *x)
{
    ck_assert_msg(x != NULL, "%s", gan_last_error());
    ok(gan_network_output(network, x));
    ok(gan_network_build(network));
}

START_TEST(layers)
{
    char text[1024] = "";
    gan_node *x = blocks[_i].add();
    build(x);
    ck_assert_str_eq(gan_node_name(x), "b");
    for (int i = 0; i < 3; i++) ck_assert_int_eq(gan_node_dimension(x, i), blocks[_i].shape[i]);
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        const gan_tensor *p = gan_network_parameter(network, i);
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s ", gan_network_parameter_name(network, i));
        for (int axis = 0; axis < gan_tensor_rank(p); axis++) {
            at = strlen(text);
            snprintf(text + at, sizeof text - at, "%lld%s", (long long)gan_tensor_dimension(p, axis),
                     axis + 1 < gan_tensor_rank(p) ? "," : " ");
        }
    }
    ck_assert_str_eq(text, blocks[_i].parameters);
}
END_TEST

START_TEST(derivatives)
{
    build(blocks[_i].add());
    subject s = new_subject(context, network, 2);
    network = NULL;
    /* Small weights: batch norms of large numbers bend too sharply for differences. */
    for (int i = 0; i < gan_network_parameter_count(s.network); i++) {
        gan_tensor *p = gan_network_parameter(s.network, i);
        for (int64_t k = 0; k < gan_tensor_count(p); k++) gan_tensor_floats(p)[k] *= 0.3f;
    }
    bool smooth_everywhere =
        blocks[_i].add == attention || blocks[_i].add == whole_attention || blocks[_i].add == spectral_attention;
    /* derivatives of relus jump */
    ok(gan_check_network(s.network, gan_check_options(.batch = 2, .first_only = !smooth_everywhere)));
    free_subject(&s);
}
END_TEST

/* Buffer "u" of each convolution, and of nothing else: one number an output. */
START_TEST(spectral_norm_is_of_every_convolution)
{
    static const struct {
        const char *name;
        int64_t outputs;
    } vectors[] = {{"b_query.u", 2}, {"b_key.u", 2}, {"b_value.u", 4}, {"b_out.u", 8}};
    build(spectral_attention());
    ck_assert_int_eq(gan_network_buffer_count(network), 4);
    for (int i = 0; i < 4; i++) {
        const gan_tensor *u = gan_network_find(network, vectors[i].name);
        ck_assert_msg(u != NULL, "there is no %s", vectors[i].name);
        ck_assert_int_eq(gan_tensor_count(u), vectors[i].outputs);
    }
}
END_TEST

START_TEST(attention_begins_as_nothing)
{
    gan_node *x = picture();
    build(gan_self_attention(x));
    subject s = {.context = context, .network = network, .batch = 2};
    const int64_t shape[] = {2, 6, 4, 8};
    s.input[0] = new_tensor(context, 4, shape);
    fill_normal(context, s.input[0], 1);
    ok(gan_run_create(&s.run, network, GAN_INFERENCE, 2));
    ok(gan_run_forward(s.run, s.input[0]));
    ck_assert_mem_eq(gan_tensor_data(gan_run_output(s.run, 0)), gan_tensor_data(s.input[0]), sizeof(float) * 384);
    gan_run_free(&s.run);
    gan_tensor_free(&s.input[0]);
}
END_TEST

START_TEST(names_are_the_networks)
{
    build(gan_self_attention(gan_residual_block(gan_residual_block(picture()), .filters = 4)));
    ck_assert_ptr_nonnull(gan_network_find(network, "conv0.weight"));
    ck_assert_ptr_nonnull(gan_network_find(network, "conv8.weight"));
    ck_assert_ptr_null(gan_network_find(network, "conv9.weight"));
}
END_TEST

START_TEST(the_norm_is_called_twice)
{
    calls = 0;
    build(wider());
    ck_assert_int_eq(calls, 2);
}
END_TEST

/* A class number that a curved layer follows: the table's gradient of second derivatives comes from there alone. */
START_TEST(classes_in_a_graph)
{
    gan_node *x = gan_input(network, 6), *label = gan_input(network, 1);
    gan_node *y = gan_tanh(gan_add(gan_linear(x, .units = 5), gan_embedding(label, .classes = 3, .dim = 5)));
    build(gan_linear(y, .units = 2));
    ok(gan_check_network(network, gan_check_options(.batch = 4, .classes = {0, 3})));
}
END_TEST

static gan_node *negative_filters(void)
{
    return BLOCK(.filters = -1);
}
static gan_node *unknown_resample(void)
{
    return BLOCK(.resample = 3);
}
static gan_node *unknown_norm(void)
{
    return BLOCK(.norm = 2);
}
static gan_node *unknown_activation(void)
{
    return BLOCK(.activation = -1);
}
static gan_node *vector_block(void)
{
    return gan_residual_block(gan_input(network, 5));
}
static gan_node *narrow_block(void)
{
    return gan_residual_block(gan_input(network, 1, 4, 2), .resample = GAN_RESAMPLE_DOWN);
}
static gan_node *taken_name(void)
{
    return gan_residual_block(BLOCK(.filters = 3), .name = "b");
}
static gan_node *long_name(void)
{
    return gan_residual_block(picture(), .name = "a_name_of_sixty_characters_and_a_few_more_than_there_may_be___");
}
static gan_node *failing_normalize(gan_node *x, void *argument)
{
    (void)argument;
    return gan_conv2d(x, .filters = 2, .kernel = 40);
}
static gan_node *failing_norm(void)
{
    return BLOCK(.normalize = failing_normalize);
}
static gan_node *bad_size(void)
{
    return gan_residual_block_layer(&(gan_residual_block_options){.size = 100000, .input = picture()});
}
static gan_node *vector_attention(void)
{
    return gan_self_attention(gan_input(network, 5));
}
static gan_node *narrow_attention(void)
{
    return gan_self_attention(gan_input(network, 1, 4, 2));
}
static gan_node *negative_values(void)
{
    return gan_self_attention(picture(), .value_filters = -4);
}

static gan_node *reserved_of_attention(void)
{
    return gan_self_attention(picture(), .reserved = 1);
}

static const struct {
    gan_node *(*call)(void);
    const char *text;
} refusals[] = {
    {negative_filters, "gan_residual_block.filters is -1"},
    {unknown_resample, "resample is 3"},
    {unknown_norm, "norm is 2"},
    {unknown_activation, "activation is -1"},
    {vector_block, "must be [H,W,C]"},
    {narrow_block, "height 2 does not fit"},
    {taken_name, "\"b_conv1\" already"},
    {long_name, "characters_and_a_few_more"},
    {failing_norm, "40 does not fit"},
    {bad_size, "size is 100000"},
    {vector_attention, "must be [H,W,C]"},
    {narrow_attention, "height 2 does not fit"},
    {negative_values, "value_filters is -4"},
    {reserved_of_attention, "reserved is 1"},
};

START_TEST(refusal)
{
    gan_node *x = refusals[_i].call();
    ck_assert_ptr_null(x);
    ck_assert_msg(strstr(gan_last_error(), refusals[_i].text), "\"%s\" should say \"%s\"", gan_last_error(),
                  refusals[_i].text);
    gan_network_output(network, gan_relu(x));
    ck_assert_int_ne(gan_network_build(network), GAN_OK);
    ck_assert(strstr(gan_last_error(), refusals[_i].text) != NULL);
}
END_TEST

START_TEST(nothing_at_all)
{
    ck_assert_ptr_null(gan_residual_block_layer(NULL));
    ck_assert_ptr_null(gan_residual_block(NULL));
    ck_assert_ptr_null(gan_self_attention_layer(NULL));
    ck_assert_ptr_null(gan_self_attention(NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blocks");
    TCase *tests = tcase_create("blocks");
    tcase_set_timeout(tests, 0);
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, layers, 0, BLOCKS);
    tcase_add_loop_test(tests, derivatives, 0, BLOCKS);
    tcase_add_test(tests, spectral_norm_is_of_every_convolution);
    tcase_add_test(tests, attention_begins_as_nothing);
    tcase_add_test(tests, names_are_the_networks);
    tcase_add_test(tests, the_norm_is_called_twice);
    tcase_add_test(tests, classes_in_a_graph);
    tcase_add_loop_test(tests, refusal, 0, (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_test(tests, nothing_at_all);
    return run_suite(suite);
}
