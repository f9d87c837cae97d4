/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/random.h"
#include "data/dataset.h"

#include <gan/random.h>
#include <math.h>

/* Pictures of 16x16 with one of 10 shapes in one of 10 colours at one of 10 places, on a grey ground. An ideal picture
 * has no randomness; a picture of the set is its mode's, a little moved, scaled, brightened and with noise. */

#define SIDE     16
#define CHANNELS 3
#define FLOATS   (SIDE * SIDE * CHANNELS)
#define CHOICES  10
#define RADIUS   3.9f
#define FINE     4 /* points across a pixel that are looked at */

/* The largest changes, and the deviation of the noise. */
#define MOVE  0.25f
#define SCALE 0.04f
#define LIGHT 0.06f
#define NOISE 0.03f

/* Whether a point is inside a shape of radius 1 about 0. v points down. */
static bool disc(float u, float v)
{
    return u * u + v * v < 1;
}
static bool ring(float u, float v)
{
    float d = u * u + v * v;
    return d > 0.3f && d < 1;
}
static bool square(float u, float v)
{
    return fabsf(u) < 0.88f && fabsf(v) < 0.88f;
}
static bool frame(float u, float v)
{
    return fmaxf(fabsf(u), fabsf(v)) > 0.5f && fmaxf(fabsf(u), fabsf(v)) < 0.95f;
}
static bool triangle_up(float u, float v)
{
    return v < 0.85f && fabsf(u) < 0.55f * (v + 0.95f);
}
static bool triangle_down(float u, float v)
{
    return triangle_up(u, -v);
}
static bool plus(float u, float v)
{
    return fminf(fabsf(u), fabsf(v)) < 0.3f && fmaxf(fabsf(u), fabsf(v)) < 0.98f;
}
static bool cross(float u, float v)
{
    return plus(0.70710678f * (u + v), 0.70710678f * (u - v));
}
static bool horizontal_bars(float u, float v)
{
    return fabsf(u) < 0.95f && fabsf(v) > 0.35f && fabsf(v) < 0.95f;
}
static bool vertical_bars(float u, float v)
{
    return horizontal_bars(v, u);
}

static bool (*const shapes[CHOICES])(float, float) = {disc,          ring, square, frame,           triangle_up,
                                                      triangle_down, plus, cross,  horizontal_bars, vertical_bars};

/* Red, green, blue, 0..255; docs/synthetic.md names them. */
static const unsigned char colours[CHOICES][CHANNELS] = {
    {215, 40, 40}, {240, 145, 25}, {245, 235, 60},  {45, 165, 60},   {60, 215, 225},
    {40, 70, 215}, {125, 45, 185}, {245, 130, 200}, {250, 250, 250}, {15, 15, 15},
};

/* Centres, in pixels: rows of three, four and three. */
static const float places[CHOICES][2] = {{4.5f, 4.5f}, {8, 4.5f}, {11.5f, 4.5f}, {4, 8},     {6.67f, 8},
                                         {9.33f, 8},   {12, 8},   {4.5f, 11.5f}, {8, 11.5f}, {11.5f, 11.5f}};

struct picture {
    int mode;
    float x, y, radius, ground, colour[CHANNELS];
};

static struct picture ideal(int mode)
{
    int place = mode % CHOICES, colour = mode / CHOICES % CHOICES;
    struct picture p = {.mode = mode, .x = places[place][0], .y = places[place][1], .radius = RADIUS};
    for (int k = 0; k < CHANNELS; k++) p.colour[k] = (float)colours[colour][k] / 127.5f - 1;
    return p;
}

/* The part of the pixel that is inside the shape. */
static float coverage(const struct picture *p, int column, int row)
{
    bool (*inside)(float, float) = shapes[p->mode / (CHOICES * CHOICES)];
    int count = 0;
    for (int i = 0; i < FINE; i++)
        for (int k = 0; k < FINE; k++) {
            float x = (float)column + ((float)k + 0.5f) / FINE, y = (float)row + ((float)i + 0.5f) / FINE;
            count += inside((x - p->x) / p->radius, (y - p->y) / p->radius);
        }
    return (float)count / (FINE * FINE);
}

