/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/keeper.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/folder.h"
#include "session/session.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Checkpoints of a folder: checkpoint-NUMBER-step-STEP.safetensors. The number, not the step and not the file's time,
 * says which is newer: a training may go back to an older one, and files are copied. */
#define NAME       "checkpoint-%06" PRIu64 "-step-%" PRIu64 ".safetensors"
#define NAME_BYTES 96
#define MOST_PATH  3900 /* of a folder */

struct gan_keeper {
    gan_context *context;
    gan_keeper_options options; /* folder and metric_name are the copies below */
    char folder[MOST_PATH + 1], metric_name[48];
    uint64_t number;  /* of the last checkpoint */
    bool seen;        /* a step: the next two are known */
    uint64_t step;    /* of the session when it was saved or tried last, or before its first step here */
    int64_t saved_at; /* of gan_clock() */
    bool has_best;
    double best;
};

static const gan_field fields[] = {
    {"folder", GAN_FIELD_POINTER, 0, offsetof(gan_keeper_options, folder), 0, 0, 0},
    {"keep", GAN_FIELD_INT, 0, offsetof(gan_keeper_options, keep), 1, 1000000, 3},
    {"every_steps", GAN_FIELD_INT64, 0, offsetof(gan_keeper_options, every_steps), 0, 0x1p53, 0},
};

static bool is_metric_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t length = strlen(name);
    return length >= 1 && length < sizeof(((gan_keeper *)NULL)->metric_name) && strspn(name, allowed) == length;
}

static gan_status read_options(gan_keeper_options *o, const gan_keeper_options *given)
{
    gan_status status = gan_options_read(o, sizeof *o, given, "gan_keeper_options", fields, GAN_FIELD_COUNT(fields));
    if (status != GAN_OK) return status;
    if (!o->metric_name) o->metric_name = "metric";
    if (strlen(o->folder) < 1 || strlen(o->folder) > MOST_PATH)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_keeper_options.folder has %zu bytes; it must have 1 to %d",
                        strlen(o->folder), MOST_PATH);
    if (!(o->every_seconds >= 0 && o->every_seconds <= 1e9))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_keeper_options.every_seconds is %g; it must be 0 to 1e9",
                        o->every_seconds);
    if (!is_metric_name(o->metric_name))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_keeper_options.metric_name is \"%.60s\"; it must be 1 to 47 letters, digits, '_' and '-'",
                        o->metric_name);
    return GAN_OK;
}

/* Whether a file's name is a checkpoint's, and which. */
static bool read_name(const char *name, uint64_t *number, uint64_t *step)
{
    char again[NAME_BYTES];
    if (sscanf(name, "checkpoint-%" SCNu64 "-step-%" SCNu64, number, step) != 2) return false;
    snprintf(again, sizeof again, NAME, *number, *step);
    return strcmp(again, name) == 0;
}

/* One checkpoint by its name. Files that were copied here may have a number that another one has, too. */
struct order {
    uint64_t number, step;
};

static const struct order above_all = {UINT64_MAX, UINT64_MAX};

static bool is_below(struct order a, struct order b)
{
    return a.number < b.number || (a.number == b.number && a.step < b.step);
}

/* The newest of those below `below`. */
struct search {
    struct order below, newest;
    bool found;
};

static gan_status look_for_newest(void *user, const char *name)
{
    struct search *s = user;
    struct order seen;
    if (!read_name(name, &seen.number, &seen.step) || !is_below(seen, s->below)) return GAN_OK;
    if (!s->found || is_below(s->newest, seen)) s->newest = seen;
    s->found = true;
    return GAN_OK;
}

static gan_status find_below(struct search *s, const char *folder, struct order below)
{
    *s = (struct search){.below = below};
    return gan_folder_visit(&gan_system_files, folder, look_for_newest, s);
}

static void best_path(const gan_keeper *keeper, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/best-%s.safetensors", keeper->folder, keeper->metric_name);
}

