// Evidence read back from JSON: from a file that somebody sends, so nothing in it is believed.
#include "evidence_read.h"

#include <string.h>

#include "evidence_json.h"

static const char *ingress_name(size_t i)
{
    return ingress_kind_name((enum ingress_kind)i);
}

static const char *order_at(size_t i)
{
    return order_name((enum order)i);
}

static void read_target(struct reader *reader, const json_t *root, struct evidence *out_evidence)
{
    const char *text = NULL;
    struct error unused;
    read_text(reader, root, "target", &text);
    if (text == NULL) {
        return;
    }
    if (!endpoint_parse(slice_of_text(text), 0, "target", &out_evidence->target, &unused)) {
        (void)reader_fail(reader, "target", "is not HOST:PORT");
        return;
    }
    out_evidence->has_target = true;
}

static void read_ingress(struct reader *reader, const json_t *root, struct evidence *out_evidence)
{
    size_t kind = INGRESS_UNKNOWN, order = ORDER_SERVER_FIRST;
    int64_t status = 0;
    read_choice(reader, root, "ingress", ingress_name, INGRESS_LOCAL + 1, &kind);
    out_evidence->ingress = (enum ingress_kind)kind;
    read_bool(reader, root, "tls_to_proxy", &out_evidence->is_tls_to_proxy);
    read_text(reader, root, "client", &out_evidence->client_address);
    read_text(reader, root, "proxy_protocol_source", &out_evidence->proxy_protocol_source);
    read_target(reader, root, out_evidence);
    read_text(reader, root, "host_header", &out_evidence->host_header);
    read_choice(reader, root, "order", order_at, ORDER_CLIENT_FIRST + 1, &order);
    out_evidence->order = (enum order)order;
    read_text(reader, root, "edge", &out_evidence->edge);
    read_bool(reader, root, "passed", &out_evidence->is_passed);
    read_bool(reader, root, "passed_finished", &out_evidence->passed_finished);
    read_bool(reader, root, "passed_used", &out_evidence->passed_used);
    read_i64(reader, root, "passed_alert_us", &out_evidence->passed_alert_us);
    read_text(reader, root, "experiment", &out_evidence->experiment);
    read_u64(reader, root, "experiment_of", &out_evidence->experiment_of);
    read_bool(reader, root, "captured", &out_evidence->is_captured);
    read_bool(reader, root, "plain", &out_evidence->is_plain);
    read_text(reader, root, "ingress_fault", &out_evidence->ingress_fault);
    read_text(reader, root, "ingress_fault_code", &out_evidence->ingress_fault_code);
    read_text(reader, root, "via", &out_evidence->via);
    read_int(reader, root, "via_status", 0, 999, &status);
    out_evidence->via_status = (int)status;
    read_bool(reader, root, "dropped_unused", &out_evidence->was_dropped_unused);
    read_i64(reader, root, "origin_date_us", &out_evidence->origin_date_us);
}

static void read_lost(struct reader *reader, const json_t *root, struct losses *out_lost)
{
    size_t mark;
    const json_t *object = read_object(reader, root, "lost", &mark);
    if (object == NULL) {
        return;
    }
    read_numbers(reader, object, "versions", &out_lost->versions);
    read_numbers(reader, object, "suites", &out_lost->suites);
    read_numbers(reader, object, "groups", &out_lost->groups);
    read_numbers(reader, object, "schemes", &out_lost->schemes);
    read_bool(reader, object, "alpn", &out_lost->alpn);
    reader_leave(reader, mark);
}

static void read_fixed(struct reader *reader, const json_t *root, struct fixed *out_fixed)
{
    size_t mark;
    const json_t *object = read_object(reader, root, "fixed", &mark);
    if (object == NULL) {
        return;
    }
    read_bool(reader, object, "versions", &out_fixed->versions);
    read_bool(reader, object, "suites", &out_fixed->suites);
    read_bool(reader, object, "groups", &out_fixed->groups);
    read_bool(reader, object, "schemes", &out_fixed->schemes);
    reader_leave(reader, mark);
}

static void read_history(struct reader *reader, const json_t *root, struct evidence *out_evidence)
{
    size_t mark;
    const json_t *object = read_object(reader, root, "history", &mark);
    if (object == NULL) {
        return;
    }
    read_u32(reader, object, "client_secured_before", &out_evidence->client_secured_before);
    read_u32(reader, object, "client_failed_before", &out_evidence->client_failed_before);
    read_u32(reader, object, "origin_secured_before", &out_evidence->origin_secured_before);
    reader_leave(reader, mark);
}

static void read_legs(struct reader *reader, const json_t *root, struct evidence *out_evidence)
{
    size_t mark, leg_mark;
    const json_t *legs = read_object(reader, root, "legs", &mark);
    if (legs == NULL) {
        return;
    }
    for (enum side side = CLIENT; side < SIDES; side++) {
        const json_t *leg = read_object(reader, legs, side_name(side), &leg_mark);
        if (leg != NULL) {
            leg_read(reader, leg, &out_evidence->legs[side]);
            reader_leave(reader, leg_mark);
        }
    }
    reader_leave(reader, mark);
}

static bool read_root(struct reader *reader, const json_t *root, struct evidence *out_evidence)
{
    // A line of the log holds the evidence of its verdict.
    const json_t *inner = json_object_get(root, "evidence");
    if (json_is_object(inner)) {
        root = inner;
    }
    const json_t *format = json_object_get(root, "evidence");
    if (!json_is_integer(format)) {
        return error_set(
            reader->error, ERROR_FILE,
            "no evidence: expected an object with \"evidence\": %d, or a verdict event",
            EVIDENCE_FORMAT);
    }
    if (json_integer_value(format) != EVIDENCE_FORMAT) {
        return error_set(reader->error, ERROR_FILE,
                         "evidence of form %lld, expected form %d: written by another midspan",
                         (long long)json_integer_value(format), EVIDENCE_FORMAT);
    }
    struct evidence evidence = {0};
    read_u64(reader, root, "connection", &evidence.connection);
    read_i64(reader, root, "opened_us", &evidence.opened_us);
    read_ingress(reader, root, &evidence);
    read_lost(reader, root, &evidence.lost);
    read_fixed(reader, root, &evidence.fixed);
    read_history(reader, root, &evidence);
    read_legs(reader, root, &evidence);
    if (reader->failed) {
        return false;
    }
    *out_evidence = evidence;
    return true;
}

bool evidence_read(struct slice text, struct arena *arena, struct evidence *out_evidence,
                   struct error *error)
{
    json_error_t fault;
    if (text.len > EVIDENCE_BYTES_MAX) {
        return error_set(error, ERROR_FILE, "evidence of %zu bytes, expected at most %zu", text.len,
                         EVIDENCE_BYTES_MAX);
    }
    // A name that a peer sent may hold a NUL.
    json_t *root = json_loadb((const char *)text.data, text.len,
                              JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &fault);
    if (root == NULL) {
        return error_set(error, ERROR_FILE, "not JSON: line %d, column %d: %s", fault.line,
                         fault.column, fault.text);
    }
    struct reader reader = {.arena = arena, .error = error};
    bool ok = read_root(&reader, root, out_evidence);
    json_decref(root);
    return ok;
}
