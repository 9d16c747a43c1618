#include "watch.h"

#include <pthread.h>
#include <stdlib.h>

#include "evidence_json.h"

struct watch {
    pthread_mutex_t lock; // guards all below while the bridge runs
    struct arena arena;
    struct told told[WATCH_TOLD_MAX];
    size_t count;
    bool is_short;
};

struct watch *watch_new(void)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    if (watch != NULL) {
        (void)pthread_mutex_init(&watch->lock, NULL); // does not fail on Linux
    }
    return watch;
}

void watch_free(struct watch *watch)
{
    if (watch == NULL) {
        return;
    }
    arena_clear(&watch->arena);
    (void)pthread_mutex_destroy(&watch->lock);
    free(watch);
}

// Evidence is copied by the way that recordings take: written and read back.
static const struct evidence *copy_evidence(struct arena *arena, const struct evidence *evidence)
{
    struct buffer text = {0};
    struct json json = json_into(&text);
    struct evidence *copy = arena_alloc(arena, sizeof(*copy));
    evidence_write(&json, evidence);
    bool is_ok =
        copy != NULL && !json.failed && evidence_read(buffer_slice(&text), arena, copy, NULL);
    buffer_clear(&text);
    return is_ok ? copy : NULL;
}

static bool copy_text(struct arena *arena, const char **text)
{
    if (*text == NULL) {
        return true;
    }
    *text = arena_text(arena, slice_of_text(*text));
    return *text != NULL;
}

static bool copy_verdict(struct arena *arena, const struct verdict *verdict, struct verdict *out)
{
    *out = *verdict; // the cause is of the catalogue
    bool is_ok = copy_text(arena, &out->summary) && copy_text(arena, &out->fix) &&
                 copy_text(arena, &out->offered) && copy_text(arena, &out->accepted) &&
                 copy_text(arena, &out->device);
    for (size_t i = 0; i < out->dialect_count && is_ok; i++) {
        is_ok = copy_text(arena, &out->dialect[i].key) && copy_text(arena, &out->dialect[i].words);
    }
    for (size_t i = 0; i < COUNT_OF(out->facts) && out->facts[i] != NULL && is_ok; i++) {
        is_ok = copy_text(arena, &out->facts[i]);
    }
    for (size_t i = 0; i < out->proof_count && is_ok; i++) {
        is_ok =
            copy_text(arena, &out->proof[i].changed) && copy_text(arena, &out->proof[i].outcome);
    }
    return is_ok;
}

static const struct verdict *copy_verdicts(struct arena *arena, const struct verdict *verdicts,
                                           size_t count)
{
    struct verdict *copies = arena_alloc(arena, (count > 0 ? count : 1) * sizeof(*copies));
    for (size_t i = 0; i < count && copies != NULL; i++) {
        if (!copy_verdict(arena, &verdicts[i], &copies[i])) {
            return NULL;
        }
    }
    return copies;
}

static bool keep(struct watch *watch, const struct event *event)
{
    if (watch->count == WATCH_TOLD_MAX) {
        return false;
    }
    struct told told = {.kind = event->kind};
    told.evidence = copy_evidence(&watch->arena, event->evidence);
    if (event->kind == EVENT_VERDICT) {
        told.verdict = copy_verdicts(&watch->arena, event->verdict, 1);
    }
    if (event->kind == EVENT_SECURED) {
        told.masked = copy_verdicts(&watch->arena, event->masked, event->masked_count);
        told.masked_count = event->masked_count;
    }
    bool is_ok = told.evidence != NULL && (event->kind != EVENT_VERDICT || told.verdict != NULL) &&
                 (event->kind != EVENT_SECURED || told.masked != NULL);
    if (is_ok) {
        watch->told[watch->count++] = told;
    }
    return is_ok;
}

static void on_render(void *user, const struct event *event, struct buffer *out)
{
    (void)out; // nothing is written
    struct watch *watch = user;
    (void)pthread_mutex_lock(&watch->lock);
    if (event->evidence != NULL && !keep(watch, event)) {
        watch->is_short = true;
    }
    (void)pthread_mutex_unlock(&watch->lock);
}

struct sink watch_sink(struct watch *watch)
{
    return (struct sink){
        .name = "lab",
        .render = on_render,
        .user = watch,
        .fd = -1,
        .events = 1u << EVENT_SECURED | 1u << EVENT_VERDICT | 1u << EVENT_CLOSED,
    };
}

const struct told *watch_at(const struct watch *watch, size_t i)
{
    return i < watch->count ? &watch->told[i] : NULL;
}

bool watch_is_whole(const struct watch *watch)
{
    return !watch->is_short;
}

size_t watch_count(struct watch *watch)
{
    (void)pthread_mutex_lock(&watch->lock);
    size_t count = watch->count;
    (void)pthread_mutex_unlock(&watch->lock);
    return count;
}
