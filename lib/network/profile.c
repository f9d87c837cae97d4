/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/profile.h"
#include "core/clock.h"
#include "core/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct gan_profile {
    atomic_int references;
    gan_context *context;
    gan_profile_part *parts; /* in the order they were made */
};

gan_status gan_profile_create(gan_profile **handle, gan_context *context)
{
    if (!handle) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_profile_create: profile is NULL");
    *handle = NULL;
    if (!context) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_profile_create: context is NULL");
    gan_profile *profile = gan_context_allocate(context, 1, sizeof *profile, "a profile");
    if (!profile) return GAN_ERROR_OUT_OF_MEMORY;
    atomic_init(&profile->references, 1);
    profile->context = gan_context_retain(context);
    *handle = profile;
    return GAN_OK;
}

gan_profile *gan_profile_retain(gan_profile *profile)
{
    atomic_fetch_add(&profile->references, 1);
    return profile;
}

static void free_part(gan_profile_part *part)
{
    gan_network *network = part->network;
    gan_context_release(network->context, part->cells);
    gan_context_release(network->context, part);
    gan_network_free(&network);
}

void gan_profile_free(gan_profile **handle)
{
    if (!handle || !*handle) return;
    gan_profile *profile = *handle;
    *handle = NULL;
    if (atomic_fetch_sub(&profile->references, 1) > 1) return;
    for (gan_profile_part *part = profile->parts; part;) {
        gan_profile_part *next = part->next;
        free_part(part);
        part = next;
    }
    gan_context *context = profile->context;
    gan_context_release(context, profile);
    gan_context_free(&context);
}

static size_t rows_of(const gan_network *network)
{
    return (size_t)network->count + 1;
}

void gan_profile_reset(gan_profile *profile)
{
    for (gan_profile_part *part = profile ? profile->parts : NULL; part; part = part->next)
        memset(part->cells, 0, rows_of(part->network) * sizeof *part->cells);
}

gan_profile_part *gan_profile_part_of(gan_profile *profile, gan_network *network)
{
    gan_profile_part **link = &profile->parts;
    while (*link && (*link)->network != network) link = &(*link)->next;
    if (*link) return *link;
    gan_profile_part *part = gan_context_allocate(network->context, 1, sizeof *part, "a profile");
    if (!part) return NULL;
    part->cells = gan_context_allocate(network->context, rows_of(network), sizeof *part->cells, "a profile");
    if (!part->cells) {
        gan_context_release(network->context, part);
        return NULL;
    }
    part->network = gan_network_retain(network);
    *link = part;
    return part;
}

int64_t gan_profile_add(gan_profile_part *part, const gan_node *node, gan_pass pass, int64_t samples, int64_t begin)
{
    int64_t now = gan_clock();
    gan_profile_cell *cell = &part->cells[node ? node->index : part->network->count][pass];
    cell->calls++;
    cell->samples += samples;
    cell->nanoseconds += now - begin;
    return now;
}

void gan_profile_extend(gan_profile_part *part, const gan_node *node, gan_pass pass, int64_t begin)
{
    part->cells[node->index][pass].nanoseconds += gan_clock() - begin;
}

/* A row, as where it is kept. */
struct position {
    const gan_profile_part *part;
    int node, pass;
};

static const gan_profile_cell *cell_at(const struct position *p)
{
    return &p->part->cells[p->node][p->pass];
}

/* Moves on to the next row with calls, from {part, 0, -1}. */
static bool next_row(struct position *p)
{
    while (p->part) {
        if (++p->pass == GAN_PASSES) {
            p->pass = 0;
            p->node++;
        }
        if (p->node > p->part->network->count) {
            *p = (struct position){p->part->next, 0, -1};
            continue;
        }
        if (cell_at(p)->calls > 0) return true;
    }
    return false;
}

static struct position first_row(const gan_profile *profile)
{
    return (struct position){profile ? profile->parts : NULL, 0, -1};
}

int gan_profile_count(const gan_profile *profile)
{
    int count = 0;
    for (struct position p = first_row(profile); next_row(&p);) count++;
    return count;
}

static gan_profile_row row_at(const struct position *p)
{
    const gan_profile_cell *cell = cell_at(p);
    const gan_network *network = p->part->network;
    const gan_node *node = p->node < network->count ? network->nodes[p->node] : NULL;
    return (gan_profile_row){
        .size = sizeof(gan_profile_row),
        .network = network->name,
        .layer = node ? node->name : "",
        .type = node ? node->layer.type->name : "",
        .pass = p->pass,
        .calls = cell->calls,
        .samples = cell->samples,
        .seconds = 1e-9 * (double)cell->nanoseconds,
        .operations = node ? (double)node->layer.flops * (double)cell->samples : 0,
    };
}

gan_status gan_profile_get(const gan_profile *profile, int index, gan_profile_row *row)
{
    if (!profile || !row)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_profile_get: %s is NULL", profile ? "row" : "profile");
    if (row->size < sizeof row->size || row->size > 65536)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_profile_row.size is %zu; it must be sizeof(gan_profile_row), here %zu", row->size,
                        sizeof *row);
    struct position p = first_row(profile);
    int at = 0;
    while (next_row(&p) && at < index) at++;
    if (index < 0 || !p.part)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_profile_get: index is %d; the profile has %d rows", index,
                        gan_profile_count(profile));
    gan_profile_row found = row_at(&p);
    found.size = row->size;
    memcpy(row, &found, row->size < sizeof found ? row->size : sizeof found);
    return GAN_OK;
}

static void append_row(gan_text *text, const gan_profile_row *row, double total)
{
    static const char *const passes[] = {"forward", "parameters", "inputs", "update", "tangent", "second"};
    char title[3 * GAN_NAME_SIZE], rate[32] = "";
    snprintf(title, sizeof title, "%s %s", row->network, row->layer[0] ? row->layer : "(optimizer)");
    if (row->operations > 0 && row->seconds > 0)
        snprintf(rate, sizeof rate, "%.1f", 1e-9 * row->operations / row->seconds);
    gan_text_append(text, "%-33s %-11s %9" PRId64 " %11.3f %11.3f %6.1f%% %9s\n", title, passes[row->pass], row->calls,
                    1e3 * row->seconds, 1e3 * row->seconds / (double)row->calls,
                    total > 0 ? 100 * row->seconds / total : 0, rate);
}

gan_status gan_profile_table(const gan_profile *profile, char *out, size_t capacity, size_t *length)
{
    if (!profile) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_profile_table: profile is NULL");
    if (!out && capacity > 0)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_profile_table: text is NULL and capacity %zu", capacity);
    const int width = 97;
    gan_text text = {.out = out, .capacity = capacity};
    double total = 0;
    for (struct position p = first_row(profile); next_row(&p);) total += row_at(&p).seconds;
    gan_text_append(&text, "%-33s %-11s %9s %11s %11s %7s %9s\n", "Network and layer", "Pass", "Calls", "Total ms",
                    "ms a call", "Share", "GFLOP/s");
    gan_text_rule(&text, '=', width);
    for (struct position p = first_row(profile); next_row(&p);) {
        gan_profile_row row = row_at(&p);
        append_row(&text, &row, total);
    }
    gan_text_rule(&text, '=', width);
    gan_text_append(&text, "%-55s %11.3f\n", "All", 1e3 * total);
    if (length) *length = text.length;
    return GAN_OK;
}
