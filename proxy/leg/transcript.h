// The transcript: what goes by on one leg, noted as evidence. It decides nothing.
#pragma once

#include "evidence.h"

// What we receive is read from the raw bytes while they are plain (so that it is there even when
// OpenSSL can't take it), and from OpenSSL's message callback once they are encrypted. What we
// send is always told by the callback.
struct transcript {
    struct leg_evidence *evidence; // borrowed, as the arena
    struct arena *arena;
    int64_t opened_us; // monotonic; moments count from here
    enum side side;
    struct tls_stream received;
    bool is_done;                       // the handshake is over: raw bytes are not read any more
    uint8_t alert_sent, alert_received; // the last fatal ones; 0: none (close_notify is not fatal)
    bool has_close_notify;              // the peer sent one
    // Records so far: sent, received as OpenSSL took them, received as the raw bytes show them.
    uint32_t records_sent, records_taken, records_read;
};

void transcript_init(struct transcript *transcript, enum side side, struct leg_evidence *evidence,
                     struct arena *arena, int64_t opened_us);
void transcript_clear(struct transcript *transcript);

// transcript_received takes raw bytes as they are served to OpenSSL, until transcript_done.
void transcript_received(struct transcript *transcript, struct slice bytes);
// transcript_first_bytes adds to the evidence's first_bytes, as long as there is room.
void transcript_first_bytes(struct transcript *transcript, struct slice bytes);
// transcript_message takes what OpenSSL's message callback says: a whole handshake message, or the
// two bytes of an alert.
void transcript_message(struct transcript *transcript, bool sent, uint8_t content_type,
                        struct slice bytes);
// transcript_record takes what the same callback says of a record's header, before what is inside.
void transcript_record(struct transcript *transcript, bool sent);
// transcript_done ends the reading of raw bytes; alerts are still noted.
void transcript_done(struct transcript *transcript);

// transcript_now is the time since the connection was opened, in µs.
int64_t transcript_now(const struct transcript *transcript);
