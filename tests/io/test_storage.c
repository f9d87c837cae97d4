/* SPDX-License-Identifier: BSD-2-Clause */
#include "by_hand.h"
#include "fixture.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Networks in files and as text: round trips, and what is no network. */

/* Options of every form, defaults and not. */
static gan_network *sample(void)
{
    gan_network *network;
    ok(gan_network_create(&network, context,
                          gan_network_options(.name = "sample", .weights = {.kind = GAN_INITIALIZER_HE_NORMAL})));
    gan_node *x = gan_input(network, 6, 6, 3), *second = gan_input(network, 2);
    x = gan_conv2d(x, .name = "first", .filters = 4, .kernel = 3, .padding = GAN_PADDING_SAME, .no_bias = true);
    x = gan_batch_norm(x, .momentum = GAN_ZERO, .gamma = {.kind = GAN_INITIALIZER_NORMAL, .mean = 1, .scale = 0.02f});
    x = gan_concat_diff(gan_leaky_relu(x, .slope = 0.1f));
    x = gan_concat(gan_reshape(x, .shape = {-1, 5}), gan_reshape(x, .shape = {36, 5}));
    x = gan_linear(gan_flatten(x), .units = 2, .biases = {.kind = GAN_INITIALIZER_ONES});
    gan_network_output(network, gan_add(x, second));
    gan_network_output(network, x);
    ok(gan_network_build(network));
    return network;
}

static char *json_of(const gan_network *network)
{
    size_t length;
    ok(gan_network_to_json(network, NULL, 0, &length));
    char *text = malloc(length + 1);
    ck_assert_ptr_nonnull(text);
    ok(gan_network_to_json(network, text, length + 1, NULL));
    ck_assert_int_eq(strlen(text), length);
    return text;
}

static void check_same_variables(const gan_network *a, const gan_network *b)
{
    ck_assert_int_eq(gan_network_parameter_count(a), gan_network_parameter_count(b));
    ck_assert_int_eq(gan_network_buffer_count(a), gan_network_buffer_count(b));
    for (int i = 0; i < gan_network_parameter_count(a); i++) {
        const gan_tensor *x = gan_network_parameter(a, i), *y = gan_network_parameter(b, i);
        ck_assert_str_eq(gan_network_parameter_name(a, i), gan_network_parameter_name(b, i));
        ck_assert_mem_eq(gan_tensor_data(x), gan_tensor_data(y), gan_tensor_bytes(x));
    }
    for (int i = 0; i < gan_network_buffer_count(a); i++) {
        const gan_tensor *x = gan_network_buffer(a, i), *y = gan_network_buffer(b, i);
        ck_assert_mem_eq(gan_tensor_data(x), gan_tensor_data(y), gan_tensor_bytes(x));
    }
}

START_TEST(networks_come_back)
{
    gan_network *network = sample(), *loaded;
    gan_tensor_floats(gan_network_find(network, "bn0.running_mean"))[1] = 3.5f;
    ok(gan_network_save(network, path));
    ok(gan_network_load(&loaded, context, path));
    check_same_variables(network, loaded);
    char *a = json_of(network), *b = json_of(loaded);
    ck_assert_str_eq(a, b);
    ck_assert_msg(strstr(a, "\"momentum\":\t0,") != NULL, "%s", a); /* GAN_ZERO survives */
    ck_assert_msg(strstr(a, "\"scale\":\t0.02,") != NULL, "%s", a); /* no digits that a float does not have */
    free(a);
    free(b);
    gan_network_free(&loaded);
    gan_network_free(&network);
}
END_TEST

