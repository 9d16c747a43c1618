// What an HTTP request to a proxy asks for: a tunnel, a plain request passed on, or the proxy
// itself. RFC 9110 section 9.3.6, RFC 9112 section 3.2.
#pragma once

#include "http_head.h"

// proxy_request_read fills `out_found` (text from `arena`) and, for absolute-form, appends the head
// to send to the origin to `forward`. `local_names` (NULL-terminated, may be NULL) are hosts that
// mean the proxy itself. False with `fault`.
bool proxy_request_read(const struct http_request *request, const char *const *local_names,
                        struct arena *arena, struct ingress_found *out_found,
                        struct buffer *forward, struct fault *fault);
