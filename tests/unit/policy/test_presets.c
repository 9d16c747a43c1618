#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "code_points.h"
#include "fingerprint.h"
#include "handshake.h"
#include "presets.h"
#include "tls_record.h"

#define HEAD "title: T\nkind: k\norder: client-first\non-failure: page\n"
#define TAIL "sources: [s]\n"
#define GOOD HEAD TAIL

static const struct wrong_row {
    const char *name, *text, *want;
} wrong_rows[] = {
    {"empty file", "", "f.yaml:1: nothing, expected a mapping"},
    {"a list", "- a\n", "f.yaml:1: the file: a list, expected a mapping"},
    {"no title", "kind: k\norder: client-first\non-failure: page\n" TAIL,
     "f.yaml:1: no title, expected it in the file"},
    {"no sources", HEAD, "f.yaml:1: no sources, expected it in the file"},
    {"empty sources", HEAD "sources: []\n",
     "f.yaml:5: sources: a list, expected one that is not empty"},
    {"sources that are a text", HEAD "sources: s\n",
     "f.yaml:5: sources: bad value 's', expected a list"},
    {"a mapping among sources", HEAD "sources:\n  - a\n  - b: c\n",
     "f.yaml:7: sources: a mapping, expected a text"},
    {"empty title", "title: ''\nkind: k\norder: client-first\non-failure: page\n" TAIL,
     "f.yaml:1: title: bad value '', expected a text"},
    {"unknown key", GOOD "stats: 5\n",
     "f.yaml:6: unknown key 'stats', expected one of title, kind, client-leg, server-leg, order, "
     "on-failure, status, certificate-status, dialect, device-alpn, habits, unverified, sources, "
     "did you mean 'status'?"},
    {"order of another world", "title: T\nkind: k\norder: first\non-failure: page\n" TAIL,
     "f.yaml:3: order: bad value 'first', expected server-first, client-first"},
    {"status that is no number", GOOD "status: bad\n",
     "f.yaml:6: status: bad value 'bad', expected a number"},
    {"status that is a list", GOOD "status: [1]\n", "f.yaml:6: status: a list, expected a number"},
    {"leg that is a text", GOOD "client-leg: min=TLS1.2\n",
     "f.yaml:6: client-leg: a text, expected a mapping"},
    {"unknown suite in a leg", GOOD "server-leg:\n  max: TLS1.2\n  ciphers: [AES128-SHB]\n",
     "f.yaml:8: server-leg: ciphers: unknown cipher suite 'AES128-SHB', expected IANA or OpenSSL "
     "names or numbers like 0xC02F, did you mean 'AES128-SHA'?"},
    {"key of the other leg", GOOD "client-leg: {sni: none}\n",
     "f.yaml:6: client-leg: sni: only the server leg has this key"},
    {"half of the device's ALPN", GOOD "device-alpn:\n  client: [h2]\n",
     "f.yaml:7: no server, expected it in device-alpn"},
    {"status of an answer that did not fail", GOOD "certificate-status: 200\n",
     "f.yaml:6: certificate-status: 200, expected an HTTP status from 400 to 599"},
    {"status beyond HTTP", GOOD "status: 700\n",
     "f.yaml:6: status: 700, expected an HTTP status from 400 to 599"},
    {"status below nothing", GOOD "status: -5\n",
     "f.yaml:6: status: bad value '-5', expected a number"},
    {"a key said twice", "title: a\n" GOOD, "f.yaml:2: title: said twice, expected it once"},
    {"a leg key said twice", GOOD "server-leg:\n  min: TLS1.2\n  min: TLS1.3\n",
     "f.yaml:8: min: said twice, expected it once"},
    {"a version that does not exist", GOOD "client-leg: {max: TLS1.4}\n",
     "f.yaml:6: client-leg: max: bad value 'TLS1.4', expected TLS1.0, TLS1.1, TLS1.2 or TLS1.3"},
    {"a range upside down", GOOD "server-leg: {min: TLS1.3, max: TLS1.2}\n",
     "f.yaml:6: server-leg: min is above max, expected it at or below"},
    {"a group misspelt", GOOD "server-leg:\n  groups: [x25519, secp265r1]\n",
     "f.yaml:7: server-leg: groups: unknown group 'secp265r1', expected IANA or OpenSSL names or "
     "numbers like 0xC02F, did you mean 'secp256r1'?"},
    {"a leg key without a value", GOOD "server-leg:\n  sni:\n",
     "f.yaml:7: server-leg: sni: bad value '', expected forward, none or a host name"},
    {"a manner nobody has", "title: T\nkind: k\norder: client-first\non-failure: explode\n" TAIL,
     "f.yaml:4: on-failure: bad value 'explode', expected page, alert, reset"},
    {"no order", "title: T\nkind: k\non-failure: page\n" TAIL,
     "f.yaml:1: no order, expected it in the file"},
    {"a list among habits", GOOD "habits: [[a]]\n", "f.yaml:6: habits: a list, expected a text"},
    {"a dialect without a name", GOOD "dialect:\n",
     "f.yaml:6: dialect: bad value '', expected a text"},
    {"a bracket left open", "title: [a\n",
     "f.yaml:2: did not find expected ',' or ']' while parsing a flow sequence, expected YAML"},
    {"two documents", GOOD "---\n" GOOD, "f.yaml:6: second document, expected one"},
    {"a control character", "title: T\nkind: \x01\n",
     "f.yaml:2: control characters are not allowed, expected UTF-8 text"},
    {"not UTF-8", "title: T\nkind: k\norder: \xff\n",
     "f.yaml:3: invalid leading UTF-8 octet, expected UTF-8 text"},
    {"alias", GOOD "habits: &a [b]\n",
     "f.yaml:6: anchors and aliases are not taken, expected a value"},
};

