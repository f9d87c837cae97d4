/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/state.h"
#include "augment/augment.h"
#include "io/fields.h"
#include "optimizer/ema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int variables_of(const gan_network *network)
{
    return network->parameters.count + network->buffers.count;
}

static int states_of(const gan_optimizer *optimizer)
{
    return optimizer->type->states * optimizer->network->parameters.count;
}

static gan_stored_tensor *append(gan_state_tensors *t, const char *prefix, const char *state, const gan_variable *v)
{
    char *name = t->names[t->count];
    snprintf(name, sizeof *t->names, "%s.%s%s%s", prefix, state, state[0] ? "." : "", v->name);
    t->list[t->count] = gan_stored(name, v->value);
    return &t->list[t->count++];
}

static void append_network(gan_state_tensors *t, const char *prefix, const gan_network *network)
{
    const gan_variables *lists[] = {&network->parameters, &network->buffers};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < lists[k]->count; i++) append(t, prefix, "", &lists[k]->list[i]);
}

/* What the optimizer remembers of each parameter lies where that lies in the block of parameters. */
static void append_optimizer(gan_state_tensors *t, const char *prefix, const gan_optimizer *optimizer)
{
    const gan_variables *parameters = &optimizer->network->parameters;
    for (int s = 0; s < optimizer->type->states; s++)
        for (int i = 0; i < parameters->count; i++)
            append(t, prefix, optimizer->type->state_names[s], &parameters->list[i])->data =
                gan_tensor_floats(optimizer->state[s]) + parameters->list[i].offset;
}

static gan_status make_list(gan_state_tensors *t, gan_context *context, int count)
{
    *t = (gan_state_tensors){.context = context};
    t->list = gan_context_allocate(context, (size_t)count + 1, sizeof *t->list, "the list of a file's tensors");
    if (t->list) t->names = gan_context_allocate(context, (size_t)count + 1, sizeof *t->names, "a file's names");
    if (t->names) return GAN_OK;
    gan_state_free_list(t);
    return GAN_ERROR_OUT_OF_MEMORY;
}

void gan_state_free_list(gan_state_tensors *t)
{
    if (!t->context) return;
    gan_context_release(t->context, t->names);
    gan_context_release(t->context, t->list);
    *t = (gan_state_tensors){.context = NULL};
}

gan_status gan_state_list(gan_state_tensors *t, const gan_session *session)
{
    const gan_session_options *o = &session->options;
    const gan_network *average = session->ema ? session->ema->average : NULL;
    int count = variables_of(o->generator) + variables_of(o->discriminator) + states_of(o->generator_optimizer) +
                states_of(o->discriminator_optimizer) + (average ? variables_of(average) : 0);
    gan_status status = make_list(t, session->context, count);
    if (status != GAN_OK) return status;
    append_network(t, "generator", o->generator);
    append_network(t, "discriminator", o->discriminator);
    if (average) append_network(t, "average", average);
    append_optimizer(t, "generator_optimizer", o->generator_optimizer);
    append_optimizer(t, "discriminator_optimizer", o->discriminator_optimizer);
    return GAN_OK;
}

static bool is_listed(const gan_state_tensors *t, const char *name)
{
    for (int i = 0; i < t->count; i++)
        if (strcmp(t->list[i].name, name) == 0) return true;
    return false;
}

/* Names differ in the file and in the list: as many of both, and all of the list found, are the same. */
gan_status gan_state_check_tensors(const gan_state_tensors *t, const gan_safetensors *file)
{
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < t->count; i++) status = gan_safetensors_fits(file, &t->list[i]);
    if (status != GAN_OK || gan_safetensors_count(file) == t->count) return status;
    int extra = 0;
    while (is_listed(t, gan_safetensors_at(file, extra)->name)) extra++;
    return gan_fail(GAN_ERROR_FORMAT, "%.200s has a tensor \"%.100s\", which its game has no use for",
                    gan_safetensors_path(file), gan_safetensors_at(file, extra)->name);
}

