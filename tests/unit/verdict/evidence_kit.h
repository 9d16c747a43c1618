// Evidence made from a line of words, so that a row of a test reads like the case it is about:
// "client=curl c.cert c.alert=48". Without words it is a connection to www.example.com:443 whose
// legs have not begun. `c.` words are about the client leg, `s.` words about the server leg.
//
//   client=NAME     the hello of a sample in wire/data/client_hellos.txt
//   c.versions=1.2+1.3, c.suites=c02b+1301, c.groups=1d, c.schemes=403, c.alpn=h2, c.sni=NAME,
//   c.noems, c.scsv, c.pad=N     what the client offers. s.… what midspan offers the origin, and
//                   ours.… what it takes on the client leg, where they differ
//   x.alert=N, x.sent=N, x.sealed, x.reset, x.closed, x.silence, x.secured, x.refused,
//   x.nottls=TEXT, x.unreachable=ERRNO, x.abandoned, x.dropped      how the handshake ended
//   x.close=closed|reset|silence|alert:N|sent:N      how the secured leg ended
//   x.answer=1.3    ServerHello; noreneg, noems, sentinel before it change it
//   s.flight        the rest of a server's first flight, which TLS 1.3 encrypts
//   x.unread        a Certificate in the same record, which the library did not come to
//   x.cert, x.retry, x.request, x.gave, x.kx=BITS, x.group=HEX, x.scheme=HEX, x.resumed, x.chose=h2
//   x.chain=WHAT    the certificates; x.verify=CODE[+CODE] what verification found ("ok": nothing)
//   x.in=N, x.out=N application bytes; x.wait=SECONDS; x.at=DAYS verified when
//   x.http=STATUS, x.words=TEXT, s.reasks      what the answer said; a renegotiation is asked for
//   x.none          a Certificate of the client that holds none
//   finished, used  how far a client came that was passed on
//
// The rest is in kit_evidence_word.
#pragma once

#include "chain_kit.h"

struct kit {
    struct arena arena;
    struct evidence evidence;
    struct kit_hello hellos[SIDES], ours; // ours: what midspan takes on the client leg
    struct leg_shape shapes[SIDES];
    const char *sample;
    bool lacks_renegotiation, lacks_answer_ems, has_sentinel;
    int64_t now_us;
};

static inline struct slice kit_answer(struct kit *kit, uint16_t version, uint16_t suite,
                                      uint16_t group)
{
    struct buffer extensions = {0}, body = {0}, message = {0};
    uint8_t random[32] = {9};
    if (kit->has_sentinel) {
        memcpy(random + 24, "DOWNGRD\x01", 8);
    }
    if (version >= VERSION_TLS13) {
        buffer_append_u16(&extensions, EXTENSION_SUPPORTED_VERSIONS);
        buffer_append_u16(&extensions, 2);
        buffer_append_u16(&extensions, version);
        buffer_append_u16(&extensions, EXTENSION_KEY_SHARE);
        buffer_append_u16(&extensions, 36);
        buffer_append_u16(&extensions, group);
        buffer_append_u16(&extensions, 32);
        buffer_append(&extensions, (struct slice){random, 32});
    }
    if (version < VERSION_TLS13 && !kit->lacks_renegotiation) {
        buffer_append_u16(&extensions, EXTENSION_RENEGOTIATION_INFO);
        buffer_append_u16(&extensions, 1);
        buffer_append_byte(&extensions, 0);
    }
    if (version < VERSION_TLS13 && !kit->lacks_answer_ems) {
        buffer_append_u16(&extensions, EXTENSION_EXTENDED_MASTER_SECRET);
        buffer_append_u16(&extensions, 0);
    }
    buffer_append_u16(&body, version >= VERSION_TLS13 ? VERSION_TLS12 : version);
    buffer_append(&body, (struct slice){random, 32});
    buffer_append_byte(&body, 0);
    buffer_append_u16(&body, suite);
    buffer_append_byte(&body, 0);
    buffer_append_u16(&body, (uint16_t)buffer_slice(&extensions).len);
    buffer_append(&body, buffer_slice(&extensions));
    assert_true(handshake_encode(&message, HANDSHAKE_SERVER_HELLO, buffer_slice(&body)));
    struct slice copy = arena_copy(&kit->arena, buffer_slice(&message));
    buffer_clear(&extensions);
    buffer_clear(&body);
    buffer_clear(&message);
    return copy;
}

