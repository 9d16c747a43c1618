// JA3 (github.com/salesforce/ja3) and JA4 (github.com/FoxIO-LLC/ja4) of a ClientHello.
#pragma once

#include "hello.h"

#define JA3_HASH_MAX 33 // 32 hex digits and NUL
#define JA4_MAX      40 // "t13d1516h2_8daaf6152771_e5627efa2ab1" and NUL

// ja3_text appends "version,suites,extensions,groups,point formats"; GREASE left out. Nothing for
// an SSLv2-format hello, whose cipher kinds neither fingerprint knows. False when the buffer is
// full.
bool ja3_text(const struct client_hello *hello, struct buffer *out);
// ja3_hash writes the MD5 of ja3_text. The text is empty for an SSLv2-format hello, when memory is
// out, or when the library refuses MD5; ja4's likewise.
const char *ja3_hash(const struct client_hello *hello, char out_hash[JA3_HASH_MAX]);
// ja4 writes the JA4 fingerprint of a hello that came over TCP.
const char *ja4(const struct client_hello *hello, char out_text[JA4_MAX]);
