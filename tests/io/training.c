/* SPDX-License-Identifier: BSD-2-Clause */
#include "training.h"

gan_status sgd(gan_optimizer **optimizer, gan_network *network)
{
    return gan_sgd_create(optimizer, network, gan_sgd_options(.rate = 1e-3f));
}

gan_status nesterov(gan_optimizer **optimizer, gan_network *network)
{
    return gan_sgd_create(optimizer, network, gan_sgd_options(.momentum = 0.7f, .nesterov = true));
}

gan_status rmsprop(gan_optimizer **optimizer, gan_network *network)
{
    return gan_rmsprop_create(optimizer, network, gan_rmsprop_options(.rate = 1e-3f));
}

gan_status rmsprop_of_all(gan_optimizer **optimizer, gan_network *network)
{
    return gan_rmsprop_create(optimizer, network,
                              gan_rmsprop_options(.rate = 1e-3f, .momentum = 0.3f, .centered = true));
}

gan_status amsgrad(gan_optimizer **optimizer, gan_network *network)
{
    return gan_adam_create(optimizer, network, gan_adam_options(.beta1 = GAN_ZERO, .amsgrad = true));
}

gan_status adamw(gan_optimizer **optimizer, gan_network *network)
{
    return gan_adamw_create(optimizer, network, gan_adamw_options(.beta2 = 0.9f, .weight_decay = 0.1f));
}

static gan_status adam(gan_optimizer **optimizer, gan_network *network)
{
    return gan_adam_create(optimizer, network, gan_adam_options(.rate = 1e-3f, .beta1 = 0.5f));
}

const training_plan plans[] = {
    {"adam"},
    {"sgd", .g_optimizer = sgd, .d_optimizer = nesterov},
    {"rmsprop", .g_optimizer = rmsprop, .d_optimizer = rmsprop_of_all, .loss = "least_squares"},
    {"adamw", .g_optimizer = adamw, .d_optimizer = amsgrad, .schedules = true},
    {"simultaneous", .play = {.scheme = GAN_SCHEME_SIMULTANEOUS, .discriminator_steps = 3, .smoothing = 0.1f}},
    {"critic", .play = {.discriminator_steps = 5, .discriminator_clip_weights = 0.1f}, .loss = "wasserstein"},
    {"clipped", .play = {.generator_clip_norm = 0.5f, .discriminator_clip_value = 0.01f, .fake_smoothing = 0.1f}},
    {"accumulated", .play = {.accumulate = 3}, .loss = "relativistic_average"},
    {"labels", .labels = TRAINING_CLASSES, .classifier = true,
     .play = {.classifier_weight = 0.5f, .fake_labels = GAN_FAKE_LABELS_REAL}},
    {"embedding", .labels = 1, .play = {.classes = TRAINING_CLASSES}, .loss = "hinge"},
    {"features", .features = true, .play = {.feature_weight = 0.5f, .features_only = true}},
    {"R1 and R2",
     .penalties = {{.kind = GAN_PENALTY_R1, .weight = 0.1f, .every = 4}, {.kind = GAN_PENALTY_R2, .weight = 0.1f}},
     .loss = "relativistic_pairing", .schedules = true},
    {"WGAN-GP", .penalties = {{.kind = GAN_PENALTY_WGAN_GP}}, .average = {.half_life = 20}, .play = {.scheme = 1}},
    {"DRAGAN", .penalties = {{.kind = GAN_PENALTY_DRAGAN, .weight = 1, .target = GAN_ZERO, .noise = 0.3f}}},
    {"augmented", .augment = {.policies = 15, .cutout = GAN_ZERO}, .average = {.half_life = 10, .ramp_up = 0.05f}},
    {"adaptive", .augment = {.policies = 7, .adaptive = true, .interval = 3, .ramp = INT64_MAX / 3 * 2, .target = 0.1f},
     .average = {.half_life = 100, .start = 40}, .schedules = true},
    {"quick to adapt", .augment = {.policies = 15, .adaptive = true, .interval = 5, .ramp = 700}},
};
const int plan_count = (int)(sizeof plans / sizeof plans[0]);

const training_plan smallest = {"smallest",
                                .plain = true,
                                .augment = {.policies = 4, .adaptive = true},
                                .average = {.half_life = 8},
                                .penalties = {{.kind = GAN_PENALTY_R1}},
                                .schedules = true};

