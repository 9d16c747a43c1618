#include "capture_flow.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define FIRST_BYTES_MAX 64
// A client that leaves a server which has said nothing after so long was waiting for it.
#define PATIENCE_US ((int64_t)1000000)

static struct leg_evidence *leg_of_side(struct capture_flow *flow, enum side side)
{
    return &flow->evidence.legs[side];
}

static enum side side_of(const struct capture_flow *flow, unsigned direction)
{
    return direction == flow->client ? CLIENT : SERVER;
}

static int64_t since(const struct capture_flow *flow)
{
    return flow->now_us - flow->opened_us;
}

static void end_leg(struct capture_flow *flow, enum side side, enum ending_kind kind, uint8_t alert,
                    int os_error)
{
    flow->is_over = true;
    leg_evidence_end(leg_of_side(flow, side), kind, alert, os_error, since(flow), NULL);
}

// ---- who they are

static const char *end_text(struct capture_flow *flow, const struct packet_end *end, bool is_ip6)
{
    char address[INET6_ADDRSTRLEN] = "";
    (void)inet_ntop(is_ip6 ? AF_INET6 : AF_INET, end->address, address, sizeof(address));
    return arena_printf(flow->arena, is_ip6 ? "[%s]:%u" : "%s:%u", address, end->port);
}

static void name_ends(struct capture_flow *flow, const struct flow_item *item)
{
    const struct tcp_segment *segment = item->segment;
    bool is_forth = item->direction == flow->client;
    const struct packet_end *client = is_forth ? &segment->source : &segment->target;
    const struct packet_end *server = is_forth ? &segment->target : &segment->source;
    struct evidence *evidence = &flow->evidence;
    const char *text = end_text(flow, server, segment->is_ip6);
    evidence->legs[SERVER].addresses_tried = 1;
    evidence->client_address = end_text(flow, client, segment->is_ip6);
    evidence->legs[SERVER].peer_address = text;
    evidence->legs[CLIENT].peer_address = evidence->client_address;
    evidence->has_target =
        text != NULL && endpoint_parse(slice_of_text(text), 0, "captured", &evidence->target, NULL);
}

// A name says more than an address; one that no host has stays in the hello alone.
static void name_target(struct capture_flow *flow, const struct client_hello *hello)
{
    struct endpoint named = flow->evidence.target;
    if (!hello->has_sni) {
        return;
    }
    const char *sni = arena_text(flow->arena, hello->sni);
    flow->evidence.legs[CLIENT].sni_sent = sni;
    flow->evidence.legs[SERVER].sni_sent = sni;
    if (endpoint_set_host(&named, hello->sni)) {
        flow->evidence.target = named;
    }
}

// ---- TLS

static void note_moment(struct capture_flow *flow, enum side side, uint8_t content_type,
                        uint8_t type, bool is_fatal, size_t len)
{
    for (enum side leg = CLIENT; leg < SIDES; leg++) {
        leg_evidence_moment(leg_of_side(flow, leg), (struct moment){.at_us = since(flow),
                                                                    .sent = side != leg,
                                                                    .content_type = content_type,
                                                                    .type = type,
                                                                    .is_fatal = is_fatal,
                                                                    .len = (uint32_t)len});
    }
}

static void note_client_hello(struct capture_flow *flow, struct slice message, bool is_sslv2)
{
    struct leg_evidence *client = leg_of_side(flow, CLIENT), *server = leg_of_side(flow, SERVER);
    struct client_hello hello;
    size_t at;
    struct slice kept = arena_copy(flow->arena, message);
    if (client->client_hello.len > 0) {
        client->second_client_hello = kept;
        server->second_client_hello = kept;
        return;
    }
    enum parse parsed = is_sslv2 ? client_hello_parse_sslv2(kept, &hello, &at)
                                 : client_hello_parse(kept, &hello, &at);
    client->client_hello = kept;
    server->client_hello = kept;
    client->is_sslv2_hello = is_sslv2;
    server->is_sslv2_hello = is_sslv2;
    flow->hello_us = flow->now_us;
    if (parsed == PARSE_OK) {
        name_target(flow, &hello);
    }
}

static void note_server_hello(struct capture_flow *flow, struct slice message)
{
    struct server_hello hello;
    size_t at;
    if (server_hello_parse(message, &hello, &at) != PARSE_OK) {
        return;
    }
    struct slice kept = arena_copy(flow->arena, message);
    for (enum side side = CLIENT; side < SIDES; side++) {
        struct leg_evidence *leg = leg_of_side(flow, side);
        if (hello.is_retry) {
            leg->retry_request = kept;
            continue;
        }
        leg->server_hello = kept;
        leg->version = hello.version;
        leg->suite = hello.cipher_suite;
        leg->group = hello.group;
    }
}

static void note_alert(struct capture_flow *flow, enum side side, const struct stream_item *item)
{
    uint16_t version = leg_of_side(flow, SERVER)->version;
    bool is_new = version >= VERSION_TLS13 && item->alert != ALERT_USER_CANCELED;
    bool is_fatal =
        item->alert != ALERT_CLOSE_NOTIFY && (item->alert_level == ALERT_LEVEL_FATAL || is_new);
    note_moment(flow, side, CONTENT_ALERT, item->alert, is_fatal, 2);
    if (is_fatal && !flow->is_over) {
        end_leg(flow, side, ENDING_ALERT_RECEIVED, item->alert, 0);
    }
}

struct feeding {
    struct capture_flow *flow;
    enum side side;
};

