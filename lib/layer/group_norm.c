/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/export.h"
#include "layer/normalize.h"
#include "layer/registry.h"
#include "layer/rows.h"

#include <math.h>
#include <string.h>

/* Layer, instance and group norm are one computation: each instance is a matrix [rows, c], whose columns are cut into
 * groups of neighbours, and each group has a mean and a variance of its own. An instance is a sample, or of a layer
 * norm over the last dimension a single row. Instances have nothing to do with each other; several make a task. */

enum { GAMMA, BETA };

#define TASK_FLOATS 8192

/* Rows [c] of a worker's scratch: the set of each channel, coefficients, and sums over an instance's rows by channel. A
 * PRODUCT is the sum of something times xhat, with t = tx and u = dty; PRODUCT_UT is that of u * (t - <t>). */
enum {
    MEAN,
    INVERSE,
    BY_SOURCE,
    BY_U,
    BY_T,
    BY_X,
    BY_1,
    SUM_DY,
    PRODUCT_DY,
    SUM_U,
    PRODUCT_U,
    SUM_T,
    PRODUCT_T,
    PRODUCT_UT,
    MEAN_T,
    ONES,
    ZEROS,
    ROWS
};

#define NORM_FIELDS(type)                                                                       \
    {"epsilon", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(type, epsilon), 0, 1e30, 1e-5},   \
        {"no_affine", GAN_FIELD_BOOL, 0, offsetof(type, no_affine), 0, 1, 0},                   \
        {"gamma", GAN_FIELD_INITIALIZER, 0, offsetof(type, gamma), 0, 0, GAN_INITIALIZER_ONES}, \
    {                                                                                           \
        "beta", GAN_FIELD_INITIALIZER, 0, offsetof(type, beta), 0, 0, GAN_INITIALIZER_ZEROS     \
    }

static const gan_field layer_fields[] = {
    NORM_FIELDS(gan_layer_norm_options),
    {"last_dimension", GAN_FIELD_BOOL, 0, offsetof(gan_layer_norm_options, last_dimension), 0, 1, 0},
    GAN_FIELD_RESERVED(gan_layer_norm_options),
};
static const gan_field instance_fields[] = {
    NORM_FIELDS(gan_instance_norm_options),
    GAN_FIELD_RESERVED(gan_instance_norm_options),
};
static const gan_field group_fields[] = {
    NORM_FIELDS(gan_group_norm_options),
    {"groups", GAN_FIELD_INT, GAN_FIELD_REQUIRED, offsetof(gan_group_norm_options, groups), 1, 1 << 20, 0},
    GAN_FIELD_RESERVED(gan_group_norm_options),
};

/* The three types' options as one. */
struct norm {
    int64_t c, groups, width, rows; /* width: channels of a group */
    double epsilon;
    bool affine;
    gan_initializer gamma, beta;
};

#define NORM_OF(o) .epsilon = (double)(o)->epsilon, .affine = !(o)->no_affine, .gamma = (o)->gamma, .beta = (o)->beta

static struct norm norm_of(const gan_layer *layer)
{
    const gan_layer_norm_options *of_layer = layer->options;
    const gan_instance_norm_options *of_instance = layer->options;
    const gan_group_norm_options *of_group = layer->options;
    int64_t c = gan_channels(&layer->input[0]), rows = gan_shape_elements(&layer->input[0]) / c;
    if (layer->type == &gan_layer_layer_norm)
        return (struct norm){c, 1, c, of_layer->last_dimension ? 1 : rows, NORM_OF(of_layer)};
    if (layer->type == &gan_layer_instance_norm) return (struct norm){c, c, 1, rows, NORM_OF(of_instance)};
    return (struct norm){c, of_group->groups, c / of_group->groups, rows, NORM_OF(of_group)};
}

