/* SPDX-License-Identifier: BSD-2-Clause */
#include "checkpoint_folder.h"
#include "io/checksum.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Every damage that the file of a checkpoint can take, and files that others write. */

/* Blocks are no larger than some parts of the file and of a network's tables. */
static void check_blocks(size_t size)
{
    ck_assert_msg(largest_block <= 4 * size + 65536, "a block of %zu bytes for a file of %zu", (size_t)largest_block,
                  size);
}

static void load_damaged(gan_session *session, size_t place)
{
    gan_session *loaded;
    largest_block = 0;
    gan_status status = gan_checkpoint_load(&loaded, context, NULL, path, NULL);
    ck_assert_msg((status == GAN_OK) == (loaded != NULL), "byte %zu: %s", place, gan_status_name(status));
    ck_assert(status == GAN_OK || gan_last_error()[0] != '\0');
    gan_session_free(&loaded);
    if (session) gan_checkpoint_restore(session, NULL, path);
}

/* Each flipped byte is seen, wherever it is. */
START_TEST(every_byte_flipped)
{
    static const unsigned char masks[] = {0x01, 0x20, 0x80, 0xff};
    content c = saved(&smallest, 2);
    for (size_t i = 0; i < c.size; i++) {
        gan_session *session;
        c.bytes[i] ^= masks[_i];
        write_content(path, c.bytes, c.size);
        c.bytes[i] ^= masks[_i];
        fails(GAN_ERROR_FORMAT, "damaged", gan_checkpoint_load(&session, context, NULL, path, NULL));
        ck_assert_ptr_null(session);
    }
    check_blocks(c.size);
    free(c.bytes);
}
END_TEST

/* And where the checksum is made to fit, it is refused or is another checkpoint; nothing crashes. */
START_TEST(every_byte_flipped_and_sealed)
{
    static const unsigned char masks[] = {0x01, 0x10};
    training t;
    content c = saved(&smallest, 2);
    ok(training_start(&t, context, &smallest));
    unsigned char *copy = malloc(c.size);
    for (size_t i = 0; i < c.size; i++) {
        memcpy(copy, c.bytes, c.size);
        copy[i] ^= masks[_i];
        gan_checksum_write(copy, c.size);
        write_content(path, copy, c.size);
        load_damaged(i % 4 ? NULL : t.session, i);
        check_blocks(c.size);
    }
    training_stop(&t);
    free(copy);
    free(c.bytes);
}
END_TEST

START_TEST(every_length_cut)
{
    content c = saved(&smallest, 2);
    for (size_t size = 0; size < c.size; size++) {
        gan_checkpoint_info info = {.size = sizeof info};
        write_content(path, c.bytes, size);
        fails(GAN_ERROR_FORMAT, path, gan_checkpoint_inspect(&info, path));
    }
    free(c.bytes);
}
END_TEST

/* Writes the file with one part of its checkpoint's text replaced, sealed. The text is in the header, in a string. */
static void write_with(const content *c, const char *key, const char *part, const char *other)
{
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | c->bytes[i];
    cJSON *header = cJSON_ParseWithLength((const char *)c->bytes + 8, (size_t)length);
    cJSON *metadata = cJSON_GetObjectItem(header, "__metadata__");
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(metadata, key)), *at = strstr(text, part);
    ck_assert_msg(at != NULL, "%s is not in %s", part, text);
    char *changed = malloc(strlen(text) + strlen(other) + 1);
    sprintf(changed, "%.*s%s%s", (int)(at - text), text, other, at + strlen(part));
    cJSON_ReplaceItemInObject(metadata, key, cJSON_CreateString(changed));
    char *printed = cJSON_PrintUnformatted(header);
    size_t size = strlen(printed), data = c->size - 8 - (size_t)length;
    unsigned char *bytes = malloc(8 + size + data);
    for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(size >> 8 * i);
    memcpy(bytes + 8, printed, size);
    memcpy(bytes + 8 + size, c->bytes + 8 + length, data);
    gan_checksum_write(bytes, 8 + size + data);
    write_content(path, bytes, 8 + size + data);
    free(bytes);
    cJSON_free(printed);
    free(changed);
    cJSON_Delete(header);
}

