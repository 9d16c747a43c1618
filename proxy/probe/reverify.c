#include "reverify.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "clock.h"
#include "judge.h"

struct again {
    const struct evidence *evidence;
    const struct leg_evidence *leg;
    const struct trust_store *trust;
    struct arena *arena;
    struct verdict *verdict;
    X509 *chain[CERT_CHAIN_MAX]; // owned
    size_t count;
    struct verify_spec spec; // as it was verified
};

// ---- one run, one row

static bool run(struct again *again, const char *changed, const struct trust_store *trust,
                X509 *const *chain, const struct verify_spec *spec)
{
    struct verification result;
    int64_t begun_us = clock_monotonic_us();
    chain_verify(trust, chain, again->count, spec, again->arena, &result);
    bool passed = result.done && result.fault == CERT_FAULT_NONE;
    struct verdict *verdict = again->verdict;
    if (verdict->proof_count < PROOF_ROWS_MAX) {
        verdict->proof[verdict->proof_count++] = (struct proof_row){
            .changed = changed != NULL ? changed : "",
            .outcome = passed ? "verifies" : fault_words(result.fault),
            .ms = (double)(clock_monotonic_us() - begun_us) / 1000.0,
            .passed = passed,
        };
    }
    return passed;
}

static bool run_spec(struct again *again, const char *changed, struct verify_spec spec)
{
    return run(again, changed, again->trust, again->chain, &spec);
}

// ---- the changes

// window_of gives the time in which all certificates of the chain are in date; false when there is
// none.
static bool window_of(const struct leg_evidence *leg, int64_t *out_from_us, int64_t *out_to_us)
{
    int64_t from_us = INT64_MIN, to_us = INT64_MAX;
    for (size_t i = 0; i < leg->chain_count; i++) {
        from_us = leg->chain[i].not_before_us > from_us ? leg->chain[i].not_before_us : from_us;
        to_us = leg->chain[i].not_after_us < to_us ? leg->chain[i].not_after_us : to_us;
    }
    *out_from_us = from_us;
    *out_to_us = to_us;
    return from_us < to_us;
}

static bool at_time(struct again *again, int64_t at_us, const char *whose)
{
    char date[CLOCK_TEXT_MAX];
    struct verify_spec spec = again->spec;
    spec.at_us = at_us;
    return run_spec(
        again, arena_printf(again->arena, "time: %s (%s)", clock_date(at_us, date), whose), spec);
}

static bool in_window(struct again *again)
{
    int64_t from_us, to_us;
    return window_of(again->leg, &from_us, &to_us) &&
           at_time(again, from_us + (to_us - from_us) / 2, "when all of the chain is in date");
}

static bool by_right_clock(struct again *again)
{
    const struct evidence *evidence = again->evidence;
    if (evidence->origin_date_us != 0) {
        return at_time(again, evidence->origin_date_us, "the origin's clock");
    }
    return at_time(again, evidence->opened_us, "the machine's clock");
}

static bool with_own_name(struct again *again)
{
    const struct cert_facts *leaf = &again->leg->chain[0];
    struct verify_spec spec = again->spec;
    for (size_t i = 0; i < leaf->name_count; i++) {
        const char *name = strchr(leaf->names[i], ':') + 1;
        if (strchr(name, '*') == NULL) {
            spec.name = name;
            return run_spec(
                again, arena_printf(again->arena, "name: %s", peer_text(again->arena, name)), spec);
        }
    }
    spec.name = NULL;
    return run_spec(again, "name: none asked for", spec);
}

static bool without_name(struct again *again)
{
    struct verify_spec spec = again->spec;
    spec.name = NULL;
    return run_spec(again, "name: none asked for", spec);
}

// with_anchor trusts the end of the chain. A chain that ends below its root does not tell a missing
// intermediate from an unknown root: that row is shown, and proves nothing.
static bool with_anchor(struct again *again)
{
    const struct cert_facts *last = &again->leg->chain[again->count - 1];
    struct trust_store *only = trust_store_only(again->chain[again->count - 1]);
    const char *changed =
        arena_printf(again->arena, "trusted: + %s", peer_text(again->arena, last->subject));
    bool passed = only != NULL && run(again, changed, only, again->chain, &again->spec);
    trust_store_free(only);
    return passed && last->is_self_signed;
}

