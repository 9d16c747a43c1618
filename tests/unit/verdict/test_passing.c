// The records of clients that are passed on, as measured on loopback in November 2026: what the
// end of the handshake is told from. "c23:69" is a record of type 23 and 69 bytes by the client,
// "s" the origin's; FIN and RST are the end of a side.
#include "rows.h"

#include <stdio.h>
#include <string.h>

#include "passing.h"

static const struct row {
    const char *name;
    uint16_t version;
    const char *records; // behind the ServerHello
    bool want_finished, want_used;
    enum ending_kind want_client, want_server; // of the handshake
} rows[] = {
    // clang-format off
    {"curl, TLS 1.3: used", 0x0304, "c20:1 c23:69 c23:96 sFIN c23:19 cFIN", true, true, ENDING_NONE, ENDING_NONE},
    {"curl, TLS 1.3: silent", 0x0304, "c20:1 c23:69 c23:19 sFIN cRST", true, false, ENDING_NONE, ENDING_NONE},
    {"curl, TLS 1.2: silent", 0x0303, "c20:1 c22:40 c21:26 sFIN cFIN", true, false, ENDING_NONE, ENDING_NONE},
    {"Go, TLS 1.3: refused", 0x0304, "c20:1 c23:19 cFIN sFIN", false, false, ENDING_ALERT_SEALED, ENDING_NONE},
    {"Chromium, TLS 1.3: refused, and the origin's end overtakes", 0x0304, "c20:1 c23:19 sFIN cFIN", false, false,
     ENDING_ALERT_SEALED, ENDING_NONE},
    {"Java, TLS 1.3: refused, its alert padded", 0x0304, "c20:1 c23:35 sFIN cFIN", false, false, ENDING_ALERT_SEALED,
     ENDING_NONE},
    {"Java, TLS 1.3: used, its Finished padded", 0x0304, "c20:1 c23:85 c23:131 sFIN cFIN", true, true, ENDING_NONE,
     ENDING_NONE},
    {"Firefox, TLS 1.3: refused, without a ChangeCipherSpec", 0x0304, "c23:19 sFIN cRST", false, false,
     ENDING_ALERT_SEALED, ENDING_NONE},
    {"Node, TLS 1.3: left before its Finished", 0x0304, "cFIN sFIN", false, false, ENDING_CLOSED, ENDING_NONE},
    {"Java's HTTP client, TLS 1.3: left behind its ChangeCipherSpec", 0x0304, "c20:1 cFIN sFIN", false, false, ENDING_CLOSED,
     ENDING_NONE},
    {"the same with a reset", 0x0304, "c20:1 cRST", false, false, ENDING_RESET, ENDING_NONE},
    {"a Finished of SHA-256", 0x0304, "c23:53 cFIN", true, false, ENDING_NONE, ENDING_NONE},
    {"an empty Certificate before the Finished is no alert", 0x0304, "c20:1 c23:25 c23:53 cFIN", true, false, ENDING_NONE,
     ENDING_NONE},
    {"the end of early data before the Finished is no alert", 0x0304, "c23:21 c23:69 c23:90 cFIN", true, true,
     ENDING_NONE, ENDING_NONE},
    {"the origin left first", 0x0304, "sFIN cFIN", false, false, ENDING_NONE, ENDING_NONE},
    {"user_canceled and close_notify", 0x0304, "c20:1 c23:19 c23:19 cFIN", false, false, ENDING_ALERT_SEALED, ENDING_NONE},
    {"before any ServerHello", 0, "cFIN sFIN", false, false, ENDING_CLOSED, ENDING_CLOSED},
    {"the origin leaves before any ServerHello", 0, "sRST", false, false, ENDING_NONE, ENDING_RESET},
    // clang-format on
};

static void take(struct evidence *evidence, const char *word, int64_t at_us)
{
    enum side side = word[0] == 's' ? SERVER : CLIENT;
    unsigned type = 0, len = 0;
    if (sscanf(word + 1, "%u:%u", &type, &len) == 2) {
        const struct stream_item item = {.kind = STREAM_RECORD,
                                         .content_type = (uint8_t)type,
                                         .record_len = (uint16_t)len,
                                         .is_encrypted = type != CONTENT_CHANGE_CIPHER_SPEC};
        passing_record(evidence, &item, at_us);
        return;
    }
    enum ending_kind kind = strcmp(word + 1, "RST") == 0 ? ENDING_RESET : ENDING_CLOSED;
    passing_end(evidence, side, kind, 0, at_us);
    leg_evidence_close(&evidence->legs[side], kind, 0, 0, at_us, NULL);
}

static void ends_so(void **state)
{
    const struct row *row = *state;
    struct evidence evidence = {.is_passed = true};
    char words[128], *rest = words;
    int64_t at_us = 0;
    for (enum side side = CLIENT; side < SIDES && row->version != 0; side++) {
        evidence.legs[side].version = row->version;
        evidence.legs[side].server_hello = slice_of_text("a ServerHello");
    }
    (void)snprintf(words, sizeof(words), "%s", row->records);
    for (char *word = strtok_r(rest, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        take(&evidence, word, ++at_us);
    }
    assert_int_equal(evidence.passed_finished, row->want_finished);
    assert_int_equal(evidence.passed_used, row->want_used);
    assert_int_equal(evidence.legs[CLIENT].handshake.kind, row->want_client);
    assert_int_equal(evidence.legs[SERVER].handshake.kind, row->want_server);
}

int main(void)
{
    return RUN_ROWS(rows, ends_so);
}
