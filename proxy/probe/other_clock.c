#include "other_clock.h"

#include <string.h>

#include "clock.h"
#include "http_date.h"
#include "rules_certificate.h"

static bool is_about_dates(const struct verdict *verdict)
{
    static const char *const codes[] = {"cert.expired", "cert.intermediate-expired",
                                        "cert.not-yet-valid"};
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        if (strcmp(verdict->cause->code, codes[i]) == 0) {
            return true;
        }
    }
    return strcmp(verdict->cause->code, "clock.bridge") == 0 &&
           verdict->confidence != CONFIDENCE_PROVEN;
}

static const char *place_in(const struct leg_evidence *leg)
{
    for (size_t i = 0; i < leg->chain_count; i++) {
        const struct cert_facts *facts = &leg->chain[i];
        const char *place = facts->aia_issuers != NULL ? facts->aia_issuers : facts->ocsp;
        if (place != NULL) {
            return place;
        }
    }
    return NULL;
}

bool other_clock_open(struct other_clock *out, const struct evidence *evidence,
                      const struct trust_store *trust, struct arena *arena, struct verdict *verdict)
{
    const struct leg_evidence *leg = &evidence->legs[SERVER];
    const char *place = place_in(leg);
    const struct recheck_setup setup = {
        .chain = leg->chain,
        .count = leg->chain_count,
        .trust = trust,
        .spec = {.name = leg->verification.name,
                 .at_us = leg->verification.at_us,
                 .staple = leg->staple.data,
                 .staple_len = leg->staple.len},
        .arena = arena,
        .verdict = verdict,
    };
    bool is_ours = verdict->leg == SERVER && verdict->phase == PHASE_CERTIFICATE &&
                   leg->verification.done && trust != NULL && evidence->origin_date_us == 0 &&
                   place != NULL && is_about_dates(verdict);
    *out = (struct other_clock){0};
    if (!is_ours || !recheck_open(&out->check, &setup)) {
        return false;
    }
    judge_init(&out->judge, evidence, arena);
    out->place = place;
    return true;
}

void other_clock_clear(struct other_clock *clock)
{
    recheck_clear(&clock->check);
    *clock = (struct other_clock){0};
}

static void note(struct other_clock *clock, const char *outcome, double ms)
{
    struct arena *arena = clock->check.setup.arena;
    recheck_note(&clock->check,
                 arena_printf(arena, "asked for the time: %s", peer_text(arena, clock->place)),
                 recheck_aged(&clock->check, outcome, clock->age_us), false, ms);
}

void other_clock_none(struct other_clock *clock, const char *why, double ms)
{
    note(clock, why, ms);
}

// blame_certificate: another clock agrees, so what was taken for a wrong clock is none.
static void blame_certificate(struct other_clock *clock, const char *date)
{
    struct verdict *out = clock->check.setup.verdict;
    const struct leg_evidence *leg = leg_of(&clock->judge, SERVER);
    if (strcmp(out->cause->code, "clock.bridge") == 0) {
        bool is_mended = recheck_within(&clock->check);
        memset(out->facts, 0, sizeof(out->facts));
        verdict_certificate(&clock->judge, &leg->verification, leg, out);
        out->confidence = is_mended ? CONFIDENCE_PROVEN : CONFIDENCE_DEDUCED;
        out->fix = out->cause->text[LANGUAGE_EN].fix;
    }
    verdict_fact(&clock->judge, out, "midspan's clock is right: another one says %s as well", date);
}

static void blame_clock(struct other_clock *clock, const char *date, int64_t off_us)
{
    char ours[CLOCK_TEXT_MAX];
    struct judge *judge = &clock->judge;
    struct arena *arena = clock->check.setup.arena;
    struct verdict *out = clock->check.setup.verdict;
    const struct verification *verification = &leg_of(judge, SERVER)->verification;
    verdict_set(out, "clock.bridge", PARTY_BRIDGE, PHASE_CERTIFICATE, CONFIDENCE_PROVEN);
    memset(out->facts, 0, sizeof(out->facts));
    out->offered = out->accepted = NULL;
    out->direct = DIRECT_UNKNOWN;
    out->fix = out->cause->text[LANGUAGE_EN].fix;
    verdict_say(judge, out, "midspan judged the certificate of %s at %s, and that is not the time",
                judge->origin, clock_date(verification->at_us, ours));
    verdict_fact(judge, out, "at that time: %s", fault_words(verification->fault));
    verdict_fact(judge, out, "the clock of %s says %s; midspan's is %s %s",
                 peer_text(arena, clock->place), date, duration_text(arena, off_us),
                 off_us > 0 ? "ahead" : "behind");
    verdict_fact(judge, out, "at that other time the chain is in date");
}

void other_clock_take(struct other_clock *clock, const char *header, int64_t held_us, double ms)
{
    char date[CLOCK_TEXT_MAX];
    int64_t date_us;
    struct arena *arena = clock->check.setup.arena;
    if (!http_date_parse(slice_of_text(header), &date_us) || date_us < CLOCK_FLOOR_US) {
        other_clock_none(clock, "no time in the answer that can be right", ms);
        return;
    }
    date_us += held_us;              // a cache passes on the date that it was told (RFC 9111)
    (void)clock_date(date_us, date); // gives its argument back
    int64_t off_us = clock->check.setup.spec.at_us - date_us;
    bool agrees = off_us < OTHER_CLOCK_SLACK_US && off_us > -OTHER_CLOCK_SLACK_US;
    note(clock,
         arena_printf(arena, "%s, %s", date,
                      agrees ? "as midspan's clock says" : "which midspan's clock does not say"),
         ms);
    if (agrees) {
        blame_certificate(clock, date);
    } else if (recheck_at(&clock->check, date_us, "the other clock")) {
        blame_clock(clock, date, off_us);
    } else {
        verdict_fact(&clock->judge, clock->check.setup.verdict,
                     "midspan's clock is %s from another's, but that alone does not mend it",
                     duration_text(arena, off_us));
    }
}
