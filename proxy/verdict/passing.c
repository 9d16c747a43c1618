#include "passing.h"

// The shortest Finished of TLS 1.3 as a record: header, SHA-256, type and tag (RFC 8446 section
// 4.4.4). The longest alert, with the 16 bytes of padding that Java adds.
#define SEALED_FINISHED_LEN_MIN 53
#define SEALED_ALERT_LEN_MAX    35

// A client with a certificate of its own, sent in records apart, looks as if it went on when it
// stops after its Finished.
void passing_record(struct evidence *evidence, const struct stream_item *item, int64_t at_us)
{
    uint16_t version = evidence->legs[SERVER].version;
    if (version == 0 || !item->is_encrypted || item->content_type == CONTENT_CHANGE_CIPHER_SPEC) {
        return;
    }
    if (version < VERSION_TLS13) {
        evidence->passed_used =
            evidence->passed_used || item->content_type == CONTENT_APPLICATION_DATA;
        evidence->passed_finished =
            evidence->passed_finished || item->content_type == CONTENT_HANDSHAKE;
    } else if (!evidence->passed_finished) {
        evidence->passed_finished = item->record_len >= SEALED_FINISHED_LEN_MIN;
    } else {
        evidence->passed_used = evidence->passed_used || item->record_len > SEALED_ALERT_LEN_MAX;
    }
    bool is_alert = version < VERSION_TLS13 ? item->content_type == CONTENT_ALERT
                                            : item->record_len <= SEALED_ALERT_LEN_MAX;
    evidence->passed_alert_us = is_alert ? at_us : 0;
}

void passing_end(struct evidence *evidence, enum side side, enum ending_kind kind, int os_error,
                 int64_t at_us)
{
    struct leg_evidence *client = &evidence->legs[CLIENT], *server = &evidence->legs[SERVER];
    if (server->server_hello.len == 0) {
        leg_evidence_end(&evidence->legs[side], kind, 0, os_error, at_us, NULL);
        return;
    }
    if (evidence->passed_finished) {
        return;
    }
    // Whoever's end is heard of first: the origin's may be its answer to the alert. An alert is
    // told by being the last: an empty Certificate, which a Finished follows, is as short.
    if (evidence->passed_alert_us != 0) {
        leg_evidence_end(client, ENDING_ALERT_SEALED, 0, 0, evidence->passed_alert_us, NULL);
    }
    if (side == CLIENT && server->close.kind == ENDING_NONE) {
        leg_evidence_end(client, kind, 0, os_error, at_us, NULL);
    }
}
