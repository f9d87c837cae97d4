/* SPDX-License-Identifier: BSD-2-Clause */
#include "allocator.h"
#include "cases.h"

#include <gan/optimizer.h>
#include <string.h>

/* A network of each case that is built, copied, written as text and read, run and trained, with an allocator that fails
 * at the n-th call, for every n: each failure is told, and nothing leaks. Later passes take no memory. */

enum { OF_TEXT, CLONE, COPIES };

typedef struct program {
    gan_context *context;
    gan_network *network, *copy[COPIES];
    gan_run *training, *inference;
    gan_tensor *input[GAN_MAX_INPUTS], *direction[GAN_MAX_INPUTS];
    gan_optimizer *optimizer;
} program;

static gan_status new_batch(const program *p, const layer_case *c, int input, gan_tensor **tensor)
{
    int64_t shape[GAN_MAX_RANK] = {BATCH};
    memcpy(shape + 1, c->input[input].size, (size_t)c->input[input].rank * sizeof *shape);
    gan_status status = gan_tensor_create(tensor, p->context, GAN_FLOAT32, c->input[input].rank + 1, shape);
    if (status == GAN_OK && !c->classes[input]) fill_normal(p->context, *tensor, (uint64_t)input);
    return status; /* class 0 */
}

static gan_status copy(program *p)
{
    char text[4096];
    gan_status status = gan_network_clone(&p->copy[CLONE], p->network);
    if (status != GAN_OK || !gan_has_feature("json")) return status;
    status = gan_network_to_json(p->network, text, sizeof text, NULL);
    return status == GAN_OK ? gan_network_from_json(&p->copy[OF_TEXT], p->context, text, strlen(text)) : status;
}

static gan_status start(program *p, const layer_case *c, failing_allocator *allocator)
{
    gan_status status = gan_context_create(
        &p->context, gan_context_options(.threads = 2, .seed = 42, .allocator = allocator_of(allocator)));
    if (status == GAN_OK) status = make_network(&p->network, p->context, c);
    if (status == GAN_OK) status = copy(p);
    if (status == GAN_OK)
        status =
            gan_run_create(&p->training, p->network, c->type->tangent ? GAN_TRAINING_TANGENTS : GAN_TRAINING, BATCH);
    if (status == GAN_OK) status = gan_run_create(&p->inference, p->network, GAN_INFERENCE, BATCH);
    for (int i = 0; status == GAN_OK && i < c->inputs; i++) status = new_batch(p, c, i, &p->input[i]);
    for (int i = 0; status == GAN_OK && i < c->inputs; i++) status = new_batch(p, c, i, &p->direction[i]);
    return status == GAN_OK ? gan_adam_create(&p->optimizer, p->network, NULL) : status;
}

static gan_status play(program *p, const layer_case *c)
{
    const gan_tensor *inputs[GAN_MAX_INPUTS], *directions[GAN_MAX_INPUTS];
    memcpy(inputs, p->input, sizeof inputs);
    memcpy(directions, p->direction, sizeof directions);
    gan_status status = gan_run_forward_all(p->training, inputs, c->inputs);
    const gan_tensor *y = gan_run_output(p->training, 0);
    if (status == GAN_OK) status = gan_run_backward(p->training, y, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS);
    if (status == GAN_OK && c->type->tangent) {
        status = gan_run_tangent_all(p->training, directions, c->inputs);
        if (status == GAN_OK) status = gan_run_tangent_backward(p->training, y, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS);
    }
    if (status == GAN_OK) status = gan_optimizer_step(p->optimizer);
    return status == GAN_OK ? gan_run_forward_all(p->inference, inputs, c->inputs) : status;
}

/* What follows the first pass takes no memory. */
static void play_again(program *p, const layer_case *c, const failing_allocator *allocator)
{
    int calls = allocator->calls;
    ok(play(p, c));
    ck_assert_msg(allocator->calls == calls, "%s: a later pass makes %d allocations", c->type->name,
                  allocator->calls - calls);
}

static void stop(program *p)
{
    gan_optimizer_free(&p->optimizer);
    for (int i = 0; i < GAN_MAX_INPUTS; i++) {
        gan_tensor_free(&p->input[i]);
        gan_tensor_free(&p->direction[i]);
    }
    gan_run_free(&p->inference);
    gan_run_free(&p->training);
    for (int i = 0; i < COPIES; i++) gan_network_free(&p->copy[i]);
    gan_network_free(&p->network);
    gan_context_free(&p->context);
}

START_TEST(every_allocation_may_fail)
{
    const layer_case *c = case_at(_i);
    gan_status status = GAN_ERROR_OUT_OF_MEMORY;
    int failures = 0;
    for (int n = 1; status != GAN_OK; n++, failures++) {
        failing_allocator allocator = {.fail_at = n};
        program p = {0};
        status = start(&p, c, &allocator);
        if (status == GAN_OK) status = play(&p, c);
        if (status == GAN_OK) play_again(&p, c, &allocator);
        ck_assert_msg(status == GAN_OK || status == GAN_ERROR_OUT_OF_MEMORY, "%s: allocation %d: %s: %s", c->type->name,
                      n, gan_status_name(status), gan_last_error());
        ck_assert_msg(status == GAN_OK || strlen(gan_last_error()) > 0, "%s: allocation %d: nothing told",
                      c->type->name, n);
        stop(&p);
        ck_assert_msg(allocator.live == 0, "%s: allocation %d: %d blocks were lost", c->type->name, n, allocator.live);
    }
    ck_assert_int_gt(failures, 20);
}
END_TEST

void add_memory_tests(TCase *tests)
{
    tcase_add_loop_test(tests, every_allocation_may_fail, 0, case_count());
}
