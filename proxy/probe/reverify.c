#include "reverify.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "buffer.h"
#include "cert_bundle.h"
#include "clock.h"
#include "judge.h"
#include "recheck.h"
#include "responder.h"
#include "text.h"

struct again {
    const struct evidence *evidence;
    const struct leg_evidence *leg;
    struct arena *arena;
    struct verdict *verdict;
    struct recheck check;
};

static const struct cert_facts *facts_at(const struct again *again, size_t depth)
{
    return &again->check.setup.chain[depth];
}

static const char *fingerprint_text(struct arena *arena, const uint8_t digest[32])
{
    struct buffer hex = {.limit = 128};
    (void)text_hex(&hex, (struct slice){digest, 32}); // 64 digits
    const char *text = arena_text(arena, buffer_slice(&hex));
    buffer_clear(&hex);
    return text != NULL ? text : "";
}

// ---- time

static bool in_window(struct again *again)
{
    return recheck_within(&again->check);
}

// stapled_us gives when the stapled answer about the leaf was made, by a signed clock that is
// neither ours nor the client's; 0: there is none.
static int64_t stapled_us(const struct again *again)
{
    struct responder_answer answer;
    const struct recheck *check = &again->check;
    const struct slice staple = again->leg->staple;
    X509 *issuer = cert_bundle_issuer(check->chain, check->count, check->chain[0]);
    if (staple.len == 0 || issuer == NULL) {
        return 0;
    }
    responder_read(staple, check->chain[0], issuer, again->evidence->opened_us, &answer);
    return answer.says >= RESPONDER_GOOD ? answer.produced_us : 0;
}

static bool by_right_clock(struct again *again)
{
    const struct evidence *evidence = again->evidence;
    int64_t produced_us = stapled_us(again);
    if (evidence->origin_date_us != 0) {
        return recheck_at(&again->check, evidence->origin_date_us, "the origin's clock");
    }
    if (produced_us != 0) {
        return recheck_at(&again->check, produced_us, "when the stapled OCSP answer was made");
    }
    return recheck_at(&again->check, evidence->opened_us, "the machine's clock");
}

// while_authority_lasted: our leaf is made anew each time and may be younger than its authority's
// end; then no time suits both, and the authority is looked at alone.
static bool while_authority_lasted(struct again *again)
{
    struct recheck *check = &again->check;
    char date[CLOCK_TEXT_MAX];
    if (recheck_within(check)) {
        return true;
    }
    size_t top = check->count - 1;
    const struct cert_facts *facts = facts_at(again, top);
    struct verify_spec spec = {.any_use = true};
    spec.at_us = facts->not_before_us + (facts->not_after_us - facts->not_before_us) / 2;
    const struct recheck_change change = {
        .words = arena_printf(again->arena, "time: %s (while midspan's authority was in date)",
                              clock_date(spec.at_us, date)),
        .chain = &check->chain[top],
        .count = 1,
        .spec = &spec,
    };
    return recheck_run(check, &change);
}

// ---- name and use

static bool with_own_name(struct again *again)
{
    const struct cert_facts *leaf = facts_at(again, 0);
    for (size_t i = 0; i < leaf->name_count; i++) {
        const char *name = strchr(leaf->names[i], ':') + 1;
        if (strchr(name, '*') == NULL) {
            return recheck_named(&again->check, name);
        }
    }
    return recheck_named(&again->check, NULL);
}

static bool without_name(struct again *again)
{
    return recheck_named(&again->check, NULL);
}

static bool run_spec(struct again *again, const char *words, const struct verify_spec *spec)
{
    return recheck_run(&again->check, &(struct recheck_change){.words = words, .spec = spec});
}

static bool for_other_use(struct again *again)
{
    struct verify_spec spec = again->check.setup.spec;
    bool is_for_other =
        spec.for_client ? facts_at(again, 0)->for_server : facts_at(again, 0)->for_client;
    if (is_for_other) {
        spec.for_client = !spec.for_client;
        return run_spec(
            again, spec.for_client ? "use: a client's certificate" : "use: a server's certificate",
            &spec);
    }
    spec.any_use = true;
    return run_spec(again, "use: not looked at", &spec);
}

static bool at_any_strength(struct again *again)
{
    struct verify_spec spec = again->check.setup.spec;
    spec.allows_weak = true;
    return run_spec(again, "strength: not looked at, in memory only", &spec);
}

// ---- trust

// with_end trusts the end of the chain, exactly as it was sent.
static bool with_end(struct again *again)
{
    struct recheck *check = &again->check;
    const struct cert_facts *last = facts_at(again, check->count - 1);
    const char *words =
        arena_printf(again->arena, "trusted: + %s", peer_text(again->arena, last->subject));
    return recheck_trusting(check, check->chain[check->count - 1], NULL, 0, words);
}

