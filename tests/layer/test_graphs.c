/* SPDX-License-Identifier: BSD-2-Clause */
#include "gradients.h"

/* Networks whose shape is the point: results read by several, outputs inside the graph, views, chains that work in
 * place. Each builds its layers on `x` (and `x2`, a second input), and marks its outputs. */

static gan_node *conv(gan_node *x)
{
    return gan_conv2d(x, .filters = 3, .kernel = 3, .padding = GAN_PADDING_SAME);
}

static void diamond(gan_network *n, gan_node *x, gan_node *x2)
{
    gan_node *a = gan_tanh(conv(x));
    gan_network_output(n, gan_add(gan_relu(conv(a)), gan_sigmoid(a), x2));
}

static void twice_the_same(gan_network *n, gan_node *x, gan_node *x2)
{
    gan_node *a = conv(x);
    gan_network_output(n, gan_concat(gan_add(a, a, a), a, x2, x2));
}

static void output_inside(gan_network *n, gan_node *x, gan_node *x2)
{
    gan_node *a = gan_tanh(conv(x));
    gan_network_output(n, a);
    gan_node *b = gan_leaky_relu(a);
    gan_network_output(n, conv(b));
    gan_network_output(n, gan_add(b, x2));
}

static void output_read_in_place(gan_network *n, gan_node *x, gan_node *x2)
{
    gan_node *a = conv(gan_add(x, x2));
    gan_network_output(n, a);
    gan_network_output(n, gan_relu(a));
    gan_network_output(n, gan_flatten(a));
}

static void chain_in_place(gan_network *n, gan_node *x, gan_node *x2)
{
    gan_node *a = gan_sigmoid(gan_reshape(gan_tanh(gan_leaky_relu(conv(x))), .shape = {-1}));
    gan_network_output(n, gan_tanh(gan_reshape(a, .shape = {4, 5, 3})));
    gan_network_output(n, gan_relu(gan_flatten(x2)));
}

static void views_of_one(gan_network *n, gan_node *x, gan_node *x2)
{
    gan_node *a = conv(x);
    gan_node *flat = gan_flatten(a), *again = gan_flatten(a);
    gan_network_output(n, gan_add(gan_tanh(flat), gan_relu(again), gan_flatten(gan_sigmoid(a)), gan_flatten(x2)));
}

static void view_of_input(gan_network *n, gan_node *x, gan_node *x2)
{
    gan_network_output(n, gan_flatten(x));
    gan_network_output(n, gan_tanh(gan_reshape(x2, .shape = {5, 4, 3})));
}

static void dead_ends(gan_network *n, gan_node *x, gan_node *x2)
{
    gan_node *a = conv(x);
    gan_tanh(conv(a));
    gan_relu(x2); /* nothing depends on this input */
    gan_network_output(n, gan_relu(a));
}

/* An input that is made after layers, so that its gradient is ready before others begin. */
static void late_input(gan_network *n, gan_node *x, gan_node *x2)
{
    gan_node *a = gan_tanh(conv(gan_tanh(conv(gan_add(x, x2)))));
    gan_node *late = gan_input(n, 4, 5, 3);
    gan_network_output(n, gan_add(a, gan_sigmoid(conv(late))));
}

static void norms(gan_network *n, gan_node *x, gan_node *x2)
{
    gan_node *a = gan_concat_diff(gan_tanh(gan_batch_norm(conv(x), .epsilon = 0.1f)));
    gan_node *b = gan_conv2d_transpose(gan_batch_norm(x2, .epsilon = 0.1f), .filters = 4, .kernel = 3,
                                       .padding = GAN_PADDING_SAME);
    gan_network_output(n, gan_linear(gan_add(a, b), .units = 2));
}

/* Norms that curved layers follow: second derivatives go through them by both ways. */
static void norms_of_samples(gan_network *n, gan_node *x, gan_node *x2)
{
    gan_node *a = gan_tanh(gan_group_norm(x, .groups = 3, .epsilon = 0.3f));
    gan_node *b = gan_sigmoid(gan_pixel_norm(gan_tanh(gan_layer_norm(x2, .epsilon = 0.3f)), .epsilon = 0.3f));
    gan_network_output(n, gan_linear(gan_tanh(gan_add(a, gan_tanh(b))), .units = 2));
}

static void modulation(gan_network *n, gan_node *x, gan_node *x2)
{
    gan_node *condition = gan_tanh(gan_linear(gan_flatten(x2), .units = 2));
    gan_node *a = gan_tanh(gan_film(gan_tanh(x), .condition = condition));
    gan_network_output(n, gan_linear(a, .units = 2));
}

