// ClientHellos for tests, written by wire from lists of numbers and read back.
#pragma once

#include <string.h>

#include "code_points.h"
#include "hello.h"

#define LIST_MAX 16

// A list ends at its first 0.
struct hello_row {
    uint16_t legacy_version; // 0: TLS 1.2
    uint16_t versions[LIST_MAX], suites[LIST_MAX], groups[LIST_MAX], schemes[LIST_MAX];
    uint16_t shares[LIST_MAX];
    const char *alpn; // ProtocolNameList, NUL-terminated
};

struct made_hello {
    struct buffer message;
    struct client_hello hello; // borrows from message
};

static inline struct slice pack(const uint16_t *list, uint8_t out_bytes[2 * LIST_MAX])
{
    size_t count = 0;
    for (; count < LIST_MAX && list[count] != 0; count++) {
        out_bytes[2 * count] = (uint8_t)(list[count] >> 8);
        out_bytes[2 * count + 1] = (uint8_t)list[count];
    }
    return (struct slice){out_bytes, 2 * count};
}

static inline void hello_make(const struct hello_row *row, struct made_hello *out)
{
    uint8_t versions[2 * LIST_MAX], suites[2 * LIST_MAX], groups[2 * LIST_MAX];
    uint8_t schemes[2 * LIST_MAX], shares[5 * LIST_MAX], random[32] = {7};
    size_t shares_len = 0;
    for (size_t i = 0; row->shares[i] != 0; i++) {
        const uint8_t share[] = {(uint8_t)(row->shares[i] >> 8), (uint8_t)row->shares[i], 0, 1, 9};
        memcpy(shares + shares_len, share, sizeof(share));
        shares_len += sizeof(share);
    }
    struct hello_spec spec = {
        .legacy_version = row->legacy_version != 0 ? row->legacy_version : VERSION_TLS12,
        .random = {random, sizeof(random)},
        .cipher_suites = pack(row->suites, suites),
        .versions = pack(row->versions, versions),
        .groups = pack(row->groups, groups),
        .schemes = pack(row->schemes, schemes),
        .alpn = slice_of_text(row->alpn),
        .key_shares = {shares, shares_len},
    };
    size_t at;
    out->message = (struct buffer){0};
    assert_true(client_hello_encode(&out->message, &spec));
    assert_int_equal(client_hello_parse(buffer_slice(&out->message), &out->hello, &at), PARSE_OK);
}
