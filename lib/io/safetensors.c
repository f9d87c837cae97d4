/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/safetensors.h"
#include "core/file.h"
#include "io/checksum.h"
#include "io/json.h"
#include "tensor/tensor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PREFIX         8         /* bytes of the header's length */
#define LARGEST_HEADER 100000000 /* as other readers have it */
#define LARGEST_FILE   ((size_t)1 << 40)
#define MOST_TENSORS   10000

struct gan_safetensors {
    gan_context *context;
    cJSON *header;
    unsigned char *bytes;
    size_t data, size; /* the data's place in the file, and the file's size */
    gan_stored_tensor *tensors;
    int count;
    char path[512];
};

static bool add_entry(cJSON *header, const gan_stored_tensor *tensor, size_t begin)
{
    cJSON *entry = cJSON_AddObjectToObject(header, tensor->name);
    cJSON *shape = NULL, *place = NULL;
    bool fine = entry && cJSON_AddStringToObject(entry, "dtype", gan_stored_type_name(tensor->type)) &&
                (shape = cJSON_AddArrayToObject(entry, "shape")) &&
                (place = cJSON_AddArrayToObject(entry, "data_offsets"));
    for (int i = 0; fine && i < tensor->rank; i++)
        fine = cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->shape[i]));
    return fine && cJSON_AddItemToArray(place, cJSON_CreateNumber((double)begin)) &&
           cJSON_AddItemToArray(place, cJSON_CreateNumber((double)(begin + tensor->bytes)));
}

/* The header's text, or NULL when memory is out. Freed with cJSON_free(). */
static char *make_header(const gan_stored_tensor *tensors, int count, const gan_stored_text *texts, int text_count)
{
    cJSON *header = cJSON_CreateObject();
    cJSON *metadata = header && text_count ? cJSON_AddObjectToObject(header, "__metadata__") : NULL;
    bool fine = header && (metadata || text_count == 0);
    size_t begin = 0;
    for (int i = 0; fine && i < text_count; i++)
        fine = cJSON_AddStringToObject(metadata, texts[i].key, texts[i].text) != NULL;
    for (int i = 0; fine && i < count; begin += tensors[i++].bytes) fine = add_entry(header, &tensors[i], begin);
    char *text = fine ? cJSON_PrintUnformatted(header) : NULL;
    cJSON_Delete(header);
    return text;
}

static void put_length(unsigned char bytes[PREFIX], uint64_t length)
{
    for (int i = 0; i < PREFIX; i++) bytes[i] = (unsigned char)(length >> 8 * i);
}

gan_status gan_safetensors_write(gan_context *context, const char *path, const gan_stored_tensor *tensors, int count,
                                 const gan_stored_text *texts, int text_count)
{
    char *header = make_header(tensors, count, texts, text_count);
    if (!header) return gan_fail(GAN_ERROR_OUT_OF_MEMORY, "out of memory: the header of %.300s", path);
    size_t length = strlen(header), padded = (length + 7) / 8 * 8, size = PREFIX + padded, wrong;
    if (!gan_is_utf8(header, length, &wrong)) {
        cJSON_free(header);
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%.300s cannot be written: a name in it is not UTF-8", path);
    }
    for (int i = 0; i < count; i++) size += tensors[i].bytes;
    unsigned char *bytes = gan_context_allocate(context, size, 1, "the content of a file");
    gan_status status = GAN_ERROR_OUT_OF_MEMORY;
    if (bytes) {
        unsigned char *at = bytes + PREFIX + padded;
        put_length(bytes, padded);
        memset(bytes + PREFIX, ' ', padded);
        memcpy(bytes + PREFIX, header, length);
        for (int i = 0; i < count; at += tensors[i++].bytes)
            gan_stored_copy(at, tensors[i].data, tensors[i].bytes, tensors[i].type);
        gan_checksum_write(bytes, size);
        status = gan_file_replace(path, bytes, size);
    }
    gan_context_release(context, bytes);
    cJSON_free(header);
    return status;
}

static gan_status bad(const gan_safetensors *file, const char *tensor, const char *what)
{
    return gan_fail(GAN_ERROR_FORMAT, "%.200s: tensor \"%.100s\" %s", file->path, tensor, what);
}

static gan_status read_shape(const gan_safetensors *file, const cJSON *entry, gan_stored_tensor *tensor)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape"), *size;
    if (!cJSON_IsArray(shape)) return bad(file, tensor->name, "has no shape");
    cJSON_ArrayForEach(size, shape)
    {
        int64_t n;
        if (tensor->rank == GAN_MAX_RANK) return bad(file, tensor->name, "has more than 8 dimensions");
        if (!gan_json_integer(size, 1, INT64_C(1) << 53, &n)) return bad(file, tensor->name, "has a bad dimension");
        tensor->shape[tensor->rank++] = n;
    }
    return GAN_OK;
}

