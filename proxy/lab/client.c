#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client_h2.h"
#include "client_habits.h"
#include "client_raw.h"
#include "client_socket.h"
#include "clock.h"
#include "engine.h"
#include "handshake.h"
#include "presets.h"
#include "tls_record.h"
#include "tunnel.h"

#define ANSWER_BYTES_MAX ((size_t)256 * 1024)

struct run {
    const struct lab_client_setup *setup;
    struct lab_client_result *result;
    struct error *error;
    struct client_socket socket;
    int64_t opened_us; // monotonic
    struct engine *engine;
    struct contexts *contexts;
    struct buffer out;    // records to send
    struct buffer answer; // plaintext; with HTTP/2 the body alone
    struct client_h2 *h2; // NULL: HTTP/1.1
};

static void flush(struct run *run)
{
    client_socket_send(&run->socket, buffer_slice(&run->out));
    buffer_consume(&run->out, run->out.len);
}

// ---- CONNECT

// connect_through asks the proxy for a tunnel; true when it is there.
static bool connect_through(struct run *run)
{
    char target[ENDPOINT_TEXT_MAX], room[TUNNEL_ASK_BYTES_MAX];
    int status = 0; // of an answer that is none
    size_t len;
    (void)snprintf(target, sizeof(target), "%s:%u", run->setup->target, run->setup->port);
    client_socket_send(&run->socket, tunnel_ask(target, room));
    struct buffer answer;
    struct slice bytes;
    buffer_init(&answer, TUNNEL_HEAD_BYTES_MAX);
    while (client_socket_receive(&run->socket, &bytes) == CLIENT_GOT_BYTES &&
           buffer_append(&answer, bytes) &&
           tunnel_answer_parse(buffer_slice(&answer), &status, &len) == PARSE_MORE) {
    }
    buffer_clear(&answer);
    if (status == 200) {
        return true;
    }
    run->result->end = LAB_CLIENT_NO_TUNNEL;
    run->result->status = status;
    return false;
}

// ---- TLS

static const char *name_of(const struct run *run, const char *own)
{
    return own[0] != '\0' ? own : run->setup->target;
}

// shape_of makes what the client offers: its policy, on top of a preset's hello when it imitates.
static bool shape_of(struct run *run, struct leg_shape *out_shape, bool *out_staple)
{
    const struct lab_client *client = run->setup->client;
    struct losses lost;
    *out_staple = true;
    if (client->preset[0] == '\0') {
        shape_server(&client->policy, NULL, run->setup->library, NULL, out_shape, &lost);
        return true;
    }
    struct preset_client *preset = preset_client_find(client->preset, run->error);
    if (preset == NULL) {
        return false;
    }
    struct buffer joined;
    struct slice message;
    struct client_hello hello;
    bool is_sslv2 = false;
    size_t at;
    buffer_init(&joined, HANDSHAKE_MESSAGE_MAX + HANDSHAKE_HEADER_LEN);
    bool is_ok = first_hello(preset->record, &joined, &message, &is_sslv2) == PARSE_OK &&
                 !is_sslv2 && client_hello_parse(message, &hello, &at) == PARSE_OK;
    if (is_ok) {
        struct leg_policy policy = client->policy;
        policy.mirror = true;
        shape_server(&policy, &hello, run->setup->library, NULL, out_shape, &lost);
        *out_staple = hello.has_status_request;
    } else {
        (void)error_set(run->error, ERROR_CONFIG, "client '%s': its hello cannot be read",
                        client->preset);
    }
    buffer_clear(&joined);
    preset_client_free(preset);
    return is_ok;
}

static const char *sni_of(const struct run *run)
{
    const struct lab_client *client = run->setup->client;
    struct endpoint target;
    bool has_name = strcmp(client->name, LAB_NAME_NONE) != 0;
    bool is_ip = endpoint_set_host(&target, slice_of_text(name_of(run, client->name))) &&
                 target.is_ip && client->name[0] == '\0';
    return has_name && !is_ip ? name_of(run, client->name)
                              : NULL; // RFC 6066 section 3: no literals
}

