#include "experiments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "fingerprint.h"

#define NAME_BYTES_MAX 256

// Whose connections are asked. Compared whole: a hash that collides would serve a stranger.
struct who {
    char address[NAME_BYTES_MAX], ja4[JA4_MAX], sni[NAME_BYTES_MAX];
    char target[ENDPOINT_TEXT_MAX];
};

struct slot {
    bool is_used;
    struct who who;
    uint64_t connection;     // of the finding
    struct finding *finding; // NULL: it is over
    uint64_t asked;          // the connection that is being asked; 0: none
    int64_t touched_us;
};

struct experiments {
    uv_mutex_t lock;
    struct slot slots[EXPERIMENTS_FINDINGS_MAX];
};

struct experiments *experiments_new(void)
{
    struct experiments *experiments = calloc(1, sizeof(*experiments));
    if (experiments != NULL && uv_mutex_init(&experiments->lock) != 0) {
        free(experiments);
        return NULL;
    }
    return experiments;
}

void finding_free(struct finding *finding)
{
    if (finding != NULL) {
        arena_clear(&finding->arena);
        free(finding);
    }
}

static void empty(struct slot *slot)
{
    finding_free(slot->finding);
    *slot = (struct slot){0};
}

void experiments_free(struct experiments *experiments)
{
    if (experiments == NULL) {
        return;
    }
    for (size_t i = 0; i < EXPERIMENTS_FINDINGS_MAX; i++) {
        empty(&experiments->slots[i]);
    }
    uv_mutex_destroy(&experiments->lock);
    free(experiments);
}

// ---- whose