static void set_tensors(const gan_state_tensors *t, const gan_safetensors *file)
{
    for (int i = 0; i < t->count; i++) gan_safetensors_fill(file, &t->list[i]);
}

gan_status gan_state_read_network(gan_network *network, const char *prefix, const gan_safetensors *file)
{
    gan_state_tensors t;
    gan_status status = make_list(&t, network->context, variables_of(network));
    if (status != GAN_OK) return status;
    append_network(&t, prefix, network);
    for (int i = 0; status == GAN_OK && i < t.count; i++) status = gan_safetensors_fits(file, &t.list[i]);
    if (status == GAN_OK) set_tensors(&t, file);
    gan_state_free_list(&t);
    return status;
}

/* A counter by its name and place. */
typedef struct counter {
    const char *name;
    uint64_t *place;   /* NULL: there is none in this session */
    uint32_t *ordinal; /* in its stead */
} counter;

/* Of one network of the game: the training passes that it has made, and its number among those of the context. Both
 * are where its layers draw random numbers. */
#define OF_NETWORK(name, network)                                     \
    {name ".passes", (network) ? &(network)->passes : NULL, NULL},    \
    {                                                                 \
        name ".ordinal", NULL, (network) ? &(network)->ordinal : NULL \
    }

static int list_counters(counter *list, const gan_session *s)
{
    gan_session *session = (gan_session *)s; /* who writes only reads it */
    const gan_session_options *o = &session->options;
    gan_network *average = session->ema ? session->ema->average : NULL;
    const counter all[] = {
        {"steps", &session->steps, NULL},
        {"since_g_step", &session->since_g_step, NULL},
        {"latents", &session->latent_position, NULL},
        {"labels", &session->label_position, NULL},
        {"augmentation", &session->augment_position, NULL},
        {"penalties", &session->penalty_position, NULL},
        {"samples", &session->sample_position, NULL},
        {"sample_labels", &session->sample_label_position, NULL},
        {"generator_optimizer.steps", &o->generator_optimizer->steps, NULL},
        {"discriminator_optimizer.steps", &o->discriminator_optimizer->steps, NULL},
        {"average.images", session->ema ? &session->ema->images : NULL, NULL},
        OF_NETWORK("generator", o->generator),
        OF_NETWORK("discriminator", o->discriminator),
        OF_NETWORK("average", average),
    };
    int count = 0;
    _Static_assert(sizeof all / sizeof all[0] <= GAN_STATE_COUNTERS, "there is room for all");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i].place || all[i].ordinal) list[count++] = all[i];
    return count;
}

static cJSON *write_counters(const gan_session *session)
{
    counter list[GAN_STATE_COUNTERS];
    int count = list_counters(list, session);
    cJSON *object = cJSON_CreateObject();
    bool fine = object != NULL;
    for (int i = 0; fine && i < count; i++)
        fine = gan_json_add(object, list[i].name, gan_json_counter(list[i].place ? *list[i].place : *list[i].ordinal));
    if (fine) return object;
    cJSON_Delete(object);
    return NULL;
}

static gan_status read_counters(uint64_t *numbers, const gan_session *session, const cJSON *object, const char *what)
{
    counter list[GAN_STATE_COUNTERS];
    const char *keys[GAN_STATE_COUNTERS + 1] = {NULL};
    int count = list_counters(list, session);
    for (int i = 0; i < count; i++) keys[i] = list[i].name;
    gan_status status = gan_json_check_keys(object, keys, what, "the state's counters");
    for (int i = 0; status == GAN_OK && i < count; i++)
        if (!gan_json_read_counter(&numbers[i], cJSON_GetObjectItemCaseSensitive(object, list[i].name)) ||
            (list[i].ordinal && numbers[i] >= UINT32_MAX))
            status = gan_fail(GAN_ERROR_FORMAT,
                              "%.200s: the counter \"%.60s\" must be a text with a whole number of 0 to %s", what,
                              list[i].name, list[i].ordinal ? "2^32 - 2" : "2^64 - 1");
    return status;
}

