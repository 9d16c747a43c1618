// A chain without its end: what a fetched issuer proves, and what it does not.
#include "../certs/chain_kit.h"

#include "clock.h"
#include "missing.h"

#define SENT_MAX 3

// Who stands in a chain or an answer: R(oot), M(iddle), L(eaf), O(uter: between root and middle),
// S(tranger: the middle's name, another key).
static const struct row {
    const char *name;
    const char *sent;
    bool has_outer; // root, outer, middle, leaf
    bool trusts_other;
    const char *answers; // ',' between answers; 'x': a page, '-': no answer; of letters: DER or
                         // PKCS#7
    const char *cause, *want;
    bool is_taken, is_proven;
    size_t asked; // addresses asked in all
} rows[] = {
    {.name = "a leaf alone, its issuer found",
     .sent = "L",
     .answers = "M",
     .cause = "cert.chain-incomplete",
     .want = "cert.chain-incomplete",
     .is_taken = true,
     .is_proven = true,
     .asked = 1},
    {.name = "taken for an unknown root at first",
     .sent = "L",
     .answers = "M",
     .cause = "cert.untrusted-root",
     .want = "cert.chain-incomplete",
     .is_taken = true,
     .is_proven = true,
     .asked = 1},
    {.name = "two are missing, one after the other",
     .sent = "L",
     .has_outer = true,
     .answers = "M,O",
     .cause = "cert.chain-incomplete",
     .want = "cert.chain-incomplete",
     .is_taken = true,
     .is_proven = true,
     .asked = 2},
    {.name = "two are missing, both at one address",
     .sent = "L",
     .has_outer = true,
     .answers = "OM",
     .cause = "cert.chain-incomplete",
     .want = "cert.chain-incomplete",
     .is_taken = true,
     .is_proven = true,
     .asked = 1},
    {.name = "one in the middle was sent, the one above was not",
     .sent = "LM",
     .has_outer = true,
     .answers = "O",
     .cause = "cert.untrusted-root",
     .want = "cert.chain-incomplete",
     .is_taken = true,
     .is_proven = true,
     .asked = 1},
    {.name = "the root was not sent and is not trusted",
     .sent = "LM",
     .trusts_other = true,
     .answers = "R",
     .cause = "cert.untrusted-root",
     .want = "cert.untrusted-root",
     .is_taken = true,
     .is_proven = true,
     .asked = 1},
    {.name = "taken for incomplete at first, and the root is not trusted",
     .sent = "LM",
     .trusts_other = true,
     .answers = "R",
     .cause = "cert.chain-incomplete",
     .want = "cert.untrusted-root",
     .is_taken = true,
     .is_proven = true,
     .asked = 1},
    {.name = "both: the middle is missing and the root is not trusted",
     .sent = "L",
     .trusts_other = true,
     .answers = "M,R",
     .cause = "cert.chain-incomplete",
     .want = "cert.chain-incomplete",
     .is_taken = true,
     .asked = 2},
    {.name = "a certificate of that name and another key",
     .sent = "L",
     .answers = "S",
     .cause = "cert.chain-incomplete",
     .want = "cert.chain-incomplete",
     .is_taken = true,
     .asked = 1},
    {.name = "a page instead",
     .sent = "L",
     .answers = "x",
     .cause = "cert.chain-incomplete",
     .want = "cert.chain-incomplete",
     .is_taken = true,
     .asked = 1},
    {.name = "no answer",
     .sent = "L",
     .answers = "-",
     .cause = "cert.chain-incomplete",
     .want = "cert.chain-incomplete",
     .is_taken = true,
     .asked = 1},
    {.name = "a root that was sent: nothing is missing",
     .sent = "LMR",
     .trusts_other = true,
     .answers = "",
     .cause = "cert.untrusted-root",
     .want = "cert.untrusted-root"},
    {.name = "a chain that verifies again",
     .sent = "LM",
     .answers = "",
     .cause = "cert.untrusted-root",
     .want = "cert.untrusted-root"},
    {.name = "another verdict",
     .sent = "L",
     .answers = "",
     .cause = "cert.expired",
     .want = "cert.expired"},
};

struct cast {
    struct kit_cert root, outer, middle, leaf, stranger, other;
};

