// The whole evidence as one object. Everything that a verdict rests on is written in a form that
// evidence_read takes back; "decoded" parts are for people and are skipped when reading.
#include "evidence_json.h"

#include <string.h>

#include "hello_json.h"
#include "sets.h"

static void int_field(struct json *json, const char *key, int64_t value)
{
    if (value != 0) {
        json_int_field(json, key, value);
    }
}

static void bool_field(struct json *json, const char *key, bool value)
{
    if (value) {
        json_bool_field(json, key, value);
    }
}

static void hex_field(struct json *json, const char *key, struct slice bytes)
{
    if (bytes.len > 0) {
        json_hex_field(json, key, bytes);
    }
}

static void list_field(struct json *json, const char *key, const struct number_list *list)
{
    if (list->count == 0) {
        return;
    }
    json_key(json, key);
    json_open_array(json);
    for (size_t i = 0; i < list->count; i++) {
        json_int(json, list->items[i]);
    }
    json_close_array(json);
}

static void write_ending(struct json *json, const char *key, const struct ending *ending)
{
    if (ending->kind == ENDING_NONE) {
        return;
    }
    json_key(json, key);
    json_open_object(json);
    json_text_field(json, "kind", ending_kind_name(ending->kind));
    if (ending->kind == ENDING_ALERT_SENT || ending->kind == ENDING_ALERT_RECEIVED) {
        json_int_field(json, "alert", ending->alert);
        json_text_field(json, "alert_name", alert_name(ending->alert));
    }
    int_field(json, "os_error", ending->os_error);
    json_int_field(json, "at_us", ending->at_us);
    json_text_field(json, "detail", ending->detail);
    json_close_object(json);
}

static const char *moment_name(const struct moment *moment)
{
    switch (moment->content_type) {
    case CONTENT_HANDSHAKE:
        return handshake_name(moment->type);
    case CONTENT_ALERT:
        return alert_name(moment->type);
    default:
        return content_type_name(moment->content_type);
    }
}

static void write_moments(struct json *json, const struct leg_evidence *leg)
{
    json_key(json, "moments");
    json_open_array(json);
    for (size_t i = 0; i < leg->moment_count; i++) {
        const struct moment *moment = &leg->moments[i];
        json_open_object(json);
        json_int_field(json, "at_us", moment->at_us);
        json_bool_field(json, "sent", moment->sent);
        json_text_field(json, "what", moment_name(moment));
        json_int_field(json, "content_type", moment->content_type);
        json_int_field(json, "type", moment->type);
        bool_field(json, "fatal", moment->is_fatal);
        int_field(json, "len", moment->len);
        int_field(json, "record", moment->record);
        json_close_object(json);
    }
    json_close_array(json);
    int_field(json, "moment_total", (int64_t)leg->moment_total);
}

static void write_names(struct json *json, const struct cert_facts *facts)
{
    json_key(json, "names");
    json_open_array(json);
    for (size_t i = 0; i < facts->name_count; i++) {
        json_text(json, facts->names[i]);
    }
    json_close_array(json);
    int_field(json, "name_total", (int64_t)facts->name_total);
}

static void write_certificate(struct json *json, const struct cert_facts *facts)
{
    char date[CLOCK_TEXT_MAX];
    json_open_object(json);
    json_text_field(json, "subject", facts->subject);
    json_text_field(json, "issuer", facts->issuer);
    json_text_field(json, "common_name", facts->common_name);
    write_names(json, facts);
    json_text_field(json, "not_before", clock_date(facts->not_before_us, date));
    json_text_field(json, "not_after", clock_date(facts->not_after_us, date));
    json_int_field(json, "not_before_us", facts->not_before_us);
    json_int_field(json, "not_after_us", facts->not_after_us);
    json_text_field(json, "serial", facts->serial);
    json_text_field(json, "key", facts->key);
    int_field(json, "key_bits", facts->key_bits);
    json_text_field(json, "signature", facts->signature);
    bool_field(json, "weak_signature", facts->is_weak_signature);
    bool_field(json, "ca", facts->is_ca);
    bool_field(json, "self_issued", facts->is_self_issued);
    bool_field(json, "self_signed", facts->is_self_signed);
    bool_field(json, "for_server", facts->for_server);
    bool_field(json, "for_client", facts->for_client);
    json_text_field(json, "aia_issuers", facts->aia_issuers);
    json_text_field(json, "ocsp", facts->ocsp);
    json_text_field(json, "crl", facts->crl);
    bool_field(json, "must_staple", facts->must_staple);
    json_hex_field(json, "fingerprint", (struct slice){facts->fingerprint, 32});
    json_hex_field(json, "spki", (struct slice){facts->spki, 32});
    hex_field(json, "der", facts->der);
    json_close_object(json);
}

