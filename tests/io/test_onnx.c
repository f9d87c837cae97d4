/* SPDX-License-Identifier: BSD-2-Clause */
#include "allocator.h"
#include "content.h"
#include "io/onnx.h"
#include "io/protobuf.h"
#include "layer/registry.h"
#include "onnx_cases.h"

#include "fixture.h" /* behind headers whose parameters have the names of its variables */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* What can be said of exported networks without a program that runs them (onnx_check.py has one): the same
 * bytes always, and what fails, fails as it should. */

/* Whether the file is as it was; lets go of what it was. */
static void check_still(content before)
{
    content after = read_content(path);
    ck_assert_uint_eq(before.size, after.size);
    ck_assert_mem_eq(before.bytes, after.bytes, before.size);
    free(before.bytes);
    free(after.bytes);
}

static bool has_text(content c, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i + length <= c.size; i++)
        if (memcmp(c.bytes + i, text, length) == 0) return true;
    return false;
}

static gan_network *case_named(const char *name, gan_context *of)
{
    char text[64];
    gan_network *network = NULL;
    for (int i = 0; i < onnx_case_count() && !network; i++)
        if (strcmp(onnx_case_name(i, text), name) == 0) ok(onnx_case_network(i, &network, of));
    ck_assert_ptr_nonnull(network);
    return network;
}

/* Also with more threads, which find spectral norms, and in a context where another network came before. */
START_TEST(a_network_has_one_file)
{
    gan_context *other = new_context(3, GAN_KERNELS_AUTO);
    gan_network *network = case_named("blocks", context), *same = case_named("blocks", other);
    ok(gan_network_export_onnx(network, path, NULL));
    content first = read_content(path);
    ck_assert(has_text(first, "libgan") && has_text(first, "conv0.weight") && has_text(first, "linear0"));
    ok(gan_network_export_onnx(network, path, gan_onnx_options(.opset = 17)));
    check_still(first);
    first = read_content(path);
    ok(gan_network_export_onnx(same, path, NULL));
    check_still(first);
    gan_network_free(&same);
    gan_network_free(&network);
    gan_context_free(&other);
}
END_TEST

/* No average moves, and no vector of a spectral norm. */
START_TEST(the_network_is_as_it_was)
{
    gan_network *network = case_named("blocks", context), *copy;
    ok(gan_network_clone(&copy, network));
    ok(gan_network_export_onnx(network, path, NULL));
    for (int i = 0; i < gan_network_buffer_count(network); i++) {
        const gan_tensor *a = gan_network_buffer(network, i), *b = gan_network_buffer(copy, i);
        ck_assert_mem_eq(gan_tensor_data(a), gan_tensor_data(b), gan_tensor_bytes(a));
    }
    gan_network_free(&copy);
    gan_network_free(&network);
}
END_TEST

