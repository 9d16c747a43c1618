// Verdicts on standard output, as the console or the log shows them.
#pragma once

#include "record.h"

struct explain_view {
    struct sink sink;
    struct buffer text;
    enum language language;
    bool is_json;
    bool failed; // standard output takes no more
};

void explain_view_open(struct explain_view *view, bool is_json, enum language language);
void explain_view_verdict(struct explain_view *view, const struct evidence *evidence,
                          const struct verdict *verdict);

// explain_view_note prints a line for people, in their language where it has a row (words.h);
// nothing when JSON is asked for.
void explain_view_note(struct explain_view *view, const char *text);

// explain_view_close gives `code`, or OUTCOME_OURS (reported) when something could not be printed.
int explain_view_close(struct explain_view *view, int code);
