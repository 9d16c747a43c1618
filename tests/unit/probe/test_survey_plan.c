// The survey against scripted servers: what it finds, in which order, within which bounds. The
// server looks at the questions; no socket.
#include "rows.h"

#include <string.h>

#include "hello.h"
#include "survey_lists.h"
#include "survey_plan.h"

#define LIST 12

// What the server takes, in its order; ends with 0.
struct server {
    uint16_t min, max;
    uint16_t suites[LIST], groups[LIST], schemes[LIST];
    bool follows_client;       // takes the first that the client names
    bool yields_to_chacha;     // takes ChaCha20 when the client names it first
    bool takes_everything;     // chooses whatever comes first, without end
    bool is_moody;             // resets each first try of a question
    size_t stops_after;        // so many dials it answers no more; 0: always answers
    enum outcome_kind stops;   // … but so
    enum outcome_kind refuses; // how; 0: by an alert
    uint16_t fails_with;       // chooses this suite, and then has no key for it
    uint16_t curve;            // of its ECDSA certificate: must be among the groups offered; 0: any
};

static const struct row {
    const char *name;
    struct server server;
    uint16_t version; // whose lists are looked at
    bool is_accepted;
    uint16_t suites[LIST], groups[LIST], schemes[LIST];
    enum survey_order order;
    enum survey_state state; // of the suites; 0: SURVEY_WHOLE when accepted
} rows[] = {
    {.name = "TLS 1.2, the server's order",
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0x009c, 0xc02f, 0xc030},
                .groups = {0x0018, 0x0017},
                .schemes = {0x0804, 0x0401}},
     .version = 0x0303,
     .is_accepted = true,
     .suites = {0x009c, 0xc02f, 0xc030},
     .groups = {0x0018, 0x0017},
     .schemes = {0x0804, 0x0401},
     .order = SURVEY_ORDER_SERVER},
    {.name = "the curve of a certificate is no group to leave out",
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02b},
                .groups = {0x0017, 0x001d, 0x0018},
                .schemes = {0x0403},
                .follows_client = true,
                .curve = 0x0017},
     .version = 0x0303,
     .is_accepted = true,
     .suites = {0xc02b},
     .groups = {0x0017, 0x0018, 0x001d},
     .schemes = {0x0403}},
    {.name = "TLS 1.3, groups from retries, schemes one by one",
     .server = {.min = 0x0304,
                .max = 0x0304,
                .suites = {0x1303, 0x1301},
                .groups = {0x11ec, 0x001d},
                .schemes = {0x0403}},
     .version = 0x0304,
     .is_accepted = true,
     .suites = {0x1303, 0x1301},
     .groups = {0x11ec, 0x001d},
     .schemes = {0x0403},
     .order = SURVEY_ORDER_SERVER},
    {.name = "the client decides the order",
     .server = {.min = 0x0304,
                .max = 0x0304,
                .suites = {0x1303, 0x1301},
                .groups = {0x001d},
                .schemes = {0x0403},
                .follows_client = true},
     .version = 0x0304,
     .is_accepted = true,
     .suites = {0x1301, 0x1303},
     .groups = {0x001d},
     .schemes = {0x0403},
     .order = SURVEY_ORDER_CLIENT},
    {.name = "the server's order, but ChaCha20 for those who put it first",
     .server = {.min = 0x0304,
                .max = 0x0304,
                .suites = {0x1302, 0x1303, 0x1301},
                .groups = {0x001d},
                .schemes = {0x0403},
                .yields_to_chacha = true},
     .version = 0x0304,
     .is_accepted = true,
     .suites = {0x1302, 0x1303, 0x1301},
     .groups = {0x001d},
     .schemes = {0x0403},
     .order = SURVEY_ORDER_SERVER},
    {.name = "one suite has no order",
     .server = {.min = 0x0301, .max = 0x0301, .suites = {0x002f}},
     .version = 0x0301,
     .is_accepted = true,
     .suites = {0x002f},
     .order = SURVEY_ORDER_UNKNOWN},
    {.name = "an export suite above a strong one: both batches in one order",
     .server = {.min = 0x0301, .max = 0x0301, .suites = {0x0003, 0x002f, 0x0005}},
     .version = 0x0301,
     .is_accepted = true,
     .suites = {0x0003, 0x002f, 0x0005},
     .order = SURVEY_ORDER_SERVER},
    {.name = "an export suite alone",
     .server = {.min = 0x0300, .max = 0x0300, .suites = {0x0003}},
     .version = 0x0300,
     .is_accepted = true,
     .suites = {0x0003},
     .order = SURVEY_ORDER_UNKNOWN},
    {.name = "a version that it has not",
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02f},
                .groups = {0x0017},
                .schemes = {0x0804}},
     .version = 0x0301,
     .is_accepted = false},
    {.name = "refusals by reset are asked about once more, then believed",
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02f},
                .groups = {0x0017},
                .schemes = {0x0804},
                .refuses = OUTCOME_RESET},
     .version = 0x0303,
     .is_accepted = true,
     .suites = {0xc02f},
     .groups = {0x0017},
     .schemes = {0x0804}},
    {.name = "refusals by silence are believed while it answers other hellos",
     .server = {.min = 0x0303,
                .max = 0x0304,
                .suites = {0x1301, 0xc02f},
                .groups = {0x0017},
                .schemes = {0x0804},
                .refuses = OUTCOME_SILENCE},
     .version = 0x0304,
     .is_accepted = true,
     .suites = {0x1301},
     .groups = {0x0017},
     .schemes = {0x0804}},
    {.name = "a busy server that resets every first try",
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc030, 0xc02f},
                .groups = {0x0017},
                .schemes = {0x0804},
                .is_moody = true},
     .version = 0x0303,
     .is_accepted = true,
     .suites = {0xc030, 0xc02f},
     .groups = {0x0017},
     .schemes = {0x0804},
     .order = SURVEY_ORDER_SERVER},
    {.name = "a suite that is chosen and then fails does not end the list",
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02b, 0xc02f},
                .groups = {0x0017},
                .schemes = {0x0804},
                .fails_with = 0xc02b},
     .version = 0x0303,
     .is_accepted = true,
     .suites = {0xc02f},
     .groups = {0x0017},
     .schemes = {0x0804}},
    {.name = "a server that takes everything meets the bound",
     .server = {.min = 0x0303, .max = 0x0303, .takes_everything = true},
     .version = 0x0303,
     .is_accepted = true,
     .order = SURVEY_ORDER_CLIENT,
     .state = SURVEY_PARTIAL},
};

