/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_PROGRESS_H
#define EXAMPLES_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* One line on the standard output that tells how far a training is. On a terminal it is rewritten in place several
 * times a second; anywhere else (a file, a pipe) a plain line appears every few seconds. */
typedef struct progress {
    bool terminal;
    bool open;                  /* the terminal's line has something on it */
    double started;             /* seconds of clock_now() */
    double shown;               /* when the line was last written */
    int64_t first, step, steps; /* done before the start, done, in all */
    int64_t batch;              /* pictures a step */
} progress;

/* Seconds of a clock that only moves forward. */
double clock_now(void);

void progress_start(progress *p, int64_t first, int64_t steps, int64_t batch);

/* Counts a step, and rewrites the line when it is time. */
void progress_step(progress *p, int64_t epoch, double d_loss, double g_loss);

/* Ends the line, so that other text may follow. */
void progress_break(progress *p);

#endif
