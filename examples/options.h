/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Long command line options from a table: one line an option drives reading, checking and --help. */
typedef enum option_kind {
    OPTION_TEXT,  /* value: const char *, borrowed from argv */
    OPTION_COUNT, /* value: int64_t, low..high */
    OPTION_FLAG   /* value: bool, takes no argument */
} option_kind;

typedef struct option_line {
    const char *name; /* without the dashes */
    option_kind kind;
    void *value;          /* holds the default before, and the option's value after */
    int64_t low, high;    /* of OPTION_COUNT */
    const char *argument; /* its name in --help; NULL for a flag */
    const char *help;
} option_line;

typedef enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_BAD } options_result;

/* At most this many lines in a table. */
#define OPTIONS_MAX 24

/* Reads argv. --help (OPTIONS_HELP) prints `about` and the table to the standard output; a bad option or a word that is
 * none (OPTIONS_BAD) gets one sentence on the standard error. */
options_result options_read(int argc, char **argv, const char *about, const option_line *lines, int count);

/* How a program ends after options_read(): 0 after --help, 2 for a bad option. */
int options_exit(options_result result);

#endif
