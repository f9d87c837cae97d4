/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/session.h"

#include <string.h>

gan_status gan_session_make_batch(gan_tensor **tensor, gan_context *context, const gan_node *node, int64_t batch)
{
    int64_t shape[GAN_MAX_RANK];
    shape[0] = batch;
    memcpy(shape + 1, node->layer.output.size, (size_t)node->layer.output.rank * sizeof *shape);
    return gan_tensor_create(tensor, context, GAN_FLOAT32, node->layer.output.rank + 1, shape);
}

static const gan_field fields[] = {
    {"generator", GAN_FIELD_POINTER, 0, offsetof(gan_session_options, generator), 0, 0, 0},
    {"discriminator", GAN_FIELD_POINTER, 0, offsetof(gan_session_options, discriminator), 0, 0, 0},
    {"generator_optimizer", GAN_FIELD_POINTER, 0, offsetof(gan_session_options, generator_optimizer), 0, 0, 0},
    {"discriminator_optimizer", GAN_FIELD_POINTER, 0, offsetof(gan_session_options, discriminator_optimizer), 0, 0, 0},
    {"smoothing", GAN_FIELD_FLOAT, 0, offsetof(gan_session_options, smoothing), 0, 0.5, 0},
    {"discriminator_steps", GAN_FIELD_INT, 0, offsetof(gan_session_options, discriminator_steps), 1, 1 << 20, 1},
};

static gan_status check_single(const gan_network *network, const char *what)
{
    if (network->input_count == 1 && network->output_count == 1) return GAN_OK;
    return gan_fail(GAN_ERROR_SHAPE,
                    "gan_session_create: the %s has %d inputs and %d outputs; it must have one of each", what,
                    network->input_count, network->output_count);
}

/* Whether the two networks can play with each other. */
static gan_status check_networks(const gan_network *g, const gan_network *d)
{
    if (g->context != d->context || g == d)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_session_create: generator and discriminator %s",
                        g == d ? "are the same network" : "are of different contexts");
    gan_status status = check_single(g, "generator");
    if (status == GAN_OK) status = check_single(d, "discriminator");
    if (status != GAN_OK) return status;
    const gan_shape *picture = &g->outputs[0]->layer.output, *input = &d->inputs[0]->layer.output;
    const gan_shape *logit = &d->outputs[0]->layer.output;
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    if (!gan_shapes_equal(picture, input))
        return gan_fail(GAN_ERROR_SHAPE, "gan_session_create: the generator makes %s and the discriminator takes %s",
                        gan_shape_text(a, picture->rank, picture->size), gan_shape_text(b, input->rank, input->size));
    if (gan_shape_elements(logit) != 1)
        return gan_fail(GAN_ERROR_SHAPE,
                        "gan_session_create: the discriminator's output is %s; it must be one number, the logit",
                        gan_shape_text(a, logit->rank, logit->size));
    return GAN_OK;
}

static gan_status check_options(const gan_session_options *options)
{
    gan_status status = gan_network_require_built(options->generator, "gan_session_create", "generator");
    if (status == GAN_OK)
        status = gan_network_require_built(options->discriminator, "gan_session_create", "discriminator");
    if (status == GAN_OK) status = check_networks(options->generator, options->discriminator);
    if (status != GAN_OK) return status;
    bool g_fits = options->generator_optimizer->network == options->generator;
    bool d_fits = options->discriminator_optimizer->network == options->discriminator;
    if (!g_fits || !d_fits)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_session_create: %s_optimizer was made for another network",
                        g_fits ? "discriminator" : "generator");
    return GAN_OK;
}

gan_status gan_session_create(gan_session **handle, const gan_session_options *given)
{
    if (!handle) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_session_create: session is NULL");
    *handle = NULL;
    gan_session_options options;
    gan_status status =
        gan_options_read(&options, sizeof options, given, "gan_session_options", fields, GAN_FIELD_COUNT(fields));
    if (status == GAN_OK) status = check_options(&options);
    if (status != GAN_OK) return status;
    gan_session *session = gan_context_allocate(options.generator->context, 1, sizeof *session, "a session");
    if (!session) return GAN_ERROR_OUT_OF_MEMORY;
    session->context = gan_context_retain(options.generator->context);
    session->generator = gan_network_retain(options.generator);
    session->discriminator = gan_network_retain(options.discriminator);
    session->generator_optimizer = gan_optimizer_retain(options.generator_optimizer);
    session->discriminator_optimizer = gan_optimizer_retain(options.discriminator_optimizer);
    session->smoothing = options.smoothing;
    session->discriminator_steps = options.discriminator_steps;
    *handle = session;
    return GAN_OK;
}

void gan_session_free(gan_session **handle)
{
    if (!handle || !*handle) return;
    gan_session *session = *handle;
    gan_context *context = session->context;
    *handle = NULL;
    gan_run_free(&session->sample_run);
    gan_tensor_free(&session->sample_latents);
    gan_session_free_step_memory(session);
    gan_optimizer_free(&session->discriminator_optimizer);
    gan_optimizer_free(&session->generator_optimizer);
    gan_profile_free(&session->profile);
    gan_network_free(&session->discriminator);
    gan_network_free(&session->generator);
    gan_context_release(context, session);
    gan_context_free(&context);
}

gan_status gan_session_profile(gan_session *session, gan_profile *profile)
{
    if (!session) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_session_profile: session is NULL");
    gan_run *const runs[] = {session->g_run, session->d_real, session->d_fake};
    gan_network *const networks[] = {session->generator, session->discriminator, session->discriminator};
    for (int i = 0; profile && i < 2; i++)
        if (!gan_profile_part_of(profile, networks[i])) return GAN_ERROR_OUT_OF_MEMORY;
    for (int i = 0; i < 3; i++)
        if (runs[i]) gan_run_profile(runs[i], profile); /* the profile has its part already: it does not fail */
    gan_profile *old = session->profile;
    session->profile = profile ? gan_profile_retain(profile) : NULL;
    gan_profile_free(&old);
    return GAN_OK;
}

int64_t gan_session_flops(const gan_session *session)
{
    if (!session) return 0;
    const gan_network *g = session->generator, *d = session->discriminator;
    const int64_t passes[] = {gan_network_flops(g),
                              gan_network_backward_flops(g, GAN_WANT_PARAMETERS),
                              gan_network_flops(d),
                              gan_network_flops(d),
                              gan_network_flops(d),
                              gan_network_backward_flops(d, GAN_WANT_PARAMETERS),
                              gan_network_backward_flops(d, GAN_WANT_PARAMETERS),
                              gan_network_backward_flops(d, GAN_WANT_INPUTS)};
    int64_t flops = 0;
    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++)
        if (__builtin_add_overflow(flops, passes[i], &flops)) return INT64_MAX;
    return flops;
}
