/* SPDX-License-Identifier: BSD-2-Clause */
#include "golden.h"
#include "layer/registry.h"
#include "loss/loss.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every file of $GAN_GOLDEN_DIR whose name begins like a kind below, or like a registered layer, is checked with every
 * kernel set. The vectors were computed in float64 with PyTorch, or NumPy and SciPy; a new file of a known kind needs no code, and one of a
 * new layer none either, where its settings have the names of the options. */

static const golden_kind kinds[] = {
    /* a longer prefix comes before its beginning */
    {"augment", check_augment_file},
    {"gan_steps", check_steps_file},
    {"penalty", check_penalty_file},
    {"optimizer_sgd", check_optimizer_file},
    {"optimizer_rmsprop", check_optimizer_file},
    {"optimizer_adamw", check_optimizer_file},
    {"optimizer_adam", check_optimizer_file},
    {"loss_cross_entropy", check_cross_entropy_file},
    {"loss_feature_matching", check_feature_matching_file},
    {"loss_", check_loss_file},
    {"recipe_", check_recipe_file},
    {"spectral_norm", check_spectral_file},
    {"conditional_batch_norm", check_layer_file},
    {"residual_block", check_layer_file},
    {"self_attention", check_layer_file},
    {"metric_", check_metric_file},
};

/* Layers that move or draw numbers, and are held to their definition elsewhere: no file. */
static const char *const without_files[] = {"input", "reshape", "flatten",       "concat",
                                            "add",   "dropout", "gaussian_noise"};

static bool begins(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* The first kind that is the name's beginning, or the longest of a layer's names; without a check where there is none. */
static golden_kind kind_of(const char *name)
{
    golden_kind found = {"", NULL};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (begins(name, kinds[i].prefix)) return kinds[i];
    for (int i = 0; gan_layer_types[i]; i++)
        if (begins(name, gan_layer_types[i]->name) && strlen(gan_layer_types[i]->name) > strlen(found.prefix))
            found = (golden_kind){gan_layer_types[i]->name, check_layer_file};
    return found;
}

static const char *folder;
static struct dirent **files;
static int file_count;

static int is_golden(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');
    return end && strcmp(end, ".safetensors") == 0 && kind_of(entry->d_name).check;
}

START_TEST(every_kind_has_a_file)
{
    const char *kind = kinds[_i].prefix;
    for (int i = 0; i < file_count; i++)
        if (strcmp(kind_of(files[i]->d_name).prefix, kind) == 0) return;
    ck_abort_msg("%s has no file %s*.safetensors", folder, kind);
}
END_TEST

START_TEST(every_layer_has_a_file)
{
    for (int k = 0; gan_layer_types[k]; k++) {
        const char *name = gan_layer_types[k]->name;
        bool found = false;
        for (size_t i = 0; i < sizeof without_files / sizeof without_files[0]; i++)
            found = found || strcmp(without_files[i], name) == 0;
        for (int i = 0; i < file_count; i++) found = found || strcmp(kind_of(files[i]->d_name).prefix, name) == 0;
        ck_assert_msg(found, "%s has no file %s*.safetensors", folder, name);
    }
}
END_TEST

static void check_there(const char *kind, const char *what)
{
    char name[128];
    bool found = false;
    snprintf(name, sizeof name, "%s_%s.safetensors", kind, what);
    for (int i = 0; i < file_count; i++) found = found || strcmp(files[i]->d_name, name) == 0;
    ck_assert_msg(found, "%s has no file %s", folder, name);
}

START_TEST(every_loss_and_recipe_has_a_file)
{
    for (int k = 0; gan_adversarial_losses[k]; k++) check_there("loss", gan_adversarial_losses[k]()->name);
    for (int k = 0; k < gan_zoo_count(); k++) check_there("recipe", gan_zoo_name(k));
}
END_TEST

START_TEST(golden_file)
{
    const char *name = files[_i / kernel_set_count()]->d_name;
    const golden_kind kind = kind_of(name);
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    gan_context *context = new_context(1, kernel_set(_i % kernel_set_count()));
    mark_point();
    golden *file = golden_open(path);
    fprintf(stderr, "%s, kernels %s\n", name, gan_context_kernels(context));
    kind.check(file, context, kind.prefix);
    golden_close(file);
    gan_context_free(&context);
}
END_TEST

int main(void)
{
    folder = getenv("GAN_GOLDEN_DIR");
    if (!folder) folder = GOLDEN_DIR;
    file_count = scandir(folder, &files, is_golden, alphasort);
    Suite *suite = suite_create("golden");
    TCase *cases = tcase_create("files");
    tcase_set_timeout(cases, 0);
    suite_add_tcase(suite, cases);
    tcase_add_loop_test(cases, golden_file, 0, file_count < 0 ? 0 : file_count * kernel_set_count());
    /* A folder of the caller's may hold some kinds only, but not none. */
    int all = (int)(sizeof kinds / sizeof kinds[0]);
    if (!getenv("GAN_GOLDEN_DIR")) tcase_add_test(cases, every_layer_has_a_file);
    if (!getenv("GAN_GOLDEN_DIR")) tcase_add_test(cases, every_loss_and_recipe_has_a_file);
    if (!getenv("GAN_GOLDEN_DIR") || file_count <= 0) tcase_add_loop_test(cases, every_kind_has_a_file, 0, all);
    int status = run_suite(suite);
    for (int i = 0; i < file_count; i++) free(files[i]);
    free(files);
    return status;
}
