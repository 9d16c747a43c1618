// Runs OpenSSL over a chain, past its first error, and turns all that it said into faults.
#include "trust.h"

#include <string.h>

#include <openssl/err.h>

#include "cert_tools.h"
#include "trust_store.h"
#include "verify_run.h"

// Of several faults, the first here is the one to name: who is trusted comes before what is said.
static const enum cert_fault by_importance[] = {
    CERT_FAULT_SELF_SIGNED_REPLACED, CERT_FAULT_SELF_SIGNED,
    CERT_FAULT_UNTRUSTED_ROOT, // where both are noted, verify_path_judge could not tell
    CERT_FAULT_CHAIN_INCOMPLETE,     CERT_FAULT_REVOKED,     CERT_FAULT_INVALID_CA,
    CERT_FAULT_NAME_CONSTRAINTS,     CERT_FAULT_EXPIRED,     CERT_FAULT_INTERMEDIATE_EXPIRED,
    CERT_FAULT_NOT_YET_VALID,        CERT_FAULT_NO_SAN,      CERT_FAULT_HOSTNAME,
    CERT_FAULT_WRONG_USAGE,          CERT_FAULT_WEAK,        CERT_FAULT_OTHER,
};

// What OpenSSL's errors mean for the leaf and for a certificate above it. Those that are not here
// are OTHER.
static const struct meaning {
    int error;
    enum cert_fault leaf, above;
} meanings[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, CERT_FAULT_EXPIRED, CERT_FAULT_INTERMEDIATE_EXPIRED},
    {X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, CERT_FAULT_EXPIRED, CERT_FAULT_INTERMEDIATE_EXPIRED},
    {X509_V_ERR_CERT_NOT_YET_VALID, CERT_FAULT_NOT_YET_VALID, CERT_FAULT_NOT_YET_VALID},
    {X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, CERT_FAULT_NOT_YET_VALID, CERT_FAULT_NOT_YET_VALID},
    {X509_V_ERR_CERT_REVOKED, CERT_FAULT_REVOKED, CERT_FAULT_REVOKED},
    {X509_V_ERR_INVALID_PURPOSE, CERT_FAULT_WRONG_USAGE, CERT_FAULT_WRONG_USAGE},
    {X509_V_ERR_INVALID_CA, CERT_FAULT_INVALID_CA, CERT_FAULT_INVALID_CA},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, CERT_FAULT_INVALID_CA, CERT_FAULT_INVALID_CA},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, CERT_FAULT_INVALID_CA, CERT_FAULT_INVALID_CA},
    {X509_V_ERR_PERMITTED_VIOLATION, CERT_FAULT_NAME_CONSTRAINTS, CERT_FAULT_NAME_CONSTRAINTS},
    {X509_V_ERR_EXCLUDED_VIOLATION, CERT_FAULT_NAME_CONSTRAINTS, CERT_FAULT_NAME_CONSTRAINTS},
    {X509_V_ERR_SUBTREE_MINMAX, CERT_FAULT_NAME_CONSTRAINTS, CERT_FAULT_NAME_CONSTRAINTS},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, CERT_FAULT_NAME_CONSTRAINTS,
     CERT_FAULT_NAME_CONSTRAINTS},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, CERT_FAULT_NAME_CONSTRAINTS,
     CERT_FAULT_NAME_CONSTRAINTS},
    {X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, CERT_FAULT_NAME_CONSTRAINTS, CERT_FAULT_NAME_CONSTRAINTS},
    {X509_V_ERR_EE_KEY_TOO_SMALL, CERT_FAULT_WEAK, CERT_FAULT_WEAK},
    {X509_V_ERR_CA_KEY_TOO_SMALL, CERT_FAULT_WEAK, CERT_FAULT_WEAK},
    {X509_V_ERR_CA_MD_TOO_WEAK, CERT_FAULT_WEAK, CERT_FAULT_WEAK},
    {X509_V_ERR_EC_KEY_EXPLICIT_PARAMS, CERT_FAULT_WEAK, CERT_FAULT_WEAK},
    {X509_V_ERR_CERT_REJECTED, CERT_FAULT_UNTRUSTED_ROOT, CERT_FAULT_UNTRUSTED_ROOT},
};

void verify_note(struct verify_run *run, enum cert_fault fault, int depth, X509 *certificate,
                 int library_error)
{
    struct finding *finding = &run->findings[fault];
    bool is_known = (run->faults & (1u << fault)) != 0;
    if (!is_known || depth < finding->depth) {
        *finding = (struct finding){depth, certificate, library_error};
    }
    run->faults |= 1u << fault;
}