static gan_status infer(gan_layer *layer)
{
    struct norm norm = norm_of(layer);
    int64_t c = norm.c;
    layer->output = layer->input[0];
    if (c % norm.groups)
        return gan_layer_fail(layer, "groups is %lld; it must divide the %lld channels", (long long)norm.groups,
                              (long long)c);
    if (norm.rows * norm.width < 2)
        return gan_layer_fail(layer, "a group is 1 number; it must be at least 2 to have a variance");
    gan_slot gamma = {.name = "gamma",
                      .shape = {1, {c}},
                      .initializer = norm.gamma,
                      .fan_in = c,
                      .fan_out = c,
                      .forms = &gan_gamma_forms};
    gan_slot beta = {.name = "beta",
                     .shape = {1, {c}},
                     .initializer = norm.beta,
                     .fan_in = c,
                     .fan_out = c,
                     .additive = true,
                     .forms = &gan_beta_forms};
    if (norm.affine) gan_layer_add_parameter(layer, gamma);
    if (norm.affine) gan_layer_add_parameter(layer, beta);
    return GAN_OK;
}

static int64_t instances_of(const gan_layer *layer, const struct norm *norm, int64_t batch)
{
    return batch * (gan_shape_elements(&layer->input[0]) / (norm->rows * norm->c));
}

static int64_t grain_of(const struct norm *norm)
{
    int64_t grain = TASK_FLOATS / (norm->rows * norm->c);
    return grain > 0 ? grain : 1;
}

/* saved: each group's mean and inverse. shared: each task's sums [2, c] for the gradients of gamma and beta. */
static void memory(const gan_layer *layer, const gan_kernels *kernels, int64_t batch, gan_layer_memory *need)
{
    struct norm norm = norm_of(layer);
    int64_t instances = instances_of(layer, &norm, batch), grain = grain_of(&norm);
    (void)kernels;
    need->saved = gan_saturating_multiply(2 * (size_t)norm.groups, (size_t)instances);
    if (norm.affine)
        need->shared = gan_saturating_multiply(2 * (size_t)norm.c, (size_t)((instances + grain - 1) / grain));
    need->scratch = gan_saturating_multiply(ROWS, (size_t)norm.c);
}

/* One instance, in a worker's hands. */
struct instance {
    const gan_layer_call *call;
    struct norm norm;
    int64_t at; /* floats before it */
    float *saved, *scratch;
    float *sums; /* of its task */
};

static float *by_channel(const struct instance *n, int row)
{
    return n->scratch + row * n->norm.c;
}

static double gamma_of(const struct instance *n, int64_t j)
{
    return n->norm.affine ? n->call->parameter[GAMMA][j] : 1;
}

static gan_norm_set set_of(const struct instance *n, int64_t group)
{
    return (gan_norm_set){n->saved[2 * group], n->saved[2 * group + 1], (double)(n->norm.rows * n->norm.width)};
}

static void visit(const gan_layer_call *call, int64_t begin, int64_t end, int worker,
                  void (*work)(const struct instance *))
{
    struct instance n = {.call = call, .norm = norm_of(call->layer)};
    int64_t floats = n.norm.rows * n.norm.c;
    n.scratch = call->scratch + (size_t)worker * call->scratch_stride;
    n.sums = call->shared + begin / grain_of(&n.norm) * 2 * n.norm.c;
    if (n.norm.affine) memset(n.sums, 0, 2 * (size_t)n.norm.c * sizeof(float));
    for (int64_t i = begin; i < end; i++) {
        n.at = i * floats;
        n.saved = call->saved + 2 * i * n.norm.groups;
        work(&n);
    }
}

static void run(const gan_layer_call *call, gan_range_task task)
{
    struct norm norm = norm_of(call->layer);
    gan_pool_ranges(call->pool, task, (void *)call, instances_of(call->layer, &norm, call->batch), grain_of(&norm));
}

/* Mean and variance of a group from its channels' (Chan, Golub, LeVeque 1979). */
static void find_group(const struct instance *n, const float *means, const float *squares, int64_t group)
{
    int64_t first = group * n->norm.width, end = first + n->norm.width;
    double sum = 0, about = 0, rows = (double)n->norm.rows, width = (double)n->norm.width;
    for (int64_t j = first; j < end; j++) sum += means[j];
    double mean = sum / width;
    for (int64_t j = first; j < end; j++) about += squares[j] + rows * (means[j] - mean) * (means[j] - mean);
    n->saved[2 * group] = (float)mean;
    n->saved[2 * group + 1] = (float)(1 / sqrt(about / (rows * width) + n->norm.epsilon));
}

