// Evidence as JSON: what is written is read back, and gives the same verdicts; what is not evidence
// is refused with a path.
#include "evidence_json.h"

#include "verdict_rows.h"

static const char *written(const struct evidence *evidence, struct buffer *out)
{
    struct json json = json_into(out);
    evidence_write(&json, evidence);
    assert_false(json.failed);
    return buffer_text(out);
}

static const char *or_nothing(const char *text)
{
    return text != NULL ? text : "";
}

static void assert_same(const struct verdict *a, const struct verdict *b)
{
    assert_ptr_equal(a->cause, b->cause);
    assert_int_equal(a->severity, b->severity);
    assert_int_equal(a->leg, b->leg);
    assert_int_equal(a->party, b->party);
    assert_int_equal(a->phase, b->phase);
    assert_int_equal(a->confidence, b->confidence);
    assert_int_equal(a->direct, b->direct);
    assert_string_equal(a->summary, b->summary);
    assert_string_equal(a->fix, b->fix);
    assert_string_equal(or_nothing(a->offered), or_nothing(b->offered));
    assert_string_equal(or_nothing(a->accepted), or_nothing(b->accepted));
    for (size_t i = 0; i < COUNT(a->facts); i++) {
        assert_string_equal(or_nothing(a->facts[i]), or_nothing(b->facts[i]));
    }
}

static void comes_back_the_same(void **state)
{
    const struct verdict_row *row = *state;
    static struct kit kit;
    static struct verdict first[2 * VERDICTS_MAX], second[2 * VERDICTS_MAX];
    static struct evidence read;
    struct buffer text = {0}, again = {0};
    struct error error = {0};
    kit_begin(&kit, row->words);
    (void)written(&kit.evidence, &text);
    if (!evidence_read(buffer_slice(&text), &kit.arena, &read, &error)) {
        fail_msg("%s", error.text);
    }
    assert_string_equal(written(&read, &again), buffer_text(&text));
    size_t count = verdict_find(&kit.evidence, &kit.arena, first, VERDICTS_MAX);
    assert_int_equal(verdict_find(&read, &kit.arena, second, VERDICTS_MAX), count);
    size_t masked = verdict_masked(&kit.evidence, &kit.arena, &first[count], VERDICTS_MAX);
    assert_int_equal(verdict_masked(&read, &kit.arena, &second[count], VERDICTS_MAX), masked);
    for (size_t i = 0; i < count + masked; i++) {
        assert_same(&first[i], &second[i]);
    }
    buffer_clear(&text);
    buffer_clear(&again);
    kit_clear(&kit);
}

static const struct bad_row {
    const char *name, *text, *want; // a part of the error
} bad_rows[] = {
    {"nothing", "", "not JSON"},
    {"no JSON", "{\"evidence\":1", "not JSON"},
    {"not an object", "[]", "no evidence"},
    {"no evidence", "{\"a\":1}", "no evidence"},
    {"another form", "{\"evidence\":2}", "form 2"},
    {"the same key twice", "{\"evidence\":1,\"evidence\":1}", "not JSON"},
    {"a number that is text", "{\"evidence\":1,\"connection\":\"17\"}", "'connection'"},
    {"a number out of its range", "{\"evidence\":1,\"via_status\":70000}", "'via_status'"},
    {"a truth that is a number", "{\"evidence\":1,\"passed\":1}", "'passed'"},
    {"a text that is a list", "{\"evidence\":1,\"edge\":[]}", "'edge'"},
    {"an ingress that nobody knows", "{\"evidence\":1,\"ingress\":\"gopher\"}", "'ingress'"},
    {"a target without port", "{\"evidence\":1,\"target\":\"www.example.com\"}", "'target'"},
    {"a leg that is no object", "{\"evidence\":1,\"legs\":{\"client\":7}}", "'legs.client'"},
    {"a hello that is no hex", "{\"evidence\":1,\"legs\":{\"server\":{\"client_hello\":\"xy\"}}}",
     "'legs.server.client_hello'"},
    {"a version too large", "{\"evidence\":1,\"legs\":{\"client\":{\"version\":65536}}}",
     "'legs.client.version'"},
    {"an ending that nobody knows",
     "{\"evidence\":1,\"legs\":{\"client\":{\"handshake\":{\"kind\":\"bored\"}}}}",
     "'legs.client.handshake.kind'"},
    {"a moment that is no object", "{\"evidence\":1,\"legs\":{\"client\":{\"moments\":[1]}}}",
     "'legs.client.moments'"},
    {"a certificate that is no object", "{\"evidence\":1,\"legs\":{\"client\":{\"chain\":[null]}}}",
     "'legs.client.chain'"},
    {"a client's certificate that is no object",
     "{\"evidence\":1,\"legs\":{\"client\":{\"client_chain\":[7]}}}", "'legs.client.client_chain'"},
    {"a fingerprint too short",
     "{\"evidence\":1,\"legs\":{\"client\":{\"chain\":[{\"fingerprint\":\"00\"}]}}}",
     "'legs.client.fingerprint'"},
    {"a fault that nobody knows",
     "{\"evidence\":1,\"legs\":{\"server\":{\"verification\":{\"fault\":\"cert.sad\"}}}}",
     "'legs.server.verification.fault'"},
    {"an alert above 255", "{\"evidence\":1,\"legs\":{\"client\":{\"handshake\":{\"alert\":256}}}}",
     "'legs.client.handshake.alert'"},
    {"a list with a text in it", "{\"evidence\":1,\"lost\":{\"groups\":[\"x\"]}}", "'lost.groups'"},
    {"more first bytes than are kept",
     "{\"evidence\":1,\"legs\":{\"client\":{\"first_bytes\":"
     "\"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000\"}}}",
     "'legs.client.first_bytes'"},
};

