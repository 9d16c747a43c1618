#include "rows.h"

#include <stdio.h>
#include <string.h>

#include "code_points.h"
#include "leg_policy.h"

// What one "KEY=VALUE,…" text makes of a leg; `want` is a line of what was set, or the error.
static const struct wrong_row {
    const char *name, *text, *want;
} wrong_rows[] = {
    {"no equals sign", "min", "no '=' in 'min', expected KEY=VALUE[,KEY=VALUE...]"},
    {"empty text", "", "no '=' in '', expected KEY=VALUE[,KEY=VALUE...]"},
    {"comma at the end", "min=TLS1.2,", "no '=' in '', expected KEY=VALUE[,KEY=VALUE...]"},
    {"unknown key, one letter off", "cipher=AES128-SHA",
     "unknown key 'cipher', expected one of min, max, ciphers, groups, sigalgs, alpn, sni, mirror, "
     "verify, verify-name, ca, crl, clock, cert, key, leaf, client-auth, timeout, split, did you "
     "mean 'ciphers'?"},
    {"unknown version", "min=TLS1.4",
     "min: bad value 'TLS1.4', expected TLS1.0, TLS1.1, TLS1.2 or TLS1.3"},
    {"a version of DTLS", "max=DTLS1.2",
     "max: bad value 'DTLS1.2', expected TLS1.0, TLS1.1, TLS1.2 or TLS1.3"},
    {"no version", "max=", "max: bad value '', expected TLS1.0, TLS1.1, TLS1.2 or TLS1.3"},
    {"suite with two letters swapped", "ciphers=ECDHE-RSA-AES128-GCM-SHA265",
     "ciphers: unknown cipher suite 'ECDHE-RSA-AES128-GCM-SHA265', expected IANA or OpenSSL names "
     "or numbers like 0xC02F, did you mean 'ECDHE-RSA-AES128-GCM-SHA256'?"},
    {"suite near an IANA name", "ciphers=TLS_AES_128_GCM_SHA25",
     "ciphers: unknown cipher suite 'TLS_AES_128_GCM_SHA25', expected IANA or OpenSSL names or "
     "numbers like 0xC02F, did you mean 'TLS_AES_128_GCM_SHA256'?"},
    {"suite near nothing", "ciphers=AES128-SHA:what-is-this",
     "ciphers: unknown cipher suite 'what-is-this', expected IANA or OpenSSL names or numbers like "
     "0xC02F"},
    {"OpenSSL's words are no names", "ciphers=HIGH:!aNULL",
     "ciphers: unknown cipher suite 'HIGH', expected IANA or OpenSSL names or numbers like 0xC02F"},
    {"number with too many digits", "ciphers=0x1C02F",
     "ciphers: unknown cipher suite '0x1C02F', expected IANA or OpenSSL names or numbers like "
     "0xC02F"},
    {"number with a letter that is no digit", "groups=0x00G1",
     "groups: unknown group '0x00G1', expected IANA or OpenSSL names or numbers like 0xC02F"},
    {"empty name in a list", "ciphers=AES128-SHA::AES256-SHA",
     "ciphers: empty name in 'AES128-SHA::AES256-SHA', expected names joined by ':'"},
    {"list that ends with a colon",
     "groups=X25519:", "groups: empty name in 'X25519:', expected names joined by ':'"},
    {"unknown group", "groups=X25518",
     "groups: unknown group 'X25518', expected IANA or OpenSSL names or numbers like 0xC02F, did "
     "you mean 'x25519'?"},
    {"unknown scheme", "sigalgs=rsa_pss_rsae_sha265",
     "sigalgs: unknown signature scheme 'rsa_pss_rsae_sha265', expected IANA or OpenSSL names or "
     "numbers like 0xC02F, did you mean 'rsa_pss_rsae_sha256'?"},
    {"escape codes are not passed on", "groups=\x1b[31m",
     "groups: unknown group '\\x1b[31m', expected IANA or OpenSSL names or numbers like 0xC02F"},
    {"empty ALPN", "alpn=",
     "alpn: bad value '', expected 'none', or names joined by ':' of at most "
     "128 bytes"},
    {"ALPN with an empty name", "alpn=h2:",
     "alpn: bad value 'h2:', expected 'none', or names joined by ':' of at most 128 bytes"},
    {"SNI with a blank", "sni=a b", "sni: bad value 'a b', expected forward, none or a host name"},
    {"empty SNI", "sni=", "sni: bad value '', expected forward, none or a host name"},
    {"name to verify with a slash", "verify-name=a/b",
     "verify-name: bad value 'a/b', expected a host name or IP address"},
    {"switch that is neither", "verify=maybe", "verify: bad value 'maybe', expected on or off"},
    {"empty path", "ca=", "ca: bad value '', expected a file name of at most 1023 bytes"},
    {"clock without number", "clock=+d",
     "clock: bad value '+d', expected an offset such as +3d, -2h or 0s, at most 100 years"},
    {"clock too far off", "clock=+40000d",
     "clock: bad value '+40000d', expected an offset such as +3d, -2h or 0s, at most 100 years"},
    {"unknown leaf", "leaf=dirty",
     "leaf: bad value 'dirty', expected clean, mirror, or replace: and one of expired, "
     "not-yet-valid, wrong-name, self-signed, no-san, sha1, wrong-usage"},
    {"unknown fault of a leaf", "leaf=replace:rotten",
     "leaf: bad value 'replace:rotten', expected clean, mirror, or replace: and one of expired, "
     "not-yet-valid, wrong-name, self-signed, no-san, sha1, wrong-usage"},
    {"unknown client-auth", "client-auth=maybe",
     "client-auth: bad value 'maybe', expected none, ask or require"},
    {"timeout of nothing", "timeout=0s",
     "timeout: bad value '0s', expected a time such as 500ms, 10s or 2m, at most 24h"},
    {"signed timeout", "timeout=-1s",
     "timeout: bad value '-1s', expected a time such as 500ms, 10s or 2m, at most 24h"},
    {"split of none", "split=0",
     "split: bad value '0', expected a number of segments from 1 to 1000"},
    {"split of too many", "split=1001",
     "split: bad value '1001', expected a number of segments from 1 to 1000"},
};

