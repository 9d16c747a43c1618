#include "missing.h"

#include <string.h>

// ---- the path

static bool set_end(struct missing *missing, X509 *certificate)
{
    return cert_facts_read(certificate, missing->check.setup.arena, &missing->end);
}

// find_end follows each certificate to its issuer, as far as they were sent.
static X509 *find_end(const struct missing *missing)
{
    X509 *end = missing->path[0];
    for (size_t i = 1; i < missing->path_count; i++) {
        X509 *issuer = cert_bundle_issuer(missing->path + 1, missing->path_count - 1, end);
        if (issuer == NULL || issuer == end) {
            break;
        }
        end = issuer;
    }
    return end;
}

bool missing_open(struct missing *out, const struct evidence *evidence,
                  const struct trust_store *trust, struct arena *arena, struct verdict *verdict)
{
    const struct leg_evidence *leg = &evidence->legs[SERVER];
    const struct recheck_setup setup = {
        .chain = leg->chain,
        .count = leg->chain_count,
        .trust = trust,
        .spec = {.name = leg->verification.name, .at_us = leg->verification.at_us},
        .arena = arena,
        .verdict = verdict,
    };
    bool is_ours = (strcmp(verdict->cause->code, "cert.chain-incomplete") == 0 ||
                    strcmp(verdict->cause->code, "cert.untrusted-root") == 0) &&
                   verdict->leg == SERVER && verdict->phase == PHASE_CERTIFICATE &&
                   leg->verification.done && trust != NULL;
    *out = (struct missing){0};
    if (!is_ours || !recheck_open(&out->check, &setup)) {
        return false;
    }
    judge_init(&out->judge, evidence, arena);
    memcpy(out->path, out->check.chain, out->check.count * sizeof(*out->path));
    out->path_count = out->check.count;
    // The unchanged chain was verified again before, by whoever holds the verdict's first row.
    out->fails_again =
        verdict->proof_count > 0 ? !verdict->proof[0].passed : !recheck_same(&out->check);
    if (!set_end(out, find_end(out)) || out->end.is_self_signed || !out->fails_again) {
        missing_clear(out);
        return false;
    }
    return true;
}

void missing_clear(struct missing *missing)
{
    size_t sent = missing->path_count - missing->added_count;
    cert_bundle_clear(missing->path + sent, missing->added_count);
    recheck_clear(&missing->check);
    *missing = (struct missing){0};
}

const char *missing_address(const struct missing *missing)
{
    bool is_over = missing->mends || missing->end.is_self_signed ||
                   missing->added_count == MISSING_ADDED_MAX ||
                   missing->path_count == CERT_CHAIN_MAX;
    return is_over ? NULL : missing->end.aia_issuers;
}

// ---- what came

static void note(struct missing *missing, const char *place, const char *outcome, double ms)
{
    struct arena *arena = missing->check.setup.arena;
    recheck_note(&missing->check,
                 arena_printf(arena, "asked for %s: %s", peer_text(arena, missing->end.issuer),
                              peer_text(arena, place)),
                 recheck_aged(&missing->check, outcome, missing->age_us), false, ms);
}

static const char *names_of(const struct missing *missing)
{
    struct arena *arena = missing->check.setup.arena;
    const char *text = peer_text(arena, missing->added[0].subject);
    for (size_t i = 1; i < missing->added_count && text != NULL; i++) {
        text =
            arena_printf(arena, "%s, then %s", text, peer_text(arena, missing->added[i].subject));
    }
    return text != NULL ? text : "";
}

// try_path verifies what was sent with what was found after it; when that ends in a root, which no
// server needs to send, trust in it is tried as well.
static void try_path(struct missing *missing)
{
    struct arena *arena = missing->check.setup.arena;
    const struct recheck_change change = {
        .words = arena_printf(arena, "certificates: + %s", names_of(missing)),
        .chain = missing->path,
        .count = missing->path_count,
    };
    missing->mends = recheck_run(&missing->check, &change);
    if (missing->mends || !missing->end.is_self_signed) {
        return;
    }
    missing->trust_mends =
        recheck_trusting(&missing->check, missing->path[missing->path_count - 1], NULL, 0,
                         arena_printf(arena, "trusted: + %s, the chain as it was sent",
                                      peer_text(arena, missing->end.subject)));
}

