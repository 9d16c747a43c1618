// Reads a scenario's file.
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case_read.h"
#include "guard.h"
#include "handout.h"
#include "quote.h"

// A scenario and what its texts live in.
struct shelf {
    struct scenario scenario; // first: the scenario's address is the shelf's
    struct arena arena;
};

static bool read_title(const struct reading *reading, const struct yaml_item *item,
                       const char *what, void *out)
{
    return reading_speech(reading, item, what, &((struct scenario *)out)->title);
}

static bool read_story(const struct reading *reading, const struct yaml_item *item,
                       const char *what, void *out)
{
    return reading_speech(reading, item, what, &((struct scenario *)out)->story);
}

static bool read_task(const struct reading *reading, const struct yaml_item *item, const char *what,
                      void *out)
{
    return reading_speech(reading, item, what, &((struct scenario *)out)->task);
}

static bool read_answer(const struct reading *reading, const struct yaml_item *item,
                        const char *what, void *out)
{
    return reading_speech(reading, item, what, &((struct scenario *)out)->answer);
}

static bool read_lesson(const struct reading *reading, const struct yaml_item *item,
                        const char *what, void *out)
{
    const char *names[LESSONS];
    struct scenario *scenario = out;
    size_t i;
    for (i = 0; i < LESSONS; i++) {
        names[i] = lesson_name((enum lesson)i);
    }
    if (!reading_word(reading, item, what, names, LESSONS, &i)) {
        return false;
    }
    scenario->lesson = (enum lesson)i;
    return true;
}

static bool read_order(const struct reading *reading, const struct yaml_item *item,
                       const char *what, void *out)
{
    uint64_t number;
    bool is_ok = reading_number(reading, item, what, 999, &number);
    ((struct scenario *)out)->order = is_ok ? (unsigned)number : 0;
    return is_ok;
}

