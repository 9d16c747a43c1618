#include "variant.h"

#include <string.h>

#include "code_points.h"
#include "draft.h"
#include "handshake.h"
#include "shares.h"

static const uint16_t own[DRAFT_OWN_EXTENSIONS] = {
    EXTENSION_SERVER_NAME, EXTENSION_SUPPORTED_GROUPS,   EXTENSION_SIGNATURE_ALGORITHMS,
    EXTENSION_ALPN,        EXTENSION_SUPPORTED_VERSIONS, EXTENSION_KEY_SHARE};

#define COMPACT_ALPN_BYTES 32

// ---- extensions

static bool put_numbers(struct buffer *out, const struct number_list *list, bool is_short)
{
    bool ok = is_short ? buffer_append_byte(out, (uint8_t)(2 * list->count))
                       : buffer_append_u16(out, (uint16_t)(2 * list->count));
    for (size_t i = 0; i < list->count && ok; i++) {
        ok = buffer_append_u16(out, list->items[i]);
    }
    return ok;
}

static bool put_vector16(struct buffer *out, struct slice bytes)
{
    return bytes.len <= UINT16_MAX && buffer_append_u16(out, (uint16_t)bytes.len) &&
           buffer_append(out, bytes);
}

// RFC 6066 section 3.
static bool put_sni(struct buffer *out, struct slice name)
{
    return name.len < UINT16_MAX - 3 && buffer_append_u16(out, (uint16_t)(name.len + 3)) &&
           buffer_append_byte(out, 0) && put_vector16(out, name);
}

// RFC 7301 section 3.1.
static bool put_alpn(struct buffer *out, const char *name)
{
    size_t len = strlen(name);
    return len <= UINT8_MAX && buffer_append_u16(out, (uint16_t)(len + 1)) &&
           buffer_append_byte(out, (uint8_t)len) && buffer_append_text(out, name);
}

static bool offers_tls13(const struct draft *draft)
{
    return number_list_has(&draft->versions, VERSION_TLS13);
}

// own_body writes the new body of an extension that the draft decides on. *out_is_wanted false:
// the extension is left out. What the change does not touch is `recorded`, copied.
static bool own_body(const struct draft *draft, uint16_t type, struct slice recorded,
                     bool was_there, struct buffer *out, bool *out_is_wanted)
{
    const struct change *change = draft->change;
    bool is_wanted = true, ok = true;
    if (type == EXTENSION_SERVER_NAME && change->kind == CHANGE_SNI) {
        is_wanted = change->name != NULL;
        ok = !is_wanted || put_sni(out, slice_of_text(change->name));
    } else if (type == EXTENSION_ALPN && change->kind == CHANGE_ALPN) {
        is_wanted = change->name != NULL;
        ok = !is_wanted || put_alpn(out, change->name);
    } else if (type == EXTENSION_ALPN && change->drops_alpn) {
        is_wanted = false;
    } else if (type == EXTENSION_ALPN && change->kind == CHANGE_COMPACT) {
        is_wanted = was_there && recorded.len <= COMPACT_ALPN_BYTES;
        ok = buffer_append(out, recorded);
    } else if (type == EXTENSION_SUPPORTED_GROUPS) {
        is_wanted = draft->groups.count > 0;
        ok = put_numbers(out, &draft->groups, false);
    } else if (type == EXTENSION_SIGNATURE_ALGORITHMS) {
        is_wanted = draft->schemes.count > 0;
        ok = put_numbers(out, &draft->schemes, false);
    } else if (type == EXTENSION_SUPPORTED_VERSIONS) {
        is_wanted = offers_tls13(draft);
        ok = put_numbers(out, &draft->versions, true);
    } else if (type == EXTENSION_KEY_SHARE && draft->wants_shares) {
        is_wanted = offers_tls13(draft);
        ok = put_vector16(out, buffer_slice(&draft->shares));
    } else {
        is_wanted = was_there && (type != EXTENSION_KEY_SHARE || offers_tls13(draft));
        ok = buffer_append(out, recorded);
    }
    *out_is_wanted = is_wanted;
    return ok;
}

