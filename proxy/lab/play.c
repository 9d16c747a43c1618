#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "stage.h"
#include "words.h"

// The connections of one client have numbers after those of the one before.
struct acting {
    struct play *play;
    struct stage *stage;
    struct error *error;
    uint64_t last[SCENARIO_CLIENTS]; // things told once the client was done
};

static bool visit(struct acting *acting, const struct lab_client *client, const char *host,
                  enum lab_client_trust trust, SSL_SESSION **session,
                  struct lab_client_result *out_result)
{
    struct stage *stage = acting->stage;
    struct trust_store *store = stage_trust(stage, trust, acting->error);
    if (store == NULL) {
        return false;
    }
    const struct lab_box *box = &stage->lab_case->box;
    bool is_fixed = stage->lab_case->bridge.is_fixed ||
                    (box->is_there && box->is_interceptor && box->on == CLIENT);
    struct lab_client_setup setup = {
        .client = client,
        .library = &stage->library,
        .entry = &stage->entry,
        .target = host,
        .port = 443,
        .does_connect = !is_fixed,
        .trust = store,
        .session = client->resumes ? session : NULL,
        .arena = &acting->play->arena,
    };
    bool is_ok = lab_client_run(&setup, out_result, acting->error);
    trust_store_free(store);
    stage_rest(stage);
    return is_ok;
}

static void give_certificate(const struct stage *stage, struct lab_client *client)
{
    if (client->has_certificate) {
        (void)snprintf(client->policy.cert_file, POLICY_PATH_MAX, "%s",
                       stage->certificate.path);                                         // fits
        (void)snprintf(client->policy.key_file, POLICY_PATH_MAX, "%s", stage->key.path); // fits
    }
}

// keep_earlier keeps what came of a connection that is not the last one.
static bool keep_earlier(struct acting *acting, struct play_part *part, const char *host)
{
    struct arena *arena = &acting->play->arena;
    struct lab_client_result *earlier = arena_alloc(arena, sizeof(*earlier));
    part->earlier_host = arena_text(arena, slice_of_text(host));
    if (earlier == NULL || part->earlier_host == NULL) {
        return error_set(acting->error, ERROR_MEMORY, "out of memory for the lab's client");
    }
    *earlier = part->result;
    part->earlier = earlier;
    return true;
}

static bool act(struct acting *acting, size_t i)
{
    const struct stage *stage = acting->stage;
    struct play_part *part = &acting->play->parts[i];
    struct lab_client *client = malloc(sizeof(*client));
    if (client == NULL) {
        return error_set(acting->error, ERROR_MEMORY, "out of memory for the lab's client");
    }
    part->client = &stage->lab_case->clients[i];
    *client = *part->client;
    give_certificate(stage, client);
    const char *target = client->target[0] != '\0' ? client->target : stage_host(stage);
    SSL_SESSION *session = NULL;
    bool is_ok = true;
    if (client->pins) { // the app's other hosts work: that is how a pin shows
        struct lab_client plain = *client;
        memset(plain.name, 0, sizeof(plain.name));
        is_ok = visit(acting, &plain, STAGE_OTHER_HOST, LAB_CLIENT_TRUSTS_BRIDGE, NULL,
                      &part->result) &&
                keep_earlier(acting, part, STAGE_OTHER_HOST);
    }
    enum lab_client_trust trust = client->pins ? LAB_CLIENT_TRUSTS_ORIGIN : client->trust;
    for (unsigned visits = 0; visits < client->visits && is_ok; visits++) {
        is_ok = (visits == 0 || keep_earlier(acting, part, target)) &&
                visit(acting, client, target, trust, &session, &part->result);
    }
    if (client
            ->pins) { // played by a store without our root: no fault that such a client would name
        part->result.leg.verification.done = false;
    }
    SSL_SESSION_free(session);
    free(client);
    return is_ok;
}

// ---- what the bridge told