static void draw(const struct picture *p, float *image)
{
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++) {
            float dx = fabsf((float)column + 0.5f - p->x), dy = fabsf((float)row + 0.5f - p->y);
            float part = dx > p->radius + 1 || dy > p->radius + 1 ? 0 : coverage(p, column, row);
            for (int k = 0; k < CHANNELS; k++) *image++ = p->ground + part * (p->colour[k] - p->ground);
        }
}

/* Picture `index` of a seed has a row of random numbers of its own, which begins at index * BLOCKS. */
#define BLOCKS 1024u

static int mode_at(const gan_philox *philox, int64_t index)
{
    uint32_t bits[4];
    gan_philox_block(philox, (uint64_t)index * BLOCKS, bits);
    return (int)gan_bounded((uint64_t)bits[1] << 32 | bits[0], GAN_SYNTHETIC_MODES);
}

static gan_philox philox_of(const gan_dataset *dataset)
{
    return (gan_philox){.seed = dataset->context->seed, .stream = GAN_STREAM_SYNTHETIC};
}

static void read_picture(const gan_dataset *dataset, int64_t index, float *image)
{
    gan_philox philox = philox_of(dataset);
    uint64_t position = (uint64_t)index * BLOCKS + 1;
    float change[5], noise[FLOATS];
    struct picture p = ideal(mode_at(&philox, index));
    position = gan_fill_uniform(&philox, position, change, 5, -1, 1);
    gan_fill_normal(&philox, position, noise, FLOATS, 0, NOISE);
    p.x += MOVE * change[0];
    p.y += MOVE * change[1];
    p.radius *= 1 + SCALE * change[2];
    p.ground = LIGHT * change[3];
    for (int k = 0; k < CHANNELS; k++) p.colour[k] += LIGHT * change[4];
    draw(&p, image);
    for (int i = 0; i < FLOATS; i++) image[i] = fmaxf(-1, fminf(1, image[i] + noise[i]));
}

static int32_t label_of(const gan_dataset *dataset, int64_t index)
{
    gan_philox philox = philox_of(dataset);
    return mode_at(&philox, index);
}

static const gan_dataset_source source = {.read = read_picture, .label = label_of};

gan_status gan_dataset_create_synthetic(gan_dataset **dataset, gan_context *context, const gan_dataset_options *given)
{
    if (!dataset) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_create_synthetic: dataset is NULL");
    *dataset = NULL;
    if (!context) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_create_synthetic: context is NULL");
    gan_dataset_options options;
    gan_status status = gan_dataset_read_options(&options, given, GAN_DATASET_SYNTHETIC);
    if (status != GAN_OK) return status;
    static const int size[] = {SIDE, SIDE, CHANNELS};
    status = gan_dataset_create(dataset, context, &source, &options, options.count, size, NULL, NULL);
    if (status == GAN_OK) (*dataset)->classes = GAN_SYNTHETIC_MODES;
    return status;
}

/* Finding modes. The distance to all ideals at once: |x - y|^2 = |x|^2 - 2 x.y + |y|^2, of which x.y is a product of
 * matrices and |x|^2 does not matter for which is nearest. */

#define BATCH 64

struct search {
    float *ideals;   /* [GAN_SYNTHETIC_MODES, FLOATS] */
    float *squares;  /* |y|^2 */
    float *products; /* [BATCH, GAN_SYNTHETIC_MODES] */
    float *scratch;
};

static float *take(float **memory, size_t floats)
{
    float *taken = *memory;
    *memory += (floats + 15) / 16 * 16;
    return taken;
}

static void make_ideals(struct search *search)
{
    for (int mode = 0; mode < GAN_SYNTHETIC_MODES; mode++) {
        float *y = search->ideals + (ptrdiff_t)mode * FLOATS;
        struct picture p = ideal(mode);
        draw(&p, y);
        double sum = 0;
        for (int i = 0; i < FLOATS; i++) sum += (double)y[i] * y[i];
        search->squares[mode] = (float)sum;
    }
}

