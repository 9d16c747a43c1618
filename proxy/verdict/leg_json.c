// One leg in brief, and the two legs side by side, for the events of connections that work.
#include <string.h>

#include "evidence_json.h"
#include "hello_json.h"
#include "judge.h"

static void name_field(struct json *json, const char *key, enum list_kind kind, uint16_t number)
{
    if (number != 0) {
        json_text_field(json, key, list_item_name(kind, number));
    }
}

static void write_ja4(struct json *json, const struct leg_evidence *leg)
{
    struct client_hello hello;
    size_t bad_at = 0;
    if (leg->client_hello.len == 0 || leg->is_sslv2_hello ||
        client_hello_parse(leg->client_hello, &hello, &bad_at) != PARSE_OK) {
        return;
    }
    char fingerprint[JA4_MAX];
    json_text_field(json, "ja4", ja4(&hello, fingerprint));
}

static void write_leaf(struct json *json, const struct leg_evidence *leg)
{
    if (leg->chain_count == 0) {
        return;
    }
    char date[CLOCK_TEXT_MAX];
    const struct cert_facts *leaf = &leg->chain[0];
    json_key(json, "certificate");
    json_open_object(json);
    json_text_field(json, "subject", leaf->subject);
    json_text_field(json, "issuer", leaf->issuer);
    json_text_field(json, "key", leaf->key);
    json_text_field(json, "not_after", clock_date(leaf->not_after_us, date));
    json_hex_field(json, "fingerprint", (struct slice){leaf->fingerprint, 32});
    json_int_field(json, "sent", (int64_t)leg->chain_count);
    json_close_object(json);
}

static void write_ending_brief(struct json *json, const char *key, const struct ending *ending)
{
    if (ending->kind == ENDING_NONE) {
        return;
    }
    json_text_field(json, key, ending_kind_name(ending->kind));
    if (ending->kind == ENDING_ALERT_SENT || ending->kind == ENDING_ALERT_RECEIVED) {
        json_text_field(json, "alert", alert_name(ending->alert));
    }
}

void evidence_write_leg(struct json *json, const struct evidence *evidence, enum side side)
{
    const struct leg_evidence *leg = &evidence->legs[side];
    json_open_object(json);
    name_field(json, "version", LIST_VERSIONS, leg->version);
    name_field(json, "suite", LIST_SUITES, leg->suite);
    name_field(json, "group", LIST_GROUPS, leg->group);
    name_field(json, "scheme", LIST_SCHEMES, leg->scheme);
    if (leg->alpn.len > 0) {
        json_key(json, "alpn");
        json_bytes(json, leg->alpn);
    }
    json_text_field(json, "sni", leg->sni_sent);
    write_ja4(json, leg);
    if (leg->is_resumed) {
        json_bool_field(json, "resumed", true);
    }
    if (leg->retry_request.len > 0) {
        json_bool_field(json, "retry", true);
    }
    write_ending_brief(json, "ending", &leg->handshake);
    write_ending_brief(json, "close", &leg->close);
    json_text_field(json, "peer", leg->peer_address);
    if (leg->secured_us > leg->dial_us) {
        json_int_field(json, "handshake_us", leg->secured_us - leg->dial_us);
    }
    write_leaf(json, leg);
    json_close_object(json);
}

static void write_pair(struct json *json, const char *key, enum list_kind kind, uint16_t client,
                       uint16_t server)
{
    if (client == server) {
        return;
    }
    json_key(json, key);
    json_open_object(json);
    json_text_field(json, "client", client != 0 ? list_item_name(kind, client) : NULL);
    json_text_field(json, "server", server != 0 ? list_item_name(kind, server) : NULL);
    json_close_object(json);
}

static void write_text_pair(struct json *json, const char *key, struct slice client,
                            struct slice server)
{
    if (slice_equals(client, server)) {
        return;
    }
    json_key(json, key);
    json_open_object(json);
    if (client.len > 0) {
        json_key(json, "client");
        json_bytes(json, client);
    }
    if (server.len > 0) {
        json_key(json, "server");
        json_bytes(json, server);
    }
    json_close_object(json);
}

static void write_lost_field(struct json *json, const char *key, enum list_kind kind,
                             const struct number_list *list)
{
    if (list->count > 0) {
        json_key(json, key);
        number_list_write_names(json, kind, list);
    }
}

// What the client offered and midspan did not, and the reverse.
static void write_offer_diff(struct json *json, const char *key, const struct sets *of,
                             const struct sets *without)
{
    struct number_list only;
    json_key(json, key);
    json_open_object(json);
    for (enum list_kind kind = LIST_VERSIONS; kind <= LIST_SCHEMES; kind++) {
        static const char *const keys[] = {"versions", "suites", "groups", "schemes"};
        list_minus(sets_list(of, kind), sets_list(without, kind), &only);
        write_lost_field(json, keys[kind], kind, &only);
    }
    json_close_object(json);
}

void evidence_write_diff(struct json *json, const struct evidence *evidence)
{
    const struct leg_evidence *client = &evidence->legs[CLIENT], *server = &evidence->legs[SERVER];
    struct judge judge;
    judge_init(&judge, evidence, NULL);
    json_open_object(json);
    json_key(json, "chosen");
    json_open_object(json);
    write_pair(json, "version", LIST_VERSIONS, client->version, server->version);
    write_pair(json, "suite", LIST_SUITES, client->suite, server->suite);
    write_pair(json, "group", LIST_GROUPS, client->group, server->group);
    write_pair(json, "scheme", LIST_SCHEMES, client->scheme, server->scheme);
    write_text_pair(json, "alpn", client->alpn, server->alpn);
    write_text_pair(json, "sni", slice_of_text(client->sni_sent), slice_of_text(server->sni_sent));
    json_close_object(json);
    if (judge.has_client_hello && judge.has_offer) {
        write_offer_diff(json, "client_only", &judge.client, &judge.offer);
        write_offer_diff(json, "midspan_only", &judge.offer, &judge.client);
    }
    json_key(json, "lost");
    json_open_object(json);
    write_lost_field(json, "versions", LIST_VERSIONS, &evidence->lost.versions);
    write_lost_field(json, "suites", LIST_SUITES, &evidence->lost.suites);
    write_lost_field(json, "groups", LIST_GROUPS, &evidence->lost.groups);
    write_lost_field(json, "schemes", LIST_SCHEMES, &evidence->lost.schemes);
    if (evidence->lost.alpn) {
        json_bool_field(json, "alpn", true);
    }
    json_close_object(json);
    json_close_object(json);
}