static void refuses(void **state)
{
    const struct bad_row *row = *state;
    struct arena arena = {0};
    static struct evidence evidence;
    struct error error = {0};
    memset(&evidence, 0x55, sizeof(evidence));
    assert_false(evidence_read(slice_of_text(row->text), &arena, &evidence, &error));
    assert_int_equal(error.kind, ERROR_FILE);
    if (strstr(error.text, row->want) == NULL) {
        fail_msg("'%s' does not name '%s'", error.text, row->want);
    }
    assert_int_equal(((const uint8_t *)&evidence)[0], 0x55); // written on success only
    arena_clear(&arena);
}

static void refuses_too_much(void **state)
{
    struct arena arena = {0};
    static struct evidence evidence;
    struct error error = {0};
    (void)state;
    uint8_t *large = calloc(1, EVIDENCE_BYTES_MAX + 1);
    assert_non_null(large);
    assert_false(
        evidence_read((struct slice){large, EVIDENCE_BYTES_MAX + 1}, &arena, &evidence, &error));
    assert_non_null(strstr(error.text, "expected at most"));
    free(large);
    arena_clear(&arena);
}

static void takes_a_line_of_the_log(void **state)
{
    static struct kit kit;
    static struct evidence read;
    static struct verdict found[VERDICTS_MAX];
    struct buffer line = {0};
    struct error error = {0};
    (void)state;
    kit_begin(&kit, "s.answer=1.3 s.cert s.chain=expired s.verify=cert.expired s.refused");
    assert_int_equal(verdict_find(&kit.evidence, &kit.arena, found, VERDICTS_MAX), 1);
    struct json json = json_into(&line);
    json_open_object(&json);
    json_int_field(&json, "v", 1);
    verdict_write(&json, &found[0], &kit.evidence);
    json_close_object(&json);
    assert_false(json.failed);
    assert_non_null(strstr(buffer_text(&line), "\"cause\":\"cert.expired\""));
    assert_non_null(strstr(buffer_text(&line), "\"target\":\"www.example.com:443\""));
    assert_true(evidence_read(buffer_slice(&line), &kit.arena, &read, &error));
    assert_int_equal(verdict_find(&read, &kit.arena, found, VERDICTS_MAX), 1);
    assert_string_equal(found[0].cause->code, "cert.expired");
    buffer_clear(&line);
    kit_clear(&kit);
}

static void writes_proof(void **state)
{
    static struct kit kit;
    struct buffer text = {0};
    struct verdict verdict = {
        .cause = cause_find("sni.required"),
        .severity = SEVERITY_ERROR,
        .leg = SERVER,
        .confidence = CONFIDENCE_PROVEN,
        .summary = "a name with \"quotes\" and \x1b[31m",
        .fix = "send it",
        .facts = {"one", "two"},
        .proof = {{"SNI: none -> www", "secured", 3.14, true, 0}},
        .proof_count = 1,
    };
    (void)state;
    kit_begin(&kit, "");
    struct json json = json_into(&text);
    json_open_object(&json);
    verdict_write(&json, &verdict, &kit.evidence);
    json_close_object(&json);
    assert_non_null(strstr(buffer_text(&text), "\\\"quotes\\\" and \\u001b[31m"));
    assert_non_null(strstr(buffer_text(&text), "\"facts\":[\"one\",\"two\"]"));
    assert_non_null(strstr(buffer_text(&text),
                           "\"proof\":[{\"changed\":\"SNI: none -> www\",\"outcome\":\"secured\","
                           "\"passed\":true,\"ms\":3.1}]"));
    buffer_clear(&text);
    kit_clear(&kit);
}