static bool is_better(const struct verdict *verdict, const struct verdict *than)
{
    return than == NULL ||
           (than->severity == SEVERITY_WARNING && verdict->severity == SEVERITY_ERROR);
}

static void collect(struct play_part *part, const struct told *told)
{
    if (part->evidence == NULL || told->evidence->connection > part->evidence->connection) {
        part->verdict = NULL; // the last connection counts
        part->masked = NULL;
        part->masked_count = 0;
    }
    part->evidence = told->evidence; // the later, the more is in it
    if (told->kind == EVENT_VERDICT && is_better(told->verdict, part->verdict)) {
        part->verdict = told->verdict;
    }
    if (told->kind == EVENT_SECURED) {
        part->masked = told->masked;
        part->masked_count = told->masked_count;
    }
}

static void collect_all(struct acting *acting)
{
    struct play *play = acting->play;
    const struct told *told;
    for (size_t i = 0; (told = watch_at(play->watch, i)) != NULL; i++) {
        size_t of = 0;
        while (of + 1 < play->part_count && i >= acting->last[of]) {
            of++;
        }
        if (i < acting->last[of]) {
            collect(&play->parts[of], told);
        }
    }
}

static bool act_all(struct acting *acting)
{
    struct play *play = acting->play;
    for (size_t i = 0; i < acting->stage->lab_case->client_count; i++) {
        if (!act(acting, i)) {
            return false;
        }
        play->part_count = i + 1;
        acting->last[i] = watch_count(acting->stage->watch);
    }
    stage_still(acting->stage);
    acting->last[play->part_count - 1] = watch_count(acting->stage->watch);
    return watch_is_whole(acting->stage->watch) ||
           error_set(acting->error, ERROR_MEMORY, "more was told than the lab can keep");
}

bool play_run(struct play *play, const struct lab_case *lab_case, struct error *error)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    int64_t begun_us = clock_monotonic_us();
    *play = (struct play){.lab_case = lab_case};
    if (stage == NULL) {
        return error_set(error, ERROR_MEMORY, "out of memory for the lab");
    }
    bool is_ok = stage_open(stage, lab_case, error);
    if (is_ok) {
        struct acting acting = {.play = play, .stage = stage, .error = error};
        is_ok = act_all(&acting);
        stage_still(stage);
        play->watch = stage->watch; // kept
        stage->watch = NULL;
        collect_all(&acting);
        stage_close(stage);
    }
    free(stage);
    play->lasted_us = clock_monotonic_us() - begun_us;
    if (!is_ok) {
        play_clear(play);
    }
    return is_ok;
}

void play_clear(struct play *play)
{
    arena_clear(&play->arena);
    watch_free(play->watch);
    *play = (struct play){0};
}

// ---- compared

bool play_is_whole(const struct play_part *part)
{
    return lab_client_is_served(&part->result) &&
           (part->verdict == NULL || part->verdict->severity == SEVERITY_WARNING);
}

// broken_words: the peer is midspan, or a box before it.
static const char *broken_words(const struct ending *ending, bool is_ja, struct arena *arena)
{
    const char *alert = alert_name(ending->alert);
    switch (ending->kind) {
    case ENDING_ALERT_RECEIVED:
        return arena_printf(arena,
                            is_ja ? "ハンドシェイク失敗：アラート %s を受け取った"
                                  : "no handshake: got the alert %s",
                            alert);
    case ENDING_ALERT_SENT:
        return arena_printf(arena,
                            is_ja ? "ハンドシェイク失敗：アラート %s を送った"
                                  : "no handshake: sent the alert %s",
                            alert);
    case ENDING_RESET:
        return is_ja ? "ハンドシェイク失敗：接続がリセットされた"
                     : "no handshake: the connection was reset";
    case ENDING_CLOSED:
        return is_ja ? "ハンドシェイク失敗：接続が閉じられた"
                     : "no handshake: the connection was closed";
    case ENDING_SILENCE:
        return is_ja ? "ハンドシェイク失敗：応答がない" : "no handshake: no answer came";
    case ENDING_NONE:
    case ENDING_SECURED:
    case ENDING_ALERT_SEALED:
    case ENDING_REFUSED:
    case ENDING_NOT_TLS:
    case ENDING_UNREACHABLE:
    case ENDING_ABANDONED:
    case ENDING_DROPPED:
        break;
    }
    return arena_printf(
        arena, is_ja ? "ハンドシェイク失敗：%s" : "no handshake: %s",
        words_in(ending_kind_words(ending->kind), is_ja ? LANGUAGE_JA : LANGUAGE_EN, NULL));
}

