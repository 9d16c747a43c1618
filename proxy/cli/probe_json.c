// A survey as JSON.
#include <string.h>

#include "probe_view.h"
#include "sets.h"

static const char *const states[] = {
    [SURVEY_NOT_CHECKED] = "not-checked", [SURVEY_PARTIAL] = "partial", [SURVEY_WHOLE] = "whole"};
static const char *const orders[] = {[SURVEY_ORDER_UNKNOWN] = "unknown",
                                     [SURVEY_ORDER_SERVER] = "server",
                                     [SURVEY_ORDER_CLIENT] = "client"};
static const char *const answers[] = {[NAME_NOT_CHECKED] = "not-checked",
                                      [NAME_SAME] = "same-certificate",
                                      [NAME_ANOTHER] = "another-certificate",
                                      [NAME_REFUSED] = "refused"};

static enum probe_mark mark_of(enum list_kind kind, uint16_t number, size_t dh_bits)
{
    switch (kind) {
    case LIST_VERSIONS:
        return probe_mark_version(number);
    case LIST_SUITES:
        return probe_mark_suite(number, dh_bits);
    case LIST_GROUPS:
        return probe_mark_group(number);
    case LIST_SCHEMES:
        break;
    }
    return probe_mark_scheme(number);
}

static void write_id(struct json *json, uint16_t number)
{
    uint8_t bytes[2] = {(uint8_t)(number >> 8), (uint8_t)number};
    json_hex_field(json, "id", (struct slice){bytes, 2});
}

