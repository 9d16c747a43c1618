#include "ladder_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "wire.h"

struct making {
    const struct evidence *evidence;
    struct arena *arena;
    struct ladder_row *rows;
    size_t count, max;
    enum language language;
};

static const char *say(const struct making *making, const char *english, const char *japanese)
{
    return making->language == LANGUAGE_JA ? japanese : english;
}

// ---- texts

static const char *text_or(const char *text, const char *other)
{
    return text != NULL ? text : other;
}

// printable gives what a peer said as printable ASCII.
static const char *printable(struct making *making, struct slice bytes)
{
    struct buffer text = {0};
    const char *copy = NULL;
    if (text_escape(&text, bytes)) {
        copy = arena_text(making->arena, buffer_slice(&text));
    }
    buffer_clear(&text);
    return text_or(copy, "");
}

// message_name writes "client_hello" as the RFCs do: "ClientHello".
static const char *message_name(struct making *making, uint8_t type)
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
    return text_or(arena_text(making->arena, (struct slice){(const uint8_t *)name, len}), "");
}

static void note(struct ladder_row *row, const char *text)
{
    for (size_t i = 0; i < LADDER_NOTES_MAX && text != NULL && text[0] != '\0'; i++) {
        if (row->notes[i] == NULL) {
            row->notes[i] = text;
            return;
        }
    }
}

static const char *names_text(struct making *making, struct slice alpn)
{
    struct buffer text = {0};
    struct slice name;
    for (size_t at = 0; alpn_next(alpn, &at, &name);) {
        (void)(buffer_append_text(&text, text.len > 0 ? ", " : "") && text_escape(&text, name));
    }
    const char *copy = arena_text(making->arena, buffer_slice(&text));
    buffer_clear(&text);
    return text_or(copy, "");
}

// ---- hellos

static const char *versions_text(struct making *making, const struct client_hello *hello)
{
    uint16_t low = 0, high = 0;
    for (uint16_t version = VERSION_SSL30; version <= VERSION_TLS13; version++) {
        if (client_hello_offers_version(hello, version)) {
            low = low == 0 ? version : low;
            high = version;
        }
    }
    if (high == 0) {
        return say(making, "no version", "バージョンなし");
    }
    // Without supported_versions only the highest is said.
    if (!hello->has_versions) {
        return text_or(
            arena_printf(making->arena, say(making, "up to %s", "%s まで"), version_name(high)),
            "");
    }
    if (low == high) {
        return version_name(high);
    }
    return text_or(arena_printf(making->arena, say(making, "%s to %s", "%s～%s"), version_name(low),
                                version_name(high)),
                   "");
}

static size_t suite_count(const struct client_hello *hello)
{
    size_t count = 0;
    for (size_t at = 0; at + 1 < hello->cipher_suites.len; at += 2) {
        uint16_t id =
            (uint16_t)(hello->cipher_suites.data[at] << 8 | hello->cipher_suites.data[at + 1]);
        const struct suite *suite = suite_find(id);
        count += !is_grease(id) && (suite == NULL || suite->class != SUITE_SIGNALLING);
    }
    return count;
}

static const char *suites_text(struct making *making, const struct client_hello *hello)
{
    size_t count = suite_count(hello);
    if (count == 1) {
        for (size_t at = 0; at + 1 < hello->cipher_suites.len; at += 2) {
            uint16_t id =
                (uint16_t)(hello->cipher_suites.data[at] << 8 | hello->cipher_suites.data[at + 1]);
            const struct suite *suite = suite_find(id);
            if (!is_grease(id) && (suite == NULL || suite->class != SUITE_SIGNALLING)) {
                return suite_name(id);
            }
        }
    }
    return text_or(
        arena_printf(making->arena, say(making, "%zu cipher suites", "スイート %zu 個"), count),
        "");
}

static void note_client_hello(struct making *making, struct ladder_row *row, struct slice message,
                              bool is_sslv2)
{
    struct client_hello hello;
    size_t at;
    if (is_sslv2) {
        note(row, say(making, "in the format of SSL 2.0", "SSL 2.0 の形式"));
        return;
    }
    if (message.len == 0 || client_hello_parse(message, &hello, &at) != PARSE_OK) {
        note(row, say(making, "cannot be read", "解読できない"));
        return;
    }
    note(row, arena_printf(making->arena, "%s, %s", versions_text(making, &hello),
                           suites_text(making, &hello)));
    note(row, hello.has_sni ? arena_printf(making->arena, "SNI %s", printable(making, hello.sni))
                            : say(making, "no SNI", "SNI なし"));
    if (hello.has_alpn) {
        note(row, arena_printf(making->arena, "ALPN %s", names_text(making, hello.alpn)));
    }
}