static bool make_engine(struct run *run)
{
    const struct lab_client *client = run->setup->client;
    struct context_common common = {.side = SERVER, .policy = &client->policy};
    struct leg_shape shape;
    struct context context;
    bool wants_staple;
    run->contexts = contexts_new(&common);
    if (run->contexts == NULL) {
        return error_set(run->error, ERROR_MEMORY, "out of memory for the lab's client");
    }
    if (!shape_of(run, &shape, &wants_staple) ||
        !contexts_get(run->contexts, &shape, &context, run->error)) {
        return false;
    }
    if (!client_habits_apply(context.ssl, client)) {
        return error_set(run->error, ERROR_CRYPTO,
                         "the TLS library refused the lab client's setup");
    }
    const char *sni = sni_of(run);
    struct engine_setup setup = {
        .side = SERVER,
        .context = context,
        .alpn = {shape.alpn, shape.alpn_len},
        .sni = sni,
        .wants_staple = wants_staple || client->wants_must_staple,
        .offers_ticket = true,
        .session = run->setup->session != NULL ? *run->setup->session : NULL,
        .trust = run->setup->trust,
        .refuses = !client->refuses_silently,
        .verify_name = name_of(run, client->verify_name),
        .clock_offset_us = client->policy.clock_offset_ms * 1000,
        .evidence = &run->result->leg,
        .arena = run->setup->arena,
        .opened_us = run->opened_us,
        .out = &run->out,
    };
    run->result->leg.sni_sent = sni;
    run->result->leg.did_verify = true;
    run->engine = engine_new(&setup, run->error);
    return run->engine != NULL;
}

static enum ending_kind ending_of(enum client_got got)
{
    switch (got) {
    case CLIENT_GOT_END:
        return ENDING_CLOSED;
    case CLIENT_GOT_RESET:
        return ENDING_RESET;
    case CLIENT_GOT_BYTES:
    case CLIENT_GOT_NOTHING:
        break;
    }
    return ENDING_SILENCE;
}

// shake runs the handshake; true when it is secured.
static bool shake(struct run *run)
{
    struct slice bytes = SLICE_EMPTY;
    enum engine_step step = engine_handshake(run->engine, bytes);
    flush(run);
    while (step == ENGINE_WAITS) {
        enum client_got got = client_socket_receive(&run->socket, &bytes);
        if (got != CLIENT_GOT_BYTES) {
            engine_peer_ended(run->engine, ending_of(got),
                              got == CLIENT_GOT_RESET ? ECONNRESET : 0);
            break;
        }
        step = engine_handshake(run->engine, bytes);
        flush(run);
    }
    if (step == ENGINE_SECURED) {
        return true;
    }
    bool is_refusal = run->result->leg.handshake.kind == ENDING_REFUSED;
    run->result->end = is_refusal ? LAB_CLIENT_REFUSED : LAB_CLIENT_BROKEN;
    return false;
}

// takes_certificate is the check of clients that look only once the handshake is over.
static bool takes_certificate(const struct run *run)
{
    const struct lab_client_setup *setup = run->setup;
    const struct leg_evidence *leg = &run->result->leg;
    if (setup->client->refuses_silently && leg->verification.done &&
        leg->verification.fault != CERT_FAULT_NONE) {
        return false;
    }
    // RFC 7633 section 4.2.3.1.
    if (setup->client->wants_must_staple && leg->chain_count > 0 && leg->chain[0].must_staple &&
        leg->staple.len == 0) {
        return false;
    }
    return setup->pin == NULL ||
           (leg->chain_count > 0 && memcmp(leg->chain[0].spki, setup->pin, 32) == 0);
}

// ---- the request and its answer

