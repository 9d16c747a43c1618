// Revocation lists: where a certificate says that they are, and what one comes to. Only the
// issuer's is believed, and only of the certificates that it is for.
#include "chain_kit.h"

#include "certs.h"
#include "clock.h"

#define HERE      "http://crl.test/1.crl"
#define ELSEWHERE "http://crl.test/2.crl"
#define POINT     "URI:" HERE
#define OTHERS_8                                                                             \
    "URI:" ELSEWHERE ",URI:" ELSEWHERE ",URI:" ELSEWHERE ",URI:" ELSEWHERE ",URI:" ELSEWHERE \
    ",URI:" ELSEWHERE ",URI:" ELSEWHERE ",URI:" ELSEWHERE ","

enum signer {
    SIGNER_ISSUER,
    SIGNER_STRANGER,  // of the same name
    SIGNER_OTHER_NAME // which the list names as well
};

// clang-format off
static const struct row {
    const char *name;
    const char *crl;    // the leaf's distribution points
    const char *usage;  // the issuer's keyUsage
    const char *point;  // issuingDistributionPoint; NULL: none
    const char *fresh;  // freshestCRL; NULL: none
    enum signer signer;
    int from_days, to_days; // 0: -20 and 5
    int reason;             // -1: none is told; 0: keyCompromise
    int name_count;         // of an issuingDistributionPoint, of which the last is HERE; 0: none
    bool spares_leaf, is_delta, is_empty, is_pem, is_after_others, is_for_intermediate;
    bool has_odd, has_odd_critical, has_odd_entry, has_entry_issuer, is_cut, is_html, is_md5;
    enum crl_says want;
    bool is_partial, has_delta;
} rows[] = {
    {"revoked", .want = CRL_REVOKED},
    {"revoked, the reason not told", .reason = -1, .want = CRL_REVOKED},
    {"revoked, in PEM", .is_pem = true, .want = CRL_REVOKED},
    {"revoked, in PEM after other blocks", .is_pem = true, .is_after_others = true, .want = CRL_REVOKED},
    {"revoked, by a list whose time is over", .from_days = -40, .to_days = -10, .want = CRL_REVOKED},
    {"on nobody's list", .spares_leaf = true, .want = CRL_ABSENT},
    {"an empty list", .is_empty = true, .want = CRL_ABSENT},
    {"a list from tomorrow", .from_days = 1, .want = CRL_EARLY},
    {"of another issuer", .signer = SIGNER_OTHER_NAME, .want = CRL_FOREIGN},
    {"signed by a stranger of the same name", .signer = SIGNER_STRANGER, .want = CRL_UNSIGNED},
    {"signed by an issuer that may not", .usage = "critical,keyCertSign", .want = CRL_UNSIGNED},
    {"signed by an issuer of any use", .usage = "", .want = CRL_REVOKED},
    {"signed with MD5", .is_md5 = true, .want = CRL_UNSIGNED},
    {"for the leaf's distribution point", .crl = POINT, .point = "critical,fullname:" POINT, .want = CRL_REVOKED},
    {"for the second of its points", .crl = "URI:" ELSEWHERE "," POINT, .point = "critical,fullname:" POINT,
     .want = CRL_REVOKED},
    {"for another distribution point", .crl = POINT, .point = "critical,fullname:URI:" ELSEWHERE, .want = CRL_ELSEWHERE},
    {"for a distribution point, and the leaf has none", .point = "critical,fullname:" POINT, .want = CRL_ELSEWHERE},
    {"for the leaf's distribution point, behind 24 others", .crl = OTHERS_8 OTHERS_8 OTHERS_8 POINT,
     .point = "critical,fullname:" POINT, .want = CRL_REVOKED},
    {"for more points than are looked at", .crl = OTHERS_8 OTHERS_8 OTHERS_8 OTHERS_8 POINT,
     .point = "critical,fullname:" POINT, .want = CRL_ELSEWHERE},
    {"for a point of 32 names, the last the leaf's", .crl = POINT, .name_count = 32, .want = CRL_REVOKED},
    {"for a point of more names than are looked at", .crl = POINT, .name_count = 33, .want = CRL_ELSEWHERE},
    {"for certificates of ends", .point = "critical,onlyuser:TRUE", .want = CRL_REVOKED},
    {"for certificates of CAs", .point = "critical,onlyCA:TRUE", .want = CRL_ELSEWHERE},
    {"for certificates of CAs, of one", .point = "critical,onlyCA:TRUE", .is_for_intermediate = true, .want = CRL_REVOKED},
    {"for certificates of ends, of a CA", .point = "critical,onlyuser:TRUE", .is_for_intermediate = true,
     .want = CRL_ELSEWHERE},
    {"for attribute certificates", .point = "critical,onlyAA:TRUE", .want = CRL_ELSEWHERE},
    {"for some reasons, and not on it", .point = "critical,onlysomereasons:keyCompromise", .spares_leaf = true,
     .want = CRL_ABSENT, .is_partial = true},
    {"a delta list", .is_delta = true, .want = CRL_DELTA},
    {"a list that has a delta list", .fresh = "URI:" ELSEWHERE, .spares_leaf = true, .want = CRL_ABSENT, .has_delta = true},
    {"an indirect list", .point = "critical,indirectCRL:TRUE", .want = CRL_INDIRECT},
    {"an entry of another issuer", .has_entry_issuer = true, .want = CRL_INDIRECT},
    {"an unknown extension", .has_odd = true, .want = CRL_REVOKED},
    {"an unknown critical extension", .has_odd_critical = true, .want = CRL_ODD},
    {"an unknown critical extension of an entry", .has_odd_entry = true, .want = CRL_ODD},
    {"cut short", .is_cut = true, .want = CRL_UNREADABLE},
    {"a page of HTML", .is_html = true, .want = CRL_UNREADABLE},
};
// clang-format on

