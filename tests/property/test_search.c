// The counterfactual search ends at a change that makes the handshake pass: random pairs of a
// client and a server of OpenSSL, a fixed seed. The server that is "dialled" is the engine itself.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "code_points.h"
#include "conclude.h"
#include "draw.h"
#include "wide.h"

#define PAIRS      10000
#define PARTS      2 // programs that share them, one a core
#define ROUNDS_MAX 4

struct run {
    unsigned part; // this program's
    struct peers *peers;
    struct terms client, server;
    struct meeting meeting;
    struct arena arena;
    struct leg_shape shape;
    struct evidence evidence;
    struct verdict verdict;
    struct plan plan;
    size_t failing, hopeless, single, named, proven;
};

// ---- the broken connection, as the bridge would have recorded it

// record plays the client's hello to the server; false when the handshake goes on.
static bool record(struct run *run)
{
    struct outcome first;
    struct buffer message = {0};
    struct evidence *evidence = &run->evidence;
    struct leg_evidence *leg = &evidence->legs[SERVER];
    memset(evidence, 0, sizeof(*evidence));
    struct slice hello =
        arena_copy(&run->arena, (struct slice){run->meeting.hello, run->meeting.hello_len});
    answer_hello(run->peers, &run->server, hello, &first, &message);
    run->shape = (struct leg_shape){.version_min = run->client.version_min,
                                    .version_max = run->client.version_max};
    *leg = (struct leg_evidence){.is_started = true,
                                 .client_hello = hello,
                                 .shape = &run->shape,
                                 .peer_address = "127.0.0.1:443"};
    evidence->has_target = true;
    evidence->target = (struct endpoint){.host = "127.0.0.1", .port = 443, .is_ip = true};
    evidence->legs[CLIENT].client_hello = hello;
    if (first.kind == OUTCOME_SERVER_HELLO) { // of a version that the client does not take
        leg->server_hello = arena_copy(&run->arena, buffer_slice(&message));
        leg->version = first.version;
        leg_evidence_end(leg, ENDING_ALERT_SENT, ALERT_PROTOCOL_VERSION, 0, 1000, NULL);
    } else {
        leg_evidence_end(leg, ENDING_ALERT_RECEIVED, first.alert, 0, 1000, NULL);
    }
    buffer_clear(&message);
    return first.kind != OUTCOME_SERVER_HELLO || first.version < run->client.version_min;
}

// ---- the search

static void run_trials(struct run *run, size_t from)
{
    struct plan *plan = &run->plan;
    for (size_t i = from; i < plan->count; i++) {
        struct trial *trial = &plan->trials[i];
        struct buffer hello = {0};
        bool is_made = true;
        if (trial->change.kind == CHANGE_BLAME) {
            trial->offered = plan->judge.client;
            is_made = buffer_append(&hello, plan->judge.client_hello.whole);
        } else {
            is_made = variant_encode(&plan->base, &trial->change, &hello, &trial->offered);
        }
        assert_true(is_made);
        answer_hello(run->peers, &run->server, buffer_slice(&hello), &trial->outcome, NULL);
        trial_judge(trial, plan->wanted, plan->judge.arena);
        buffer_clear(&hello);
    }
}

static void search(struct run *run)
{
    struct verdict found[VERDICTS_MAX];
    struct plan *plan = &run->plan;
    size_t count = verdict_find(&run->evidence, &run->arena, found, VERDICTS_MAX);
    assert_true(count > 0);
    run->verdict = found[0];
    assert_true(plan_open(plan, &run->evidence, &run->verdict, &run->arena));
    size_t from = 0, added = plan->count;
    for (int rounds = 1; added > 0; rounds++, added = plan_next(plan)) {
        assert_true(rounds <= ROUNDS_MAX);
        run_trials(run, from);
        from = plan->count;
    }
    assert_true(plan->count <= PROBE_DIALS_MAX);
    conclude(plan, &run->verdict);
}

