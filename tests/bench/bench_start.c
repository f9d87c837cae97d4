/* SPDX-License-Identifier: BSD-2-Clause */
/* From exec to the first step done: what a user waits for before training runs; and the memory that training takes: no
 * later step takes more. The program starts itself again, as one that trains a step of the reference game on the
 * synthetic set, linked with the shared library as a user's would be. */
#include "game16.h"
#include "options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct settings {
    int64_t batch, threads, repeats, since;
    bool json;
} settings;

/* The same clock in all processes. */
static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void check(gan_status status)
{
    if (status == GAN_OK) return;
    fprintf(stderr, "%s\n", gan_last_error());
    exit(EXIT_FAILURE);
}

/* The child: one step, and the time since its parent asked for it. */
static int first_step(const settings *set)
{
    gan_context *context;
    gan_dataset *data;
    gan_tensor *real;
    gan_session *session;
    game16 game;
    check(gan_context_create(&context, gan_context_options(.threads = (int)set->threads)));
    check(gan_dataset_create_synthetic(&data, context, NULL));
    check(gan_tensor_create(&real, context, GAN_FLOAT32, GAN_SHAPE(set->batch, 16, 16, 3)));
    check(game16_create(&game, context));
    check(game16_session(&session, &game));
    check(gan_dataset_next(data, real, NULL));
    check(gan_session_step(session, real, NULL));
    printf("%" PRId64 "\n", nanoseconds() - set->since);
    gan_session_free(&session);
    game16_free(&game);
    gan_tensor_free(&real);
    gan_dataset_free(&data);
    gan_context_free(&context);
    return 0;
}

/* Milliseconds from before the fork until a child's first step is done. */
static double start_once(const char *program, const settings *set)
{
    int ends[2];
    int64_t time = 0;
    if (pipe(ends) != 0) return 0;
    char batch[32], threads[32], since[32];
    snprintf(batch, sizeof batch, "--batch=%" PRId64, set->batch);
    snprintf(threads, sizeof threads, "--threads=%" PRId64, set->threads);
    snprintf(since, sizeof since, "--since=%" PRId64, nanoseconds());
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(program, program, batch, threads, since, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *answer = fdopen(ends[0], "r");
    int status = 1;
    bool fine = child > 0 && answer && fscanf(answer, "%" SCNd64, &time) == 1;
    if (child > 0) waitpid(child, &status, 0);
    if (answer) fclose(answer);
    if (fine && status == 0) return 1e-6 * (double)time;
    fprintf(stderr, "%s could not start itself\n", program);
    exit(EXIT_FAILURE);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    settings set = {.batch = 64, .threads = 1, .repeats = 40};
    const option_line lines[] = {
        {"batch", OPTION_COUNT, &set.batch, 1, 65536, "N", "pictures a step (64)"},
        {"threads", OPTION_COUNT, &set.threads, 1, 256, "N", "(1)"},
        {"repeats", OPTION_COUNT, &set.repeats, 1, 100000, "N", "starts to time (40)"},
        {"since", OPTION_COUNT, &set.since, 1, INT64_MAX, "NS", "make one step, and print the time since then"},
        {"json", OPTION_FLAG, &set.json, 0, 0, NULL, "one line of JSON"},
    };
    const char *about = "Times a program from its exec to the end of its first step, on the synthetic set.";
    options_result options = options_read(argc, argv, about, lines, 5);
    if (options != OPTIONS_OK) return options_exit(options);
    if (set.since) return first_step(&set);
    double *times = malloc((size_t)set.repeats * sizeof *times);
    if (!times) return EXIT_FAILURE;
    for (int64_t i = 0; i < set.repeats; i++) times[i] = start_once(argv[0], &set);
    qsort(times, (size_t)set.repeats, sizeof *times, compare);
    struct rusage children;
    getrusage(RUSAGE_CHILDREN, &children);
    printf(set.json ? "{\"what\": \"start\", \"batch\": %" PRId64 ", \"threads\": %" PRId64
                      ", \"ms_min\": %.2f, \"ms_median\": %.2f, \"peak_mb\": %.1f}\n"
                    : "start: %" PRId64 " pictures, %" PRId64 " thread(s)\n  %.2f ms at least, %.2f in the median, "
                      "peak memory %.1f MB\n",
           set.batch, set.threads, times[0], times[set.repeats / 2], (double)children.ru_maxrss / 1024);
    free(times);
    return 0;
}