const char *play_end_words(const struct lab_client_result *result, enum language language,
                           struct arena *arena)
{
    bool is_ja = language == LANGUAGE_JA;
    const char *text = NULL;
    switch (result->end) {
    case LAB_CLIENT_SERVED:
        if (strncmp(result->body, "midspan: ", 9) == 0) { // as bridge/page.c begins its page
            text = arena_printf(arena,
                                is_ja ? "midspan の説明ページ、ステータス %d"
                                      : "midspan's page that explains it, status %d",
                                result->status);
            break;
        }
        text = arena_printf(
            arena, is_ja ? "ステータス %d の応答を最後まで受け取った" : "a whole answer, status %d",
            result->status);
        break;
    case LAB_CLIENT_CUT:
        text = is_ja ? "応答が途中で切れた" : "an answer whose end is missing";
        break;
    case LAB_CLIENT_NO_ANSWER:
        text = is_ja ? "ハンドシェイクは完了したが応答がない" : "a handshake, and no answer";
        break;
    case LAB_CLIENT_REFUSED:
        text = result->leg.verification.done && result->leg.verification.fault != CERT_FAULT_NONE
                   ? arena_printf(arena,
                                  is_ja ? "証明書を拒否した（%s）" : "refuses the certificate: %s",
                                  is_ja ? words_in(cert_fault_words(result->leg.verification.fault),
                                                   language, NULL)
                                        : cert_fault_words(result->leg.verification.fault))
                   : (is_ja ? "証明書を拒否した" : "refuses the certificate");
        break;
    case LAB_CLIENT_BROKEN:
        text = broken_words(&result->leg.handshake, is_ja, arena);
        break;
    case LAB_CLIENT_ANSWERED:
        text = arena_printf(arena,
                            is_ja ? "記録した hello に ServerHello が返った（%s）"
                                  : "a ServerHello for the recorded hello: %s",
                            version_name(result->leg.version));
        break;
    case LAB_CLIENT_NO_TUNNEL:
        text = arena_printf(arena,
                            is_ja ? "プロキシがトンネルを拒否した（%d）" : "no tunnel, status %d",
                            result->status);
        break;
    case LAB_CLIENT_ENDS: // a count, never an end
        break;
    case LAB_CLIENT_UNREACHABLE:
        text = is_ja ? "接続できない" : "no connection";
        break;
    }
    return text != NULL ? text : "";
}

static bool why_text(char out_why[PLAY_WHY_MAX], const char *wanted, const struct play_part *part)
{
    struct arena arena = {0};
    const struct verdict *verdict = part->verdict;
    if (verdict != NULL) {
        (void)snprintf(out_why, PLAY_WHY_MAX, "expected %s; got %s, %s leg, party %s", wanted,
                       verdict->cause->code, side_name(verdict->leg), party_name(verdict->party));
    } else {
        (void)snprintf(out_why, PLAY_WHY_MAX, "expected %s; no verdict, client: %s", wanted,
                       play_end_words(&part->result, LANGUAGE_EN, &arena));
    }
    arena_clear(&arena);
    return false;
}

static bool is_masked(const struct play_part *part, const struct cause *cause)
{
    for (size_t i = 0; i < part->masked_count; i++) {
        if (part->masked[i].cause == cause) {
            return true;
        }
    }
    return false;
}

