// Every recipe of the lab that has a name: its chain holds exactly the fault it is made for.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "certs.h"
#include "rows.h"

#define HOST       "www.shop.midspan.test"
#define AIA        "http://127.0.0.1:1/0.cer"
#define OCSP       "http://127.0.0.1:1/ocsp"
#define LIST       "http://127.0.0.1:1/list.crl"
#define BIT(fault) (1u << CERT_FAULT_##fault)

// Of the recipes whose chains hold more than the fault that is named.
static const struct also {
    const char *name;
    uint32_t faults;
} also[] = {
    {"misordered", BIT(CHAIN_MISORDERED)},
    // A root made anew, sent or not, is an untrusted one of a known name: nothing beside it.
};

static const struct lab_urls urls = {.issuer = AIA, .ocsp = OCSP, .crl = LIST};

static struct trust_store *store_of(const struct lab_chain *chain)
{
    struct buffer pem = {0};
    char path[] = "/tmp/midspan-lab-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    struct error error;
    // A store of nothing: an anchor that signs nothing here.
    struct authority nobody;
    assert_true(lab_authority_make("CN=nobody", &nobody, &error));
    assert_true(authority_pem(&nobody, &pem));
    authority_clear(&nobody);
    assert_true(lab_chain_trusted_pem(chain, &pem));
    size_t certificates_len = pem.len;
    assert_true(lab_chain_crl_pem(chain, &pem));
    struct slice bytes = buffer_slice(&pem);
    assert_int_equal(write(file, bytes.data, bytes.len), (ssize_t)bytes.len);
    close(file);
    struct trust_store *store =
        trust_store_new(path, pem.len > certificates_len ? path : NULL, &error);
    unlink(path);
    buffer_clear(&pem);
    assert_non_null(store);
    return store;
}

static void recipe_holds_its_fault(void **state)
{
    const struct lab_recipe_row *row = *state;
    struct lab_ca *ca = lab_ca_new(NULL);
    struct lab_chain chain;
    struct error error = {.text = ""};
    assert_non_null(ca);
    if (!lab_chain_make(ca, &row->recipe, HOST, &urls, &chain, &error)) {
        fail_msg("%s", error.text);
    }
    struct trust_store *store = store_of(&chain);
    struct arena arena = {0};
    struct verification found;
    struct verify_spec spec = {
        .name = row->recipe.for_client ? NULL : HOST,
        .for_client = row->recipe.for_client,
        .staple = chain.staple,
        .staple_len = chain.staple_len,
    };
    uint32_t want = row->expects != CERT_FAULT_NONE ? 1u << row->expects : 0;
    for (size_t i = 0; i < COUNT_OF(also); i++) {
        want |= strcmp(also[i].name, row->name) == 0 ? also[i].faults : 0;
    }
    chain_verify(store, chain.sent, chain.sent_count, &spec, &arena, &found);
    assert_true(found.done);
    assert_string_equal(cert_fault_code(found.fault), cert_fault_code(row->expects));
    assert_int_equal(found.faults, want);
    arena_clear(&arena);
    trust_store_free(store);
    lab_chain_clear(&chain);
    lab_ca_free(ca);
}

static void keys_are_set(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value;
        bool is_fine;
    } sets[] = {
        {"recipe", "expired", true},     {"days", "-10..-2", true},
        {"days", "5..1", false},         {"days", "1..99999", false},
        {"days", "tomorrow", false},     {"key", "rsa", true},
        {"key", "dsa", false},           {"issuer", "two-intermediates", true},
        {"sent", "misordered", true},    {"must-staple", "yes", true},
        {"must-staple", "maybe", false}, {"names", "a.test,*.b.test", true},
        {"recipe", "nothing", false},    {"colour", "red", false},
    };
    struct lab_recipe recipe = {0};
    for (size_t i = 0; i < COUNT_OF(sets); i++) {
        struct error error = {.text = ""};
        assert_int_equal(lab_recipe_set(&recipe, sets[i].key, sets[i].value, &error),
                         sets[i].is_fine);
        assert_int_equal(error.text[0] == '\0', sets[i].is_fine);
        assert_int_equal(lab_recipe_has_key(sets[i].key), strcmp(sets[i].key, "colour") != 0);
    }
    assert_int_equal(recipe.leaf.from, -10);
    assert_int_equal(recipe.key, LAB_KEY_RSA);
    assert_int_equal(recipe.issuer, LAB_ISSUER_TWO);
    assert_true(recipe.must_staple);
    assert_string_equal(recipe.names, "a.test,*.b.test");
}