START_TEST(weights_alone)
{
    gan_network *network = sample(), *other = sample();
    ck_assert(memcmp(gan_tensor_data(gan_network_parameter(network, 0)),
                     gan_tensor_data(gan_network_parameter(other, 0)), 16) != 0);
    ok(gan_network_save(network, path));
    ok(gan_network_load_weights(other, path));
    check_same_variables(network, other);
    gan_network *small;
    ok(gan_network_create(&small, context, NULL));
    gan_network_output(small, gan_linear(gan_input(small, 3), .units = 2));
    ok(gan_network_build(small));
    fails(GAN_ERROR_FORMAT, "\"linear0.weight\" is F32 [360,2]", gan_network_load_weights(small, path));
    gan_network_free(&small);
    gan_network_free(&other);
    gan_network_free(&network);
}
END_TEST

START_TEST(architectures_by_hand)
{
    gan_network *network;
    ok(gan_network_from_json(&network, context, by_hand, strlen(by_hand)));
    ck_assert_int_eq(gan_node_dimension(gan_network_output_node(network, 0), 0), 2);
    ck_assert_int_eq(gan_tensor_dimension(gan_network_find(network, "y.weight"), 0), 4);
    gan_network_free(&network);
}
END_TEST

/* What by_hand becomes with one part replaced, and what is said of it. */
static const struct {
    const char *part, *other;
    gan_status status;
    const char *text;
} mistakes[] = {
    {"\"version\": 1", "\"version\": 2", GAN_ERROR_FORMAT, "version 2"},
    {"\"version\": 1", "\"version\": 1.5", GAN_ERROR_FORMAT, "no version"},
    {"\"linear\"", "\"liner\"", GAN_ERROR_FORMAT, "\"y\" is of type \"liner\""},
    {"\"units\": 2", "\"unite\": 2", GAN_ERROR_FORMAT, "option \"unite\""},
    {"\"units\": 2", "\"units\": \"2\"", GAN_ERROR_FORMAT, "must be a whole number"},
    {"\"units\": 2", "\"units\": 2.5", GAN_ERROR_FORMAT, "must be a whole number"},
    {"\"units\": 2", "\"units\": 1e300", GAN_ERROR_FORMAT, "must be a whole number"},
    {"\"units\": 2", "\"units\": -3", GAN_ERROR_INVALID_ARGUMENT, "y.units is -3"},
    {"\"units\": 2", "\"units\": 2, \"no_bias\": 1", GAN_ERROR_FORMAT, "true or false"},
    {"\"units\": 2", "\"units\": 2, \"weights\": {\"kind\": \"big\"}", GAN_ERROR_FORMAT, "an object with kind"},
    {"\"units\": 2", "\"units\": 2, \"weights\": {\"kind\": \"ones\", \"scael\": 3}", GAN_ERROR_FORMAT,
     "option \"weights\" of layer \"y\" has a \"scael\""},
    {"\"units\": 2", "\"units\": 2, \"weights\": [1]", GAN_ERROR_FORMAT, "layer \"y\" must be an object"},
    {"\"units\": 2", "\"units\": 2, \"units\": 3", GAN_ERROR_FORMAT, "\"units\" twice"},
    {"\"units\": 2", "\"units\": 0", GAN_ERROR_INVALID_ARGUMENT, "\"units\" of layer \"y\" is 0; it must be 1 to "},
    {"{\"units\": 2}", "[1]", GAN_ERROR_FORMAT, "options of layer \"y\" must be an object"},
    {"{\"units\": 2}", "\"units=2\"", GAN_ERROR_FORMAT, "options of layer \"y\" must be an object"},
    {"{\"units\": 2}", "7", GAN_ERROR_FORMAT, "options of layer \"y\" must be an object"},
    {"{\"units\": 2}", "null", GAN_ERROR_FORMAT, "options of layer \"y\" must be an object"},
    {"\"options\"", "\"option\"", GAN_ERROR_FORMAT, "layer \"y\" has a \"option\""},
    {"\"shape\"", "\"options\": {}, \"shape\"", GAN_ERROR_FORMAT, "layer \"x\" has a \"options\""},
    {"\"shape\"", "\"shape\": [3, 3], \"shape\"", GAN_ERROR_FORMAT, "\"shape\" twice"},
    {"\"version\": 1", "\"version\": 1, \"version\": 2", GAN_ERROR_FORMAT, "\"version\" twice"},
    {"\"version\": 1", "\"version\": 1, \"wieghts\": {}", GAN_ERROR_FORMAT, "the network has a \"wieghts\""},
    {"\"version\": 1", "\"version\": 1, \"name\": 7", GAN_ERROR_FORMAT, "name must be a text"},
    {"\"version\": 1", "\"version\": 1, \"weights\": {\"kind\": \"normal\", \"scael\": 3}", GAN_ERROR_FORMAT,
     "weights has a \"scael\""},
    {"\"version\": 1", "\"version\": 1, \"weights\": [1]", GAN_ERROR_FORMAT, "weights must be an object"},
    {"[\"y\"]", "[\"y\", \"y\"]", GAN_ERROR_INVALID_ARGUMENT, "z (tanh): it is given 2 inputs; there must be 1"},
    {"\"tanh\"", "\"add\"", GAN_ERROR_INVALID_ARGUMENT, "z (add): it is given 1 inputs; there must be 2 to 8"},
    {"\"tanh\"", "\"film\"", GAN_ERROR_INVALID_ARGUMENT, "z (film): it is given 1 inputs; there must be 2"},
    {"\"tanh\", \"name\": \"z\", \"inputs\": [\"y\"]",
     "\"attention\", \"name\": \"z\", \"inputs\": [\"y\", \"y\", \"y\", \"y\"]", GAN_ERROR_INVALID_ARGUMENT,
     "z (attention): it is given 4 inputs; there must be 3"},
    {"\"tanh\"", "\"reshape\", \"options\": {\"shape\": [2, 0, 7]}", GAN_ERROR_FORMAT, "whole numbers, none of them 0"},
    {"\"tanh\"", "\"broadcast\", \"options\": {\"shape\": [2, 0]}", GAN_ERROR_FORMAT, "whole numbers, none of them 0"},
    {"[\"y\"]", "[\"z\"]", GAN_ERROR_FORMAT, "must be a layer before it"},
    {"[\"y\"]", "[]", GAN_ERROR_FORMAT, "array of 1 to 8"},
    {"[\"y\"]", "[7]", GAN_ERROR_FORMAT, "must be a layer before it"},
    {"\"name\": \"z\"", "\"name\": \"y\"", GAN_ERROR_INVALID_ARGUMENT, "has a layer \"y\" already"},
    {"\"name\": \"z\"", "\"nama\": \"z\"", GAN_ERROR_FORMAT, "layer 2 must have a type and a name"},
    {"[4]", "[]", GAN_ERROR_INVALID_ARGUMENT, "rank is 0"},
    {"[4]", "[0]", GAN_ERROR_FORMAT, "must have a shape"},
    {"[4]", "[4, 0, 3]", GAN_ERROR_FORMAT, "must have a shape"},
    {"[4]", "[1, 1, 1, 1, 1, 1, 1, 4]", GAN_ERROR_FORMAT, "must have a shape"},
    {"[4]", "4", GAN_ERROR_FORMAT, "must have a shape"},
    {"[\"z\"]", "[\"w\"]", GAN_ERROR_FORMAT, "an output is no layer"},
    {"[\"z\"]", "[\"x\"]", GAN_ERROR_INVALID_ARGUMENT, "is an input"},
    {"[\"z\"]", "[]", GAN_ERROR_STATE, "no output"},
    {"\"outputs\"", "\"output\"", GAN_ERROR_FORMAT, "the network has a \"output\""},
    {", \"outputs\": [\"z\"]", "", GAN_ERROR_FORMAT, "arrays \"layers\" and \"outputs\""},
    {"}\n", "} x", GAN_ERROR_FORMAT, "JSON is wrong"},
    {"}\n", "", GAN_ERROR_FORMAT, "JSON is wrong"},
    {"\"z\"", "\"\xff\"", GAN_ERROR_FORMAT, "not UTF-8"},
    {"\"z\"", "\"\xc0\xaf\"", GAN_ERROR_FORMAT, "not UTF-8"},
    {"\"z\"", "\"\xed\xa0\x80\"", GAN_ERROR_FORMAT, "not UTF-8"},
};

