// Firefox with a profile of its own that uses and trusts midspan.
#pragma once

#include "authority.h"
#include "browser.h"
#include "endpoint.h"
#include "scratch.h"

// firefox_find writes the path of the first Firefox in $PATH; false: there is none.
bool firefox_find(char out_path[FILE_PATH_MAX]);

// firefox_line makes the command line.
void firefox_line(const struct browser_start *start, struct line *out_line);

// firefox_user_js appends the preferences of the profile: the proxy for everything, loopback
// included, and no traffic of the browser's own.
bool firefox_user_js(const struct endpoint *proxy, struct buffer *out);

// firefox_profile makes the profile: preferences, and an NSS store that trusts the authority.
bool firefox_profile(const struct scratch *scratch, const struct authority *ca,
                     const struct endpoint *proxy, char out_path[FILE_PATH_MAX],
                     struct error *error);
