// The lab's plain web server: certificates and CRLs at the addresses that certificates name.
#include <string.h>

#include "http_head.h"
#include "origins_inside.h"

struct web_visit {
    struct visit visit; // first
    struct http_head *head;
    bool did_answer;
};

static bool begun(struct visit *visit)
{
    struct web_visit *web = (struct web_visit *)visit;
    web->head = http_head_new();
    return web->head != NULL;
}

static const struct web_file *find(const struct origins *origins, struct slice path)
{
    for (size_t i = 0; i < origins->file_count; i++) {
        if (slice_equals_text(path, origins->files[i].path)) {
            return &origins->files[i];
        }
    }
    return NULL;
}

static bool answer(struct origins *origins, struct slice path, struct buffer *out)
{
    uv_mutex_lock(&origins->lock);
    const struct web_file *file = find(origins, path);
    struct slice bytes = file != NULL ? buffer_slice(&file->bytes) : SLICE_EMPTY;
    bool ok = buffer_printf(out,
                            "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                            "Connection: close\r\n\r\n",
                            file != NULL ? "200 OK" : "404 Not Found",
                            file != NULL ? file->type : "text/plain", bytes.len) &&
              buffer_append(out, bytes);
    uv_mutex_unlock(&origins->lock);
    return ok;
}

static void received(struct visit *visit, struct slice bytes)
{
    struct web_visit *web = (struct web_visit *)visit;
    struct fault fault;
    size_t consumed;
    if (web->did_answer) {
        return;
    }
    enum parse parsed = http_head_feed(web->head, bytes, &consumed, &fault);
    if (parsed == PARSE_MORE) {
        return;
    }
    struct buffer out = {0};
    web->did_answer = true;
    if (parsed == PARSE_OK &&
        answer(visit->server->origins, http_head_request(web->head)->target, &out)) {
        (void)link_send(&visit->link, buffer_slice(&out)); // a client that is gone needs nothing
    }
    buffer_clear(&out);
    visit_finish(visit);
}

static void ended(struct visit *visit, int os_error)
{
    (void)os_error;
    visit_close(visit);
}

static void closing(struct visit *visit)
{
    (void)visit; // nothing else is open
}

static void freed(struct visit *visit)
{
    struct web_visit *web = (struct web_visit *)visit;
    http_head_free(web->head);
}

const struct visit_kind web_visit_kind = {
    .size = sizeof(struct web_visit),
    .begun = begun,
    .received = received,
    .ended = ended,
    .closing = closing,
    .freed = freed,
};