static gan_status make_generator(gan_network **network, gan_context *context, const training_plan *plan)
{
    gan_status status = gan_network_create(network, context, gan_network_options(.name = "G \"1\" \xc3\xa9"));
    if (status != GAN_OK) return status;
    gan_node *x = gan_input(*network, plan->plain ? 2 : 6);
    if (plan->labels == 1) x = gan_concat(x, gan_linear(gan_input(*network, 1), .units = 3));
    if (plan->labels > 1) x = gan_concat(x, gan_linear(gan_input(*network, plan->labels), .units = 3));
    if (plan->plain) {
        gan_network_output(*network, gan_reshape(gan_linear(x, .units = 4), .shape = {2, 2, 1}));
        return gan_network_build(*network);
    }
    x = gan_reshape(gan_linear(x, .units = 16 * 5), .shape = {4, 4, 5});
    x = gan_dropout(gan_relu(gan_batch_norm(x)), .rate = 0.2f);
    x = gan_conv2d_transpose(x, .filters = 3, .kernel = 4, .stride = 2, .padding = GAN_PADDING_SAME,
                             .spectral_norm = true);
    gan_network_output(*network, gan_tanh(x));
    return gan_network_build(*network);
}

static gan_status make_discriminator(gan_network **network, gan_context *context, const training_plan *plan)
{
    gan_status status = gan_network_create(network, context, gan_network_options(.name = "D"));
    if (status != GAN_OK) return status;
    if (plan->plain) {
        gan_network_output(*network, gan_linear(gan_flatten(gan_input(*network, 2, 2, 1)), .units = 1));
        return gan_network_build(*network);
    }
    gan_node *x = gan_gaussian_noise(gan_input(*network, 8, 8, 3), .deviation = 0.1f);
    x = gan_conv2d(x, .filters = 4, .kernel = 4, .stride = 2, .padding = GAN_PADDING_SAME, .spectral_norm = true);
    x = gan_batch_norm(gan_leaky_relu(x));
    gan_node *features = gan_flatten(gan_concat_diff(x));
    x = features;
    if (plan->labels) x = gan_concat(x, gan_linear(gan_input(*network, plan->labels), .units = 3));
    gan_network_output(*network, gan_linear(gan_dropout(x, .rate = 0.3f), .units = 1));
    if (plan->classifier) gan_network_output(*network, gan_linear(features, .units = TRAINING_CLASSES));
    if (plan->features) gan_network_output(*network, features);
    return gan_network_build(*network);
}

/* What the session keeps. */
typedef struct parts {
    gan_network *g, *d;
    gan_optimizer *g_optimizer, *d_optimizer;
    gan_ema *ema;
    gan_augment *augment;
} parts;

static gan_status make_parts(parts *p, gan_context *context, const training_plan *plan)
{
    gan_status status = make_generator(&p->g, context, plan);
    if (status == GAN_OK) status = make_discriminator(&p->d, context, plan);
    if (status == GAN_OK) status = (plan->g_optimizer ? plan->g_optimizer : adam)(&p->g_optimizer, p->g);
    if (status == GAN_OK) status = (plan->d_optimizer ? plan->d_optimizer : adam)(&p->d_optimizer, p->d);
    gan_ema_options average = plan->average;
    average.size = sizeof average;
    if (status == GAN_OK && average.half_life > 0) status = gan_ema_create(&p->ema, p->g, &average);
    gan_augment_options augment = plan->augment;
    augment.size = sizeof augment;
    return status == GAN_OK && augment.policies ? gan_augment_create(&p->augment, context, &augment) : status;
}

static gan_status add_schedules(const parts *p, const training_plan *plan)
{
    const gan_schedule *rate = gan_schedule(.kind = GAN_SCHEDULE_COSINE, .warmup = 5, .hold = 3, .steps = 80);
    const gan_schedule *beta2 = gan_schedule(.kind = GAN_SCHEDULE_LINEAR, .steps = 50, .end = 0.99f);
    const gan_schedule *half_life = gan_schedule(.kind = GAN_SCHEDULE_STEP, .steps = 60, .factor = 0.7f);
    if (!plan->schedules) return GAN_OK;
    gan_status status = gan_optimizer_set_schedule(p->g_optimizer, rate);
    if (status == GAN_OK && (!plan->d_optimizer || plan->d_optimizer == amsgrad))
        status = gan_optimizer_set_beta2_schedule(p->d_optimizer, beta2);
    return status == GAN_OK && p->ema ? gan_ema_set_schedule(p->ema, half_life) : status;
}

