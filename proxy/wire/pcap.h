// Packets of a capture file: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng),
// in either byte order. Pure: the file is in memory, packets borrow from it.
#pragma once

#include "slice.h"

#define PCAP_INTERFACES_MAX 64
// No packet or block is longer: libpcap's own limit of a packet, and room for options.
#define PCAP_BLOCK_MAX ((size_t)512 * 1024)

struct pcap_interface {
    uint32_t link_type;
    uint64_t ticks_per_second;
};

struct pcap {
    struct slice left;
    bool is_ng, is_swapped;
    struct pcap_interface interfaces[PCAP_INTERFACES_MAX]; // the only one of a pcap file: [0]
    size_t interface_count;
    size_t packet_count; // given so far
};

struct pcap_packet {
    int64_t at_us; // since 1970; 0 when the file does not say
    uint32_t link_type;
    struct slice bytes;
};

// pcap_is is true if a file begins as either kind of capture does.
bool pcap_is(struct slice file);

// pcap_open reads the beginning; PARSE_BAD when it is no capture that we read.
enum parse pcap_open(struct pcap *pcap, struct slice file);

// pcap_next gives the next packet. PARSE_MORE at the end, also in the middle of a packet: a capture
// that is still being written ends so. PARSE_BAD for lengths that no file has.
enum parse pcap_next(struct pcap *pcap, struct pcap_packet *out_packet);
