#include "history.h"

#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "clock.h"

#define WAYS 4

enum row_kind {
    ROW_NONE,
    ROW_CLIENT,
    ROW_ORIGIN,
    ROW_FINDING
};

struct row {
    enum row_kind kind;
    uint64_t key; // FNV-1a: two clients that collide share a history, which only weakens a hint
    uint32_t secured, refused;
    uint64_t refused_at;  // ROW_CLIENT: the name that was refused last, by its key
    bool refused_another; // … and another one before
    int64_t at_us;
};

struct history {
    uv_mutex_t lock;
    struct row rows[HISTORY_ROWS_MAX];
};

struct history *history_new(void)
{
    struct history *history = calloc(1, sizeof(*history));
    if (history != NULL && uv_mutex_init(&history->lock) != 0) {
        free(history);
        return NULL;
    }
    return history;
}

void history_free(struct history *history)
{
    if (history != NULL) {
        uv_mutex_destroy(&history->lock);
        free(history);
    }
}

static uint64_t mix(uint64_t key, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        key = (key ^ (uint8_t)text[i]) * 0x100000001b3u;
    }
    return (key ^ 0xff) * 0x100000001b3u; // parts don't run into each other
}

static uint64_t mix_text(uint64_t key, const char *text)
{
    return text != NULL ? mix(key, text, strlen(text)) : mix(key, "", 0);
}

static uint64_t client_key(const struct evidence *evidence)
{
    // Behind a balancer all connections come from one address: the header names the client's.
    const char *named = evidence->proxy_protocol_source;
    const char *address = named != NULL ? named : evidence->client_address;
    address = address != NULL ? address : "";
    const char *port = strrchr(address, ':');
    size_t len = port != NULL ? (size_t)(port - address) : strlen(address);
    uint64_t key = mix(0xcbf29ce484222325u, address, len);
    struct client_hello hello;
    size_t at;
    struct slice message = evidence->legs[CLIENT].client_hello;
    if (message.len > 0 && !evidence->legs[CLIENT].is_sslv2_hello &&
        client_hello_parse(message, &hello, &at) == PARSE_OK) {
        char fingerprint[JA4_MAX];
        key = mix_text(key, ja4(&hello, fingerprint));
    }
    return key;
}

static uint64_t origin_key(const struct evidence *evidence)
{
    char text[ENDPOINT_TEXT_MAX];
    return mix_text(0xcbf29ce484222325u, endpoint_text(&evidence->target, text));
}

// name_key is of the name that the certificate had to have: a pin is to a name, whatever the port.
static uint64_t name_key(const struct evidence *evidence)
{
    const char *sni = evidence->legs[CLIENT].sni_sent;
    return mix_text(0xcbf29ce484222325u, sni != NULL ? sni : evidence->target.host);
}

// row_of finds the row or takes the place of the one longest untouched among its neighbours.
static struct row *row_of(struct history *history, enum row_kind kind, uint64_t key)
{
    size_t first = (size_t)(key % (HISTORY_ROWS_MAX / WAYS)) * WAYS;
    struct row *oldest = &history->rows[first];
    for (size_t i = first; i < first + WAYS; i++) {
        struct row *row = &history->rows[i];
        if (row->kind == kind && row->key == key) {
            return row;
        }
        if (row->at_us < oldest->at_us) {
            oldest = row;
        }
    }
    *oldest = (struct row){.kind = kind, .key = key};
    return oldest;
}

void history_read(struct history *history, struct evidence *evidence)
{
    uint64_t client = client_key(evidence), origin = origin_key(evidence);
    uv_mutex_lock(&history->lock);
    struct row row = *row_of(history, ROW_CLIENT, client);
    evidence->client_secured_before = row.secured;
    evidence->client_failed_before = row.refused;
    evidence->origin_secured_before = row_of(history, ROW_ORIGIN, origin)->secured;
    uv_mutex_unlock(&history->lock);
}

static void touch(struct row *row)
{
    row->at_us = clock_monotonic_us();
}

void history_secured(struct history *history, const struct evidence *evidence)
{
    uint64_t client = client_key(evidence), origin = origin_key(evidence);
    uv_mutex_lock(&history->lock);
    struct row *row = row_of(history, ROW_CLIENT, client);
    row->secured++;
    touch(row);
    row = row_of(history, ROW_ORIGIN, origin);
    row->secured++;
    touch(row);
    uv_mutex_unlock(&history->lock);
}

void history_refused(struct history *history, const struct evidence *evidence)
{
    uint64_t client = client_key(evidence), name = name_key(evidence);
    uv_mutex_lock(&history->lock);
    struct row *row = row_of(history, ROW_CLIENT, client);
    row->refused_another = row->refused_another || (row->refused > 0 && row->refused_at != name);
    row->refused_at = name;
    row->refused++;
    touch(row);
    uv_mutex_unlock(&history->lock);
}

void history_experiment(struct history *history, const struct evidence *evidence,
                        struct experiment_history *out_history)
{
    uint64_t client = client_key(evidence), name = name_key(evidence);
    uv_mutex_lock(&history->lock);
    const struct row *row = row_of(history, ROW_CLIENT, client);
    out_history->took_another = row->secured > 0;
    out_history->refused_another =
        row->refused_another || (row->refused > 0 && row->refused_at != name);
    uv_mutex_unlock(&history->lock);
}

uint32_t history_repeats(struct history *history, const struct evidence *evidence,
                         const struct verdict *verdict)
{
    uint64_t key = mix_text(client_key(evidence) ^ origin_key(evidence), verdict->cause->code);
    key = mix_text(key, side_name(verdict->leg));
    key = mix_text(key, evidence->ingress_fault); // two ways to be malformed are two findings
    uv_mutex_lock(&history->lock);
    struct row *row = row_of(history, ROW_FINDING, key);
    int64_t now_us = clock_monotonic_us();
    if (now_us - row->at_us > HISTORY_REPEAT_US) {
        row->secured = 0; // a finding's own count
    }
    uint32_t before = row->secured++;
    row->at_us = now_us;
    uv_mutex_unlock(&history->lock);
    return before;
}
