// verdict: evidence in, verdicts out. Pure functions and the cause catalogue: the same evidence
// gives the same verdict on every machine. Uses base, wire, policy and the facts of certs.
//
//   file            | what it holds
//   ----------------+----------------------------------------------------------------
//   evidence.h      | every fact of one connection
//   evidence_json.h | evidence written as JSON and read back
//   bridge_predict.h| both legs of a bridge predicted
//   capture.h       | evidence of the handshakes in a capture file
//   log_read.h      | a line of the log, read back
//   cause.h         | the catalogue, built from causes.yaml
//   stacks.h        | which stack answers which fault how, built from stacks.yaml
//   sets.h          | what a side offers or accepts, compared and as text
//   verdict.h       | the rules
//   words.h         | what is said about a connection, in Japanese; built from words.yaml
//   reword.h        | the client in midspan's place, for verdicts on a capture
//   dialect.h       | the fix in the words of the device that is imitated
//   refusal.h       | how a client refused a certificate
//   judge.h         | what rules (and `probe`, which proves them) look at and write with
#pragma once

#include "cause.h"
#include "evidence.h"

enum party {
    PARTY_CLIENT,
    PARTY_SERVER,
    PARTY_BRIDGE,
    PARTY_NETWORK
};
enum confidence {
    CONFIDENCE_SUSPECTED,
    CONFIDENCE_DEDUCED,
    CONFIDENCE_PROVEN
};
enum severity {
    SEVERITY_WARNING,
    SEVERITY_ERROR
};
enum direct {
    DIRECT_UNKNOWN,
    DIRECT_WOULD_SUCCEED,
    DIRECT_WOULD_FAIL
};

#define PROOF_ROWS_MAX    24
#define DIALECT_LINES_MAX 4

// One counterfactual that was run.
struct proof_row {
    const char *changed; // "SNI: none → www.example.com"
    const char *outcome; // "secured, TLS 1.3"
    double ms;
    bool passed;
    uint64_t connection; // the client's connection on which it was asked; 0: none
};

// A leg key that mends it, in the words of the device that the bridge imitates.
struct dialect_line {
    const char *key;   // "ciphers", of the verdict's leg
    const char *words; // "proxy_ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;"
};

// Text lives in the arena given to verdict_find, or is static.
struct verdict {
    const struct cause *cause;
    enum severity severity;
    enum side leg;
    enum party party;
    enum phase phase;
    enum confidence confidence;
    enum direct direct;
    const char *summary; // one sentence: who could not agree with whom on what
    const char *fix;     // forward only
    const char *device;  // whose words `dialect` has: "nginx"; NULL none (dialect.h)
    struct dialect_line dialect[DIALECT_LINES_MAX];
    size_t dialect_count;
    const char *offered, *accepted; // the two sets that did not meet, as text; NULL when none
    const char *facts[8];           // what it rests on, one short sentence each, NULL-terminated
    struct proof_row proof[PROOF_ROWS_MAX];
    size_t proof_count;
    bool is_withdrawn;  // its proof found that nothing was wrong: it is not told
    bool is_update;     // told before; the client's later connections have told more
    uint64_t proven_by; // the client's connection that proved it; 0: none
};

#define VERDICTS_MAX 8

// verdict_find judges complete evidence: at most `max` verdicts, the main one first; errors before
// warnings. Returns how many. 0: nothing was wrong.
size_t verdict_find(const struct evidence *evidence, struct arena *arena, struct verdict *out,
                    size_t max);

// verdict_masked judges a secured connection: what would have broken without midspan. Each is a
// verdict of SEVERITY_WARNING.
size_t verdict_masked(const struct evidence *evidence, struct arena *arena, struct verdict *out,
                      size_t max);

const char *party_name(enum party party);
const char *confidence_name(enum confidence confidence);
const char *severity_name(enum severity severity);
const char *direct_name(enum direct direct);
