/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/network.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

/* Layers of the caller's own. "scaled_square" is y = a * (x + b)^2 with parameters a and b by channel and a buffer that
 * counts passes: it has curvature, a parameter that multiplies and one that adds. */

typedef struct failure {
    const char *at; /* the function that fails, or NULL */
} failure;

static gan_status failing(void *user, const char *at)
{
    const failure *f = user;
    return f && f->at && strcmp(f->at, at) == 0 ? GAN_ERROR_NUMERIC : GAN_OK;
}

static gan_status infer(void *user, gan_custom_setup *setup)
{
    int rank;
    const int64_t *shape = gan_custom_input(setup, 0, &rank);
    int64_t c = shape[rank - 1];
    const gan_initializer ones = {.kind = GAN_INITIALIZER_ONES}, zeros = {.kind = GAN_INITIALIZER_ZEROS};
    if (gan_custom_inputs(setup) != 1) return gan_custom_refuse(setup, "there must be one input");
    if (gan_custom_number(setup, 0) < 0) return gan_custom_refuse(setup, "number 0 is the offset, 0 or more");
    gan_status status = failing(user, "infer");
    if (status == GAN_OK) status = gan_custom_output(setup, rank, shape);
    if (status == GAN_OK) status = gan_custom_parameter(setup, "a", 1, &c, ones, false);
    if (status == GAN_OK) status = gan_custom_parameter(setup, "b", 1, &c, zeros, false);
    if (status == GAN_OK) status = gan_custom_buffer(setup, "passes", 1, (int64_t[]){1}, zeros);
    if (status == GAN_OK) status = gan_custom_saved(setup, c);
    return status == GAN_OK ? gan_custom_flops(setup, 3 * c) : status;
}

/* All passes go over elements; the channel of element i is i % c. In these tests the input is [c]. */
#define CHANNELS 5

struct range {
    const gan_custom_pass *p;
    void (*element)(const gan_custom_pass *p, int64_t i, int64_t c);
};

static void run_range(void *argument, int64_t begin, int64_t end)
{
    const struct range *r = argument;
    for (int64_t i = begin; i < end; i++) r->element(r->p, i, i % CHANNELS);
}

static void each(const gan_custom_pass *p, void (*element)(const gan_custom_pass *p, int64_t i, int64_t c))
{
    struct range r = {p, element};
    gan_custom_parallel(p, p->batch * CHANNELS, 4, run_range, &r);
}

static float inner(const gan_custom_pass *p, int64_t i, int64_t c)
{
    return p->x[0][i] + p->parameter[1][c] + p->numbers[0];
}

static void forward_element(const gan_custom_pass *p, int64_t i, int64_t c)
{
    p->saved[i] = inner(p, i, c);
    p->y[i] = p->parameter[0][c] * p->saved[i] * p->saved[i];
}

static gan_status forward(void *user, const gan_custom_pass *p)
{
    if (p->training) p->buffer[0][0] += 1;
    each(p, forward_element);
    return failing(user, "forward");
}

static void backward_element(const gan_custom_pass *p, int64_t i, int64_t c)
{
    p->dx[0][i] = p->dy[i] * 2 * p->parameter[0][c] * p->saved[i];
}

static gan_status backward(void *user, const gan_custom_pass *p)
{
    if (p->dx[0]) each(p, backward_element);
    for (int64_t i = 0; p->gradient[0] && i < p->batch * CHANNELS; i++) {
        p->gradient[0][i % CHANNELS] += p->dy[i] * p->saved[i] * p->saved[i];
        p->gradient[1][i % CHANNELS] += p->dy[i] * 2 * p->parameter[0][i % CHANNELS] * p->saved[i];
    }
    return failing(user, "backward");
}

/* ty = 2 a (x + b) tx */
static void tangent_element(const gan_custom_pass *p, int64_t i, int64_t c)
{
    p->ty[i] = 2 * p->parameter[0][c] * p->saved[i] * p->tx[0][i];
}

static gan_status tangent(void *user, const gan_custom_pass *p)
{
    each(p, tangent_element);
    return failing(user, "tangent");
}

static gan_status tangent_backward(void *user, const gan_custom_pass *p)
{
    for (int64_t i = 0; i < p->batch * CHANNELS; i++) {
        int64_t c = i % CHANNELS;
        float a = p->parameter[0][c], s = p->saved[i], t = p->tx[0][i], u = p->dty[i], dy = p->dy ? p->dy[i] : 0;
        if (p->dtx[0]) p->dtx[0][i] = 2 * a * s * u;
        if (p->dx[0]) p->dx[0][i] = 2 * a * t * u + 2 * a * s * dy;
        if (!p->gradient[0]) continue;
        p->gradient[0][c] += 2 * s * t * u + s * s * dy;
        p->gradient[1][c] += 2 * a * t * u + 2 * a * s * dy;
    }
    return failing(user, "tangent_backward");
}

