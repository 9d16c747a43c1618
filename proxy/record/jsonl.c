// The JSON Lines sink. docs/log.md tells the fields; a field that has nothing to say is left out,
// so that readers test for presence, never for null.
#include "jsonl.h"

#include "evidence_json.h"
#include "recorder.h"

#define LOG_VERSION 1

static void write_text_bytes(struct json *json, const char *key, struct slice bytes)
{
    if (bytes.len > 0) {
        json_key(json, key);
        json_bytes(json, bytes);
    }
}

static void write_ms(struct json *json, const char *key, int64_t us)
{
    json_key(json, key);
    json_fixed(json, (double)us / 1000.0, 3);
}

static void write_span_ms(struct json *json, const char *key, int64_t from_us, int64_t to_us)
{
    if (to_us > 0 && to_us >= from_us) {
        write_ms(json, key, to_us - from_us);
    }
}

static void write_target(struct json *json, const struct evidence *evidence)
{
    char text[ENDPOINT_TEXT_MAX];
    if (evidence->has_target) {
        json_text_field(json, "target", endpoint_text(&evidence->target, text));
    }
}

static void write_opened(struct json *json, const struct evidence *evidence)
{
    json_text_field(json, "client", evidence->client_address);
    json_text_field(json, "proxy_protocol_source", evidence->proxy_protocol_source);
}

static void write_ingress(struct json *json, const struct evidence *evidence)
{
    json_text_field(json, "ingress", ingress_kind_name(evidence->ingress));
    if (evidence->is_tls_to_proxy) {
        json_bool_field(json, "tls_to_proxy", true);
    }
    write_target(json, evidence);
    json_text_field(json, "host", evidence->host_header);
    json_text_field(json, "via", evidence->via);
}

// A leg's handshake begins with its first message: on the client leg the hello may come long
// after the connection.
static int64_t handshake_began_us(const struct leg_evidence *leg)
{
    if (leg->moment_count > 0) {
        return leg->moments[0].at_us;
    }
    return leg->connected_us;
}

static void write_timings(struct json *json, const struct evidence *evidence)
{
    const struct leg_evidence *client = &evidence->legs[CLIENT];
    const struct leg_evidence *server = &evidence->legs[SERVER];
    json_key(json, "ms");
    json_open_object(json);
    write_span_ms(json, "connect", server->dial_us, server->connected_us);
    write_span_ms(json, "server_handshake", handshake_began_us(server), server->secured_us);
    write_span_ms(json, "client_handshake", handshake_began_us(client), client->secured_us);
    int64_t last_us =
        client->secured_us > server->secured_us ? client->secured_us : server->secured_us;
    write_span_ms(json, "secured", 0, last_us);
    json_close_object(json);
}

static void write_legs(struct json *json, const struct evidence *evidence)
{
    json_key(json, "legs");
    json_open_object(json);
    for (enum side side = CLIENT; side < SIDES; side++) {
        json_key(json, side_name(side));
        evidence_write_leg(json, evidence, side);
    }
    json_close_object(json);
}

static void write_secured(struct json *json, const struct event *event)
{
    const struct evidence *evidence = event->evidence;
    write_target(json, evidence);
    json_text_field(json, "client", evidence->client_address);
    json_text_field(json, "order", order_name(evidence->order));
    json_text_field(json, "edge", evidence->edge);
    write_legs(json, evidence);
    json_key(json, "diff");
    evidence_write_diff(json, evidence);
    json_key(json, "masked");
    json_open_array(json);
    for (size_t i = 0; i < event->masked_count; i++) {
        json_text(json, event->masked[i].cause->code);
    }
    json_close_array(json);
    write_timings(json, evidence);
}

static void write_alpn(struct json *json, const struct client_hello *hello)
{
    size_t at = 0;
    struct slice name;
    if (!hello->has_alpn) {
        return;
    }
    json_key(json, "alpn");
    json_open_array(json);
    while (alpn_next(hello->alpn, &at, &name)) {
        json_bytes(json, name);
    }
    json_close_array(json);
}

static void write_versions(struct json *json, const struct client_hello *hello)
{
    json_key(json, "versions");
    json_open_array(json);
    for (uint16_t version = VERSION_TLS13; version >= VERSION_SSL30; version--) {
        if (client_hello_offers_version(hello, version)) {
            json_text(json, version_name(version));
        }
    }
    json_close_array(json);
}

static void write_client_hello(struct json *json, const struct leg_evidence *leg)
{
    struct client_hello hello;
    size_t at;
    enum parse parsed = leg->is_sslv2_hello
                            ? client_hello_parse_sslv2(leg->client_hello, &hello, &at)
                            : client_hello_parse(leg->client_hello, &hello, &at);
    if (parsed != PARSE_OK) {
        return;
    }
    char hash[JA3_HASH_MAX];
    char fingerprint[JA4_MAX];
    json_key(json, "client_hello");
    json_open_object(json);
    write_text_bytes(json, "sni", hello.sni);
    write_versions(json, &hello);
    write_alpn(json, &hello);
    json_text_field(json, "ja3", ja3_hash(&hello, hash));
    json_text_field(json, "ja4", ja4(&hello, fingerprint));
    json_close_object(json);
}

static void write_server_hello(struct json *json, const struct leg_evidence *leg)
{
    struct server_hello hello;
    size_t at;
    if (server_hello_parse(leg->server_hello, &hello, &at) != PARSE_OK) {
        return;
    }
    json_key(json, "server_hello");
    json_open_object(json);
    json_text_field(json, "version", version_name(hello.version));
    json_text_field(json, "suite", suite_name(hello.cipher_suite));
    json_text_field(json, "group", hello.group != 0 ? group_name(hello.group) : NULL);
    write_text_bytes(json, "alpn", hello.alpn);
    json_close_object(json);
}

