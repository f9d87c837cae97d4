/* SPDX-License-Identifier: BSD-2-Clause */
#include "weights_networks.h"

#include "io/safetensors.h"

#include "fixture.h" /* behind headers whose parameters have the names of its variables */

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Weights to and from other frameworks: PyTorch's numbers in tests/golden/weights_*.safetensors, names and layouts, and
 * what may be wrong. */

#define MODEL "model."

static gan_safetensors *open_file(const char *name)
{
    gan_safetensors *file;
    ok(gan_safetensors_read(&file, context, name));
    return file;
}

static const char *golden_path(int index)
{
    static char text[512];
    snprintf(text, sizeof text, "%s/weights_%s.safetensors", GOLDEN_DIR, exchanged_name(index));
    return text;
}

/* The network with PyTorch's weights. */
static gan_network *imported(int index)
{
    gan_network *network = exchanged_network(context, index);
    ok(gan_network_import_weights(network, golden_path(index),
                                  gan_weights_options(.layout = GAN_WEIGHTS_PYTORCH, .prefix = MODEL)));
    return network;
}

START_TEST(pytorch_to_libgan)
{
    gan_network *network = imported(_i);
    check_output(network, context, golden_path(_i));
    gan_network_free(&network);
}
END_TEST

/* What is exported again is PyTorch's state_dict(), bit for bit; v, which is worked out, but for rounding. */
START_TEST(libgan_to_pytorch)
{
    gan_network *network = imported(_i);
    ok(gan_network_export_weights(network, path, gan_weights_options(.layout = GAN_WEIGHTS_PYTORCH, .prefix = MODEL)));
    gan_safetensors *theirs = open_file(golden_path(_i)), *ours = open_file(path);
    int count = 0;
    for (int i = 0; i < gan_safetensors_count(theirs); i++) {
        const gan_stored_tensor *a = gan_safetensors_at(theirs, i), *b = gan_safetensors_find(ours, a->name);
        if (strncmp(a->name, MODEL, strlen(MODEL)) != 0) continue;
        count++;
        ck_assert_msg(b != NULL, "%s is missing", a->name);
        ck_assert_msg(a->type == b->type && a->rank == b->rank && a->bytes == b->bytes, "%s", a->name);
        ck_assert_mem_eq(a->shape, b->shape, sizeof a->shape);
        for (int64_t k = 0; k < (int64_t)(a->bytes / (a->type == GAN_STORED_I64 ? 8 : 4)); k++) {
            float difference = gan_stored_number(a, k) - gan_stored_number(b, k);
            float limit = strstr(a->name, "weight_v") ? 1e-6f : 0;
            ck_assert_msg(fabsf(difference) <= limit, "%s[%d] is off by %g", a->name, (int)k, (double)difference);
        }
    }
    ck_assert_int_eq(count, gan_safetensors_count(ours));
    gan_safetensors_free(&ours);
    gan_safetensors_free(&theirs);
    gan_network_free(&network);
}
END_TEST

/* Other networks that read what one has written in any layout make the same. */
START_TEST(layouts_come_back)
{
    int index = _i / 3, layout = _i % 3;
    gan_network *network = imported(index), *other = exchanged_network(context, index);
    ok(gan_network_export_weights(network, path, gan_weights_options(.layout = layout)));
    ok(gan_network_import_weights(other, path, gan_weights_options(.layout = layout)));
    check_output(other, context, golden_path(index));
    gan_tensor *batches = gan_network_find(other, "bn0.batches");
    float wanted = layout == GAN_WEIGHTS_KERAS ? 1e6f : 1234;
    ck_assert(!batches || *gan_tensor_floats(batches) == wanted);
    gan_network_free(&other);
    gan_network_free(&network);
}
END_TEST

/* From the documentation of PyTorch and Keras: names and shapes, and of some elements the number that libgan has in
 * their place: for conv0.weight [o][i][h][w] that of [h][w][i][o] in [2,3,4,6], and so on. The linear layer sees [5,4,5]
 * in PyTorch as [c][h][w]. */
