// Chains of certificates as facts: a good one, with one thing changed.
#pragma once

#include "hello_kit.h"

#define KIT_NAME   "www.example.com"
#define KIT_OPENED ((int64_t)1795521600 * 1000000) // 2026-11-24
#define KIT_DAY    ((int64_t)86400 * 1000000)
static inline void kit_change(struct arena *arena, struct leg_evidence *leg,
                              struct cert_facts *chain, const char *what)
{
    if (strcmp(what, "expired") == 0) {
        chain[0].not_before_us = KIT_OPENED - 100 * KIT_DAY;
        chain[0].not_after_us = KIT_OPENED - 10 * KIT_DAY;
    } else if (strcmp(what, "alone") == 0) {
        leg->chain_count = 1;
    } else if (strcmp(what, "early") == 0) {
        chain[0].not_before_us = KIT_OPENED + 5 * KIT_DAY;
    } else if (strcmp(what, "ca-expired") == 0) {
        chain[0].not_after_us = chain[1].not_after_us = KIT_OPENED - KIT_DAY;
    } else if (strcmp(what, "all-early") == 0) {
        chain[0].not_before_us = chain[1].not_before_us = KIT_OPENED + 5 * KIT_DAY;
    } else if (strcmp(what, "self-signed") == 0) {
        leg->chain_count = 1;
        chain[0].is_self_signed = chain[0].is_self_issued = true;
        chain[0].issuer = chain[0].subject;
    } else if (strcmp(what, "weak-key") == 0) {
        chain[0].key = "RSA 1024";
        chain[0].key_bits = 1024;
    } else if (strcmp(what, "sha1") == 0) {
        chain[0].signature = "sha1WithRSAEncryption";
        chain[0].is_weak_signature = true;
    } else if (strcmp(what, "no-san") == 0) {
        chain[0].name_count = chain[0].name_total = 0;
    } else if (strcmp(what, "client-use") == 0) {
        chain[0].for_server = false;
    } else if (strcmp(what, "zscaler") == 0) {
        chain[0].issuer = "CN=Zscaler Intermediate Root CA,O=Zscaler Inc.";
    } else if (strcmp(what, "many-names") == 0) {
        const char **many = arena_alloc(arena, CERT_NAMES_MAX * sizeof(*many));
        for (size_t i = 0; i < 20; i++) {
            many[i] = arena_printf(arena, "dns:host%zu.example.org", i);
        }
        chain[0].names = many;
        chain[0].name_count = chain[0].name_total = 20;
    } else if (strcmp(what, "good") != 0 && strcmp(what, "other-name") != 0) {
        kit_fail(what);
    }
}

// A good leaf for KIT_NAME; `what` changes one thing.
static inline void kit_chain(struct arena *arena, struct leg_evidence *leg, bool is_ours,
                             const char *what)
{
    struct cert_facts *chain = arena_alloc(arena, 2 * sizeof(*chain));
    const char **names = arena_alloc(arena, 2 * sizeof(*names));
    names[0] = strcmp(what, "other-name") == 0 ? "dns:*.example.org" : "dns:" KIT_NAME;
    names[1] = strcmp(what, "other-name") == 0 ? "dns:example.org" : "dns:example.com";
    chain[0] = (struct cert_facts){
        .subject = "CN=" KIT_NAME,
        .issuer = is_ours ? "CN=midspan local authority on lab 000000" : "CN=Example CA",
        .common_name = KIT_NAME,
        .names = names,
        .name_count = 2,
        .name_total = 2,
        .not_before_us = KIT_OPENED - 2 * KIT_DAY,
        .not_after_us = KIT_OPENED + 90 * KIT_DAY,
        .serial = "01ab",
        .key = "EC P-256",
        .key_bits = 256,
        .signature = "ecdsa-with-SHA256",
        .for_server = true,
        .for_client = true,
        .fingerprint = {1},
        .spki = {2},
        .der = {(const uint8_t *)"\x30\x00", 2},
    };
    chain[1] = chain[0];
    chain[1].subject = chain[1].issuer = chain[0].issuer;
    chain[1].is_ca = chain[1].is_self_issued = chain[1].is_self_signed = true;
    chain[1].not_before_us = KIT_OPENED - 1000 * KIT_DAY;
    chain[1].not_after_us = KIT_OPENED + 1000 * KIT_DAY;
    chain[1].name_count = chain[1].name_total = 0;
    leg->chain = chain;
    leg->chain_count = 2;
    kit_change(arena, leg, chain, what);
}
