// What stands in the ladder: rows in the order of time, made from evidence. Not for other folders.
#pragma once

#include "evidence.h"
#include "pen.h"
#include "speech.h"

#define LADDER_NOTES_MAX 5

enum ladder_way {
    LADDER_RIGHT, // client → midspan, or midspan → origin
    LADDER_LEFT,
    LADDER_STILL // something that happened on the leg, and no message
};

struct ladder_row {
    int64_t at_us;
    enum side side; // the leg
    enum ladder_way way;
    enum style style;
    const char *label;                   // printable; in the arena or static
    const char *notes[LADDER_NOTES_MAX]; // below it; NULL-terminated unless full
    const char *fault_note;              // the one of them that is at fault; NULL none
};

// ladder_rows makes at most `max` rows of the evidence, sorted by time; gives how many.
// What is no word of TLS is in `language`. `client_status` is the status
// of the answer that the client got; 0: none.
size_t ladder_rows(const struct evidence *evidence, int client_status, enum language language,
                   struct arena *arena, struct ladder_row *out, size_t max);
