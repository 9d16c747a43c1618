#include "revoked.h"

#include <string.h>

#include <openssl/err.h>

#include "cert_bundle.h"
#include "clock.h"
#include "web_address.h"

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

// ---- whom to ask

static void add_place(struct revoked *revoked, const char *place)
{
    struct web_address address;
    if (web_address_read(slice_of_text(place), &address)) {
        revoked->places[revoked->place_count++] = place;
    }
}

// choose takes the certificate at `depth`; false when nobody can be asked about it.
static bool choose(struct revoked *revoked, size_t depth)
{
    const char *lists[CRL_PLACES_MAX];
    struct recheck *check = &revoked->check;
    X509_free(revoked->issuer);
    revoked->depth = depth;
    revoked->certificate = check->chain[depth];
    revoked->issuer = issuer_of(check, depth);
    revoked->place_count = revoked->place_next = 0;
    if (check->setup.chain[depth].ocsp != NULL) {
        add_place(revoked, check->setup.chain[depth].ocsp);
    }
    revoked->has_responder = revoked->place_count > 0;
    size_t count = crl_places(revoked->certificate, check->setup.arena, lists);
    for (size_t i = 0; i < count; i++) {
        add_place(revoked, lists[i]);
    }
    return revoked->issuer != NULL && revoked->place_count > 0;
}

// choose_from takes the first certificate from `depth` on about which somebody can be asked: no
// root, of which nobody else can say anything.
static bool choose_from(struct revoked *revoked, size_t depth)
{
    const struct cert_facts *chain = revoked->check.setup.chain;
    while (depth < revoked->check.count &&
           (chain[depth].is_self_signed || !choose(revoked, depth))) {
        depth++;
    }
    return depth < revoked->check.count;
}

// is_ours: midspan has found one revoked, or a client was passed on and midspan has found nothing.
static bool is_ours(const struct revoked *revoked, const struct evidence *evidence,
                    const struct verdict *verdict)
{
    const struct verification *found = &evidence->legs[SERVER].verification;
    bool is_about = strcmp(verdict->cause->code, "cert.revoked") == 0 && found->done;
    return is_about &&
           (revoked->is_passed ? found->fault == CERT_FAULT_NONE : verdict->leg == SERVER);
}

bool revoked_open(struct revoked *out, const struct evidence *evidence,
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
    *out = (struct revoked){.is_passed = evidence->is_passed && verdict->leg == CLIENT};
    if (trust == NULL || !is_ours(out, evidence, verdict) || !recheck_open(&out->check, &setup)) {
        return false;
    }
    judge_init(&out->judge, evidence, arena);
    size_t depth = leg->verification.depth > 0 ? (size_t)leg->verification.depth : 0;
    bool is_open =
        out->is_passed ? choose_from(out, 0) : depth < out->check.count && choose(out, depth);
    if (!is_open) {
        revoked_clear(out);
    }
    return is_open;
}

void revoked_clear(struct revoked *revoked)
{
    X509_free(revoked->issuer);
    recheck_clear(&revoked->check);
    *revoked = (struct revoked){0};
}

const char *revoked_place(const struct revoked *revoked)
{
    bool is_left = !revoked->is_told && revoked->place_next < revoked->place_count;
    return is_left ? revoked->places[revoked->place_next] : NULL;
}

bool revoked_asks_responder(const struct revoked *revoked)
{
    return revoked->has_responder && revoked->place_next == 0;
}

bool revoked_question(const struct revoked *revoked, struct buffer *out)
{
    // Where nobody is left to ask, the last certificate's issuer may not be known.
    return revoked_place(revoked) != NULL &&
           (!revoked_asks_responder(revoked) ||
            responder_question(revoked->certificate, revoked->issuer, out));
}

