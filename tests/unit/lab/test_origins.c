// Lab origins against a client over loopback: how each behaves, and that each misbehaves as said.
#include "lab_start.h"

// clang-format off
static const struct row {
    const char *name;
    const char *keys; // "key=value;…" of the origin
    struct client_offer offer;
    enum client_end want;
    int want_alert;  // 0: not looked at
    int want_status; // 0: no answer
    int want_version;
} rows[] = {
    {"a healthy origin answers", "", {0}, .want = CLIENT_SECURED, .want_status = 200, .want_version = TLS1_3_VERSION},
    {"a healthy origin in TLS 1.2", "max=TLS1.2", {0}, .want = CLIENT_SECURED, .want_status = 200, .want_version = TLS1_2_VERSION},
    {"no version in common", "min=TLS1.3", {.max = TLS1_2_VERSION}, .want = CLIENT_ALERT, .want_alert = 70},
    {"TLS 1.0 only", "max=TLS1.0", {0}, .want = CLIENT_SECURED, .want_status = 200, .want_version = TLS1_VERSION},
    {"TLS 1.1 at most for a client of today", "max=TLS1.1", {.min = TLS1_2_VERSION}, .want = CLIENT_ALERT, .want_alert = 70},
    {"one suite that the client lacks", "max=TLS1.2;ciphers=ECDHE-ECDSA-CHACHA20-POLY1305", {.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"}, .want = CLIENT_ALERT, .want_alert = 40},
    {"an RSA key for a client of ECDSA suites", "recipe=good-rsa", {.max = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"}, .want = CLIENT_ALERT, .want_alert = 40},
    {"no group in common", "groups=P-384", {.groups = "X25519"}, .want = CLIENT_ALERT, .want_alert = 40},
    {"a group that takes a retry", "groups=P-384", {.groups = "X25519:P-384"}, .want = CLIENT_SECURED, .want_status = 200},
    {"ALPN without overlap", "alpn=h2", {.alpn = "http/1.1"}, .want = CLIENT_ALERT, .want_alert = 120},
    {"another status and body", "status=503;body=closed", {0}, .want = CLIENT_SECURED, .want_status = 503},
    {"an answer that ends in a bare FIN", "end=fin", {0}, .want = CLIENT_SECURED, .want_status = 200},
    {"Host and SNI agree", "check-host=on", {0}, .want = CLIENT_SECURED, .want_status = 200},
    {"Host and SNI agree but for port and case", "check-host=on", {.host = "WWW.lab.midspan.test:443"}, .want = CLIENT_SECURED, .want_status = 200},
    {"Host and SNI disagree", "check-host=on", {.host = "other.midspan.test"}, .want = CLIENT_SECURED, .want_status = 421},
    {"a Host without SNI", "check-host=on", {.sni = ""}, .want = CLIENT_SECURED, .want_status = 421},
    {"an unknown name gets the default", "", {.sni = "nobody.test"}, .want = CLIENT_SECURED, .want_status = 200},
    {"an unknown name gets an alert", "unknown=alert", {.sni = "nobody.test"}, .want = CLIENT_ALERT, .want_alert = 112},
    {"an unknown name gets a reset", "unknown=reset", {.sni = "nobody.test"}, .want = CLIENT_RESET},
    {"a known name beside them", "unknown=reset", {0}, .want = CLIENT_SECURED, .want_status = 200},
    {"a client certificate is required, TLS 1.2", "client-auth=require;max=TLS1.2", {0}, .want = CLIENT_ALERT, .want_alert = 40},
    {"a client certificate is required, TLS 1.3: told late", "client-auth=require", {0}, .want = CLIENT_ALERT, .want_alert = 116},
    {"no client certificate, told in HTTP", "client-auth=ask;no-certificate-status=400", {0}, .want = CLIENT_SECURED, .want_status = 400},
    {"no client certificate, told as 496", "client-auth=ask;no-certificate-status=496", {0}, .want = CLIENT_SECURED, .want_status = 496},

    {"quirk closes", "quirk=closes", {0}, .want = CLIENT_CLOSED},
    {"quirk closes, by reset", "quirk=closes;manner=reset", {0}, .want = CLIENT_RESET},
    {"quirk silent", "quirk=silent", SILENT, .want = CLIENT_SILENCE},
    {"quirk plain-http", "quirk=plain-http", {0}, .want = CLIENT_REFUSES},
    {"quirk alert", "quirk=alert", {0}, .want = CLIENT_ALERT, .want_alert = 80},
    {"quirk alert, access_denied", "quirk=alert;alert=access_denied", {0}, .want = CLIENT_ALERT, .want_alert = 49},
    {"quirk refused", "quirk=refused", {0}, .want = CLIENT_NOT_CONNECTED},
    {"quirk hello-over, a small one", "quirk=hello-over;limit=1000", {.max = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"}, .want = CLIENT_SECURED, .want_status = 200},
    {"quirk hello-over, a large one", "quirk=hello-over;limit=120", {0}, .want = CLIENT_CLOSED},
    {"quirk hello-256-511", "quirk=hello-256-511", {.max = TLS1_2_VERSION, .ciphers = "ALL:@SECLEVEL=0", .wait_ms = CLIENT_SILENT_MS}, .want = CLIENT_SILENCE},
    {"quirk first-segment, whole", "quirk=first-segment", {0}, .want = CLIENT_SECURED, .want_status = 200},
    {"quirk version-intolerant against TLS 1.3", "quirk=version-intolerant", {0}, .want = CLIENT_ALERT, .want_alert = 70},
    {"quirk version-intolerant against TLS 1.2", "quirk=version-intolerant", {.max = TLS1_2_VERSION}, .want = CLIENT_SECURED, .want_status = 200},
    {"quirk version-intolerant, in silence", "quirk=version-intolerant;manner=silence", SILENT, .want = CLIENT_SILENCE},
    {"quirk version-intolerant, cut", "quirk=version-intolerant;manner=close", {0}, .want = CLIENT_CLOSED},
    {"quirk record-version-intolerant", "quirk=record-version-intolerant;limit=0x0303", {0}, .want = CLIENT_ALERT, .want_alert = 70},
    {"quirk record-version-intolerant, satisfied", "quirk=record-version-intolerant", {0}, .want = CLIENT_SECURED, .want_status = 200},
    {"quirk grease-intolerant without GREASE", "quirk=grease-intolerant", {0}, .want = CLIENT_SECURED, .want_status = 200},
    {"quirk extension-intolerant, key_share", "quirk=extension-intolerant", {0}, .want = CLIENT_ALERT, .want_alert = 50},
    {"quirk extension-intolerant, without it", "quirk=extension-intolerant", {.max = TLS1_2_VERSION}, .want = CLIENT_SECURED, .want_status = 200},
    {"quirk session-id-intolerant", "quirk=session-id-intolerant", {0}, .want = CLIENT_ALERT, .want_alert = 47},
    {"quirk session-id-intolerant, no session id", "quirk=session-id-intolerant", {.has_no_compatibility = true}, .want = CLIENT_SECURED, .want_status = 200},
    {"quirk change-cipher-spec-intolerant", "quirk=change-cipher-spec-intolerant", {0}, .want = CLIENT_RESET},
    {"quirk change-cipher-spec-intolerant in TLS 1.2", "quirk=change-cipher-spec-intolerant", {.max = TLS1_2_VERSION}, .want = CLIENT_SECURED, .want_status = 200},
    {"quirk needs-session-id", "quirk=needs-session-id", {.has_no_compatibility = true}, .want = CLIENT_RESET},
    {"quirk needs-session-id, there", "quirk=needs-session-id", {0}, .want = CLIENT_SECURED, .want_status = 200},
    {"quirk retry-intolerant, a retry", "quirk=retry-intolerant", {.groups = "X25519:P-384"}, .want = CLIENT_RESET},
    {"quirk retry-intolerant, the right share", "quirk=retry-intolerant", {.groups = "P-384"}, .want = CLIENT_SECURED, .want_status = 200},
    {"quirk sslv3-only", "quirk=sslv3-only", {0}, .want = CLIENT_REFUSES},
    {"quirk legacy-renegotiation", "quirk=legacy-renegotiation", {.max = TLS1_2_VERSION}, .want = CLIENT_REFUSES},
    {"quirk ems-required, without it", "quirk=ems-required", {.max = TLS1_2_VERSION, .options = SSL_OP_NO_EXTENDED_MASTER_SECRET}, .want = CLIENT_ALERT, .want_alert = 40},
    {"quirk ems-required, without it, TLS 1.3 offered in vain", "quirk=ems-required;max=TLS1.2", {.options = SSL_OP_NO_EXTENDED_MASTER_SECRET}, .want = CLIENT_ALERT, .want_alert = 40},
    {"quirk ems-required, with it", "quirk=ems-required", {.max = TLS1_2_VERSION}, .want = CLIENT_SECURED, .want_status = 200},
    {"quirk small-dh", "quirk=small-dh", {0}, .want = CLIENT_SECURED, .want_status = 200, .want_version = TLS1_2_VERSION},
    {"quirk renegotiates, a client that does", "quirk=renegotiates", {0}, .want = CLIENT_SECURED, .want_status = 200},
    {"quirk renegotiates, a client that does not", "quirk=renegotiates", {.options = SSL_OP_NO_RENEGOTIATION}, .want = CLIENT_ALERT, .want_alert = 40},
    {"quirk warns-unrecognized-name", "quirk=warns-unrecognized-name", {0}, .want = CLIENT_SECURED, .want_alert = 112, .want_status = 200},
    {"quirk strict-name, underscore", "quirk=strict-name", {.sni = "a_b.midspan.test"}, .want = CLIENT_ALERT, .want_alert = 47},
    {"quirk strict-name, port", "quirk=strict-name", {.sni = "a.midspan.test:8443"}, .want = CLIENT_ALERT, .want_alert = 47},
    {"quirk strict-name, final dot", "quirk=strict-name", {.sni = "a.midspan.test."}, .want = CLIENT_ALERT, .want_alert = 47},
    {"quirk strict-name, address", "quirk=strict-name", {.sni = "192.0.2.1"}, .want = CLIENT_ALERT, .want_alert = 47},
    {"quirk strict-name, a plain one", "quirk=strict-name", {0}, .want = CLIENT_SECURED, .want_status = 200},
    {"quirk name-case", "quirk=name-case", {.sni = "WWW.lab.midspan.test"}, .want = CLIENT_ALERT, .want_alert = 112},
    {"quirk needs-name", "quirk=needs-name", {.sni = ""}, .want = CLIENT_ALERT, .want_alert = 112},
    {"quirk slow", "quirk=slow;limit=5", {0}, .want = CLIENT_SECURED, .want_status = 200},
};
// clang-format on

static void origin_behaves(void **state)
{
    const struct row *row = *state;
    struct origins *origins = origins_new(NULL);
    assert_non_null(origins);
    uint16_t port = start(origins, row->keys);
    struct client_offer offer = row->offer;
    struct client_result result;
    client_go(port, &offer, &result);
    assert_int_equal(result.end, row->want);
    assert_int_equal(result.status, row->want_status);
    if (row->want_alert != 0) {
        assert_int_equal(result.alert, row->want_alert);
    }
    if (row->want_version != 0) {
        assert_int_equal(result.version, row->want_version);
    }
    client_clear(&result);
    origins_free(origins);
}

static void first_segment_only(void **state)
{
    (void)state;
    struct origins *origins = origins_new(NULL);
    struct client_offer offer = {.split_at = 60};
    struct client_result result;
    client_go(start(origins, "quirk=first-segment"), &offer, &result);
    assert_int_equal(result.end, CLIENT_RESET);
    client_clear(&result);
    client_go(start(origins, ""), &offer, &result);
    assert_int_not_equal(result.end, CLIENT_RESET);
    client_clear(&result);
    origins_free(origins);
}

static void chains_are_sent(void **state)
{
    (void)state;
    struct origins *origins = origins_new(NULL);
    struct client_offer offer = {.wants_staple = true};
    struct client_result result;
    client_go(start(origins, "recipe=good-two-intermediates"), &offer, &result);
    assert_int_equal(sk_X509_num(result.chain), 3);
    assert_int_equal(result.staple_len, 0);
    client_clear(&result);
    client_go(start(origins, "recipe=missing-intermediate"), &offer, &result);
    assert_int_equal(sk_X509_num(result.chain), 1);
    client_clear(&result);
    client_go(start(origins, "recipe=revoked-staple"), &offer, &result);
    assert_true(result.staple_len > 0);
    client_clear(&result);
    origins_free(origins);
}

static void sites_have_their_chains(void **state)
{
    (void)state;
    struct origins *origins = origins_new(NULL);
    struct origin origin;
    struct client_result result;
    uint16_t port = 0;
    char name[64];
    origin_init(&origin);
    assert_non_null(origin_site_add(&origin, "one.midspan.test", NULL));
    assert_non_null(origin_site_add(&origin, "two.midspan.test", NULL));
    assert_true(origins_add(origins, &origin, &port, NULL));
    static const char *const asked[] = {"two.midspan.test", "ONE.midspan.test", "three.test", ""};
    static const char *const shown[] = {"two.midspan.test", "one.midspan.test", "one.midspan.test",
                                        "one.midspan.test"};
    for (size_t i = 0; i < COUNT(asked); i++) {
        client_go(port, &(struct client_offer){.sni = asked[i]}, &result);
        assert_int_equal(result.end, CLIENT_SECURED);
        X509_NAME_get_text_by_NID(X509_get_subject_name(sk_X509_value(result.chain, 0)),
                                  NID_commonName, name, sizeof(name));
        assert_string_equal(name, shown[i]);
        client_clear(&result);
    }
    origins_free(origins);
}

static void client_certificates_are_verified(void **state)
{
    (void)state;
    static const struct {
        const char *recipe, *keys;
        enum client_end want;
        int status;
    } cases[] = {
        {"client", "client-auth=require", CLIENT_SECURED, 200},
        {"client", "client-auth=require;max=TLS1.2", CLIENT_SECURED, 200},
        {"client-stranger", "client-auth=require;max=TLS1.2", CLIENT_ALERT, 0},
        {"client-expired", "client-auth=require", CLIENT_ALERT, 0},
        {"client-stranger", "client-auth=ask;bad-certificate-status=495", CLIENT_SECURED, 495},
        {"client", "client-auth=ask;no-certificate-status=496", CLIENT_SECURED, 200},
    };
    struct origins *origins = origins_new(NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct lab_chain chain;
        struct client_result result;
        const struct lab_recipe_row *row = lab_recipe_find(cases[i].recipe);
        assert_true(
            lab_chain_make(origins_ca(origins), &row->recipe, "client", NULL, &chain, NULL));
        client_go(start(origins, cases[i].keys), &(struct client_offer){.certificate = &chain},
                  &result);
        assert_int_equal(result.end, cases[i].want);
        assert_int_equal(result.status, cases[i].status);
        client_clear(&result);
        lab_chain_clear(&chain);
    }
    origins_free(origins);
}

static void ends_differ(void **state)
{
    (void)state;
    struct origins *origins = origins_new(NULL);
    struct client_result result;
    client_go(start(origins, ""), &(struct client_offer){0}, &result);
    assert_true(result.did_notify);
    assert_non_null(strstr(result.text, "Content-Length: "));
    client_clear(&result);
    client_go(start(origins, "end=fin"), &(struct client_offer){0}, &result);
    assert_true(result.was_cut);
    assert_null(strstr(result.text, "Content-Length: "));
    client_clear(&result);
    client_go(start(origins, "end=reset"), &(struct client_offer){0}, &result);
    assert_true(result.was_reset);
    client_clear(&result);
    origins_free(origins);
}

static void resume(const char *keys, int max, bool wants_resumed, enum client_end want, int alert)
{
    struct origins *origins = origins_new(NULL);
    uint16_t port = start(origins, keys);
    struct client_result first, second, third;
    client_go(port, &(struct client_offer){.max = max}, &first);
    assert_int_equal(first.end, CLIENT_SECURED);
    assert_non_null(first.session);
    struct client_offer again = {.max = max, .session = first.session};
    client_go(port, &again, &second); // the other node
    assert_int_equal(second.end, want);
    assert_false(second.is_resumed);
    if (alert != 0) {
        assert_int_equal(second.alert, alert);
    }
    client_go(port, &again, &third); // the first one again
    assert_int_equal(third.end, CLIENT_SECURED);
    assert_int_equal(third.is_resumed, wants_resumed);
    client_clear(&first);
    client_clear(&second);
    client_clear(&third);
    origins_free(origins);
}

static void tickets_of_two_nodes(void **state)
{
    (void)state;
    resume("quirk=ticket-keys-differ", TLS1_2_VERSION, true, CLIENT_SECURED, 0);
    resume("quirk=ticket-keys-differ", TLS1_3_VERSION, true, CLIENT_SECURED, 0);
    resume("quirk=ticket-keys-fail", TLS1_2_VERSION, true, CLIENT_ALERT, 51);
    resume("quirk=ticket-keys-fail", TLS1_3_VERSION, true, CLIENT_ALERT, 51);
}

static void plain(uint16_t port, const char *request, char *text, size_t size)
{
    int fd = client_socket(port);
    size_t held = 0;
    assert_true(fd >= 0);
    assert_true(send(fd, request, strlen(request), MSG_NOSIGNAL) > 0);
    for (ssize_t got; (got = recv(fd, text + held, size - 1 - held, 0)) > 0;) {
        held += (size_t)got;
    }
    text[held] = '\0';
    close(fd);
}

static void plain_http(void **state)
{
    (void)state;
    static const char request[] = "GET / HTTP/1.1\r\nHost: " CLIENT_HOST "\r\n\r\n";
    struct origins *origins = origins_new(NULL);
    char text[1024];
    plain(start(origins, "quirk=plain-http"), request, text, sizeof(text));
    assert_non_null(strstr(text, "HTTP/1.1 200 "));
    plain(start(origins, ""), request, text, sizeof(text));
    assert_non_null(strstr(text, "HTTP/1.1 400 "));
    origins_free(origins);
}

static void a_page_is_served_with_tls_and_without(void **state)
{
    (void)state;
    struct origins *origins = origins_new(NULL);
    struct origin origin;
    struct client_result result;
    char text[1024];
    uint16_t port = 0;
    origin_init(&origin);
    origin.page = slice_of_text("<p>hello");
    assert_non_null(origin_site_add(&origin, CLIENT_HOST, NULL));
    assert_true(origins_add(origins, &origin, &port, NULL));
    client_go(port, &(struct client_offer){0}, &result);
    assert_int_equal(result.status, 200);
    assert_non_null(strstr(result.text, "\r\nContent-Type: text/html; charset=utf-8\r\n"));
    assert_non_null(strstr(result.text, "\r\n\r\n<p>hello"));
    plain(port, "GET /?a HTTP/1.1\r\nHost: a\r\n\r\n", text, sizeof(text));
    assert_non_null(strstr(text, "\r\n\r\n<p>hello"));
    plain(port, "GET /favicon.ico HTTP/1.1\r\nHost: a\r\n\r\n", text, sizeof(text));
    assert_non_null(strstr(text, "HTTP/1.1 404 "));
    assert_non_null(strstr(text, "\r\nContent-Type: text/plain\r\n"));
    client_clear(&result);
    origins_free(origins);
}

static void issuers_are_published(void **state)
{
    (void)state;
    struct origins *origins = origins_new(NULL);
    struct client_result result;
    struct arena arena = {0};
    struct cert_facts facts;
    char text[4096], request[200];
    unsigned port = 0;
    client_go(start(origins, "recipe=missing-intermediate"), &(struct client_offer){0}, &result);
    assert_true(cert_facts_read(sk_X509_value(result.chain, 0), &arena, &facts));
    char path[64] = "";
    assert_int_equal(sscanf(facts.aia_issuers, "http://127.0.0.1:%u%63s", &port, path), 2);
    (void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
    plain((uint16_t)port, request, text, sizeof(text));
    assert_non_null(strstr(text, "HTTP/1.1 200 OK"));
    const uint8_t *der = (const uint8_t *)strstr(text, "\r\n\r\n") + 4;
    X509 *issuer = d2i_X509(NULL, &der, 2000);
    assert_non_null(issuer);
    assert_int_equal(X509_NAME_cmp(X509_get_subject_name(issuer),
                                   X509_get_issuer_name(sk_X509_value(result.chain, 0))),
                     0);
    X509_free(issuer);
    plain((uint16_t)port, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", text, sizeof(text));
    assert_non_null(strstr(text, "HTTP/1.1 404 "));
    client_clear(&result);
    arena_clear(&arena);
    origins_free(origins);
}

static void bundles_are_whole(void **state)
{
    (void)state;
    struct origins *origins = origins_new(NULL);
    struct buffer trusted = {0}, crls = {0};
    (void)start(origins, "");
    (void)start(origins, "recipe=self-signed-replaced");
    (void)start(origins, "recipe=untrusted-root");
    assert_true(origins_trusted_pem(origins, &trusted));
    assert_true(origins_crl_pem(origins, &crls));
    assert_int_equal(crls.len, 0);
    size_t count = 0;
    for (const char *at = buffer_text(&trusted); (at = strstr(at, "BEGIN")) != NULL; at++) {
        count++;
    }
    assert_int_equal(count, 2);
    (void)start(origins, "recipe=revoked-crl");
    assert_true(origins_crl_pem(origins, &crls));
    assert_non_null(strstr(buffer_text(&crls), "X509 CRL"));
    buffer_clear(&trusted);
    buffer_clear(&crls);
    origins_free(origins);
}

static void open_connections_are_dropped(void **state)
{
    (void)state;
    struct origins *origins = origins_new(NULL);
    uint16_t silent = start(origins, "quirk=silent"), slow = start(origins, "quirk=slow");
    int one = client_socket(silent), two = client_socket(slow);
    assert_true(send(one, "\x16\x03\x01\x00\x05hello", 10, MSG_NOSIGNAL) == 10);
    assert_true(send(two, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27, MSG_NOSIGNAL) == 27);
    origins_free(origins); // asserts that its loop is empty
    close(one);
    close(two);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(first_segment_only),
        cmocka_unit_test(chains_are_sent),
        cmocka_unit_test(sites_have_their_chains),
        cmocka_unit_test(client_certificates_are_verified),
        cmocka_unit_test(ends_differ),
        cmocka_unit_test(tickets_of_two_nodes),
        cmocka_unit_test(plain_http),
        cmocka_unit_test(a_page_is_served_with_tls_and_without),
        cmocka_unit_test(issuers_are_published),
        cmocka_unit_test(bundles_are_whole),
        cmocka_unit_test(open_connections_are_dropped),
    };
    int failed = RUN_ROWS(rows, origin_behaves);
    return failed + cmocka_run_group_tests(others, NULL, NULL);
}
