#include "h2_reader.h"

#include <string.h>

// RFC 9113 section 6.
enum frame_type {
    FRAME_DATA = 0,
    FRAME_HEADERS = 1,
    FRAME_PUSH_PROMISE = 5,
    FRAME_CONTINUATION = 9
};

enum frame_flag {
    FLAG_END_STREAM = 0x01, // of DATA and HEADERS
    FLAG_END_HEADERS = 0x04,
    FLAG_PADDED = 0x08,
    FLAG_PRIORITY = 0x20
};

// RFC 9113 section 3.4.
static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
#define PREFACE_LEN (sizeof(preface) - 1)

bool h2_reader_init(struct h2_reader *reader, bool is_request, struct exchanges *exchanges)
{
    *reader = (struct h2_reader){.exchanges = exchanges, .is_request = is_request};
    if (nghttp2_hd_inflate_new(&reader->inflater) != 0) {
        return false;
    }
    // A limit only: the table grows when the encoder says so (RFC 7541 section 6.3).
    (void)nghttp2_hd_inflate_change_table_size(reader->inflater, H2_TABLE_BYTES_MAX); // is fresh
    return true;
}

void h2_reader_clear(struct h2_reader *reader)
{
    if (reader->inflater != NULL) {
        nghttp2_hd_inflate_del(reader->inflater);
        reader->inflater = NULL;
    }
}

static void keep(struct h2_value *value, const nghttp2_nv *field)
{
    if (value->is_set || field->valuelen > sizeof(value->bytes)) {
        return;
    }
    value->is_set = true;
    value->len = field->valuelen;
    memcpy(value->bytes, field->value, field->valuelen);
}

static struct slice kept(const struct h2_value *value)
{
    return value->is_set ? (struct slice){value->bytes, value->len} : SLICE_EMPTY;
}

static void on_field(struct h2_reader *reader, const nghttp2_nv *field)
{
    struct slice name = {field->name, field->namelen};
    struct slice value = {field->value, field->valuelen};
    uint64_t status;
    if (slice_equals_text(name, ":method")) {
        reader->has_method = true;
        reader->is_head = slice_equals_text(value, "HEAD");
    } else if (slice_equals_text(name, ":authority")) {
        keep(&reader->authority, field);
    } else if (slice_equals_text(name, "host")) {
        keep(&reader->host, field);
    } else if (slice_equals_text(name, "date")) {
        keep(&reader->date, field);
    } else if (slice_equals_text(name, ":status") && text_uint(value, 999, &status)) {
        reader->status = (int)status;
    }
}

// inflate decodes a piece of a header block; false when it is none.
static bool inflate(struct h2_reader *reader, struct slice piece, bool is_last)
{
    static const uint8_t nothing = 0;
    const uint8_t *at = piece.len > 0 ? piece.data : &nothing;
    size_t left = piece.len;
    int flags = NGHTTP2_HD_INFLATE_EMIT;
    while (left > 0 || (flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        nghttp2_nv field;
        flags = 0;
        ssize_t taken =
            nghttp2_hd_inflate_hd2(reader->inflater, &field, &flags, at, left, is_last ? 1 : 0);
        if (taken < 0) {
            return false;
        }
        at += taken;
        left -= (size_t)taken;
        if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
            on_field(reader, &field);
        } else if (taken == 0) {
            break;
        }
    }
    return !is_last || (flags & NGHTTP2_HD_INFLATE_FINAL) != 0;
}

static void begin_block(struct h2_reader *reader, uint32_t stream)
{
    reader->is_in_block = true;
    reader->block_stream = stream;
    reader->block_len = 0;
    reader->is_push = reader->type == FRAME_PUSH_PROMISE;
    reader->has_method = reader->is_head = false;
    reader->status = 0;
    reader->authority.is_set = reader->host.is_set = reader->date.is_set = false;
}

// end_block is true when more heads are wanted. Trailers have neither a method nor a status.
static bool end_block(struct h2_reader *reader)
{
    reader->is_in_block = false;
    if (!inflate(reader, SLICE_EMPTY, true)) {
        return false;
    }
    (void)nghttp2_hd_inflate_end_headers(reader->inflater); // always 0
    if (reader->is_request && reader->has_method) {
        struct slice host = kept(reader->authority.is_set ? &reader->authority : &reader->host);
        return exchanges_request(reader->exchanges, reader->block_stream, reader->is_head, host);
    }
    if (!reader->is_request && !reader->is_push && reader->status >= 200) {
        return exchanges_response(reader->exchanges, reader->block_stream, reader->status,
                                  kept(&reader->date));
    }
    return true;
}