// The first flight of a sample, its records taken off.
static inline struct slice kit_sample(struct kit *kit, const char *name, bool *out_is_sslv2)
{
    static char line[8192], hex[8192];
    char found[64];
    struct buffer flight = {0}, joined = {0};
    struct slice message;
    FILE *file = fopen(TEST_UNITS "/wire/data/client_hellos.txt", "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "%63s %*s %*s %8191s", found, hex) == 2 && strcmp(found, name) == 0) {
            assert_true(text_unhex(&flight, slice_of_text(hex)));
        }
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(first_hello(buffer_slice(&flight), &joined, &message, out_is_sslv2), PARSE_OK);
    struct slice copy = arena_copy(&kit->arena, message);
    buffer_clear(&flight);
    buffer_clear(&joined);
    return copy;
}

static inline void kit_moment(struct kit *kit, enum side side, uint8_t type, bool from_server)
{
    kit->now_us += 1000;
    leg_evidence_moment(&kit->evidence.legs[side], (struct moment){
                                                       .at_us = kit->now_us,
                                                       .sent = from_server == (side == CLIENT),
                                                       .content_type = CONTENT_HANDSHAKE,
                                                       .type = type,
                                                       .len = 100,
                                                       .record = 1,
                                                   });
}

static inline enum cert_fault kit_fault(const char *code)
{
    static const char *const codes[] = {
#define XX(name, text, words) text,
        CERT_FAULT_MAP(XX)
#undef XX
    };
    if (strcmp(code, "ok") == 0) {
        return CERT_FAULT_NONE;
    }
    for (size_t i = 1; i < COUNT(codes); i++) {
        if (strcmp(codes[i], code) == 0) {
            return (enum cert_fault)i;
        }
    }
    kit_fail(code);
    return CERT_FAULT_NONE;
}

static inline void kit_verify(struct kit *kit, enum side side, const char *codes)
{
    struct leg_evidence *leg = &kit->evidence.legs[side];
    char code[64];
    leg->verification = (struct verification){
        .done = true, .name = KIT_NAME, .at_us = KIT_OPENED, .subject = "CN=" KIT_NAME};
    leg->did_verify = true;
    if (leg->chain_count == 0) {
        kit_chain(&kit->arena, leg, side == CLIENT, "good");
    }
    for (bool is_first = true; *codes != '\0'; is_first = false) {
        size_t len = strcspn(codes, "+");
        snprintf(code, sizeof(code), "%.*s", (int)len, codes);
        enum cert_fault fault = kit_fault(code);
        leg->verification.fault = is_first ? fault : leg->verification.fault;
        leg->verification.faults |= fault != CERT_FAULT_NONE ? 1u << fault : 0;
        codes += len + (codes[len] == '+' ? 1 : 0);
    }
}

static inline void kit_answered(struct kit *kit, enum side side, const char *text)
{
    struct leg_evidence *leg = &kit->evidence.legs[side];
    leg->version = kit_version(text);
    leg->suite = leg->version >= VERSION_TLS13 ? 0x1301 : 0xc02f;
    leg->group = leg->version >= VERSION_TLS13 ? 0x001d : 0;
    leg->server_hello = kit_answer(kit, leg->version, leg->suite, 0x001d);
    leg->bytes_received += 100;
    kit_moment(kit, side, HANDSHAKE_SERVER_HELLO, true);
}

static inline void kit_end(struct kit *kit, enum side side, enum ending_kind kind, int number)
{
    bool is_alert = kind == ENDING_ALERT_RECEIVED || kind == ENDING_ALERT_SENT;
    kit->now_us += 1000;
    leg_evidence_end(&kit->evidence.legs[side], kind, is_alert ? (uint8_t)number : 0,
                     is_alert ? 0 : number, kit->now_us, NULL);
    if (kind == ENDING_ALERT_RECEIVED) {
        kit->evidence.legs[side].bytes_received += 7;
    }
}

