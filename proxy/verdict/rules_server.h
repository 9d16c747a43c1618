// The tables that make up the server leg's hello rules, in order.
#pragma once

#include "judge.h"

extern const struct rule version_rules[];
extern const struct rule name_rules[];   // SNI and ALPN
extern const struct rule offer_rules[];  // suites, groups, schemes: handshake_failure and its kin
extern const struct rule answer_rules[]; // what we refused after the ServerHello

// sni_is_missing is true if the origin got no name although there was one to send.
bool sni_is_missing(const struct judge *judge);
// verdict_missing_sni fills in sni.required: whose the name was to send.
void verdict_missing_sni(struct judge *judge, struct verdict *out, enum phase phase,
                         enum confidence confidence);
