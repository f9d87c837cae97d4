/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/network.h"

#include <gan/check.h>
#include <gan/random.h>
#include <gan/run.h>
#include <math.h>
#include <string.h>

#define MOST         300 /* numbers of a tensor that are tried */
#define MOST_CLASSES 1000000
#define KINK         2.0  /* one-sided differences further apart, in tolerances: then there is a kink between */
#define ROUNDING     1e-6 /* of each number that is summed, relative */
#define SMALLEST     0.2  /* a gradient of zero, as of a bias before a batch norm, is rounding */
#define SETTLING     300  /* power iterations of spectral normalization */
#define BOTH         (GAN_WANT_INPUTS | GAN_WANT_PARAMETERS)

static const gan_field fields[] = {
    {"batch", GAN_FIELD_INT64, 0, offsetof(gan_check_options, batch), 1, 1000, 3},
    {"step", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(gan_check_options, step), 0, 1, 4e-3},
    {"tolerance", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(gan_check_options, tolerance), 0, 1, 1e-2},
    {"first_only", GAN_FIELD_BOOL, 0, offsetof(gan_check_options, first_only), 0, 1, 0},
    GAN_FIELD_RESERVED(gan_check_options),
};

/* The function that is differentiated: the sum over outputs of y * r, or over output 0 of its tangent in direction v
 * times r. Its gradients are copied to `kept` before the places are moved. */
struct check {
    gan_network *network;
    gan_check_options options;
    bool second;
    uint64_t first_pass;
    gan_run *run;
    gan_tensor *input[GAN_MAX_INPUTS], *v[GAN_MAX_INPUTS], *r[GAN_MAX_INPUTS], *kept_input[GAN_MAX_INPUTS];
    gan_tensor *kept;            /* all parameters' gradients, one after the other */
    gan_tensor *buffers, *start; /* as they were at first, and as each pass finds them */
};

static gan_status make_normal(struct check *c, gan_tensor **tensor, const gan_node *node, uint64_t *position)
{
    int64_t shape[GAN_MAX_RANK];
    gan_context *context = c->network->context;
    shape[0] = c->options.batch;
    memcpy(shape + 1, node->layer.output.size, (size_t)node->layer.output.rank * sizeof *shape);
    gan_status status = gan_tensor_create(tensor, context, GAN_FLOAT32, node->layer.output.rank + 1, shape);
    if (status == GAN_OK && position) status = gan_random_normal(context, GAN_STREAM_CHECKS, position, *tensor, 0, 1);
    return status;
}

/* Numbers of classes; nothing moves them. */
static void set_classes(struct check *c, int input)
{
    float *x = gan_tensor_floats(c->input[input]);
    for (int64_t k = 0; k < gan_tensor_count(c->input[input]); k++) x[k] = (float)(k % c->options.classes[input]);
    memset(c->v[input]->data, 0, gan_tensor_bytes(c->v[input]));
}

static gan_status make_tensors(struct check *c)
{
    const gan_network *network = c->network;
    gan_status status = GAN_OK;
    uint64_t position = 0;
    int64_t floats = 1;
    for (int i = 0; status == GAN_OK && i < network->input_count; i++) {
        status = make_normal(c, &c->input[i], network->inputs[i], &position);
        if (status == GAN_OK) status = make_normal(c, &c->v[i], network->inputs[i], &position);
        if (status == GAN_OK) status = make_normal(c, &c->kept_input[i], network->inputs[i], NULL);
        if (status == GAN_OK && c->options.classes[i] > 0) set_classes(c, i);
    }
    for (int i = 0; status == GAN_OK && i < network->output_count; i++)
        status = make_normal(c, &c->r[i], network->outputs[i], &position);
    for (int i = 0; i < network->parameters.count; i++) floats += gan_tensor_count(network->parameters.list[i].value);
    if (status == GAN_OK) status = gan_tensor_create(&c->kept, network->context, GAN_FLOAT32, 1, &floats);
    const gan_tensor *buffers = network->buffers.values;
    if (status == GAN_OK && buffers)
        status = gan_tensor_create(&c->buffers, network->context, GAN_FLOAT32, 1, buffers->shape);
    if (status == GAN_OK && buffers)
        status = gan_tensor_create(&c->start, network->context, GAN_FLOAT32, 1, buffers->shape);
    if (status == GAN_OK && buffers) status = gan_tensor_copy(c->buffers, buffers);
    if (status == GAN_OK && buffers) status = gan_tensor_copy(c->start, buffers);
    return status;
}

static void set_buffers(const struct check *c, const gan_tensor *from)
{
    gan_tensor *values = c->network->buffers.values;
    if (values && from) memcpy(values->data, from->data, gan_tensor_bytes(values));
}

