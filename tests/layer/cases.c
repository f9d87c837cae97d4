/* SPDX-License-Identifier: BSD-2-Clause */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CASES 1024

static layer_case cases[MOST_CASES];
static int count;

const layer_case *case_at(int index)
{
    return &cases[index];
}

int case_count(void)
{
    return count;
}

void require(bool so, const char *text)
{
    if (so) return;
    fprintf(stderr, "%s: %s\n", text, gan_last_error());
    exit(EXIT_FAILURE);
}

const layer_case *case_of(const gan_layer_type *type)
{
    for (int i = 0; i < count; i++)
        if (cases[i].type == type) return &cases[i];
    return NULL;
}

/* Nothing in a type's table tells that an input holds numbers of classes: such types are given. */
static bool has_classes(const gan_layer_type *type)
{
    for (int i = 0; i < given_count; i++)
        for (int k = 0; k < cases[i].inputs; k++)
            if (cases[i].type == type && cases[i].classes[k]) return true;
    return false;
}

void collect_cases(void)
{
    gan_context *context;
    require(gan_context_create(&context, gan_context_options(.seed = 42)) == GAN_OK, "a context");
    require(given_count <= MOST_CASES, "too many cases");
    memcpy(cases, given_cases, (size_t)given_count * sizeof *cases);
    count = given_count;
    for (int i = 0; gan_layer_types[i]; i++)
        if (gan_layer_types[i] != &gan_layer_input && !has_classes(gan_layer_types[i]))
            count += derive_cases(context, gan_layer_types[i], cases + count, MOST_CASES - count);
    gan_context_free(&context);
}

gan_node *case_node(const layer_case *c, gan_node *const *inputs)
{
    if (!c->options) return gan_layer_node_joining(c->type, inputs, c->inputs, NULL);
    if (!inputs[0]) return NULL;
    unsigned char options[512];
    memcpy(options, c->options, c->type->options_size);
    memcpy(options + offsetof(gan_layer_options, input), &inputs[0], sizeof inputs[0]);
    return gan_layer_node_with(c->type, options, inputs + 1, c->inputs - 1);
}

gan_status make_network(gan_network **network, gan_context *context, const layer_case *c)
{
    gan_node *inputs[GAN_MAX_INPUTS];
    gan_status status = gan_network_create(network, context, NULL);
    if (status != GAN_OK) return status;
    for (int i = 0; i < c->inputs; i++) inputs[i] = gan_input_layer(*network, c->input[i].rank, c->input[i].size, NULL);
    gan_node *output = case_node(c, inputs);
    if (output) gan_network_output(*network, output);
    return gan_network_build(*network);
}

void set_classes(const layer_case *c, subject *s)
{
    for (int i = 0; i < c->inputs; i++)
        if (c->classes[i]) fill_classes(s, i, c->classes[i]);
}

subject subject_with(const layer_case *c, gan_context *context, gan_network *network, int64_t batch)
{
    subject s = new_subject(context, network, batch);
    set_classes(c, &s);
    return s;
}

subject subject_of(const layer_case *c, int threads, gan_kernel_set set, int64_t batch)
{
    gan_context *context = new_context(threads, set);
    gan_network *network;
    ok(make_network(&network, context, c));
    subject s = subject_with(c, context, network, batch);
    gan_context_free(&context); /* the network keeps it */
    return s;
}
