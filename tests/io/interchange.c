/* SPDX-License-Identifier: BSD-2-Clause */
#include "weights_networks.h"

#include <stdio.h>
#include <string.h>

/* interchange write|read FOLDER: libgan's part of interchange.py. `write` exports the networks' weights, each to
 * NAME.ours, and their inputs and output to NAME.images; `read` imports NAME.theirs, in which "model." is before names,
 * and checks that the network makes the output in it. The inputs that `write` takes are of NAME.inputs. */

static gan_context *context;
static bool writes;
static const char *folder;

static const char *file_of(int index, const char *kind)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s.%s", folder, exchanged_name(index), kind);
    return path;
}

/* Biases do not stay zeros, nor gains ones. */
static void shake(gan_network *network)
{
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        gan_tensor *parameter = gan_network_parameter(network, i), *noise;
        ok(gan_tensor_create(&noise, context, GAN_FLOAT32, gan_tensor_rank(parameter), gan_tensor_shape(parameter)));
        fill_normal(context, noise, (uint64_t)i);
        for (int64_t k = 0; k < gan_tensor_count(parameter); k++)
            gan_tensor_floats(parameter)[k] += 0.2f * gan_tensor_floats(noise)[k];
        gan_tensor_free(&noise);
    }
}

START_TEST(exchange)
{
    context = new_context(1, GAN_KERNELS_AUTO);
    gan_network *network = exchanged_network(context, _i);
    if (writes) {
        shake(network);
        ok(gan_network_export_weights(network, file_of(_i, "ours"),
                                      gan_weights_options(.layout = GAN_WEIGHTS_PYTORCH)));
        write_output(network, context, file_of(_i, "inputs"), file_of(_i, "images"));
    } else {
        ok(gan_network_import_weights(network, file_of(_i, "theirs"),
                                      gan_weights_options(.layout = GAN_WEIGHTS_PYTORCH, .prefix = "model.")));
        check_output(network, context, file_of(_i, "theirs"));
    }
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

int main(int count, char **arguments)
{
    if (count != 3) return 2;
    writes = strcmp(arguments[1], "write") == 0;
    folder = arguments[2];
    Suite *suite = suite_create("interchange");
    TCase *tests = tcase_create("interchange");
    tcase_set_timeout(tests, 0);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, exchange, 0, exchanged_count());
    return run_suite(suite);
}
