#include "sets.h"

#include <stdio.h>
#include <string.h>

const char *list_item_name(enum list_kind kind, uint16_t number)
{
    switch (kind) {
    case LIST_VERSIONS:
        return version_name(number);
    case LIST_SUITES:
        return suite_name(number);
    case LIST_GROUPS:
        return group_name(number);
    case LIST_SCHEMES:
        return scheme_name(number);
    }
    return "unknown";
}

// The two of the table; asked for each suite of each hello, so not looked up there.
static bool is_signalling(uint16_t id)
{
    return id == SCSV_RENEGOTIATION || id == SCSV_FALLBACK;
}

static void read_list(struct slice vector, bool is_suites, struct number_list *out_list)
{
    for (size_t i = 0; i < vector.len / 2; i++) {
        uint16_t number = slice_u16_at(vector, i);
        if (!is_grease(number) && !(is_suites && is_signalling(number))) {
            (void)number_list_add(out_list, number); // past its limit a list is long enough
        }
    }
}

static void add_versions(uint16_t min, uint16_t max, struct number_list *out_versions)
{
    for (uint16_t version = min; version >= VERSION_SSL30 && version <= max; version++) {
        (void)number_list_add(out_versions, version); // five at most
    }
}

static void read_sslv2_kinds(struct slice kinds, struct number_list *out_suites)
{
    for (size_t at = 0; at + 3 <= kinds.len; at += 3) {
        if (kinds.data[at] == 0) {
            read_list(slice_part(kinds, at + 1, 2), true, out_suites);
        }
    }
}

void sets_of_hello(const struct client_hello *hello, struct sets *out_sets)
{
    struct sets sets = {.alpn = hello->alpn};
    if (hello->has_versions) {
        for (uint16_t version = VERSION_SSL30; version <= VERSION_TLS13; version++) {
            if (slice_has_u16(hello->versions, version)) {
                (void)number_list_add(&sets.versions, version); // five at most
            }
        }
    } else {
        uint16_t max = hello->legacy_version;
        sets.is_open_below = true;
        add_versions(VERSION_SSL30, max > VERSION_TLS12 ? VERSION_TLS12 : max, &sets.versions);
    }
    if (hello->is_sslv2) {
        read_sslv2_kinds(hello->cipher_suites, &sets.suites);
    } else {
        read_list(hello->cipher_suites, true, &sets.suites);
    }
    read_list(hello->groups, false, &sets.groups);
    read_list(hello->schemes, false, &sets.schemes);
    *out_sets = sets;
}

void sets_of_shape(const struct leg_shape *shape, struct sets *out_sets)
{
    *out_sets = (struct sets){
        .suites = shape->suites,
        .groups = shape->groups,
        .schemes = shape->schemes,
        .alpn = {shape->alpn, shape->alpn_len},
    };
    add_versions(shape->version_min, shape->version_max, &out_sets->versions);
}

const struct number_list *sets_list(const struct sets *sets, enum list_kind kind)
{
    switch (kind) {
    case LIST_VERSIONS:
        return &sets->versions;
    case LIST_SUITES:
        return &sets->suites;
    case LIST_GROUPS:
        return &sets->groups;
    case LIST_SCHEMES:
        break;
    }
    return &sets->schemes;
}

void list_minus(const struct number_list *a, const struct number_list *b,
                struct number_list *out_rest)
{
    struct number_list rest = {0};
    for (size_t i = 0; i < a->count; i++) {
        if (!number_list_has(b, a->items[i])) {
            (void)number_list_add(&rest, a->items[i]); // never more than `a` holds
        }
    }
    *out_rest = rest;
}

void suites_for(const struct number_list *suites, uint16_t version, struct number_list *out_kept)
{
    struct number_list kept = {0};
    for (size_t i = 0; i < suites->count; i++) {
        const struct suite *suite = suite_find(suites->items[i]);
        if (suite == NULL || (suite->version_min <= version && version <= suite->version_max)) {
            (void)number_list_add(&kept, suites->items[i]); // never more than `suites` holds
        }
    }
    *out_kept = kept;
}

// Text is put together in a buffer of this size and copied to the arena.
#define TEXT_BYTES_MAX ((size_t)4096)

