// The masking report: what connections that work hide.
#include "evidence_kit.h"

#define SECURED "s.secured c.cert c.answer=1.3 c.secured c.in=80 s.in=80 "

static const struct row {
    const char *name, *words;
    const char *codes; // in order, "+" between them; "" none
    enum side leg;     // of the first
    enum party party;
    enum direct direct;
} rows[] = {
    // clang-format off
    {"nothing hidden", "s.answer=1.3 s.chain=good s.verify=ok s.chose=h2 c.chose=h2 " SECURED,
     "", SERVER, PARTY_SERVER, DIRECT_UNKNOWN},
    {"not secured yet", "s.answer=1.3 s.verify=cert.expired s.secured",
     "", SERVER, PARTY_SERVER, DIRECT_UNKNOWN},
    {"passed on: nothing stands in the middle", "passed s.answer=1.0 s.verify=cert.expired " SECURED,
     "", SERVER, PARTY_SERVER, DIRECT_UNKNOWN},
    {"verification off, another name", "s.answer=1.3 s.chain=other-name s.verify=cert.hostname-mismatch s.unverified " SECURED,
     "cert.hostname-mismatch", SERVER, PARTY_SERVER, DIRECT_WOULD_FAIL},
    {"nothing verified, another name", "s.answer=1.3 s.chain=other-name " SECURED,
     "cert.hostname-mismatch", SERVER, PARTY_SERVER, DIRECT_WOULD_FAIL},
    {"nothing verified, expired", "s.answer=1.3 s.chain=expired " SECURED,
     "cert.expired", SERVER, PARTY_SERVER, DIRECT_WOULD_FAIL},
    {"nothing verified, early", "s.answer=1.3 s.chain=early " SECURED,
     "cert.not-yet-valid", SERVER, PARTY_SERVER, DIRECT_WOULD_FAIL},
    {"nothing verified, self-signed", "s.answer=1.3 s.chain=self-signed " SECURED,
     "cert.self-signed", SERVER, PARTY_SERVER, DIRECT_UNKNOWN},
    {"nothing verified, no subjectAltName", "s.answer=1.3 s.chain=no-san " SECURED,
     "cert.no-san", SERVER, PARTY_SERVER, DIRECT_UNKNOWN},
    {"nothing verified, nothing wrong", "s.answer=1.3 s.chain=good " SECURED,
     "", SERVER, PARTY_SERVER, DIRECT_UNKNOWN},
    {"RSA 1024", "s.answer=1.3 s.chain=weak-key s.verify=ok " SECURED,
     "cert.weak", SERVER, PARTY_SERVER, DIRECT_UNKNOWN},
    {"a chain out of order", "s.answer=1.3 s.chain=good s.verify=ok+cert.chain-misordered " SECURED,
     "cert.chain-misordered", SERVER, PARTY_SERVER, DIRECT_UNKNOWN},
    {"SHA-1", "s.answer=1.3 s.chain=sha1 s.verify=ok " SECURED,
     "cert.weak", SERVER, PARTY_SERVER, DIRECT_UNKNOWN},
    {"weak and untrusted", "s.answer=1.3 s.chain=sha1 s.verify=cert.untrusted-root s.unverified " SECURED,
     "cert.untrusted-root+cert.weak", SERVER, PARTY_SERVER, DIRECT_UNKNOWN},
    {"an origin of TLS 1.0", "s.versions=1.0+1.1+1.2 s.answer=1.0 s.verify=ok " SECURED,
     "protocol.no-common-version", SERVER, PARTY_SERVER, DIRECT_WOULD_FAIL},
    {"the client offers TLS 1.3 alone, the origin takes 1.1",
     "c.versions=1.3 s.versions=1.1+1.2+1.3 s.answer=1.1 s.verify=ok " SECURED,
     "protocol.no-common-version", SERVER, PARTY_SERVER, DIRECT_WOULD_FAIL},
    {"the client offers TLS 1.3 alone, the origin chose 1.2 of 1.2: nobody knows",
     "c.versions=1.3 s.versions=1.2 s.answer=1.2 s.verify=ok " SECURED,
     "", SERVER, PARTY_SERVER, DIRECT_UNKNOWN},
    {"an old client at a modern origin", "c.versions=1.0 s.versions=1.2+1.3 s.answer=1.3 s.verify=ok s.secured c.answer=1.0 c.cert c.secured",
     "protocol.no-common-version", CLIENT, PARTY_CLIENT, DIRECT_UNKNOWN},
    {"a prime of 1024 bits", "s.answer=1.2 s.cert s.kx=1024 s.verify=ok " SECURED,
     "dh.too-weak", SERVER, PARTY_SERVER, DIRECT_UNKNOWN},
    {"our own small prime", "s.answer=1.2 s.verify=ok s.secured c.answer=1.2 c.cert c.kx=1024 c.secured",
     "dh.too-weak", CLIENT, PARTY_BRIDGE, DIRECT_UNKNOWN},
    {"a SHA-1 signature", "s.answer=1.2 s.scheme=201 s.verify=ok " SECURED,
     "sigalg.no-common", SERVER, PARTY_SERVER, DIRECT_UNKNOWN},
    {"no secure renegotiation", "noreneg s.answer=1.2 s.verify=ok " SECURED,
     "protocol.legacy-renegotiation", SERVER, PARTY_SERVER, DIRECT_UNKNOWN},
    {"h2 promised, http/1.1 agreed", "s.answer=1.3 s.verify=ok s.chose=http/1.1 c.chose=h2 " SECURED,
     "alpn.no-overlap", SERVER, PARTY_BRIDGE, DIRECT_UNKNOWN},
    {"h2 lost at the bridge", "s.alpn=http/1.1 s.answer=1.3 s.verify=ok s.chose=http/1.1 c.chose=http/1.1 " SECURED,
     "alpn.no-overlap", SERVER, PARTY_BRIDGE, DIRECT_UNKNOWN},
    {"no ALPN at the origin is HTTP/1.1", "s.answer=1.3 s.verify=ok c.chose=http/1.1 " SECURED,
     "", SERVER, PARTY_BRIDGE, DIRECT_UNKNOWN},
    {"old, weak and unverified at once",
     "noreneg s.versions=1.0+1.2 s.answer=1.0 s.chain=expired s.verify=cert.expired s.unverified " SECURED,
     "protocol.no-common-version+protocol.legacy-renegotiation+cert.expired", SERVER, PARTY_SERVER, DIRECT_WOULD_FAIL},
    // clang-format on
};

static void reports(void **state)
{
    const struct row *row = *state;
    static struct kit kit;
    static struct verdict found[VERDICTS_MAX];
    char codes[512] = "";
    kit_begin(&kit, row->words);
    size_t count = verdict_masked(&kit.evidence, &kit.arena, found, VERDICTS_MAX);
    for (size_t i = 0; i < count; i++) {
        strcat(strcat(codes, i > 0 ? "+" : ""), found[i].cause->code);
        assert_int_equal(found[i].severity, SEVERITY_WARNING);
        assert_non_null(found[i].summary);
        assert_non_null(found[i].fix);
    }
    assert_string_equal(codes, row->codes);
    if (count > 0) {
        assert_int_equal(found[0].leg, row->leg);
        assert_int_equal(found[0].party, row->party);
        assert_int_equal(found[0].direct, row->direct);
    }
    for (size_t max = 0; max < count; max++) {
        assert_int_equal(verdict_masked(&kit.evidence, &kit.arena, found, max), max);
    }
    kit_clear(&kit);
}

int main(void)
{
    return RUN_ROWS(rows, reports);
}
