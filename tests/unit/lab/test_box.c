// Boxes and interceptors between a client and a lab origin.
#include <time.h>

#include "lab_start.h"

// clang-format off
static const struct row {
    const char *name;
    const char *box, *origin;
    struct client_offer offer;
    enum client_end want;
    int want_alert, want_status;
} rows[] = {
    {"a box that behaves", "", "", {0}, .want = CLIENT_SECURED, .want_status = 200},
    {"a box that delays", "delay=20ms", "", {0}, .want = CLIENT_SECURED, .want_status = 200},
    {"a box that swallows the hello", "quirk=silent", "", SILENT, .want = CLIENT_SILENCE},
    {"a box that resets on the hello", "quirk=closes;manner=reset", "", {0}, .want = CLIENT_RESET},
    {"a box that cuts on the hello", "quirk=closes", "", {0}, .want = CLIENT_CLOSED},
    {"a box that answers for the origin", "quirk=alert;alert=access_denied", "", {0}, .want = CLIENT_ALERT, .want_alert = 49},
    {"a box that drops hellos of TLS 1.3", "quirk=version-intolerant;manner=silence", "", SILENT, .want = CLIENT_SILENCE},
    {"the same, and a hello of TLS 1.2", "quirk=version-intolerant;manner=silence", "", {.max = TLS1_2_VERSION}, .want = CLIENT_SECURED, .want_status = 200},
    {"a box that drops large hellos", "quirk=hello-over;limit=100", "", {0}, .want = CLIENT_CLOSED},
    {"a box that reads one segment, two come", "quirk=first-segment", "", {.split_at = 70}, .want = CLIENT_RESET},
    {"a box that dies at a second hello", "quirk=retry-intolerant", "groups=P-384", {.groups = "X25519:P-384"}, .want = CLIENT_RESET},
    {"the same, and no second hello", "quirk=retry-intolerant", "groups=P-384", {.groups = "P-384"}, .want = CLIENT_SECURED, .want_status = 200},
    {"a box that dies at the dummy ChangeCipherSpec", "quirk=change-cipher-spec-intolerant", "", {0}, .want = CLIENT_RESET},
    {"the same in TLS 1.2, where it is no dummy", "quirk=change-cipher-spec-intolerant", "", {.max = TLS1_2_VERSION}, .want = CLIENT_SECURED, .want_status = 200},
    {"a box that cuts the answer", "cut-after=300", "", {0}, .want = CLIENT_CLOSED},
    {"a box that resets in the answer", "cut-after=300;manner=reset", "", {0}, .want = CLIENT_RESET},
    {"a box in front of nothing", "", "quirk=refused", {0}, .want = CLIENT_RESET},
    {"a box that is down", "quirk=refused", "", {0}, .want = CLIENT_NOT_CONNECTED},
    {"an origin's alert passes", "", "quirk=alert", {0}, .want = CLIENT_ALERT, .want_alert = 80},
    {"an origin's reset passes", "", "quirk=closes;manner=reset", {0}, .want = CLIENT_RESET},
    {"an origin's FIN passes", "", "end=fin", {0}, .want = CLIENT_SECURED, .want_status = 200},
};
// clang-format on

static void box_behaves(void **state)
{
    const struct row *row = *state;
    struct origins *origins = origins_new(NULL);
    struct client_result result;
    uint16_t port = start_box(origins, start(origins, row->origin), row->box);
    client_go(port, &row->offer, &result);
    assert_int_equal(result.end, row->want);
    assert_int_equal(result.status, row->want_status);
    if (row->want_alert != 0) {
        assert_int_equal(result.alert, row->want_alert);
    }
    client_clear(&result);
    origins_free(origins);
}

// listen_here takes connections without waiting for any.
static int listen_here(uint16_t *out_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *out_port = ntohs(address.sin_port);
    return fd;
}

static void a_swallowed_hello_never_arrives(void **state)
{
    (void)state;
    struct origins *origins = origins_new(NULL);
    struct client_result result;
    uint16_t port;
    uint8_t byte;
    int listener = listen_here(&port);
    client_go(start_box(origins, port, "quirk=silent"), &(struct client_offer)SILENT, &result);
    client_clear(&result);
    int peer = accept(listener, NULL, NULL); // the box connects before it decides, or it does not
    assert_true(peer < 0 || recv(peer, &byte, 1, MSG_DONTWAIT) <= 0);
    (void)close(peer); // -1 does no harm
    (void)close(listener);
    origins_free(origins);
}

static void delays_are_kept(void **state)
{
    (void)state;
    struct origins *origins = origins_new(NULL);
    struct client_result result;
    uint16_t port = start_box(origins, start(origins, ""), "delay=50ms");
    int64_t begun_us = clock_monotonic_us();
    client_go(port, &(struct client_offer){0}, &result);
    assert_int_equal(result.status, 200);
    // Hello, flight, Finished with the request, answer: four at least. libuv counts in whole
    // milliseconds, so that each may be one short.
    assert_true(clock_monotonic_us() - begun_us >= 4 * 49000);
    client_clear(&result);
    origins_free(origins);
}

