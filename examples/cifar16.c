/* SPDX-License-Identifier: BSD-2-Clause */
/* Trains the reference game, or another of the zoo, on the central 16x16 of CIFAR-10, on pictures of your own, made
 * 16x16, or on the built-in synthetic ones. */
#define _POSIX_C_SOURCE 200809L
#include "files.h"
#include "game16.h"
#include "metrics.h"
#include "options.h"
#include "progress.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define SAMPLES            64
#define FIRST_PICTURE_STEP 100 /* a look at the pictures long before the first epoch ends */
#define DEFAULT_EPOCHS     12

typedef struct settings {
    const char *data, *out, *dump, *recipe;
    int64_t epochs, steps, batch, seed, threads, dump_count, width, checkpoint_steps;
    bool flip, summary, profile, resume;
} settings;

#define CHECKPOINT_SECONDS 600 /* between checkpoints, of which each epoch's end has one, too */

typedef struct training {
    const settings *set;
    gan_context *context;
    game16 game;
    gan_session *session;
    gan_keeper *checkpoints; /* NULL where libgan has none */
    bool saved;              /* the last step */
    gan_profile *profile;
    gan_dataset *data;
    gan_tensor *real;           /* a batch of the data */
    gan_tensor *latents, *grid; /* the sample grid's, the same ones each time */
    gan_tensor *dump, *dump_bytes;
    metrics metrics;
    progress progress;
    int64_t epoch, epoch_steps, step, steps; /* epochs and steps count from 1 */
    int64_t grids;                           /* epochs whose grid was written */
    bool first_grid;                         /* was written */
} training;

static volatile sig_atomic_t stop_signal;

static void on_signal(int signal)
{
    stop_signal = signal;
}

/* The first Ctrl-C asks for a clean end after the step, a second one ends the program at once. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static bool check(gan_status status)
{
    if (status != GAN_OK) fprintf(stderr, "%s\n", gan_last_error());
    return status == GAN_OK;
}

static bool print_summary(const gan_network *network)
{
    size_t length = 0;
    if (!check(gan_network_summary(network, NULL, 0, &length))) return false;
    char *text = malloc(length + 1);
    bool fine = text && check(gan_network_summary(network, text, length + 1, NULL));
    if (fine) puts(text);
    free(text);
    return fine;
}

static bool print_profile(const gan_profile *profile)
{
    size_t length = 0;
    if (!check(gan_profile_table(profile, NULL, 0, &length))) return false;
    char *text = malloc(length + 1);
    bool fine = text && check(gan_profile_table(profile, text, length + 1, NULL));
    if (fine) fputs(text, stdout);
    free(text);
    return fine;
}

static bool open_data(training *t)
{
    if (!check(gan_dataset_open(&t->data, t->context, t->set->data,
                                gan_dataset_options(.flip = t->set->flip, .height = 16, .width = 16, .channels = 3))))
        return false;
    t->epoch_steps = gan_dataset_batches(t->data, t->set->batch);
    if (t->epoch_steps == 0)
        fprintf(stderr, "--batch is %" PRId64 "; %s has only %" PRId64 " pictures\n", t->set->batch, t->set->data,
                gan_dataset_count(t->data));
    t->steps = t->set->epochs ? t->set->epochs * t->epoch_steps : INT64_MAX;
    if (t->set->steps && t->set->steps < t->steps) t->steps = t->set->steps;
    return t->epoch_steps > 0;
}

static bool make_tensors(training *t)
{
    uint64_t position = 0;
    int64_t batch = t->set->batch, dump = t->set->dump_count;
    gan_context *c = t->context;
    int64_t zed = gan_node_dimension(gan_network_input_node(gan_session_generator(t->session), 0), 0);
    if (!check(gan_tensor_create(&t->real, c, GAN_FLOAT32, GAN_SHAPE(batch, 16, 16, 3))) ||
        !check(gan_tensor_create(&t->grid, c, GAN_FLOAT32, GAN_SHAPE(SAMPLES, 16, 16, 3))) ||
        !check(gan_tensor_create(&t->latents, c, GAN_FLOAT32, GAN_SHAPE(SAMPLES, zed))) ||
        !check(gan_random_normal(c, GAN_STREAM_USER, &position, t->latents, 0, 1)))
        return false;
    return !t->set->dump || (check(gan_tensor_create(&t->dump, c, GAN_FLOAT32, GAN_SHAPE(dump, 16, 16, 3))) &&
                             check(gan_tensor_create(&t->dump_bytes, c, GAN_UINT8, GAN_SHAPE(dump, 16, 16, 3))));
}

static bool open_checkpoints(training *t)
{
    if (!gan_has_feature("json")) return true;
    return check(gan_keeper_create(&t->checkpoints, t->context,
                                   gan_keeper_options(.folder = t->set->out, .every_steps = t->set->checkpoint_steps,
                                                      .every_seconds = CHECKPOINT_SECONDS)));
}

static bool open_output(training *t, char metrics_path[PATH_BYTES])
{
    if (!folder_make(t->set->out) || (t->set->dump && !folder_make(t->set->dump))) return false;
    return path_join(metrics_path, t->set->out, "metrics.jsonl") && metrics_open(&t->metrics, metrics_path, t->epoch) &&
           open_checkpoints(t);
}

/* By the average of G where the game keeps one. */
static bool sample(training *t, const gan_tensor *latents, gan_tensor *images)
{
    return check(gan_session_ema(t->session) ? gan_session_sample_average(t->session, latents, NULL, images)
                                             : gan_session_sample(t->session, latents, images));
}