static uint16_t choose(const struct server *server, const uint16_t *own,
                       const struct number_list *offered)
{
    if (server->takes_everything) {
        return offered->count > 0 ? offered->items[0] : 0;
    }
    if (server->yields_to_chacha && own == server->suites && offered->items[0] == 0x1303) {
        return 0x1303;
    }
    for (size_t i = 0; server->follows_client && i < offered->count; i++) {
        for (size_t k = 0; own[k] != 0; k++) {
            if (own[k] == offered->items[i]) {
                return own[k];
            }
        }
    }
    for (size_t k = 0; own[k] != 0; k++) {
        if (number_list_has(offered, own[k])) {
            return own[k];
        }
    }
    return 0;
}

static struct outcome refuse(const struct server *server, uint8_t alert)
{
    enum outcome_kind kind = server->refuses != OUTCOME_NONE ? server->refuses : OUTCOME_ALERT;
    return (struct outcome){.kind = kind, .alert = kind == OUTCOME_ALERT ? alert : 0};
}

static struct outcome answer(const struct server *server, const struct survey_ask *ask)
{
    if (ask->version < server->min || ask->version > server->max) {
        return refuse(server, 70);
    }
    struct outcome out = {.kind = OUTCOME_SERVER_HELLO, .version = ask->version};
    out.suite = choose(server, server->suites, &ask->suites);
    out.group = choose(server, server->groups, &ask->groups);
    out.scheme = choose(server, server->schemes, &ask->schemes);
    bool needs_more = ask->version >= 0x0303 && out.suite != 0x009c;
    if (out.suite == 0 || (needs_more && (out.group == 0 || out.scheme == 0))) {
        return refuse(server, 40);
    }
    if (server->curve != 0 && !number_list_has(&ask->groups, server->curve)) {
        return refuse(server, 40);
    }
    if (out.suite == server->fails_with) {
        out.kind = OUTCOME_ALERT;
        out.alert = 80;
    }
    if (ask->wants_retry && out.group == 0x11ec) {
        out.kind = OUTCOME_RETRY; // no share of ours
    }
    if (ask->version == 0x0304) {
        out.scheme = 0; // encrypted
    }
    return out;
}

