// Scenario files: what they say, and what is said about bad ones.
#include "rows.h"

#include <stdio.h>
#include <string.h>

#include "handout.h"
#include "scenario.h"
#include "yaml_tree.h"

#define SPEECH "{en: word, ja: 言葉}"
#define HEAD \
    "title: " SPEECH "\nlesson: sni\nstory: " SPEECH "\ntask: " SPEECH "\nanswer: " SPEECH "\n"
#define EXPECT "expect: {leg: server, cause: cert.expired, party: server}\n"
#define FIX    "fix: {text: " SPEECH ", party: server}\n"
#define WHOLE  HEAD EXPECT FIX

static const struct wrong_row {
    const char *name, *text, *want;
} wrong_rows[] = {
    {"a fix that accepts what there is not",
     HEAD EXPECT "fix: {text: " SPEECH ", party: server, accepts: [pas]}\n",
     "accepts: bad value 'pas', expected one of pass, edge"},
    {"nothing", "", "f.yaml: nothing in it, expected a scenario"},
    {"a list", "[a]", "f.yaml:1: a list, expected a mapping"},
    {"no YAML", "a: [", "f.yaml:2: did not find expected node content"},
    {"unknown key", WHOLE "titel: x\n", "f.yaml:8: unknown key 'titel', expected one of title"},
    {"… with the nearest", WHOLE "brige: {}\n", "did you mean 'bridge'?"},
    {"no title", "lesson: sni\n", "f.yaml:1: no 'title', expected one"},
    {"no fix", HEAD EXPECT, "f.yaml:1: no 'fix', expected one"},
    {"a text in one language", "title: {en: x}\n", "f.yaml:1: title: no 'ja', expected en and ja"},
    {"a third language", "title: {en: x, ja: y, fr: z}\n",
     "f.yaml:1: title: unknown key 'fr', expected en and ja"},
    {"an empty text", "title: {en: '', ja: x}\n", "f.yaml:1: title: nothing, expected a text"},
    {"unknown lesson", "lesson: snl\n",
     "f.yaml:1: lesson: bad value 'snl', expected one of clock, browser, middle, protocol, cipher, "
     "certificate, sni, museum, did you mean 'sni'?"},
    {"order that is no number", "order: first\n",
     "f.yaml:1: order: bad value 'first', expected a number up to 999"},
    {"host with a dot", "host: a.b\n",
     "f.yaml:1: host: bad value 'a.b', expected one label of a name, in lower case"},
    {"host with a bridge of its own", WHOLE "host: a\nbridge: {order: client-first}\n",
     "f.yaml:9: bridge: not with host, expected a fault of the origin alone"},
    {"host behind an interceptor", WHOLE "host: a\nbox: {does: intercept}\n",
     "f.yaml:9: box: not with host, expected one on the server leg that does not intercept"},
    {"hints that are no list", "hints: x\n", "f.yaml:1: hints: a text, expected a list"},
    {"unknown cause", HEAD FIX "expect: {leg: server, cause: cert.expird}\n",
     "f.yaml:7: expect: cause: unknown cause 'cert.expird', expected a code of docs/causes, did "
     "you mean 'cert.expired'?"},
    {"cause without a leg", HEAD FIX "expect: {cause: cert.expired}\n",
     "f.yaml:7: expect: no leg, expected client or server"},
    {"nothing expected", HEAD FIX "expect: {leg: server}\n",
     "f.yaml:7: expect: no cause, expected cause, masked or client"},
    {"unknown party", HEAD FIX "expect: {leg: server, cause: cert.expired, party: me}\n",
     "f.yaml:7: expect: party: bad value 'me', expected one of client, server, bridge, network"},
    {"fix without a party", HEAD EXPECT "fix: {text: " SPEECH "}\n",
     "f.yaml:7: fix: no party, expected text and party"},
    {"fix of something else", HEAD EXPECT "fix: {text: " SPEECH ", party: server, expect: {}}\n",
     "f.yaml:7: fix: unknown key 'expect', expected one of text, party, accepts, origin, box, "
     "bridge, "
     "client, second-client"},
    {"leg key that nobody has", WHOLE "bridge:\n  server-leg: {maxx: TLS1.2}\n",
     "f.yaml:9: bridge: server-leg: unknown key 'maxx'"},
    {"leg key of the other leg", WHOLE "bridge:\n  client-leg: {sni: none}\n",
     "f.yaml:9: bridge: client-leg: "},
    {"value that no leg key takes", WHOLE "bridge:\n  server-leg:\n    max: TLS9\n",
     "f.yaml:10: bridge: server-leg: "},
    {"unknown edge", WHOLE "bridge: {edge: nginz}\n", "f.yaml:8: bridge: edge: "},
    {"unknown client preset", WHOLE "client: {preset: chromiun}\n", "f.yaml:8: client: preset: "},
    {"unknown trust", WHOLE "client: {trusts: me}\n",
     "f.yaml:8: client: trusts: bad value 'me', expected one of bridge, nobody, origin"},
    {"target that is no host", WHOLE "client: {target: 'a b'}\n",
     "f.yaml:8: client: target: bad value 'a b', expected a host name or address"},
    {"Host with a line break", WHOLE "client: {host: \"a\\nb\"}\n",
     "f.yaml:8: client: host: a line break, expected none"},
    {"no visit at all", WHOLE "client: {visits: 0}\n",
     "f.yaml:8: client: visits: 0, expected 1 to 8"},
    {"unknown recipe", WHOLE "origin: {chain: {recipe: goood}}\n", "f.yaml:8: origin: chain: "},
    {"unknown kind", WHOLE "origin: {kind: udp}\n",
     "f.yaml:8: origin: kind: bad value 'udp', expected one of tls, plain-http, refused, silent, "
     "closes"},
    {"box on no leg", WHOLE "box: {on: both}\n",
     "f.yaml:8: box: on: bad value 'both', expected one of client-leg, server-leg"},
    {"box that does nothing known", WHOLE "box: {does: magic}\n", "f.yaml:8: box: does: "},
    {"mapping in a leg key", WHOLE "bridge: {server-leg: {max: {a: b}}}\n",
     "f.yaml:8: bridge: server-leg: max: a mapping, expected one value"},
    {"mapping in a leg key that takes a list", WHOLE "bridge: {server-leg: {alpn: {a: b}}}\n",
     "f.yaml:8: bridge: server-leg: alpn: a mapping, expected one value or a list"},
    {"list in a leg key that takes one value", WHOLE "bridge: {server-leg: {max: [TLS1.2]}}\n",
     "f.yaml:8: bridge: server-leg: max: a list, expected one value"},
    {"list for a clock", WHOLE "client: {clock: [0]}\n",
     "f.yaml:8: client: clock: a list, expected one value"},
    {"key named once", WHOLE "client: {clock: noon}\n",
     "f.yaml:8: client: clock: bad value 'noon'"},
    {"part without anything", WHOLE "client:\n", "f.yaml:8: client: nothing, expected a mapping"},
};

