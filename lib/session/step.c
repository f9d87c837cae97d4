/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock.h"
#include "session/session.h"

#include <math.h>
#include <string.h>

static const char call[] = "gan_session_step";

void gan_session_free_step_memory(gan_session *session)
{
    gan_labelled_run_free(&session->d_fake);
    gan_labelled_run_free(&session->d_real);
    gan_labelled_run_free(&session->g);
    gan_tensor_free(&session->fake_labels);
    gan_tensor_free(&session->real_labels);
    gan_tensor_free(&session->latents);
    gan_tensor_free(&session->real);
}

static gan_status make_step_memory(gan_session *session, int64_t batch)
{
    gan_network *g = session->options.generator, *d = session->options.discriminator;
    gan_context *context = session->context;
    gan_status status = gan_session_make_batch(&session->latents, context, g->inputs[0], batch);
    if (status == GAN_OK && session->labelled) {
        status = gan_tensor_create(&session->real_labels, context, GAN_INT32, 1, &batch);
        if (status == GAN_OK) status = gan_tensor_create(&session->fake_labels, context, GAN_INT32, 1, &batch);
    }
    if (status == GAN_OK) status = gan_labelled_run_create(&session->g, g, GAN_TRAINING, batch);
    if (status == GAN_OK) status = gan_labelled_run_create(&session->d_real, d, GAN_TRAINING, batch);
    if (status == GAN_OK) status = gan_labelled_run_create(&session->d_fake, d, GAN_TRAINING, batch);
    if (status == GAN_OK && session->profile) status = gan_session_profile(session, session->profile);
    return status;
}

/* Memory for steps of this batch. A larger batch than before starts anew; on failure there is none, as before the first
 * step. */
static gan_status need_step_memory(gan_session *session, int64_t batch)
{
    if (!session->latents || batch > session->latents->capacity) {
        gan_session_free_step_memory(session);
        gan_status status = make_step_memory(session, batch);
        if (status != GAN_OK) gan_session_free_step_memory(session);
        return status;
    }
    gan_tensor *batches[] = {session->latents, session->real_labels, session->fake_labels};
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < 3 && batches[i]; i++) status = gan_tensor_set_batch(batches[i], batch);
    return status;
}

gan_status gan_session_move(gan_session *session, gan_optimizer *optimizer)
{
    int64_t begin = session->profile ? gan_clock() : 0;
    gan_status status = gan_optimizer_step(optimizer);
    if (status == GAN_OK && session->profile)
        gan_profile_add(gan_profile_part_of(session->profile, optimizer->network), NULL, GAN_PASS_UPDATE, 0, begin);
    return status;
}

gan_status gan_session_check_finite(float loss, const char *player)
{
    if (isfinite(loss)) return GAN_OK;
    return gan_fail(GAN_ERROR_NUMERIC, "the loss of the %s is %s: the step was not made", player,
                    isnan(loss) ? "not a number" : "infinite");
}

/* The report as far as the caller knows it; NULL is none. */
static gan_status read_report(gan_session_report *report, const gan_session_report *given)
{
    *report = (gan_session_report){.size = sizeof *report};
    if (!given) return GAN_OK;
    if (given->size < sizeof given->size || given->size > 65536)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_session_report.size is %zu; it must be sizeof(gan_session_report), here %zu", given->size,
                        sizeof *report);
    memcpy(report, given, given->size < sizeof *report ? given->size : sizeof *report);
    return GAN_OK;
}

static void write_report(gan_session_report *given, const gan_session_report *report)
{
    if (!given) return;
    size_t size = given->size;
    memcpy(given, report, size < sizeof *report ? size : sizeof *report);
    given->size = size;
}

static gan_status check_real(const gan_session *session, const gan_tensor *real)
{
    const gan_shape *shape = &session->options.discriminator->inputs[0]->layer.output;
    char given[GAN_TENSOR_TEXT], wanted[GAN_SHAPE_TEXT];
    if (!real) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: real is NULL", call);
    if (gan_tensor_fits(real, shape->rank, shape->size)) return GAN_OK;
    return gan_fail(GAN_ERROR_SHAPE, "%s: real is %s; it must be float [N,%s", call, gan_tensor_text(given, real),
                    gan_shape_text(wanted, shape->rank, shape->size) + 1);
}

