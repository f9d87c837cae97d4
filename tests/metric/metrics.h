/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_METRIC_METRICS_H
#define TESTS_METRIC_METRICS_H

#include "support.h"

/* Every metric in one form: two sets of features in, numbers out. */

#define MOST_NUMBERS 8

typedef struct metric {
    const char *name;
    const char *call; /* the library's, that its sentences begin with */
    gan_status (*compute)(double numbers[MOST_NUMBERS], const gan_tensor *real, const gan_tensor *generated);
    bool two;   /* looks at both sets */
    int fewest; /* samples that it needs of each */
} metric;

extern const metric metrics[];
int metric_count(void);

/* Whether the build has it. */
bool metric_available(const metric *m);

/* Pictures [n,4,4,c] of normal numbers, a row for each seed, with this mean. */
gan_tensor *new_features(gan_context *context, int64_t n, int64_t c, uint64_t number, float mean);

/* The context of a set: that of its tensor. */
extern gan_context *metric_context;

#endif