static gan_status pass_forward(struct check *c)
{
    const gan_tensor *inputs[GAN_MAX_INPUTS];
    memcpy(inputs, c->input, sizeof inputs);
    c->network->passes = c->first_pass; /* layers that are random draw the same numbers each time */
    return gan_run_forward_all(c->run, inputs, c->network->input_count);
}

static bool has_spectral(const gan_layer *layer)
{
    for (int i = 0; i < layer->parameters; i++)
        if (layer->parameter[i].spectral) return true;
    return false;
}

/* Each pass takes one step of the power iterations of spectral normalization, which its gradient holds still. At their
 * end, where passes begin from then on, a step that follows a moved weight has no part in the derivative. */
static gan_status settle(struct check *c)
{
    bool spectral = false;
    gan_status status = GAN_OK;
    for (int i = 0; i < c->network->count; i++) spectral = spectral || has_spectral(&c->network->nodes[i]->layer);
    for (int i = 0; status == GAN_OK && spectral && i < SETTLING; i++) status = pass_forward(c);
    return status == GAN_OK && spectral ? gan_tensor_copy(c->start, c->network->buffers.values) : status;
}

static gan_status forward(struct check *c)
{
    const gan_tensor *directions[GAN_MAX_INPUTS];
    memcpy(directions, c->v, sizeof directions);
    set_buffers(c, c->start); /* what passes move is where it was */
    gan_status status = pass_forward(c);
    if (status == GAN_OK && c->second) status = gan_run_tangent_all(c->run, directions, c->network->input_count);
    return status;
}

static gan_status backward(struct check *c, unsigned want)
{
    gan_status status = forward(c);
    if (status == GAN_OK && c->second) return gan_run_tangent_backward(c->run, c->r[0], want);
    for (int i = 0; status == GAN_OK && i < c->network->output_count; i++)
        status = gan_tensor_copy(gan_run_output_gradient(c->run, i), c->r[i]);
    return status == GAN_OK ? gan_run_backward(c->run, NULL, want) : status;
}

/* *squares: the sum of the squares of what is summed, for the size of its rounding. */
static gan_status objective(struct check *c, double *sum, double *squares)
{
    gan_status status = forward(c);
    *sum = *squares = 0;
    for (int i = 0; status == GAN_OK && i < (c->second ? 1 : c->network->output_count); i++) {
        const float *y = gan_tensor_floats(c->second ? gan_run_output_tangent(c->run, i) : gan_run_output(c->run, i));
        const float *r = gan_tensor_floats(c->r[i]);
        for (int64_t k = 0; k < gan_tensor_count(c->r[i]); k++) {
            double term = (double)y[k] * (double)r[k];
            *sum += term;
            *squares += term * term;
        }
    }
    return status;
}

static double scale_of(const float *numbers, int64_t count)
{
    double scale = SMALLEST;
    for (int64_t k = 0; k < count; k++) scale = fmax(scale, fabs((double)numbers[k]));
    return scale;
}

static gan_status is_wrong(const struct check *c, const char *what, int64_t place, double found, double difference)
{
    return gan_fail(GAN_ERROR_NUMERIC, "%s of \"%s\"[%lld] is %g; differences say %g",
                    c->second ? "the second-order gradient" : "the gradient", what, (long long)place, found,
                    difference);
}

static gan_status check_place(struct check *c, const char *what, float *x, int64_t k, double found, double scale,
                              int64_t *kinks)
{
    const float old = x[k], step = c->options.step;
    double middle, up, down, squares;
    gan_status status = objective(c, &middle, &squares);
    x[k] = old + step;
    double step_up = (double)x[k] - old;
    if (status == GAN_OK) status = objective(c, &up, &squares);
    x[k] = old - step;
    double step_down = (double)old - x[k];
    if (status == GAN_OK) status = objective(c, &down, &squares);
    x[k] = old;
    if (status != GAN_OK) return status;
    double allowed = (double)c->options.tolerance * scale + ROUNDING * sqrt(squares) / (double)step;
    if (fabs((up - middle) / step_up - (middle - down) / step_down) > KINK * allowed) {
        ++*kinks;
        return GAN_OK;
    }
    double difference = (up - down) / (step_up + step_down);
    return fabs(difference - found) <= allowed ? GAN_OK : is_wrong(c, what, k, found, difference);
}

static gan_status too_many_kinks(const char *what, int64_t kinks, int64_t tried)
{
    if (kinks <= 2 + tried / 8) return GAN_OK;
    return gan_fail(GAN_ERROR_NUMERIC, "%lld of %lld places of \"%s\" are kinks, or the step is too large",
                    (long long)kinks, (long long)tried, what);
}