static void bad_names_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"a b.test", "*.192.0.2.1", "a*.test", "..", "{grandchild}"};
    struct lab_ca *ca = lab_ca_new(NULL);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct lab_recipe recipe = {0};
        struct lab_chain chain;
        struct error error = {.text = ""};
        assert_true(lab_recipe_set(&recipe, "names", bad[i], &error));
        assert_false(lab_chain_make(ca, &recipe, HOST, NULL, &chain, &error));
        assert_int_equal(error.kind, ERROR_CONFIG);
    }
    lab_ca_free(ca);
}

static void names_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; lab_recipe_at(i) != NULL; i++) {
        assert_ptr_equal(lab_recipe_find(lab_recipe_at(i)->name), lab_recipe_at(i));
        assert_true(lab_recipe_at(i)->what[0] != '\0');
    }
    assert_null(lab_recipe_find("nothing"));
}

static void what_is_served_and_trusted(void **state)
{
    (void)state;
    struct lab_ca *ca = lab_ca_new(NULL);
    struct lab_chain chain;
    struct arena arena = {0};
    struct cert_facts facts;
    struct crl_answer listed;
    struct buffer pem = {0};
    const struct lab_recipe_row *row = lab_recipe_find("missing-intermediate");
    assert_true(lab_chain_make(ca, &row->recipe, HOST, &urls, &chain, NULL));
    assert_true(cert_facts_read(chain.sent[0], &arena, &facts));
    assert_string_equal(facts.aia_issuers, AIA);
    assert_int_equal(chain.sent_count, 1);
    assert_int_equal(X509_check_issued(chain.issuer, chain.sent[0]), X509_V_OK);
    assert_ptr_equal(chain.trusted[0], lab_ca_root(ca));
    assert_true(lab_chain_pem(&chain, &pem));
    assert_true(lab_chain_key_pem(&chain, &pem));
    assert_non_null(strstr(buffer_text(&pem), "BEGIN CERTIFICATE"));
    assert_non_null(strstr(buffer_text(&pem), "PRIVATE KEY"));
    buffer_clear(&pem);
    lab_chain_clear(&chain);
    row = lab_recipe_find("interceptor");
    assert_true(lab_chain_make(ca, &row->recipe, HOST, NULL, &chain, NULL));
    assert_true(cert_facts_read(chain.sent[0], &arena, &facts));
    assert_non_null(strstr(facts.issuer, "Zscaler"));
    assert_int_equal(chain.trusted_count, 0);
    lab_chain_clear(&chain);
    row = lab_recipe_find("revoked-responder");
    assert_true(lab_chain_make(ca, &row->recipe, HOST, &urls, &chain, NULL));
    assert_true(cert_facts_read(chain.sent[0], &arena, &facts));
    assert_string_equal(facts.ocsp, OCSP);
    assert_null(facts.aia_issuers);
    assert_true(chain.ocsp_len > 0);
    lab_chain_clear(&chain);
    row = lab_recipe_find("revoked-crl");
    assert_true(lab_chain_make(ca, &row->recipe, HOST, &urls, &chain, NULL));
    assert_true(cert_facts_read(chain.sent[0], &arena, &facts));
    assert_string_equal(facts.crl, LIST);
    crl_read((struct slice){chain.list, chain.list_len}, chain.sent[0], chain.issuer,
             clock_wall_us(), &listed);
    assert_int_equal(listed.says, CRL_REVOKED);
    assert_string_equal(listed.reason, "keyCompromise");
    lab_chain_clear(&chain);
    row = lab_recipe_find("must-staple");
    assert_true(lab_chain_make(ca, &row->recipe, HOST, NULL, &chain, NULL));
    assert_true(cert_facts_read(chain.sent[0], &arena, &facts));
    assert_true(facts.must_staple);
    assert_null(chain.staple);
    lab_chain_clear(&chain);
    arena_clear(&arena);
    lab_ca_free(ca);
}

int main(void)
{
    static struct CMUnitTest recipes[ROWS_MAX];
    size_t count = 0;
    for (; lab_recipe_at(count) != NULL; count++) {
        recipes[count] = (struct CMUnitTest){
            .name = lab_recipe_at(count)->name,
            .test_func = recipe_holds_its_fault,
            .initial_state = (void *)(uintptr_t)lab_recipe_at(count),
        };
    }
    const struct CMUnitTest others[] = {
        cmocka_unit_test(keys_are_set),
        cmocka_unit_test(bad_names_are_refused),
        cmocka_unit_test(names_are_unique),
        cmocka_unit_test(what_is_served_and_trusted),
    };
    int failed = _cmocka_run_group_tests("recipes", recipes, count, NULL, NULL);
    return failed + cmocka_run_group_tests(others, NULL, NULL);
}