static const gan_custom_type square = {.size = sizeof square,
                                       .name = "scaled_square",
                                       .short_name = "square",
                                       .curved = true,
                                       .infer = infer,
                                       .forward = forward,
                                       .backward = backward,
                                       .tangent = tangent,
                                       .tangent_backward = tangent_backward};

static gan_network *network_of(gan_context *context)
{
    gan_network *network;
    ok(gan_network_create(&network, context, NULL));
    gan_node *x = gan_linear(gan_input(network, 3), .units = CHANNELS);
    x = gan_custom(x, .type = "scaled_square", .numbers = {0.5f});
    gan_network_output(network, gan_linear(gan_tanh(x), .units = 2));
    return network;
}

START_TEST(derivatives_are_right)
{
    gan_context *context = new_context(2, GAN_KERNELS_AUTO);
    ok(gan_custom_register(context, &square));
    gan_network *network = network_of(context);
    ok(gan_network_build(network));
    ok(gan_check_network(network, NULL));
    ck_assert_ptr_nonnull(gan_network_find(network, "square0.a"));
    gan_run *run;
    gan_tensor *x = new_tensor(context, GAN_SHAPE(2, 3));
    ok(gan_run_create(&run, network, GAN_TRAINING, 2));
    ok(gan_run_forward(run, x));
    ok(gan_run_forward(run, x));
    ck_assert(gan_tensor_floats(gan_network_find(network, "square0.passes"))[0] == 2);
    gan_run_free(&run);
    gan_tensor_free(&x);
    gan_context_free(&context);
    gan_network_free(&network);
}
END_TEST

/* The check sees each kind of mistake. */
static gan_status forgets_parameter(void *user, const gan_custom_pass *p)
{
    gan_custom_pass other = *p;
    float lost[CHANNELS], *gradient[GAN_CUSTOM_SLOTS] = {p->gradient[0], p->gradient[0] ? lost : NULL};
    memset(lost, 0, sizeof lost);
    other.gradient = gradient;
    return backward(user, &other);
}

static gan_status forgets_curvature(void *user, const gan_custom_pass *p)
{
    gan_status status = tangent_backward(user, p);
    for (int64_t i = 0; p->dx[0] && i < p->batch * CHANNELS; i++)
        p->dx[0][i] -= 2 * p->parameter[0][i % CHANNELS] * p->tx[0][i] * p->dty[i];
    return status;
}

static gan_status doubles(void *user, const gan_custom_pass *p)
{
    gan_status status = tangent(user, p);
    for (int64_t i = 0; i < p->batch * CHANNELS; i++) p->ty[i] *= 2;
    return status;
}

static gan_status sets_gradient(void *user, const gan_custom_pass *p)
{
    for (int k = 0; k < 2; k++)
        if (p->gradient[k]) memset(p->gradient[k], 0, CHANNELS * sizeof(float));
    return backward(user, p);
}

START_TEST(mistakes_are_seen)
{
    const struct {
        gan_custom_function backward, tangent, tangent_backward;
        const char *text;
    } mistakes[] = {
        {forgets_parameter, tangent, tangent_backward, "the gradient of \"square0.b\""},
        {backward, doubles, tangent_backward, "the tangent of"},
        {backward, tangent, forgets_curvature, "the second-order gradient of"},
        {sets_gradient, tangent, tangent_backward, "do not add up"},
    };
    for (int i = 0; i < 4; i++) {
        gan_context *context = new_context(1, GAN_KERNELS_AUTO);
        gan_custom_type type = square;
        type.backward = mistakes[i].backward;
        type.tangent = mistakes[i].tangent;
        type.tangent_backward = mistakes[i].tangent_backward;
        ok(gan_custom_register(context, &type));
        gan_network *network = network_of(context);
        ok(gan_network_build(network));
        fails(GAN_ERROR_NUMERIC, mistakes[i].text, gan_check_network(network, NULL));
        gan_network_free(&network);
        gan_context_free(&context);
    }
}
END_TEST

