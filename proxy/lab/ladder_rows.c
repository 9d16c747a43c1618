#include "ladder_rows.h"

#include <stdlib.h>
#include <string.h>

#include "ladder_notes.h"
#include "wire.h"

// ---- messages

// message_name writes "client_hello" as the RFCs do: "ClientHello".
static const char *message_name(struct ladder_making *making, uint8_t type)
{
    char name[64];
    size_t len = 0;
    bool begins = true;
    for (const char *c = handshake_name(type); *c != '\0' && len + 1 < sizeof(name); c++) {
        if (*c == '_') {
            begins = true;
            continue;
        }
        name[len++] = begins && *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
        begins = false;
    }
    return ladder_text_or(arena_text(making->arena, (struct slice){(const uint8_t *)name, len}),
                          "");
}

static struct ladder_row *row_new(struct ladder_making *making, enum side side, int64_t at_us)
{
    if (making->count == making->max) {
        return NULL;
    }
    struct ladder_row *row = &making->rows[making->count++];
    *row = (struct ladder_row){.side = side, .at_us = at_us, .label = ""};
    return row;
}

static enum ladder_way way_of(enum side side, bool sent)
{
    return (side == CLIENT) == sent ? LADDER_LEFT : LADDER_RIGHT;
}

// What one leg's hellos are: the first and the second of each kind.
struct hellos {
    size_t client, server;
};

static void add_handshake(struct ladder_making *making, struct ladder_row *row,
                          const struct leg_evidence *leg, const struct moment *moment,
                          struct hellos *seen)
{
    bool is_retry = leg->retry_request.len > 0;
    bool is_tls13 = leg->version == VERSION_TLS13;
    row->label = message_name(making, moment->type);
    switch ((enum handshake_type)moment->type) {
    case HANDSHAKE_CLIENT_HELLO:
        if (seen->client++ > 0) {
            row->label = ladder_say(making, "ClientHello, the second", "ClientHello（2 回目）");
            ladder_note_client_hello(making, row, leg->second_client_hello, false);
        } else {
            ladder_note_client_hello(making, row, leg->client_hello, leg->is_sslv2_hello);
        }
        return;
    case HANDSHAKE_SERVER_HELLO:
        if (seen->server++ == 0 && is_retry) {
            row->label = "HelloRetryRequest";
            ladder_note_server_hello(making, row, leg->retry_request, leg);
        } else {
            ladder_note_server_hello(making, row, leg->server_hello, leg);
        }
        return;
    case HANDSHAKE_CERTIFICATE:
        // The server's is in the chain; a client's is told by a flag.
        if (moment->sent == (row->side == CLIENT)) {
            ladder_note_certificate(making, row, leg);
        } else if (!leg->has_client_certificate) {
            ladder_note(row, ladder_say(making, "empty: no client certificate",
                                        "空：クライアント証明書なし"));
        }
        return;
    case HANDSHAKE_NEW_SESSION_TICKET:
        row->style = STYLE_DIM;
        return;
    case HANDSHAKE_CERTIFICATE_REQUEST:
        ladder_note(
            row, ladder_say(making, "a client certificate is wanted", "クライアント証明書を要求"));
        return;
    case HANDSHAKE_HELLO_REQUEST:
    case HANDSHAKE_END_OF_EARLY_DATA:
    case HANDSHAKE_ENCRYPTED_EXTENSIONS:
    case HANDSHAKE_SERVER_KEY_EXCHANGE:
    case HANDSHAKE_SERVER_HELLO_DONE:
    case HANDSHAKE_CERTIFICATE_VERIFY:
    case HANDSHAKE_CLIENT_KEY_EXCHANGE:
    case HANDSHAKE_FINISHED:
    case HANDSHAKE_CERTIFICATE_STATUS:
    case HANDSHAKE_KEY_UPDATE:
    case HANDSHAKE_COMPRESSED_CERTIFICATE:
    case HANDSHAKE_MESSAGE_HASH:
        break;
    }
    if (moment->type == HANDSHAKE_ENCRYPTED_EXTENSIONS && is_tls13 && leg->alpn.len > 0) {
        ladder_note(row,
                    arena_printf(making->arena, "ALPN %s", ladder_printable(making, leg->alpn)));
    }
}

// moment_at: the client's first hello is peeked at and then kept until the client leg begins. In
// server-first order it was whole when the origin was dialled.
static int64_t moment_at(const struct ladder_making *making, enum side side,
                         const struct moment *moment)
{
    int64_t dial_us = making->evidence->legs[SERVER].dial_us;
    bool was_kept = side == CLIENT && making->evidence->order == ORDER_SERVER_FIRST &&
                    moment == making->evidence->legs[CLIENT].moments &&
                    moment->content_type == CONTENT_HANDSHAKE && !moment->sent;
    return was_kept && dial_us > 0 && dial_us < moment->at_us ? dial_us : moment->at_us;
}