/* What is to be beaten. One that cannot be read is no rival. */
static gan_status find_best(gan_keeper *keeper)
{
    char path[PATH_MAX];
    gan_checkpoint_info info = {.size = sizeof info};
    best_path(keeper, path);
    if (!gan_file_exists(path)) return GAN_OK;
    gan_status status = gan_checkpoint_inspect(&info, path);
    keeper->has_best = status == GAN_OK && info.metric_name[0];
    keeper->best = info.metric;
    if (status == GAN_OK || status == GAN_ERROR_OUT_OF_MEMORY) return status;
    gan_log(keeper->context, GAN_LOG_WARNING, "the best checkpoint so far is not regarded: %s", gan_last_error());
    return GAN_OK;
}

static gan_status look_around(gan_keeper *keeper)
{
    struct search last;
    gan_status status = gan_folder_clean(keeper->folder);
    if (status == GAN_OK) status = find_below(&last, keeper->folder, above_all);
    if (status == GAN_OK) keeper->number = last.newest.number;
    return status == GAN_OK ? find_best(keeper) : status;
}

gan_status gan_keeper_create(gan_keeper **handle, gan_context *context, const gan_keeper_options *given)
{
    static const char call[] = "gan_keeper_create";
    gan_keeper_options options;
    if (!handle) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: keeper is NULL", call);
    *handle = NULL;
    if (!context) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: context is NULL", call);
    gan_status status = read_options(&options, given);
    if (status != GAN_OK) return status;
    gan_keeper *keeper = gan_context_allocate(context, 1, sizeof *keeper, "a keeper of checkpoints");
    if (!keeper) return GAN_ERROR_OUT_OF_MEMORY;
    keeper->context = gan_context_retain(context);
    keeper->options = options;
    snprintf(keeper->folder, sizeof keeper->folder, "%s", options.folder);
    snprintf(keeper->metric_name, sizeof keeper->metric_name, "%s", options.metric_name);
    keeper->saved_at = gan_clock();
    status = look_around(keeper);
    *handle = keeper;
    if (status != GAN_OK) gan_keeper_free(handle);
    return status;
}

void gan_keeper_free(gan_keeper **handle)
{
    if (!handle || !*handle) return;
    gan_keeper *keeper = *handle;
    gan_context *context = keeper->context;
    *handle = NULL;
    gan_context_release(context, keeper);
    gan_context_free(&context);
}

static gan_status check_call(const gan_keeper *keeper, const gan_session *session, const char *call)
{
    if (keeper && session) return GAN_OK;
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is NULL", call, keeper ? "session" : "keeper");
}

/* Removes all but the newest `keep`. One at a time from the oldest kept one down, as long as there are any. */
static void prune(const gan_keeper *keeper)
{
    struct search s = {.newest = above_all, .found = true};
    char path[PATH_MAX];
    for (int kept = 0; s.found; kept++) {
        if (find_below(&s, keeper->folder, s.newest) != GAN_OK || !s.found || kept < keeper->options.keep) continue;
        snprintf(path, sizeof path, "%s/" NAME, keeper->folder, s.newest.number, s.newest.step);
        if (gan_system_files.unlink(path) != 0)
            gan_log(keeper->context, GAN_LOG_WARNING, "an old checkpoint could not be removed: %s", path);
    }
}

static gan_status save(gan_keeper *keeper, const gan_session *session, const gan_dataset *data,
                       const gan_checkpoint_options *options, int64_t now)
{
    char path[PATH_MAX];
    keeper->seen = true;
    keeper->step = session->steps;
    keeper->saved_at = now;
    snprintf(path, sizeof path, "%s/" NAME, keeper->folder, keeper->number + 1, session->steps);
    gan_status status = gan_checkpoint_save(session, data, path, options);
    if (status != GAN_OK) return status;
    keeper->number++;
    prune(keeper);
    return GAN_OK;
}

