#include "rows.h"

#include <stdio.h>
#include <string.h>

#include "code_points.h"
#include "settings.h"

static const struct wrong_row {
    const char *name, *option, *value, *want;
} wrong_rows[] = {
    {"unknown option, two letters swapped", "lgo", "x",
     "unknown option '--lgo', expected one of listen, allow-remote, transparent, proxy-protocol, "
     "web, workers, edge, client-leg, server-leg, order, on-failure, log, record, keylog, ca-dir, "
     "no-probe, experiment, "
     "pass, resolve, via, connect-timeout, handshake-timeout, idle-timeout, quiet, lang, did you "
     "mean 'log'?"},
    {"option without its value", "order", NULL,
     "--order: no value, expected server-first|client-first"},
    {"listen without port", "listen", "127.0.0.1",
     "--listen: no port in '127.0.0.1', expected HOST:PORT"},
    {"listen on a port that is none", "listen", "127.0.0.1:http",
     "--listen: bad port in '127.0.0.1:http', expected a number up to 65535"},
    {"a page that is not there yet", "web", "127.0.0.1:8081",
     "--web: bad value '127.0.0.1:8081', expected off (this version has no page yet)"},
    {"too many workers", "workers", "65",
     "--workers: bad value '65', expected a number from 0 (one for each core) to 64"},
    {"workers that are no number", "workers", "many",
     "--workers: bad value 'many', expected a number from 0 (one for each core) to 64"},
    {"unknown order", "order", "first",
     "--order: bad value 'first', expected server-first or client-first"},
    {"a language that midspan does not speak", "lang", "fr",
     "--lang: bad value 'fr', expected en or ja"},
    {"unknown manner", "on-failure", "cry",
     "--on-failure: bad value 'cry', expected page, alert or reset"},
    {"a recording to standard output", "record", "-",
     "--record: bad value '-', expected a file name, a database is no stream"},
    {"empty log", "log", "", "--log: bad value '', expected a file name of at most 1023 bytes"},
    {"pattern with a star inside", "pass", "a.*.b",
     "--pass: bad value 'a.*.b', expected a host name, *.DOMAIN or *"},
    {"upstream proxy of another kind", "via", "https://a:1",
     "--via: bad value 'https://a:1', expected http://HOST:PORT"},
    {"upstream proxy with a path", "via", "http://a:1/b",
     "--via: bad port in 'a:1/b', expected a number up to 65535"},
    {"switch with a value that is neither", "quiet", "2",
     "--quiet: bad value '2', expected on or off"},
    {"timeout of nothing", "idle-timeout", "0",
     "--idle-timeout: bad value '0', expected a time such as 500ms, 10s or 2m, at most 7d"},
    {"bad leg key", "client-leg", "mni=TLS1.2",
     "--client-leg: unknown key 'mni', expected one of min, max, ciphers, groups, sigalgs, alpn, "
     "sni, mirror, verify, verify-name, ca, crl, clock, cert, key, leaf, client-auth, timeout, "
     "split, did you mean 'min'?"},
    {"key of the other leg", "client-leg", "sni=none",
     "--client-leg: sni: only the server leg has this key"},
    {"bad leg value", "server-leg", "max=TLS2",
     "--server-leg: max: bad value 'TLS2', expected TLS1.0, TLS1.1, TLS1.2 or TLS1.3"},
};

static void wrong_option_is_refused(void **state)
{
    const struct wrong_row *row = *state;
    static struct settings settings, before;
    settings_default(&settings);
    settings_default(&before);
    struct error error = {0};
    assert_false(settings_set(&settings, row->option, row->value, &error));
    assert_string_equal(error.text, row->want);
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_memory_equal(&settings, &before, sizeof(settings));
}

static void set(struct settings *settings, const char *name, const char *value)
{
    struct error error = {0};
    if (!settings_set(settings, name, value, &error)) {
        fail_msg("%s", error.text);
    }
}

