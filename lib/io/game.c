/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/game.h"
#include "augment/augment.h"
#include "io/architecture.h"
#include "io/fields.h"
#include "optimizer/ema.h"

#include <stdio.h>
#include <string.h>

/* The keys that objects may have. */
static const char *const game_keys[] = {"generator",
                                        "discriminator",
                                        "generator_optimizer",
                                        "discriminator_optimizer",
                                        "loss",
                                        "options",
                                        "penalties",
                                        "average",
                                        "augment",
                                        NULL},
                         *const optimizer_keys[] = {"type", "options", "rate_schedule", "beta2_schedule", NULL},
                         *const part_keys[] = {"options", "schedule", NULL};

/* An option struct, and the schedule that goes with it: penalties, averages, augmentations. */
typedef struct part {
    const gan_field *fields;
    int field_count;
    void *options;
    gan_schedule *schedule; /* NULL: has none */
} part;

static cJSON *schedule_item(const gan_schedule *schedule)
{
    return gan_fields_write(gan_schedule_fields, gan_schedule_field_count, schedule);
}

/* A schedule that is not there is left out. */
static bool add_schedule(cJSON *object, const char *key, const gan_schedule *schedule)
{
    return !schedule || schedule->size == 0 || gan_json_add(object, key, schedule_item(schedule));
}

/* Of an object that is complete, or not to be had. */
static cJSON *complete(cJSON *object, bool fine)
{
    if (fine) return object;
    cJSON_Delete(object);
    return NULL;
}

static cJSON *part_item(const part *p)
{
    cJSON *object = cJSON_CreateObject();
    return complete(object, gan_json_add(object, "options", gan_fields_write(p->fields, p->field_count, p->options)) &&
                                add_schedule(object, "schedule", p->schedule));
}

/* Its rate moves, and is not part of the game. */
static cJSON *optimizer_item(const gan_optimizer *optimizer)
{
    const gan_optimizer_kind *kind = optimizer->type->kind;
    cJSON *object = cJSON_CreateObject(),
          *options = gan_fields_write(kind->fields, kind->field_count, &optimizer->options);
    cJSON_DeleteItemFromObjectCaseSensitive(options, "rate");
    return complete(object, gan_json_add(object, "options", options) &&
                                cJSON_AddStringToObject(object, "type", kind->name) &&
                                add_schedule(object, "rate_schedule", &optimizer->rate_schedule) &&
                                add_schedule(object, "beta2_schedule", &optimizer->beta2_schedule));
}

static part penalty_part(gan_session_penalty *penalty)
{
    return (part){gan_penalty_fields, gan_penalty_field_count, &penalty->options, &penalty->schedule};
}

static part average_part(gan_ema_options *options, gan_schedule *schedule)
{
    return (part){gan_ema_fields, gan_ema_field_count, options, schedule};
}

static part augment_part(gan_augment_options *options)
{
    return (part){gan_augment_fields, gan_augment_field_count, options, NULL};
}

static cJSON *penalties_item(const gan_session *session)
{
    cJSON *array = cJSON_CreateArray();
    bool fine = array != NULL;
    for (int i = 0; fine && i < session->penalty_count; i++) {
        gan_session_penalty penalty = session->penalties[i];
        const part p = penalty_part(&penalty);
        fine = cJSON_AddItemToArray(array, part_item(&p));
    }
    return complete(array, fine);
}

/* What a session may have besides. */
static bool add_average(cJSON *game, const gan_ema *ema)
{
    if (!ema) return true;
    gan_ema_options options = ema->options;
    gan_schedule schedule = ema->schedule;
    const part p = average_part(&options, &schedule);
    return gan_json_add(game, "average", part_item(&p));
}

static bool add_augment(cJSON *game, const gan_augment *augment)
{
    if (!augment) return true;
    gan_augment_options options = augment->options;
    const part p = augment_part(&options);
    return gan_json_add(game, "augment", part_item(&p));
}

cJSON *gan_game_write(const gan_session *session)
{
    const gan_session_options *o = &session->options;
    cJSON *game = cJSON_CreateObject();
    bool fine = gan_json_add(game, "generator", gan_architecture_write(o->generator)) &&
                gan_json_add(game, "discriminator", gan_architecture_write(o->discriminator)) &&
                gan_json_add(game, "generator_optimizer", optimizer_item(o->generator_optimizer)) &&
                gan_json_add(game, "discriminator_optimizer", optimizer_item(o->discriminator_optimizer)) &&
                cJSON_AddStringToObject(game, "loss", session->loss.name) &&
                gan_json_add(game, "options", gan_fields_write(gan_session_fields, gan_session_field_count, o)) &&
                gan_json_add(game, "penalties", penalties_item(session)) && add_average(game, session->ema) &&
                add_augment(game, session->augment);
    return complete(game, fine);
}

