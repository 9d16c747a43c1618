// Why a client refused our leaf: what its stack answers, held against our own chain verified as it
// would verify it.
#include "../certs/chain_kit.h"

#include <stdio.h>

#include "clock.h"
#include "judgement.h"
#include "text.h"
#include "trust.h"
#include "wire.h"

#define DAY ((int64_t)86400 * 1000000)

#define CURL    "curl_788_openssl3019"
#define GO      "go_119_http"
#define JAVA    "java_17021"
#define NODE    "node_2020"
#define OPENSSL "s_client_3019"
#define PYTHON  "python_311"
#define WGET    "wget_1213_gnutls"
#define FIREFOX "firefox_153esr"
#define GNUTLS  "gnutls_cli_379"
#define SILENT  (-1) // finished, and left without a byte
#define CUT     (-2) // left in the middle

static const struct row {
    const char *name, *client;
    int reaction; // an alert, SILENT or CUT
    bool is_tls12;
    enum leaf_fault fault;
    uint32_t secured_before;
    bool has_other_leaf; // of the policy's own: none of the mint's
    const char *cause;
    bool is_ours, is_proven, is_deduced;
    bool wants_staple, hides_staple; // status_request is put into its hello, or taken out
    const char *leaves_open;         // in a fact; NULL: nothing
} rows[] = {
    {.name = "OpenSSL says unknown_ca for an unknown authority alone",
     .client = OPENSSL,
     .reaction = 48,
     .cause = "trust.client-rejects-bridge-ca",
     .is_ours = true,
     .is_proven = true},
    {.name = "curl under TLS 1.2 likewise",
     .client = CURL,
     .reaction = 48,
     .is_tls12 = true,
     .cause = "trust.client-rejects-bridge-ca",
     .is_ours = true,
     .is_proven = true},
    {.name = "unknown_ca outweighs history: another program with the same hello",
     .client = PYTHON,
     .reaction = 48,
     .secured_before = 3,
     .cause = "trust.client-rejects-bridge-ca",
     .is_ours = true,
     .is_proven = true},
    {.name = "Firefox says unknown_ca, and has no pins for midspan",
     .client = FIREFOX,
     .reaction = 48,
     .cause = "trust.client-rejects-bridge-ca",
     .is_ours = true,
     .is_proven = true},
    {.name = "Go says one thing of everything",
     .client = GO,
     .reaction = 42,
     .cause = "trust.client-rejects-bridge-ca",
     .is_ours = true,
     .leaves_open =
         "midspan's authority is unknown to it; its clock is ahead; its clock is behind; "
         "a check of its own, such as a pin"},
    {.name = "Java's 46 may be a trust manager's",
     .client = JAVA,
     .reaction = 46,
     .is_tls12 = true,
     .cause = "trust.client-rejects-bridge-ca",
     .is_ours = true,
     .leaves_open = "midspan's authority is unknown to it; a check of its own, such as a pin"},
    {.name = "Go that took other leaves has a pin, or wants the staple that it asks for",
     .client = GO,
     .reaction = 42,
     .secured_before = 1,
     .cause = "trust.pinned",
     .is_ours = true,
     .leaves_open = "a check of its own, such as a pin; it wants an OCSP response stapled"},
    {.name = "Java that took other leaves: another program may have the same hello",
     .client = JAVA,
     .reaction = 46,
     .hides_staple = true,
     .is_tls12 = true,
     .secured_before = 1,
     .cause = "trust.pinned",
     .is_ours = true,
     .is_deduced = true,
     .leaves_open = "only an earlier connection speaks against other explanations"},
    {.name = "curl that asked for a staple and leaves in silence has a pin or wants one",
     .client = CURL,
     .reaction = SILENT,
     .wants_staple = true,
     .cause = "trust.pinned",
     .is_ours = true,
     .leaves_open = "a check of its own, such as a pin; it wants an OCSP response stapled, and "
                    "midspan staples none"},
    {.name = "curl that leaves in silence has a pin",
     .client = CURL,
     .reaction = SILENT,
     .cause = "trust.pinned",
     .is_ours = true,
     .is_proven = true},
    {.name = "wget that took other leaves may have a pin or a revocation list",
     .client = WGET,
     .reaction = SILENT,
     .secured_before = 1,
     .cause = "trust.pinned",
     .is_ours = true,
     .leaves_open =
         "the leaf is on a revocation list of its own; a check of its own, such as a pin"},
    {.name = "wget in silence, for the first time",
     .client = WGET,
     .reaction = SILENT,
     .cause = "trust.client-rejects-bridge-ca",
     .is_ours = true,
     .leaves_open =
         "midspan's authority is unknown to it; its clock is ahead; its clock is behind; "
         "the leaf is on a revocation list of its own; a check of its own, such as a pin"},
    {.name = "a program on OpenSSL may leave for no reason of ours",
     .client = OPENSSL,
     .reaction = SILENT,
     .secured_before = 1,
     .cause = "trust.pinned",
     .is_ours = true,
     .leaves_open = "a check of its own, such as a pin; it left for reasons of its own"},
    {.name = "OpenSSL's 45 is a clock ahead",
     .client = CURL,
     .reaction = 45,
     .cause = "clock.client",
     .is_ours = true,
     .is_proven = true},
    {.name = "45 outweighs history: the clock has jumped",
     .client = CURL,
     .reaction = 45,
     .secured_before = 2,
     .cause = "clock.client",
     .is_ours = true,
     .is_proven = true},
    {.name = "42 of curl, which says it for no pin, outweighs history too",
     .client = CURL,
     .reaction = 42,
     .secured_before = 2,
     .cause = "clock.client",
     .is_ours = true,
     .is_proven = true},
    {.name = "OpenSSL's 42 is a clock behind: name, key and signature are good",
     .client = PYTHON,
     .reaction = 42,
     .cause = "clock.client",
     .is_ours = true,
     .is_proven = true},
    {.name = "Java's 45 is a clock ahead",
     .client = JAVA,
     .reaction = 45,
     .is_tls12 = true,
     .cause = "clock.client",
     .is_ours = true,
     .is_proven = true},
    {.name = "one explanation is left, and it is not the verdict's",
     .client = PYTHON,
     .reaction = 42,
     .cause = "trust.client-rejects-bridge-ca",
     .is_ours = true},
    {.name = "OpenSSL's 43 wants a certificate for another use",
     .client = OPENSSL,
     .reaction = 43,
     .secured_before = 1,
     .cause = "trust.leaf-refused",
     .is_ours = true,
     .is_proven = true},
    {.name = "44 is a revocation list",
     .client = CURL,
     .reaction = 44,
     .secured_before = 1,
     .cause = "trust.leaf-refused",
     .is_ours = true,
     .is_proven = true},
    {.name = "a leaf that has expired",
     .client = CURL,
     .reaction = 45,
     .fault = LEAF_FAULT_EXPIRED,
     .cause = "cert.expired",
     .is_ours = true,
     .is_proven = true},
    {.name = "a leaf of another name, refused in silence",
     .client = NODE,
     .reaction = CUT,
     .fault = LEAF_FAULT_WRONG_NAME,
     .cause = "cert.hostname-mismatch",
     .is_ours = true,
     .is_proven = true,
     .leaves_open = "if this one trusts midspan's authority"},
    {.name = "a leaf without names, refused by one that says one thing of everything",
     .client = GO,
     .reaction = 42,
     .fault = LEAF_FAULT_NO_SAN,
     .cause = "cert.no-san",
     .is_ours = true,
     .is_proven = true,
     .leaves_open = "if this one trusts midspan's authority"},
    {.name = "a leaf that is not valid yet, refused aloud by a stack that was not measured",
     .client = GNUTLS,
     .reaction = 42,
     .fault = LEAF_FAULT_NOT_YET_VALID,
     .cause = "cert.not-yet-valid",
     .is_ours = true,
     .is_proven = true,
     .leaves_open = "if this one trusts midspan's authority"},
    {.name = "the same in silence tells nothing",
     .client = GNUTLS,
     .reaction = SILENT,
     .fault = LEAF_FAULT_NOT_YET_VALID,
     .cause = "cert.not-yet-valid",
     .is_ours = true},
    {.name = "a self-signed leaf",
     .client = OPENSSL,
     .reaction = 48,
     .fault = LEAF_FAULT_SELF_SIGNED,
     .cause = "cert.self-signed",
     .is_ours = true,
     .is_proven = true,
     .leaves_open = "if this one trusts midspan's authority"},
    {.name = "a leaf signed with SHA-1",
     .client = CURL,
     .reaction = 42,
     .fault = LEAF_FAULT_WEAK_SIGNATURE,
     .cause = "cert.weak",
     .is_ours = true,
     .is_proven = true},
    {.name = "a leaf for clients",
     .client = CURL,
     .reaction = 43,
     .fault = LEAF_FAULT_WRONG_USAGE,
     .cause = "cert.wrong-usage",
     .is_ours = true,
     .is_proven = true},
    {.name = "the leaf has another fault than the verdict says",
     .client = CURL,
     .reaction = 45,
     .fault = LEAF_FAULT_WRONG_NAME,
     .cause = "cert.expired",
     .is_ours = true},
    {.name = "the leaf has no fault, and the verdict says one",
     .client = CURL,
     .reaction = 45,
     .cause = "cert.expired",
     .is_ours = true},
    {.name = "a certificate of the policy's own",
     .client = CURL,
     .reaction = 48,
     .has_other_leaf = true,
     .cause = "trust.client-rejects-bridge-ca"},
    {.name = "a verdict about something else",
     .client = CURL,
     .reaction = 40,
     .cause = "cipher.no-common-suite"},
};