// A chain that ends below its root does not tell a missing intermediate from an unknown root: that
// row is shown, and proves nothing.
static bool with_anchor(struct again *again)
{
    return with_end(again) && facts_at(again, again->check.count - 1)->is_self_signed;
}

// with_interceptor trusts what the interceptor sent, and nothing else: that it may also be the
// leaf alone leaves no question open, since its issuer is known by name.
static bool with_interceptor(struct again *again)
{
    struct recheck *check = &again->check;
    const struct cert_facts *last = facts_at(again, check->count - 1);
    const char *words = arena_printf(
        again->arena, "trusted: + the certificate that was sent, issued by %s (SHA-256 %s)",
        peer_text(again->arena, last->issuer), fingerprint_text(again->arena, last->fingerprint));
    return recheck_trusting(check, check->chain[check->count - 1], NULL, 0, words);
}

// without_issuers trusts the certificate below the one at fault, so that it needs none above; trust
// in the one at fault, shown first, must not do.
static bool without_issuers(struct again *again)
{
    struct recheck *check = &again->check;
    int depth = again->leg->verification.depth;
    size_t above = depth > 0 && (size_t)depth < check->count ? (size_t)depth : 1;
    if (check->count < 2) {
        return false;
    }
    const char *issuer = peer_text(again->arena, facts_at(again, above)->subject);
    const char *subject = peer_text(again->arena, facts_at(again, above - 1)->subject);
    bool is_trust = recheck_trusting(check, check->chain[above], check->chain, above + 1,
                                     arena_printf(again->arena, "trusted: + %s", issuer));
    bool passed = recheck_trusting(
        check, check->chain[above - 1], check->chain, above,
        arena_printf(again->arena, "trusted: + %s itself; its issuers left out", subject));
    return passed && !is_trust;
}

// replaced_end gives the certificate whose issuer's place a trusted one of the same name takes.
static size_t replaced_end(const struct again *again)
{
    int depth = again->leg->verification.depth;
    size_t last = again->check.count - 1;
    return depth >= 0 && (size_t)depth < last ? (size_t)depth : last;
}

// with_new_one holds the trusted certificate of the same name against the signature, then trusts
// the new one. A signature of another key is proof enough where the new root was not sent.
static bool with_new_one(struct again *again)
{
    struct recheck *check = &again->check;
    size_t end = replaced_end(again);
    struct cert_facts facts;
    X509 *signed_one = check->chain[end];
    X509 *old = trust_store_named(check->setup.trust, X509_get_issuer_name(signed_one));
    EVP_PKEY *key = old != NULL ? X509_get0_pubkey(old) : NULL;
    bool is_known = key != NULL && cert_facts_read(old, again->arena, &facts);
    bool is_same_key = is_known && X509_verify(signed_one, key) == 1;
    ERR_clear_error();
    if (is_known) {
        recheck_note(check,
                     arena_printf(again->arena, "key: that of the trusted %s (SHA-256 %s)",
                                  peer_text(again->arena, facts.subject),
                                  fingerprint_text(again->arena, facts.fingerprint)),
                     is_same_key ? "the signature verifies: renewed with the same key"
                                 : "the signature does not verify: another key made it",
                     false, 0);
    }
    X509_free(old);
    const char *words =
        arena_printf(again->arena, "trusted: + the new %s (SHA-256 %s)",
                     peer_text(again->arena, facts_at(again, end)->subject),
                     fingerprint_text(again->arena, facts_at(again, end)->fingerprint));
    return recheck_trusting(check, signed_one, check->chain, end + 1, words) && is_known &&
           (facts_at(again, end)->is_self_signed || !is_same_key);
}

// ---- the rest

static bool without_revocation(struct again *again)
{
    struct recheck *check = &again->check;
    struct verify_spec spec = check->setup.spec;
    struct trust_store *without = trust_store_without_crls(check->setup.trust);
    spec.staple = NULL;
    spec.staple_len = 0;
    const struct recheck_change change = {
        .words = "revocation: not looked at", .trust = without, .spec = &spec};
    bool passed = without != NULL && recheck_run(check, &change);
    trust_store_free(without);
    return passed;
}