// is_about_anchor takes the errors that say no more than "no trusted end": verify_path_judge finds
// out why.
static bool is_about_anchor(int error)
{
    return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
           error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
           error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
           error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
           error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN || error == X509_V_ERR_CERT_UNTRUSTED;
}

// is_about_crl takes the errors about a CRL itself. Revocation is checked where a CRL is at hand,
// so a missing one is no fault; one that is not the issuer's is not believed.
static bool is_about_crl(int error)
{
    return error == X509_V_ERR_UNABLE_TO_GET_CRL || error == X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER ||
           error == X509_V_ERR_CRL_HAS_EXPIRED || error == X509_V_ERR_CRL_NOT_YET_VALID ||
           error == X509_V_ERR_CRL_SIGNATURE_FAILURE ||
           error == X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE ||
           error == X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD ||
           error == X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD ||
           error == X509_V_ERR_KEYUSAGE_NO_CRL_SIGN || error == X509_V_ERR_DIFFERENT_CRL_SCOPE ||
           error == X509_V_ERR_CRL_PATH_VALIDATION_ERROR ||
           error == X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION;
}

static bool makes_crl_unbelievable(int error)
{
    return error != X509_V_ERR_CRL_HAS_EXPIRED && error != X509_V_ERR_UNABLE_TO_GET_CRL;
}

static bool is_noted_at(const struct verify_run *run, enum cert_fault fault, int depth)
{
    return (run->faults & (1u << fault)) != 0 && run->findings[fault].depth == depth;
}

static void note_error(struct verify_run *run, int error, int depth, X509 *certificate)
{
    if (is_about_anchor(error)) {
        run->unanchored_error = run->is_unanchored ? run->unanchored_error : error;
        run->is_unanchored = true;
        return;
    }
    if (is_about_crl(error)) {
        if (makes_crl_unbelievable(error)) {
            run->untrusted_crl_depth = depth;
        }
        return;
    }
    if (error == X509_V_ERR_CERT_REVOKED && run->untrusted_crl_depth == depth) {
        return;
    }
    if (error == X509_V_ERR_INVALID_PURPOSE && is_noted_at(run, CERT_FAULT_INVALID_CA, depth)) {
        return; // what is no CA has no CA's purpose either: said once is enough
    }
    if (error == X509_V_ERR_EC_KEY_EXPLICIT_PARAMS && run->spec->allows_weak) {
        return; // OpenSSL minds at each level
    }
    if (error == X509_V_ERR_CERT_SIGNATURE_FAILURE) {
        run->bad_signature_depth = depth;
        return;
    }
    for (size_t i = 0; i < COUNT_OF(meanings); i++) {
        if (meanings[i].error == error) {
            verify_note(run, depth == 0 ? meanings[i].leaf : meanings[i].above, depth, certificate,
                        error);
            return;
        }
    }
    verify_note(run, CERT_FAULT_OTHER, depth, certificate, error);
}

static int on_verify(int is_fine, X509_STORE_CTX *context)
{
    if (is_fine == 0) {
        note_error(X509_STORE_CTX_get_app_data(context), X509_STORE_CTX_get_error(context),
                   X509_STORE_CTX_get_error_depth(context),
                   X509_STORE_CTX_get_current_cert(context));
    }
    return 1; // go on: every fault is wanted
}

static const char *purpose_of(const struct verify_spec *spec)
{
    if (spec->any_use) {
        return "default"; // OpenSSL's name for no purpose at all
    }
    return spec->for_client ? "ssl_client" : "ssl_server";
}

static bool context_set_up(struct verify_run *run, const struct trust_store *store,
                           STACK_OF(X509) * helpers)
{
    unsigned long flags = X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN;
    if (store->has_crls) {
        flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    }
    if (X509_STORE_CTX_init(run->context, store->store, run->sent[0], helpers) != 1 ||
        X509_STORE_CTX_set_default(run->context, purpose_of(run->spec)) != 1) {
        return false;
    }
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(run->context);
    X509_STORE_CTX_set_app_data(run->context, run);
    X509_STORE_CTX_set_verify_cb(run->context, on_verify);
    X509_VERIFY_PARAM_set_time(param, (time_t)(run->at_us / SECOND_US));
    X509_VERIFY_PARAM_set_depth(param, CERT_CHAIN_MAX);
    // Level 2 is 112 bits: RSA from 2048, curves from 224, no MD5 and no SHA-1 below the anchor.
    X509_VERIFY_PARAM_set_auth_level(param, run->spec->allows_weak ? 0 : 2);
    return X509_VERIFY_PARAM_set_flags(param, flags) == 1;
}

