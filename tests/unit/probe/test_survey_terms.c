// What a survey found, as what a prediction is made against: hellos held against it.
#include "rows.h"

#include <stdio.h>
#include <string.h>

#include "../policy/hellos.h"
#include "survey_terms.h"

#define LIST 6

// What was found of one version.
struct found {
    uint16_t version;
    uint16_t suites[LIST], groups[LIST], schemes[LIST];
    enum survey_order order, group_order;
};

static const struct row {
    const char *name;
    struct found found[3];
    const char *key;             // of the leaf that was seen
    const char *both, *h2, *one; // agreed with both ALPN names, h2 alone, http/1.1 alone
    bool refuses_h2;
    struct hello_row hello;
    const char *want; // "mismatch version suite group scheme key alpn"
} rows[] = {
    {.name = "each version has its own suites",
     .found = {{.version = 0x0303, .suites = {0xc02f}, .groups = {0x0017}, .schemes = {0x0804}},
               {.version = 0x0302, .suites = {0xc013}}},
     .key = "RSA 2048",
     .hello = {.suites = {0xc013}, .groups = {0x0017}, .schemes = {0x0804}},
     .want = "suite 0303 0000 0000 0000 0 -"},
    {.name = "a version between others that is not taken",
     .found = {{.version = 0x0303, .suites = {0xc02f}, .groups = {0x0017}, .schemes = {0x0804}},
               {.version = 0x0301, .suites = {0xc013}}},
     .key = "RSA 2048",
     .hello = {.legacy_version = 0x0302, .suites = {0xc013}, .groups = {0x0017}},
     .want = "none 0301 c013 0017 0000 1 -"},
    {.name = "the certificate's curve is not among the client's",
     .found =
         {{.version = 0x0303, .suites = {0xc02b}, .groups = {0x001d, 0x0018}, .schemes = {0x0503}}},
     .key = "EC P-384",
     .hello = {.suites = {0xc02b}, .groups = {0x001d, 0x0017}, .schemes = {0x0503, 0x0403}},
     .want = "group 0303 0000 0000 0000 0 -"},
    {.name = "the certificate's curve is among the client's",
     .found =
         {{.version = 0x0303, .suites = {0xc02b}, .groups = {0x001d, 0x0018}, .schemes = {0x0503}}},
     .key = "EC P-384",
     .hello = {.suites = {0xc02b}, .groups = {0x001d, 0x0018}, .schemes = {0x0503, 0x0403}},
     .want = "none 0303 c02b 001d 0503 2 -"},
    {.name = "TLS 1.3 with a P-384 key",
     .found = {{.version = 0x0304, .suites = {0x1301}, .groups = {0x001d}, .schemes = {0x0503}}},
     .hello = {.versions = {0x0304},
               .suites = {0x1301},
               .groups = {0x001d},
               .schemes = {0x0403, 0x0503},
               .shares = {0x001d}},
     .want = "none 0304 1301 001d 0503 2 -"},
    {.name = "Ed25519 below TLS 1.3",
     .found = {{.version = 0x0303, .suites = {0xc02b}, .groups = {0x001d}, .schemes = {0x0807}}},
     .key = "Ed25519",
     .hello = {.suites = {0xc02b}, .groups = {0x001d}, .schemes = {0x0403, 0x0807}},
     .want = "none 0303 c02b 001d 0807 2 -"},
    {.name = "suites and groups in the server's order",
     .found = {{.version = 0x0303,
                .suites = {0xc030, 0xc02f},
                .groups = {0x001d, 0x0017},
                .schemes = {0x0804},
                .order = SURVEY_ORDER_SERVER,
                .group_order = SURVEY_ORDER_SERVER}},
     .key = "RSA 2048",
     .hello = {.suites = {0xc02f, 0xc030}, .groups = {0x0017, 0x001d}, .schemes = {0x0804}},
     .want = "none 0303 c030 001d 0804 1 -"},
    {.name = "suites and groups in the client's order",
     .found = {{.version = 0x0303,
                .suites = {0xc030, 0xc02f},
                .groups = {0x001d, 0x0017},
                .schemes = {0x0804},
                .order = SURVEY_ORDER_CLIENT}},
     .key = "RSA 2048",
     .hello = {.suites = {0xc02f, 0xc030}, .groups = {0x0017, 0x001d}, .schemes = {0x0804}},
     .want = "none 0303 c02f 0017 0804 1 -"},
    {.name = "a server that refuses h2 alone needs a protocol in common",
     .found = {{.version = 0x0303, .suites = {0xc02f}, .groups = {0x0017}, .schemes = {0x0804}}},
     .key = "RSA 2048",
     .both = "http/1.1",
     .one = "http/1.1",
     .refuses_h2 = true,
     .hello = {.suites = {0xc02f}, .groups = {0x0017}, .schemes = {0x0804}, .alpn = "\x02h2"},
     .want = "alpn 0303 c02f 0017 0804 1 -"},
    {.name = "a server that prefers http/1.1",
     .found = {{.version = 0x0303, .suites = {0xc02f}, .groups = {0x0017}, .schemes = {0x0804}}},
     .key = "RSA 2048",
     .both = "http/1.1",
     .h2 = "h2",
     .one = "http/1.1",
     .hello = {.suites = {0xc02f},
               .groups = {0x0017},
               .schemes = {0x0804},
               .alpn = "\x02h2\x08http/1.1"},
     .want = "none 0303 c02f 0017 0804 1 http/1.1"},
};

