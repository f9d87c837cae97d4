/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/metric.h"

#include <gan/random.h>

/* Multi-scale structural similarity of random pairs of pictures. Planes of one channel, in double. */

#define SCALES    5
#define WINDOW    11
#define DEVIATION 1.5

static const gan_field fields[] = {
    {"pairs", GAN_FIELD_INT64, 0, offsetof(gan_metric_similarity_options, pairs), 1, 1 << 30, 1000},
    {"scales", GAN_FIELD_INT64, 0, offsetof(gan_metric_similarity_options, scales), 1, SCALES, 0},
    {"range", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(gan_metric_similarity_options, range), 0, 1e30, 2},
    GAN_FIELD_RESERVED(gan_metric_similarity_options),
};

static const double exponents[SCALES] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};

/* Two planes beside each other, their three products, and what a filter needs between its passes. */
enum { X, Y, XX, YY, XY, PLANES };

struct comparison {
    gan_context *context;
    const float *images;
    int64_t count, h, w, channels;
    int64_t scales;
    double c1, c2;
    double *work; /* of the workers: 2 planes, then PLANES + 1 filtered ones */
    double *values;
};

/* Weights of a Gaussian of WINDOW pixels, or of as many as there are; returns how many. */
static int make_window(double *window, int64_t side)
{
    int size = side < WINDOW ? (int)side : WINDOW;
    double sum = 0, deviation = DEVIATION * size / WINDOW;
    for (int i = 0; i < size; i++) {
        double place = i - 0.5 * (size - 1);
        window[i] = exp(-0.5 * place * place / (deviation * deviation));
        sum += window[i];
    }
    for (int i = 0; i < size; i++) window[i] /= sum;
    return size;
}

/* One plane of `which`, filtered along rows and then columns, where the window is inside. */
static void filter(double *out, double *between, const double *x, const double *y, int which, int64_t h, int64_t w,
                   const double *window, int size)
{
    int64_t narrow = w - size + 1, low = h - size + 1;
    for (int64_t r = 0; r < h; r++)
        for (int64_t c = 0; c < narrow; c++) {
            double sum = 0;
            for (int k = 0; k < size; k++) {
                double a = x[r * w + c + k], b = y[r * w + c + k];
                sum += window[k] * (which == X    ? a
                                    : which == Y  ? b
                                    : which == XX ? a * a
                                    : which == YY ? b * b
                                                  : a * b);
            }
            between[r * narrow + c] = sum;
        }
    for (int64_t r = 0; r < low; r++)
        for (int64_t c = 0; c < narrow; c++) {
            double sum = 0;
            for (int k = 0; k < size; k++) sum += window[k] * between[(r + k) * narrow + c];
            out[r * narrow + c] = sum;
        }
}

/* The mean over the places of cs, or of l cs. */
static double similarity(const struct comparison *s, const double *x, const double *y, int64_t h, int64_t w,
                         double *filtered, bool last)
{
    double window[WINDOW], sum = 0;
    int size = make_window(window, h < w ? h : w);
    int64_t plane = s->h * s->w, places = (h - size + 1) * (w - size + 1);
    for (int i = 0; i < PLANES; i++)
        filter(filtered + i * plane, filtered + PLANES * plane, x, y, i, h, w, window, size);
    for (int64_t i = 0; i < places; i++) {
        double f[PLANES];
        for (int j = 0; j < PLANES; j++) f[j] = filtered[j * plane + i];
        double mxx = f[X] * f[X], myy = f[Y] * f[Y], mxy = f[X] * f[Y];
        double cs = (2 * (f[XY] - mxy) + s->c2) / (f[XX] - mxx + (f[YY] - myy) + s->c2);
        sum += last ? cs * (2 * mxy + s->c1) / (mxx + myy + s->c1) : cs;
    }
    return sum / (double)places;
}

/* The means of 2x2 pixels, in place. */
static void halve(double *x, int64_t h, int64_t w)
{
    int64_t narrow = w / 2;
    for (int64_t r = 0; r < h / 2; r++)
        for (int64_t c = 0; c < narrow; c++) {
            const double *p = x + 2 * r * w + 2 * c;
            x[r * narrow + c] = 0.25 * (p[0] + p[1] + p[w] + p[w + 1]);
        }
}

static double compare_planes(const struct comparison *s, double *x, double *y, double *filtered)
{
    double product = 1, total = 0;
    int64_t h = s->h, w = s->w;
    for (int64_t i = 0; i < s->scales; i++) total += exponents[i];
    for (int64_t i = 0; i < s->scales; i++) {
        double mean = similarity(s, x, y, h, w, filtered, i == s->scales - 1);
        product *= mean > 0 ? pow(mean, exponents[i] / total) : 0;
        halve(x, h, w);
        halve(y, h, w);
        h /= 2, w /= 2;
    }
    return product;
}

