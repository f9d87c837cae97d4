/* SPDX-License-Identifier: BSD-2-Clause */
/* Generates pictures by the networks of a checkpoint: by the average of the generator when there is one. */
#define _POSIX_C_SOURCE 200809L
#include "files.h"
#include "options.h"

#include <gan/gan.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 64 /* pictures at a time */

typedef struct settings {
    const char *checkpoint, *out, *raw, *truncation_text;
    int64_t count, seed, threads;
    float truncation; /* 0: none */
} settings;

typedef struct generator {
    const settings *set;
    gan_context *context;
    gan_network *network;
    gan_run *run;
    int classes;
    gan_tensor *latents, *spare, *labels; /* labels: NULL for a network that takes none */
    uint64_t position;                    /* of random numbers */
    gan_tensor *images, *bytes;           /* all pictures */
} generator;

static bool check(gan_status status)
{
    if (status != GAN_OK) fprintf(stderr, "%s\n", gan_last_error());
    return status == GAN_OK;
}

/* A float tensor of n times what a node holds. */
static bool make_tensor(gan_tensor **tensor, gan_context *context, gan_type type, int64_t n, const gan_node *node)
{
    int64_t shape[GAN_MAX_RANK] = {n};
    int rank = gan_node_rank(node);
    for (int i = 0; i < rank; i++) shape[1 + i] = gan_node_dimension(node, i);
    return check(gan_tensor_create(tensor, context, type, rank + 1, shape));
}

static bool load(generator *g)
{
    const settings *set = g->set;
    gan_checkpoint_info info = {.size = sizeof info};
    int threads = set->threads ? (int)set->threads : GAN_THREADS_ALL;
    if (!check(gan_checkpoint_inspect(&info, set->checkpoint)) ||
        !check(gan_context_create(&g->context, gan_context_options(.threads = threads, .seed = (uint64_t)set->seed))) ||
        !check(gan_checkpoint_network(&g->network, g->context, set->checkpoint, GAN_CHECKPOINT_SAMPLER)))
        return false;
    g->classes = info.classes;
    const gan_node *z = gan_network_input_node(g->network, 0), *label = gan_network_input_node(g->network, 1);
    const gan_node *picture = gan_network_output_node(g->network, 0);
    printf("%s: step %" PRIu64 ", %s\n", set->checkpoint, info.step,
           info.has_average ? "the generator's average" : "the generator");
    if (gan_node_rank(picture) != 3) {
        fprintf(stderr, "%s makes no pictures [H,W,C]\n", set->checkpoint);
        return false;
    }
    if (label && gan_node_dimension(label, 0) > 1 && gan_node_dimension(label, 0) < g->classes) {
        fprintf(stderr, "%s has %d classes, and its labels are of %" PRId64 "\n", set->checkpoint, g->classes,
                gan_node_dimension(label, 0));
        return false;
    }
    return check(gan_run_create(&g->run, g->network, GAN_INFERENCE, BATCH)) &&
           make_tensor(&g->latents, g->context, GAN_FLOAT32, BATCH, z) &&
           make_tensor(&g->spare, g->context, GAN_FLOAT32, BATCH, z) &&
           (!label || make_tensor(&g->labels, g->context, GAN_FLOAT32, BATCH, label)) &&
           make_tensor(&g->images, g->context, GAN_FLOAT32, set->count, picture) &&
           make_tensor(&g->bytes, g->context, GAN_UINT8, set->count, picture);
}

/* Normal numbers. With a truncation those that are larger are drawn again (the truncation trick: Brock, Donahue,
 * Simonyan 2019): better pictures, of less variety. */
static bool draw_latents(generator *g)
{
    float *z = gan_tensor_floats(g->latents);
    int64_t count = gan_tensor_count(g->latents);
    const float most = g->set->truncation;
    if (most <= 0) return check(gan_random_normal(g->context, GAN_STREAM_USER, &g->position, g->latents, 0, 1));
    for (int64_t filled = 0; filled < count;) {
        if (!check(gan_random_normal(g->context, GAN_STREAM_USER, &g->position, g->spare, 0, 1))) return false;
        const float *drawn = gan_tensor_floats(g->spare);
        for (int64_t i = 0; i < count && filled < count; i++)
            if (fabsf(drawn[i]) <= most) z[filled++] = drawn[i];
    }
    return true;
}

/* The classes take turns; one number, or a row with a one in the class's place. */
static void set_labels(const generator *g, int64_t first)
{
    int64_t width = gan_tensor_dimension(g->labels, 1);
    float *row = gan_tensor_floats(g->labels);
    memset(row, 0, gan_tensor_bytes(g->labels));
    for (int64_t i = 0; i < BATCH; i++, row += width) {
        int64_t class = (first + i) % (g->classes > 0 ? g->classes : 1);
        row[width > 1 ? class : 0] = width > 1 ? 1 : (float)class;
    }
}