/* What a function returns is what the pass returns, and the run is usable after. */
START_TEST(failures_are_passed_on)
{
    static const char *const places[] = {"forward", "backward", "tangent", "tangent_backward"};
    failure f = {NULL};
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_custom_type type = square;
    type.user = &f;
    ok(gan_custom_register(context, &type));
    gan_network *network = network_of(context);
    ok(gan_network_build(network));
    for (int i = 0; i < 4; i++) {
        char text[80];
        f.at = places[i];
        snprintf(text, sizeof text, "square0 (scaled_square): its %s function returned GAN_ERROR_NUMERIC", places[i]);
        fails(GAN_ERROR_NUMERIC, text, gan_check_network(network, NULL));
        f.at = NULL;
        ok(gan_check_network(network, NULL));
    }
    gan_network_free(&network);
    f.at = "infer";
    network = network_of(context);
    ck_assert(gan_network_build(network) == GAN_ERROR_NUMERIC);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

/* Names that a layer of the caller's gives live as long as the network that has them. */
START_TEST(clones_outlive_their_networks)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    ok(gan_custom_register(context, &square));
    gan_network *network = network_of(context), *clone, *again;
    ok(gan_network_build(network));
    ok(gan_network_clone(&clone, network));
    gan_network_free(&network);
    ok(gan_network_clone(&again, clone));
    gan_network_free(&clone);
    ck_assert_ptr_nonnull(gan_network_find(again, "square0.passes"));
    ck_assert_ptr_nonnull(gan_network_find(again, "square0.b"));
    ok(gan_check_network(again, NULL));
    gan_network_free(&again);
    gan_context_free(&context);
}
END_TEST

static gan_status infer_more(void *user, gan_custom_setup *setup)
{
    gan_node **x = user;
    int rank;
    const int64_t *shape = gan_custom_input(setup, 0, &rank);
    ck_assert_ptr_null(gan_tanh(*x));
    return gan_custom_output(setup, rank, shape);
}

START_TEST(infer_adds_no_layers)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_network *network;
    gan_node *x;
    gan_custom_type type = square;
    type.infer = infer_more;
    type.user = &x;
    ok(gan_custom_register(context, &type));
    ok(gan_network_create(&network, context, NULL));
    x = gan_input(network, CHANNELS);
    ck_assert_ptr_null(gan_custom(x, .type = "scaled_square"));
    fails(GAN_ERROR_STATE, "infer function can add no layers", gan_network_build(network));
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

static gan_status infer_silently(void *user, gan_custom_setup *setup)
{
    (void)user;
    (void)setup;
    return GAN_ERROR_FORMAT;
}

static gan_status infer_nothing(void *user, gan_custom_setup *setup)
{
    (void)user;
    (void)setup;
    return GAN_OK;
}