static inline void kit_close(struct kit *kit, enum side side, const char *how)
{
    struct leg_evidence *leg = &kit->evidence.legs[side];
    kit->now_us += 1000;
    enum ending_kind kind = strcmp(how, "closed") == 0       ? ENDING_CLOSED
                            : strcmp(how, "reset") == 0      ? ENDING_RESET
                            : strcmp(how, "silence") == 0    ? ENDING_SILENCE
                            : strncmp(how, "alert:", 6) == 0 ? ENDING_ALERT_RECEIVED
                            : strncmp(how, "sent:", 5) == 0  ? ENDING_ALERT_SENT
                                                             : ENDING_NONE;
    const char *colon = strchr(how, ':');
    assert_int_not_equal(kind, ENDING_NONE);
    leg_evidence_close(leg, kind, colon != NULL ? (uint8_t)atoi(colon + 1) : 0, 0, kit->now_us,
                       NULL);
}

// kit_shaped makes the shape of a leg what a hello says.
static inline void kit_shaped(struct kit *kit, enum side side, const struct kit_hello *hello)
{
    struct leg_shape *shape = &kit->shapes[side];
    *shape = (struct leg_shape){.version_min = UINT16_MAX};
    for (size_t i = 0; i < hello->versions.len / 2; i++) {
        uint16_t version = slice_u16_at(kit_slice(&hello->versions), i);
        shape->version_min = version < shape->version_min ? version : shape->version_min;
        shape->version_max = version > shape->version_max ? version : shape->version_max;
    }
    number_list_read(&shape->suites, kit_slice(&hello->suites));
    number_list_read(&shape->groups, kit_slice(&hello->groups));
    number_list_read(&shape->schemes, kit_slice(&hello->schemes));
    memcpy(shape->alpn, hello->alpn, hello->alpn_len);
    shape->alpn_len = (uint8_t)hello->alpn_len;
    kit->evidence.legs[side].shape = shape;
}

// A word has no blanks: "~" stands for one.
static inline const char *kit_text(struct kit *kit, const char *value)
{
    char *text = (char *)(uintptr_t)arena_text(&kit->arena, slice_of_text(value));
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '~' ? ' ' : *at;
    }
    return text;
}

static inline bool kit_ending_word(struct kit *kit, enum side side, const char *key,
                                   const char *value)
{
    static const struct {
        const char *key;
        enum ending_kind kind;
    } endings[] = {
        {"alert", ENDING_ALERT_RECEIVED}, {"sent", ENDING_ALERT_SENT},
        {"sealed", ENDING_ALERT_SEALED},  {"reset", ENDING_RESET},
        {"closed", ENDING_CLOSED},        {"silence", ENDING_SILENCE},
        {"secured", ENDING_SECURED},      {"refused", ENDING_REFUSED},
        {"nottls", ENDING_NOT_TLS},       {"unreachable", ENDING_UNREACHABLE},
        {"abandoned", ENDING_ABANDONED},  {"dropped", ENDING_DROPPED},
    };
    struct leg_evidence *leg = &kit->evidence.legs[side];
    for (size_t i = 0; i < COUNT(endings); i++) {
        if (strcmp(endings[i].key, key) != 0) {
            continue;
        }
        if (endings[i].kind == ENDING_NOT_TLS) {
            leg->first_bytes = slice_of_text(kit_text(kit, value));
            leg->bytes_received = leg->first_bytes.len;
        }
        kit_end(kit, side, endings[i].kind, atoi(value));
        if (endings[i].kind == ENDING_SECURED) {
            leg->secured_us = kit->now_us;
        }
        return true;
    }
    return false;
}

