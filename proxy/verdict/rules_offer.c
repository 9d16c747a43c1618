// The server leg: an answer before any ServerHello that names no list. handshake_failure means six
// things; the list of ours that is narrow is the first to suspect, and the verdict says suspected.
#include <string.h>

#include "predict.h"
#include "rules_server.h"
#include "width.h"

// One reading of a handshake_failure: does it apply, and what is it then.
struct suspect {
    const char *code, *what, *why;
    enum list_kind list;
    bool applies;
};

static const char *list_of(struct judge *judge, enum list_kind kind)
{
    if (kind == LIST_VERSIONS) {
        return versions_text(judge->arena, &judge->offer);
    }
    return list_text(judge->arena, kind, sets_list(&judge->offer, kind));
}

// A list that the bridge cut, or has of its own, is the bridge's; one passed on as it was is the
// client's when narrow.
static enum party party_of_list(const struct judge *judge, enum list_kind kind,
                                struct number_list *out_missing)
{
    if (narrowed_by_bridge(judge, kind, out_missing)) {
        return PARTY_BRIDGE;
    }
    return judge->has_client_hello && !is_fixed(judge, kind) ? PARTY_CLIENT : PARTY_BRIDGE;
}

static bool is_one_key(uint32_t keys)
{
    return keys == KEY_RSA || keys == KEY_ECDSA;
}

#define SUSPECTS        9
#define SUSPECTS_STRONG 4 // so many are likelier than a missing name

// In the order of plausibility; measured servers refuse each of these with handshake_failure.
static void list_suspects(const struct judge *judge, struct suspect out[SUSPECTS])
{
    struct widths w;
    widths_of(&judge->offer, &w);
    bool is_old_only = !w.reaches_new;
    const struct suspect suspects[SUSPECTS] = {
        {"cipher.no-common-suite", "cipher suite",
         "no suite of it is one that servers of today take", LIST_SUITES, w.suites == WIDTH_NARROW},
        {"group.no-common", "key exchange group", "it has neither P-256 nor X25519", LIST_GROUPS,
         w.groups == WIDTH_NARROW},
        {"sigalg.no-common", "signature scheme",
         "no scheme of it is one that servers of today sign with", LIST_SCHEMES,
         w.schemes == WIDTH_NARROW},
        {"cipher.certificate-type-mismatch", "kind of certificate",
         "it allows only one kind of certificate", w.is_only_new ? LIST_SCHEMES : LIST_SUITES,
         is_one_key(w.keys)},
        {"group.no-common", "key exchange group", "it lacks P-256", LIST_GROUPS,
         w.groups == WIDTH_PARTIAL},
        {"cipher.certificate-type-mismatch", "kind of certificate",
         "below TLS 1.3 it allows only one kind of certificate", LIST_SUITES,
         w.reaches_new && is_one_key(w.old_keys)},
        {"cipher.no-common-suite", "cipher suite", "it is short", LIST_SUITES,
         w.suites == WIDTH_PARTIAL || w.old_suites != WIDTH_FULL},
        {"protocol.ems-required", "extended master secret", "it lacks extended_master_secret",
         LIST_VERSIONS, is_old_only && judge->has_sent_hello && !judge->sent_hello.has_ems},
        // GnuTLS limited to TLS 1.2 answers an offer of TLS 1.3 alone so.
        {"protocol.no-common-version", "TLS version", "it is TLS 1.3 alone", LIST_VERSIONS,
         w.is_only_new},
    };
    for (size_t i = 0; i < SUSPECTS; i++) {
        out[i] = suspects[i];
    }
}

