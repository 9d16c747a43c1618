#include "failure.h"

#include <string.h>

#include "ask.h"
#include "clock.h"
#include "dialect.h"
#include "judgement.h"
#include "legs.h"
#include "manners.h"
#include "peek.h"
#include "rehearse.h"
#include "reread.h"
#include "reverify.h"

static bool was_told(const struct connection *c, const struct verdict *verdict)
{
    return c->verdict != NULL && c->verdict->cause == verdict->cause &&
           c->verdict->leg == verdict->leg;
}

static void keep_first(struct connection *c, const struct verdict *verdict)
{
    if (c->verdict != NULL) {
        return;
    }
    c->verdict = arena_alloc(&c->arena, sizeof(*c->verdict));
    if (c->verdict != NULL) {
        *c->verdict = *verdict;
    }
}

static void find(struct connection *c)
{
    c->found_count = 0;
    c->found = arena_alloc(&c->arena, VERDICTS_MAX * sizeof(*c->found));
    if (c->found != NULL) {
        c->found_count = verdict_find(&c->evidence, &c->arena, c->found, VERDICTS_MAX);
    }
}

static void tell(struct connection *c)
{
    size_t count = c->found_count;
    c->found_count = 0; // each is told once
    for (size_t i = 0; i < count; i++) {
        struct verdict *verdict = &c->found[i];
        if (verdict->is_withdrawn || was_told(c, verdict)) {
            continue;
        }
        dialect_add(verdict, &c->evidence, &c->arena);
        uint32_t repeats = history_repeats(c->worker->shared->history, &c->evidence, verdict);
        connection_emit(c, EVENT_VERDICT, verdict, repeats);
        ask_found(c, verdict);
        keep_first(c, verdict);
    }
}

void failure_leave(struct connection *c)
{
    bool is_late = c->is_proving && c->state == CONNECTION_CLOSING;
    prove_stop(c->prover);
    inquiry_stop(c->inquiry);
    c->is_proving = false;
    tell(c);
    if (is_late) {
        connection_told(c);
    }
}

// ---- proof

static void on_proof_done(void *user)
{
    struct connection *c = user;
    c->is_proving = false;
    if (c->state == CONNECTION_CLOSING) {
        tell(c);
        connection_told(c);
        return;
    }
    connection_advance(c);
}

static void on_prover_closed(void *user)
{
    struct connection *c = user;
    c->prover = NULL;
    connection_handle_closed(c);
}

static void on_inquiry_closed(void *user)
{
    struct connection *c = user;
    c->inquiry = NULL;
    connection_handle_closed(c);
}

static enum reread_port port_of(const struct connection *c)
{
    const struct settings *settings = connection_settings(c);
    if (settings->takes_proxy_protocol && !c->did_read_header) {
        return REREAD_HEADER;
    }
    return settings->has_target || settings->is_transparent ? REREAD_TLS : REREAD_PROXY;
}

// prove_here proves what needs no network: a verdict about the client's hello, about our leaf, or
// about the origin's certificates.
static bool prove_here(struct connection *c, struct verdict *verdict)
{
    const struct terms *terms = c->kit->terms;
    const struct replay_setup played = {
        .evidence = &c->evidence,
        .arena = &c->arena,
        .verdict = verdict,
        .contexts = c->kit->contexts[CLIENT],
        .library = &terms->library,
        .mint = c->worker->shared->mint,
        .leaf = c->leaf,
        .name = legs_leaf_name(c),
        .trust = terms->trust[CLIENT],
    };
    const struct judgement_setup judged = {
        .evidence = &c->evidence,
        .arena = &c->arena,
        .verdict = verdict,
        .ca = c->worker->shared->ca,
        .mint = c->worker->shared->mint,
        .leaf = c->leaf,
        .name = legs_leaf_name(c),
    };
    const struct reread_setup reread_as = {
        .arena = &c->arena,
        .verdict = verdict,
        .port = port_of(c),
        .bytes = c->opening,
    };
    return reread(&reread_as) ||
           reverify(&c->evidence, terms->trust[verdict->leg], &c->arena, verdict) ||
           replay(&played) || rehearse(&played) || judgement(&judged);
}

// may_prove is true if there is a verdict to prove, and it is wanted.
static bool may_prove(const struct connection *c)
{
    return connection_settings(c)->probe && c->found_count > 0 && c->mode != MODE_PLAIN;
}

