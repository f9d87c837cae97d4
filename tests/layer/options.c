/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/options.h"
#include "cases.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* For each type, what its table promises: bounds of options, on both sides; numbers of inputs; shapes that are taken or
 * refused with a sentence, and an output of the shape that `infer` says. */

typedef union values {
    size_t size;
    unsigned char bytes[512];
} values;

static int type_count(void)
{
    int count = 0;
    while (gan_layer_types[count]) count++;
    return count;
}

/* The type's first case, with options to change. NULL for inputs, which have none. */
static const layer_case *open_case(int type, layer_case *c, values *options)
{
    const layer_case *first = case_of(gan_layer_types[type]);
    if (!first) return NULL;
    *c = *first;
    memset(options, 0, sizeof *options);
    options->size = c->type->options_size;
    if (first->options) memcpy(options, first->options, c->type->options_size);
    c->options = options;
    return c;
}

static gan_status build(gan_context *context, const layer_case *c)
{
    gan_network *network;
    gan_status status = make_network(&network, context, c);
    gan_network_free(&network);
    return status;
}

/* The value is refused, by a sentence that has `text` in it after the option's name. */
static void refused(gan_context *context, const layer_case *c, const gan_field *field, const char *text)
{
    char expected[96];
    gan_status status = build(context, c);
    snprintf(expected, sizeof expected, ".%s%s", field->name, text);
    ck_assert_msg(status == GAN_ERROR_INVALID_ARGUMENT && strstr(gan_last_error(), expected),
                  "%s: \"%s\" should be refused with \"%s\"", c->type->name,
                  status == GAN_OK ? "taken" : gan_last_error(), expected);
}

/* The value is within the field's bounds, whatever `infer` makes of it. */
static void taken(const layer_case *c, const gan_field *field)
{
    values target;
    gan_status status = gan_options_read(&target, c->type->options_size, c->options, c->type->name, c->type->fields,
                                         c->type->field_count);
    ck_assert_msg(status == GAN_OK, "%s: a bound of %s is refused: %s", c->type->name, field->name, gan_last_error());
}

#define CHECK_INTEGERS(name, type, least, most)                                                                  \
    static void name(gan_context *context, const layer_case *c, const gan_field *field, void *member)            \
    {                                                                                                            \
        const type low = (type)field->low, high = (type)field->high;                                             \
        type *value = member, before = *value;                                                                   \
        if (low > least) {                                                                                       \
            *value = low - 1 == 0 && !(field->flags & GAN_FIELD_REQUIRED) ? -1 : low - 1; /* 0 is the default */ \
            refused(context, c, field, *value ? " is" : " is required");                                         \
        }                                                                                                        \
        if (high < most) {                                                                                       \
            *value = high + 1;                                                                                   \
            refused(context, c, field, " is");                                                                   \
        }                                                                                                        \
        *value = low;                                                                                            \
        taken(c, field);                                                                                         \
        *value = high;                                                                                           \
        taken(c, field);                                                                                         \
        *value = before;                                                                                         \
    }
CHECK_INTEGERS(check_int, int, INT_MIN, INT_MAX)
CHECK_INTEGERS(check_int64, int64_t, INT64_MIN, INT64_MAX)

/* The largest float that is at most x, or the smallest that is at least x. */
static float float_below(double x)
{
    return (double)(float)x > x ? nextafterf((float)x, -INFINITY) : (float)x;
}

static float float_above(double x)
{
    return -float_below(-x);
}

static void check_float(gan_context *context, const layer_case *c, const gan_field *field, void *member)
{
    const float low = float_above(field->low), high = float_below(field->high);
    const bool open_low = field->flags & GAN_FIELD_OPEN_LOW, open_high = field->flags & GAN_FIELD_OPEN_HIGH;
    const float outside[] = {open_low ? (low == 0 ? GAN_ZERO : low) : nextafterf(low, -INFINITY),
                             open_high ? (high == 0 ? GAN_ZERO : high) : nextafterf(high, INFINITY), -INFINITY,
                             INFINITY, NAN};
    const float inside[] = {open_low ? nextafterf(low, INFINITY) : (low == 0 ? GAN_ZERO : low),
                            open_high ? nextafterf(high, -INFINITY) : (high == 0 ? GAN_ZERO : high)};
    float *value = member, before = *value;
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        *value = outside[i];
        refused(context, c, field, " is");
    }
    for (int i = 0; i < 2; i++) {
        *value = inside[i];
        taken(c, field);
    }
    *value = 0;
    if (field->flags & GAN_FIELD_REQUIRED) refused(context, c, field, " is required");
    *value = before;
}

