#include "rehearse.h"

#include <string.h>

#include "clock.h"
#include "engine.h"
#include "judge.h"

#define OUT_BYTES_MAX ((size_t)1 << 18)
// A flight each way, twice over: no handshake is longer.
#define TURNS_MAX 8

struct actor {
    struct engine *engine;
    struct buffer out;
    struct leg_evidence *evidence;
    bool is_done;
};

struct stage {
    const struct replay_setup *setup;
    struct leg_shape shapes[SIDES]; // of the engine: CLIENT is our server, SERVER the client
    struct client_hello hello;
    struct leg_policy policy; // of a client without a certificate
    struct contexts *contexts;
};

static struct engine_setup setup_of(const struct stage *stage, enum side side,
                                    enum client_auth client_auth)
{
    const struct replay_setup *setup = stage->setup;
    struct engine_setup made = {
        .side = side,
        .alpn = {stage->shapes[side].alpn, stage->shapes[side].alpn_len},
        .arena = setup->arena,
        .opened_us = clock_monotonic_us(),
    };
    if (side == CLIENT) {
        made.leaf = setup->leaf;
        made.trust = setup->trust;
        made.refuses = client_auth == CLIENT_AUTH_REQUIRE;
        made.client_auth = client_auth;
    } else {
        made.sni = setup->evidence->legs[CLIENT].sni_sent;
    }
    return made;
}

static bool enter(const struct stage *stage, enum side side, enum client_auth client_auth,
                  struct actor *out)
{
    struct contexts *contexts = side == CLIENT ? stage->setup->contexts : stage->contexts;
    struct engine_setup setup = setup_of(stage, side, client_auth);
    struct error error;
    buffer_init(&out->out, OUT_BYTES_MAX);
    out->evidence = arena_alloc(stage->setup->arena, sizeof(*out->evidence));
    if (out->evidence == NULL ||
        !contexts_get(contexts, &stage->shapes[side], &setup.context, &error)) {
        return false;
    }
    setup.evidence = out->evidence;
    setup.out = &out->out;
    out->engine = engine_new(&setup, &error);
    return out->engine != NULL;
}

// talk lets the two speak in turns until our server has ended or nobody says more.
static void talk(struct actor actors[SIDES])
{
    enum side turn = SERVER;
    for (size_t i = 0; i < TURNS_MAX && !actors[CLIENT].is_done; i++, turn = !turn) {
        struct actor *speaker = &actors[turn], *other = &actors[!turn];
        if (speaker->is_done) {
            continue;
        }
        // What is fed is taken whole: it lives no longer than the other's buffer.
        speaker->is_done =
            engine_handshake(speaker->engine, buffer_slice(&other->out)) != ENGINE_WAITS;
        buffer_consume(&other->out, other->out.len);
    }
}

static bool is_secured(const struct leg_evidence *leg)
{
    return leg->handshake.kind == ENDING_SECURED;
}

static const char *outcome_of(const struct stage *stage, const struct leg_evidence *leg)
{
    const char *text = NULL;
    if (is_secured(leg)) {
        text = arena_printf(stage->setup->arena, "secured, %s", version_name(leg->version));
    } else if (leg->handshake.alert != 0) {
        text = arena_printf(stage->setup->arena, "alert %s (%u)", alert_name(leg->handshake.alert),
                            leg->handshake.alert);
    }
    return text != NULL ? text : ending_kind_words(leg->handshake.kind);
}

// run plays one whole handshake; NULL when it could not be.
static const struct leg_evidence *run(const struct stage *stage, enum client_auth client_auth,
                                      const char *changed)
{
    struct verdict *verdict = stage->setup->verdict;
    int64_t begun_us = clock_monotonic_us();
    struct actor actors[SIDES] = {0};
    bool ok = enter(stage, CLIENT, client_auth, &actors[CLIENT]) &&
              enter(stage, SERVER, client_auth, &actors[SERVER]);
    if (ok) {
        talk(actors);
    }
    for (enum side side = CLIENT; side < SIDES; side++) {
        engine_free(actors[side].engine);
        buffer_clear(&actors[side].out);
    }
    const struct leg_evidence *leg = actors[CLIENT].evidence;
    if (ok && verdict->proof_count < PROOF_ROWS_MAX) {
        verdict->proof[verdict->proof_count++] = (struct proof_row){
            .changed = changed,
            .outcome = outcome_of(stage, leg),
            .ms = (double)(clock_monotonic_us() - begun_us) / 1000.0,
            .passed = is_secured(leg),
        };
    }
    return ok ? leg : NULL;
}

static bool prove(const struct stage *stage)
{
    const struct ending *seen = &stage->setup->evidence->legs[CLIENT].handshake;
    const struct leg_evidence *same =
        run(stage, CLIENT_AUTH_REQUIRE, "nothing: a client like this one, without a certificate");
    const struct leg_evidence *asked =
        run(stage, CLIENT_AUTH_ASK, "client-auth: ask, in place of require");
    return same != NULL && asked != NULL && same->handshake.kind == seen->kind &&
           same->handshake.alert == seen->alert && is_secured(asked);
}

bool rehearse(const struct replay_setup *setup)
{
    const struct leg_evidence *leg = &setup->evidence->legs[CLIENT];
    struct stage stage = {.setup = setup};
    struct losses lost;
    size_t at;
    if (strcmp(setup->verdict->cause->code, "client-auth.required") != 0 ||
        setup->verdict->leg != CLIENT || leg->shape == NULL || leg->is_sslv2_hello ||
        setup->evidence->is_passed || setup->trust == NULL ||
        client_hello_parse(leg->client_hello, &stage.hello, &at) != PARSE_OK) {
        return false;
    }
    leg_policy_default(&stage.policy, SERVER);
    shape_server(&stage.policy, &stage.hello, setup->library, NULL, &stage.shapes[SERVER], &lost);
    stage.shapes[CLIENT] = *leg->shape;
    stage.contexts =
        contexts_new(&(struct context_common){.side = SERVER, .policy = &stage.policy});
    if (stage.contexts == NULL) {
        return false;
    }
    if (prove(&stage)) {
        setup->verdict->confidence = CONFIDENCE_PROVEN;
    }
    contexts_free(stage.contexts);
    return true;
}