// advance_h2 gives HTTP/2 what came, and sends what it has to say; false at the answer's end.
static bool advance_h2(struct run *run, struct slice in)
{
    struct buffer out = {0};
    bool goes_on = client_h2_feed(run->h2, in, &out, &run->answer);
    (void)(out.len > 0 && engine_write(run->engine, buffer_slice(&out))); // who is gone needs none
    buffer_clear(&out);
    flush(run);
    return goes_on;
}

static bool send_request(struct run *run)
{
    if (slice_equals_text(engine_alpn(run->engine), "h2")) {
        run->h2 = client_h2_new(name_of(run, run->setup->client->host));
        return run->h2 != NULL && advance_h2(run, SLICE_EMPTY);
    }
    char text[2 * ENDPOINT_HOST_MAX + 128];
    const char *host = name_of(run, run->setup->client->host);
    int len = snprintf(text, sizeof(text),
                       "GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: midspan-lab\r\n"
                       "Accept: text/plain\r\nConnection: close\r\n\r\n",
                       host);
    bool is_ok = engine_write(run->engine, (struct slice){(const uint8_t *)text, (size_t)len});
    flush(run);
    return is_ok;
}

// drain_records decrypts what was fed; false at the end of the answer.
static bool drain_records(struct run *run)
{
    uint8_t plain[TLS_RECORD_PLAIN_MAX];
    for (;;) {
        size_t len = 0;
        switch (engine_read(run->engine, plain, sizeof(plain), &len)) {
        case ENGINE_READ_DATA:
            if (run->h2 != NULL) {
                if (!advance_h2(run, (struct slice){plain, len})) {
                    return false;
                }
                break;
            }
            if (!buffer_append(&run->answer, (struct slice){plain, len})) {
                return false;
            }
            break;
        case ENGINE_READ_WAITS:
            return true;
        case ENGINE_READ_CLOSE_NOTIFY:
            run->result->has_close_notify = true;
            return false;
        case ENGINE_READ_FAILED:
            return false;
        }
    }
}

// body_len reads Content-Length; false when there is none.
static bool body_len(struct slice head, size_t *out_len)
{
    static const char field[] = "\r\ncontent-length:";
    for (size_t at = 0; at + sizeof(field) < head.len; at++) {
        if (strncasecmp((const char *)head.data + at, field, sizeof(field) - 1) != 0) {
            continue;
        }
        size_t begin = at + sizeof(field) - 1;
        while (begin < head.len && head.data[begin] == ' ') {
            begin++;
        }
        size_t end = begin;
        while (end < head.len && head.data[end] >= '0' && head.data[end] <= '9') {
            end++;
        }
        uint64_t value;
        if (text_uint(slice_part(head, begin, end - begin), ANSWER_BYTES_MAX, &value)) {
            *out_len = (size_t)value;
            return true;
        }
    }
    return false;
}

static int status_of(struct slice head)
{
    uint64_t status = 0;
    bool is_http = head.len > 12 && slice_starts_with(head, "HTTP/1.");
    return is_http && text_uint(slice_part(head, 9, 3), 999, &status) ? (int)status : 0;
}

static void keep_body(struct lab_client_result *result, struct slice body)
{
    size_t len = body.len < sizeof(result->body) - 1 ? body.len : sizeof(result->body) - 1;
    if (len > 0) {
        memcpy(result->body, body.data, len);
    }
}

static void note_h2_answer(struct run *run)
{
    struct lab_client_result *result = run->result;
    result->status = client_h2_status(run->h2);
    result->end = LAB_CLIENT_SERVED;
    if (!client_h2_is_whole(run->h2)) {
        result->end = result->status != 0 ? LAB_CLIENT_CUT : LAB_CLIENT_NO_ANSWER;
    }
    keep_body(result, buffer_slice(&run->answer));
}

