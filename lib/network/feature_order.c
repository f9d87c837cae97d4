/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/feature_order.h"

static int64_t features_of(const gan_shape *shape)
{
    return shape->size[shape->rank - 1];
}

static int64_t places_of(const gan_shape *shape)
{
    return gan_shape_elements(shape) / features_of(shape);
}

static bool is_told(const gan_feature_order *order)
{
    return order->mixed || order->places > 0;
}

/* Whether something changed. An order that is told twice, and differently, is mixed. */
static bool tell(gan_feature_order *order, gan_feature_order told)
{
    gan_feature_order before = *order;
    if (!is_told(order))
        *order = told;
    else if (is_told(&told) && (told.mixed || told.places != order->places || told.channels != order->channels))
        order->mixed = true;
    return order->mixed != before.mixed || order->places != before.places;
}

/* The output has the input's features, and maybe more. */
static bool tie(gan_feature_order *input, int64_t features, gan_feature_order *output)
{
    bool changed = tell(output, *input);
    gan_feature_order back = *output;
    if (back.places * back.channels > features) back.mixed = true;
    return tell(input, back) || changed;
}

static bool view(const gan_layer *layer, gan_feature_order *input, gan_feature_order *output)
{
    const gan_shape *x = &layer->input[0], *y = &layer->output;
    bool from_picture = places_of(x) > 1, to_picture = places_of(y) > 1;
    const gan_shape *picture = from_picture ? x : y;
    gan_feature_order order = {.places = places_of(picture), .channels = features_of(picture)};
    if (from_picture == to_picture) {
        if (!from_picture || features_of(x) == features_of(y)) return tie(input, features_of(x), output);
        return tell(output, (gan_feature_order){.mixed = true});
    }
    if (from_picture && input->mixed) order.mixed = true;
    if (order.channels == 1 && !order.mixed) return false; /* both orders are the same */
    return tell(from_picture ? output : input, order);
}

static bool join(const gan_node *node, gan_feature_order *orders)
{
    gan_feature_order *output = &orders[node->index];
    bool changed = tie(&orders[node->input[0]->index], features_of(&node->layer.input[0]), output);
    for (int i = 1; i < node->layer.inputs; i++)
        if (is_told(&orders[node->input[i]->index]) && tell(output, (gan_feature_order){.mixed = true})) changed = true;
    return changed;
}

static bool follow(const gan_node *node, gan_feature_order *orders)
{
    const gan_layer *layer = &node->layer;
    unsigned traits = layer->type->traits;
    bool changed = false;
    if (traits & GAN_VIEW) return view(layer, &orders[node->input[0]->index], &orders[node->index]);
    if (traits & GAN_JOINS_FEATURES) return join(node, orders);
    for (int i = 0; i < layer->inputs && traits & GAN_KEEPS_FEATURES; i++)
        if (tie(&orders[node->input[i]->index], features_of(&layer->input[i]), &orders[node->index])) changed = true;
    return changed;
}

static bool follow_all(const gan_network *network, gan_feature_order *orders)
{
    bool changed = false;
    for (int i = 0; i < network->count; i++)
        if (follow(network->nodes[i], orders)) changed = true;
    for (int i = network->count - 1; i >= 0; i--)
        if (follow(network->nodes[i], orders)) changed = true;
    return changed;
}

/* Whether a parameter has a dimension of these features, as long as the order asks for. */
static bool counts(const gan_layer *layer, gan_axis axis, const gan_feature_order *order)
{
    for (int i = 0; i < layer->parameters; i++)
        for (int k = 0; layer->parameter[i].forms && k < 4; k++)
            if (layer->parameter[i].forms->axes[k] == axis &&
                layer->parameter[i].shape.size[k] >= order->places * order->channels)
                return true;
    return false;
}

static bool has_forms(const gan_layer *layer)
{
    for (int i = 0; i < layer->parameters; i++)
        if (!layer->parameter[i].forms) return false;
    return true;
}

/* What is told of the layer's input and output is all in its parameters' dimensions, or passes it by. */
static bool is_clear(const gan_node *node, const gan_feature_order *orders)
{
    const gan_layer *layer = &node->layer;
    const gan_feature_order *output = &orders[node->index];
    const unsigned passing = GAN_VIEW | GAN_KEEPS_FEATURES | GAN_JOINS_FEATURES;
    bool passes = layer->type->traits & passing;
    if (node->is_input || (passes && layer->parameters == 0)) return true;
    if (is_told(output) && (output->mixed || !has_forms(layer))) return false;
    if (is_told(output) && !passes && !counts(layer, GAN_AXIS_OUTPUT, output)) return false;
    for (int i = 0; i < layer->inputs && !passes; i++) {
        const gan_feature_order *input = &orders[node->input[i]->index];
        if (is_told(input) && (input->mixed || i > 0 || !has_forms(layer) || !counts(layer, GAN_AXIS_INPUT, input)))
            return false;
    }
    return true;
}

static gan_status check(const gan_network *network, const gan_feature_order *orders)
{
    for (int i = 0; i < network->count; i++) {
        const gan_node *node = network->nodes[i];
        if (!is_clear(node, orders))
            return gan_fail(GAN_ERROR_UNSUPPORTED,
                            "%s (%s): its features come from a picture that was flattened, or become one, and what "
                            "they are where channels are first cannot be told; gan_weights_options.channels_last "
                            "leaves all as it is",
                            node->name, node->layer.type->name);
    }
    return GAN_OK;
}

gan_status gan_feature_orders(gan_feature_order **orders, const gan_network *network)
{
    *orders = gan_context_allocate(network->context, (size_t)network->count, sizeof **orders, "the order of features");
    if (!*orders) return GAN_ERROR_OUT_OF_MEMORY;
    while (follow_all(network, *orders)) continue;
    gan_status status = check(network, *orders);
    if (status != GAN_OK) {
        gan_context_release(network->context, *orders);
        *orders = NULL;
    }
    return status;
}