gan_status gan_game_compare(const cJSON *game, const gan_session *session, const char *what)
{
    cJSON *own = gan_game_write(session);
    gan_status status = own ? gan_json_compare(game, own, what, "session")
                            : gan_fail(GAN_ERROR_OUT_OF_MEMORY, "out of memory: what a session is made of");
    cJSON_Delete(own);
    return status;
}

/* The parts of a session while it is made. */
struct reader {
    gan_context *context;
    const char *what;
    size_t floats;
    gan_session_options options;
    gan_ema *ema;
    gan_augment *augment;
};

/* Options that may be left out. */
static gan_status read_options(const struct reader *r, const cJSON *object, const gan_field *fields, int count,
                               void *options, const char *where)
{
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(object, "options");
    return given ? gan_fields_read(fields, count, options, given, r->what, where) : GAN_OK;
}

/* schedule->size stays 0 where there is none. */
static gan_status read_schedule(const struct reader *r, const cJSON *object, const char *key, gan_schedule *schedule,
                                const char *owner)
{
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(object, key);
    char where[80];
    *schedule = (gan_schedule){.size = 0};
    if (!given) return GAN_OK;
    schedule->size = sizeof *schedule;
    snprintf(where, sizeof where, "the %.20s of %.40s", key, owner);
    return gan_fields_read(gan_schedule_fields, gan_schedule_field_count, schedule, given, r->what, where);
}

static gan_status read_part(const struct reader *r, const cJSON *object, const part *p, const char *where)
{
    gan_status status = gan_json_check_keys(object, part_keys, r->what, where);
    if (status == GAN_OK) status = read_options(r, object, p->fields, p->field_count, p->options, where);
    if (status == GAN_OK && p->schedule) status = read_schedule(r, object, "schedule", p->schedule, where);
    return status;
}

static gan_status make_optimizer(const struct reader *r, gan_optimizer **optimizer, gan_network *network,
                                 const cJSON *object, const char *where)
{
    gan_optimizer_options options = {.any = {.size = 0}};
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "type"));
    const gan_optimizer_kind *kind = gan_optimizer_kind_named(name);
    gan_status status = gan_json_check_keys(object, optimizer_keys, r->what, where);
    if (status == GAN_OK && !kind)
        return gan_fail(GAN_ERROR_FORMAT, "%.200s: %s is of type \"%.60s\", which this version does not know", r->what,
                        where, name ? name : "");
    if (status != GAN_OK) return status;
    options.any.size = kind->options_size;
    status = read_options(r, object, kind->fields, kind->field_count, &options, where);
    return status == GAN_OK ? kind->create(optimizer, network, &options) : status;
}

static gan_status read_optimizer(const struct reader *r, gan_optimizer **optimizer, gan_network *network,
                                 const cJSON *game, const char *key)
{
    const cJSON *object = cJSON_GetObjectItemCaseSensitive(game, key);
    gan_schedule rate, beta2;
    gan_status status = make_optimizer(r, optimizer, network, object, key);
    if (status == GAN_OK) status = read_schedule(r, object, "rate_schedule", &rate, key);
    if (status == GAN_OK && rate.size) status = gan_optimizer_set_schedule(*optimizer, &rate);
    if (status == GAN_OK) status = read_schedule(r, object, "beta2_schedule", &beta2, key);
    if (status == GAN_OK && beta2.size) status = gan_optimizer_set_beta2_schedule(*optimizer, &beta2);
    return status;
}

static gan_status read_average(struct reader *r, const cJSON *object)
{
    gan_ema_options options = {.size = sizeof options};
    gan_schedule schedule;
    const part p = average_part(&options, &schedule);
    if (!object) return GAN_OK;
    gan_status status = read_part(r, object, &p, "the average");
    if (status == GAN_OK) status = gan_ema_create(&r->ema, r->options.generator, &options);
    return status == GAN_OK && schedule.size ? gan_ema_set_schedule(r->ema, &schedule) : status;
}

static gan_status read_augment(struct reader *r, const cJSON *object)
{
    gan_augment_options options = {.size = sizeof options};
    const part p = augment_part(&options);
    if (!object) return GAN_OK;
    gan_status status = read_part(r, object, &p, "the augmentation");
    return status == GAN_OK ? gan_augment_create(&r->augment, r->context, &options) : status;
}

