/* SPDX-License-Identifier: BSD-2-Clause */
#include <gan/gan.h>

#include <cstdio>

/* The library as a C++ program sees it: a network of every kind of builder call, and one pass through it. */

#define CHECK(condition)                                                              \
    do {                                                                              \
        if (!(condition)) {                                                           \
            std::printf("line %d: %s: %s\n", __LINE__, #condition, gan_last_error()); \
            return 1;                                                                 \
        }                                                                             \
    } while (0)

int main()
{
    gan_context *context = nullptr;
    gan_network *network = nullptr;
    gan_run *run = nullptr;
    gan_tensor *x = nullptr, *label = nullptr;
    gan_context_options options = gan_options<gan_context_options>();
    options.threads = 2;
    CHECK(gan_context_create(&context, &options) == GAN_OK);
    CHECK(gan_context_threads(context) == 2);
    CHECK(gan_options<gan_session_report>().size == sizeof(gan_session_report));
    CHECK(gan_network_create(&network, context, nullptr) == GAN_OK);
    gan_conv2d_options conv = {};
    conv.filters = 4;
    conv.kernel = 3;
    gan_conv2d_transpose_options deconv = {};
    deconv.filters = 4;
    deconv.kernel = 3;
    gan_linear_options linear = {};
    linear.units = 2;
    gan_node *input = gan_input(network, 6, 6, 3);
    gan_node *a = gan_concat_diff(gan_relu(gan_batch_norm(gan_conv2d(input, conv))));
    gan_conditional_batch_norm_options conditional = {};
    conditional.condition = gan_flatten(gan_pixel_norm(input));
    a = gan_conditional_batch_norm(a, conditional);
    gan_node *b = gan_leaky_relu(gan_conv2d_transpose(a, deconv));
    gan_max_pool_options largest = {};
    gan_average_pool_options average = {};
    largest.kernel = average.kernel = 2;
    gan_node *half = gan_add(gan_max_pool(input, largest), gan_average_pool(input, average));
    gan_node *c = gan_pixel_shuffle(gan_pixel_unshuffle(gan_upsample(half)));
    c = gan_self_attention(gan_residual_block(c));
    gan_attention_options attention = {};
    attention.key = attention.value = half;
    c = gan_attention(c, attention);
    gan_embedding_options vectors = {};
    vectors.classes = 1;
    vectors.dim = 3;
    gan_node *of_class = gan_embedding(gan_input(network, 1), vectors);
    gan_network_output(network, gan_add(gan_global_average_pool(c), gan_global_sum_pool(c), of_class));
    gan_node *joined = gan_concat(gan_add(gan_tanh(b), gan_sigmoid(b)), input);
    gan_network_output(network, gan_linear(gan_flatten(joined), linear));
    CHECK(gan_network_build(network) == GAN_OK);
    CHECK(gan_run_create(&run, network, GAN_INFERENCE, 2) == GAN_OK);
    const int64_t shape[] = {2, 6, 6, 3};
    CHECK(gan_tensor_create(&x, context, GAN_FLOAT32, 4, shape) == GAN_OK);
    const int64_t label_shape[] = {2, 1};
    CHECK(gan_tensor_create(&label, context, GAN_FLOAT32, 2, label_shape) == GAN_OK);
    const gan_tensor *const inputs[] = {x, label};
    CHECK(gan_run_forward_all(run, inputs, 2) == GAN_OK);
    CHECK(gan_tensor_dimension(gan_run_output(run, 1), 1) == 2);
    gan_tensor_free(&label);
    gan_tensor_free(&x);
    gan_run_free(&run);
    gan_network_free(&network);
    gan_context_free(&context);
    return 0;
}
