// One captured packet, from its link layer to the TCP segment inside. Pure.
// Ethernet (with VLAN tags), Linux cooked v1 and v2, BSD loopback and raw IP; IPv4 (RFC 791), IPv6
// (RFC 8200), TCP (RFC 9293).
#pragma once

#include "slice.h"

#define PACKET_ADDRESS_MAX 16

struct packet_end {
    uint8_t address[PACKET_ADDRESS_MAX]; // an IPv4 address takes the first four
    uint16_t port;
};

struct tcp_segment {
    bool is_ip6;
    struct packet_end source, target;
    uint32_t sequence;
    bool has_syn, has_ack, has_fin, has_reset;
    struct slice data; // borrowed from the packet
    size_t cut_len;    // bytes of data that were sent and not captured
};

// packet_parse finds the TCP segment of a packet of a link type (the numbers of pcap files). False
// for everything that is none: another link or protocol, a fragment, lengths that do not agree.
bool packet_parse(struct slice packet, uint32_t link_type, struct tcp_segment *out_segment);

// packet_is_link is true for a link type that is read.
bool packet_is_link(uint32_t link_type);
