#include "endpoint.h"

#include <string.h>

#include "rows.h"

static const struct parse_row {
    const char *name; // the text
    uint16_t port_default;
    const char *want_host; // NULL: refused
    uint16_t want_port;
    bool want_ip, want_loopback;
    const char *want_error; // a part of the text
} parse_rows[] = {
    {"example.com:443", 0, "example.com", 443, false, false, NULL},
    {"Example.COM:443", 0, "example.com", 443, false, false, NULL},
    {"example.com", 443, "example.com", 443, false, false, NULL},
    {"example.com:8443", 443, "example.com", 8443, false, false, NULL},
    {"a_b-c.1:0", 0, "a_b-c.1", 0, false, false, NULL},
    {"127.0.0.1:80", 0, "127.0.0.1", 80, true, true, NULL},
    {"127.255.255.254:80", 0, "127.255.255.254", 80, true, true, NULL},
    {"128.0.0.1:80", 0, "128.0.0.1", 80, true, false, NULL},
    {"localhost:80", 0, "localhost", 80, false, true, NULL},
    {"LOCALHOST:80", 0, "localhost", 80, false, true, NULL},
    {"localhost.example:80", 0, "localhost.example", 80, false, false, NULL},
    {"127.0.0.1.example:80", 0, "127.0.0.1.example", 80, false, false, NULL},
    {"[::1]:443", 0, "::1", 443, true, true, NULL},
    {"[0:0:0:0:0:0:0:1]:443", 0, "0:0:0:0:0:0:0:1", 443, true, true, NULL},
    {"[::1]", 443, "::1", 443, true, true, NULL},
    {"[2001:DB8::5]:443", 0, "2001:db8::5", 443, true, false, NULL},
    {"[fe80::1%eth0]:443", 0, "fe80::1%eth0", 443, true, false, NULL},
    {"[::ffff:127.0.0.1]:1", 0, "::ffff:127.0.0.1", 1, true, false, NULL},
    {"host:65535", 0, "host", 65535, false, false, NULL},

    {"example.com", 0, NULL, 0, false, false, "--x: no port in 'example.com'"},
    {"[::1]", 0, NULL, 0, false, false, "no port"},
    {"", 0, NULL, 0, false, false, "no port"},
    {"", 443, NULL, 0, false, false, "bad host"},
    {":443", 0, NULL, 0, false, false, "bad host"},
    {"host:", 0, NULL, 0, false, false, "bad port"},
    {"host:65536", 0, NULL, 0, false, false, "bad port"},
    {"host:-1", 0, NULL, 0, false, false, "bad port"},
    {"host:80x", 0, NULL, 0, false, false, "bad port"},
    {"::1", 443, NULL, 0, false, false, "bad host"},
    {"2001:db8::5:443", 0, NULL, 0, false, false, "bad host"}, // or port 443 of 2001:db8::5?
    {"[example.com]:443", 0, NULL, 0, false, false, "bad host"},
    {"[127.0.0.1]:443", 0, NULL, 0, false, false, "bad host"},
    {"[]:443", 0, NULL, 0, false, false, "bad host"},
    {"[::1:443", 0, NULL, 0, false, false, "bad host"},
    {"::1]:443", 0, NULL, 0, false, false, "bad host"},
    {"[::1]x:443", 0, NULL, 0, false, false, "bad host"},
    {"[fe80::1%\x1b[2J]:443", 0, NULL, 0, false, false, "bad host"},
    {"ex ample:443", 0, NULL, 0, false, false, "bad host"},
    {"ex\xc3\xa4mple:443", 0, NULL, 0, false, false, "ex\\xc3\\xa4mple"},
    {"user@host:443", 0, NULL, 0, false, false, "bad host"},
    {"http://host:443", 0, NULL, 0, false, false, "bad host"},
    {"1.2.3.4%eth0:443", 0, NULL, 0, false, false, "bad host"},
};

static void endpoint_parse_gives(void **state)
{
    const struct parse_row *row = *state;
    struct endpoint endpoint = {0};
    struct error error = {0};
    bool is_read =
        endpoint_parse(slice_of_text(row->name), row->port_default, "--x", &endpoint, &error);
    assert_int_equal(is_read, row->want_host != NULL);
    if (row->want_host == NULL) {
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_non_null(strstr(error.text, row->want_error));
        assert_memory_equal(error.text, "--x: ", 5);
        assert_int_equal(endpoint.host[0], '\0');
        return;
    }
    assert_string_equal(endpoint.host, row->want_host);
    assert_int_equal(endpoint.port, row->want_port);
    assert_int_equal(endpoint.is_ip, row->want_ip);
    assert_int_equal(endpoint_is_loopback(&endpoint), row->want_loopback);

    char text[ENDPOINT_TEXT_MAX];
    struct endpoint again = {0};
    assert_true(
        endpoint_parse(slice_of_text(endpoint_text(&endpoint, text)), 0, "--x", &again, &error));
    assert_string_equal(again.host, endpoint.host);
    assert_int_equal(again.port, endpoint.port);
}

static void hosts_are_bounded(void **state)
{
    (void)state;
    struct endpoint endpoint = {0};
    char host[ENDPOINT_HOST_MAX + 1];
    memset(host, 'a', sizeof(host));
    assert_false(endpoint_set_host(&endpoint, (struct slice){(uint8_t *)host, sizeof(host) - 1}));
    assert_int_equal(endpoint.host[0], '\0');
    assert_true(endpoint_set_host(&endpoint, (struct slice){(uint8_t *)host, sizeof(host) - 2}));
    endpoint.port = 65535;
    char text[ENDPOINT_TEXT_MAX];
    assert_int_equal(strlen(endpoint_text(&endpoint, text)), ENDPOINT_HOST_MAX - 1 + 6);
    assert_false(endpoint_set_host(&endpoint, (struct slice){(const uint8_t *)"a\0b", 3}));
    assert_false(endpoint_set_host(&endpoint, SLICE_EMPTY));
}

static void text_has_brackets_for_ipv6_only(void **state)
{
    (void)state;
    char text[ENDPOINT_TEXT_MAX];
    struct endpoint endpoint = {.port = 8};
    assert_true(endpoint_set_host(&endpoint, slice_of_text("::1")));
    assert_string_equal(endpoint_text(&endpoint, text), "[::1]:8");
    assert_true(endpoint_set_host(&endpoint, slice_of_text("10.0.0.1")));
    assert_string_equal(endpoint_text(&endpoint, text), "10.0.0.1:8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_are_bounded),
        cmocka_unit_test(text_has_brackets_for_ipv6_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + RUN_ROWS(parse_rows, endpoint_parse_gives);
}