// in_order follows each certificate to its issuer.
static bool in_order(struct again *again)
{
    const struct recheck *check = &again->check;
    X509 *sorted[CERT_CHAIN_MAX] = {check->chain[0]};
    bool is_used[CERT_CHAIN_MAX] = {true};
    for (size_t at = 1; at < check->count; at++) {
        size_t next = 0;
        for (size_t i = 1; i < check->count && next == 0; i++) {
            bool issued = X509_NAME_cmp(X509_get_issuer_name(sorted[at - 1]),
                                        X509_get_subject_name(check->chain[i])) == 0;
            next = issued && !is_used[i] ? i : 0;
        }
        for (size_t i = 1; i < check->count && next == 0; i++) {
            next = is_used[i] ? 0 : i; // what leads nowhere goes last
        }
        sorted[at] = check->chain[next];
        is_used[next] = true;
    }
    const struct recheck_change change = {.words = "order: each certificate followed by its issuer",
                                          .chain = sorted,
                                          .count = check->count};
    return recheck_run(&again->check, &change);
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
    {"cert.self-signed-replaced", with_new_one},
    {"cert.untrusted-root", with_anchor},
    {"cert.chain-incomplete", with_anchor},
    {"cert.chain-misordered", in_order},
    {"cert.revoked", without_revocation},
    {"cert.wrong-usage", for_other_use},
    {"cert.weak", at_any_strength},
    {"cert.invalid-ca", without_issuers},
    {"cert.name-constraints", without_issuers},
    {"intercept.upstream-interceptor", with_interceptor},
};

typedef bool (*change_fn)(struct again *again);

static change_fn change_for(const char *code)
{
    size_t i = 0;
    while (i < COUNT_OF(changes) && strcmp(changes[i].code, code) != 0) {
        i++;
    }
    return i < COUNT_OF(changes) ? changes[i].change : NULL;
}

// ---- the whole

static bool prove(struct again *again, const struct recheck_setup *setup, change_fn change)
{
    if (change == NULL || setup->trust == NULL || !recheck_open(&again->check, setup)) {
        return false;
    }
    bool fails_again = !recheck_same(&again->check);
    if (change(again) && fails_again) {
        again->verdict->confidence = CONFIDENCE_PROVEN;
    }
    recheck_clear(&again->check);
    return true;
}

static bool prove_origins(struct again *again, const struct trust_store *trust)
{
    const struct leg_evidence *leg = again->leg;
    const struct recheck_setup setup = {
        .chain = leg->chain,
        .count = leg->chain_count,
        .trust = trust,
        .spec = {.name = leg->verification.name,
                 .at_us = leg->verification.at_us,
                 .staple = leg->staple.data,
                 .staple_len = leg->staple.len},
        .arena = again->arena,
        .verdict = again->verdict,
    };
    return again->verdict->phase == PHASE_CERTIFICATE && leg->verification.done &&
           prove(again, &setup, change_for(again->verdict->cause->code));
}

// prove_clients verifies the certificates that we refused a client for. That it is refused is no
// question, only what for: trust in what was sent is change enough.
static bool prove_clients(struct again *again, const struct trust_store *trust)
{
    const struct leg_evidence *leg = again->leg;
    enum cert_fault fault = leg->verification.fault;
    const struct recheck_setup setup = {
        .chain = leg->client_chain,
        .count = leg->client_chain_count,
        .trust = trust,
        .spec = {.for_client = true, .at_us = leg->verification.at_us},
        .arena = again->arena,
        .verdict = again->verdict,
    };
    bool is_about_end = fault == CERT_FAULT_UNTRUSTED_ROOT || fault == CERT_FAULT_CHAIN_INCOMPLETE;
    return strcmp(again->verdict->cause->code, "client-auth.rejected") == 0 &&
           leg->verification.done &&
           prove(again, &setup, is_about_end ? with_end : change_for(fault_code(fault)));
}

// prove_own verifies what we presented ourselves, with our own authority trusted.
static bool prove_own(struct again *again)
{
    const struct leg_evidence *leg = again->leg;
    bool is_ours = strcmp(again->verdict->cause->code, "trust.bridge-ca-expired") == 0 &&
                   leg->chain_count > 1; // the leaf, then the authority
    const struct cert_facts *top = is_ours ? &leg->chain[leg->chain_count - 1] : NULL;
    struct recheck authority;
    const struct recheck_setup alone = {.chain = top, .count = 1};
    if (!is_ours || !recheck_open(&authority, &alone)) {
        return false;
    }
    struct trust_store *only = trust_store_only(authority.chain[0]);
    const struct recheck_setup setup = {
        .chain = leg->chain,
        .count = leg->chain_count,
        .trust = only,
        .spec = {.at_us = again->evidence->opened_us},
        .arena = again->arena,
        .verdict = again->verdict,
    };
    bool did = prove(again, &setup, while_authority_lasted);
    trust_store_free(only);
    recheck_clear(&authority);
    return did;
}

bool reverify(const struct evidence *evidence, const struct trust_store *trust, struct arena *arena,
              struct verdict *verdict)
{
    struct again again = {
        .evidence = evidence,
        .leg = &evidence->legs[verdict->leg],
        .arena = arena,
        .verdict = verdict,
    };
    if (verdict->leg == SERVER) {
        return prove_origins(&again, trust);
    }
    return prove_own(&again) || prove_clients(&again, trust);
}
