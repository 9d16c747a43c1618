#include "preset_view.h"

#include <stdio.h>
#include <string.h>

#include "sets.h"

static const char *const leg_heads[SIDES] = {
    [CLIENT] = "client leg: what it accepts",
    [SERVER] = "server leg: what it offers",
};

static void write_list(struct sheet *sheet, const char *head, const struct text_list *list)
{
    if (list->count == 0) {
        return;
    }
    sheet_head(sheet, head);
    for (size_t i = 0; i < list->count; i++) {
        pen_ours(&sheet->pen, "- ");
        pen_wrap(&sheet->pen, 2, list->items[i]);
        pen_end(&sheet->pen);
    }
}

static void write_texts(struct json *json, const char *key, const struct text_list *list)
{
    json_key(json, key);
    json_open_array(json);
    for (size_t i = 0; i < list->count; i++) {
        json_text(json, list->items[i]);
    }
    json_close_array(json);
}

// A leg's text, "KEY=VALUE,…", one key at a time; *rest begins as the whole. Lists get blanks after
// their colons, so that they can be wrapped.
static bool next_key(struct arena *arena, const char **rest, const char **out_key,
                     const char **out_value, bool is_spaced)
{
    size_t len = strcspn(*rest, ",");
    const char *equals = memchr(*rest, '=', len);
    if (equals == NULL) {
        return false;
    }
    struct slice key = {(const uint8_t *)*rest, (size_t)(equals - *rest)};
    struct slice value = {(const uint8_t *)equals + 1, len - key.len - 1};
    *rest += len + ((*rest)[len] == ',' ? 1 : 0);
    *out_key = arena_text(arena, key);
    const struct leg_key *known = *out_key != NULL ? leg_key_find(*out_key) : NULL;
    struct buffer text = {0};
    for (size_t i = 0; i < value.len; i++) {
        bool is_comma = known != NULL && known->is_list && value.data[i] == ':' && is_spaced;
        (void)(is_comma ? buffer_append_text(&text, ", ")
                        : buffer_append_byte(&text, value.data[i])); // shorter when out of memory
    }
    *out_value = arena_text(arena, buffer_slice(&text));
    buffer_clear(&text);
    return *out_key != NULL && *out_value != NULL;
}

static void write_leg(struct sheet *sheet, const struct preset_edge *preset, enum side side)
{
    struct arena arena = {0};
    const char *rest = preset->leg_text[side], *key, *value;
    sheet_head(sheet, leg_heads[side]);
    if (rest[0] == '\0') {
        sheet_line(sheet, "nothing said: what the TLS library can");
    }
    while (next_key(&arena, &rest, &key, &value, true)) {
        sheet_label(sheet, key, value);
    }
    const struct text_list *alpn = &preset->device_alpn[side];
    for (size_t i = 0; i < alpn->count; i++) {
        sheet_label(sheet, i == 0 ? "its own alpn" : "", alpn->items[i]);
    }
    arena_clear(&arena);
}

static bool has_words(const struct preset_edge *preset, enum side side)
{
    for (size_t i = 0; leg_key_at(i) != NULL; i++) {
        if (preset->dialect_text[side][i] != NULL) {
            return true;
        }
    }
    return false;
}

static void write_dialect(struct sheet *sheet, const struct preset_edge *preset, enum side side)
{
    char head[128];
    if (!has_words(preset, side)) {
        return;
    }
    (void)snprintf(head, sizeof(head), "how its configuration says a key of the %s leg",
                   side_name(side)); // fits
    sheet_head(sheet, head);
    for (size_t i = 0; leg_key_at(i) != NULL; i++) {
        sheet_label(sheet, leg_key_at(i)->name, preset->dialect_text[side][i]);
    }
    sheet_label(sheet, "ciphers-1.3", preset->dialect_suites13[side]);
}

static const char *failure_text(const struct preset_edge *preset, char *out_text, size_t size)
{
    const char *manner = on_failure_name(preset->on_failure);
    if (preset->status == 0) {
        (void)snprintf(out_text, size, "%s", manner);
    } else if (preset->certificate_status == 0) {
        (void)snprintf(out_text, size, "%s, HTTP status %u", manner, preset->status);
    } else {
        (void)snprintf(out_text, size, "%s, HTTP status %u, or %u for a bad certificate", manner,
                       preset->status, preset->certificate_status);
    }
    return out_text;
}

void preset_view_edge(struct sheet *sheet, const struct preset_edge *preset)
{
    char failure[128];
    sheet_head(sheet, preset->title);
    sheet_label(sheet, "name", preset->name);
    sheet_label(sheet, "kind", preset->kind);
    sheet_label(sheet, "order", order_name(preset->order));
    sheet_label(sheet, "on failure", failure_text(preset, failure, sizeof(failure)));
    sheet_label(sheet, "dialect", preset->dialect);
    write_leg(sheet, preset, CLIENT);
    write_leg(sheet, preset, SERVER);
    write_list(sheet, "habits", &preset->habits);
    write_dialect(sheet, preset, CLIENT);
    write_dialect(sheet, preset, SERVER);
    write_list(sheet, "not verified", &preset->unverified);
    write_list(sheet, "sources", &preset->sources);
}

static void write_leg_json(struct json *json, const struct preset_edge *preset, enum side side)
{
    struct arena arena = {0};
    const char *rest = preset->leg_text[side], *key, *value;
    json_key(json, side_name(side));
    json_open_object(json);
    while (next_key(&arena, &rest, &key, &value, false)) {
        json_text_field(json, key, value);
    }
    json_close_object(json);
    arena_clear(&arena);
}

