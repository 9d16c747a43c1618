// Inside of verdict: what the rules look at. One evidence, its hellos decoded once, both legs'
// offers as sets, and the helpers by which rules fill a verdict.
#pragma once

#include "evidence.h"
#include "sets.h"
#include "stacks.h"
#include "verdict.h"

struct judge {
    const struct evidence *evidence;
    struct arena *arena;
    bool has_client_hello; // the client's ClientHello was read
    struct client_hello client_hello;
    struct sets client;  // what the client offered
    bool has_offer;      // something was, or was going to be, offered to the origin
    bool has_sent_hello; // … and its ClientHello is there
    struct client_hello sent_hello;
    struct sets offer; // what was offered to the origin
    bool has_answer[SIDES];
    struct server_hello answer[SIDES]; // ServerHello on the leg
    const struct stack *stack;         // the client's, never NULL (stacks.h)
    char origin[ENDPOINT_TEXT_MAX];    // "app.internal:443", or "the origin"
};

// judge_init decodes what there is. `arena` may be NULL when only sets are wanted.
void judge_init(struct judge *judge, const struct evidence *evidence, struct arena *arena);

// A rule looks at one leg and fills the verdict when it is the one; `out` has cause NULL, the leg,
// SEVERITY_ERROR, DEDUCED and DIRECT_UNKNOWN set before.
struct rule {
    const char *name;
    bool (*judge)(struct judge *judge, enum side side, struct verdict *out);
};

// The tables, each in the order in which a handshake can break; they end with a NULL judge.
extern const struct rule ingress_rules[];
extern const struct rule transport_rules[];
extern const struct rule client_hello_rules[]; // client leg: we are the server
extern const struct rule server_hello_rules[]; // server leg: we are the client
extern const struct rule certificate_rules[];
extern const struct rule client_leaf_rules[]; // client leg: the client judges our certificate
extern const struct rule passed_rules[]; // passed on: the client judges the origin's certificate
extern const struct rule client_auth_rules[];
extern const struct rule after_rules[]; // legs that were secured
extern const struct rule last_rules[];  // alert.*: where no better cause can be shown

static inline const struct leg_evidence *leg_of(const struct judge *judge, enum side side)
{
    return &judge->evidence->legs[side];
}

// verdict_set names the cause; `phase`, `party` and `confidence` as said. Always true, so that a
// rule can end with it.
bool verdict_set(struct verdict *out, const char *code, enum party party, enum phase phase,
                 enum confidence confidence);
// verdict_say gives the summary; verdict_fact adds a fact (those past the last are left out);
// verdict_fix replaces the catalogue's fix. The text is printf's.
void verdict_say(struct judge *judge, struct verdict *out, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void verdict_fact(struct judge *judge, struct verdict *out, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void verdict_fix(struct judge *judge, struct verdict *out, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// verdict_measured adds a fact: which servers are known to answer `fault` with this alert. Nothing
// is added when none does.
void verdict_measured(struct judge *judge, struct verdict *out, enum server_fault fault,
                      uint16_t version, uint8_t alert);

// leg_broke is true if the handshake on the leg ended in a failure of its own.
bool leg_broke(const struct leg_evidence *leg);
// leg_told is true if the body of the HTTP answer has these words, a server's for a fault of TLS.
bool leg_told(const struct leg_evidence *leg, const char *words);
// leg_heard is true if the peer ended the handshake with this alert; leg_said if we did.
bool leg_heard(const struct leg_evidence *leg, uint8_t alert);
bool leg_said(const struct leg_evidence *leg, uint8_t alert);
// leg_was_cut: reset or closed without an alert.
bool leg_was_cut(const struct leg_evidence *leg);
// leg_saw_certificate is true if the server's Certificate went by, plain or compressed.
bool leg_saw_certificate(const struct leg_evidence *leg, enum side side);
// leg_phase is the message at which the handshake stopped, from the moments.
enum phase leg_phase(const struct judge *judge, enum side side);

// probably gives "probably " for what is only suspected, else nothing.
const char *probably(enum confidence confidence);

// client_left_first is true if the client ended its secured leg before the origin ended its own.
bool client_left_first(const struct judge *judge);

// ending_text says how the leg ended: "answered handshake_failure (40)".
const char *ending_text(struct judge *judge, const struct ending *ending);
// duration_text gives "3 days", "2 hours", "15 seconds": to the nearest.
const char *duration_text(struct arena *arena, int64_t us);

// The name that was wanted: the client's SNI, else the target's host; NULL when neither is known.
const char *wanted_name(const struct judge *judge);
// leaf_covers is true if a subjectAltName of the certificate matches the name (RFC 9525: a
// wildcard stands for one whole left-most label).
bool leaf_covers(const struct cert_facts *leaf, const char *name);

// narrowed_by_bridge is true if the origin was not offered something that the client did offer, in
// that list: by policy or because the library can't.
bool narrowed_by_bridge(const struct judge *judge, enum list_kind kind,
                        struct number_list *out_missing);

// is_fixed is true if that list of the server leg is its policy's own, whatever the client offers:
// then it is the bridge that has to move, and no client can.
bool is_fixed(const struct judge *judge, enum list_kind kind);

// direct_guess says what would happen without midspan as far as the secured server leg tells.
enum direct direct_guess(const struct judge *judge);
