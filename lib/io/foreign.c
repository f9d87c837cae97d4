/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/foreign.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A framework's habits. */
typedef struct framework {
    size_t form;           /* of gan_forms; SIZE_MAX: none, all is as libgan has it */
    char separator;        /* between a layer's name and a slot's */
    bool counts;           /* it keeps numbers of batches */
    bool channels_first;   /* in flattened pictures */
    const char *raw;       /* what the name of a weight before its normalization ends with */
    bool has_left_vectors; /* it keeps v as well as u */
} framework;

static const framework frameworks[] = {
    [GAN_WEIGHTS_LIBGAN] = {SIZE_MAX, '.', .counts = true, .raw = ""},
    [GAN_WEIGHTS_PYTORCH] = {offsetof(gan_forms, pytorch), '.', true, true, "_orig", true},
    [GAN_WEIGHTS_KERAS] = {offsetof(gan_forms, keras), '/', .raw = ""},
};

/* While a list is made. */
struct maker {
    gan_foreign_list *list;
    const gan_network *network;
    const gan_weights_options *options;
    const framework *to;
    const gan_feature_order *orders; /* by node, or NULL */
    bool *used;                      /* by options->names */
};

static gan_form form_of(const struct maker *m, const gan_slot *slot)
{
    if (!slot->forms || m->to->form == SIZE_MAX) return (gan_form){NULL};
    return *(const gan_form *)((const char *)slot->forms + m->to->form);
}

static const char *find_name(const struct maker *m, const char *name)
{
    for (int i = 0; i < m->options->name_count; i++)
        if (strcmp(m->options->names[i].name, name) == 0) {
            m->used[i] = true;
            return m->options->names[i].file_name;
        }
    return NULL;
}

/* The tensor's name in the file; `own` is what it is called here, after its layer's name, and `slot` there. */
static gan_status set_name(const struct maker *m, gan_foreign_tensor *tensor, const char *own, const char *slot)
{
    const char *prefix = m->options->prefix ? m->options->prefix : "";
    snprintf(tensor->own_name, sizeof tensor->own_name, "%s.%s", tensor->layer, own);
    const char *layer = find_name(m, tensor->layer), *whole = find_name(m, tensor->own_name);
    int length = whole ? snprintf(tensor->name, sizeof tensor->name, "%s%s", prefix, whole)
                       : snprintf(tensor->name, sizeof tensor->name, "%s%s%c%s", prefix, layer ? layer : tensor->layer,
                                  m->to->separator, slot);
    if (length < 1 || length >= (int)sizeof tensor->name)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_weights_options: the name of \"%s\" in the file has %d bytes; it must have 1 to %d",
                        tensor->own_name, length, GAN_FOREIGN_NAME - 1);
    return GAN_OK;
}

static gan_feature_order order_of(const struct maker *m, const gan_node *node, const gan_slot *slot, int axis)
{
    gan_axis kind = slot->forms && axis < 4 ? slot->forms->axes[axis] : GAN_AXIS_OTHER;
    if (!m->orders || kind == GAN_AXIS_OTHER) return (gan_feature_order){0};
    gan_feature_order order = m->orders[kind == GAN_AXIS_INPUT ? node->input[0]->index : node->index];
    return slot->shape.size[axis] < order.places * order.channels ? (gan_feature_order){0} : order;
}

static void lay_out(const struct maker *m, const gan_node *node, const gan_slot *slot, gan_foreign_tensor *tensor)
{
    gan_form form = form_of(m, slot);
    int64_t strides[GAN_MAX_RANK], stride = 1;
    bool turned = form.axes[0] || form.axes[1] || form.axes[2] || form.axes[3];
    for (int i = slot->shape.rank - 1; i >= 0; stride *= slot->shape.size[i--]) strides[i] = stride;
    int ones = form.ones == GAN_ONES_TO_RANK ? node->layer.output.rank - slot->shape.rank : form.ones;
    while (tensor->rank < ones) tensor->shape[tensor->rank++] = 1;
    for (int i = 0; i < slot->shape.rank; i++) {
        int axis = turned ? form.axes[i] : i, k = tensor->rank++;
        tensor->shape[k] = slot->shape.size[axis];
        tensor->stride[k] = strides[axis];
        tensor->order[k] = order_of(m, node, slot, axis);
        if (axis == slot->output_axis) tensor->output_axis = k;
    }
}

static gan_status add(const struct maker *m, const gan_node *node, const gan_variable *variable)
{
    const gan_slot *slot = variable->slot;
    gan_foreign_tensor *tensor = &m->list->tensors[m->list->count++];
    bool count = slot->forms && slot->forms->count && m->to->form != SIZE_MAX;
    char name[2 * GAN_NAME_SIZE];
    gan_form form = form_of(m, slot);
    snprintf(name, sizeof name, "%s%s", form.name ? form.name : slot->name, slot->spectral ? m->to->raw : "");
    *tensor = (gan_foreign_tensor){
        .kind = count ? GAN_FOREIGN_COUNT : GAN_FOREIGN_VALUES, .variable = variable, .layer = node->name};
    if (slot->spectral) tensor->u = &m->network->buffers.list[node->first_buffer + slot->vector];
    if (!count) lay_out(m, node, slot, tensor);
    return set_name(m, tensor, slot->name, name);
}

/* Names of vectors end with "u", and those of their companions with "v". */
static void to_v(char *name)
{
    name[strlen(name) - 1] = 'v';
}

