// Between the ingress and the handshakes: the client's first flight, and the wait for the origin.
#pragma once

#include "connection.h"

#define FIRST_BYTES_MAX 64 // as the reader of evidence has it

// peek_timed_out: the client's first flight did not come whole in time.
enum step peek_timed_out(struct connection *c);
// peek_server_spoke: the origin spoke before the client did, so it is not TLS that they speak.
void peek_server_spoke(struct connection *c, struct slice bytes);
// peek_client_answered looks at what the client says after that: a ClientHello, sent before the
// greeting came or in spite of it, takes the server for one of TLS. PLAIN only.
void peek_client_answered(struct connection *c, struct slice bytes);
// peek_note_no_tls keeps the beginning of what the origin said instead of TLS.
void peek_note_no_tls(struct connection *c, struct slice bytes);
// peek_ended: a side's TCP ended or broke in INGRESS, PEEKING or DIALLING.
enum step peek_ended(struct connection *c, enum side side, enum ending_kind kind, int os_error);
// peek_answer tells the client's proxy protocol that its target is reached; once.
bool peek_answer(struct connection *c);