static void defaults_are_as_documented(void **state)
{
    (void)state;
    static struct settings settings;
    settings_default(&settings);
    char text[ENDPOINT_TEXT_MAX];
    assert_int_equal(settings.listen_count, 1);
    assert_string_equal(endpoint_text(&settings.listen[0], text), "127.0.0.1:8080");
    assert_true(settings.probe && settings.legs[SERVER].mirror && settings.legs[SERVER].verify);
    assert_int_equal(settings.order, ORDER_SERVER_FIRST);
    assert_int_equal(settings.on_failure, ON_FAILURE_PAGE);
    assert_int_equal(settings.connect_timeout_ms, 10000);
    assert_int_equal(settings.handshake_timeout_ms, 10000);
    assert_int_equal(settings.idle_timeout_ms, 600000);
    assert_true(settings_check(&settings, NULL));
}

static void every_option_sets_its_field(void **state)
{
    (void)state;
    static struct settings s;
    settings_default(&s);
    set(&s, "allow-remote", NULL);
    set(&s, "transparent", NULL);
    set(&s, "proxy-protocol", NULL);
    set(&s, "web", "off");
    set(&s, "workers", "3");
    set(&s, "client-leg", "max=TLS1.2");
    set(&s, "server-leg", "min=TLS1.1,sni=none");
    set(&s, "server-leg", "min=TLS1.0");
    set(&s, "order", "client-first");
    set(&s, "on-failure", "reset");
    set(&s, "log", "-");
    set(&s, "record", "all.db");
    set(&s, "keylog", "keys");
    set(&s, "ca-dir", "dir");
    set(&s, "no-probe", NULL);
    set(&s, "via", "http://[::1]:3128/");
    set(&s, "connect-timeout", "2s");
    set(&s, "handshake-timeout", "500ms");
    set(&s, "idle-timeout", "1h");
    set(&s, "quiet", "yes");
    assert_false(s.has_language);
    set(&s, "lang", "ja");
    assert_true(s.has_language && s.language == LANGUAGE_JA);
    assert_true(s.allow_remote && s.is_transparent && s.takes_proxy_protocol);
    assert_true(s.quiet && !s.probe && s.workers == 3);
    assert_int_equal(s.legs[CLIENT].version_max, VERSION_TLS12);
    assert_int_equal(s.legs[SERVER].version_min, VERSION_TLS10);
    assert_int_equal(s.legs[SERVER].sni, SNI_NONE);
    assert_true(s.order == ORDER_CLIENT_FIRST && s.on_failure == ON_FAILURE_RESET);
    assert_string_equal(s.log_file, "-");
    assert_string_equal(s.record_file, "all.db");
    assert_string_equal(s.keylog_file, "keys");
    assert_string_equal(s.ca_dir, "dir");
    assert_true(s.has_via && s.via.port == 3128);
    assert_string_equal(s.via.host, "::1");
    assert_int_equal(s.connect_timeout_ms, 2000);
    assert_int_equal(s.handshake_timeout_ms, 500);
    assert_int_equal(s.idle_timeout_ms, 3600000);
    set(&s, "no-probe", "off");
    assert_true(s.probe);
    assert_false(s.experiment);
    set(&s, "experiment", NULL);
    assert_true(s.experiment);
}

static void repeated_options_append(void **state)
{
    (void)state;
    static struct settings settings;
    settings_default(&settings);
    struct error error;
    for (unsigned i = 0; i < SETTINGS_LISTEN_MAX; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "127.0.0.%u:0", i + 1);
        set(&settings, "listen", text);
    }
    assert_int_equal(settings.listen_count, SETTINGS_LISTEN_MAX);
    assert_string_equal(settings.listen[0].host, "127.0.0.1");
    assert_int_equal(settings.listen[0].port, 0);
    assert_false(settings_set(&settings, "listen", "127.0.0.1:0", &error));
    assert_string_equal(error.text, "--listen: too many, expected at most 8 addresses");
    for (unsigned i = 0; i < SETTINGS_PASS_MAX; i++) {
        set(&settings, "pass", i == 0 ? "*.Pinned.example" : i == 1 ? "*" : "one.example");
    }
    assert_string_equal(settings.pass[0], "*.pinned.example");
    assert_false(settings_set(&settings, "pass", "two.example", &error));
    assert_string_equal(error.text, "--pass: too many, expected at most 64 patterns");
}