static const struct {
    const char *part, *other;
    gan_status status;
    const char *text;
} mistakes[] = {
    {"{\"version\":1,\"library\"", "{\"version\":2,\"library\"", GAN_ERROR_FORMAT,
     "is of version 2; this library reads up to 1"},
    {"{\"version\":1,\"library\"", "{\"library\"", GAN_ERROR_FORMAT, "no version"},
    {"\"kernels\"", "\"kernel\"", GAN_ERROR_FORMAT, "the checkpoint has a \"kernel\""},
    {"\"seed\":\"42\"", "\"seed\":42", GAN_ERROR_FORMAT, "must have a seed"},
    {"\"seed\":\"42\"", "\"seed\":\"-42\"", GAN_ERROR_FORMAT, "must have a seed"},
    {"\"seed\":\"42\"", "\"seed\":\"99999999999999999999\"", GAN_ERROR_FORMAT, "must have a seed"},
    {"\"seed\":\"42\"", "\"seed\":\"43\"", GAN_ERROR_INVALID_ARGUMENT, "seed is 43"},
    {"\"seed\":\"42\"", "\"metric\":{\"name\":\"m\"},\"seed\":\"42\"", GAN_ERROR_FORMAT, "the metric must have"},
    {"\"units\":1}", "\"units\":1000000}", GAN_ERROR_FORMAT, "layers need 5000000 numbers"},
    {"\"units\":4", "\"units\":3", GAN_ERROR_SHAPE, ""},
    {"\"type\":\"adam\"", "\"type\":\"adamant\"", GAN_ERROR_FORMAT, "of type \"adamant\""},
    {"\"type\":\"adam\"", "\"type\":\"sgd\"", GAN_ERROR_FORMAT, "option \"beta1\""},
    {"\"type\":\"adam\"", "\"type\":\"adam\",\"x\":1", GAN_ERROR_FORMAT, "generator_optimizer has a \"x\""},
    {"{\"beta1\":0.5}", "{\"beta1\":0.5,\"amsgrad\":true}", GAN_ERROR_FORMAT, "no tensor \"generator_optimizer.v_max."},
    {"{\"beta1\":0.5}", "{\"beta1\":1.5}", GAN_ERROR_INVALID_ARGUMENT, "gan_adam_options.beta1 is 1.5"},
    {"\"warmup\":5", "\"warmup\":-5", GAN_ERROR_INVALID_ARGUMENT, "gan_schedule.warmup is -5"},
    {"\"warmup\":5", "\"warmup\":\"5x\"", GAN_ERROR_FORMAT, "must be a whole number"},
    {"\"loss\":\"non_saturating\"", "\"loss\":\"none\"", GAN_ERROR_INVALID_ARGUMENT, "loss \"none\" is none of"},
    {"\"loss\":\"non_saturating\",", "", GAN_ERROR_FORMAT, "the game has no loss"},
    {"{\"options\":{\"kind\":1}", "{\"options\":{\"kind\":9}", GAN_ERROR_INVALID_ARGUMENT,
     "gan_penalty_options.kind is 9"},
    {"\"penalties\":[", "\"penalties\":[{},", GAN_ERROR_INVALID_ARGUMENT, "gan_penalty_options.kind is required"},
    {"\"penalties\":[", "\"penalties\":[7,", GAN_ERROR_FORMAT, "a penalty must be an object"},
    {"\"average\":{", "\"average\":{\"x\":1,", GAN_ERROR_FORMAT, "the average has a \"x\""},
    {"\"counters\":{\"steps\":\"2\"", "\"counters\":{\"steps\":\"two\"", GAN_ERROR_FORMAT, "a number of steps"},
    {"\"since_g_step\":\"0\"", "\"since_g_step\":0", GAN_ERROR_FORMAT, "counter \"since_g_step\" must be"},
    {"\"since_g_step\":\"0\",", "", GAN_ERROR_FORMAT, "counter \"since_g_step\" must be"},
    {"\"since_g_step\"", "\"x\":\"0\",\"since_g_step\"", GAN_ERROR_FORMAT, "the state's counters has a \"x\""},
    {"\"generator.ordinal\":\"0\"", "\"generator.ordinal\":\"4294967295\"", GAN_ERROR_FORMAT, "0 to 2^32 - 2"},
    {"\"rates\":{\"generator_optimizer\":0.001", "\"rates\":{\"generator_optimizer\":0", GAN_ERROR_FORMAT,
     "the rate of"},
    {"\"rates\":{\"generator_optimizer\":0.001", "\"rates\":{\"generator_optimizer\":1e300", GAN_ERROR_FORMAT,
     "the rate of"},
    {"\"rates\":{\"generator_optimizer\":0.001", "\"rates\":{\"generator_optimizer\":-1", GAN_ERROR_FORMAT,
     "the rate of"},
    {"\"probability\":0}", "\"probability\":2}", GAN_ERROR_INVALID_ARGUMENT, "probability is 2"},
    {"\"probability\":0}", "\"x\":0}", GAN_ERROR_FORMAT, "must have a probability"},
    {"\"batches\":2", "\"batches\":200", GAN_ERROR_INVALID_ARGUMENT, "gan_augment_state.batches is 200"},
    {"\"state\":{", "\"state\":{\"x\":1,", GAN_ERROR_FORMAT, "the state has a \"x\""},
    {"\"position\":8", "\"position\":23", GAN_ERROR_FORMAT, "a position in it"},
    {"\"position\":8", "\"position\":-1", GAN_ERROR_FORMAT, "a position in it"},
    {"\"epoch\":\"0\"", "\"epoch\":\"18446744073709551615\"", GAN_ERROR_FORMAT, "an epoch and a position"},
    {"\"game\":{", "\"game\":7,\"dataset\":{", GAN_ERROR_FORMAT, ""},
    {"{\"version\":1,\"library\"", "{\"version\":1,\"a\":[[[[", GAN_ERROR_FORMAT, "JSON is wrong"},
};