static void wrong_text_is_refused(void **state)
{
    const struct wrong_row *row = *state;
    struct leg_policy policy, before;
    leg_policy_default(&policy, SERVER);
    leg_policy_default(&before, SERVER);
    struct error error = {0};
    assert_false(leg_policy_apply(&policy, row->text, &error));
    assert_string_equal(error.text, row->want);
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_memory_equal(&policy, &before, sizeof(policy));
    assert_false(leg_policy_apply(&policy, row->text, NULL));
}

static void list_is(const struct number_list *list, const uint16_t *want, size_t count)
{
    assert_int_equal(list->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(list->items[i], want[i]);
    }
}
#define LIST_IS(list, ...) \
    list_is(list, (const uint16_t[]){__VA_ARGS__}, COUNT(((const uint16_t[]){__VA_ARGS__})))

static struct leg_policy applied(const char *text)
{
    struct leg_policy policy;
    leg_policy_default(&policy, SERVER);
    struct error error = {0};
    if (!leg_policy_apply(&policy, text, &error)) {
        fail_msg("%s", error.text);
    }
    return policy;
}

static void numbers_are_read(void **state)
{
    (void)state;
    struct leg_policy policy =
        applied("min=TLS1.0,max=TLSv1.3,ciphers=TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                "TLS_RSA_WITH_AES_128_CBC_SHA:0xCCA8:0x1301:aes128-sha,groups=X25519:P-256:"
                "secp384r1:X25519MLKEM768,sigalgs=rsa_pss_rsae_sha256:RSA+SHA256:0x0403");
    assert_int_equal(policy.version_min, VERSION_TLS10);
    assert_int_equal(policy.version_max, VERSION_TLS13);
    LIST_IS(&policy.suites, 0x1301, 0xc02f, 0x002f, 0xcca8);
    LIST_IS(&policy.groups, 0x001d, 0x0017, 0x0018, 0x11ec);
    LIST_IS(&policy.schemes, 0x0804, 0x0401, 0x0403);
    assert_int_equal(applied("min=SSL3").version_min, VERSION_SSL30);
    policy = applied("ciphers=0x0A0a");
    LIST_IS(&policy.suites, 0x0a0a);
}