/* Networks that are made in this context from now on have other numbers. */
static void set_ordinal(gan_context *context, uint32_t *ordinal, uint32_t number)
{
    unsigned made = atomic_load(&context->networks);
    *ordinal = number;
    while (made <= number && !atomic_compare_exchange_weak(&context->networks, &made, number + 1)) continue;
}

static void set_counters(const gan_session *session, const uint64_t *numbers)
{
    counter list[GAN_STATE_COUNTERS];
    int count = list_counters(list, session);
    for (int i = 0; i < count; i++)
        if (list[i].place)
            *list[i].place = numbers[i];
        else
            set_ordinal(session->context, list[i].ordinal, (uint32_t)numbers[i]);
}

static const char *const rate_keys[] = {"generator_optimizer", "discriminator_optimizer", NULL};
static const char *const state_keys[] = {"counters", "rates", "augment", NULL};

static gan_optimizer *optimizer_of(const gan_session *session, int index)
{
    return index ? session->options.discriminator_optimizer : session->options.generator_optimizer;
}

static cJSON *write_rates(const gan_session *session)
{
    cJSON *object = cJSON_CreateObject();
    if (gan_json_add(object, rate_keys[0], gan_json_float(optimizer_of(session, 0)->rate)) &&
        gan_json_add(object, rate_keys[1], gan_json_float(optimizer_of(session, 1)->rate)))
        return object;
    cJSON_Delete(object);
    return NULL;
}

static gan_status read_rates(double *rates, const cJSON *object, const char *what)
{
    gan_status status = gan_json_check_keys(object, rate_keys, what, "the state's rates");
    for (int i = 0; status == GAN_OK && i < 2; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, rate_keys[i]);
        rates[i] = cJSON_IsNumber(item) ? item->valuedouble : 0;
        if (!((float)rates[i] > 0 && isfinite((float)rates[i])))
            status = gan_fail(GAN_ERROR_FORMAT, "%.200s: the rate of %s must be a number above 0", what, rate_keys[i]);
    }
    return status;
}

static cJSON *write_augment(const gan_augment *augment)
{
    cJSON *object = gan_fields_write(gan_augment_state_fields, gan_augment_state_field_count, &augment->state);
    if (gan_json_add(object, "probability", gan_json_double(augment->state.probability))) return object;
    cJSON_Delete(object);
    return NULL;
}

/* The probability is a double, which option tables do not know. */
static gan_status read_augment(gan_augment_state *state, const gan_augment *augment, const cJSON *object,
                               const char *what)
{
    gan_augment_state read = {.size = sizeof read};
    cJSON *rest = cJSON_Duplicate(object, true);
    if (object && !rest) return gan_fail(GAN_ERROR_OUT_OF_MEMORY, "out of memory: the state of %.300s", what);
    const cJSON *probability = cJSON_GetObjectItemCaseSensitive(object, "probability");
    cJSON_DeleteItemFromObjectCaseSensitive(rest, "probability");
    gan_status status = GAN_OK;
    if (!cJSON_IsNumber(probability))
        status = gan_fail(GAN_ERROR_FORMAT, "%.200s: the augmentation's state must have a probability", what);
    else
        read.probability = probability->valuedouble;
    if (status == GAN_OK)
        status = gan_fields_read(gan_augment_state_fields, gan_augment_state_field_count, &read, rest, what,
                                 "the augmentation's state");
    cJSON_Delete(rest);
    return status == GAN_OK ? gan_augment_check_state(augment, &read, state) : status;
}

cJSON *gan_state_write(const gan_session *session)
{
    cJSON *state = cJSON_CreateObject();
    if (gan_json_add(state, "counters", write_counters(session)) &&
        gan_json_add(state, "rates", write_rates(session)) &&
        (!session->augment || gan_json_add(state, "augment", write_augment(session->augment))))
        return state;
    cJSON_Delete(state);
    return NULL;
}

