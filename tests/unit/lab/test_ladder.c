// The ladder: rows of evidence, and how they are drawn at any width.
#include "rows.h"

#include <stdio.h>
#include <string.h>

#include "ladder.h"
#include "ladder_rows.h"
#include "wire.h"

static struct moment moment(int64_t at_us, bool sent, uint8_t type)
{
    return (struct moment){
        .at_us = at_us, .sent = sent, .content_type = CONTENT_HANDSHAKE, .type = type};
}

// A server leg that ends by an alert, and a client leg that midspan answers itself.
static struct evidence broken(void)
{
    struct evidence evidence = {.connection = 1, .has_target = true, .ingress = INGRESS_CONNECT};
    (void)endpoint_set_host(&evidence.target, slice_of_text("a.midspan.test"));
    evidence.target.port = 443;
    struct leg_evidence *client = &evidence.legs[CLIENT], *server = &evidence.legs[SERVER];
    client->is_started = server->is_started = true;
    server->dial_us = 100;
    server->connected_us = 300;
    leg_evidence_moment(client, moment(9000, false, HANDSHAKE_CLIENT_HELLO));
    leg_evidence_moment(client, moment(9100, true, HANDSHAKE_SERVER_HELLO));
    leg_evidence_moment(server, moment(1000, true, HANDSHAKE_CLIENT_HELLO));
    leg_evidence_moment(server, (struct moment){.at_us = 2000,
                                                .content_type = CONTENT_ALERT,
                                                .type = ALERT_HANDSHAKE_FAILURE,
                                                .is_fatal = true});
    leg_evidence_end(server, ENDING_ALERT_RECEIVED, ALERT_HANDSHAKE_FAILURE, 0, 2000, NULL);
    leg_evidence_end(client, ENDING_ABANDONED, 0, 0, 2100, NULL);
    return evidence;
}

static const struct row_row {
    const char *name, *label;
    size_t at;
    enum side side;
    enum ladder_way way;
} wanted[] = {
    {"first the ingress", "CONNECT a.midspan.test:443", 0, CLIENT, LADDER_RIGHT},
    {"the client's hello where the dial began", "ClientHello", 1, CLIENT, LADDER_RIGHT},
    {"then TCP", "TCP", 2, SERVER, LADDER_RIGHT},
    {"our hello goes right", "ClientHello", 3, SERVER, LADDER_RIGHT},
    {"an alert that came goes left", "✗ alert handshake_failure", 4, SERVER, LADDER_LEFT},
    {"what is no message stands still", "the other leg failed", 5, CLIENT, LADDER_STILL},
    {"our answer to the client goes left", "ServerHello", 6, CLIENT, LADDER_LEFT},
};

static void row_is(void **state)
{
    const struct row_row *row = *state;
    struct evidence evidence = broken();
    struct arena arena = {0};
    struct ladder_row rows[LADDER_ROWS_MAX];
    size_t count = ladder_rows(&evidence, 0, LANGUAGE_EN, &arena, rows, LADDER_ROWS_MAX);
    assert_int_equal(count, COUNT(wanted));
    assert_string_equal(rows[row->at].label, row->label);
    assert_int_equal(rows[row->at].side, row->side);
    assert_int_equal(rows[row->at].way, row->way);
    arena_clear(&arena);
}

static void a_hello_that_was_never_answered_is_shown(void **state)
{
    (void)state;
    struct evidence evidence = broken();
    struct arena arena = {0};
    struct ladder_row rows[LADDER_ROWS_MAX];
    evidence.legs[CLIENT].moment_count = 0;
    size_t without = ladder_rows(&evidence, 0, LANGUAGE_EN, &arena, rows, LADDER_ROWS_MAX);
    evidence.legs[CLIENT].client_hello = slice_of_text("\x01\x02");
    size_t with = ladder_rows(&evidence, 0, LANGUAGE_EN, &arena, rows, LADDER_ROWS_MAX);
    assert_int_equal(with, without + 1);
    assert_string_equal(rows[1].label, "ClientHello");
    assert_int_equal(rows[1].side, CLIENT);
    assert_int_equal(rows[1].way, LADDER_RIGHT);
    assert_int_equal(rows[1].at_us, 100);
    arena_clear(&arena);
}

static void draw_in(enum language language, int columns, const struct evidence *evidence,
                    struct buffer *out)
{
    struct pen pen = {.out = out, .columns = columns};
    struct play_part part = {.evidence = evidence};
    static struct lab_case lab_case;
    (void)snprintf(lab_case.origin.sites[0].name, ENDPOINT_HOST_MAX, "a.midspan.test");
    ladder_write(&pen, &part, &lab_case, true, language);
}

static void draw(int columns, const struct evidence *evidence, struct buffer *out)
{
    draw_in(LANGUAGE_EN, columns, evidence, out);
}

