/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/random.h"
#include "data/dataset.h"

#include <gan/random.h>

gan_status gan_dataset_create_orders(gan_dataset *dataset, int orders)
{
    for (int i = 0; i < orders && !dataset->options.in_order; i++) {
        gan_order *order = &dataset->orders[i];
        order->epoch = UINT64_MAX;
        order->pictures = gan_context_allocate(dataset->context, (size_t)dataset->count, sizeof *order->pictures,
                                               "a dataset's order");
        if (!order->pictures) return GAN_ERROR_OUT_OF_MEMORY;
    }
    return GAN_OK;
}

/* The place of an epoch in a stream: its low bits as the substream, its high ones above any position in it. */
static gan_philox philox_of(const gan_dataset *dataset, uint32_t stream, uint64_t epoch, uint64_t *position)
{
    *position += (epoch >> 32) << 40;
    return (gan_philox){.seed = dataset->context->seed, .stream = stream, .substream = (uint32_t)epoch};
}

/* Fisher and Yates. The order is made from the pictures' own every time, so that it depends on seed and epoch only. */
static void shuffle(const gan_dataset *dataset, gan_order *order, uint64_t epoch)
{
    uint64_t begin = 0;
    gan_philox philox = philox_of(dataset, GAN_STREAM_DATA_ORDER, epoch, &begin);
    for (int64_t i = 0; i < dataset->count; i++) order->pictures[i] = (int32_t)i;
    for (int64_t i = dataset->count - 1; i > 0; i--) {
        uint32_t bits[4];
        gan_philox_block(&philox, begin + (uint64_t)i, bits);
        int64_t k = (int64_t)gan_bounded((uint64_t)bits[1] << 32 | bits[0], (uint64_t)i + 1);
        int32_t swapped = order->pictures[i];
        order->pictures[i] = order->pictures[k];
        order->pictures[k] = swapped;
    }
    order->epoch = epoch;
}

/* Where an epoch's order is, or goes: two epochs that follow each other do not share one. */
static int order_index(const gan_dataset *dataset, uint64_t epoch)
{
    return dataset->orders[1].pictures ? (int)(epoch & 1) : 0;
}

void gan_dataset_need_order(gan_dataset *dataset, uint64_t epoch)
{
    gan_order *order = &dataset->orders[order_index(dataset, epoch)];
    if (order->pictures && order->epoch != epoch) shuffle(dataset, order, epoch);
}

int64_t gan_dataset_picture_at(const gan_dataset *dataset, const gan_place *place)
{
    const gan_order *order = &dataset->orders[order_index(dataset, place->epoch)];
    return order->pictures ? order->pictures[place->position] : place->position;
}

void gan_dataset_turn(const gan_dataset *dataset, gan_place *place, int64_t batch)
{
    int64_t rest = dataset->count - place->position;
    if (rest > 0 && (rest >= batch || dataset->options.last_batch == GAN_LAST_BATCH_KEEP)) return;
    place->epoch++;
    place->position = 0;
}

bool gan_dataset_flips(const gan_dataset *dataset, const gan_place *place)
{
    if (!dataset->options.flip) return false;
    uint64_t position = (uint64_t)place->position;
    gan_philox philox = philox_of(dataset, GAN_STREAM_AUGMENTATION, place->epoch, &position);
    uint32_t bits[4];
    gan_philox_block(&philox, position, bits);
    return bits[0] & 1;
}

int64_t gan_dataset_upcoming(gan_dataset *dataset, int64_t batch, int32_t *pictures, int64_t most)
{
    const uint64_t last = dataset->place.epoch + 1;
    gan_place place = dataset->place;
    int64_t count = 0;
    while (count < most) {
        gan_dataset_turn(dataset, &place, batch);
        if (place.epoch > last || place.epoch == UINT64_MAX) break;
        gan_dataset_need_order(dataset, place.epoch);
        for (int64_t i = 0; i < batch && count < most && place.position < dataset->count; i++, place.position++)
            pictures[count++] = (int32_t)gan_dataset_picture_at(dataset, &place);
    }
    return count;
}
