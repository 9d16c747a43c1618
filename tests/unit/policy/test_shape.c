#include "rows.h"

#include <stdio.h>

#include "hellos.h"
#include "shape.h"

// A library like OpenSSL 3.0, small enough to see through.
static const struct library library = {
    .version_min = VERSION_TLS10,
    .version_max = VERSION_TLS13,
    .suites = {.count = 9,
               .items = {0x1302, 0x1301, 0xc02c, 0xc02f, 0xc013, 0x002f, 0x0002, 0x0034, 0x00a8}},
    .groups = {.count = 4, .items = {0x0016, 0x0017, 0x0018, 0x001d}},
    .schemes = {.count = 4, .items = {0x0201, 0x0401, 0x0403, 0x0804}},
};

#define MODERN                                                                           \
    {                                                                                    \
        .versions = {0x0a0a, 0x0304, 0x0303},                                            \
        .suites = {0x1a1a, 0x1301, 0xc02f, 0x1303, 0x002f, 0x00ff, 0x5600},              \
        .groups = {0x2a2a, 0x11ec, 0x001d, 0x0017}, .schemes = {0x0804, 0x0807, 0x0403}, \
        .shares = {0x001d}, .alpn = "\x02h2\x08http/1.1"                                 \
    }
#define OLD                                                    \
    {                                                          \
        .legacy_version = 0x0302, .suites = { 0x002f, 0x0005 } \
    }
#define DEFAULT_SUITES "1302,1301,c02c,c02f,c013,002f"
#define SIXTY          "123456789012345678901234567890123456789012345678901234567890"

