// The masking report of a connection that works: what would have broken, or what goes unnoticed,
// without midspan in the middle.
#include <string.h>
#include <strings.h>

#include "judge.h"
#include "rules_certificate.h"
#include "verdict.h"

#define DH_BITS_MIN  2048
#define RSA_BITS_MIN 2048

// What the chain's facts show by themselves, when nobody verified it: dates, names, own signature.
// Trust can't be judged from facts and is not.
static enum cert_fault fault_of_facts(const struct judge *judge, const char **out_name)
{
    const struct leg_evidence *leg = leg_of(judge, SERVER);
    const struct cert_facts *leaf = &leg->chain[0];
    int64_t now_us = judge->evidence->opened_us;
    const char *name = wanted_name(judge);
    *out_name = name;
    if (now_us > leaf->not_after_us) {
        return CERT_FAULT_EXPIRED;
    }
    if (now_us < leaf->not_before_us) {
        return CERT_FAULT_NOT_YET_VALID;
    }
    if (leaf->name_count == 0 && leaf->name_total == 0) {
        return CERT_FAULT_NO_SAN;
    }
    if (name != NULL && !leaf_covers(leaf, name)) {
        return CERT_FAULT_HOSTNAME;
    }
    if (leaf->is_self_signed) {
        return CERT_FAULT_SELF_SIGNED;
    }
    return CERT_FAULT_NONE;
}

// A chain that verifies although its certificates are not in order: many clients do not sort.
static bool misordered(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    struct verification found = leg->verification;
    if (leg->chain_count == 0 || !found.done || found.fault != CERT_FAULT_NONE ||
        (found.faults & (1u << CERT_FAULT_CHAIN_MISORDERED)) == 0) {
        return false;
    }
    found.fault = CERT_FAULT_CHAIN_MISORDERED;
    verdict_certificate(judge, &found, leg, out);
    verdict_say(judge, out, "%s sent its certificates in the wrong order", judge->origin);
    verdict_fact(judge, out, "midspan sorts the certificates, clients need not");
    return true;
}

static bool is_strong(const struct cert_facts *facts)
{
    bool is_small = facts->key != NULL && strncmp(facts->key, "RSA", 3) == 0 &&
                    facts->key_bits > 0 && facts->key_bits < RSA_BITS_MIN;
    return !is_small && !facts->is_weak_signature;
}

static bool bad_certificate(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    struct verification found = leg->verification;
    if (leg->chain_count == 0) {
        return false;
    }
    if (!found.done) {
        found = (struct verification){.done = true, .at_us = judge->evidence->opened_us};
        found.fault = fault_of_facts(judge, &found.name);
        found.subject = leg->chain[0].subject;
    }
    if (found.fault == CERT_FAULT_NONE) {
        return false;
    }
    verdict_certificate(judge, &found, leg, out);
    verdict_fact(judge, out, "%s",
                 leg->did_verify ? "midspan was told to go on all the same"
                                 : "midspan does not verify on this leg; its leaf hides the fault");
    return true;
}

// A SHA-1 or MD5 signature of a root is never looked at; those below are.
static bool weak_certificate(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    for (size_t i = 0; i < leg->chain_count; i++) {
        const struct cert_facts *facts = &leg->chain[i];
        if (is_strong(facts) || (facts->is_self_signed && i > 0)) {
            continue;
        }
        struct verification found = {
            .done = true, .fault = CERT_FAULT_WEAK, .depth = (int)i, .subject = facts->subject};
        verdict_certificate(judge, &found, leg, out);
        verdict_fact(judge, out, "strict clients refuse it, midspan's own leaf hides it");
        return true;
    }
    return false;
}