static void wrong_file_is_refused(void **state)
{
    const struct wrong_row *row = *state;
    struct error error = {0};
    assert_null(scenario_parse(slice_of_text(row->text), "f.yaml", &error));
    if (strstr(error.text, row->want) == NULL) {
        fail_msg("got '%s', expected '%s'", error.text, row->want);
    }
    assert_int_equal(error.kind, ERROR_CONFIG);
}

static struct scenario *parse(const char *text)
{
    struct error error;
    struct scenario *scenario = scenario_parse(slice_of_text(text), "museum/one-bug.yaml", &error);
    if (scenario == NULL) {
        fail_msg("%s", error.text);
    }
    return scenario;
}

static void what_is_not_said_is_healthy(void **state)
{
    (void)state;
    struct scenario *scenario = parse(WHOLE);
    assert_string_equal(scenario->name, "one-bug");
    assert_string_equal(scenario->broken.origin.sites[0].name, LAB_SITE_HOST);
    assert_int_equal(scenario->broken.origin.site_count, 1);
    assert_int_equal(scenario->broken.origin.quirk.kind, QUIRK_NONE);
    assert_false(scenario->broken.box.is_there);
    assert_int_equal(scenario->broken.client_count, 1);
    assert_int_equal(scenario->broken.clients[0].trust, LAB_CLIENT_TRUSTS_BRIDGE);
    assert_string_equal(scenario->expect.cause->code, "cert.expired");
    assert_string_equal(speech_in(&scenario->title, LANGUAGE_JA), "言葉");
    assert_string_equal(scenario->parts, "origin: {}\nbridge: {}\nclient: {}\n");
    scenario_free(scenario);
}

