#include "quirk.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "code_points.h"
#include "text.h"

#define HELLO_BYTES_MAX  1400 // what a first segment carries over Ethernet
#define FALLBACK_SCSV    0x5600
#define ALERT_NUMBER_MAX 255
#define LIMIT_MAX        0xffffff

struct kind_row {
    const char *word;
    enum manner manner;
};

static const struct kind_row kinds[] = {
#define XX(name, word, manner, what) [QUIRK_##name] = {word, MANNER_##manner},
    QUIRK_MAP(XX)
#undef XX
};

static const char *const manners[] = {
#define XX(name, word) [MANNER_##name] = word,
    MANNER_MAP(XX)
#undef XX
};

const char *quirk_word(enum quirk_kind kind)
{
    return kinds[kind].word;
}

static uint32_t limit_or(const struct quirk *quirk, uint32_t fallback)
{
    return quirk->limit != 0 ? quirk->limit : fallback;
}

static bool has_extension(const struct client_hello *hello, uint32_t wanted)
{
    uint16_t type;
    struct slice body;
    for (size_t at = 0; extension_next(hello->extensions, &at, &type, &body);) {
        if (type == wanted) {
            return true;
        }
    }
    return false;
}

struct slice quirk_ticket(const struct client_hello *hello)
{
    uint16_t type;
    struct slice body;
    for (size_t at = 0; extension_next(hello->extensions, &at, &type, &body);) {
        struct cursor cursor = cursor_over(body);
        struct slice identities, identity;
        if (type == EXTENSION_SESSION_TICKET && body.len > 0) {
            return body;
        }
        if (type != EXTENSION_PRE_SHARED_KEY || !cursor_vector16(&cursor, &identities)) {
            continue;
        }
        cursor = cursor_over(identities);
        if (cursor_vector16(&cursor, &identity)) {
            return identity;
        }
    }
    return SLICE_EMPTY;
}

static bool is_address(struct slice name)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr any;
    if (name.len == 0 || name.len >= sizeof(text)) {
        return false;
    }
    memcpy(text, name.data, name.len);
    text[name.len] = '\0';
    return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

// is_strict_name: what OpenJDK and GnuTLS take for a host name in server_name.
static bool is_strict_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '_' || name.data[i] == ':') {
            return false;
        }
    }
    return !is_address(name) && (name.len == 0 || name.data[name.len - 1] != '.');
}

static bool has_capitals(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] >= 'A' && name.data[i] <= 'Z') {
            return true;
        }
    }
    return false;
}

// The alert that such servers send, where it is not handshake_failure.
static uint8_t alert_of(enum quirk_kind kind)
{
    static const struct {
        enum quirk_kind kind;
        uint8_t alert;
    } rows[] = {
        {QUIRK_VERSION, ALERT_PROTOCOL_VERSION},
        {QUIRK_RECORD_VERSION, ALERT_PROTOCOL_VERSION},
        {QUIRK_GREASE, ALERT_ILLEGAL_PARAMETER},
        {QUIRK_EXTENSION, ALERT_DECODE_ERROR},
        {QUIRK_SESSION_ID, ALERT_ILLEGAL_PARAMETER},
        {QUIRK_RETRY, ALERT_UNEXPECTED_MESSAGE},
        {QUIRK_TICKETS_FAIL, ALERT_DECRYPT_ERROR},
        {QUIRK_STRICT_NAME, ALERT_ILLEGAL_PARAMETER},
        {QUIRK_NAME_CASE, ALERT_UNRECOGNIZED_NAME},
        {QUIRK_NEEDS_NAME, ALERT_UNRECOGNIZED_NAME},
        {QUIRK_FALLBACK, ALERT_INAPPROPRIATE_FALLBACK},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].kind == kind) {
            return rows[i].alert;
        }
    }
    return ALERT_HANDSHAKE_FAILURE;
}

// is_struck tells whether a readable hello sets the quirk off.
static bool is_struck(const struct quirk *quirk, const struct quirk_view *view)
{
    const struct client_hello *hello = view->hello;
    bool is_tls13 = client_hello_offers_version(hello, VERSION_TLS13);
    switch (quirk->kind) {
    case QUIRK_HELLO_256_511: // RFC 7685 section 1: "a ClientHello message between 256 and 511"
        return view->hello_len >= 256 && view->hello_len <= 511;
    case QUIRK_HELLO_OVER:
        return view->hello_len > limit_or(quirk, HELLO_BYTES_MAX);
    case QUIRK_FIRST_SEGMENT:
        return !view->came_in_one || view->hello_len > limit_or(quirk, HELLO_BYTES_MAX);
    case QUIRK_VERSION:
        return client_hello_version_max(hello) > limit_or(quirk, VERSION_TLS12);
    case QUIRK_RECORD_VERSION:
        return view->record_version != limit_or(quirk, VERSION_TLS10);
    case QUIRK_GREASE:
        return hello->has_grease;
    case QUIRK_EXTENSION:
        return has_extension(hello, limit_or(quirk, EXTENSION_KEY_SHARE));
    case QUIRK_SESSION_ID:
        return is_tls13 && hello->session_id.len > 0;
    case QUIRK_NEEDS_SESSION_ID:
        return is_tls13 && hello->session_id.len == 0;
    case QUIRK_RETRY:
        return view->is_second;
    case QUIRK_EMS: // RFC 7627 section 5.1
        return (!is_tls13 || view->is_below_tls13) && !hello->has_ems;
    case QUIRK_TICKETS_FAIL:
        return view->has_foreign_ticket;
    case QUIRK_STRICT_NAME:
        return hello->has_sni && !is_strict_name(hello->sni);
    case QUIRK_NAME_CASE:
        return has_capitals(hello->sni);
    case QUIRK_NEEDS_NAME:
        return !hello->has_sni;
    case QUIRK_FALLBACK:
        return slice_has_u16(hello->cipher_suites, FALLBACK_SCSV);
    case QUIRK_NONE:
    case QUIRK_REFUSED:
    case QUIRK_CLOSES:
    case QUIRK_SILENT:
    case QUIRK_PLAIN_HTTP:
    case QUIRK_ALERT:
    case QUIRK_CHANGE_CIPHER_SPEC:
    case QUIRK_SSLV3:
    case QUIRK_LEGACY_RENEGOTIATION:
    case QUIRK_SMALL_DH:
    case QUIRK_RENEGOTIATES:
    case QUIRK_WARNS_NAME:
    case QUIRK_TICKETS_DIFFER:
    case QUIRK_SLOW:
    case QUIRKS:
        break;
    }
    return false;
}

