#include "socks4.h"

#include <arpa/inet.h>
#include <string.h>

#include "socks.h"

#define COMMAND_CONNECT 1
#define FIXED_LEN       ((size_t)8) // version, command, port, address

// text_at gives the text that starts at `at` and ends with a NUL; PARSE_MORE when that is not there
// yet, PARSE_BAD past the limit.
static enum parse text_at(struct slice bytes, size_t at, struct slice *out_text)
{
    struct slice rest = slice_part(bytes, at, bytes.len);
    const uint8_t *end = rest.len > 0 ? memchr(rest.data, 0, rest.len) : NULL;
    if (end == NULL) {
        return bytes.len >= SOCKS4_BYTES_MAX ? PARSE_BAD : PARSE_MORE;
    }
    *out_text = slice_part(rest, 0, (size_t)(end - rest.data));
    return PARSE_OK;
}

// The first byte and the second decide; what can't become a request is bad as soon as it shows.
static bool may_begin(struct slice bytes)
{
    return (bytes.len < 1 || bytes.data[0] == SOCKS4_VERSION) &&
           (bytes.len < 2 || bytes.data[1] == COMMAND_CONNECT);
}

enum parse socks4_parse(struct slice bytes, struct endpoint *out_target)
{
    bytes = slice_part(bytes, 0, SOCKS4_BYTES_MAX);
    if (!may_begin(bytes)) {
        return PARSE_BAD;
    }
    if (bytes.len < FIXED_LEN) {
        return PARSE_MORE;
    }
    struct endpoint target = {.port = (uint16_t)(bytes.data[2] << 8 | bytes.data[3])};
    const uint8_t *address = bytes.data + 4;
    // 4A: "an invalid address 0.0.0.x with nonzero x" says that a name follows the user's.
    bool has_name = address[0] == 0 && address[1] == 0 && address[2] == 0 && address[3] != 0;
    struct slice user, name;
    enum parse parsed = text_at(bytes, FIXED_LEN, &user);
    if (parsed == PARSE_OK && has_name) {
        parsed = text_at(bytes, FIXED_LEN + user.len + 1, &name);
    }
    if (parsed != PARSE_OK) {
        return parsed;
    }
    char text[INET_ADDRSTRLEN];
    if (!has_name) {
        if (inet_ntop(AF_INET, address, text, sizeof(text)) == NULL) {
            return PARSE_BAD;
        }
        name = slice_of_text(text);
    }
    if (target.port == 0 || !endpoint_set_host(&target, name)) {
        return PARSE_BAD;
    }
    *out_target = target;
    return PARSE_OK;
}