static void the_fix_is_laid_over(void **state)
{
    (void)state;
    struct scenario *scenario =
        parse(HEAD EXPECT "origin: {chain: {recipe: expired}, policy: {min: TLS1.2}}\n"
                          "bridge: {server-leg: {max: TLS1.2, sni: none}, on-failure: alert}\n"
                          "box: {on: client-leg, does: swallow}\n"
                          "fix:\n  text: " SPEECH "\n  party: bridge\n"
                          "  bridge: {server-leg: {max: TLS1.3}}\n  box: none\n"
                          "  client: {trusts: nobody}\n");
    const struct lab_case *broken = &scenario->broken, *mended = &scenario->mended;
    assert_string_equal(scenario->parts, "origin:\n  policy: {min: TLS1.2}\n"
                                         "bridge:\n  server-leg: {max: TLS1.2, sni: none}\n"
                                         "  on-failure: alert\nclient: {}\n");
    assert_int_equal(broken->bridge.legs[SERVER].version_max, VERSION_TLS12);
    assert_int_equal(mended->bridge.legs[SERVER].version_max, VERSION_TLS13);
    assert_int_equal(mended->bridge.legs[SERVER].sni, SNI_NONE); // what was said stays
    assert_int_equal(mended->bridge.on_failure, ON_FAILURE_ALERT);
    assert_int_equal(mended->origin.policy.version_min, VERSION_TLS12);
    assert_true(broken->box.is_there && broken->box.on == CLIENT);
    assert_int_equal(broken->box.box.quirk.kind, QUIRK_SILENT);
    assert_false(mended->box.is_there);
    assert_int_equal(broken->clients[0].trust, LAB_CLIENT_TRUSTS_BRIDGE);
    assert_int_equal(mended->clients[0].trust, LAB_CLIENT_TRUSTS_NOBODY);
    scenario_free(scenario);
}

// What misbehaves is in no configuration that a student is shown.
static const struct handout {
    const char *name, *text, *want;
} handouts[] = {
    {"a recipe, a quirk and a kind", "origin: {chain: {recipe: expired}, quirk: needs-name}\n",
     "origin: {}\nbridge: {}\nclient: {}\n"},
    {"a box", "box: {on: server-leg, does: swallow}\n", "origin: {}\nbridge: {}\nclient: {}\n"},
    {"clocks, beside what a leg says",
     "client: {clock: -20d, policy: {max: TLS1.2}}\n"
     "bridge: {server-leg: {clock: +400d}}\n",
     "origin: {}\nbridge: {}\nclient:\n  policy: {max: TLS1.2}\n"},
    {"trust, pins and an authority",
     "client: {trusts: nobody, pins: on, refuses: silent}\n"
     "bridge: {authority: expired}\n",
     "origin: {}\nbridge: {}\nclient: {}\n"},
    {"a second client, and lists",
     "second-client: {policy: {alpn: [h2, http/1.1]}}\n"
     "bridge: {edge: nginx-1.22, server-leg: {groups: 'P-256:X25519'}}\n",
     "origin: {}\nbridge:\n  edge: nginx-1.22\n  server-leg: {groups: \"P-256:X25519\"}\n"
     "client: {}\nsecond-client:\n  policy: {alpn: [h2, http/1.1]}\n"},
};

static void a_student_is_told(void **state)
{
    const struct handout *row = *state;
    struct yaml_tree tree;
    struct error error;
    struct buffer out = {0};
    assert_true(yaml_tree_parse(&tree, slice_of_text(row->text), "f.yaml", &error));
    assert_true(handout_write(&out, tree.root));
    assert_string_equal(buffer_text(&out), row->want);
    buffer_clear(&out);
    yaml_tree_clear(&tree);
}

// The name of a scenario says what is wrong: nothing that its ladder shows may hold it.
static void no_name_tells_the_answer(void **state)
{
    (void)state;
    struct scenario_list list;
    struct error error;
    assert_true(scenario_list_open(&list, &error));
    for (size_t i = 0; i < list.count; i++) {
        const struct lab_case *broken = &list.items[i]->broken;
        const char *shown[] = {broken->origin.sites[0].name,
                               broken->clients[0].target,
                               broken->clients[0].name,
                               broken->clients[0].host,
                               broken->bridge.legs[SERVER].sni_name,
                               list.items[i]->parts};
        for (size_t j = 0; j < COUNT(shown); j++) {
            if (strstr(shown[j], list.items[i]->name) != NULL) {
                fail_msg("%s: '%s'", list.items[i]->name, shown[j]);
            }
        }
    }
    scenario_list_clear(&list);
}

