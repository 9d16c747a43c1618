#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "ingress.h"

// "The maximum line lengths the receiver must support including the CRLF" are 107 bytes.
#define V1_LEN_MAX 107
#define V1_BEGIN   "PROXY "
#define V2_BEGIN   "\r\n\r\n\0\r\nQUIT\n"
#define V2_FIXED   16
// The specification allows 64 KiB; real senders stay under 1 KiB, and it is read before anything
// is known about who sends it.
#define V2_BODY_MAX 4096

static bool set_address(char out_text[ENDPOINT_TEXT_MAX], struct endpoint *out_endpoint,
                        const char *host, uint16_t port)
{
    struct endpoint endpoint = {.port = port};
    if (!endpoint_set_host(&endpoint, slice_of_text(host))) {
        return false;
    }
    endpoint_text(&endpoint, out_text);
    *out_endpoint = endpoint;
    return true;
}

// v1_word takes the next word of the line; exactly one space ends it, or the line's end.
static bool v1_word(struct slice *line, struct slice *out_word)
{
    if (line->len == 0) {
        return false;
    }
    const uint8_t *space = memchr(line->data, ' ', line->len);
    size_t len = space != NULL ? (size_t)(space - line->data) : line->len;
    *out_word = slice_part(*line, 0, len);
    *line = slice_part(*line, len + 1, line->len);
    return len > 0 && (space == NULL || line->len > 0); // no space at the line's end
}

static bool v1_address(struct slice word, int family, char out_text[INET6_ADDRSTRLEN])
{
    uint8_t address[16];
    if (word.len >= INET6_ADDRSTRLEN || memchr(word.data, '\0', word.len) != NULL) {
        return false;
    }
    memcpy(out_text, word.data, word.len);
    out_text[word.len] = '\0';
    return inet_pton(family, out_text, address) == 1;
}

static bool v1_port(struct slice word, uint16_t *out_port)
{
    uint64_t port;
    bool has_leading_zero = word.len > 1 && word.data[0] == '0';
    if (has_leading_zero || !text_uint(word, 65535, &port)) {
        return false;
    }
    *out_port = (uint16_t)port;
    return true;
}

static enum parse v1_line(struct slice line, struct proxy_header *header)
{
    struct slice words[5];
    struct slice left = line;
    if (slice_equals_text(line, "UNKNOWN") || slice_starts_with(line, "UNKNOWN ")) {
        header->is_local = true; // "the receiver must ignore anything presented before the CRLF"
        return PARSE_OK;
    }
    if (!v1_word(&left, &words[0])) {
        return PARSE_BAD;
    }
    int family = slice_equals_text(words[0], "TCP4") ? AF_INET : AF_INET6;
    if (family == AF_INET6 && !slice_equals_text(words[0], "TCP6")) {
        return PARSE_BAD;
    }
    char source[INET6_ADDRSTRLEN];
    char destination[INET6_ADDRSTRLEN];
    uint16_t ports[2];
    struct endpoint from;
    bool is_fine =
        v1_word(&left, &words[1]) && v1_word(&left, &words[2]) && v1_word(&left, &words[3]) &&
        v1_word(&left, &words[4]) && left.len == 0 && v1_address(words[1], family, source) &&
        v1_address(words[2], family, destination) && v1_port(words[3], &ports[0]) &&
        v1_port(words[4], &ports[1]) && set_address(header->source, &from, source, ports[0]) &&
        set_address(header->destination, &header->target, destination, ports[1]);
    return is_fine ? PARSE_OK : PARSE_BAD;
}

static enum parse v1_parse(struct slice bytes, struct proxy_header *header)
{
    size_t begin_len = strlen(V1_BEGIN);
    for (size_t at = begin_len; at < bytes.len && at < V1_LEN_MAX; at++) {
        if (bytes.data[at] == '\n') {
            return PARSE_BAD;
        }
        if (bytes.data[at] != '\r') {
            continue;
        }
        if (at + 1 >= V1_LEN_MAX) {
            return PARSE_BAD;
        }
        if (at + 1 == bytes.len) {
            return PARSE_MORE;
        }
        header->len = at + 2;
        return bytes.data[at + 1] == '\n'
                   ? v1_line(slice_part(bytes, begin_len, at - begin_len), header)
                   : PARSE_BAD;
    }
    return bytes.len < V1_LEN_MAX ? PARSE_MORE : PARSE_BAD;
}