/* The place and size of a tensor agree with its type and shape, and are inside the file. */
static gan_status read_place(const gan_safetensors *file, const cJSON *entry, gan_stored_tensor *tensor)
{
    const cJSON *place = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    int64_t begin, end, count = 1, bytes, limit = (int64_t)(file->size - file->data);
    if (!cJSON_IsArray(place) || cJSON_GetArraySize(place) != 2 ||
        !gan_json_integer(cJSON_GetArrayItem(place, 0), 0, limit, &begin) ||
        !gan_json_integer(cJSON_GetArrayItem(place, 1), begin, limit, &end))
        return bad(file, tensor->name, "has data_offsets outside the file");
    if ((tensor->rank && !gan_shape_count(tensor->rank, tensor->shape, &count)) ||
        __builtin_mul_overflow(count, (int64_t)gan_stored_type_bytes(tensor->type), &bytes) || bytes != end - begin)
        return bad(file, tensor->name, "has data_offsets that do not go with its type and shape");
    tensor->data = file->bytes + file->data + begin;
    tensor->bytes = (size_t)bytes;
    return GAN_OK;
}

static gan_status read_entry(const gan_safetensors *file, const cJSON *entry, gan_stored_tensor *tensor)
{
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
    *tensor = (gan_stored_tensor){.name = entry->string};
    if (!cJSON_IsString(type) || !gan_stored_type_find(&tensor->type, type->valuestring))
        return bad(file, entry->string, "has a dtype that is not known");
    gan_status status = read_shape(file, entry, tensor);
    return status == GAN_OK ? read_place(file, entry, tensor) : status;
}

/* The tensors fill the data one after the other, in some order, without gap and overlap. */
static gan_status check_cover(const gan_safetensors *file)
{
    size_t covered = 0;
    for (int i = 0; i < file->count; i++) covered += file->tensors[i].bytes;
    for (int i = 0; i < file->count; i++) {
        const unsigned char *begin = file->tensors[i].data, *end = begin + file->tensors[i].bytes;
        for (int k = 0; k < i; k++) {
            const unsigned char *other = file->tensors[k].data;
            if (begin < other + file->tensors[k].bytes && other < end)
                return bad(file, file->tensors[i].name, "overlaps another");
        }
    }
    if (covered != file->size - file->data)
        return gan_fail(GAN_ERROR_FORMAT, "%.200s: its tensors have %zu bytes, and the file has %zu for them",
                        file->path, covered, file->size - file->data);
    return GAN_OK;
}

static gan_status check_metadata(const gan_safetensors *file)
{
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(file->header, "__metadata__"), *text;
    if (!metadata) return GAN_OK;
    if (!cJSON_IsObject(metadata)) return gan_fail(GAN_ERROR_FORMAT, "%.300s: __metadata__ is no object", file->path);
    cJSON_ArrayForEach(text, metadata) if (!cJSON_IsString(text)) return gan_fail(
        GAN_ERROR_FORMAT, "%.200s: __metadata__ \"%.100s\" is no text", file->path, text->string);
    return GAN_OK;
}

static gan_status read_entries(gan_safetensors *file)
{
    const cJSON *entry;
    int entries = cJSON_GetArraySize(file->header);
    gan_status status = check_metadata(file);
    if (entries > MOST_TENSORS)
        return gan_fail(GAN_ERROR_FORMAT, "%.300s has %d tensors; at most %d are read", file->path, entries,
                        MOST_TENSORS);
    file->tensors = gan_context_allocate(file->context, (size_t)entries + 1, sizeof *file->tensors, "a file's tensors");
    if (!file->tensors) return GAN_ERROR_OUT_OF_MEMORY;
    cJSON_ArrayForEach(entry, file->header)
    {
        if (status != GAN_OK) break;
        if (strcmp(entry->string, "__metadata__") == 0) continue;
        status = read_entry(file, entry, &file->tensors[file->count]);
        if (status == GAN_OK) file->count++;
    }
    return status == GAN_OK ? check_cover(file) : status;
}

static gan_status read_header(gan_safetensors *file)
{
    uint64_t length = 0;
    for (int i = PREFIX - 1; i >= 0 && file->size >= PREFIX; i--) length = length << 8 | file->bytes[i];
    if (file->size < PREFIX || length > file->size - PREFIX || length > LARGEST_HEADER)
        return gan_fail(GAN_ERROR_FORMAT,
                        "%.300s is no safetensors file, or cut short: a header of %" PRIu64
                        " bytes does not fit into %zu",
                        file->path, length, file->size);
    file->data = PREFIX + (size_t)length;
    gan_status status =
        gan_json_parse(&file->header, file->context, (const char *)file->bytes + PREFIX, (size_t)length, file->path);
    if (status != GAN_OK) return status;
    if (!cJSON_IsObject(file->header)) return gan_fail(GAN_ERROR_FORMAT, "%.300s: the header is no object", file->path);
    return read_entries(file);
}

