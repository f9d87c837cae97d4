/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock.h"
#include "session/session.h"

#include <inttypes.h>
#include <math.h>

/* Above this Adam's squares are infinite. */
#define LARGEST_NORM 0x1p64f

gan_player gan_discriminator_player(const gan_session *session)
{
    const gan_session_options *o = &session->options;
    return (gan_player){"discriminator",
                        o->discriminator,
                        o->discriminator_optimizer,
                        o->discriminator_clip_norm,
                        o->discriminator_clip_value,
                        o->discriminator_clip_weights};
}

gan_player gan_generator_player(const gan_session *session)
{
    const gan_session_options *o = &session->options;
    return (gan_player){
        "generator", o->generator, o->generator_optimizer, o->generator_clip_norm, o->generator_clip_value, 0};
}

gan_status gan_session_check_finite(const gan_session *session, float loss, const char *what, const char *player)
{
    if (isfinite(loss)) return GAN_OK;
    return gan_fail(GAN_ERROR_NUMERIC, "%s: %s of the %s is %s in step %" PRIu64 "; it did not move", session->call,
                    what, player, isnan(loss) ? "not a number" : "infinite", session->number);
}

static float largest(const gan_tensor *tensor)
{
    const float *x = gan_tensor_floats(tensor);
    float most = 0;
    for (int64_t i = 0; i < gan_tensor_count(tensor); i++) {
        if (isnan(x[i])) return INFINITY;
        if (fabsf(x[i]) > most) most = fabsf(x[i]);
    }
    return most;
}

/* Gradients spread from the output back: of those that are not finite the last parameter's was the first. When all are
 * finite, the largest one's. */
static const gan_variable *culprit(const gan_network *network)
{
    const gan_variable *found = NULL;
    float most = -1;
    for (int i = network->parameters.count - 1; i >= 0; i--) {
        float here = largest(network->parameters.list[i].gradient);
        if (here <= most) continue;
        found = &network->parameters.list[i];
        most = here;
    }
    return found;
}

static gan_status check_norm(const gan_session *session, const gan_player *player, float norm)
{
    bool clipped = player->clip_norm > 0 || player->clip_value > 0;
    if (isfinite(norm) && (clipped || norm < LARGEST_NORM)) return GAN_OK;
    const gan_variable *first = culprit(player->network);
    return gan_fail(GAN_ERROR_NUMERIC,
                    "%s: the norm of the %s's gradients (network \"%s\") is %g in step %" PRIu64
                    ", first at \"%s\"; it did not move",
                    session->call, player->name, player->network->name, norm, session->number,
                    first ? first->name : "");
}

gan_status gan_session_prepare(gan_session *session, const gan_player *player, int batches, float *norm)
{
    gan_network *network = player->network;
    gan_status status = GAN_OK;
    if (batches > 1) status = gan_network_scale_gradients(network, 1 / (float)batches);
    *norm = gan_network_gradient_norm(network);
    if (status == GAN_OK) status = check_norm(session, player, *norm);
    if (status == GAN_OK && player->clip_norm > 0)
        status = gan_network_clip_gradient_norm(network, player->clip_norm, NULL);
    if (status == GAN_OK && player->clip_value > 0)
        status = gan_network_clip_gradient_value(network, player->clip_value);
    return status;
}

gan_status gan_session_move(gan_session *session, const gan_player *player)
{
    int64_t begin = session->profile ? gan_clock() : 0;
    gan_status status = gan_optimizer_step(player->optimizer);
    if (status == GAN_OK && player->clip_weights > 0)
        status = gan_network_clip_parameters(player->network, player->clip_weights);
    if (status == GAN_OK && session->profile)
        gan_profile_add(gan_profile_part_of(session->profile, player->network), NULL, GAN_PASS_UPDATE, 0, begin);
    return status;
}
