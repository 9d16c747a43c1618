// One leg of evidence, read back from JSON.
#include "evidence_read.h"

static const char *ending_name(size_t i)
{
    return ending_kind_name((enum ending_kind)i);
}

static const char *fault_name(size_t i)
{
    return fault_code((enum cert_fault)i);
}

static void read_ending(struct reader *reader, const json_t *leg, const char *key,
                        struct ending *out_ending)
{
    size_t mark, kind = ENDING_NONE;
    const json_t *object = read_object(reader, leg, key, &mark);
    if (object == NULL) {
        return;
    }
    int64_t os_error = 0;
    read_choice(reader, object, "kind", ending_name, ENDING_DROPPED + 1, &kind);
    out_ending->kind = (enum ending_kind)kind;
    read_u8(reader, object, "alert", &out_ending->alert);
    read_int(reader, object, "os_error", INT32_MIN + 1, INT32_MAX, &os_error);
    out_ending->os_error = (int)os_error;
    read_i64(reader, object, "at_us", &out_ending->at_us);
    read_text(reader, object, "detail", &out_ending->detail);
    reader_leave(reader, mark);
}

static void read_moments(struct reader *reader, const json_t *leg, struct leg_evidence *out_leg)
{
    const json_t *array = read_array(reader, leg, "moments", MOMENTS_MAX);
    for (size_t i = 0; array != NULL && i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        struct moment moment = {0};
        if (!json_is_object(object)) {
            (void)reader_fail(reader, "moments", "has an element that is no object");
            return;
        }
        read_i64(reader, object, "at_us", &moment.at_us);
        read_bool(reader, object, "sent", &moment.sent);
        read_u8(reader, object, "content_type", &moment.content_type);
        read_u8(reader, object, "type", &moment.type);
        read_bool(reader, object, "fatal", &moment.is_fatal);
        read_u32(reader, object, "len", &moment.len);
        read_u32(reader, object, "record", &moment.record);
        leg_evidence_moment(out_leg, moment);
    }
    size_t total = 0;
    read_size(reader, leg, "moment_total", &total);
    out_leg->moment_total = total > out_leg->moment_count ? total : out_leg->moment_count;
}

static void read_names(struct reader *reader, const json_t *object, struct cert_facts *out_facts)
{
    const json_t *array = read_array(reader, object, "names", CERT_NAMES_MAX);
    size_t count = array != NULL ? json_array_size(array) : 0;
    if (count > 0) {
        out_facts->names = arena_alloc(reader->arena, count * sizeof(*out_facts->names));
        if (out_facts->names == NULL) {
            (void)reader_fail(reader, "names", "does not fit into memory");
            return;
        }
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(array, i);
        if (!json_is_string(value) || json_string_length(value) > READ_TEXT_MAX) {
            (void)reader_fail(reader, "names", "has an element that is no text");
            return;
        }
        struct slice text = {(const uint8_t *)json_string_value(value), json_string_length(value)};
        const char *copy = arena_text(reader->arena, text);
        if (copy == NULL) {
            (void)reader_fail(reader, "names", "does not fit into memory");
            return;
        }
        out_facts->names[out_facts->name_count++] = copy;
    }
    size_t total = 0;
    read_size(reader, object, "name_total", &total);
    out_facts->name_total = total > count ? total : count;
}