// add appends the issuer found; false when there is no more room.
static bool add(struct missing *missing, X509 *issuer, const char *place)
{
    struct cert_facts facts;
    if (missing->added_count == MISSING_ADDED_MAX || missing->path_count == CERT_CHAIN_MAX ||
        !cert_facts_read(issuer, missing->check.setup.arena, &facts) || X509_up_ref(issuer) != 1) {
        return false;
    }
    missing->path[missing->path_count++] = issuer;
    missing->added[missing->added_count] = facts;
    missing->places[missing->added_count++] = place;
    missing->end = facts;
    return true;
}

void missing_none(struct missing *missing, const char *why, double ms)
{
    note(missing, missing->end.aia_issuers, why, ms);
    missing->end.aia_issuers = NULL;
}

void missing_take(struct missing *missing, struct slice bytes, double ms)
{
    X509 *held[CERT_BUNDLE_MAX];
    size_t count = cert_bundle_read(bytes, held), before = missing->added_count;
    const char *place = missing->end.aia_issuers;
    X509 *last =
        missing->added_count == 0 ? find_end(missing) : missing->path[missing->path_count - 1];
    X509 *issuer = cert_bundle_issuer(held, count, last);
    if (issuer == NULL) {
        missing_none(missing,
                     count > 0 ? "none of the certificates there issued it"
                               : "no certificate in the answer",
                     ms);
    } else {
        note(missing, place,
             count > 1 ? "it is among the certificates there" : "the certificate came", ms);
    }
    // A collection may hold the rest of the way as well.
    while (issuer != NULL && add(missing, issuer, place) && !missing->end.is_self_signed) {
        issuer = cert_bundle_issuer(held, count, issuer);
    }
    if (missing->added_count > before) {
        try_path(missing);
    }
    cert_bundle_clear(held, count);
}

// ---- what it proves

static void say_incomplete(struct missing *missing, struct verdict *out)
{
    struct judge *judge = &missing->judge;
    struct arena *arena = missing->check.setup.arena;
    const struct cert_facts *first = &missing->added[0];
    size_t sent = missing->check.count;
    verdict_set(out, "cert.chain-incomplete", PARTY_SERVER, PHASE_CERTIFICATE, CONFIDENCE_PROVEN);
    memset(out->facts, 0, sizeof(out->facts));
    verdict_say(judge, out,
                "%s sent its chain without %s, without which no trusted root is reached",
                judge->origin, names_of(missing));
    verdict_fact(judge, out, "%zu certificate%s came", sent, sent == 1 ? "" : "s");
    for (size_t i = 0; i < missing->added_count; i++) {
        verdict_fact(judge, out, "missing: %s, issued by %s; it is at %s",
                     peer_text(arena, missing->added[i].subject),
                     peer_text(arena, missing->added[i].issuer),
                     peer_text(arena, missing->places[i]));
    }
    verdict_fact(judge, out, "with that, the chain verifies");
    verdict_fix(judge, out,
                "Have the server send %s (issued by %s) after its own certificate; it can be had "
                "at %s.",
                names_of(missing), peer_text(arena, first->issuer),
                peer_text(arena, missing->places[0]));
}

static void say_untrusted(struct missing *missing, struct verdict *out)
{
    struct judge *judge = &missing->judge;
    struct arena *arena = missing->check.setup.arena;
    verdict_set(out, "cert.untrusted-root", PARTY_SERVER, PHASE_CERTIFICATE, CONFIDENCE_PROVEN);
    memset(out->facts, 0, sizeof(out->facts));
    out->fix = out->cause->text[LANGUAGE_EN].fix;
    verdict_say(judge, out, "the chain of %s is whole, and ends at a root that is not trusted: %s",
                judge->origin, peer_text(arena, missing->end.subject));
    verdict_fact(judge, out, "the root was not sent, as is right; it is at %s",
                 peer_text(arena, missing->places[missing->added_count - 1]));
    verdict_fact(judge, out, "with that root trusted the chain verifies as it was sent");
    verdict_fact(judge, out,
                 "if that authority is meant to be trusted, it is midspan that lacks it; else the "
                 "server's owner must act");
}

void missing_conclude(struct missing *missing)
{
    struct verdict *verdict = missing->check.setup.verdict;
    if (missing->mends) {
        say_incomplete(missing, verdict);
    } else if (missing->trust_mends) {
        say_untrusted(missing, verdict);
    } else if (missing->end.is_self_signed) {
        verdict_fact(&missing->judge, verdict,
                     "both are so: %s is missing, and the root above is not trusted",
                     names_of(missing));
    }
}