static bool put_own(struct draft *draft, size_t i, struct slice recorded, bool was_there)
{
    struct buffer body = {0};
    bool is_wanted = false;
    draft->did[i] = true;
    bool ok = own_body(draft, own[i], recorded, was_there, &body, &is_wanted);
    if (ok && is_wanted) {
        ok = buffer_append_u16(&draft->extensions, own[i]) &&
             put_vector16(&draft->extensions, buffer_slice(&body));
    }
    buffer_clear(&body);
    return ok;
}

// is_kept tells whether another extension stays. Binders cover the hello as it was: PSK goes, and
// early data, which we never send.
static bool is_kept(const struct draft *draft, uint16_t type)
{
    if (type == EXTENSION_PRE_SHARED_KEY || type == EXTENSION_EARLY_DATA) {
        return false;
    }
    if (type == EXTENSION_PSK_MODES || type == EXTENSION_COOKIE) {
        return offers_tls13(draft);
    }
    if (draft->change->kind == CHANGE_CAP && is_grease(type)) {
        return false;
    }
    return draft->change->kind != CHANGE_COMPACT || type == EXTENSION_EXTENDED_MASTER_SECRET ||
           type == EXTENSION_RENEGOTIATION_INFO || type == EXTENSION_EC_POINT_FORMATS;
}

static size_t own_index(uint16_t type)
{
    size_t i = 0;
    while (i < COUNT_OF(own) && own[i] != type) {
        i++;
    }
    return i;
}

static bool put_extensions(struct draft *draft)
{
    size_t at = 0;
    uint16_t type;
    struct slice body;
    bool ok = true;
    while (ok && extension_next(draft->base->hello.extensions, &at, &type, &body)) {
        size_t i = own_index(type);
        if (i < COUNT_OF(own)) {
            ok = draft->did[i] || put_own(draft, i, body, true);
        } else if (is_kept(draft, type)) {
            ok = buffer_append_u16(&draft->extensions, type) &&
                 put_vector16(&draft->extensions, body);
        }
    }
    for (size_t i = 0; i < COUNT_OF(own) && ok; i++) {
        ok = draft->did[i] || put_own(draft, i, SLICE_EMPTY, false);
    }
    if (draft->change->kind == CHANGE_EMS && !draft->base->hello.has_ems) { // RFC 7627 section 5.1
        ok = ok && buffer_append_u16(&draft->extensions, EXTENSION_EXTENDED_MASTER_SECRET) &&
             put_vector16(&draft->extensions, SLICE_EMPTY);
    }
    return ok;
}

// ---- the whole

static bool make_shares(struct draft *draft)
{
    static const uint16_t usual[] = {0x001d, 0x0017};
    size_t count = draft->change->kind == CHANGE_COMPACT ? 1 : COUNT_OF(usual);
    for (size_t i = 0; i < count; i++) {
        if (number_list_has(&draft->groups, usual[i]) && !share_append(&draft->shares, usual[i])) {
            return false;
        }
    }
    return true;
}

static uint16_t legacy_version(const struct draft *draft)
{
    uint16_t newest = draft->versions.count > 0 ? draft->versions.items[0] : VERSION_TLS12;
    uint16_t recorded = draft->base->hello.legacy_version;
    uint16_t wanted = newest > VERSION_TLS12 ? VERSION_TLS12 : newest;
    return draft->change->kind == CHANGE_NOTHING && !draft->change->is_tls12 ? recorded : wanted;
}

static bool encode(struct draft *draft, struct buffer *out)
{
    const struct client_hello *hello = &draft->base->hello;
    struct buffer suites = {0};
    bool ok = true;
    for (size_t i = 0; i < draft->suites.count && ok; i++) {
        ok = buffer_append_u16(&suites, draft->suites.items[i]);
    }
    struct hello_spec spec = {
        .legacy_version = legacy_version(draft),
        .random = hello->random,
        .session_id = draft->change->kind == CHANGE_COMPACT ? SLICE_EMPTY : hello->session_id,
        .cipher_suites = buffer_slice(&suites),
        .more = buffer_slice(&draft->extensions),
    };
    ok = ok && client_hello_encode(out, &spec);
    buffer_clear(&suites);
    return ok;
}