static void write_list(struct json *json, const char *key, enum list_kind kind,
                       const struct survey_list *list)
{
    json_key(json, key);
    json_open_object(json);
    json_text_field(json, "checked", states[list->state]);
    if (kind == LIST_SUITES) {
        json_text_field(json, "order", orders[list->order]);
    }
    json_key(json, "items");
    json_open_array(json);
    for (size_t i = 0; i < list->count; i++) {
        uint16_t number = list->items[i];
        json_open_object(json);
        write_id(json, number);
        json_text_field(json, "name",
                        kind == LIST_SUITES ? suite_iana_name(number)
                                            : list_item_name(kind, number));
        if (kind == LIST_SUITES) {
            json_text_field(json, "openssl", suite_name(number));
        }
        if (list->dh_bits[i] > 0) {
            json_int_field(json, "dh_bits", list->dh_bits[i]);
        }
        json_text_field(json, "rating", probe_mark_name(mark_of(kind, number, list->dh_bits[i])));
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}

static void write_version(struct json *json, struct arena *arena,
                          const struct survey_version *version)
{
    struct trial first = {.outcome = version->first};
    json_open_object(json);
    json_text_field(json, "version", version_name(version->version));
    json_key(json, "accepted");
    if (version->answer == SURVEY_UNANSWERED) {
        json_null(json);
    } else {
        json_bool(json, version->answer == SURVEY_ACCEPTED);
    }
    json_text_field(json, "rating", probe_mark_name(probe_mark_version(version->version)));
    json_text_field(json, "answer", outcome_text(arena, &first));
    if (version->answer == SURVEY_ACCEPTED) {
        write_list(json, "suites", LIST_SUITES, &version->suites);
        write_list(json, "groups", LIST_GROUPS, &version->groups);
        write_list(json, "schemes", LIST_SCHEMES, &version->schemes);
    }
    json_close_object(json);
}

static void write_certificate(struct json *json, const struct cert_facts *facts)
{
    char date[CLOCK_TEXT_MAX];
    json_open_object(json);
    json_text_field(json, "subject", facts->subject);
    json_text_field(json, "issuer", facts->issuer);
    json_key(json, "names");
    json_open_array(json);
    for (size_t i = 0; i < facts->name_count; i++) {
        json_text(json, facts->names[i]);
    }
    json_close_array(json);
    json_text_field(json, "not_before", clock_text(facts->not_before_us, date));
    json_text_field(json, "not_after", clock_text(facts->not_after_us, date));
    json_text_field(json, "key", facts->key);
    json_text_field(json, "signature", facts->signature);
    json_hex_field(json, "sha256", (struct slice){facts->fingerprint, sizeof(facts->fingerprint)});
    json_close_object(json);
}

static void write_verification(struct json *json, const struct verification *found)
{
    json_key(json, "verification");
    json_open_object(json);
    json_bool_field(json, "verifies", found->done && found->fault == CERT_FAULT_NONE);
    json_text_field(json, "name", found->name);
    if (found->fault != CERT_FAULT_NONE) {
        json_text_field(json, "cause", cert_fault_code(found->fault));
        json_text_field(json, "fault", cert_fault_words(found->fault));
        json_int_field(json, "depth", found->depth);
        json_text_field(json, "missing_issuer", found->missing_issuer);
    }
    json_close_object(json);
}

static void write_chain(struct json *json, const struct leg_evidence *leg)
{
    json_key(json, "chain");
    json_open_array(json);
    for (size_t i = 0; i < leg->chain_count; i++) {
        write_certificate(json, &leg->chain[i]);
    }
    json_close_array(json);
    if (leg->verification.done) {
        write_verification(json, &leg->verification);
    }
    json_bool_field(json, "staples_ocsp", leg->staple.len > 0);
    json_bool_field(json, "asks_client_certificate", leg->has_certificate_request);
}

static void write_full(struct json *json, struct arena *arena, const struct survey *survey,
                       const char *key, enum survey_full full)
{
    const struct leg_evidence *leg = survey->full[full];
    json_key(json, key);
    if (leg == NULL) {
        json_null(json);
        return;
    }
    json_open_object(json);
    json_bool_field(json, "secured", leg->handshake.kind == ENDING_SECURED);
    if (leg->handshake.kind != ENDING_SECURED) {
        json_text_field(json, "ending", probe_ending(arena, leg));
    }
    if (leg->alpn.len > 0) {
        json_key(json, "chosen");
        json_bytes(json, leg->alpn);
    }
    json_close_object(json);
}

static void write_name(struct json *json, struct arena *arena, const struct survey *survey,
                       const char *key, enum survey_full full)
{
    enum name_answer answer = probe_name_answer(survey, full);
    const struct leg_evidence *leg = survey->full[full];
    json_key(json, key);
    json_open_object(json);
    json_text_field(json, "answer", answers[answer]);
    if (answer == NAME_ANOTHER) {
        json_text_field(json, "subject", leg->chain[0].subject);
    } else if (answer == NAME_REFUSED) {
        json_text_field(json, "ending", probe_ending(arena, leg));
    }
    json_close_object(json);
}

static void write_found(struct json *json, struct probe_report *report)
{
    const struct survey *survey = &report->survey;
    struct arena *arena = &report->arena;
    json_key(json, "sni");
    json_open_object(json);
    write_name(json, arena, survey, "without_name", SURVEY_NAMELESS);
    write_name(json, arena, survey, "unknown_name", SURVEY_OTHER_NAME);
    json_close_object(json);
    json_key(json, "alpn");
    json_open_object(json);
    write_full(json, arena, survey, "h2,http/1.1", SURVEY_NAMED);
    write_full(json, arena, survey, "h2", SURVEY_H2);
    write_full(json, arena, survey, "http/1.1", SURVEY_HTTP1);
    json_close_object(json);
    if (survey->full[SURVEY_NAMED] != NULL) {
        write_chain(json, survey->full[SURVEY_NAMED]);
    }
}

void probe_view_json(struct json *json, struct probe_report *report)
{
    const struct survey *survey = &report->survey;
    json_open_object(json);
    json_int_field(json, "v", 1);
    json_text_field(json, "target", report->target);
    json_text_field(json, "address", report->address);
    json_text_field(json, "via", report->via);
    json_text_field(json, "sni_sent", report->sni);
    json_bool_field(json, "surveyed", report->is_surveyed);
    json_text_field(json, "cause", report->cause);
    json_text_field(json, "summary", report->said);
    if (survey->dial_count > 0) {
        json_key(json, "versions");
        json_open_array(json);
        for (size_t i = 0; i < SURVEY_VERSIONS; i++) {
            write_version(json, &report->arena, &survey->versions[i]);
        }
        json_close_array(json);
    }
    if (report->is_surveyed) {
        write_found(json, report);
    }
    json_int_field(json, "dials", (int64_t)survey->dial_count);
    json_key(json, "ms");
    json_fixed(json, (double)survey->lasted_us / 1000.0, 1);
    json_bool_field(json, "was_cut", survey->was_cut);
    json_close_object(json);
}