START_TEST(mistakes_are_told)
{
    char text[1024];
    const char *at = strstr(by_hand, mistakes[_i].part);
    ck_assert_ptr_nonnull(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - by_hand), by_hand, mistakes[_i].other,
             at + strlen(mistakes[_i].part));
    gan_network *network;
    fails(mistakes[_i].status, mistakes[_i].text, gan_network_from_json(&network, context, text, strlen(text)));
    ck_assert_ptr_null(network);
}
END_TEST

static gan_status infer_first(void *user, gan_custom_setup *setup)
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

/* docs/formats.md: each of the numbers is an option of its own, the type is none, and inputs are as many as are there. */
START_TEST(layers_of_the_callers_own)
{
    const gan_custom_type type = {
        .size = sizeof type, .name = "own", .infer = infer_first, .forward = nothing, .backward = nothing};
    ok(gan_custom_register(context, &type));
    gan_network *network, *loaded;
    ok(gan_network_create(&network, context, NULL));
    gan_node *x = gan_input(network, 4);
    gan_network_output(network, gan_custom(x, .type = "own", .others = {x}, .numbers = {0.25f, [7] = -1}));
    ok(gan_network_build(network));
    char *text = json_of(network);
    ok(gan_network_from_json(&loaded, context, text, strlen(text)));
    char *again = json_of(loaded);
    ck_assert_str_eq(text, again);
    ck_assert_msg(strstr(text, "\"number0\":\t0.25,") && strstr(text, "\"number7\":\t-1\n"), "%s", text);
    ck_assert_msg(!strstr(text, "\"number1\"") && strstr(text, "\"input0\", \"input0\""), "%s", text);
    memcpy(strstr(text, "number0"), "numbers", 7);
    gan_network_free(&loaded);
    fails(GAN_ERROR_FORMAT, "an option \"numbers\"", gan_network_from_json(&loaded, context, text, strlen(text)));
    free(again);
    free(text);
    gan_network_free(&network);
}
END_TEST

