/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_AUGMENT_AUGMENT_H
#define GAN_AUGMENT_AUGMENT_H

#include "context/context.h"
#include "core/options.h"

#include <gan/augment.h>

struct gan_augment {
    atomic_int references;
    gan_context *context;
    gan_augment_options options;
    gan_augment_state state; /* adapt.c */
};

gan_augment *gan_augment_retain(gan_augment *augment);

/* The members of its options, and the whole numbers of its state, for those who keep them in a file. */
extern const gan_field gan_augment_fields[], gan_augment_state_fields[];
extern const int gan_augment_field_count, gan_augment_state_field_count;

/* Whether an augmentation of these options can have come to this state: as gan_augment_set_state(), without setting it.
 * *read is the state, with the members that were not there. */
gan_status gan_augment_check_state(const gan_augment *augment, const gan_augment_state *given, gan_augment_state *read);

/* One picture, [height, width, channels], changed in place. */
typedef struct gan_augment_picture {
    const gan_kernels *kernels;
    float *data;
    int64_t height, width, channels;
} gan_augment_picture;

/* What is done to one picture. GAN_AUGMENT_UNCHANGED is nothing. */
typedef struct gan_augment_draw {
    bool mirror;
    float brightness, saturation, contrast;               /* gan/augment.h: b, s, c */
    int64_t down, right;                                  /* how far the picture moves */
    int64_t hole_top, hole_bottom, hole_left, hole_right; /* rows and columns that are cut out; the ends are not */
} gan_augment_draw;

#define GAN_AUGMENT_UNCHANGED ((gan_augment_draw){.saturation = 1, .contrast = 1})

/* Random bits of one policy and one picture, a pure function of seed and position. */
#define GAN_AUGMENT_WORDS 8

typedef enum gan_augment_pass {
    GAN_AUGMENT_FORWARD = 0,
    GAN_AUGMENT_TANGENT = 1, /* the forward pass without what it adds: A x for A x + b */
    GAN_AUGMENT_BACKWARD = 2 /* A^T x */
} gan_augment_pass;
#define GAN_AUGMENT_PASSES 3

/* A policy is one table, in a file of its own, and a line in augment.c. */
typedef struct gan_augment_type {
    unsigned policy; /* a gan_augment_policy */
    /* Fills in its part of a draw for a picture of this height and width. */
    void (*draw)(gan_augment_draw *draw, const gan_augment *augment, int64_t height, int64_t width,
                 const uint32_t words[GAN_AUGMENT_WORDS]);
    void (*apply[GAN_AUGMENT_PASSES])(const gan_augment_picture *picture, const gan_augment_draw *draw);
} gan_augment_type;

extern const gan_augment_type gan_augment_flip, gan_augment_colour, gan_augment_translation, gan_augment_cutout;

/* For draw functions. Whether a change is made at all; a number of centre - reach..centre + reach; a whole number of
 * 0..n-1; a part of a size in pixels. */
bool gan_augment_happens(const gan_augment *augment, uint32_t word);
float gan_augment_uniform(uint32_t word, float centre, float reach);
int64_t gan_augment_whole(uint32_t word, int64_t n);
int64_t gan_augment_pixels(int64_t size, float part);

/* What the picture at this position gets, and what that does to it in a pass. */
gan_augment_draw gan_augment_draw_at(const gan_augment *augment, uint64_t position, int64_t height, int64_t width);
void gan_augment_apply(const gan_augment_picture *picture, const gan_augment_draw *draw, gan_augment_pass pass);

/* Mirrors [height, width, channels] left to right. */
void gan_augment_mirror(float *data, int64_t height, int64_t width, int64_t channels);

#endif