// prove_untold proves here what no dial is waited for.
static void prove_untold(struct connection *c)
{
    bool may = may_prove(c) && c->mode == MODE_BRIDGE;
    for (size_t i = 0; may && i < c->found_count; i++) {
        (void)(!was_told(c, &c->found[i]) && prove_here(c, &c->found[i])); // it may not be provable
    }
}

// passed_shape is what midspan would have offered in the client's stead; NULL when memory is out.
static const struct leg_shape *passed_shape(struct connection *c)
{
    struct leg_policy policy;
    struct losses lost;
    struct leg_shape *shape = arena_alloc(&c->arena, sizeof(*shape));
    if (shape == NULL || !c->has_hello || c->hello.is_sslv2) {
        return NULL;
    }
    leg_policy_default(&policy, SERVER);
    shape_server(&policy, &c->hello, &c->kit->terms->library, NULL, shape, &lost);
    return shape;
}

// dialled gives the address that answered, or was tried last; NULL: none was.
static const struct sockaddr *dialled(const struct dial *dial)
{
    size_t tried = dial->address_next;
    return tried > 0 ? (const struct sockaddr *)&dial->addresses[tried - 1] : NULL;
}

// ask_authorities asks whom the origin's certificates say can be asked; true when the verdict has
// to wait for that.
static bool ask_authorities(struct connection *c, const struct evidence *evidence)
{
    const struct settings *settings = connection_settings(c);
    const struct inquiry_setup setup = {
        .loop = &c->worker->loop,
        .evidence = evidence,
        .begun_us = c->proof_begun_us,
        .arena = &c->arena,
        .verdict = &c->found[0],
        .trust = c->kit->terms->trust[SERVER],
        .origin = dialled(&c->dial),
        .via = settings->has_via ? &settings->via : NULL,
        .routes = settings->routes,
        .route_count = settings->route_count,
        .answers = c->worker->shared->answers,
        .done = on_proof_done,
        .closed = on_inquiry_closed,
        .user = c,
    };
    c->inquiry = inquiry_start(&setup);
    if (c->inquiry == NULL) {
        return false;
    }
    c->open_handles++;
    c->is_proving = true;
    return true;
}

// ask_about_passed asks further about what a client refused as revoked and midspan did not.
static bool ask_about_passed(struct connection *c)
{
    const struct evidence *checked = c->checked;
    bool is_open = checked != NULL && !c->was_dropped && c->found_count > 0 &&
                   c->found[0].confidence != CONFIDENCE_PROVEN;
    c->checked = NULL;
    return is_open && ask_authorities(c, checked);
}

static void on_proved(void *user)
{
    struct connection *c = user;
    if (!ask_about_passed(c)) {
        on_proof_done(c);
    }
}

// want_checked makes room for what midspan is shown itself, where it may be asked further about.
static struct leg_evidence *want_checked(struct connection *c)
{
    bool is_revoked = strcmp(c->found[0].cause->code, "cert.revoked") == 0;
    c->checked =
        c->mode == MODE_PASS && is_revoked ? arena_alloc(&c->arena, sizeof(*c->checked)) : NULL;
    if (c->checked == NULL) {
        return NULL;
    }
    *c->checked = c->evidence;
    c->checked->legs[SERVER] = (struct leg_evidence){0};
    return &c->checked->legs[SERVER];
}

// dial_again is true when the verdict has to wait for its proof.
static bool dial_again(struct connection *c)
{
    struct dial *dial = &c->dial;
    if ((c->found[0].leg != SERVER && c->mode != MODE_PASS) || dial->state == DIAL_IDLE ||
        dial->is_loop) {
        return false;
    }
    size_t tried = dial->address_next;
    c->proof_begun_us = clock_monotonic_us();
    struct prove_setup setup = {
        .loop = &c->worker->loop,
        .evidence = &c->evidence,
        .arena = &c->arena,
        .verdict = &c->found[0],
        .address = dialled(dial),
        .addresses = dial->addresses,
        .address_count = tried,
        .hop = dial_hop(c),
        .is_via = connection_settings(c)->has_via,
        .contexts = c->kit->contexts[SERVER],
        .shape = c->mode == MODE_PASS ? passed_shape(c) : NULL,
        .trust = c->kit->terms->trust[SERVER],
        .mint = c->worker->shared->mint,
        .checked = want_checked(c),
        .outcomes = c->worker->shared->outcomes,
        .done = on_proved,
        .closed = on_prover_closed,
        .user = c,
    };
    c->prover = prove_start(&setup);
    if (c->prover == NULL) {
        return false;
    }
    c->open_handles++;
    c->is_proving = true;
    return true;
}

