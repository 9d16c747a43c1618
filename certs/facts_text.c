#include "facts_text.h"

#include <arpa/inet.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>

#define SERIAL_BYTES_MAX 64 // RFC 5280 allows 20
#define REPLACEMENT      "\xEF\xBF\xBD"

// utf8_len gives the length of the well-formed character that `bytes` begins with (RFC 3629), 0
// when it begins with none or with NUL.
static size_t utf8_len(struct slice bytes)
{
    static const struct {
        uint8_t first_min, first_max, second_min, second_max;
        size_t len;
    } forms[] = {
        {0x01, 0x7F, 0x00, 0x00, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    const uint8_t *at = bytes.data;
    for (size_t i = 0; bytes.len > 0 && i < COUNT_OF(forms); i++) {
        if (at[0] < forms[i].first_min || at[0] > forms[i].first_max) {
            continue;
        }
        if (bytes.len < forms[i].len ||
            (forms[i].len > 1 && (at[1] < forms[i].second_min || at[1] > forms[i].second_max))) {
            return 0;
        }
        for (size_t j = 2; j < forms[i].len; j++) {
            if ((at[j] & 0xC0) != 0x80) {
                return 0;
            }
        }
        return forms[i].len;
    }
    return 0;
}

const char *facts_text(struct arena *arena, struct slice bytes)
{
    uint8_t text[FACTS_TEXT_MAX];
    size_t len = 0;
    while (bytes.len > 0) {
        size_t good_len = utf8_len(bytes);
        const void *from = good_len > 0 ? (const void *)bytes.data : REPLACEMENT;
        size_t add_len = good_len > 0 ? good_len : strlen(REPLACEMENT);
        if (len + add_len > sizeof(text)) {
            break;
        }
        memcpy(text + len, from, add_len);
        len += add_len;
        bytes = slice_part(bytes, good_len > 0 ? good_len : 1, bytes.len);
    }
    return arena_text(arena, (struct slice){text, len});
}

const char *facts_text_string(struct arena *arena, const ASN1_STRING *string)
{
    uint8_t *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, string);
    if (len < 0) { // not a string of characters, or a broken one: its bytes, then
        return facts_text(arena, (struct slice){ASN1_STRING_get0_data(string),
                                                (size_t)ASN1_STRING_length(string)});
    }
    const char *text = facts_text(arena, (struct slice){utf8, (size_t)len});
    OPENSSL_free(utf8);
    return text;
}

const char *facts_text_name(struct arena *arena, const X509_NAME *name)
{
    // RFC 2253 as OpenSSL writes it, but with UTF-8 as it is.
    const unsigned long form = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
    const char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL) {
        return NULL;
    }
    if (X509_NAME_print_ex(bio, name, 0, form) >= 0) {
        char *bytes = NULL;
        long len = BIO_get_mem_data(bio, &bytes);
        text = facts_text(arena, (struct slice){(const uint8_t *)bytes, (size_t)len});
    } else { // a string in it breaks its type's rules
        char line[FACTS_TEXT_MAX];
        (void)X509_NAME_oneline(name, line, sizeof(line)); // with a buffer it can't fail
        text = facts_text(arena, slice_of_text(line));
    }
    BIO_free(bio);
    return text;
}

static const char *address_text(struct arena *arena, const ASN1_STRING *address)
{
    char text[INET6_ADDRSTRLEN] = "";
    int len = ASN1_STRING_length(address);
    int family = len == 4 ? AF_INET : len == 16 ? AF_INET6 : AF_UNSPEC;
    if (family == AF_UNSPEC ||
        inet_ntop(family, ASN1_STRING_get0_data(address), text, sizeof(text)) == NULL) {
        return arena_printf(arena, "ip:(%d bytes)", len);
    }
    return arena_printf(arena, "ip:%s", text);
}

const char *facts_text_general_name(struct arena *arena, const GENERAL_NAME *name)
{
    int type = 0;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
    if (type == GEN_IPADD) {
        return address_text(arena, value);
    }
    const char *host = facts_text(
        arena, (struct slice){ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)});
    return host != NULL ? arena_printf(arena, "dns:%s", host) : NULL;
}

const char *facts_text_object(struct arena *arena, const ASN1_OBJECT *object)
{
    char text[128] = "";
    // Gives the long name ("sha256WithRSAEncryption"), or the numbers of one it doesn't know.
    return OBJ_obj2txt(text, sizeof(text), object, 0) > 0 ? arena_text(arena, slice_of_text(text))
                                                          : "unknown";
}

const char *facts_text_serial(struct arena *arena, const ASN1_INTEGER *serial)
{
    struct buffer hex = {0};
    size_t len = (size_t)ASN1_STRING_length(serial);
    struct slice bytes = {ASN1_STRING_get0_data(serial),
                          len < SERIAL_BYTES_MAX ? len : SERIAL_BYTES_MAX};
    bool is_negative = (ASN1_STRING_type(serial) & V_ASN1_NEG) != 0;
    const char *text = NULL;
    if ((!is_negative || buffer_append_byte(&hex, '-')) && text_hex(&hex, bytes)) {
        text = arena_text(arena, buffer_slice(&hex));
    }
    buffer_clear(&hex);
    return text;
}

static const char *curve_text(struct arena *arena, EVP_PKEY *key)
{
    char group[64] = "";
    size_t len = 0;
    int is_explicit = 0;
    // OpenSSL finds the name of a curve that was spelled out, too.
    (void)EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                 &is_explicit); // 0 when it does not know
    if (is_explicit == 1 || EVP_PKEY_get_group_name(key, group, sizeof(group), &len) != 1) {
        return "EC with explicit parameters";
    }
    const char *nist = EC_curve_nid2nist(OBJ_txt2nid(group));
    return arena_printf(arena, "EC %s", nist != NULL ? nist : group);
}

const char *facts_text_key(struct arena *arena, EVP_PKEY *key)
{
    int id = key != NULL ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;
    switch (id) {
    case EVP_PKEY_NONE:
        return "unknown";
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        return arena_printf(arena, "RSA %d", EVP_PKEY_get_bits(key));
    case EVP_PKEY_EC:
        return curve_text(arena, key);
    case EVP_PKEY_ED25519:
        return "Ed25519";
    case EVP_PKEY_ED448:
        return "Ed448";
    default: {
        const char *name = OBJ_nid2sn(id);
        return arena_printf(arena, "%s %d", name != NULL ? name : "unknown",
                            EVP_PKEY_get_bits(key));
    }
    }
}

static bool is_http(struct slice url)
{
    return slice_equals_nocase(slice_part(url, 0, 7), slice_of_text("http://")) ||
           slice_equals_nocase(slice_part(url, 0, 8), slice_of_text("https://"));
}

bool facts_text_url(struct arena *arena, const GENERAL_NAME *name, const char **place)
{
    int type = 0;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
    if (type != GEN_URI) {
        return true;
    }
    struct slice url = {ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
    if (*place != NULL && (is_http(slice_of_text(*place)) || !is_http(url))) {
        return true;
    }
    const char *text = facts_text(arena, url);
    if (text != NULL) {
        *place = text;
    }
    return text != NULL;
}
