#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "code_points.h"
#include "settings.h"

#define LEG_KEYS                                                                                   \
    "min, max, ciphers, groups, sigalgs, alpn, sni, mirror, verify, verify-name, ca, crl, clock, " \
    "cert, key, leaf, client-auth, timeout, split"
#define OPTIONS                                                                                \
    "listen, allow-remote, transparent, proxy-protocol, web, workers, edge, client-leg, "      \
    "server-leg, order, on-failure, log, record, keylog, ca-dir, no-probe, experiment, pass, " \
    "resolve, "                                                                                \
    "via, "                                                                                    \
    "connect-timeout, handshake-timeout, idle-timeout, quiet, lang"
#define NESTED "{a: {a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}}}"

static const struct wrong_row {
    const char *name, *text, *want;
} wrong_rows[] = {
    {"no mapping", "just a text", "f:1: a text, expected a mapping such as listen: 127.0.0.1:8080"},
    {"a list at the top", "\n- listen\n",
     "f:2: a list, expected a mapping such as listen: 127.0.0.1:8080"},
    {"unknown option", "quiet: on\nlogs: x\n",
     "f:2: unknown option 'logs', expected one of " OPTIONS ", did you mean 'log'?"},
    {"unknown option that holds a mapping", "x:\n  y: z\n",
     "f:2: unknown option 'x', expected one of " OPTIONS},
    {"option said twice", "quiet: on\nlog: x\nquiet: off\n",
     "f:3: quiet: said twice, expected it once"},
    {"value on the line below", "order:\n  sideways\n",
     "f:2: order: bad value 'sideways', expected server-first or client-first"},
    {"value left out", "log:\n",
     "f:1: log: bad value '', expected a file name of at most 1023 bytes"},
    {"list where one value goes", "order: [client-first]\n",
     "f:1: order: a list, expected server-first|client-first"},
    {"mapping where one value goes", "workers: {n: 1}\n", "f:1: workers: a mapping, expected N"},
    {"list for a switch", "quiet: [on]\n", "f:1: quiet: a list, expected on or off"},
    {"number for a switch", "quiet: 1\n", "f:1: quiet: bad value '1', expected on or off"},
    {"third of a list is wrong", "listen:\n  - 127.0.0.1:1\n  - '[::1]:2'\n  - here\n",
     "f:4: listen: no port in 'here', expected HOST:PORT"},
    {"list in a list", "pass: [[a]]\n", "f:1: pass: a list, expected a text"},
    {"mapping in a list", "pass:\n- a: b\n", "f:2: pass: a mapping, expected a text"},
    {"leg that is a list", "client-leg: [min]\n",
     "f:1: client-leg: a list, expected a mapping such as {min: TLS1.2}"},
    {"leg that is empty", "\nclient-leg:\n",
     "f:2: client-leg: a text, expected a mapping such as {min: TLS1.2}"},
    {"unknown leg key", "server-leg:\n  max: TLS1.2\n  cipher: x\n",
     "f:3: server-leg: unknown key 'cipher', expected one of " LEG_KEYS
     ", did you mean 'ciphers'?"},
    {"bad leg value", "server-leg:\n  max: TLS9\n",
     "f:2: server-leg: max: bad value 'TLS9', expected TLS1.0, TLS1.1, TLS1.2 or TLS1.3"},
    {"bad name in a list of suites",
     "server-leg:\n  ciphers:\n    - AES128-SHA\n    - AES128-SHB\n",
     "f:3: server-leg: ciphers: unknown cipher suite 'AES128-SHB', expected IANA or OpenSSL names "
     "or numbers like 0xC02F, did you mean 'AES128-SHA'?"},
    {"empty list of suites", "server-leg: {ciphers: []}\n",
     "f:1: server-leg: ciphers: empty name in '', expected names joined by ':'"},
    {"list in a list of suites", "server-leg:\n  ciphers: [a,\n    [b]]\n",
     "f:3: server-leg: ciphers: a list, expected a name"},
    {"list for a leg key of one value", "server-leg: {min: [TLS1.2]}\n",
     "f:1: server-leg: min: a list, expected one value"},
    {"mapping for a leg key", "server-leg: {ciphers: {a: b}}\n",
     "f:1: server-leg: ciphers: a mapping, expected one value"},
    {"key of the other leg", "client-leg:\n  mirror: on\n",
     "f:2: client-leg: mirror: only the server leg has this key"},
    {"bad leg text", "client-leg: min=TLS1.2,max\n",
     "f:1: client-leg: no '=' in 'max', expected KEY=VALUE[,KEY=VALUE...]"},
    {"key that is a list", "[a]: b\n", "f:1: key that is no text, expected KEY: VALUE"},
    {"alias", "log: &a x\nkeylog: *a\n",
     "f:1: anchors and aliases are not taken, expected a value"},
    {"alias of nothing", "log: *a\n", "f:1: anchors and aliases are not taken, expected a value"},
    {"tag", "quiet: !!bool on\n", "f:1: tags are not taken, expected a value"},
    {"two documents", "quiet: on\n---\nquiet: off\n", "f:2: second document, expected one"},
    {"NUL in a text", "log: \"a\\0b\"\n", "f:1: NUL character in a text, expected none"},
    {"not YAML: a bracket left open", "listen: [a\norder: b\n",
     "f:2: did not find expected ',' or ']' while parsing a flow sequence, expected YAML"},
    {"not YAML: a tab", "client-leg:\n\tmin: TLS1.2\n",
     "f:2: found character that cannot start any token while scanning for the next token, "
     "expected YAML"},
    {"not YAML: deeper than its parent", "log: a\n  keylog: b\n",
     "f:2: mapping values are not allowed in this context, expected YAML"},
    {"not UTF-8", "log: \xff\n", "f:1: invalid leading UTF-8 octet, expected UTF-8 text"},
    {"nested too deep", "x: " NESTED "\n", "f:1: nested too deep, expected at most 8 levels"},
    {"escape codes are not passed on", "\"\\e[31m\": x\n",
     "f:1: unknown option '\\x1b[31m', expected one of " OPTIONS},
};

