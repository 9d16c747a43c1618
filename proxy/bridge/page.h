// What midspan's own pages say: why a connection broke, and how to trust the authority. Pure text.
#pragma once

#include "authority.h"
#include "verdict.h"

// page_failure appends the page that explains `verdict`: HTML, its title, meaning and fix in
// `language`; what was seen is in English. page_failure_text is the same in plain text, in short.
bool page_failure(struct buffer *out, const struct verdict *verdict,
                  const struct evidence *evidence, enum language language);
bool page_failure_text(struct buffer *out, const struct verdict *verdict,
                       const struct evidence *evidence);

// page_local appends the page at http://midspan.test/: the authority, with one line for each kind
// of client.
bool page_local(struct buffer *out, const struct authority *ca, const char *proxy_address);
