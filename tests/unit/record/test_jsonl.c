#include "recorder.h"

#include <stdlib.h>
#include <string.h>

#include "rows.h"
#include "samples.h"

static struct buffer rendered(const struct event *event)
{
    struct buffer out = {0};
    struct sink sink = jsonl_sink(-1, false);
    sink.render(sink.user, event, &out);
    return out;
}

static void renders(const struct event *event, const char *want)
{
    struct buffer out = rendered(event);
    assert_string_equal(buffer_text(&out), want);
    buffer_clear(&out);
}

static void renders_part(const struct event *event, const char *const *parts)
{
    struct buffer out = rendered(event);
    for (; *parts != NULL; parts++) {
        if (strstr(buffer_text(&out), *parts) == NULL) {
            print_error("no %s in\n%s", *parts, buffer_text(&out));
            fail();
        }
    }
    buffer_clear(&out);
}

#define BEGIN(connection) \
    "{\"v\":1,\"time\":\"2026-09-21T14:13:20.123456Z\",\"connection\":" connection ",\"event\":"

static void simple_events(void **state)
{
    (void)state;
    struct event event = {
        .kind = EVENT_LISTENING, .wall_us = SAMPLE_WALL_US, .text = "127.0.0.1:8080"};
    renders(&event, BEGIN("0") "\"listening\",\"address\":\"127.0.0.1:8080\"}\n");
    event.kind = EVENT_NOTICE;
    event.text = "a \"quoted\"\nline";
    renders(&event, BEGIN("0") "\"notice\",\"text\":\"a \\\"quoted\\\"\\nline\"}\n");
    event.kind = EVENT_ERROR;
    event.text = "not UTF-8: \xff";
    renders(&event, BEGIN("0") "\"error\",\"text\":\"not UTF-8: \\ufffd\"}\n");
}

static void opened_and_target(void **state)
{
    (void)state;
    struct evidence evidence = sample_evidence("example.com", 443);
    struct event event = {
        .kind = EVENT_OPENED, .connection = 17, .wall_us = SAMPLE_WALL_US, .evidence = &evidence};
    renders(&event, BEGIN("17") "\"opened\",\"client\":\"127.0.0.1:50122\"}\n");
    evidence.proxy_protocol_source = "192.0.2.1:5";
    renders(&event, BEGIN("17") "\"opened\",\"client\":\"127.0.0.1:50122\","
                                "\"proxy_protocol_source\":\"192.0.2.1:5\"}\n");
    event.kind = EVENT_TARGET;
    renders(&event,
            BEGIN("17") "\"target\",\"ingress\":\"connect\",\"target\":\"example.com:443\"}\n");
    evidence.is_tls_to_proxy = true;
    evidence.host_header = "other:443";
    evidence.via = "127.0.0.1:3128";
    renders(&event, BEGIN("17") "\"target\",\"ingress\":\"connect\",\"tls_to_proxy\":true,"
                                "\"target\":\"example.com:443\",\"host\":\"other:443\","
                                "\"via\":\"127.0.0.1:3128\"}\n");
}

static void plain(void **state)
{
    (void)state;
    struct evidence evidence = sample_evidence("::1", 25);
    struct event event = {.kind = EVENT_PLAIN, .wall_us = SAMPLE_WALL_US, .evidence = &evidence};
    renders(&event, BEGIN("0") "\"plain\",\"target\":\"[::1]:25\"}\n");
}

static void experiment(void **state)
{
    (void)state;
    struct evidence evidence = sample_evidence("a.test", 443);
    struct proof_row row = {.changed = "certificate: an RSA key",
                            .outcome = "secured and used",
                            .ms = 2,
                            .passed = true};
    evidence.experiment_of = 12;
    struct event event = {.kind = EVENT_EXPERIMENT,
                          .connection = 17,
                          .wall_us = SAMPLE_WALL_US,
                          .evidence = &evidence,
                          .row = &row};
    renders(&event, BEGIN("17") "\"experiment\",\"target\":\"a.test:443\",\"of\":12,"
                                "\"changed\":\"certificate: an RSA key\","
                                "\"outcome\":\"secured and used\",\"passed\":true,\"ms\":2.0}\n");
}

