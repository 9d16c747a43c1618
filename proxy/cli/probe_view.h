// A survey, as rows and tables for people, or as JSON.
#pragma once

#include "reach.h"
#include "sheet.h"
#include "survey.h"

struct probe_report {
    const char *target;   // "app.internal:443"
    const char *address;  // where it was dialled; NULL: nowhere
    const char *via;      // upstream proxy; NULL: none
    const char *sni;      // NULL: none was sent
    const char *cause;    // why nothing could be surveyed; NULL: it could, or nobody can say
    const char *said;     // in words; NULL with no cause
    bool is_surveyed;     // at least one version was accepted
    struct survey survey; // all zero when nothing was dialled
    struct arena arena;
};

void probe_view(struct sheet *sheet, struct probe_report *report);
void probe_view_json(struct json *json, struct probe_report *report);

// How the server took a name (or none), beside the name asked for.
enum name_answer {
    NAME_NOT_CHECKED,
    NAME_SAME,    // the same certificate
    NAME_ANOTHER, // another one
    NAME_REFUSED  // the handshake ended before a certificate
};
enum name_answer probe_name_answer(const struct survey *survey, enum survey_full full);

// probe_mark rates what a server takes: modern, works but not to strive for, or deprecated.
enum probe_mark {
    MARK_MODERN,
    MARK_LEGACY,
    MARK_DEPRECATED
};
enum probe_mark probe_mark_version(uint16_t version);
enum probe_mark probe_mark_suite(uint16_t suite, size_t dh_bits);
enum probe_mark probe_mark_group(uint16_t group);
enum probe_mark probe_mark_scheme(uint16_t scheme);
const char *probe_mark_name(enum probe_mark mark); // "modern", "legacy", "deprecated"

// probe_ending says how a full handshake ended without a certificate, in the arena; never NULL.
const char *probe_ending(struct arena *arena, const struct leg_evidence *leg);
