// A line of the JSON Lines log, read back: what event it is, and what verdict was recorded.
#pragma once

#include "verdict.h"

// LOG_OTHER: an event that is no verdict. LOG_BARE: no event at all, maybe evidence alone.
enum log_kind {
    LOG_VERDICT,
    LOG_OTHER,
    LOG_BARE
};

// log_read reads one line, which comes from anywhere; the verdict (LOG_VERDICT only) has its text
// in `arena`, its proof with it. The evidence in the line is evidence_read's. False (ERROR_FILE)
// for what is not JSON, or a verdict event that names no cause of the catalogue.
bool log_read(struct slice text, struct arena *arena, enum log_kind *out_kind,
              struct verdict *out_verdict, struct error *error);
