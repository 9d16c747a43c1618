// ClientHellos made from words: lists of hex numbers, versions, names.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../rows.h"
#include "verdict.h"

#define KIT_LIST 64

struct kit_list {
    uint8_t bytes[2 * KIT_LIST];
    size_t len;
};

struct kit_hello {
    struct kit_list versions, suites, groups, schemes;
    uint8_t alpn[128];
    size_t alpn_len;
    const char *sni;
    bool lacks_ems, has_scsv;
    size_t padding;
};

static inline void kit_fail(const char *word)
{
    fail_msg("the kit does not know the word '%s'", word);
}

static inline void kit_list_hex(struct kit_list *list, const char *text)
{
    list->len = 0;
    while (*text != '\0') {
        char *end;
        unsigned long number = strtoul(text, &end, 16);
        assert_true(list->len + 2 <= sizeof(list->bytes));
        list->bytes[list->len++] = (uint8_t)(number >> 8);
        list->bytes[list->len++] = (uint8_t)number;
        text = *end == '+' ? end + 1 : end;
    }
}

static inline uint16_t kit_version(const char *text)
{
    uint16_t version = version_named((struct slice){(const uint8_t *)text, strcspn(text, "+:")});
    assert_int_not_equal(version, 0);
    return version;
}

static inline void kit_list_versions(struct kit_list *list, const char *text)
{
    list->len = 0;
    while (*text != '\0') {
        uint16_t version = kit_version(text);
        list->bytes[list->len++] = (uint8_t)(version >> 8);
        list->bytes[list->len++] = (uint8_t)version;
        text += strcspn(text, "+");
        text += *text == '+' ? 1 : 0;
    }
}

static inline void kit_alpn(struct kit_hello *hello, const char *text)
{
    hello->alpn_len = 0;
    while (*text != '\0' && strcmp(text, "none") != 0) {
        size_t len = strcspn(text, "+");
        hello->alpn[hello->alpn_len++] = (uint8_t)len;
        memcpy(&hello->alpn[hello->alpn_len], text, len);
        hello->alpn_len += len;
        text += len;
        text += *text == '+' ? 1 : 0;
    }
}

static inline struct slice kit_slice(const struct kit_list *list)
{
    return (struct slice){list->bytes, list->len};
}

static inline uint16_t kit_newest(const struct kit_list *versions)
{
    uint16_t newest = 0;
    for (size_t i = 0; i < versions->len / 2; i++) {
        uint16_t version = slice_u16_at(kit_slice(versions), i);
        newest = version > newest ? version : newest;
    }
    return newest;
}

static inline struct slice kit_encode(struct arena *arena, const struct kit_hello *hello)
{
    static const uint8_t random[32] = {1}, share_key[32] = {2};
    uint16_t newest = kit_newest(&hello->versions);
    bool is_new = newest >= VERSION_TLS13;
    struct kit_list suites = hello->suites;
    struct buffer shares = {0}, message = {0};
    if (hello->has_scsv) {
        suites.bytes[suites.len++] = 0x56;
        suites.bytes[suites.len++] = 0x00;
    }
    if (is_new && hello->groups.len > 0) {
        buffer_append_u16(&shares, slice_u16_at(kit_slice(&hello->groups), 0));
        buffer_append_u16(&shares, sizeof(share_key));
        buffer_append(&shares, (struct slice){share_key, sizeof(share_key)});
    }
    struct hello_spec spec = {
        .legacy_version = is_new ? VERSION_TLS12 : newest,
        .random = {random, sizeof(random)},
        .cipher_suites = kit_slice(&suites),
        .versions = is_new ? kit_slice(&hello->versions) : SLICE_EMPTY,
        .groups = kit_slice(&hello->groups),
        .schemes = kit_slice(&hello->schemes),
        .alpn = {hello->alpn, hello->alpn_len},
        .sni = slice_of_text(hello->sni),
        .key_shares = buffer_slice(&shares),
        .ems = !hello->lacks_ems,
        .renegotiation_info = true,
        .padding_len = hello->padding,
    };
    assert_true(client_hello_encode(&message, &spec));
    struct slice copy = arena_copy(arena, buffer_slice(&message));
    buffer_clear(&message);
    buffer_clear(&shares);
    return copy;
}

static inline bool kit_hello_word(struct arena *arena, struct kit_hello *hello, const char *key,
                                  const char *value)
{
    if (strcmp(key, "versions") == 0) {
        kit_list_versions(&hello->versions, value);
    } else if (strcmp(key, "suites") == 0) {
        kit_list_hex(&hello->suites, value);
    } else if (strcmp(key, "groups") == 0) {
        kit_list_hex(&hello->groups, value);
    } else if (strcmp(key, "schemes") == 0) {
        kit_list_hex(&hello->schemes, value);
    } else if (strcmp(key, "alpn") == 0) {
        kit_alpn(hello, value);
    } else if (strcmp(key, "sni") == 0) {
        hello->sni = strcmp(value, "none") == 0 ? NULL : arena_text(arena, slice_of_text(value));
    } else if (strcmp(key, "noems") == 0) {
        hello->lacks_ems = true;
    } else if (strcmp(key, "scsv") == 0) {
        hello->has_scsv = true;
    } else if (strcmp(key, "pad") == 0) {
        hello->padding = (size_t)atoi(value);
    } else {
        return false;
    }
    return true;
}
