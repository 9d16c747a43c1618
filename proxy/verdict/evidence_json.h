// Evidence, its legs and the leg diff as JSON: for the log, for recordings and as a file; and
// evidence read back from it.
#pragma once

#include "evidence.h"
#include "json.h"
#include "verdict.h"

// The number of the form in which evidence is written; a reader refuses another.
#define EVIDENCE_FORMAT 1

// evidence_write writes the whole evidence as one object (hellos as hex and decoded).
void evidence_write(struct json *json, const struct evidence *evidence);
// evidence_write_leg writes one leg briefly: version, suite, group, alpn, sni, ja4, ending …
void evidence_write_leg(struct json *json, const struct evidence *evidence, enum side side);
// evidence_write_diff writes the two legs side by side: what differs, and what was lost.
void evidence_write_diff(struct json *json, const struct evidence *evidence);
// verdict_write writes the fields of a verdict event (not the braces, nor v, time, connection).
void verdict_write(struct json *json, const struct verdict *verdict,
                   const struct evidence *evidence);

// The most that evidence_read takes: 32 certificates, hellos and staples of both legs, in hex.
#define EVIDENCE_BYTES_MAX ((size_t)8 << 20)

// evidence_read reads back what evidence_write wrote, or a `verdict` event of the log around it,
// into `arena`. The evidence gives the same verdicts as the one that was written. False
// (ERROR_FILE) names the member that is wrong; `text` comes from anywhere.
bool evidence_read(struct slice text, struct arena *arena, struct evidence *out_evidence,
                   struct error *error);
