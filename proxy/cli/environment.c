#include "environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The index of `name`, or count when it is not there.
static size_t find(const struct environment *environment, const char *name, size_t name_len)
{
    size_t i = 0;
    while (i < environment->count && !(strncmp(environment->items[i], name, name_len) == 0 &&
                                       environment->items[i][name_len] == '=')) {
        i++;
    }
    return i;
}

// Takes `item`; frees it when there is no room for it.
static bool put(struct environment *environment, char *item)
{
    if (item == NULL) {
        return false;
    }
    size_t i = find(environment, item, strcspn(item, "="));
    if (i < environment->count) {
        free(environment->items[i]);
        environment->items[i] = item;
        return true;
    }
    if (environment->count + 2 > environment->capacity) {
        size_t capacity = environment->capacity * 2 + 64;
        char **items = realloc(environment->items, capacity * sizeof(*items));
        if (items == NULL) {
            free(item);
            return false;
        }
        environment->items = items;
        environment->capacity = capacity;
    }
    environment->items[environment->count++] = item;
    environment->items[environment->count] = NULL;
    return true;
}

bool environment_copy(struct environment *environment, char *const *base)
{
    for (size_t i = 0; base[i] != NULL; i++) {
        if (!put(environment, strdup(base[i]))) {
            return false;
        }
    }
    return true;
}

bool environment_set(struct environment *environment, const char *name, const char *value)
{
    char *item = NULL;
    return asprintf(&item, "%s=%s", name, value) >= 0 && put(environment, item);
}

const char *environment_get(const struct environment *environment, const char *name)
{
    size_t i = find(environment, name, strlen(name));
    return i < environment->count ? environment->items[i] + strlen(name) + 1 : NULL;
}

void environment_clear(struct environment *environment)
{
    for (size_t i = 0; i < environment->count; i++) {
        free(environment->items[i]);
    }
    free(environment->items);
    *environment = (struct environment){0};
}

// Where each variable gets its value from.
enum detour_value {
    VALUE_PROXY, // http://HOST:PORT
    VALUE_EMPTY,
    VALUE_ONE,
    VALUE_BUNDLE,
    VALUE_AUTHORITY,
    VALUE_WGETRC
};

static const struct {
    const char *name;
    enum detour_value value;
} variables[] = {
    {"http_proxy", VALUE_PROXY}, // curl reads only this case, for CGI's sake (httpoxy)
    {"https_proxy", VALUE_PROXY},
    {"HTTP_PROXY", VALUE_PROXY},
    {"HTTPS_PROXY", VALUE_PROXY},
    {"all_proxy", VALUE_PROXY},
    {"ALL_PROXY", VALUE_PROXY},
    {"no_proxy", VALUE_EMPTY},
    {"NO_PROXY", VALUE_EMPTY},
    {"SSL_CERT_FILE", VALUE_BUNDLE}, // OpenSSL, Go, Rust's rustls-native-certs
    {"CURL_CA_BUNDLE", VALUE_BUNDLE},
    {"GIT_SSL_CAINFO", VALUE_BUNDLE},
    {"REQUESTS_CA_BUNDLE", VALUE_BUNDLE}, // Python's requests
    {"PIP_CERT", VALUE_BUNDLE},
    {"CARGO_HTTP_CAINFO", VALUE_BUNDLE},
    {"AWS_CA_BUNDLE", VALUE_BUNDLE},
    {"CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", VALUE_BUNDLE},
    {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", VALUE_BUNDLE},
    {"HTTPLIB2_CA_CERTS", VALUE_BUNDLE},
    {"NIX_SSL_CERT_FILE", VALUE_BUNDLE},
    {"PERL_LWP_SSL_CA_FILE", VALUE_BUNDLE},
    {"DENO_CERT", VALUE_AUTHORITY},
    {"WGETRC", VALUE_WGETRC},
    {"NODE_EXTRA_CA_CERTS", VALUE_AUTHORITY}, // adds to what Node has
    {"NODE_USE_ENV_PROXY", VALUE_ONE},        // Node 24 and later
};

static const char *detour_text(const struct detour *detour, enum detour_value value,
                               const char *proxy_url)
{
    switch (value) {
    case VALUE_PROXY:
        return proxy_url;
    case VALUE_EMPTY:
        return "";
    case VALUE_ONE:
        return "1";
    case VALUE_BUNDLE:
        return detour->bundle;
    case VALUE_AUTHORITY:
        return detour->authority;
    case VALUE_WGETRC:
        return detour->wgetrc;
    }
    return "";
}

static bool set_java(struct environment *environment, const struct detour *detour)
{
    const struct endpoint *proxy = detour->proxy;
    const char *before = environment_get(environment, "JAVA_TOOL_OPTIONS");
    before = before != NULL ? before : "";
    char *options = NULL;
    // Java leaves localhost out unless nonProxyHosts is there and empty.
    int len = asprintf(&options,
                       "%s%s-Dhttp.proxyHost=%s -Dhttp.proxyPort=%u -Dhttps.proxyHost=%s "
                       "-Dhttps.proxyPort=%u -Dhttp.nonProxyHosts= "
                       "-Djavax.net.ssl.trustStore=%s -Djavax.net.ssl.trustStoreType=JKS "
                       "-Djavax.net.ssl.trustStorePassword=" JAVA_STORE_PASSWORD,
                       before, before[0] != '\0' ? " " : "", proxy->host, proxy->port, proxy->host,
                       proxy->port, detour->java_store);
    bool is_set = len >= 0 && environment_set(environment, "JAVA_TOOL_OPTIONS", options);
    if (len >= 0) {
        free(options);
    }
    return is_set;
}

bool environment_detour(struct environment *environment, const struct detour *detour)
{
    char address[ENDPOINT_TEXT_MAX];
    char proxy_url[ENDPOINT_TEXT_MAX + 8];
    (void)snprintf(proxy_url, sizeof(proxy_url), "http://%s",
                   endpoint_text(detour->proxy, address)); // fits
    for (size_t i = 0; i < COUNT_OF(variables); i++) {
        const char *text = detour_text(detour, variables[i].value, proxy_url);
        if (!environment_set(environment, variables[i].name, text)) {
            return false;
        }
    }
    return set_java(environment, detour);
}
