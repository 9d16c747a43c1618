#include "fingerprint.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "code_points.h"
#include "text.h"

#define JA4_HASH_LEN  12
#define JA4_COUNT_MAX 99
#define MD5_LEN       16

// The numbers of a two-byte list without GREASE, on the heap; NULL when memory is out.
static uint16_t *numbers_of(struct slice list, size_t *out_count)
{
    uint16_t *numbers = malloc(list.len + 1); // never a request for nothing
    if (numbers == NULL) {
        return NULL;
    }
    size_t count = 0;
    for (size_t i = 0; i < list.len / 2; i++) {
        if (!is_grease(slice_u16_at(list, i))) {
            numbers[count++] = slice_u16_at(list, i);
        }
    }
    *out_count = count;
    return numbers;
}

// The types of a hello's extensions likewise, in the order sent.
static uint16_t *extension_types_of(const struct client_hello *hello, size_t *out_count)
{
    uint16_t *types = malloc(hello->extensions.len + 1);
    if (types == NULL) {
        return NULL;
    }
    size_t at = 0;
    size_t count = 0;
    uint16_t type;
    struct slice body;
    while (extension_next(hello->extensions, &at, &type, &body)) {
        if (!is_grease(type)) {
            types[count++] = type;
        }
    }
    *out_count = count;
    return types;
}

typedef bool (*put_number_fn)(struct buffer *out, uint16_t number);

static bool put_decimal(struct buffer *out, uint16_t number)
{
    return buffer_printf(out, "%u", number);
}

static const char digits[] = "0123456789abcdef";

// Every connection is fingerprinted: printf would cost ten times as much.
static bool put_hex(struct buffer *out, uint16_t number)
{
    const uint8_t text[] = {(uint8_t)digits[number >> 12], (uint8_t)digits[number >> 8 & 15],
                            (uint8_t)digits[number >> 4 & 15], (uint8_t)digits[number & 15]};
    return buffer_append(out, (struct slice){text, sizeof(text)});
}

// Writes the numbers with `put`, `separator` between them; false when the buffer is full or
// `numbers` is NULL.
static bool put_numbers(struct buffer *out, const uint16_t *numbers, size_t count,
                        put_number_fn put, char separator)
{
    bool fits = numbers != NULL;
    for (size_t i = 0; i < count && fits; i++) {
        fits = (i == 0 || buffer_append_byte(out, (uint8_t)separator)) && put(out, numbers[i]);
    }
    return fits;
}

static bool put_decimals(struct buffer *out, struct slice list)
{
    size_t count = 0;
    uint16_t *numbers = numbers_of(list, &count);
    bool fits = put_numbers(out, numbers, count, put_decimal, '-');
    free(numbers);
    return fits;
}

bool ja3_text(const struct client_hello *hello, struct buffer *out)
{
    if (hello->is_sslv2) {
        return true;
    }
    size_t count = 0;
    uint16_t *types = extension_types_of(hello, &count);
    bool fits = buffer_printf(out, "%u,", hello->legacy_version) &&
                put_decimals(out, hello->cipher_suites) && buffer_append_text(out, ",") &&
                put_numbers(out, types, count, put_decimal, '-') && buffer_append_text(out, ",") &&
                put_decimals(out, hello->groups) && buffer_append_text(out, ",");
    free(types);
    for (size_t i = 0; i < hello->point_formats.len && fits; i++) {
        fits = buffer_printf(out, i == 0 ? "%u" : "-%u", hello->point_formats.data[i]);
    }
    return fits;
}

// Writes the first `hex_len` hex digits of the digest and a NUL; false when the library refuses
// (MD5 in FIPS mode).
static bool write_digest(struct slice text, const EVP_MD *type, size_t hex_len, char *out_hex)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    if (EVP_Digest(text.data, text.len, digest, NULL, type, NULL) != 1) {
        return false;
    }
    for (size_t i = 0; i < hex_len / 2; i++) {
        out_hex[2 * i] = digits[digest[i] >> 4];
        out_hex[2 * i + 1] = digits[digest[i] & 15];
    }
    out_hex[hex_len] = '\0';
    return true;
}

const char *ja3_hash(const struct client_hello *hello, char out_hash[JA3_HASH_MAX])
{
    struct buffer text = {0};
    out_hash[0] = '\0';
    if (!ja3_text(hello, &text) || text.len == 0 ||
        !write_digest(buffer_slice(&text), EVP_md5(), 2 * (size_t)MD5_LEN, out_hash)) {
        out_hash[0] = '\0';
    }
    buffer_clear(&text);
    return out_hash;
}

