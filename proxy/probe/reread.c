#include "reread.h"

#include <string.h>

#include "clock.h"
#include "ingress.h"
#include "judge.h"
#include "socks4.h"
#include "wire.h"

// What a reader makes of the bytes.
struct reading {
    bool is_taken;
    bool is_open; // neither taken nor refused: more bytes are needed
    const char *outcome;
};

static struct reading refused(const char *outcome)
{
    return (struct reading){.outcome = outcome};
}

static struct reading unfinished(void)
{
    return (struct reading){.is_open = true, .outcome = "not whole"};
}

static struct reading taken(const char *outcome)
{
    return (struct reading){.is_taken = true, .outcome = outcome != NULL ? outcome : "whole"};
}

static struct reading read_found(const struct ingress_found *found, struct arena *arena)
{
    char target[ENDPOINT_TEXT_MAX];
    switch (found->form) {
    case INGRESS_FORM_CONNECT:
        return taken(arena_printf(arena, "a whole request: CONNECT %s",
                                  endpoint_text(&found->target, target)));
    case INGRESS_FORM_ABSOLUTE:
        return taken(arena_printf(arena, "a whole request for http://%s",
                                  endpoint_text(&found->target, target)));
    case INGRESS_FORM_SOCKS5:
        return taken(arena_printf(arena, "a whole SOCKS5 request for %s",
                                  endpoint_text(&found->target, target)));
    case INGRESS_FORM_LOCAL:
        break;
    }
    return taken("a whole request to midspan itself");
}

// The replies of SOCKS5 are left out: a greeting alone tells that it is SOCKS5.
static struct reading as_proxy_request(struct slice bytes, struct arena *arena)
{
    struct ingress *ingress = ingress_new(NULL);
    struct reading reading = unfinished();
    size_t consumed;
    if (ingress == NULL) {
        return reading;
    }
    switch (ingress_feed(ingress, bytes, &consumed)) {
    case INGRESS_STEP_MORE:
        break;
    case INGRESS_STEP_REPLY:
        reading = taken("a whole SOCKS5 greeting");
        break;
    case INGRESS_STEP_TLS:
        reading = refused("no request: TLS");
        break;
    case INGRESS_STEP_DONE:
        reading = read_found(ingress_found(ingress), arena);
        break;
    case INGRESS_STEP_BAD:
        reading = refused(arena_text(arena, slice_of_text(ingress_fault(ingress))));
        break;
    }
    ingress_free(ingress);
    return reading;
}

static struct reading as_tls(struct slice bytes, struct arena *arena)
{
    struct buffer joined = {0};
    struct slice message;
    struct client_hello hello;
    bool is_sslv2;
    size_t at;
    buffer_init(&joined, HANDSHAKE_MESSAGE_MAX + HANDSHAKE_HEADER_LEN);
    struct reading reading = refused("no ClientHello");
    enum parse parsed = first_hello(bytes, &joined, &message, &is_sslv2);
    if (parsed == PARSE_OK) {
        parsed = is_sslv2 ? client_hello_parse_sslv2(message, &hello, &at)
                          : client_hello_parse(message, &hello, &at);
        parsed = parsed == PARSE_MORE ? PARSE_BAD : parsed; // the message is whole
    }
    if (parsed == PARSE_OK && !is_sslv2 && hello.has_sni) {
        reading =
            taken(arena_printf(arena, "a whole ClientHello for %s", peer_bytes(arena, hello.sni)));
    } else if (parsed == PARSE_OK) {
        reading = taken("a whole ClientHello");
    } else if (parsed == PARSE_MORE) {
        reading = unfinished();
    }
    buffer_clear(&joined);
    return reading;
}

static struct reading as_header(struct slice bytes, struct arena *arena)
{
    struct proxy_header header;
    switch (proxy_header_parse(bytes, &header)) {
    case PARSE_OK:
        return taken(header.is_local ? "a whole PROXY protocol header"
                                     : arena_printf(arena, "a whole PROXY protocol header: from %s",
                                                    header.source));
    case PARSE_MORE:
        return unfinished();
    case PARSE_BAD:
        break;
    }
    return refused("no PROXY protocol header");
}

static struct reading as_socks4(struct slice bytes, struct arena *arena)
{
    struct endpoint target;
    char text[ENDPOINT_TEXT_MAX];
    switch (socks4_parse(bytes, &target)) {
    case PARSE_OK:
        return taken(
            arena_printf(arena, "a whole SOCKS4 request for %s", endpoint_text(&target, text)));
    case PARSE_MORE:
        return unfinished();
    case PARSE_BAD:
        break;
    }
    return refused("no SOCKS4 request");
}

static const struct {
    const char *words;
    struct reading (*read)(struct slice bytes, struct arena *arena);
} readers[] = {
    [REREAD_PROXY] = {"a proxy request", as_proxy_request},
    [REREAD_TLS] = {"TLS", as_tls},
    [REREAD_HEADER] = {"a PROXY protocol header", as_header},
    [REREAD_PORTS] = {"a SOCKS4 request", as_socks4}, // no port takes it
};

static struct reading run(const struct reread_setup *setup, size_t reader, const char *changed)
{
    struct verdict *verdict = setup->verdict;
    int64_t begun_us = clock_monotonic_us();
    struct reading reading = readers[reader].read(setup->bytes, setup->arena);
    if (verdict->proof_count < PROOF_ROWS_MAX) {
        verdict->proof[verdict->proof_count++] = (struct proof_row){
            .changed = changed != NULL ? changed : "",
            .outcome = reading.outcome != NULL ? reading.outcome : "",
            .ms = (double)(clock_monotonic_us() - begun_us) / 1000.0,
            .passed = reading.is_taken,
        };
    }
    return reading;
}

bool reread(const struct reread_setup *setup)
{
    struct verdict *verdict = setup->verdict;
    if (strncmp(verdict->cause->code, "ingress.", 8) != 0 || setup->bytes.len == 0) {
        return false;
    }
    struct reading own = run(
        setup, setup->port,
        arena_printf(setup->arena, "nothing: the same bytes as %s", readers[setup->port].words));
    size_t takers = 0;
    for (size_t i = 0; i < COUNT_OF(readers); i++) {
        if (i != setup->port) {
            const char *words = arena_printf(setup->arena, "read as %s", readers[i].words);
            takers += run(setup, i, words).is_taken;
        }
    }
    if (!own.is_taken && !own.is_open && takers == 1) {
        verdict->confidence = CONFIDENCE_PROVEN;
    }
    return true;
}
