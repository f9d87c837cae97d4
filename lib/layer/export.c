/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/export.h"

#include <stdio.h>
#include <string.h>

#define FIRST ".nchw" /* ends the names of values whose channels are first; no layer's name has a dot */

/* One more element, of zeros; NULL when there is no memory. */
static void *append(gan_export *e, void **items, int *count, int *capacity, size_t size)
{
    if (e->status != GAN_OK) return NULL;
    if (*count == *capacity) {
        int more = *capacity ? 2 * *capacity : 64;
        void *grown = gan_context_allocate(e->context, (size_t)more, size, "a network's operators");
        if (!grown) {
            e->status = GAN_ERROR_OUT_OF_MEMORY;
            return NULL;
        }
        if (*count) memcpy(grown, *items, (size_t)*count * size);
        gan_context_release(e->context, *items);
        *items = grown;
        *capacity = more;
    }
    return (char *)*items + (size_t)(*count)++ * size;
}

/* 0 when there is no memory. */
static gan_value add_value(gan_export *e, gan_export_value value)
{
    void *items = e->values;
    for (int missing = e->value_count ? 1 : 2; missing > 0; missing--) { /* number 0 is no value */
        gan_export_value *added = append(e, &items, &e->value_count, &e->value_capacity, sizeof *added);
        e->values = items;
        if (!added) return 0;
        *added = value;
    }
    return e->value_count - 1;
}

void gan_export_free(gan_export *e)
{
    for (int i = e->value_count - 1; i > 0; i--) gan_context_release(e->context, e->values[i].own);
    gan_context_release(e->context, e->operators);
    gan_context_release(e->context, e->values);
}

/* "conv0.1", "conv0.2", ...: what has no name of its own. */
static gan_export_value temporary(gan_export *e)
{
    gan_export_value value = {.temporary = true};
    snprintf(value.name, sizeof value.name, "%s.%d", e->layer ? e->layer->name : "", ++e->temporaries);
    return value;
}

gan_value gan_export_network_input(gan_export *e, const char *name)
{
    gan_export_value value = {.order = GAN_CHANNELS_LAST};
    snprintf(value.name, sizeof value.name, "%s", name);
    return add_value(e, value);
}

void gan_export_begin(gan_export *e, const gan_layer *layer)
{
    e->layer = layer;
    e->temporaries = 0;
}

static void set_name(gan_export_value *value, const char *name)
{
    snprintf(value->name, sizeof value->name, "%.*s%s", GAN_VALUE_NAME - (int)sizeof FIRST, name,
             value->order == GAN_CHANNELS_FIRST ? FIRST : "");
    value->temporary = false;
}

void gan_export_end(gan_export *e, gan_value y)
{
    if (e->status == GAN_OK && e->values[y].temporary) set_name(&e->values[y], e->layer->name);
}

gan_value gan_export_add(gan_export *e, const char *type, const gan_value *inputs, int count,
                         const gan_attribute *attributes, int attribute_count)
{
    void *items = e->operators;
    gan_value output = add_value(e, temporary(e));
    gan_operator *added = append(e, &items, &e->operator_count, &e->operator_capacity, sizeof *added);
    e->operators = items;
    if (!added) return 0;
    *added = (gan_operator){.type = type, .inputs = count, .attributes = attribute_count, .output = output};
    memcpy(added->input, inputs, (size_t)count * sizeof *inputs);
    if (attribute_count) memcpy(added->attribute, attributes, (size_t)attribute_count * sizeof *attributes);
    return output;
}

/* x, which has its name, in this order. */
static gan_value brought_into(gan_export *e, gan_value x, gan_order order)
{
    if (e->status != GAN_OK || e->values[x].order == order) return x;
    if (e->values[x].other) return e->values[x].other;
    static const int64_t orders[][4] = {[GAN_CHANNELS_LAST] = {0, 2, 3, 1}, [GAN_CHANNELS_FIRST] = {0, 3, 1, 2}};
    gan_value y =
        gan_export_add(e, "Transpose", GAN_VALUES(x), GAN_ATTRIBUTES(gan_attribute_ints("perm", 4, orders[order])));
    if (e->status != GAN_OK) return 0;
    gan_export_value *from = &e->values[x], *to = &e->values[y];
    int length = (int)strlen(from->name) - (order == GAN_CHANNELS_LAST ? (int)strlen(FIRST) : 0);
    char name[GAN_VALUE_NAME];
    snprintf(name, sizeof name, "%.*s", length, from->name);
    to->order = order;
    set_name(to, name);
    to->other = x;
    return from->other = y;
}

