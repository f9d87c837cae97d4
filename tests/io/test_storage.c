/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Networks in files and as text: round trips, and every damage that a file can take. */

static gan_context *context;
static char folder[64], path[96];

static void setup(void)
{
    context = new_context(1, GAN_KERNELS_AUTO);
    snprintf(folder, sizeof folder, "%s", "/tmp/gan-storage-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/network.safetensors", folder);
}

static void teardown(void)
{
    unlink(path);
    ck_assert_msg(rmdir(folder) == 0, "something was left in %s", folder);
    gan_context_free(&context);
}

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
    ck_assert_msg(strstr(a, "\"momentum\":\t-0") != NULL, "%s", a); /* GAN_ZERO survives */
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

static const char by_hand[] =
    "{\"version\": 1, \"layers\": ["
    "{\"type\": \"input\", \"name\": \"x\", \"shape\": [4]},"
    "{\"type\": \"linear\", \"name\": \"y\", \"inputs\": [\"x\"], \"options\": {\"units\": 2}},"
    "{\"type\": \"tanh\", \"name\": \"z\", \"inputs\": [\"y\"]}], \"outputs\": [\"z\"]}\n";

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
    {"[\"y\"]", "[\"z\"]", GAN_ERROR_FORMAT, "must be a layer before it"},
    {"[\"y\"]", "[]", GAN_ERROR_FORMAT, "array of 1 to 8"},
    {"[\"y\"]", "[7]", GAN_ERROR_FORMAT, "must be a layer before it"},
    {"\"name\": \"z\"", "\"name\": \"y\"", GAN_ERROR_INVALID_ARGUMENT, "has a layer \"y\" already"},
    {"\"name\": \"z\"", "\"nama\": \"z\"", GAN_ERROR_FORMAT, "layer 2 must have a type and a name"},
    {"[4]", "[0]", GAN_ERROR_INVALID_ARGUMENT, "rank is 0"},
    {"[4]", "4", GAN_ERROR_FORMAT, "must have a shape"},
    {"[\"z\"]", "[\"w\"]", GAN_ERROR_FORMAT, "an output is no layer"},
    {"[\"z\"]", "[\"x\"]", GAN_ERROR_INVALID_ARGUMENT, "is an input"},
    {"[\"z\"]", "[]", GAN_ERROR_STATE, "no output"},
    {"\"outputs\"", "\"output\"", GAN_ERROR_FORMAT, "arrays \"layers\" and \"outputs\""},
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

struct content {
    unsigned char *bytes;
    size_t size;
};

static struct content read_all(void)
{
    FILE *file = fopen(path, "rb");
    struct content c = {malloc(1 << 20), 0};
    ck_assert(file && c.bytes);
    c.size = fread(c.bytes, 1, 1 << 20, file);
    fclose(file);
    return c;
}

static void write_all(const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

static struct content small_file(void)
{
    gan_network *network;
    ok(gan_network_from_json(&network, context, by_hand, strlen(by_hand)));
    ok(gan_network_save(network, path));
    gan_network_free(&network);
    return read_all();
}

/* A flipped byte is told, or it is in a number and loads as another; nothing crashes. */
START_TEST(every_byte_flipped)
{
    static const unsigned char masks[] = {0x01, 0x20, 0x80, 0xff};
    struct content c = small_file();
    for (size_t i = 0; i < c.size; i++) {
        gan_network *network;
        c.bytes[i] ^= masks[_i];
        write_all(c.bytes, c.size);
        c.bytes[i] ^= masks[_i];
        gan_status status = gan_network_load(&network, context, path);
        ck_assert_msg((status == GAN_OK) == (network != NULL), "byte %zu: %s", i, gan_status_name(status));
        ck_assert(status == GAN_OK || gan_last_error()[0] != '\0');
        gan_network_free(&network);
    }
    free(c.bytes);
}
END_TEST

START_TEST(every_length_cut)
{
    struct content c = small_file();
    for (size_t size = 0; size < c.size; size++) {
        gan_network *network;
        write_all(c.bytes, size);
        fails(GAN_ERROR_FORMAT, path, gan_network_load(&network, context, path));
        ck_assert_ptr_null(network);
    }
    free(c.bytes);
}
END_TEST

/* Headers with a lie in them; the data is 16 bytes. */
static const struct {
    const char *header, *text;
} headers[] = {
    {"[]", "no object"},
    {"{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]}}", "dtype"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,16]}}", "no shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,20]}}", "outside the file"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16,0]}}", "outside the file"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[-16,0]}}", "outside the file"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,16]}}", "do not go with"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4194304,4194304,4194304,4],\"data_offsets\":[0,16]}}", "do not go with"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", "bad dimension"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,4],\"data_offsets\":[0,16]}}", "more than 8"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}", "12 bytes"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
     "overlaps"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
     "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
     "twice"},
    {"{\"__metadata__\":[],\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", "is no object"},
    {"{\"__metadata__\":{\"k\":1},\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", "is no text"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", "no network"},
    {"{\"a\":7}", "dtype"},
};

START_TEST(headers_that_lie)
{
    unsigned char bytes[1024] = {0};
    size_t length = strlen(headers[_i].header);
    bytes[0] = (unsigned char)length;
    bytes[1] = (unsigned char)(length >> 8);
    memcpy(bytes + 8, headers[_i].header, length);
    write_all(bytes, 8 + length + 16);
    gan_network *network;
    fails(GAN_ERROR_FORMAT, headers[_i].text, gan_network_load(&network, context, path));
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
    tcase_add_test(tests, deep_nesting);
    tcase_add_loop_test(tests, every_byte_flipped, 0, 4);
    tcase_add_test(tests, every_length_cut);
    tcase_add_loop_test(tests, headers_that_lie, 0, (int)(sizeof headers / sizeof headers[0]));
    tcase_add_test(tests, misuse);
    return run_suite(suite);
}
