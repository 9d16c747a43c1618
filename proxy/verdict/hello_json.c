#include "hello_json.h"

#include <stdio.h>
#include <string.h>

static void write_name(struct json *json, enum list_kind kind, uint16_t number)
{
    const char *name = list_item_name(kind, number);
    char hex[8];
    if (strcmp(name, "unknown") == 0) {
        (void)snprintf(hex, sizeof(hex), "0x%04x", number); // six characters
        name = hex;
    }
    json_text(json, name);
}

void number_list_write_names(struct json *json, enum list_kind kind, const struct number_list *list)
{
    json_open_array(json);
    for (size_t i = 0; i < list->count; i++) {
        write_name(json, kind, list->items[i]);
    }
    json_close_array(json);
}

static void vector_field(struct json *json, const char *key, enum list_kind kind,
                         struct slice vector)
{
    json_key(json, key);
    json_open_array(json);
    for (size_t i = 0; i < vector.len / 2; i++) {
        write_name(json, kind, slice_u16_at(vector, i));
    }
    json_close_array(json);
}

// The names of a ProtocolNameList, as an array.
static void write_alpn(struct json *json, struct slice names)
{
    size_t at = 0;
    struct slice name;
    json_open_array(json);
    while (alpn_next(names, &at, &name)) {
        json_bytes(json, name);
    }
    json_close_array(json);
}

static void write_extensions(struct json *json, struct slice extensions)
{
    size_t at = 0;
    uint16_t type;
    struct slice body;
    json_key(json, "extensions");
    json_open_array(json);
    while (extension_next(extensions, &at, &type, &body)) {
        char number[8];
        const char *name = is_grease(type) ? "GREASE" : extension_name(type);
        if (strcmp(name, "unknown") == 0) {
            (void)snprintf(number, sizeof(number), "%u", type); // five digits at most
            name = number;
        }
        json_text(json, name);
    }
    json_close_array(json);
}

static void write_key_shares(struct json *json, struct slice shares)
{
    size_t at = 0;
    uint16_t group;
    struct slice key;
    json_key(json, "key_shares");
    json_open_array(json);
    while (key_share_next(shares, &at, &group, &key)) {
        write_name(json, LIST_GROUPS, group);
    }
    json_close_array(json);
}

// SSLv2 cipher kinds have three bytes; those that begin with 0 are TLS suites.
static void write_sslv2_kinds(struct json *json, struct slice kinds)
{
    json_key(json, "suites");
    json_open_array(json);
    for (size_t at = 0; at + 3 <= kinds.len; at += 3) {
        if (kinds.data[at] == 0) {
            write_name(json, LIST_SUITES, slice_u16_at(slice_part(kinds, at + 1, 2), 0));
        }
    }
    json_close_array(json);
}

static void write_offer(struct json *json, const struct client_hello *hello)
{
    vector_field(json, "suites", LIST_SUITES, hello->cipher_suites);
    if (hello->has_versions) {
        vector_field(json, "versions", LIST_VERSIONS, hello->versions);
    }
    if (hello->has_groups) {
        vector_field(json, "groups", LIST_GROUPS, hello->groups);
    }
    if (hello->has_schemes) {
        vector_field(json, "schemes", LIST_SCHEMES, hello->schemes);
    }
    if (hello->has_key_share) {
        write_key_shares(json, hello->key_shares);
    }
    if (hello->has_alpn) {
        json_key(json, "alpn");
        write_alpn(json, hello->alpn);
    }
    if (hello->has_extensions) {
        write_extensions(json, hello->extensions);
    }
}

void client_hello_write(struct json *json, struct slice message, bool is_sslv2)
{
    struct client_hello hello;
    size_t bad_at = 0;
    enum parse parsed = is_sslv2 ? client_hello_parse_sslv2(message, &hello, &bad_at)
                                 : client_hello_parse(message, &hello, &bad_at);
    if (parsed != PARSE_OK) {
        json_null(json);
        return;
    }
    json_open_object(json);
    json_int_field(json, "len", (int64_t)message.len);
    json_text_field(json, "legacy_version", version_name(hello.legacy_version));
    if (hello.has_sni) {
        json_key(json, "sni");
        json_bytes(json, hello.sni);
    }
    if (is_sslv2) {
        write_sslv2_kinds(json, hello.cipher_suites);
    } else {
        write_offer(json, &hello);
        char fingerprint[JA4_MAX];
        char hash[JA3_HASH_MAX];
        json_text_field(json, "ja4", ja4(&hello, fingerprint));
        json_text_field(json, "ja3", ja3_hash(&hello, hash));
    }
    json_close_object(json);
}

void server_hello_write(struct json *json, struct slice message)
{
    struct server_hello hello;
    size_t bad_at = 0;
    if (server_hello_parse(message, &hello, &bad_at) != PARSE_OK) {
        json_null(json);
        return;
    }
    json_open_object(json);
    json_text_field(json, "version", version_name(hello.version));
    json_text_field(json, "suite", suite_name(hello.cipher_suite));
    if (hello.group != 0) {
        json_text_field(json, "group", group_name(hello.group));
    }
    if (hello.is_retry) {
        json_bool_field(json, "retry", true);
    }
    if (hello.has_alpn) {
        json_key(json, "alpn");
        json_bytes(json, hello.alpn);
    }
    if (hello.downgrade_from != 0) {
        json_text_field(json, "downgrade_sentinel", version_name(hello.downgrade_from));
    }
    json_bool_field(json, "renegotiation_info", hello.has_renegotiation_info);
    json_bool_field(json, "extended_master_secret", hello.has_ems);
    json_close_object(json);
}