static void wrong_file_is_refused(void **state)
{
    const struct wrong_row *row = *state;
    static struct settings settings, before;
    settings_default(&settings);
    settings_default(&before);
    struct error error = {0};
    assert_false(settings_parse(&settings, slice_of_text(row->text), "f", &error));
    assert_string_equal(error.text, row->want);
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_memory_equal(&settings, &before, sizeof(settings));
    assert_false(settings_parse(&settings, slice_of_text(row->text), "f", NULL));
}

// The same settings said by flags and by file.
static const struct same_row {
    const char *name, *text;
    const char *flags[12];
} same_rows[] = {
    {"empty file", "", {NULL}},
    {"comment only", "# nothing\n", {NULL}},
    {"empty mapping", "{}\n", {NULL}},
    {"one listener", "listen: 127.0.0.1:1\n", {"listen", "127.0.0.1:1"}},
    {"two listeners",
     "listen: ['127.0.0.1:1', '[::1]:2']\n",
     {"listen", "127.0.0.1:1", "listen", "[::1]:2"}},
    {"switches of all spellings",
     "quiet: on\nallow-remote: true\ntransparent: off\nproxy-protocol: false\n"
     "no-probe: 'yes'\n",
     {"quiet", NULL, "allow-remote", NULL, "no-probe", NULL}},
    {"legs as mappings, lists both ways",
     "client-leg: {max: TLS1.2, alpn: [h2, http/1.1]}\nserver-leg:\n  ciphers:\n    - AES128-SHA\n"
     "    - 0xC02F\n  groups: P-256:X25519\n  verify: false\n  sni: none\n",
     {"client-leg", "max=TLS1.2,alpn=h2:http/1.1", "server-leg",
      "ciphers=AES128-SHA:0xC02F,groups=P-256:X25519,verify=off,sni=none"}},
    {"a leg as the flag writes it",
     "server-leg: min=TLS1.1,split=2\n",
     {"server-leg", "min=TLS1.1,split=2"}},
    {"numbers, times and names",
     "workers: 2\nidle-timeout: 90\norder: client-first\non-failure: alert\nvia: http://a:1\n"
     "pass: '*.b'\nlog: c\n",
     {"workers", "2", "idle-timeout", "90s", "order", "client-first", "on-failure", "alert", "via",
      "http://a:1", "pass", "*.b"}},
};