void gan_export_network_output(gan_export *e, const char *name, gan_value y)
{
    y = brought_into(e, y, GAN_CHANNELS_LAST);
    if (e->status != GAN_OK || strcmp(e->values[y].name, name) == 0) return;
    y = gan_export_operator(e, "Identity", y); /* of a layer that is another's output */
    if (e->status == GAN_OK) set_name(&e->values[y], name);
}

gan_value gan_export_input(gan_export *e, int i, gan_order order)
{
    return brought_into(e, e->x[i], order);
}

gan_order gan_export_order(const gan_export *e, int inputs)
{
    for (int i = 0; i < inputs; i++) {
        const gan_export_value *x = e->status == GAN_OK ? &e->values[e->x[i]] : NULL;
        if (!x || (x->order == GAN_CHANNELS_LAST && !x->other)) return GAN_CHANNELS_LAST;
    }
    return GAN_CHANNELS_FIRST;
}

int64_t gan_export_axis(const gan_export *e, gan_order order)
{
    return order == GAN_CHANNELS_FIRST ? 1 : e->layer->input[0].rank;
}

gan_value gan_export_in_order(gan_export *e, gan_value y, gan_order order)
{
    if (e->status == GAN_OK && e->values[y].temporary) e->values[y].order = order;
    return y;
}

gan_attribute gan_attribute_float(const char *name, float number)
{
    return (gan_attribute){.name = name, .type = GAN_ATTRIBUTE_FLOAT, .number = number};
}

gan_attribute gan_attribute_int(const char *name, int64_t number)
{
    return (gan_attribute){.name = name, .type = GAN_ATTRIBUTE_INT, .count = 1, .list = {number}};
}

gan_attribute gan_attribute_text(const char *name, const char *text)
{
    return (gan_attribute){.name = name, .type = GAN_ATTRIBUTE_TEXT, .text = text};
}

gan_attribute gan_attribute_ints(const char *name, int count, const int64_t *list)
{
    gan_attribute attribute = {.name = name, .type = GAN_ATTRIBUTE_INTS, .count = count};
    memcpy(attribute.list, list, (size_t)count * sizeof *list);
    return attribute;
}

/* A constant by this name, or a temporary one, on the data, or memory of the graph's where that is NULL. */
static gan_value add_constant(gan_export *e, gan_element type, const char *name, int rank, const int64_t *shape,
                              const void *data)
{
    if (e->status != GAN_OK) return 0;
    gan_export_value value = temporary(e);
    int64_t count = 1;
    if (name) snprintf(value.name, sizeof value.name, "%s.%s", e->layer->name, name);
    value.constant = type;
    value.rank = rank;
    for (int i = 0; i < rank; i++) count *= value.shape[i] = shape[i];
    if (!data)
        data = value.own = gan_context_allocate(e->context, (size_t)count, type == GAN_ELEMENT_FLOAT ? 4 : 8,
                                                "a constant of an operator");
    value.data = data;
    value.temporary = false;
    gan_value added = data ? add_value(e, value) : 0;
    if (!added) gan_context_release(e->context, value.own);
    if (!added) e->status = GAN_ERROR_OUT_OF_MEMORY;
    return added;
}

gan_value gan_export_parameter(gan_export *e, int i)
{
    const gan_slot *slot = &e->layer->parameter[i];
    return add_constant(e, GAN_ELEMENT_FLOAT, slot->name, slot->shape.rank, slot->shape.size, e->parameter[i]);
}

gan_value gan_export_buffer(gan_export *e, int i)
{
    const gan_slot *slot = &e->layer->buffer[i];
    return add_constant(e, GAN_ELEMENT_FLOAT, slot->name, slot->shape.rank, slot->shape.size, e->buffer[i]);
}

gan_value gan_export_floats(gan_export *e, const char *name, int rank, const int64_t *shape, float **data)
{
    gan_value value = add_constant(e, GAN_ELEMENT_FLOAT, name, rank, shape, NULL);
    *data = value ? e->values[value].own : NULL;
    return value;
}

gan_value gan_export_number(gan_export *e, float number)
{
    float *data;
    gan_value value = gan_export_floats(e, NULL, 0, NULL, &data);
    if (data) *data = number;
    return value;
}