// Version 2's family and transport, and the length of its two addresses and ports.
enum v2_family {
    V2_UNSPECIFIED = 0x00,
    V2_TCP4 = 0x11,
    V2_TCP6 = 0x21,
    V2_UNIX = 0x31
};
#define V2_TCP4_LEN 12
#define V2_TCP6_LEN 36
#define V2_UNIX_LEN 216

static bool v2_addresses(int family, struct slice body, size_t address_len,
                         struct proxy_header *header)
{
    char source[INET6_ADDRSTRLEN];
    char destination[INET6_ADDRSTRLEN];
    struct cursor cursor = cursor_over(body);
    struct slice addresses[2];
    uint16_t ports[2];
    struct endpoint from;
    return cursor_take(&cursor, address_len, &addresses[0]) &&
           cursor_take(&cursor, address_len, &addresses[1]) && cursor_u16(&cursor, &ports[0]) &&
           cursor_u16(&cursor, &ports[1]) &&
           inet_ntop(family, addresses[0].data, source, sizeof(source)) != NULL &&
           inet_ntop(family, addresses[1].data, destination, sizeof(destination)) != NULL &&
           set_address(header->source, &from, source, ports[0]) &&
           set_address(header->destination, &header->target, destination, ports[1]);
}

// What follows the addresses are TLVs, which we skip.
static bool v2_body(uint8_t family, struct slice body, struct proxy_header *header)
{
    switch (family) {
    case V2_UNSPECIFIED:
        header->is_local = true;
        return true;
    case V2_UNIX:
        header->is_local = true;
        return body.len >= V2_UNIX_LEN;
    case V2_TCP4:
        return body.len >= V2_TCP4_LEN && v2_addresses(AF_INET, body, 4, header);
    case V2_TCP6:
        return body.len >= V2_TCP6_LEN && v2_addresses(AF_INET6, body, 16, header);
    default:
        return false; // datagrams, and what nobody registered
    }
}

static enum parse v2_parse(struct slice bytes, struct proxy_header *header)
{
    struct cursor cursor = cursor_over(slice_part(bytes, sizeof(V2_BEGIN) - 1, bytes.len));
    uint8_t command;
    uint8_t family;
    uint16_t body_len;
    struct slice body;
    if (!cursor_u8(&cursor, &command)) {
        return PARSE_MORE;
    }
    if (command != 0x20 && command != 0x21) {
        return PARSE_BAD; // version 2, LOCAL or PROXY
    }
    if (!cursor_u8(&cursor, &family) || !cursor_u16(&cursor, &body_len)) {
        return PARSE_MORE;
    }
    if (body_len > V2_BODY_MAX) {
        return PARSE_BAD;
    }
    if (!cursor_take(&cursor, body_len, &body)) {
        return PARSE_MORE;
    }
    header->len = V2_FIXED + (size_t)body_len;
    if (command == 0x20) {
        header->is_local = true; // "the receiver must … discard the protocol block"
        return PARSE_OK;
    }
    return v2_body(family, body, header) ? PARSE_OK : PARSE_BAD;
}

static bool begins(struct slice bytes, const char *begin, size_t begin_len)
{
    size_t len = bytes.len < begin_len ? bytes.len : begin_len;
    return len == 0 || memcmp(bytes.data, begin, len) == 0;
}

enum parse proxy_header_parse(struct slice bytes, struct proxy_header *out_header)
{
    struct proxy_header header = {0};
    bool is_v1 = begins(bytes, V1_BEGIN, strlen(V1_BEGIN));
    bool is_v2 = begins(bytes, V2_BEGIN, sizeof(V2_BEGIN) - 1);
    if (!is_v1 && !is_v2) {
        return PARSE_BAD;
    }
    if (bytes.len < (is_v1 ? strlen(V1_BEGIN) : sizeof(V2_BEGIN) - 1)) {
        return PARSE_MORE;
    }
    enum parse outcome = is_v1 ? v1_parse(bytes, &header) : v2_parse(bytes, &header);
    if (outcome == PARSE_OK) {
        *out_header = header;
    }
    return outcome;
}
