/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock.h"
#include "network/run.h"
#include "session/session.h"

#include <gan/loss.h>
#include <gan/random.h>
#include <math.h>
#include <string.h>

void gan_session_free_step_memory(gan_session *session)
{
    gan_run_free(&session->d_fake);
    gan_run_free(&session->d_real);
    gan_run_free(&session->g_run);
    gan_tensor_free(&session->latents);
}

/* Memory for steps of this batch. A larger batch than before starts anew; on failure there is none, as before the first
 * step. */
static gan_status need_step_memory(gan_session *session, int64_t batch)
{
    if (session->latents && batch <= session->latents->capacity) return gan_tensor_set_batch(session->latents, batch);
    gan_session_free_step_memory(session);
    gan_status status =
        gan_session_make_batch(&session->latents, session->context, session->generator->inputs[0], batch);
    gan_run **const runs[] = {&session->g_run, &session->d_real, &session->d_fake};
    gan_network *const networks[] = {session->generator, session->discriminator, session->discriminator};
    if (status == GAN_OK) status = gan_run_create_together(runs, networks, 3, GAN_TRAINING, batch);
    if (status == GAN_OK && session->profile) status = gan_session_profile(session, session->profile);
    if (status != GAN_OK) gan_session_free_step_memory(session);
    return status;
}

/* An optimizer's step, with its time. */
static gan_status update(gan_session *session, gan_optimizer *optimizer)
{
    int64_t begin = session->profile ? gan_clock() : 0;
    gan_status status = gan_optimizer_step(optimizer);
    if (status == GAN_OK && session->profile)
        gan_profile_add(gan_profile_part_of(session->profile, optimizer->network), NULL, GAN_PASS_UPDATE, 0, begin);
    return status;
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
    const gan_shape *shape = &session->discriminator->inputs[0]->layer.output;
    char given[GAN_TENSOR_TEXT], wanted[GAN_SHAPE_TEXT];
    if (!real) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_session_step: real is NULL");
    if (gan_tensor_fits(real, shape->rank, shape->size)) return GAN_OK;
    return gan_fail(GAN_ERROR_SHAPE, "gan_session_step: real is %s; it must be float [N,%s",
                    gan_tensor_text(given, real), gan_shape_text(wanted, shape->rank, shape->size) + 1);
}

static float mean_probability(const gan_tensor *logits)
{
    const float *x = gan_tensor_floats(logits);
    int64_t count = gan_tensor_count(logits);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += 1 / (1 + exp(-(double)x[i]));
    return (float)(sum / (double)count);
}

/* The loss of a discriminator's run against one target; its gradient goes to the run's output. */
static gan_status run_loss(gan_run *run, float target, float *loss)
{
    return gan_loss_binary_cross_entropy(loss, gan_run_output_gradient(run, 0), gan_run_output(run, 0), target, NULL);
}

static gan_status check_finite(float loss, const char *what)
{
    if (isfinite(loss)) return GAN_OK;
    return gan_fail(GAN_ERROR_NUMERIC, "the loss of the %s is %s: the step was not made", what,
                    isnan(loss) ? "not a number" : "infinite");
}

/* Generates, and lets D see both batches. */
static gan_status forward_discriminator(gan_session *session, const gan_tensor *real)
{
    gan_status status =
        gan_random_normal(session->context, GAN_STREAM_LATENTS, &session->latent_position, session->latents, 0, 1);
    if (status == GAN_OK) status = gan_run_forward(session->g_run, session->latents);
    if (status == GAN_OK) status = gan_run_forward(session->d_real, real);
    if (status == GAN_OK) status = gan_run_forward(session->d_fake, gan_run_output(session->g_run, 0));
    return status;
}