static const struct {
    int layout;
    const char *name;
    int rank;
    int64_t shape[4], at, number;
} layouts[] = {
    {GAN_WEIGHTS_PYTORCH,
     "conv0.weight",
     4,
     {6, 4, 2, 3},
     ((5 * 4 + 3) * 2 + 1) * 3 + 0,
     ((1 * 3 + 0) * 4 + 3) * 6 + 5},
    {GAN_WEIGHTS_PYTORCH,
     "conv0.weight",
     4,
     {6, 4, 2, 3},
     ((1 * 4 + 2) * 2 + 0) * 3 + 2,
     ((0 * 3 + 2) * 4 + 2) * 6 + 1},
    {GAN_WEIGHTS_PYTORCH, "conv0.bias", 1, {6}, 3, 3},
    {GAN_WEIGHTS_PYTORCH, "bn0.weight", 1, {6}, 3, 3},
    {GAN_WEIGHTS_PYTORCH, "bn0.bias", 1, {6}, 4, 4},
    {GAN_WEIGHTS_PYTORCH, "bn0.running_mean", 1, {6}, 4, 0},
    {GAN_WEIGHTS_PYTORCH, "bn0.running_var", 1, {6}, 4, 1},
    {GAN_WEIGHTS_PYTORCH, "bn0.num_batches_tracked", 0, {0}, 0, 0},
    {GAN_WEIGHTS_PYTORCH,
     "deconv0.weight",
     4,
     {6, 5, 3, 3},
     ((5 * 5 + 3) * 3 + 1) * 3 + 2,
     ((1 * 3 + 2) * 5 + 3) * 6 + 5},
    {GAN_WEIGHTS_PYTORCH, "prelu0.weight", 1, {5}, 4, 4},
    {GAN_WEIGHTS_PYTORCH, "linear0.weight", 2, {2, 100}, 100 + (3 * 5 + 4) * 4 + 2, ((4 * 4 + 2) * 5 + 3) * 2 + 1},
    {GAN_WEIGHTS_KERAS, "conv0/kernel", 4, {2, 3, 4, 6}, 77, 77},
    {GAN_WEIGHTS_KERAS, "conv0/bias", 1, {6}, 3, 3},
    {GAN_WEIGHTS_KERAS, "bn0/gamma", 1, {6}, 3, 3},
    {GAN_WEIGHTS_KERAS, "bn0/beta", 1, {6}, 3, 3},
    {GAN_WEIGHTS_KERAS, "bn0/moving_mean", 1, {6}, 3, 0},
    {GAN_WEIGHTS_KERAS, "bn0/moving_variance", 1, {6}, 3, 1},
    {GAN_WEIGHTS_KERAS, "deconv0/kernel", 4, {3, 3, 5, 6}, 77, 77},
    {GAN_WEIGHTS_KERAS, "prelu0/alpha", 3, {1, 1, 5}, 4, 4},
    {GAN_WEIGHTS_KERAS, "linear0/kernel", 2, {100, 2}, 77, 77},
};

START_TEST(names_and_layouts)
{
    gan_network *network = sample(context, false);
    ok(gan_network_export_weights(network, path, gan_weights_options(.layout = layouts[_i].layout)));
    gan_safetensors *file = open_file(path);
    const gan_stored_tensor *tensor = gan_safetensors_find(file, layouts[_i].name);
    ck_assert_msg(tensor != NULL, "%s", layouts[_i].name);
    ck_assert_int_eq(tensor->rank, layouts[_i].rank);
    ck_assert_mem_eq(tensor->shape, layouts[_i].shape, (size_t)tensor->rank * sizeof *tensor->shape);
    ck_assert(gan_stored_number(tensor, layouts[_i].at) == (float)layouts[_i].number);
    gan_safetensors_free(&file);
    gan_network_free(&network);
}
END_TEST

static int tensors_of(const gan_network *network, int layout)
{
    ok(gan_network_export_weights(network, path, gan_weights_options(.layout = layout)));
    gan_safetensors *file = open_file(path);
    int count = gan_safetensors_count(file);
    gan_safetensors_free(&file);
    return count;
}

