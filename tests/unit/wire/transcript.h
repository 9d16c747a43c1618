// What a tls_stream found, as words: messages and alerts by name, "ccs" for a plaintext
// ChangeCipherSpec, "sslv2", "*" for a record that can't be read.
#pragma once

#include "code_points.h"
#include "recorded.h"
#include "tls_stream.h"

struct transcript {
    struct tls_stream stream;
    struct buffer words;
    bool last_is_encrypted;      // of the last record
    const char *encrypted_after; // a message after which to say tls_stream_encrypted, or NULL
};

static inline const char *transcript_word(const struct stream_item *item)
{
    switch (item->kind) {
    case STREAM_RECORD:
        if (item->is_encrypted) {
            return "*";
        }
        return item->content_type == CONTENT_CHANGE_CIPHER_SPEC ? "ccs" : NULL;
    case STREAM_MESSAGE:
        return handshake_name(item->bytes.data[0]);
    case STREAM_ALERT:
        return alert_name(item->alert);
    case STREAM_SSLV2:
        return "sslv2";
    }
    return NULL;
}

static inline void transcript_note(void *user, const struct stream_item *item)
{
    struct transcript *transcript = user;
    const char *word = transcript_word(item);
    if (item->kind == STREAM_RECORD) {
        transcript->last_is_encrypted = item->is_encrypted;
    }
    if (word == NULL) {
        return;
    }
    assert_true(transcript->words.len == 0 || buffer_append_text(&transcript->words, ","));
    assert_true(buffer_append_text(&transcript->words, word));
    if (transcript->encrypted_after != NULL && strcmp(word, transcript->encrypted_after) == 0) {
        tls_stream_encrypted(&transcript->stream);
    }
}

static inline enum parse transcript_feed(struct transcript *transcript, struct slice bytes)
{
    // A copy of the exact size: nothing may be borrowed beyond the call.
    struct exact copy = exact_of(bytes);
    enum parse parsed =
        tls_stream_feed(&transcript->stream, exact_slice(&copy), transcript_note, transcript);
    exact_clear(&copy);
    assert_true(transcript->stream.record.capacity <=
                2 * (TLS_RECORD_HEADER_LEN + TLS_RECORD_BODY_MAX));
    assert_true(transcript->stream.message.capacity <= 2 * HANDSHAKE_MESSAGE_MAX);
    return parsed;
}

static inline void transcript_is(struct transcript *transcript, const char *want)
{
    assert_string_equal(buffer_text(&transcript->words), want);
}

static inline void transcript_clear(struct transcript *transcript)
{
    tls_stream_clear(&transcript->stream);
    buffer_clear(&transcript->words);
}