static void read_certificate(struct reader *reader, const json_t *object,
                             struct cert_facts *out_facts)
{
    int64_t bits = 0;
    read_text(reader, object, "subject", &out_facts->subject);
    read_text(reader, object, "issuer", &out_facts->issuer);
    read_text(reader, object, "common_name", &out_facts->common_name);
    read_names(reader, object, out_facts);
    read_i64(reader, object, "not_before_us", &out_facts->not_before_us);
    read_i64(reader, object, "not_after_us", &out_facts->not_after_us);
    read_text(reader, object, "serial", &out_facts->serial);
    read_text(reader, object, "key", &out_facts->key);
    read_int(reader, object, "key_bits", 0, INT32_MAX, &bits);
    out_facts->key_bits = (int)bits;
    read_text(reader, object, "signature", &out_facts->signature);
    read_bool(reader, object, "weak_signature", &out_facts->is_weak_signature);
    read_bool(reader, object, "ca", &out_facts->is_ca);
    read_bool(reader, object, "self_issued", &out_facts->is_self_issued);
    read_bool(reader, object, "self_signed", &out_facts->is_self_signed);
    read_bool(reader, object, "for_server", &out_facts->for_server);
    read_bool(reader, object, "for_client", &out_facts->for_client);
    read_text(reader, object, "aia_issuers", &out_facts->aia_issuers);
    read_text(reader, object, "ocsp", &out_facts->ocsp);
    read_text(reader, object, "crl", &out_facts->crl);
    read_bool(reader, object, "must_staple", &out_facts->must_staple);
    read_digest(reader, object, "fingerprint", out_facts->fingerprint);
    read_digest(reader, object, "spki", out_facts->spki);
    read_hex(reader, object, "der", READ_BYTES_MAX, &out_facts->der);
}

static void read_chain(struct reader *reader, const json_t *leg, const char *key,
                       struct cert_facts **out_chain, size_t *out_count)
{
    const json_t *array = read_array(reader, leg, key, CERT_CHAIN_MAX);
    size_t count = array != NULL ? json_array_size(array) : 0;
    if (count == 0) {
        return;
    }
    struct cert_facts *chain = arena_alloc(reader->arena, count * sizeof(*chain));
    if (chain == NULL) {
        (void)reader_fail(reader, key, "does not fit into memory");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *object = json_array_get(array, i);
        if (!json_is_object(object)) {
            (void)reader_fail(reader, key, "has an element that is no object");
            return;
        }
        read_certificate(reader, object, &chain[i]);
    }
    *out_chain = chain;
    *out_count = count;
}

static void read_faults(struct reader *reader, const json_t *object, uint32_t *out_faults)
{
    const json_t *array = read_array(reader, object, "faults", CERT_FAULTS);
    for (size_t i = 0; array != NULL && i < json_array_size(array); i++) {
        const char *code = json_string_value(json_array_get(array, i));
        for (enum cert_fault fault = CERT_FAULT_HOSTNAME; fault < CERT_FAULTS; fault++) {
            if (slice_equals_text(slice_of_text(code), fault_code(fault))) {
                *out_faults |= 1u << fault;
            }
        }
    }
}

static void read_verification(struct reader *reader, const json_t *leg,
                              struct verification *out_verification)
{
    size_t mark, fault = CERT_FAULT_NONE;
    const json_t *object = read_object(reader, leg, "verification", &mark);
    if (object == NULL) {
        return;
    }
    int64_t depth = 0;
    out_verification->done = true;
    read_choice(reader, object, "fault", fault_name, CERT_FAULTS, &fault);
    out_verification->fault = (enum cert_fault)fault;
    read_faults(reader, object, &out_verification->faults);
    read_int(reader, object, "depth", -1, INT32_MAX, &depth);
    out_verification->depth = (int)depth;
    read_text(reader, object, "subject", &out_verification->subject);
    read_text(reader, object, "missing_issuer", &out_verification->missing_issuer);
    read_text(reader, object, "name", &out_verification->name);
    read_i64(reader, object, "at_us", &out_verification->at_us);
    read_text(reader, object, "trusted_fingerprint", &out_verification->trusted_fingerprint);
    read_text(reader, object, "library_says", &out_verification->library_says);
    reader_leave(reader, mark);
}

static void read_shape(struct reader *reader, const json_t *leg, struct leg_evidence *out_leg)
{
    size_t mark;
    const json_t *object = read_object(reader, leg, "shape", &mark);
    if (object == NULL) {
        return;
    }
    struct leg_shape *shape = arena_alloc(reader->arena, sizeof(*shape));
    if (shape == NULL) {
        (void)reader_fail(reader, "shape", "does not fit into memory");
        return;
    }
    struct slice alpn = SLICE_EMPTY;
    read_u16(reader, object, "version_min", &shape->version_min);
    read_u16(reader, object, "version_max", &shape->version_max);
    read_numbers(reader, object, "suites", &shape->suites);
    read_numbers(reader, object, "groups", &shape->groups);
    read_numbers(reader, object, "schemes", &shape->schemes);
    read_hex(reader, object, "alpn", sizeof(shape->alpn), &alpn);
    for (size_t i = 0; i < alpn.len; i++) {
        shape->alpn[i] = alpn.data[i];
    }
    shape->alpn_len = (uint8_t)alpn.len;
    out_leg->shape = shape;
    reader_leave(reader, mark);
}

