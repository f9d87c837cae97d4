/* SPDX-License-Identifier: BSD-2-Clause */
#include "parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct parts {
    const game *game;
    const gan_adversarial_loss *loss;
    gan_context *context;
    int d_steps;
    gan_run *g, *real, *fake, *points;
    gan_tensor *latents, *fake_labels, *at, *seen_real, *seen_fake; /* at: between or beside pictures */
    gan_tensor *g_told, *d_told_real, *d_told_fake, *d_told_points; /* labels as the networks get them, or NULL */
    uint64_t latent_position, label_position, penalty_position, augment_position, fake_position;
};

static gan_tensor *label_input(gan_context *context, const gan_network *network, int64_t batch)
{
    const gan_node *input = gan_network_input_node(network, 1);
    return input ? new_tensor(context, GAN_SHAPE(batch, gan_node_dimension(input, 0))) : NULL;
}

parts *new_parts(const game *made, gan_context *context, int64_t batch)
{
    parts *p = calloc(1, sizeof *p);
    ck_assert_ptr_nonnull(p);
    p->game = made;
    p->context = context;
    p->loss = made->options.loss ? made->options.loss : gan_loss_non_saturating();
    ok(gan_run_create(&p->g, made->g, GAN_TRAINING, batch));
    ok(gan_run_create(&p->real, made->d, GAN_TRAINING_TANGENTS, batch));
    ok(gan_run_create(&p->fake, made->d, GAN_TRAINING_TANGENTS, batch));
    ok(gan_run_create(&p->points, made->d, GAN_TRAINING_TANGENTS, batch));
    p->at = new_tensor(context, GAN_SHAPE(batch, 8, 8, 3));
    p->seen_real = new_tensor(context, GAN_SHAPE(batch, 8, 8, 3));
    p->seen_fake = new_tensor(context, GAN_SHAPE(batch, 8, 8, 3));
    p->latents = new_tensor(context, GAN_SHAPE(batch, 10));
    p->fake_labels = new_labels(context, batch);
    p->g_told = label_input(context, made->g, batch);
    p->d_told_real = label_input(context, made->d, batch);
    p->d_told_fake = label_input(context, made->d, batch);
    p->d_told_points = label_input(context, made->d, batch);
    return p;
}

void free_parts(parts **handle)
{
    parts *p = *handle;
    gan_tensor *tensors[] = {p->latents,     p->fake_labels,   p->at,        p->g_told,   p->d_told_real,
                             p->d_told_fake, p->d_told_points, p->seen_real, p->seen_fake};
    for (int i = 0; i < 9; i++) gan_tensor_free(&tensors[i]);
    gan_run_free(&p->points);
    gan_run_free(&p->fake);
    gan_run_free(&p->real);
    gan_run_free(&p->g);
    free(p);
    *handle = NULL;
}

static void forward(gan_run *run, const gan_tensor *input, gan_tensor *told, const gan_tensor *labels)
{
    const gan_tensor *inputs[] = {input, told};
    int64_t width = gan_tensor_dimension(told, 1);
    for (int64_t i = 0; i < gan_tensor_count(told); i++)
        gan_tensor_floats(told)[i] = (float)(width == 1 ? numbers(labels)[i] : numbers(labels)[i / width] == i % width);
    ok(gan_run_forward_all(run, inputs, told ? 2 : 1));
}

static void generate(parts *p, const gan_tensor *labels)
{
    ok(gan_random_normal(p->context, GAN_STREAM_LATENTS, &p->latent_position, p->latents, 0, 1));
    if (p->game->options.fake_labels == GAN_FAKE_LABELS_REAL)
        ok(gan_tensor_copy(p->fake_labels, labels));
    else if (p->g_told)
        ok(gan_random_integers(p->context, GAN_STREAM_LABELS, &p->label_position, p->fake_labels, 0, GAME_CLASSES));
    forward(p->g, p->latents, p->g_told, p->fake_labels);
}

