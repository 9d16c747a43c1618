// One connection through a box: bytes both ways, and a quirk that decides on the hello.
#include <string.h>

#include "origins_inside.h"

#define HELD_BYTES_MAX ((size_t)1 << 20)
// Chunks that are no TLS are a proxy's protocol before it; after so many nobody waits for a hello.
#define FOREIGN_CHUNKS_MAX 16

enum box_state {
    BOX_WAITS,    // for a hello
    BOX_PASSES,   // everything
    BOX_SWALLOWS, // everything that the client sends
    BOX_ENDS      // has said what it had to say
};

struct box_visit {
    struct visit visit; // first
    enum box_state state;
    struct link target;
    uv_connect_t connect;
    struct buffer first; // BOX_WAITS: what the client sent
    bool had_bytes;      // of what may be a hello
    int foreign_chunks;
    uint32_t foreign_segments;
    struct tls_stream from_client, from_target; // only watched
    bool is_retried, saw_change_cipher_spec, has_hello;
    uint16_t version;
    uv_timer_t delay;
    struct buffer to[SIDES]; // held back, or waiting for the target to be connected
    bool has_end[SIDES];     // … that is followed by a FIN
    uint64_t passed_bytes;   // to the client
};

static const struct box *box_of(const struct box_visit *b)
{
    return &b->visit.server->box;
}

static struct link *link_to(struct box_visit *b, enum side side)
{
    return side == CLIENT ? &b->visit.link : &b->target;
}

// push sends what is held for one side.
static void push(struct box_visit *b, enum side side)
{
    struct link *link = link_to(b, side);
    if (!link->is_connected) {
        return;
    }
    if (b->to[side].len > 0) {
        (void)link_send(link, buffer_slice(&b->to[side])); // one that is gone tells so itself
        buffer_consume(&b->to[side], b->to[side].len);
        if (link_is_full(link)) {
            link_read(link_to(b, !side), false);
        }
    }
    if (b->has_end[side]) {
        link_finish(link);
    }
}

// close_if_over closes once both sides have ended and nothing is left to be sent.
static void close_if_over(struct box_visit *b)
{
    bool is_over = b->visit.link.has_ended && b->target.has_ended && b->to[CLIENT].len == 0 &&
                   b->to[SERVER].len == 0 && !link_is_full(&b->visit.link) &&
                   !link_is_full(&b->target);
    if (is_over) {
        visit_close(&b->visit);
    }
}

static void on_delay(uv_timer_t *timer)
{
    struct box_visit *b = timer->data;
    push(b, CLIENT);
    push(b, SERVER);
    close_if_over(b);
}

static void push_soon(struct box_visit *b, enum side side)
{
    if (box_of(b)->delay_ms == 0) {
        push(b, side);
    } else if (uv_is_active((uv_handle_t *)&b->delay) == 0) {
        (void)uv_timer_start(&b->delay, on_delay, box_of(b)->delay_ms, 0); // fails when closing
    }
}

static void pass(struct box_visit *b, enum side side, struct slice bytes)
{
    if (!buffer_append(&b->to[side], bytes)) {
        visit_close(&b->visit);
        return;
    }
    push_soon(b, side);
}

static void strike(struct box_visit *b, struct quirk_step step)
{
    const uint8_t alert[] = {CONTENT_ALERT, 3, 3, 0, 2, ALERT_LEVEL_FATAL, step.alert};
    switch (step.manner) {
    case MANNER_SILENCE:
        b->state = BOX_SWALLOWS;
        return;
    case MANNER_RESET:
        visit_reset(&b->visit);
        return;
    case MANNER_ALERT:
        (void)link_send(&b->visit.link, (struct slice){alert, sizeof(alert)}); // as in push
        break;
    case MANNER_NONE:
    case MANNER_CLOSE:
    case MANNERS:
        break;
    }
    b->state = BOX_ENDS;
    visit_finish(&b->visit);
}

static void on_from_client(void *user, const struct stream_item *item)
{
    struct box_visit *b = user;
    if (item->kind == STREAM_MESSAGE && item->bytes.data[0] == HANDSHAKE_CLIENT_HELLO) {
        b->is_retried = b->has_hello;
        b->has_hello = true;
    }
    b->saw_change_cipher_spec =
        b->saw_change_cipher_spec ||
        (item->kind == STREAM_RECORD && item->content_type == CONTENT_CHANGE_CIPHER_SPEC);
}