struct cast {
    struct kit_cert root, stranger, other, middle, leaf, spare;
};

static void make_cast(const struct row *row, struct cast *out)
{
    const struct recipe root = {.subject = "root",
                                .is_ca = true,
                                .key_usage = row->usage,
                                .rsa_bits = row->is_md5 ? 2048 : 0};
    const struct recipe other = {.subject = "other", .is_ca = true};
    const struct recipe leaf = {.subject = "leaf", .names = "DNS:app.test", .crl = row->crl};
    out->root = kit_make(&root, NULL);
    out->stranger = kit_make(&root, NULL);
    out->other = kit_make(&other, NULL);
    out->middle = kit_make(&other, &out->root);
    out->leaf = kit_make(&leaf, &out->root);
    out->spare = kit_make(&leaf, &out->root);
}

static void clear_cast(struct cast *cast)
{
    kit_clear(&cast->root);
    kit_clear(&cast->stranger);
    kit_clear(&cast->other);
    kit_clear(&cast->middle);
    kit_clear(&cast->leaf);
    kit_clear(&cast->spare);
}

// odd_extension is one of an arc that nobody knows.
static X509_EXTENSION *odd_extension(bool is_critical)
{
    ASN1_OBJECT *name = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    assert_int_equal(ASN1_OCTET_STRING_set(value, (const uint8_t *)"\x05\x00", 2), 1);
    X509_EXTENSION *made = X509_EXTENSION_create_by_OBJ(NULL, name, is_critical, value);
    assert_non_null(made);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(name);
    return made;
}

static void add_entry(const struct row *row, X509_CRL *crl, X509 *revoked, ASN1_TIME *since)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    assert_int_equal(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked)), 1);
    assert_int_equal(X509_REVOKED_set_revocationDate(entry, since), 1);
    if (row->reason >= 0) {
        ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
        assert_int_equal(ASN1_ENUMERATED_set(reason, row->reason != 0 ? row->reason : 1), 1);
        assert_int_equal(X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0), 1);
        ASN1_ENUMERATED_free(reason);
    }
    if (row->has_odd_entry) {
        X509_EXTENSION *odd = odd_extension(true);
        assert_int_equal(X509_REVOKED_add_ext(entry, odd, -1), 1);
        X509_EXTENSION_free(odd);
    }
    if (row->has_entry_issuer) {
        GENERAL_NAMES *names = GENERAL_NAMES_new();
        GENERAL_NAME *name = a2i_GENERAL_NAME(NULL, NULL, NULL, GEN_DNS, "other.test", 0);
        assert_true(name != NULL && sk_GENERAL_NAME_push(names, name) > 0);
        assert_int_equal(X509_REVOKED_add1_ext_i2d(entry, NID_certificate_issuer, names, 1, 0), 1);
        GENERAL_NAMES_free(names);
    }
    assert_int_equal(X509_CRL_add0_revoked(crl, entry), 1);
}