static void write_faults(struct json *json, uint32_t faults)
{
    json_key(json, "faults");
    json_open_array(json);
    for (enum cert_fault fault = CERT_FAULT_NONE; fault < CERT_FAULTS; fault++) {
        if ((faults & (1u << fault)) != 0) {
            json_text(json, fault_code(fault));
        }
    }
    json_close_array(json);
}

static void write_verification(struct json *json, const struct verification *verification)
{
    if (!verification->done) {
        return;
    }
    json_key(json, "verification");
    json_open_object(json);
    json_text_field(json, "fault", fault_code(verification->fault));
    write_faults(json, verification->faults);
    int_field(json, "depth", verification->depth);
    json_text_field(json, "subject", verification->subject);
    json_text_field(json, "missing_issuer", verification->missing_issuer);
    json_text_field(json, "name", verification->name);
    json_int_field(json, "at_us", verification->at_us);
    json_text_field(json, "trusted_fingerprint", verification->trusted_fingerprint);
    json_text_field(json, "library_says", verification->library_says);
    json_close_object(json);
}

static void write_shape(struct json *json, const struct leg_shape *shape)
{
    if (shape == NULL) {
        return;
    }
    json_key(json, "shape");
    json_open_object(json);
    json_int_field(json, "version_min", shape->version_min);
    json_int_field(json, "version_max", shape->version_max);
    list_field(json, "suites", &shape->suites);
    list_field(json, "groups", &shape->groups);
    list_field(json, "schemes", &shape->schemes);
    hex_field(json, "alpn", (struct slice){shape->alpn, shape->alpn_len});
    json_close_object(json);
}

static void write_hellos(struct json *json, const struct leg_evidence *leg)
{
    hex_field(json, "client_hello", leg->client_hello);
    bool_field(json, "sslv2_hello", leg->is_sslv2_hello);
    hex_field(json, "server_hello", leg->server_hello);
    hex_field(json, "retry_request", leg->retry_request);
    hex_field(json, "second_client_hello", leg->second_client_hello);
    if (leg->client_hello.len > 0) {
        json_key(json, "decoded_client_hello");
        client_hello_write(json, leg->client_hello, leg->is_sslv2_hello);
    }
    if (leg->server_hello.len > 0) {
        json_key(json, "decoded_server_hello");
        server_hello_write(json, leg->server_hello);
    }
}

static void write_agreed(struct json *json, const struct leg_evidence *leg)
{
    int_field(json, "version", leg->version);
    int_field(json, "suite", leg->suite);
    int_field(json, "group", leg->group);
    int_field(json, "scheme", leg->scheme);
    int_field(json, "dh_bits", (int64_t)leg->dh_bits);
    hex_field(json, "alpn", leg->alpn);
    bool_field(json, "resumed", leg->is_resumed);
    json_text_field(json, "sni", leg->sni_sent);
    bool_field(json, "certificate_request", leg->has_certificate_request);
    bool_field(json, "client_certificate", leg->has_client_certificate);
    bool_field(json, "did_verify", leg->did_verify);
    int_field(json, "http_status", leg->http_status);
    json_text_field(json, "http_words", leg->http_words);
    int_field(json, "keys", leg->keys);
}

static void write_transport(struct json *json, const struct leg_evidence *leg)
{
    json_text_field(json, "peer", leg->peer_address);
    int_field(json, "dial_us", leg->dial_us);
    int_field(json, "connected_us", leg->connected_us);
    int_field(json, "secured_us", leg->secured_us);
    int_field(json, "addresses_tried", (int64_t)leg->addresses_tried);
    int_field(json, "bytes_received", (int64_t)leg->bytes_received);
    int_field(json, "bytes_sent", (int64_t)leg->bytes_sent);
    int_field(json, "app_bytes_received", (int64_t)leg->app_bytes_received);
    int_field(json, "app_bytes_sent", (int64_t)leg->app_bytes_sent);
    hex_field(json, "first_bytes", leg->first_bytes);
}

static void write_chain(struct json *json, const char *key, const struct cert_facts *chain,
                        size_t count)
{
    json_key(json, key);
    json_open_array(json);
    for (size_t i = 0; i < count; i++) {
        write_certificate(json, &chain[i]);
    }
    json_close_array(json);
}