bool play_meets(const struct play *play, const struct lab_expectation *expect,
                char out_why[PLAY_WHY_MAX])
{
    const struct play_part *part = &play->parts[0];
    const struct verdict *verdict = part->verdict;
    char wanted[128];
    if (expect->cause != NULL) {
        (void)snprintf(wanted, sizeof(wanted), "%s, %s leg%s%s", expect->cause->code,
                       side_name(expect->leg), expect->has_party ? ", party " : "",
                       expect->has_party ? party_name(expect->party) : "");
        if (verdict == NULL || verdict->cause != expect->cause || verdict->leg != expect->leg ||
            (expect->has_party && verdict->party != expect->party)) {
            return why_text(out_why, wanted, part);
        }
    } else if (!expect->has_end && !play_is_whole(part)) {
        return why_text(out_why, "a connection that works", part);
    }
    if (expect->has_end && part->result.end != expect->end) {
        (void)snprintf(wanted, sizeof(wanted), "the client's end %s",
                       lab_client_end_word(expect->end)); // fits
        return why_text(out_why, wanted, part);
    }
    for (size_t i = 0; i < expect->masked_count; i++) {
        if (!is_masked(part, expect->masked[i])) {
            (void)snprintf(out_why, PLAY_WHY_MAX, "expected %s to be masked; it was not told",
                           expect->masked[i]->code);
            return false;
        }
    }
    if (play->part_count > 1 && !play_is_whole(&play->parts[1])) {
        return why_text(out_why, "the second client to work", &play->parts[1]);
    }
    return true;
}

#define DH_BITS_MIN 2048

// leg_goes_back tells what a leg agreed on that is deprecated (forward only); NULL: nothing.
static const char *leg_goes_back(const struct leg_evidence *leg)
{
    const struct suite *suite = suite_find(leg->suite);
    const struct scheme *scheme = scheme_find(leg->scheme);
    if (leg->handshake.kind != ENDING_SECURED) {
        return NULL;
    }
    if (leg->version < VERSION_TLS12) {
        return version_name(leg->version);
    }
    if (suite != NULL && suite->class != SUITE_MODERN) {
        return suite_name(leg->suite);
    }
    if (scheme != NULL && scheme->is_weak) {
        return scheme_name(leg->scheme);
    }
    return leg->dh_bits > 0 && leg->dh_bits < DH_BITS_MIN ? "a small Diffie-Hellman group" : NULL;
}

static bool goes_back(const struct play_part *part, char out_why[PLAY_WHY_MAX])
{
    for (enum side side = CLIENT; side < SIDES && part->evidence != NULL; side++) {
        const char *what = leg_goes_back(&part->evidence->legs[side]);
        if (what != NULL) {
            (void)snprintf(out_why, PLAY_WHY_MAX,
                           "it works, and goes back: the %s leg agreed on %s; a fix goes forward",
                           side_name(side), what);
            return true;
        }
    }
    return false;
}

bool play_is_mended(const struct play *play, const struct lab_expectation *expect,
                    char out_why[PLAY_WHY_MAX])
{
    for (size_t i = 0; i < play->part_count; i++) {
        if (!play_is_whole(&play->parts[i])) {
            return why_text(out_why, "a connection that works", &play->parts[i]);
        }
        if (goes_back(&play->parts[i], out_why)) {
            return false;
        }
    }
    if (expect->cause != NULL && is_masked(&play->parts[0], expect->cause)) {
        (void)snprintf(out_why, PLAY_WHY_MAX,
                       "it works because nobody looks any more: %s is still there, masked",
                       expect->cause->code);
        return false;
    }
    for (size_t i = 0; i < expect->masked_count; i++) {
        if (is_masked(&play->parts[0], expect->masked[i])) {
            (void)snprintf(out_why, PLAY_WHY_MAX, "expected %s not to be masked any more",
                           expect->masked[i]->code);
            return false;
        }
    }
    return true;
}