static inline bool kit_handshake_word(struct kit *kit, enum side side, const char *key,
                                      const char *value)
{
    struct leg_evidence *leg = &kit->evidence.legs[side];
    if (strcmp(key, "answer") == 0) {
        kit_answered(kit, side, value);
    } else if (strcmp(key, "cert") == 0) {
        if (leg->server_hello.len == 0) {
            kit_answered(kit, side, "1.3");
        }
        kit_moment(kit, side, HANDSHAKE_CERTIFICATE, true);
        if (leg->chain_count == 0) {
            kit_chain(&kit->arena, leg, side == CLIENT, "good");
        }
    } else if (strcmp(key, "flight") == 0) {
        leg->bytes_received += 1500;
    } else if (strcmp(key, "unread") == 0) {
        kit_moment(kit, side, HANDSHAKE_CERTIFICATE, true);
    } else if (strcmp(key, "retry") == 0) {
        leg->retry_request = leg->client_hello.len > 0 ? leg->client_hello : slice_of_text("x");
        leg->bytes_received += 90;
    } else if (strcmp(key, "request") == 0) {
        leg->has_certificate_request = !kit->evidence.is_passed;
        kit_moment(kit, side, HANDSHAKE_CERTIFICATE_REQUEST, true);
    } else if (strcmp(key, "none") == 0) {
        kit_moment(kit, side, HANDSHAKE_CERTIFICATE, false);
        leg->moments[leg->moment_count - 1].len = 7;
    } else if (strcmp(key, "reasks") == 0) {
        kit_moment(kit, side, HANDSHAKE_HELLO_REQUEST, true);
    } else if (strcmp(key, "gave") == 0) {
        leg->has_client_certificate = true;
        kit_moment(kit, side, HANDSHAKE_CERTIFICATE, false);
    } else if (strcmp(key, "kx") == 0) {
        leg->dh_bits = (size_t)atoi(value);
        leg->suite = 0x009e;
        kit_moment(kit, side, HANDSHAKE_SERVER_KEY_EXCHANGE, true);
    } else if (strcmp(key, "group") == 0) {
        leg->group = (uint16_t)strtoul(value, NULL, 16);
    } else if (strcmp(key, "scheme") == 0) {
        leg->scheme = (uint16_t)strtoul(value, NULL, 16);
    } else if (strcmp(key, "suite") == 0) {
        leg->suite = (uint16_t)strtoul(value, NULL, 16);
    } else if (strcmp(key, "resumed") == 0) {
        leg->is_resumed = true;
    } else if (strcmp(key, "chose") == 0) {
        leg->alpn = slice_of_text(arena_text(&kit->arena, slice_of_text(value)));
    } else if (strcmp(key, "chain") == 0) {
        kit_chain(&kit->arena, leg, side == CLIENT, value);
    } else if (strcmp(key, "verify") == 0) {
        kit_verify(kit, side, value);
    } else {
        return false;
    }
    return true;
}

static inline bool kit_leg_word(struct kit *kit, enum side side, const char *key, const char *value)
{
    struct leg_evidence *leg = &kit->evidence.legs[side];
    if (strcmp(key, "close") == 0) {
        kit_close(kit, side, value);
    } else if (strcmp(key, "in") == 0) {
        leg->app_bytes_received = (uint64_t)atoi(value);
    } else if (strcmp(key, "out") == 0) {
        leg->app_bytes_sent = (uint64_t)atoi(value);
    } else if (strcmp(key, "raw") == 0) {
        leg->bytes_received = (uint64_t)atoi(value);
    } else if (strcmp(key, "http") == 0) {
        leg->http_status = atoi(value);
    } else if (strcmp(key, "words") == 0) {
        leg->http_words = kit_text(kit, value);
    } else if (strcmp(key, "tried") == 0) {
        leg->addresses_tried = (size_t)atoi(value);
    } else if (strcmp(key, "nopeer") == 0) {
        leg->peer_address = NULL;
    } else if (strcmp(key, "keys") == 0) {
        leg->keys = strcmp(value, "rsa") == 0 ? KEY_RSA : KEY_ECDSA;
    } else if (strcmp(key, "unverified") == 0) {
        leg->did_verify = false;
    } else if (strcmp(key, "at") == 0) {
        leg->verification.at_us = KIT_OPENED + (int64_t)atoi(value) * KIT_DAY;
    } else if (strcmp(key, "nohello") == 0) {
        leg->client_hello = SLICE_EMPTY;
    } else if (strcmp(key, "wait") == 0) {
        kit->now_us += (int64_t)atoi(value) * 1000000;
    } else {
        return false;
    }
    return true;
}

