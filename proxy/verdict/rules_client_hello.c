// The client leg up to our Certificate: we are the server, so both sets are known, and what OpenSSL
// had to answer is predicted, not guessed.
#include "judge.h"
#include "predict.h"

// Whoever is behind moves forward: a client that offers only what is deprecated is behind; else it
// is our own policy that leaves out what the client could do.
static bool is_all_deprecated(const struct sets *client, enum list_kind kind)
{
    const struct number_list *list = sets_list(client, kind);
    for (size_t i = 0; i < list->count; i++) {
        uint16_t number = list->items[i];
        const struct suite *suite = suite_find(number);
        const struct scheme *scheme = scheme_find(number);
        bool is_good = true;
        if (kind == LIST_VERSIONS) {
            is_good = number >= VERSION_TLS12;
        } else if (kind == LIST_SUITES) {
            is_good = suite != NULL && suite->class == SUITE_MODERN;
        } else if (kind == LIST_SCHEMES) {
            is_good = scheme != NULL && !scheme->is_weak;
        }
        if (is_good) {
            return false;
        }
    }
    return true;
}

static enum party party_for(const struct judge *judge, enum list_kind kind)
{
    return is_all_deprecated(&judge->client, kind) ? PARTY_CLIENT : PARTY_BRIDGE;
}

static void say_sets(struct judge *judge, struct verdict *out, const char *what)
{
    verdict_say(judge, out,
                "the client and midspan share no %s: the client offers %s, midspan %s %s", what,
                out->offered, judge->evidence->edge != NULL ? "as this preset takes" : "takes",
                out->accepted);
}

static void name_policy(struct judge *judge, struct verdict *out)
{
    if (out->party == PARTY_BRIDGE && judge->evidence->edge != NULL) {
        verdict_fact(judge, out, "the preset in force is %s", judge->evidence->edge);
    }
}

static bool version_mismatch(struct judge *judge, struct verdict *out)
{
    struct sets ours;
    sets_of_shape(leg_of(judge, CLIENT)->shape, &ours);
    verdict_set(out, "protocol.no-common-version", party_for(judge, LIST_VERSIONS),
                PHASE_CLIENT_HELLO, CONFIDENCE_DEDUCED);
    out->offered = versions_text(judge->arena, &judge->client);
    out->accepted = versions_text(judge->arena, &ours);
    say_sets(judge, out, "TLS version");
    if (out->party == PARTY_CLIENT) {
        verdict_fix(judge, out,
                    "Update the client, or enable TLS 1.2 and TLS 1.3 in it: midspan "
                    "takes %s on this leg.",
                    out->accepted);
    } else {
        verdict_fix(judge, out,
                    "Let midspan's client leg take what this client offers and is not "
                    "outdated: widen it to TLS 1.2 and TLS 1.3.");
    }
    return true;
}

static bool list_mismatch(struct judge *judge, struct verdict *out, enum list_kind kind,
                          const char *code, const char *what, uint16_t version)
{
    const struct leg_shape *shape = leg_of(judge, CLIENT)->shape;
    struct sets ours;
    sets_of_shape(shape, &ours);
    struct number_list offered = *sets_list(&judge->client, kind);
    struct number_list accepted = *sets_list(&ours, kind);
    if (kind == LIST_SUITES && version != 0) {
        suites_for(&judge->client.suites, version, &offered);
        suites_for(&ours.suites, version, &accepted);
    }
    verdict_set(out, code, party_for(judge, kind), PHASE_CLIENT_HELLO, CONFIDENCE_DEDUCED);
    out->offered = list_text(judge->arena, kind, &offered);
    bool is_default = accepted.count == 0 && kind != LIST_SUITES;
    out->accepted =
        is_default ? "the TLS library's defaults" : list_text(judge->arena, kind, &accepted);
    say_sets(judge, out, what);
    if (version != 0) {
        verdict_fact(judge, out, "%s would have been the version", version_name(version));
    }
    return true;
}

