// An engine of either side, fed by a peer that says anything: bytes as they are, or the true
// flights of another engine with some bytes changed, and data after the handshake. Whatever
// comes, the engine ends in one of its states, its evidence says how, and no error of the library
// is left behind for the next connection of the thread.
//
// Input: a byte of mode (bit 0: the side that is tested, bit 1: a true peer, bits 2 and 3: a leg
// policy), then a byte for the length of the pieces (0: whole). Without a true peer the rest is
// fed. With one, it is read as triples: flight number, offset, what to xor there; after the
// handshake the triples go on changing records of data.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "leg.h"

#define FLIGHTS_MAX 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static struct {
    struct authority ca;
    struct mint *mint;
    struct trust_store *trust;
    struct library library;
    struct leg_policy policies[SIDES][4];
    struct contexts *contexts[SIDES];
    bool is_open;
} world;

static const char *const policy_texts[SIDES][4] = {
    [CLIENT] = {"min=TLS1.0", "max=TLS1.2", "client-auth=ask", "groups=P-384"},
    [SERVER] = {"min=TLS1.0", "max=TLS1.2", "min=TLS1.3", "groups=X25519:P-384"},
};

static void world_open(void)
{
    struct error error;
    char folder[] = "/tmp/midspan-fuzz-XXXXXX", path[64];
    must(mkdtemp(folder) != NULL && authority_open(folder, &world.ca, NULL, &error));
    (void)snprintf(path, sizeof(path), "%s/ca.pem", folder);
    world.trust = trust_store_new(path, NULL, &error);
    world.mint = mint_new(&world.ca, 0, &error);
    must(world.trust != NULL && world.mint != NULL);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/ca-key.pem", folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/.lock", folder);
    (void)unlink(path);
    (void)rmdir(folder);
    library_ask(&world.library);
    for (int side = 0; side < SIDES; side++) {
        for (size_t i = 0; i < 4; i++) {
            leg_policy_default(&world.policies[side][i], (enum side)side);
            must(leg_policy_apply(&world.policies[side][i], policy_texts[side][i], &error));
        }
        struct context_common common = {.side = (enum side)side,
                                        .policy = &world.policies[side][0]};
        world.contexts[side] = contexts_new(&common);
    }
    world.is_open = true;
}

struct end {
    struct engine *engine;
    struct leg_evidence evidence;
    struct arena arena;
    struct buffer out;
    struct leaf *leaf;
    enum engine_step step;
};

static void end_open(struct end *end, enum side side, size_t policy_at)
{
    const struct leg_policy *policy = &world.policies[side][policy_at];
    struct error error;
    struct leg_shape shape;
    struct losses lost;
    struct context context;
    struct leaf_spec leaf = {.name = "www.example.test"};
    memset(end, 0, sizeof(*end));
    buffer_init(&end->out, (size_t)1 << 20);
    if (side == CLIENT) {
        shape_client(policy, &world.library, NULL, &shape);
        end->leaf = mint_leaf(world.mint, &leaf, &error);
    } else {
        shape_server(policy, NULL, &world.library, NULL, &shape, &lost);
    }
    must(contexts_get(world.contexts[side], &shape, &context, &error));
    struct engine_setup setup = {
        .side = side,
        .context = context,
        .leaf = end->leaf,
        .trust = world.trust,
        .refuses = true,
        .verify_name = "www.example.test",
        .sni = "www.example.test",
        .wants_staple = true,
        .client_auth = side == CLIENT ? policy->client_auth : CLIENT_AUTH_NONE,
        .evidence = &end->evidence,
        .arena = &end->arena,
        .opened_us = clock_monotonic_us(),
        .out = &end->out,
    };
    end->engine = engine_new(&setup, &error);
    must(end->engine != NULL);
}

static void end_clear(struct end *end)
{
    engine_free(end->engine);
    leaf_release(end->leaf);
    buffer_clear(&end->out);
    arena_clear(&end->arena);
    must(ERR_peek_error() == 0);
}

static void check_ending(const struct ending *ending)
{
    bool is_alert = ending->kind == ENDING_ALERT_SENT || ending->kind == ENDING_ALERT_RECEIVED;
    must(ending->kind != ENDING_NONE);
    must(!is_alert || ending->alert != 0);
}

