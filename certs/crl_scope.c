#include "crl_scope.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "facts_text.h"

// Extensions of lists are a few hundred bytes long.
#define POINT_BYTES_MAX ((size_t)64 * 1024)
// Of points, and of names of one: those behind are not compared, each with each takes long.
#define NAMES_MAX 32

static const char http[] = "http://";

static bool is_http(struct slice url)
{
    struct slice scheme = slice_part(url, 0, sizeof(http) - 1);
    return slice_equals_nocase(scheme, slice_of_text(http));
}

static CRL_DIST_POINTS *points_of(const X509 *certificate)
{
    return X509_get_ext_d2i(certificate, NID_crl_distribution_points, NULL, NULL);
}

// names_of gives the full names of a point whose lists are the certificate's issuer's; NULL: none.
static const GENERAL_NAMES *names_of(const DIST_POINT *point)
{
    bool is_named = point->CRLissuer == NULL && point->distpoint != NULL &&
                    point->distpoint->type == 0; // not relative to the issuer's name
    return is_named ? point->distpoint->name.fullname : NULL;
}

// ---- the certificate's

size_t crl_places(X509 *certificate, struct arena *arena, const char *out_places[CRL_PLACES_MAX])
{
    size_t count = 0;
    ERR_clear_error();
    CRL_DIST_POINTS *points = points_of(certificate);
    for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
        const GENERAL_NAMES *names = names_of(sk_DIST_POINT_value(points, i));
        for (int j = 0; j < sk_GENERAL_NAME_num(names) && count < CRL_PLACES_MAX; j++) {
            int type = 0;
            const ASN1_STRING *value =
                GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, j), &type);
            struct slice url = type == GEN_URI ? (struct slice){ASN1_STRING_get0_data(value),
                                                                (size_t)ASN1_STRING_length(value)}
                                               : SLICE_EMPTY;
            const char *text = is_http(url) ? facts_text(arena, url) : NULL;
            if (text != NULL) {
                out_places[count++] = text;
            }
        }
    }
    CRL_DIST_POINTS_free(points);
    ERR_clear_error();
    return count;
}

// ---- the list's

static int bounded(int count)
{
    return count < NAMES_MAX ? count : NAMES_MAX;
}

static bool has_name(const GENERAL_NAMES *names, GENERAL_NAME *wanted)
{
    for (int i = 0; i < bounded(sk_GENERAL_NAME_num(names)); i++) {
        if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(names, i), wanted) == 0) {
            return true;
        }
    }
    return false;
}

// share_name: "verify that one of the names in the IDP matches one of the names in the DP" (RFC
// 5280 section 6.3.3, (b) (2) (i)).
static bool share_name(const DIST_POINT_NAME *lists, const DIST_POINT *point)
{
    const GENERAL_NAMES *ours = names_of(point);
    const GENERAL_NAMES *theirs = lists->type == 0 ? lists->name.fullname : NULL;
    for (int i = 0; i < bounded(sk_GENERAL_NAME_num(ours)); i++) {
        if (has_name(theirs, sk_GENERAL_NAME_value(ours, i))) {
            return true;
        }
    }
    return false;
}

// is_at_point is true if the list is one of a point of the certificate's; a list that names no
// point is for all.
static bool is_at_point(const DIST_POINT_NAME *lists, X509 *certificate, bool *out_partial)
{
    CRL_DIST_POINTS *points = points_of(certificate);
    bool is_there = lists == NULL;
    for (int i = 0; i < bounded(sk_DIST_POINT_num(points)); i++) {
        const DIST_POINT *point = sk_DIST_POINT_value(points, i);
        bool is_its = lists == NULL || share_name(lists, point);
        is_there = is_there || is_its;
        *out_partial = *out_partial || (is_its && point->reasons != NULL);
    }
    CRL_DIST_POINTS_free(points);
    return is_there;
}

static enum crl_says judge(const ISSUING_DIST_POINT *point, X509 *certificate, bool *out_partial)
{
    bool is_ca = (X509_get_extension_flags(certificate) & EXFLAG_CA) != 0;
    if (point->indirectCRL > 0) {
        return CRL_INDIRECT;
    }
    if (point->onlyattr > 0 || (point->onlyuser > 0 && is_ca) || (point->onlyCA > 0 && !is_ca) ||
        !is_at_point(point->distpoint, certificate, out_partial)) {
        return CRL_ELSEWHERE;
    }
    *out_partial = *out_partial || point->onlysomereasons != NULL;
    return CRL_ABSENT;
}

enum crl_says crl_scope(struct slice point, X509 *certificate, bool *out_partial)
{
    bool is_partial = false;
    enum crl_says says = CRL_ABSENT;
    if (point.len > POINT_BYTES_MAX) {
        return CRL_ODD;
    }
    if (point.len == 0) {
        (void)is_at_point(NULL, certificate, &is_partial); // it is for all
    } else {
        const uint8_t *at = point.data;
        ISSUING_DIST_POINT *read = d2i_ISSUING_DIST_POINT(NULL, &at, (long)point.len);
        bool is_read = read != NULL && at == point.data + point.len;
        says = is_read ? judge(read, certificate, &is_partial) : CRL_ODD;
        ISSUING_DIST_POINT_free(read);
    }
    ERR_clear_error();
    *out_partial = is_partial;
    return says;
}