// Whatever the width, no line passes it, and the lines stand in the same columns.
static void no_line_is_too_wide(void **state)
{
    (void)state;
    struct evidence evidence = broken();
    for (int i = 0; i < 2 * 160; i++) {
        int columns = 40 + i / 2;
        struct buffer out = {0};
        draw_in(i % 2 == 0 ? LANGUAGE_EN : LANGUAGE_JA, columns, &evidence, &out);
        int limit = columns > LADDER_COLUMNS_MIN ? columns : LADDER_COLUMNS_MIN;
        char *text = strdup(buffer_text(&out)), *rest = NULL;
        for (char *line = strtok_r(text, "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest)) {
            if (text_columns(line) > limit) {
                fail_msg("%d columns at a width of %d: %s", text_columns(line), columns, line);
            }
        }
        free(text);
        buffer_clear(&out);
    }
}

static void nothing_that_came_is_said(void **state)
{
    (void)state;
    struct buffer out = {0};
    draw(80, NULL, &out);
    assert_non_null(strstr(buffer_text(&out), "no connection reached midspan"));
    buffer_clear(&out);
}

// What peers said can't move the cursor, nor pass for a line of the ladder.
static void what_peers_say_is_escaped(void **state)
{
    (void)state;
    struct evidence evidence = broken();
    struct cert_facts leaf = {.subject = "CN=\033[2Jx", .issuer = "CN=\n│", .key = "EC P-256"};
    struct leg_evidence *server = &evidence.legs[SERVER];
    server->chain = &leaf;
    server->chain_count = 1;
    leg_evidence_moment(server, moment(1500, false, HANDSHAKE_CERTIFICATE));
    struct buffer out = {0};
    draw(120, &evidence, &out);
    assert_null(strchr(buffer_text(&out), '\033'));
    assert_non_null(strstr(buffer_text(&out), "\\x1b[2Jx"));
    assert_null(strstr(buffer_text(&out), "CN=\n"));
    buffer_clear(&out);
}

// What verification found is marked where it can be seen.
static void the_fault_is_marked(void **state)
{
    (void)state;
    static const struct {
        enum cert_fault fault;
        const char *want;
    } cases[] = {
        {CERT_FAULT_EXPIRED, "until 1970-01-01 00:00Z"},
        {CERT_FAULT_NOT_YET_VALID, "from 1970-01-01 00:00Z"},
        {CERT_FAULT_HOSTNAME, "names: b.test"},
        {CERT_FAULT_UNTRUSTED_ROOT, "by CN=x"},
        {CERT_FAULT_REVOKED, NULL}, // not to be seen in it
    };
    const char *names[] = {"dns:b.test"};
    struct cert_facts leaf = {.subject = "CN=a",
                              .issuer = "CN=x",
                              .key = "EC P-256",
                              .names = names,
                              .name_count = 1,
                              .name_total = 1};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct evidence evidence = broken();
        struct arena arena = {0};
        struct ladder_row rows[LADDER_ROWS_MAX];
        struct leg_evidence *server = &evidence.legs[SERVER];
        server->chain = &leaf;
        server->chain_count = 1;
        server->verification = (struct verification){
            .done = true, .fault = cases[i].fault, .faults = 1u << cases[i].fault};
        leg_evidence_moment(server, moment(1500, false, HANDSHAKE_CERTIFICATE));
        size_t count = ladder_rows(&evidence, 0, LANGUAGE_EN, &arena, rows, LADDER_ROWS_MAX);
        for (size_t j = 0; j < count; j++) {
            if (strcmp(rows[j].label, "Certificate") != 0) {
                assert_null(rows[j].fault_note);
            } else if (cases[i].want == NULL) {
                assert_null(rows[j].fault_note);
            } else {
                assert_string_equal(rows[j].fault_note, cases[i].want);
            }
        }
        arena_clear(&arena);
    }
}

// The lists that a hello was cut to are named, longer ones counted.
static const struct lists {
    const char *name, *hex, *want;
} lists[] = {
    {"one group, and many schemes",
     "0100003f03030000000000000000000000000000000000000000000000000000000000000000000002c02f0100001"
     "4000a000400020019000d00080006040308040401",
     "group secp521r1, 3 signature schemes"},
    {"two of each, and GREASE",
     "0100004103030000000000000000000000000000000000000000000000000000000000000000000002c02f0100001"
     "6000a000800060a0a001d0017000d0006000405030403",
     "group x25519, secp256r1, signature ecdsa_secp384r1_sha384, ecdsa_secp256r1_sha256"},
    {"groups alone",
     "0100003703030000000000000000000000000000000000000000000000000000000000000000000002c02f0100000"
     "c000a00080006001d00170018",
     "3 groups"},
    {"neither",
     "0100002903030000000000000000000000000000000000000000000000000000000000000000000002c02f0100",
     NULL},
};

static void the_lists_of_a_hello_are_told(void **state)
{
    const struct lists *row = *state;
    struct evidence evidence = broken();
    struct arena arena = {0};
    struct ladder_row made[LADDER_ROWS_MAX];
    uint8_t hello[256];
    size_t len = 0;
    for (unsigned byte; sscanf(row->hex + 2 * len, "%2x", &byte) == 1; len++) {
        hello[len] = (uint8_t)byte;
    }
    evidence.legs[SERVER].client_hello = (struct slice){hello, len};
    size_t count = ladder_rows(&evidence, 0, LANGUAGE_EN, &arena, made, LADDER_ROWS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (made[i].side == SERVER && strcmp(made[i].label, "ClientHello") == 0) {
            assert_string_equal(made[i].notes[1], "no SNI");
            if (row->want == NULL) {
                assert_null(made[i].notes[2]);
            } else {
                assert_string_equal(made[i].notes[2], row->want);
            }
        }
    }
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hello_that_was_never_answered_is_shown),
        cmocka_unit_test(no_line_is_too_wide),
        cmocka_unit_test(nothing_that_came_is_said),
        cmocka_unit_test(what_peers_say_is_escaped),
        cmocka_unit_test(the_fault_is_marked),
    };
    return RUN_ROWS(wanted, row_is) + RUN_ROWS(lists, the_lists_of_a_hello_are_told) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