static struct quirk_step strike(const struct quirk *quirk, uint8_t alert)
{
    return (struct quirk_step){
        .manner = quirk->manner != MANNER_NONE ? quirk->manner : kinds[quirk->kind].manner,
        .alert = quirk->alert != 0 ? quirk->alert : alert,
    };
}

struct quirk_step quirk_on_hello(const struct quirk *quirk, const struct quirk_view *view)
{
    if (quirk->kind == QUIRK_ALERT || quirk->kind == QUIRK_CLOSES || quirk->kind == QUIRK_SILENT) {
        return strike(quirk, ALERT_INTERNAL_ERROR);
    }
    if (view->hello == NULL || !is_struck(quirk, view)) {
        return (struct quirk_step){.manner = MANNER_NONE};
    }
    return strike(quirk, alert_of(quirk->kind));
}

struct quirk_step quirk_on_change_cipher_spec(const struct quirk *quirk, bool is_tls13)
{
    if (quirk->kind != QUIRK_CHANGE_CIPHER_SPEC || !is_tls13) {
        return (struct quirk_step){.manner = MANNER_NONE};
    }
    return strike(quirk, ALERT_UNEXPECTED_MESSAGE);
}

static bool set_kind(struct quirk *quirk, const char *value, struct error *error)
{
    for (int i = 0; i < QUIRKS; i++) {
        if (strcmp(kinds[i].word, value) == 0) {
            quirk->kind = (enum quirk_kind)i;
            return true;
        }
    }
    return error_set(error, ERROR_CONFIG,
                     "no quirk '%.60s': expected one of the lab's, such as hello-over or silent",
                     value);
}

static bool set_manner(struct quirk *quirk, const char *value, struct error *error)
{
    for (int i = 0; i < MANNERS; i++) {
        if (strcmp(manners[i], value) == 0) {
            quirk->manner = (enum manner)i;
            return true;
        }
    }
    return error_set(error, ERROR_CONFIG,
                     "bad manner '%.60s': expected none, alert, close, reset or silence", value);
}

static bool set_alert(struct quirk *quirk, const char *value, struct error *error)
{
    uint64_t number;
    if (text_uint(slice_of_text(value), ALERT_NUMBER_MAX, &number) && number > 0) {
        quirk->alert = (uint8_t)number;
        return true;
    }
    for (int i = 1; i <= ALERT_NUMBER_MAX; i++) {
        if (strcmp(alert_name((uint8_t)i), value) == 0) {
            quirk->alert = (uint8_t)i;
            return true;
        }
    }
    return error_set(error, ERROR_CONFIG,
                     "bad alert '%.60s': expected a name such as handshake_failure, or a number "
                     "from 1 to 255",
                     value);
}

static bool set_limit(struct quirk *quirk, const char *value, struct error *error)
{
    uint64_t number = 0;
    char *end = NULL;
    if (strncmp(value, "0x", 2) == 0 && strlen(value) <= 8) {
        number = strtoull(value + 2, &end, 16);
        if (*end == '\0' && number > 0 && number <= LIMIT_MAX) {
            quirk->limit = (uint32_t)number;
            return true;
        }
    }
    if (text_uint(slice_of_text(value), LIMIT_MAX, &number) && number > 0) {
        quirk->limit = (uint32_t)number;
        return true;
    }
    return error_set(error, ERROR_CONFIG,
                     "bad limit '%.60s': expected a number from 1 to %d, or as 0x0303", value,
                     LIMIT_MAX);
}

bool quirk_has_key(const char *key)
{
    return strcmp(key, "quirk") == 0 || strcmp(key, "manner") == 0 || strcmp(key, "alert") == 0 ||
           strcmp(key, "limit") == 0;
}

bool quirk_set(struct quirk *quirk, const char *key, const char *value, struct error *error)
{
    if (strcmp(key, "quirk") == 0) {
        return set_kind(quirk, value, error);
    }
    if (strcmp(key, "manner") == 0) {
        return set_manner(quirk, value, error);
    }
    if (strcmp(key, "alert") == 0) {
        return set_alert(quirk, value, error);
    }
    if (strcmp(key, "limit") == 0) {
        return set_limit(quirk, value, error);
    }
    return error_set(error, ERROR_CONFIG,
                     "unknown key '%.60s': expected quirk, manner, alert or limit", key);
}