static void expect_list(const struct survey_list *found, const uint16_t *want)
{
    size_t count = 0;
    while (want[count] != 0) {
        count++;
    }
    for (size_t i = 0; i < count && i < found->count; i++) {
        assert_int_equal(found->items[i], want[i]);
    }
    assert_int_equal(found->count, count);
}

static size_t run(const struct server *server, struct survey *survey)
{
    static struct survey_plan plan;
    struct survey_ask ask;
    size_t dials = 0;
    bool tried[SURVEY_TRACKS] = {false};
    survey_plan_open(&plan, survey, true);
    while (survey_plan_next(&plan, &ask)) {
        struct buffer hello = {0};
        struct client_hello parsed;
        size_t at;
        assert_true(++dials < SURVEY_DIALS_MAX);
        if (ask.topic == TOPIC_FULL) {
            survey_plan_answer(&plan, &ask, NULL);
            continue;
        }
        assert_true(survey_hello_encode(&ask, "a.test", &hello));
        assert_int_equal(client_hello_parse(buffer_slice(&hello), &parsed, &at), PARSE_OK);
        assert_true(client_hello_offers_version(&parsed, ask.version));
        buffer_clear(&hello);
        struct outcome outcome = answer(server, &ask);
        if (server->is_moody && !tried[ask.track]) {
            outcome = (struct outcome){.kind = OUTCOME_RESET};
        }
        tried[ask.track] = !tried[ask.track];
        if (server->stops_after != 0 && dials > server->stops_after) {
            outcome = (struct outcome){.kind = server->stops};
        }
        survey_plan_answer(&plan, &ask, &outcome);
    }
    survey_plan_cut(&plan);
    return dials;
}

static void survey_finds(void **state)
{
    const struct row *row = *state;
    static struct survey survey;
    (void)run(&row->server, &survey);
    assert_false(survey.was_cut); // all tracks came to their end
    for (size_t i = 0; i < SURVEY_VERSIONS; i++) {
        const struct survey_version *version = &survey.versions[i];
        bool has = version->version >= row->server.min && version->version <= row->server.max;
        assert_int_equal(version->answer, has ? SURVEY_ACCEPTED : SURVEY_REFUSED);
        if (version->version != row->version) {
            continue;
        }
        assert_int_equal(version->answer, row->is_accepted ? SURVEY_ACCEPTED : SURVEY_REFUSED);
        assert_int_equal(version->suites.state,
                         row->state != SURVEY_NOT_CHECKED ? row->state : SURVEY_WHOLE);
        assert_int_equal(version->suites.order, row->order);
        if (row->server.takes_everything) {
            assert_int_equal(version->suites.count, SURVEY_DIALS_VERSION_MAX);
            continue;
        }
        expect_list(&version->suites, row->suites);
        expect_list(&version->groups, row->groups);
        expect_list(&version->schemes, row->schemes);
    }
}

// ---- what it says when nothing is accepted

static const struct cause_row {
    const char *name;
    struct outcome first;
    const char *sni, *want; // NULL: none
    bool speaks;
} cause_rows[] = {
    {"garbage", {.kind = OUTCOME_NOT_TLS}, "a.test", "transport.not-tls", false},
    {"resets", {.kind = OUTCOME_RESET}, "a.test", "transport.reset", false},
    {"closes", {.kind = OUTCOME_CLOSED}, "a.test", "transport.closed", false},
    {"silence", {.kind = OUTCOME_SILENCE}, "a.test", "transport.timeout", false},
    {"nobody", {.kind = OUTCOME_UNREACHABLE}, "a.test", "transport.refused", false},
    {"an alert names no cause", {.kind = OUTCOME_ALERT, .alert = 40}, "a.test", NULL, true},
    {"the name is not known",
     {.kind = OUTCOME_ALERT, .alert = 112},
     "a.test",
     "sni.unrecognized",
     true},
    {"no name was sent", {.kind = OUTCOME_ALERT, .alert = 112}, NULL, "sni.required", true},
};