static void closed(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("example.com");
    evidence.legs[CLIENT].close.kind = ENDING_CLOSED;
    evidence.legs[CLIENT].bytes_received = 1;
    evidence.legs[CLIENT].bytes_sent = 2;
    evidence.legs[CLIENT].app_bytes_received = 3;
    evidence.legs[CLIENT].app_bytes_sent = UINT64_C(1) << 40;
    evidence.legs[SERVER].handshake =
        (struct ending){.kind = ENDING_ALERT_RECEIVED, .alert = ALERT_HANDSHAKE_FAILURE};
    struct event event = {.kind = EVENT_CLOSED,
                          .connection = 17,
                          .wall_us = SAMPLE_WALL_US,
                          .lasted_us = 1500,
                          .evidence = &evidence};
    renders(&event,
            BEGIN("17") "\"closed\",\"target\":\"example.com:443\",\"duration_ms\":1.500,"
                        "\"legs\":{\"client\":{\"handshake\":\"secured\",\"close\":\"closed\","
                        "\"bytes_received\":1,\"bytes_sent\":2,\"app_bytes_received\":3,"
                        "\"app_bytes_sent\":1099511627776},"
                        "\"server\":{\"handshake\":\"alert-received\","
                        "\"handshake_alert\":\"handshake_failure\",\"bytes_received\":0,"
                        "\"bytes_sent\":0,\"app_bytes_received\":0,\"app_bytes_sent\":0}}}\n");
    evidence.legs[SERVER] = (struct leg_evidence){0}; // never begun: left out
    struct buffer out = rendered(&event);
    assert_null(strstr(buffer_text(&out), "\"server\""));
    buffer_clear(&out);
}

static void secured(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("example.com");
    evidence.edge = "nginx";
    evidence.legs[SERVER].dial_us = 1000;
    evidence.legs[SERVER].connected_us = 3500;
    evidence.legs[CLIENT].moments[0].at_us = 500;
    evidence.legs[CLIENT].moment_count = 1;
    struct event event = {
        .kind = EVENT_SECURED, .connection = 17, .wall_us = SAMPLE_WALL_US, .evidence = &evidence};
    const char *const parts[] = {
        "\"event\":\"secured\",\"target\":\"example.com:443\",\"client\":\"127.0.0.1:50122\","
        "\"order\":\"server-first\",\"edge\":\"nginx\",\"legs\":{\"client\":{\"version\":",
        "\"server\":{\"version\":", "\"diff\":{",
        "\"masked\":[],\"ms\":{\"connect\":2.500,\"server_handshake\":5.500,"
        "\"client_handshake\":11.500,\"secured\":12.000}}\n",
        NULL};
    renders_part(&event, parts);
}

static void secured_with_masked_faults(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("example.com");
    struct verdict masked[] = {sample_verdict(), sample_verdict()};
    masked[1].cause = cause_find("cert.expired");
    struct event event = {.kind = EVENT_SECURED,
                          .evidence = &evidence,
                          .masked = masked,
                          .masked_count = COUNT(masked)};
    const char *const parts[] = {"\"masked\":[\"cipher.no-common-suite\",\"cert.expired\"]", NULL};
    renders_part(&event, parts);
}

static void verdict(void **state)
{
    (void)state;
    struct evidence evidence = sample_evidence("app.internal", 443);
    struct verdict found = sample_verdict();
    struct event event = {
        .kind = EVENT_VERDICT, .connection = 18, .evidence = &evidence, .verdict = &found};
    const char *const parts[] = {"\"event\":\"verdict\",\"severity\":\"error\",\"leg\":\"server\","
                                 "\"cause\":\"cipher.no-common-suite\"",
                                 "\"evidence\":{", "\"proof\":[{", NULL};
    renders_part(&event, parts);
    struct buffer out = rendered(&event);
    assert_null(strstr(buffer_text(&out), "\"repeats\""));
    buffer_clear(&out);
    event.repeats = 2;
    const char *const again[] = {",\"repeats\":2}\n", NULL};
    renders_part(&event, again);
}

static const uint8_t server_hello[] = {2,  0, 0, 0x36, 3, 3, 1,  1, 1, 1,    1,    1, 1, 1,    1,
                                       1,  1, 1, 1,    1, 1, 1,  1, 1, 1,    1,    1, 1, 1,    1,
                                       1,  1, 1, 1,    1, 1, 1,  1, 0, 0x13, 0x01, 0, 0, 0x0e, 0,
                                       43, 0, 2, 3,    4, 0, 51, 0, 4, 0,    29,   0, 0};

static void put_client_hello(struct buffer *out)
{
    static const uint8_t random[32] = {7};
    struct hello_spec spec = {
        .legacy_version = VERSION_TLS12,
        .random = {random, sizeof(random)},
        .cipher_suites = SLICE_OF("\x13\x01\xc0\x2f"),
        .versions = SLICE_OF("\x03\x04\x03\x03"),
        .groups = SLICE_OF("\x00\x1d"),
        .schemes = SLICE_OF("\x04\x03"),
        .alpn = SLICE_OF("\x02h2\x08http/1.1"),
        .sni = SLICE_OF("example.com"),
    };
    assert_true(client_hello_encode(out, &spec));
}