static inline bool kit_evidence_word(struct kit *kit, const char *key, const char *value)
{
    struct evidence *evidence = &kit->evidence;
    const char *text = arena_text(&kit->arena, slice_of_text(value));
    if (strcmp(key, "secured-before") == 0) {
        evidence->client_secured_before = (uint32_t)atoi(value);
    } else if (strcmp(key, "failed-before") == 0) {
        evidence->client_failed_before = (uint32_t)atoi(value);
    } else if (strcmp(key, "origin-before") == 0) {
        evidence->origin_secured_before = (uint32_t)atoi(value);
    } else if (strcmp(key, "edge") == 0) {
        evidence->edge = text;
    } else if (strcmp(key, "host") == 0) {
        evidence->host_header = text;
    } else if (strcmp(key, "client-first") == 0) {
        evidence->order = ORDER_CLIENT_FIRST;
    } else if (strcmp(key, "fixed") == 0) {
        evidence->ingress = INGRESS_FIXED;
    } else if (strcmp(key, "passed") == 0) {
        evidence->is_passed = true;
    } else if (strcmp(key, "finished") == 0) {
        evidence->passed_finished = true;
    } else if (strcmp(key, "used") == 0) {
        evidence->passed_used = true;
    } else if (strcmp(key, "plain") == 0) {
        evidence->is_plain = true;
    } else if (strcmp(key, "own-lists") == 0) {
        evidence->fixed = (struct fixed){true, true, true, true};
    } else if (strcmp(key, "spare") == 0) {
        evidence->was_dropped_unused = true;
    } else if (strcmp(key, "via") == 0) {
        evidence->via = "proxy.example.net:3128";
        evidence->via_status = atoi(value);
    } else if (strcmp(key, "ingress-fault") == 0) {
        evidence->ingress_fault = "what came is not a request";
        evidence->ingress_fault_code = text;
    } else if (strcmp(key, "target") == 0) {
        assert_true(endpoint_parse(slice_of_text(value), 443, "target", &evidence->target, NULL));
    } else if (strcmp(key, "date") == 0) {
        evidence->origin_date_us = KIT_OPENED + (int64_t)atoi(value) * KIT_DAY;
    } else if (strcmp(key, "opened") == 0) {
        evidence->opened_us = (int64_t)atoll(value) * 1000000;
    } else if (strcmp(key, "lost-group") == 0) {
        number_list_add(&evidence->lost.groups, (uint16_t)strtoul(value, NULL, 16));
    } else {
        return false;
    }
    return true;
}

// One word, split at its prefix ("c.", "s.", "ours.", "") and its "=".
struct kit_word {
    char prefix[8], key[56];
    const char *value;
};

static inline struct kit_word kit_split(const char *word)
{
    struct kit_word split = {.value = ""};
    const char *value = strchr(word, '=');
    size_t len = value != NULL ? (size_t)(value - word) : strlen(word);
    split.value = value != NULL ? value + 1 : "";
    const char *dot = memchr(word, '.', len);
    size_t skip = dot != NULL ? (size_t)(dot - word) + 1 : 0;
    assert_true(skip < sizeof(split.prefix) && len - skip < sizeof(split.key));
    memcpy(split.prefix, word, skip);
    memcpy(split.key, word + skip, len - skip);
    return split;
}

