/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_LAYER_CASES_H
#define TESTS_LAYER_CASES_H

#include "gradients.h"
#include "layer/registry.h"
#include "network/network.h"

/* What the table-driven tests of layers run over, and those of exported ones (tests/io/): a type, its options and its
 * inputs. Some cases are written down, in given.c; the rest is derived from the types' own tables, so that a layer is
 * tested from its line in lib/layer/layers.def on. */

#define BATCH 3

typedef struct layer_case {
    const gan_layer_type *type;
    const void *options; /* NULL for types that join several inputs */
    int inputs;
    gan_shape input[3];
    int classes[3]; /* inputs that are class numbers below this, where not 0 */
} layer_case;

extern const layer_case given_cases[];
extern const int given_count;

/* The cases given, and after them those that are derived. collect_cases() is called once, before the tests. */
void collect_cases(void);
const layer_case *case_at(int index);
int case_count(void);

/* Ends the program unless so: before the tests, Check has no place for a failure. */
void require(bool so, const char *text);

/* The type's first case, or NULL. */
const layer_case *case_of(const gan_layer_type *type);

/* Of one type, into a list of `room`; how many there are. */
int derive_cases(gan_context *context, const gan_layer_type *type, layer_case *cases, int room);

/* Adds the case's layer to a network that has its inputs. The options are the case's, or others of its type. NULL: the
 * network has the error. */
gan_node *case_node(const layer_case *c, gan_node *const *inputs);

/* A built network of the case's layer and its inputs. */
gan_status make_network(gan_network **network, gan_context *context, const layer_case *c);

/* The case's network with a run and random inputs, as gradients.h has them. */
subject subject_of(const layer_case *c, int threads, gan_kernel_set set, int64_t batch);
void set_classes(const layer_case *c, subject *s);

/* The same, of a network that is there. */
subject subject_with(const layer_case *c, gan_context *context, gan_network *network, int64_t batch);

/* Tests of each type's options (options.c), and of memory that runs out (memory.c). */
void add_option_tests(TCase *tests);
void add_memory_tests(TCase *tests);

#endif
