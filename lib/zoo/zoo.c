/* SPDX-License-Identifier: BSD-2-Clause */
#include "zoo/zoo.h"
#include "core/error.h"
#include "core/options.h"

#include <stdio.h>
#include <string.h>

static const gan_recipe *const recipes[] = {&gan_recipe_dcgan, &gan_recipe_sndcgan, &gan_recipe_sngan,
                                            &gan_recipe_wgan_gp, &gan_recipe_r3gan};

#define RECIPES ((int)(sizeof recipes / sizeof recipes[0]))

static const gan_field fields[] = {
    {"recipe", GAN_FIELD_POINTER, 0, offsetof(gan_zoo_options, recipe), 0, 0, 0},
    {"pixels", GAN_FIELD_INT, 0, offsetof(gan_zoo_options, pixels), 16, 64, 16},
    {"width", GAN_FIELD_INT, 0, offsetof(gan_zoo_options, width), 1, 1024, 0},
    {"latents", GAN_FIELD_INT, 0, offsetof(gan_zoo_options, latents), 1, 4096, 0},
    GAN_FIELD_RESERVED(gan_zoo_options),
};

int gan_zoo_count(void)
{
    return RECIPES;
}

const char *gan_zoo_name(int index)
{
    return index >= 0 && index < RECIPES ? recipes[index]->name : NULL;
}

const char *gan_zoo_about(int index)
{
    return index >= 0 && index < RECIPES ? recipes[index]->about : NULL;
}

static gan_status no_recipe(const char *name)
{
    char names[200];
    size_t used = 0;
    for (int i = 0; i < RECIPES; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", recipes[i]->name);
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_zoo_options.recipe is \"%.60s\"; it must be one of %s", name,
                    names);
}

static gan_status read_options(const gan_zoo_options *given, const gan_recipe **recipe, gan_game_size *size)
{
    gan_zoo_options options;
    gan_status status =
        gan_options_read(&options, sizeof options, given, "gan_zoo_options", fields, GAN_FIELD_COUNT(fields));
    if (status != GAN_OK) return status;
    if (options.pixels != 16 && options.pixels != 32 && options.pixels != 64)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_zoo_options.pixels is %d; it must be 16, 32 or 64",
                        options.pixels);
    int i = 0;
    while (i < RECIPES && strcmp(recipes[i]->name, options.recipe) != 0) i++;
    if (i == RECIPES) return no_recipe(options.recipe);
    *recipe = recipes[i];
    *size = (gan_game_size){options.pixels, options.width ? options.width : recipes[i]->width,
                            options.latents ? options.latents : recipes[i]->latents};
    return GAN_OK;
}

static gan_status check_handle(const void *handle, const gan_context *context, const char *call, const char *what)
{
    if (handle && context) return GAN_OK;
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is NULL", call, handle ? "context" : what);
}

static gan_status make_network(gan_network **network, gan_context *context, const gan_recipe *recipe,
                               gan_game_size size, bool generator)
{
    char name[48];
    snprintf(name, sizeof name, "%s.%s", recipe->name, generator ? "G" : "D");
    gan_status status =
        gan_network_create(network, context, gan_network_options(.name = name, .weights = recipe->weights));
    if (status != GAN_OK) return status;
    gan_node *x = generator ? gan_input(*network, size.latents) : gan_input(*network, size.pixels, size.pixels, 3);
    gan_network_output(*network, generator ? recipe->generator(x, size) : recipe->discriminator(x, size));
    status = gan_network_build(*network);
    if (status != GAN_OK) gan_network_free(network);
    return status;
}

static gan_status zoo_network(gan_network **network, gan_context *context, const gan_zoo_options *given,
                              const char *call, bool generator)
{
    const gan_recipe *recipe;
    gan_game_size size;
    if (network) *network = NULL;
    gan_status status = check_handle(network, context, call, "network");
    if (status == GAN_OK) status = read_options(given, &recipe, &size);
    return status == GAN_OK ? make_network(network, context, recipe, size, generator) : status;
}

gan_status gan_zoo_generator(gan_network **network, gan_context *context, const gan_zoo_options *options)
{
    return zoo_network(network, context, options, "gan_zoo_generator", true);
}

gan_status gan_zoo_discriminator(gan_network **network, gan_context *context, const gan_zoo_options *options)
{
    return zoo_network(network, context, options, "gan_zoo_discriminator", false);
}

struct parts {
    gan_network *g, *d;
    gan_optimizer *g_adam, *d_adam;
    gan_ema *ema;
};

static void free_parts(struct parts *p)
{
    gan_ema_free(&p->ema);
    gan_optimizer_free(&p->d_adam);
    gan_optimizer_free(&p->g_adam);
    gan_network_free(&p->d);
    gan_network_free(&p->g);
}

static gan_status make_optimizer(gan_optimizer **optimizer, gan_network *network, const gan_recipe *recipe, int steps)
{
    gan_status status = gan_adam_create(
        optimizer, network, gan_adam_options(.rate = recipe->rate, .beta1 = recipe->beta1, .beta2 = recipe->beta2));
    if (status != GAN_OK || recipe->decay_steps == 0) return status;
    return gan_optimizer_set_schedule(*optimizer,
                                      gan_schedule(.kind = GAN_SCHEDULE_LINEAR, .steps = recipe->decay_steps * steps));
}

static gan_status make_parts(struct parts *p, gan_context *context, const gan_recipe *recipe, gan_game_size size)
{
    gan_status status = make_network(&p->g, context, recipe, size, true);
    if (status == GAN_OK) status = make_network(&p->d, context, recipe, size, false);
    if (status == GAN_OK) status = make_optimizer(&p->g_adam, p->g, recipe, 1);
    if (status == GAN_OK) status = make_optimizer(&p->d_adam, p->d, recipe, recipe->discriminator_steps);
    if (status == GAN_OK && recipe->half_life)
        status =
            gan_ema_create(&p->ema, p->g, gan_ema_options(.half_life = (float)recipe->half_life, .ramp_up = 0.05f));
    return status;
}

static gan_status make_session(gan_session **session, const struct parts *p, const gan_recipe *recipe)
{
    gan_status status = gan_session_create(
        session,
        gan_session_options(.generator = p->g, .discriminator = p->d, .generator_optimizer = p->g_adam,
                            .discriminator_optimizer = p->d_adam, .loss = gan_adversarial_loss_find(recipe->loss),
                            .smoothing = recipe->smoothing, .discriminator_steps = recipe->discriminator_steps));
    for (int i = 0; status == GAN_OK && i < 2 && recipe->penalties[i].kind; i++) {
        gan_penalty_options penalty = recipe->penalties[i];
        penalty.size = sizeof penalty;
        status = gan_session_add_penalty(*session, &penalty);
    }
    if (status == GAN_OK && p->ema) status = gan_session_set_ema(*session, p->ema);
    if (status != GAN_OK) gan_session_free(session);
    return status;
}

gan_status gan_zoo_session(gan_session **session, gan_context *context, const gan_zoo_options *given)
{
    const gan_recipe *recipe;
    gan_game_size size;
    struct parts parts = {NULL};
    if (session) *session = NULL;
    gan_status status = check_handle(session, context, "gan_zoo_session", "session");
    if (status == GAN_OK) status = read_options(given, &recipe, &size);
    if (status == GAN_OK) status = make_parts(&parts, context, recipe, size);
    if (status == GAN_OK) status = make_session(session, &parts, recipe);
    free_parts(&parts);
    return status;
}