static bool write_grid(training *t, const char *path)
{
    return sample(t, t->latents, t->grid) &&
           check(gan_image_write_png(path, t->grid, gan_grid_options(.columns = 8, .scale = 4, .gap = 2)));
}

static bool write_first_grid(training *t)
{
    if (!gan_has_feature("png")) return true;
    char path[PATH_BYTES];
    t->first_grid = path_join(path, t->set->out, "samples_first.png") && write_grid(t, path);
    return t->first_grid;
}

static bool write_epoch_grid(training *t)
{
    if (!gan_has_feature("png")) return true;
    char path[PATH_BYTES];
    if (!path_join(path, t->set->out, "samples_e%02" PRId64 ".png", t->epoch) || !write_grid(t, path)) return false;
    t->grids = t->epoch;
    return true;
}

static bool write_dump(training *t)
{
    char path[PATH_BYTES];
    return path_join(path, t->set->dump, "e%02" PRId64 ".u8", t->epoch) && sample(t, NULL, t->dump) &&
           check(gan_image_to_bytes(t->dump_bytes, t->dump)) &&
           file_write(path, gan_tensor_data(t->dump_bytes), gan_tensor_bytes(t->dump_bytes));
}

/* Now, or when it is time. */
static gan_status save(training *t, bool now)
{
    char note[METRICS_NOTE];
    if (!t->checkpoints || (now && t->saved)) return GAN_OK;
    metrics_note(&t->metrics, t->set->batch, note);
    const gan_checkpoint_options *options = gan_checkpoint_options(.note = note);
    return now ? gan_keeper_save(t->checkpoints, t->session, t->data, options)
               : gan_keeper_step(t->checkpoints, t->session, t->data, options, &t->saved);
}

/* An epoch that was cut short gets its line and its grid, but no dump: those of full epochs are to be compared. */
static bool end_epoch(training *t)
{
    bool complete = t->step == t->epoch * t->epoch_steps;
    return metrics_write(&t->metrics, t->epoch, t->step, t->set->batch, complete) && write_epoch_grid(t) &&
           (!t->set->dump || !complete || write_dump(t));
}

static bool train_epoch(training *t)
{
    gan_session_report report = {.size = sizeof report};
    int64_t last = t->epoch * t->epoch_steps;
    if (t->step == last - t->epoch_steps) metrics_begin(&t->metrics); /* else a checkpoint has begun it */
    while (t->step < last && t->step < t->steps && !stop_signal) {
        gan_status status = gan_dataset_next(t->data, t->real, NULL);
        if (status == GAN_OK) status = gan_session_step(t->session, t->real, &report);
        if (status == GAN_OK) {
            t->step++;
            metrics_add(&t->metrics, &report);
            t->saved = false;
            if (t->step < last) status = save(t, false); /* the epoch's end comes before its checkpoint */
        }
        if (status != GAN_OK) {
            progress_break(&t->progress);
            return check(status);
        }
        progress_step(&t->progress, t->epoch, (double)report.d_loss, (double)report.g_loss);
        if (t->step == FIRST_PICTURE_STEP && !write_first_grid(t)) return false;
    }
    return t->metrics.steps == 0 || (end_epoch(t) && check(save(t, true)));
}

static bool train(training *t)
{
    bool fine = true;
    progress_start(&t->progress, t->step, t->steps, t->set->batch);
    while (fine && t->step < t->steps && !stop_signal) {
        t->epoch++;
        fine = train_epoch(t);
    }
    progress_break(&t->progress);
    return fine;
}

