#include "amend.h"

#include <openssl/err.h>

#include "cert_tools.h"
#include "trust_store.h"

static bool list_add(X509_CRL *list, X509 *leaf, const ASN1_TIME *when)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *date = ASN1_STRING_dup(when);
    bool is_added = entry != NULL && date != NULL &&
                    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(leaf)) == 1 &&
                    X509_REVOKED_set_revocationDate(entry, date) == 1 &&
                    X509_CRL_add0_revoked(list, entry) == 1;
    if (!is_added) {
        X509_REVOKED_free(entry);
    }
    ASN1_TIME_free(date);
    return is_added;
}

// list_make makes the list from an hour before `now_us` to a day after.
static X509_CRL *list_make(const struct authority *ca, X509 *leaf, int64_t now_us)
{
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *from = ASN1_TIME_new(), *to = ASN1_TIME_new();
    bool is_made =
        list != NULL && from != NULL && to != NULL && cert_time_set(from, now_us - HOUR_US) &&
        cert_time_set(to, now_us + DAY_US) && X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
        X509_CRL_set_issuer_name(list, X509_get_subject_name(ca->certificate)) == 1 &&
        X509_CRL_set1_lastUpdate(list, from) == 1 && X509_CRL_set1_nextUpdate(list, to) == 1 &&
        list_add(list, leaf, from) && X509_CRL_sign(list, ca->key, cert_digest_for(ca->key)) > 0;
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    if (!is_made) {
        X509_CRL_free(list);
        return NULL;
    }
    return list;
}

struct trust_store *trust_store_revoking(const struct authority *ca, X509 *leaf, int64_t now_us)
{
    struct trust_store *store = trust_store_only(ca->certificate);
    X509_CRL *list = store != NULL ? list_make(ca, leaf, now_us) : NULL;
    if (list == NULL || X509_STORE_add_crl(store->store, list) != 1) {
        trust_store_free(store);
        store = NULL;
    } else {
        store->has_crls = true;
    }
    X509_CRL_free(list);
    ERR_clear_error();
    return store;
}