/* Always whole batches, so that the first pictures of more are those of fewer. */
static bool generate(generator *g)
{
    int64_t floats = gan_tensor_count(g->images) / g->set->count;
    for (int64_t first = 0; first < g->set->count; first += BATCH) {
        int64_t rest = g->set->count - first, count = rest < BATCH ? rest : BATCH;
        if (!draw_latents(g)) return false;
        if (g->labels) set_labels(g, first);
        const gan_tensor *inputs[] = {g->latents, g->labels};
        if (!check(gan_run_forward_all(g->run, inputs, g->labels ? 2 : 1))) return false;
        memcpy(gan_tensor_floats(g->images) + first * floats, gan_tensor_floats(gan_run_output(g->run, 0)),
               (size_t)(count * floats) * sizeof(float));
    }
    return true;
}

static bool write_picture(const generator *g, const char *path, int64_t first, int64_t count,
                          const gan_grid_options *options)
{
    const int64_t *shape = gan_tensor_shape(g->images);
    const int64_t part[] = {count, shape[1], shape[2], shape[3]};
    int64_t floats = gan_tensor_count(g->images) / g->set->count;
    gan_tensor *pictures;
    if (!check(gan_tensor_wrap(&pictures, g->context, GAN_FLOAT32, 4, part,
                               gan_tensor_floats(g->images) + first * floats, NULL, NULL)))
        return false;
    bool fine = check(gan_image_write_png(path, pictures, options));
    gan_tensor_free(&pictures);
    return fine;
}

/* DIR/grid.png of up to 64 pictures, and each in a file of its own: DIR/000000.png. */
static bool write_folder(const generator *g)
{
    char path[PATH_BYTES];
    int64_t in_grid = g->set->count < 64 ? g->set->count : 64;
    if (!folder_make(g->set->out) || !path_join(path, g->set->out, "grid.png") ||
        !write_picture(g, path, 0, in_grid,
                       gan_grid_options(.columns = in_grid < 8 ? (int)in_grid : 8, .scale = 4, .gap = 2)))
        return false;
    for (int64_t i = 0; i < g->set->count; i++)
        if (!path_join(path, g->set->out, "%06" PRId64 ".png", i) || !write_picture(g, path, i, 1, NULL)) return false;
    printf("%s/grid.png, 000000.png to %06" PRId64 ".png\n", g->set->out, g->set->count - 1);
    return true;
}

static bool write_raw(const generator *g)
{
    const int64_t *shape = gan_tensor_shape(g->bytes);
    if (!check(gan_image_to_bytes(g->bytes, g->images)) ||
        !file_write(g->set->raw, gan_tensor_data(g->bytes), gan_tensor_bytes(g->bytes)))
        return false;
    printf("%s: uint8 [%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "]\n", g->set->raw, shape[0], shape[1], shape[2],
           shape[3]);
    return true;
}

static void release(generator *g)
{
    gan_tensor_free(&g->bytes);
    gan_tensor_free(&g->images);
    gan_tensor_free(&g->labels);
    gan_tensor_free(&g->spare);
    gan_tensor_free(&g->latents);
    gan_run_free(&g->run);
    gan_network_free(&g->network);
    gan_context_free(&g->context);
}

static bool read_truncation(settings *set)
{
    char *end;
    if (!set->truncation_text) return true;
    set->truncation = strtof(set->truncation_text, &end);
    if (end != set->truncation_text && *end == '\0' && set->truncation >= 0.05f && set->truncation <= 100) return true;
    fprintf(stderr, "--truncation is \"%s\"; it must be a number, 0.05..100\n", set->truncation_text);
    return false;
}

static options_result read_settings(settings *set, int argc, char **argv)
{
    const option_line lines[] = {
        {"checkpoint", OPTION_TEXT, &set->checkpoint, 0, 0, "FILE", "what cifar16 or another training has written"},
        {"count", OPTION_COUNT, &set->count, 1, 10000000, "N", "pictures (64)"},
        {"seed", OPTION_COUNT, &set->seed, 0, INT64_MAX, "N", "of the latents (0)"},
        {"truncation", OPTION_TEXT, &set->truncation_text, 0, 0, "T",
         "draw latents above T again: better pictures, less variety"},
        {"out", OPTION_TEXT, &set->out, 0, 0, "DIR", "for grid.png and the pictures, 000000.png, ..."},
        {"raw", OPTION_TEXT, &set->raw, 0, 0, "FILE", "or all of them in one file, raw uint8 [N,H,W,C]"},
        {"threads", OPTION_COUNT, &set->threads, 1, 256, "N", "(all processors)"},
    };
    options_result result =
        options_read(argc, argv, "Generates pictures by a checkpoint.", lines, (int)(sizeof lines / sizeof lines[0]));
    if (result != OPTIONS_OK) return result;
    if (set->checkpoint && (set->out || set->raw)) return read_truncation(set) ? OPTIONS_OK : OPTIONS_BAD;
    fprintf(stderr, "%s: --checkpoint, and --out or --raw, are needed\n", argv[0]);
    return OPTIONS_BAD;
}

int main(int argc, char **argv)
{
    settings set = {.count = 64};
    generator g = {.set = &set};
    options_result options = read_settings(&set, argc, argv);
    if (options != OPTIONS_OK) return options_exit(options);
    bool fine = load(&g) && generate(&g) && (!set.raw || write_raw(&g)) && (!set.out || write_folder(&g));
    release(&g);
    if (fflush(stdout) != 0) fine = false;
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
