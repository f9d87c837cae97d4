/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/text.h"
#include "io/architecture.h"
#include "io/checksum.h"
#include "io/fields.h"
#include "io/game.h"
#include "io/state.h"

#include <gan/checkpoint.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* One file: tensors by name, and in the metadata a checksum, the checkpoint's JSON, and the caller's note. */
#define NOTE_KEY    "gan.note"
#define VERSION     1
#define MOST_NOTE   ((size_t)1 << 20)
#define METRIC_NAME sizeof(((gan_checkpoint_info *)NULL)->metric_name)

static const char *const checkpoint_keys[] = {"version", "library", "kernels", "seed", "metric",
                                              "game",    "state",   "dataset", NULL},
                         *const metric_keys[] = {"name", "value", NULL};

static gan_status out_of_memory(const char *path)
{
    return gan_fail(GAN_ERROR_OUT_OF_MEMORY, "out of memory: the checkpoint %.300s", path);
}

static gan_status missing(const char *call, const char *what)
{
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is NULL", call, what);
}

static gan_status read_options(gan_checkpoint_options *o, const gan_checkpoint_options *given)
{
    gan_status status = gan_options_read(o, sizeof *o, given, "gan_checkpoint_options", NULL, 0);
    if (status != GAN_OK) return status;
    size_t name = o->metric_name ? strlen(o->metric_name) : 1, note = o->note ? strlen(o->note) : 0;
    if (name < 1 || name >= METRIC_NAME || (o->metric_name && !gan_is_utf8(o->metric_name, name, NULL)))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_checkpoint_options.metric_name has %zu bytes; it must be UTF-8, of 1 to %zu", name,
                        METRIC_NAME - 1);
    if (!isfinite(o->metric) || (!o->metric_name && o->metric != 0))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_checkpoint_options.metric is %g; it must be finite%s",
                        o->metric, o->metric_name ? "" : ", and 0 without a metric_name");
    if (note > MOST_NOTE || !gan_is_utf8(o->note, note, NULL))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_checkpoint_options.note has %zu bytes; it must be UTF-8, of at most %zu", note, MOST_NOTE);
    return GAN_OK;
}

static bool add_metric(cJSON *json, const gan_checkpoint_options *o)
{
    cJSON *metric = o->metric_name ? cJSON_AddObjectToObject(json, "metric") : NULL;
    return !o->metric_name || (cJSON_AddStringToObject(metric, "name", o->metric_name) &&
                               gan_json_add(metric, "value", gan_json_double(o->metric)));
}

/* The text, or NULL when memory is out. Freed with cJSON_free(). */
static char *make_text(const gan_session *session, const gan_dataset *data, const gan_checkpoint_options *o)
{
    const gan_context *context = session->context;
    cJSON *json = cJSON_CreateObject();
    bool fine =
        cJSON_AddNumberToObject(json, "version", VERSION) && cJSON_AddStringToObject(json, "library", gan_version()) &&
        cJSON_AddStringToObject(json, "kernels", context->kernels->name) &&
        gan_json_add(json, "seed", gan_json_counter(context->seed)) && add_metric(json, o) &&
        gan_json_add(json, "game", gan_game_write(session)) && gan_json_add(json, "state", gan_state_write(session)) &&
        (!data || gan_json_add(json, "dataset", gan_state_write_dataset(data)));
    char *text = fine ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    return text;
}

static gan_status save(const gan_session *session, const gan_dataset *data, const char *path,
                       const gan_checkpoint_options *o)
{
    gan_state_tensors tensors;
    gan_status status = gan_state_list(&tensors, session);
    if (status != GAN_OK) return status;
    char *text = make_text(session, data, o);
    const gan_stored_text texts[] = {
        {GAN_CHECKSUM_KEY, GAN_CHECKSUM_NONE}, {GAN_CHECKPOINT_KEY, text}, {NOTE_KEY, o->note}};
    status = text ? gan_safetensors_write(session->context, path, tensors.list, tensors.count, texts, o->note ? 3 : 2)
                  : out_of_memory(path);
    cJSON_free(text);
    gan_state_free_list(&tensors);
    return status;
}