static void texts_are_read(void **state)
{
    (void)state;
    struct leg_policy policy = applied("alpn=h2:http/1.1,sni=Odd_Name.,verify-name=EXAMPLE.com,"
                                       "ca=/a=b,crl=c,cert=d,key=e");
    assert_true(policy.has_alpn);
    assert_int_equal(policy.alpn_len, 12);
    assert_memory_equal(policy.alpn, "\x02h2\x08http/1.1", 12);
    assert_int_equal(policy.sni, SNI_NAME);
    assert_string_equal(policy.sni_name, "Odd_Name.");
    assert_string_equal(policy.verify_name, "example.com");
    assert_string_equal(policy.ca_file, "/a=b");
    assert_string_equal(policy.crl_file, "c");
    assert_string_equal(policy.cert_file, "d");
    assert_string_equal(policy.key_file, "e");
    policy = applied("alpn=h2,alpn=none,sni=x,sni=none");
    assert_true(policy.has_alpn && policy.alpn_len == 0);
    assert_true(policy.sni == SNI_NONE && policy.sni_name[0] == '\0');
    assert_int_equal(applied("sni=x,sni=forward").sni, SNI_FORWARD);
}

static void words_are_read(void **state)
{
    (void)state;
    struct leg_policy policy =
        applied("mirror=off,verify=off,clock=-2h,leaf=replace:sha1,client-auth=ask,timeout=1500ms,"
                "split=3");
    assert_false(policy.mirror || policy.verify);
    assert_int_equal(policy.clock_offset_ms, -7200000);
    assert_int_equal(policy.leaf, LEAF_REPLACE);
    assert_string_equal(policy.leaf_fault, "sha1");
    assert_int_equal(policy.client_auth, CLIENT_AUTH_ASK);
    assert_int_equal(policy.timeout_ms, 1500);
    assert_int_equal(policy.split, 3);
    policy = applied("leaf=replace:sha1,leaf=mirror,client-auth=require,mirror=on,verify=on");
    assert_true(policy.leaf == LEAF_MIRROR && policy.leaf_fault[0] == '\0');
    assert_int_equal(policy.client_auth, CLIENT_AUTH_REQUIRE);
    assert_true(policy.mirror && policy.verify);
    assert_int_equal(applied("leaf=mirror,leaf=clean").leaf, LEAF_CLEAN);
    assert_int_equal(applied("clock=+3d").clock_offset_ms, 3 * 86400000);
}

static void same_words_make_the_same_bytes(void **state)
{
    (void)state;
    struct leg_policy long_first =
        applied("ciphers=AES128-SHA:AES256-SHA,groups=P-256:P-384,alpn=h2:http/1.1,sni=long.name,"
                "ca=long/path,leaf=replace:not-yet-valid,verify-name=long.name");
    struct error error;
    assert_true(leg_policy_apply(&long_first,
                                 "ciphers=AES128-SHA,groups=P-256,alpn=h2,sni=a,ca=b,"
                                 "leaf=replace:sha1,verify-name=c",
                                 &error));
    struct leg_policy short_only = applied(
        "ciphers=AES128-SHA,groups=P-256,alpn=h2,sni=a,ca=b,leaf=replace:sha1,verify-name=c");
    assert_memory_equal(&long_first, &short_only, sizeof(short_only));
}

