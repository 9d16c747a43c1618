// What one leg may speak: the keys of --client-leg and --server-leg, as said by the user. What an
// engine is then configured with is the shape (shape.h), which a policy and a hello make.
#pragma once

#include "endpoint.h"
#include "number_list.h"
#include "side.h"

#define POLICY_PATH_MAX 1024
#define POLICY_ALPN_MAX 128

enum sni_mode {
    SNI_FORWARD,
    SNI_NONE,
    SNI_NAME
};
enum leaf_mode {
    LEAF_CLEAN,
    LEAF_MIRROR,
    LEAF_REPLACE
};
enum client_auth {
    CLIENT_AUTH_NONE,
    CLIENT_AUTH_ASK,
    CLIENT_AUTH_REQUIRE
};

// Plain data without pointers and, made by leg_policy_default, without padding that differs:
// equal policies are equal under memcmp.
struct leg_policy {
    uint16_t version_min, version_max; // 0: not said
    struct number_list suites;         // empty: not said. All versions in one list, in order
    struct number_list groups;
    struct number_list schemes;
    uint8_t alpn[POLICY_ALPN_MAX]; // ProtocolNameList: u8 length, name, …
    uint8_t alpn_len;
    bool has_alpn; // said, maybe as none
    bool mirror;   // server leg: offer what the client offered (default on)
    enum sni_mode sni;
    char sni_name[ENDPOINT_HOST_MAX];
    bool verify;                         // default on for the server leg
    char verify_name[ENDPOINT_HOST_MAX]; // empty: the SNI sent, else the target's host
    char ca_file[POLICY_PATH_MAX];       // trusted instead of the system's store; empty: system
    char crl_file[POLICY_PATH_MAX];
    char cert_file[POLICY_PATH_MAX]; // own certificate chain, PEM
    char key_file[POLICY_PATH_MAX];
    int64_t clock_offset_ms;
    enum leaf_mode leaf;          // client leg
    char leaf_fault[32];          // of LEAF_REPLACE: a name of certs/mint.h's faults
    enum client_auth client_auth; // client leg: ask the client for a certificate
    int64_t timeout_ms;           // of the handshake; 0: the default
    uint32_t split;               // send the hello in this many segments; 0 or 1: one
};

// leg_policy_default fills in the defaults of a side.
void leg_policy_default(struct leg_policy *policy, enum side side);

// leg_policy_apply reads "KEY=VALUE[,KEY=VALUE…]" for either leg; an unknown key, a value out of
// its range or a name nobody registered is an ERROR_USAGE that names key, value and what was
// expected.
bool leg_policy_apply(struct leg_policy *policy, const char *text, struct error *error);

// The keys with their one-line help, for --help, the man page and completions.
struct leg_key {
    const char *name, *value, *help;
    unsigned sides; // bit 1u << CLIENT, 1u << SERVER: the legs that have it
    bool is_list;   // names joined by ':'
};
const struct leg_key *leg_key_at(size_t i);           // NULL past the end
const struct leg_key *leg_key_find(const char *name); // NULL when there is none

// leg_switch_read reads "on" and "off", and YAML's other words for them; false if it is neither.
bool leg_switch_read(const char *text, bool *out_on);

// leg_policy_set_for and leg_policy_apply_for do the same for the leg of one side: a key that only
// the other side has is an ERROR_USAGE too. The keys set are added to `said`: bit i is
// leg_key_at(i).
bool leg_policy_set_for(struct leg_policy *policy, enum side side, const char *key,
                        const char *value, uint32_t *said, struct error *error);
bool leg_policy_apply_for(struct leg_policy *policy, enum side side, const char *text,
                          uint32_t *said, struct error *error);

// leg_policy_copy_keys copies what the keys in `said` set from one policy to another.
void leg_policy_copy_keys(struct leg_policy *to, const struct leg_policy *from, uint32_t said);
