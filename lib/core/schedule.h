/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CORE_SCHEDULE_H
#define GAN_CORE_SCHEDULE_H

#include "core/options.h"

#include <gan/schedule.h>
#include <stdbool.h>

/* Schedules that an object keeps: read once, with the bounds of the number that they are for, and then looked up
 * without a check. */

typedef struct gan_bounds {
    float low, high;
    bool open_high; /* high itself is out of range */
} gan_bounds;

/* Copies a schedule that gan_schedule_check() takes and whose numbers are within bounds, for a base that is; `call` and
 * `what` begin the sentence. given NULL: none, target->size is 0. On failure target is as it was. */
gan_status gan_schedule_read(gan_schedule *target, const gan_schedule *given, const gan_bounds *bounds,
                             const char *call, const char *what);

/* The members of a schedule, for those who keep it in a file. */
extern const gan_field gan_schedule_fields[];
extern const int gan_schedule_field_count;

/* The number at a step by what gan_schedule_read() gave; the base where there is no schedule. */
float gan_schedule_at(const gan_schedule *schedule, float base, uint64_t step);

#endif