static bool key_mismatch(struct judge *judge, struct verdict *out, uint32_t keys)
{
    const char *ours = keys == KEY_RSA ? "an RSA certificate" : "an ECDSA certificate";
    verdict_set(out, "cipher.certificate-type-mismatch", party_for(judge, LIST_SUITES),
                PHASE_CLIENT_HELLO, CONFIDENCE_DEDUCED);
    out->offered = list_text(judge->arena, LIST_SUITES, &judge->client.suites);
    out->accepted = keys == (KEY_RSA | KEY_ECDSA) ? "an RSA or an ECDSA certificate" : ours;
    verdict_say(judge, out,
                "what the client offers (%s) does not fit the certificate that midspan "
                "has for it: %s",
                out->offered, out->accepted);
    if (judge->client.schemes.count > 0) {
        verdict_fact(judge, out, "the client takes signatures by %s",
                     list_text(judge->arena, LIST_SCHEMES, &judge->client.schemes));
    }
    return true;
}

static bool alpn_mismatch(struct judge *judge, struct verdict *out)
{
    const struct leg_shape *shape = leg_of(judge, CLIENT)->shape;
    const struct leg_evidence *server = leg_of(judge, SERVER);
    verdict_set(out, "alpn.no-overlap", PARTY_BRIDGE, PHASE_CLIENT_HELLO, CONFIDENCE_DEDUCED);
    out->offered = alpn_text(judge->arena, judge->client.alpn);
    out->accepted = shape != NULL
                        ? alpn_text(judge->arena, (struct slice){shape->alpn, shape->alpn_len})
                        : "nothing";
    verdict_say(judge, out,
                "the client and midspan share no application protocol: the client "
                "offers %s, midspan takes %s",
                out->offered, out->accepted);
    if (server->handshake.kind == ENDING_SECURED && server->alpn.len > 0) {
        verdict_fact(judge, out, "the origin chose %s", peer_bytes(judge->arena, server->alpn));
    }
    return true;
}

static uint32_t keys_of_leg(const struct leg_evidence *leg)
{
    return leg->keys != 0 ? leg->keys : (KEY_RSA | KEY_ECDSA);
}

// With both kinds of key the handshake would have gone on: we have a configured certificate of one
// kind. It is the kind with which this hello fails.
static void find_missing_key(const struct judge *judge, struct server_terms *terms,
                             struct prediction *out_prediction)
{
    static const uint32_t kinds[] = {KEY_RSA, KEY_ECDSA};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct prediction prediction;
        terms->keys = kinds[i];
        predict(&judge->client_hello, terms, &prediction);
        if (prediction.mismatch != MISMATCH_NONE) {
            *out_prediction = prediction;
            return;
        }
    }
}

// RFC 8446 section 4.1.1: "If the server is unable to negotiate a supported set of parameters …,
// it MUST abort the handshake".
static bool predicted_mismatch(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!judge->has_client_hello || leg->shape == NULL || leg->server_hello.len > 0 ||
        leg->handshake.kind != ENDING_ALERT_SENT) {
        return false;
    }
    struct server_terms terms = {
        .shape = *leg->shape,
        .keys = keys_of_leg(leg),
        .needs_alpn_overlap = leg->handshake.alert == ALERT_NO_APPLICATION_PROTOCOL,
    };
    struct prediction prediction;
    predict(&judge->client_hello, &terms, &prediction);
    if (prediction.mismatch == MISMATCH_NONE && leg_said(leg, ALERT_HANDSHAKE_FAILURE)) {
        find_missing_key(judge, &terms, &prediction);
    }
    switch (prediction.mismatch) {
    case MISMATCH_NONE:
        return false;
    case MISMATCH_VERSION:
        (void)version_mismatch(judge, out);
        break;
    case MISMATCH_SUITE:
        (void)list_mismatch(judge, out, LIST_SUITES, "cipher.no-common-suite", "cipher suite",
                            prediction.version);
        break;
    case MISMATCH_CERTIFICATE_TYPE:
        (void)key_mismatch(judge, out, terms.keys);
        break;
    case MISMATCH_GROUP:
        (void)list_mismatch(judge, out, LIST_GROUPS, "group.no-common", "key exchange group",
                            prediction.version);
        break;
    case MISMATCH_SCHEME:
        (void)list_mismatch(judge, out, LIST_SCHEMES, "sigalg.no-common", "signature scheme",
                            prediction.version);
        break;
    case MISMATCH_ALPN:
        (void)alpn_mismatch(judge, out);
        break;
    }
    verdict_fact(judge, out, "%s", ending_text(judge, &leg->handshake));
    name_policy(judge, out);
    return true;
}