static gan_status check_tensor(struct check *c, const char *what, gan_tensor *tensor, const float *found)
{
    int64_t count = gan_tensor_count(tensor), tried = 0, kinks = 0;
    double scale = scale_of(found, count);
    gan_status status = GAN_OK;
    for (int64_t k = 0; status == GAN_OK && k < count; k += count / MOST + 1, tried++)
        status = check_place(c, what, gan_tensor_floats(tensor), k, (double)found[k], scale, &kinks);
    return status == GAN_OK ? too_many_kinks(what, kinks, tried) : status;
}

/* The gradients that the last backward pass left: to `kept`, or against it. */
static gan_status each_gradient(struct check *c, unsigned want, bool keep)
{
    const gan_variables *parameters = &c->network->parameters;
    float *kept = gan_tensor_floats(c->kept);
    for (int i = 0; (want & GAN_WANT_INPUTS) && i < c->network->input_count; i++) {
        const gan_tensor *gradient = gan_run_input_gradient(c->run, i);
        if (keep)
            memcpy(c->kept_input[i]->data, gradient->data, gan_tensor_bytes(gradient));
        else if (memcmp(c->kept_input[i]->data, gradient->data, gan_tensor_bytes(gradient)) != 0)
            return gan_fail(GAN_ERROR_NUMERIC, "the gradient of \"%s\" is another when parameters' are not wanted",
                            c->network->inputs[i]->name);
    }
    for (int i = 0; (want & GAN_WANT_PARAMETERS) && i < parameters->count; i++) {
        const gan_tensor *gradient = parameters->list[i].gradient;
        if (keep)
            memcpy(kept, gradient->data, gan_tensor_bytes(gradient));
        else if (memcmp(kept, gradient->data, gan_tensor_bytes(gradient)) != 0)
            return gan_fail(GAN_ERROR_NUMERIC, "the gradient of \"%s\" is another when inputs' are not wanted",
                            parameters->list[i].name);
        kept += gan_tensor_count(gradient);
    }
    return GAN_OK;
}

static gan_status check_all(struct check *c)
{
    gan_status status = GAN_OK;
    const gan_variables *parameters = &c->network->parameters;
    const float *kept = gan_tensor_floats(c->kept);
    for (int i = 0; status == GAN_OK && i < c->network->input_count; i++) {
        const float *gradient = gan_tensor_floats(c->kept_input[i]);
        if (c->options.classes[i] == 0) status = check_tensor(c, c->network->inputs[i]->name, c->input[i], gradient);
        for (int64_t k = 0; c->options.classes[i] && k < gan_tensor_count(c->input[i]); k++)
            if (gradient[k] != 0) return is_wrong(c, c->network->inputs[i]->name, k, (double)gradient[k], 0);
    }
    for (int i = 0; status == GAN_OK && i < parameters->count; i++) {
        status = check_tensor(c, parameters->list[i].name, parameters->list[i].value, kept);
        kept += gan_tensor_count(parameters->list[i].value);
    }
    return status;
}

static gan_status check_untouched(const struct check *c)
{
    for (int i = 0; i < c->network->parameters.count; i++) {
        const gan_variable *p = &c->network->parameters.list[i];
        for (int64_t k = 0; k < gan_tensor_count(p->gradient); k++)
            if (gan_tensor_floats(p->gradient)[k] != 0)
                return gan_fail(GAN_ERROR_NUMERIC, "\"%s\" has a gradient that was not wanted", p->name);
    }
    return GAN_OK;
}

/* A second pass adds the same again, sums in the same order but to what is there. */
static gan_status check_sums(struct check *c)
{
    gan_status status = backward(c, GAN_WANT_PARAMETERS);
    const float *kept = gan_tensor_floats(c->kept);
    for (int i = 0; status == GAN_OK && i < c->network->parameters.count; i++) {
        const gan_variable *p = &c->network->parameters.list[i];
        int64_t count = gan_tensor_count(p->gradient);
        double scale = scale_of(kept, count);
        for (int64_t k = 0; k < count; k++)
            if (fabs((double)gan_tensor_floats(p->gradient)[k] - 2 * (double)kept[k]) > 1e-4 * scale)
                return gan_fail(GAN_ERROR_NUMERIC, "two passes do not add up: \"%s\"[%lld] has a gradient of %g and %g",
                                p->name, (long long)k, (double)kept[k], (double)gan_tensor_floats(p->gradient)[k]);
        kept += count;
    }
    return status;
}

static gan_status check_wants(struct check *c)
{
    gan_status status = gan_network_zero_gradients(c->network);
    if (status == GAN_OK) status = backward(c, GAN_WANT_INPUTS);
    if (status == GAN_OK) status = each_gradient(c, GAN_WANT_INPUTS, false);
    if (status == GAN_OK) status = check_untouched(c);
    if (status == GAN_OK) status = backward(c, GAN_WANT_PARAMETERS);
    if (status == GAN_OK) status = each_gradient(c, GAN_WANT_PARAMETERS, false);
    return status == GAN_OK ? check_sums(c) : status;
}

