#include "client_raw.h"

#include <errno.h>

#include "presets.h"
#include "tls_stream.h"
#include "variant.h"

// What the answer's first flight was.
struct answer {
    bool has_hello; // a ServerHello
    uint16_t version;
    uint8_t alert; // fatal; 0: none
    bool has_alert;
};

static void on_item(void *user, const struct stream_item *item)
{
    struct answer *answer = user;
    struct server_hello hello;
    size_t at;
    if (item->kind == STREAM_ALERT && item->alert_level == ALERT_LEVEL_FATAL) {
        answer->has_alert = true;
        answer->alert = item->alert;
    }
    if (item->kind == STREAM_MESSAGE && server_hello_parse(item->bytes, &hello, &at) == PARSE_OK) {
        answer->has_hello = true;
        answer->version = hello.version;
    }
}

// make_record writes the preset's hello with the name asked for, as one record of TLS 1.0's version
// (RFC 8446 section 5.1).
static bool make_record(const struct preset_client *preset, const char *sni, struct buffer *out)
{
    struct variant_base base = {0};
    struct change change = {.kind = CHANGE_SNI, .name = sni};
    struct buffer joined, message = {0};
    struct slice hello;
    struct sets offered;
    bool is_sslv2 = false;
    size_t at;
    buffer_init(&joined, HANDSHAKE_MESSAGE_MAX + HANDSHAKE_HEADER_LEN);
    bool is_ok = first_hello(preset->record, &joined, &hello, &is_sslv2) == PARSE_OK && !is_sslv2 &&
                 client_hello_parse(hello, &base.hello, &at) == PARSE_OK;
    if (is_ok) {
        sets_of_hello(&base.hello, &base.offered);
        is_ok = variant_encode(&base, &change, &message, &offered) &&
                tls_record_encode(out, CONTENT_HANDSHAKE, VERSION_TLS10, buffer_slice(&message));
    }
    buffer_clear(&joined);
    buffer_clear(&message);
    return is_ok;
}

static void read_answer(struct client_socket *socket, struct lab_client_result *result)
{
    struct tls_stream stream = {0};
    struct answer answer = {0};
    struct slice bytes;
    enum client_got got = CLIENT_GOT_BYTES;
    enum parse parsed = PARSE_OK;
    while (!answer.has_hello && !answer.has_alert && parsed != PARSE_BAD &&
           (got = client_socket_receive(socket, &bytes)) == CLIENT_GOT_BYTES) {
        parsed = tls_stream_feed(&stream, bytes, on_item, &answer);
    }
    tls_stream_clear(&stream);
    struct ending *ending = &result->leg.handshake;
    result->end = answer.has_hello ? LAB_CLIENT_ANSWERED : LAB_CLIENT_BROKEN;
    result->leg.version = answer.version;
    if (answer.has_alert) {
        *ending = (struct ending){.kind = ENDING_ALERT_RECEIVED, .alert = answer.alert};
    } else if (parsed == PARSE_BAD) {
        *ending = (struct ending){.kind = ENDING_NOT_TLS};
    } else if (!answer.has_hello) {
        *ending = (struct ending){.kind = got == CLIENT_GOT_END     ? ENDING_CLOSED
                                          : got == CLIENT_GOT_RESET ? ENDING_RESET
                                                                    : ENDING_SILENCE};
    }
}

bool client_raw_play(const struct lab_client_setup *setup, const char *sni,
                     struct client_socket *socket, struct lab_client_result *result,
                     struct error *error)
{
    struct preset_client *preset = preset_client_find(setup->client->preset, error);
    struct buffer record = {0};
    if (preset == NULL) {
        return false;
    }
    bool is_ok =
        make_record(preset, sni, &record) ||
        error_set(error, ERROR_CONFIG, "client '%s': its hello cannot be sent", preset->name);
    if (is_ok) {
        client_socket_send(socket, buffer_slice(&record));
        read_answer(socket, result);
    }
    buffer_clear(&record);
    preset_client_free(preset);
    return is_ok;
}