static void forward_instance(const struct instance *n)
{
    const gan_layer_call *call = n->call;
    const struct norm *norm = &n->norm;
    float *means = by_channel(n, MEAN), *squares = by_channel(n, INVERSE);
    float *scale = by_channel(n, BY_X), *shift = by_channel(n, BY_1);
    call->kernels->moments(means, squares, call->x[0] + n->at, norm->rows, norm->c);
    for (int64_t g = 0; g < norm->groups; g++) {
        find_group(n, means, squares, g);
        for (int64_t j = g * norm->width; j < (g + 1) * norm->width; j++) {
            scale[j] = (float)gamma_of(n, j) * n->saved[2 * g + 1];
            shift[j] = (norm->affine ? call->parameter[BETA][j] : 0) - n->saved[2 * g] * scale[j];
        }
    }
    call->kernels->scale_shift(call->y + n->at, call->x[0] + n->at, scale, shift, norm->rows, norm->c);
}

/* Each channel's mean and inverse, for sums(). */
static void expand_sets(const struct instance *n)
{
    for (int64_t j = 0; j < n->norm.c; j++) {
        by_channel(n, MEAN)[j] = n->saved[2 * (j / n->norm.width)];
        by_channel(n, INVERSE)[j] = n->saved[2 * (j / n->norm.width) + 1];
    }
}

/* Rows sum and product: by channel the sums of source and of source * xhat. */
static void find_sums(const struct instance *n, int sum, int product, const float *source)
{
    n->call->kernels->batch_norm_sums(by_channel(n, sum), by_channel(n, product), source + n->at, n->call->x[0] + n->at,
                                      by_channel(n, MEAN), by_channel(n, INVERSE), n->norm.rows, n->norm.c);
}

/* target = BY_`row` * source + BY_X * x + BY_1, or added to target without the last two. */
static void write(const struct instance *n, float *target, int row, const float *source, bool add)
{
    const float *x = add ? target : n->call->x[0];
    n->call->kernels->batch_norm_backward(target + n->at, source + n->at, x + n->at, by_channel(n, row),
                                          by_channel(n, add ? ONES : BY_X), by_channel(n, add ? ZEROS : BY_1),
                                          n->norm.rows, n->norm.c);
}

/* The sum over a group's channels of a row, times gamma where it is that of a gradient of y. */
static double sum_group(const struct instance *n, int row, int64_t group, bool with_gamma)
{
    double sum = 0;
    for (int64_t j = group * n->norm.width; j < (group + 1) * n->norm.width; j++)
        sum += by_channel(n, row)[j] * (with_gamma ? gamma_of(n, j) : 1);
    return sum;
}

/* BY_`row`, BY_X and BY_1 become those of dx = P(gamma * source). */
static void set_gradient(const struct instance *n, int row, int sum, int product)
{
    for (int64_t g = 0; g < n->norm.groups; g++) {
        gan_norm_set set = set_of(n, g);
        gan_norm_line line = gan_norm_derivative(&set, sum_group(n, sum, g, true), sum_group(n, product, g, true));
        for (int64_t j = g * n->norm.width; j < (g + 1) * n->norm.width; j++) {
            by_channel(n, row)[j] = (float)(set.inverse * gamma_of(n, j));
            by_channel(n, BY_X)[j] = (float)line.by_x;
            by_channel(n, BY_1)[j] = (float)line.by_1;
        }
    }
}

/* To the task's sums: of dy * xhat and of dy. */
static void add_parameter_sums(const struct instance *n)
{
    if (!n->norm.affine) return;
    n->call->kernels->add(n->sums, by_channel(n, PRODUCT_DY), n->norm.c);
    n->call->kernels->add(n->sums + n->norm.c, by_channel(n, SUM_DY), n->norm.c);
}

static void backward_instance(const struct instance *n)
{
    const gan_layer_call *call = n->call;
    expand_sets(n);
    find_sums(n, SUM_DY, PRODUCT_DY, call->dy);
    add_parameter_sums(n);
    if (!call->dx[0]) return;
    set_gradient(n, BY_SOURCE, SUM_DY, PRODUCT_DY);
    write(n, call->dx[0], BY_SOURCE, call->dy, false);
}

