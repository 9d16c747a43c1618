#include "socks.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#define METHOD_NONE         0
#define METHOD_PASSWORD     2
#define METHOD_UNACCEPTABLE 0xff
#define PASSWORD_VERSION    1
#define COMMAND_CONNECT     1
#define ADDRESS_V4          1
#define ADDRESS_NAME        3
#define ADDRESS_V6          4

bool socks_put_reply(struct buffer *out, enum socks_reply code)
{
    uint8_t reply[10] = {SOCKS5_VERSION, (uint8_t)code, 0, ADDRESS_V4};
    return buffer_append(out, (struct slice){reply, sizeof(reply)});
}

bool socks4_refuse(struct buffer *out, struct fault *fault)
{
    static const uint8_t reply[8] = {0, 91};
    (void)fault_set(fault, 400, "SOCKS4 is not spoken here, expected SOCKS5");
    return buffer_append(out, (struct slice){reply, sizeof(reply)});
}

static size_t request_len(const struct socks *socks)
{
    if (socks->len < 5) {
        return 5;
    }
    switch (socks->message[3]) {
    case ADDRESS_V4:
        return 4 + 4 + 2;
    case ADDRESS_V6:
        return 4 + 16 + 2;
    case ADDRESS_NAME:
        return 4 + 1 + (size_t)socks->message[4] + 2;
    default:
        return 5; // an address type that no one knows: its length neither
    }
}

// How long the message is, as far as its bytes so far tell; never past SOCKS_MESSAGE_MAX.
static size_t message_len(const struct socks *socks)
{
    if (socks->state == SOCKS_REQUEST) {
        return request_len(socks);
    }
    if (socks->len < 2) {
        return 2;
    }
    size_t first = 2 + (size_t)socks->message[1];
    if (socks->state == SOCKS_GREETING) {
        return first;
    }
    return socks->len <= first ? first + 1 : first + 1 + socks->message[first];
}

static bool send_reply(struct buffer *reply, uint8_t version, uint8_t code)
{
    uint8_t bytes[2] = {version, code};
    return buffer_append(reply, (struct slice){bytes, sizeof(bytes)});
}

static enum ingress_step bad(struct buffer *reply, enum socks_reply code)
{
    (void)socks_put_reply(reply, code); // without it the client only sees the end
    return INGRESS_STEP_BAD;
}

static enum ingress_step on_greeting(struct socks *socks, struct buffer *reply, struct fault *fault)
{
    const uint8_t *methods = socks->message + 2;
    size_t count = socks->message[1];
    bool has_none = count > 0 && memchr(methods, METHOD_NONE, count) != NULL;
    bool has_password = count > 0 && memchr(methods, METHOD_PASSWORD, count) != NULL;
    if (!has_none && !has_password) {
        (void)fault_set(fault, 400,
                        "SOCKS5 client offers neither 'no authentication' nor a password");
        (void)send_reply(reply, SOCKS5_VERSION, METHOD_UNACCEPTABLE); // courtesy only
        return INGRESS_STEP_BAD;
    }
    if (!send_reply(reply, SOCKS5_VERSION, has_none ? METHOD_NONE : METHOD_PASSWORD)) {
        (void)fault_set(fault, 503, "out of memory");
        return INGRESS_STEP_BAD;
    }
    socks->state = has_none ? SOCKS_REQUEST : SOCKS_PASSWORD;
    return INGRESS_STEP_REPLY;
}

static enum ingress_step on_password(struct socks *socks, struct buffer *reply, struct fault *fault)
{
    if (!send_reply(reply, PASSWORD_VERSION, 0)) {
        (void)fault_set(fault, 503, "out of memory");
        return INGRESS_STEP_BAD;
    }
    socks->state = SOCKS_REQUEST;
    return INGRESS_STEP_REPLY;
}

static bool read_name(const struct socks *socks, struct endpoint *out_target, struct fault *fault)
{
    char quote[FAULT_QUOTE_MAX];
    struct slice name = {socks->message + 5, socks->message[4]};
    return endpoint_set_host(out_target, name) ||
           fault_set(fault, 400, "bad host name '%s' in a SOCKS5 request",
                     fault_quote(name, quote));
}

static bool read_address(int family, const uint8_t *bytes, struct endpoint *out_target,
                         struct fault *fault)
{
    char text[INET6_ADDRSTRLEN];
    return (inet_ntop(family, bytes, text, sizeof(text)) != NULL &&
            endpoint_set_host(out_target, slice_of_text(text))) ||
           fault_set(fault, 400, "bad address in a SOCKS5 request");
}

static enum ingress_step on_request(struct socks *socks, struct buffer *reply, struct fault *fault)
{
    const uint8_t *message = socks->message;
    if (message[1] != COMMAND_CONNECT) {
        (void)fault_set(fault, 400, "SOCKS5 command %u, only CONNECT (1) is supported", message[1]);
        return bad(reply, SOCKS_COMMAND_NOT_SUPPORTED);
    }
    if (message[2] != 0) {
        (void)fault_set(fault, 400, "reserved byte of a SOCKS5 request is 0x%02x", message[2]);
        return bad(reply, SOCKS_GENERAL_FAILURE);
    }
    struct endpoint target = {0};
    bool is_fine;
    switch (message[3]) {
    case ADDRESS_V4:
        is_fine = read_address(AF_INET, message + 4, &target, fault);
        break;
    case ADDRESS_V6:
        is_fine = read_address(AF_INET6, message + 4, &target, fault);
        break;
    case ADDRESS_NAME:
        is_fine = read_name(socks, &target, fault);
        break;
    default:
        (void)fault_set(fault, 400, "SOCKS5 address type %u, expected 1, 3 or 4", message[3]);
        return bad(reply, SOCKS_ADDRESS_NOT_SUPPORTED);
    }
    target.port = (uint16_t)(message[socks->len - 2] << 8 | message[socks->len - 1]);
    if (is_fine && target.port == 0) {
        is_fine = fault_set(fault, 400, "port 0 in a SOCKS5 request");
    }
    if (!is_fine) {
        return bad(reply, SOCKS_GENERAL_FAILURE);
    }
    socks->target = target;
    return INGRESS_STEP_DONE;
}

enum ingress_step socks_feed(struct socks *socks, struct slice bytes, size_t *out_consumed,
                             struct buffer *reply, struct fault *fault)
{
    uint8_t version = socks->state == SOCKS_PASSWORD ? PASSWORD_VERSION : SOCKS5_VERSION;
    size_t taken = 0;
    while (socks->len < message_len(socks)) {
        if (taken == bytes.len) {
            *out_consumed = taken;
            return INGRESS_STEP_MORE;
        }
        assert(socks->len < SOCKS_MESSAGE_MAX);
        socks->message[socks->len++] = bytes.data[taken++];
        if (socks->message[0] != version) {
            break; // its length can't be told
        }
    }
    *out_consumed = taken;
    if (socks->message[0] != version) {
        (void)fault_set(fault, 400, "SOCKS5 message begins with 0x%02x, expected 0x%02x",
                        socks->message[0], version);
        return bad(reply, SOCKS_GENERAL_FAILURE);
    }
    enum ingress_step step = INGRESS_STEP_BAD;
    switch (socks->state) {
    case SOCKS_GREETING:
        step = on_greeting(socks, reply, fault);
        break;
    case SOCKS_PASSWORD:
        step = on_password(socks, reply, fault);
        break;
    case SOCKS_REQUEST:
        step = on_request(socks, reply, fault);
        break;
    }
    socks->len = 0;
    return step;
}