static int nearest(const struct search *search, const float *products)
{
    int best = 0;
    for (int mode = 1; mode < GAN_SYNTHETIC_MODES; mode++)
        if (search->squares[mode] - 2 * products[mode] < search->squares[best] - 2 * products[best]) best = mode;
    return best;
}

static float distance(const float *x, const float *y)
{
    double sum = 0;
    for (int i = 0; i < FLOATS; i++) sum += ((double)x[i] - y[i]) * ((double)x[i] - y[i]);
    return (float)sqrt(sum / FLOATS);
}

static void find(const struct search *search, const gan_kernels *kernels, const float *images, int64_t count,
                 int32_t *modes, float *distances)
{
    kernels->gemm(&(gan_gemm){
        .transpose_b = true,
        .m = count,
        .n = GAN_SYNTHETIC_MODES,
        .k = FLOATS,
        .a = images,
        .lda = FLOATS,
        .b = search->ideals,
        .ldb = FLOATS,
        .c = search->products,
        .ldc = GAN_SYNTHETIC_MODES,
        .scratch = search->scratch,
    });
    for (int64_t i = 0; i < count; i++) {
        modes[i] = nearest(search, search->products + i * GAN_SYNTHETIC_MODES);
        if (distances) distances[i] = distance(images + i * FLOATS, search->ideals + (ptrdiff_t)modes[i] * FLOATS);
    }
}

static gan_status check_modes(const gan_tensor *modes, const gan_tensor *distances, const gan_tensor *images)
{
    static const int64_t size[] = {SIDE, SIDE, CHANNELS};
    char text[GAN_TENSOR_TEXT];
    if (!modes || !images)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_synthetic_modes: %s are NULL", modes ? "images" : "modes");
    if (!gan_tensor_fits(images, 3, size))
        return gan_fail(GAN_ERROR_SHAPE, "gan_synthetic_modes: images are %s; they must be float [N,16,16,3]",
                        gan_tensor_text(text, images));
    if (modes->type != GAN_INT32 || modes->rank != 1 || modes->shape[0] != images->shape[0])
        return gan_fail(GAN_ERROR_SHAPE, "gan_synthetic_modes: modes are %s; they must be int32 [%lld]",
                        gan_tensor_text(text, modes), (long long)images->shape[0]);
    if (distances &&
        (distances->type != GAN_FLOAT32 || distances->rank != 1 || distances->shape[0] != images->shape[0]))
        return gan_fail(GAN_ERROR_SHAPE, "gan_synthetic_modes: distances are %s; they must be float [%lld]",
                        gan_tensor_text(text, distances), (long long)images->shape[0]);
    return GAN_OK;
}

gan_status gan_synthetic_modes(gan_tensor *modes, gan_tensor *distances, const gan_tensor *images)
{
    gan_status status = check_modes(modes, distances, images);
    if (status != GAN_OK) return status;
    gan_context *context = images->context;
    const size_t ideals = (size_t)GAN_SYNTHETIC_MODES * FLOATS, products = (size_t)BATCH * GAN_SYNTHETIC_MODES;
    float *memory =
        gan_context_allocate(context, ideals + products + GAN_SYNTHETIC_MODES + 48 + context->kernels->gemm_scratch,
                             sizeof *memory, "the ideal pictures of the synthetic set");
    if (!memory) return GAN_ERROR_OUT_OF_MEMORY;
    float *rest = memory;
    struct search search = {take(&rest, ideals), take(&rest, GAN_SYNTHETIC_MODES), take(&rest, products), NULL};
    search.scratch = rest;
    make_ideals(&search);
    for (int64_t first = 0; first < images->shape[0]; first += BATCH) {
        int64_t count = images->shape[0] - first < BATCH ? images->shape[0] - first : BATCH;
        find(&search, context->kernels, gan_tensor_floats(images) + first * FLOATS, count,
             (int32_t *)modes->data + first, distances ? gan_tensor_floats(distances) + first : NULL);
    }
    gan_context_release(context, memory);
    return GAN_OK;
}