static void check_initializer(gan_context *context, const layer_case *c, const gan_field *field, void *member)
{
    static const struct {
        gan_initializer value;
        const char *text;
    } wrong[] = {
        {{.kind = -1}, ".kind is"},
        {{.kind = GAN_INITIALIZER_ORTHOGONAL + 1}, ".kind is"},
        {{.kind = GAN_INITIALIZER_NORMAL, .scale = -1}, " has scale"},
        {{.kind = GAN_INITIALIZER_NORMAL, .scale = NAN}, " has scale"},
        {{.kind = GAN_INITIALIZER_UNIFORM, .mean = INFINITY}, " has scale"},
        {{.kind = GAN_INITIALIZER_DEFAULT, .scale = 1}, " has a scale"},
    };
    gan_initializer *value = member, before = *value;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        *value = wrong[i].value;
        refused(context, c, field, wrong[i].text);
    }
    *value = before;
}

/* By gan_field_type; what is not there has no bounds in the table. */
static void (*const checks[])(gan_context *, const layer_case *, const gan_field *, void *) = {
    [GAN_FIELD_INT] = check_int,
    [GAN_FIELD_INT64] = check_int64,
    [GAN_FIELD_FLOAT] = check_float,
    [GAN_FIELD_INITIALIZER] = check_initializer,
};

START_TEST(options_have_bounds)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    layer_case c;
    values options;
    if (open_case(_i, &c, &options)) {
        ok(build(context, &c));
        for (int i = 0; i < c.type->field_count; i++) {
            const gan_field *field = &c.type->fields[i];
            if (field->type >= sizeof checks / sizeof checks[0] || !checks[field->type]) continue;
            checks[field->type](context, &c, field, options.bytes + field->offset);
        }
        ok(build(context, &c));
    }
    gan_context_free(&context);
}
END_TEST

START_TEST(inputs_are_counted)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    layer_case c;
    values options;
    if (open_case(_i, &c, &options)) {
        int least = c.type->least_inputs ? c.type->least_inputs : 1;
        int most = c.type->most_inputs ? c.type->most_inputs : least;
        for (c.inputs = 1; c.inputs <= 3; c.inputs++) {
            if (c.inputs >= least && c.inputs <= most) continue;
            c.input[c.inputs - 1] = c.input[0];
            fails(GAN_ERROR_INVALID_ARGUMENT, "is given", build(context, &c));
        }
    }
    gan_context_free(&context);
}
END_TEST

/* By gan_field_type. */
static const struct {
    size_t size, alignment;
} members[] = {
    [GAN_FIELD_INT] = {sizeof(int), _Alignof(int)},
    [GAN_FIELD_INT64] = {sizeof(int64_t), _Alignof(int64_t)},
    [GAN_FIELD_FLOAT] = {sizeof(float), _Alignof(float)},
    [GAN_FIELD_BOOL] = {sizeof(bool), _Alignof(bool)},
    [GAN_FIELD_POINTER] = {sizeof(void *), _Alignof(void *)},
    [GAN_FIELD_SHAPE] = {GAN_MAX_RANK * sizeof(int64_t), _Alignof(int64_t)},
    [GAN_FIELD_INITIALIZER] = {sizeof(gan_initializer), _Alignof(gan_initializer)},
};

static const gan_field *first_after(const gan_layer_type *type, size_t offset)
{
    const gan_field *first = NULL;
    for (int i = 0; i < type->field_count; i++)
        if (type->fields[i].offset >= offset && (!first || type->fields[i].offset < first->offset))
            first = &type->fields[i];
    return first;
}

/* A member that a table forgets is neither checked nor saved. After size, input, name and the other nodes each member
 * begins where the one before it ends, but for what its alignment leaves free, and the last ends the struct. */
START_TEST(tables_have_every_member)
{
    const gan_layer_type *type = gan_layer_types[_i];
    size_t end = sizeof(gan_layer_options);
    if (type == &gan_layer_input) return; /* has no options */
    if (type->options_size > end && !type->most_inputs && type->least_inputs > 1)
        end += (size_t)(type->least_inputs - 1) * sizeof(gan_node *);
    for (int i = 0; i < type->field_count; i++) {
        const gan_field *field = first_after(type, end);
        ck_assert_msg(field != NULL, "%s: two of the fields are one member", type->name);
        size_t alignment = members[field->type].alignment;
        ck_assert_msg(field->offset == (end + alignment - 1) / alignment * alignment,
                      "%s: a member in front of %s is not in the table", type->name, field->name);
        end = field->offset + members[field->type].size;
    }
    ck_assert_msg(end == type->options_size, "%s: the last member is not in the table", type->name);
}
END_TEST

