#include "evidence_json.h"

static void write_facts(struct json *json, const struct verdict *verdict)
{
    json_key(json, "facts");
    json_open_array(json);
    for (size_t i = 0; i < COUNT_OF(verdict->facts) && verdict->facts[i] != NULL; i++) {
        json_text(json, verdict->facts[i]);
    }
    json_close_array(json);
}

static void write_dialect(struct json *json, const struct verdict *verdict)
{
    if (verdict->dialect_count == 0) {
        return;
    }
    json_key(json, "dialect");
    json_open_object(json);
    json_text_field(json, "device", verdict->device);
    json_key(json, "lines");
    json_open_array(json);
    for (size_t i = 0; i < verdict->dialect_count; i++) {
        json_open_object(json);
        json_text_field(json, "key", verdict->dialect[i].key);
        json_text_field(json, "words", verdict->dialect[i].words);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}

static void write_proof(struct json *json, const struct verdict *verdict)
{
    json_key(json, "proof");
    json_open_array(json);
    for (size_t i = 0; i < verdict->proof_count; i++) {
        const struct proof_row *row = &verdict->proof[i];
        json_open_object(json);
        json_text_field(json, "changed", row->changed);
        json_text_field(json, "outcome", row->outcome);
        json_bool_field(json, "passed", row->passed);
        json_key(json, "ms");
        json_fixed(json, row->ms, 1);
        if (row->connection > 0) {
            json_int_field(json, "connection", (int64_t)row->connection);
        }
        json_close_object(json);
    }
    json_close_array(json);
}

void verdict_write(struct json *json, const struct verdict *verdict,
                   const struct evidence *evidence)
{
    char target[ENDPOINT_TEXT_MAX];
    json_text_field(json, "severity", severity_name(verdict->severity));
    json_text_field(json, "leg", side_name(verdict->leg));
    json_text_field(json, "cause", verdict->cause->code);
    json_text_field(json, "party", party_name(verdict->party));
    json_text_field(json, "phase", phase_name(verdict->phase));
    json_text_field(json, "confidence", confidence_name(verdict->confidence));
    if (evidence->has_target) {
        json_text_field(json, "target", endpoint_text(&evidence->target, target));
    }
    json_text_field(json, "title", verdict->cause->text[LANGUAGE_EN].title);
    json_text_field(json, "summary", verdict->summary);
    json_text_field(json, "fix", verdict->fix);
    write_dialect(json, verdict);
    json_text_field(json, "offered", verdict->offered);
    json_text_field(json, "accepted", verdict->accepted);
    json_text_field(json, "direct", direct_name(verdict->direct));
    if (verdict->is_update) {
        json_bool_field(json, "update", true);
    }
    if (verdict->proven_by > 0) {
        json_int_field(json, "proven_by", (int64_t)verdict->proven_by);
    }
    write_facts(json, verdict);
    json_key(json, "evidence");
    evidence_write(json, evidence);
    write_proof(json, verdict);
}