static void legs_have_their_own_keys(void **state)
{
    (void)state;
    struct leg_policy policy;
    leg_policy_default(&policy, CLIENT);
    struct error error = {0};
    uint32_t said = 0;
    assert_false(leg_policy_set_for(&policy, CLIENT, "sni", "none", &said, &error));
    assert_string_equal(error.text, "sni: only the server leg has this key");
    assert_false(leg_policy_apply_for(&policy, SERVER, "leaf=clean", &said, &error));
    assert_string_equal(error.text, "leaf: only the client leg has this key");
    assert_int_equal(said, 0);
    assert_true(leg_policy_apply_for(&policy, CLIENT, "max=TLS1.2,leaf=mirror", &said, &error));
    assert_int_equal(said, 1u << 1 | 1u << 15);
    assert_string_equal(leg_key_at(15)->name, "leaf");
}

static void copying_keys_copies_what_they_set(void **state)
{
    (void)state;
    struct leg_policy from = applied("max=TLS1.2,alpn=h2,sni=name,leaf=replace:sha1,split=9");
    for (size_t i = 0; leg_key_at(i) != NULL; i++) {
        struct leg_policy to, plain;
        leg_policy_default(&to, SERVER);
        leg_policy_default(&plain, SERVER);
        leg_policy_copy_keys(&to, &from, (uint32_t)1 << i);
        leg_policy_copy_keys(&to, &plain, ~((uint32_t)1 << i)); // the other keys: unchanged
        bool is_said = strstr("max alpn sni leaf split", leg_key_at(i)->name) != NULL;
        assert_int_equal(memcmp(&to, &plain, sizeof(to)) != 0, is_said);
    }
    struct leg_policy all;
    leg_policy_default(&all, SERVER);
    leg_policy_copy_keys(&all, &from, UINT32_MAX);
    assert_memory_equal(&all, &from, sizeof(all));
}

static void keys_are_described(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct leg_key *key; (key = leg_key_at(count)) != NULL; count++) {
        assert_true(key->value[0] != '\0' && key->help[0] != '\0' && key->sides != 0);
        assert_ptr_equal(leg_key_find(key->name), key);
    }
    assert_int_equal(count, 19);
    assert_null(leg_key_find("cipher"));
}

static void defaults_of_a_side(void **state)
{
    (void)state;
    struct leg_policy client, server;
    leg_policy_default(&client, CLIENT);
    leg_policy_default(&server, SERVER);
    assert_true(server.mirror && server.verify);
    assert_false(client.mirror || client.verify);
    assert_true(server.sni == SNI_FORWARD && client.leaf == LEAF_CLEAN);
}

static void a_list_has_its_limit(void **state)
{
    (void)state;
    char text[16 + 8 * (NUMBER_LIST_MAX + 1)] = "ciphers=";
    for (unsigned i = 0; i < NUMBER_LIST_MAX + 1; i++) {
        char one[16];
        (void)snprintf(one, sizeof(one), i == 0 ? "0x%04X" : ":0x%04X", i);
        strcat(text, one);
    }
    struct leg_policy policy;
    leg_policy_default(&policy, SERVER);
    struct error error;
    assert_false(leg_policy_apply(&policy, text, &error));
    assert_string_equal(error.text, "ciphers: too long a list, expected at most 200 names");
    *strrchr(text, ':') = '\0';
    assert_true(leg_policy_apply(&policy, text, &error));
    assert_int_equal(policy.suites.count, NUMBER_LIST_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read),
        cmocka_unit_test(texts_are_read),
        cmocka_unit_test(words_are_read),
        cmocka_unit_test(same_words_make_the_same_bytes),
        cmocka_unit_test(legs_have_their_own_keys),
        cmocka_unit_test(copying_keys_copies_what_they_set),
        cmocka_unit_test(keys_are_described),
        cmocka_unit_test(defaults_of_a_side),
        cmocka_unit_test(a_list_has_its_limit),
    };
    return RUN_ROWS(wrong_rows, wrong_text_is_refused) +
           cmocka_run_group_tests_name("leg policy", tests, NULL, NULL);
}