static void put(struct survey_list *out, const uint16_t *numbers, enum survey_order order)
{
    for (size_t i = 0; i < LIST && numbers[i] != 0; i++) {
        out->items[out->count++] = numbers[i];
    }
    out->state = out->count > 0 ? SURVEY_WHOLE : SURVEY_NOT_CHECKED;
    out->order = order;
}

static void full(struct survey *survey, enum survey_full which, struct leg_evidence *leg,
                 const char *alpn, struct cert_facts *leaf)
{
    *leg = (struct leg_evidence){.alpn = slice_of_text(alpn != NULL ? alpn : ""),
                                 .chain = leaf,
                                 .chain_count = leaf->key != NULL ? 1 : 0};
    leg->handshake.kind = ENDING_SECURED;
    survey->full[which] = leg;
}

static void a_hello_is_held_against_it(void **state)
{
    const struct row *row = *state;
    static const uint16_t versions[] = {0x0304, 0x0303, 0x0302, 0x0301, 0x0300};
    struct survey survey = {0};
    struct leg_evidence legs[SURVEY_FULLS];
    struct cert_facts leaf = {.key = row->key};
    static struct survey_terms made;
    struct made_hello hello;
    struct prediction got;
    char text[128];
    for (size_t i = 0; i < SURVEY_VERSIONS; i++) {
        struct survey_version *version = &survey.versions[i];
        *version = (struct survey_version){.version = versions[i], .answer = SURVEY_REFUSED};
        for (size_t f = 0; f < COUNT(row->found); f++) {
            if (row->found[f].version == versions[i]) {
                version->answer = SURVEY_ACCEPTED;
                put(&version->suites, row->found[f].suites, row->found[f].order);
                put(&version->groups, row->found[f].groups, row->found[f].group_order);
                put(&version->schemes, row->found[f].schemes, SURVEY_ORDER_UNKNOWN);
            }
        }
    }
    full(&survey, SURVEY_NAMED, &legs[0], row->both, &leaf);
    full(&survey, SURVEY_H2, &legs[1], row->h2, &leaf);
    full(&survey, SURVEY_HTTP1, &legs[2], row->one, &leaf);
    if (row->refuses_h2) {
        legs[1].handshake = (struct ending){ENDING_ALERT_RECEIVED, .alert = 120};
    }
    survey_terms_make(&survey, &made);
    hello_make(&row->hello, &hello);
    predict(&hello.hello, &made.terms, &got);
    (void)snprintf(text, sizeof(text), "%s %04x %04x %04x %04x %u %.*s",
                   mismatch_name(got.mismatch), got.version, got.suite, got.group, got.scheme,
                   got.key, got.alpn.len > 0 ? (int)got.alpn.len : 1,
                   got.alpn.len > 0 ? (const char *)got.alpn.data : "-"); // fits
    assert_string_equal(text, row->want);
    buffer_clear(&hello.message);
}

int main(void)
{
    return RUN_ROWS(rows, a_hello_is_held_against_it);
}