static bool list_meets(const struct number_list *a, const struct number_list *b)
{
    for (size_t i = 0; i < a->count; i++) {
        if (number_list_has(b, a->items[i])) {
            return true;
        }
    }
    return false;
}

// ---- what OpenSSL says of it, asked in its own terms

// ---- which list has nothing in common

static bool shares_suite(const struct run *run, const struct sets *offer, uint16_t version)
{
    const struct number_list *own =
        version >= VERSION_TLS13 ? &run->server.tls13_suites : &run->server.suites;
    struct number_list usable;
    suites_for(&offer->suites, version, &usable);
    return list_meets(&usable, own);
}

// disjoint_lists gives WIDEN bits. An empty list leaves OpenSSL's own in force: never disjoint.
static unsigned disjoint_lists(const struct run *run)
{
    const struct sets *offer = &run->plan.base.offered;
    bool has_version = false, has_suite = false;
    for (uint16_t version = run->server.version_min; version <= run->server.version_max;
         version++) {
        bool is_common = number_list_has(&offer->versions, version);
        has_version = has_version || is_common;
        has_suite = has_suite || (is_common && shares_suite(run, offer, version));
    }
    if (!has_version) {
        return WIDEN(LIST_VERSIONS);
    }
    const struct number_list *groups = &run->server.groups, *schemes = &run->server.schemes;
    bool has_group =
        groups->count == 0 || offer->groups.count == 0 || list_meets(groups, &offer->groups);
    bool has_scheme =
        schemes->count == 0 || offer->schemes.count == 0 || list_meets(schemes, &offer->schemes);
    return (has_suite ? 0 : WIDEN(LIST_SUITES)) | (has_group ? 0 : WIDEN(LIST_GROUPS)) |
           (has_scheme ? 0 : WIDEN(LIST_SCHEMES));
}

// Hopeless is a server that secures with no client at all that authenticates and encrypts. Whatever
// a handshake agrees on is one version, one suite and one signature scheme (and a group, which
// every one of these clients offers all of): so all clients that offer just one of each are all
// there is to try. Each is shaken hands with.
struct narrow {
    struct number_list suites[2]; // of TLS 1.2 and below, of TLS 1.3
    struct number_list schemes;
    struct number_list groups;
};

static void list_tries(const struct run *run, struct narrow *out)
{
    struct number_list wide;
    *out = (struct narrow){0};
    wide_list(LIST_SUITES, &wide);
    for (size_t i = 0; i < run->server.suites.count; i++) {
        if (number_list_has(&wide, run->server.suites.items[i])) { // no anonymous one is a cure
            assert_true(number_list_add(&out->suites[0], run->server.suites.items[i]));
        }
    }
    out->suites[1] = run->server.tls13_suites;
    out->schemes = run->server.schemes;
    for (size_t i = 0; out->schemes.count == 0 && i < DRAWN_SCHEMES; i++) {
        assert_true(number_list_add(&out->schemes, drawn_schemes[i].id));
    }
    out->groups = run->server.groups;
}

static bool meets_narrow(struct run *run, const struct narrow *tries, uint16_t version,
                         uint16_t suite, uint16_t scheme)
{
    static struct meeting meeting;
    struct number_list one = {.count = 1, .items = {suite}};
    struct terms client = {.version_min = version, .version_max = version, .groups = tries->groups};
    // OpenSSL wants one of each kind, in use or not.
    client.suites = version < VERSION_TLS13 ? one : (struct number_list){1, {0x002f}};
    client.tls13_suites = version < VERSION_TLS13 ? (struct number_list){1, {0x1301}} : one;
    if (scheme != 0) {
        client.schemes = (struct number_list){1, {scheme}};
    }
    peers_meet(run->peers, &client, &run->server, &meeting);
    return meeting.is_secured;
}