// "The highest value in the extension", GREASE left out; else the hello's own version.
static const char *ja4_version(const struct client_hello *hello)
{
    static const struct {
        uint16_t version;
        const char *code;
    } rows[] = {
        {VERSION_TLS13, "13"}, {VERSION_TLS12, "12"}, {VERSION_TLS11, "11"},
        {VERSION_TLS10, "10"}, {VERSION_SSL30, "s3"}, {0x0002, "s2"},
        {0xfeff, "d1"},        {0xfefd, "d2"},        {0xfefc, "d3"},
    };
    uint16_t highest = hello->has_versions ? 0 : hello->legacy_version;
    for (size_t i = 0; i < hello->versions.len / 2; i++) {
        uint16_t version = slice_u16_at(hello->versions, i);
        if (version > highest && !is_grease(version)) {
            highest = version;
        }
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].version == highest) {
            return rows[i].code;
        }
    }
    return "00";
}

static bool is_alphanumeric(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z');
}

// The first and last character of the first name offered: of its hex form when either is not
// alphanumeric, "00" when there is none.
static void write_ja4_alpn(const struct client_hello *hello, char out_pair[3])
{
    size_t at = 0;
    struct slice name;
    memcpy(out_pair, "00", 3);
    if (!alpn_next(hello->alpn, &at, &name) || name.len == 0) {
        return;
    }
    uint8_t first = name.data[0];
    uint8_t last = name.data[name.len - 1];
    bool is_text = is_alphanumeric(first) && is_alphanumeric(last);
    out_pair[0] = is_text ? (char)first : digits[first >> 4];
    out_pair[1] = is_text ? (char)last : digits[last & 15];
}

static int compare_numbers(const void *a, const void *b)
{
    uint16_t first = *(const uint16_t *)a;
    uint16_t second = *(const uint16_t *)b;
    return (first > second) - (first < second);
}

static bool put_sorted(struct buffer *out, uint16_t *numbers, size_t count)
{
    if (numbers != NULL) {
        qsort(numbers, count, sizeof(*numbers), compare_numbers);
    }
    return put_numbers(out, numbers, count, put_hex, ',');
}

// SNI and ALPN are left out: the first part of the fingerprint has them.
static size_t without_sni_and_alpn(uint16_t *types, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (types[i] != EXTENSION_SERVER_NAME && types[i] != EXTENSION_ALPN) {
            types[kept++] = types[i];
        }
    }
    return kept;
}

static bool write_ja4_hash(const struct buffer *text, char out_hash[JA4_HASH_LEN + 1])
{
    if (text->len == 0) {
        memcpy(out_hash, "000000000000", JA4_HASH_LEN + 1); // not the hash of nothing, says JA4
        return true;
    }
    return write_digest(buffer_slice(text), EVP_sha256(), JA4_HASH_LEN, out_hash);
}

// The sorted extensions, then "_" and the signature schemes in the order sent, if there are any.
static bool put_extensions_and_schemes(struct buffer *out, const struct client_hello *hello,
                                       uint16_t *types, size_t type_count)
{
    size_t scheme_count = 0;
    uint16_t *schemes = numbers_of(hello->schemes, &scheme_count);
    size_t kept = types != NULL ? without_sni_and_alpn(types, type_count) : 0;
    bool fits = put_sorted(out, types, kept) &&
                (scheme_count == 0 || buffer_append_text(out, "_")) &&
                put_numbers(out, schemes, scheme_count, put_hex, ',');
    free(schemes);
    return fits;
}

static unsigned ja4_count(size_t count)
{
    return count < JA4_COUNT_MAX ? (unsigned)count : JA4_COUNT_MAX;
}

const char *ja4(const struct client_hello *hello, char out_text[JA4_MAX])
{
    out_text[0] = '\0';
    if (hello->is_sslv2) {
        return out_text; // its three-byte cipher kinds have no place in JA4
    }
    size_t suite_count = 0;
    size_t type_count = 0;
    uint16_t *suites = numbers_of(hello->cipher_suites, &suite_count);
    uint16_t *types = extension_types_of(hello, &type_count);
    struct buffer suites_text = {0};
    struct buffer types_text = {0};
    char alpn[3], suites_hash[JA4_HASH_LEN + 1], types_hash[JA4_HASH_LEN + 1];
    write_ja4_alpn(hello, alpn);
    if (put_sorted(&suites_text, suites, suite_count) &&
        put_extensions_and_schemes(&types_text, hello, types, type_count) &&
        write_ja4_hash(&suites_text, suites_hash) && write_ja4_hash(&types_text, types_hash)) {
        (void)snprintf(out_text, JA4_MAX, "t%s%c%02u%02u%s_%s_%s", ja4_version(hello),
                       hello->has_sni ? 'd' : 'i', ja4_count(suite_count), ja4_count(type_count),
                       alpn, suites_hash, types_hash); // 36 characters, always
    }
    buffer_clear(&suites_text);
    buffer_clear(&types_text);
    free(suites);
    free(types);
    return out_text;
}
