#include "verify.h"

// library_code gives the X509_V_ERR_… whose alert fits the fault (RFC 8446 section 6.2).
static int library_code(enum cert_fault fault)
{
    switch (fault) {
    case CERT_FAULT_NONE:
        return X509_V_OK;
    case CERT_FAULT_HOSTNAME:
    case CERT_FAULT_NO_SAN:
        return X509_V_ERR_HOSTNAME_MISMATCH;
    case CERT_FAULT_CHAIN_INCOMPLETE:
    case CERT_FAULT_CHAIN_MISORDERED:
        return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    case CERT_FAULT_EXPIRED:
    case CERT_FAULT_INTERMEDIATE_EXPIRED:
        return X509_V_ERR_CERT_HAS_EXPIRED;
    case CERT_FAULT_NOT_YET_VALID:
        return X509_V_ERR_CERT_NOT_YET_VALID;
    case CERT_FAULT_REVOKED:
        return X509_V_ERR_CERT_REVOKED;
    case CERT_FAULT_SELF_SIGNED:
    case CERT_FAULT_SELF_SIGNED_REPLACED:
        return X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
    case CERT_FAULT_UNTRUSTED_ROOT:
        return X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
    case CERT_FAULT_WEAK:
        return X509_V_ERR_EE_KEY_TOO_SMALL;
    case CERT_FAULT_WRONG_USAGE:
        return X509_V_ERR_INVALID_PURPOSE;
    case CERT_FAULT_NAME_CONSTRAINTS:
        return X509_V_ERR_PERMITTED_VIOLATION;
    case CERT_FAULT_INVALID_CA:
        return X509_V_ERR_INVALID_CA;
    case CERT_FAULT_OTHER:
    case CERT_FAULTS:
        break;
    }
    return X509_V_ERR_APPLICATION_VERIFICATION;
}

static size_t read_chain(X509_STORE_CTX *store, X509 *out_chain[CERT_CHAIN_MAX])
{
    const STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(store);
    size_t count = 0;
    for (int i = 0; i < sk_X509_num(sent) && count < CERT_CHAIN_MAX; i++) {
        out_chain[count++] = sk_X509_value(sent, i);
    }
    if (count == 0) {
        out_chain[count++] = X509_STORE_CTX_get0_cert(store);
    }
    return count;
}

static void note_chain(X509 *const *chain, size_t count, struct arena *arena,
                       struct cert_facts **out_facts, size_t *out_count)
{
    *out_facts = arena_alloc(arena, count * sizeof(**out_facts));
    *out_count = 0;
    if (*out_facts == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (cert_facts_read(chain[i], arena, *out_facts + *out_count)) {
            (*out_count)++;
        }
    }
}

int peer_check_run(struct peer_check *check, X509_STORE_CTX *store, struct leg_evidence *evidence,
                   struct arena *arena)
{
    X509 *chain[CERT_CHAIN_MAX];
    size_t count = read_chain(store, chain);
    // On the client leg `chain` of the evidence is the leaf that we sent.
    if (check->spec.for_client) {
        note_chain(chain, count, arena, &evidence->client_chain, &evidence->client_chain_count);
    } else {
        note_chain(chain, count, arena, &evidence->chain, &evidence->chain_count);
    }
    if (check->trust == NULL) {
        return 1;
    }
    struct verify_spec spec = check->spec;
    spec.staple = evidence->staple.data;
    spec.staple_len = evidence->staple.len;
    chain_verify(check->trust, chain, count, &spec, arena, &evidence->verification);
    evidence->did_verify = check->refuses;
    if (!check->refuses || evidence->verification.fault == CERT_FAULT_NONE) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    check->did_refuse = true;
    X509_STORE_CTX_set_error(store, library_code(evidence->verification.fault));
    return 0;
}