/* Moves all inputs along their directions. */
static void move_inputs(struct check *c, float step)
{
    for (int i = 0; i < c->network->input_count; i++)
        for (int64_t k = 0; k < gan_tensor_count(c->v[i]); k++)
            gan_tensor_floats(c->input[i])[k] += step * gan_tensor_floats(c->v[i])[k];
}

/* Output 0 at three places along the directions, which the caller has tensors for, against its tangent. */
static gan_status check_tangent_places(struct check *c, gan_tensor *places[3])
{
    const float step = c->options.step / 2, moves[3] = {-step, step, step};
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < 3; i++) {
        move_inputs(c, moves[i]);
        status = forward(c);
        if (status == GAN_OK) status = gan_tensor_copy(places[i], gan_run_output(c->run, 0));
    }
    move_inputs(c, -step);
    if (status == GAN_OK) status = forward(c);
    if (status != GAN_OK) return status;
    const float *ty = gan_tensor_floats(gan_run_output_tangent(c->run, 0));
    int64_t count = gan_tensor_count(c->r[0]), kinks = 0;
    double scale = scale_of(ty, count), allowed = (double)c->options.tolerance * scale;
    for (int64_t k = 0; k < count; k++) {
        double down = gan_tensor_floats(places[0])[k], middle = gan_tensor_floats(places[1])[k];
        double up = gan_tensor_floats(places[2])[k], difference = (up - down) / (2 * (double)step);
        if (fabs((up - middle) - (middle - down)) > KINK * allowed * (double)step)
            kinks++;
        else if (fabs(difference - (double)ty[k]) > allowed)
            return gan_fail(GAN_ERROR_NUMERIC, "the tangent of \"%s\"[%lld] is %g; differences say %g",
                            c->network->outputs[0]->name, (long long)k, (double)ty[k], difference);
    }
    return too_many_kinks(c->network->outputs[0]->name, kinks, count);
}

static gan_status check_tangent(struct check *c)
{
    gan_tensor *places[3] = {NULL, NULL, NULL};
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < 3; i++) status = make_normal(c, &places[i], c->network->outputs[0], NULL);
    if (status == GAN_OK) status = check_tangent_places(c, places);
    for (int i = 0; i < 3; i++) gan_tensor_free(&places[i]);
    return status;
}

/* First derivatives, or second ones with the tangent that they are of. */
static gan_status check_order(struct check *c, bool second)
{
    c->second = second;
    gan_status status =
        gan_run_create(&c->run, c->network, second ? GAN_TRAINING_TANGENTS : GAN_TRAINING, c->options.batch);
    if (status == GAN_OK) status = gan_network_zero_gradients(c->network);
    if (status == GAN_OK && !second) status = settle(c);
    if (status == GAN_OK && second) status = check_tangent(c);
    if (status == GAN_OK) status = backward(c, BOTH);
    if (status == GAN_OK) status = each_gradient(c, BOTH, true);
    if (status == GAN_OK) status = check_all(c);
    if (status == GAN_OK) status = check_wants(c);
    gan_run_free(&c->run);
    gan_network_zero_gradients(c->network);
    return status;
}

static gan_status read_options(struct check *c, const gan_check_options *given)
{
    gan_status status =
        gan_options_read(&c->options, sizeof c->options, given, "gan_check_options", fields, GAN_FIELD_COUNT(fields));
    for (int i = 0; status == GAN_OK && i < GAN_MAX_INPUTS; i++) {
        int classes = c->options.classes[i], most = i < c->network->input_count ? MOST_CLASSES : 0;
        if (classes < 0 || classes > most)
            status = gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_check_options.classes[%d] is %d; it must be 0 to %d%s",
                              i, classes, most, most ? "" : ", for there is no such input");
    }
    return status;
}

gan_status gan_check_network(gan_network *network, const gan_check_options *given)
{
    struct check c = {.network = network};
    gan_status status = gan_network_require_built(network, "gan_check_network", "network");
    if (status == GAN_OK) status = read_options(&c, given);
    if (status != GAN_OK) return status;
    c.first_pass = network->passes;
    status = make_tensors(&c);
    if (status == GAN_OK) status = check_order(&c, false);
    if (status == GAN_OK && !c.options.first_only && gan_network_require_tangents(network) == GAN_OK)
        status = check_order(&c, true);
    set_buffers(&c, c.buffers);
    network->passes = c.first_pass;
    gan_tensor_free(&c.start);
    gan_tensor_free(&c.buffers);
    gan_tensor_free(&c.kept);
    for (int i = 0; i < GAN_MAX_INPUTS; i++) {
        gan_tensor_free(&c.kept_input[i]);
        gan_tensor_free(&c.r[i]);
        gan_tensor_free(&c.v[i]);
        gan_tensor_free(&c.input[i]);
    }
    return status;
}