static void write_dialect_json(struct json *json, const struct preset_edge *preset)
{
    json_key(json, "dialect_text");
    json_open_object(json);
    for (enum side side = CLIENT; side < SIDES; side++) {
        json_key(json, side_name(side));
        json_open_object(json);
        for (size_t i = 0; leg_key_at(i) != NULL; i++) {
            json_text_field(json, leg_key_at(i)->name, preset->dialect_text[side][i]);
        }
        json_text_field(json, "ciphers-1.3", preset->dialect_suites13[side]);
        json_close_object(json);
    }
    json_close_object(json);
}

void preset_view_edge_json(struct json *json, const struct preset_edge *preset)
{
    json_open_object(json);
    json_text_field(json, "name", preset->name);
    json_text_field(json, "title", preset->title);
    json_text_field(json, "kind", preset->kind);
    json_text_field(json, "order", order_name(preset->order));
    json_text_field(json, "on_failure", on_failure_name(preset->on_failure));
    if (preset->status != 0) {
        json_int_field(json, "status", preset->status);
    }
    if (preset->certificate_status != 0) {
        json_int_field(json, "certificate_status", preset->certificate_status);
    }
    json_text_field(json, "dialect", preset->dialect);
    json_key(json, "legs");
    json_open_object(json);
    write_leg_json(json, preset, CLIENT);
    write_leg_json(json, preset, SERVER);
    json_close_object(json);
    json_key(json, "device_alpn");
    json_open_object(json);
    write_texts(json, side_name(CLIENT), &preset->device_alpn[CLIENT]);
    write_texts(json, side_name(SERVER), &preset->device_alpn[SERVER]);
    json_close_object(json);
    write_dialect_json(json, preset);
    write_texts(json, "habits", &preset->habits);
    write_texts(json, "unverified", &preset->unverified);
    write_texts(json, "sources", &preset->sources);
    json_close_object(json);
}

static const struct {
    const char *label;
    enum list_kind kind;
} lists[] = {
    {"versions", LIST_VERSIONS},
    {"ciphers", LIST_SUITES},
    {"groups", LIST_GROUPS},
    {"sigalgs", LIST_SCHEMES},
};

// The whole list, where list_text cuts.
static const char *whole_list(struct arena *arena, enum list_kind kind,
                              const struct number_list *list)
{
    struct buffer text = {0};
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list_item_name(kind, list->items[i]);
        bool is_known = strcmp(name, "unknown") != 0;
        (void)buffer_append_text(&text, i > 0 ? ", " : ""); // shorter when memory is out
        (void)(is_known ? buffer_append_text(&text, name)
                        : buffer_printf(&text, "0x%04x", list->items[i]));
    }
    const char *copy = list->count > 0 ? arena_text(arena, buffer_slice(&text)) : NULL;
    buffer_clear(&text);
    return copy;
}

void preset_view_client(struct sheet *sheet, const struct preset_hello *client)
{
    const struct preset_client *preset = client->preset;
    struct arena arena = {0};
    struct sets sets;
    char number[48];
    sets_of_hello(&client->hello, &sets);
    sheet_head(sheet, preset->title);
    sheet_label(sheet, "name", preset->name);
    sheet_label(sheet, "family", preset->family);
    sheet_label(sheet, "platform", preset->platform);
    if (preset->year > 0) {
        (void)snprintf(number, sizeof(number), "%u", preset->year); // fits
        sheet_label(sheet, "year", number);
    }
    sheet_label(sheet, "JA3", preset->ja3);
    sheet_label(sheet, "JA4", preset->ja4);
    sheet_head(sheet, "what it offers");
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        bool is_open = lists[i].kind == LIST_VERSIONS && sets.is_open_below;
        const char *text = is_open
                               ? versions_text(&arena, &sets)
                               : whole_list(&arena, lists[i].kind, sets_list(&sets, lists[i].kind));
        sheet_label(sheet, lists[i].label, text);
    }
    sheet_label(sheet, "alpn", client->hello.has_alpn ? alpn_text(&arena, sets.alpn) : "none");
    sheet_label(sheet, "sni", client->hello.has_sni ? "sent" : "none");
    (void)snprintf(number, sizeof(number), "%zu bytes", client->hello.whole.len); // fits
    sheet_label(sheet, "hello", number);
    write_list(sheet, "notable", &preset->notable);
    arena_clear(&arena);
}

static void write_numbers(struct json *json, const char *key, enum list_kind kind,
                          const struct number_list *list)
{
    char number[8];
    json_key(json, key);
    json_open_array(json);
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list_item_name(kind, list->items[i]);
        (void)snprintf(number, sizeof(number), "0x%04x", list->items[i]); // six characters
        json_text(json, strcmp(name, "unknown") != 0 ? name : number);
    }
    json_close_array(json);
}

void preset_view_client_json(struct json *json, const struct preset_hello *client)
{
    const struct preset_client *preset = client->preset;
    struct sets sets;
    struct slice name;
    sets_of_hello(&client->hello, &sets);
    json_open_object(json);
    json_text_field(json, "name", preset->name);
    json_text_field(json, "title", preset->title);
    json_text_field(json, "family", preset->family);
    json_text_field(json, "platform", preset->platform);
    if (preset->year > 0) {
        json_int_field(json, "year", preset->year);
    }
    json_text_field(json, "ja3", preset->ja3);
    json_text_field(json, "ja4", preset->ja4);
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        write_numbers(json, lists[i].label, lists[i].kind, sets_list(&sets, lists[i].kind));
    }
    json_key(json, "alpn");
    json_open_array(json);
    for (size_t at = 0; alpn_next(sets.alpn, &at, &name);) {
        json_bytes(json, name);
    }
    json_close_array(json);
    json_bool_field(json, "sni", client->hello.has_sni);
    json_hex_field(json, "record", preset->record);
    write_texts(json, "notable", &preset->notable);
    json_close_object(json);
}