static gan_status make_session(training *t, const parts *p, const training_plan *plan)
{
    const gan_schedule *fade = gan_schedule(.kind = GAN_SCHEDULE_LINEAR, .steps = 70);
    gan_session_options options = plan->play;
    options.size = sizeof options;
    options.generator = p->g;
    options.discriminator = p->d;
    options.generator_optimizer = p->g_optimizer;
    options.discriminator_optimizer = p->d_optimizer;
    if (plan->loss) options.loss = gan_adversarial_loss_find(plan->loss);
    gan_status status = gan_session_create(&t->session, &options);
    for (int i = 0; status == GAN_OK && i < TRAINING_PENALTIES && plan->penalties[i].kind; i++) {
        gan_penalty_options penalty = plan->penalties[i];
        penalty.size = sizeof penalty;
        penalty.schedule = plan->schedules ? fade : NULL;
        status = gan_session_add_penalty(t->session, &penalty);
    }
    if (status == GAN_OK && p->ema) status = gan_session_set_ema(t->session, p->ema);
    return status == GAN_OK && p->augment ? gan_session_set_augment(t->session, p->augment) : status;
}

static void free_parts(parts *p)
{
    gan_augment_free(&p->augment);
    gan_ema_free(&p->ema);
    gan_optimizer_free(&p->d_optimizer);
    gan_optimizer_free(&p->g_optimizer);
    gan_network_free(&p->d);
    gan_network_free(&p->g);
}

/* 23 pictures, each its own. */
static gan_status make_data(training *t, const training_plan *plan)
{
    int64_t side = plan->plain ? 2 : 8, channels = plan->plain ? 1 : 3, count = 23;
    gan_tensor *images = NULL, *labels = NULL;
    uint64_t position = 0;
    gan_status status = gan_tensor_create(&images, t->context, GAN_FLOAT32, GAN_SHAPE(count, side, side, channels));
    if (status == GAN_OK) status = gan_tensor_create(&labels, t->context, GAN_INT32, 1, &count);
    if (status == GAN_OK) status = gan_random_uniform(t->context, GAN_STREAM_USER, &position, images, -1, 1);
    for (int i = 0; status == GAN_OK && i < count; i++) numbers(labels)[i] = i % TRAINING_CLASSES;
    if (status == GAN_OK)
        status = gan_dataset_create_memory(&t->data, t->context, images, labels, gan_dataset_options(.flip = true));
    if (status == GAN_OK)
        status = gan_tensor_create(&t->real, t->context, GAN_FLOAT32, GAN_SHAPE(4, side, side, channels));
    if (status == GAN_OK && plan->labels) status = gan_tensor_create(&t->labels, t->context, GAN_INT32, GAN_SHAPE(4));
    gan_tensor_free(&labels);
    gan_tensor_free(&images);
    return status;
}

gan_status training_prepare(training *t, gan_context *context, const training_plan *plan)
{
    *t = (training){.context = context, .accumulate = plan->play.accumulate ? plan->play.accumulate : 1};
    return make_data(t, plan);
}

gan_status training_start(training *t, gan_context *context, const training_plan *plan)
{
    parts p = {NULL};
    gan_status status = training_prepare(t, context, plan);
    if (status == GAN_OK) status = make_parts(&p, context, plan);
    if (status == GAN_OK) status = add_schedules(&p, plan);
    if (status == GAN_OK) status = make_session(t, &p, plan);
    free_parts(&p);
    return status;
}

gan_status training_go_on(training *t, int steps)
{
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < steps * t->accumulate; i++) {
        status = gan_dataset_next(t->data, t->real, t->labels);
        if (status == GAN_OK) status = gan_session_step_labelled(t->session, t->real, t->labels, NULL);
    }
    return status;
}

void training_stop(training *t)
{
    gan_session_free(&t->session);
    gan_tensor_free(&t->labels);
    gan_tensor_free(&t->real);
    gan_dataset_free(&t->data);
}