static void wrong_preset_is_refused(void **state)
{
    const struct wrong_row *row = *state;
    struct error error = {0};
    assert_null(preset_edge_parse(slice_of_text(row->text), "f.yaml", &error));
    assert_string_equal(error.text, row->want);
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_null(preset_edge_parse(slice_of_text(row->text), "f.yaml", NULL));
}

static void unknown_dialect_is_refused(void **state)
{
    (void)state;
    struct error error = {0};
    assert_null(preset_edge_parse(slice_of_text(GOOD "dialect: ngnix\n"), "f.yaml", &error));
    assert_non_null(strstr(error.text, "f.yaml:6: dialect: unknown preset 'ngnix', expected one of "
                                       "apache, apigee-edge, "));
    assert_non_null(strstr(error.text, ", did you mean 'nginx'?"));
}

static void a_preset_file_is_read(void **state)
{
    (void)state;
    static const char text[] =
        "title: My edge\nkind: lab\nclient-leg: {max: TLS1.2, alpn: [h2, http/1.1]}\n"
        "server-leg: {mirror: off, sni: none}\norder: server-first\non-failure: alert\nstatus: "
        "502\n"
        "certificate-status: 526\ndialect: nginx\ndevice-alpn: {client: [h2], server: []}\n"
        "habits: [one, two]\nunverified: [three]\nsources: [here]\n";
    char path[] = "/tmp/midspan-preset-XXXXXX.yaml";
    int file = mkstemps(path, 5);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, sizeof(text) - 1), sizeof(text) - 1);
    assert_int_equal(close(file), 0);
    struct error error = {0};
    struct preset_edge *preset = preset_edge_open(path, &error);
    static struct settings settings;
    settings_default(&settings);
    assert_true(settings_set(&settings, "edge", path, &error));
    assert_string_equal(settings.edge, preset->name);
    assert_int_equal(settings.status, 502);
    assert_int_equal(unlink(path), 0);
    assert_false(settings_set(&settings, "edge", path, &error));
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_non_null(preset);
    assert_memory_equal(preset->name, "midspan-preset-", 15);
    assert_null(strstr(preset->name, ".yaml"));
    assert_string_equal(preset->title, "My edge");
    assert_string_equal(preset->kind, "lab");
    assert_string_equal(preset->leg_text[CLIENT], "max=TLS1.2,alpn=h2:http/1.1");
    assert_string_equal(preset->leg_text[SERVER], "mirror=off,sni=none");
    assert_int_equal(preset->legs[CLIENT].version_max, VERSION_TLS12);
    assert_true(!preset->legs[SERVER].mirror && preset->legs[SERVER].verify);
    assert_true(preset->order == ORDER_SERVER_FIRST && preset->on_failure == ON_FAILURE_ALERT);
    assert_true(preset->status == 502 && preset->certificate_status == 526);
    assert_int_equal(preset->device_alpn[CLIENT].count, 1);
    assert_int_equal(preset->device_alpn[SERVER].count, 0);
    assert_int_equal(preset->habits.count, 2);
    assert_string_equal(preset->habits.items[1], "two");
    assert_string_equal(preset->unverified.items[0], "three");
    assert_string_equal(preset->sources.items[0], "here");
    preset_edge_free(preset);
    assert_null(preset_edge_load(path, &error));
    assert_int_equal(error.kind, ERROR_FILE);
}

