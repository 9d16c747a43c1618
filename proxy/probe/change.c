#include "change.h"

#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "judge.h"
#include "trust.h"

static const char *const list_words[] = {
    [LIST_VERSIONS] = "versions",
    [LIST_SUITES] = "cipher suites",
    [LIST_GROUPS] = "groups",
    [LIST_SCHEMES] = "signature schemes",
};

static void add_list(struct buffer *text, struct arena *arena, enum list_kind kind,
                     const struct trial *trial, const struct sets *base)
{
    struct number_list more;
    list_minus(sets_list(&trial->offered, kind), sets_list(base, kind), &more);
    if (more.count > 3) {
        (void)buffer_printf(text, "%s%s: + %u more", text->len > 0 ? "; " : "", list_words[kind],
                            more.count);
    } else if (more.count > 0) {
        (void)buffer_printf(text, "%s%s: + %s", text->len > 0 ? "; " : "", list_words[kind],
                            list_text(arena, kind, &more));
    }
}

// add_narrowing says what was left out of the wide lists; a shorter text is still true.
static void add_narrowing(struct buffer *text, const struct change *change)
{
    if (change->only_key != 0) {
        (void)buffer_printf(text, "%sfor %s certificates only", text->len > 0 ? "; " : "",
                            change->only_key == KEY_RSA ? "RSA" : "ECDSA");
    }
    if (change->capped_at != 0) {
        (void)buffer_printf(text, "%snothing above %s", text->len > 0 ? "; " : "",
                            version_name(change->capped_at));
    }
}

// widened_text names every list that grew, what came along included.
static const char *widened_text(struct arena *arena, const struct trial *trial,
                                const struct sets *base)
{
    struct buffer text = {0};
    for (enum list_kind kind = LIST_VERSIONS; kind <= LIST_SCHEMES; kind++) {
        add_list(&text, arena, kind, trial, base);
    }
    if (trial->change.drops_alpn && text.len > 0) {
        (void)buffer_append_text(&text, "; ALPN: none"); // a shorter text is still true
    }
    add_narrowing(&text, &trial->change);
    const char *copy = text.len > 0 ? arena_text(arena, buffer_slice(&text)) : NULL;
    buffer_clear(&text);
    return copy != NULL ? copy : "nothing: the lists were wide already";
}

static const char *added_text(struct arena *arena, const struct change *change)
{
    return arena_printf(arena, "%s: + %s alone", list_words[change->list],
                        list_item_name(change->list, change->number));
}

static const char *named_text(struct arena *arena, const char *what, const char *name)
{
    return name == NULL ? arena_printf(arena, "%s: none", what)
                        : arena_printf(arena, "%s: %s", what, peer_text(arena, name));
}

const char *change_text(struct arena *arena, const struct trial *trial, const struct sets *base)
{
    const struct change *change = &trial->change;
    const char *text = NULL;
    switch (change->kind) {
    case CHANGE_NOTHING:
        text = change->is_tls12 ? "nothing above TLS 1.2" : "nothing: the same hello again";
        break;
    case CHANGE_BLAME:
        text = "the client's own hello";
        break;
    case CHANGE_WIDEN:
        text = widened_text(arena, trial, base);
        break;
    case CHANGE_ADD:
        text = added_text(arena, change);
        break;
    case CHANGE_SNI:
        text = named_text(arena, "SNI", change->name);
        break;
    case CHANGE_ALPN:
        text = named_text(arena, "ALPN", change->name);
        break;
    case CHANGE_EMS:
        text = "extended_master_secret: + offered";
        break;
    case CHANGE_COMPACT:
        text = "a short hello, the same versions";
        break;
    case CHANGE_CAP:
        text = "nothing above TLS 1.2, no GREASE";
        break;
    case CHANGE_RECORD:
        text = "version of the record: TLS 1.2";
        break;
    }
    return text != NULL ? text : "";
}

