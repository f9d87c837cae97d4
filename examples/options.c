/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define HELP_COLUMN 24

static void print_help(const char *program, const char *about, const option_line *lines, int count)
{
    printf("Usage: %s [options]\n%s\n\n", program, about);
    for (int i = 0; i < count; i++) {
        int width = printf("  --%s %s", lines[i].name, lines[i].argument ? lines[i].argument : "");
        printf("%*s%s\n", width < HELP_COLUMN ? HELP_COLUMN - width : 1, "", lines[i].help);
    }
    printf("  --help            this list\n");
}

static bool read_count(const option_line *line, const char *text)
{
    char *end;
    errno = 0;
    intmax_t number = strtoimax(text, &end, 10);
    if (errno || end == text || *end || number < line->low || number > line->high) return false;
    *(int64_t *)line->value = number;
    return true;
}

static options_result read_one(const char *program, const option_line *line, const char *text)
{
    switch (line->kind) {
    case OPTION_TEXT:
        *(const char **)line->value = text;
        break;
    case OPTION_FLAG:
        *(bool *)line->value = true;
        break;
    case OPTION_COUNT:
        if (read_count(line, text)) break;
        fprintf(stderr, "%s: --%s is \"%s\"; it must be a whole number, %" PRId64 "..%" PRId64 "\n", program,
                line->name, text, line->low, line->high);
        return OPTIONS_BAD;
    }
    return OPTIONS_OK;
}

options_result options_read(int argc, char **argv, const char *about, const option_line *lines, int count)
{
    struct option known[OPTIONS_MAX + 2] = {{0}};
    for (int i = 0; i < count; i++)
        known[i] =
            (struct option){lines[i].name, lines[i].kind == OPTION_FLAG ? no_argument : required_argument, NULL, 0};
    known[count] = (struct option){"help", no_argument, NULL, 0};
    int found, index = 0;
    while ((found = getopt_long(argc, argv, "", known, &index)) != -1) {
        if (found != 0) { /* getopt_long() has said what is wrong */
            fprintf(stderr, "%s: --help lists the options\n", argv[0]);
            return OPTIONS_BAD;
        }
        if (index == count) {
            print_help(argv[0], about, lines, count);
            return OPTIONS_HELP;
        }
        if (read_one(argv[0], &lines[index], optarg) != OPTIONS_OK) return OPTIONS_BAD;
    }
    if (optind == argc) return OPTIONS_OK;
    fprintf(stderr, "%s: \"%s\" is not an option; --help lists the options\n", argv[0], argv[optind]);
    return OPTIONS_BAD;
}

int options_exit(options_result result)
{
    return result == OPTIONS_BAD ? 2 : EXIT_SUCCESS;
}
