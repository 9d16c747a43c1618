// The catalogue is whole, and no advice goes back: neither the catalogue's, in both languages, nor
// what the rules say themselves.
#include <ctype.h>

#include "cause.h"
#include "verdict_rows.h"

// DESIGN's catalogue. A code that is added there is added here.
static const char *const codes[] = {
    "clock.client",
    "clock.bridge",
    "client.misconfigured",
    "trust.client-rejects-bridge-ca",
    "trust.pinned",
    "trust.leaf-refused",
    "trust.bridge-ca-expired",
    "intercept.upstream-interceptor",
    "protocol.no-common-version",
    "protocol.intolerant",
    "cipher.no-common-suite",
    "cipher.certificate-type-mismatch",
    "group.no-common",
    "sigalg.no-common",
    "dh.too-weak",
    "cert.hostname-mismatch",
    "cert.chain-incomplete",
    "cert.chain-misordered",
    "cert.expired",
    "cert.intermediate-expired",
    "cert.not-yet-valid",
    "cert.revoked",
    "cert.self-signed",
    "cert.self-signed-replaced",
    "cert.untrusted-root",
    "cert.weak",
    "cert.wrong-usage",
    "cert.name-constraints",
    "cert.invalid-ca",
    "cert.no-san",
    "sni.required",
    "sni.unrecognized",
    "sni.misdirected",
    "sni.malformed",
    "client-auth.required",
    "client-auth.rejected",
    "alpn.no-overlap",
    "hello.intolerant",
    "protocol.legacy-renegotiation",
    "protocol.ems-required",
    "alert.access-denied",
    "alert.internal-error",
    "transport.dns",
    "transport.refused",
    "transport.reset",
    "transport.closed",
    "transport.timeout",
    "transport.not-tls",
    "ingress.tls-to-proxy-port",
    "ingress.proxy-to-tls-port",
    "ingress.malformed",
};

// Words that no fix may have: what is deprecated has no place in advice, not even as a warning, and
// neither has switching a check off.
static const char *const banned[] = {
    "tls 1.0",
    "tls 1.1",
    "tls1.0",
    "tls1.1",
    "tlsv1.0",
    "tlsv1.1",
    "ssl 3",
    "ssl3",
    "sslv3",
    "sslv2",
    "rc4",
    "3des",
    "des-cbc",
    "null cipher",
    "export cipher",
    "md5",
    "sha-1",
    "sha1",
    "1024",
    "seclevel",
    "security level 0",
    "legacy_server_connect",
    "verify=off",
    "insecure",
    "ignore",
    "skip verification",
    "without verification",
    "turn off",
    "switch off",
    "switch verification",
    "disable",
    "--no-check",
    "click through",
    "lower the minimum",
    "min=tls1.0",
    "min=tls1.1",
    "\xe7\x84\xa1\xe5\x8a\xb9",                         /* turned off */
    "\xe7\x84\xa1\xe8\xa6\x96",                         /* ignore */
    "\xe6\xa4\x9c\xe8\xa8\xbc\xe3\x82\x92\xe7\x9c\x81", /* leave out verification */
};

static void assert_goes_forward(const char *whose, const char *fix)
{
    char lower[4096];
    size_t len = strlen(fix);
    assert_true(len < sizeof(lower));
    for (size_t i = 0; i <= len; i++) {
        lower[i] = (char)tolower((unsigned char)fix[i]);
    }
    for (size_t i = 0; i < COUNT(banned); i++) {
        if (strstr(lower, banned[i]) != NULL) {
            fail_msg("the fix of %s says '%s': %s", whose, banned[i], fix);
        }
    }
}

static void catalogue_is_whole(void **state)
{
    (void)state;
    size_t count = 0;
    for (; cause_at(count) != NULL; count++) {
        const struct cause *cause = cause_at(count);
        assert_ptr_equal(cause_find(cause->code), cause); // so codes are unique
        assert_int_equal(cause->is_certificate, strncmp(cause->code, "cert.", 5) == 0);
        for (enum language language = LANGUAGE_EN; language < LANGUAGES; language++) {
            const struct cause_text *text = &cause->text[language];
            const char *const parts[] = {text->title, text->means, text->shows, text->who,
                                         text->fix};
            for (size_t i = 0; i < COUNT(parts); i++) {
                assert_non_null(parts[i]);
                assert_true(parts[i][0] != '\0');
            }
        }
    }
    assert_int_equal(count, COUNT(codes));
    for (size_t i = 0; i < COUNT(codes); i++) {
        assert_non_null(cause_find(codes[i]));
    }
    assert_null(cause_find("no.such-code"));
    assert_null(cause_find(""));
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < 0x20 || *text >= 0x7f) {
            return false;
        }
    }
    return true;
}

static void languages_are_not_mixed_up(void **state)
{
    (void)state;
    for (size_t i = 0; cause_at(i) != NULL; i++) {
        const struct cause *cause = cause_at(i);
        assert_true(is_ascii(cause->text[LANGUAGE_EN].fix));
        assert_true(is_ascii(cause->text[LANGUAGE_EN].title));
        assert_false(is_ascii(cause->text[LANGUAGE_JA].fix));
        assert_false(is_ascii(cause->text[LANGUAGE_JA].means));
    }
}

static void verification_names_causes(void **state)
{
    (void)state;
    static const char *const faults[] = {
#define XX(name, code, words) code,
        CERT_FAULT_MAP(XX)
#undef XX
    };
    for (size_t i = 1; i < COUNT(faults); i++) {
        assert_non_null(cause_find(faults[i]));
    }
}

static void catalogue_goes_forward(void **state)
{
    (void)state;
    for (size_t i = 0; cause_at(i) != NULL; i++) {
        assert_goes_forward(cause_at(i)->code, cause_at(i)->text[LANGUAGE_EN].fix);
        assert_goes_forward(cause_at(i)->code, cause_at(i)->text[LANGUAGE_JA].fix);
    }
}

static void rules_go_forward(void **state)
{
    static struct kit kit;
    static struct verdict found[2 * VERDICTS_MAX];
    (void)state;
    for (size_t row = 0; row < COUNT(verdict_rows); row++) {
        kit_begin(&kit, verdict_rows[row].words);
        size_t count = verdict_find(&kit.evidence, &kit.arena, found, VERDICTS_MAX);
        count += verdict_masked(&kit.evidence, &kit.arena, &found[count], VERDICTS_MAX);
        for (size_t i = 0; i < count; i++) {
            assert_goes_forward(verdict_rows[row].name, found[i].fix);
        }
        kit_clear(&kit);
    }
}

// A cause that no case reaches is a promise; those here need a proof or a later observer.
static void every_cause_is_reached(void **state)
{
    static const char *const later[] = {"protocol.intolerant"};
    (void)state;
    for (size_t i = 0; cause_at(i) != NULL; i++) {
        bool is_reached = false;
        for (size_t row = 0; row < COUNT(verdict_rows); row++) {
            const char *code = verdict_rows[row].code;
            is_reached = is_reached || (code != NULL && strcmp(code, cause_at(i)->code) == 0);
        }
        for (size_t at = 0; at < COUNT(later); at++) {
            is_reached = is_reached || strcmp(later[at], cause_at(i)->code) == 0;
        }
        if (!is_reached) {
            fail_msg("no case reaches %s", cause_at(i)->code);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(catalogue_is_whole),        cmocka_unit_test(languages_are_not_mixed_up),
        cmocka_unit_test(verification_names_causes), cmocka_unit_test(catalogue_goes_forward),
        cmocka_unit_test(rules_go_forward),          cmocka_unit_test(every_cause_is_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
