/* SPDX-License-Identifier: BSD-2-Clause */
#include "weights_networks.h"

#include "content.h"
#include "io/safetensors.h"

#include "fixture.h" /* behind headers whose parameters have the names of its variables */

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Weights' files with something wrong: options, names, contents, memory. */

START_TEST(misuse)
{
    gan_network *network = sample(context, false), *unbuilt;
    ok(gan_network_create(&unbuilt, context, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "export_weights: network is NULL", gan_network_export_weights(NULL, path, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "export_weights: path is NULL", gan_network_export_weights(network, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "import_weights: network is NULL", gan_network_import_weights(NULL, path, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "import_weights: path is NULL", gan_network_import_weights(network, NULL, NULL));
    fails(GAN_ERROR_STATE, "not built", gan_network_export_weights(unbuilt, path, NULL));
    fails(GAN_ERROR_STATE, "not built", gan_network_import_weights(unbuilt, path, NULL));
    fails(GAN_ERROR_IO, "/missing/", gan_network_export_weights(network, "/missing/file", NULL));
    fails(GAN_ERROR_IO, "/missing/file", gan_network_import_weights(network, "/missing/file", NULL));
    const gan_status wrong = GAN_ERROR_INVALID_ARGUMENT;
    CHANGES_NOTHING("layout is 3; it must be at least 0 and at most 2", wrong, gan_weights_options(.layout = 3));
    CHANGES_NOTHING("layout is -1", wrong, gan_weights_options(.layout = -1));
    CHANGES_NOTHING("reserved", wrong, gan_weights_options(.reserved = 1));
    CHANGES_NOTHING("name_count is -1", wrong, gan_weights_options(.name_count = -1));
    CHANGES_NOTHING("names is NULL and name_count 2", wrong, gan_weights_options(.name_count = 2));
    CHANGES_NOTHING("names[1].name is NULL", wrong, gan_weights_options(NAMES({"conv0", "a"}, {NULL, "b"})));
    CHANGES_NOTHING("names[0].file_name is NULL", wrong, gan_weights_options(NAMES({"conv0", NULL})));
    CHANGES_NOTHING("\"conv0\" twice, at 0 and 2", wrong,
                    gan_weights_options(NAMES({"conv0", "a"}, {"bn0", "b"}, {"conv0", "c"})));
    CHANGES_NOTHING("names[1].name is \"conv1\"", wrong, gan_weights_options(NAMES({"conv0", "a"}, {"conv1", "b"})));
    CHANGES_NOTHING("\"flatten0\"", wrong, gan_weights_options(NAMES({"flatten0", "a"})));
    CHANGES_NOTHING("\"bn0.batches\"", wrong,
                    gan_weights_options(.layout = GAN_WEIGHTS_KERAS, NAMES({"bn0.batches", "a"})));
    CHANGES_NOTHING("\"conv0.bias\" and \"bn0.beta\" would both be \"bn0.beta\"", wrong,
                    gan_weights_options(NAMES({"conv0.bias", "bn0.beta"})));
    char name[300] = {0};
    memset(name, 'x', sizeof name - 1);
    CHANGES_NOTHING("it must have 1 to 255", wrong, gan_weights_options(.prefix = name));
    CHANGES_NOTHING("it must have 1 to 255", wrong, gan_weights_options(NAMES({"conv0.bias", ""})));
    gan_network_free(&unbuilt);
    gan_network_free(&network);
}
END_TEST

/* Half of a linear layer [3] -> [2] by hand, and what is said of it. */
static uint16_t halves[] = {0x3c00, 0xc000, 0x3555, 0x0001, 0x7bff, 0x8400};
static const float half_numbers[] = {1, -2, 0.333251953125f, 5.9604644775390625e-8f, 65504, -6.103515625e-5f};
static uint16_t tops[] = {0x3f80, 0xc000, 0x3eab, 0x0001, 0x7f7f, 0x8080};
static const float top_numbers[] = {1, -2, 0.333984375f, 9.18354962e-41f, 3.38953139e38f, -1.17549435e-38f};
static double doubles[] = {1, -2, 1.0 / 3, 1e-30, 16777217, -0.1};
static const float double_numbers[] = {1, -2, 1.0f / 3, 1e-30f, 16777216, -0.1f};
static float zeros[8] = {0};
static uint8_t bytes[8] = {0};

#define BIAS(name_)                                                                               \
    {                                                                                             \
        .name = name_, .type = GAN_STORED_F32, .rank = 1, .shape = {2}, .data = zeros, .bytes = 8 \
    }
#define WEIGHT(type_, data_, size)                                                                        \
    {                                                                                                     \
        .name = "linear0.weight", .type = type_, .rank = 2, .shape = {2, 3}, .data = data_, .bytes = size \
    }

static const struct {
    gan_stored_tensor weight;
    const float *numbers;
} types[] = {
    {WEIGHT(GAN_STORED_F16, halves, 12), half_numbers},
    {WEIGHT(GAN_STORED_BF16, tops, 12), top_numbers},
    {WEIGHT(GAN_STORED_F64, doubles, 48), double_numbers},
};

static gan_network *linear(void)
{
    gan_network *network;
    ok(gan_network_create(&network, context, NULL));
    gan_network_output(network, gan_linear(gan_input(network, 3), .units = 2));
    ok(gan_network_build(network));
    return network;
}

START_TEST(types_of_numbers)
{
    gan_network *network = linear();
    const gan_stored_tensor tensors[] = {types[_i].weight, BIAS("linear0.bias")};
    ok(gan_safetensors_write(context, path, tensors, 2, NULL, 0));
    ok(gan_network_import_weights(network, path, gan_weights_options(.layout = GAN_WEIGHTS_PYTORCH)));
    const float *weight = gan_tensor_floats(gan_network_find(network, "linear0.weight"));
    for (int i = 0; i < 6; i++) {
        float number = weight[i % 3 * 2 + i / 3];
        ck_assert_msg(number == types[_i].numbers[i], "%d: %.9g", i, (double)number);
    }
    gan_network_free(&network);
}
END_TEST

static const struct {
    gan_stored_tensor tensors[3];
    int count;
    const char *text;
} mistakes[] = {
    {{BIAS("linear0.bias")}, 1, "no tensor \"linear0.weight\", for linear0.weight, and 0 more"},
    {{BIAS("other")}, 1, "no tensor \"linear0.weight\", for linear0.weight, and 1 more"},
    {{WEIGHT(GAN_STORED_F32, zeros, 24), BIAS("linear0.bias"), BIAS("other")}, 3, "a tensor \"other\" that no"},
    {{WEIGHT(GAN_STORED_U8, bytes, 6), BIAS("linear0.bias")}, 2, "\"linear0.weight\" is U8; it must be F32"},
    {{{"linear0.weight", GAN_STORED_F32, 2, {3, 2}, zeros, 24}, BIAS("linear0.bias")},
     2,
     "\"linear0.weight\" is [3,2]; for linear0.weight it must be [2,3]"},
    {{WEIGHT(GAN_STORED_F32, zeros, 24), {"linear0.bias", GAN_STORED_F32, 2, {2, 1}, zeros, 8}},
     2,
     "\"linear0.bias\" is [2,1]; for linear0.bias it must be [2]"},
};

START_TEST(files_that_do_not_fit)
{
    gan_network *network = linear();
    float before[6];
    gan_tensor *weight = gan_network_find(network, "linear0.weight");
    memcpy(before, gan_tensor_data(weight), sizeof before);
    ok(gan_safetensors_write(context, path, mistakes[_i].tensors, mistakes[_i].count, NULL, 0));
    fails(GAN_ERROR_FORMAT, mistakes[_i].text,
          gan_network_import_weights(network, path, gan_weights_options(.layout = GAN_WEIGHTS_PYTORCH)));
    ck_assert_mem_eq(gan_tensor_data(weight), before, sizeof before);
    gan_network_free(&network);
}
END_TEST

/* Allocations of the library and of the JSON library are counted; one of them fails. */
static struct {
    int calls, fail_at, live;
} memory;

static void *allocate(void *user, size_t size, size_t alignment)
{
    (void)user;
    void *block = NULL;
    if (++memory.calls == memory.fail_at || posix_memalign(&block, alignment, size) != 0) return NULL;
    memory.live++;
    return block;
}

static void release(void *user, void *block)
{
    (void)user;
    memory.live--;
    free(block);
}

static void *allocate_json(size_t size)
{
    void *block = allocate(NULL, size, 16);
    if (!block) errno = ENOMEM;
    return block;
}

static void release_json(void *block)
{
    if (block) release(NULL, block);
}

static void *bits_of(const gan_network *network, size_t *size)
{
    unsigned char *bits = malloc(1 << 16);
    *size = 0;
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        const gan_tensor *parameter = gan_network_parameter(network, i);
        memcpy(bits + *size, gan_tensor_data(parameter), gan_tensor_bytes(parameter));
        *size += gan_tensor_bytes(parameter);
    }
    return bits;
}

/* Every allocation of an export and of an import fails once: that is told, nothing is lost and nothing is changed. */
START_TEST(without_memory)
{
    gan_context *scarce;
    gan_network *network, *source = exchanged_network(context, 8);
    ok(gan_context_create(&scarce,
                          gan_context_options(.threads = 1, .allocator = {.allocate = allocate, .release = release})));
    network = exchanged_network(scarce, 8);
    for (int i = 0; i < gan_network_parameter_count(source); i++)
        gan_tensor_floats(gan_network_parameter(source, i))[0] = 7;
    ok(gan_network_export_weights(source, path, gan_weights_options(.layout = _i / 2)));
    int live = memory.live;
    size_t size;
    void *before = bits_of(network, &size);
    const gan_weights_options *options = gan_weights_options(.layout = _i / 2, NAMES({"conv0", "conv0"}));
    gan_status status = GAN_ERROR_OUT_OF_MEMORY;
    memory.fail_at = 0;
    while (status != GAN_OK) {
        memory.calls = 0;
        ck_assert_int_lt(memory.fail_at++, 20000);
        cJSON_InitHooks(&(cJSON_Hooks){allocate_json, release_json});
        status = _i % 2 ? gan_network_export_weights(network, path, options)
                        : gan_network_import_weights(network, path, options);
        cJSON_InitHooks(NULL);
        ck_assert_msg(status == GAN_OK || status == GAN_ERROR_OUT_OF_MEMORY, "allocation %d: %s", memory.fail_at,
                      gan_last_error());
        ck_assert_int_eq(memory.live, live);
        void *after = bits_of(network, &size);
        if (status != GAN_OK) ck_assert_mem_eq(before, after, size);
        free(after);
    }
    memory.fail_at = 0;
    ck_assert_int_gt(memory.calls, 20);
    free(before);
    gan_network_free(&network);
    gan_network_free(&source);
    gan_context_free(&scarce);
}
END_TEST

/* A file that is cut anywhere is told, and nothing is changed. */
START_TEST(every_length_cut)
{
    gan_network *network = linear();
    ok(gan_network_export_weights(network, path, gan_weights_options(.layout = GAN_WEIGHTS_PYTORCH)));
    content c = read_content(path);
    for (size_t length = 0; length < c.size; length++) {
        write_content(path, c.bytes, length);
        fails(GAN_ERROR_FORMAT, path,
              gan_network_import_weights(network, path, gan_weights_options(.layout = GAN_WEIGHTS_PYTORCH)));
    }
    free(c.bytes);
    gan_network_free(&network);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

int main(void)
{
    Suite *suite = suite_create("weights_files");
    TCase *tests = tcase_create("weights_files");
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, misuse);
    tcase_add_loop_test(tests, types_of_numbers, 0, COUNT(types));
    tcase_add_loop_test(tests, files_that_do_not_fit, 0, COUNT(mistakes));
    tcase_add_loop_test(tests, without_memory, 0, 6);
    tcase_add_test(tests, every_length_cut);
    return run_suite(suite);
}