/* What a network from one number to one makes of -1. */
static float output_of_minus_one(gan_network *network)
{
    gan_run *run;
    gan_tensor *input;
    ok(gan_tensor_create(&input, context, GAN_FLOAT32, 2, (const int64_t[]){1, 1}));
    gan_tensor_floats(input)[0] = -1;
    ok(gan_run_create(&run, network, GAN_INFERENCE, 1));
    ok(gan_run_forward(run, input));
    float number = gan_tensor_floats(gan_run_output(run, 0))[0];
    gan_run_free(&run);
    gan_tensor_free(&input);
    return number;
}

/* Few digits where few are enough, and never another float. */
START_TEST(floats_come_back)
{
    static const float slopes[] = {0.1f, 1.0f / 3, 0.99999994f, 1e-30f, 1.17549435e-38f, 1e-45f, 0.2f, 0.87654321f};
    for (size_t i = 0; i < sizeof slopes / sizeof slopes[0]; i++) {
        gan_network *networks[2];
        ok(gan_network_create(&networks[0], context, NULL));
        gan_node *x = gan_leaky_relu(gan_input(networks[0], 1), .slope = slopes[i]);
        gan_network_output(networks[0], x);
        ok(gan_network_build(networks[0]));
        char *text = json_of(networks[0]);
        ok(gan_network_from_json(&networks[1], context, text, strlen(text)));
        float results[2];
        for (int k = 0; k < 2; k++) results[k] = output_of_minus_one(networks[k]);
        ck_assert_msg(results[0] == -slopes[i] && results[1] == results[0], "%.9g: %.9g in %s", (double)slopes[i],
                      (double)results[1], text);
        free(text);
        for (int k = 0; k < 2; k++) gan_network_free(&networks[k]);
    }
}
END_TEST