static void file_and_flags_agree(void **state)
{
    const struct same_row *row = *state;
    static struct settings by_file, by_flags;
    settings_default(&by_file);
    settings_default(&by_flags);
    struct error error = {0};
    if (!settings_parse(&by_file, slice_of_text(row->text), "f", &error)) {
        fail_msg("%s", error.text);
    }
    for (size_t i = 0; i < COUNT(row->flags) && row->flags[i] != NULL; i += 2) {
        assert_true(settings_set(&by_flags, row->flags[i], row->flags[i + 1], &error));
    }
    if (strstr(row->text, "log: c") != NULL) { // one more than a row has room for
        assert_true(settings_set(&by_flags, "log", "c", &error));
    }
    by_flags.has_listen = false; // the one thing that differs on purpose: see the next test
    assert_memory_equal(&by_file, &by_flags, sizeof(by_file));
}

static void flags_win_over_the_file(void **state)
{
    (void)state;
    static struct settings settings;
    settings_default(&settings);
    struct error error;
    const char *text = "listen: [127.0.0.1:1, 127.0.0.1:2]\norder: client-first\npass: a\n"
                       "client-leg: {min: TLS1.2, max: TLS1.3}\n";
    assert_true(settings_parse(&settings, slice_of_text(text), "f", &error));
    assert_int_equal(settings.listen_count, 2);
    assert_true(settings_set(&settings, "listen", "127.0.0.1:3", &error));
    assert_true(settings_set(&settings, "order", "server-first", &error));
    assert_true(settings_set(&settings, "pass", "b", &error));
    assert_true(settings_set(&settings, "client-leg", "max=TLS1.2", &error));
    assert_int_equal(settings.listen_count, 1);
    assert_int_equal(settings.listen[0].port, 3);
    assert_int_equal(settings.order, ORDER_SERVER_FIRST);
    assert_int_equal(settings.pass_count, 2);
    assert_int_equal(settings.legs[CLIENT].version_min, VERSION_TLS12);
    assert_int_equal(settings.legs[CLIENT].version_max, VERSION_TLS12);
}

struct folder {
    char path[64], file[96];
};

static int make_folder(void **state)
{
    static struct folder folder;
    (void)snprintf(folder.path, sizeof(folder.path), "/tmp/midspan-config-XXXXXX");
    *state = mkdtemp(folder.path) != NULL ? &folder : NULL;
    (void)snprintf(folder.file, sizeof(folder.file), "%s/m.yaml", folder.path);
    return *state != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    const struct folder *folder = *state;
    (void)unlink(folder->file); // may not be there
    return rmdir(folder->path);
}

static void write_file(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void files_are_read(void **state)
{
    const struct folder *folder = *state;
    static struct settings settings;
    settings_default(&settings);
    struct error error;
    assert_false(settings_load(&settings, folder->file, &error));
    assert_int_equal(error.kind, ERROR_FILE);
    char want[256];
    (void)snprintf(want, sizeof(want), "cannot open '%s': No such file or directory", folder->file);
    assert_string_equal(error.text, want);

    write_file(folder->file, "workers: 7\n", 11);
    assert_true(settings_load(&settings, folder->file, &error));
    assert_int_equal(settings.workers, 7);

    write_file(folder->file, "\n\nworkers: x\n", 13);
    assert_false(settings_load(&settings, folder->file, &error));
    (void)snprintf(
        want, sizeof(want),
        "%s:3: workers: bad value 'x', expected a number from 0 (one for each core) to 64",
        folder->file);
    assert_string_equal(error.text, want);

    assert_false(settings_load(&settings, folder->path, &error));
    (void)snprintf(want, sizeof(want), "cannot read '%s': Is a directory", folder->path);
    assert_string_equal(error.text, want);
}

static void files_have_a_limit(void **state)
{
    const struct folder *folder = *state;
    static struct settings settings;
    settings_default(&settings);
    struct error error;
    size_t limit = (size_t)1 << 20;
    char *text = malloc(limit + 1);
    assert_non_null(text);
    memset(text, '#', limit + 1);
    write_file(folder->file, text, limit);
    bool is_whole = settings_load(&settings, folder->file, &error);
    write_file(folder->file, text, limit + 1);
    bool is_longer = settings_load(&settings, folder->file, &error);
    free(text);
    assert_true(is_whole);
    assert_false(is_longer);
    char want[256];
    (void)snprintf(want, sizeof(want), "%s: file too long, expected at most 1 MiB", folder->file);
    assert_string_equal(error.text, want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_win_over_the_file),
        cmocka_unit_test_setup_teardown(files_are_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(files_have_a_limit, make_folder, remove_folder),
    };
    return RUN_ROWS(wrong_rows, wrong_file_is_refused) + RUN_ROWS(same_rows, file_and_flags_agree) +
           cmocka_run_group_tests_name("config file", tests, NULL, NULL);
}