// Words about hellos are read first (`pass` is their prefix), then, with `pass` NULL, the others.
static inline void kit_word(struct kit *kit, const char *text, const char *pass)
{
    struct kit_word word = kit_split(text);
    struct kit_hello unused = {0};
    enum side side = word.prefix[0] == 's' ? SERVER : CLIENT;
    if (strcmp(word.key, "client") == 0 && word.prefix[0] == '\0') {
        kit->sample = arena_text(&kit->arena, slice_of_text(word.value));
        return;
    }
    if (word.prefix[0] != '\0' && kit_hello_word(&kit->arena, &unused, word.key, word.value)) {
        if (pass != NULL && strcmp(pass, word.prefix) == 0) {
            struct kit_hello *hello = pass[0] == 'o' ? &kit->ours : &kit->hellos[side];
            (void)kit_hello_word(&kit->arena, hello, word.key, word.value);
        }
        return;
    }
    if (pass != NULL) {
        return;
    }
    if (strcmp(text, "noreneg") == 0) {
        kit->lacks_renegotiation = true;
    } else if (strcmp(text, "noems") == 0) {
        kit->lacks_answer_ems = true;
    } else if (strcmp(text, "sentinel") == 0) {
        kit->has_sentinel = true;
    } else if (word.prefix[0] != '\0' ? !(kit_ending_word(kit, side, word.key, word.value) ||
                                          kit_handshake_word(kit, side, word.key, word.value) ||
                                          kit_leg_word(kit, side, word.key, word.value))
                                      : !kit_evidence_word(kit, word.key, word.value)) {
        kit_fail(text);
    }
}

static inline void kit_words(struct kit *kit, const char *words, const char *pass)
{
    char word[256];
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        assert_true(len < sizeof(word));
        memcpy(word, words, len);
        word[len] = '\0';
        if (len > 0) {
            kit_word(kit, word, pass);
        }
        words += len + (words[len] == ' ' ? 1 : 0);
    }
}

// The hellos of both legs, once all words about them are read. A server leg that was not spoken of
// offers what the client offers.
static inline void kit_hellos(struct kit *kit)
{
    struct leg_evidence *client = &kit->evidence.legs[CLIENT];
    struct leg_evidence *server = &kit->evidence.legs[SERVER];
    struct kit_hello *offered = &kit->hellos[SERVER];
    if (kit->sample != NULL) {
        client->client_hello = kit_sample(kit, kit->sample, &client->is_sslv2_hello);
    } else {
        client->client_hello = kit_encode(&kit->arena, &kit->hellos[CLIENT]);
    }
    client->sni_sent = kit->hellos[CLIENT].sni;
    client->bytes_received = client->client_hello.len;
    server->client_hello = kit_encode(&kit->arena, offered);
    server->sni_sent = offered->sni;
    server->bytes_sent = server->client_hello.len;
    kit_shaped(kit, CLIENT, &kit->ours);
    kit_shaped(kit, SERVER, offered);
    kit_moment(kit, CLIENT, HANDSHAKE_CLIENT_HELLO, false);
    kit_moment(kit, SERVER, HANDSHAKE_CLIENT_HELLO, false);
}

static inline void kit_begin(struct kit *kit, const char *words)
{
    memset(kit, 0, sizeof(*kit));
    kit->evidence.connection = 17;
    kit->evidence.opened_us = KIT_OPENED;
    kit->evidence.ingress = INGRESS_CONNECT;
    kit->evidence.client_address = "127.0.0.1:50000";
    kit->evidence.has_target = true;
    assert_true(
        endpoint_parse(slice_of_text(KIT_NAME ":443"), 443, "target", &kit->evidence.target, NULL));
    for (enum side side = CLIENT; side < SIDES; side++) {
        kit->evidence.legs[side].is_started = true;
        kit->evidence.legs[side].peer_address = "192.0.2.1:443";
        kit->evidence.legs[side].addresses_tried = 1;
    }
    struct kit_hello *hello = &kit->hellos[CLIENT];
    kit_list_versions(&hello->versions, "1.3+1.2");
    kit_list_hex(&hello->suites, "1301+1302+1303+c02b+c02f+c02c+c030");
    kit_list_hex(&hello->groups, "1d+17+18");
    kit_list_hex(&hello->schemes, "403+804+401+503+805");
    kit_alpn(hello, "h2+http/1.1");
    hello->sni = KIT_NAME;
    kit_words(kit, words, "c.");
    kit->hellos[SERVER] = kit->ours = *hello;
    kit_words(kit, words, "s.");
    kit_words(kit, words, "ours.");
    kit_hellos(kit);
    kit_words(kit, words, NULL);
}

static inline void kit_clear(struct kit *kit)
{
    arena_clear(&kit->arena);
}
