#include "rows.h"

#include <stdio.h>

#include "environment.h"

static int clear(void **state)
{
    environment_clear(*state);
    return 0;
}

static const struct endpoint proxy_v4 = {.host = "127.0.0.1", .port = 4711, .is_ip = true};
static const struct endpoint proxy_v6 = {.host = "::1", .port = 4711, .is_ip = true};

static const struct row {
    const char *name;
    const struct endpoint *proxy;
    const char *before; // one item that was there, NULL: none
    const char *variable, *want;
} rows[] = {
    {"curl's proxy", &proxy_v4, NULL, "https_proxy", "http://127.0.0.1:4711"},
    {"curl's proxy for plain HTTP", &proxy_v4, NULL, "http_proxy", "http://127.0.0.1:4711"},
    {"an IPv6 proxy stands in brackets", &proxy_v6, NULL, "HTTPS_PROXY", "http://[::1]:4711"},
    {"exceptions are taken away", &proxy_v4, "no_proxy=localhost", "no_proxy", ""},
    {"upper case as well", &proxy_v4, "NO_PROXY=localhost", "NO_PROXY", ""},
    {"OpenSSL and Go trust the bundle", &proxy_v4, "SSL_CERT_FILE=/own", "SSL_CERT_FILE",
     "/t/bundle.pem"},
    {"git trusts the bundle", &proxy_v4, NULL, "GIT_SSL_CAINFO", "/t/bundle.pem"},
    {"Node gets the authority on top of its own", &proxy_v4, NULL, "NODE_EXTRA_CA_CERTS",
     "/t/ca.pem"},
    {"Node is told to use the proxy", &proxy_v4, NULL, "NODE_USE_ENV_PROXY", "1"},
    {"wget reads settings of ours", &proxy_v4, NULL, "WGETRC", "/t/wgetrc"},
    {"what has another name stays", &proxy_v4, "https_proxy_old=x", "https_proxy_old", "x"},
    {"an empty value stays one", &proxy_v4, "EMPTY=", "EMPTY", ""},
    {"Java", &proxy_v4, NULL, "JAVA_TOOL_OPTIONS",
     "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=4711 -Dhttps.proxyHost=127.0.0.1 "
     "-Dhttps.proxyPort=4711 -Dhttp.nonProxyHosts= -Djavax.net.ssl.trustStore=/t/java.jks "
     "-Djavax.net.ssl.trustStoreType=JKS -Djavax.net.ssl.trustStorePassword=changeit"},
    {"Java keeps what it was told before", &proxy_v4, "JAVA_TOOL_OPTIONS=-Xmx1g",
     "JAVA_TOOL_OPTIONS",
     "-Xmx1g -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=4711 -Dhttps.proxyHost=127.0.0.1 "
     "-Dhttps.proxyPort=4711 -Dhttp.nonProxyHosts= -Djavax.net.ssl.trustStore=/t/java.jks "
     "-Djavax.net.ssl.trustStoreType=JKS -Djavax.net.ssl.trustStorePassword=changeit"},
};

static void detour_sets(void **state)
{
    const struct row *row = *state;
    const struct detour detour = {
        .proxy = row->proxy,
        .bundle = "/t/bundle.pem",
        .authority = "/t/ca.pem",
        .java_store = "/t/java.jks",
        .wgetrc = "/t/wgetrc",
    };
    char *base[] = {(char *)(uintptr_t)row->before, NULL};
    struct environment environment = {0};
    bool is_set = environment_copy(&environment, base) && environment_detour(&environment, &detour);
    const char *value = environment_get(&environment, row->variable);
    char got[1024] = "(not there)";
    if (value != NULL) {
        (void)snprintf(got, sizeof(got), "%s", value);
    }
    environment_clear(&environment);
    assert_true(is_set);
    assert_string_equal(got, row->want);
}

static void each_name_stands_once(void **state)
{
    struct environment *environment = *state;
    char *base[] = {"A=1", "B=2", NULL};
    assert_true(environment_copy(environment, base));
    assert_true(environment_set(environment, "A", "3"));
    assert_true(environment_set(environment, "C", "4"));
    assert_int_equal(environment->count, 3);
    assert_string_equal(environment->items[0], "A=3");
    assert_string_equal(environment->items[2], "C=4");
    assert_null(environment->items[3]);
    assert_null(environment_get(environment, "D"));
}

static void many_items_fit(void **state)
{
    struct environment *environment = *state;
    char name[16];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof(name), "N%d", i);
        assert_true(environment_set(environment, name, "v"));
    }
    assert_int_equal(environment->count, 1000);
    assert_null(environment->items[1000]);
    assert_string_equal(environment_get(environment, "N999"), "v");
}

int main(void)
{
    static struct environment first, second;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate_setup_teardown(each_name_stands_once, NULL, clear, &first),
        cmocka_unit_test_prestate_setup_teardown(many_items_fit, NULL, clear, &second),
    };
    return RUN_ROWS(rows, detour_sets) + cmocka_run_group_tests(tests, NULL, NULL);
}
