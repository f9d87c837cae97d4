/* SPDX-License-Identifier: BSD-2-Clause */
#include "by_hand.h"
#include "content.h"
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

/* Networks in files: every damage that a file can take. */

static content small_file(void)
{
    gan_network *network;
    ok(gan_network_from_json(&network, context, by_hand, strlen(by_hand)));
    ok(gan_network_save(network, path));
    gan_network_free(&network);
    return read_content(path);
}

/* A flipped byte is told, or it is in a number and loads as another; nothing crashes. */
START_TEST(every_byte_flipped)
{
    static const unsigned char masks[] = {0x01, 0x20, 0x80, 0xff};
    content c = small_file();
    for (size_t i = 0; i < c.size; i++) {
        gan_network *network;
        c.bytes[i] ^= masks[_i];
        write_content(path, c.bytes, c.size);
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
    content c = small_file();
    for (size_t size = 0; size < c.size; size++) {
        gan_network *network;
        write_content(path, c.bytes, size);
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
    {"{\"a\":{\"dtype\":\"F65\",\"shape\":[2],\"data_offsets\":[0,16]}}", "dtype"},
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
     "the key \"a\" twice"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"shape\":[2,2],\"data_offsets\":[0,16]}}", "the key \"shape\" twice"},
    {"{\"__metadata__\":{\"k\":\"1\",\"j\":\"\",\"k\":\"2\"},"
     "\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
     "the key \"k\" twice"},
    {"{\"__metadata__\":[],\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", "is no object"},
    {"{\"__metadata__\":{\"k\":1},\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", "is no text"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", "no network"},
    {"{\"a\":7}", "dtype"},
    {"{\"__metadata__\":{\"gan.network\":\"{\\\"version\\\":1,\\\"layers\\\":["
     "{\\\"type\\\":\\\"input\\\",\\\"name\\\":\\\"x\\\",\\\"shape\\\":[1048576]},"
     "{\\\"type\\\":\\\"linear\\\",\\\"name\\\":\\\"y\\\",\\\"inputs\\\":[\\\"x\\\"],"
     "\\\"options\\\":{\\\"units\\\":1048576}}],\\\"outputs\\\":[\\\"y\\\"]}\"},"
     "\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
     "layers need 1099512676352 numbers, and it has 4"},
    {"{\"__metadata__\":{\"gan.network\":\"{\\\"version\\\":1,\\\"layers\\\":["
     "{\\\"type\\\":\\\"input\\\",\\\"name\\\":\\\"x\\\",\\\"shape\\\":[3]},"
     "{\\\"type\\\":\\\"linear\\\",\\\"name\\\":\\\"y\\\",\\\"inputs\\\":[\\\"x\\\"],"
     "\\\"options\\\":{\\\"units\\\":2}}],\\\"outputs\\\":[\\\"y\\\"]}\"},"
     "\"y.weight\":{\"dtype\":\"F16\",\"shape\":[3,2],\"data_offsets\":[0,12]},"
     "\"y.bias\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[12,16]}}",
     "tensor \"y.weight\" is F16 [3,2]; it must be F32 [3,2]"},
};

START_TEST(headers_that_lie)
{
    unsigned char bytes[1024] = {0};
    size_t length = strlen(headers[_i].header);
    bytes[0] = (unsigned char)length;
    bytes[1] = (unsigned char)(length >> 8);
    memcpy(bytes + 8, headers[_i].header, length);
    write_content(path, bytes, 8 + length + 16);
    gan_network *network;
    fails(GAN_ERROR_FORMAT, headers[_i].text, gan_network_load(&network, context, path));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storage_damage");
    TCase *tests = tcase_create("storage_damage");
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, every_byte_flipped, 0, 4);
    tcase_add_test(tests, every_length_cut);
    tcase_add_loop_test(tests, headers_that_lie, 0, (int)(sizeof headers / sizeof headers[0]));
    return run_suite(suite);
}
