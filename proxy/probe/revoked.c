#include "revoked.h"

#include <string.h>

#include <openssl/err.h>

#include "cert_bundle.h"
#include "clock.h"

// issuer_of gives the issuer of chain[at], sent or trusted; the caller's. NULL: not known.
static X509 *issuer_of(const struct recheck *check, size_t at)
{
    X509 *sent = cert_bundle_issuer(check->chain, check->count, check->chain[at]);
    if (sent != NULL) {
        return X509_up_ref(sent) == 1 ? sent : NULL;
    }
    X509 *named = trust_store_named(check->setup.trust, X509_get_issuer_name(check->chain[at]));
    if (named != NULL && cert_bundle_issuer(&named, 1, check->chain[at]) == NULL) {
        X509_free(named);
        return NULL;
    }
    return named;
}

bool revoked_open(struct revoked *out, const struct evidence *evidence,
                  const struct trust_store *trust, struct arena *arena, struct verdict *verdict)
{
    const struct leg_evidence *leg = &evidence->legs[SERVER];
    size_t depth = leg->verification.depth > 0 ? (size_t)leg->verification.depth : 0;
    const struct recheck_setup setup = {
        .chain = leg->chain,
        .count = leg->chain_count,
        .trust = trust,
        .spec = {.name = leg->verification.name, .at_us = leg->verification.at_us},
        .arena = arena,
        .verdict = verdict,
    };
    bool is_ours = strcmp(verdict->cause->code, "cert.revoked") == 0 && verdict->leg == SERVER &&
                   leg->verification.done && trust != NULL && depth < leg->chain_count &&
                   leg->chain[depth].ocsp != NULL;
    *out = (struct revoked){0};
    if (!is_ours || !recheck_open(&out->check, &setup)) {
        return false;
    }
    judge_init(&out->judge, evidence, arena);
    out->place = leg->chain[depth].ocsp;
    out->certificate = out->check.chain[depth];
    out->issuer = issuer_of(&out->check, depth);
    if (out->issuer == NULL) {
        revoked_clear(out);
        return false;
    }
    return true;
}

void revoked_clear(struct revoked *revoked)
{
    X509_free(revoked->issuer);
    recheck_clear(&revoked->check);
    *revoked = (struct revoked){0};
}

bool revoked_question(const struct revoked *revoked, struct buffer *out)
{
    return responder_question(revoked->certificate, revoked->issuer, out);
}

static void add_row(struct revoked *revoked, const char *outcome, bool passed, double ms)
{
    struct arena *arena = revoked->check.setup.arena;
    recheck_note(
        &revoked->check,
        arena_printf(arena, "the responder asked now: %s", peer_text(arena, revoked->place)),
        recheck_aged(&revoked->check, outcome, revoked->age_us), passed, ms);
}

// is_over: a responder may give out an answer whose time has passed; "good" is then not said of
// now.
static bool is_over(const struct revoked *revoked, const struct responder_answer *answer)
{
    return answer->until_us != 0 && answer->until_us < revoked->check.setup.spec.at_us;
}

static const char *answer_text(const struct revoked *revoked, const struct responder_answer *answer)
{
    char date[CLOCK_TEXT_MAX];
    struct arena *arena = revoked->check.setup.arena;
    const char *words = responder_words(answer->says);
    if (answer->says == RESPONDER_GOOD && is_over(revoked, answer)) {
        const char *until = arena_printf(arena, "%s, until %s, which is over", words,
                                         clock_date(answer->until_us, date));
        return until != NULL ? until : words;
    }
    if (answer->says != RESPONDER_REVOKED) {
        return words;
    }
    const char *text = arena_printf(
        arena, "%s since %s%s%s%s", words, clock_date(answer->revoked_us, date),
        answer->reason != NULL ? " (" : "", answer->reason != NULL ? answer->reason : "",
        answer->reason != NULL ? ")" : "");
    return text != NULL ? text : words;
}

void revoked_none(struct revoked *revoked, const char *why, double ms)
{
    add_row(revoked, why, false, ms);
}

void revoked_take(struct revoked *revoked, struct slice bytes, double ms)
{
    struct responder_answer answer;
    struct verdict *verdict = revoked->check.setup.verdict;
    responder_read(bytes, revoked->certificate, revoked->issuer, revoked->check.setup.spec.at_us,
                   &answer);
    const char *text = answer_text(revoked, &answer);
    bool is_good = answer.says == RESPONDER_GOOD && !is_over(revoked, &answer);
    add_row(revoked, text, is_good, ms);
    if (answer.says == RESPONDER_REVOKED) {
        verdict_fact(&revoked->judge, verdict, "its responder says the same now: %s", text);
    } else if (is_good) {
        verdict_fact(&revoked->judge, verdict,
                     "its responder says \"good\" now: that or what says \"revoked\" is older or "
                     "wrong");
    }
}