/* A multiple of every_steps was reached or passed since the last time. */
static bool is_due(gan_keeper *keeper, const gan_session *session, int64_t now)
{
    uint64_t every = (uint64_t)keeper->options.every_steps;
    double seconds = keeper->options.every_seconds;
    if (!keeper->seen) keeper->step = session->steps > 0 ? session->steps - 1 : 0;
    keeper->seen = true;
    if (session->round.batches > 0) return false;
    if (every > 0 && session->steps / every > keeper->step / every) return true;
    return seconds > 0 && (double)(now - keeper->saved_at) >= seconds * 1e9;
}

gan_status gan_keeper_step_at(gan_keeper *keeper, const gan_session *session, const gan_dataset *data,
                              const gan_checkpoint_options *options, bool *saved, int64_t now)
{
    if (saved) *saved = false;
    gan_status status = check_call(keeper, session, "gan_keeper_step");
    if (status != GAN_OK || !is_due(keeper, session, now)) return status;
    status = save(keeper, session, data, options, now);
    if (saved) *saved = status == GAN_OK;
    return status;
}

gan_status gan_keeper_step(gan_keeper *keeper, const gan_session *session, const gan_dataset *data,
                           const gan_checkpoint_options *options, bool *saved)
{
    int64_t now = keeper && keeper->options.every_seconds > 0 ? gan_clock() : 0;
    return gan_keeper_step_at(keeper, session, data, options, saved, now);
}

gan_status gan_keeper_save(gan_keeper *keeper, const gan_session *session, const gan_dataset *data,
                           const gan_checkpoint_options *options)
{
    gan_status status = check_call(keeper, session, "gan_keeper_save");
    return status == GAN_OK ? save(keeper, session, data, options, gan_clock()) : status;
}

gan_status gan_keeper_score(gan_keeper *keeper, const gan_session *session, const gan_dataset *data, double metric,
                            const char *note, bool *best)
{
    static const char call[] = "gan_keeper_score";
    char path[PATH_MAX];
    if (best) *best = false;
    gan_status status = check_call(keeper, session, call);
    if (status == GAN_OK && !isfinite(metric))
        status = gan_fail(GAN_ERROR_NUMERIC, "%s: metric is %g; it must be finite", call, metric);
    if (status != GAN_OK) return status;
    bool better = keeper->options.lower_is_better ? metric < keeper->best : metric > keeper->best;
    if (keeper->has_best && !better) return GAN_OK;
    best_path(keeper, path);
    status = gan_checkpoint_save(
        session, data, path,
        &(gan_checkpoint_options){sizeof(gan_checkpoint_options), keeper->metric_name, metric, note});
    if (status != GAN_OK) return status;
    keeper->has_best = true;
    keeper->best = metric;
    if (best) *best = true;
    return GAN_OK;
}

gan_status gan_checkpoint_newest(const char *folder, char *path, size_t capacity, gan_checkpoint_info *info,
                                 int *skipped)
{
    static const char call[] = "gan_checkpoint_newest";
    gan_checkpoint_info any = {.size = sizeof any};
    if (!folder || !path || capacity < 1)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s", call,
                        !folder ? "folder is NULL"
                        : !path ? "path is NULL"
                                : "capacity is 0");
    struct search s;
    int damaged = 0;
    path[0] = '\0';
    gan_status status = find_below(&s, folder, above_all);
    while (status == GAN_OK && s.found) {
        int length = snprintf(path, capacity, "%s/" NAME, folder, s.newest.number, s.newest.step);
        if (length < 0 || (size_t)length >= capacity)
            status = gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: capacity is %zu; the path has %d bytes", call, capacity,
                              length);
        else
            status = gan_checkpoint_inspect(info ? info : &any, path);
        if (status != GAN_ERROR_FORMAT && status != GAN_ERROR_IO) break;
        damaged++;
        status = find_below(&s, folder, s.newest);
        if (status == GAN_OK && !s.found) status = GAN_ERROR_FORMAT; /* gan_last_error() tells of the last of them */
    }
    if (status != GAN_OK) path[0] = '\0';
    if (skipped) *skipped = damaged;
    return status;
}