// begin_proof likewise, unless it can be proven here.
static bool begin_proof(struct connection *c)
{
    if (!may_prove(c)) {
        return false;
    }
    c->proof_begun_us = clock_monotonic_us();
    bool did = c->mode == MODE_BRIDGE && prove_here(c, &c->found[0]);
    return did ? c->failed == SERVER && ask_authorities(c, &c->evidence) : dial_again(c);
}

void failure_judge(struct connection *c)
{
    find(c);
    prove_untold(c);
    tell(c);
}

bool failure_judge_end(struct connection *c)
{
    find(c);
    prove_untold(c);
    bool is_open = may_prove(c) && !was_told(c, &c->found[0]) && c->found[0].proof_count == 0;
    if (is_open && !c->was_dropped && dial_again(c)) {
        return true;
    }
    tell(c);
    return false;
}

// part_from_server ends the server leg: what we have said goes out, what it says is dropped. A
// close with bytes unread would be a reset, and might overtake our alert.
static void part_from_server(struct connection *c)
{
    if (!c->links[SERVER].is_open || c->dial.state != DIAL_DONE) {
        return;
    }
    if (c->engines[SERVER] != NULL) {
        engine_close_notify(c->engines[SERVER]);
        (void)connection_flush(c, SERVER); // it may be gone
    }
    connection_finish(c, SERVER);
    link_read(&c->links[SERVER], true);
}

static bool refused_ours(const struct connection *c)
{
    const struct leg_evidence *leg = &c->evidence.legs[CLIENT];
    return c->evidence.experiment == NULL && leg_evidence_saw(leg, HANDSHAKE_CERTIFICATE, true) &&
           (leg->handshake.kind == ENDING_ALERT_RECEIVED || leg->handshake.kind == ENDING_RESET ||
            leg->handshake.kind == ENDING_CLOSED);
}

enum step failure_of_leg(struct connection *c, enum side side)
{
    struct leg_evidence *other = &c->evidence.legs[!side];
    if (!c->has_failed && other->is_started) {
        leg_evidence_end(other, ENDING_ABANDONED, 0, 0, connection_now(c), NULL);
    }
    bool is_second = c->has_failed;
    c->has_failed = true;
    c->failed = side;
    find(c);
    part_from_server(c);
    if (!is_second && begin_proof(c)) {
        c->state = CONNECTION_PROVING;
        connection_patience(c, 0);
        return STEP_WAIT;
    }
    if (is_second) {
        prove_untold(c);
    }
    tell(c);
    if (side == CLIENT) {
        if (refused_ours(c)) {
            history_refused(c->worker->shared->history, &c->evidence);
        }
        ask_ended(c); // not only when it is closed: the client may come again before
        return c->has_ended[CLIENT] ? manners_drop(c) : manners_linger(c);
    }
    return is_second ? manners_drop(c) : manners_tell(c);
}

enum step do_proving(struct connection *c)
{
    if (c->is_proving) {
        return STEP_WAIT;
    }
    tell(c);
    return c->has_ended[CLIENT] ? manners_drop(c) : manners_tell(c);
}

void failure_keep_opening(struct connection *c)
{
    struct slice bytes = slice_part(buffer_slice(&c->peeked), 0, REREAD_BYTES_MAX);
    c->opening = arena_copy(&c->arena, bytes);
}

// note_first_bytes puts the beginning of a text's first line into the evidence (a credential stands
// in a later one), or of bytes that are none.
static void note_first_bytes(struct connection *c)
{
    struct slice first = slice_part(c->opening, 0, FIRST_BYTES_MAX);
    const uint8_t *end = first.len > 0 ? memchr(first.data, '\r', first.len) : NULL;
    bool is_text = first.len > 0 && first.data[0] >= 'A' && first.data[0] <= 'Z';
    if (is_text && end != NULL) {
        first = slice_part(first, 0, (size_t)(end - first.data));
    }
    c->evidence.legs[CLIENT].first_bytes = first;
}

enum step failure_of_ingress(struct connection *c, const char *code, const char *text)
{
    c->has_failed = true;
    c->failed = CLIENT;
    if (c->opening.len == 0) {
        failure_keep_opening(c);
    }
    note_first_bytes(c);
    c->evidence.ingress_fault = text;
    c->evidence.ingress_fault_code = code;
    connection_opened(c);
    failure_judge(c);
    if (c->has_ended[CLIENT]) {
        return manners_drop(c);
    }
    bool is_owed = c->evidence.has_target && !c->is_answered && c->ingress != NULL;
    return is_owed ? manners_tell_ingress(c) : manners_linger(c);
}
