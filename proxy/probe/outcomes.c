#include "outcomes.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "buffer.h"
#include "code_points.h"
#include "hello.h"

struct row {
    bool is_used;
    struct outcome_key key;
    struct outcome outcome; // its leaf is this row's own
    int64_t at_us;
};

struct outcomes {
    uv_mutex_t lock;
    struct row rows[OUTCOMES_ROWS_MAX];
};

struct outcomes *outcomes_new(void)
{
    struct outcomes *outcomes = calloc(1, sizeof(*outcomes));
    if (outcomes != NULL && uv_mutex_init(&outcomes->lock) != 0) {
        free(outcomes);
        return NULL;
    }
    return outcomes;
}

static void empty_row(struct row *row)
{
    free((void *)(uintptr_t)row->outcome.leaf.data);
    *row = (struct row){0};
}

void outcomes_free(struct outcomes *outcomes)
{
    if (outcomes == NULL) {
        return;
    }
    for (size_t i = 0; i < COUNT_OF(outcomes->rows); i++) {
        empty_row(&outcomes->rows[i]);
    }
    uv_mutex_destroy(&outcomes->lock);
    free(outcomes);
}

// ---- the key

#define EXTENSIONS_MAX 64
#define ANY_GREASE     0x0a0a

struct part {
    uint16_t type;
    struct slice body;
};

static int by_type(const void *a, const void *b)
{
    const struct part *one = a, *other = b;
    return (int)one->type - (int)other->type;
}

static uint16_t plain_number(uint16_t number)
{
    return is_grease(number) ? ANY_GREASE : number;
}

// put_numbers writes two-byte numbers, all GREASE alike; what is behind the last whole one stays.
static bool put_numbers(struct buffer *out, struct slice numbers)
{
    bool ok = buffer_append_u16(out, (uint16_t)numbers.len);
    for (size_t i = 0; i < numbers.len / 2 && ok; i++) {
        ok = buffer_append_u16(out, plain_number(slice_u16_at(numbers, i)));
    }
    return ok;
}

static bool put_shares(struct buffer *out, const struct client_hello *hello)
{
    size_t at = 0;
    uint16_t group;
    struct slice key;
    bool ok = true;
    while (ok && key_share_next(hello->key_shares, &at, &group, &key)) {
        ok = buffer_append_u16(out, plain_number(group)) && // a GREASE share is any byte
             buffer_append_u16(out, is_grease(group) ? 0 : (uint16_t)key.len);
    }
    return ok;
}

static bool put_part(struct buffer *out, const struct client_hello *hello, const struct part *part)
{
    if (!buffer_append_u16(out, part->type)) {
        return false;
    }
    if (is_grease(part->type)) {
        return true; // its body is any
    }
    switch (part->type) {
    case EXTENSION_KEY_SHARE:
        return put_shares(out, hello);
    case EXTENSION_SUPPORTED_GROUPS:
        return put_numbers(out, hello->groups);
    case EXTENSION_SUPPORTED_VERSIONS:
        return put_numbers(out, hello->versions);
    case EXTENSION_PADDING:
    case EXTENSION_SESSION_TICKET:
    case EXTENSION_PRE_SHARED_KEY:
    case EXTENSION_ENCRYPTED_CLIENT_HELLO:
        return true;
    default:
        return buffer_append_u16(out, (uint16_t)part->body.len) && buffer_append(out, part->body);
    }
}

static bool put_hello(struct buffer *out, struct slice message)
{
    struct client_hello hello;
    struct part parts[EXTENSIONS_MAX];
    size_t at = 0, count = 0;
    if (client_hello_parse(message, &hello, &at) != PARSE_OK) {
        return false;
    }
    for (at = 0; count < EXTENSIONS_MAX; count++) {
        if (!extension_next(hello.extensions, &at, &parts[count].type, &parts[count].body)) {
            break;
        }
        parts[count].type = plain_number(parts[count].type);
    }
    if (count == EXTENSIONS_MAX) {
        return false;
    }
    qsort(parts, count, sizeof(parts[0]), by_type);
    bool ok = buffer_append_u16(out, hello.legacy_version) && put_numbers(out, hello.cipher_suites);
    for (size_t i = 0; i < count && ok; i++) {
        ok = put_part(out, &hello, &parts[i]);
    }
    return ok;
}

