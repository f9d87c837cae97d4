/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/neighbours.h"

struct search {
    int64_t k;
    bool same;
    double *distances;
    int32_t *indices;
};

/* Puts a neighbour into its place behind those that are as near; the last falls out. */
static void insert(const struct search *search, int64_t row, double distance, int64_t index)
{
    double *distances = search->distances + row * search->k;
    int32_t *indices = search->indices ? search->indices + row * search->k : NULL;
    int64_t place = search->k - 1;
    for (; place > 0 && distances[place - 1] > distance; place--) {
        distances[place] = distances[place - 1];
        if (indices) indices[place] = indices[place - 1];
    }
    distances[place] = distance;
    if (indices) indices[place] = (int32_t)index;
}

static void find(void *argument, const gan_tile *tile)
{
    const struct search *search = argument;
    for (int64_t i = 0; i < tile->rows; i++) {
        int64_t row = tile->row + i, itself = search->same ? row - tile->column : -1;
        const double *last = search->distances + row * search->k + search->k - 1;
        for (int64_t j = 0; j < tile->columns; j++) {
            double distance = gan_tile_distance(tile, i, j);
            if (distance < *last && j != itself) insert(search, row, distance, tile->column + j);
        }
    }
}

gan_status gan_nearest(gan_context *context, const gan_points *a, const gan_points *b, bool same, int64_t k,
                       double *distances, int32_t *indices)
{
    struct search search = {k, same, distances, indices};
    for (int64_t i = 0; i < a->count * k; i++) distances[i] = INFINITY;
    return gan_pairs(context, a, b, false, find, &search);
}

/* radii of a set: the last of each point's k nearest. */
static gan_status find_radii(gan_balls *balls, int set)
{
    const gan_points *points = &balls->points[set];
    int64_t k = balls->neighbours;
    double *nearest = gan_context_allocate(balls->context, (size_t)points->count, (size_t)k * sizeof *nearest,
                                           "the nearest neighbours of features");
    balls->radii[set] = gan_context_allocate(balls->context, (size_t)points->count, sizeof(double), "neighbourhoods");
    gan_status status = GAN_ERROR_OUT_OF_MEMORY;
    if (nearest && balls->radii[set]) status = gan_nearest(balls->context, points, points, true, k, nearest, NULL);
    for (int64_t i = 0; status == GAN_OK && i < points->count; i++) balls->radii[set][i] = nearest[i * k + k - 1];
    gan_context_release(balls->context, nearest);
    return status;
}

gan_status gan_balls_create(gan_balls *balls, const char *call, const gan_tensor *real, const gan_tensor *generated,
                            const gan_metric_neighbour_options *given, int64_t neighbours, bool both)
{
    const gan_field field = {
        "neighbours",        GAN_FIELD_INT64,   0, offsetof(gan_metric_neighbour_options, neighbours), 1,
        GAN_MOST_NEIGHBOURS, (double)neighbours};
    gan_metric_neighbour_options options;
    *balls = (gan_balls){0};
    gan_status status = gan_options_read(&options, sizeof options, given, "gan_metric_neighbour_options", &field, 1);
    if (status == GAN_OK) status = gan_points_read_both(balls->points, call, real, generated, options.neighbours + 1);
    if (status != GAN_OK) return status;
    balls->context = real->context;
    balls->neighbours = options.neighbours;
    for (int set = 0; status == GAN_OK && set < 2; set++) {
        status = gan_points_measure(&balls->points[set], balls->context);
        if (status == GAN_OK && (set == 0 || both)) status = find_radii(balls, set);
    }
    return status;
}

void gan_balls_free(gan_balls *balls)
{
    for (int set = 0; balls->context && set < 2; set++) {
        gan_context_release(balls->context, balls->points[set].squares);
        gan_context_release(balls->context, balls->radii[set]);
    }
}