// The shape as one line: "min-max suites groups schemes alpn", "-" for an empty list.
static const struct server_row {
    const char *name, *policy;
    bool has_hello;
    struct hello_row hello;
    const char *chosen; // ALPN name of the client leg; NULL: not chosen yet
    const char *want, *want_lost;
} server_rows[] = {
    {"a hello is mirrored in its order, as far as the library can", "mirror=on", true, MODERN, NULL,
     "0303-0304 1301,c02f,002f 001d,0017 0804,0403 h2,http/1.1", "- 1303 11ec 0807"},
    {"an old hello is mirrored down to the library's lowest version", "mirror=on", true, OLD, NULL,
     "0301-0302 002f - - -", "- 0005 - -"},
    {"no hello: the library's own, from TLS 1.2",
     "mirror=on",
     false,
     {0},
     NULL,
     "0303-0304 " DEFAULT_SUITES " - - -",
     "- - - -"},
    {"mirror off: the library's own, and what that loses", "mirror=off", true, MODERN, NULL,
     "0303-0304 " DEFAULT_SUITES " - - -", "- 1303 11ec 0807 alpn"},
    {"mirror off loses old versions", "mirror=off", true, OLD, NULL,
     "0303-0304 " DEFAULT_SUITES " - - -", "0301,0302 0005 - -"},
    {"what the policy says goes before the mirror",
     "min=TLS1.2,max=TLS1.2,ciphers=0xc02c:0xc02f,groups=P-384,sigalgs=0x0401,alpn=http/1.1", true,
     MODERN, NULL, "0303-0303 c02c,c02f 0018 0401 http/1.1",
     "0304 1301,1303,002f 11ec,001d,0017 0804,0807,0403 alpn"},
    {"one list said, the rest mirrored", "groups=P-256:X25519", true, MODERN, NULL,
     "0303-0304 1301,c02f,002f 0017,001d 0804,0403 h2,http/1.1", "- 1303 11ec 0807"},
    {"alpn=none", "alpn=none", true, MODERN, NULL, "0303-0304 1301,c02f,002f 001d,0017 0804,0403 -",
     "- 1303 11ec 0807 alpn"},
    {"max said below what the client offers: no version keeps the policy's", "max=TLS1.1", true,
     MODERN, NULL, "0301-0302 002f 001d,0017 0804,0403 h2,http/1.1",
     "0304,0303 1301,c02f,1303 11ec 0807"},
    {"min said above what the client offers", "min=TLS1.3", true, OLD, NULL,
     "0304-0304 1302,1301 - - -", "0301,0302 002f,0005 - -"},
    {"suites of TLS 1.2 only bring the window down", "ciphers=0xc02f", true, MODERN, NULL,
     "0303-0303 c02f 001d,0017 0804,0403 h2,http/1.1", "0304 1301,1303,002f 11ec 0807"},
    {"suites of TLS 1.3 only bring the window up", "ciphers=0x1302", true, MODERN, NULL,
     "0304-0304 1302 001d,0017 0804,0403 h2,http/1.1", "0303 1301,c02f,1303,002f 11ec 0807"},
    {"a min that is said stays, whatever the suites", "ciphers=0x1302,min=TLS1.0", true, MODERN,
     NULL, "0301-0304 1302 001d,0017 0804,0403 h2,http/1.1", "- 1301,c02f,1303,002f 11ec 0807"},
    {"suites that the library lacks are left out", "ciphers=RC4-SHA:0xc02f", true, MODERN, NULL,
     "0303-0303 c02f 001d,0017 0804,0403 h2,http/1.1", "0304 1301,1303,002f 11ec 0807"},
    {"only suites that the library lacks: the policy's own numbers", "ciphers=RC4-SHA", true,
     MODERN, NULL, "0303-0303 0005 001d,0017 0804,0403 h2,http/1.1",
     "0304 1301,c02f,1303,002f 11ec 0807"},
    {"only a version that the library lacks: the policy's own", "min=SSL3,max=SSL3", true, OLD,
     NULL, "0300-0300 002f - - -", "0301,0302 0005 - -"},
    {"a version that the library lacks, with others", "min=SSL3", true, OLD, NULL,
     "0301-0302 002f - - -", "- 0005 - -"},
    {"a client with nothing the library has: the library's own",
     "mirror=on",
     true,
     {.legacy_version = 0x0300, .suites = {0xc0b0}, .groups = {0x11ec}, .schemes = {0x0807}},
     NULL,
     "0303-0304 " DEFAULT_SUITES " - - -",
     "0300 c0b0 11ec 0807"},
    {"TLS 1.3 with suites that the library lacks",
     "mirror=on",
     true,
     {.versions = {0x0304, 0x0303}, .suites = {0x1303, 0xc02f}},
     NULL,
     "0303-0303 c02f - - -",
     "0304 1303 - -"},
    {"anonymous and NULL suites are mirrored, pre-shared key is not",
     "mirror=on",
     true,
     {.suites = {0x0034, 0x0002, 0x00a8, 0x002f}},
     NULL,
     "0301-0303 0034,0002,002f - - -",
     "- 00a8 - -"},
    {"repeats are offered once",
     "mirror=on",
     true,
     {.suites = {0x002f, 0x002f, 0xc02f, 0x002f}, .groups = {0x0017, 0x0017}},
     NULL,
     "0301-0303 002f,c02f 0017 - -",
     "- - - -"},
    {"only the ALPN name that the client leg settled on", "mirror=on", true, MODERN, "h2",
     "0303-0304 1301,c02f,002f 001d,0017 0804,0403 h2", "- 1303 11ec 0807"},
    {"no ALPN name settled on", "mirror=on", true, MODERN, "",
     "0303-0304 1301,c02f,002f 001d,0017 0804,0403 -", "- 1303 11ec 0807"},
    {"an ALPN policy goes before what the client leg settled on", "alpn=http/1.1", true, MODERN,
     "h2", "0303-0304 1301,c02f,002f 001d,0017 0804,0403 http/1.1", "- 1303 11ec 0807 alpn"},
    {"ALPN names past the room are a loss",
     "mirror=on",
     true,
     {.suites = {0x002f}, .alpn = "\x3c" SIXTY "\x3c" SIXTY "\x02h2\x08http/1.1"},
     NULL,
     "0301-0303 002f - - " SIXTY "," SIXTY ",h2",
     "- - - - alpn"},
};

static size_t print_list(char *out, size_t size, const struct number_list *list)
{
    size_t len = 0;
    for (size_t i = 0; i < list->count; i++) {
        len += (size_t)snprintf(out + len, size - len, i > 0 ? ",%04x" : "%04x", list->items[i]);
    }
    return len > 0 ? len : (size_t)snprintf(out, size, "-");
}

