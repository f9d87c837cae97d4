/* SPDX-License-Identifier: BSD-2-Clause */
#include "cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Cases from nothing but a type's table. The inputs are those of some shapes that its `infer` accepts, the options all
 * defaults but for what is required; then each field takes other values alone, and as many as go together. */

/* With channels that blocks, groups and halves divide, and few enough numbers for differences. */
static const gan_shape shapes[] = {{3, {4, 3, 8}}, {2, {5, 6}}, {1, {8}}, {3, {4, 6, 12}}, {3, {6, 6, 9}}, {1, {1}}};
static const gan_shape condition = {1, {4}};

#define SHAPES      ((int)(sizeof shapes / sizeof shapes[0]))
#define MOST_VALUES 8
#define LARGE       8

typedef struct derivation {
    gan_context *context;
    layer_case *cases; /* with options of their own */
    int count, room;
} derivation;

/* A case in the making, and its options. */
typedef struct draft {
    layer_case c;
    union {
        size_t size;
        unsigned char bytes[512];
    } options;
} draft;

static void *member(draft *d, const gan_field *field)
{
    return d->options.bytes + field->offset;
}

static bool is_accepted(const derivation *all, draft *d)
{
    gan_network *network;
    d->c.options = &d->options;
    gan_status status = make_network(&network, all->context, &d->c);
    gan_network_free(&network);
    return status == GAN_OK;
}

/* With all inputs of this shape, or the others conditions of it. A member that is a shape takes that of the input. */
static bool fits_at(const derivation *all, draft *d, const gan_shape *shape)
{
    for (int i = 0; i < d->c.type->field_count; i++)
        if (d->c.type->fields[i].type == GAN_FIELD_SHAPE)
            memcpy(member(d, &d->c.type->fields[i]), shape->size, sizeof shape->size);
    for (int i = 0; i < d->c.inputs; i++) d->c.input[i] = *shape;
    if (is_accepted(all, d)) return true;
    for (int i = 1; i < d->c.inputs; i++) d->c.input[i] = condition;
    return d->c.inputs > 1 && is_accepted(all, d);
}

static bool fits(const derivation *all, draft *d)
{
    for (int i = 0; i < SHAPES; i++)
        if (fits_at(all, d, &shapes[i])) return true;
    return false;
}

static bool within(const gan_field *field, double value)
{
    return (field->flags & GAN_FIELD_OPEN_LOW ? value > field->low : value >= field->low) &&
           (field->flags & GAN_FIELD_OPEN_HIGH ? value < field->high : value <= field->high);
}

/* Neighbours in the table get values that differ: kernel_h and kernel_w, pad_top and pad_bottom. */
static int integers_of(const gan_field *field, bool odd, double now, double *values)
{
    int count = 0;
    if (field->high - field->low < MOST_VALUES) { /* an enum */
        for (double v = field->low; v <= field->high; v++)
            if (v != 0 && v != now) values[count++] = v;
        return count;
    }
    values[0] = field->low > 0 ? (now < 1 ? 2 + odd : now + 1) : now + 1 + odd;
    return 1;
}

/* Values of the type's field `index` besides what it stands for now. */
static int values_of(const gan_layer_type *type, int index, double now, double values[MOST_VALUES])
{
    static const double some[] = {0.3, 2, -0.5};
    const gan_field *field = &type->fields[index];
    int count = 0;
    if (field->type == GAN_FIELD_BOOL || field->type == GAN_FIELD_INITIALIZER) values[count++] = 1;
    if ((field->type == GAN_FIELD_INT || field->type == GAN_FIELD_INT64) && field->low != field->high)
        count = integers_of(field, index % 2, now, values);
    for (int i = 0; field->type == GAN_FIELD_FLOAT && i < 3; i++)
        if (within(field, some[i]) && some[i] != now) values[count++] = some[i];
    if (field->type == GAN_FIELD_FLOAT && within(field, 0)) values[count++] = GAN_ZERO;
    return count;
}

static void set(draft *d, const gan_field *field, double value)
{
    const gan_initializer initializer = {.kind = GAN_INITIALIZER_UNIFORM, .scale = 0.3f, .mean = 0.1f};
    if (field->type == GAN_FIELD_INT) *(int *)member(d, field) = (int)value;
    if (field->type == GAN_FIELD_INT64) *(int64_t *)member(d, field) = (int64_t)value;
    if (field->type == GAN_FIELD_FLOAT) *(float *)member(d, field) = (float)value;
    if (field->type == GAN_FIELD_BOOL) *(bool *)member(d, field) = value != 0;
    if (field->type == GAN_FIELD_INITIALIZER) memcpy(member(d, field), &initializer, sizeof initializer);
}

