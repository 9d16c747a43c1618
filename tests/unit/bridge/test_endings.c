// An end is passed on as it was, behind all the bytes before it: whoever ends, in both orders of
// the handshakes, on TLS 1.2 and 1.3, and inside an HTTPS proxy's own TLS.
#include "stage.h"

enum end {
    END_NOTIFY,
    END_FIN,
    END_RESET
};

static const struct row {
    const char *name;
    enum side from;
    enum end end;
    bool is_outer;
} rows[] = {
    {"the origin's close_notify", SERVER, END_NOTIFY, false},
    {"the origin's bare FIN", SERVER, END_FIN, false},
    {"the origin's reset", SERVER, END_RESET, false},
    {"the client's close_notify", CLIENT, END_NOTIFY, false},
    {"the client's bare FIN", CLIENT, END_FIN, false},
    {"the client's reset", CLIENT, END_RESET, false},
    {"the origin's close_notify, to a client inside TLS", SERVER, END_NOTIFY, true},
    {"the origin's bare FIN, to a client inside TLS", SERVER, END_FIN, true},
    {"the origin's reset, to a client inside TLS", SERVER, END_RESET, true},
    {"the close_notify of a client inside TLS", CLIENT, END_NOTIFY, true},
    {"the bare FIN of a client inside TLS", CLIENT, END_FIN, true},
    {"the reset of a client inside TLS", CLIENT, END_RESET, true},
};

static void client_begins(struct stage *stage, bool is_outer, int version)
{
    char text[256];
    SSL_CTX *context = client_context(stage, true);
    (void)SSL_CTX_set_max_proto_version(context, version);
    if (!is_outer) {
        peer_init(&stage->client, tunnel_open(stage, "localhost"), context, false);
        return;
    }
    struct peer *outer = &stage->outer;
    peer_init(outer, client_open(stage), client_context(stage, true), false);
    assert_true(peers_shake(outer, NULL));
    (void)snprintf(text, sizeof(text), "CONNECT localhost:%u HTTP/1.1\r\nHost: x\r\n\r\n",
                   stage->port);
    peer_say(outer, text);
    assert_int_equal(peer_hear(outer, "\r\n\r\n", text, sizeof(text)), HEARD_WANTED);
    peer_init(&stage->client, outer->fd, context, false);
    stage->client.outer = outer;
}

static void secure(struct stage *stage, bool is_outer, int version, bool is_client_first)
{
    struct peer *client = &stage->client;
    client_begins(stage, is_outer, version);
    (void)SSL_do_handshake(client->ssl);
    peer_flush(client);
    if (is_client_first) {
        shake_alone(client);
        peer_flush(client);
    }
    peer_init(&stage->origin, origin_accept(stage), origin_context(stage, "localhost"), true);
    assert_true(peers_shake(client, &stage->origin));
}

static void end_leg(struct peer *peer, enum end end)
{
    switch (end) {
    case END_NOTIFY:
        (void)SSL_shutdown(peer->ssl);
        peer_flush(peer);
        break;
    case END_FIN:
        (void)shutdown(peer->fd, SHUT_WR);
        break;
    case END_RESET:
        peer = peer->outer != NULL ? peer->outer : peer;
        reset(peer->fd);
        peer->fd = -1;
        break;
    }
}

#define BULK_LEN 300000

static void check_end(struct stage *stage, const struct row *row)
{
    static char bulk[BULK_LEN + 1], heard[BULK_LEN + 1000];
    static const enum heard wanted[] = {HEARD_NOTIFY, HEARD_FIN, HEARD_RESET};
    struct peer *peers[] = {&stage->client, &stage->origin};
    struct peer *from = peers[row->from], *to = peers[!row->from];
    memset(bulk, 'b', BULK_LEN);
    if (row->end != END_RESET) { // a reset may overtake what is on its way
        peer_say(from, bulk);
    }
    end_leg(from, row->end);
    assert_int_equal(peer_hear(to, NULL, heard, sizeof(heard)), wanted[row->end]);
    if (row->end != END_RESET) {
        assert_int_equal(strlen(heard), BULK_LEN);
    }
    if (row->end == END_NOTIFY) { // the other direction is still open
        peer_say(to, "answer");
        assert_int_equal(peer_hear(from, "answer", heard, sizeof(heard)), HEARD_WANTED);
    }
}

static void *stages[2]; // one an order
static const char *const orders[] = {"server-first", "client-first"};

static void end_is_passed_on(void **state)
{
    const struct row *row = *state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < COUNT(orders); i++) {
        struct stage *stage = stages[i];
        for (size_t j = 0; j < COUNT(versions); j++) {
            secure(stage, row->is_outer, versions[j], i == 1);
            check_end(stage, row);
            peer_clear(&stage->client);
            peer_clear(&stage->origin);
            peer_clear(&stage->outer);
        }
    }
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < COUNT(orders); i++) {
        (void)stage_open(&stages[i]);
        stage_set(stages[i], "order", orders[i]);
        stage_start(stages[i]);
        origin_open(stages[i]);
    }
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    int failed = RUN_ROWS(rows, end_is_passed_on);
    for (size_t i = 0; i < COUNT(orders); i++) {
        (void)stage_close(&stages[i]);
    }
    return failed;
}
