// What a file of `midspan check` expects, one entry at a time.
#pragma once

#include "bridge_case.h"
#include "yaml_tree.h"

// Text borrows from the tree.
struct expectation {
    size_t line;
    const char *client; // a preset, a file, or "all"
    struct bridge_words words;
    const struct cause *cause; // NULL: secured
    bool has_leg;              // the cause must be on `leg`
    enum side leg;
};

// expectation_read reads one entry of the file `name`: a mapping with client, server and expect,
// and maybe edge, server-key and leg. It also looks the names up, so that a later
// bridge_case_make can't fail but for memory. ERROR_CONFIG, "NAME:LINE: KEY: …".
bool expectation_read(const struct yaml_item *item, const char *name, const struct library *library,
                      struct expectation *out, struct error *error);

// expectation_is_met compares; expectation_text says what is expected, e.g. "sni.required on the
// server leg".
bool expectation_is_met(const struct expectation *expectation,
                        const struct bridge_prediction *prediction);
const char *expectation_text(const struct expectation *expectation, struct arena *arena);