static void say_suspect(struct judge *judge, struct verdict *out, const struct suspect *suspect)
{
    const struct leg_evidence *leg = leg_of(judge, SERVER);
    struct number_list missing;
    enum party party = party_of_list(judge, suspect->list, &missing);
    // TLS 1.3 alone refused: it is the origin that is behind.
    bool is_newest = suspect->list == LIST_VERSIONS && judge->offer.versions.count == 1 &&
                     judge->offer.versions.items[0] == VERSION_TLS13;
    verdict_set(out, suspect->code,
                is_newest && missing.count == 0 && judge->has_client_hello ? PARTY_SERVER : party,
                PHASE_SERVER_HELLO, CONFIDENCE_SUSPECTED);
    out->offered = list_of(judge, suspect->list);
    verdict_say(judge, out,
                "%s and midspan probably share no %s: midspan offered %s, and %s before "
                "any ServerHello",
                judge->origin, suspect->what, out->offered, ending_text(judge, &leg->handshake));
    verdict_fact(judge, out, "of the lists offered this one stands out: %s", suspect->why);
    if (is_newest) {
        verdict_measured(judge, out, SERVER_FAULT_NEW_OFFER, VERSION_TLS13, leg->handshake.alert);
    }
    if (missing.count > 0) {
        verdict_fact(judge, out, "midspan did not pass on what the client offers besides: %s",
                     list_text(judge->arena, suspect->list, &missing));
    }
}

static void name_losses(struct judge *judge, struct verdict *out)
{
    const struct losses *lost = &judge->evidence->lost;
    size_t count = (size_t)lost->versions.count + lost->suites.count + lost->groups.count +
                   lost->schemes.count;
    if (count > 0) {
        verdict_fact(judge, out, "%zu things that the client offered were lost at the bridge",
                     count);
    }
    if (judge->evidence->origin_secured_before > 0) {
        verdict_fact(judge, out, "%u earlier connections to this origin were secured",
                     judge->evidence->origin_secured_before);
    }
}

static void say_default(struct judge *judge, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, SERVER);
    verdict_set(out, "cipher.no-common-suite", PARTY_SERVER, PHASE_SERVER_HELLO,
                CONFIDENCE_SUSPECTED);
    out->offered = list_of(judge, LIST_SUITES);
    verdict_say(judge, out,
                "%s and midspan probably share no cipher suite: midspan offered %s, and "
                "%s before any ServerHello",
                judge->origin, out->offered, ending_text(judge, &leg->handshake));
    verdict_fact(judge, out,
                 "the offer is as wide as offers of today are; groups, signature schemes "
                 "or the kind of certificate could be meant as well");
}

static void name_others(struct judge *judge, struct verdict *out, const struct suspect *suspects,
                        size_t chosen)
{
    for (size_t i = 0; i < SUSPECTS; i++) {
        if (suspects[i].applies && i != chosen && strcmp(suspects[i].code, out->cause->code) != 0) {
            verdict_fact(judge, out, "it could also be the %s: %s", suspects[i].what,
                         suspects[i].why);
        }
    }
}

static bool nameless_refusal(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!(leg_heard(leg, ALERT_HANDSHAKE_FAILURE) || leg_heard(leg, ALERT_INSUFFICIENT_SECURITY)) ||
        leg->server_hello.len > 0 || !judge->has_offer) {
        return false;
    }
    struct suspect suspects[SUSPECTS];
    list_suspects(judge, suspects);
    size_t i = 0;
    while (i < SUSPECTS && !suspects[i].applies) {
        i++;
    }
    // Without a name many hosts of many names answer handshake_failure; only a list that most
    // servers would refuse is likelier.
    size_t chosen = i;
    if (sni_is_missing(judge) && i >= SUSPECTS_STRONG) {
        chosen = SUSPECTS;
        verdict_missing_sni(judge, out, PHASE_SERVER_HELLO, CONFIDENCE_SUSPECTED);
        verdict_fact(judge, out, "%s", ending_text(judge, &leg->handshake));
    } else if (i < SUSPECTS) {
        say_suspect(judge, out, &suspects[i]);
    } else {
        say_default(judge, out);
    }
    name_others(judge, out, suspects, chosen);
    if (leg_heard(leg, ALERT_INSUFFICIENT_SECURITY)) {
        verdict_fact(judge, out, "insufficient_security asks for stronger parameters than offered");
    }
    name_losses(judge, out);
    return true;
}

#define HELLO_LARGE_BYTES 1400 // more does not fit one packet with its headers
#define HELLO_ODD_MIN     256  // RFC 7685 section 1: 256 to 511 bytes hang some devices
#define HELLO_ODD_MAX     511