static gan_status discriminator_step(gan_session *session, const gan_tensor *real, gan_session_report *report)
{
    float real_loss = 0, fake_loss = 0;
    gan_status status = forward_discriminator(session, real);
    if (status == GAN_OK) status = run_loss(session->d_real, 1 - session->smoothing, &real_loss);
    if (status == GAN_OK) status = run_loss(session->d_fake, 0, &fake_loss);
    if (status != GAN_OK) return status;
    report->d_loss = real_loss + fake_loss;
    report->d_real = mean_probability(gan_run_output(session->d_real, 0));
    report->d_fake = mean_probability(gan_run_output(session->d_fake, 0));
    status = check_finite(report->d_loss, "discriminator");
    if (status == GAN_OK) status = gan_network_zero_gradients(session->discriminator);
    if (status == GAN_OK) status = gan_run_backward(session->d_real, NULL, GAN_WANT_PARAMETERS);
    if (status == GAN_OK) status = gan_run_backward(session->d_fake, NULL, GAN_WANT_PARAMETERS);
    if (status != GAN_OK) return status;
    report->d_gradient_norm = gan_network_gradient_norm(session->discriminator);
    status = update(session, session->discriminator_optimizer);
    if (status == GAN_OK) report->step = ++session->steps;
    return status;
}

static gan_status generator_step(gan_session *session, gan_session_report *report)
{
    gan_status status = gan_run_forward(session->d_fake, gan_run_output(session->g_run, 0));
    if (status == GAN_OK) status = run_loss(session->d_fake, 1, &report->g_loss);
    if (status == GAN_OK) status = check_finite(report->g_loss, "generator");
    if (status == GAN_OK) status = gan_run_backward(session->d_fake, NULL, GAN_WANT_INPUTS);
    if (status == GAN_OK) status = gan_network_zero_gradients(session->generator);
    if (status == GAN_OK)
        status = gan_run_backward(session->g_run, gan_run_input_gradient(session->d_fake, 0), GAN_WANT_PARAMETERS);
    if (status != GAN_OK) return status;
    report->g_gradient_norm = gan_network_gradient_norm(session->generator);
    status = update(session, session->generator_optimizer);
    if (status == GAN_OK) report->generator_stepped = true;
    return status;
}

/* Checks and runs one D step; begins the report. */
static gan_status begin_step(gan_session *session, const gan_tensor *real, gan_session_report *report,
                             const gan_session_report *given)
{
    if (!session) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_session_step: session is NULL");
    gan_status status = read_report(report, given);
    if (status == GAN_OK) status = check_real(session, real);
    if (status == GAN_OK) status = need_step_memory(session, real->shape[0]);
    if (status != GAN_OK) return status;
    report->generator_stepped = false;
    status = discriminator_step(session, real, report);
    if (status == GAN_OK) session->since_g_step++;
    return status;
}

gan_status gan_session_discriminator_step(gan_session *session, const gan_tensor *real, gan_session_report *given)
{
    gan_session_report report;
    gan_status status = begin_step(session, real, &report, given);
    if (status == GAN_OK) write_report(given, &report);
    return status;
}

gan_status gan_session_generator_step(gan_session *session, gan_session_report *given)
{
    if (!session) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_session_generator_step: session is NULL");
    if (!gan_run_output(session->g_run, 0))
        return gan_fail(GAN_ERROR_STATE, "gan_session_generator_step: there was no discriminator step yet");
    gan_session_report report;
    gan_status status = read_report(&report, given);
    if (status == GAN_OK) status = generator_step(session, &report);
    if (status != GAN_OK) return status;
    session->since_g_step = 0;
    write_report(given, &report);
    return GAN_OK;
}

gan_status gan_session_step(gan_session *session, const gan_tensor *real, gan_session_report *given)
{
    gan_session_report report;
    gan_status status = begin_step(session, real, &report, given);
    if (status == GAN_OK && session->since_g_step >= (uint64_t)session->discriminator_steps) {
        status = generator_step(session, &report);
        if (status == GAN_OK) session->since_g_step = 0;
    }
    if (status == GAN_OK) write_report(given, &report);
    return status;
}