static void on_from_target(void *user, const struct stream_item *item)
{
    struct box_visit *b = user;
    struct server_hello hello;
    size_t at;
    if (item->kind == STREAM_MESSAGE && item->bytes.data[0] == HANDSHAKE_SERVER_HELLO &&
        server_hello_parse(item->bytes, &hello, &at) == PARSE_OK) {
        b->version = hello.version;
    }
}

// is_struck_later lets the quirk decide on what follows the first hello.
static bool is_struck_later(struct box_visit *b)
{
    const struct quirk *quirk = &box_of(b)->quirk;
    struct quirk_step step = {.manner = MANNER_NONE};
    struct client_hello second = {0};
    if (b->is_retried && quirk->kind == QUIRK_RETRY) {
        step = quirk_on_hello(quirk, &(struct quirk_view){.hello = &second, .is_second = true});
    } else if (b->saw_change_cipher_spec) {
        step = quirk_on_change_cipher_spec(quirk, b->version >= VERSION_TLS13);
    }
    if (step.manner == MANNER_NONE) {
        return false;
    }
    strike(b, step);
    return true;
}

// pass_first passes on what was held for the decision.
static void pass_first(struct box_visit *b)
{
    struct slice bytes = buffer_slice(&b->first);
    (void)tls_stream_feed(&b->from_client, bytes, on_from_client, b); // only to watch
    pass(b, SERVER, bytes);
    buffer_clear(&b->first);
}

static void decide(struct box_visit *b, bool came_in_one)
{
    struct buffer joined = {0};
    struct slice message = SLICE_EMPTY;
    struct client_hello hello;
    struct tls_record record;
    bool is_sslv2 = false;
    size_t at;
    enum parse parsed = first_hello(buffer_slice(&b->first), &joined, &message, &is_sslv2);
    if (parsed != PARSE_MORE) {
        bool is_read =
            parsed == PARSE_OK && !is_sslv2 && client_hello_parse(message, &hello, &at) == PARSE_OK;
        bool has_record = tls_record_parse(buffer_slice(&b->first), &record) == PARSE_OK;
        struct quirk_view view = {
            .hello = is_read ? &hello : NULL,
            .hello_len = message.len,
            .record_version = has_record ? record.version : 0,
            .came_in_one = came_in_one,
        };
        struct quirk_step step = quirk_on_hello(&box_of(b)->quirk, &view);
        if (step.manner != MANNER_NONE) {
            strike(b, step);
        } else {
            b->state = BOX_PASSES;
            pass_first(b);
        }
    }
    buffer_clear(&joined);
}

static void wait_for_hello(struct box_visit *b, struct slice bytes)
{
    // Two segments may well come in one read.
    bool is_first = !b->had_bytes && visit_segments(&b->visit) <= b->foreign_segments + 1;
    if (!buffer_append(&b->first, bytes)) {
        visit_close(&b->visit);
        return;
    }
    switch (opening_of(buffer_slice(&b->first))) {
    case OPENING_UNDECIDED:
        b->had_bytes = true;
        break;
    case OPENING_TLS:
    case OPENING_SSLV2:
        b->had_bytes = true;
        decide(b, is_first);
        break;
    case OPENING_OTHER:
        b->foreign_chunks++;
        b->foreign_segments = visit_segments(&b->visit);
        b->state = b->foreign_chunks > FOREIGN_CHUNKS_MAX ? BOX_PASSES : BOX_WAITS;
        pass(b, SERVER, buffer_slice(&b->first));
        buffer_clear(&b->first);
        break;
    }
}

static void received(struct visit *visit, struct slice bytes)
{
    struct box_visit *b = (struct box_visit *)visit;
    switch (b->state) {
    case BOX_WAITS:
        wait_for_hello(b, bytes);
        break;
    case BOX_PASSES:
        (void)tls_stream_feed(&b->from_client, bytes, on_from_client, b); // only to watch
        if (!is_struck_later(b)) {
            pass(b, SERVER, bytes);
        }
        break;
    case BOX_SWALLOWS:
    case BOX_ENDS:
        break;
    }
}

static void take_end(struct box_visit *b, enum side from, int os_error)
{
    if (os_error != 0) {
        visit_reset(&b->visit);
        return;
    }
    if (b->state == BOX_ENDS) {
        visit_close(&b->visit);
        return;
    }
    if (from == CLIENT && b->state == BOX_WAITS && b->first.len > 0) {
        pass_first(b);
    }
    b->has_end[!from] = true;
    push_soon(b, !from);
    close_if_over(b);
}

