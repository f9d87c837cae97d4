/* SPDX-License-Identifier: BSD-2-Clause */
/* A full step of the reference game: its time, and that as a fraction of the rate of a large matrix product. */
#include "game.h"
#include "measure.h"
#include "options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define WARM_STEPS 3

typedef struct settings {
    int64_t batch, threads, ngf, size, steps;
    const char *kernels;
    bool json, profile, sample, simultaneous, r1;
} settings;

typedef struct result {
    double least, median, sgemm, operations; /* seconds a step, operations a second, operations a step */
    const char *sgemm_by, *kernels;
    long peak_kilobytes; /* of the process before the matrix product */
} result;

static gan_kernel_set kernel_set(const char *name)
{
    static const char *const names[] = {"auto", "c", "avx2", "avx512", "neon"};
    for (int i = 0; i < 5; i++)
        if (strcmp(name, names[i]) == 0) return (gan_kernel_set)i;
    fprintf(stderr, "--kernels is \"%s\"; it must be auto, c, avx2, avx512 or neon\n", name);
    exit(2);
}

static void print_profile(const gan_profile *profile)
{
    size_t length;
    must(gan_profile_table(profile, NULL, 0, &length));
    char *text = malloc(length + 1);
    if (!text) return;
    must(gan_profile_table(profile, text, length + 1, NULL));
    fputs(text, stdout);
    free(text);
}

static void one_step(const settings *set, game *g, gan_tensor *real)
{
    must(set->sample ? gan_session_sample(g->session, NULL, real) : gan_session_step(g->session, real, NULL));
}

static void time_steps(const settings *set, gan_context *context, result *r)
{
    game g;
    gan_tensor *real;
    gan_profile *profile = NULL;
    uint64_t position = 0;
    double *times = malloc((size_t)set->steps * sizeof *times);
    if (!times) exit(1);
    game_create(&g, context, (int)set->size, (int)set->ngf,
                set->simultaneous ? GAN_SCHEME_SIMULTANEOUS : GAN_SCHEME_ALTERNATING);
    if (set->r1) must(gan_session_add_penalty(g.session, gan_penalty_options(.kind = GAN_PENALTY_R1)));
    must(gan_tensor_create(&real, context, GAN_FLOAT32, GAN_SHAPE(set->batch, set->size, set->size, 3)));
    must(gan_random_uniform(context, GAN_STREAM_USER, &position, real, -1, 1));
    for (int i = 0; i < WARM_STEPS; i++) one_step(set, &g, real);
    if (set->profile) must(gan_profile_create(&profile, context));
    must(gan_session_set_profile(g.session, profile));
    for (int64_t i = 0; i < set->steps; i++) {
        double begin = seconds();
        one_step(set, &g, real);
        times[i] = seconds() - begin;
    }
    if (profile) print_profile(profile);
    r->least = least(times, (int)set->steps);
    r->median = median(times, (int)set->steps);
    r->operations = (double)set->batch * (double)(set->sample ? gan_network_flops(g.g) : gan_session_flops(g.session));
    gan_profile_free(&profile);
    gan_tensor_free(&real);
    game_free(&g);
    free(times);
}

static void print_result(const settings *set, const result *r)
{
    double rate = r->operations / r->least;
    if (set->json)
        printf("{\"what\": \"%s\", \"size\": %" PRId64 ", \"ngf\": %" PRId64 ", \"batch\": %" PRId64
               ", \"threads\": %" PRId64 ", \"kernels\": \"%s\", \"ms_min\": %.4f, \"ms_median\": %.4f, "
               "\"images_per_second\": %.1f, \"gflop\": %.4f, \"gflops\": %.2f, \"sgemm_gflops\": %.2f, "
               "\"sgemm_by\": \"%s\", \"fraction\": %.4f, \"peak_mb\": %.1f}\n",
               set->sample ? "sample" : "step", set->size, set->ngf, set->batch, set->threads, r->kernels,
               1e3 * r->least, 1e3 * r->median, (double)set->batch / r->least, 1e-9 * r->operations, 1e-9 * rate,
               1e-9 * r->sgemm, r->sgemm_by, rate / r->sgemm, (double)r->peak_kilobytes / 1024);
    else
        printf("%s: %" PRId64 " pictures of %" PRId64 "x%" PRId64 ", ngf %" PRId64 ", %" PRId64 " thread(s), %s\n"
               "  %.3f ms at least, %.3f in the median, %.0f images/s, peak memory %.1f MB\n"
               "  %.3f GFLOP, %.1f GFLOP/s; SGEMM %.1f GFLOP/s by %s; fraction %.3f\n",
               set->sample ? "sample" : "step", set->batch, set->size, set->size, set->ngf, set->threads, r->kernels,
               1e3 * r->least, 1e3 * r->median, (double)set->batch / r->least, (double)r->peak_kilobytes / 1024,
               1e-9 * r->operations, 1e-9 * rate, 1e-9 * r->sgemm, r->sgemm_by, rate / r->sgemm);
}

int main(int argc, char **argv)
{
    settings set = {.batch = 64, .threads = 1, .ngf = 16, .size = 16, .steps = 100, .kernels = "auto"};
    const option_line lines[] = {
        {"batch", OPTION_COUNT, &set.batch, 1, 65536, "N", "pictures a step (64)"},
        {"threads", OPTION_COUNT, &set.threads, 1, 256, "N", "(1)"},
        {"ngf", OPTION_COUNT, &set.ngf, 1, 512, "N", "width of both networks (16)"},
        {"size", OPTION_COUNT, &set.size, 4, 256, "16|32|64", "of the pictures, a power of two (16)"},
        {"steps", OPTION_COUNT, &set.steps, 1, 1000000, "N", "to time (100)"},
        {"kernels", OPTION_TEXT, &set.kernels, 0, 0, "SET", "c, avx2, avx512, neon (the best)"},
        {"sample", OPTION_FLAG, &set.sample, 0, 0, NULL, "generate a batch instead: G alone, inference"},
        {"simultaneous", OPTION_FLAG, &set.simultaneous, 0, 0, NULL, "D and G learn from one forward pass of D"},
        {"r1", OPTION_FLAG, &set.r1, 0, 0, NULL, "with R1 in every step; operations are counted without it"},
        {"json", OPTION_FLAG, &set.json, 0, 0, NULL, "one line of JSON"},
        {"profile", OPTION_FLAG, &set.profile, 0, 0, NULL, "print the time by layer and pass"},
    };
    options_result options = options_read(argc, argv, "Times the training step.", lines, 11);
    if (options != OPTIONS_OK) return options_exit(options);
    result r = {.sgemm_by = "none"};
    struct rusage usage;
    gan_context *context;
    gan_kernel_set kernels = kernel_set(set.kernels);
    must(gan_context_create(&context, gan_context_options(.threads = (int)set.threads, .kernels = kernels)));
    r.kernels = gan_context_kernels(context);
    time_steps(&set, context, &r);
    getrusage(RUSAGE_SELF, &usage);
    r.peak_kilobytes = usage.ru_maxrss;
    r.sgemm = sgemm_rate((int)set.threads, kernels, 10, &r.sgemm_by);
    print_result(&set, &r);
    gan_context_free(&context);
    return 0;
}