static void a_students_fix_is_laid_over(void **state)
{
    (void)state;
    static struct lab_case made;
    struct error error;
    struct yaml_tree tree;
    struct scenario *scenario = parse(WHOLE "bridge: {server-leg: {max: TLS1.2}}\n");
    assert_true(yaml_tree_parse(&tree, slice_of_text("bridge: {server-leg: {max: TLS1.3}}\n"),
                                "fix.yaml", &error));
    assert_true(scenario_mend(scenario, tree.root, "fix.yaml", &made, &error));
    assert_int_equal(made.bridge.legs[SERVER].version_max, VERSION_TLS13);
    yaml_tree_clear(&tree);
    assert_true(yaml_tree_parse(&tree, slice_of_text("expect: {}\n"), "fix.yaml", &error));
    assert_false(scenario_mend(scenario, tree.root, "fix.yaml", &made, &error));
    assert_string_equal(error.text, "fix.yaml:1: unknown key 'expect', expected origin, box, "
                                    "bridge, client, second-client");
    yaml_tree_clear(&tree);
    scenario_free(scenario);
}

// Every file that is built in can be read, and says all that the lab shows.
static void what_is_built_in_is_whole(void **state)
{
    (void)state;
    struct scenario_list list;
    struct error error;
    if (!scenario_list_open(&list, &error)) {
        fail_msg("%s", error.text);
    }
    assert_true(list.count >= LESSONS);
    bool has[LESSONS] = {false};
    for (size_t i = 0; i < list.count; i++) {
        const struct scenario *scenario = list.items[i];
        has[scenario->lesson] = true;
        assert_ptr_equal(scenario_list_find(&list, scenario->name, &error), scenario);
        assert_true(scenario->hint_count > 0);
        assert_true(scenario->lesson != LESSON_MUSEUM ||
                    (scenario->bug != NULL && scenario->source_count > 0));
        for (size_t j = 0; j < i; j++) {
            const struct scenario *other = list.items[j];
            assert_string_not_equal(other->name, scenario->name);
            assert_true(other->lesson != scenario->lesson || other->order != scenario->order);
            for (enum language language = LANGUAGE_EN; language < LANGUAGES; language++) {
                assert_string_not_equal(speech_in(&other->title, language),
                                        speech_in(&scenario->title, language));
            }
            if (list.items[j]->host != NULL && scenario->host != NULL) {
                assert_string_not_equal(list.items[j]->host, scenario->host);
            }
        }
    }
    for (size_t i = 0; i < LESSONS; i++) {
        assert_true(has[i]);
    }
    assert_ptr_equal(scenario_list_find(&list, "1", &error), list.items[0]);
    assert_null(scenario_list_find(&list, "0", &error));
    assert_null(scenario_list_find(&list, "expird", &error));
    assert_non_null(strstr(error.text, "did you mean 'expired'?"));
    scenario_list_clear(&list);
}

// Where a file's line was folded, Japanese has no blank, unless ASCII wants one.
static void folded_japanese_has_no_blanks(void **state)
{
    (void)state;
    struct scenario *scenario =
        parse("title:\n  en: a\n    b\n  ja: >-\n    言\n    葉、\n    TLS\n    の\n    b c\n"
              "lesson: sni\nstory: " SPEECH "\ntask: " SPEECH "\nanswer: " SPEECH "\n" EXPECT FIX);
    assert_string_equal(speech_in(&scenario->title, LANGUAGE_EN), "a b");
    assert_string_equal(speech_in(&scenario->title, LANGUAGE_JA), "言葉、TLS の b c");
    scenario_free(scenario);
}

// Each prefix of a good file is a good file or a refused one, never a crash.
static void a_cut_file_does_no_harm(void **state)
{
    (void)state;
    static const char text[] = WHOLE "origin: {chain: {recipe: expired}}\nclient: {pins: on}\n"
                                     "box: {on: client-leg, does: reset}\n"
                                     "bridge: {edge: none, client-leg: {alpn: [h2]}}\n";
    for (size_t len = 0; len < sizeof(text); len++) {
        struct error error;
        struct slice part = {(const uint8_t *)text, len};
        scenario_free(scenario_parse(part, "f.yaml", &error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_is_healthy),
        cmocka_unit_test(the_fix_is_laid_over),
        cmocka_unit_test(a_students_fix_is_laid_over),
        cmocka_unit_test(no_name_tells_the_answer),
        cmocka_unit_test(what_is_built_in_is_whole),
        cmocka_unit_test(folded_japanese_has_no_blanks),
        cmocka_unit_test(a_cut_file_does_no_harm),
    };
    return RUN_ROWS(wrong_rows, wrong_file_is_refused) + RUN_ROWS(handouts, a_student_is_told) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