// ---- the evidence

static struct slice sample(struct arena *arena, const char *name)
{
    static char line[8192], hex[8192];
    char found[64];
    bool is_sslv2;
    struct buffer flight = {0}, joined = {0};
    struct slice message;
    FILE *file = fopen(TEST_UNITS "/wire/data/client_hellos.txt", "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "%63s %*s %*s %8191s", found, hex) == 2 && strcmp(found, name) == 0) {
            assert_true(text_unhex(&flight, slice_of_text(hex)));
        }
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(first_hello(buffer_slice(&flight), &joined, &message, &is_sslv2), PARSE_OK);
    struct slice copy = arena_copy(arena, message);
    buffer_clear(&flight);
    buffer_clear(&joined);
    return copy;
}

// with_status_request appends the extension (RFC 6066 section 8) to a ClientHello.
static struct slice with_status_request(struct arena *arena, struct slice message)
{
    static const uint8_t extension[] = {0, 5, 0, 5, 1, 0, 0, 0, 0};
    struct client_hello hello;
    size_t at;
    struct buffer out = {0};
    assert_int_equal(client_hello_parse(message, &hello, &at), PARSE_OK);
    size_t list_at = (size_t)(hello.extensions.data - message.data) - 2;
    size_t len = message.len - HANDSHAKE_HEADER_LEN + sizeof(extension);
    const uint8_t head[] = {HANDSHAKE_CLIENT_HELLO, 0, (uint8_t)(len >> 8), (uint8_t)len};
    assert_true(buffer_append(&out, (struct slice){head, sizeof(head)}) &&
                buffer_append(&out, slice_part(message, HANDSHAKE_HEADER_LEN,
                                               list_at - HANDSHAKE_HEADER_LEN)) &&
                buffer_append_u16(&out, (uint16_t)(hello.extensions.len + sizeof(extension))) &&
                buffer_append(&out, hello.extensions) &&
                buffer_append(&out, (struct slice){extension, sizeof(extension)}));
    struct slice copy = arena_copy(arena, buffer_slice(&out));
    buffer_clear(&out);
    return copy;
}

