// A survey made and printed; apart from the command, which needs nothing of what is inside.
#pragma once

#include "endpoint.h"
#include "error.h"
#include "trust.h"

struct probe_request {
    struct endpoint target;
    struct endpoint dialled; // the target, or where to dial instead
    struct endpoint via;     // an upstream proxy
    bool has_via;
    const char *sni;         // NULL: none is sent
    const char *verify_name; // what the certificate must carry
};

struct probe_report;

// probe_run asks the server; a server that can't be reached is a report as well. NULL with `error`
// when we failed ourselves. `request` must outlive the report.
struct probe_report *probe_run(const struct probe_request *request, const struct trust_store *trust,
                               struct error *error);
void probe_free(struct probe_report *report); // NULL does nothing

// probe_did_survey is true if the server accepted any version.
bool probe_did_survey(const struct probe_report *report);

// probe_print writes it to standard output; gives `code` like sheet_print.
int probe_print(struct probe_report *report, bool is_json, int code);
