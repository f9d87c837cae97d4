/* SPDX-License-Identifier: BSD-2-Clause */
#define _POSIX_C_SOURCE 200809L
#include "metrics.h"

#include "progress.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {"d_loss", "g_loss", "d_real", "d_fake", "d_gradient_norm", "g_gradient_norm"};

#define NAMES (sizeof names / sizeof names[0])

static bool check(const metrics *m, bool fine)
{
    if (!fine) fprintf(stderr, "cannot write %s: %s\n", m->path, strerror(errno));
    return fine;
}

/* The file ends after the last line of the first `epochs`: what comes next is appended. */
static bool cut(FILE *file, int64_t epochs)
{
    char *line = NULL;
    size_t capacity = 0;
    long end = 0;
    int64_t epoch;
    while (getline(&line, &capacity, file) > 0 && sscanf(line, "{\"epoch\": %" SCNd64 ",", &epoch) == 1 &&
           epoch <= epochs)
        end = ftell(file);
    free(line);
    return end >= 0 && fseek(file, end, SEEK_SET) == 0 && ftruncate(fileno(file), end) == 0;
}

bool metrics_open(metrics *m, const char *path, int64_t epochs)
{
    m->path = path;
    m->opened = clock_now();
    m->file = epochs > 0 ? fopen(path, "r+") : fopen(path, "w");
    if (!m->file && errno == ENOENT) m->file = fopen(path, "w");
    return check(m, m->file != NULL && (epochs == 0 || cut(m->file, epochs)));
}

void metrics_begin(metrics *m)
{
    memset(m->sum, 0, sizeof m->sum);
    m->steps = m->steps_before = 0;
    m->begun = clock_now();
}

void metrics_add(metrics *m, const gan_session_report *report)
{
    const float values[NAMES] = {report->d_loss, report->g_loss,          report->d_real,
                                 report->d_fake, report->d_gradient_norm, report->g_gradient_norm};
    for (size_t i = 0; i < NAMES; i++) m->sum[i] += (double)values[i];
    m->steps++;
}

static void print_number(FILE *file, const char *name, double value)
{
    if (isfinite(value)) /* JSON has no other numbers */
        fprintf(file, ", \"%s\": %.6g", name, value);
    else
        fprintf(file, ", \"%s\": null", name);
}

bool metrics_write(metrics *m, int64_t epoch, int64_t step, int64_t batch, bool complete)
{
    double now = clock_now();
    fprintf(m->file, "{\"epoch\": %" PRId64 ", \"step\": %" PRId64 ", \"complete\": %s", epoch, step,
            complete ? "true" : "false");
    for (size_t i = 0; i < NAMES; i++) print_number(m->file, names[i], m->sum[i] / (double)m->steps);
    print_number(m->file, "images_per_second", (double)((m->steps - m->steps_before) * batch) / (now - m->begun));
    print_number(m->file, "seconds", now - m->opened);
    fputs("}\n", m->file);
    return check(m, fflush(m->file) == 0 && !ferror(m->file));
}

/* Hexadecimal numbers lose nothing. */
void metrics_note(const metrics *m, int64_t batch, char text[METRICS_NOTE])
{
    const double *s = m->sum;
    snprintf(text, METRICS_NOTE, "cifar16 batch %" PRId64 " steps %" PRId64 " sums %a %a %a %a %a %a", batch, m->steps,
             s[0], s[1], s[2], s[3], s[4], s[5]);
}

bool metrics_read_note(metrics *m, int64_t batch, const char *text)
{
    double *s = m->sum;
    int64_t had;
    return sscanf(text, "cifar16 batch %" SCNd64 " steps %" SCNd64 " sums %la %la %la %la %la %la", &had, &m->steps,
                  &s[0], &s[1], &s[2], &s[3], &s[4], &s[5]) == 8 &&
           had == batch;
}

bool metrics_close(metrics *m)
{
    if (!m->file) return true;
    bool fine = !ferror(m->file);
    if (fclose(m->file) != 0) fine = false;
    m->file = NULL;
    return check(m, fine);
}
