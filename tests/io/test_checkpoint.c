/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/checksum.h"
#include "training.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a checkpoint tells and refuses, and every damage that its file can take. tests/io/test_resume.c has that trainings
 * go on from it. */

static char folder[64], path[96], other_path[96];

/* The context's allocator: its calls, what is alive, the largest block, and the call that fails (0: none). */
static atomic_int calls, live;
static int fail_at;
static _Atomic size_t largest_block;

static void *allocate(void *user, size_t size, size_t alignment)
{
    void *memory = NULL;
    (void)user;
    if (size > largest_block) largest_block = size;
    if (atomic_fetch_add(&calls, 1) + 1 == fail_at || posix_memalign(&memory, alignment, size) != 0) return NULL;
    atomic_fetch_add(&live, 1);
    return memory;
}

static void release(void *user, void *memory)
{
    (void)user;
    atomic_fetch_sub(&live, 1);
    free(memory);
}

static gan_context *counting_context(uint64_t seed)
{
    gan_context *context;
    ok(gan_context_create(&context,
                          gan_context_options(.seed = seed, .allocator = {.allocate = allocate, .release = release})));
    return context;
}

static gan_context *context;

static void setup(void)
{
    fail_at = 0;
    context = counting_context(42);
    snprintf(folder, sizeof folder, "%s", "/tmp/gan-checkpoint-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(other_path, sizeof other_path, "%s/other", folder);
}

static void teardown(void)
{
    unlink(path);
    unlink(other_path);
    ck_assert_msg(rmdir(folder) == 0, "something was left in %s", folder);
    gan_context_free(&context);
    ck_assert_int_eq(live, 0);
}

static content saved(const training_plan *plan, int steps)
{
    training t;
    ok(training_start(&t, context, plan));
    ok(training_go_on(&t, steps));
    ok(gan_checkpoint_save(t.session, t.data, path, gan_checkpoint_options(.note = "a \"note\"\n")));
    training_stop(&t);
    largest_block = 0;
    return read_content(path);
}

START_TEST(tells_of_itself)
{
    training t;
    gan_checkpoint_info info = {.size = sizeof info};
    char note[32];
    size_t length;
    ok(training_start(&t, context, &smallest));
    ok(training_go_on(&t, 13));
    ok(gan_checkpoint_save(
        t.session, t.data, path,
        gan_checkpoint_options(.metric_name = "fid", .metric = 0.1 + 0.2, .note = "{\"mine\": \"\xc3\xa9\"}")));
    ok(gan_checkpoint_inspect(&info, path));
    ck_assert_uint_eq(info.seed, 42);
    ck_assert_uint_eq(info.step, 13);
    ck_assert_uint_eq(info.epoch, gan_dataset_epoch(t.data));
    ck_assert_int_eq(info.position, gan_dataset_position(t.data));
    ck_assert(info.epoch > 0 && info.position > 0);
    ck_assert_int_eq(info.pictures, 23);
    ck_assert(info.metric == 0.1 + 0.2 && info.has_average && info.classes == 0);
    ck_assert_str_eq(info.metric_name, "fid");
    ok(gan_checkpoint_note(path, note, sizeof note, &length));
    ck_assert_str_eq(note, "{\"mine\": \"\xc3\xa9\"}");
    ck_assert_uint_eq(length, strlen(note));
    ok(gan_checkpoint_note(path, note, 5, &length));
    ck_assert_str_eq(note, "{\"mi");
    ok(gan_checkpoint_save(t.session, NULL, path, NULL));
    ok(gan_checkpoint_inspect(&info, path));
    ck_assert(info.metric == 0 && info.metric_name[0] == '\0' && info.pictures == 0);
    ok(gan_checkpoint_note(path, note, sizeof note, NULL));
    ck_assert_str_eq(note, "");
    training_stop(&t);
}
END_TEST

static void check_same_network(const gan_network *a, const gan_network *b)
{
    ck_assert_int_eq(gan_network_parameter_count(a), gan_network_parameter_count(b));
    ck_assert_int_eq(gan_network_buffer_count(a), gan_network_buffer_count(b));
    for (int i = 0; i < gan_network_parameter_count(a); i++)
        ck_assert_mem_eq(gan_tensor_data(gan_network_parameter(a, i)), gan_tensor_data(gan_network_parameter(b, i)),
                         gan_tensor_bytes(gan_network_parameter(a, i)));
    for (int i = 0; i < gan_network_buffer_count(a); i++)
        ck_assert_mem_eq(gan_tensor_data(gan_network_buffer(a, i)), gan_tensor_data(gan_network_buffer(b, i)),
                         gan_tensor_bytes(gan_network_buffer(a, i)));
}

START_TEST(networks_alone)
{
    training t;
    gan_context *other = counting_context(7); /* of another seed */
    ok(training_start(&t, context, &plans[12]));
    ok(training_go_on(&t, 3));
    ok(gan_checkpoint_save(t.session, NULL, path, NULL));
    const gan_network *expected[] = {gan_ema_network(gan_session_ema(t.session)), gan_session_generator(t.session),
                                     gan_session_discriminator(t.session), gan_ema_network(gan_session_ema(t.session))};
    for (int part = 0; part < 4; part++) {
        gan_network *network;
        ok(gan_checkpoint_network(&network, other, path, part));
        check_same_network(expected[part], network);
        gan_network_free(&network);
    }
    ok(gan_session_set_ema(t.session, NULL));
    ok(gan_checkpoint_save(t.session, NULL, path, NULL));
    gan_network *network;
    ok(gan_checkpoint_network(&network, other, path, GAN_CHECKPOINT_SAMPLER));
    check_same_network(gan_session_generator(t.session), network);
    gan_network_free(&network);
    fails(GAN_ERROR_INVALID_ARGUMENT, "no average",
          gan_checkpoint_network(&network, other, path, GAN_CHECKPOINT_AVERAGE));
    fails(GAN_ERROR_INVALID_ARGUMENT, "part is 4", gan_checkpoint_network(&network, other, path, 4));
    fails(GAN_ERROR_FORMAT, "is a checkpoint", gan_network_load(&network, other, path));
    ck_assert_ptr_null(network);
    training_stop(&t);
    gan_context_free(&other);
}
END_TEST

/* A session that differs in one thing from that of the file (plans[0], without schedules), and what is said of it. */
static const struct {
    training_plan plan;
    const char *text;
} differences[] = {
    {{.g_optimizer = rmsprop},
     "generator_optimizer.options.beta1 is 0.5 in the checkpoint and not there in the session"},
    {{.d_optimizer = amsgrad}, "discriminator_optimizer.options.beta1 is 0.5 in the checkpoint and 0 in the session"},
    {{.play = {.discriminator_steps = 2}}, "options.discriminator_steps is not there in the checkpoint and 2 in"},
    {{.play = {.smoothing = 0.1f}}, "options.smoothing is not there in the checkpoint and 0.1 in the session"},
    {{.loss = "hinge"}, "loss is \"non_saturating\" in the checkpoint and \"hinge\" in the session"},
    {{.penalties = {{.kind = GAN_PENALTY_R1}}}, "penalties[0] is not there in the checkpoint and {\"options\":"},
    {{.augment = {.policies = 1}}, "augment is not there in the checkpoint"},
    {{.average = {.half_life = 5}}, "average is not there in the checkpoint and {\"options\":{\"half_life\":5}}"},
    {{.schedules = true}, "generator_optimizer.rate_schedule is not there in the checkpoint"},
    {{.features = true}, "discriminator.outputs[1] is not there in the checkpoint"},
    {{.plain = true}, "generator.layers[0].shape[0] is 6 in the checkpoint and 2 in the session"},
    {{.labels = 1, .play = {.classes = 3}}, "is \"linear\" in the checkpoint and \"input\" in the session"},
};

START_TEST(differences_are_told)
{
    training t;
    content c = saved(&plans[0], 3);
    ok(training_start(&t, context, &differences[_i].plan));
    ok(training_go_on(&t, 1));
    ok(gan_checkpoint_save(t.session, t.data, other_path, NULL));
    content before = read_content(other_path);
    fails(GAN_ERROR_INVALID_ARGUMENT, differences[_i].text, gan_checkpoint_restore(t.session, t.data, path));
    ok(gan_checkpoint_save(t.session, t.data, other_path, NULL));
    content after = read_content(other_path);
    ck_assert(before.size == after.size && memcmp(before.bytes, after.bytes, after.size) == 0);
    training_stop(&t);
    free(after.bytes);
    free(before.bytes);
    free(c.bytes);
}
END_TEST

START_TEST(datasets_and_seeds)
{
    training t;
    gan_session *session;
    gan_dataset *data;
    content c = saved(&plans[0], 3);
    gan_context *other = counting_context(43);
    fails(GAN_ERROR_INVALID_ARGUMENT, "the checkpoint's seed is 42; the context's is 43",
          gan_checkpoint_load(&session, other, NULL, path, NULL));
    ok(gan_dataset_create_synthetic(&data, context, gan_dataset_options(.count = 50)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "pictures is 23 in the checkpoint and 50 in the dataset",
          gan_checkpoint_load(&session, context, data, path, NULL));
    ck_assert_ptr_null(session);
    ok(training_prepare(&t, context, &plans[0]));
    ok(gan_checkpoint_load(&t.session, context, t.data, path, NULL));
    ck_assert_int_eq(gan_dataset_position(t.data), 12);
    ok(gan_checkpoint_save(t.session, NULL, path, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "no dataset's place", gan_checkpoint_restore(t.session, t.data, path));
    ok(gan_checkpoint_restore(t.session, NULL, path));
    fails(GAN_ERROR_STATE, "no discriminator step yet", gan_session_generator_step(t.session, NULL));
    training_stop(&t);
    gan_dataset_free(&data);
    gan_context_free(&other);
    free(c.bytes);
}
END_TEST

static const gan_adversarial_loss *own_loss(gan_adversarial_loss *loss, const char *name)
{
    *loss = *gan_loss_wasserstein();
    loss->name = name;
    return loss;
}

START_TEST(losses_of_the_callers_own)
{
    gan_adversarial_loss mine, wrong;
    training t;
    gan_session *session;
    const training_plan plan = {.play = {.loss = own_loss(&mine, "mine")}};
    ok(training_start(&t, context, &plan));
    ok(gan_checkpoint_save(t.session, NULL, path, NULL));
    training_stop(&t);
    fails(GAN_ERROR_INVALID_ARGUMENT, "its loss \"mine\" is none of the library's",
          gan_checkpoint_load(&session, context, NULL, path, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "loss is \"wrong\"; the checkpoint's game has \"mine\"",
          gan_checkpoint_load(&session, context, NULL, path, own_loss(&wrong, "wrong")));
    ok(gan_checkpoint_load(&session, context, NULL, path, &mine));
    gan_session_free(&session);
}
END_TEST

START_TEST(amid_a_round)
{
    training t;
    const training_plan plan = {.play = {.accumulate = 3}};
    ok(training_start(&t, context, &plan));
    ok(training_go_on(&t, 1));
    ok(gan_dataset_next(t.data, t.real, NULL));
    ok(gan_session_step(t.session, t.real, NULL));
    fails(GAN_ERROR_STATE, "1 of the 3 batches", gan_checkpoint_save(t.session, t.data, path, NULL));
    ok(gan_session_step(t.session, t.real, NULL));
    ok(gan_session_step(t.session, t.real, NULL));
    ok(gan_checkpoint_save(t.session, t.data, path, NULL));
    training_stop(&t);
}
END_TEST

START_TEST(misuse)
{
    training t;
    gan_session *session;
    gan_checkpoint_info info = {.size = 3};
    char long_name[60], note[4];
    memset(long_name, 'x', sizeof long_name);
    long_name[48] = '\0';
    ok(training_start(&t, context, &smallest));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_checkpoint_save(NULL, NULL, path, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_checkpoint_save(t.session, NULL, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "metric_name has 48 bytes",
          gan_checkpoint_save(t.session, NULL, path, gan_checkpoint_options(.metric_name = long_name)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "metric_name has 1 bytes; it must be UTF-8",
          gan_checkpoint_save(t.session, NULL, path, gan_checkpoint_options(.metric_name = "\xff")));
    fails(GAN_ERROR_INVALID_ARGUMENT, "metric is 1;",
          gan_checkpoint_save(t.session, NULL, path, gan_checkpoint_options(.metric = 1)));
    fails(
        GAN_ERROR_INVALID_ARGUMENT, "must be finite",
        gan_checkpoint_save(t.session, NULL, path, gan_checkpoint_options(.metric_name = "m", .metric = (double)NAN)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "note has 2 bytes",
          gan_checkpoint_save(t.session, NULL, path, gan_checkpoint_options(.note = "a\xc0")));
    fails(GAN_ERROR_IO, "/missing/", gan_checkpoint_save(t.session, NULL, "/missing/file", NULL));
    fails(GAN_ERROR_IO, "/missing/", gan_checkpoint_inspect(&(gan_checkpoint_info){sizeof info}, "/missing/file"));
    fails(GAN_ERROR_INVALID_ARGUMENT, "size is 3", gan_checkpoint_inspect(&info, path));
    fails(GAN_ERROR_INVALID_ARGUMENT, "info is NULL", gan_checkpoint_inspect(NULL, path));
    fails(GAN_ERROR_INVALID_ARGUMENT, "path is NULL", gan_checkpoint_note(NULL, note, 4, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "text is NULL", gan_checkpoint_note(path, NULL, 4, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_checkpoint_load(NULL, context, NULL, path, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_checkpoint_load(&session, NULL, NULL, path, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_checkpoint_restore(NULL, NULL, path));
    ok(gan_network_save(gan_session_generator(t.session), path));
    fails(GAN_ERROR_FORMAT, "is no checkpoint", gan_checkpoint_load(&session, context, NULL, path, NULL));
    training_stop(&t);
}
END_TEST

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

/* The JSON library's memory, which ends after so many allocations. */
static int allocations_left;

static void *scarce(size_t size)
{
    if (allocations_left-- > 0) return malloc(size);
    errno = ENOMEM;
    return NULL;
}

typedef enum memory_call { SAVE, LOAD, RESTORE, INSPECT, NETWORK, CALLS } memory_call;

static gan_status call_of(memory_call call, training *t)
{
    gan_session *session = NULL;
    gan_network *network = NULL;
    gan_checkpoint_info info = {.size = sizeof info};
    gan_status status = call == SAVE      ? gan_checkpoint_save(t->session, t->data, other_path, NULL)
                        : call == LOAD    ? gan_checkpoint_load(&session, context, t->data, path, NULL)
                        : call == RESTORE ? gan_checkpoint_restore(t->session, t->data, path)
                        : call == INSPECT ? gan_checkpoint_inspect(&info, path)
                                          : gan_checkpoint_network(&network, context, path, 0);
    gan_session_free(&session);
    gan_network_free(&network);
    return status;
}

/* Every allocation of the context and of the JSON library fails once, and is told as what it is; nothing is lost. */
START_TEST(without_memory)
{
    training t;
    int most = 0;
    content c = saved(&smallest, 2);
    ok(training_start(&t, context, &smallest));
    for (int json = 0; json < 2; json++) {
        gan_status status = GAN_ERROR_OUT_OF_MEMORY;
        int n = 1, before = live;
        for (; status != GAN_OK; n++) {
            ck_assert_int_lt(n, 20000);
            allocations_left = n - 1;
            calls = 0;
            if (json)
                cJSON_InitHooks(&(cJSON_Hooks){scarce, free});
            else
                fail_at = n;
            status = call_of((memory_call)_i, &t);
            fail_at = 0;
            cJSON_InitHooks(NULL);
            ck_assert_msg(status == GAN_OK || status == GAN_ERROR_OUT_OF_MEMORY, "call %d, allocation %d: %s", _i, n,
                          gan_last_error());
            ck_assert_int_eq(live, before);
        }
        if (n > most) most = n;
    }
    ck_assert_int_gt(most, 20);
    training_stop(&t);
    free(c.bytes);
}
END_TEST

/* The linker puts these in the place of the system's calls: the n-th of them fails. */
static int io_calls, io_fail_at;

static bool io_fails(void)
{
    if (io_fail_at == 0 || ++io_calls != io_fail_at) return false;
    errno = ENOSPC;
    return true;
}

ssize_t __real_write(int file, const void *data, size_t size);
ssize_t __wrap_write(int file, const void *data, size_t size);
int __real_fsync(int file);
int __wrap_fsync(int file);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

ssize_t __wrap_write(int file, const void *data, size_t size)
{
    if (io_fail_at && size > 100) size = size / 2 + 1; /* in several parts */
    return io_fails() ? -1 : __real_write(file, data, size);
}

int __wrap_fsync(int file)
{
    return io_fails() ? -1 : __real_fsync(file);
}

int __wrap_rename(const char *from, const char *to)
{
    return io_fails() ? -1 : __real_rename(from, to);
}

/* Before the rename the old file is there, after it the new one, and never a part. */
START_TEST(every_write_may_fail)
{
    training t;
    content old = saved(&smallest, 2);
    ok(training_start(&t, context, &smallest));
    ok(training_go_on(&t, 5));
    ok(gan_checkpoint_save(t.session, t.data, other_path, NULL));
    content new = read_content(other_path);
    gan_status status = GAN_ERROR_IO;
    int failures = 0;
    for (int n = 1; status != GAN_OK; n++) {
        ck_assert_int_lt(n, 100);
        io_calls = 0;
        io_fail_at = n;
        status = gan_checkpoint_save(t.session, t.data, path, NULL);
        io_fail_at = 0;
        content c = read_content(path);
        bool is_old = c.size == old.size && memcmp(c.bytes, old.bytes, c.size) == 0;
        bool is_new = c.size == new.size &&memcmp(c.bytes, new.bytes, c.size) == 0;
        ck_assert_msg(status == GAN_OK || status == GAN_ERROR_IO, "call %d: %s", n, gan_last_error());
        ck_assert(status == GAN_OK ? is_new : is_old || is_new);
        failures += status != GAN_OK;
        free(c.bytes);
    }
    ck_assert_int_gt(failures, 5);
    training_stop(&t);
    free(new.bytes);
    free(old.bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint");
    TCase *tests = tcase_create("checkpoint");
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, tells_of_itself);
    tcase_add_test(tests, networks_alone);
    tcase_add_loop_test(tests, differences_are_told, 0, (int)(sizeof differences / sizeof differences[0]));
    tcase_add_test(tests, datasets_and_seeds);
    tcase_add_test(tests, losses_of_the_callers_own);
    tcase_add_test(tests, amid_a_round);
    tcase_add_test(tests, misuse);
    tcase_add_loop_test(tests, every_byte_flipped, 0, 4);
    tcase_add_loop_test(tests, every_byte_flipped_and_sealed, 0, 2);
    tcase_add_test(tests, every_length_cut);
    tcase_add_loop_test(tests, mistakes_are_told, 0, (int)(sizeof mistakes / sizeof mistakes[0]));
    tcase_add_test(tests, deep_nesting);
    tcase_add_test(tests, other_writers);
    tcase_add_test(tests, other_kernels);
    tcase_add_loop_test(tests, without_memory, 0, CALLS);
    tcase_add_test(tests, every_write_may_fail);
    return run_suite(suite);
}
