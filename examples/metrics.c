/* SPDX-License-Identifier: BSD-2-Clause */
#include "metrics.h"

#include "progress.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *const names[] = {"d_loss", "g_loss", "d_real", "d_fake", "d_gradient_norm", "g_gradient_norm"};

#define NAMES (sizeof names / sizeof names[0])

static bool check(const metrics *m, bool fine)
{
    if (!fine) fprintf(stderr, "cannot write %s: %s\n", m->path, strerror(errno));
    return fine;
}

bool metrics_open(metrics *m, const char *path)
{
    *m = (metrics){.path = path, .opened = clock_now()};
    m->file = fopen(path, "w");
    return check(m, m->file != NULL);
}

void metrics_begin(metrics *m)
{
    memset(m->sum, 0, sizeof m->sum);
    m->steps = 0;
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
    print_number(m->file, "images_per_second", (double)(m->steps * batch) / (now - m->begun));
    print_number(m->file, "seconds", now - m->opened);
    fputs("}\n", m->file);
    return check(m, fflush(m->file) == 0 && !ferror(m->file));
}

bool metrics_close(metrics *m)
{
    if (!m->file) return true;
    bool fine = !ferror(m->file);
    if (fclose(m->file) != 0) fine = false;
    m->file = NULL;
    return check(m, fine);
}
