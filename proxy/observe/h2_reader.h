// The heads of one direction of HTTP/2: frames by us, header blocks by nghttp2's HPACK decoder.
// Every block has to be decoded, since each changes the decoder's table; all else is stepped over,
// but for what of a response's body is read at all.
#pragma once

#include <nghttp2/nghttp2.h>

#include "exchanges.h"

#define H2_FRAME_HEADER_LEN 9
// The most that one header block may have, its CONTINUATION frames included.
#define H2_BLOCK_BYTES_MAX ((size_t)16 * 1024)
// The most that a peer's SETTINGS_HEADER_TABLE_SIZE may have raised the decoder's table to.
#define H2_TABLE_BYTES_MAX ((size_t)64 * 1024)
#define H2_VALUE_MAX       EXCHANGE_HOST_MAX

// A header's value, kept for the length of a block.
struct h2_value {
    bool is_set;
    size_t len;
    uint8_t bytes[H2_VALUE_MAX];
};

struct h2_reader {
    struct exchanges *exchanges; // not owned
    nghttp2_hd_inflater *inflater;
    bool is_request;
    size_t preface_at; // bytes of the client's connection preface that have come

    // The frame that is being read
    uint8_t header[H2_FRAME_HEADER_LEN];
    size_t header_len;
    size_t left; // of its payload
    uint8_t type, flags;
    uint32_t stream;
    bool wants_pad_length;
    size_t skip; // payload bytes in front of the block's fragment
    size_t pad;  // and behind it

    // The header block that is being read
    bool is_in_block;
    uint32_t block_stream;
    size_t block_len;
    bool is_push; // of a PUSH_PROMISE
    bool has_method, is_head;
    int status;
    struct h2_value authority, host, date;
};

// h2_reader_init reads requests or responses into `exchanges`, which must outlive it. False when
// memory is out.
bool h2_reader_init(struct h2_reader *reader, bool is_request, struct exchanges *exchanges);
void h2_reader_clear(struct h2_reader *reader);

// h2_reader_feed takes the next bytes. False when nothing more of this direction can be read or is
// wanted; its memory is given back then.
bool h2_reader_feed(struct h2_reader *reader, struct slice bytes);