gan_status gan_checkpoint_save(const gan_session *session, const gan_dataset *data, const char *path,
                               const gan_checkpoint_options *given)
{
    static const char call[] = "gan_checkpoint_save";
    gan_checkpoint_options options;
    if (!session || !path) return missing(call, session ? "path" : "session");
    gan_status status = read_options(&options, given);
    if (status != GAN_OK) return status;
    if (session->round.batches > 0)
        return gan_fail(GAN_ERROR_STATE,
                        "%s: the session has %d of the %d batches of a step; it can be saved between steps", call,
                        session->round.batches, session->options.accumulate);
    return save(session, data, path, &options);
}

/* A file that is read: undamaged, of a version that is known, and with all that a checkpoint tells of itself. */
typedef struct checkpoint {
    const char *path;
    gan_safetensors *file;
    cJSON *json;
    const cJSON *game, *state, *dataset; /* the last may be NULL */
    gan_checkpoint_info info;
} checkpoint;

static const cJSON *get(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static gan_status check_version(const checkpoint *c)
{
    int64_t version;
    if (!gan_json_integer(get(c->json, "version"), 1, INT32_MAX, &version))
        return gan_fail(GAN_ERROR_FORMAT, "%.300s: the checkpoint has no version", c->path);
    if (version > VERSION)
        return gan_fail(GAN_ERROR_FORMAT, "%.300s: the checkpoint is of version %d; this library reads up to %d",
                        c->path, (int)version, VERSION);
    return gan_json_check_keys(c->json, checkpoint_keys, c->path, "the checkpoint");
}

static gan_status read_metric(checkpoint *c)
{
    const cJSON *metric = get(c->json, "metric"), *value = get(metric, "value");
    if (!metric) return GAN_OK;
    const char *name = cJSON_GetStringValue(get(metric, "name"));
    gan_status status = gan_json_check_keys(metric, metric_keys, c->path, "the metric");
    if (status == GAN_OK &&
        (!name || !name[0] || strlen(name) >= METRIC_NAME || !cJSON_IsNumber(value) || !isfinite(value->valuedouble)))
        status = gan_fail(GAN_ERROR_FORMAT, "%.200s: the metric must have a name of 1 to %zu bytes and a value",
                          c->path, METRIC_NAME - 1);
    if (status != GAN_OK) return status;
    snprintf(c->info.metric_name, METRIC_NAME, "%s", name);
    c->info.metric = value->valuedouble;
    return GAN_OK;
}

static gan_status read_info(checkpoint *c)
{
    gan_checkpoint_info *info = &c->info;
    gan_state_place place = {.pictures = 0};
    gan_status status = read_metric(c);
    if (status == GAN_OK && (!gan_json_read_counter(&info->seed, get(c->json, "seed")) ||
                             !gan_json_read_counter(&info->step, get(get(c->state, "counters"), "steps"))))
        status = gan_fail(GAN_ERROR_FORMAT, "%.300s: the checkpoint must have a seed and a number of steps", c->path);
    if (status == GAN_OK && c->dataset) status = gan_state_read_dataset(&place, NULL, c->dataset, c->path);
    info->epoch = place.epoch;
    info->position = place.position;
    info->pictures = place.pictures;
    int64_t classes = 0;
    gan_json_integer(get(get(c->game, "options"), "classes"), 0, INT32_MAX, &classes);
    info->classes = (int)classes;
    info->has_average = get(c->game, "average") != NULL;
    return status;
}

static void close_checkpoint(checkpoint *c)
{
    cJSON_Delete(c->json);
    gan_safetensors_free(&c->file);
}

static gan_status read_checkpoint(checkpoint *c, gan_context *context)
{
    const char *text = gan_safetensors_text(c->file, GAN_CHECKPOINT_KEY);
    if (!text)
        return gan_fail(GAN_ERROR_FORMAT, "%.300s is no checkpoint: no \"%s\" in its metadata", c->path,
                        GAN_CHECKPOINT_KEY);
    gan_status status = gan_json_parse(&c->json, context, text, strlen(text), c->path);
    if (status == GAN_OK) status = check_version(c);
    c->game = get(c->json, "game");
    c->state = get(c->json, "state");
    c->dataset = get(c->json, "dataset");
    return status == GAN_OK ? read_info(c) : status;
}

/* What fails leaves nothing to close. */
static gan_status open_checkpoint(checkpoint *c, gan_context *context, const char *path)
{
    *c = (checkpoint){.path = path};
    gan_status status = gan_safetensors_read_checked(&c->file, context, path);
    if (status != GAN_OK) return status;
    status = read_checkpoint(c, context);
    if (status != GAN_OK) close_checkpoint(c);
    return status;
}

/* A context for those who have none yet: one thread, no log. */
static gan_status open_alone(checkpoint *c, const char *path)
{
    gan_context *context;
    gan_status status = gan_context_create(&context, NULL);
    if (status == GAN_OK) status = open_checkpoint(c, context, path);
    gan_context_free(&context); /* the file keeps it */
    return status;
}

gan_status gan_checkpoint_inspect(gan_checkpoint_info *info, const char *path)
{
    static const char call[] = "gan_checkpoint_inspect";
    checkpoint c;
    if (!info || !path) return missing(call, info ? "path" : "info");
    size_t size = info->size;
    if (size < sizeof size || size > 65536)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_checkpoint_info.size is %zu; it must be sizeof(gan_checkpoint_info), here %zu", size,
                        sizeof *info);
    gan_status status = open_alone(&c, path);
    if (status != GAN_OK) return status;
    c.info.size = size;
    memcpy(info, &c.info, size < sizeof *info ? size : sizeof *info);
    close_checkpoint(&c);
    return GAN_OK;
}

