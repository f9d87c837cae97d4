/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/session.h"

#include <float.h>

#define MOST_WEIGHT 0x1p100 /* times MOST_EVERY is a float */
#define MOST_EVERY  (1 << 20)
#define NOT_GIVEN   (-1) /* an option that only some kinds have */

#define AT(member) offsetof(gan_penalty_options, member)
const gan_field gan_penalty_fields[] = {
    {"kind", GAN_FIELD_INT, GAN_FIELD_REQUIRED, AT(kind), GAN_PENALTY_R1, GAN_PENALTY_DRAGAN, 0},
    {"weight", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, AT(weight), 0, MOST_WEIGHT, 10},
    {"every", GAN_FIELD_INT, 0, AT(every), 1, MOST_EVERY, 1},
    {"target", GAN_FIELD_FLOAT, 0, AT(target), 0, FLT_MAX, NOT_GIVEN},
    {"noise", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, AT(noise), 0, FLT_MAX, NOT_GIVEN},
};
const int gan_penalty_field_count = GAN_FIELD_COUNT(gan_penalty_fields);

/* Adds a penalty of this weight to D's gradients, after D has seen both batches. */
typedef gan_status (*add_function)(gan_session *session, const gan_penalty_options *o, float weight, float *value);

static gan_status at_real(gan_session *session, const gan_penalty_options *o, float weight, float *value)
{
    (void)o;
    return gan_penalty_squared_norm(value, session->memory.d_real.run, weight);
}

static gan_status at_fake(gan_session *session, const gan_penalty_options *o, float weight, float *value)
{
    (void)o;
    return gan_penalty_squared_norm(value, session->memory.d_fake.run, weight);
}

/* D looks at memory.points, with the labels of the real pictures. */
static gan_status at_points(gan_session *session, const gan_penalty_options *o, float weight, float *value)
{
    gan_labelled_run *run = &session->memory.d_points;
    gan_status status =
        gan_labelled_run_forward(run, session->memory.points, gan_session_at_work(session)->real_labels);
    return status == GAN_OK ? gan_penalty_norm_distance(value, run->run, weight, o->target) : status;
}

static gan_status between(gan_session *session, const gan_penalty_options *o, float weight, float *value)
{
    gan_status status = gan_penalty_between(session->memory.points, gan_session_seen_real(session),
                                            gan_session_seen_fake(session), &session->penalty_position);
    return status == GAN_OK ? at_points(session, o, weight, value) : status;
}

static gan_status beside(gan_session *session, const gan_penalty_options *o, float weight, float *value)
{
    gan_status status = gan_penalty_beside(session->memory.points, gan_session_seen_real(session), o->noise,
                                           &session->penalty_position);
    return status == GAN_OK ? at_points(session, o, weight, value) : status;
}

static const struct {
    const char *name, *sentence;
    unsigned run; /* the gan_penalty_run whose tangents it needs */
    bool target, noise;
    add_function add;
} kinds[] = {
    [GAN_PENALTY_R1] = {"R1", "the R1 penalty", GAN_PENALTY_AT_REAL, false, false, at_real},
    [GAN_PENALTY_R2] = {"R2", "the R2 penalty", GAN_PENALTY_AT_FAKE, false, false, at_fake},
    [GAN_PENALTY_WGAN_GP] = {"WGAN_GP", "the WGAN-GP penalty", GAN_PENALTY_AT_POINTS, true, false, between},
    [GAN_PENALTY_DRAGAN] = {"DRAGAN", "the DRAGAN penalty", GAN_PENALTY_AT_POINTS, true, true, beside},
};

/* Options that the kind does not have are not given, and stay so; others get their defaults. */
static gan_status settle(const char *kind, const char *name, bool has, float *member, float fallback)
{
    if (!has && *member != NOT_GIVEN)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_penalty_options.%s is %g, which a penalty of kind %s has not",
                        name, *member, kind);
    if (has && *member == NOT_GIVEN) *member = fallback;
    return GAN_OK;
}

static gan_status read_penalty(gan_session_penalty *penalty, const gan_penalty_options *given)
{
    static const gan_bounds bounds = {.low = 0, .high = (float)MOST_WEIGHT};
    gan_penalty_options *o = &penalty->options;
    gan_status status =
        gan_options_read(o, sizeof *o, given, "gan_penalty_options", gan_penalty_fields, gan_penalty_field_count);
    if (status != GAN_OK) return status;
    status = settle(kinds[o->kind].name, "target", kinds[o->kind].target, &o->target, 1);
    if (status == GAN_OK) status = settle(kinds[o->kind].name, "noise", kinds[o->kind].noise, &o->noise, 0.5f);
    if (status == GAN_OK)
        status =
            gan_schedule_read(&penalty->schedule, o->schedule, &bounds, "gan_session_add_penalty", "options.schedule");
    o->schedule = NULL; /* the caller's may go */
    return status;
}

gan_status gan_session_add_penalty(gan_session *session, const gan_penalty_options *options)
{
    gan_session_penalty penalty = {.options = {.size = 0}};
    if (!session) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_session_add_penalty: session is NULL");
    gan_status status = read_penalty(&penalty, options);
    if (status == GAN_OK) status = gan_network_require_tangents(session->options.discriminator);
    if (status != GAN_OK) return status;
    if (session->penalty_count == GAN_SESSION_PENALTIES)
        return gan_fail(GAN_ERROR_STATE, "gan_session_add_penalty: the session has %d penalties, and that is the most",
                        GAN_SESSION_PENALTIES);
    session->penalties[session->penalty_count++] = penalty;
    gan_session_forget_memory(session); /* it was made for other penalties */
    return GAN_OK;
}

unsigned gan_session_penalty_runs(const gan_session *session)
{
    unsigned runs = 0;
    for (int i = 0; i < session->penalty_count; i++) runs |= kinds[session->penalties[i].options.kind].run;
    return runs;
}

/* 0 in steps that the penalty leaves out. */
static float weight_now(const gan_session *session, const gan_session_penalty *penalty)
{
    uint64_t every = (uint64_t)penalty->options.every;
    if (session->steps % every != 0) return 0;
    return (float)every * gan_schedule_at(&penalty->schedule, penalty->options.weight, session->steps);
}

gan_status gan_session_penalize(gan_session *session, gan_session_report *report)
{
    gan_status status = GAN_OK;
    report->penalty = 0;
    for (int i = 0; status == GAN_OK && i < session->penalty_count; i++) {
        const gan_penalty_options *o = &session->penalties[i].options;
        float weight = weight_now(session, &session->penalties[i]), value = 0;
        if (!(weight > 0)) continue;
        status = kinds[o->kind].add(session, o, weight, &value);
        if (status == GAN_OK)
            status = gan_session_check_finite(session, value, kinds[o->kind].sentence, "discriminator");
        report->penalty += value;
    }
    return status;
}
