// Which TLS stack a hello comes from, and how that stack answers which fault: with which alert, or
// with silence. Built from stacks.yaml by scripts/gen_stacks.py.
#pragma once

#include "hello.h"

// What a client can find wrong with a certificate.
#define STACK_FAULT_MAP(XX)              \
    XX(UNTRUSTED, "untrusted")           \
    XX(SELF_SIGNED, "self-signed")       \
    XX(WRONG_NAME, "wrong-name")         \
    XX(EXPIRED, "expired")               \
    XX(NOT_YET_VALID, "not-yet-valid")   \
    XX(WRONG_USAGE, "wrong-usage")       \
    XX(WEAK_KEY, "weak-key")             \
    XX(WEAK_SIGNATURE, "weak-signature") \
    XX(REVOKED, "revoked")

enum stack_fault {
#define XX(name, text) STACK_FAULT_##name,
    STACK_FAULT_MAP(XX)
#undef XX
    STACK_FAULTS
};

enum reaction_kind {
    REACTION_UNKNOWN, // nobody measured it
    REACTION_ALERT,
    REACTION_ACCEPTS,
    REACTION_SILENCE, // completes the handshake, closes without a byte
    REACTION_CUT      // closes in the middle of the handshake without an alert
};

struct reaction {
    enum reaction_kind kind;
    uint8_t alert; // REACTION_ALERT
};

struct stack {
    const char *id;   // "openssl"
    const char *name; // "OpenSSL"
    bool is_browser;
    bool may_cut;     // programs on it may close in mid-handshake instead of sending the alert
    bool always_asks; // a program on it that leaves without a request refused what it saw
    struct reaction reactions[2][STACK_FAULTS]; // [0]: TLS 1.2 and below, [1]: TLS 1.3
    struct reaction own_check[2]; // of a program on it whose own check, such as a pin, says no
};

// What a server can be unable to take.
#define SERVER_FAULT_MAP(XX)             \
    XX(OLD_OFFER, "old-offer")           \
    XX(NEW_OFFER, "new-offer")           \
    XX(NOTHING_COMMON, "nothing-common") \
    XX(UNKNOWN_NAME, "unknown-name")     \
    XX(NO_NAME, "no-name")               \
    XX(NO_PROTOCOL, "no-protocol")       \
    XX(FALLBACK, "fallback")             \
    XX(NO_CERTIFICATE, "no-certificate") \
    XX(BAD_CERTIFICATE, "bad-certificate")

enum server_fault {
#define XX(name, text) SERVER_FAULT_##name,
    SERVER_FAULT_MAP(XX)
#undef XX
    SERVER_FAULTS
};

struct server_stack {
    const char *id, *name;
    struct reaction reactions[2][SERVER_FAULTS]; // as in struct stack
};

const struct server_stack *server_stack_at(size_t i); // NULL past the end
// server_stack_next steps through those that answer `fault` so; *at starts at 0. NULL at the end.
const struct server_stack *server_stack_next(size_t *at, uint16_t version, enum server_fault fault,
                                             struct reaction seen);

// stack_recognise tells a client's stack by its hello; the stack "unknown" where it can't be told.
const struct stack *stack_recognise(const struct client_hello *hello);
const struct stack *stack_find(const char *id); // NULL when there is none
const struct stack *stack_at(size_t i);         // NULL past the end
const struct stack *stack_unknown(void);

// stack_may is true if the stack answers `fault` like this, as far as known (unknown: true).
bool stack_may(const struct stack *stack, uint16_t version, enum stack_fault fault,
               struct reaction seen);
// stack_reaction gives how the stack answers a fault.
struct reaction stack_reaction(const struct stack *stack, uint16_t version, enum stack_fault fault);
// stack_may_own is true if a program on the stack, whose own check says no, leaves like this, as
// far as known (unknown: true).
bool stack_may_own(const struct stack *stack, uint16_t version, struct reaction seen);
// stack_tells is true if the alert means this fault and no other for the stack.
bool stack_tells(const struct stack *stack, uint16_t version, uint8_t alert,
                 enum stack_fault fault);
