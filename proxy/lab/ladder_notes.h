// Inside of the ladder: the lines beneath a message, which say what its hello or certificate says.
// Texts are made in the arena; what a peer said is escaped.
#pragma once

#include "ladder_rows.h"

// Rows that are being made.
struct ladder_making {
    const struct evidence *evidence;
    struct arena *arena;
    struct ladder_row *rows;
    size_t count, max;
    enum language language;
};

// ladder_say gives the text in the language asked for.
const char *ladder_say(const struct ladder_making *making, const char *english,
                       const char *japanese);
// ladder_text_or gives `other` where memory was out.
const char *ladder_text_or(const char *text, const char *other);
// ladder_printable gives what a peer said as printable ASCII.
const char *ladder_printable(struct ladder_making *making, struct slice bytes);

// ladder_note adds a line; NULL and empty ones, and those behind LADDER_NOTES_MAX, are left out.
void ladder_note(struct ladder_row *row, const char *text);
void ladder_note_client_hello(struct ladder_making *making, struct ladder_row *row,
                              struct slice message, bool is_sslv2);
void ladder_note_server_hello(struct ladder_making *making, struct ladder_row *row,
                              struct slice message, const struct leg_evidence *leg);
// What verification found in the leaf is marked, where it is something to be seen in it.
void ladder_note_certificate(struct ladder_making *making, struct ladder_row *row,
                             const struct leg_evidence *leg);