static void add_moment(struct ladder_making *making, enum side side, const struct moment *moment,
                       struct hellos *seen)
{
    const struct leg_evidence *leg = &making->evidence->legs[side];
    bool is_ccs = moment->content_type == CONTENT_CHANGE_CIPHER_SPEC;
    if (is_ccs && leg->version == VERSION_TLS13) {
        return; // a dummy for middleboxes (RFC 8446 appendix D.4)
    }
    struct ladder_row *row = row_new(making, side, moment->at_us);
    if (row == NULL) {
        return;
    }
    row->way = way_of(side, moment->sent);
    row->at_us = moment_at(making, side, moment);
    if (is_ccs) {
        row->label = "ChangeCipherSpec";
        row->style = STYLE_DIM;
    } else if (moment->content_type == CONTENT_ALERT) {
        bool is_end = moment->type == ALERT_CLOSE_NOTIFY;
        row->label = ladder_text_or(
            arena_printf(making->arena, is_end ? "%s" : "✗ alert %s", alert_name(moment->type)),
            "alert");
        row->style = is_end ? STYLE_DIM : moment->is_fatal ? STYLE_BAD : STYLE_WARN;
    } else {
        add_handshake(making, row, leg, moment, seen);
    }
}

// add_kept_hello: a client leg that never began has no messages, but its hello had come by then.
static void add_kept_hello(struct ladder_making *making, struct hellos *seen)
{
    const struct leg_evidence *leg = &making->evidence->legs[CLIENT];
    struct moment moment = {.at_us = making->evidence->legs[SERVER].dial_us,
                            .content_type = CONTENT_HANDSHAKE,
                            .type = HANDSHAKE_CLIENT_HELLO};
    if (leg->moment_count == 0 && leg->client_hello.len > 0) {
        add_moment(making, CLIENT, &moment, seen);
    }
}

// ---- what is no message

static const char *secured_text(struct ladder_making *making, const struct leg_evidence *leg)
{
    const char *text =
        arena_printf(making->arena, ladder_say(making, "✓ secured: %s%s%s", "✓ 確立：%s%s%s"),
                     version_name(leg->version),
                     leg->is_resumed ? ladder_say(making, ", resumed", "（再開）") : "",
                     leg->alpn.len > 0 ? ", " : "");
    if (text != NULL && leg->alpn.len > 0) {
        text = arena_printf(making->arena, "%s%s", text, ladder_printable(making, leg->alpn));
    }
    return ladder_text_or(text, "✓ secured");
}

static int64_t at_least(int64_t at_us, int64_t least_us)
{
    return at_us > least_us ? at_us : least_us;
}

static void say_ending(struct ladder_making *making, struct ladder_row *row,
                       const struct ending *ending)
{
    const struct leg_evidence *leg = &making->evidence->legs[row->side];
    const struct leg_evidence *other = &making->evidence->legs[!row->side];
    bool from_peer = true;
    row->style = STYLE_BAD;
    switch (ending->kind) {
    case ENDING_SECURED:
        row->label = secured_text(making, leg);
        row->style = STYLE_GOOD;
        from_peer = false;
        break;
    case ENDING_RESET:
        row->label = ladder_say(making, "✗ reset", "✗ リセット");
        break;
    case ENDING_CLOSED:
        row->label = ladder_say(making, "✗ closed", "✗ 切断");
        break;
    case ENDING_SILENCE:
        row->label = ladder_say(making, "✗ nothing came, in time", "✗ 時間内に応答なし");
        from_peer = false;
        break;
    case ENDING_NOT_TLS:
        row->label = ladder_say(making, "✗ this is not TLS", "✗ TLS ではない");
        ladder_note(row, ladder_printable(making, slice_part(leg->first_bytes, 0, 24)));
        break;
    case ENDING_UNREACHABLE:
        row->label = ladder_say(making, "✗ no connection", "✗ 接続できない");
        ladder_note(row, ending->detail != NULL
                             ? ladder_printable(making, slice_of_text(ending->detail))
                             : NULL);
        from_peer = false;
        break;
    case ENDING_REFUSED:
        row->label = ladder_say(making, "✗ refuses the certificate", "✗ 証明書を拒否");
        from_peer = false;
        break;
    case ENDING_ABANDONED:
        // It is noted at the same time as the end of the other leg, and follows from it.
        row->at_us = at_least(ending->at_us, other->handshake.at_us + 1);
        row->label = ladder_say(making, "the other leg failed", "もう一方のレッグが失敗");
        row->style = STYLE_DIM;
        from_peer = false;
        break;
    case ENDING_DROPPED:
        row->label = ladder_say(making, "dropped", "打ち切り");
        from_peer = false;
        break;
    case ENDING_ALERT_SEALED:
        row->label = ladder_say(making, "✗ an alert, encrypted", "✗ 暗号化されたアラート");
        break;
    case ENDING_NONE:
    case ENDING_ALERT_SENT:
    case ENDING_ALERT_RECEIVED: // the alert has a row of its own
        making->count--;
        return;
    }
    row->way = from_peer ? way_of(row->side, false) : LADDER_STILL;
}