static gan_status add_left_vector(const struct maker *m, const gan_foreign_tensor *weight)
{
    gan_foreign_tensor *tensor = &m->list->tensors[m->list->count++];
    const gan_slot *slot = weight->u->slot;
    char own[GAN_NAME_SIZE], name[GAN_NAME_SIZE];
    gan_form form = form_of(m, slot);
    *tensor = *weight;
    tensor->kind = GAN_FOREIGN_VECTOR;
    tensor->rank = 1;
    tensor->shape[0] = gan_foreign_elements(weight) / weight->shape[weight->output_axis];
    snprintf(own, sizeof own, "%s", slot->name);
    snprintf(name, sizeof name, "%s", form.name ? form.name : slot->name);
    to_v(own);
    to_v(name);
    return set_name(m, tensor, own, name);
}

static gan_status add_node(const struct maker *m, const gan_node *node)
{
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < node->layer.parameters; i++)
        status = add(m, node, &m->network->parameters.list[node->first_parameter + i]);
    for (int i = 0; status == GAN_OK && i < node->layer.buffers; i++) {
        const gan_variable *buffer = &m->network->buffers.list[node->first_buffer + i];
        if (m->to->counts || !buffer->slot->forms || !buffer->slot->forms->count) status = add(m, node, buffer);
    }
    int count = m->list->count;
    for (int i = 0; status == GAN_OK && m->to->has_left_vectors && i < count; i++) {
        const gan_foreign_tensor *tensor = &m->list->tensors[i];
        if (tensor->u && tensor->layer == node->name) status = add_left_vector(m, tensor);
    }
    return status;
}

static gan_status check_names(const gan_weights_options *options)
{
    if (options->name_count > 0 && !options->names)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_weights_options.names is NULL and name_count %d",
                        options->name_count);
    for (int i = 0; i < options->name_count; i++) {
        const gan_weight_name *names = options->names;
        if (!names[i].name || !names[i].file_name)
            return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_weights_options.names[%d].%s is NULL", i,
                            names[i].name ? "file_name" : "name");
        for (int k = 0; k < i; k++)
            if (strcmp(names[i].name, names[k].name) == 0)
                return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                                "gan_weights_options.names has \"%.100s\" twice, at %d and %d", names[i].name, k, i);
    }
    return GAN_OK;
}

static gan_status check_list(const struct maker *m)
{
    const gan_foreign_tensor *tensors = m->list->tensors;
    for (int i = 0; i < m->options->name_count; i++)
        if (!m->used[i])
            return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                            "gan_weights_options.names[%d].name is \"%.100s\"; it must be a parameter, a buffer or a "
                            "layer with such of network \"%s\", and one that a file in this layout has",
                            i, m->options->names[i].name, m->network->name);
    for (int i = 0; i < m->list->count; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(tensors[i].name, tensors[k].name) == 0)
                return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                                "gan_weights_options: \"%s\" and \"%s\" would both be \"%.120s\" in the file",
                                tensors[k].own_name, tensors[i].own_name, tensors[i].name);
    return GAN_OK;
}

static gan_status fill(const struct maker *m)
{
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < m->network->count; i++) status = add_node(m, m->network->nodes[i]);
    return status == GAN_OK ? check_list(m) : status;
}

gan_status gan_foreign_make(gan_foreign_list *list, const gan_network *network, const gan_weights_options *options)
{
    gan_context *context = network->context;
    struct maker m = {list, network, options, &frameworks[options->layout]};
    gan_feature_order *orders = NULL;
    size_t most = 2 * (size_t)network->parameters.count + (size_t)network->buffers.count + 1;
    *list = (gan_foreign_list){.context = context};
    gan_status status = check_names(options);
    if (status == GAN_OK && m.to->channels_first && !options->channels_last)
        status = gan_feature_orders(&orders, network);
    if (status != GAN_OK) return status;
    m.orders = orders;
    m.used = gan_context_allocate(context, (size_t)options->name_count + 1, sizeof *m.used, "a map of names");
    list->tensors = gan_context_allocate(context, most, sizeof *list->tensors, "the list of a file's tensors");
    status = m.used && list->tensors ? fill(&m) : GAN_ERROR_OUT_OF_MEMORY;
    if (status != GAN_OK) gan_foreign_free(list);
    gan_context_release(context, m.used);
    gan_context_release(context, orders);
    return status;
}

void gan_foreign_free(gan_foreign_list *list)
{
    if (list->context) gan_context_release(list->context, list->tensors);
    *list = (gan_foreign_list){NULL};
}

int64_t gan_foreign_elements(const gan_foreign_tensor *tensor)
{
    int64_t elements = 1;
    for (int i = 0; i < tensor->rank; i++) elements *= tensor->shape[i];
    return elements;
}

int64_t gan_foreign_place(const gan_foreign_tensor *tensor, int64_t index)
{
    int64_t place = 0;
    for (int i = tensor->rank - 1; i >= 0; index /= tensor->shape[i--])
        place += gan_feature_place(&tensor->order[i], index % tensor->shape[i]) * tensor->stride[i];
    return place;
}

double gan_foreign_transposed_product(const gan_foreign_tensor *tensor, double *sum)
{
    const float *weight = gan_tensor_floats(tensor->variable->value), *u = gan_tensor_floats(tensor->u->value);
    int axis = tensor->output_axis;
    int64_t outputs = tensor->shape[axis], elements = gan_foreign_elements(tensor), inner = 1;
    double squares = 0;
    for (int i = axis + 1; i < tensor->rank; i++) inner *= tensor->shape[i];
    for (int64_t i = 0; i < elements / outputs; i++) sum[i] = 0;
    for (int64_t i = 0; i < elements; i++) {
        int64_t output = gan_feature_place(&tensor->order[axis], i / inner % outputs);
        sum[i / inner / outputs * inner + i % inner] += (double)weight[gan_foreign_place(tensor, i)] * u[output];
    }
    for (int64_t i = 0; i < elements / outputs; i++) squares += sum[i] * sum[i];
    return sqrt(squares);
}