static gan_status read_file(gan_safetensors **handle, gan_context *context, const char *path, bool checked)
{
    *handle = NULL;
    gan_safetensors *file = gan_context_allocate(context, 1, sizeof *file, "a file");
    if (!file) return GAN_ERROR_OUT_OF_MEMORY;
    file->context = gan_context_retain(context);
    snprintf(file->path, sizeof file->path, "%s", path);
    gan_status status = gan_file_read(path, &context->allocator, LARGEST_FILE, &file->bytes, &file->size);
    if (status == GAN_OK && checked) status = gan_checksum_verify(file->bytes, file->size, path);
    if (status == GAN_OK) status = read_header(file);
    *handle = file;
    if (status != GAN_OK) gan_safetensors_free(handle);
    return status;
}

gan_status gan_safetensors_read(gan_safetensors **handle, gan_context *context, const char *path)
{
    return read_file(handle, context, path, false);
}

gan_status gan_safetensors_read_checked(gan_safetensors **handle, gan_context *context, const char *path)
{
    return read_file(handle, context, path, true);
}

void gan_safetensors_free(gan_safetensors **handle)
{
    gan_safetensors *file = *handle;
    if (!file) return;
    *handle = NULL;
    gan_context *context = file->context;
    cJSON_Delete(file->header);
    gan_context_release(context, file->tensors);
    gan_context_release(context, file->bytes);
    gan_context_release(context, file);
    gan_context_free(&context);
}

int gan_safetensors_count(const gan_safetensors *file)
{
    return file->count;
}

const gan_stored_tensor *gan_safetensors_at(const gan_safetensors *file, int index)
{
    return &file->tensors[index];
}

const gan_stored_tensor *gan_safetensors_find(const gan_safetensors *file, const char *name)
{
    for (int i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0) return &file->tensors[i];
    return NULL;
}

const char *gan_safetensors_text(const gan_safetensors *file, const char *key)
{
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(file->header, "__metadata__");
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, key));
}

const char *gan_safetensors_path(const gan_safetensors *file)
{
    return file->path;
}

size_t gan_safetensors_numbers(const gan_safetensors *file)
{
    size_t numbers = 0;
    for (int i = 0; i < file->count; i++)
        numbers += file->tensors[i].bytes / gan_stored_type_bytes(file->tensors[i].type);
    return numbers;
}

static const char *described(char text[GAN_TENSOR_TEXT], const gan_stored_tensor *tensor)
{
    char shape[GAN_SHAPE_TEXT];
    snprintf(text, GAN_TENSOR_TEXT, "%s %s", gan_stored_type_name(tensor->type),
             gan_shape_text(shape, tensor->rank, tensor->shape));
    return text;
}

gan_status gan_safetensors_fits(const gan_safetensors *file, const gan_stored_tensor *wanted)
{
    const gan_stored_tensor *stored = gan_safetensors_find(file, wanted->name);
    if (!stored) return gan_fail(GAN_ERROR_FORMAT, "%.200s has no tensor \"%.100s\"", file->path, wanted->name);
    if (stored->type == wanted->type && stored->rank == wanted->rank &&
        memcmp(stored->shape, wanted->shape, (size_t)wanted->rank * sizeof *wanted->shape) == 0)
        return GAN_OK;
    char is[GAN_TENSOR_TEXT], must_be[GAN_TENSOR_TEXT];
    return gan_fail(GAN_ERROR_FORMAT, "%.200s: tensor \"%.100s\" is %s; it must be %s", file->path, wanted->name,
                    described(is, stored), described(must_be, wanted));
}

void gan_safetensors_fill(const gan_safetensors *file, const gan_stored_tensor *wanted)
{
    gan_stored_copy(wanted->data, gan_safetensors_find(file, wanted->name)->data, wanted->bytes, wanted->type);
}

gan_status gan_safetensors_check(const gan_safetensors *file, const char *name, const gan_tensor *tensor)
{
    const gan_stored_tensor wanted = gan_stored(name, tensor);
    return gan_safetensors_fits(file, &wanted);
}

gan_status gan_safetensors_copy(const gan_safetensors *file, const char *name, gan_tensor *tensor)
{
    const gan_stored_tensor wanted = gan_stored(name, tensor);
    gan_status status = gan_safetensors_fits(file, &wanted);
    if (status == GAN_OK) gan_safetensors_fill(file, &wanted);
    return status;
}
