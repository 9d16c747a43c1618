#include "tap.h"

#include <limits.h>
#include <string.h>

#include <uv.h>

// serve copies from `from` (at most `len` bytes) and says how many.
static size_t serve(struct slice from, char *to, size_t len)
{
    size_t count = from.len < len ? from.len : len;
    if (count > 0) {
        memcpy(to, from.data, count);
    }
    return count;
}

static int on_bio_read(BIO *bio, char *to, size_t len, size_t *out_len)
{
    struct tap *tap = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    size_t count = serve(buffer_slice(&tap->held), to, len);
    buffer_consume(&tap->held, count);
    if (count < len) {
        size_t more = serve(tap->in, to + count, len - count);
        tap->in = slice_part(tap->in, more, tap->in.len);
        count += more;
    }
    *out_len = count;
    if (count == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    tap->bytes_in += count;
    if (tap->received != NULL) {
        tap->received(tap->user, (struct slice){(const uint8_t *)to, count});
    }
    return 1;
}

static int on_bio_write(BIO *bio, const char *from, size_t len, size_t *out_len)
{
    struct tap *tap = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!buffer_append(tap->out, (struct slice){(const uint8_t *)from, len})) {
        *out_len = 0;
        return 0; // the engine fails: the caller let more pile up than the buffer's limit
    }
    tap->bytes_out += len;
    *out_len = len;
    return 1;
}

static long on_bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
}

static int on_bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *method;
static uv_once_t method_once = UV_ONCE_INIT;

// OpenSSL wants one method table a process; it is made once and read only from then on.
static void make_method(void)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "midspan tap");
    if (method == NULL) {
        return;
    }
    BIO_meth_set_read_ex(method, on_bio_read);
    BIO_meth_set_write_ex(method, on_bio_write);
    BIO_meth_set_ctrl(method, on_bio_ctrl);
    BIO_meth_set_create(method, on_bio_create);
}

BIO *tap_bio(struct tap *tap)
{
    uv_once(&method_once, make_method);
    if (method == NULL) {
        return NULL;
    }
    BIO *bio = BIO_new(method);
    if (bio != NULL) {
        BIO_set_data(bio, tap);
    }
    return bio;
}

bool tap_hold(struct tap *tap)
{
    if (tap->in.len == 0) {
        return true;
    }
    tap->held.limit = TAP_HELD_BYTES_MAX;
    bool ok = buffer_append(&tap->held, tap->in);
    tap->in = SLICE_EMPTY;
    return ok;
}

size_t tap_unread(const struct tap *tap)
{
    return tap->held.len + tap->in.len;
}

void tap_clear(struct tap *tap)
{
    buffer_clear(&tap->held);
    tap->in = SLICE_EMPTY;
}