static bool without_revocation(struct again *again)
{
    struct verify_spec spec = again->spec;
    struct trust_store *without = trust_store_without_crls(again->trust);
    spec.staple = NULL;
    spec.staple_len = 0;
    bool passed =
        without != NULL && run(again, "revocation: not looked at", without, again->chain, &spec);
    trust_store_free(without);
    return passed;
}

static bool for_other_use(struct again *again)
{
    struct verify_spec spec = again->spec;
    spec.for_client = true;
    return run_spec(again, "use: a client's certificate", spec);
}

// in_order follows each certificate to its issuer.
static bool in_order(struct again *again)
{
    X509 *sorted[CERT_CHAIN_MAX] = {again->chain[0]};
    bool is_used[CERT_CHAIN_MAX] = {true};
    for (size_t at = 1; at < again->count; at++) {
        size_t next = 0;
        for (size_t i = 1; i < again->count && next == 0; i++) {
            bool issued = X509_NAME_cmp(X509_get_issuer_name(sorted[at - 1]),
                                        X509_get_subject_name(again->chain[i])) == 0;
            next = issued && !is_used[i] ? i : 0;
        }
        for (size_t i = 1; i < again->count && next == 0; i++) {
            next = is_used[i] ? 0 : i; // what leads nowhere goes last
        }
        sorted[at] = again->chain[next];
        is_used[next] = true;
    }
    return run(again, "order: each certificate followed by its issuer", again->trust, sorted,
               &again->spec);
}

static const struct {
    const char *code;
    bool (*change)(struct again *again);
} changes[] = {
    {"cert.expired", in_window},
    {"cert.intermediate-expired", in_window},
    {"cert.not-yet-valid", in_window},
    {"clock.bridge", by_right_clock},
    {"cert.hostname-mismatch", with_own_name},
    {"sni.misdirected", with_own_name},
    {"cert.no-san", without_name},
    {"cert.self-signed", with_anchor},
    {"cert.self-signed-replaced", with_anchor},
    {"cert.untrusted-root", with_anchor},
    {"cert.chain-incomplete", with_anchor},
    {"cert.chain-misordered", in_order},
    {"cert.revoked", without_revocation},
    {"cert.wrong-usage", for_other_use},
};

// ---- the whole

static bool read_chain(struct again *again)
{
    for (size_t i = 0; i < again->leg->chain_count && i < CERT_CHAIN_MAX; i++) {
        const uint8_t *at = again->leg->chain[i].der.data;
        X509 *certificate = d2i_X509(NULL, &at, (long)again->leg->chain[i].der.len);
        if (certificate == NULL) {
            ERR_clear_error();
            return false;
        }
        again->chain[again->count++] = certificate;
    }
    return again->count > 0;
}

static void prove(struct again *again, bool (*change)(struct again *again))
{
    bool fails_again = !run_spec(again, "nothing: the same chain again", again->spec);
    bool passed = change(again);
    if (fails_again && passed) {
        again->verdict->confidence = CONFIDENCE_PROVEN;
    }
}

bool reverify(const struct evidence *evidence, const struct trust_store *trust, struct arena *arena,
              struct verdict *verdict)
{
    const struct leg_evidence *leg = &evidence->legs[SERVER];
    struct again again = {.evidence = evidence,
                          .leg = leg,
                          .trust = trust,
                          .arena = arena,
                          .verdict = verdict,
                          .spec = {.name = leg->verification.name,
                                   .at_us = leg->verification.at_us,
                                   .staple = leg->staple.data,
                                   .staple_len = leg->staple.len}};
    size_t i = 0;
    while (i < COUNT_OF(changes) && strcmp(changes[i].code, verdict->cause->code) != 0) {
        i++;
    }
    bool is_ours = verdict->leg == SERVER && verdict->phase == PHASE_CERTIFICATE && trust != NULL &&
                   leg->verification.done && i < COUNT_OF(changes);
    bool did = is_ours && read_chain(&again);
    if (did) {
        prove(&again, changes[i].change);
    }
    for (size_t k = 0; k < again.count; k++) {
        X509_free(again.chain[k]);
    }
    return did;
}
