// Inside of recordings: their tables, and what each event does to them, as SQL.
#pragma once

#include "event.h"

// recording_tables makes them, and says whose file it is.
extern const char recording_tables[];

// What is bound to each statement, by number; a statement may leave some unused.
enum recording_parameter {
    RECORDING_SESSION = 1,
    RECORDING_CONNECTION,
    RECORDING_TIME,
    RECORDING_KIND,
    RECORDING_JSON,     // the event, as the log has it
    RECORDING_EVIDENCE, // of the connection as it is now, NULL: none is given
    RECORDING_PARAMETERS = RECORDING_EVIDENCE
};

struct recording_statement {
    uint32_t events; // bit (1 << enum event_kind) for each kind that it is for
    const char *sql;
};

// They are run in this order for each event that they are for.
#define RECORDING_STATEMENTS 10
extern const struct recording_statement recording_statements[RECORDING_STATEMENTS];
