// HTML of midspan's own pages: text from peers escaped, one style, no script.
#pragma once

#include "buffer.h"

// html_text appends text with &, <, >, " and ' escaped; NULL appends nothing.
bool html_text(struct buffer *out, const char *text);
// html_begin and html_end write what stands around the body, which is in `language` ("en", "ja").
bool html_begin(struct buffer *out, const char *title, const char *language);
bool html_end(struct buffer *out);