static void read_agreed(struct reader *reader, const json_t *leg, struct leg_evidence *out_leg)
{
    int64_t status = 0;
    read_u16(reader, leg, "version", &out_leg->version);
    read_u16(reader, leg, "suite", &out_leg->suite);
    read_u16(reader, leg, "group", &out_leg->group);
    read_u16(reader, leg, "scheme", &out_leg->scheme);
    read_size(reader, leg, "dh_bits", &out_leg->dh_bits);
    read_hex(reader, leg, "alpn", UINT8_MAX, &out_leg->alpn);
    read_bool(reader, leg, "resumed", &out_leg->is_resumed);
    read_text(reader, leg, "sni", &out_leg->sni_sent);
    read_bool(reader, leg, "certificate_request", &out_leg->has_certificate_request);
    read_bool(reader, leg, "client_certificate", &out_leg->has_client_certificate);
    read_bool(reader, leg, "did_verify", &out_leg->did_verify);
    read_int(reader, leg, "http_status", 0, 999, &status);
    out_leg->http_status = (int)status;
    read_text(reader, leg, "http_words", &out_leg->http_words);
    read_u32(reader, leg, "keys", &out_leg->keys);
}

static void read_transport(struct reader *reader, const json_t *leg, struct leg_evidence *out_leg)
{
    read_text(reader, leg, "peer", &out_leg->peer_address);
    read_i64(reader, leg, "dial_us", &out_leg->dial_us);
    read_i64(reader, leg, "connected_us", &out_leg->connected_us);
    read_i64(reader, leg, "secured_us", &out_leg->secured_us);
    read_size(reader, leg, "addresses_tried", &out_leg->addresses_tried);
    read_u64(reader, leg, "bytes_received", &out_leg->bytes_received);
    read_u64(reader, leg, "bytes_sent", &out_leg->bytes_sent);
    read_u64(reader, leg, "app_bytes_received", &out_leg->app_bytes_received);
    read_u64(reader, leg, "app_bytes_sent", &out_leg->app_bytes_sent);
    read_hex(reader, leg, "first_bytes", FIRST_BYTES_MAX, &out_leg->first_bytes);
}

void leg_read(struct reader *reader, const json_t *leg, struct leg_evidence *out_leg)
{
    read_bool(reader, leg, "started", &out_leg->is_started);
    read_hex(reader, leg, "client_hello", READ_BYTES_MAX, &out_leg->client_hello);
    read_bool(reader, leg, "sslv2_hello", &out_leg->is_sslv2_hello);
    read_hex(reader, leg, "server_hello", READ_BYTES_MAX, &out_leg->server_hello);
    read_hex(reader, leg, "retry_request", READ_BYTES_MAX, &out_leg->retry_request);
    read_hex(reader, leg, "second_client_hello", READ_BYTES_MAX, &out_leg->second_client_hello);
    read_agreed(reader, leg, out_leg);
    read_ending(reader, leg, "handshake", &out_leg->handshake);
    read_ending(reader, leg, "close", &out_leg->close);
    read_moments(reader, leg, out_leg);
    read_chain(reader, leg, "chain", &out_leg->chain, &out_leg->chain_count);
    read_chain(reader, leg, "client_chain", &out_leg->client_chain, &out_leg->client_chain_count);
    read_hex(reader, leg, "staple", READ_BYTES_MAX, &out_leg->staple);
    read_verification(reader, leg, &out_leg->verification);
    read_transport(reader, leg, out_leg);
    read_shape(reader, leg, out_leg);
}