static void note_server_hello(struct making *making, struct ladder_row *row, struct slice message,
                              const struct leg_evidence *leg)
{
    struct server_hello hello;
    size_t at;
    if (message.len == 0 || server_hello_parse(message, &hello, &at) != PARSE_OK) {
        note(row, say(making, "cannot be read", "解読できない"));
        return;
    }
    note(row, arena_printf(making->arena, "%s, %s", version_name(hello.version),
                           suite_name(hello.cipher_suite)));
    uint16_t group = hello.group != 0 ? hello.group : leg->group;
    if (group != 0) {
        note(row,
             arena_printf(making->arena,
                          hello.is_retry ? say(making, "asks for group %s", "グループ %s を要求")
                                         : say(making, "group %s", "グループ %s"),
                          group_name(group)));
    }
}

// names_line writes the first names of a certificate.
static const char *names_line(struct making *making, const struct cert_facts *leaf)
{
    struct buffer text = {0};
    for (size_t i = 0; i < leaf->name_count && i < 3; i++) {
        const char *colon = strchr(leaf->names[i], ':'); // "dns:…", "ip:…"
        (void)(buffer_append_text(&text, i > 0 ? ", " : "") &&
               text_escape(&text, slice_of_text(colon != NULL ? colon + 1 : leaf->names[i])));
    }
    const char *copy = leaf->name_count > 0
                           ? arena_printf(making->arena, say(making, "names: %s%s", "名前 %s%s"),
                                          buffer_text(&text), leaf->name_total > 3 ? ", ..." : "")
                           : say(making, "no names", "名前なし");
    buffer_clear(&text);
    return copy;
}

static void note_fault(struct ladder_row *row, const char *text)
{
    note(row, text);
    row->fault_note = text;
}

// What verification found in the leaf is marked, where it is something to be seen in it.
static void note_certificate(struct making *making, struct ladder_row *row,
                             const struct leg_evidence *leg)
{
    char date[CLOCK_TEXT_MAX];
    if (leg->chain_count == 0) {
        return;
    }
    const struct cert_facts *leaf = &leg->chain[0];
    uint32_t faults = leg->verification.done ? leg->verification.faults : 0;
    bool is_leafs = leg->verification.depth == 0;
    const char *subject = leaf->common_name != NULL ? leaf->common_name : leaf->subject;
    note(row, arena_printf(making->arena, "%s, %s", printable(making, slice_of_text(subject)),
                           leaf->key));
    const char *by = arena_printf(making->arena, say(making, "by %s", "発行者 %s"),
                                  printable(making, slice_of_text(leaf->issuer)));
    note(row, by);
    const uint32_t issuers = 1u << CERT_FAULT_SELF_SIGNED | 1u << CERT_FAULT_UNTRUSTED_ROOT |
                             1u << CERT_FAULT_CHAIN_INCOMPLETE |
                             1u << CERT_FAULT_SELF_SIGNED_REPLACED;
    row->fault_note = (faults & issuers) != 0 ? by : NULL;
    if ((faults & (1u << CERT_FAULT_HOSTNAME | 1u << CERT_FAULT_NO_SAN)) != 0) {
        note_fault(row, names_line(making, leaf));
    }
    if ((faults & 1u << CERT_FAULT_NOT_YET_VALID) != 0 && is_leafs) {
        note_fault(row, arena_printf(making->arena, say(making, "from %s", "有効開始 %s"),
                                     clock_date(leaf->not_before_us, date)));
        return;
    }
    const char *until = arena_printf(making->arena, say(making, "until %s", "有効期限 %s"),
                                     clock_date(leaf->not_after_us, date));
    note(row, until);
    row->fault_note =
        (faults & 1u << CERT_FAULT_EXPIRED) != 0 && is_leafs ? until : row->fault_note;
}

// ---- messages

static struct ladder_row *row_new(struct making *making, enum side side, int64_t at_us)
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

static void add_handshake(struct making *making, struct ladder_row *row,
                          const struct leg_evidence *leg, const struct moment *moment,
                          struct hellos *seen)
{
    bool is_retry = leg->retry_request.len > 0;
    bool is_tls13 = leg->version == VERSION_TLS13;
    row->label = message_name(making, moment->type);
    switch ((enum handshake_type)moment->type) {
    case HANDSHAKE_CLIENT_HELLO:
        if (seen->client++ > 0) {
            row->label = say(making, "ClientHello, the second", "ClientHello（2 回目）");
            note_client_hello(making, row, leg->second_client_hello, false);
        } else {
            note_client_hello(making, row, leg->client_hello, leg->is_sslv2_hello);
        }
        return;
    case HANDSHAKE_SERVER_HELLO:
        if (seen->server++ == 0 && is_retry) {
            row->label = "HelloRetryRequest";
            note_server_hello(making, row, leg->retry_request, leg);
        } else {
            note_server_hello(making, row, leg->server_hello, leg);
        }
        return;
    case HANDSHAKE_CERTIFICATE:
        // The server's is in the chain; a client's is told by a flag.
        if (moment->sent == (row->side == CLIENT)) {
            note_certificate(making, row, leg);
        } else if (!leg->has_client_certificate) {
            note(row, say(making, "empty: no client certificate", "空：クライアント証明書なし"));
        }
        return;
    case HANDSHAKE_NEW_SESSION_TICKET:
        row->style = STYLE_DIM;
        return;
    case HANDSHAKE_CERTIFICATE_REQUEST:
        note(row, say(making, "a client certificate is wanted", "クライアント証明書を要求"));
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
        note(row, arena_printf(making->arena, "ALPN %s", printable(making, leg->alpn)));
    }
}