static double value_of(draft *d, const gan_field *field)
{
    double value = field->type == GAN_FIELD_INT ? *(int *)member(d, field) : 0;
    return value == 0 ? field->fallback : value;
}

/* Options that some shape goes with: defaults but for large ones (a hundred kernels are as many kinks in reach of a
 * difference), what is required, and if that is not enough, one after the other of the integers without a default. */
static bool find_base(const derivation *all, draft *d)
{
    const gan_layer_type *type = d->c.type;
    for (int i = 0; i < type->field_count; i++) {
        const gan_field *field = &type->fields[i];
        bool large = field->type == GAN_FIELD_INT && field->fallback > LARGE;
        if (large || field->flags & GAN_FIELD_REQUIRED) set(d, field, within(field, 2) ? 2 : 0.5);
    }
    if (fits(all, d)) return true;
    for (int i = 0; i < type->field_count; i++) {
        const gan_field *field = &type->fields[i];
        if (field->type != GAN_FIELD_INT || field->fallback != 0 || !(field->low >= 1)) continue;
        set(d, field, within(field, 2) ? 2 : field->low);
        if (fits(all, d)) return true;
    }
    return false;
}

static bool is_there(const derivation *all, const draft *d)
{
    for (int i = 0; i < all->count; i++) {
        const layer_case *c = &all->cases[i];
        if (c->inputs == d->c.inputs && memcmp(c->options, &d->options, sizeof d->options) == 0 &&
            memcmp(c->input, d->c.input, sizeof c->input) == 0)
            return true;
    }
    return false;
}

static void add(derivation *all, const draft *d)
{
    if (is_there(all, d)) return;
    require(all->count < all->room, "too many cases");
    layer_case *c = &all->cases[all->count++];
    *c = d->c;
    void *copy = malloc(sizeof d->options); /* as long as the program */
    require(copy != NULL, "no memory");
    c->options = memcpy(copy, &d->options, sizeof d->options);
}

/* One shape of each rank that is accepted. */
static void add_shapes(derivation *all, const draft *base)
{
    bool seen[GAN_MAX_RANK] = {false};
    for (int i = 0; i < SHAPES; i++) {
        draft d = *base;
        if (seen[shapes[i].rank] || !fits_at(all, &d, &shapes[i])) continue;
        seen[shapes[i].rank] = true;
        add(all, &d);
    }
}

static void add_single_fields(derivation *all, draft *base)
{
    for (int i = 0; i < base->c.type->field_count; i++) {
        const gan_field *field = &base->c.type->fields[i];
        double values[MOST_VALUES];
        int count = values_of(base->c.type, i, value_of(base, field), values);
        for (int k = 0; k < count && field->type != GAN_FIELD_INITIALIZER; k++) {
            draft d = *base;
            set(&d, field, values[k]);
            if (fits(all, &d)) add(all, &d);
        }
    }
}

/* All fields that go with what `d` has already, at other values than it has. */
static void add_full(derivation *all, draft d, const gan_field *but)
{
    for (int i = 0; i < d.c.type->field_count; i++) {
        const gan_field *field = &d.c.type->fields[i];
        double values[MOST_VALUES];
        draft more = d;
        if (field == but || values_of(d.c.type, i, value_of(&d, field), values) == 0) continue;
        set(&more, field, values[0]);
        if (fits(all, &more)) d = more;
    }
    if (fits(all, &d)) add(all, &d);
}

/* That, with each value of the type's first enum: padding, mode. */
static void add_full_fields(derivation *all, const draft *base)
{
    for (int i = 0; i < base->c.type->field_count; i++) {
        const gan_field *field = &base->c.type->fields[i];
        if (field->type != GAN_FIELD_INT || field->low != 0 || field->high == 0 || field->high >= MOST_VALUES) continue;
        for (double v = 0; v <= field->high; v++) {
            draft d = *base;
            set(&d, field, v);
            add_full(all, d, field);
        }
        return;
    }
    if (base->c.type->field_count) add_full(all, *base, NULL);
}

int derive_cases(gan_context *context, const gan_layer_type *type, layer_case *cases, int room)
{
    derivation all = {context, cases, 0, room};
    int least = type->least_inputs ? type->least_inputs : 1, most = type->most_inputs ? type->most_inputs : least;
    require(type->options_size <= sizeof((draft *)NULL)->options, type->name);
    for (int inputs = least; inputs <= most && inputs <= 3; inputs++) {
        draft base = {.c = {.type = type, .inputs = inputs}, .options = {.size = type->options_size}};
        if (!find_base(&all, &base)) continue;
        add_shapes(&all, &base);
        add_single_fields(&all, &base);
        add_full_fields(&all, &base);
    }
    return all.count;
}
