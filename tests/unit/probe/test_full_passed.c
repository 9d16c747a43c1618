// What a client refused of an origin that it was passed on to, and midspan takes: whose it is then.
#include "rows.h"

#include <string.h>

#include "../verdict/evidence_kit.h"
#include "full.h"

#define PASSED(version) " passed s.answer=" version " c.answer=" version " s.flight c.cert "

static const struct row {
    const char *name, *words, *code;
    enum confidence confidence;
    bool is_withdrawn;
    const char *says; // in a fact
} rows[] = {
    {"unknown_ca says outright that the client lacks the authority",
     "client=curl_788_openssl3019" PASSED("1.2") "c.alert=48", "cert.untrusted-root",
     CONFIDENCE_DEDUCED, false, NULL},
    {"an encrypted alert leaves several things open", "client=go_119_http" PASSED("1.3") "c.sealed",
     "cert.untrusted-root", CONFIDENCE_SUSPECTED, false, "its clock is ahead"},
    {"certificate_expired of a stack that says it of nothing else: the client's clock",
     "client=curl_788_openssl3019" PASSED("1.2") "c.alert=45", "clock.client", CONFIDENCE_DEDUCED,
     false, NULL},
    {"bad_certificate of OpenSSL, and the name fits: perhaps a clock that is behind",
     "client=python_311" PASSED("1.3") "c.alert=42", "clock.client", CONFIDENCE_SUSPECTED, false,
     "its clock is behind"},
    {"curl leaves without a word, and the name fits: a pin",
     "client=curl_788_openssl3019" PASSED("1.3") "finished c.close=closed", "trust.pinned",
     CONFIDENCE_SUSPECTED, false, "a check of its own"},
    {"wget leaves without a word",
     "client=wget_1213_gnutls" PASSED("1.3") "finished c.close=closed", "cert.untrusted-root",
     CONFIDENCE_SUSPECTED, false, "an authority"},
    {"Node completes the handshake and leaves: nothing was wrong",
     "client=node_2020" PASSED("1.2") "finished c.close=closed", "cert.untrusted-root",
     CONFIDENCE_SUSPECTED, true, NULL},
    {"Node leaves before its Finished", "client=node_2020" PASSED("1.3") "c.closed",
     "cert.untrusted-root", CONFIDENCE_SUSPECTED, false, "an authority"},
    {"certificate_revoked is the certificate's, as it says",
     "client=curl_788_openssl3019" PASSED("1.2") "c.alert=44", "cert.revoked", CONFIDENCE_SUSPECTED,
     false, NULL},
};

static bool has_fact(const struct verdict *verdict, const char *text)
{
    for (size_t i = 0; i < COUNT(verdict->facts) && verdict->facts[i] != NULL; i++) {
        if (strstr(verdict->facts[i], text) != NULL) {
            return true;
        }
    }
    return text == NULL;
}

static void what_we_take_is_the_clients(void **state)
{
    const struct row *row = *state;
    struct kit kit;
    struct verdict found[VERDICTS_MAX];
    struct full_plan plan;
    kit_begin(&kit, row->words);
    kit.evidence.legs[SERVER].shape = NULL;
    assert_int_equal(verdict_find(&kit.evidence, &kit.arena, found, VERDICTS_MAX), 1);
    assert_int_equal(found[0].confidence, CONFIDENCE_SUSPECTED);
    assert_true(full_open(&plan, &kit.evidence, &found[0], &kit.arena));
    assert_int_equal(plan.trials[0].change, FULL_CHECKED);
    leg_evidence_end(plan.trials[0].evidence, ENDING_SECURED, 0, 0, 1, NULL);
    plan.trials[0].was_run = true;
    struct trust_store *trust = trust_store_only(NULL);
    full_conclude(&plan, trust, &found[0]);
    trust_store_free(trust);
    assert_string_equal(found[0].cause->code, row->code);
    assert_int_equal(found[0].confidence, row->confidence);
    assert_int_equal(found[0].is_withdrawn, row->is_withdrawn);
    bool is_servers = strcmp(row->code, "cert.revoked") == 0 || row->is_withdrawn;
    assert_int_equal(found[0].party, is_servers ? PARTY_SERVER : PARTY_CLIENT);
    assert_true(has_fact(&found[0], "midspan takes that certificate"));
    assert_true(row->says == NULL || has_fact(&found[0], row->says));
    kit_clear(&kit);
}

int main(void)
{
    return RUN_ROWS(rows, what_we_take_is_the_clients);
}