static bool read_label(const struct reading *reading, const struct yaml_item *item,
                       const char *what, void *out)
{
    struct scenario *scenario = out;
    return reading_text(reading, item, what, &scenario->host) &&
           ((strspn(scenario->host, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
                 strlen(scenario->host) &&
             strlen(scenario->host) <= 63) ||
            reading_fail(reading, item, what,
                         "bad value '%s', expected one label of a name, in lower case",
                         quote_text(scenario->host).text));
}

static bool read_hints(const struct reading *reading, const struct yaml_item *item,
                       const char *what, void *out)
{
    struct scenario *scenario = out;
    if (!reading_is(reading, item, YAML_LIST, what)) {
        return false;
    }
    for (const struct yaml_item *one = item->first; one != NULL; one = one->next) {
        if (scenario->hint_count == SCENARIO_HINTS_MAX) {
            return reading_fail(reading, one, what, "too many, expected at most %d",
                                SCENARIO_HINTS_MAX);
        }
        if (!reading_speech(reading, one, what, &scenario->hints[scenario->hint_count])) {
            return false;
        }
        scenario->hint_count++;
    }
    return true;
}

static bool read_bug(const struct reading *reading, const struct yaml_item *item, const char *what,
                     void *out)
{
    return reading_text(reading, item, what, &((struct scenario *)out)->bug);
}

static bool read_sources(const struct reading *reading, const struct yaml_item *item,
                         const char *what, void *out)
{
    struct scenario *scenario = out;
    if (!reading_is(reading, item, YAML_LIST, what)) {
        return false;
    }
    for (const struct yaml_item *one = item->first; one != NULL; one = one->next) {
        if (scenario->source_count == SCENARIO_SOURCES_MAX) {
            return reading_fail(reading, one, what, "too many, expected at most %d",
                                SCENARIO_SOURCES_MAX);
        }
        if (!reading_text(reading, one, what, &scenario->sources[scenario->source_count])) {
            return false;
        }
        scenario->source_count++;
    }
    return true;
}

// Parts are read by case_read_part, the fix once they all are there.
static bool read_later(const struct reading *reading, const struct yaml_item *item,
                       const char *what, void *out)
{
    (void)reading, (void)item, (void)what, (void)out;
    return true;
}

// ---- what is expected

static bool read_party(const struct reading *reading, const struct yaml_item *item,
                       const char *what, enum party *out_party)
{
    const char *names[] = {party_name(PARTY_CLIENT), party_name(PARTY_SERVER),
                           party_name(PARTY_BRIDGE), party_name(PARTY_NETWORK)};
    size_t i;
    if (!reading_word(reading, item, what, names, COUNT_OF(names), &i)) {
        return false;
    }
    *out_party = (enum party)i;
    return true;
}

static bool read_cause(const struct reading *reading, const struct yaml_item *item,
                       const char *what, const struct cause **out_cause)
{
    if (!reading_is(reading, item, YAML_TEXT, what)) {
        return false;
    }
    struct nearest nearest = nearest_to(slice_of_text(item->text));
    for (size_t i = 0; cause_at(i) != NULL; i++) {
        nearest_offer(&nearest, cause_at(i)->code);
    }
    *out_cause = cause_find(item->text);
    return *out_cause != NULL ||
           reading_fail(reading, item, what, "unknown cause '%s', expected a code of docs/causes%s",
                        quote_text(item->text).text, nearest_hint(&nearest).text);
}

static bool read_expect_leg(const struct reading *reading, const struct yaml_item *item,
                            const char *what, void *out)
{
    static const char *const names[] = {"client", "server"};
    size_t i;
    if (!reading_word(reading, item, what, names, COUNT_OF(names), &i)) {
        return false;
    }
    ((struct lab_expectation *)out)->leg = (enum side)i;
    return true;
}

static bool read_expect_cause(const struct reading *reading, const struct yaml_item *item,
                              const char *what, void *out)
{
    return read_cause(reading, item, what, &((struct lab_expectation *)out)->cause);
}

static bool read_expect_party(const struct reading *reading, const struct yaml_item *item,
                              const char *what, void *out)
{
    struct lab_expectation *expect = out;
    expect->has_party = true;
    return read_party(reading, item, what, &expect->party);
}

static bool read_expect_client(const struct reading *reading, const struct yaml_item *item,
                               const char *what, void *out)
{
    const char *words[LAB_CLIENT_ENDS];
    struct lab_expectation *expect = out;
    size_t i;
    for (i = 0; i < LAB_CLIENT_ENDS; i++) {
        words[i] = lab_client_end_word((enum lab_client_end)i);
    }
    if (!reading_word(reading, item, what, words, LAB_CLIENT_ENDS, &i)) {
        return false;
    }
    expect->has_end = true;
    expect->end = (enum lab_client_end)i;
    return true;
}

static bool read_masked(const struct reading *reading, const struct yaml_item *item,
                        const char *what, void *out)
{
    struct lab_expectation *expect = out;
    if (!reading_is(reading, item, YAML_LIST, what)) {
        return false;
    }
    for (const struct yaml_item *one = item->first; one != NULL; one = one->next) {
        if (expect->masked_count == SCENARIO_MASKED_MAX) {
            return reading_fail(reading, one, what, "too many, expected at most %d",
                                SCENARIO_MASKED_MAX);
        }
        if (!read_cause(reading, one, what, &expect->masked[expect->masked_count])) {
            return false;
        }
        expect->masked_count++;
    }
    return true;
}

static bool read_expect(const struct reading *reading, const struct yaml_item *item,
                        const char *what, void *out)
{
    static const struct reading_key keys[] = {
        {"leg", read_expect_leg},       {"cause", read_expect_cause}, {"party", read_expect_party},
        {"client", read_expect_client}, {"masked", read_masked},      {NULL, NULL}};
    struct lab_expectation *expect = &((struct scenario *)out)->expect;
    if (!reading_map(reading, item, what, keys, expect)) {
        return false;
    }
    if (expect->cause == NULL && expect->masked_count == 0 && !expect->has_end) {
        return reading_fail(reading, item, what, "no cause, expected cause, masked or client");
    }
    return expect->cause == NULL || yaml_member(item, "leg") != NULL ||
           reading_fail(reading, item, what, "no leg, expected client or server");
}

// ---- the whole

static const struct reading_key keys[] = {
    {"title", read_title},     {"lesson", read_lesson}, {"order", read_order},
    {"host", read_label},      {"story", read_story},   {"task", read_task},
    {"hints", read_hints},     {"answer", read_answer}, {"bug", read_bug},
    {"sources", read_sources}, {"origin", read_later},  {"box", read_later},
    {"bridge", read_later},    {"client", read_later},  {"second-client", read_later},
    {"expect", read_expect},   {"fix", read_later},     {NULL, NULL},
};

static bool read_parts(const struct reading *reading, const struct yaml_item *map,
                       struct lab_case *lab_case)
{
    for (const struct yaml_item *item = map->first; item != NULL; item = item->next) {
        if (case_is_part(item->key) && !case_read_part(reading, item, lab_case)) {
            return false;
        }
    }
    return true;
}

static bool read_fix_text(const struct reading *reading, const struct yaml_item *item,
                          const char *what, void *out)
{
    return reading_speech(reading, item, what, &((struct scenario *)out)->fix);
}

static bool read_fix_party(const struct reading *reading, const struct yaml_item *item,
                           const char *what, void *out)
{
    return read_party(reading, item, what, &((struct scenario *)out)->fix_party);
}

// parties_of gives whose parts a fix changes, as bits.
static uint32_t parties_of(const struct yaml_item *fix)
{
    static const struct {
        const char *part;
        enum party party;
    } rows[] = {{"client", PARTY_CLIENT},
                {"second-client", PARTY_CLIENT},
                {"origin", PARTY_SERVER},
                {"bridge", PARTY_BRIDGE},
                {"box", PARTY_NETWORK}};
    uint32_t parties = 0;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        parties |= yaml_member(fix, rows[i].part) != NULL ? 1u << rows[i].party : 0;
    }
    return parties;
}

