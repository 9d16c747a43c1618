// The fix in the words of the device that is imitated.
#include "dialect.h"

#include "evidence_kit.h"

static const struct dialect_row {
    const char *name, *words, *code;
    enum party party;
    const char *accepted; // what the proof found, NULL nothing
    enum side leg;
    const char *want; // "key: words", joined by " | "; "" for none
} rows[] = {
    // clang-format off
    {"nginx drops SNI", "edge=nginx-1.22 c.sni=www.example.com", "sni.required", PARTY_BRIDGE, NULL, SERVER,
     "nginx: sni: proxy_ssl_server_name on; proxy_ssl_name www.example.com;"},
    {"the name that the origin takes", "edge=nginx-1.22 c.sni=a.test", "sni.unrecognized", PARTY_SERVER,
     "b.test", SERVER, "nginx: sni: proxy_ssl_server_name on; proxy_ssl_name b.test;"},
    {"a name that is no host name is not copied", "edge=nginx-1.22 c.sni=a;b", "sni.required", PARTY_BRIDGE,
     "x y", SERVER, "nginx: sni: proxy_ssl_server_name on; proxy_ssl_name www.example.com;"},
    {"a leg that stops at TLS 1.2", "edge=nginx-1.22", "protocol.no-common-version", PARTY_BRIDGE,
     "TLS 1.3", SERVER, "nginx: max: proxy_ssl_protocols TLSv1.2 TLSv1.3;"},
    {"an origin that is behind is not followed", "edge=nginx-1.22", "protocol.no-common-version",
     PARTY_SERVER, "TLS 1.1", SERVER, ""},
    {"the suite that the origin takes", "edge=haproxy-2.6", "cipher.no-common-suite", PARTY_BRIDGE,
     "ECDHE-ECDSA-AES128-CCM", SERVER, "haproxy: ciphers: server ... ciphers ECDHE-ECDSA-AES128-CCM"},
    {"an outdated suite is not advised", "edge=haproxy-2.6", "cipher.no-common-suite", PARTY_BRIDGE,
     "RC4-SHA", SERVER, "haproxy: ciphers: server ... ciphers ECDHE-RSA-AES128-GCM-SHA256"},
    {"the client's first modern suite", "edge=stunnel c.versions=1.2 c.suites=0005+c030+c02f",
     "cipher.no-common-suite", PARTY_BRIDGE, NULL, CLIENT, "stunnel: ciphers: ciphers = ECDHE-RSA-AES256-GCM-SHA384"},
    {"a suite of TLS 1.3", "edge=nginx-current", "cipher.no-common-suite", PARTY_BRIDGE,
     "TLS_AES_128_CCM_SHA256", SERVER, "nginx: ciphers: proxy_ssl_conf_command Ciphersuites TLS_AES_128_CCM_SHA256;"},
    {"a device that can't be told a suite of TLS 1.3", "edge=squid-5", "cipher.no-common-suite", PARTY_BRIDGE,
     "TLS_AES_128_CCM_SHA256", SERVER, ""},
    {"a device with IANA's names", "edge=caddy c.versions=1.2 c.suites=c030", "cipher.no-common-suite", PARTY_BRIDGE,
     NULL, CLIENT, "caddy: ciphers: ciphers TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 (in tls)"},
    {"a group", "edge=stunnel", "group.no-common", PARTY_BRIDGE, "secp384r1", SERVER,
     "stunnel: groups: curves = secp384r1"},
    {"a private authority", "edge=squid-5", "cert.untrusted-root", PARTY_SERVER, NULL, SERVER,
     "squid: ca: cache_peer ... tls-cafile=ca.pem"},
    {"a client certificate is two keys", "edge=nginx-current", "client-auth.required", PARTY_CLIENT, NULL, SERVER,
     "nginx: cert: proxy_ssl_certificate client.pem; | nginx: key: proxy_ssl_certificate_key client.key;"},
    {"no leg key mends it", "edge=nginx-1.22", "cert.expired", PARTY_SERVER, NULL, SERVER, ""},
    {"the device has no words", "edge=aws-alb-2016-08", "sni.required", PARTY_BRIDGE, NULL, SERVER, ""},
    {"no preset in force", "c.sni=www.example.com", "sni.required", PARTY_BRIDGE, NULL, SERVER, ""},
    {"a preset that nobody knows any more", "edge=no-such", "sni.required", PARTY_BRIDGE, NULL, SERVER, ""},
    // clang-format on
};

static void says(void **state)
{
    const struct dialect_row *row = *state;
    static struct kit kit;
    char said[1024] = "";
    struct verdict verdict = {
        .cause = cause_find(row->code),
        .leg = row->leg,
        .party = row->party,
        .accepted = row->accepted,
    };
    kit_begin(&kit, row->words);
    for (int times = 0; times < 2; times++) { // the second adds nothing
        dialect_add(&verdict, &kit.evidence, &kit.arena);
    }
    for (size_t i = 0; i < verdict.dialect_count; i++) {
        size_t len = strlen(said);
        (void)snprintf(said + len, sizeof(said) - len, "%s%s: %s: %s", i > 0 ? " | " : "",
                       verdict.device, verdict.dialect[i].key, verdict.dialect[i].words);
    }
    assert_string_equal(said, row->want);
    assert_true((verdict.device != NULL) == (verdict.dialect_count > 0));
    kit_clear(&kit);
}

int main(void)
{
    return RUN_ROWS(rows, says);
}
