/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CORE_OPTIONS_H
#define GAN_CORE_OPTIONS_H

#include <gan/initializer.h>
#include <gan/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A table of fields describes an option struct: it drives checking and defaults here, and whatever else wants to know
 * the options of a layer by name: saving and loading. A layer's table has every member but size, nodes and name. */
typedef enum gan_field_type {
    GAN_FIELD_INT,
    GAN_FIELD_INT64,
    GAN_FIELD_FLOAT,
    GAN_FIELD_BOOL,
    GAN_FIELD_SHAPE,      /* int64_t[GAN_MAX_RANK], ended by 0; the layer's infer() checks it */
    GAN_FIELD_POINTER,    /* required: not NULL */
    GAN_FIELD_INITIALIZER /* fallback: the kind that 0 stands for; 0 leaves the choice to the network */
} gan_field_type;

typedef enum gan_field_flag {
    GAN_FIELD_REQUIRED = 1, /* zero is refused, there is no default */
    GAN_FIELD_OPEN_LOW = 2, /* low itself is out of range */
    GAN_FIELD_OPEN_HIGH = 4
} gan_field_flag;

typedef struct gan_field {
    const char *name;
    gan_field_type type;
    unsigned flags;
    size_t offset;
    double low, high;
    double fallback; /* what zero stands for */
} gan_field;

/* The member that fills a struct up, of type int or int64_t: 0, anything else is refused. */
#define GAN_FIELD_RESERVED(type)                                                                \
    {                                                                                           \
        "reserved", sizeof(((type *)NULL)->reserved) == 4 ? GAN_FIELD_INT : GAN_FIELD_INT64, 0, \
            offsetof(type, reserved), 0, 0, 0                                                   \
    }

/* The struct has no free bytes after its last member, which a caller leaves without a value and a later version could
 * take for a member: docs/abi.md. tests/abi/structs.py asks this of all structs of the public headers. */
#define GAN_STRUCT_ENDS(type, last)                                                     \
    _Static_assert(sizeof(type) == offsetof(type, last) + sizeof(((type *)NULL)->last), \
                   #type " has bytes after its last member: fill them with one, reserved")

#define GAN_FIELD_COUNT(fields) ((int)(sizeof(fields) / sizeof((fields)[0])))

/* Copies the caller's struct, of the size it says, into target, checks every field and puts defaults in. `what` names
 * the struct in errors. source may be NULL: all zeros. The minimum size is that of the first member.
 * GAN_ERROR_INVALID_ARGUMENT when the caller's struct is larger and the rest is not zero, or a field is out of range.
 */
gan_status gan_options_read(void *target, size_t size, const void *source, const char *what, const gan_field *fields,
                            int count);

/* Checks an initializer and puts its defaults in; a kind of 0 stays the network's. */
gan_status gan_initializer_read(gan_initializer *initializer, const char *what, const char *name);

#endif