/* The reference game is written out in game16.c; the zoo has it, too, and others. */
static bool create_session(training *t)
{
    const settings *set = t->set;
    if (set->recipe)
        return check(gan_zoo_session(&t->session, t->context,
                                     gan_zoo_options(.recipe = set->recipe, .pixels = 16, .width = (int)set->width)));
    return check(game16_create(&t->game, t->context)) && check(game16_session(&t->session, &t->game));
}

/* A training that begins anew in the folder of an earlier one: its checkpoints take the places of those. */
static void tell_of_others(const settings *set)
{
    char path[PATH_BYTES];
    if (set->summary || gan_checkpoint_newest(set->out, path, sizeof path, NULL, NULL) != GAN_OK || !path[0]) return;
    printf("%s has the checkpoints of an earlier training, which are replaced by and by; --resume goes on from them\n",
           set->out);
}

/* From the newest checkpoint in the output's folder, if --resume asks for it and there is one. */
static bool find_checkpoint(const settings *set, char path[PATH_BYTES], gan_checkpoint_info *info)
{
    int skipped = 0;
    path[0] = '\0';
    if (!set->resume) {
        tell_of_others(set);
        return true;
    }
    if (!folder_make(set->out) || !check(gan_checkpoint_newest(set->out, path, PATH_BYTES, info, &skipped)))
        return false;
    if (skipped > 0) fprintf(stderr, "%d newer checkpoints cannot be used: %s\n", skipped, gan_last_error());
    if (path[0] == '\0') printf("%s has no checkpoint: training begins anew\n", set->out);
    if (path[0] == '\0' || set->seed < 0 || (uint64_t)set->seed == info->seed) return true;
    fprintf(stderr, "--seed is %" PRId64 "; the training in %s has %" PRIu64 "\n", set->seed, set->out, info->seed);
    return false;
}

/* A game that is asked for must be the checkpoint's; else the checkpoint tells which it is. */
static bool load_session(training *t, const char *path)
{
    if (!t->set->recipe) return check(gan_checkpoint_load(&t->session, t->context, t->data, path, NULL));
    return create_session(t) && check(gan_checkpoint_restore(t->session, t->data, path));
}

/* Where it was, in the midst of an epoch mostly. */
static bool resume(training *t, const char *path, const gan_checkpoint_info *info)
{
    char note[METRICS_NOTE];
    if (!load_session(t, path)) return false;
    if (t->set->summary) return true; /* there are no data to go on with */
    if (!check(gan_checkpoint_note(path, note, sizeof note, NULL))) return false;
    metrics_begin(&t->metrics);
    if (!metrics_read_note(&t->metrics, t->set->batch, note)) {
        fprintf(stderr, "%s is not of batches of %" PRId64 "; --batch must be as it was\n", path, t->set->batch);
        return false;
    }
    t->metrics.steps_before = t->metrics.steps;
    t->step = (int64_t)info->step;
    t->epoch = t->step / t->epoch_steps;
    printf("going on from %s\n", path);
    return true;
}

static bool create(training *t)
{
    const settings *set = t->set;
    int threads = set->threads ? (int)set->threads : GAN_THREADS_ALL;
    gan_checkpoint_info info = {.size = sizeof info};
    char path[PATH_BYTES];
    if (!find_checkpoint(set, path, &info)) return false;
    uint64_t seed = path[0] ? info.seed : set->seed < 0 ? 0 : (uint64_t)set->seed;
    return check(gan_context_create(&t->context, gan_context_options(.threads = threads, .seed = seed))) &&
           (set->summary || open_data(t)) && (path[0] ? resume(t, path, &info) : create_session(t));
}

static bool prepare(training *t, char metrics_path[PATH_BYTES])
{
    if (t->set->profile && (!check(gan_profile_create(&t->profile, t->context)) ||
                            !check(gan_session_set_profile(t->session, t->profile))))
        return false;
    if (!make_tensors(t) || !open_output(t, metrics_path)) return false;
    printf("%" PRId64 " pictures from %s, batches of %" PRId64 ", %" PRId64 " steps an epoch, %" PRId64
           " steps in all; %d threads, %s kernels\n",
           gan_dataset_count(t->data), t->set->data, t->set->batch, t->epoch_steps, t->steps,
           gan_context_threads(t->context), gan_context_kernels(t->context));
    if (!gan_has_feature("png")) puts("libgan was built without libpng: there will be no sample grids");
    if (!gan_has_feature("json")) puts("libgan was built without cJSON: there will be no checkpoints");
    return true;
}

static void print_pictures(const training *t)
{
    if (stop_signal) printf("stopped after step %" PRId64 " of %" PRId64 "\n", t->step, t->steps);
    if (t->grids > 0) puts("pictures:");
    if (t->first_grid) printf("  %s/samples_first.png (after %d steps)\n", t->set->out, FIRST_PICTURE_STEP);
    for (int64_t epoch = 1; epoch <= t->grids; epoch++) printf("  %s/samples_e%02" PRId64 ".png\n", t->set->out, epoch);
}

