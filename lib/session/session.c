/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/session.h"
#include "augment/augment.h"
#include "layer/registry.h"
#include "optimizer/ema.h"

/* D's first output, before layers that only give it another shape, is a probability, and the loss wants a logit. */
static void warn_of_sigmoid(const gan_session *session)
{
    const gan_network *d = session->options.discriminator;
    const gan_node *node = d->outputs[0];
    while (node->layer.type->traits & GAN_VIEW) node = node->input[0];
    if (node->layer.type != &gan_layer_sigmoid || !(session->loss.flags & GAN_LOSS_TAKES_LOGITS)) return;
    gan_log(
        session->context, GAN_LOG_WARNING,
        "gan_session_create: the discriminator \"%s\" ends in the sigmoid \"%s\", and the loss \"%s\" takes logits: "
        "make what goes into the sigmoid its output",
        d->name, node->name, session->loss.name);
}

gan_status gan_session_create(gan_session **handle, const gan_session_options *given)
{
    if (!handle) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_session_create: session is NULL");
    *handle = NULL;
    gan_session_options options;
    gan_adversarial_loss loss;
    gan_status status = gan_session_options_read(&options, &loss, given);
    if (status != GAN_OK) return status;
    gan_session *session = gan_context_allocate(options.generator->context, 1, sizeof *session, "a session");
    if (!session) return GAN_ERROR_OUT_OF_MEMORY;
    session->context = gan_context_retain(options.generator->context);
    gan_network_retain(options.generator);
    gan_network_retain(options.discriminator);
    gan_optimizer_retain(options.generator_optimizer);
    gan_optimizer_retain(options.discriminator_optimizer);
    session->options = options;
    session->options.loss = NULL; /* the caller's struct may go */
    session->loss = loss;
    session->labelled = options.generator->input_count > 1;
    session->round.generated = -1;
    warn_of_sigmoid(session);
    *handle = session;
    return GAN_OK;
}

void gan_session_free(gan_session **handle)
{
    if (!handle || !*handle) return;
    gan_session *session = *handle;
    gan_context *context = session->context;
    *handle = NULL;
    gan_labelled_run_free(&session->average_sample);
    gan_labelled_run_free(&session->sample);
    gan_tensor_free(&session->sample_labels);
    gan_tensor_free(&session->sample_latents);
    gan_session_forget_memory(session);
    gan_ema_free(&session->ema);
    gan_augment_free(&session->augment);
    gan_optimizer_free(&session->options.discriminator_optimizer);
    gan_optimizer_free(&session->options.generator_optimizer);
    gan_profile_free(&session->profile);
    gan_network_free(&session->options.discriminator);
    gan_network_free(&session->options.generator);
    gan_context_release(context, session);
    gan_context_free(&context);
}

gan_status gan_session_set_profile(gan_session *session, gan_profile *profile)
{
    if (!session) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_session_set_profile: session is NULL");
    gan_run *const runs[] = {session->memory.g.run, session->memory.d_real.run, session->memory.d_fake.run,
                             session->memory.d_points.run};
    gan_network *const networks[] = {session->options.generator, session->options.discriminator};
    for (int i = 0; profile && i < 2; i++)
        if (!gan_profile_part_of(profile, networks[i])) return GAN_ERROR_OUT_OF_MEMORY;
    for (int i = 0; i < 4; i++)
        if (runs[i]) gan_run_set_profile(runs[i], profile); /* the profile has its part already: it does not fail */
    gan_profile *old = session->profile;
    session->profile = profile ? gan_profile_retain(profile) : NULL;
    gan_profile_free(&old);
    return GAN_OK;
}

int64_t gan_session_flops(const gan_session *session)
{
    if (!session) return 0;
    const gan_network *g = session->options.generator, *d = session->options.discriminator;
    bool again = session->options.scheme == GAN_SCHEME_ALTERNATING; /* D looks again after its update */
    int64_t d_forward = gan_network_flops(d), d_backward = gan_network_backward_flops(d, GAN_WANT_PARAMETERS);
    const int64_t passes[] = {gan_network_flops(g),
                              gan_network_backward_flops(g, GAN_WANT_PARAMETERS),
                              d_forward,
                              d_forward,
                              again ? d_forward : 0,
                              again && gan_session_generator_reads_real(session) ? d_forward : 0,
                              d_backward,
                              d_backward,
                              gan_network_backward_flops(d, GAN_WANT_INPUTS)};
    int64_t flops = 0;
    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++)
        if (__builtin_add_overflow(flops, passes[i], &flops)) return INT64_MAX;
    return flops;
}

int gan_session_classes(const gan_session *session)
{
    return session ? session->options.classes : 0;
}

gan_network *gan_session_generator(const gan_session *session)
{
    return session ? session->options.generator : NULL;
}

gan_network *gan_session_discriminator(const gan_session *session)
{
    return session ? session->options.discriminator : NULL;
}

gan_optimizer *gan_session_generator_optimizer(const gan_session *session)
{
    return session ? session->options.generator_optimizer : NULL;
}

gan_optimizer *gan_session_discriminator_optimizer(const gan_session *session)
{
    return session ? session->options.discriminator_optimizer : NULL;
}

gan_ema *gan_session_ema(const gan_session *session)
{
    return session ? session->ema : NULL;
}

gan_augment *gan_session_augment(const gan_session *session)
{
    return session ? session->augment : NULL;
}