static void on_item(void *user, const struct stream_item *item)
{
    struct feeding *feeding = user;
    struct capture_flow *flow = feeding->flow;
    switch (item->kind) {
    case STREAM_RECORD:
        break;
    case STREAM_MESSAGE:
        note_moment(flow, feeding->side, CONTENT_HANDSHAKE, item->bytes.data[0], false,
                    item->bytes.len);
        if (feeding->side == CLIENT && item->bytes.data[0] == HANDSHAKE_CLIENT_HELLO) {
            note_client_hello(flow, item->bytes, false);
        } else if (feeding->side == SERVER && item->bytes.data[0] == HANDSHAKE_SERVER_HELLO) {
            note_server_hello(flow, item->bytes);
        }
        break;
    case STREAM_ALERT:
        note_alert(flow, feeding->side, item);
        break;
    case STREAM_SSLV2:
        note_client_hello(flow, item->bytes, true);
        break;
    }
}

static void keep_first(struct capture_flow *flow, enum side side, struct slice bytes)
{
    struct slice *first = &leg_of_side(flow, side)->first_bytes;
    if (first->len == 0) {
        *first = arena_copy(flow->arena, slice_part(bytes, 0, FIRST_BYTES_MAX));
    }
}

static void feed(struct capture_flow *flow, unsigned direction, struct slice bytes)
{
    struct feeding feeding = {flow, side_of(flow, direction)};
    leg_of_side(flow, feeding.side)->is_started = true;
    leg_of_side(flow, feeding.side)->bytes_received += bytes.len;
    keep_first(flow, feeding.side, bytes);
    enum parse parsed = tls_stream_feed(&flow->streams[direction], bytes, on_item, &feeding);
    bool is_answer = feeding.side == SERVER && leg_of_side(flow, CLIENT)->client_hello.len > 0 &&
                     leg_of_side(flow, SERVER)->server_hello.len == 0;
    if (parsed == PARSE_BAD && is_answer && !flow->is_over) {
        end_leg(flow, SERVER, ENDING_NOT_TLS, 0, 0);
    }
}

// Without a SYN the client is who said a ClientHello first.
static bool is_client_hello(struct slice bytes)
{
    bool is_tls = bytes.len > 5 && bytes.data[0] == CONTENT_HANDSHAKE && bytes.data[1] == 3 &&
                  bytes.data[5] == HANDSHAKE_CLIENT_HELLO;
    bool is_sslv2 = bytes.len > 4 && (bytes.data[0] & 0x80) != 0 &&
                    bytes.data[2] == HANDSHAKE_CLIENT_HELLO && bytes.data[3] <= 3;
    return is_tls || is_sslv2;
}

static void take_bytes(struct capture_flow *flow, const struct flow_item *item)
{
    if (!flow->is_client_known && is_client_hello(item->bytes)) {
        flow->is_client_known = true;
        flow->client = item->direction;
        name_ends(flow, item);
    }
    flow->has_bytes[item->direction] = true;
    if (flow->is_client_known) {
        feed(flow, item->direction, item->bytes);
    }
}

// ---- how it ends

// What the client meets before a server has answered its hello. What comes after a ServerHello is
// encrypted, or has told its alert already.
static void take_end(struct capture_flow *flow, const struct flow_item *item)
{
    enum side side = side_of(flow, item->direction);
    bool is_reset = item->event == FLOW_RESET;
    bool has_hello = leg_of_side(flow, CLIENT)->client_hello.len > 0;
    flow->has_ended[item->direction] = true;
    if (flow->is_over || !flow->is_client_known) {
        return;
    }
    bool is_refused = is_reset && side == SERVER && flow->has_syn[flow->client] &&
                      !flow->has_syn[!flow->client] && !has_hello;
    if (is_refused) {
        end_leg(flow, SERVER, ENDING_UNREACHABLE, 0, ECONNREFUSED);
        return;
    }
    if (!has_hello || leg_of_side(flow, SERVER)->server_hello.len > 0) {
        return;
    }
    bool was_waiting = side == CLIENT && !flow->has_bytes[!flow->client] &&
                       flow->now_us - flow->hello_us >= PATIENCE_US;
    if (was_waiting) {
        end_leg(flow, SERVER, ENDING_SILENCE, 0, 0);
        return;
    }
    end_leg(flow, side, is_reset ? ENDING_RESET : ENDING_CLOSED, 0, is_reset ? ECONNRESET : 0);
}

static void take_syn(struct capture_flow *flow, const struct flow_item *item)
{
    flow->has_syn[item->direction] = true;
    if (flow->is_client_known) {
        return;
    }
    flow->is_client_known = true;
    flow->client = item->segment->has_ack ? !item->direction : item->direction;
    name_ends(flow, item);
}

void capture_flow_take(struct capture_flow *flow, const struct flow_item *item)
{
    flow->now_us = item->at_us;
    if (flow->opened_us == 0) {
        flow->opened_us = item->at_us;
        flow->evidence.opened_us = item->at_us;
        flow->evidence.is_passed = true;
        flow->evidence.is_captured = true;
    }
    switch (item->event) {
    case FLOW_BYTES:
        take_bytes(flow, item);
        break;
    case FLOW_SYN:
        take_syn(flow, item);
        break;
    case FLOW_FIN:
    case FLOW_RESET:
        take_end(flow, item);
        break;
    case FLOW_GAP:
        flow->has_gap = true;
        flow->is_over = flow->is_over || leg_of_side(flow, SERVER)->server_hello.len == 0;
        break;
    }
}

bool capture_flow_is_told(const struct capture_flow *flow)
{
    return flow->evidence.legs[CLIENT].client_hello.len > 0 ||
           flow->evidence.legs[SERVER].handshake.kind == ENDING_UNREACHABLE;
}

void capture_flow_clear(struct capture_flow *flow)
{
    tls_stream_clear(&flow->streams[0]);
    tls_stream_clear(&flow->streams[1]);
}