static const char *settle(struct arena *arena, struct buffer *text)
{
    const char *copy = arena_text(arena, buffer_slice(text));
    buffer_clear(text);
    return copy != NULL ? copy : "";
}

static bool append_item(struct buffer *out, size_t i, const char *item)
{
    return (i == 0 || buffer_append_text(out, ", ")) && buffer_append_text(out, item);
}

static void append_more(struct buffer *out, size_t shown, size_t total)
{
    if (total > shown) {
        (void)buffer_printf(out, " ... (+%zu more)", total - shown); // shorter text if it is full
    }
}

const char *list_text(struct arena *arena, enum list_kind kind, const struct number_list *list)
{
    struct buffer text = {.limit = TEXT_BYTES_MAX};
    size_t shown = list->count < LIST_TEXT_ITEMS_MAX ? list->count : LIST_TEXT_ITEMS_MAX;
    for (size_t i = 0; i < shown; i++) {
        char number[8];
        const char *name = list_item_name(kind, list->items[i]);
        if (strcmp(name, "unknown") == 0) {
            (void)snprintf(number, sizeof(number), "0x%04x", list->items[i]); // six characters
            name = number;
        }
        (void)append_item(&text, i, name); // the text is shorter when memory is out
    }
    append_more(&text, shown, list->count);
    if (list->count == 0) {
        return "nothing";
    }
    return settle(arena, &text);
}

const char *versions_text(struct arena *arena, const struct sets *sets)
{
    size_t count = sets->versions.count;
    if (sets->is_open_below && count > 0) {
        const char *text =
            arena_printf(arena, "%s and below", version_name(sets->versions.items[count - 1]));
        return text != NULL ? text : "";
    }
    return list_text(arena, LIST_VERSIONS, &sets->versions);
}

const char *alpn_text(struct arena *arena, struct slice names)
{
    struct buffer text = {.limit = TEXT_BYTES_MAX};
    struct slice name;
    size_t at = 0, count = 0;
    while (alpn_next(names, &at, &name)) {
        if (count < LIST_TEXT_ITEMS_MAX) {
            (void)append_item(&text, count, peer_bytes(arena, name)); // shorter when memory is out
        }
        count++;
    }
    append_more(&text, LIST_TEXT_ITEMS_MAX, count);
    if (count == 0) {
        return "nothing";
    }
    return settle(arena, &text);
}

const char *names_text(struct arena *arena, const struct cert_facts *facts)
{
    struct buffer text = {.limit = TEXT_BYTES_MAX};
    if (facts->name_count == 0) {
        return "no name";
    }
    for (size_t i = 0; i < facts->name_count && i < LIST_TEXT_ITEMS_MAX; i++) {
        const char *name = facts->names[i];
        bool is_dns = strncmp(name, "dns:", 4) == 0;
        (void)append_item(&text, i, peer_text(arena, is_dns ? name + 4 : name)); // as above
    }
    append_more(&text, LIST_TEXT_ITEMS_MAX,
                facts->name_total > facts->name_count ? facts->name_total : facts->name_count);
    return settle(arena, &text);
}

#define PEER_TEXT_MAX 120

const char *peer_bytes(struct arena *arena, struct slice bytes)
{
    struct buffer text = {.limit = TEXT_BYTES_MAX};
    (void)text_escape(&text, slice_part(bytes, 0, PEER_TEXT_MAX)); // shorter when memory is out
    if (bytes.len > PEER_TEXT_MAX) {
        (void)buffer_append_text(&text, "...");
    }
    return settle(arena, &text);
}

const char *peer_text(struct arena *arena, const char *text)
{
    return text != NULL ? peer_bytes(arena, slice_of_text(text)) : "(none)";
}

const char *fault_code(enum cert_fault fault)
{
    static const char *const codes[] = {
#define XX(name, code, words) [CERT_FAULT_##name] = code,
        CERT_FAULT_MAP(XX)
#undef XX
    };
    return codes[fault];
}

const char *fault_words(enum cert_fault fault)
{
    static const char *const words[] = {
#define XX(name, code, text) [CERT_FAULT_##name] = text,
        CERT_FAULT_MAP(XX)
#undef XX
    };
    return words[fault];
}