// Passed connections have one TLS session; both hellos are noted on both legs, or on one.
static const struct leg_evidence *leg_with(const struct evidence *evidence, bool wants_server_hello)
{
    for (enum side side = CLIENT; side < SIDES; side++) {
        const struct leg_evidence *leg = &evidence->legs[side];
        if ((wants_server_hello ? leg->server_hello : leg->client_hello).len > 0) {
            return leg;
        }
    }
    return NULL;
}

static void write_passed(struct json *json, const struct evidence *evidence)
{
    write_target(json, evidence);
    const struct leg_evidence *offering = leg_with(evidence, false);
    const struct leg_evidence *choosing = leg_with(evidence, true);
    if (offering != NULL) {
        write_client_hello(json, offering);
    }
    if (choosing != NULL) {
        write_server_hello(json, choosing);
    }
}

static void write_verdict(struct json *json, const struct event *event)
{
    verdict_write(json, event->verdict, event->evidence);
    if (event->repeats > 0) {
        json_int_field(json, "repeats", event->repeats);
    }
}

static void write_experiment(struct json *json, const struct event *event)
{
    write_target(json, event->evidence);
    json_int_field(json, "of", (int64_t)event->evidence->experiment_of);
    json_text_field(json, "changed", event->row->changed);
    json_text_field(json, "outcome", event->row->outcome);
    json_bool_field(json, "passed", event->row->passed);
    json_key(json, "ms");
    json_fixed(json, event->row->ms, 1);
}

static void write_ending(struct json *json, const char *key, const char *alert_key,
                         const struct ending *ending)
{
    if (ending->kind == ENDING_NONE) {
        return;
    }
    json_text_field(json, key, ending_kind_name(ending->kind));
    if (ending->kind == ENDING_ALERT_SENT || ending->kind == ENDING_ALERT_RECEIVED) {
        json_text_field(json, alert_key, alert_name(ending->alert));
    }
}

static void write_closed_leg(struct json *json, const struct leg_evidence *leg)
{
    json_open_object(json);
    write_ending(json, "handshake", "handshake_alert", &leg->handshake);
    write_ending(json, "close", "close_alert", &leg->close);
    json_int_field(json, "bytes_received", (int64_t)leg->bytes_received);
    json_int_field(json, "bytes_sent", (int64_t)leg->bytes_sent);
    json_int_field(json, "app_bytes_received", (int64_t)leg->app_bytes_received);
    json_int_field(json, "app_bytes_sent", (int64_t)leg->app_bytes_sent);
    json_close_object(json);
}

static void write_closed(struct json *json, const struct event *event)
{
    write_target(json, event->evidence);
    write_ms(json, "duration_ms", event->lasted_us);
    json_key(json, "legs");
    json_open_object(json);
    for (enum side side = CLIENT; side < SIDES; side++) {
        if (event->evidence->legs[side].is_started) {
            json_key(json, side_name(side));
            write_closed_leg(json, &event->evidence->legs[side]);
        }
    }
    json_close_object(json);
}

static void write_fields(struct json *json, const struct event *event)
{
    switch (event->kind) {
    case EVENT_LISTENING:
        json_text_field(json, "address", event->text);
        return;
    case EVENT_OPENED:
        write_opened(json, event->evidence);
        return;
    case EVENT_TARGET:
        write_ingress(json, event->evidence);
        return;
    case EVENT_SECURED:
        write_secured(json, event);
        return;
    case EVENT_PLAIN:
        write_target(json, event->evidence);
        return;
    case EVENT_PASSED:
        write_passed(json, event->evidence);
        return;
    case EVENT_VERDICT:
        write_verdict(json, event);
        return;
    case EVENT_EXPERIMENT:
        write_experiment(json, event);
        return;
    case EVENT_CLOSED:
        write_closed(json, event);
        return;
    case EVENT_NOTICE:
    case EVENT_ERROR:
        json_text_field(json, "text", event->text);
        return;
    case EVENTS:
        return;
    }
}

static struct json begin(const struct event *event, struct buffer *out)
{
    char time[CLOCK_TEXT_MAX];
    struct json json = json_into(out);
    json_open_object(&json);
    json_int_field(&json, "v", LOG_VERSION);
    json_text_field(&json, "time", clock_text(event->wall_us, time));
    json_int_field(&json, "connection", (int64_t)event->connection);
    json_text_field(&json, "event", event_kind_name(event->kind));
    return json;
}

bool jsonl_render(const struct event *event, struct buffer *out)
{
    size_t len_before = out->len;
    struct json json = begin(event, out);
    write_fields(&json, event);
    json_close_object(&json);
    if (!json.failed && buffer_append_byte(out, '\n')) {
        return true;
    }
    // The buffer kept the room that the event had taken: enough to say that it is missing.
    out->len = len_before;
    json = begin(&(struct event){.kind = EVENT_NOTICE,
                                 .wall_us = event->wall_us,
                                 .connection = event->connection},
                 out);
    json_text_field(&json, "text", "1 event left out: no memory to write it");
    json_text_field(&json, "left_out", event_kind_name(event->kind));
    json_close_object(&json);
    if (json.failed || !buffer_append_byte(out, '\n')) {
        out->len = len_before;
    }
    return false;
}

static void render(void *user, const struct event *event, struct buffer *out)
{
    (void)user;                     // stateless
    (void)jsonl_render(event, out); // what is missing is said in its place
}

struct sink jsonl_sink(int fd, bool owns_fd)
{
    return (struct sink){
        .name = "jsonl",
        .render = render,
        .fd = fd,
        .owns_fd = owns_fd,
        .events = (1u << EVENTS) - 1,
    };
}
