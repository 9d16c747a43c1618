// Whether a certificate is out of date or midspan's clock is wrong: another clock tells.
#include "../certs/chain_kit.h"

#include <stdio.h>
#include <time.h>

#include "clock.h"
#include "other_clock.h"

#define DAY_US ((int64_t)86400 * 1000000)

static const struct row {
    const char *name;
    int from_days, to_days; // of the leaf
    int ahead_days;         // of midspan's clock
    int other_ahead_days;   // of the other clock
    const char *date;       // instead of the other clock's
    int held_days;          // by a cache
    bool has_no_place;
    const char *cause, *want; // verdict before and after
    bool is_taken, is_proven;
} rows[] = {
    {.name = "an expired leaf, and both clocks agree",
     .from_days = -90,
     .to_days = -5,
     .cause = "cert.expired",
     .want = "cert.expired",
     .is_taken = true},
    {.name = "midspan's clock is a year ahead",
     .ahead_days = 365,
     .cause = "cert.expired",
     .want = "clock.bridge",
     .is_taken = true,
     .is_proven = true},
    {.name = "midspan's clock is thirty days behind",
     .ahead_days = -30,
     .cause = "cert.not-yet-valid",
     .want = "clock.bridge",
     .is_taken = true,
     .is_proven = true},
    {.name = "a clock that was suspected, and is wrong",
     .ahead_days = -30,
     .cause = "clock.bridge",
     .want = "clock.bridge",
     .is_taken = true,
     .is_proven = true},
    {.name = "a clock that was suspected, and is right",
     .from_days = 10,
     .to_days = 90,
     .cause = "clock.bridge",
     .want = "cert.not-yet-valid",
     .is_taken = true,
     .is_proven = true},
    {.name = "an answer that a cache has held since the leaf was in date",
     .from_days = -90,
     .to_days = -5,
     .other_ahead_days = -10,
     .held_days = 10,
     .cause = "cert.expired",
     .want = "cert.expired",
     .is_taken = true},
    {.name = "clocks that differ, and a leaf out of date by both",
     .from_days = -90,
     .to_days = -5,
     .ahead_days = 365,
     .cause = "cert.expired",
     .want = "cert.expired",
     .is_taken = true},
    {.name = "a time that can't be right",
     .ahead_days = 365,
     .date = "Thu, 01 Jan 1970 00:00:00 GMT",
     .cause = "cert.expired",
     .want = "cert.expired",
     .is_taken = true},
    {.name = "no time at all",
     .ahead_days = 365,
     .date = "",
     .cause = "cert.expired",
     .want = "cert.expired",
     .is_taken = true},
    {.name = "nobody to ask",
     .ahead_days = 365,
     .has_no_place = true,
     .cause = "cert.expired",
     .want = "cert.expired"},
    {.name = "another verdict", .cause = "cert.revoked", .want = "cert.revoked"},
};

static const char *header_at(int64_t at_us, char out[64])
{
    time_t seconds = (time_t)(at_us / 1000000);
    struct tm parts;
    (void)strftime(out, 64, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&seconds, &parts));
    return out;
}

static void tells(void **state)
{
    const struct row *row = *state;
    const struct recipe of_root = {
        .subject = "root", .is_ca = true, .from_days = -20, .to_days = 300};
    const struct recipe of_leaf = {.subject = "leaf",
                                   .names = "DNS:app.test",
                                   .from_days = row->from_days,
                                   .to_days = row->to_days,
                                   .aia = row->has_no_place ? NULL
                                                            : "caIssuers;URI:http://ca.test/root"};
    struct kit_cert root = kit_make(&of_root, NULL), leaf = kit_make(&of_leaf, &root);
    struct trust_store *trust = trust_store_only(root.certificate);
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct leg_evidence *leg = &evidence->legs[SERVER];
    struct verdict verdict = {
        .cause = cause_find(row->cause), .leg = SERVER, .phase = PHASE_CERTIFICATE};
    struct other_clock clock;
    char date[64];
    int64_t now_us = clock_wall_us();
    const struct verify_spec spec = {.name = "app.test",
                                     .at_us = now_us + row->ahead_days * DAY_US};
    leg->chain = arena_alloc(&arena, sizeof(*leg->chain));
    leg->chain_count = cert_facts_read(leaf.certificate, &arena, leg->chain) ? 1 : 0;
    chain_verify(trust, &leaf.certificate, 1, &spec, &arena, &leg->verification);
    bool is_taken = other_clock_open(&clock, evidence, trust, &arena, &verdict);
    if (is_taken) {
        const char *header = header_at(now_us + row->other_ahead_days * DAY_US, date);
        other_clock_take(&clock, row->date != NULL ? row->date : header, row->held_days * DAY_US,
                         1);
        other_clock_clear(&clock);
    }
    const char *got = verdict.cause->code;
    bool is_proven = verdict.confidence == CONFIDENCE_PROVEN;
    size_t proof_count = verdict.proof_count;
    trust_store_free(trust);
    arena_clear(&arena);
    kit_clear(&leaf);
    kit_clear(&root);
    assert_int_equal(is_taken, row->is_taken);
    assert_string_equal(got, row->want);
    assert_int_equal(is_proven, row->is_proven);
    assert_int_equal(proof_count > 0, row->is_taken);
}

int main(void)
{
    return RUN_ROWS(rows, tells);
}
