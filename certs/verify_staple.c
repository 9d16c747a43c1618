#include "verify_run.h"

#include "cert_tools.h"
#include "responder.h"

#define SKEW_US (300 * SECOND_US) // between the responder's clock and ours

// issuer_of gives the leaf's issuer from the path built; NULL when it is not known.
static X509 *issuer_of(const struct verify_run *run)
{
    STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(run->context);
    if (sk_X509_num(path) > 1 && run->bad_signature_depth != 0) {
        return sk_X509_value(path, 1);
    }
    return NULL;
}

// An answer whose time is over still counts: what is revoked stays so; one from the future does
// not.
void verify_staple_judge(struct verify_run *run)
{
    struct responder_answer answer;
    X509 *issuer = issuer_of(run);
    if (run->spec->staple == NULL || issuer == NULL) {
        return;
    }
    responder_read((struct slice){run->spec->staple, run->spec->staple_len}, run->sent[0], issuer,
                   run->at_us, &answer);
    if (answer.says == RESPONDER_REVOKED && answer.from_us <= run->at_us + SKEW_US) {
        verify_note(run, CERT_FAULT_REVOKED, 0, run->sent[0], X509_V_ERR_CERT_REVOKED);
    }
}
