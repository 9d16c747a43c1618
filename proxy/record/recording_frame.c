#include "recording_frame.h"

#include <assert.h>
#include <string.h>

#include "evidence_json.h"
#include "jsonl.h"

// Stays in memory: no other machine reads it.
struct head {
    enum event_kind kind;
    uint64_t connection;
    int64_t wall_us;
    size_t json_len, evidence_len;
};

static bool saw_handshake(const struct evidence *evidence)
{
    bool saw = false;
    for (enum side side = CLIENT; side < SIDES; side++) {
        const struct leg_evidence *leg = &evidence->legs[side];
        saw = saw || leg->client_hello.len > 0 || leg->moment_count > 0;
    }
    return saw;
}

// A verdict event has its evidence in it.
static bool has_to_show_evidence(const struct event *event)
{
    bool is_due =
        event->kind == EVENT_SECURED || event->kind == EVENT_PASSED || event->kind == EVENT_CLOSED;
    return is_due && event->evidence != NULL && saw_handshake(event->evidence);
}

static bool put_evidence(struct buffer *out, const struct evidence *evidence)
{
    size_t len_before = out->len;
    struct json json = json_into(out);
    evidence_write(&json, evidence);
    out->len = json.failed ? len_before : out->len;
    return !json.failed;
}

void recording_frame_render(void *user, const struct event *event, struct buffer *out)
{
    size_t at = out->len;
    struct head head = {.kind = event->kind};
    if (!buffer_append(out, (struct slice){(const uint8_t *)&head, sizeof(head)})) {
        return; // nothing at all fits: the limits are far above
    }
    if (!jsonl_render(event, out)) {
        head.kind = EVENT_NOTICE; // it says what is missing
    }
    size_t evidence_at = out->len;
    if (evidence_at == at + sizeof(head)) {
        out->len = at;
        return;
    }
    bool is_whole = !has_to_show_evidence(event) || put_evidence(out, event->evidence);
    head.connection = event->connection;
    head.wall_us = event->wall_us;
    head.json_len = evidence_at - at - sizeof(head) - 1; // the newline stays behind it
    head.evidence_len = out->len - evidence_at;
    memcpy(out->data + out->start + at, &head, sizeof(head));
    if (!is_whole) {
        const struct event notice = {.kind = EVENT_NOTICE,
                                     .connection = event->connection,
                                     .wall_us = event->wall_us,
                                     .text = "evidence left out: no memory to write it"};
        recording_frame_render(user, &notice, out);
    }
}

bool recording_frame_next(struct slice frames, size_t *at, struct recording_frame *out_frame)
{
    struct head head;
    if (*at == frames.len) {
        return false;
    }
    assert(frames.len - *at >= sizeof(head));
    memcpy(&head, frames.data + *at, sizeof(head));
    size_t json_at = *at + sizeof(head);
    size_t evidence_at = json_at + head.json_len + 1;
    *out_frame = (struct recording_frame){
        .kind = head.kind,
        .connection = head.connection,
        .wall_us = head.wall_us,
        .json = slice_part(frames, json_at, head.json_len),
        .evidence = slice_part(frames, evidence_at, head.evidence_len),
    };
    *at = evidence_at + head.evidence_len;
    return true;
}