static void writes_legs_and_diff(void **state)
{
    static struct kit kit;
    struct buffer text = {0};
    (void)state;
    kit_begin(&kit, "c.versions=1.3 s.versions=1.2+1.3 s.suites=1301+c030 s.alpn=http/1.1 "
                    "lost-group=11ec c.answer=1.3 c.cert c.secured s.answer=1.2 s.cert s.secured");
    struct json json = json_into(&text);
    json_open_array(&json);
    evidence_write_leg(&json, &kit.evidence, CLIENT);
    evidence_write_leg(&json, &kit.evidence, SERVER);
    evidence_write_diff(&json, &kit.evidence);
    json_close_array(&json);
    assert_false(json.failed);
    const char *got = buffer_text(&text);
    static const char *const wants[] = {
        "\"version\":\"TLS 1.3\"",
        "\"version\":\"TLS 1.2\"",
        "\"ending\":\"secured\"",
        "\"ja4\":\"t13d",
        "\"chosen\":{\"version\":{\"client\":\"TLS 1.3\",\"server\":\"TLS 1.2\"}",
        "\"midspan_only\":{\"versions\":[\"TLS 1.2\"]}",
        "\"lost\":{\"groups\":[\"X25519MLKEM768\"]}",
    };
    for (size_t i = 0; i < COUNT(wants); i++) {
        if (strstr(got, wants[i]) == NULL) {
            fail_msg("no %s in %s", wants[i], got);
        }
    }
    buffer_clear(&text);
    kit_clear(&kit);
}

// An evidence of nothing, as it is when the client has just connected, can be written as well.
static void writes_nothing_known(void **state)
{
    static struct evidence empty, read;
    struct arena arena = {0};
    struct buffer text = {0};
    struct error error = {0};
    (void)state;
    (void)written(&empty, &text);
    assert_true(evidence_read(buffer_slice(&text), &arena, &read, &error));
    buffer_clear(&text);
    struct json json = json_into(&text);
    json_open_array(&json);
    evidence_write_leg(&json, &empty, SERVER);
    evidence_write_diff(&json, &empty);
    json_close_array(&json);
    assert_false(json.failed);
    buffer_clear(&text);
    arena_clear(&arena);
}

// What a client sent of its own comes back with the rest.
static void the_clients_chain_comes_back(void **state)
{
    static struct evidence evidence, read;
    struct arena arena = {0};
    struct buffer text = {0};
    struct error error = {0};
    struct cert_facts own = {.subject = "CN=client", .issuer = "CN=their root", .serial = "2a"};
    struct leg_evidence *leg = &evidence.legs[CLIENT];
    (void)state;
    leg->client_chain = &own;
    leg->client_chain_count = 1;
    (void)written(&evidence, &text);
    assert_true(evidence_read(buffer_slice(&text), &arena, &read, &error));
    assert_int_equal(read.legs[CLIENT].client_chain_count, 1);
    assert_int_equal(read.legs[CLIENT].chain_count, 0);
    assert_string_equal(read.legs[CLIENT].client_chain[0].subject, "CN=client");
    buffer_clear(&text);
    arena_clear(&arena);
}

static void an_experiment_comes_back(void **state)
{
    (void)state;
    struct kit kit;
    struct evidence read;
    struct buffer text = {0};
    struct error error = {0};
    kit_begin(&kit, "passed s.answer=1.3");
    kit.evidence.experiment = "certificate: an RSA key";
    kit.evidence.experiment_of = 3;
    kit.evidence.passed_finished = kit.evidence.passed_used = true;
    kit.evidence.passed_alert_us = 7;
    (void)written(&kit.evidence, &text);
    assert_true(evidence_read(buffer_slice(&text), &kit.arena, &read, &error));
    assert_string_equal(read.experiment, "certificate: an RSA key");
    assert_int_equal(read.experiment_of, 3);
    assert_true(read.passed_finished && read.passed_used);
    assert_int_equal(read.passed_alert_us, 7);
    buffer_clear(&text);
    kit_clear(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_too_much),
        cmocka_unit_test(takes_a_line_of_the_log),
        cmocka_unit_test(writes_proof),
        cmocka_unit_test(writes_legs_and_diff),
        cmocka_unit_test(writes_nothing_known),
        cmocka_unit_test(the_clients_chain_comes_back),
        cmocka_unit_test(an_experiment_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + RUN_ROWS(verdict_rows, comes_back_the_same) +
           RUN_ROWS(bad_rows, refuses);
}