/* Every tensor of the sample is in the table above, or is a bias. */
START_TEST(as_many_tensors)
{
    gan_network *network = sample(context, false), *normalized = sample(context, true);
    ck_assert_int_eq(tensors_of(network, GAN_WEIGHTS_LIBGAN), 12);
    ck_assert_int_eq(tensors_of(network, GAN_WEIGHTS_PYTORCH), 12);
    ck_assert_int_eq(tensors_of(network, GAN_WEIGHTS_KERAS), 11);
    ck_assert_int_eq(tensors_of(normalized, GAN_WEIGHTS_LIBGAN), 15);
    ck_assert_int_eq(tensors_of(normalized, GAN_WEIGHTS_PYTORCH), 18);
    ck_assert_int_eq(tensors_of(normalized, GAN_WEIGHTS_KERAS), 14);
    gan_network_free(&normalized);
    gan_network_free(&network);
}
END_TEST

/* Spectrally normalized weights for Keras: layers without normalization make the same of them. */
START_TEST(keras_has_normalized_weights)
{
    gan_network *normalized = sample(context, true), *plain = sample(context, false);
    gan_tensor *x = new_tensor(context, 4, (const int64_t[]){2, 4, 4, 4});
    gan_run *runs[2];
    fill_normal(context, x, 1);
    ok(gan_network_export_weights(normalized, path, gan_weights_options(.layout = GAN_WEIGHTS_KERAS)));
    fails(GAN_ERROR_FORMAT, "a tensor \"conv0/vector_u\"",
          gan_network_import_weights(plain, path, gan_weights_options(.layout = GAN_WEIGHTS_KERAS)));
    ok(gan_network_import_weights(plain, path, gan_weights_options(.layout = GAN_WEIGHTS_KERAS, .allow_extra = true)));
    ok(gan_run_create(&runs[0], normalized, GAN_INFERENCE, 2));
    ok(gan_run_create(&runs[1], plain, GAN_INFERENCE, 2));
    for (int i = 0; i < 2; i++) ok(gan_run_forward(runs[i], x));
    check_close("normalized", gan_tensor_floats(gan_run_output(runs[1], 0)),
                gan_tensor_floats(gan_run_output(runs[0], 0)), 4, 1e-5f);
    for (int i = 0; i < 2; i++) gan_run_free(&runs[i]);
    gan_tensor_free(&x);
    gan_network_free(&plain);
    gan_network_free(&normalized);
}
END_TEST

START_TEST(names_of_the_callers)
{
    gan_network *network = sample(context, true), *other = sample(context, true);
    const gan_weights_options *options = gan_weights_options(.layout = GAN_WEIGHTS_PYTORCH, .prefix = "d.",
                                                             NAMES({"conv0", "features.0"}, {"conv0.weight", "first"},
                                                                   {"linear0.v", "v"}, {"bn0.batches", "n"}));
    static const char *const there[] = {"d.features.0.bias",    "d.features.0.weight_u", "d.first", "d.v", "d.n",
                                        "d.linear0.weight_orig"};
    memset(gan_tensor_data(gan_network_find(other, "conv0.weight")), 0, 4);
    gan_tensor_floats(gan_network_find(network, "conv0.weight"))[0] = 0.5f;
    ok(gan_network_export_weights(network, path, options));
    ok(gan_network_import_weights(other, path, options));
    ck_assert(gan_tensor_floats(gan_network_find(other, "conv0.weight"))[0] == 0.5f);
    gan_safetensors *file = open_file(path);
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++)
        ck_assert_msg(gan_safetensors_find(file, there[i]) != NULL, "%s", there[i]);
    ck_assert_int_eq(gan_safetensors_count(file), 18);
    gan_safetensors_free(&file);
    gan_network_free(&other);
    gan_network_free(&network);
}
END_TEST

static gan_status infer_same(void *user, gan_custom_setup *setup)
{
    int rank;
    const int64_t *shape = gan_custom_input(setup, 0, &rank);
    (void)user;
    return gan_custom_output(setup, rank, shape);
}

static gan_status nothing(void *user, const gan_custom_pass *pass)
{
    (void)user;
    (void)pass;
    return GAN_OK;
}

/* Graphs after a picture [2,3,4], flattened: which layer it is whose features cannot be told, or NULL. */
static gan_node *plain_graph(gan_node *x)
{
    return gan_linear(gan_flatten(x), .units = 2);
}

static gan_node *custom_graph(gan_node *x)
{
    return gan_linear(gan_custom(gan_flatten(x), .type = "own"), .units = 2);
}

static gan_node *second_graph(gan_node *x)
{
    gan_node *y = gan_linear(gan_global_sum_pool(x), .units = 5);
    return gan_linear(gan_concat(y, gan_flatten(x)), .units = 2);
}