static void write_leg(struct json *json, const struct leg_evidence *leg)
{
    json_open_object(json);
    json_bool_field(json, "started", leg->is_started);
    write_hellos(json, leg);
    write_agreed(json, leg);
    write_ending(json, "handshake", &leg->handshake);
    write_ending(json, "close", &leg->close);
    write_moments(json, leg);
    write_chain(json, "chain", leg->chain, leg->chain_count);
    if (leg->client_chain_count > 0) {
        write_chain(json, "client_chain", leg->client_chain, leg->client_chain_count);
    }
    hex_field(json, "staple", leg->staple);
    write_verification(json, &leg->verification);
    write_transport(json, leg);
    write_shape(json, leg->shape);
    json_close_object(json);
}

static void write_lost(struct json *json, const struct losses *lost)
{
    json_key(json, "lost");
    json_open_object(json);
    list_field(json, "versions", &lost->versions);
    list_field(json, "suites", &lost->suites);
    list_field(json, "groups", &lost->groups);
    list_field(json, "schemes", &lost->schemes);
    bool_field(json, "alpn", lost->alpn);
    json_close_object(json);
}

static void write_fixed(struct json *json, const struct fixed *fixed)
{
    json_key(json, "fixed");
    json_open_object(json);
    bool_field(json, "versions", fixed->versions);
    bool_field(json, "suites", fixed->suites);
    bool_field(json, "groups", fixed->groups);
    bool_field(json, "schemes", fixed->schemes);
    json_close_object(json);
}

static void write_ingress(struct json *json, const struct evidence *evidence)
{
    char target[ENDPOINT_TEXT_MAX];
    json_text_field(json, "ingress", ingress_kind_name(evidence->ingress));
    bool_field(json, "tls_to_proxy", evidence->is_tls_to_proxy);
    json_text_field(json, "client", evidence->client_address);
    json_text_field(json, "proxy_protocol_source", evidence->proxy_protocol_source);
    if (evidence->has_target) {
        json_text_field(json, "target", endpoint_text(&evidence->target, target));
    }
    json_text_field(json, "host_header", evidence->host_header);
    json_text_field(json, "order", order_name(evidence->order));
    json_text_field(json, "edge", evidence->edge);
    bool_field(json, "passed", evidence->is_passed);
    bool_field(json, "passed_finished", evidence->passed_finished);
    bool_field(json, "passed_used", evidence->passed_used);
    int_field(json, "passed_alert_us", evidence->passed_alert_us);
    json_text_field(json, "experiment", evidence->experiment);
    int_field(json, "experiment_of", (int64_t)evidence->experiment_of);
    bool_field(json, "captured", evidence->is_captured);
    bool_field(json, "plain", evidence->is_plain);
    json_text_field(json, "ingress_fault", evidence->ingress_fault);
    json_text_field(json, "ingress_fault_code", evidence->ingress_fault_code);
    json_text_field(json, "via", evidence->via);
    int_field(json, "via_status", evidence->via_status);
}

static void write_history(struct json *json, const struct evidence *evidence)
{
    json_key(json, "history");
    json_open_object(json);
    json_int_field(json, "client_secured_before", evidence->client_secured_before);
    json_int_field(json, "client_failed_before", evidence->client_failed_before);
    json_int_field(json, "origin_secured_before", evidence->origin_secured_before);
    json_close_object(json);
}

void evidence_write(struct json *json, const struct evidence *evidence)
{
    char opened[CLOCK_TEXT_MAX];
    json_open_object(json);
    json_int_field(json, "evidence", EVIDENCE_FORMAT);
    json_int_field(json, "connection", (int64_t)evidence->connection);
    json_text_field(json, "opened", clock_text(evidence->opened_us, opened));
    json_int_field(json, "opened_us", evidence->opened_us);
    write_ingress(json, evidence);
    bool_field(json, "dropped_unused", evidence->was_dropped_unused);
    int_field(json, "origin_date_us", evidence->origin_date_us);
    write_lost(json, &evidence->lost);
    write_fixed(json, &evidence->fixed);
    write_history(json, evidence);
    json_key(json, "legs");
    json_open_object(json);
    for (enum side side = CLIENT; side < SIDES; side++) {
        json_key(json, side_name(side));
        write_leg(json, &evidence->legs[side]);
    }
    json_close_object(json);
    json_close_object(json);
}
