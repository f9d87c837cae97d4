/* SPDX-License-Identifier: BSD-2-Clause */
/* Every metric on as many samples as publications use, 10,000 against 10,000, as raw pixels of 16x16. */
#include "measure.h"
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct sets {
    gan_context *context;
    gan_tensor *real, *generated, *logits, *modes, *indices;
} sets;

static void frechet(const sets *s)
{
    gan_moments *moments[2];
    double distance;
    for (int i = 0; i < 2; i++) {
        must(gan_moments_create(&moments[i], s->context, 768));
        must(gan_moments_add(moments[i], i ? s->generated : s->real));
    }
    must(gan_metric_frechet_distance(&distance, moments[0], moments[1]));
    for (int i = 0; i < 2; i++) gan_moments_free(&moments[i]);
}

static void kernel(const sets *s)
{
    gan_metric_kernel_result result = {.size = sizeof result};
    must(gan_metric_kernel_distance(&result, s->real, s->generated, NULL));
}

static void precision(const sets *s)
{
    gan_metric_precision_result result = {.size = sizeof result};
    must(gan_metric_precision_recall(&result, s->real, s->generated, NULL));
}

static void density(const sets *s)
{
    gan_metric_density_result result = {.size = sizeof result};
    must(gan_metric_density_coverage(&result, s->real, s->generated, NULL));
}

static void wasserstein(const sets *s)
{
    double distance;
    must(gan_metric_sliced_wasserstein(&distance, s->real, s->generated, NULL));
}

static void entropy(const sets *s)
{
    gan_metric_entropy_result result = {.size = sizeof result};
    must(gan_metric_classifier_entropy(&result, s->logits, gan_metric_entropy_options(.splits = 10)));
}

static void pairwise(const sets *s)
{
    double distance;
    must(gan_metric_pairwise_distance(&distance, s->generated));
}

static void ms_ssim(const sets *s)
{
    gan_metric_similarity_result result = {.size = sizeof result};
    must(gan_metric_ms_ssim(&result, s->generated, NULL));
}

static void nearest(const sets *s)
{
    must(gan_metric_nearest(s->indices, NULL, s->generated, s->real));
}

static void modes(const sets *s)
{
    gan_metric_modes_result result = {.size = sizeof result};
    must(gan_synthetic_modes(s->modes, NULL, s->generated));
    must(gan_metric_modes(&result, s->modes, NULL, NULL));
}

static const struct {
    const char *name;
    void (*run)(const sets *s);
} metrics[] = {{"frechet_distance", frechet},
               {"kernel_distance", kernel},
               {"precision_recall", precision},
               {"density_coverage", density},
               {"sliced_wasserstein", wasserstein},
               {"classifier_entropy", entropy},
               {"pairwise_distance", pairwise},
               {"ms_ssim", ms_ssim},
               {"nearest", nearest},
               {"modes", modes}};

/* The processors' time, that of all threads, does not count what a busy machine makes them wait. */
static void print(bool json, const char *name, double time, double work)
{
    printf(json ? "{\"metric\": \"%s\", \"seconds\": %.3f, \"processor_seconds\": %.3f}\n"
                : "%-20s %8.3f s, %8.3f s of processors\n",
           name, time, work);
}

int main(int argc, char **argv)
{
    int64_t count = 10000, threads = 2;
    bool json = false;
    const option_line lines[] = {
        {"count", OPTION_COUNT, &count, 1001, 1000000, "N", "samples in each set (10000)"},
        {"threads", OPTION_COUNT, &threads, 1, 256, "N", "(2)"},
        {"json", OPTION_FLAG, &json, 0, 0, NULL, "one line of JSON for each metric"},
    };
    options_result options = options_read(argc, argv, "Times the metrics on two sets of 16x16 pictures.", lines, 3);
    if (options != OPTIONS_OK) return options_exit(options);
    sets s;
    must(gan_context_create(&s.context, gan_context_options(.threads = (int)threads)));
    must(gan_tensor_create(&s.real, s.context, GAN_FLOAT32, GAN_SHAPE(count, 16, 16, 3)));
    must(gan_tensor_create(&s.generated, s.context, GAN_FLOAT32, GAN_SHAPE(count, 16, 16, 3)));
    must(gan_tensor_create(&s.logits, s.context, GAN_FLOAT32, GAN_SHAPE(count, 10)));
    must(gan_tensor_create(&s.modes, s.context, GAN_INT32, GAN_SHAPE(count)));
    must(gan_tensor_create(&s.indices, s.context, GAN_INT32, GAN_SHAPE(count, 5)));
    uint64_t position = 0;
    must(gan_random_normal(s.context, GAN_STREAM_USER, &position, s.real, 0, 1));
    must(gan_random_normal(s.context, GAN_STREAM_USER, &position, s.generated, 0.1f, 0.9f));
    must(gan_random_normal(s.context, GAN_STREAM_USER, &position, s.logits, 0, 2));
    double total = 0, total_work = 0;
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        if (metrics[i].run == frechet && !gan_has_feature("lapack")) continue;
        clock_t before = clock();
        double begin = seconds();
        metrics[i].run(&s);
        double time = seconds() - begin, work = (double)(clock() - before) / CLOCKS_PER_SEC;
        total += time;
        total_work += work;
        print(json, metrics[i].name, time, work);
    }
    print(json, "all", total, total_work);
    gan_tensor_free(&s.indices);
    gan_tensor_free(&s.modes);
    gan_tensor_free(&s.logits);
    gan_tensor_free(&s.generated);
    gan_tensor_free(&s.real);
    gan_context_free(&s.context);
    return EXIT_SUCCESS;
}