// An SSLv2-format hello comes from software of the last century, or from a setting of its time.
static bool sslv2_hello(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!leg->is_sslv2_hello || leg->handshake.kind != ENDING_ALERT_SENT) {
        return false;
    }
    verdict_set(out, "protocol.no-common-version", PARTY_CLIENT, PHASE_CLIENT_HELLO,
                CONFIDENCE_DEDUCED);
    out->offered = judge->has_client_hello ? versions_text(judge->arena, &judge->client) : NULL;
    verdict_say(judge, out,
                "the client opened with an SSLv2-format ClientHello, which nothing of "
                "today answers");
    verdict_fact(judge, out, "%s", ending_text(judge, &leg->handshake));
    return true;
}

// RFC 7507 section 3: the client says itself that it lowered its version on purpose.
static bool fallback(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!leg_said(leg, ALERT_INAPPROPRIATE_FALLBACK)) {
        return false;
    }
    verdict_set(out, "client.misconfigured", PARTY_CLIENT, PHASE_CLIENT_HELLO, CONFIDENCE_DEDUCED);
    out->offered = judge->has_client_hello ? versions_text(judge->arena, &judge->client) : NULL;
    verdict_say(judge, out,
                "the client lowered its offer on purpose (TLS_FALLBACK_SCSV) although "
                "midspan takes a newer version");
    verdict_fact(judge, out, "an earlier attempt of this client broke: its cause is the real one");
    return true;
}

// What our alert says when both sets would have met.
static bool version_refused(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (leg->server_hello.len > 0 || !judge->has_client_hello) {
        return false;
    }
    bool is_old = judge->client.versions.count > 0 &&
                  judge->client.versions.items[judge->client.versions.count - 1] < VERSION_TLS12;
    if (!leg_said(leg, ALERT_PROTOCOL_VERSION) &&
        !(leg_said(leg, ALERT_INTERNAL_ERROR) && is_old)) {
        return false;
    }
    verdict_set(out, "protocol.no-common-version", party_for(judge, LIST_VERSIONS),
                PHASE_CLIENT_HELLO, CONFIDENCE_DEDUCED);
    out->offered = versions_text(judge->arena, &judge->client);
    verdict_say(judge, out, "midspan could not agree on a version with the client, which offers %s",
                out->offered);
    verdict_fact(judge, out, "%s", ending_text(judge, &leg->handshake));
    return true;
}

// RFC 7627 section 5.3 lets a server insist; only TLS 1.2 and below know the extension.
static bool ems_missing(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!leg_said(leg, ALERT_HANDSHAKE_FAILURE) || !judge->has_client_hello ||
        leg->server_hello.len > 0 || judge->client_hello.has_ems || leg->is_sslv2_hello ||
        client_hello_offers_version(&judge->client_hello, VERSION_TLS13)) {
        return false;
    }
    verdict_set(out, "protocol.ems-required", PARTY_CLIENT, PHASE_CLIENT_HELLO,
                CONFIDENCE_SUSPECTED);
    verdict_say(judge, out,
                "midspan refused the client's hello although every list meets: what it "
                "lacks is extended_master_secret");
    verdict_fact(judge, out, "%s", ending_text(judge, &leg->handshake));
    return true;
}

const struct rule client_hello_rules[] = {
    {"the client fell back", fallback},
    {"an SSLv2-format hello", sslv2_hello},
    {"the sets do not meet, as predicted", predicted_mismatch},
    {"we refused the version", version_refused},
    {"no extended master secret", ems_missing},
    {NULL, NULL},
};