START_TEST(mistakes_are_told)
{
    gan_session *session;
    content c = saved(&smallest, 2);
    write_with(&c, "gan.checkpoint", mistakes[_i].part, mistakes[_i].other);
    fails(mistakes[_i].status, mistakes[_i].text, gan_checkpoint_load(&session, context, NULL, path, NULL));
    ck_assert_ptr_null(session);
    check_blocks(c.size);
    free(c.bytes);
}
END_TEST

START_TEST(deep_nesting)
{
    gan_session *session;
    enum { DEPTH = 100000 };
    char *deep = malloc(DEPTH + 1);
    memset(deep, '[', DEPTH);
    deep[DEPTH] = '\0';
    content c = saved(&smallest, 2);
    write_with(&c, "gan.checkpoint", "{\"version\":1,\"library\"", deep);
    fails(GAN_ERROR_FORMAT, "JSON is wrong", gan_checkpoint_load(&session, context, NULL, path, NULL));
    free(c.bytes);
    free(deep);
}
END_TEST

/* A file that spells defaults out, or knows what this writer leaves out, is the same checkpoint. */
START_TEST(other_writers)
{
    static const char *const spellings[][2] = {
        {"\"options\":{\"beta1\":0.5}",
         "\"options\":{\"beta1\":0.5,\"beta2\":0.999,\"epsilon\":1e-08,\"amsgrad\":false}"},
        {"\"loss\":", "\"loss\" : "},
        {"\"warmup\":5", "\"warmup\":\"5\""},
    };
    content c = saved(&smallest, 2);
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        gan_session *session;
        write_with(&c, "gan.checkpoint", spellings[i][0], spellings[i][1]);
        ok(gan_checkpoint_load(&session, context, NULL, path, NULL));
        gan_session_free(&session);
    }
    free(c.bytes);
}
END_TEST

static int warnings;

static void count_warnings(void *user, gan_log_level level, const char *line)
{
    (void)user;
    warnings += level == GAN_LOG_WARNING && strstr(line, "was written with other kernels");
}

/* They round otherwise; the training goes on all the same. */
START_TEST(other_kernels)
{
    gan_session *session;
    gan_context *logging;
    char part[64];
    content c = saved(&smallest, 2);
    ok(gan_context_create(&logging, gan_context_options(.seed = 42, .log = count_warnings)));
    ok(gan_checkpoint_load(&session, logging, NULL, path, NULL));
    ck_assert_int_eq(warnings, 0);
    ck_assert_ptr_nonnull(gan_session_augment(session));
    ck_assert_ptr_null(gan_session_augment(NULL));
    gan_session_free(&session);
    snprintf(part, sizeof part, "\"kernels\":\"%s\"", gan_context_kernels(logging));
    write_with(&c, "gan.checkpoint", part, "\"kernels\":\"other\"");
    ok(gan_checkpoint_load(&session, logging, NULL, path, NULL));
    ck_assert_int_eq(warnings, 1);
    gan_session_free(&session);
    gan_context_free(&logging);
    free(c.bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint damage");
    TCase *tests = tcase_create("checkpoint");
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, every_byte_flipped, 0, 4);
    tcase_add_loop_test(tests, every_byte_flipped_and_sealed, 0, 2);
    tcase_add_test(tests, every_length_cut);
    tcase_add_loop_test(tests, mistakes_are_told, 0, (int)(sizeof mistakes / sizeof mistakes[0]));
    tcase_add_test(tests, deep_nesting);
    tcase_add_test(tests, other_writers);
    tcase_add_test(tests, other_kernels);
    return run_suite(suite);
}