static void release(training *t)
{
    gan_tensor_free(&t->dump_bytes);
    gan_tensor_free(&t->dump);
    gan_tensor_free(&t->grid);
    gan_tensor_free(&t->latents);
    gan_tensor_free(&t->real);
    gan_dataset_free(&t->data);
    gan_profile_free(&t->profile);
    gan_keeper_free(&t->checkpoints);
    gan_session_free(&t->session);
    game16_free(&t->game);
    gan_context_free(&t->context);
}

static options_result read_settings(settings *set, int argc, char **argv)
{
    const option_line lines[] = {
        {"data", OPTION_TEXT, &set->data, 0, 0, "PATH",
         "CIFAR-10's binary version, a folder of pictures, an .npy or IDX file, or: synthetic"},
        {"epochs", OPTION_COUNT, &set->epochs, 1, 1000000, "N", "passes over the data (12; with --steps no limit)"},
        {"steps", OPTION_COUNT, &set->steps, 1, INT64_MAX, "N", "stop after this many steps in all"},
        {"batch", OPTION_COUNT, &set->batch, 1, 65536, "N", "pictures a step (64)"},
        {"seed", OPTION_COUNT, &set->seed, 0, INT64_MAX, "N", "of every random number (0)"},
        {"threads", OPTION_COUNT, &set->threads, 1, 256, "N", "(all processors)"},
        {"out", OPTION_TEXT, &set->out, 0, 0, "DIR", "for sample grids, metrics.jsonl and checkpoints (out)"},
        {"resume", OPTION_FLAG, &set->resume, 0, 0, NULL, "go on from the newest checkpoint in --out, with its game"},
        {"checkpoint-steps", OPTION_COUNT, &set->checkpoint_steps, 1, INT64_MAX >> 11, "N",
         "steps from one checkpoint to the next (10 minutes, and epochs)"},
        {"dump", OPTION_TEXT, &set->dump, 0, 0, "DIR", "for each epoch's samples, raw uint8 [N,16,16,3]: e01.u8, ..."},
        {"dump-count", OPTION_COUNT, &set->dump_count, 1, 10000000, "N", "samples in such a file (10000)"},
        {"recipe", OPTION_TEXT, &set->recipe, 0, 0, "NAME",
         "a game of the zoo: dcgan16, sndcgan, sngan, wgan_gp, r3gan"},
        {"width", OPTION_COUNT, &set->width, 1, 1024, "N", "its channels (the paper's)"},
        {"flip", OPTION_FLAG, &set->flip, 0, 0, NULL, "mirror half of the pictures left to right"},
        {"profile", OPTION_FLAG, &set->profile, 0, 0, NULL,
         "end with a table of the time that each layer and pass took"},
        {"summary", OPTION_FLAG, &set->summary, 0, 0, NULL, "print the tables of both networks, and end"},
    };
    const char *about = "Trains a GAN on 16x16 colour pictures. Ctrl-C ends it after the step that is under way, with\n"
                        "its pictures, metrics and a checkpoint written; a second Ctrl-C ends it at once.";
    options_result result = options_read(argc, argv, about, lines, (int)(sizeof lines / sizeof lines[0]));
    if (result != OPTIONS_OK) return result;
    if (!set->epochs && !set->steps) set->epochs = DEFAULT_EPOCHS;
    if (set->data || set->summary) return OPTIONS_OK;
    fprintf(
        stderr,
        "%s: --data is missing: CIFAR-10's binary version, a folder of pictures, an .npy or IDX file, or synthetic\n",
        argv[0]);
    return OPTIONS_BAD;
}

int main(int argc, char **argv)
{
    settings set = {.out = "out", .batch = 64, .dump_count = 10000, .seed = -1};
    training t = {.set = &set};
    char metrics_path[PATH_BYTES];
    options_result options = read_settings(&set, argc, argv);
    if (options != OPTIONS_OK) return options_exit(options);
    bool fine = create(&t);
    if (fine && set.summary) {
        fine = print_summary(gan_session_generator(t.session)) && print_summary(gan_session_discriminator(t.session));
    } else if (fine && prepare(&t, metrics_path)) {
        catch_signals();
        fine = train(&t);
        if (!metrics_close(&t.metrics)) fine = false;
        print_pictures(&t);
        if (t.profile && !print_profile(t.profile)) fine = false;
    } else {
        fine = false;
    }
    release(&t);
    if (fflush(stdout) != 0) fine = false;
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