gan_status gan_checkpoint_note(const char *path, char *text, size_t capacity, size_t *length)
{
    static const char call[] = "gan_checkpoint_note";
    checkpoint c;
    if (!path) return missing(call, "path");
    if (!text && capacity > 0)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: text is NULL and capacity %zu", call, capacity);
    gan_status status = open_alone(&c, path);
    if (status != GAN_OK) return status;
    const char *note = gan_safetensors_text(c.file, NOTE_KEY);
    gan_text out = {.out = text, .capacity = capacity};
    gan_text_append(&out, "%s", note ? note : "");
    if (length) *length = out.length;
    close_checkpoint(&c);
    return GAN_OK;
}

static gan_status check_seed(const checkpoint *c, const gan_context *context)
{
    if (c->info.seed == context->seed) return GAN_OK;
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%.300s: the checkpoint's seed is %llu; the context's is %llu", c->path,
                    (unsigned long long)c->info.seed, (unsigned long long)context->seed);
}

/* Other kernels round otherwise. */
static void warn_of_kernels(const checkpoint *c, const gan_context *context)
{
    const char *kernels = cJSON_GetStringValue(get(c->json, "kernels"));
    if (kernels && strcmp(kernels, context->kernels->name) != 0)
        gan_log(context, GAN_LOG_WARNING,
                "%.200s was written with %.20s kernels; with %s ones training goes on to other bits", c->path, kernels,
                context->kernels->name);
}

