// Reads members of JSON objects that came from outside: every value is checked for its type and
// limit; the first fault is kept with the path to it. What is missing stays as it was.
#pragma once

#include "sets.h"

// jansson has a function of the same name as base's json.h; nobody here calls it.
#define json_null jansson_null
#include <jansson.h>
#undef json_null

#define READ_TEXT_MAX   ((size_t)16 * 1024)
#define READ_PATH_MAX   128
#define READ_NUMBER_MAX ((int64_t)1 << 53)

struct reader {
    struct arena *arena;
    struct error *error;
    bool failed;
    char path[READ_PATH_MAX]; // of the object being read, "legs.client."
};

// reader_fail keeps the first fault: "'legs.client.suite' is WHAT". Always false.
bool reader_fail(struct reader *reader, const char *key, const char *what);

// read_object gives a member that is an object and enters it (the path); NULL when it is missing or
// a fault. reader_leave goes back to where `mark`, the path's length before, was.
const json_t *read_object(struct reader *reader, const json_t *object, const char *key,
                          size_t *out_mark);
void reader_leave(struct reader *reader, size_t mark);
// read_array gives a member that is an array of at most `max`; NULL when missing or a fault.
const json_t *read_array(struct reader *reader, const json_t *object, const char *key, size_t max);

void read_bool(struct reader *reader, const json_t *object, const char *key, bool *out_value);
void read_int(struct reader *reader, const json_t *object, const char *key, int64_t min,
              int64_t max, int64_t *out_value);
void read_u8(struct reader *reader, const json_t *object, const char *key, uint8_t *out_value);
void read_u16(struct reader *reader, const json_t *object, const char *key, uint16_t *out_value);
void read_u32(struct reader *reader, const json_t *object, const char *key, uint32_t *out_value);
void read_u64(struct reader *reader, const json_t *object, const char *key, uint64_t *out_value);
void read_size(struct reader *reader, const json_t *object, const char *key, size_t *out_value);
void read_i64(struct reader *reader, const json_t *object, const char *key, int64_t *out_value);
// read_text copies into the arena; null and missing leave *out_text as it was.
void read_text(struct reader *reader, const json_t *object, const char *key, const char **out_text);
// read_hex decodes hex digits into the arena, at most `max` bytes.
void read_hex(struct reader *reader, const json_t *object, const char *key, size_t max,
              struct slice *out_bytes);
// read_digest decodes exactly 32 bytes.
void read_digest(struct reader *reader, const json_t *object, const char *key, uint8_t out[32]);
// read_numbers fills a list from an array of numbers below 65536.
void read_numbers(struct reader *reader, const json_t *object, const char *key,
                  struct number_list *out_list);
// read_choice finds the text of a member among `count` names and gives its index.
void read_choice(struct reader *reader, const json_t *object, const char *key,
                 const char *(*name)(size_t i), size_t count, size_t *out_index);
