// Records, what a connection begins with, handshake messages and Certificates from any bytes. What
// was read must lie inside the input, and records written back must be the bytes they came from.
#include <stdlib.h>

#include "handshake.h"
#include "tls_record.h"

#define CERTS_MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void must_be_inside(struct slice part, struct slice whole)
{
    must(part.len == 0 ||
         (part.data >= whole.data && part.data + part.len <= whole.data + whole.len));
}

static void read_opening(struct slice in)
{
    enum opening last = OPENING_UNDECIDED;
    for (size_t len = 0; len <= in.len && len <= TLS_RECORD_HEADER_LEN; len++) {
        enum opening opening = opening_of(slice_part(in, 0, len));
        must(last == OPENING_UNDECIDED || opening == last);
        last = opening;
    }
    must(in.len < TLS_RECORD_HEADER_LEN || last == opening_of(in));
}

static void read_certificates(struct slice body, bool is_tls13)
{
    struct slice certs[CERTS_MAX], staple;
    size_t count;
    if (certificate_parse(body, is_tls13, certs, CERTS_MAX, &count, &staple) != PARSE_OK) {
        return;
    }
    must_be_inside(staple, body);
    for (size_t i = 0; i < count && i < CERTS_MAX; i++) {
        must_be_inside(certs[i], body);
        must(certs[i].len > 0);
    }
}

static void read_messages(struct slice in)
{
    struct handshake message;
    while (handshake_parse(in, &message) == PARSE_OK) {
        must_be_inside(message.whole, in);
        must(message.whole.len == message.body.len + HANDSHAKE_HEADER_LEN);
        must(handshake_name(message.type) != NULL);
        read_certificates(message.body, false);
        read_certificates(message.body, true);
        in = slice_part(in, message.whole.len, in.len);
    }
}

static void read_records(struct slice in)
{
    struct tls_record record;
    while (tls_record_parse(in, &record) == PARSE_OK) {
        struct slice whole = slice_part(in, 0, record.len);
        must_be_inside(record.body, in);
        must(content_type_name(record.content_type) != NULL);
        read_messages(record.body);
        struct buffer back = {0};
        must(tls_record_encode(&back, record.content_type, record.version, record.body));
        must(record.body.len > TLS_RECORD_PLAIN_MAX || slice_equals(buffer_slice(&back), whole));
        buffer_clear(&back);
        in = slice_part(in, record.len, in.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = {data, size};
    read_opening(in);
    read_records(in);
    read_messages(in);
    read_certificates(in, false);
    read_certificates(in, true);
    return 0;
}