static const struct check_row {
    const char *name;
    const char *options[6]; // name, value, name, value …
    bool is_bridge;
    const char *want; // NULL: fine
} check_rows[] = {
    {"loopback in all its spellings", {"listen", "127.9.9.9:1", "listen", "[::1]:1"}, false, NULL},
    {"listening on all addresses",
     {"listen", "0.0.0.0:1"},
     false,
     "listen: '0.0.0.0:1' can be reached from other machines, expected a loopback address or "
     "--allow-remote"},
    {"the second of two is remote",
     {"listen", "localhost:1", "listen", "[::]:1"},
     false,
     "listen: '[::]:1' can be reached from other machines, expected a loopback address or "
     "--allow-remote"},
    {"remote, said aloud", {"listen", "0.0.0.0:1", "allow-remote", NULL}, false, NULL},
    {"bridge", {"workers", "1"}, true, NULL},
    {"bridge and transparent",
     {"transparent", NULL},
     true,
     "transparent: bridge has a fixed target, expected one of the two"},
    {"certificate without key",
     {"client-leg", "cert=a"},
     false,
     "client-leg: cert without key, expected both"},
    {"key without certificate",
     {"server-leg", "key=a"},
     false,
     "server-leg: key without cert, expected both"},
    {"certificate and key", {"server-leg", "key=a,cert=b"}, false, NULL},
    {"min above max",
     {"client-leg", "min=TLS1.3,max=TLS1.2"},
     false,
     "client-leg: min is above max, expected it at or below"},
    {"three files", {"log", "a", "record", "b", "keylog", "c"}, false, NULL},
    {"log and recording in one file",
     {"log", "a", "record", "a"},
     false,
     "record: 'a' is the file of log, expected one of its own"},
    {"keys in the recording",
     {"record", "a", "keylog", "a"},
     false,
     "record: 'a' is the file of keylog, expected one of its own"},
    {"keys in the log",
     {"log", "a", "keylog", "a"},
     false,
     "keylog: 'a' is the file of log, expected one of its own"},
    {"min alone", {"client-leg", "min=TLS1.3"}, false, NULL},
};

static void the_whole_is_checked(void **state)
{
    const struct check_row *row = *state;
    static struct settings settings;
    settings_default(&settings);
    settings.has_target = row->is_bridge;
    for (size_t i = 0; i < COUNT(row->options) && row->options[i] != NULL; i += 2) {
        set(&settings, row->options[i], row->options[i + 1]);
    }
    struct error error = {.text = "nothing"};
    assert_int_equal(settings_check(&settings, &error), row->want == NULL);
    assert_string_equal(error.text, row->want != NULL ? row->want : "nothing");
}

static void options_are_described(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct option_key *key; (key = option_key_at(count)) != NULL; count++) {
        assert_true(key->help[0] != '\0' && strlen(key->help) < 60);
        assert_ptr_equal(option_key_find(key->name), key);
    }
    assert_int_equal(count, 25);
    assert_true(option_key_find("pass")->repeats && !option_key_find("log")->repeats);
    assert_string_equal(order_name(ORDER_CLIENT_FIRST), "client-first");
    assert_string_equal(order_name(ORDER_SERVER_FIRST), "server-first");
    assert_string_equal(on_failure_name(ON_FAILURE_ALERT), "alert");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_as_documented),
        cmocka_unit_test(every_option_sets_its_field),
        cmocka_unit_test(repeated_options_append),
        cmocka_unit_test(options_are_described),
    };
    return RUN_ROWS(wrong_rows, wrong_option_is_refused) +
           RUN_ROWS(check_rows, the_whole_is_checked) +
           cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