static bool is_hopeless(struct run *run)
{
    struct narrow tries;
    list_tries(run, &tries);
    for (uint16_t version = run->server.version_max; version >= run->server.version_min;
         version--) {
        const struct number_list *suites = &tries.suites[version >= VERSION_TLS13];
        for (size_t i = 0; i < suites->count; i++) {
            for (size_t s = 0; s < tries.schemes.count; s++) {
                uint16_t scheme = version < VERSION_TLS12 ? 0 : tries.schemes.items[s];
                if (meets_narrow(run, &tries, version, suites->items[i], scheme)) {
                    return false;
                }
                if (scheme == 0) {
                    break; // they are for TLS 1.2 and above
                }
            }
        }
    }
    return true;
}

// ---- the property

// names is true if the verdict names the list. Forward only: where the server takes a newer version
// that leads to something modern, that is what mends it, and not an outdated suite.
static bool names(const struct run *run, unsigned list)
{
    const char *code = run->verdict.cause->code;
    const struct number_list *versions = &run->plan.base.offered.versions;
    bool is_key = list == WIDEN(LIST_SUITES) || list == WIDEN(LIST_SCHEMES);
    bool is_behind = !number_list_has(versions, run->server.version_max);
    const char *want = list == WIDEN(LIST_VERSIONS) ? "protocol.no-common-version"
                       : list == WIDEN(LIST_SUITES) ? "cipher.no-common-suite"
                       : list == WIDEN(LIST_GROUPS) ? "group.no-common"
                                                    : "sigalg.no-common";
    return strcmp(code, want) == 0 ||
           (is_key && strcmp(code, "cipher.certificate-type-mismatch") == 0) ||
           (is_behind && strcmp(code, "protocol.no-common-version") == 0);
}

// is_mended_by is true if the server takes the hello with that list widened and nothing else.
static bool is_mended_by(const struct run *run, unsigned list)
{
    for (size_t i = 0; i < run->plan.count; i++) {
        const struct trial *trial = &run->plan.trials[i];
        if (trial->change.kind == CHANGE_WIDEN && trial->change.lists == list &&
            !trial->change.drops_alpn) {
            return trial->passed;
        }
    }
    return false;
}

static void show(const struct run *run, const char *what)
{
    print_message("%s: %s, confidence %s\n", what, run->verdict.cause->code,
                  confidence_name(run->verdict.confidence));
    for (size_t i = 0; i < run->verdict.proof_count; i++) {
        const struct proof_row *row = &run->verdict.proof[i];
        print_message("  %s %s: %s\n", row->passed ? "+" : "-", row->changed, row->outcome);
    }
    print_terms("client", &run->client);
    print_terms("server", &run->server);
}

static bool passes(const struct run *run)
{
    for (size_t i = 0; i < run->plan.count; i++) {
        if (run->plan.trials[i].passed) {
            return true;
        }
    }
    return false;
}

// names_deprecated is true if a word of a fix is a suite, group, scheme or version that is not to
// be enabled any more. Words end at a blank, a comma or a colon, and may have a full stop behind
// them.
static bool names_deprecated(const char *fix)
{
    static const char *const versions[] = {"TLS 1.1", "TLS 1.0", "SSL", "TLS1.1", "TLS1.0"};
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (strstr(fix, versions[i]) != NULL) {
            return true;
        }
    }
    for (const char *at = fix; *at != '\0';) {
        size_t len = strcspn(at, " ,:");
        size_t name_len = len > 0 && at[len - 1] == '.' ? len - 1 : len;
        struct slice word = {(const uint8_t *)at, name_len};
        const struct suite *suite = name_len > 0 ? suite_named(word) : NULL;
        bool is_old = suite != NULL && suite->class != SUITE_MODERN;
        for (size_t i = 0; group_at(i) != NULL; i++) {
            bool is_it = slice_equals_text(word, group_at(i)->name);
            is_old = is_old || (is_it && !group_at(i)->in_tls13);
        }
        for (size_t i = 0; scheme_at(i) != NULL; i++) {
            bool is_it = slice_equals_text(word, scheme_at(i)->name);
            is_old = is_old || (is_it && scheme_at(i)->is_weak);
        }
        if (is_old) {
            return true;
        }
        at += len + (at[len] != '\0' ? 1 : 0);
    }
    return false;
}

