#include "packet.h"

#include <string.h>

#define ETHER_IPV4  0x0800
#define ETHER_IPV6  0x86dd
#define ETHER_VLAN  0x8100
#define ETHER_VLAN2 0x88a8 // IEEE 802.1ad
#define VLAN_MAX    2

#define PROTOCOL_TCP          6
#define PROTOCOL_HOP_BY_HOP   0
#define PROTOCOL_ROUTING      43
#define PROTOCOL_DESTINATION  60
#define PROTOCOL_AUTHENTICATE 51
#define EXTENSIONS_MAX        8

static bool skip(struct cursor *cursor, size_t len)
{
    struct slice unused;
    return cursor_take(cursor, len, &unused);
}

// The IP packet behind the EtherType, behind its VLAN tags.
static bool skip_ethertype(struct cursor *cursor)
{
    uint16_t type;
    bool is_read = cursor_u16(cursor, &type);
    for (int i = 0; i < VLAN_MAX && is_read && (type == ETHER_VLAN || type == ETHER_VLAN2); i++) {
        is_read = skip(cursor, 2) && cursor_u16(cursor, &type);
    }
    return is_read && (type == ETHER_IPV4 || type == ETHER_IPV6);
}

// The address family, in the byte order of some machine.
static bool skip_family(struct cursor *cursor)
{
    return skip(cursor, 4);
}

static bool skip_ethernet(struct cursor *cursor)
{
    return skip(cursor, 12) && skip_ethertype(cursor);
}

static bool skip_cooked(struct cursor *cursor)
{
    return skip(cursor, 14) && skip_ethertype(cursor);
}

static bool skip_cooked2(struct cursor *cursor)
{
    uint16_t type;
    bool is_ip = cursor_u16(cursor, &type) && (type == ETHER_IPV4 || type == ETHER_IPV6);
    return is_ip && skip(cursor, 18); // protocol first, then 18 bytes of the rest
}

static bool skip_nothing(struct cursor *cursor)
{
    (void)cursor; // it is at the IP packet
    return true;
}

// Each moves to the IP packet, whose version tells which it is.
static const struct link {
    uint32_t type; // the number of pcap files
    bool (*skip)(struct cursor *cursor);
} links[] = {
    {0, skip_family},    // BSD loopback
    {1, skip_ethernet},  // Ethernet
    {12, skip_nothing},  // raw IP, as some BSDs number it
    {14, skip_nothing},  // raw IP, as OpenBSD does
    {101, skip_nothing}, // raw IP
    {108, skip_family},  // OpenBSD loopback
    {113, skip_cooked},  // Linux cooked
    {228, skip_nothing}, // IPv4
    {229, skip_nothing}, // IPv6
    {276, skip_cooked2}, // Linux cooked, version 2
};

static const struct link *find_link(uint32_t type)
{
    for (size_t i = 0; i < COUNT_OF(links); i++) {
        if (links[i].type == type) {
            return &links[i];
        }
    }
    return NULL;
}

static bool read_ports(struct cursor *cursor, struct tcp_segment *out)
{
    return cursor_u16(cursor, &out->source.port) && cursor_u16(cursor, &out->target.port);
}

// `len` is what IP says that the segment has; the packet may have been cut short of it, or have
// padding behind it.
static bool read_tcp(struct slice bytes, size_t len, struct tcp_segment *out)
{
    struct cursor cursor = cursor_over(slice_part(bytes, 0, len));
    uint32_t acknowledged;
    uint8_t offset, flags;
    if (!read_ports(&cursor, out) || !cursor_u32(&cursor, &out->sequence) ||
        !cursor_u32(&cursor, &acknowledged) || !cursor_u8(&cursor, &offset) ||
        !cursor_u8(&cursor, &flags)) {
        return false;
    }
    size_t header_len = (size_t)(offset >> 4) * 4;
    if (header_len < 20 || header_len > len) {
        return false;
    }
    out->has_fin = (flags & 0x01) != 0;
    out->has_syn = (flags & 0x02) != 0;
    out->has_reset = (flags & 0x04) != 0;
    out->has_ack = (flags & 0x10) != 0;
    out->data = slice_part(slice_part(bytes, 0, len), header_len, len - header_len);
    out->cut_len = len - header_len - out->data.len;
    return true;
}

static bool read_ip4(struct slice packet, struct tcp_segment *out)
{
    if (packet.len < 20) {
        return false;
    }
    const uint8_t *data = packet.data;
    size_t header_len = (size_t)(data[0] & 0x0f) * 4;
    size_t len = (size_t)data[2] << 8 | data[3];
    len = len == 0 ? packet.len : len; // left to the network card, and captured before that
    bool is_fragment = (data[6] & 0x3f) != 0 || data[7] != 0;
    if (header_len < 20 || len < header_len || is_fragment || data[9] != PROTOCOL_TCP) {
        return false;
    }
    memcpy(out->source.address, data + 12, 4);
    memcpy(out->target.address, data + 16, 4);
    return read_tcp(slice_part(packet, header_len, packet.len), len - header_len, out);
}

// RFC 8200 section 4: the extension headers before TCP; false for a fragment and what is unknown.
static bool skip_extensions(struct cursor *cursor, uint8_t protocol)
{
    for (int i = 0; i < EXTENSIONS_MAX && protocol != PROTOCOL_TCP; i++) {
        uint8_t next, len;
        bool is_known = protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING ||
                        protocol == PROTOCOL_DESTINATION || protocol == PROTOCOL_AUTHENTICATE;
        if (!is_known || !cursor_u8(cursor, &next) || !cursor_u8(cursor, &len)) {
            return false;
        }
        // RFC 4302 section 2.2 counts otherwise than the rest: in four bytes, less two.
        size_t whole_len =
            protocol == PROTOCOL_AUTHENTICATE ? ((size_t)len + 2) * 4 : ((size_t)len + 1) * 8;
        if (!skip(cursor, whole_len - 2)) {
            return false;
        }
        protocol = next;
    }
    return protocol == PROTOCOL_TCP;
}

static bool read_ip6(struct slice packet, struct tcp_segment *out)
{
    if (packet.len < 40) {
        return false;
    }
    size_t len = (size_t)packet.data[4] << 8 | packet.data[5];
    len = len == 0 ? packet.len - 40 : len; // as for IPv4
    out->is_ip6 = true;
    memcpy(out->source.address, packet.data + 8, 16);
    memcpy(out->target.address, packet.data + 24, 16);
    struct cursor cursor = cursor_over(slice_part(packet, 40, packet.len));
    if (!skip_extensions(&cursor, packet.data[6]) || cursor.at > len) {
        return false;
    }
    return read_tcp(cursor.left, len - cursor.at, out);
}

bool packet_parse(struct slice packet, uint32_t link_type, struct tcp_segment *out_segment)
{
    struct cursor cursor = cursor_over(packet);
    struct tcp_segment segment = {0};
    const struct link *link = find_link(link_type);
    if (link == NULL || !link->skip(&cursor) || cursor.left.len == 0) {
        return false;
    }
    uint8_t version = cursor.left.data[0] >> 4;
    bool is_read = (version == 4 && read_ip4(cursor.left, &segment)) ||
                   (version == 6 && read_ip6(cursor.left, &segment));
    if (is_read) {
        *out_segment = segment;
    }
    return is_read;
}

bool packet_is_link(uint32_t link_type)
{
    return find_link(link_type) != NULL;
}