/* Of rank 0 or 1. */
static gan_value add_integers(gan_export *e, int rank, int64_t count, const int64_t *list)
{
    gan_value value = add_constant(e, GAN_ELEMENT_INT64, NULL, rank, &count, NULL);
    if (value) memcpy(e->values[value].own, list, (size_t)count * sizeof *list);
    return value;
}

gan_value gan_export_integer(gan_export *e, int64_t number)
{
    return add_integers(e, 0, 1, &number);
}

gan_value gan_export_integers(gan_export *e, int count, const int64_t *list)
{
    return add_integers(e, 1, count, list);
}

gan_value gan_export_by_channel(gan_export *e, int i, gan_order order)
{
    const gan_slot *slot = &e->layer->parameter[i];
    int rank = order == GAN_CHANNELS_FIRST ? 3 : 1;
    return add_constant(e, GAN_ELEMENT_FLOAT, slot->name, rank, (int64_t[]){slot->shape.size[0], 1, 1},
                        e->parameter[i]);
}

gan_value gan_export_kernel(gan_export *e, int i)
{
    const gan_slot *slot = &e->layer->parameter[i];
    const int64_t *size = slot->shape.size, taps = size[0] * size[1], a = size[2], b = size[3];
    const float *source = e->parameter[i];
    float *target;
    gan_value value = gan_export_floats(e, slot->name, 4, (int64_t[]){size[3], size[2], size[0], size[1]}, &target);
    for (int64_t tap = 0; target && tap < taps; tap++)
        for (int64_t j = 0; j < a; j++)
            for (int64_t k = 0; k < b; k++) target[(k * a + j) * taps + tap] = source[(tap * a + j) * b + k];
    return value;
}

gan_value gan_export_reshape(gan_export *e, gan_value x, int rank, const int64_t *shape)
{
    gan_value as = gan_export_integers(e, rank, shape);
    return gan_export_operator(e, "Reshape", x, as);
}

gan_value gan_export_as_output(gan_export *e, gan_value x, gan_order order)
{
    const int64_t *y = e->layer->output.size;
    int64_t shape[GAN_MAX_RANK] = {0};
    memcpy(shape + 1, y, (size_t)e->layer->output.rank * sizeof *shape);
    if (order == GAN_CHANNELS_FIRST) memcpy(shape, (int64_t[]){0, y[2], y[0], y[1]}, 4 * sizeof *shape);
    return gan_export_reshape(e, x, e->layer->output.rank + 1, shape);
}

/* Sums have their axes as an input from version 13 on, means from 18 on. */
gan_value gan_export_reduce(gan_export *e, const char *type, gan_value x, bool keep, int count, const int64_t *axes)
{
    if (e->opset < 18 && strcmp(type, "ReduceSum") != 0)
        return gan_export_add(
            e, type, GAN_VALUES(x),
            GAN_ATTRIBUTES(gan_attribute_ints("axes", count, axes), gan_attribute_int("keepdims", keep)));
    gan_value over = gan_export_integers(e, count, axes);
    return gan_export_add(e, type, GAN_VALUES(x, over), GAN_ATTRIBUTES(gan_attribute_int("keepdims", keep)));
}

gan_value gan_export_normalize(gan_export *e, gan_value x, float epsilon, int count, const int64_t *axes)
{
    gan_value mean = gan_export_reduce(e, "ReduceMean", x, true, count, axes);
    gan_value difference = gan_export_operator(e, "Sub", x, mean);
    gan_value square = gan_export_operator(e, "Mul", difference, difference);
    gan_value variance = gan_export_reduce(e, "ReduceMean", square, true, count, axes);
    gan_value sum = gan_export_operator(e, "Add", variance, gan_export_number(e, epsilon));
    gan_value root = gan_export_operator(e, "Sqrt", sum);
    return gan_export_operator(e, "Div", difference, root);
}

gan_value gan_export_elementwise(gan_export *e, const char *type, const gan_attribute *attributes, int count)
{
    gan_order order = gan_export_order(e, 1);
    gan_value x = gan_export_input(e, 0, order);
    return gan_export_in_order(e, gan_export_add(e, type, GAN_VALUES(x), attributes, count), order);
}

gan_value gan_export_chain(gan_export *e, const char *type)
{
    gan_order order = gan_export_order(e, e->layer->inputs);
    gan_value y = gan_export_input(e, 0, order);
    for (int i = 1; i < e->layer->inputs; i++) y = gan_export_operator(e, type, y, gan_export_input(e, i, order));
    return gan_export_in_order(e, y, order);
}

gan_value gan_export_identity(gan_export *e)
{
    return e->x[0];
}