static void note_answer(struct run *run)
{
    struct lab_client_result *result = run->result;
    if (run->h2 != NULL) {
        note_h2_answer(run);
        return;
    }
    struct slice answer = buffer_slice(&run->answer);
    const uint8_t *end = answer.len > 0 ? memmem(answer.data, answer.len, "\r\n\r\n", 4) : NULL;
    size_t wanted = 0;
    result->status = status_of(answer);
    if (end == NULL || result->status == 0) {
        result->end = answer.len > 0 ? LAB_CLIENT_CUT : LAB_CLIENT_NO_ANSWER;
        return;
    }
    struct slice head = {answer.data, (size_t)(end - answer.data) + 4};
    struct slice body = slice_part(answer, head.len, answer.len);
    bool has_len = body_len(head, &wanted);
    bool is_whole = has_len ? body.len >= wanted : result->has_close_notify;
    if (run->setup->client->wants_close_notify) {
        is_whole = is_whole && result->has_close_notify;
    }
    result->end = is_whole ? LAB_CLIENT_SERVED : LAB_CLIENT_CUT;
    keep_body(result, body);
}

static void exchange(struct run *run)
{
    struct slice bytes;
    bool goes_on = drain_records(run) && send_request(run);
    while (goes_on) {
        enum client_got got = client_socket_receive(&run->socket, &bytes);
        if (got != CLIENT_GOT_BYTES) {
            engine_peer_ended(run->engine, ending_of(got),
                              got == CLIENT_GOT_RESET ? ECONNRESET : 0);
            break;
        }
        engine_feed(run->engine, bytes);
        goes_on = drain_records(run);
        flush(run); // an answer to a KeyUpdate, at most
    }
    note_answer(run);
    engine_close_notify(run->engine);
    flush(run);
}

static bool play_tls(struct run *run)
{
    if (run->setup->client->is_raw) {
        return client_raw_play(run->setup, sni_of(run), &run->socket, run->result, run->error);
    }
    if (!make_engine(run)) {
        return false;
    }
    if (!shake(run)) {
        return true;
    }
    if (takes_certificate(run)) {
        exchange(run);
    } else {
        run->result->end = LAB_CLIENT_REFUSED; // and leaves without a word, as curl does
    }
    return true;
}

static bool play(struct run *run)
{
    bool is_connected;
    int64_t until_us = run->opened_us + (int64_t)LAB_CLIENT_MS_MAX * 1000;
    if (!client_socket_open(&run->socket, run->setup->entry, until_us, &is_connected, run->error)) {
        return false;
    }
    if (!is_connected) {
        run->result->end = LAB_CLIENT_UNREACHABLE;
        return true;
    }
    run->result->opened_us = clock_wall_us();
    if (run->setup->does_connect && !connect_through(run)) {
        return true;
    }
    bool is_ok = play_tls(run);
    client_socket_leave(&run->socket);
    return is_ok;
}

static void keep_session(const struct run *run)
{
    SSL_SESSION *session =
        run->setup->session != NULL && run->engine != NULL ? engine_session(run->engine) : NULL;
    if (session != NULL) {
        SSL_SESSION_free(*run->setup->session);
        *run->setup->session = session;
    }
}

bool lab_client_run(const struct lab_client_setup *setup, struct lab_client_result *out_result,
                    struct error *error)
{
    *out_result = (struct lab_client_result){.end = LAB_CLIENT_SERVED};
    struct run run = {
        .setup = setup,
        .result = out_result,
        .error = error,
        .opened_us = clock_monotonic_us(),
    };
    buffer_init(&run.answer, ANSWER_BYTES_MAX);
    bool is_ok = play(&run);
    client_h2_free(run.h2);
    keep_session(&run);
    engine_free(run.engine);
    contexts_free(run.contexts);
    client_socket_close(&run.socket);
    buffer_clear(&run.out);
    buffer_clear(&run.answer);
    return is_ok;
}

bool lab_client_is_served(const struct lab_client_result *result)
{
    return result->end == LAB_CLIENT_SERVED && result->status < 400;
}