// move_on goes to the next place; behind the last one of a client's, or when a certificate is told
// to be good, to the next certificate.
static void move_on(struct revoked *revoked)
{
    revoked->place_next++;
    if (!revoked->is_passed || revoked->is_revoked ||
        (!revoked->is_told && revoked->place_next < revoked->place_count)) {
        return;
    }
    revoked->is_told = !choose_from(revoked, revoked->depth + 1);
}

// ---- what an answer says

// An answer: words for its row and what it comes to.
struct told {
    const char *text;
    bool is_revoked;
    bool is_good; // and so now
};

static const char *text_or(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

// is_over: a responder may give out an answer whose time has passed; "good" is then not said of
// now. Likewise a list.
static bool is_over(const struct revoked *revoked, int64_t until_us)
{
    return until_us != 0 && until_us < revoked->check.setup.spec.at_us;
}

static const char *since_text(const struct revoked *revoked, int64_t since_us, const char *reason)
{
    char date[CLOCK_TEXT_MAX];
    const char *text = arena_printf(revoked->check.setup.arena, "revoked since %s%s%s%s",
                                    clock_date(since_us, date), reason != NULL ? " (" : "",
                                    text_or(reason, ""), reason != NULL ? ")" : "");
    return text_or(text, "revoked");
}

static const char *over_text(const struct revoked *revoked, const char *words, int64_t until_us)
{
    char date[CLOCK_TEXT_MAX];
    const char *text = arena_printf(revoked->check.setup.arena, "%s, until %s, which is over",
                                    words, clock_date(until_us, date));
    return text_or(text, words);
}

static struct told read_response(struct revoked *revoked, struct slice bytes)
{
    struct responder_answer answer;
    responder_read(bytes, revoked->certificate, revoked->issuer, revoked->check.setup.spec.at_us,
                   &answer);
    bool is_old = is_over(revoked, answer.until_us);
    struct told told = {
        .text = responder_words(answer.says),
        .is_revoked = answer.says == RESPONDER_REVOKED,
        .is_good = answer.says == RESPONDER_GOOD && !is_old,
    };
    if (told.is_revoked) {
        told.text = since_text(revoked, answer.revoked_us, answer.reason);
    } else if (answer.says == RESPONDER_GOOD && is_old) {
        told.text = over_text(revoked, told.text, answer.until_us);
    }
    return told;
}

static const char *serial_of(const struct revoked *revoked)
{
    return peer_text(revoked->check.setup.arena, revoked->check.setup.chain[revoked->depth].serial);
}

static struct told read_list(struct revoked *revoked, struct slice bytes)
{
    struct crl_answer answer;
    char date[CLOCK_TEXT_MAX];
    const int64_t now_us = revoked->check.setup.spec.at_us;
    crl_read(bytes, revoked->certificate, revoked->issuer, now_us, &answer);
    bool is_old = is_over(revoked, answer.until_us);
    struct told told = {.text = crl_words(answer.says), .is_revoked = answer.says == CRL_REVOKED};
    if (answer.says < CRL_ABSENT) {
        return told;
    }
    int64_t left_us = answer.until_us - now_us;
    revoked->keep_us = left_us < REVOKED_LIST_US_MAX ? left_us : REVOKED_LIST_US_MAX;
    told.is_good = answer.says == CRL_ABSENT && !is_old && !answer.is_partial && !answer.has_delta;
    if (told.is_revoked) {
        told.text = since_text(revoked, answer.revoked_us, answer.reason);
    } else if (is_old) {
        told.text = over_text(revoked, told.text, answer.until_us);
    } else if (answer.is_partial || answer.has_delta) {
        told.text = answer.is_partial ? "not on the list, which holds some reasons only"
                                      : "not on the list; its delta list was not asked for";
    }
    told.text =
        text_or(arena_printf(revoked->check.setup.arena, "list of %s, serial number %s: %s",
                             clock_date(answer.from_us, date), serial_of(revoked), told.text),
                told.text);
    return told;
}

static void add_row(struct revoked *revoked, const char *outcome, bool passed, double ms)
{
    struct arena *arena = revoked->check.setup.arena;
    const char *who = revoked_asks_responder(revoked) ? "responder" : "revocation list";
    const char *subject = revoked->check.setup.chain[revoked->depth].subject;
    const char *about =
        revoked->depth > 0 ? arena_printf(arena, " about %s", peer_text(arena, subject)) : NULL;
    recheck_note(&revoked->check,
                 arena_printf(arena, "the %s asked now%s: %s", who, text_or(about, ""),
                              peer_text(arena, revoked->places[revoked->place_next])),
                 recheck_aged(&revoked->check, outcome, revoked->age_us), passed, ms);
}

// ---- what it proves

// looked_at verifies what the client refused again, with the answer at hand and without: when the
// one fails and the other does not, the client's alert is explained. A response about a certificate
// above the leaf can't be looked at so.
static bool looked_at(struct revoked *revoked, struct slice bytes)
{
    struct verify_spec spec = revoked->check.setup.spec;
    struct verification with;
    bool is_response = revoked_asks_responder(revoked);
    if (is_response && revoked->depth > 0) {
        return false;
    }
    if (is_response) {
        spec.staple = bytes.data;
        spec.staple_len = bytes.len;
    } else {
        spec.list = bytes.data;
        spec.list_len = bytes.len;
    }
    const struct recheck_change looked = {
        .words = is_response ? "revocation: by that response" : "revocation: by that list",
        .spec = &spec,
        .result = &with,
    };
    bool passed = recheck_run(&revoked->check, &looked);
    return recheck_run(&revoked->check,
                       &(struct recheck_change){.words = "revocation: not looked at"}) &&
           !passed && with.done && with.fault == CERT_FAULT_REVOKED &&
           with.depth == (int)revoked->depth;
}

static void conclude_passed(struct revoked *revoked, struct slice bytes, const struct told *told)
{
    struct verdict *verdict = revoked->check.setup.verdict;
    struct judge *judge = &revoked->judge;
    const char *subject = revoked->check.setup.chain[revoked->depth].subject;
    if (told->is_good) {
        verdict_fact(judge, verdict, "its issuer does not say so now of %s: %s",
                     peer_text(judge->arena, subject), told->text);
        return;
    }
    if (!told->is_revoked) {
        return;
    }
    if (looked_at(revoked, bytes)) {
        verdict->confidence = CONFIDENCE_PROVEN;
    }
    verdict_fact(judge, verdict, "its issuer says so as well, of %s: %s",
                 peer_text(judge->arena, subject), told->text);
}

static void conclude(struct revoked *revoked, const struct told *told)
{
    struct verdict *verdict = revoked->check.setup.verdict;
    bool is_response = revoked_asks_responder(revoked);
    const char *who = is_response ? "its responder" : "its issuer's list";
    if (told->is_revoked) {
        verdict_fact(&revoked->judge, verdict, "%s says the same now: %s", who, told->text);
    } else if (told->is_good) {
        verdict_fact(&revoked->judge, verdict,
                     "%s %s now: that or what says \"revoked\" is older or wrong", who,
                     is_response ? "says \"good\"" : "does not have it");
    }
}

void revoked_none(struct revoked *revoked, const char *why, double ms)
{
    revoked->keep_us = 0;
    add_row(revoked, why, false, ms);
    move_on(revoked);
}

void revoked_take(struct revoked *revoked, struct slice bytes, double ms)
{
    revoked->keep_us = 0;
    const struct told told =
        revoked_asks_responder(revoked) ? read_response(revoked, bytes) : read_list(revoked, bytes);
    add_row(revoked, told.text, told.is_good, ms);
    if (revoked->is_passed) {
        conclude_passed(revoked, bytes, &told);
    } else {
        conclude(revoked, &told);
    }
    revoked->is_revoked = told.is_revoked;
    revoked->is_told = told.is_revoked || told.is_good;
    move_on(revoked);
}
