// Evidence as the tests of sinks need it.
#pragma once

#include <string.h>

#include "event.h"

#define SLICE_OF(text) ((struct slice){(const uint8_t *)(text), sizeof(text) - 1})

// 2026-09-21T14:13:20.123456Z
#define SAMPLE_WALL_US INT64_C(1790000000123456)

static inline struct evidence sample_evidence(const char *host, uint16_t port)
{
    struct evidence evidence = {.client_address = "127.0.0.1:50122", .has_target = true};
    evidence.ingress = INGRESS_CONNECT;
    evidence.connection = 17;
    (void)endpoint_set_host(&evidence.target, slice_of_text(host)); // the tests' own names
    evidence.target.port = port;
    return evidence;
}

static inline void sample_secured(struct leg_evidence *leg, uint16_t version, uint16_t suite,
                                  uint16_t group, struct slice alpn, int64_t secured_us)
{
    leg->is_started = true;
    leg->version = version;
    leg->suite = suite;
    leg->group = group;
    leg->alpn = alpn;
    leg->secured_us = secured_us;
    leg->handshake.kind = ENDING_SECURED;
}

// Both legs alike: TLS 1.3, 12 ms.
static inline struct evidence sample_good(const char *host)
{
    struct evidence evidence = sample_evidence(host, 443);
    sample_secured(&evidence.legs[SERVER], VERSION_TLS13, 0x1301, 29, SLICE_OF("h2"), 9000);
    sample_secured(&evidence.legs[CLIENT], VERSION_TLS13, 0x1301, 29, SLICE_OF("h2"), 12000);
    return evidence;
}

static inline struct verdict sample_verdict(void)
{
    return (struct verdict){
        .cause = cause_find("cipher.no-common-suite"),
        .severity = SEVERITY_ERROR,
        .leg = SERVER,
        .party = PARTY_BRIDGE,
        .phase = PHASE_SERVER_HELLO,
        .confidence = CONFIDENCE_PROVEN,
        .direct = DIRECT_WOULD_SUCCEED,
        .summary = "The server leg and the origin share no cipher suite",
        .fix = "Offer ECDHE-RSA-AES128-GCM-SHA256",
        .offered = "ECDHE-ECDSA-AES128-GCM-SHA256",
        .accepted = "ECDHE-RSA-AES128-GCM-SHA256",
        .facts = {"the origin answered handshake_failure", "no ServerHello was sent"},
        .proof = {{"suites: own → the client's", "secured, TLS 1.2", 3.14, true, 0}},
        .proof_count = 1,
    };
}
