#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 4096

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t capacity;
    alignas(max_align_t) uint8_t data[];
};

static struct arena_block *block_new(size_t capacity)
{
    struct arena_block *block = calloc(1, sizeof(*block) + capacity);
    if (block != NULL) {
        block->capacity = capacity;
    }
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > ARENA_BYTES_MAX || arena->used_bytes > ARENA_BYTES_MAX - size) {
        return NULL;
    }
    size = size > 0 ? (size + align - 1) / align * align : align;
    struct arena_block *block = arena->blocks;
    if (block == NULL || block->capacity - block->used < size) {
        block = block_new(size > BLOCK_BYTES ? size : BLOCK_BYTES);
        if (block == NULL) {
            return NULL;
        }
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *memory = block->data + block->used;
    block->used += size;
    arena->used_bytes += size;
    return memory;
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
    uint8_t *copy = bytes.len > 0 ? arena_alloc(arena, bytes.len) : NULL;
    if (copy == NULL) {
        return SLICE_EMPTY;
    }
    memcpy(copy, bytes.data, bytes.len);
    return (struct slice){copy, bytes.len};
}

const char *arena_text(struct arena *arena, struct slice bytes)
{
    char *copy = arena_alloc(arena, bytes.len + 1);
    if (copy == NULL) {
        return NULL;
    }
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    copy[bytes.len] = '\0';
    return copy;
}

const char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = len >= 0 ? arena_alloc(arena, (size_t)len + 1) : NULL;
    if (text == NULL) {
        return NULL;
    }
    va_start(arguments, format);
    (void)vsnprintf(text, (size_t)len + 1, format, arguments); // same length as measured above
    va_end(arguments);
    return text;
}

void arena_clear(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    while (block != NULL) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    *arena = (struct arena){0};
}
