/* SPDX-License-Identifier: BSD-2-Clause */
#include "optimizer/optimizer.h"

#include <gan/loss.h>
#include <gan/random.h>
#include <gan/session.h>
#include <math.h>
#include <string.h>

/* Pictures that gan_session_sample() makes at a time. */
#define SAMPLE_BATCH 64

struct gan_session {
    gan_context *context;
    gan_network *generator, *discriminator;
    gan_optimizer *generator_optimizer, *discriminator_optimizer;
    float smoothing;
    int discriminator_steps;
    uint64_t steps;           /* D steps done */
    uint64_t since_g_step;    /* D steps since the last G step */
    uint64_t latent_position; /* in GAN_STREAM_LATENTS */
    uint64_t sample_position; /* in GAN_STREAM_SAMPLES */
    /* Made by the first step. */
    gan_tensor *latents;
    gan_run *g_run, *d_real, *d_fake;
    /* Made by the first gan_session_sample(). */
    gan_tensor *sample_latents;
    gan_run *sample_run;
};

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

static void free_step_memory(gan_session *session)
{
    gan_run_free(&session->d_fake);
    gan_run_free(&session->d_real);
    gan_run_free(&session->g_run);
    gan_tensor_free(&session->latents);
}

void gan_session_free(gan_session **handle)
{
    if (!handle || !*handle) return;
    gan_session *session = *handle;
    gan_context *context = session->context;
    *handle = NULL;
    gan_run_free(&session->sample_run);
    gan_tensor_free(&session->sample_latents);
    free_step_memory(session);
    gan_optimizer_free(&session->discriminator_optimizer);
    gan_optimizer_free(&session->generator_optimizer);
    gan_network_free(&session->discriminator);
    gan_network_free(&session->generator);
    gan_context_release(context, session);
    gan_context_free(&context);
}

/* A tensor for a batch of what the node holds. */
static gan_status make_batch(gan_tensor **tensor, gan_context *context, const gan_node *node, int64_t batch)
{
    int64_t shape[GAN_MAX_RANK];
    shape[0] = batch;
    memcpy(shape + 1, node->layer.output.size, (size_t)node->layer.output.rank * sizeof *shape);
    return gan_tensor_create(tensor, context, GAN_FLOAT32, node->layer.output.rank + 1, shape);
}

/* Memory for steps of this batch. A larger batch than before starts anew; on failure there is none, as before the first
 * step. */
static gan_status need_step_memory(gan_session *session, int64_t batch)
{
    if (session->latents && batch <= session->latents->capacity) return gan_tensor_set_batch(session->latents, batch);
    free_step_memory(session);
    gan_status status = make_batch(&session->latents, session->context, session->generator->inputs[0], batch);
    if (status == GAN_OK) status = gan_run_create(&session->g_run, session->generator, GAN_TRAINING, batch);
    if (status == GAN_OK) status = gan_run_create(&session->d_real, session->discriminator, GAN_TRAINING, batch);
    if (status == GAN_OK) status = gan_run_create(&session->d_fake, session->discriminator, GAN_TRAINING, batch);
    if (status != GAN_OK) free_step_memory(session);
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
    status = gan_optimizer_step(session->discriminator_optimizer);
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
    status = gan_optimizer_step(session->generator_optimizer);
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

static gan_status check_sample(const gan_session *session, const gan_tensor *latents, const gan_tensor *images)
{
    if (!session || !images)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_session_sample: %s NULL",
                        session ? "images are" : "session is");
    const gan_shape *z = &session->generator->inputs[0]->layer.output,
                    *y = &session->generator->outputs[0]->layer.output;
    char given[GAN_TENSOR_TEXT], wanted[GAN_SHAPE_TEXT];
    if (!gan_tensor_fits(images, y->rank, y->size))
        return gan_fail(GAN_ERROR_SHAPE, "gan_session_sample: images are %s; they must be float [N,%s",
                        gan_tensor_text(given, images), gan_shape_text(wanted, y->rank, y->size) + 1);
    if (latents && (!gan_tensor_fits(latents, z->rank, z->size) || latents->shape[0] != images->shape[0]))
        return gan_fail(GAN_ERROR_SHAPE, "gan_session_sample: latents are %s; they must be float [%lld,%s",
                        gan_tensor_text(given, latents), (long long)images->shape[0],
                        gan_shape_text(wanted, z->rank, z->size) + 1);
    return GAN_OK;
}

static gan_status need_sample_memory(gan_session *session)
{
    if (session->sample_run) return GAN_OK;
    gan_status status = GAN_OK;
    if (!session->sample_latents)
        status = make_batch(&session->sample_latents, session->context, session->generator->inputs[0], SAMPLE_BATCH);
    if (status == GAN_OK)
        status = gan_run_create(&session->sample_run, session->generator, GAN_INFERENCE, SAMPLE_BATCH);
    return status;
}

/* Pictures first..first+count-1, at most SAMPLE_BATCH of them. */
static gan_status sample_some(gan_session *session, const gan_tensor *latents, gan_tensor *images, int64_t first,
                              int64_t count)
{
    gan_tensor *z = session->sample_latents;
    gan_status status = gan_tensor_set_batch(z, count);
    if (status == GAN_OK && !latents)
        status = gan_random_normal(session->context, GAN_STREAM_SAMPLES, &session->sample_position, z, 0, 1);
    else if (status == GAN_OK)
        memcpy(z->data, gan_tensor_floats(latents) + first * (gan_tensor_count(z) / count), gan_tensor_bytes(z));
    if (status == GAN_OK) status = gan_run_forward(session->sample_run, z);
    if (status != GAN_OK) return status;
    const gan_tensor *y = gan_run_output(session->sample_run, 0);
    memcpy(gan_tensor_floats(images) + first * (gan_tensor_count(y) / count), y->data, gan_tensor_bytes(y));
    return GAN_OK;
}

gan_status gan_session_sample(gan_session *session, const gan_tensor *latents, gan_tensor *images)
{
    gan_status status = check_sample(session, latents, images);
    if (status == GAN_OK) status = need_sample_memory(session);
    for (int64_t first = 0; status == GAN_OK && first < images->shape[0]; first += SAMPLE_BATCH) {
        int64_t rest = images->shape[0] - first;
        status = sample_some(session, latents, images, first, rest < SAMPLE_BATCH ? rest : SAMPLE_BATCH);
    }
    return status;
}