static void cause_is(void **state)
{
    const struct cause_row *row = *state;
    struct survey survey = {0};
    for (size_t i = 0; i < SURVEY_VERSIONS; i++) {
        survey.versions[i].answer = SURVEY_REFUSED;
        survey.versions[i].first = row->first;
    }
    const char *cause = survey_cause(&survey, row->sni);
    assert_int_equal(survey_speaks(&survey), row->speaks);
    assert_false(survey_accepts(&survey));
    if (row->want == NULL) {
        assert_null(cause);
    } else {
        assert_non_null(cause);
        assert_string_equal(cause, row->want);
    }
}

// Cut after each number of answers: what was found is told, and that it is not whole.
static void cut_anywhere(void **state)
{
    (void)state;
    static struct survey survey;
    static struct survey_plan plan;
    size_t whole = run(&rows[0].server, &survey);
    for (size_t limit = 0; limit < whole; limit++) {
        struct survey_ask ask;
        survey_plan_open(&plan, &survey, true);
        for (size_t i = 0; i < limit && survey_plan_next(&plan, &ask); i++) {
            struct outcome outcome = answer(&rows[0].server, &ask);
            survey_plan_answer(&plan, &ask, ask.topic == TOPIC_FULL ? NULL : &outcome);
        }
        survey_plan_cut(&plan);
        assert_true(survey.was_cut);
        assert_false(survey_plan_next(&plan, &ask));
    }
}

// ---- a server that has had enough of us

static const struct stop_row {
    const char *name;
    enum outcome_kind stops;
} stop_rows[] = {
    {"who resets everything from some dial on did not refuse", OUTCOME_RESET},
    {"who closes everything from some dial on did not refuse", OUTCOME_CLOSED},
    {"who is silent from some dial on did not refuse", OUTCOME_SILENCE},
};

static void expect_known(const struct survey_list *found, const struct survey_list *all)
{
    if (found->state == SURVEY_WHOLE) {
        assert_int_equal(found->count, all->count);
    }
    assert_true(found->count <= all->count);
    assert_true(found->count == 0 || found->state != SURVEY_NOT_CHECKED);
}

static void stop_anywhere(void **state)
{
    const struct stop_row *row = *state;
    static struct survey all, survey;
    struct server server = {.min = 0x0303,
                            .max = 0x0304,
                            .suites = {0x1302, 0xc030, 0x1301, 0xc02f},
                            .groups = {0x0017, 0x001d},
                            .schemes = {0x0804, 0x0805},
                            .stops = row->stops};
    size_t whole = run(&server, &all);
    for (server.stops_after = 1; server.stops_after < whole; server.stops_after++) {
        (void)run(&server, &survey);
        for (size_t i = 0; i < SURVEY_VERSIONS; i++) {
            const struct survey_version *found = &survey.versions[i], *want = &all.versions[i];
            assert_true(found->answer == want->answer || found->answer == SURVEY_UNANSWERED);
            expect_known(&found->suites, &want->suites);
            expect_known(&found->groups, &want->groups);
            expect_known(&found->schemes, &want->schemes);
        }
        assert_true(survey.was_cut);
    }
}

// ---- full handshakes

static void usual_first(void **state)
{
    (void)state;
    static const uint16_t want[] = {0x0403, 0x0804, 0x0203, 0x0201};
    struct library library = {
        .schemes = {.count = 4, .items = {0x0201, 0x0203, 0x0403, 0x0804}},
        .groups = {.count = 2, .items = {0x0013, 0x001d}},
    };
    struct leg_shape shape;
    survey_shape(&library, &shape);
    assert_int_equal(shape.groups.items[0], 0x001d);
    assert_int_equal(shape.schemes.count, COUNT_OF(want));
    assert_memory_equal(shape.schemes.items, want, sizeof(want));
}

int main(void)
{
    static const struct {
        const char *name;
    } once[] = {{"a survey that is cut anywhere says so"}},
      shapes[] = {{"what is old is offered last"}};
    return RUN_ROWS(rows, survey_finds) + RUN_ROWS(cause_rows, cause_is) +
           RUN_ROWS(stop_rows, stop_anywhere) + RUN_ROWS(once, cut_anywhere) +
           RUN_ROWS(shapes, usual_first);
}
