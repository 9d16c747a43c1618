// Addresses that certificates and redirects give: http and nothing else.
#include "rows.h"

#include <arpa/inet.h>
#include <string.h>

#include "web_address.h"

static const struct row {
    const char *name, *text;
    bool is_location;                  // of http://from.test:81/a
    const char *want_host, *want_path; // host NULL: refused
    uint16_t want_port;
} rows[] = {
    {"a host alone", "http://ca.test", false, "ca.test", "/", 80},
    {"host and path", "http://ca.test/a/b.der", false, "ca.test", "/a/b.der", 80},
    {"a port", "http://CA.test:8080/x", false, "ca.test", "/x", 8080},
    {"an address of IPv6", "HTTP://[::1]:81/x", false, "::1", "/x", 81},
    {"a query without path", "http://ca.test?x=1", false, "ca.test", "/?x=1", 80},
    {"a fragment", "http://ca.test/x#y", false, "ca.test", "/x", 80},
    {"https", "https://ca.test/", false, NULL, NULL, 0},
    {"ldap", "ldap://ca.test/", false, NULL, NULL, 0},
    {"file", "file:///etc/passwd", false, NULL, NULL, 0},
    {"a user name", "http://a@ca.test/", false, NULL, NULL, 0},
    {"a blank", "http://ca.test/a b", false, NULL, NULL, 0},
    {"an end of line", "http://ca.test/a\r\nX: y", false, NULL, NULL, 0},
    {"port 0", "http://ca.test:0/", false, NULL, NULL, 0},
    {"no host", "http:///x", false, NULL, NULL, 0},
    {"nothing", "", false, NULL, NULL, 0},
    {"a place elsewhere", "http://b.test/y", true, "b.test", "/y", 80},
    {"a path on the same host", "/y?z", true, "from.test", "/y?z", 81},
    {"a host without scheme", "//b.test/y", true, NULL, NULL, 0},
    {"a relative path", "y", true, NULL, NULL, 0},
    {"elsewhere by https", "https://b.test/", true, NULL, NULL, 0},
};

static void reads(void **state)
{
    const struct row *row = *state;
    struct web_address from, out;
    assert_true(web_address_read(slice_of_text("http://from.test:81/a"), &from));
    bool is_read = row->is_location ? web_address_follow(&from, slice_of_text(row->text), &out)
                                    : web_address_read(slice_of_text(row->text), &out);
    assert_int_equal(is_read, row->want_host != NULL);
    if (is_read) {
        assert_string_equal(out.endpoint.host, row->want_host);
        assert_string_equal(out.path, row->want_path);
        assert_int_equal(out.endpoint.port, row->want_port);
    }
}

static void a_path_too_long_is_refused(void **state)
{
    char text[sizeof("http://a/") + WEB_PATH_MAX];
    struct web_address out;
    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "http://a/", sizeof("http://a/") - 1);
    text[sizeof(text) - 1] = '\0';
    assert_false(web_address_read(slice_of_text(text), &out));
    text[sizeof(text) - 2] = '\0';
    assert_true(web_address_read(slice_of_text(text), &out));
}

static void writes_the_host_header(void **state)
{
    struct web_address plain, odd, v6;
    char text[ENDPOINT_TEXT_MAX];
    (void)state;
    assert_true(web_address_read(slice_of_text("http://a.test/"), &plain));
    assert_true(web_address_read(slice_of_text("http://a.test:81/"), &odd));
    assert_true(web_address_read(slice_of_text("http://[::1]/"), &v6));
    assert_string_equal(web_address_host(&plain, text), "a.test");
    assert_string_equal(web_address_host(&odd, text), "a.test:81");
    assert_string_equal(web_address_host(&v6, text), "[::1]");
}

static void tells_what_is_near(void **state)
{
    static const struct {
        const char *address;
        bool is_near;
    } places[] = {
        {"127.0.0.1", true},
        {"10.1.2.3", true},
        {"172.31.255.255", true},
        {"172.32.0.0", false},
        {"192.168.0.1", true},
        {"169.254.169.254", true},
        {"100.64.0.1", true},
        {"100.128.0.1", false},
        {"0.0.0.0", true},
        {"224.0.0.1", true},
        {"8.8.8.8", false},
        {"192.0.2.1", false},
        {"::1", true},
        {"::", true},
        {"fe80::1", true},
        {"fd00::1", true},
        {"fec0::1", true},
        {"ff02::1", true},
        {"::ffff:10.0.0.1", true},
        {"::ffff:8.8.8.8", false},
        {"64:ff9b::127.0.0.1", true},
        {"64:ff9b::8.8.8.8", false},
        {"2001:db8::1", false},
        {"2606:4700::1111", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(places); i++) {
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        bool is_v4 = inet_pton(AF_INET, places[i].address, &v4.sin_addr) == 1;
        assert_true(is_v4 || inet_pton(AF_INET6, places[i].address, &v6.sin6_addr) == 1);
        bool is_near = web_address_is_near(is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6);
        assert_int_equal(is_near, places[i].is_near);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_path_too_long_is_refused),
                                       cmocka_unit_test(writes_the_host_header),
                                       cmocka_unit_test(tells_what_is_near)};
    return RUN_ROWS(rows, reads) + cmocka_run_group_tests(tests, NULL, NULL);
}