gan_status gan_state_read(gan_state_numbers *numbers, const gan_session *session, const cJSON *state, const char *what)
{
    const cJSON *augment = cJSON_GetObjectItemCaseSensitive(state, "augment");
    gan_status status = gan_json_check_keys(state, state_keys, what, "the state");
    if (status == GAN_OK)
        status = read_counters(numbers->counters, session, cJSON_GetObjectItemCaseSensitive(state, "counters"), what);
    if (status == GAN_OK) status = read_rates(numbers->rates, cJSON_GetObjectItemCaseSensitive(state, "rates"), what);
    if (status == GAN_OK && !session->augment != !augment)
        status = gan_fail(GAN_ERROR_FORMAT, "%.200s: the state has %s augmentation, and the game has %s", what,
                          augment ? "an" : "no", augment ? "none" : "one");
    return status == GAN_OK && augment ? read_augment(&numbers->augment, session->augment, augment, what) : status;
}

void gan_state_set(gan_session *session, const gan_state_numbers *numbers, const gan_state_tensors *tensors,
                   const gan_safetensors *file)
{
    set_tensors(tensors, file);
    set_counters(session, numbers->counters);
    for (int i = 0; i < 2; i++) {
        gan_optimizer *optimizer = optimizer_of(session, i);
        optimizer->rate = (float)numbers->rates[i];
        optimizer->now = (gan_optimizer_moment){.steps = 0}; /* worked out from the number of steps */
    }
    if (session->augment) session->augment->state = numbers->augment;
    gan_session_forget_memory(session); /* of a batch that is another training's */
}

static const char *const dataset_keys[] = {"like", "epoch", "position", NULL};

static bool add_number(cJSON *object, const char *name, int64_t number)
{
    return cJSON_AddNumberToObject(object, name, (double)number) != NULL;
}

/* All that decides which pictures come in which order, but the pictures themselves. */
static cJSON *write_like(const gan_dataset *data)
{
    cJSON *object = cJSON_CreateObject();
    if (add_number(object, "pictures", data->count) && add_number(object, "height", data->height) &&
        add_number(object, "width", data->width) && add_number(object, "channels", data->channels) &&
        cJSON_AddBoolToObject(object, "in_order", data->options.in_order) &&
        cJSON_AddBoolToObject(object, "flip", data->options.flip) &&
        add_number(object, "last_batch", data->options.last_batch))
        return object;
    cJSON_Delete(object);
    return NULL;
}

cJSON *gan_state_write_dataset(const gan_dataset *data)
{
    cJSON *object = cJSON_CreateObject();
    if (gan_json_add(object, "like", write_like(data)) &&
        gan_json_add(object, "epoch", gan_json_counter(data->place.epoch)) &&
        add_number(object, "position", data->place.position))
        return object;
    cJSON_Delete(object);
    return NULL;
}

static gan_status compare_dataset(const gan_dataset *data, const cJSON *like, const char *what)
{
    cJSON *own = write_like(data);
    gan_status status = own ? gan_json_compare(like, own, what, "dataset")
                            : gan_fail(GAN_ERROR_OUT_OF_MEMORY, "out of memory: what a dataset is like");
    cJSON_Delete(own);
    return status;
}

gan_status gan_state_read_dataset(gan_state_place *place, const gan_dataset *data, const cJSON *item, const char *what)
{
    const cJSON *like = cJSON_GetObjectItemCaseSensitive(item, "like");
    gan_status status = gan_json_check_keys(item, dataset_keys, what, "the dataset");
    if (status == GAN_OK &&
        (!gan_json_integer(cJSON_GetObjectItemCaseSensitive(like, "pictures"), 1, INT32_MAX, &place->pictures) ||
         !gan_json_read_counter(&place->epoch, cJSON_GetObjectItemCaseSensitive(item, "epoch")) ||
         place->epoch == UINT64_MAX ||
         !gan_json_integer(cJSON_GetObjectItemCaseSensitive(item, "position"), 0, place->pictures - 1,
                           &place->position)))
        status =
            gan_fail(GAN_ERROR_FORMAT, "%.200s: the dataset must have pictures, an epoch and a position in it", what);
    return status == GAN_OK && data ? compare_dataset(data, like, what) : status;
}
