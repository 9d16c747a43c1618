#include "variant.h"

#include <string.h>

#include "code_points.h"
#include "handshake.h"
#include "shares.h"
#include "wide.h"

// ---- lists after the change

struct draft {
    const struct variant_base *base;
    const struct change *change;
    struct number_list versions;                // newest first
    struct number_list suites, groups, schemes; // as on the wire, GREASE and signals included
    struct buffer extensions;
    struct buffer shares; // fresh ones; empty: the recorded are kept
    bool wants_shares;
    bool did[6]; // extensions written, in the order of `own`
};

static const uint16_t own[] = {EXTENSION_SERVER_NAME,          EXTENSION_SUPPORTED_GROUPS,
                               EXTENSION_SIGNATURE_ALGORITHMS, EXTENSION_ALPN,
                               EXTENSION_SUPPORTED_VERSIONS,   EXTENSION_KEY_SHARE};

static void add_missing(struct number_list *list, const struct number_list *more)
{
    for (size_t i = 0; i < more->count; i++) {
        if (!number_list_has(list, more->items[i])) {
            (void)number_list_add(list, more->items[i]); // what does not fit is the least likely
        }
    }
}

static bool has_suite_for(const struct number_list *suites, uint16_t version)
{
    struct number_list kept;
    suites_for(suites, version, &kept);
    for (size_t i = 0; i < kept.count; i++) {
        const struct suite *suite = suite_find(kept.items[i]);
        if (suite != NULL && suite->class != SUITE_SIGNALLING) {
            return true;
        }
    }
    return false;
}

static bool has_scheme_for(const struct number_list *schemes, uint16_t version)
{
    for (size_t i = 0; i < schemes->count; i++) {
        const struct scheme *scheme = scheme_find(schemes->items[i]);
        bool fits =
            scheme != NULL &&
            (version >= VERSION_TLS13 ? scheme->in_tls13 && !scheme->is_weak : scheme->in_tls12);
        if (fits) {
            return true;
        }
    }
    return false;
}

// need_version brings along what an added version can't do without.
static void need_version(struct draft *draft, uint16_t version)
{
    struct number_list wide, usual;
    if (!has_suite_for(&draft->suites, version)) {
        wide_list(LIST_SUITES, &wide);
        suites_for(&wide, version, &usual);
        add_missing(&draft->suites, &usual);
    }
    if (version >= VERSION_TLS12 && !has_scheme_for(&draft->schemes, version)) {
        wide_list(LIST_SCHEMES, &wide);
        add_missing(&draft->schemes, &wide);
    }
    if (version >= VERSION_TLS13 && draft->groups.count == 0) {
        wide_list(LIST_GROUPS, &wide);
        add_missing(&draft->groups, &wide);
    }
    draft->wants_shares =
        draft->wants_shares || (version >= VERSION_TLS13 && !draft->base->hello.has_key_share);
}

static struct number_list *draft_list(struct draft *draft, enum list_kind kind)
{
    switch (kind) {
    case LIST_VERSIONS:
        return &draft->versions;
    case LIST_SUITES:
        return &draft->suites;
    case LIST_GROUPS:
        return &draft->groups;
    case LIST_SCHEMES:
        break;
    }
    return &draft->schemes;
}

static void add_to(struct draft *draft, enum list_kind kind, const struct number_list *more)
{
    add_missing(draft_list(draft, kind), more);
    for (size_t i = 0; kind == LIST_VERSIONS && i < more->count; i++) {
        need_version(draft, more->items[i]);
    }
    draft->wants_shares = draft->wants_shares || kind == LIST_GROUPS;
}

static void sort_versions(struct number_list *versions)
{
    struct number_list sorted = {0};
    for (uint16_t version = VERSION_TLS13; version >= VERSION_SSL30; version--) {
        if (number_list_has(versions, version)) {
            (void)number_list_add(&sorted, version); // five at most
        }
    }
    *versions = sorted;
}

static void drop_numbers(struct number_list *list, bool (*drops)(uint16_t number))
{
    struct number_list kept = {0};
    for (size_t i = 0; i < list->count; i++) {
        if (!drops(list->items[i])) {
            (void)number_list_add(&kept, list->items[i]); // never more than there were
        }
    }
    *list = kept;
}

static bool is_tls13(uint16_t version)
{
    return version >= VERSION_TLS13;
}

static void cap(struct draft *draft)
{
    drop_numbers(&draft->versions, is_tls13);
    if (draft->versions.count == 0) {
        (void)number_list_add(&draft->versions, VERSION_TLS12); // the first
        need_version(draft, VERSION_TLS12);
    }
    drop_numbers(&draft->suites, is_grease);
    drop_numbers(&draft->groups, is_grease);
    drop_numbers(&draft->schemes, is_grease);
}

static void cut(struct number_list *list, uint16_t count_max)
{
    while (list->count > count_max) {
        list->items[--list->count] = 0;
    }
}

#define COMPACT_SUITES     14
#define COMPACT_GROUPS     4
#define COMPACT_SCHEMES    8
#define COMPACT_ALPN_BYTES 32

static void compact(struct draft *draft)
{
    drop_numbers(&draft->suites, is_grease);
    drop_numbers(&draft->groups, is_grease);
    drop_numbers(&draft->schemes, is_grease);
    cut(&draft->suites, COMPACT_SUITES);
    cut(&draft->groups, COMPACT_GROUPS);
    cut(&draft->schemes, COMPACT_SCHEMES);
    draft->wants_shares = true;
}

static void apply(struct draft *draft)
{
    const struct change *change = draft->change;
    struct number_list more = {0};
    switch (change->kind) {
    case CHANGE_WIDEN:
        for (enum list_kind kind = LIST_VERSIONS; kind <= LIST_SCHEMES; kind++) {
            if ((change->lists & WIDEN(kind)) != 0) {
                wide_list(kind, &more);
                add_to(draft, kind, &more);
            }
        }
        break;
    case CHANGE_ADD:
        (void)number_list_add(&more, change->number); // the first
        add_to(draft, change->list, &more);
        break;
    case CHANGE_COMPACT:
        compact(draft);
        break;
    case CHANGE_CAP:
        cap(draft);
        break;
    case CHANGE_NOTHING:
    case CHANGE_BLAME:
    case CHANGE_SNI:
    case CHANGE_ALPN:
        break;
    }
    if (change->is_tls12) {
        cap(draft);
    }
    sort_versions(&draft->versions);
}

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

static void read_draft(struct draft *draft)
{
    const struct client_hello *hello = &draft->base->hello;
    draft->versions = draft->base->offered.versions;
    (void)number_list_read(&draft->suites,
                           hello->cipher_suites);            // past the limit: none has so many
    (void)number_list_read(&draft->groups, hello->groups);   // as above
    (void)number_list_read(&draft->schemes, hello->schemes); // as above
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
    bool is_same = change->kind == CHANGE_NOTHING && !change->is_tls12;
    if (base->hello.is_sslv2 || change->kind == CHANGE_BLAME) {
        return false;
    }
    if (is_same) {
        *out_offered = base->offered;
        return buffer_append(out, base->hello.whole);
    }
    struct draft draft = {.base = base, .change = change};
    size_t at = out->len;
    read_draft(&draft);
    apply(&draft);
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
