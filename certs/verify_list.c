#include "verify_run.h"

#include "crl.h"

// A list whose time is over still counts: what is revoked stays so.
void verify_list_judge(struct verify_run *run)
{
    const struct slice list = {run->spec->list, run->spec->list_len};
    STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(run->context);
    struct crl_answer answer;
    for (int depth = 0; list.data != NULL && depth + 1 < sk_X509_num(path); depth++) {
        X509 *certificate = sk_X509_value(path, depth);
        if (run->bad_signature_depth == depth) {
            continue; // the one above is not its issuer
        }
        crl_read(list, certificate, sk_X509_value(path, depth + 1), run->at_us, &answer);
        if (answer.says == CRL_REVOKED) {
            verify_note(run, CERT_FAULT_REVOKED, depth, certificate, X509_V_ERR_CERT_REVOKED);
        }
    }
}
