#include "origin_h2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nghttp2/nghttp2.h>

#define AUTHORITY_MAX 256

// One request; NULL stream data: none yet.
struct stream {
    int32_t id;
    char authority[AUTHORITY_MAX];
    size_t authority_len;
    struct buffer body;
};

struct origin_h2 {
    nghttp2_session *session;
    struct origin_h2_hooks hooks;
    struct stream *streams[ORIGIN_H2_STREAMS_MAX];
};

static void stream_free(struct stream *stream)
{
    if (stream != NULL) {
        buffer_clear(&stream->body);
        free(stream);
    }
}

static int on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct origin_h2 *h2 = user;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        return 0;
    }
    for (size_t i = 0; i < ORIGIN_H2_STREAMS_MAX; i++) {
        if (h2->streams[i] != NULL) {
            continue;
        }
        struct stream *stream = calloc(1, sizeof(*stream));
        if (stream == NULL) {
            return NGHTTP2_ERR_CALLBACK_FAILURE;
        }
        stream->id = frame->hd.stream_id;
        h2->streams[i] = stream;
        return nghttp2_session_set_stream_user_data(session, stream->id, stream);
    }
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; // the setting forbids more
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user)
{
    (void)flags, (void)user;
    struct stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    struct slice field = {name, name_len};
    bool is_host =
        slice_equals_text(field, ":authority") ||
        (slice_equals_text(field, "host") && stream != NULL && stream->authority_len == 0);
    if (stream != NULL && is_host && value_len < AUTHORITY_MAX) {
        memcpy(stream->authority, value, value_len);
        stream->authority_len = value_len;
    }
    return 0;
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *to, size_t size,
                         uint32_t *flags, nghttp2_data_source *source, void *user)
{
    (void)session, (void)id, (void)user;
    struct stream *stream = source->ptr;
    struct slice part = slice_part(buffer_slice(&stream->body), 0, size);
    if (part.len > 0) {
        memcpy(to, part.data, part.len);
    }
    buffer_consume(&stream->body, part.len);
    if (stream->body.len == 0) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)part.len;
}

static nghttp2_nv field(const char *name, const char *value)
{
    // nghttp2 wants writable bytes that it only copies.
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                        strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static int answer(struct origin_h2 *h2, struct stream *stream)
{
    char status[8], length[24];
    struct slice authority = {(const uint8_t *)stream->authority, stream->authority_len};
    uint16_t number = h2->hooks.answer(h2->hooks.user, authority, &stream->body);
    (void)snprintf(status, sizeof(status), "%u", number);            // three digits
    (void)snprintf(length, sizeof(length), "%zu", stream->body.len); // fits
    const nghttp2_nv fields[] = {field(":status", status), field("server", "midspan-lab"),
                                 field("content-type", "text/plain"),
                                 field("content-length", length)};
    nghttp2_data_provider body = {.source.ptr = stream, .read_callback = read_body};
    return nghttp2_submit_response(h2->session, stream->id, fields, COUNT_OF(fields), &body);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    bool is_end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    bool is_request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    return stream != NULL && is_request && is_end ? answer(user, stream) : 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    (void)session, (void)code;
    struct origin_h2 *h2 = user;
    for (size_t i = 0; i < ORIGIN_H2_STREAMS_MAX; i++) {
        if (h2->streams[i] != NULL && h2->streams[i]->id == id) {
            stream_free(h2->streams[i]);
            h2->streams[i] = NULL;
        }
    }
    return 0;
}

static bool open_session(struct origin_h2 *h2)
{
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, ORIGIN_H2_STREAMS_MAX}};
    nghttp2_session_callbacks *callbacks = NULL;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        return false;
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    bool ok =
        nghttp2_session_server_new(&h2->session, callbacks, h2) == 0 &&
        nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings, COUNT_OF(settings)) == 0;
    nghttp2_session_callbacks_del(callbacks);
    return ok;
}

struct origin_h2 *origin_h2_new(const struct origin_h2_hooks *hooks)
{
    struct origin_h2 *h2 = calloc(1, sizeof(*h2));
    if (h2 == NULL) {
        return NULL;
    }
    h2->hooks = *hooks;
    if (!open_session(h2)) {
        origin_h2_free(h2);
        return NULL;
    }
    return h2;
}

void origin_h2_free(struct origin_h2 *h2)
{
    if (h2 == NULL) {
        return;
    }
    nghttp2_session_del(h2->session);
    for (size_t i = 0; i < ORIGIN_H2_STREAMS_MAX; i++) {
        stream_free(h2->streams[i]);
    }
    free(h2);
}

bool origin_h2_feed(struct origin_h2 *h2, struct slice in, struct buffer *out, bool *out_is_over)
{
    if (in.len > 0 && nghttp2_session_mem_recv(h2->session, in.data, in.len) < 0) {
        return false;
    }
    for (;;) {
        const uint8_t *data = NULL;
        ssize_t len = nghttp2_session_mem_send(h2->session, &data);
        if (len < 0 || (len > 0 && !buffer_append(out, (struct slice){data, (size_t)len}))) {
            return false;
        }
        if (len == 0) {
            break;
        }
    }
    *out_is_over =
        nghttp2_session_want_read(h2->session) == 0 && nghttp2_session_want_write(h2->session) == 0;
    return true;
}
