// The proxy itself as a target: http://midspan.test/.
#pragma once

#include "connection.h"

// Where `midspan lab serve` has its page; http://midspan.test/lab leads there.
#define LAB_PAGE_HOST "lab.midspan.test"

// local_names are the hosts that mean the proxy itself, NULL-terminated; local_is_name looks one
// up.
const char *const *local_names(void);
bool local_is_name(const char *host);

// local_compose writes the answer to `path`; NULL: what the request over TLS asks for.
bool local_compose(struct connection *c, const char *path, bool is_head, bool is_h2);

// local_answer answers a plain request to the proxy itself; `path` is as the ingress found it.
enum step local_answer(struct connection *c, const char *path, bool is_head);
