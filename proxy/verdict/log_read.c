#include "log_read.h"

#include <string.h>

#include "evidence_json.h"
#include "json_read.h"

static const char *severity_at(size_t i)
{
    return severity_name((enum severity)i);
}

static const char *side_at(size_t i)
{
    return side_name((enum side)i);
}

static const char *party_at(size_t i)
{
    return party_name((enum party)i);
}

static const char *phase_at(size_t i)
{
    return phase_name((enum phase)i);
}

static const char *confidence_at(size_t i)
{
    return confidence_name((enum confidence)i);
}

static const char *direct_at(size_t i)
{
    return direct_name((enum direct)i);
}

static void read_words(struct reader *reader, const json_t *root, struct verdict *out)
{
    size_t severity = SEVERITY_ERROR, leg = SERVER, party = PARTY_SERVER, phase = PHASE_NONE;
    size_t confidence = CONFIDENCE_DEDUCED, direct = DIRECT_UNKNOWN;
    read_choice(reader, root, "severity", severity_at, SEVERITY_ERROR + 1, &severity);
    read_choice(reader, root, "leg", side_at, SIDES, &leg);
    read_choice(reader, root, "party", party_at, PARTY_NETWORK + 1, &party);
    read_choice(reader, root, "phase", phase_at, PHASE_AFTER + 1, &phase);
    read_choice(reader, root, "confidence", confidence_at, CONFIDENCE_PROVEN + 1, &confidence);
    read_choice(reader, root, "direct", direct_at, DIRECT_WOULD_FAIL + 1, &direct);
    out->severity = (enum severity)severity;
    out->leg = (enum side)leg;
    out->party = (enum party)party;
    out->phase = (enum phase)phase;
    out->confidence = (enum confidence)confidence;
    out->direct = (enum direct)direct;
}

static void read_facts(struct reader *reader, const json_t *root, struct verdict *out)
{
    const json_t *facts = read_array(reader, root, "facts", COUNT_OF(out->facts));
    size_t count = json_array_size(facts);
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(facts, i));
        if (text == NULL || strlen(text) > READ_TEXT_MAX) {
            (void)reader_fail(reader, "facts", "is not a list of short texts");
            return;
        }
        out->facts[i] = arena_text(reader->arena, slice_of_text(text));
    }
}

static void read_proof(struct reader *reader, const json_t *root, struct verdict *out)
{
    const json_t *rows = read_array(reader, root, "proof", PROOF_ROWS_MAX);
    size_t count = json_array_size(rows);
    for (size_t i = 0; i < count && !reader->failed; i++) {
        const json_t *row = json_array_get(rows, i);
        struct proof_row *proof = &out->proof[i];
        if (!json_is_object(row)) {
            (void)reader_fail(reader, "proof", "is not a list of objects");
            return;
        }
        *proof = (struct proof_row){.changed = "", .outcome = ""};
        read_text(reader, row, "changed", &proof->changed);
        read_text(reader, row, "outcome", &proof->outcome);
        read_bool(reader, row, "passed", &proof->passed);
        read_u64(reader, row, "connection", &proof->connection);
        proof->ms = json_number_value(json_object_get(row, "ms"));
        out->proof_count = i + 1;
    }
}

static void read_verdict(struct reader *reader, const json_t *root, struct verdict *out)
{
    const char *code = NULL;
    read_text(reader, root, "cause", &code);
    out->cause = code != NULL ? cause_find(code) : NULL;
    if (out->cause == NULL) {
        (void)reader_fail(reader, "cause", "is no code of the catalogue");
        return;
    }
    out->summary = out->cause->text[LANGUAGE_EN].title;
    out->fix = out->cause->text[LANGUAGE_EN].fix;
    read_words(reader, root, out);
    read_text(reader, root, "summary", &out->summary);
    read_text(reader, root, "fix", &out->fix);
    read_text(reader, root, "offered", &out->offered);
    read_text(reader, root, "accepted", &out->accepted);
    read_bool(reader, root, "update", &out->is_update);
    read_u64(reader, root, "proven_by", &out->proven_by);
    read_facts(reader, root, out);
    read_proof(reader, root, out);
}

bool log_read(struct slice text, struct arena *arena, enum log_kind *out_kind,
              struct verdict *out_verdict, struct error *error)
{
    json_error_t fault;
    if (text.len > EVIDENCE_BYTES_MAX) {
        return error_set(error, ERROR_FILE, "a line of %zu bytes, expected at most %zu", text.len,
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
    const char *event = json_string_value(json_object_get(root, "event"));
    *out_kind = event == NULL ? LOG_BARE : strcmp(event, "verdict") == 0 ? LOG_VERDICT : LOG_OTHER;
    if (*out_kind == LOG_VERDICT) {
        struct verdict verdict = {0};
        read_verdict(&reader, root, &verdict);
        *out_verdict = verdict;
    }
    json_decref(root);
    return !reader.failed;
}