static void print_shape(char *out, size_t size, const struct leg_shape *shape)
{
    size_t len = (size_t)snprintf(out, size, "%04x-%04x ", shape->version_min, shape->version_max);
    const struct number_list *lists[] = {&shape->suites, &shape->groups, &shape->schemes};
    for (size_t i = 0; i < COUNT(lists); i++) {
        len += print_list(out + len, size - len, lists[i]);
        len += (size_t)snprintf(out + len, size - len, " ");
    }
    struct slice name;
    if (shape->alpn_len == 0) {
        (void)snprintf(out + len, size - len, "-");
    }
    const char *comma = "";
    for (size_t at = 0; alpn_next((struct slice){shape->alpn, shape->alpn_len}, &at, &name);) {
        len += (size_t)snprintf(out + len, size - len, "%s%.*s", comma, (int)name.len,
                                (const char *)name.data);
        comma = ",";
    }
}

static void print_losses(char *out, size_t size, const struct losses *lost)
{
    size_t len = 0;
    const struct number_list *lists[] = {&lost->versions, &lost->suites, &lost->groups,
                                         &lost->schemes};
    for (size_t i = 0; i < COUNT(lists); i++) {
        len += (size_t)snprintf(out + len, size - len, "%s", i > 0 ? " " : "");
        len += print_list(out + len, size - len, lists[i]);
    }
    (void)snprintf(out + len, size - len, "%s", lost->alpn ? " alpn" : "");
}

static struct leg_policy policy_of(const char *text, enum side side)
{
    struct leg_policy policy;
    leg_policy_default(&policy, side);
    struct error error = {0};
    if (!leg_policy_apply(&policy, text, &error)) {
        fail_msg("%s", error.text);
    }
    return policy;
}

static void server_leg_gets_its_shape(void **state)
{
    const struct server_row *row = *state;
    struct leg_policy policy = policy_of(row->policy, SERVER);
    struct made_hello made = {0};
    if (row->has_hello) {
        hello_make(&row->hello, &made);
    }
    struct slice chosen = slice_of_text(row->chosen);
    static struct leg_shape shape;
    static struct losses lost;
    memset(&shape, 0xff, sizeof(shape));
    memset(&lost, 0xff, sizeof(lost));
    shape_server(&policy, row->has_hello ? &made.hello : NULL, &library,
                 row->chosen != NULL ? &chosen : NULL, &shape, &lost);
    buffer_clear(&made.message);
    char text[1024];
    print_shape(text, sizeof(text), &shape);
    assert_string_equal(text, row->want);
    print_losses(text, sizeof(text), &lost);
    assert_string_equal(text, row->want_lost);
}

#define ALL_GROUPS  "001d,0017,0018,0016"
#define ALL_SCHEMES "0403,0804,0401,0201"

static const struct client_row {
    const char *name, *policy, *chosen, *want;
} client_rows[] = {
    {"all that the library can, but for what nobody means", "leaf=clean", NULL,
     "0301-0304 " DEFAULT_SUITES " " ALL_GROUPS " " ALL_SCHEMES " -"},
    {"what the policy says", "min=TLS1.2,max=TLS1.2,ciphers=0xc02f,groups=P-256,sigalgs=0x0804",
     NULL, "0303-0303 c02f 0017 0804 -"},
    {"NULL and anonymous suites when said", "ciphers=0x0002:0x0034", NULL,
     "0301-0303 0002,0034 " ALL_GROUPS " " ALL_SCHEMES " -"},
    {"suites of TLS 1.2 only", "ciphers=0xc02f", NULL,
     "0303-0303 c02f " ALL_GROUPS " " ALL_SCHEMES " -"},
    {"max below TLS 1.2 leaves its suites out", "max=TLS1.1", NULL,
     "0301-0302 c013,002f " ALL_GROUPS " " ALL_SCHEMES " -"},
    {"the origin's ALPN choice", "leaf=clean", "h2",
     "0301-0304 " DEFAULT_SUITES " " ALL_GROUPS " " ALL_SCHEMES " h2"},
    {"the origin chose no ALPN", "leaf=clean", "",
     "0301-0304 " DEFAULT_SUITES " " ALL_GROUPS " " ALL_SCHEMES " -"},
    {"an ALPN policy, nothing chosen yet", "alpn=h2:http/1.1", NULL,
     "0301-0304 " DEFAULT_SUITES " " ALL_GROUPS " " ALL_SCHEMES " h2,http/1.1"},
    {"an ALPN policy that allows the origin's choice", "alpn=h2:http/1.1", "http/1.1",
     "0301-0304 " DEFAULT_SUITES " " ALL_GROUPS " " ALL_SCHEMES " http/1.1"},
    {"an ALPN policy that forbids the origin's choice", "alpn=http/1.1", "h2",
     "0301-0304 " DEFAULT_SUITES " " ALL_GROUPS " " ALL_SCHEMES " http/1.1"},
    {"an ALPN policy, and an origin that chose none", "alpn=h2", "",
     "0301-0304 " DEFAULT_SUITES " " ALL_GROUPS " " ALL_SCHEMES " -"},
};

