/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_NETWORK_FEATURE_ORDER_H
#define GAN_NETWORK_FEATURE_ORDER_H

#include "network/network.h"

/* A vector that was a picture [H,W,C] or becomes one has its features in the order of that picture: here channels are
 * last, [H,W,C], and where channels are first, [C,H,W], the same feature is in another place. Features of the picture
 * are the first places * channels of the vector; those after them have the same place in both orders. */
typedef struct gan_feature_order {
    int64_t places, channels; /* H * W and C; 0: the vector has no picture's order */
    bool mixed;               /* there are both orders in it, or two pictures': nothing can be told */
} gan_feature_order;

/* The order of the features of each node's output, by the node's index. From where a picture is flattened or made, it
 * goes along the graph, forwards and backwards, over layers that keep their features. The caller releases the list.
 * GAN_ERROR_OUT_OF_MEMORY. GAN_ERROR_UNSUPPORTED: a layer's parameters, or what it makes of its input, cannot be told
 * for channels that are first. */
gan_status gan_feature_orders(gan_feature_order **orders, const gan_network *network);

/* Where feature number `index` of channels first is. */
static inline int64_t gan_feature_place(const gan_feature_order *order, int64_t index)
{
    if (index >= order->places * order->channels) return index;
    return index % order->places * order->channels + index / order->places;
}

#endif