static bool put(char out[NAME_BYTES_MAX], const char *text, size_t len)
{
    if (len >= NAME_BYTES_MAX) {
        return false;
    }
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

// who_of is false for a client that can't be told from others: then it is not asked.
static bool who_of(const struct evidence *evidence, struct who *out_who)
{
    const struct leg_evidence *leg = &evidence->legs[CLIENT];
    const char *address = evidence->proxy_protocol_source;
    const char *sni = leg->sni_sent != NULL ? leg->sni_sent : "";
    struct client_hello hello;
    size_t at;
    memset(out_who, 0, sizeof(*out_who)); // compared whole, padding and all
    address = address != NULL ? address : evidence->client_address;
    if (address == NULL || !evidence->has_target || leg->is_sslv2_hello ||
        client_hello_parse(leg->client_hello, &hello, &at) != PARSE_OK) {
        return false;
    }
    const char *port = strrchr(address, ':');
    (void)ja4(&hello, out_who->ja4);                         // gives its argument back
    (void)endpoint_text(&evidence->target, out_who->target); // likewise
    return put(out_who->address, address,
               port != NULL ? (size_t)(port - address) : strlen(address)) &&
           put(out_who->sni, sni, strlen(sni));
}

static bool is_stale(const struct slot *slot, int64_t now_us)
{
    int64_t limit_us = slot->finding != NULL ? EXPERIMENTS_IDLE_US : EXPERIMENTS_REST_US;
    return now_us - slot->touched_us > limit_us;
}

static struct slot *find(struct experiments *experiments, const struct who *who, int64_t now_us)
{
    for (size_t i = 0; i < EXPERIMENTS_FINDINGS_MAX; i++) {
        struct slot *slot = &experiments->slots[i];
        if (slot->is_used && is_stale(slot, now_us)) {
            empty(slot);
        }
        if (slot->is_used && memcmp(&slot->who, who, sizeof(*who)) == 0) {
            return slot;
        }
    }
    return NULL;
}

static struct slot *room(struct experiments *experiments)
{
    struct slot *oldest = &experiments->slots[0];
    for (size_t i = 0; i < EXPERIMENTS_FINDINGS_MAX; i++) {
        struct slot *slot = &experiments->slots[i];
        if (!slot->is_used) {
            return slot;
        }
        if (slot->touched_us < oldest->touched_us) {
            oldest = slot;
        }
    }
    empty(oldest); // an answer that is still to come finds its finding gone
    return oldest;
}

// ---- a finding outlives its connection

static const char *kept(struct arena *arena, const char *text)
{
    return text != NULL ? arena_text(arena, slice_of_text(text)) : NULL;
}

static void keep_verdict(struct finding *finding, const struct verdict *verdict)
{
    struct verdict *own = &finding->verdict;
    struct arena *arena = &finding->arena;
    *own = *verdict;
    own->device = NULL; // the words for the fix are found again, for the cause may change
    own->dialect_count = 0;
    own->summary = kept(arena, verdict->summary);
    own->fix = kept(arena, verdict->fix);
    own->offered = kept(arena, verdict->offered);
    own->accepted = kept(arena, verdict->accepted);
    for (size_t i = 0; i < COUNT_OF(own->facts); i++) {
        own->facts[i] = kept(arena, verdict->facts[i]);
    }
    for (size_t i = 0; i < own->proof_count; i++) {
        own->proof[i].changed = kept(arena, verdict->proof[i].changed);
        own->proof[i].outcome = kept(arena, verdict->proof[i].outcome);
    }
}

// keep_evidence copies by writing and reading back, which the evidence is made for.
static bool keep_evidence(struct finding *finding, const struct evidence *evidence)
{
    struct buffer text;
    struct error error;
    buffer_init(&text, EXPERIMENTS_EVIDENCE_BYTES_MAX);
    struct json json = json_into(&text);
    evidence_write(&json, evidence);
    bool ok = !json.failed &&
              evidence_read(buffer_slice(&text), &finding->arena, &finding->evidence, &error);
    buffer_clear(&text);
    return ok;
}

static struct finding *finding_new(const struct evidence *evidence, const struct verdict *verdict)
{
    struct finding *finding = calloc(1, sizeof(*finding));
    if (finding == NULL || !experiment_open(&finding->experiment, evidence, verdict) ||
        !keep_evidence(finding, evidence)) {
        finding_free(finding);
        return NULL;
    }
    keep_verdict(finding, verdict);
    return finding;
}

// ---- what connections ask of it

bool experiments_open(struct experiments *experiments, const struct evidence *evidence,
                      const struct verdict *verdict, int64_t now_us)
{
    struct who who;
    if (!who_of(evidence, &who)) {
        return false;
    }
    uv_mutex_lock(&experiments->lock);
    bool is_there = find(experiments, &who, now_us) != NULL;
    uv_mutex_unlock(&experiments->lock);
    struct finding *finding = is_there ? NULL : finding_new(evidence, verdict);
    if (finding == NULL) {
        return false;
    }
    uv_mutex_lock(&experiments->lock);
    is_there = find(experiments, &who, now_us) != NULL; // another worker was quicker
    if (!is_there) {
        struct slot *slot = room(experiments);
        *slot = (struct slot){.is_used = true,
                              .who = who,
                              .connection = evidence->connection,
                              .finding = finding,
                              .touched_us = now_us};
    }
    uv_mutex_unlock(&experiments->lock);
    if (is_there) {
        finding_free(finding);
    }
    return !is_there;
}

bool experiments_next(struct experiments *experiments, const struct evidence *evidence,
                      int64_t now_us, struct asking *out_asking)
{
    struct who who;
    enum experiment_change change;
    if (!who_of(evidence, &who)) {
        return false;
    }
    uv_mutex_lock(&experiments->lock);
    struct slot *slot = find(experiments, &who, now_us);
    bool is_asked = slot != NULL && slot->finding != NULL && slot->asked == 0 &&
                    experiment_next(&slot->finding->experiment, &change);
    if (is_asked) {
        slot->asked = evidence->connection;
        slot->touched_us = now_us;
        *out_asking = (struct asking){.is_open = true, .change = change, .of = slot->connection};
    }
    uv_mutex_unlock(&experiments->lock);
    return is_asked;
}

static struct slot *find_asked(struct experiments *experiments, uint64_t of, uint64_t connection)
{
    for (size_t i = 0; i < EXPERIMENTS_FINDINGS_MAX; i++) {
        struct slot *slot = &experiments->slots[i];
        if (slot->finding != NULL && slot->connection == of && slot->asked == connection) {
            return slot;
        }
    }
    return NULL;
}

struct finding *experiments_answer(struct experiments *experiments, const struct asking *asking,
                                   const struct experiment_row *row, int64_t now_us)
{
    struct finding *over = NULL;
    enum experiment_change unused;
    uv_mutex_lock(&experiments->lock);
    struct slot *slot = find_asked(experiments, asking->of, row->connection);
    if (slot != NULL) {
        experiment_note(&slot->finding->experiment, row);
        slot->asked = 0;
        slot->touched_us = now_us;
        if (!experiment_next(&slot->finding->experiment, &unused)) {
            over = slot->finding;
            slot->finding = NULL;
        }
    }
    uv_mutex_unlock(&experiments->lock);
    return over;
}