static void check(const struct end *end)
{
    must(end->evidence.moment_count <= MOMENTS_MAX);
    must(end->evidence.first_bytes.len <= 64);
    must(end->arena.used_bytes < ((size_t)1 << 20));
    if (end->step == ENGINE_FAILED) {
        check_ending(&end->evidence.handshake);
        must(end->evidence.handshake.kind != ENDING_SECURED);
    }
    must((end->step == ENGINE_SECURED) == (end->evidence.handshake.kind == ENDING_SECURED));
}

// read_all reads what the engine has of data; false once the leg is over.
static bool read_all(struct end *end)
{
    uint8_t data[4096];
    size_t len = 0;
    for (;;) {
        switch (engine_read(end->engine, data, sizeof(data), &len)) {
        case ENGINE_READ_DATA:
            must(len > 0 && len <= sizeof(data));
            break;
        case ENGINE_READ_WAITS:
            return true;
        case ENGINE_READ_CLOSE_NOTIFY:
            return false;
        case ENGINE_READ_FAILED:
            check_ending(&end->evidence.close);
            return false;
        }
    }
}

// give feeds bytes of any state, in pieces; false once the engine wants no more.
static bool give(struct end *end, struct slice bytes, size_t piece_len)
{
    bool goes_on = true;
    while (bytes.len > 0 && goes_on) {
        struct slice piece = slice_part(bytes, 0, piece_len > 0 ? piece_len : bytes.len);
        bytes = slice_part(bytes, piece.len, bytes.len);
        if (end->step == ENGINE_WAITS) {
            end->step = engine_handshake(end->engine, piece);
            goes_on = end->step != ENGINE_FAILED && (end->step == ENGINE_WAITS || read_all(end));
        } else {
            engine_feed(end->engine, piece);
            goes_on = read_all(end);
            must(engine_hold(end->engine));
        }
        check(end);
    }
    return goes_on;
}

// Triples of the input that change bytes of the true peer's flights.
struct changes {
    struct slice left;
    uint8_t flight;
};

static void change(struct changes *changes, struct buffer *flight)
{
    uint8_t *bytes = flight->data != NULL ? flight->data + flight->start : NULL;
    while (changes->left.len >= 3 && changes->left.data[0] <= changes->flight) {
        const uint8_t *triple = changes->left.data;
        if (triple[0] == changes->flight && flight->len > 0) {
            bytes[triple[1] * flight->len / 256] ^= triple[2];
        }
        changes->left = slice_part(changes->left, 3, changes->left.len);
    }
    changes->flight++;
}

static void talk(struct end *tested, struct end *peer, struct slice input, size_t piece_len)
{
    struct changes changes = {.left = input};
    bool goes_on = true;
    for (int i = 0; i < FLIGHTS_MAX && goes_on; i++) {
        if (peer->step == ENGINE_WAITS) {
            peer->step = engine_handshake(peer->engine, buffer_slice(&tested->out));
        }
        buffer_consume(&tested->out, tested->out.len);
        if (peer->step == ENGINE_SECURED) {
            (void)engine_write(peer->engine, slice_of_text("data")); // false once it has closed
        }
        if (i == FLIGHTS_MAX - 2) {
            engine_close_notify(peer->engine);
        }
        change(&changes, &peer->out);
        goes_on = give(tested, buffer_slice(&peer->out), piece_len);
        buffer_consume(&peer->out, peer->out.len);
        if (tested->step == ENGINE_SECURED) {
            (void)engine_write(tested->engine, slice_of_text("answer")); // likewise
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct end tested, peer;
    if (!world.is_open) {
        world_open();
    }
    if (size < 2) {
        return 0;
    }
    enum side side = (data[0] & 1) != 0 ? SERVER : CLIENT;
    struct slice rest = {data + 2, size - 2};
    end_open(&tested, side, data[0] >> 2 & 3);
    end_open(&peer, !side, 0);
    // Whoever is the client speaks first.
    struct end *first = side == SERVER ? &tested : &peer;
    first->step = engine_handshake(first->engine, SLICE_EMPTY);
    if ((data[0] & 2) == 0) {
        (void)give(&tested, rest, data[1]);
        engine_peer_ended(tested.engine, ENDING_CLOSED, 0);
        must(tested.evidence.handshake.kind != ENDING_NONE);
    } else if (side == SERVER) {
        talk(&tested, &peer, rest, data[1]);
    } else {
        struct changes changes = {.left = rest};
        change(&changes, &peer.out);
        if (give(&tested, buffer_slice(&peer.out), data[1])) {
            buffer_consume(&peer.out, peer.out.len);
            talk(&tested, &peer, rest, data[1]);
        }
    }
    end_clear(&tested);
    end_clear(&peer);
    return 0;
}