// moment_at: the client's first hello is peeked at and then kept until the client leg begins. In
// server-first order it was whole when the origin was dialled.
static int64_t moment_at(const struct making *making, enum side side, const struct moment *moment)
{
    int64_t dial_us = making->evidence->legs[SERVER].dial_us;
    bool was_kept = side == CLIENT && making->evidence->order == ORDER_SERVER_FIRST &&
                    moment == making->evidence->legs[CLIENT].moments &&
                    moment->content_type == CONTENT_HANDSHAKE && !moment->sent;
    return was_kept && dial_us > 0 && dial_us < moment->at_us ? dial_us : moment->at_us;
}

static void add_moment(struct making *making, enum side side, const struct moment *moment,
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
        row->label = text_or(
            arena_printf(making->arena, is_end ? "%s" : "✗ alert %s", alert_name(moment->type)),
            "alert");
        row->style = is_end ? STYLE_DIM : moment->is_fatal ? STYLE_BAD : STYLE_WARN;
    } else {
        add_handshake(making, row, leg, moment, seen);
    }
}

// add_kept_hello: a client leg that never began has no messages, but its hello had come by then.
static void add_kept_hello(struct making *making, struct hellos *seen)
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

static const char *secured_text(struct making *making, const struct leg_evidence *leg)
{
    const char *text = arena_printf(
        making->arena, say(making, "✓ secured: %s%s%s", "✓ 確立：%s%s%s"),
        version_name(leg->version), leg->is_resumed ? say(making, ", resumed", "（再開）") : "",
        leg->alpn.len > 0 ? ", " : "");
    if (text != NULL && leg->alpn.len > 0) {
        text = arena_printf(making->arena, "%s%s", text, printable(making, leg->alpn));
    }
    return text_or(text, "✓ secured");
}

static int64_t at_least(int64_t at_us, int64_t least_us)
{
    return at_us > least_us ? at_us : least_us;
}

static void say_ending(struct making *making, struct ladder_row *row, const struct ending *ending)
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
        row->label = say(making, "✗ reset", "✗ リセット");
        break;
    case ENDING_CLOSED:
        row->label = say(making, "✗ closed", "✗ 切断");
        break;
    case ENDING_SILENCE:
        row->label = say(making, "✗ nothing came, in time", "✗ 時間内に応答なし");
        from_peer = false;
        break;
    case ENDING_NOT_TLS:
        row->label = say(making, "✗ this is not TLS", "✗ TLS ではない");
        note(row, printable(making, slice_part(leg->first_bytes, 0, 24)));
        break;
    case ENDING_UNREACHABLE:
        row->label = say(making, "✗ no connection", "✗ 接続できない");
        note(row, ending->detail != NULL ? printable(making, slice_of_text(ending->detail)) : NULL);
        from_peer = false;
        break;
    case ENDING_REFUSED:
        row->label = say(making, "✗ refuses the certificate", "✗ 証明書を拒否");
        from_peer = false;
        break;
    case ENDING_ABANDONED:
        // It is noted at the same time as the end of the other leg, and follows from it.
        row->at_us = at_least(ending->at_us, other->handshake.at_us + 1);
        row->label = say(making, "the other leg failed", "もう一方のレッグが失敗");
        row->style = STYLE_DIM;
        from_peer = false;
        break;
    case ENDING_DROPPED:
        row->label = say(making, "dropped", "打ち切り");
        from_peer = false;
        break;
    case ENDING_ALERT_SEALED:
        row->label = say(making, "✗ an alert, encrypted", "✗ 暗号化されたアラート");
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

static void add_ends(struct making *making, enum side side)
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
            row->label = leg->close.kind == ENDING_RESET ? say(making, "✗ reset", "✗ リセット")
                                                         : say(making, "closes", "切断");
        }
    }
}

static void add_ingress(struct making *making)
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
        row->label = text_or(
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

static void add_data(struct making *making, enum side side, int status)
{
    const struct leg_evidence *leg = &making->evidence->legs[side];
    if (status == 0 || leg->handshake.kind == ENDING_NONE) {
        return;
    }
    struct ladder_row *row = row_new(making, side, answered_at(leg, side));
    if (row != NULL) {
        row->way = way_of(side, side == CLIENT);
        row->label = text_or(arena_printf(making->arena, "HTTP %d", status), "HTTP");
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
    struct making making = {
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
