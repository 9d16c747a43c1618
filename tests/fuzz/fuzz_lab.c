// What lab servers make of a hello: every quirk decides, the old flight is one record that can be
// read back, and HTTP/2 of an origin takes any bytes.
#include <stdlib.h>

#include "handshake.h"
#include "old_flight.h"
#include "origin_h2.h"
#include "quirk.h"
#include "tls_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void decide(const struct client_hello *hello, size_t len)
{
    struct quirk_view view = {.hello = hello, .hello_len = len, .came_in_one = true};
    struct slice ticket = quirk_ticket(hello);
    must(ticket.len == 0 || (ticket.data >= hello->whole.data &&
                             ticket.data + ticket.len <= hello->whole.data + hello->whole.len));
    for (int i = 0; i < QUIRKS; i++) {
        struct quirk quirk = {.kind = (enum quirk_kind)i};
        struct quirk_step step = quirk_on_hello(&quirk, &view);
        must(step.manner < MANNERS);
        must(step.manner != MANNER_ALERT || step.alert != 0);
    }
}

static void answer(const struct client_hello *hello)
{
    static const uint8_t der[] = {0x30, 0x00};
    const struct slice certificate = {der, sizeof(der)};
    struct old_flight flight = {
        .version = 0x0303, .certificates = &certificate, .certificate_count = 1};
    struct buffer out = {0};
    struct tls_record record;
    struct handshake message;
    struct server_hello read;
    size_t at;
    if (old_flight_encode(&flight, hello, &out)) {
        must(tls_record_parse(buffer_slice(&out), &record) == PARSE_OK && record.len == out.len);
        must(handshake_parse(record.body, &message) == PARSE_OK);
        must(server_hello_parse(message.whole, &read, &at) == PARSE_OK);
        must(read.cipher_suite == old_flight_suite(hello, 0x0303));
        must(slice_has_u16(hello->cipher_suites, read.cipher_suite));
    }
    buffer_clear(&out);
}

static uint16_t plain(void *user, struct slice authority, struct buffer *out_body)
{
    (void)user;
    must(buffer_append(out_body, authority));
    return 200;
}

static void speak_h2(struct slice in)
{
    const struct origin_h2_hooks hooks = {plain, NULL};
    struct origin_h2 *h2 = origin_h2_new(&hooks);
    struct buffer out = {0};
    bool is_over = false;
    must(h2 != NULL);
    (void)origin_h2_feed(h2, in, &out, &is_over); // bytes that are no h2 are refused
    origin_h2_free(h2);
    buffer_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = {data, size};
    struct client_hello hello;
    size_t at = 0;
    if (client_hello_parse(in, &hello, &at) == PARSE_OK) {
        decide(&hello, size);
        answer(&hello);
    }
    speak_h2(in);
    return 0;
}