static bool is_mute(const struct leg_evidence *leg)
{
    return leg->client_hello.len > 0 && leg->server_hello.len == 0 && leg->bytes_received == 0 &&
           (leg_was_cut(leg) || leg->handshake.kind == ENDING_SILENCE);
}

static bool large_hello(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!is_mute(leg) || leg->client_hello.len < HELLO_LARGE_BYTES) {
        return false;
    }
    verdict_set(out, "hello.intolerant", PARTY_SERVER, PHASE_SERVER_HELLO, CONFIDENCE_SUSPECTED);
    verdict_say(
        judge, out,
        "%s (or a box before it) probably does not cope with a ClientHello of %zu bytes: %s",
        judge->origin, leg->client_hello.len, ending_text(judge, &leg->handshake));
    verdict_fact(judge, out, "the hello is larger than one packet, and not one byte came back");
    return true;
}

// RFC 8446 section 4.1.4; a box that never saw a second ClientHello drops it.
static bool retry_refused(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    bool is_over = leg_was_cut(leg) || leg->handshake.kind == ENDING_SILENCE ||
                   leg_heard(leg, ALERT_UNEXPECTED_MESSAGE) || leg_heard(leg, ALERT_DECODE_ERROR);
    if (leg->retry_request.len == 0 || leg->server_hello.len > 0 || !is_over) {
        return false;
    }
    verdict_set(out, "hello.intolerant", PARTY_SERVER, PHASE_SERVER_HELLO, CONFIDENCE_SUSPECTED);
    verdict_say(judge, out, "%s asked for another ClientHello and then did not take it: %s",
                judge->origin, ending_text(judge, &leg->handshake));
    verdict_fact(judge, out, "it broke right after HelloRetryRequest");
    return true;
}

static bool unreadable_hello(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (leg->server_hello.len > 0 || leg->client_hello.len == 0 ||
        !(leg_heard(leg, ALERT_DECODE_ERROR) || leg_heard(leg, ALERT_ILLEGAL_PARAMETER) ||
          leg_heard(leg, ALERT_UNEXPECTED_MESSAGE) || leg_heard(leg, ALERT_RECORD_OVERFLOW) ||
          leg_heard(leg, ALERT_UNSUPPORTED_EXTENSION) || leg_heard(leg, ALERT_MISSING_EXTENSION))) {
        return false;
    }
    verdict_set(out, "hello.intolerant", PARTY_SERVER, PHASE_SERVER_HELLO, CONFIDENCE_SUSPECTED);
    verdict_say(judge, out, "%s could not take a correct ClientHello: %s", judge->origin,
                ending_text(judge, &leg->handshake));
    if (judge->has_sent_hello && judge->sent_hello.has_grease) {
        verdict_fact(judge, out, "the hello has GREASE values, which a server must skip");
    }
    return true;
}

static bool cut_without_name(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!is_mute(leg) || !leg_was_cut(leg) || !sni_is_missing(judge)) {
        return false;
    }
    verdict_missing_sni(judge, out, PHASE_SERVER_HELLO, CONFIDENCE_SUSPECTED);
    verdict_fact(judge, out, "%s right after a ClientHello without SNI",
                 ending_text(judge, &leg->handshake));
    return true;
}

static bool silent_server(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (leg->handshake.kind != ENDING_SILENCE) {
        return false;
    }
    verdict_set(out, "transport.timeout", PARTY_NETWORK, leg_phase(judge, SERVER),
                CONFIDENCE_DEDUCED);
    verdict_say(judge, out, "%s took the connection and then said nothing for %s", judge->origin,
                duration_text(judge->arena, leg->handshake.at_us - leg->connected_us));
    size_t len = leg->client_hello.len;
    if (leg->server_hello.len == 0 && len >= HELLO_ODD_MIN && len <= HELLO_ODD_MAX) {
        verdict_fact(judge, out, "the hello has %zu bytes; some old devices hang on 256 to 511",
                     len);
    }
    return true;
}

const struct rule offer_rules[] = {
    {"the answer to a retry", retry_refused},
    {"a refusal that names no list", nameless_refusal},
    {"a hello larger than a packet", large_hello},
    {"a hello that can't be read", unreadable_hello},
    {"cut for want of a name", cut_without_name},
    {"silence", silent_server},
    {NULL, NULL},
};
