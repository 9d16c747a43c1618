#include "verify_run.h"

#include <openssl/x509v3.h>

static bool is_signed_by(X509 *certificate, X509 *signer)
{
    EVP_PKEY *key = X509_get0_pubkey(signer);
    return key != NULL && X509_verify(certificate, key) == 1;
}

// trusted_with_subject gives the anchors of the store that have this subject; NULL when none.
static STACK_OF(X509) * trusted_with_subject(struct verify_run *run, const X509_NAME *subject)
{
    return X509_STORE_CTX_get1_certs(run->context, subject);
}

// note_replaced notes that a trusted certificate has the subject of an issuer (or of a self-signed
// certificate) but is another one. False when the store has none of that subject.
static bool note_replaced(struct verify_run *run, X509 *last, int depth, bool is_self_signed)
{
    STACK_OF(X509) *trusted = trusted_with_subject(run, X509_get_issuer_name(last));
    bool is_replaced = false;
    for (int i = 0; !is_replaced && i < sk_X509_num(trusted); i++) {
        X509 *old = sk_X509_value(trusted, i);
        if (is_self_signed ? X509_cmp(old, last) == 0 : is_signed_by(last, old)) {
            continue; // it is the issuer; something else stopped OpenSSL
        }
        is_replaced = true;
        verify_note(run, CERT_FAULT_SELF_SIGNED_REPLACED, depth, last, run->unanchored_error);
        if (run->replaced_by_trusted == NULL && X509_up_ref(old) == 1) {
            run->replaced_by_trusted = old;
        }
    }
    sk_X509_pop_free(trusted, X509_free);
    return is_replaced;
}

static bool has_issuer_address(const X509 *certificate)
{
    AUTHORITY_INFO_ACCESS *access = X509_get_ext_d2i(certificate, NID_info_access, NULL, NULL);
    bool has_address = false;
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access); i++) {
        const ACCESS_DESCRIPTION *way = sk_ACCESS_DESCRIPTION_value(access, i);
        has_address = has_address || OBJ_obj2nid(way->method) == NID_ad_ca_issuers;
    }
    AUTHORITY_INFO_ACCESS_free(access);
    return has_address;
}

// note_weak_end adds what OpenSSL leaves out: it takes the last certificate for an anchor, whose
// signature does not count, also when it is none.
static void note_weak_end(struct verify_run *run, X509 *last, int depth)
{
    int digest = NID_undef;
    if (X509_get_signature_info(last, &digest, NULL, NULL, NULL) == 1 &&
        (digest == NID_md5 || digest == NID_sha1 || digest == NID_md4 || digest == NID_md2)) {
        verify_note(run, CERT_FAULT_WEAK, depth, last, X509_V_ERR_CA_MD_TOO_WEAK);
    }
}

// judge_end tells why no anchor was reached. The path ends in `last`.
static void judge_end(struct verify_run *run, X509 *last, int depth)
{
    int error = run->unanchored_error;
    bool is_self_signed = X509_self_signed(last, 0) == 1;
    if (!is_self_signed && !run->spec->allows_weak) {
        note_weak_end(run, last, depth);
    }
    if (note_replaced(run, last, depth, is_self_signed)) {
        return;
    }
    if (is_self_signed) {
        verify_note(run, depth == 0 ? CERT_FAULT_SELF_SIGNED : CERT_FAULT_UNTRUSTED_ROOT, depth,
                    last, error);
        return;
    }
    // Its issuer was neither sent nor is it trusted. Only a lone leaf that says where its issuer
    // can be had is clearly one whose intermediate is missing: a root needs no such address. Else
    // it may as well be the root that is untrusted and rightly was not sent, so both are noted.
    if (depth > 0 || !has_issuer_address(last)) {
        verify_note(run, CERT_FAULT_UNTRUSTED_ROOT, depth, last, error);
    }
    verify_note(run, CERT_FAULT_CHAIN_INCOMPLETE, depth, last, error);
}

static bool has_key_id_of(X509 *certificate, X509 *issuer)
{
    const ASN1_OCTET_STRING *wanted = X509_get0_authority_key_id(certificate);
    const ASN1_OCTET_STRING *held = X509_get0_subject_key_id(issuer);
    return wanted != NULL && held != NULL && ASN1_OCTET_STRING_cmp(wanted, held) == 0;
}

// judge_signature tells what a signature that does not verify means: the issuer by name is not the
// one that signed.
static void judge_signature(struct verify_run *run, STACK_OF(X509) * path)
{
    int depth = run->bad_signature_depth;
    X509 *signed_one = sk_X509_value(path, depth);
    X509 *issuer = depth + 1 < sk_X509_num(path) ? sk_X509_value(path, depth + 1) : signed_one;
    bool is_trusted = depth + 1 >= X509_STORE_CTX_get_num_untrusted(run->context);
    run->unanchored_error = X509_V_ERR_CERT_SIGNATURE_FAILURE;
    if (issuer == signed_one || has_key_id_of(signed_one, issuer)) {
        verify_note(run, CERT_FAULT_OTHER, depth, signed_one, X509_V_ERR_CERT_SIGNATURE_FAILURE);
        return;
    }
    if (is_trusted && note_replaced(run, signed_one, depth, false)) {
        return;
    }
    verify_note(run, CERT_FAULT_CHAIN_INCOMPLETE, depth, signed_one,
                X509_V_ERR_CERT_SIGNATURE_FAILURE);
}

static size_t place_sent(const struct verify_run *run, const X509 *certificate)
{
    size_t at = 0;
    while (at < run->sent_count && X509_cmp(run->sent[at], certificate) != 0) {
        at++;
    }
    return at;
}

// judge_order: "Each following certificate SHOULD directly certify the one immediately preceding
// it" (RFC 8446 section 4.4.2). Certificates after the path's end are left alone.
static void judge_order(struct verify_run *run, STACK_OF(X509) * path)
{
    for (int i = 1; i < sk_X509_num(path); i++) {
        X509 *certificate = sk_X509_value(path, i);
        size_t at = place_sent(run, certificate);
        if (at < run->sent_count && at != (size_t)i) {
            verify_note(run, CERT_FAULT_CHAIN_MISORDERED, i, certificate, 0);
            return;
        }
    }
}

void verify_path_judge(struct verify_run *run)
{
    STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(run->context);
    int count = sk_X509_num(path);
    if (count <= 0) { // OpenSSL stopped before it began
        verify_note(run, CERT_FAULT_OTHER, 0, run->sent[0], X509_STORE_CTX_get_error(run->context));
        return;
    }
    if (run->bad_signature_depth >= 0 && run->bad_signature_depth < count) {
        judge_signature(run, path);
    }
    if (run->is_unanchored) {
        judge_end(run, sk_X509_value(path, count - 1), count - 1);
    }
    judge_order(run, path);
}
