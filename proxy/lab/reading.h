// Reading one YAML file of the lab: where it is, and the kinds of value that its keys have. Errors
// say file, line, key and what was expected. Not for other folders.
#pragma once

#include "leg_policy.h"
#include "speech.h"
#include "yaml_tree.h"

struct reading {
    struct arena *arena; // owns the texts
    const char *name;    // of the file, for errors
    struct error *error;
};

// All of these are false with an ERROR_CONFIG; `what` names the value ("origin: chain: names").
bool reading_fail(const struct reading *reading, const struct yaml_item *item, const char *what,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
bool reading_is(const struct reading *reading, const struct yaml_item *item, enum yaml_kind kind,
                const char *what);

// reading_text copies a text into the arena, reading_chars one into `out_text`.
bool reading_text(const struct reading *reading, const struct yaml_item *item, const char *what,
                  const char **out_text);
bool reading_chars(const struct reading *reading, const struct yaml_item *item, const char *what,
                   char *out_text, size_t size);
// reading_speech reads {en: …, ja: …}; both must be there.
bool reading_speech(const struct reading *reading, const struct yaml_item *item, const char *what,
                    struct speech *out_speech);
bool reading_switch(const struct reading *reading, const struct yaml_item *item, const char *what,
                    bool *out_on);
bool reading_number(const struct reading *reading, const struct yaml_item *item, const char *what,
                    uint64_t max, uint64_t *out_number);
// reading_word finds one of `count` words; *out_index is its place.
bool reading_word(const struct reading *reading, const struct yaml_item *item, const char *what,
                  const char *const *words, size_t count, size_t *out_index);

// One key of a mapping and what reads its value into `out`.
struct reading_key {
    const char *key;
    bool (*read)(const struct reading *reading, const struct yaml_item *item, const char *what,
                 void *out);
};

// reading_map reads each member of `map` by its row of `keys` (which end without a key). `what` is
// put in front of the keys in errors; "" is the top of the file.
bool reading_map(const struct reading *reading, const struct yaml_item *map, const char *what,
                 const struct reading_key *keys, void *out);

// A setter of flat keys, as leg_policy_set_for.
typedef bool (*reading_set_fn)(void *user, const char *key, const char *value, struct error *error);

// reading_set gives each member of `map` to `set` as text: a list is joined, by ',' for "names" and
// by ':' for ciphers, groups, sigalgs and alpn; other keys take none.
bool reading_set(const struct reading *reading, const struct yaml_item *map, const char *what,
                 reading_set_fn set, void *user);
bool reading_set_one(const struct reading *reading, const struct yaml_item *item, const char *what,
                     const char *key, reading_set_fn set, void *user);