/* Takes the caller's batch over: the pictures by reference, the labels by value. */
static gan_status take_batch(gan_session *session, const gan_tensor *real, const gan_tensor *labels)
{
    gan_status status = check_real(session, real);
    if (status == GAN_OK) status = gan_session_check_labels(session, labels, real->shape[0], call);
    if (status == GAN_OK && session->labelled && !labels)
        status = gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                          "%s: labels are NULL; the generator takes labels, and gan_session_step_labelled() gives them",
                          call);
    if (status == GAN_OK) status = need_step_memory(session, real->shape[0]);
    if (status == GAN_OK && labels) status = gan_tensor_copy(session->real_labels, labels);
    if (status != GAN_OK) return status;
    gan_tensor *old = session->real;
    session->real = gan_tensor_retain((gan_tensor *)real); /* the count changes, the values do not */
    gan_tensor_free(&old);
    return GAN_OK;
}

/* Generates, and lets D learn to tell: up to its gradients. */
static gan_status discriminate(gan_session *session, gan_session_report *report)
{
    gan_status status = gan_session_generate(session);
    if (status == GAN_OK) status = gan_session_see_real(session);
    if (status == GAN_OK) status = gan_session_see_fake(session);
    if (status == GAN_OK) status = gan_session_discriminator_gradients(session, report);
    return status;
}

static gan_status discriminator_step(gan_session *session, gan_session_report *report)
{
    gan_status status = discriminate(session, report);
    if (status == GAN_OK) status = gan_session_update_discriminator(session, report);
    if (status == GAN_OK) session->since_g_step++;
    return status;
}

/* G learns from what the new D says. */
static gan_status generator_step(gan_session *session, gan_session_report *report)
{
    gan_status status = GAN_OK;
    if (gan_session_generator_reads_real(session)) status = gan_session_see_real(session);
    if (status == GAN_OK) status = gan_session_see_fake(session);
    if (status == GAN_OK) status = gan_session_generator_gradients(session, report);
    if (status == GAN_OK) status = gan_session_update_generator(session, report);
    return status;
}

static gan_status alternating(gan_session *session, gan_session_report *report)
{
    gan_status status = discriminator_step(session, report);
    return status == GAN_OK ? generator_step(session, report) : status;
}

/* Both learn from one look of D at both batches: a backward pass of d_fake by each one's loss. */
static gan_status simultaneous(gan_session *session, gan_session_report *report)
{
    gan_status status = discriminate(session, report);
    if (status == GAN_OK) status = gan_session_generator_gradients(session, report);
    if (status == GAN_OK) status = gan_session_update_discriminator(session, report);
    if (status == GAN_OK) status = gan_session_update_generator(session, report);
    return status;
}

/* A step in which both players move. */
static gan_status (*const schemes[])(gan_session *, gan_session_report *) = {
    [GAN_SCHEME_ALTERNATING] = alternating,
    [GAN_SCHEME_SIMULTANEOUS] = simultaneous,
};

/* A step on the caller's batch, by one of the functions above. */
static gan_status step(gan_session *session, const gan_tensor *real, const gan_tensor *labels,
                       gan_session_report *given, bool both)
{
    if (!session) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: session is NULL", call);
    gan_session_report report;
    gan_status status = read_report(&report, given);
    if (status == GAN_OK) status = take_batch(session, real, labels);
    if (status != GAN_OK) return status;
    report.generator_stepped = false;
    both = both && session->since_g_step + 1 >= (uint64_t)session->options.discriminator_steps;
    status = both ? schemes[session->options.scheme](session, &report) : discriminator_step(session, &report);
    if (status == GAN_OK) write_report(given, &report);
    return status;
}

gan_status gan_session_step(gan_session *session, const gan_tensor *real, gan_session_report *report)
{
    return step(session, real, NULL, report, true);
}

gan_status gan_session_step_labelled(gan_session *session, const gan_tensor *real, const gan_tensor *labels,
                                     gan_session_report *report)
{
    return step(session, real, labels, report, true);
}

gan_status gan_session_discriminator_step(gan_session *session, const gan_tensor *real, gan_session_report *report)
{
    return step(session, real, NULL, report, false);
}

gan_status gan_session_discriminator_step_labelled(gan_session *session, const gan_tensor *real,
                                                   const gan_tensor *labels, gan_session_report *report)
{
    return step(session, real, labels, report, false);
}

gan_status gan_session_generator_step(gan_session *session, gan_session_report *given)
{
    static const char name[] = "gan_session_generator_step";
    if (!session) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: session is NULL", name);
    if (session->options.scheme == GAN_SCHEME_SIMULTANEOUS)
        return gan_fail(GAN_ERROR_STATE, "%s: in the simultaneous scheme G has no step of its own", name);
    if (!gan_run_output(session->g.run, 0))
        return gan_fail(GAN_ERROR_STATE, "%s: there was no discriminator step yet", name);
    gan_session_report report;
    gan_status status = read_report(&report, given);
    if (status == GAN_OK) status = generator_step(session, &report);
    if (status == GAN_OK) write_report(given, &report);
    return status;
}