static gan_node *groups_graph(gan_node *x)
{
    return gan_linear(gan_group_norm(gan_flatten(x), .groups = 2), .units = 2);
}

static gan_node *two_pictures_graph(gan_node *x)
{
    gan_node *y = gan_linear(gan_global_sum_pool(x), .units = 24);
    return gan_linear(gan_add(gan_flatten(x), gan_flatten(gan_reshape(y, .shape = {2, 2, 6}))), .units = 2);
}

static gan_node *cut_graph(gan_node *x)
{
    return gan_conv2d(gan_reshape(x, .shape = {2, 6, 2}), .filters = 2, .kernel = 1);
}

/* One channel, or one place: both orders are the same. */
static gan_node *one_graph(gan_node *x)
{
    gan_node *y = gan_reshape(gan_global_sum_pool(x), .shape = {1, 1, 4});
    y = gan_flatten(gan_conv2d(y, .filters = 3, .kernel = 1));
    x = gan_custom(gan_flatten(gan_conv2d(x, .filters = 1, .kernel = 1)), .type = "own");
    return gan_linear(gan_concat(y, x), .units = 2);
}

static const struct {
    gan_node *(*graph)(gan_node *x);
    const char *text;
} graphs[] = {
    {plain_graph, NULL},
    {one_graph, NULL},
    {custom_graph, "own0 (own): its features"},
    {second_graph, "(linear): its features"},
    {groups_graph, "gn0 (group_norm): its features"},
    {two_pictures_graph, "(linear): its features"},
    {cut_graph, "conv0 (conv2d): its features"},
};

START_TEST(flattened_pictures)
{
    const gan_custom_type type = {
        .size = sizeof type, .name = "own", .infer = infer_same, .forward = nothing, .backward = nothing};
    gan_network *network;
    ok(gan_custom_register(context, &type));
    ok(gan_network_create(&network, context, NULL));
    gan_network_output(network, graphs[_i].graph(gan_input(network, 2, 3, 4)));
    ok(gan_network_build(network));
    const gan_weights_options *options = gan_weights_options(.layout = GAN_WEIGHTS_PYTORCH);
    if (graphs[_i].text)
        CHANGES_NOTHING(graphs[_i].text, GAN_ERROR_UNSUPPORTED, options);
    else
        ok(gan_network_export_weights(network, path, options));
    for (int layout = GAN_WEIGHTS_LIBGAN; layout <= GAN_WEIGHTS_KERAS; layout++) {
        options = gan_weights_options(.layout = layout, .channels_last = true);
        ok(gan_network_export_weights(network, path, options));
        ok(gan_network_import_weights(network, path, options));
    }
    gan_network_free(&network);
}
END_TEST

/* With channels_last a linear layer's weight is transposed and no more. */
START_TEST(channels_may_be_last)
{
    gan_network *network = sample(context, false);
    const gan_weights_options *options = gan_weights_options(.layout = GAN_WEIGHTS_PYTORCH, .channels_last = true);
    ok(gan_network_export_weights(network, path, options));
    gan_safetensors *file = open_file(path);
    const gan_stored_tensor *weight = gan_safetensors_find(file, "linear0.weight");
    for (int i = 0; i < 200; i++) ck_assert(gan_stored_number(weight, i) == (float)(i % 100 * 2 + i / 100));
    gan_safetensors_free(&file);
    gan_network_free(&network);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

int main(void)
{
    Suite *suite = suite_create("weights");
    TCase *tests = tcase_create("weights");
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, pytorch_to_libgan, 0, exchanged_count());
    tcase_add_loop_test(tests, libgan_to_pytorch, 0, exchanged_count());
    tcase_add_loop_test(tests, layouts_come_back, 0, 3 * exchanged_count());
    tcase_add_loop_test(tests, names_and_layouts, 0, COUNT(layouts));
    tcase_add_test(tests, as_many_tensors);
    tcase_add_test(tests, keras_has_normalized_weights);
    tcase_add_test(tests, names_of_the_callers);
    tcase_add_loop_test(tests, flattened_pictures, 0, COUNT(graphs));
    tcase_add_test(tests, channels_may_be_last);
    return run_suite(suite);
}