bool scenario_may_act(const struct scenario *scenario, const struct yaml_item *parts)
{
    return (scenario->parties & parties_of(parts)) != 0;
}

#define PARTIES (PARTY_NETWORK + 1)

// What is a fix too, though it isn't the scenario's own: words of guard.h, and parties.
static bool read_accepts(const struct reading *reading, const struct yaml_item *item,
                         const char *what, void *out)
{
    const char *names[GUARDS + PARTIES];
    struct scenario *scenario = out;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        names[i] = i < GUARDS ? guard_word((enum guard)i) : party_name((enum party)(i - GUARDS));
    }
    if (!reading_is(reading, item, YAML_LIST, what)) {
        return false;
    }
    for (const struct yaml_item *one = item->first; one != NULL; one = one->next) {
        size_t i;
        if (!reading_word(reading, one, what, names, COUNT_OF(names), &i)) {
            return false;
        }
        scenario->accepts |= i < GUARDS ? 1u << i : 0;
        scenario->parties |= i < GUARDS ? 0 : 1u << (i - GUARDS);
    }
    return true;
}

static bool read_fix(const struct reading *reading, const struct yaml_item *fix,
                     struct scenario *scenario)
{
    static const struct reading_key fix_keys[] = {
        {"text", read_fix_text}, {"party", read_fix_party},     {"accepts", read_accepts},
        {"origin", read_later},  {"box", read_later},           {"bridge", read_later},
        {"client", read_later},  {"second-client", read_later}, {NULL, NULL},
    };
    if (!reading_map(reading, fix, "fix", fix_keys, scenario)) {
        return false;
    }
    if (yaml_member(fix, "text") == NULL || yaml_member(fix, "party") == NULL) {
        return reading_fail(reading, fix, "fix", "no %s, expected text and party",
                            yaml_member(fix, "text") == NULL ? "text" : "party");
    }
    scenario->mended = scenario->broken;
    scenario->parties |= 1u << scenario->fix_party | parties_of(fix);
    return read_parts(reading, fix, &scenario->mended);
}

// The name without folders and ".yaml".
static const char *base_name(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct slice name = slice_of_text(slash != NULL ? slash + 1 : path);
    static const char end[] = ".yaml";
    size_t end_len = sizeof(end) - 1;
    if (name.len > end_len && memcmp(name.data + name.len - end_len, end, end_len) == 0) {
        name.len -= end_len;
    }
    return arena_text(arena, name);
}

// is_for_serve: one bridge and any client come to such a host.
static bool is_for_serve(const struct reading *reading, const struct yaml_item *root)
{
    static const char *const others[] = {"bridge", "client", "second-client"};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        const struct yaml_item *item = yaml_member(root, others[i]);
        if (item != NULL) {
            return reading_fail(reading, item, others[i],
                                "not with host, expected a fault of the origin alone");
        }
    }
    const struct yaml_item *box = yaml_member(root, "box");
    const struct yaml_item *on = yaml_member(box, "on"), *does = yaml_member(box, "does");
    bool is_elsewhere = on != NULL && on->kind == YAML_TEXT && strcmp(on->text, "client-leg") == 0;
    bool intercepts =
        does != NULL && does->kind == YAML_TEXT && strcmp(does->text, "intercept") == 0;
    return (!is_elsewhere && !intercepts) ||
           reading_fail(reading, box, "box",
                        "not with host, expected one on the server leg that does not intercept");
}

