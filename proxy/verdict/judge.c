#include "judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool read_client_hello(const struct leg_evidence *leg, struct client_hello *out_hello)
{
    size_t bad_at = 0;
    if (leg->client_hello.len == 0) {
        return false;
    }
    enum parse parsed = leg->is_sslv2_hello
                            ? client_hello_parse_sslv2(leg->client_hello, out_hello, &bad_at)
                            : client_hello_parse(leg->client_hello, out_hello, &bad_at);
    return parsed == PARSE_OK;
}

// What the origin was offered: the hello as sent, its versions from the shape (a hello without
// supported_versions does not tell the lowest). A connection that is passed on carries the
// client's own hello to the origin.
static void read_offer(struct judge *judge)
{
    const struct evidence *evidence = judge->evidence;
    const struct leg_evidence *leg = &evidence->legs[SERVER];
    if (evidence->is_passed) {
        judge->has_offer = judge->has_sent_hello = judge->has_client_hello;
        judge->offer = judge->client;
        judge->sent_hello = judge->client_hello;
        return;
    }
    judge->has_sent_hello = read_client_hello(leg, &judge->sent_hello);
    if (judge->has_sent_hello) {
        sets_of_hello(&judge->sent_hello, &judge->offer);
    } else if (leg->shape != NULL) {
        sets_of_shape(leg->shape, &judge->offer);
    }
    if (judge->has_sent_hello && leg->shape != NULL) {
        struct sets configured;
        sets_of_shape(leg->shape, &configured);
        judge->offer.versions = configured.versions;
        judge->offer.is_open_below = false;
    }
    judge->has_offer = judge->has_sent_hello || leg->shape != NULL;
}

void judge_init(struct judge *judge, const struct evidence *evidence, struct arena *arena)
{
    *judge = (struct judge){.evidence = evidence, .arena = arena, .stack = stack_unknown()};
    judge->has_client_hello = read_client_hello(&evidence->legs[CLIENT], &judge->client_hello);
    if (judge->has_client_hello) {
        sets_of_hello(&judge->client_hello, &judge->client);
        judge->stack = stack_recognise(&judge->client_hello);
    }
    read_offer(judge);
    for (enum side side = CLIENT; side < SIDES; side++) {
        size_t bad_at = 0;
        struct slice message = evidence->legs[side].server_hello;
        judge->has_answer[side] =
            message.len > 0 &&
            server_hello_parse(message, &judge->answer[side], &bad_at) == PARSE_OK;
    }
    (void)snprintf(judge->origin, sizeof(judge->origin), "the origin"); // it fits
    if (evidence->has_target) {
        (void)endpoint_text(&evidence->target, judge->origin); // gives its argument back
    }
}

bool verdict_set(struct verdict *out, const char *code, enum party party, enum phase phase,
                 enum confidence confidence)
{
    out->cause = cause_find(code);
    out->party = party;
    out->phase = phase;
    out->confidence = confidence;
    return true;
}

static const char *print(struct judge *judge, const char *format, va_list arguments)
{
    char text[1024];
    (void)vsnprintf(text, sizeof(text), format, arguments); // what is longer is cut
    const char *copy = arena_text(judge->arena, slice_of_text(text));
    return copy != NULL ? copy : "";
}

void verdict_say(struct judge *judge, struct verdict *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    out->summary = print(judge, format, arguments);
    va_end(arguments);
}

void verdict_fact(struct judge *judge, struct verdict *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *fact = print(judge, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i + 1 < COUNT_OF(out->facts); i++) {
        if (out->facts[i] == NULL) {
            out->facts[i] = fact;
            return;
        }
    }
}

void verdict_fix(struct judge *judge, struct verdict *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    out->fix = print(judge, format, arguments);
    va_end(arguments);
}

void verdict_measured(struct judge *judge, struct verdict *out, enum server_fault fault,
                      uint16_t version, uint8_t alert)
{
    const struct reaction seen = {REACTION_ALERT, alert};
    struct buffer names = {.limit = 256};
    size_t at = 0;
    const struct server_stack *server = server_stack_next(&at, version, fault, seen);
    for (; server != NULL; server = server_stack_next(&at, version, fault, seen)) {
        bool is_first = buffer_slice(&names).len == 0;
        (void)buffer_printf(&names, "%s%s", is_first ? "" : ", ", server->name); // shorter if full
    }
    if (buffer_slice(&names).len > 0) {
        verdict_fact(judge, out, "measured servers that answer this so: %s", buffer_text(&names));
    }
    buffer_clear(&names);
}