/* The JSON library's memory, which ends after so many allocations. */
static int allocations_left;

static void *scarce(size_t size)
{
    if (allocations_left-- > 0) return malloc(size);
    errno = ENOMEM;
    return NULL;
}

/* Every allocation of the JSON library fails once, and is told as what it is. */
START_TEST(json_without_memory)
{
    gan_network *network = sample(), *loaded = NULL;
    char *text = json_of(network);
    ok(gan_network_save(network, path));
    for (int call = 0; call < 4; call++) {
        gan_status status = GAN_ERROR_OUT_OF_MEMORY;
        int limit = 0;
        for (; status != GAN_OK; limit++) {
            ck_assert_int_lt(limit, 5000);
            allocations_left = limit;
            cJSON_InitHooks(&(cJSON_Hooks){scarce, free});
            status = call == 0   ? gan_network_save(network, path)
                     : call == 1 ? gan_network_to_json(network, NULL, 0, NULL)
                     : call == 2 ? gan_network_from_json(&loaded, context, text, strlen(text))
                                 : gan_network_load(&loaded, context, path);
            cJSON_InitHooks(NULL);
            ck_assert_msg(status == GAN_OK || status == GAN_ERROR_OUT_OF_MEMORY, "call %d, allocation %d: %s", call,
                          limit, gan_last_error());
            gan_network_free(&loaded);
        }
        ck_assert_int_gt(limit, 10);
    }
    free(text);
    gan_network_free(&network);
}
END_TEST

START_TEST(deep_nesting)
{
    size_t depth = 200000;
    char *text = malloc(depth);
    memset(text, '[', depth);
    gan_network *network;
    fails(GAN_ERROR_FORMAT, "JSON is wrong", gan_network_from_json(&network, context, text, depth));
    free(text);
}
END_TEST

START_TEST(misuse)
{
    gan_network *network = sample(), *unbuilt, *loaded;
    ok(gan_network_create(&unbuilt, context, NULL));
    size_t length;
    fails(GAN_ERROR_INVALID_ARGUMENT, "network is NULL", gan_network_save(NULL, path));
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_network_save(network, NULL));
    fails(GAN_ERROR_STATE, "not built", gan_network_save(unbuilt, path));
    fails(GAN_ERROR_IO, "/missing/", gan_network_save(network, "/missing/file"));
    fails(GAN_ERROR_INVALID_ARGUMENT, "network is NULL", gan_network_load(NULL, context, path));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_network_load(&loaded, NULL, path));
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_network_load(&loaded, context, NULL));
    fails(GAN_ERROR_IO, "/missing/file", gan_network_load(&loaded, context, "/missing/file"));
    fails(GAN_ERROR_STATE, "not built", gan_network_load_weights(unbuilt, path));
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_network_load_weights(network, NULL));
    fails(GAN_ERROR_STATE, "not built", gan_network_to_json(unbuilt, NULL, 0, &length));
    fails(GAN_ERROR_INVALID_ARGUMENT, "text is NULL", gan_network_to_json(network, NULL, 5, &length));
    fails(GAN_ERROR_INVALID_ARGUMENT, "text is NULL", gan_network_from_json(&loaded, context, NULL, 0));
    fails(GAN_ERROR_INVALID_ARGUMENT, "network is NULL", gan_network_from_json(NULL, context, by_hand, 10));
    gan_network_free(&unbuilt);
    gan_network_free(&network);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storage");
    TCase *tests = tcase_create("storage");
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, networks_come_back);
    tcase_add_test(tests, weights_alone);
    tcase_add_test(tests, architectures_by_hand);
    tcase_add_loop_test(tests, mistakes_are_told, 0, (int)(sizeof mistakes / sizeof mistakes[0]));
    tcase_add_test(tests, layers_of_the_callers_own);
    tcase_add_test(tests, floats_come_back);
    tcase_add_test(tests, json_without_memory);
    tcase_add_test(tests, deep_nesting);
    tcase_add_test(tests, misuse);
    return run_suite(suite);
}