static STACK_OF(X509) * helpers_of(const struct verify_run *run)
{
    STACK_OF(X509) *helpers = sk_X509_new_null();
    for (size_t i = 1; helpers != NULL && i < run->sent_count; i++) {
        if (sk_X509_push(helpers, run->sent[i]) <= 0) {
            sk_X509_free(helpers);
            return NULL;
        }
    }
    return helpers;
}

static const char *subject_text(X509 *certificate, struct arena *arena)
{
    struct cert_facts facts;
    return certificate != NULL && cert_facts_read(certificate, arena, &facts) ? facts.subject
                                                                              : NULL;
}

static const char *missing_issuer_text(const struct verify_run *run, struct arena *arena)
{
    const uint32_t about_issuer =
        1u << CERT_FAULT_CHAIN_INCOMPLETE | 1u << CERT_FAULT_UNTRUSTED_ROOT;
    struct cert_facts facts;
    if ((run->faults & about_issuer) == 0) {
        return NULL;
    }
    enum cert_fault fault = (run->faults & 1u << CERT_FAULT_CHAIN_INCOMPLETE) != 0
                                ? CERT_FAULT_CHAIN_INCOMPLETE
                                : CERT_FAULT_UNTRUSTED_ROOT;
    X509 *last = run->findings[fault].certificate;
    return last != NULL && cert_facts_read(last, arena, &facts) ? facts.issuer : NULL;
}

static void result_fill(const struct verify_run *run, struct arena *arena,
                        struct verification *result)
{
    result->faults = run->faults;
    for (size_t i = 0; i < COUNT_OF(by_importance); i++) {
        enum cert_fault fault = by_importance[i];
        if ((run->faults & (1u << fault)) == 0) {
            continue;
        }
        const struct finding *finding = &run->findings[fault];
        result->fault = fault;
        result->depth = finding->depth;
        result->subject = subject_text(finding->certificate, arena);
        result->library_says = finding->library_error != 0
                                   ? X509_verify_cert_error_string(finding->library_error)
                                   : NULL;
        break;
    }
    result->missing_issuer = missing_issuer_text(run, arena);
    char hex[65];
    if (run->replaced_by_trusted != NULL && cert_fingerprint_hex(run->replaced_by_trusted, hex)) {
        result->trusted_fingerprint = arena_text(arena, slice_of_text(hex));
    }
}

// run_all gives false when OpenSSL could not even begin, or gave up for want of memory.
static bool run_all(struct verify_run *run, const struct trust_store *store)
{
    STACK_OF(X509) *helpers = helpers_of(run);
    bool is_run = helpers != NULL && context_set_up(run, store, helpers);
    if (is_run && X509_verify_cert(run->context) <= 0) {
        // The callback lets everything pass, so this is no fault it was asked about.
        verify_note(run, CERT_FAULT_OTHER, 0, run->sent[0], X509_STORE_CTX_get_error(run->context));
    }
    if (is_run) {
        verify_path_judge(run);
        verify_name_judge(run);
        verify_staple_judge(run);
        verify_list_judge(run);
    }
    sk_X509_free(helpers);
    return is_run;
}

void chain_verify(const struct trust_store *store, X509 *const *chain, size_t count,
                  const struct verify_spec *spec, struct arena *arena,
                  struct verification *out_result)
{
    struct verify_run run = {
        .sent = chain,
        .sent_count = count < CERT_CHAIN_MAX ? count : CERT_CHAIN_MAX,
        .spec = spec,
        .at_us = spec->at_us != 0 ? spec->at_us : clock_wall_us() + spec->clock_offset_us,
        .bad_signature_depth = -1,
        .untrusted_crl_depth = -1,
    };
    struct verification result = {.at_us = run.at_us};
    result.name = spec->name != NULL ? arena_text(arena, slice_of_text(spec->name)) : NULL;
    ERR_clear_error();
    run.context = count > 0 ? X509_STORE_CTX_new() : NULL;
    if (run.context != NULL && run_all(&run, store)) {
        result.done = true;
        result_fill(&run, arena, &result);
    }
    X509_free(run.replaced_by_trusted);
    X509_STORE_CTX_free(run.context);
    ERR_clear_error();
    *out_result = result;
}
