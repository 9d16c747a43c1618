// The tap: the BIO between OpenSSL and our buffers. It serves bytes that were received (or peeked)
// and collects records to send; there is no socket behind it. One thread.
#pragma once

#include <openssl/bio.h>

#include "buffer.h"

// What is held when the engine may not read on: never more than one read of a socket and a record.
#define TAP_HELD_BYTES_MAX ((size_t)256 * 1024)

struct tap {
    struct slice in;    // borrowed: what was fed and not yet read
    struct buffer held; // owned: what could not be read at once; comes before `in`
    struct buffer *out; // borrowed: where records to send are appended
    // Sees received bytes as they are served, record by record; NULL: nobody watches.
    void (*received)(void *user, struct slice bytes);
    void *user;
    uint64_t bytes_in, bytes_out;
};

// tap_bio makes a BIO over `tap`, which must outlive it; the caller owns it until SSL_set_bio.
// NULL when memory is out.
BIO *tap_bio(struct tap *tap);

// tap_hold copies what was fed and not read, so that the caller's bytes may go; false past
// TAP_HELD_BYTES_MAX.
bool tap_hold(struct tap *tap);

// tap_unread counts bytes that wait to be read.
size_t tap_unread(const struct tap *tap);

void tap_clear(struct tap *tap);