bool leg_broke(const struct leg_evidence *leg)
{
    switch (leg->handshake.kind) {
    case ENDING_ALERT_SENT:
    case ENDING_ALERT_RECEIVED:
    case ENDING_ALERT_SEALED:
    case ENDING_RESET:
    case ENDING_CLOSED:
    case ENDING_SILENCE:
    case ENDING_REFUSED:
    case ENDING_NOT_TLS:
    case ENDING_UNREACHABLE:
        return true;
    case ENDING_NONE:
    case ENDING_SECURED:
    case ENDING_ABANDONED:
    case ENDING_DROPPED:
        return false;
    }
    return false;
}

bool leg_heard(const struct leg_evidence *leg, uint8_t alert)
{
    return leg->handshake.kind == ENDING_ALERT_RECEIVED && leg->handshake.alert == alert;
}

bool leg_said(const struct leg_evidence *leg, uint8_t alert)
{
    return leg->handshake.kind == ENDING_ALERT_SENT && leg->handshake.alert == alert;
}

bool leg_told(const struct leg_evidence *leg, const char *words)
{
    return leg->http_words != NULL && strcmp(leg->http_words, words) == 0;
}

bool leg_was_cut(const struct leg_evidence *leg)
{
    // close_notify or user_canceled instead of an answer is a close with manners.
    return leg->handshake.kind == ENDING_RESET || leg->handshake.kind == ENDING_CLOSED ||
           leg_heard(leg, ALERT_CLOSE_NOTIFY) || leg_heard(leg, ALERT_USER_CANCELED);
}

bool leg_saw_certificate(const struct leg_evidence *leg, enum side side)
{
    bool sent = side == CLIENT; // on the client leg the server is us
    return leg_evidence_saw(leg, HANDSHAKE_CERTIFICATE, sent) ||
           leg_evidence_saw(leg, HANDSHAKE_COMPRESSED_CERTIFICATE, sent);
}

enum phase leg_phase(const struct judge *judge, enum side side)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    bool from_server = side == CLIENT;
    if (leg->client_hello.len == 0) {
        return side == SERVER && leg->peer_address == NULL ? PHASE_CONNECT : PHASE_CLIENT_HELLO;
    }
    if (leg->server_hello.len == 0) {
        return PHASE_SERVER_HELLO;
    }
    if (leg_evidence_saw(leg, HANDSHAKE_FINISHED, !from_server)) {
        return PHASE_FINISHED;
    }
    if (leg->has_certificate_request &&
        leg_evidence_saw(leg, HANDSHAKE_CERTIFICATE, !from_server)) {
        return PHASE_CLIENT_CERTIFICATE;
    }
    if (leg_evidence_saw(leg, HANDSHAKE_SERVER_KEY_EXCHANGE, from_server) &&
        !leg_evidence_saw(leg, HANDSHAKE_CLIENT_KEY_EXCHANGE, !from_server)) {
        return PHASE_KEY_EXCHANGE;
    }
    return leg->is_resumed ? PHASE_FINISHED : PHASE_CERTIFICATE;
}

const char *probably(enum confidence confidence)
{
    return confidence == CONFIDENCE_SUSPECTED ? "probably " : "";
}

bool client_left_first(const struct judge *judge)
{
    const struct ending *client = &leg_of(judge, CLIENT)->close;
    return client->kind != ENDING_NONE && client->at_us < leg_of(judge, SERVER)->close.at_us;
}

const char *ending_text(struct judge *judge, const struct ending *ending)
{
    const char *text = NULL;
    switch (ending->kind) {
    case ENDING_ALERT_SENT:
        text = arena_printf(judge->arena, "midspan answered %s (%u)", alert_name(ending->alert),
                            ending->alert);
        break;
    case ENDING_ALERT_RECEIVED:
        text = arena_printf(judge->arena, "the answer was the alert %s (%u)",
                            alert_name(ending->alert), ending->alert);
        break;
    case ENDING_NONE:
    case ENDING_SECURED:
    case ENDING_ALERT_SEALED:
    case ENDING_RESET:
    case ENDING_CLOSED:
    case ENDING_SILENCE:
    case ENDING_REFUSED:
    case ENDING_NOT_TLS:
    case ENDING_UNREACHABLE:
    case ENDING_ABANDONED:
    case ENDING_DROPPED:
        return ending_kind_words(ending->kind);
    }
    return text != NULL ? text : "";
}

const char *duration_text(struct arena *arena, int64_t us)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    int64_t seconds = ((us < 0 ? -us : us) + 500000) / 1000000;
    size_t i = 0;
    while (i + 1 < COUNT_OF(units) && seconds < 2 * units[i].seconds) {
        i++;
    }
    // To the nearest: a clock of -10d is read some milliseconds later.
    long long count = (long long)((seconds + units[i].seconds / 2) / units[i].seconds);
    const char *text =
        arena_printf(arena, "%lld %s%s", count, units[i].name, count == 1 ? "" : "s");
    return text != NULL ? text : "";
}