static bool weak_scheme(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    const struct scheme *scheme = leg->scheme != 0 ? scheme_find(leg->scheme) : NULL;
    if (scheme == NULL || !scheme->is_weak) {
        return false;
    }
    verdict_set(out, "sigalg.no-common", PARTY_SERVER, PHASE_KEY_EXCHANGE, CONFIDENCE_DEDUCED);
    out->accepted = scheme->name;
    verdict_say(judge, out, "%s signs its key exchange with %s, which clients of today refuse",
                judge->origin, scheme->name);
    if (judge->has_client_hello && judge->client.schemes.count > 0 &&
        !number_list_has(&judge->client.schemes, leg->scheme)) {
        verdict_fact(judge, out, "the client does not offer it");
    }
    return true;
}

static bool old_server_version(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    bool is_old = leg->version != 0 && leg->version < VERSION_TLS12;
    enum direct direct = direct_guess(judge);
    if (!is_old && direct != DIRECT_WOULD_FAIL) {
        return false;
    }
    verdict_set(out, "protocol.no-common-version", PARTY_SERVER, PHASE_SERVER_HELLO,
                CONFIDENCE_DEDUCED);
    out->accepted = version_name(leg->version);
    out->offered = judge->has_client_hello ? versions_text(judge->arena, &judge->client) : NULL;
    out->direct = direct;
    if (direct == DIRECT_WOULD_FAIL) {
        verdict_say(judge, out, "without midspan it would fail: the client offers %s, %s chose %s",
                    out->offered, judge->origin, out->accepted);
    } else {
        verdict_say(judge, out, "%s chose %s, which clients of today refuse", judge->origin,
                    out->accepted);
    }
    verdict_fix(judge, out, "Update %s, or enable TLS 1.2 and TLS 1.3 there.", judge->origin);
    return true;
}

static bool old_client_version(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (leg->version == 0 || leg->version >= VERSION_TLS12 || !judge->has_client_hello) {
        return false;
    }
    const struct leg_evidence *server = leg_of(judge, SERVER);
    bool is_hidden = server->version >= VERSION_TLS12;
    verdict_set(out, "protocol.no-common-version", PARTY_CLIENT, PHASE_CLIENT_HELLO,
                CONFIDENCE_DEDUCED);
    out->offered = versions_text(judge->arena, &judge->client);
    verdict_say(judge, out, "the client speaks %s, which servers of today refuse%s",
                version_name(leg->version),
                is_hidden ? "; midspan speaks a newer one to the origin for it" : "");
    verdict_fix(judge, out, "Update the client, or enable TLS 1.2 and TLS 1.3 in it.");
    return true;
}

static bool small_prime(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (leg->dh_bits == 0 || leg->dh_bits >= DH_BITS_MIN) {
        return false;
    }
    verdict_set(out, "dh.too-weak", side == SERVER ? PARTY_SERVER : PARTY_BRIDGE,
                PHASE_KEY_EXCHANGE, CONFIDENCE_DEDUCED);
    out->offered = arena_printf(judge->arena, "a prime of %zu bits", leg->dh_bits);
    out->accepted = "2048 bits and more";
    verdict_say(judge, out,
                "%s uses a Diffie-Hellman prime of %zu bits, which strict clients refuse",
                side == SERVER ? judge->origin : "midspan", leg->dh_bits);
    return true;
}

static bool offers_protocol(struct slice names, const char *wanted)
{
    struct slice name;
    size_t at = 0;
    while (alpn_next(names, &at, &name)) {
        if (slice_equals_text(name, wanted)) {
            return true;
        }
    }
    return false;
}

// The same bytes go through both legs: they must mean the same protocol on both.
static bool protocols_differ(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *client = leg_of(judge, CLIENT), *server = leg_of(judge, SERVER);
    (void)side;
    bool is_one_h2 = slice_equals_text(client->alpn, "h2") != slice_equals_text(server->alpn, "h2");
    bool do_differ =
        client->alpn.len > 0 && server->alpn.len > 0 && !slice_equals(client->alpn, server->alpn);
    if (!is_one_h2 && !do_differ) {
        return false; // no ALPN at all means HTTP/1.1
    }
    verdict_set(out, "alpn.no-overlap", PARTY_BRIDGE, PHASE_AFTER, CONFIDENCE_DEDUCED);
    out->offered = client->alpn.len > 0 ? peer_bytes(judge->arena, client->alpn) : "nothing";
    out->accepted = server->alpn.len > 0 ? peer_bytes(judge->arena, server->alpn) : "nothing";
    verdict_say(judge, out, "%s was agreed with the client, %s agreed to %s", out->offered,
                judge->origin, out->accepted);
    return true;
}