// A proxy's protocol comes first, then the hello that the box is about.
static void connect_passes_before_the_hello(void **state)
{
    (void)state;
    struct origins *origins = origins_new(NULL);
    char text[512];
    uint16_t plain = start(origins, "quirk=plain-http");
    int fd = client_socket(start_box(origins, plain, "quirk=hello-over;limit=20"));
    static const char connect[] = "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n";
    assert_true(send(fd, connect, sizeof(connect) - 1, MSG_NOSIGNAL) > 0);
    ssize_t got = recv(fd, text, sizeof(text), 0);
    assert_true(got > 9 && memcmp(text, "HTTP/1.1 ", 9) == 0);
    close(fd);
    origins_free(origins);
}

static void issuer_of(const struct client_result *result, char *name, size_t size)
{
    X509_NAME_oneline(X509_get_issuer_name(sk_X509_value(result->chain, 0)), name, (int)size);
}

static void interceptor_signs_with_its_name(void **state)
{
    (void)state;
    struct origins *origins = origins_new(NULL);
    struct error error = {.text = ""};
    struct client_result result;
    char name[128];
    uint16_t port = 0, origin = start(origins, "");
    struct interceptor_spec spec = {
        .subject = "C=US/O=Fortinet/OU=Certificate Authority/CN=FG100F",
        .target = {.host = "127.0.0.1", .port = origin, .is_ip = true},
    };
    struct interceptor *interceptor = interceptor_start(&spec, &port, &error);
    if (interceptor == NULL) {
        fail_msg("%s", error.text);
    }
    client_go(port, &(struct client_offer){0}, &result);
    assert_int_equal(result.end, CLIENT_SECURED);
    assert_int_equal(result.status, 200);
    issuer_of(&result, name, sizeof(name));
    assert_non_null(strstr(name, "O=Fortinet"));
    assert_int_equal(
        X509_NAME_cmp(X509_get_subject_name(interceptor_authority(interceptor)->certificate),
                      X509_get_issuer_name(sk_X509_value(result.chain, 0))),
        0);
    client_clear(&result);
    interceptor_free(interceptor);
    origins_free(origins);
}

static void interceptor_refuses_what_it_does_not_trust(void **state)
{
    (void)state;
    struct origins *origins = origins_new(NULL);
    struct error error = {.text = ""};
    struct client_result result;
    struct buffer pem = {0};
    char path[] = "/tmp/midspan-lab-XXXXXX";
    int file = mkstemp(path);
    uint16_t port = 0, origin = start(origins, "recipe=untrusted-root");
    assert_true(origins_trusted_pem(origins, &pem));
    assert_int_equal(write(file, pem.data, pem.len), (ssize_t)pem.len);
    close(file);
    struct interceptor_spec spec = {
        .subject = "O=Zscaler Inc./CN=Zscaler Root CA",
        .target = {.host = "127.0.0.1", .port = origin, .is_ip = true},
        .ca_file = path,
    };
    struct interceptor *interceptor = interceptor_start(&spec, &port, &error);
    assert_non_null(interceptor);
    client_go(port, &(struct client_offer){0}, &result);
    assert_int_equal(result.end, CLIENT_ALERT);
    client_clear(&result);
    interceptor_free(interceptor);
    buffer_clear(&pem);
    unlink(path);
    origins_free(origins);
}

static void box_keys_are_set(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value;
        bool is_fine;
    } sets[] = {
        {"delay", "200ms", true},    {"delay", "1h", false},     {"delay", "soon", false},
        {"cut-after", "1000", true}, {"cut-after", "-1", false}, {"quirk", "silent", true},
        {"quirk", "nothing", false}, {"speed", "1", false},
    };
    struct box box = {0};
    for (size_t i = 0; i < COUNT(sets); i++) {
        struct error error = {.text = ""};
        assert_int_equal(box_set(&box, sets[i].key, sets[i].value, &error), sets[i].is_fine);
        assert_int_equal(error.text[0] == '\0', sets[i].is_fine);
    }
    assert_int_equal(box.delay_ms, 200);
    assert_int_equal(box.cut_after, 1000);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(a_swallowed_hello_never_arrives),
        cmocka_unit_test(delays_are_kept),
        cmocka_unit_test(connect_passes_before_the_hello),
        cmocka_unit_test(interceptor_signs_with_its_name),
        cmocka_unit_test(interceptor_refuses_what_it_does_not_trust),
        cmocka_unit_test(box_keys_are_set),
    };
    int failed = RUN_ROWS(rows, box_behaves);
    return failed + cmocka_run_group_tests(others, NULL, NULL);
}
