/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

/* Graphs that nobody would think of: random layers on random earlier ones, with random outputs. Their gradients, first
 * and second, agree with differences; so nothing that a pass needs was overwritten. */

#define GRAPHS  120
#define MOST    16
#define OUTPUTS 4

/* Layers from [2,2,4] to [2,2,4]; all are smooth. */
static gan_node *same_conv(gan_node *a, gan_node *b)
{
    (void)b;
    return gan_conv2d(a, .filters = 4, .kernel = 2, .padding = GAN_PADDING_SAME);
}

static gan_node *same_deconv(gan_node *a, gan_node *b)
{
    (void)b;
    return gan_conv2d_transpose(a, .filters = 4, .kernel = 3, .padding = GAN_PADDING_SAME);
}

static gan_node *linear(gan_node *a, gan_node *b)
{
    (void)b;
    return gan_linear(a, .units = 4);
}

static gan_node *join(gan_node *a, gan_node *b)
{
    return gan_linear(gan_concat(a, b), .units = 4);
}

static gan_node *sum(gan_node *a, gan_node *b)
{
    return gan_add(a, b);
}

static gan_node *curve(gan_node *a, gan_node *b)
{
    (void)b;
    return gan_tanh(a);
}

static gan_node *squash(gan_node *a, gan_node *b)
{
    (void)b;
    return gan_sigmoid(a);
}

static gan_node *norm(gan_node *a, gan_node *b)
{
    (void)b;
    return gan_batch_norm(a, .epsilon = 0.5f);
}

static gan_node *view(gan_node *a, gan_node *b)
{
    (void)b;
    return gan_reshape(gan_flatten(a), .shape = {2, 2, 4});
}

static gan_node *(*const layers[])(gan_node *a, gan_node *b) = {same_conv, same_deconv, linear, join, sum,
                                                                curve,     squash,      norm,   view};

static uint32_t below(uint32_t *state, uint32_t n)
{
    *state = *state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)*state * n) >> 32);
}

static gan_context *context;

static gan_network *random_network(uint32_t seed)
{
    gan_network *network;
    gan_node *nodes[MOST + 2];
    uint32_t count = 0, state = seed * 7919u + 1, inputs = 1 + below(&state, 2), outputs = 1;
    ok(gan_network_create(&network, context, NULL));
    while (count < inputs) nodes[count++] = gan_input(network, 2, 2, 4);
    for (uint32_t left = 3 + below(&state, MOST - 3); left > 0; left--, count++) {
        gan_node *a = nodes[below(&state, 3) ? count - 1 : below(&state, count)], *b = nodes[below(&state, count)];
        nodes[count] = layers[below(&state, sizeof layers / sizeof layers[0])](a, b);
    }
    gan_network_output(network, nodes[count - 1]);
    for (uint32_t i = inputs; i + 1 < count && outputs < OUTPUTS; i++)
        if (below(&state, 5) == 0) {
            gan_network_output(network, nodes[i]);
            outputs++;
        }
    ok(gan_network_build(network));
    return network;
}

/* Depth would make numbers of any size. */
static void shrink_parameters(gan_network *network)
{
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        gan_tensor *parameter = gan_network_parameter(network, i);
        fill_normal(context, parameter, (uint64_t)i + 20);
        for (int64_t k = 0; k < gan_tensor_count(parameter); k++) gan_tensor_floats(parameter)[k] *= 0.4f;
    }
}

START_TEST(derivatives_are_right)
{
    context = new_context(2, GAN_KERNELS_AUTO);
    gan_network *network = random_network((uint32_t)_i);
    shrink_parameters(network);
    ok(gan_check_network(network, NULL));
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("random graphs");
    TCase *tests = tcase_create("random graphs");
    tcase_set_timeout(tests, 0);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, derivatives_are_right, 0, GRAPHS);
    return run_suite(suite);
}