static void tell_offered(const struct draft *draft, const struct buffer *message, size_t at,
                         struct sets *out_offered)
{
    struct client_hello made;
    size_t bad_at;
    struct slice whole = slice_part(buffer_slice(message), at, message->len);
    if (client_hello_parse(whole, &made, &bad_at) == PARSE_OK) {
        sets_of_hello(&made, out_offered);
    }
    out_offered->versions = draft->versions;
    out_offered->is_open_below = false;
    out_offered->alpn = draft->change->kind == CHANGE_ALPN ? SLICE_EMPTY : draft->base->hello.alpn;
}

bool variant_encode(const struct variant_base *base, const struct change *change,
                    struct buffer *out, struct sets *out_offered)
{
    bool is_same =
        (change->kind == CHANGE_NOTHING || change->kind == CHANGE_RECORD) && !change->is_tls12;
    if (base->hello.is_sslv2 || change->kind == CHANGE_BLAME) {
        return false;
    }
    if (is_same) {
        *out_offered = base->offered;
        return buffer_append(out, base->hello.whole);
    }
    struct draft draft = {.base = base, .change = change};
    size_t at = out->len;
    draft_apply(&draft);
    bool ok = (!draft.wants_shares || make_shares(&draft)) && put_extensions(&draft) &&
              encode(&draft, out);
    if (ok) {
        tell_offered(&draft, out, at, out_offered);
    }
    buffer_clear(&draft.extensions);
    buffer_clear(&draft.shares);
    return ok;
}

// ---- the second hello

static struct slice cookie_of(const struct server_hello *retry)
{
    size_t at = 0;
    uint16_t type;
    struct slice body;
    while (extension_next(retry->extensions, &at, &type, &body)) {
        if (type == EXTENSION_COOKIE) {
            return body;
        }
    }
    return SLICE_EMPTY;
}

static bool put_retry(const struct client_hello *first, const struct server_hello *retry,
                      struct buffer *out)
{
    size_t at = 0;
    uint16_t type;
    struct slice body, cookie = cookie_of(retry);
    struct buffer share = {0};
    bool ok = retry->group == 0 || share_append(&share, retry->group);
    while (ok && extension_next(first->extensions, &at, &type, &body)) {
        bool is_share = type == EXTENSION_KEY_SHARE && retry->group != 0;
        if (type == EXTENSION_PRE_SHARED_KEY || type == EXTENSION_EARLY_DATA) {
            continue;
        }
        ok = buffer_append_u16(out, type);
        if (is_share) {
            ok = ok && buffer_append_u16(out, (uint16_t)(share.len + 2)) &&
                 put_vector16(out, buffer_slice(&share));
        } else {
            ok = ok && put_vector16(out, body);
        }
    }
    ok = ok && (cookie.len == 0 ||
                (buffer_append_u16(out, EXTENSION_COOKIE) && put_vector16(out, cookie)));
    buffer_clear(&share);
    return ok;
}

bool variant_retry(struct slice first, const struct server_hello *retry, struct buffer *out)
{
    struct client_hello hello;
    struct buffer extensions = {0};
    size_t at;
    if (client_hello_parse(first, &hello, &at) != PARSE_OK) {
        return false;
    }
    bool ok = put_retry(&hello, retry, &extensions);
    struct hello_spec spec = {
        .legacy_version = hello.legacy_version,
        .random = hello.random,
        .session_id = hello.session_id,
        .cipher_suites = hello.cipher_suites,
        .more = buffer_slice(&extensions),
    };
    ok = ok && client_hello_encode(out, &spec);
    buffer_clear(&extensions);
    return ok;
}
