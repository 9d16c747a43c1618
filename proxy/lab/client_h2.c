#include "client_h2.h"

#include <stdlib.h>
#include <string.h>

#include <nghttp2/nghttp2.h>

#include "text.h"

struct client_h2 {
    nghttp2_session *session;
    struct buffer *body; // borrowed within client_h2_feed
    int status;
    bool is_whole, is_closed;
};

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user)
{
    (void)session, (void)frame, (void)flags;
    struct client_h2 *h2 = user;
    uint64_t status;
    if (slice_equals_text((struct slice){name, name_len}, ":status") &&
        text_uint((struct slice){value, value_len}, 999, &status)) {
        h2->status = (int)status;
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t len, void *user)
{
    (void)session, (void)flags, (void)id;
    struct client_h2 *h2 = user;
    bool is_kept = buffer_append(h2->body, (struct slice){data, len});
    return is_kept ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    (void)session, (void)id;
    struct client_h2 *h2 = user;
    h2->is_closed = true;
    h2->is_whole = code == NGHTTP2_NO_ERROR && h2->status != 0;
    return 0;
}

static nghttp2_nv field(const char *name, const char *value)
{
    // nghttp2 wants writable bytes that it only copies.
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                        strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static bool open_session(struct client_h2 *h2, const char *authority)
{
    const nghttp2_nv request[] = {
        field(":method", "GET"), field(":scheme", "https"),     field(":authority", authority),
        field(":path", "/"),     field("accept", "text/plain"), field("user-agent", "midspan-lab")};
    nghttp2_session_callbacks *callbacks = NULL;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        return false;
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    bool ok = nghttp2_session_client_new(&h2->session, callbacks, h2) == 0 &&
              nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, NULL, 0) == 0 &&
              nghttp2_submit_request(h2->session, NULL, request, COUNT_OF(request), NULL, NULL) > 0;
    nghttp2_session_callbacks_del(callbacks);
    return ok;
}

struct client_h2 *client_h2_new(const char *authority)
{
    struct client_h2 *h2 = calloc(1, sizeof(*h2));
    if (h2 != NULL && !open_session(h2, authority)) {
        client_h2_free(h2);
        return NULL;
    }
    return h2;
}

void client_h2_free(struct client_h2 *h2)
{
    if (h2 != NULL) {
        nghttp2_session_del(h2->session);
        free(h2);
    }
}

bool client_h2_feed(struct client_h2 *h2, struct slice in, struct buffer *out, struct buffer *body)
{
    const uint8_t *bytes;
    ssize_t len = 0;
    h2->body = body;
    bool ok = in.len == 0 || nghttp2_session_mem_recv(h2->session, in.data, in.len) >= 0;
    if (ok && h2->is_closed) {
        (void)nghttp2_session_terminate_session(h2->session, NGHTTP2_NO_ERROR); // GOAWAY, at best
    }
    while (ok && (len = nghttp2_session_mem_send(h2->session, &bytes)) > 0) {
        ok = buffer_append(out, (struct slice){bytes, (size_t)len});
    }
    return ok && len == 0 && !h2->is_closed;
}

int client_h2_status(const struct client_h2 *h2)
{
    return h2->status;
}

bool client_h2_is_whole(const struct client_h2 *h2)
{
    return h2->is_whole;
}
