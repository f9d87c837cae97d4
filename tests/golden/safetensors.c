/* SPDX-License-Identifier: BSD-2-Clause */
#include "safetensors.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct golden {
    cJSON *header;
    char *data; /* a copy: in the file it may be at an odd place */
    size_t size;
};

static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s: cannot be opened", path);
    ck_assert(fseek(file, 0, SEEK_END) == 0);
    long length = ftell(file);
    ck_assert(length > 8);
    rewind(file);
    char *bytes = malloc((size_t)length);
    ck_assert(bytes != NULL);
    ck_assert(fread(bytes, 1, (size_t)length, file) == (size_t)length);
    fclose(file);
    *size = (size_t)length;
    return bytes;
}

golden *golden_open(const char *path)
{
    size_t size;
    char *bytes = read_file(path, &size);
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | (unsigned char)bytes[i];
    ck_assert_msg(length <= size - 8, "%s: the header is longer than the file", path);
    golden *file = malloc(sizeof *file);
    ck_assert(file != NULL);
    file->header = cJSON_ParseWithLength(bytes + 8, (size_t)length);
    ck_assert_msg(file->header != NULL, "%s: the header is not JSON", path);
    file->size = size - 8 - (size_t)length;
    file->data = malloc(file->size + 1);
    ck_assert(file->data != NULL);
    memcpy(file->data, bytes + 8 + length, file->size);
    free(bytes);
    return file;
}

void golden_close(golden *file)
{
    cJSON_Delete(file->header);
    free(file->data);
    free(file);
}

static size_t offset_at(const cJSON *offsets, int index)
{
    const cJSON *item = cJSON_GetArrayItem(offsets, index);
    ck_assert(cJSON_IsNumber(item) && item->valuedouble >= 0);
    return (size_t)item->valuedouble;
}

const float *golden_find(const golden *file, const char *name, int *rank, int64_t shape[GAN_MAX_RANK])
{
    const cJSON *entry = cJSON_GetObjectItemCaseSensitive(file->header, name);
    if (!entry) return NULL;
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
    const cJSON *dimensions = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    ck_assert_msg(cJSON_IsString(type) && strcmp(type->valuestring, "F32") == 0, "%s is not of type F32", name);
    int count = cJSON_GetArraySize(dimensions);
    size_t elements = 1, begin = offset_at(offsets, 0), end = offset_at(offsets, 1);
    ck_assert_msg(count <= GAN_MAX_RANK, "%s has %d dimensions", name, count);
    for (int i = 0; i < count; i++) {
        int64_t size = (int64_t)cJSON_GetArrayItem(dimensions, i)->valuedouble;
        if (shape) shape[i] = size;
        elements *= (size_t)size;
    }
    if (rank) *rank = count;
    ck_assert_msg(begin <= end && end <= file->size && end - begin == elements * sizeof(float),
                  "%s: its place does not fit", name);
    ck_assert_msg(begin % sizeof(float) == 0, "%s begins at byte %zu", name, begin);
    return (const float *)(const void *)(file->data + begin);
}

gan_tensor *golden_tensor(const golden *file, gan_context *context, const char *name)
{
    int rank;
    int64_t shape[GAN_MAX_RANK];
    const float *data = golden_find(file, name, &rank, shape);
    ck_assert_msg(data != NULL, "there is no %s", name);
    gan_tensor *tensor = new_tensor(context, rank, shape);
    memcpy(gan_tensor_floats(tensor), data, gan_tensor_bytes(tensor));
    return tensor;
}

const char *golden_text(const golden *file, const char *name)
{
    const cJSON *settings = cJSON_GetObjectItemCaseSensitive(file->header, "__metadata__");
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(settings, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

double golden_number(const golden *file, const char *name, double fallback)
{
    const char *text = golden_text(file, name);
    return text ? strtod(text, NULL) : fallback;
}

void golden_each(const golden *file, const char *prefix, void (*see)(void *argument, const char *name), void *argument)
{
    for (const cJSON *entry = file->header->child; entry; entry = entry->next)
        if (strncmp(entry->string, prefix, strlen(prefix)) == 0) see(argument, entry->string + strlen(prefix));
}