/* The tasks' sums, in their order. */
static void add_gradients(const gan_layer_call *call)
{
    struct norm norm = norm_of(call->layer);
    int64_t instances = instances_of(call->layer, &norm, call->batch), grain = grain_of(&norm);
    for (int64_t task = 0; norm.affine && task < (instances + grain - 1) / grain; task++)
        for (int k = GAMMA; k <= BETA; k++)
            if (call->gradient[k])
                call->kernels->add(call->gradient[k], call->shared + (2 * task + k) * norm.c, norm.c);
}

/* ty = gamma * P(tx) */
static void tangent_instance(const struct instance *n)
{
    expand_sets(n);
    find_sums(n, SUM_T, PRODUCT_T, n->call->tx[0]);
    for (int64_t g = 0; g < n->norm.groups; g++) {
        gan_norm_set set = set_of(n, g);
        gan_norm_line line =
            gan_norm_derivative(&set, sum_group(n, SUM_T, g, false), sum_group(n, PRODUCT_T, g, false));
        for (int64_t j = g * n->norm.width; j < (g + 1) * n->norm.width; j++) {
            double gamma = gamma_of(n, j);
            by_channel(n, BY_SOURCE)[j] = (float)(gamma * set.inverse);
            by_channel(n, BY_X)[j] = (float)(gamma * line.by_x);
            by_channel(n, BY_1)[j] = (float)(gamma * line.by_1);
        }
    }
    write(n, n->call->ty, BY_SOURCE, n->call->tx[0], false);
}

/* Sums of u, t, and u * (t - <t>); and the rows of ones and zeros. */
static void find_second_sums(const struct instance *n)
{
    const gan_layer_call *call = n->call;
    find_sums(n, SUM_T, PRODUCT_T, call->tx[0]);
    for (int64_t g = 0; g < n->norm.groups; g++) {
        float mean = (float)(sum_group(n, SUM_T, g, false) / set_of(n, g).count);
        for (int64_t j = g * n->norm.width; j < (g + 1) * n->norm.width; j++) {
            by_channel(n, MEAN_T)[j] = mean;
            by_channel(n, ONES)[j] = 1;
            by_channel(n, ZEROS)[j] = 0;
        }
    }
    call->kernels->batch_norm_sums(by_channel(n, SUM_U), by_channel(n, PRODUCT_UT), call->dty + n->at,
                                   call->tx[0] + n->at, by_channel(n, MEAN_T), by_channel(n, ONES), n->norm.rows,
                                   n->norm.c);
    find_sums(n, SUM_U, PRODUCT_U, call->dty);
}

/* The sum of u * ty is that of w * P(t) with w = gamma * u. Adds what it gives to BY_X and BY_1, and to the gradient of
 * gamma: inverse * (sum of u * (t - <t>) - <t xhat> * sum of u * xhat). */
static void add_second_order(const struct instance *n)
{
    for (int64_t g = 0; g < n->norm.groups; g++) {
        gan_norm_set set = set_of(n, g);
        gan_norm_sums sums = {sum_group(n, SUM_U, g, true), sum_group(n, PRODUCT_U, g, true),
                              sum_group(n, SUM_T, g, false), sum_group(n, PRODUCT_T, g, false),
                              sum_group(n, PRODUCT_UT, g, true)};
        gan_norm_curve curve = gan_norm_second_derivative(&set, &sums);
        for (int64_t j = g * n->norm.width; j < (g + 1) * n->norm.width; j++) {
            by_channel(n, BY_U)[j] = (float)(curve.by_w * gamma_of(n, j));
            by_channel(n, BY_T)[j] = (float)curve.by_t;
            by_channel(n, BY_X)[j] += (float)curve.line.by_x;
            by_channel(n, BY_1)[j] += (float)curve.line.by_1;
            double along = sums.t_x / set.count * by_channel(n, PRODUCT_U)[j];
            if (n->norm.affine) n->sums[j] += (float)(set.inverse * (by_channel(n, PRODUCT_UT)[j] - along));
        }
    }
}

