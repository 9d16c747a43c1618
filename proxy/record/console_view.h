// How the console shows each event. One line for what went well, a block for a verdict.
#pragma once

#include "event.h"
#include "pen.h"

// What stands before every event: time, connection, mark, target.
struct console_layout {
    bool is_narrow;    // below 100 columns: seconds instead of milliseconds
    int mark_column;   // ✓ ✗ ⚠ stand here, and below them a block's bar
    int target_column; // and a block's text
    int legs_column;
};
struct console_layout console_layout_of(int columns);

// console_begin writes time, connection and mark.
void console_begin(struct pen *pen, const struct event *event, enum style style, const char *mark);
// console_target writes the target, the client before it when it is not on this machine.
void console_target(struct pen *pen, const struct evidence *evidence, enum style style);

// console_say writes a text of ours, which may have a row in words.yaml, in the console's language.
void console_say(struct pen *pen, const char *text);
void console_say_styled(struct pen *pen, enum style style, const char *text);

void console_view_secured(struct pen *pen, const struct event *event);
void console_view_passed(struct pen *pen, const struct event *event);
void console_view_plain(struct pen *pen, const struct event *event);
void console_view_experiment(struct pen *pen, const struct event *event);
void console_view_verdict(struct pen *pen, const struct event *event);