static bool put_address(struct buffer *out, const struct sockaddr *address)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    bool is_v6 = address->sa_family == AF_INET6;
    struct slice host = is_v6 ? (struct slice){v6->sin6_addr.s6_addr, sizeof(v6->sin6_addr)}
                              : (struct slice){(const uint8_t *)&v4->sin_addr, 4};
    return buffer_append_byte(out, is_v6) &&
           buffer_append_u16(out, is_v6 ? v6->sin6_port : v4->sin_port) && buffer_append(out, host);
}

static bool put_place(struct buffer *out, const struct outcome_place *place)
{
    const char *tunnel = place->tunnel != NULL ? place->tunnel : "";
    return put_address(out, place->address) && buffer_append_text(out, tunnel) &&
           buffer_append_byte(out, 0) && buffer_append_byte(out, (uint8_t)place->ending->kind) &&
           buffer_append_byte(out, place->ending->alert) &&
           buffer_append_u16(out, place->record_version);
}

bool outcome_key_of(const struct outcome_place *place, struct slice hello,
                    struct outcome_key *out_key)
{
    struct buffer text = {0};
    struct outcome_key key;
    bool ok = put_place(&text, place) && put_hello(&text, hello) &&
              EVP_Digest(text.data + text.start, text.len, key.digest, NULL, EVP_sha256(), NULL);
    buffer_clear(&text);
    if (ok) {
        *out_key = key;
    }
    return ok;
}

// ---- the rows

static struct row *find_row(struct outcomes *outcomes, const struct outcome_key *key)
{
    for (size_t i = 0; i < COUNT_OF(outcomes->rows); i++) {
        struct row *row = &outcomes->rows[i];
        if (row->is_used && memcmp(&row->key, key, sizeof(*key)) == 0) {
            return row;
        }
    }
    return NULL;
}

bool outcomes_find(struct outcomes *outcomes, const struct outcome_key *key, int64_t now_us,
                   struct arena *arena, struct outcome *out, int64_t *out_age_us)
{
    bool found = false;
    uv_mutex_lock(&outcomes->lock);
    const struct row *row = find_row(outcomes, key);
    if (row != NULL && now_us - row->at_us < OUTCOMES_US_MAX) {
        struct outcome copy = row->outcome;
        copy.leaf = arena_copy(arena, row->outcome.leaf);
        found = copy.leaf.len == row->outcome.leaf.len;
        if (found) {
            *out = copy;
            *out_age_us = now_us - row->at_us;
        }
    }
    uv_mutex_unlock(&outcomes->lock);
    return found;
}

static struct row *row_for(struct outcomes *outcomes, const struct outcome_key *key)
{
    struct row *row = find_row(outcomes, key);
    if (row != NULL) {
        return row;
    }
    row = &outcomes->rows[0];
    for (size_t i = 0; i < COUNT_OF(outcomes->rows); i++) {
        struct row *other = &outcomes->rows[i];
        if (!other->is_used) {
            return other;
        }
        row = other->at_us < row->at_us ? other : row;
    }
    return row;
}

static bool is_kept(const struct outcome *outcome)
{
    return outcome->kind != OUTCOME_NONE && outcome->kind != OUTCOME_UNREACHABLE &&
           outcome->leaf.len <= OUTCOMES_LEAF_BYTES_MAX;
}

void outcomes_put(struct outcomes *outcomes, const struct outcome_key *key, int64_t now_us,
                  const struct outcome *outcome)
{
    uint8_t *leaf = NULL;
    size_t len = outcome->leaf.len;
    if (!is_kept(outcome)) {
        return;
    }
    if (len > 0) {
        leaf = malloc(len);
        if (leaf == NULL) {
            return;
        }
        memcpy(leaf, outcome->leaf.data, len);
    }
    uv_mutex_lock(&outcomes->lock);
    struct row *row = row_for(outcomes, key);
    empty_row(row);
    *row = (struct row){.is_used = true, .key = *key, .outcome = *outcome, .at_us = now_us};
    row->outcome.leaf = (struct slice){leaf, len};
    uv_mutex_unlock(&outcomes->lock);
}