// without_status_request gives the extension a number that nobody knows.
static struct slice without_status_request(struct arena *arena, struct slice message)
{
    struct client_hello hello;
    size_t bad_at, at = 0, before = 0;
    uint16_t type;
    struct slice body, copy = arena_copy(arena, message);
    assert_int_equal(client_hello_parse(copy, &hello, &bad_at), PARSE_OK);
    while (extension_next(hello.extensions, &at, &type, &body) &&
           type != EXTENSION_STATUS_REQUEST) {
        before = at;
    }
    assert_int_equal(type, EXTENSION_STATUS_REQUEST);
    uint8_t *bytes = (uint8_t *)(uintptr_t)hello.extensions.data; // the arena's
    bytes[before] = 0xfe;
    return copy;
}

static void record(const struct row *row, const struct leaf *leaf, struct arena *arena,
                   struct evidence *out)
{
    struct leg_evidence *leg = &out->legs[CLIENT];
    out->opened_us = clock_wall_us();
    out->client_secured_before = row->secured_before;
    leg->is_started = true;
    leg->client_hello = sample(arena, row->client);
    if (row->wants_staple) {
        leg->client_hello = with_status_request(arena, leg->client_hello);
    }
    if (row->hides_staple) {
        leg->client_hello = without_status_request(arena, leg->client_hello);
    }
    leg->server_hello = slice_of_text("x"); // nobody reads it here
    leg->version = row->is_tls12 ? VERSION_TLS12 : VERSION_TLS13;
    leg->chain = arena_alloc(arena, sizeof(*leg->chain));
    leg->chain_count = 1;
    assert_true(cert_facts_read(leaf->certificate, arena, leg->chain));
    leg_evidence_moment(leg, (struct moment){.sent = true,
                                             .content_type = CONTENT_HANDSHAKE,
                                             .type = HANDSHAKE_CERTIFICATE});
    if (row->reaction == SILENT) {
        leg->secured_us = 1000;
        leg_evidence_end(leg, ENDING_SECURED, 0, 0, 1000, NULL);
        leg_evidence_close(leg, ENDING_CLOSED, 0, 0, 2000, NULL);
    } else if (row->reaction == CUT) {
        leg_evidence_end(leg, ENDING_CLOSED, 0, 0, 1000, NULL);
    } else {
        leg_evidence_end(leg, ENDING_ALERT_RECEIVED, (uint8_t)row->reaction, 0, 1000, NULL);
    }
}