static void second_instance(const struct instance *n)
{
    const gan_layer_call *call = n->call;
    expand_sets(n);
    find_second_sums(n);
    set_gradient(n, BY_SOURCE, SUM_U, PRODUCT_U);
    if (call->dtx[0]) write(n, call->dtx[0], BY_SOURCE, call->dty, false);
    if (call->dy) {
        find_sums(n, SUM_DY, PRODUCT_DY, call->dy);
        add_parameter_sums(n);
        set_gradient(n, BY_SOURCE, SUM_DY, PRODUCT_DY);
    } else {
        memset(by_channel(n, BY_X), 0, (size_t)n->norm.c * sizeof(float));
        memset(by_channel(n, BY_1), 0, (size_t)n->norm.c * sizeof(float));
    }
    add_second_order(n);
    if (!call->dx[0]) return;
    write(n, call->dx[0], BY_U, call->dty, false);
    write(n, call->dx[0], BY_T, call->tx[0], true);
    if (call->dy) write(n, call->dx[0], BY_SOURCE, call->dy, true);
}

#define TASK(name)                                                                       \
    static void name##_instances(void *argument, int64_t begin, int64_t end, int worker) \
    {                                                                                    \
        visit(argument, begin, end, worker, name##_instance);                            \
    }
TASK(forward)
TASK(backward)
TASK(tangent)
TASK(second)

static void forward(const gan_layer_call *call)
{
    run(call, forward_instances);
}

static void backward(const gan_layer_call *call)
{
    run(call, backward_instances);
    add_gradients(call);
    gan_layer_parameters_done(call);
}

static void tangent(const gan_layer_call *call)
{
    run(call, tangent_instances);
}

static void tangent_backward(const gan_layer_call *call)
{
    run(call, second_instances);
    add_gradients(call);
}

/* The groups become a dimension of their own, unless instances are rows: then a row is a group. */
static gan_value export_norm(gan_export *e)
{
    struct norm norm = norm_of(e->layer);
    const gan_shape *shape = &e->layer->input[0];
    int64_t rows = gan_shape_elements(shape) / norm.c, groups = norm.groups, width = norm.width;
    float epsilon = (float)norm.epsilon;
    bool whole = norm.rows == rows;
    gan_order order = whole ? gan_export_order(e, 1) : GAN_CHANNELS_LAST;
    gan_value x = gan_export_input(e, 0, order);
    if (!whole)
        x = gan_export_normalize(e, x, epsilon, 1, (int64_t[]){shape->rank});
    else if (order == GAN_CHANNELS_FIRST)
        x = gan_export_normalize(e, gan_export_reshape(e, x, GAN_SHAPE(0, groups, width * rows)), epsilon, 1,
                                 (int64_t[]){2});
    else
        x = gan_export_normalize(e, gan_export_reshape(e, x, GAN_SHAPE(0, rows, groups, width)), epsilon, 2,
                                 (int64_t[]){1, 3});
    if (whole) x = gan_export_as_output(e, x, order);
    if (norm.affine) x = gan_export_operator(e, "Mul", x, gan_export_by_channel(e, GAMMA, order));
    if (norm.affine) x = gan_export_operator(e, "Add", x, gan_export_by_channel(e, BETA, order));
    return gan_export_in_order(e, x, order);
}

#define NORM(kind, short, more)                                                 \
    const gan_layer_type gan_layer_##kind##_norm = {                            \
        .name = #kind "_norm",                                                  \
        .short_name = short,                                                    \
        .options_size = sizeof(gan_##kind##_norm_options),                      \
        .fields = kind##_fields,                                                \
        .field_count = GAN_FIELD_COUNT(kind##_fields),                          \
        .traits = GAN_READS_X | GAN_CURVED | (more),                            \
        .infer = infer,                                                         \
        .memory = memory,                                                       \
        .forward = forward,                                                     \
        .backward = backward,                                                   \
        .tangent = tangent,                                                     \
        .tangent_backward = tangent_backward,                                   \
        .export = export_norm,                                                  \
    };                                                                          \
    gan_node *gan_##kind##_norm_layer(const gan_##kind##_norm_options *options) \
    {                                                                           \
        return gan_layer_node(&gan_layer_##kind##_norm, options);               \
    }
NORM(layer, "ln", GAN_KEEPS_FEATURES)
NORM(instance, "in", 0)
NORM(group, "gn", 0) /* its groups are neighbours */
