// wire: TLS on the wire, bytes in and structs out. No handshake, no socket, no clock, no global
// but constant tables. Uses base, and libcrypto for the hashes of fingerprints.
//
//   file          | what it holds
//   --------------+------------------------------------------------------------------
//   tls_record.h  | records, and what a connection's first bytes are
//   handshake.h   | handshake messages, and the Certificate message
//   tls_stream.h  | one direction read from any segmentation; the peeked first hello
//   hello.h       | ClientHello, ServerHello, HelloRetryRequest: decode and encode
//   code_points.h | suites, groups, schemes, extensions, alerts, versions, GREASE
//   fingerprint.h | JA3 and JA4
//   pcap.h        | packets of a capture file
//   packet.h      | the TCP segment in a packet
//   tcp_flow.h    | TCP connections put together from segments
#pragma once

#include "code_points.h"
#include "fingerprint.h"
#include "handshake.h"
#include "hello.h"
#include "packet.h"
#include "pcap.h"
#include "tcp_flow.h"
#include "tls_record.h"
#include "tls_stream.h"