static void client_leg_gets_its_shape(void **state)
{
    const struct client_row *row = *state;
    struct leg_policy policy = policy_of(row->policy, CLIENT);
    struct slice chosen = slice_of_text(row->chosen);
    static struct leg_shape shape;
    memset(&shape, 0xff, sizeof(shape));
    shape_client(&policy, &library, row->chosen != NULL ? &chosen : NULL, &shape);
    char text[1024];
    print_shape(text, sizeof(text), &shape);
    assert_string_equal(text, row->want);
}

// The SSL_CTX cache compares shapes by their bytes.
static void same_shapes_have_the_same_bytes(void **state)
{
    (void)state;
    static const struct hello_row modern = MODERN;
    struct made_hello made;
    hello_make(&modern, &made);
    struct leg_policy mirror = policy_of("mirror=on", SERVER);
    struct leg_policy said = policy_of("ciphers=0x1301:0xc02f:0x002f,groups=X25519:P-256,"
                                       "sigalgs=0x0804:0x0403,alpn=h2:http/1.1,min=TLS1.2",
                                       SERVER);
    static struct leg_shape a, b;
    static struct losses lost;
    memset(&a, 0x55, sizeof(a));
    memset(&b, 0xaa, sizeof(b));
    shape_server(&mirror, &made.hello, &library, NULL, &a, &lost);
    shape_server(&said, &made.hello, &library, NULL, &b, &lost);
    buffer_clear(&made.message);
    assert_memory_equal(&a, &b, sizeof(a));
}

// RFC 5246 appendix E.2: version 3.1, two suites (one that only SSLv2 has), no session id.
static void sslv2_hello_is_mirrored(void **state)
{
    (void)state;
    static const uint8_t message[] = {1, 3, 1,    0,  9,  0,    0,  0,  16, 0, 0, 0x2f,
                                      1, 0, 0x80, 0,  0,  0x05, 1,  2,  3,  4, 5, 6,
                                      7, 8, 9,    10, 11, 12,   13, 14, 15, 16};
    struct client_hello hello;
    size_t at;
    assert_int_equal(
        client_hello_parse_sslv2((struct slice){message, sizeof(message)}, &hello, &at), PARSE_OK);
    struct leg_policy policy = policy_of("mirror=on", SERVER);
    static struct leg_shape shape;
    static struct losses lost;
    shape_server(&policy, &hello, &library, NULL, &shape, &lost);
    char text[256];
    print_shape(text, sizeof(text), &shape);
    assert_string_equal(text, "0301-0301 002f - - -");
    print_losses(text, sizeof(text), &lost);
    assert_string_equal(text, "- 0005 - -");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_shapes_have_the_same_bytes),
        cmocka_unit_test(sslv2_hello_is_mirrored),
    };
    return RUN_ROWS(server_rows, server_leg_gets_its_shape) +
           RUN_ROWS(client_rows, client_leg_gets_its_shape) +
           cmocka_run_group_tests_name("shape", tests, NULL, NULL);
}