static bool protocol_lost(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *server = leg_of(judge, SERVER);
    (void)side;
    if (!offers_protocol(judge->client.alpn, "h2") || slice_equals_text(server->alpn, "h2") ||
        !judge->has_offer || offers_protocol(judge->offer.alpn, "h2")) {
        return false;
    }
    verdict_set(out, "alpn.no-overlap", PARTY_BRIDGE, PHASE_CLIENT_HELLO, CONFIDENCE_DEDUCED);
    out->offered = alpn_text(judge->arena, judge->client.alpn);
    out->accepted = alpn_text(judge->arena, judge->offer.alpn);
    verdict_say(judge, out,
                "h2 was lost at the bridge: the client offers %s, midspan offered the "
                "origin %s",
                out->offered, out->accepted);
    return true;
}

static bool no_secure_renegotiation(struct judge *judge, enum side side, struct verdict *out)
{
    const struct server_hello *answer = &judge->answer[SERVER];
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!judge->has_answer[SERVER] || leg->version >= VERSION_TLS13 || leg->version == 0 ||
        answer->has_renegotiation_info) {
        return false;
    }
    verdict_set(out, "protocol.legacy-renegotiation", PARTY_SERVER, PHASE_SERVER_HELLO,
                CONFIDENCE_DEDUCED);
    verdict_say(judge, out, "%s lacks secure renegotiation; clients on OpenSSL 3 refuse it",
                judge->origin);
    return true;
}

// In the order of handshakes, the server leg's first.
static const struct {
    const char *name;
    enum side side;
    bool (*judge)(struct judge *judge, enum side side, struct verdict *out);
} masks[] = {
    {"an old version of the origin", SERVER, old_server_version},
    {"an old version of the client", CLIENT, old_client_version},
    {"no secure renegotiation", SERVER, no_secure_renegotiation},
    {"a small prime of the origin", SERVER, small_prime},
    {"a small prime of ours", CLIENT, small_prime},
    {"a bad certificate", SERVER, bad_certificate},
    {"a chain out of order", SERVER, misordered},
    {"a weak certificate", SERVER, weak_certificate},
    {"a weak signature", SERVER, weak_scheme},
    {"protocols that differ", SERVER, protocols_differ},
    {"a protocol lost", SERVER, protocol_lost},
};

static bool is_there(const struct verdict *found, size_t count, const struct cause *cause,
                     enum side side)
{
    for (size_t i = 0; i < count; i++) {
        if (found[i].cause == cause && found[i].leg == side) {
            return true;
        }
    }
    return false;
}

size_t verdict_masked(const struct evidence *evidence, struct arena *arena, struct verdict *out,
                      size_t max)
{
    const struct leg_evidence *client = &evidence->legs[CLIENT], *server = &evidence->legs[SERVER];
    if (client->handshake.kind != ENDING_SECURED || server->handshake.kind != ENDING_SECURED ||
        evidence->is_passed || evidence->is_plain) {
        return 0; // nothing stands in the middle
    }
    struct judge judge;
    size_t count = 0;
    judge_init(&judge, evidence, arena);
    for (size_t i = 0; i < COUNT_OF(masks) && count < max; i++) {
        struct verdict *verdict = &out[count];
        *verdict = (struct verdict){.severity = SEVERITY_WARNING, .leg = masks[i].side};
        if (!masks[i].judge(&judge, masks[i].side, verdict)) {
            continue;
        }
        if (verdict->fix == NULL) {
            verdict->fix = verdict->cause->text[LANGUAGE_EN].fix;
        }
        count += is_there(out, count, verdict->cause, verdict->leg) ? 0 : 1;
    }
    return count;
}
