#include "tunnel.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

struct slice tunnel_ask(const char *target, char room[TUNNEL_ASK_BYTES_MAX])
{
    int len = snprintf(room, TUNNEL_ASK_BYTES_MAX, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n",
                       target, target);
    assert(len > 0 && (size_t)len < TUNNEL_ASK_BYTES_MAX);
    return (struct slice){(const uint8_t *)room, (size_t)len};
}

enum parse tunnel_answer_parse(struct slice bytes, int *out_status, size_t *out_len)
{
    uint64_t status = 0;
    const uint8_t *end = bytes.len > 0 ? memmem(bytes.data, bytes.len, "\r\n\r\n", 4) : NULL;
    if (end == NULL) {
        return PARSE_MORE;
    }
    // "HTTP/1.1 200 …": RFC 9112 section 4
    bool is_http = bytes.len > 12 && slice_starts_with(bytes, "HTTP/1.") && bytes.data[8] == ' ';
    if (!is_http || !text_uint(slice_part(bytes, 9, 3), 999, &status)) {
        return PARSE_BAD;
    }
    *out_status = (int)status;
    *out_len = (size_t)(end - bytes.data) + 4;
    return PARSE_OK;
}

enum tunnel tunnel_feed(struct buffer *head, struct slice bytes)
{
    int status;
    size_t len;
    if (!buffer_append(head, bytes)) {
        return TUNNEL_REFUSED;
    }
    switch (tunnel_answer_parse(buffer_slice(head), &status, &len)) {
    case PARSE_MORE:
        return TUNNEL_WAITS;
    case PARSE_OK:
        return status / 100 == 2 ? TUNNEL_OPEN : TUNNEL_REFUSED;
    case PARSE_BAD:
        break;
    }
    return TUNNEL_REFUSED;
}
