// Host names and IP literals as certificates have them.
#include "rows.h"

#include <string.h>

#include "cert_names.h"

#define LABEL_63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"

static const struct row {
    const char *name, *text;
    enum cert_host want;
    const char *want_host;
} rows[] = {
    {"a name", "example.test", CERT_HOST_NAME, "example.test"},
    {"upper case", "WWW.Example.TEST", CERT_HOST_NAME, "www.example.test"},
    {"a trailing dot", "example.test.", CERT_HOST_NAME, "example.test"},
    {"one label", "localhost", CERT_HOST_NAME, "localhost"},
    {"an underscore", "_dmarc.example.test", CERT_HOST_NAME, "_dmarc.example.test"},
    {"an A-label", "xn--bcher-kva.test", CERT_HOST_NAME, "xn--bcher-kva.test"},
    {"a label of 63", LABEL_63 ".test", CERT_HOST_NAME, LABEL_63 ".test"},
    {"a label of 64", "a" LABEL_63 ".test", CERT_HOST_BAD, NULL},
    {"253 characters",
     LABEL_63 "." LABEL_63 "." LABEL_63 "."
              "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy",
     CERT_HOST_NAME,
     LABEL_63 "." LABEL_63 "." LABEL_63 "."
              "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy"},
    {"254 characters",
     LABEL_63 "." LABEL_63 "." LABEL_63 "."
              "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz",
     CERT_HOST_BAD, NULL},
    {"IPv4", "192.0.2.1", CERT_HOST_IP, "192.0.2.1"},
    {"IPv6", "2001:DB8::1", CERT_HOST_IP, "2001:db8::1"},
    {"IPv6 in brackets", "[::1]", CERT_HOST_IP, "::1"},
    {"IPv6 with a zone", "fe80::1%eth0", CERT_HOST_IP, "fe80::1"},
    {"a name with a zone", "example%eth0", CERT_HOST_BAD, NULL},
    {"an IPv4 out of range is a name", "192.0.2.256", CERT_HOST_NAME, "192.0.2.256"},
    {"nothing", "", CERT_HOST_BAD, NULL},
    {"a dot", ".", CERT_HOST_BAD, NULL},
    {"a leading dot", ".example.test", CERT_HOST_BAD, NULL},
    {"two dots", "example..test", CERT_HOST_BAD, NULL},
    {"two trailing dots", "example.test..", CERT_HOST_BAD, NULL},
    {"a blank", "exa mple.test", CERT_HOST_BAD, NULL},
    {"a control character", "exa\x1bmple.test", CERT_HOST_BAD, NULL},
    {"UTF-8",
     "b\xC3\xBC"
     "cher.test",
     CERT_HOST_BAD, NULL},
    {"a wildcard", "*.example.test", CERT_HOST_BAD, NULL},
    {"a port", "example.test:443", CERT_HOST_BAD, NULL},
    {"configuration text", "a,IP:192.0.2.1", CERT_HOST_BAD, NULL},
};

static void cert_host_read_gives(void **state)
{
    const struct row *row = *state;
    char host[CERT_HOST_MAX + 1];
    assert_int_equal(cert_host_read(row->text, host), row->want);
    if (row->want_host != NULL) {
        assert_string_equal(host, row->want_host);
    }
}

int main(void)
{
    return RUN_ROWS(rows, cert_host_read_gives);
}