static float classify(const parts *p, gan_run *run, const gan_tensor *labels)
{
    float loss = 0, weight = p->game->options.classifier_weight;
    if (weight > 0)
        ok(gan_loss_cross_entropy(&loss, gan_run_output_gradient(run, 1), gan_run_output(run, 1), labels, weight));
    return loss;
}

static float mean(const gan_tensor *tensor)
{
    double sum = 0;
    for (int64_t i = 0; i < gan_tensor_count(tensor); i++) sum += gan_tensor_floats(tensor)[i];
    return (float)(sum / (double)gan_tensor_count(tensor));
}

/* One line of gan/penalty.h, at what D has seen. */
static float penalize(parts *p, const gan_penalty_options *o, float weight, const gan_tensor *labels)
{
    float value = 0;
    if (o->kind == GAN_PENALTY_R1) ok(gan_penalty_squared_norm(&value, p->real, weight));
    if (o->kind == GAN_PENALTY_R2) ok(gan_penalty_squared_norm(&value, p->fake, weight));
    if (o->kind == GAN_PENALTY_WGAN_GP)
        ok(gan_penalty_between(p->at, p->seen_real, p->seen_fake, &p->penalty_position));
    if (o->kind == GAN_PENALTY_DRAGAN)
        ok(gan_penalty_beside(p->at, p->seen_real, o->noise > 0 ? o->noise : 0.5f, &p->penalty_position));
    if (o->kind == GAN_PENALTY_R1 || o->kind == GAN_PENALTY_R2) return value;
    forward(p->points, p->at, p->d_told_points, labels);
    ok(gan_penalty_norm_distance(&value, p->points, weight, o->target != 0 ? o->target : signbit(o->target) ? 0 : 1));
    return value;
}

static void add_penalties(parts *p, const gan_tensor *labels, gan_session_report *report)
{
    report->penalty = 0;
    for (int i = 0; i < GAME_PENALTIES && p->game->penalties[i].kind; i++) {
        const gan_penalty_options *o = &p->game->penalties[i];
        int step = p->d_steps - 1, every = o->every ? o->every : 1;
        float weight = o->weight > 0 ? o->weight : 10;
        if (o->schedule) weight = gan_schedule_value(o->schedule, weight, (uint64_t)step);
        if (step % every == 0 && weight > 0) report->penalty += penalize(p, o, (float)every * weight, labels);
    }
}

static void learn_d(parts *p, const gan_tensor *labels, gan_session_report *report)
{
    const gan_session_options *o = &p->game->options;
    ok(gan_adversarial_loss_discriminator(p->loss, &report->d_loss, p->real, p->fake, 1 - o->smoothing,
                                          o->fake_smoothing));
    report->d_classifier_loss = classify(p, p->real, labels);
    report->d_classifier_loss += classify(p, p->fake, p->fake_labels);
    report->d_loss += report->d_classifier_loss;
    report->d_real_logit = mean(gan_run_output(p->real, 0));
    report->d_fake_logit = mean(gan_run_output(p->fake, 0));
    ok(gan_network_zero_gradients(p->game->d));
    ok(gan_run_backward(p->real, NULL, GAN_WANT_PARAMETERS));
    ok(gan_run_backward(p->fake, NULL, GAN_WANT_PARAMETERS));
    add_penalties(p, labels, report);
}

static void move(gan_network *network, gan_optimizer *optimizer, float clip_norm, float clip_value)
{
    if (clip_norm > 0) ok(gan_network_clip_gradient_norm(network, clip_norm, NULL));
    if (clip_value > 0) ok(gan_network_clip_gradient_value(network, clip_value));
    ok(gan_optimizer_step(optimizer));
}

static void move_d(const parts *p)
{
    const gan_session_options *o = &p->game->options;
    move(p->game->d, p->game->d_adam, o->discriminator_clip_norm, o->discriminator_clip_value);
    if (o->discriminator_clip_weights > 0) ok(gan_network_clip_parameters(p->game->d, o->discriminator_clip_weights));
}

