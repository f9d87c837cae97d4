/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_METRICS_H
#define EXAMPLES_METRICS_H

#include <gan/session.h>
#include <stdio.h>

/* metrics.jsonl: one JSON object a line, one line an epoch. Losses, probabilities and gradient norms are means over the
 * epoch's steps, null where such a mean is not finite. */
typedef struct metrics {
    FILE *file;
    const char *path;
    double opened;        /* seconds of clock_now() */
    double begun;         /* and when this epoch began */
    double sum[6];        /* of this epoch's reports, in the order of the line */
    int64_t steps;        /* in this epoch */
    int64_t steps_before; /* of those, what an earlier run of the program has done */
} metrics;

/* Begins the file; of an older one the lines of the first `epochs` epochs stay. path is borrowed. */
bool metrics_open(metrics *m, const char *path, int64_t epochs);

/* Begins an epoch. */
void metrics_begin(metrics *m);
void metrics_add(metrics *m, const gan_session_report *report);

/* Writes the epoch's line, after one step at least. complete: false for an epoch that was ended early. */
bool metrics_write(metrics *m, int64_t epoch, int64_t step, int64_t batch, bool complete);

/* The epoch so far as a text, for a checkpoint's note, and back: false for what is none of batches of this size. */
#define METRICS_NOTE 256
void metrics_note(const metrics *m, int64_t batch, char text[METRICS_NOTE]);
bool metrics_read_note(metrics *m, int64_t batch, const char *text);

/* False: what was written did not all arrive. A file that was never opened is fine. */
bool metrics_close(metrics *m);

#endif