static void ended(struct visit *visit, int os_error)
{
    take_end((struct box_visit *)visit, CLIENT, os_error);
}

static void drained(struct visit *visit)
{
    struct box_visit *b = (struct box_visit *)visit;
    link_read(&b->target, true);
    close_if_over(b);
}

static void on_target_received(void *user, struct slice bytes)
{
    struct box_visit *b = user;
    uint64_t cut_after = box_of(b)->cut_after;
    if (b->state == BOX_SWALLOWS || b->state == BOX_ENDS) {
        return;
    }
    (void)tls_stream_feed(&b->from_target, bytes, on_from_target, b); // only to watch
    bool is_cut = cut_after != 0 && b->passed_bytes + bytes.len > cut_after;
    if (is_cut) {
        bytes = slice_part(bytes, 0, (size_t)(cut_after - b->passed_bytes));
    }
    b->passed_bytes += bytes.len;
    pass(b, CLIENT, bytes);
    if (is_cut) {
        push(b, CLIENT);
        bool is_reset = box_of(b)->quirk.manner == MANNER_RESET;
        strike(b, (struct quirk_step){.manner = is_reset ? MANNER_RESET : MANNER_CLOSE});
    }
}

static void on_target_ended(void *user)
{
    take_end(user, SERVER, 0);
}

static void on_target_broke(void *user, int os_error)
{
    take_end(user, SERVER, os_error);
}

static void on_target_drained(void *user)
{
    struct box_visit *b = user;
    link_read(&b->visit.link, true);
    close_if_over(b);
}

static void on_target_closed(void *user)
{
    struct box_visit *b = user;
    visit_handle_closed(&b->visit);
}

static struct slice target_room(void *user)
{
    struct box_visit *b = user;
    struct origins *origins = b->visit.server->origins;
    return (struct slice){origins->room, sizeof(origins->room)};
}

static const struct link_hooks target_hooks = {
    .received = on_target_received,
    .ended = on_target_ended,
    .broke = on_target_broke,
    .drained = on_target_drained,
    .closed = on_target_closed,
    .room = target_room,
};

static void on_connected(uv_connect_t *request, int status)
{
    struct box_visit *b = request->data;
    if (b->visit.is_closing) {
        return;
    }
    if (status != 0) {
        visit_reset(&b->visit); // as if the port had refused
        return;
    }
    link_connected(&b->target);
    link_read(&b->target, true);
    push_soon(b, SERVER);
}

static bool begun(struct visit *visit)
{
    struct box_visit *b = (struct box_visit *)visit;
    uv_loop_t *loop = &visit->server->origins->loop;
    const struct endpoint *where = &box_of(b)->target;
    struct sockaddr_in address;
    buffer_init(&b->first, HELD_BYTES_MAX);
    buffer_init(&b->to[CLIENT], HELD_BYTES_MAX);
    buffer_init(&b->to[SERVER], HELD_BYTES_MAX);
    if (uv_timer_init(loop, &b->delay) != 0) {
        return false; // it never fails
    }
    b->delay.data = b;
    visit->open_handles++;
    if (!link_init(&b->target, loop, &target_hooks, b)) {
        return false;
    }
    visit->open_handles++;
    b->connect.data = b;
    return uv_ip4_addr(where->host, where->port, &address) == 0 &&
           uv_tcp_connect(&b->connect, &b->target.tcp, (const struct sockaddr *)&address,
                          on_connected) == 0;
}

static void on_delay_closed(uv_handle_t *handle)
{
    struct box_visit *b = handle->data;
    visit_handle_closed(&b->visit);
}

static void closing(struct visit *visit)
{
    struct box_visit *b = (struct box_visit *)visit;
    if (b->delay.data != NULL) {
        uv_close((uv_handle_t *)&b->delay, on_delay_closed);
    }
    link_close(&b->target);
}

static void freed(struct visit *visit)
{
    struct box_visit *b = (struct box_visit *)visit;
    tls_stream_clear(&b->from_client);
    tls_stream_clear(&b->from_target);
    buffer_clear(&b->first);
    buffer_clear(&b->to[CLIENT]);
    buffer_clear(&b->to[SERVER]);
}

const struct visit_kind box_visit_kind = {
    .size = sizeof(struct box_visit),
    .begun = begun,
    .received = received,
    .ended = ended,
    .drained = drained,
    .closing = closing,
    .freed = freed,
};