static bool read_root(const struct reading *reading, const struct yaml_item *root,
                      struct scenario *scenario)
{
    static const char *const needed[] = {"title",  "lesson", "story", "task",
                                         "answer", "expect", "fix"};
    if (root == NULL) {
        return error_set(reading->error, ERROR_CONFIG, "%s: nothing in it, expected a scenario",
                         quote_text(reading->name).text);
    }
    if (!reading_map(reading, root, "", keys, scenario)) {
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        if (yaml_member(root, needed[i]) == NULL) {
            return reading_fail(reading, root, "", "no '%s', expected one", needed[i]);
        }
    }
    if (scenario->host != NULL && !is_for_serve(reading, root)) {
        return false;
    }
    return case_init(&scenario->broken, LAB_SITE_HOST, reading->error) &&
           read_parts(reading, root, &scenario->broken) &&
           read_fix(reading, yaml_member(root, "fix"), scenario);
}

static bool keep_parts(const struct reading *reading, const struct yaml_item *root,
                       struct scenario *scenario)
{
    struct buffer parts = {0};
    bool is_ok = handout_write(&parts, root);
    scenario->parts = is_ok ? arena_text(reading->arena, buffer_slice(&parts)) : NULL;
    buffer_clear(&parts);
    return scenario->parts != NULL || error_set(reading->error, ERROR_MEMORY, "out of memory");
}

struct scenario *scenario_parse(struct slice text, const char *name, struct error *error)
{
    struct shelf *shelf = calloc(1, sizeof(*shelf));
    if (shelf == NULL) {
        (void)error_set(error, ERROR_MEMORY, "out of memory");
        return NULL;
    }
    struct reading reading = {.arena = &shelf->arena, .name = name, .error = error};
    struct yaml_tree tree = {0};
    struct scenario *scenario = &shelf->scenario;
    scenario->name = base_name(&shelf->arena, name);
    bool is_ok = scenario->name != NULL || error_set(error, ERROR_MEMORY, "out of memory");
    is_ok = is_ok && yaml_tree_parse(&tree, text, quote_text(name).text, error) &&
            read_root(&reading, tree.root, scenario) && keep_parts(&reading, tree.root, scenario);
    yaml_tree_clear(&tree);
    if (!is_ok) {
        scenario_free(scenario);
        return NULL;
    }
    return scenario;
}

struct scenario *scenario_load(const char *path, struct error *error)
{
    struct buffer text = {0};
    struct scenario *scenario = NULL;
    if (yaml_file_read(&text, path, error)) {
        scenario = scenario_parse(buffer_slice(&text), path, error);
    }
    buffer_clear(&text);
    return scenario;
}

void scenario_free(struct scenario *scenario)
{
    if (scenario == NULL) {
        return;
    }
    struct shelf *shelf = (struct shelf *)scenario;
    arena_clear(&shelf->arena);
    free(shelf);
}

bool scenario_mend(const struct scenario *scenario, const struct yaml_item *parts, const char *name,
                   struct lab_case *out_case, struct error *error)
{
    // Texts of a case are titles of clients, and a fix has no need of them beyond this call.
    struct arena arena = {0};
    struct reading reading = {.arena = &arena, .name = name, .error = error};
    struct lab_case *made = malloc(sizeof(*made));
    bool is_ok = made != NULL || error_set(error, ERROR_MEMORY, "out of memory");
    is_ok = is_ok && reading_is(&reading, parts, YAML_MAP, "");
    if (is_ok) {
        *made = scenario->broken;
    }
    for (const struct yaml_item *item = is_ok ? parts->first : NULL; item != NULL && is_ok;
         item = item->next) {
        is_ok = case_is_part(item->key)
                    ? case_read_part(&reading, item, made)
                    : reading_fail(&reading, item, "", "unknown key '%s', expected " CASE_PARTS,
                                   quote_text(item->key).text);
    }
    for (size_t i = 0; i < SCENARIO_CLIENTS && is_ok; i++) {
        made->clients[i].title = scenario->broken.clients[i].title;
    }
    if (is_ok) {
        *out_case = *made;
    }
    free(made);
    arena_clear(&arena);
    return is_ok;
}
