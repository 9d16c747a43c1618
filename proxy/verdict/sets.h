// What a side offers or accepts, as four lists of code points and ALPN names; sets compared, and
// written as text for people: "A, B, C ... (+12 more)". Text is printable ASCII.
#pragma once

#include "evidence.h"

enum list_kind {
    LIST_VERSIONS,
    LIST_SUITES,
    LIST_GROUPS,
    LIST_SCHEMES
};

// Signalling suites and GREASE are left out.
struct sets {
    struct number_list versions; // oldest first
    bool is_open_below;          // a hello without supported_versions: every older one as well
    struct number_list suites, groups, schemes;
    struct slice alpn; // ProtocolNameList, borrowed
};

void sets_of_hello(const struct client_hello *hello, struct sets *out_sets);
void sets_of_shape(const struct leg_shape *shape, struct sets *out_sets);
const struct number_list *sets_list(const struct sets *sets, enum list_kind kind);

// list_item_name gives the name of one item; numbers nobody registered give "unknown".
const char *list_item_name(enum list_kind kind, uint16_t number);

// list_minus gives what is in `a` and not in `b`.
void list_minus(const struct number_list *a, const struct number_list *b,
                struct number_list *out_rest);
// suites_for keeps the suites usable with one version.
void suites_for(const struct number_list *suites, uint16_t version, struct number_list *out_kept);

#define LIST_TEXT_ITEMS_MAX 8

// list_text and its kin never give NULL; an empty list is "nothing".
const char *list_text(struct arena *arena, enum list_kind kind, const struct number_list *list);
const char *versions_text(struct arena *arena, const struct sets *sets);
const char *alpn_text(struct arena *arena, struct slice names);
const char *names_text(struct arena *arena, const struct cert_facts *facts);
// peer_text escapes what a peer said (text_escape), cut at 120 bytes; NULL gives "(none)".
const char *peer_text(struct arena *arena, const char *text);
const char *peer_bytes(struct arena *arena, struct slice bytes);

const char *fault_code(enum cert_fault fault);
const char *fault_words(enum cert_fault fault);
