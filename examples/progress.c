/* SPDX-License-Identifier: BSD-2-Clause */
#define _POSIX_C_SOURCE 200809L
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define BAR_WIDTH         20
#define TERMINAL_INTERVAL 0.2
#define PLAIN_INTERVAL    10.0

double clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_start(progress *p, int64_t first, int64_t steps, int64_t batch)
{
    double now = clock_now();
    *p = (progress){.terminal = isatty(STDOUT_FILENO),
                    .started = now,
                    .shown = now,
                    .first = first,
                    .step = first,
                    .steps = steps,
                    .batch = batch};
}

static void print_bar(const progress *p)
{
    int64_t full = p->step * BAR_WIDTH / p->steps;
    char bar[BAR_WIDTH + 1];
    for (int i = 0; i < BAR_WIDTH; i++) bar[i] = i < full ? '=' : i == full ? '>' : ' ';
    bar[BAR_WIDTH] = 0;
    printf("[%s] ", bar);
}

static void print_time_left(double seconds)
{
    const double most = 1000.0 * 3600; /* whatever --steps says, a number that can be read */
    int64_t s = (int64_t)((seconds < most ? seconds : most) + 0.5);
    if (s >= 3600)
        printf("  %" PRId64 ":%02" PRId64 ":%02" PRId64 " %s", s / 3600, s / 60 % 60, s % 60,
               seconds < most ? "left" : "left at least");
    else
        printf("  %" PRId64 ":%02" PRId64 " left", s / 60, s % 60);
}

static void print_line(const progress *p, int64_t epoch, double d_loss, double g_loss, double elapsed)
{
    double rate = (double)(p->step - p->first) / elapsed;
    if (p->terminal) fputs("\r", stdout);
    printf("epoch %" PRId64 " ", epoch);
    print_bar(p);
    printf("%" PRId64 "/%" PRId64 "  d %.3f  g %.3f  %.0f images/s", p->step, p->steps, d_loss, g_loss,
           rate * (double)p->batch);
    print_time_left((double)(p->steps - p->step) / rate);
    fputs(p->terminal ? "\033[K" : "\n", stdout); /* erases what a longer line left */
    fflush(stdout);
}

void progress_step(progress *p, int64_t epoch, double d_loss, double g_loss)
{
    double now = clock_now();
    p->step++;
    bool due = now - p->shown >= (p->terminal ? TERMINAL_INTERVAL : PLAIN_INTERVAL);
    if (!due && p->step != p->first + 1 && p->step != p->steps) return;
    print_line(p, epoch, d_loss, g_loss, now - p->started);
    p->shown = now;
    p->open = p->terminal;
}

void progress_break(progress *p)
{
    if (p->open) putchar('\n');
    fflush(stdout);
    p->open = false;
}