static void built_in_edges_are_whole(void **state)
{
    (void)state;
    size_t count = 0;
    const char *before = "";
    for (const char *name; (name = preset_edge_name(count)) != NULL; count++) {
        assert_true(strcmp(before, name) < 0);
        before = name;
        struct error error = {0};
        struct preset_edge *preset = preset_edge_at(count, &error);
        if (preset == NULL) {
            fail_msg("%s", error.text);
            return;
        }
        assert_string_equal(preset->name, name);
        assert_true(preset->sources.count > 0);
        struct leg_policy leg;
        for (enum side side = CLIENT; side < SIDES; side++) {
            leg_policy_default(&leg, side);
            bool is_silent = preset->leg_text[side][0] == '\0';
            assert_true(is_silent || leg_policy_apply(&leg, preset->leg_text[side], &error));
            assert_memory_equal(&leg, &preset->legs[side], sizeof(leg));
        }
        preset_edge_free(preset);
    }
    assert_true(count >= 25);
    assert_null(preset_edge_at(count, NULL));
}

static void an_unknown_edge_is_refused(void **state)
{
    (void)state;
    struct error error = {0};
    assert_null(preset_edge_find("ngnix-1.22", &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_non_null(strstr(error.text, "unknown preset 'ngnix-1.22', expected one of apache"));
    assert_non_null(strstr(error.text, ", did you mean 'nginx-1.22'?"));
}

static void a_device_says_a_key_in_its_words(void **state)
{
    (void)state;
    struct preset_edge *nginx = preset_edge_find("nginx-1.22", NULL);
    assert_non_null(nginx);
    struct buffer text = {0};
    assert_true(preset_edge_say(nginx, SERVER, "sni", "a.example", &text));
    assert_string_equal(buffer_text(&text), "proxy_ssl_server_name on; proxy_ssl_name a.example;");
    buffer_clear(&text);
    assert_true(preset_edge_say(nginx, CLIENT, "min", "TLS1.2", &text));
    assert_string_equal(buffer_text(&text), "ssl_protocols TLSv1.2 TLSv1.3;");
    buffer_clear(&text);
    assert_false(preset_edge_say(nginx, SERVER, "clock", "+1d", &text));
    assert_false(preset_edge_say(nginx, SERVER, "no-such-key", "", &text));
    preset_edge_free(nginx);
}

// Forward only: no words of any device allow what is deprecated.
static void no_dialect_goes_back(void **state)
{
    (void)state;
    static const char *const deprecated[] = {"SSLv3", "TLSv1 ",  "TLSv1_0",   "TLSv1.0", "TLSv1.1",
                                             "TLS10", "TLS1_1 ", "RC4",       "3DES",    "DES-CBC3",
                                             "MD5",   "SHA1",    "VerifyNone"};
    for (size_t i = 0; preset_edge_name(i) != NULL; i++) {
        struct preset_edge *preset = preset_edge_at(i, NULL);
        assert_non_null(preset);
        for (size_t key = 0; leg_key_at(key) != NULL; key++) {
            for (enum side side = CLIENT; side < SIDES; side++) {
                const char *words = preset->dialect_text[side][key];
                for (size_t at = 0; words != NULL && at < COUNT(deprecated); at++) {
                    assert_null(strstr(words, deprecated[at]));
                }
            }
        }
        // A device, not a mere policy for a leg, has a configuration to say a fix in.
        assert_true(preset->dialect != NULL || strcmp(preset->kind, "policy") == 0);
        preset_edge_free(preset);
    }
}

// A flag and a preset meet in either order, and the flag wins.
static void flags_win_over_the_preset(void **state)
{
    (void)state;
    static struct settings before, after;
    struct error error = {0};
    settings_default(&before);
    assert_true(settings_set(&before, "server-leg", "sni=a.example,groups=P-384", &error));
    assert_true(settings_set(&before, "on-failure", "reset", &error));
    assert_true(settings_set(&before, "edge", "nginx-1.22", &error));
    settings_default(&after);
    assert_true(settings_set(&after, "edge", "envoy-default", &error));
    assert_true(settings_set(&after, "edge", "nginx-1.22", &error));
    assert_true(settings_set(&after, "server-leg", "sni=a.example,groups=P-384", &error));
    assert_true(settings_set(&after, "on-failure", "reset", &error));
    assert_memory_equal(&before, &after, sizeof(before));
    assert_string_equal(before.edge, "nginx-1.22");
    assert_int_equal(before.order, ORDER_CLIENT_FIRST);
    assert_int_equal(before.on_failure, ON_FAILURE_RESET);
    assert_int_equal(before.legs[SERVER].sni, SNI_NAME);
    assert_int_equal(before.legs[SERVER].groups.items[0], 0x0018);
    assert_int_equal(before.legs[SERVER].version_max, VERSION_TLS12);
    assert_false(before.legs[SERVER].mirror);
    assert_true(settings_check(&before, NULL));
    assert_false(settings_set(&before, "edge", "nginx", &error));
    assert_non_null(strstr(error.text, "--edge: unknown preset 'nginx', expected one of apache"));
    assert_false(settings_parse(&before, slice_of_text("\nedge: x\n"), "f", &error));
    assert_non_null(strstr(error.text, "f:2: edge: unknown preset 'x', expected one of apache"));
}

static struct client_hello hello_of(const struct preset_client *preset, struct buffer *message)
{
    struct slice left = preset->record;
    struct tls_record record;
    while (left.len > 0) {
        assert_int_equal(tls_record_parse(left, &record), PARSE_OK);
        assert_true(buffer_append(message, record.body));
        left = slice_part(left, record.len, left.len);
    }
    struct client_hello hello;
    size_t at;
    assert_int_equal(client_hello_parse(buffer_slice(message), &hello, &at), PARSE_OK);
    return hello;
}

static void built_in_clients_are_what_they_say(void **state)
{
    (void)state;
    size_t count = 0;
    const char *before = "";
    for (const char *name; (name = preset_client_name(count)) != NULL; count++) {
        assert_true(strcmp(before, name) < 0);
        before = name;
        struct error error = {0};
        struct preset_client *preset = preset_client_find(name, &error);
        if (preset == NULL) {
            fail_msg("%s", error.text);
            return;
        }
        struct buffer message = {0};
        struct client_hello hello = hello_of(preset, &message);
        char hash[JA3_HASH_MAX], text[JA4_MAX];
        assert_string_equal(ja3_hash(&hello, hash), preset->ja3);
        assert_string_equal(ja4(&hello, text), preset->ja4);
        buffer_clear(&message);
        preset_client_free(preset);
    }
    assert_true(count >= 40);
    assert_null(preset_client_at(count, NULL));
    struct error error = {0};
    assert_null(preset_client_find("lynx", &error));
    assert_int_equal(error.kind, ERROR_USAGE);
}

#define CLIENT_HEAD "title: T\nja3: a\nja4: b\n"

static const struct wrong_row wrong_clients[] = {
    {"no fingerprint", "title: T\n", "c.yaml:1: no ja3, expected it in the file"},
    {"a record that is not hex", CLIENT_HEAD "record: xyz\n",
     "c.yaml:4: record: bad value, expected hex digits"},
    {"half a byte", CLIENT_HEAD "record: 123\n",
     "c.yaml:4: record: bad value, expected hex digits"},
    {"no record at all", CLIENT_HEAD "record: ''\n",
     "c.yaml:4: record: bad value '', expected a text"},
    {"a record cut short", CLIENT_HEAD "record: '1603'\n",
     "c.yaml:4: record: not a whole ClientHello, expected its TLS records in hex"},
    {"a ServerHello", CLIENT_HEAD "year: 2020\nrecord: '160303000402000000'\n",
     "c.yaml:5: record: not a whole ClientHello, expected its TLS records in hex"},
    {"a year that is a word", CLIENT_HEAD "year: x\nrecord: '00'\n",
     "c.yaml:4: year: bad value 'x', expected a number"},
};

static void wrong_client_is_refused(void **state)
{
    const struct wrong_row *row = *state;
    struct error error = {0};
    assert_null(preset_client_parse(slice_of_text(row->text), "c.yaml", &error));
    assert_string_equal(error.text, row->want);
    assert_int_equal(error.kind, ERROR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_dialect_is_refused),
        cmocka_unit_test(a_preset_file_is_read),
        cmocka_unit_test(built_in_edges_are_whole),
        cmocka_unit_test(an_unknown_edge_is_refused),
        cmocka_unit_test(a_device_says_a_key_in_its_words),
        cmocka_unit_test(no_dialect_goes_back),
        cmocka_unit_test(flags_win_over_the_preset),
        cmocka_unit_test(built_in_clients_are_what_they_say),
    };
    return RUN_ROWS(wrong_rows, wrong_preset_is_refused) +
           RUN_ROWS(wrong_clients, wrong_client_is_refused) +
           cmocka_run_group_tests_name("presets", tests, NULL, NULL);
}
