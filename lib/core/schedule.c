/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/schedule.h"
#include "core/error.h"
#include "core/options.h"

#include <float.h>
#include <math.h>

#define MOST_STEPS 0x1p53

const gan_field gan_schedule_fields[] = {
    {"kind", GAN_FIELD_INT, 0, offsetof(gan_schedule, kind), 0, GAN_SCHEDULE_STEP, 0},
    {"warmup", GAN_FIELD_INT64, 0, offsetof(gan_schedule, warmup), 0, MOST_STEPS, 0},
    {"hold", GAN_FIELD_INT64, 0, offsetof(gan_schedule, hold), 0, MOST_STEPS, 0},
    {"steps", GAN_FIELD_INT64, 0, offsetof(gan_schedule, steps), 0, MOST_STEPS, 0},
    {"start", GAN_FIELD_FLOAT, 0, offsetof(gan_schedule, start), -FLT_MAX, FLT_MAX, 0},
    {"end", GAN_FIELD_FLOAT, 0, offsetof(gan_schedule, end), -FLT_MAX, FLT_MAX, 0},
    {"factor", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(gan_schedule, factor), 0, 1, 0.1},
    GAN_FIELD_RESERVED(gan_schedule),
};
const int gan_schedule_field_count = GAN_FIELD_COUNT(gan_schedule_fields);

/* after: steps since the kind has set in. */
static double constant(const gan_schedule *schedule, double base, double after)
{
    (void)schedule;
    (void)after;
    return base;
}

static double part_of(const gan_schedule *schedule, double after)
{
    return fmin(after / (double)schedule->steps, 1);
}

static double linear(const gan_schedule *schedule, double base, double after)
{
    double x = part_of(schedule, after);
    return base * (1 - x) + schedule->end * x;
}

static double cosine(const gan_schedule *schedule, double base, double after)
{
    double left = (1 + cos(3.14159265358979323846 * part_of(schedule, after))) / 2;
    return base * left + schedule->end * (1 - left);
}

static double by_steps(const gan_schedule *schedule, double base, double after)
{
    return base * pow(schedule->factor, floor(after / (double)schedule->steps));
}

/* What a kind is, and which members it has. */
static const struct {
    const char *name;
    double (*value)(const gan_schedule *schedule, double base, double after);
    bool steps, end, factor;
} kinds[] = {
    [GAN_SCHEDULE_CONSTANT] = {"of kind constant", constant, false, false, false},
    [GAN_SCHEDULE_LINEAR] = {"of kind linear", linear, true, true, false},
    [GAN_SCHEDULE_COSINE] = {"of kind cosine", cosine, true, true, false},
    [GAN_SCHEDULE_STEP] = {"of kind step", by_steps, true, false, true},
};

static gan_status has_no(const char *member, double value, const char *what)
{
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_schedule.%s is %.9g, which a schedule %s does not have", member,
                    value, what);
}

/* given: what the caller wrote, before defaults. */
static gan_status check_members(const gan_schedule *schedule, float given_factor)
{
    const char *kind = kinds[schedule->kind].name;
    if (kinds[schedule->kind].steps && schedule->steps == 0)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_schedule.steps is required for a schedule %s; it must be 1 to %g", kind, MOST_STEPS);
    if (!kinds[schedule->kind].steps && schedule->steps != 0) return has_no("steps", (double)schedule->steps, kind);
    if (!kinds[schedule->kind].end && schedule->end != 0) return has_no("end", schedule->end, kind);
    if (!kinds[schedule->kind].factor && given_factor != 0) return has_no("factor", given_factor, kind);
    if (schedule->warmup == 0 && schedule->start != 0) return has_no("start", schedule->start, "without a warm-up");
    return GAN_OK;
}

static gan_status read_checked(gan_schedule *target, const gan_schedule *given)
{
    if (!given) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_schedule is NULL");
    gan_schedule schedule;
    gan_status status = gan_options_read(&schedule, sizeof schedule, given, "gan_schedule", gan_schedule_fields,
                                         gan_schedule_field_count);
    bool has_factor = given->size >= offsetof(gan_schedule, factor) + sizeof given->factor;
    if (status == GAN_OK) status = check_members(&schedule, has_factor ? given->factor : 0);
    if (status == GAN_OK) *target = schedule;
    return status;
}

static gan_status check_bounds(float value, const gan_bounds *bounds, const char *call, const char *what,
                               const char *member)
{
    if (value >= bounds->low && (bounds->open_high ? value < bounds->high : value <= bounds->high)) return GAN_OK;
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s.%s is %.9g; it must be at least %.9g and %s %.9g", call, what,
                    member, value, bounds->low, bounds->open_high ? "below" : "at most", bounds->high);
}

gan_status gan_schedule_read(gan_schedule *target, const gan_schedule *given, const gan_bounds *bounds,
                             const char *call, const char *what)
{
    gan_schedule schedule = {.size = 0};
    gan_status status = given ? read_checked(&schedule, given) : GAN_OK;
    if (status == GAN_OK && schedule.warmup > 0) status = check_bounds(schedule.start, bounds, call, what, "start");
    if (status == GAN_OK && kinds[schedule.kind].end) status = check_bounds(schedule.end, bounds, call, what, "end");
    if (status == GAN_OK) *target = schedule;
    return status;
}

float gan_schedule_at(const gan_schedule *schedule, float base, uint64_t step)
{
    if (schedule->size == 0) return base;
    double at = (double)step, warmup = (double)schedule->warmup, after = at - warmup - (double)schedule->hold;
    if (at < warmup) return (float)(schedule->start + ((double)base - schedule->start) * (at / warmup));
    return after < 0 ? base : (float)kinds[schedule->kind].value(schedule, base, after);
}

gan_status gan_schedule_check(const gan_schedule *schedule)
{
    gan_schedule copy;
    return read_checked(&copy, schedule);
}

float gan_schedule_value(const gan_schedule *schedule, float base, uint64_t step)
{
    gan_schedule copy;
    return read_checked(&copy, schedule) == GAN_OK ? gan_schedule_at(&copy, base, step) : NAN;
}