/* Layers that compare samples, between curved ones. */
static void comparisons(gan_network *n, gan_node *x, gan_node *x2)
{
    gan_node *a = gan_tanh(gan_minibatch_stddev(gan_tanh(x), .group_size = 2, .features = 3));
    gan_node *b = gan_tanh(gan_linear(gan_flatten(gan_add(x, x2)), .units = 2));
    gan_network_output(n, gan_concat(gan_linear(gan_flatten(a), .units = 2),
                                     gan_tanh(gan_minibatch_discrimination(b, .kernels = 5, .dims = 2))));
}

static void attention_of_one(gan_network *n, gan_node *x, gan_node *x2)
{
    gan_node *a = gan_tanh(conv(x)), *b = gan_max_pool(gan_sigmoid(x2), .kernel = 2);
    gan_node *c = gan_attention(a, .key = a, .value = a);
    gan_network_output(n, gan_tanh(gan_attention(c, .key = b, .value = b)));
}

static const struct {
    const char *name;
    void (*build)(gan_network *, gan_node *, gan_node *);
} graphs[] = {
    {"diamond", diamond},
    {"twice the same", twice_the_same},
    {"output inside", output_inside},
    {"output read in place", output_read_in_place},
    {"chain in place", chain_in_place},
    {"views of one", views_of_one},
    {"view of input", view_of_input},
    {"dead ends", dead_ends},
    {"late input", late_input},
    {"norms", norms},
    {"norms of samples", norms_of_samples},
    {"modulation", modulation},
    {"comparisons", comparisons},
    {"attention of one", attention_of_one},
};

#define GRAPHS ((int)(sizeof graphs / sizeof graphs[0]))

static subject graph(int index, int threads, int64_t batch)
{
    gan_context *context = new_context(threads, GAN_KERNELS_AUTO);
    gan_network *network;
    ok(gan_network_create(&network, context, gan_network_options(.name = graphs[index].name)));
    gan_node *x = gan_input(network, 4, 5, 3), *x2 = gan_input(network, 4, 5, 3);
    graphs[index].build(network, x, x2);
    ok(gan_network_build(network));
    subject s = new_subject(context, network, batch);
    gan_context_free(&context);
    return s;
}

START_TEST(derivatives_are_right)
{
    subject s = graph(_i, 2, 3);
    ok(gan_check_network(s.network, NULL));
    free_subject(&s);
}
END_TEST

START_TEST(passes_repeat)
{
    subject s = graph(_i, 1, 3);
    uint64_t expected = fingerprint(&s);
    ck_assert(fingerprint(&s) == expected);
    free_subject(&s);
}
END_TEST

/* Inference shares more memory than training; the results are the same. */
START_TEST(inference_gives_the_same)
{
    subject s = graph(_i, 1, 3);
    gan_run *inference;
    ok(gan_run_create(&inference, s.network, GAN_INFERENCE, s.batch));
    ok(gan_run_forward_all(inference, (const gan_tensor *[]){s.input[0], s.input[1], s.input[2]},
                           gan_network_input_count(s.network)));
    forward(&s);
    for (int i = 0; graphs[_i].build != norms && i < gan_network_output_count(s.network); i++) {
        const gan_tensor *y = gan_run_output(inference, i);
        ck_assert(largest_difference(gan_tensor_floats(y), gan_tensor_floats(gan_run_output(s.run, i)),
                                     gan_tensor_count(y)) == 0);
    }
    ck_assert(gan_run_bytes(inference) < gan_run_bytes(s.run));
    gan_run_free(&inference);
    free_subject(&s);
}
END_TEST

START_TEST(unused_input_has_a_gradient_of_zeros)
{
    int index = 0;
    while (graphs[index].build != dead_ends) index++;
    subject s = graph(index, 1, 3);
    backward(&s, GAN_WANT_INPUTS);
    const gan_tensor *gradient = gan_run_input_gradient(s.run, 1);
    ck_assert_int_eq(gan_tensor_count(gradient), 3 * 4 * 5 * 3);
    ck_assert(largest(gan_tensor_floats(gradient), gan_tensor_count(gradient)) == 0);
    free_subject(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("graphs");
    TCase *tests = tcase_create("graphs");
    tcase_set_timeout(tests, 0);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, derivatives_are_right, 0, GRAPHS);
    tcase_add_loop_test(tests, passes_repeat, 0, GRAPHS);
    tcase_add_loop_test(tests, inference_gives_the_same, 0, GRAPHS);
    tcase_add_test(tests, unused_input_has_a_gradient_of_zeros);
    return run_suite(suite);
}