START_TEST(bad_calls_are_told)
{
    gan_network *network = case_named("dis2", context), *unbuilt;
    gan_onnx_options reserved = {.size = sizeof reserved, .reserved = 1};
    ok(gan_network_create(&unbuilt, context, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "network is NULL", gan_network_export_onnx(NULL, path, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_network_export_onnx(network, NULL, NULL));
    fails(GAN_ERROR_STATE, "not built", gan_network_export_onnx(unbuilt, path, NULL));
    for (int opset = 12; opset <= 22; opset += 10)
        fails(GAN_ERROR_INVALID_ARGUMENT, "gan_onnx_options.opset is",
              gan_network_export_onnx(network, path, gan_onnx_options(.opset = opset)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "reserved", gan_network_export_onnx(network, path, &reserved));
    fails(GAN_ERROR_IO, "/missing/", gan_network_export_onnx(network, "/missing/file.onnx", NULL));
    fails(GAN_ERROR_IO, "not a regular file", gan_network_export_onnx(network, folder, NULL));
    gan_network_free(&unbuilt);
    gan_network_free(&network);
}
END_TEST

static gan_status infer_own(void *user, gan_custom_setup *setup)
{
    (void)user;
    return gan_custom_output(setup, 1, (const int64_t[]){4});
}

static gan_status pass_own(void *user, const gan_custom_pass *pass)
{
    (void)user;
    (void)pass;
    return GAN_OK;
}

START_TEST(types_of_the_callers_are_named)
{
    const gan_custom_type type = {
        .size = sizeof type, .name = "own_type", .infer = infer_own, .forward = pass_own, .backward = pass_own};
    gan_network *network;
    ok(gan_custom_register(context, &type));
    ok(gan_network_create(&network, context, NULL));
    gan_node *x = gan_custom(gan_relu(gan_input(network, 4)), .type = "own_type", .name = "mine");
    gan_network_output(network, gan_tanh(x));
    ok(gan_network_build(network));
    fails(GAN_ERROR_UNSUPPORTED, "mine (own_type): layers of this type cannot be exported",
          gan_network_export_onnx(network, path, NULL));
    ck_assert_int_ne(access(path, F_OK), 0);
    gan_network_free(&network);
}
END_TEST

/* A constant that is only said to be large: nothing is written before the size is known. */
START_TEST(large_files_are_refused)
{
    gan_network *network = case_named("dis2", context);
    gan_export_value values[2] = {{.temporary = false}};
    values[1] = (gan_export_value){.name = "huge", .constant = GAN_ELEMENT_FLOAT, .rank = 2, .shape = {1 << 20, 512}};
    const gan_export graph = {.context = context, .opset = 17, .values = values, .value_count = 2};
    fails(GAN_ERROR_UNSUPPORTED, "ONNX has at most 2147483647", gan_onnx_write(network, &graph, path));
    ck_assert_int_ne(access(path, F_OK), 0);
    gan_network_free(&network);
}
END_TEST

/* A disk that is full in the middle of the file. */
START_TEST(a_write_fails)
{
    gan_network *network = case_named("dis2", context), *smaller = case_named("blocks", context);
    ok(gan_network_export_onnx(smaller, path, NULL));
    content before = read_content(path);
    struct rlimit old, small;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 4096;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    gan_status status = gan_network_export_onnx(network, path, NULL);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
    fails(GAN_ERROR_IO, "could not be written", status);
    check_still(before);
    gan_network_free(&smaller);
    gan_network_free(&network);
}
END_TEST

/* The n-th allocation of an export fails, for every n: each time it is told, an older file stays, and nothing is lost. */
static void fail_every_allocation(int number)
{
    failing_allocator allocator = {0};
    gan_context *counted;
    gan_network *network;
    char name[64];
    ok(gan_context_create(&counted, gan_context_options(.threads = 1, .allocator = allocator_of(&allocator))));
    ok(onnx_case_network(number, &network, counted));
    ok(gan_network_export_onnx(network, path, NULL));
    int live = allocator.live;
    gan_status status = GAN_ERROR_OUT_OF_MEMORY;
    for (int n = 1; status != GAN_OK; n++) {
        content before = read_content(path);
        allocator.calls = 0;
        allocator.fail_at = n;
        status = gan_network_export_onnx(network, path, NULL);
        allocator.fail_at = 0;
        ck_assert_msg(status == GAN_OK || status == GAN_ERROR_OUT_OF_MEMORY, "%s, allocation %d: %s",
                      onnx_case_name(number, name), n, gan_last_error());
        ck_assert(status == GAN_OK || strstr(gan_last_error(), "out of memory"));
        ck_assert_msg(allocator.live == live, "%s, allocation %d: blocks were lost", onnx_case_name(number, name), n);
        check_still(before);
    }
    gan_network_free(&network);
    gan_context_free(&counted);
    ck_assert_int_eq(allocator.live, 0);
}

START_TEST(every_allocation_may_fail)
{
    const gan_layer_type *last = NULL; /* of derived cases, one for each type will do */
    for (int i = 0; i < onnx_case_count(); i++) {
        const gan_layer_type *type = onnx_case_is_derived(i) ? onnx_case_layer(i)->type : NULL;
        if (!type || type != last) fail_every_allocation(i);
        last = type;
    }
}
END_TEST

/* More values and operators than fit into the first blocks of memory. */
START_TEST(long_networks_grow)
{
    gan_network *network;
    ok(gan_network_create(&network, context, NULL));
    gan_node *x = gan_input(network, 3);
    for (int i = 0; i < 300; i++) x = gan_gelu(x);
    gan_network_output(network, x);
    ok(gan_network_build(network));
    ok(gan_network_export_onnx(network, path, NULL));
    content c = read_content(path);
    ck_assert(has_text(c, "gelu0") && has_text(c, "gelu299"));
    free(c.bytes);
    gan_network_free(&network);
}
END_TEST

static void write_inner(gan_protobuf *p, const void *argument)
{
    gan_protobuf_integer(p, 1, *(const int *)argument);
}

/* The examples of the format's specification, and what it says of negative numbers and of tags above 15. */
START_TEST(messages_are_as_specified)
{
    static const unsigned char expected[] = {
        0x08, 0x96, 0x01,                                                 /* 1: 150 */
        0x12, 0x07, 't',  'e',  's',  't',  'i',  'n',  'g',              /* 2: "testing" */
        0x1a, 0x03, 0x08, 0x96, 0x01,                                     /* 3: {1: 150} */
        0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, /* 4: -1 */
        0xa0, 0x01, 0x07,                                                 /* 20: 7 */
        0x2d, 0x00, 0x00, 0x80, 0x3f,                                     /* 5: 1.0 */
        0x32, 0x08, 0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x00, 0xc0,       /* 6: floats 1, -2 */
        0x3a, 0x08, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,       /* 7: an int64 */
    };
    unsigned char bytes[sizeof expected + 8];
    size_t counted = 0;
    for (int pass = 0; pass < 2; pass++) {
        gan_protobuf p = {pass ? bytes : NULL, 0};
        gan_protobuf_integer(&p, 1, 150);
        gan_protobuf_text(&p, 2, "testing");
        gan_protobuf_message(&p, 3, write_inner, &(int){150});
        gan_protobuf_integer(&p, 4, -1);
        gan_protobuf_integer(&p, 20, 7);
        gan_protobuf_float(&p, 5, 1);
        gan_protobuf_numbers(&p, 6, (const float[]){1, -2}, 2, sizeof(float));
        gan_protobuf_numbers(&p, 7, &(int64_t){0x0102030405060708}, 1, sizeof(int64_t));
        if (pass) ck_assert_uint_eq(p.size, counted);
        counted = p.size;
    }
    ck_assert_uint_eq(counted, sizeof expected);
    ck_assert_mem_eq(bytes, expected, sizeof expected);
}
END_TEST

/* The graph's walk adds the inputs itself. */
START_TEST(every_type_can_be_exported)
{
    for (int i = 0; gan_layer_types[i]; i++)
        ck_assert_msg(gan_layer_types[i] == &gan_layer_input || gan_layer_types[i]->export, "%s has no export",
                      gan_layer_types[i]->name);
}
END_TEST

int main(void)
{
    collect_onnx_cases();
    Suite *suite = suite_create("onnx");
    TCase *cases = tcase_create("onnx");
    tcase_set_timeout(cases, 120);
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, every_type_can_be_exported);
    tcase_add_test(cases, a_network_has_one_file);
    tcase_add_test(cases, the_network_is_as_it_was);
    tcase_add_test(cases, bad_calls_are_told);
    tcase_add_test(cases, types_of_the_callers_are_named);
    tcase_add_test(cases, large_files_are_refused);
    tcase_add_test(cases, a_write_fails);
    tcase_add_test(cases, every_allocation_may_fail);
    tcase_add_test(cases, long_networks_grow);
    tcase_add_test(cases, messages_are_as_specified);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