static gan_status infer_wrongly(void *user, gan_custom_setup *setup)
{
    const gan_initializer zeros = {.kind = GAN_INITIALIZER_ZEROS};
    (void)user;
    fails(GAN_ERROR_INVALID_ARGUMENT, "setup is NULL", gan_custom_output(NULL, 1, (int64_t[]){1}));
    fails(GAN_ERROR_INVALID_ARGUMENT, "the shape must be", gan_custom_output(setup, 0, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "the shape must be", gan_custom_output(setup, 1, (int64_t[]){0}));
    fails(GAN_ERROR_INVALID_ARGUMENT, "the name must be",
          gan_custom_parameter(setup, "a name", 1, (int64_t[]){1}, zeros, false));
    fails(GAN_ERROR_INVALID_ARGUMENT, "kind is 99",
          gan_custom_parameter(setup, "a", 1, (int64_t[]){1}, (gan_initializer){.kind = 99}, false));
    fails(GAN_ERROR_INVALID_ARGUMENT, "-1", gan_custom_saved(setup, -1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "-1", gan_custom_flops(setup, -1));
    ck_assert_ptr_null(gan_custom_input(setup, 1, NULL));
    ck_assert(gan_custom_number(setup, 8) == 0);
    static const char *const names[] = {"a", "b", "c", "d"};
    ok(gan_custom_parameter(setup, "w", 1, (int64_t[]){1}, zeros, false));
    fails(GAN_ERROR_INVALID_ARGUMENT, "\"w\" already", gan_custom_buffer(setup, "w", 1, (int64_t[]){1}, zeros));
    for (int i = 0; i < 4; i++) ok(gan_custom_buffer(setup, names[i], 1, (int64_t[]){1}, zeros));
    fails(GAN_ERROR_INVALID_ARGUMENT, "4 already", gan_custom_buffer(setup, "e", 1, (int64_t[]){1}, zeros));
    return gan_custom_refuse(setup, "as it should");
}

START_TEST(misuse)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_custom_type type = square;
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_custom_register(NULL, &square));
    fails(GAN_ERROR_INVALID_ARGUMENT, "type is NULL", gan_custom_register(context, NULL));
    type.name = NULL;
    fails(GAN_ERROR_INVALID_ARGUMENT, "name is NULL", gan_custom_register(context, &type));
    type.name = "two words";
    fails(GAN_ERROR_INVALID_ARGUMENT, "two words", gan_custom_register(context, &type));
    type.name = "conv2d";
    fails(GAN_ERROR_INVALID_ARGUMENT, "a type \"conv2d\" already", gan_custom_register(context, &type));
    type = square;
    type.backward = NULL;
    fails(GAN_ERROR_INVALID_ARGUMENT, "backward is NULL", gan_custom_register(context, &type));
    type = square;
    type.tangent = NULL;
    fails(GAN_ERROR_INVALID_ARGUMENT, "or neither", gan_custom_register(context, &type));
    ok(gan_custom_register(context, &square));
    fails(GAN_ERROR_INVALID_ARGUMENT, "already", gan_custom_register(context, &square));
    type = square;
    type.name = "empty";
    type.infer = infer_nothing;
    ok(gan_custom_register(context, &type));
    type.name = "wrong";
    type.infer = infer_wrongly;
    ok(gan_custom_register(context, &type));
    type.name = "silent";
    type.infer = infer_silently;
    ok(gan_custom_register(context, &type));
    type = square;
    type.name = "flat";
    type.tangent = type.tangent_backward = NULL;
    ok(gan_custom_register(context, &type));
    const struct {
        const char *type, *text;
        float number;
    } refusals[] = {{NULL, "the type is \"\"", 0},
                    {"unknown", "the type is \"unknown\"", 0},
                    {"empty", "did not call gan_custom_output()", 0},
                    {"wrong", "(wrong): as it should", 0},
                    {"conv2d", "the type is \"conv2d\"", 0}, /* has options of its own */
                    {"silent", "(silent): its infer function returned GAN_ERROR_FORMAT", 0},
                    {"scaled_square", "number 0 is the offset", -1}};
    for (int i = 0; i < 7; i++) {
        gan_network *network;
        ok(gan_network_create(&network, context, NULL));
        gan_node *x = gan_input(network, CHANNELS);
        ck_assert_ptr_null(gan_custom(x, .type = refusals[i].type, .numbers = {refusals[i].number}));
        ck_assert(gan_network_build(network) != GAN_OK);
        ck_assert_msg(strstr(gan_last_error(), refusals[i].text) != NULL, "%s", gan_last_error());
        gan_network_free(&network);
    }
    gan_network *network;
    gan_run *run;
    ok(gan_network_create(&network, context, NULL));
    gan_network_output(network, gan_custom(gan_input(network, CHANNELS), .type = "flat"));
    ok(gan_network_build(network));
    fails(GAN_ERROR_UNSUPPORTED, "\"square0\" (flat)", gan_run_create(&run, network, GAN_TRAINING_TANGENTS, 1));
    ok(gan_check_network(network, NULL)); /* first derivatives */
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

START_TEST(check_misuse)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_network *network;
    fails(GAN_ERROR_INVALID_ARGUMENT, "network is NULL", gan_check_network(NULL, NULL));
    ok(gan_network_create(&network, context, NULL));
    fails(GAN_ERROR_STATE, "not built", gan_check_network(network, NULL));
    gan_network_output(network, gan_tanh(gan_input(network, 3)));
    ok(gan_network_build(network));
    fails(GAN_ERROR_INVALID_ARGUMENT, "batch is -1", gan_check_network(network, gan_check_options(.batch = -1)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "step is 2", gan_check_network(network, gan_check_options(.step = 2)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "tolerance", gan_check_network(network, gan_check_options(.tolerance = -1)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "reserved", gan_check_network(network, gan_check_options(.reserved = 1)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "classes[0] is -1",
          gan_check_network(network, gan_check_options(.classes = {-1})));
    fails(GAN_ERROR_INVALID_ARGUMENT, "classes[1] is 2; it must be 0 to 0",
          gan_check_network(network, gan_check_options(.classes = {0, 2})));
    network->passes = 7;
    fails(GAN_ERROR_INVALID_ARGUMENT, "batch is -1", gan_check_network(network, gan_check_options(.batch = -1)));
    ok(gan_check_network(network, gan_check_options(.batch = 1, .first_only = true)));
    ck_assert_int_eq((int)network->passes, 7);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("custom");
    TCase *tests = tcase_create("custom");
    tcase_set_timeout(tests, 0);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, derivatives_are_right);
    tcase_add_test(tests, mistakes_are_seen);
    tcase_add_test(tests, failures_are_passed_on);
    tcase_add_test(tests, clones_outlive_their_networks);
    tcase_add_test(tests, infer_adds_no_layers);
    tcase_add_test(tests, misuse);
    tcase_add_test(tests, check_misuse);
    return run_suite(suite);
}