static void passed(void **state)
{
    (void)state;
    struct buffer hello = {0};
    put_client_hello(&hello);
    struct evidence evidence = sample_evidence("example.com", 443);
    evidence.legs[CLIENT].client_hello = buffer_slice(&hello);
    evidence.legs[SERVER].server_hello = (struct slice){server_hello, sizeof(server_hello)};
    struct event event = {.kind = EVENT_PASSED, .evidence = &evidence};
    const char *const parts[] = {
        "\"client_hello\":{\"sni\":\"example.com\",\"versions\":[\"TLS 1.3\",\"TLS 1.2\"],"
        "\"alpn\":[\"h2\",\"http/1.1\"],\"ja3\":\"",
        "\"ja4\":\"t13d0205h2_",
        "\"server_hello\":{\"version\":\"TLS 1.3\",\"suite\":\"TLS_AES_128_GCM_SHA256\","
        "\"group\":\"",
        NULL};
    renders_part(&event, parts);
    buffer_clear(&hello);
}

static void passed_without_hellos(void **state)
{
    (void)state;
    struct evidence evidence = sample_evidence("example.com", 443);
    evidence.legs[CLIENT].client_hello = SLICE_OF("\x01\x00\x00\x05no");
    struct event event = {.kind = EVENT_PASSED, .wall_us = SAMPLE_WALL_US, .evidence = &evidence};
    renders(&event, BEGIN("0") "\"passed\",\"target\":\"example.com:443\"}\n");
}

// Whatever peers say, a line stays one line.
static void hostile_bytes_stay_in_their_line(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("example.com");
    evidence.client_address = "\"},\n{\"\x1b[31m";
    evidence.host_header = "a\r\nb\xff\"";
    evidence.legs[SERVER].alpn = SLICE_OF("\n\x00\x1b\x80\"");
    evidence.legs[SERVER].sni_sent = "\n";
    struct verdict found = sample_verdict();
    found.summary = "\"\n\x01";
    for (enum event_kind kind = EVENT_LISTENING; kind < EVENTS; kind++) {
        struct event event = {.kind = kind,
                              .evidence = &evidence,
                              .verdict = &found,
                              .row = &found.proof[0],
                              .text = "\n\x1b\xff\""};
        struct buffer out = rendered(&event);
        struct slice line = buffer_slice(&out);
        assert_int_equal(line.data[line.len - 1], '\n');
        for (size_t i = 0; i + 1 < line.len; i++) {
            assert_true(line.data[i] >= 0x20);
        }
        buffer_clear(&out);
    }
}

static void without_room_the_loss_is_told(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("example.com");
    struct event event = {
        .kind = EVENT_SECURED, .connection = 17, .wall_us = SAMPLE_WALL_US, .evidence = &evidence};
    struct buffer out = {.limit = 200};
    struct sink sink = jsonl_sink(-1, false);
    sink.render(sink.user, &event, &out);
    assert_string_equal(buffer_text(&out),
                        BEGIN("17") "\"notice\",\"text\":\"1 event left out: no memory to write "
                                    "it\",\"left_out\":\"secured\"}\n");
    out.limit = out.len + 20; // not even that
    size_t len_before = out.len;
    sink.render(sink.user, &event, &out);
    assert_int_equal(out.len, len_before);
    buffer_clear(&out);
}

static void every_kind_has_a_name_and_is_wanted(void **state)
{
    (void)state;
    struct sink sink = jsonl_sink(7, true);
    assert_int_equal(sink.fd, 7);
    assert_true(sink.owns_fd);
    for (enum event_kind kind = EVENT_LISTENING; kind < EVENTS; kind++) {
        assert_true(strlen(event_kind_name(kind)) > 0);
        assert_true((sink.events & (1u << kind)) != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_events),
        cmocka_unit_test(opened_and_target),
        cmocka_unit_test(plain),
        cmocka_unit_test(experiment),
        cmocka_unit_test(closed),
        cmocka_unit_test(secured),
        cmocka_unit_test(secured_with_masked_faults),
        cmocka_unit_test(verdict),
        cmocka_unit_test(passed),
        cmocka_unit_test(passed_without_hellos),
        cmocka_unit_test(hostile_bytes_stay_in_their_line),
        cmocka_unit_test(without_room_the_loss_is_told),
        cmocka_unit_test(every_kind_has_a_name_and_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