static void extend(X509_CRL *crl, int nid, const char *value)
{
    X509V3_CTX context;
    if (value == NULL) {
        return;
    }
    X509V3_set_ctx(&context, NULL, NULL, NULL, crl, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_CRL_add_ext(crl, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void extend_with_names(X509_CRL *crl, int count)
{
    ISSUING_DIST_POINT *point = ISSUING_DIST_POINT_new();
    point->distpoint = DIST_POINT_NAME_new();
    point->distpoint->type = 0; // full names
    point->distpoint->name.fullname = GENERAL_NAMES_new();
    for (int i = 0; i < count; i++) {
        const char *url = i + 1 < count ? ELSEWHERE : HERE;
        GENERAL_NAME *name = a2i_GENERAL_NAME(NULL, NULL, NULL, GEN_URI, url, 0);
        assert_true(sk_GENERAL_NAME_push(point->distpoint->name.fullname, name) > 0);
    }
    assert_int_equal(X509_CRL_add1_ext_i2d(crl, NID_issuing_distribution_point, point, 1, 0), 1);
    ISSUING_DIST_POINT_free(point);
}

static void add_extensions(const struct row *row, X509_CRL *crl)
{
    if (row->name_count > 0) {
        extend_with_names(crl, row->name_count);
    }
    extend(crl, NID_issuing_distribution_point, row->point);
    extend(crl, NID_freshest_crl, row->fresh);
    if (row->is_delta) {
        ASN1_INTEGER *base = ASN1_INTEGER_new();
        assert_int_equal(ASN1_INTEGER_set(base, 7), 1);
        assert_int_equal(X509_CRL_add1_ext_i2d(crl, NID_delta_crl, base, 1, 0), 1);
        ASN1_INTEGER_free(base);
    }
    if (row->has_odd || row->has_odd_critical) {
        X509_EXTENSION *odd = odd_extension(row->has_odd_critical);
        assert_int_equal(X509_CRL_add_ext(crl, odd, -1), 1);
        X509_EXTENSION_free(odd);
    }
}

static X509 *subject_of(const struct row *row, const struct cast *cast)
{
    return row->is_for_intermediate ? cast->middle.certificate : cast->leaf.certificate;
}

static X509_CRL *list_of(const struct row *row, const struct cast *cast)
{
    const struct kit_cert *signer = row->signer == SIGNER_ISSUER     ? &cast->root
                                    : row->signer == SIGNER_STRANGER ? &cast->stranger
                                                                     : &cast->other;
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = X509_gmtime_adj(NULL, (row->from_days != 0 ? row->from_days : -20) * 86400L);
    ASN1_TIME *to = X509_gmtime_adj(NULL, (row->to_days != 0 ? row->to_days : 5) * 86400L);
    assert_int_equal(X509_CRL_set_version(crl, X509_CRL_VERSION_2), 1);
    assert_int_equal(X509_CRL_set_issuer_name(crl, X509_get_subject_name(signer->certificate)), 1);
    assert_int_equal(X509_CRL_set1_lastUpdate(crl, from), 1);
    assert_int_equal(X509_CRL_set1_nextUpdate(crl, to), 1);
    if (!row->is_empty) {
        add_entry(row, crl, cast->spare.certificate, from);
    }
    if (!row->is_empty && !row->spares_leaf) {
        add_entry(row, crl, subject_of(row, cast), from);
    }
    add_extensions(row, crl);
    assert_true(X509_CRL_sign(crl, signer->key, row->is_md5 ? EVP_md5() : EVP_sha256()) > 0);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    return crl;
}

// bytes_of gives the list as a web server would; the caller's to OPENSSL_free.
static struct slice bytes_of(const struct row *row, const struct cast *cast)
{
    uint8_t *bytes = NULL, *held = NULL;
    X509_CRL *crl = list_of(row, cast);
    long len = i2d_X509_CRL(crl, &bytes);
    if (row->is_pem) {
        BIO *pem = BIO_new(BIO_s_mem());
        OPENSSL_free(bytes);
        assert_true(!row->is_after_others || PEM_write_bio_X509(pem, cast->root.certificate) == 1);
        assert_int_equal(PEM_write_bio_X509_CRL(pem, crl), 1);
        len = BIO_get_mem_data(pem, &held);
        bytes = OPENSSL_memdup(held, (size_t)len);
        BIO_free(pem);
    }
    X509_CRL_free(crl);
    assert_true(len > 20);
    return (struct slice){bytes, (size_t)len - (row->is_cut ? 20 : 0)};
}

static void comes_to(void **state)
{
    const struct row *row = *state;
    struct cast cast;
    struct crl_answer answer;
    make_cast(row, &cast);
    struct slice bytes = bytes_of(row, &cast);
    crl_read(row->is_html ? slice_of_text("<html>gone</html>") : bytes, subject_of(row, &cast),
             cast.root.certificate, clock_wall_us(), &answer);
    OPENSSL_free((void *)(uintptr_t)bytes.data);
    clear_cast(&cast);
    assert_int_equal(answer.says, row->want);
    assert_int_equal(answer.from_us != 0 && answer.until_us != 0, row->want >= CRL_EARLY);
    assert_int_equal(answer.revoked_us != 0, row->want == CRL_REVOKED);
    assert_int_equal(answer.is_partial, row->is_partial);
    assert_int_equal(answer.has_delta, row->has_delta);
    if (row->want == CRL_REVOKED && row->reason >= 0) {
        assert_string_equal(answer.reason, "keyCompromise");
    } else {
        assert_null(answer.reason);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

// Whatever byte is changed, nobody is found on a list that does not name him, and none is spared
// by one that does.
static void survives_damage(void **state)
{
    const struct row *damaged[] = {&rows[0], &rows[5]};
    (void)state;
    for (size_t k = 0; k < COUNT(damaged); k++) {
        struct cast cast;
        struct crl_answer answer;
        size_t forged = 0;
        make_cast(damaged[k], &cast);
        struct slice bytes = bytes_of(damaged[k], &cast);
        uint8_t *at = (uint8_t *)(uintptr_t)bytes.data;
        for (size_t i = 0; i < bytes.len; i++) {
            crl_read(slice_part(bytes, 0, i), cast.leaf.certificate, cast.root.certificate,
                     clock_wall_us(), &answer);
            forged += answer.says != CRL_UNREADABLE;
            at[i] ^= 0x01;
            crl_read(bytes, cast.leaf.certificate, cast.root.certificate, clock_wall_us(), &answer);
            forged += answer.says >= CRL_EARLY;
            at[i] ^= 0x01;
        }
        OPENSSL_free(at);
        clear_cast(&cast);
        assert_int_equal(forged, 0);
    }
}

static void is_bounded(void **state)
{
    struct cast cast;
    struct crl_answer answer;
    uint8_t *bytes = calloc(1, CRL_BYTES_MAX + 1);
    (void)state;
    assert_non_null(bytes);
    make_cast(&rows[0], &cast);
    struct slice list = bytes_of(&rows[0], &cast);
    memcpy(bytes, list.data, list.len); // a whole list, then zeros
    crl_read((struct slice){bytes, CRL_BYTES_MAX}, cast.leaf.certificate, cast.root.certificate,
             clock_wall_us(), &answer);
    enum crl_says within = answer.says;
    crl_read((struct slice){bytes, CRL_BYTES_MAX + 1}, cast.leaf.certificate, cast.root.certificate,
             clock_wall_us(), &answer);
    OPENSSL_free((void *)(uintptr_t)list.data);
    clear_cast(&cast);
    free(bytes);
    assert_int_equal(within, CRL_REVOKED);
    assert_int_equal(answer.says, CRL_UNREADABLE);
}

static const struct place_row {
    const char *name, *crl;
    size_t count;
    const char *places[CRL_PLACES_MAX];
} place_rows[] = {
    {"none", NULL, 0, {NULL}},
    {"one", POINT, 1, {HERE}},
    {"ldap, which is not asked", "URI:ldap://crl.test/x", 0, {NULL}},
    {"https, which is not asked either", "URI:https://crl.test/x", 0, {NULL}},
    {"two points, ldap first", "URI:ldap://crl.test/x," POINT, 1, {HERE}},
    {"two points", POINT ",URI:" ELSEWHERE, 2, {HERE, ELSEWHERE}},
    {"more than are asked",
     "URI:http://a/,URI:http://b/,URI:http://c/,URI:http://d/,URI:http://e/",
     4,
     {"http://a/", "http://b/", "http://c/", "http://d/"}},
};

static void names_places(void **state)
{
    const struct place_row *row = *state;
    const struct recipe recipe = {.subject = "leaf", .names = "DNS:app.test", .crl = row->crl};
    struct kit_cert leaf = kit_make(&recipe, NULL);
    struct arena arena = {0};
    const char *places[CRL_PLACES_MAX];
    size_t count = crl_places(leaf.certificate, &arena, places);
    size_t right = 0;
    for (size_t i = 0; i < count && i < row->count; i++) {
        right += strcmp(places[i], row->places[i]) == 0;
    }
    kit_clear(&leaf);
    arena_clear(&arena);
    assert_int_equal(count, row->count);
    assert_int_equal(right, row->count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(survives_damage),
                                       cmocka_unit_test(is_bounded)};
    int failed = RUN_ROWS(rows, comes_to);
    failed += RUN_ROWS(place_rows, names_places);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
