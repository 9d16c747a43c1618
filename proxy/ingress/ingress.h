// ingress: how a connection names its target. Sans-I/O: the bytes that came in, what to say and
// where to go out; no socket but for transparent_target. Uses base and http-parser.
//
//   file            | what it holds
//   ----------------+--------------------------------------------------------------------
//   ingress.h       | the door: the machine, PROXY protocol, the kernel's original target
//   http_head.h     | a request's head, read strictly; the one user of http-parser
//   proxy_request.h | what such a request asks for, and the head to pass on
//   socks.h         | SOCKS5 up to the CONNECT request
//   socks4.h        | SOCKS4, to say that it came
//   fault.h         | what was wrong, in one sentence
//   tunnel.h        | the other way round: a tunnel that midspan asks of an upstream proxy
#pragma once

#include "base.h"

// What the first bytes turned out to be.
enum ingress_step {
    INGRESS_STEP_MORE,  // feed more bytes
    INGRESS_STEP_REPLY, // send `reply`, then feed again (SOCKS method selection)
    INGRESS_STEP_TLS,   // a TLS hello came where a proxy request was expected: the caller may take
                      // the proxy port as TLS (an HTTPS proxy) and feed a new ingress the plaintext
    INGRESS_STEP_DONE, // `found` is complete
    INGRESS_STEP_BAD   // `fault` says what; `reply` may hold a last answer to send
};

enum ingress_form {
    INGRESS_FORM_CONNECT,
    INGRESS_FORM_ABSOLUTE, // plain HTTP: the rewritten head is in `forward`
    INGRESS_FORM_SOCKS5,
    INGRESS_FORM_LOCAL // a request to the proxy itself: `path` is set
};

#define INGRESS_HEAD_MAX  ((size_t)32 * 1024)
#define INGRESS_FAULT_MAX 160

struct ingress_found {
    enum ingress_form form;
    struct endpoint target;
    const char *path;       // LOCAL: "/", "/ca.pem" …
    bool is_head;           // LOCAL: a HEAD request
    const char *host;       // Host header of CONNECT and absolute-form, NULL none
    const char *user_agent; // NULL none
};

struct ingress;

// ingress_new makes the reader of one connection's first bytes. `local_names` (NULL-terminated)
// are hosts that mean the proxy itself, such as "midspan.test".
struct ingress *ingress_new(const char *const *local_names);
void ingress_free(struct ingress *ingress);

// ingress_feed takes bytes. It reads never more than it needs: *out_consumed tells how many; the
// rest belongs to what follows. CONNECT, absolute-form, SOCKS5 (RFC 1928, no authentication) and
// origin-form requests are told apart by the first bytes. Limits: INGRESS_HEAD_MAX.
enum ingress_step ingress_feed(struct ingress *ingress, struct slice bytes, size_t *out_consumed);

// ingress_found borrows the result until ingress_free (INGRESS_STEP_DONE only).
const struct ingress_found *ingress_found(const struct ingress *ingress);
// ingress_reply borrows what to send now (INGRESS_STEP_REPLY and INGRESS_STEP_BAD), maybe empty.
struct slice ingress_reply(const struct ingress *ingress);
// ingress_forward borrows the first bytes to send to the origin (absolute-form): the request head
// in origin-form (RFC 9112 section 3.2.1), Proxy-* headers dropped, `Connection: close` set unless
// it upgrades.
struct slice ingress_forward(const struct ingress *ingress);
// ingress_fault says what was wrong, ingress_fault_code its cause code ("ingress.malformed").
const char *ingress_fault(const struct ingress *ingress);
const char *ingress_fault_code(const struct ingress *ingress);

// ingress_success and ingress_failure append what the client is told once the target is (not)
// reached: "HTTP/1.1 200 Connection established", a SOCKS5 reply. Absolute-form success is empty;
// `status` (502, 504) and `text` go into HTTP failures.
bool ingress_success(const struct ingress *ingress, struct buffer *out);
bool ingress_failure(const struct ingress *ingress, int status, const char *text,
                     struct buffer *out);

// PROXY protocol v1 and v2 (haproxy.org/download/2.8/doc/proxy-protocol.txt).
struct proxy_header {
    bool is_local; // v2 LOCAL or v1 UNKNOWN: no address
    char source[ENDPOINT_TEXT_MAX], destination[ENDPOINT_TEXT_MAX];
    struct endpoint target; // the destination
    size_t len;             // bytes to consume
};
enum parse proxy_header_parse(struct slice bytes, struct proxy_header *out_header);

// transparent_target asks the kernel where a redirected connection was going (SO_ORIGINAL_DST,
// IPv4 and IPv6); ERROR_NETWORK when it was not redirected.
bool transparent_target(int socket, struct endpoint *out_target, struct error *error);