const char *wanted_name(const struct judge *judge)
{
    const struct evidence *evidence = judge->evidence;
    const char *sni = evidence->legs[CLIENT].sni_sent;
    if (sni != NULL && sni[0] != '\0') {
        return sni;
    }
    return evidence->has_target ? evidence->target.host : NULL;
}

static bool name_fits(const char *pattern, const char *name)
{
    if (strncmp(pattern, "*.", 2) != 0) {
        return strcasecmp(pattern, name) == 0;
    }
    const char *rest = strchr(name, '.');
    return rest != NULL && rest != name && strcasecmp(pattern + 1, rest) == 0;
}

bool leaf_covers(const struct cert_facts *leaf, const char *full_name)
{
    char name[ENDPOINT_HOST_MAX];
    (void)snprintf(name, sizeof(name), "%s", full_name); // a longer one is no host's
    size_t len = strlen(name);
    if (len > 0 && name[len - 1] == '.') {
        name[len - 1] = '\0'; // certificates have no final dot (RFC 9525 section 6.3)
    }
    for (size_t i = 0; i < leaf->name_count; i++) {
        const char *entry = leaf->names[i];
        if (strncmp(entry, "dns:", 4) == 0 && name_fits(entry + 4, name)) {
            return true;
        }
        if (strncmp(entry, "ip:", 3) == 0 && strcasecmp(entry + 3, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_worth_missing(enum list_kind kind, uint16_t number)
{
    const struct suite *suite = kind == LIST_SUITES ? suite_find(number) : NULL;
    const struct scheme *scheme = kind == LIST_SCHEMES ? scheme_find(number) : NULL;
    if (kind == LIST_VERSIONS) {
        return number >= VERSION_TLS12;
    }
    if (suite != NULL) {
        return suite->class == SUITE_MODERN || suite->class == SUITE_LEGACY;
    }
    return scheme == NULL || !scheme->is_weak;
}

bool narrowed_by_bridge(const struct judge *judge, enum list_kind kind,
                        struct number_list *out_missing)
{
    struct number_list rest;
    *out_missing = (struct number_list){0};
    if (!judge->has_client_hello || !judge->has_offer || judge->evidence->is_passed) {
        return false;
    }
    list_minus(sets_list(&judge->client, kind), sets_list(&judge->offer, kind), &rest);
    for (size_t i = 0; i < rest.count; i++) {
        // Nobody is blamed for not passing on what is deprecated: advice goes forward only.
        if (is_worth_missing(kind, rest.items[i])) {
            (void)number_list_add(out_missing, rest.items[i]); // never more than `rest` holds
        }
    }
    return out_missing->count > 0;
}

bool is_fixed(const struct judge *judge, enum list_kind kind)
{
    const struct fixed *fixed = &judge->evidence->fixed;
    switch (kind) {
    case LIST_VERSIONS:
        return fixed->versions;
    case LIST_SUITES:
        return fixed->suites;
    case LIST_GROUPS:
        return fixed->groups;
    case LIST_SCHEMES:
        return fixed->schemes;
    }
    return false;
}

enum direct direct_guess(const struct judge *judge)
{
    const struct leg_evidence *leg = &judge->evidence->legs[SERVER];
    if (!judge->has_client_hello || leg->handshake.kind != ENDING_SECURED) {
        return DIRECT_UNKNOWN;
    }
    const struct sets *client = &judge->client, *offer = &judge->offer;
    if (!number_list_has(&client->versions, leg->version)) {
        // A server picks the newest version it can: had it a newer one, it would have taken it.
        bool had_newer = judge->has_offer && offer->versions.count > 0 &&
                         offer->versions.items[offer->versions.count - 1] > leg->version;
        bool is_newer = client->versions.count > 0 && client->versions.items[0] > leg->version;
        return had_newer && is_newer ? DIRECT_WOULD_FAIL : DIRECT_UNKNOWN;
    }
    bool fits = number_list_has(&client->suites, leg->suite) &&
                (leg->group == 0 || number_list_has(&client->groups, leg->group)) &&
                (leg->scheme == 0 || number_list_has(&client->schemes, leg->scheme));
    bool is_verified = leg->verification.done && leg->verification.fault == CERT_FAULT_NONE;
    return fits && is_verified && !leg->has_certificate_request ? DIRECT_WOULD_SUCCEED
                                                                : DIRECT_UNKNOWN;
}