// begin_frame takes the nine bytes apart; false when such a frame can't be here.
static bool begin_frame(struct h2_reader *reader)
{
    struct cursor cursor = cursor_over((struct slice){reader->header, H2_FRAME_HEADER_LEN});
    uint32_t len, stream;
    if (!cursor_u24(&cursor, &len) || !cursor_u8(&cursor, &reader->type) ||
        !cursor_u8(&cursor, &reader->flags) || !cursor_u32(&cursor, &stream)) {
        return false;
    }
    stream &= 0x7fffffff; // the first bit is reserved
    reader->stream = stream;
    reader->left = len;
    reader->skip = reader->pad = 0;
    reader->wants_pad_length = false;
    bool is_continuation = reader->type == FRAME_CONTINUATION;
    // RFC 9113 section 6.10: nothing may come between the frames of one header block.
    if (reader->is_in_block != is_continuation ||
        (is_continuation && reader->block_stream != stream)) {
        return false;
    }
    if (is_continuation) {
        return true;
    }
    if (reader->type != FRAME_HEADERS && reader->type != FRAME_PUSH_PROMISE) {
        return true;
    }
    begin_block(reader, stream);
    reader->wants_pad_length = (reader->flags & FLAG_PADDED) != 0;
    bool has_priority = reader->type == FRAME_HEADERS && (reader->flags & FLAG_PRIORITY) != 0;
    reader->skip = has_priority ? 5 : reader->is_push ? 4 : 0;
    return stream != 0 && reader->skip + (reader->wants_pad_length ? 1 : 0) <= reader->left;
}

static struct slice take(struct slice *bytes, size_t len)
{
    struct slice piece = slice_part(*bytes, 0, len);
    *bytes = slice_part(*bytes, piece.len, bytes->len);
    return piece;
}

// read_block_payload takes the next part of a frame that carries a header block.
static bool read_block_payload(struct h2_reader *reader, struct slice *bytes)
{
    if (reader->wants_pad_length) {
        reader->pad = take(bytes, 1).data[0];
        reader->left--;
        reader->wants_pad_length = false;
        return reader->skip + reader->pad <= reader->left;
    }
    if (reader->skip > 0) {
        size_t skipped = take(bytes, reader->skip).len;
        reader->skip -= skipped;
        reader->left -= skipped;
        return true;
    }
    if (reader->left > reader->pad) {
        struct slice fragment = take(bytes, reader->left - reader->pad);
        reader->left -= fragment.len;
        reader->block_len += fragment.len;
        return reader->block_len <= H2_BLOCK_BYTES_MAX && inflate(reader, fragment, false);
    }
    size_t padding = take(bytes, reader->left).len;
    reader->left -= padding;
    reader->pad -= padding;
    return true;
}

// read_other_payload steps over the next part of a frame without a header block. Padding of DATA is
// taken for a piece of the body: that it begins like an error page is not likely.
static bool read_other_payload(struct h2_reader *reader, struct slice *bytes)
{
    struct slice piece = take(bytes, reader->left);
    reader->left -= piece.len;
    return reader->is_request || reader->type != FRAME_DATA ||
           exchanges_body(reader->exchanges, reader->stream, piece);
}

// end_frame is true when more frames are wanted.
static bool end_frame(struct h2_reader *reader)
{
    bool ends = reader->is_in_block && (reader->flags & FLAG_END_HEADERS) != 0;
    if (ends && !end_block(reader)) {
        return false;
    }
    bool is_message = reader->type == FRAME_DATA || reader->type == FRAME_HEADERS;
    bool is_last = is_message && (reader->flags & FLAG_END_STREAM) != 0;
    return reader->is_request || !is_last || exchanges_body_end(reader->exchanges, reader->stream);
}

// read_frame takes a step in a frame; false at an end of all reading.
static bool read_frame(struct h2_reader *reader, struct slice *bytes)
{
    if (reader->header_len < H2_FRAME_HEADER_LEN) {
        struct slice piece = take(bytes, H2_FRAME_HEADER_LEN - reader->header_len);
        memcpy(reader->header + reader->header_len, piece.data, piece.len);
        reader->header_len += piece.len;
        if (reader->header_len < H2_FRAME_HEADER_LEN) {
            return true;
        }
        if (!begin_frame(reader)) {
            return false;
        }
    } else if (reader->is_in_block) {
        if (!read_block_payload(reader, bytes)) {
            return false;
        }
    } else if (!read_other_payload(reader, bytes)) {
        return false;
    }
    if (reader->left > 0) {
        return true;
    }
    reader->header_len = 0;
    return end_frame(reader);
}

static bool read_preface(struct h2_reader *reader, struct slice *bytes)
{
    struct slice piece = take(bytes, PREFACE_LEN - reader->preface_at);
    bool is_right = memcmp(preface + reader->preface_at, piece.data, piece.len) == 0;
    reader->preface_at += piece.len;
    return is_right;
}

bool h2_reader_feed(struct h2_reader *reader, struct slice bytes)
{
    bool ok = true;
    if (reader->is_request && bytes.len > 0 && reader->preface_at < PREFACE_LEN) {
        ok = read_preface(reader, &bytes);
    }
    while (ok && bytes.len > 0) {
        ok = read_frame(reader, &bytes);
    }
    if (!ok) {
        h2_reader_clear(reader);
    }
    return ok;
}