static void move_g(const parts *p)
{
    const gan_session_options *o = &p->game->options;
    move(p->game->g, p->game->g_adam, o->generator_clip_norm, o->generator_clip_value);
}

static void learn_g(parts *p, gan_session_report *report)
{
    const gan_session_options *o = &p->game->options;
    int last = gan_network_output_count(p->game->d) - 1;
    report->g_loss = 0;
    if (!o->features_only) ok(gan_adversarial_loss_generator(p->loss, &report->g_loss, p->real, p->fake));
    report->g_classifier_loss = classify(p, p->fake, p->fake_labels);
    if (o->feature_weight > 0)
        ok(gan_loss_feature_matching(&report->feature_loss, gan_run_output_gradient(p->fake, last),
                                     gan_run_output(p->fake, last), gan_run_output(p->real, last), o->feature_weight));
    report->g_loss += report->g_classifier_loss;
    report->g_loss += report->feature_loss;
    ok(gan_run_backward(p->fake, NULL, GAN_WANT_INPUTS));
    ok(gan_network_zero_gradients(p->game->g));
    gan_tensor *gradient = gan_run_input_gradient(p->fake, 0);
    if (p->game->augment) ok(gan_augment_backward(p->game->augment, gradient, gradient, p->fake_position));
    ok(gan_run_backward(p->g, gradient, GAN_WANT_PARAMETERS));
    report->generator_stepped = true;
}

static void show(parts *p, gan_tensor *seen, const gan_tensor *pictures)
{
    ok(gan_tensor_copy(seen, pictures));
    if (!p->game->augment) return;
    ok(gan_augment_forward(p->game->augment, seen, pictures, p->augment_position));
    p->augment_position += (uint64_t)gan_tensor_dimension(pictures, 0);
}

static void look(parts *p, const gan_tensor *real, const gan_tensor *labels, bool at_real)
{
    if (at_real) show(p, p->seen_real, real);
    if (at_real) forward(p->real, p->seen_real, p->d_told_real, labels);
    p->fake_position = p->augment_position;
    show(p, p->seen_fake, gan_run_output(p->g, 0));
    forward(p->fake, p->seen_fake, p->d_told_fake, p->fake_labels);
}

static void adapt(const parts *p)
{
    if (p->game->augment) ok(gan_augment_adapt(p->game->augment, gan_run_output(p->real, 0)));
}

/* What D's loss has left at the outputs is not G's. */
static void clear(gan_run *run)
{
    for (int i = 0; gan_run_output_gradient(run, i); i++) {
        gan_tensor *gradient = gan_run_output_gradient(run, i);
        memset(gan_tensor_floats(gradient), 0, gan_tensor_bytes(gradient));
    }
}

void step_by_parts(parts *p, const gan_tensor *real, const gan_tensor *labels, gan_session_report *report)
{
    const gan_session_options *o = &p->game->options;
    bool g_learns = ++p->d_steps % (o->discriminator_steps ? o->discriminator_steps : 1) == 0;
    bool together = g_learns && o->scheme == GAN_SCHEME_SIMULTANEOUS;
    bool reads_real = o->feature_weight > 0 || (!o->features_only && (p->loss->flags & GAN_LOSS_READS_REAL));
    generate(p, labels);
    look(p, real, labels, true);
    learn_d(p, labels, report);
    if (!together) move_d(p);
    if (!together) adapt(p);
    if (!g_learns) return;
    if (together)
        clear(p->fake);
    else
        look(p, real, labels, reads_real);
    learn_g(p, report);
    if (together) move_d(p);
    move_g(p);
    if (together) adapt(p);
    if (p->game->ema) ok(gan_ema_update(p->game->ema, gan_tensor_dimension(real, 0)));
}
