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

START_TEST(exchange)
{
    context = new_context(1, GAN_KERNELS_AUTO);
    gan_network *network = exchanged_network(context, _i);
    if (writes) {
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