/* All is read and checked, then set. */
static gan_status restore(const checkpoint *c, gan_session *session, gan_dataset *data)
{
    gan_state_numbers numbers;
    gan_state_tensors tensors = {.context = NULL};
    gan_state_place place;
    gan_status status = gan_state_read(&numbers, session, c->state, c->path);
    if (status == GAN_OK && data && !c->dataset)
        status = gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                          "%.300s: the checkpoint has no dataset's place; data must be NULL", c->path);
    if (status == GAN_OK && data) status = gan_state_read_dataset(&place, data, c->dataset, c->path);
    if (status == GAN_OK) status = gan_state_list(&tensors, session);
    if (status == GAN_OK) status = gan_state_check_tensors(&tensors, c->file);
    if (status == GAN_OK && data) status = gan_dataset_seek(data, place.epoch, place.position);
    if (status == GAN_OK) gan_state_set(session, &numbers, &tensors, c->file);
    if (status == GAN_OK) warn_of_kernels(c, session->context);
    gan_state_free_list(&tensors);
    return status;
}

gan_status gan_checkpoint_load(gan_session **session, gan_context *context, gan_dataset *data, const char *path,
                               const gan_adversarial_loss *loss)
{
    static const char call[] = "gan_checkpoint_load";
    checkpoint c;
    if (!session) return missing(call, "session");
    *session = NULL;
    if (!context || !path) return missing(call, context ? "path" : "context");
    gan_status status = open_checkpoint(&c, context, path);
    if (status != GAN_OK) return status;
    status = check_seed(&c, context);
    if (status == GAN_OK) status = gan_game_read(session, context, c.game, loss, path, gan_safetensors_numbers(c.file));
    if (status == GAN_OK) status = restore(&c, *session, data);
    if (status != GAN_OK) gan_session_free(session);
    close_checkpoint(&c);
    return status;
}

gan_status gan_checkpoint_restore(gan_session *session, gan_dataset *data, const char *path)
{
    static const char call[] = "gan_checkpoint_restore";
    checkpoint c;
    if (!session || !path) return missing(call, session ? "path" : "session");
    gan_status status = open_checkpoint(&c, session->context, path);
    if (status != GAN_OK) return status;
    status = check_seed(&c, session->context);
    if (status == GAN_OK) status = gan_game_compare(c.game, session, path);
    if (status == GAN_OK) status = restore(&c, session, data);
    close_checkpoint(&c);
    return status;
}

/* The architecture of each part in the game, and what its tensors' names begin with. */
static const struct {
    const char *architecture, *prefix;
} parts[] = {
    [GAN_CHECKPOINT_GENERATOR] = {"generator", "generator"},
    [GAN_CHECKPOINT_DISCRIMINATOR] = {"discriminator", "discriminator"},
    [GAN_CHECKPOINT_AVERAGE] = {"generator", "average"},
};

static gan_status read_part(gan_network **network, gan_context *context, const checkpoint *c, int part)
{
    if (part == GAN_CHECKPOINT_SAMPLER) part = c->info.has_average ? GAN_CHECKPOINT_AVERAGE : GAN_CHECKPOINT_GENERATOR;
    if (part == GAN_CHECKPOINT_AVERAGE && !c->info.has_average)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%.300s: the checkpoint has no average of the generator", c->path);
    gan_status status = gan_architecture_read(network, context, get(c->game, parts[part].architecture), c->path,
                                              gan_safetensors_numbers(c->file));
    if (status == GAN_OK) status = gan_state_read_network(*network, parts[part].prefix, c->file);
    if (status != GAN_OK) gan_network_free(network);
    return status;
}

gan_status gan_checkpoint_network(gan_network **network, gan_context *context, const char *path, int part)
{
    static const char call[] = "gan_checkpoint_network";
    checkpoint c;
    if (!network) return missing(call, "network");
    *network = NULL;
    if (!context || !path) return missing(call, context ? "path" : "context");
    if (part < GAN_CHECKPOINT_SAMPLER || part > GAN_CHECKPOINT_AVERAGE)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: part is %d; it must be a gan_checkpoint_part, 0 to %d", call,
                        part, GAN_CHECKPOINT_AVERAGE);
    gan_status status = open_checkpoint(&c, context, path);
    if (status != GAN_OK) return status;
    status = read_part(network, context, &c, part);
    close_checkpoint(&c);
    return status;
}