static const char *hello_text(struct arena *arena, const struct trial *trial)
{
    const struct outcome *outcome = &trial->outcome;
    const char *foreign =
        number_list_has(&trial->offered.versions, outcome->version) ? "" : " (not offered)";
    const char *group = outcome->group != 0 ? group_name(outcome->group) : NULL;
    const char *scheme = outcome->scheme != 0 ? scheme_name(outcome->scheme) : NULL;
    return arena_printf(arena, "ServerHello, %s%s, %s%s%s%s%s", version_name(outcome->version),
                        foreign, suite_name(outcome->suite), group != NULL ? ", " : "",
                        group != NULL ? group : "", scheme != NULL ? ", " : "",
                        scheme != NULL ? scheme : "");
}

static const char *ended_text(struct arena *arena, const struct trial *trial)
{
    const struct outcome *outcome = &trial->outcome;
    const char *after = outcome->version != 0 ? " after ServerHello" : "";
    const char *text = NULL;
    switch (outcome->kind) {
    case OUTCOME_NONE:
        text = "not run";
        break;
    case OUTCOME_SERVER_HELLO:
        text = hello_text(arena, trial);
        break;
    case OUTCOME_RETRY:
        text = arena_printf(arena,
                            outcome->version != 0 ? "HelloRetryRequest for %s"
                                                  : "a second HelloRetryRequest for %s",
                            group_name(outcome->group));
        break;
    case OUTCOME_ALERT:
        text = arena_printf(arena, "alert %s (%u)%s", alert_name(outcome->alert), outcome->alert,
                            after);
        break;
    case OUTCOME_CLOSED:
        text = arena_printf(arena, "closed without a word%s", after);
        break;
    case OUTCOME_RESET:
        text = arena_printf(arena, "reset%s", after);
        break;
    case OUTCOME_SILENCE:
        text = outcome->version != 0 ? "nothing in time after ServerHello" : "no answer in time";
        break;
    case OUTCOME_NOT_TLS:
        text = outcome->version != 0 ? "an answer that is not TLS after ServerHello"
                                     : "an answer that is not TLS";
        break;
    case OUTCOME_UNREACHABLE:
        text = "no connection";
        break;
    }
    return text != NULL ? text : "";
}

const char *outcome_text(struct arena *arena, const struct trial *trial)
{
    const char *text = ended_text(arena, trial);
    if (trial->age_us == 0) {
        return text;
    }
    const char *aged =
        arena_printf(arena, "%s (seen %u s ago)", text, (unsigned)(trial->age_us / 1000000));
    return aged != NULL ? aged : text;
}

uint16_t outcome_curve(struct arena *arena, const struct outcome *outcome)
{
    static const char kind[] = "EC ";
    struct cert_facts facts;
    if (outcome->leaf.len == 0 || cert_facts_from_der(outcome->leaf, arena, &facts) != PARSE_OK ||
        facts.key == NULL || strncmp(facts.key, kind, strlen(kind)) != 0) {
        return 0;
    }
    const struct group *group = group_named(slice_of_text(facts.key + strlen(kind)));
    return group != NULL ? group->id : 0;
}

static bool carries_name(const struct outcome *outcome, const char *wanted, struct arena *arena)
{
    struct cert_facts facts;
    return outcome->leaf.len > 0 && cert_facts_from_der(outcome->leaf, arena, &facts) == PARSE_OK &&
           leaf_covers(&facts, wanted);
}

// A list that is absent forbids nothing (below TLS 1.3), nor does what was not seen.
static bool is_among(const struct number_list *list, uint16_t number)
{
    return number == 0 || list->count == 0 || number_list_has(list, number);
}

void trial_judge(struct trial *trial, const char *wanted, struct arena *arena)
{
    const struct outcome *outcome = &trial->outcome;
    const struct sets *offered = &trial->offered;
    bool fits = number_list_has(&offered->versions, outcome->version) &&
                number_list_has(&offered->suites, outcome->suite) &&
                is_among(&offered->groups, outcome->group) &&
                is_among(&offered->schemes, outcome->scheme);
    bool is_answer = outcome->kind == OUTCOME_SERVER_HELLO || outcome->kind == OUTCOME_RETRY;
    trial->passed = is_answer && fits;
    if (trial->passed && wanted != NULL && trial->change.is_tls12) {
        trial->passed = carries_name(outcome, wanted, arena);
    }
}