static bool is_shown(enum ending_kind kind)
{
    return kind != ENDING_NONE && kind != ENDING_ALERT_SENT && kind != ENDING_ALERT_RECEIVED;
}

static void add_ends(struct ladder_making *making, enum side side)
{
    const struct leg_evidence *leg = &making->evidence->legs[side];
    struct ladder_row *row;
    if (side == SERVER && leg->connected_us > 0) {
        row = row_new(making, side, leg->connected_us);
        if (row != NULL) {
            row->way = LADDER_RIGHT;
            row->style = STYLE_DIM;
            row->label = "TCP";
        }
    }
    if (is_shown(leg->handshake.kind) && leg->is_started) {
        row = row_new(making, side, leg->handshake.at_us);
        if (row != NULL) {
            say_ending(making, row, &leg->handshake);
        }
    }
    if (leg->close.kind == ENDING_RESET || leg->close.kind == ENDING_CLOSED) {
        row = row_new(making, side, leg->close.at_us);
        if (row != NULL) {
            say_ending(making, row, &leg->close);
            row->style = leg->close.kind == ENDING_RESET ? STYLE_BAD : STYLE_DIM;
            row->label = leg->close.kind == ENDING_RESET
                             ? ladder_say(making, "✗ reset", "✗ リセット")
                             : ladder_say(making, "closes", "切断");
        }
    }
}

static void add_ingress(struct ladder_making *making)
{
    const struct evidence *evidence = making->evidence;
    char target[ENDPOINT_TEXT_MAX];
    if (evidence->ingress != INGRESS_CONNECT || !evidence->has_target) {
        return;
    }
    struct ladder_row *row = row_new(making, CLIENT, 0);
    if (row != NULL) {
        row->way = LADDER_RIGHT;
        row->style = STYLE_DIM;
        row->label = ladder_text_or(
            arena_printf(making->arena, "CONNECT %s", endpoint_text(&evidence->target, target)),
            "CONNECT");
    }
}

// answered_at is when the answer's end was seen on a leg: the first close_notify towards the
// client, else the end.
static int64_t answered_at(const struct leg_evidence *leg, enum side side)
{
    for (size_t i = 0; i < leg->moment_count; i++) {
        const struct moment *moment = &leg->moments[i];
        if (moment->content_type == CONTENT_ALERT && moment->type == ALERT_CLOSE_NOTIFY &&
            moment->sent == (side == CLIENT)) {
            return moment->at_us;
        }
    }
    return leg->close.at_us != 0 ? leg->close.at_us : leg->secured_us;
}

static void add_data(struct ladder_making *making, enum side side, int status)
{
    const struct leg_evidence *leg = &making->evidence->legs[side];
    if (status == 0 || leg->handshake.kind == ENDING_NONE) {
        return;
    }
    struct ladder_row *row = row_new(making, side, answered_at(leg, side));
    if (row != NULL) {
        row->way = way_of(side, side == CLIENT);
        row->label = ladder_text_or(arena_printf(making->arena, "HTTP %d", status), "HTTP");
        row->style = status >= 400 ? STYLE_BAD : STYLE_PLAIN;
    }
}

// sort keeps the order of rows at the same time: insertion.
static void sort(struct ladder_row *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct ladder_row row = rows[i];
        size_t at = i;
        for (; at > 0 && rows[at - 1].at_us > row.at_us; at--) {
            rows[at] = rows[at - 1];
        }
        rows[at] = row;
    }
}

size_t ladder_rows(const struct evidence *evidence, int client_status, enum language language,
                   struct arena *arena, struct ladder_row *out, size_t max)
{
    struct ladder_making making = {
        .evidence = evidence, .arena = arena, .rows = out, .max = max, .language = language};
    add_ingress(&making);
    for (enum side side = CLIENT; side < SIDES; side++) {
        const struct leg_evidence *leg = &evidence->legs[side];
        struct hellos seen = {0};
        add_data(&making, side, side == CLIENT ? client_status : leg->http_status);
        if (side == CLIENT) {
            add_kept_hello(&making, &seen);
        }
        for (size_t i = 0; i < leg->moment_count; i++) {
            add_moment(&making, side, &leg->moments[i], &seen);
        }
        add_ends(&making, side);
    }
    sort(out, making.count);
    return making.count;
}
