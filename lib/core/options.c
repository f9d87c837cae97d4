/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/options.h"
#include "core/error.h"

#include <math.h>
#include <string.h>

static gan_status copy_sized(unsigned char *target, size_t size, const unsigned char *source, const char *what)
{
    memset(target, 0, size);
    if (!source) {
        memcpy(target, &size, sizeof size);
        return GAN_OK;
    }
    size_t given;
    memcpy(&given, source, sizeof given);
    if (given < sizeof(size_t) || given > 65536)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s.size is %zu; it must be sizeof(%s), here %zu", what, given,
                        what, size);
    for (size_t i = size; i < given; i++)
        if (source[i])
            return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                            "%s has %zu bytes, and uses a member after the %zu that this "
                            "version of the library knows",
                            what, given, size);
    memcpy(target, source, given < size ? given : size);
    memcpy(target, &size, sizeof size);
    return GAN_OK;
}

static gan_status out_of_range(const gan_field *field, const char *what, double value)
{
    int digits = field->type == GAN_FIELD_FLOAT ? 6 : 19; /* of an integer all */
    if (field->low == field->high)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s.%s is %.*g; it must be %g", what, field->name, digits, value,
                        field->low);
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s.%s is %.*g; it must be %s %.*g and %s %.*g", what, field->name,
                    digits, value, field->flags & GAN_FIELD_OPEN_LOW ? "above" : "at least", digits, field->low,
                    field->flags & GAN_FIELD_OPEN_HIGH ? "below" : "at most", digits, field->high);
}

static gan_status check_number(const gan_field *field, const char *what, double value)
{
    bool low = field->flags & GAN_FIELD_OPEN_LOW ? value > field->low : value >= field->low;
    bool high = field->flags & GAN_FIELD_OPEN_HIGH ? value < field->high : value <= field->high;
    return low && high ? GAN_OK : out_of_range(field, what, value); /* NaN fails both */
}

/* Whether the member holds what stands for "default", and its value. A float's -0.0 is GAN_ZERO: not the default. */
static bool read_number(const gan_field *field, const void *member, double *value)
{
    if (field->type == GAN_FIELD_INT) {
        *value = *(const int *)member;
        return *value == 0;
    }
    if (field->type == GAN_FIELD_INT64) {
        *value = (double)*(const int64_t *)member;
        return *value == 0;
    }
    *value = *(const float *)member;
    return *value == 0 && !signbit(*value);
}

static void write_fallback(const gan_field *field, void *member)
{
    if (field->type == GAN_FIELD_INT) *(int *)member = (int)field->fallback;
    if (field->type == GAN_FIELD_INT64) *(int64_t *)member = (int64_t)field->fallback;
    if (field->type == GAN_FIELD_FLOAT) *(float *)member = (float)field->fallback;
}

static gan_status check_initializer(const gan_field *field, gan_initializer *init, const char *what)
{
    if (init->kind == GAN_INITIALIZER_DEFAULT) {
        if (init->scale != 0 || init->mean != 0)
            return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s.%s has a scale or mean but no kind", what, field->name);
        init->kind = (int)field->fallback;
    }
    if (init->kind < 0 || init->kind > GAN_INITIALIZER_ORTHOGONAL)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s.%s.kind is %d; it must be a gan_initializer_kind, 0 to %d",
                        what, field->name, init->kind, GAN_INITIALIZER_ORTHOGONAL);
    if (!(init->scale >= 0) || isinf(init->scale) || !isfinite(init->mean))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "%s.%s has scale %.9g and mean %.9g; they must be finite, and the scale not "
                        "negative",
                        what, field->name, init->scale, init->mean);
    if (init->scale == 0 && !signbit(init->scale))
        init->scale = init->kind == GAN_INITIALIZER_NORMAL || init->kind == GAN_INITIALIZER_UNIFORM ? 0.05f : 1.0f;
    return GAN_OK;
}

static gan_status check_field(const gan_field *field, void *member, const char *what)
{
    if (field->type == GAN_FIELD_INITIALIZER) return check_initializer(field, member, what);
    if (field->type == GAN_FIELD_BOOL || field->type == GAN_FIELD_SHAPE) return GAN_OK;
    if (field->type == GAN_FIELD_POINTER) {
        if (*(void *const *)member) return GAN_OK;
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s.%s is NULL", what, field->name);
    }
    double value;
    if (read_number(field, member, &value)) {
        if (field->flags & GAN_FIELD_REQUIRED)
            return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s.%s is required; it must be %.19g to %.19g", what,
                            field->name, field->low, field->high);
        write_fallback(field, member);
        return GAN_OK;
    }
    return check_number(field, what, value);
}

gan_status gan_options_read(void *target, size_t size, const void *source, const char *what, const gan_field *fields,
                            int count)
{
    gan_status status = copy_sized(target, size, source, what);
    for (int i = 0; status == GAN_OK && i < count; i++)
        status = check_field(&fields[i], (unsigned char *)target + fields[i].offset, what);
    return status;
}

gan_status gan_initializer_read(gan_initializer *initializer, const char *what, const char *name)
{
    const gan_field field = {name, GAN_FIELD_INITIALIZER, 0, 0, 0, 0, GAN_INITIALIZER_DEFAULT};
    return check_initializer(&field, initializer, what);
}