/* The caller's loss is the one that the game names; else it is one of the library's. */
static gan_status find_loss(const struct reader *r, const cJSON *game, const gan_adversarial_loss *own,
                            const gan_adversarial_loss **loss)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(game, "loss"));
    gan_adversarial_loss read;
    if (!name) return gan_fail(GAN_ERROR_FORMAT, "%.300s: the game has no loss", r->what);
    gan_status status = own ? gan_adversarial_loss_read(&read, own, "loss") : GAN_OK;
    if (status != GAN_OK) return status;
    if (own && strcmp(read.name, name) != 0)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%.200s: loss is \"%.60s\"; the checkpoint's game has \"%.60s\"",
                        r->what, read.name, name);
    *loss = own ? own : gan_adversarial_loss_find(name);
    if (*loss) return GAN_OK;
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                    "%.200s: its loss \"%.60s\" is none of the library's; give the one of that name", r->what, name);
}

static gan_status add_penalties(const struct reader *r, gan_session *session, const cJSON *penalties)
{
    const cJSON *item;
    gan_status status = GAN_OK;
    if (penalties && !cJSON_IsArray(penalties))
        return gan_fail(GAN_ERROR_FORMAT, "%.300s: penalties must be an array", r->what);
    cJSON_ArrayForEach(item, penalties)
    {
        gan_session_penalty penalty = {.options = {.size = sizeof penalty.options}};
        const part p = penalty_part(&penalty);
        status = read_part(r, item, &p, "a penalty");
        if (penalty.schedule.size) penalty.options.schedule = &penalty.schedule;
        if (status == GAN_OK) status = gan_session_add_penalty(session, &penalty.options);
        if (status != GAN_OK) break;
    }
    return status;
}

static gan_status make_session(struct reader *r, gan_session **session, const cJSON *game,
                               const gan_adversarial_loss *loss)
{
    gan_session_options *o = &r->options;
    gan_status status = find_loss(r, game, loss, &o->loss);
    if (status == GAN_OK) status = read_options(r, game, gan_session_fields, gan_session_field_count, o, "the game");
    if (status == GAN_OK) status = gan_session_create(session, o);
    if (status != GAN_OK) return status;
    status = add_penalties(r, *session, cJSON_GetObjectItemCaseSensitive(game, "penalties"));
    if (status == GAN_OK && r->ema) status = gan_session_set_ema(*session, r->ema);
    if (status == GAN_OK && r->augment) status = gan_session_set_augment(*session, r->augment);
    if (status != GAN_OK) gan_session_free(session);
    return status;
}

static void free_parts(struct reader *r)
{
    gan_augment_free(&r->augment);
    gan_ema_free(&r->ema);
    gan_optimizer_free(&r->options.discriminator_optimizer);
    gan_optimizer_free(&r->options.generator_optimizer);
    gan_network_free(&r->options.discriminator);
    gan_network_free(&r->options.generator);
}

gan_status gan_game_read(gan_session **session, gan_context *context, const cJSON *game,
                         const gan_adversarial_loss *loss, const char *what, size_t floats)
{
    struct reader r = {.context = context, .what = what, .floats = floats, .options = {.size = sizeof r.options}};
    gan_session_options *o = &r.options;
    const cJSON *g = cJSON_GetObjectItemCaseSensitive(game, "generator"),
                *d = cJSON_GetObjectItemCaseSensitive(game, "discriminator");
    *session = NULL;
    gan_status status = gan_json_check_keys(game, game_keys, what, "the game");
    if (status == GAN_OK) status = gan_architecture_read(&o->generator, context, g, what, floats);
    if (status == GAN_OK) status = gan_architecture_read(&o->discriminator, context, d, what, floats);
    if (status == GAN_OK)
        status = read_optimizer(&r, &o->generator_optimizer, o->generator, game, "generator_optimizer");
    if (status == GAN_OK)
        status = read_optimizer(&r, &o->discriminator_optimizer, o->discriminator, game, "discriminator_optimizer");
    if (status == GAN_OK) status = read_average(&r, cJSON_GetObjectItemCaseSensitive(game, "average"));
    if (status == GAN_OK) status = read_augment(&r, cJSON_GetObjectItemCaseSensitive(game, "augment"));
    if (status == GAN_OK) status = make_session(&r, session, game, loss);
    free_parts(&r);
    return status;
}