// judge_pair is true if the search ended at a change that passes, or else told that the server is
// hopeless, and it is; and if the verdict then names the list that is at odds.
static bool judge_pair(struct run *run)
{
    run->failing++;
    search(run);
    if (run->verdict.fix == NULL || names_deprecated(run->verdict.fix)) {
        print_message("advice: %s\n", run->verdict.fix != NULL ? run->verdict.fix : "none");
        show(run, "advice goes back");
        return false;
    }
    if (!passes(run)) {
        bool is_told = plan_is_hopeless(&run->plan) && run->verdict.party == PARTY_SERVER;
        bool is_right = is_told && is_hopeless(run);
        run->hopeless++;
        if (!is_right) {
            show(run, is_told ? "not hopeless" : "not told to be hopeless");
        }
        return is_right;
    }
    if (run->verdict.confidence != CONFIDENCE_PROVEN) {
        show(run, "passes, and nothing is proven");
        return false;
    }
    run->proven += run->verdict.confidence == CONFIDENCE_PROVEN;
    unsigned list = disjoint_lists(run);
    if (list == 0 || (list & (list - 1)) != 0 || !is_mended_by(run, list)) {
        return true; // more than that list is at odds
    }
    run->single++;
    if (names(run, list)) {
        run->named++;
        return true;
    }
    show(run, list == WIDEN(LIST_VERSIONS) ? "versions"
              : list == WIDEN(LIST_SUITES) ? "suites"
              : list == WIDEN(LIST_GROUPS) ? "groups"
                                           : "schemes");
    return false;
}

static void the_search_ends_at_a_change_that_passes(void **state)
{
    struct run *run = *state;
    size_t wrong = 0;
    for (size_t pairs = 0, drawn = 0; pairs < PAIRS / PARTS; drawn++) {
        draw(&run->client);
        draw(&run->server);
        if (drawn % PARTS != run->part) {
            continue;
        }
        run->client.sends_fallback = false; // its cause is the client's manner, no list
        peers_meet(run->peers, &run->client, &run->server, &run->meeting);
        if (!run->meeting.has_hello) {
            continue; // a client that OpenSSL can't be
        }
        pairs++;
        if (!run->meeting.is_secured) {
            assert_true(record(run));
            wrong += !judge_pair(run);
            arena_clear(&run->arena);
        }
    }
    print_message(
        "%d pairs, %zu failing, %zu that no hello mends, %zu proven; one list disjoint %zu, "
        "named %zu; wrong %zu\n",
        PAIRS / PARTS, run->failing, run->hopeless, run->proven, run->single, run->named, wrong);
    assert_int_equal(wrong, 0);
    assert_true(run->single >= 500 && run->failing >= 2000);
}

// The test of advice can fail.
static void advice_that_goes_back_is_seen(void **state)
{
    (void)state;
    assert_true(names_deprecated("Update the client, or enable AES128-SHA in it."));
    assert_true(names_deprecated("Let it offer rsa_pkcs1_sha1, or ECDHE-RSA-AES128-GCM-SHA256."));
    assert_true(names_deprecated("enable secp256k1."));
    assert_true(names_deprecated("Allow TLS 1.1 there."));
    assert_false(names_deprecated("Offer ECDHE-RSA-AES128-GCM-SHA256, X25519 and TLS 1.2."));
}

int main(int count, char **arguments)
{
    struct run *run = calloc(1, sizeof(*run));
    if (run == NULL || count != 2) {
        free(run);
        return 2;
    }
    run->part = (unsigned)strtoul(arguments[1], NULL, 10) % PARTS;
    run->peers = peers_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(advice_that_goes_back_is_seen),
        cmocka_unit_test_prestate(the_search_ends_at_a_change_that_passes, run),
    };
    int failed = cmocka_run_group_tests_name("search", tests, NULL, NULL);
    arena_clear(&run->arena);
    peers_free(run->peers);
    free(run);
    return failed;
}