static const char *open_fact(const struct verdict *verdict)
{
    for (size_t i = 0; i < COUNT(verdict->facts) && verdict->facts[i] != NULL; i++) {
        if (strstr(verdict->facts[i], "leaves open: ") != NULL ||
            strstr(verdict->facts[i], "only an earlier connection") != NULL ||
            strstr(verdict->facts[i], "if this one trusts") != NULL) {
            return verdict->facts[i];
        }
    }
    return "";
}

// ---- the test

struct stage {
    struct kit_cert root;
    struct authority ca;
    struct mint *mint;
    struct leaf *leaf;
    struct arena arena;
    struct evidence *evidence;
};

static void open_stage(const struct row *row, struct stage *out)
{
    struct error error;
    const struct recipe recipe = {.subject = "authority", .is_ca = true};
    const struct leaf_spec spec = {.name = "app.test", .fault = row->fault};
    *out = (struct stage){.root = kit_make(&recipe, NULL)};
    out->ca = (struct authority){.certificate = out->root.certificate, .key = out->root.key};
    out->mint = mint_new(&out->ca, 0, &error);
    assert_non_null(out->mint);
    out->leaf = mint_leaf(out->mint, &spec, &error);
    assert_non_null(out->leaf);
    out->evidence = arena_alloc(&out->arena, sizeof(*out->evidence));
    record(row, out->leaf, &out->arena, out->evidence);
}

static void close_stage(struct stage *stage)
{
    leaf_release(stage->leaf);
    mint_free(stage->mint);
    arena_clear(&stage->arena);
    kit_clear(&stage->root);
}

static void the_client_is_explained(void **state)
{
    const struct row *row = *state;
    struct stage stage;
    char fact[512];
    open_stage(row, &stage);
    struct verdict verdict = {.cause = cause_find(row->cause),
                              .leg = CLIENT,
                              .phase = PHASE_CERTIFICATE,
                              .summary = "it is probably so",
                              .confidence = CONFIDENCE_SUSPECTED};
    assert_non_null(verdict.cause);
    const struct judgement_setup setup = {.evidence = stage.evidence,
                                          .arena = &stage.arena,
                                          .verdict = &verdict,
                                          .ca = &stage.ca,
                                          .mint = stage.mint,
                                          .leaf = row->has_other_leaf ? NULL : stage.leaf,
                                          .name = "app.test"};
    bool is_ours = judgement(&setup);
    bool is_proven = verdict.confidence == CONFIDENCE_PROVEN;
    bool is_deduced = verdict.confidence == CONFIDENCE_DEDUCED;
    bool is_sure = strcmp(verdict.summary, "it is so") == 0;
    snprintf(fact, sizeof(fact), "%s", open_fact(&verdict));
    size_t count = verdict.proof_count;
    bool has_words = true;
    for (size_t i = 0; i < count; i++) {
        has_words =
            has_words && verdict.proof[i].changed[0] != '\0' && verdict.proof[i].outcome[0] != '\0';
    }
    close_stage(&stage);
    assert_int_equal(is_ours, row->is_ours);
    assert_int_equal(is_proven, row->is_proven);
    assert_int_equal(is_deduced, row->is_deduced);
    assert_int_equal(is_sure, is_proven);
    assert_true(row->leaves_open != NULL ? strstr(fact, row->leaves_open) != NULL
                                         : fact[0] == '\0');
    assert_true(row->is_ours ? count >= 2 : count == 0);
    assert_true(has_words);
}

// What is not the client's refusal of our leaf is not touched.
static void other_verdicts_are_left_alone(void **state)
{
    struct stage stage;
    const struct row row = {.client = CURL, .reaction = 48};
    (void)state;
    open_stage(&row, &stage);
    struct verdict server = {.cause = cause_find("cert.expired"), .leg = SERVER};
    struct verdict after = {.cause = cause_find("trust.pinned"), .leg = CLIENT};
    struct judgement_setup setup = {.evidence = stage.evidence,
                                    .arena = &stage.arena,
                                    .verdict = &server,
                                    .ca = &stage.ca,
                                    .mint = stage.mint,
                                    .leaf = stage.leaf,
                                    .name = "app.test"};
    bool took_server = judgement(&setup);
    stage.evidence->legs[CLIENT].handshake.alert = ALERT_HANDSHAKE_FAILURE; // no refusal of a leaf
    setup.verdict = &after;
    bool took_after = judgement(&setup);
    close_stage(&stage);
    assert_false(took_server);
    assert_false(took_after);
    assert_int_equal(server.proof_count + after.proof_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(other_verdicts_are_left_alone)};
    int failed = RUN_ROWS(rows, the_client_is_explained);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