/* A pair: one of n pictures, and one of the n - 1 others. */
static void compare(void *argument, int64_t pair, int worker)
{
    const struct comparison *s = argument;
    const gan_philox philox = {s->context->seed, GAN_STREAM_METRICS, GAN_METRIC_PAIRS};
    uint32_t bits[4];
    gan_philox_block(&philox, (uint64_t)pair, bits);
    int64_t a = (int64_t)gan_bounded((uint64_t)bits[0] << 32 | bits[1], (uint64_t)s->count);
    int64_t b = (int64_t)gan_bounded((uint64_t)bits[2] << 32 | bits[3], (uint64_t)s->count - 1);
    if (b >= a) b++;
    int64_t plane = s->h * s->w, picture = plane * s->channels;
    double *x = s->work + worker * (PLANES + 3) * plane, *y = x + plane, sum = 0;
    for (int64_t c = 0; c < s->channels; c++) {
        for (int64_t i = 0; i < plane; i++) {
            x[i] = s->images[a * picture + i * s->channels + c];
            y[i] = s->images[b * picture + i * s->channels + c];
        }
        sum += compare_planes(s, x, y, y + plane);
    }
    s->values[pair] = sum / (double)s->channels;
}

static gan_status check_scales(gan_metric_similarity_options *options, const gan_tensor *images)
{
    int64_t side = images->shape[1] < images->shape[2] ? images->shape[1] : images->shape[2], most = 1, good = 1;
    while (most < SCALES && side >> most > 0) most++;
    while (good < most && side >> good >= 4) good++;
    if (options->scales == 0) options->scales = good;
    if (options->scales <= most) return GAN_OK;
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                    "gan_metric_similarity_options.scales is %lld; pictures of %lldx%lld have 1 to %lld",
                    (long long)options->scales, (long long)images->shape[1], (long long)images->shape[2],
                    (long long)most);
}

static gan_status check(gan_metric_similarity_options *options, const gan_metric_similarity_options *given,
                        const gan_tensor *images)
{
    static const char call[] = "gan_metric_ms_ssim";
    gan_points points;
    gan_status status = gan_options_read(options, sizeof *options, given, "gan_metric_similarity_options", fields,
                                         GAN_FIELD_COUNT(fields));
    if (status == GAN_OK) status = gan_points_read(&points, call, "images", images, 2);
    if (status != GAN_OK) return status;
    char text[GAN_TENSOR_TEXT];
    if (images->rank != 4)
        return gan_fail(GAN_ERROR_SHAPE, "%s: images are %s; they must be float [n,H,W,C]", call,
                        gan_tensor_text(text, images));
    return check_scales(options, images);
}

gan_status gan_metric_ms_ssim(gan_metric_similarity_result *result, const gan_tensor *images,
                              const gan_metric_similarity_options *given)
{
    gan_metric_similarity_result found = {0};
    gan_metric_similarity_options options;
    gan_status status = gan_result_check("gan_metric_ms_ssim", result, "gan_metric_similarity_result", sizeof found);
    if (status == GAN_OK) status = check(&options, given, images);
    if (status != GAN_OK) return status;
    gan_context *context = images->context;
    double range = options.range;
    struct comparison s = {.context = context,
                           .images = images->data,
                           .count = images->shape[0],
                           .h = images->shape[1],
                           .w = images->shape[2],
                           .channels = images->shape[3],
                           .scales = options.scales,
                           .c1 = 0.01 * range * 0.01 * range,
                           .c2 = 0.03 * range * 0.03 * range};
    size_t workers = (size_t)gan_pool_threads(context->pool);
    s.work = gan_context_allocate(context, workers * (size_t)(s.h * s.w), (PLANES + 3) * sizeof(double),
                                  "the similarity of pictures");
    s.values = gan_context_allocate(context, (size_t)options.pairs, sizeof(double), "the similarity of pictures");
    status = s.work && s.values ? GAN_OK : GAN_ERROR_OUT_OF_MEMORY;
    if (status == GAN_OK) {
        double deviation;
        gan_pool_run(context->pool, compare, &s, options.pairs);
        found.similarity = gan_mean(s.values, options.pairs, &deviation);
        found.error = options.pairs > 1 ? deviation / sqrt((double)options.pairs - 1) : NAN;
        gan_result_write(result, &found, sizeof found);
    }
    gan_context_release(context, s.values);
    gan_context_release(context, s.work);
    return status;
}