static void make_cast(const struct row *row, struct cast *out)
{
    const struct recipe root = {.subject = "root", .is_ca = true};
    const struct recipe outer = {
        .subject = "outer", .is_ca = true, .aia = "caIssuers;URI:http://ca.test/root"};
    const struct recipe middle = {
        .subject = "middle", .is_ca = true, .aia = "caIssuers;URI:http://ca.test/above"};
    const struct recipe leaf = {
        .subject = "leaf", .names = "DNS:app.test", .aia = "caIssuers;URI:http://ca.test/middle"};
    out->root = kit_make(&root, NULL);
    out->other = kit_make(&root, NULL);
    kit_clear(&out->other);
    const struct recipe other = {.subject = "other", .is_ca = true};
    out->other = kit_make(&other, NULL);
    out->outer = kit_make(&outer, &out->root);
    out->middle = kit_make(&middle, row->has_outer ? &out->outer : &out->root);
    out->stranger = kit_make(&middle, &out->other);
    out->leaf = kit_make(&leaf, &out->middle);
}

static void clear_cast(struct cast *cast)
{
    kit_clear(&cast->root);
    kit_clear(&cast->outer);
    kit_clear(&cast->middle);
    kit_clear(&cast->leaf);
    kit_clear(&cast->stranger);
    kit_clear(&cast->other);
}

static X509 *actor(const struct cast *cast, char letter)
{
    return letter == 'R'   ? cast->root.certificate
           : letter == 'O' ? cast->outer.certificate
           : letter == 'M' ? cast->middle.certificate
           : letter == 'S' ? cast->stranger.certificate
                           : cast->leaf.certificate;
}

static void record(const struct row *row, const struct cast *cast, const struct trust_store *trust,
                   struct arena *arena, struct evidence *out)
{
    X509 *chain[SENT_MAX];
    struct leg_evidence *leg = &out->legs[SERVER];
    const struct verify_spec spec = {.name = "app.test", .at_us = clock_wall_us()};
    leg->chain = arena_alloc(arena, SENT_MAX * sizeof(*leg->chain));
    for (const char *at = row->sent; *at != '\0'; at++) {
        chain[leg->chain_count] = actor(cast, *at);
        assert_true(cert_facts_read(actor(cast, *at), arena, &leg->chain[leg->chain_count++]));
    }
    chain_verify(trust, chain, leg->chain_count, &spec, arena, &leg->verification);
}

// answer gives the missing's next answer and steps over it.
static void answer(struct missing *missing, const struct cast *cast, const char **at)
{
    BIO *bytes = BIO_new(BIO_s_mem());
    char *data = NULL;
    bool is_none = **at == '-';
    for (; **at != '\0' && **at != ','; (*at)++) {
        if (**at == 'x') {
            (void)BIO_puts(bytes, "<html>not here</html>");
        } else if (**at != '-') {
            assert_int_equal(PEM_write_bio_X509(bytes, actor(cast, **at)), 1);
        }
    }
    *at += **at == ',' ? 1 : 0;
    long len = BIO_get_mem_data(bytes, &data);
    if (is_none) {
        missing_none(missing, "no answer in time", 1);
    } else {
        missing_take(missing, (struct slice){(const uint8_t *)data, (size_t)len}, 1);
    }
    BIO_free(bytes);
}

static void proves(void **state)
{
    const struct row *row = *state;
    struct cast cast;
    struct arena arena = {0};
    struct missing missing;
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct verdict verdict = {.cause = cause_find(row->cause),
                              .leg = SERVER,
                              .phase = PHASE_CERTIFICATE,
                              .fix = "",
                              .summary = ""};
    make_cast(row, &cast);
    struct trust_store *trust =
        trust_store_only(row->trusts_other ? cast.other.certificate : cast.root.certificate);
    record(row, &cast, trust, &arena, evidence);
    bool is_taken = missing_open(&missing, evidence, trust, &arena, &verdict);
    size_t asked = 0;
    const char *at = row->answers;
    while (is_taken && *at != '\0' && missing_address(&missing) != NULL) {
        answer(&missing, &cast, &at);
        asked++;
    }
    bool is_over = !is_taken || missing_address(&missing) == NULL;
    if (is_taken) {
        missing_conclude(&missing);
        missing_clear(&missing);
    }
    trust_store_free(trust);
    clear_cast(&cast);
    bool is_named = strstr(verdict.fix, "http://ca.test/") != NULL ||
                    strcmp(row->want, "cert.chain-incomplete") != 0 || !row->is_proven;
    bool is_proven = verdict.confidence == CONFIDENCE_PROVEN;
    const char *code = verdict.cause->code;
    size_t rows_seen = verdict.proof_count;
    arena_clear(&arena);
    assert_int_equal(is_taken, row->is_taken);
    assert_string_equal(code, row->want);
    assert_int_equal(is_proven, row->is_proven);
    assert_int_equal(asked, row->asked);
    assert_true(is_over);
    assert_true(is_named);
    assert_true(row->asked == 0 || rows_seen > row->asked);
}

int main(void)
{
    return RUN_ROWS(rows, proves);
}