/* Small shapes, and some whose sums and products do not fit into what they are counted by. */
static const gan_shape shapes[] = {{1, {1}},
                                   {1, {7}},
                                   {2, {1, 6}},
                                   {2, {5, 4}},
                                   {3, {1, 1, 1}},
                                   {3, {2, 3, 4}},
                                   {3, {7, 5, 12}},
                                   {4, {2, 1, 2, 8}},
                                   {7, {1, 2, 1, 2, 1, 2, 4}},
                                   {1, {INT64_C(1) << 59}},
                                   {2, {INT64_C(1) << 32, 1 << 20}},
                                   {2, {1 << 28, 96}},
                                   {3, {1 << 20, 1 << 20, 1 << 19}},
                                   {3, {INT64_C(1) << 32, 1, 8}},
                                   {3, {1, 1, INT64_C(1) << 40}}};

#define SMALL  9 /* of these */
#define SHAPES ((int)(sizeof shapes / sizeof shapes[0]))

static void check_run(const layer_case *c)
{
    subject s = subject_of(c, 1, GAN_KERNELS_AUTO, BATCH);
    const gan_shape *y = &s.network->outputs[0]->layer.output;
    forward(&s);
    const gan_tensor *output = gan_run_output(s.run, 0);
    ck_assert_int_eq(gan_tensor_rank(output), y->rank + 1);
    for (int i = 0; i < y->rank; i++) ck_assert_int_eq(gan_tensor_dimension(output, i + 1), y->size[i]);
    free_subject(&s);
}

/* The layer on inputs of these shapes, not built: parameters may be as large as they like. */
static gan_status infer(gan_context *context, const layer_case *c)
{
    gan_network *network;
    gan_node *inputs[3] = {NULL};
    ok(gan_network_create(&network, context, NULL));
    for (int i = 0; i < c->inputs; i++) inputs[i] = gan_input_layer(network, c->input[i].rank, c->input[i].size, NULL);
    values options;
    memcpy(&options, c->options, sizeof options);
    memcpy(options.bytes + offsetof(gan_layer_options, input), &inputs[0], sizeof inputs[0]);
    const gan_node *node = gan_layer_node_with(c->type, &options, inputs + 1, c->inputs - 1);
    gan_status status = network->error;
    ck_assert_msg((node != NULL) == (status == GAN_OK), "%s: %s", c->type->name, gan_last_error());
    if (node) {
        ck_assert_msg(node->layer.output.rank >= 1 && node->layer.output.rank < GAN_MAX_RANK, "%s", c->type->name);
        for (int i = 0; i < node->layer.output.rank; i++) ck_assert_int_ge(node->layer.output.size[i], 1);
        ck_assert_int_ge(node->layer.flops, 0);
    }
    gan_network_free(&network);
    return status;
}

START_TEST(shapes_are_inferred_or_refused)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    layer_case c;
    values options;
    for (int i = 0; i < SHAPES * SHAPES && open_case(_i, &c, &options); i++) {
        if (c.inputs == 1 && i >= SHAPES) break;
        for (int k = 0; k < c.inputs; k++) c.input[k] = shapes[k ? i / SHAPES : i % SHAPES];
        gan_status status = infer(context, &c);
        bool small = i % SHAPES < SMALL && i / SHAPES < SMALL;
        if (status == GAN_OK && small) check_run(&c);
        if (status == GAN_OK) continue;
        ck_assert_msg(status == GAN_ERROR_SHAPE || status == GAN_ERROR_INVALID_ARGUMENT, "%s: %s: %s", c.type->name,
                      gan_status_name(status), gan_last_error());
        ck_assert_msg(strstr(gan_last_error(), c.type->name), "\"%s\" should name %s", gan_last_error(), c.type->name);
    }
    gan_context_free(&context);
}
END_TEST

void add_option_tests(TCase *tests)
{
    tcase_add_loop_test(tests, options_have_bounds, 0, type_count());
    tcase_add_loop_test(tests, tables_have_every_member, 0, type_count());
    tcase_add_loop_test(tests, inputs_are_counted, 0, type_count());
    tcase_add_loop_test(tests, shapes_are_inferred_or_refused, 0, type_count());
}
