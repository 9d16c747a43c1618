#include "pcap.h"

#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du

#define BLOCK_SECTION   0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_SIMPLE    3u
#define BLOCK_ENHANCED  6u
#define ORDER_MAGIC     0x1a2b3c4du

#define OPTION_END        0
#define OPTION_RESOLUTION 9

#define US_PER_SECOND 1000000u
#define NS_PER_SECOND 1000000000u
#define SECONDS_MAX   253402300799u // the last of the year 9999

static uint32_t swap32(uint32_t value)
{
    return value >> 24 | (value >> 8 & 0xff00u) | (value << 8 & 0xff0000u) | value << 24;
}

// Numbers stand in the byte order of the machine that wrote them: "swapped" is little-endian, as
// seen from the cursor.
static bool read_u32(const struct pcap *pcap, struct cursor *cursor, uint32_t *out_value)
{
    uint32_t value;
    if (!cursor_u32(cursor, &value)) {
        return false;
    }
    *out_value = pcap->is_swapped ? swap32(value) : value;
    return true;
}

static bool read_u16(const struct pcap *pcap, struct cursor *cursor, uint16_t *out_value)
{
    uint16_t value;
    if (!cursor_u16(cursor, &value)) {
        return false;
    }
    *out_value = pcap->is_swapped ? (uint16_t)(value << 8 | value >> 8) : value;
    return true;
}

bool pcap_is(struct slice file)
{
    struct pcap pcap;
    return file.len >= 4 && pcap_open(&pcap, slice_part(file, 0, 24)) != PARSE_BAD;
}

static bool magic_of(uint32_t first, bool *out_swapped, uint64_t *out_ticks)
{
    uint32_t swapped = swap32(first);
    bool is_us = first == MAGIC_US || swapped == MAGIC_US;
    bool is_ns = first == MAGIC_NS || swapped == MAGIC_NS;
    *out_swapped = swapped == MAGIC_US || swapped == MAGIC_NS;
    *out_ticks = is_ns ? NS_PER_SECOND : US_PER_SECOND;
    return is_us || is_ns;
}

enum parse pcap_open(struct pcap *pcap, struct slice file)
{
    *pcap = (struct pcap){.left = file};
    struct cursor cursor = cursor_over(file);
    struct pcap_interface *interface = &pcap->interfaces[0];
    uint32_t first, skipped[4];
    if (!cursor_u32(&cursor, &first)) {
        return PARSE_MORE;
    }
    if (first == BLOCK_SECTION) { // the same in both orders
        pcap->is_ng = true;
        return PARSE_OK;
    }
    if (!magic_of(first, &pcap->is_swapped, &interface->ticks_per_second)) {
        return PARSE_BAD;
    }
    for (size_t i = 0; i < COUNT_OF(skipped); i++) { // version, zone, figures, length
        if (!read_u32(pcap, &cursor, &skipped[i])) {
            return PARSE_MORE;
        }
    }
    if (!read_u32(pcap, &cursor, &interface->link_type)) {
        return PARSE_MORE;
    }
    interface->link_type &= 0xffffu; // above it: how long a frame check sequence is
    pcap->interface_count = 1;
    pcap->left = cursor.left;
    return PARSE_OK;
}

static int64_t ticks_us(uint64_t ticks, uint64_t per_second)
{
    uint64_t whole = ticks / per_second, part = ticks % per_second;
    if (whole > SECONDS_MAX) {
        return 0; // no date
    }
    double part_us = (double)part * US_PER_SECOND / (double)per_second;
    return (int64_t)(whole * US_PER_SECOND) + (int64_t)part_us;
}

static enum parse next_classic(struct pcap *pcap, struct pcap_packet *out)
{
    struct cursor cursor = cursor_over(pcap->left);
    const struct pcap_interface *interface = &pcap->interfaces[0];
    uint32_t seconds, part, len, sent_len;
    if (!read_u32(pcap, &cursor, &seconds) || !read_u32(pcap, &cursor, &part) ||
        !read_u32(pcap, &cursor, &len) || !read_u32(pcap, &cursor, &sent_len)) {
        return PARSE_MORE;
    }
    if (len > PCAP_BLOCK_MAX) {
        return PARSE_BAD;
    }
    if (!cursor_take(&cursor, len, &out->bytes)) {
        return PARSE_MORE;
    }
    out->link_type = interface->link_type;
    out->at_us = (int64_t)seconds * US_PER_SECOND +
                 (int64_t)(part / (interface->ticks_per_second / US_PER_SECOND));
    pcap->left = cursor.left;
    return PARSE_OK;
}

// ---- pcapng

static uint64_t ticks_of(uint8_t resolution)
{
    uint64_t ticks = 1;
    uint64_t base = (resolution & 0x80) != 0 ? 2 : 10;
    for (int i = resolution & 0x7f; i > 0 && ticks < (uint64_t)1 << 58; i--) {
        ticks *= base;
    }
    return ticks;
}

static void read_interface(struct pcap *pcap, struct slice body)
{
    struct cursor cursor = cursor_over(body);
    struct pcap_interface interface = {.ticks_per_second = US_PER_SECOND};
    uint16_t link_type, unused, code, len;
    uint32_t snap_len;
    if (pcap->interface_count == PCAP_INTERFACES_MAX || !read_u16(pcap, &cursor, &link_type) ||
        !read_u16(pcap, &cursor, &unused) || !read_u32(pcap, &cursor, &snap_len)) {
        return; // its packets name an interface that is not there, and are passed by
    }
    interface.link_type = link_type;
    while (read_u16(pcap, &cursor, &code) && read_u16(pcap, &cursor, &len) && code != OPTION_END) {
        struct slice value;
        if (!cursor_take(&cursor, ((size_t)len + 3) / 4 * 4, &value)) {
            break;
        }
        if (code == OPTION_RESOLUTION && len >= 1) {
            interface.ticks_per_second = ticks_of(value.data[0]);
        }
    }
    pcap->interfaces[pcap->interface_count++] = interface;
}

static bool read_enhanced(const struct pcap *pcap, struct slice body, struct pcap_packet *out)
{
    struct cursor cursor = cursor_over(body);
    uint32_t which, high, low, len, sent_len;
    if (!read_u32(pcap, &cursor, &which) || !read_u32(pcap, &cursor, &high) ||
        !read_u32(pcap, &cursor, &low) || !read_u32(pcap, &cursor, &len) ||
        !read_u32(pcap, &cursor, &sent_len) || which >= pcap->interface_count ||
        !cursor_take(&cursor, len, &out->bytes)) {
        return false;
    }
    const struct pcap_interface *interface = &pcap->interfaces[which];
    out->link_type = interface->link_type;
    out->at_us = ticks_us((uint64_t)high << 32 | low, interface->ticks_per_second);
    return true;
}

static bool read_simple(const struct pcap *pcap, struct slice body, struct pcap_packet *out)
{
    struct cursor cursor = cursor_over(body);
    uint32_t sent_len;
    if (pcap->interface_count == 0 || !read_u32(pcap, &cursor, &sent_len)) {
        return false;
    }
    out->bytes = slice_part(cursor.left, 0, sent_len); // the rest is padding
    out->link_type = pcap->interfaces[0].link_type;
    out->at_us = 0;
    return true;
}

// A section says its own byte order; its interfaces are its own as well.
static bool begin_section(struct pcap *pcap, struct slice block)
{
    struct cursor cursor = cursor_over(slice_part(block, 8, block.len));
    uint32_t magic;
    if (!cursor_u32(&cursor, &magic) || (magic != ORDER_MAGIC && swap32(magic) != ORDER_MAGIC)) {
        return false;
    }
    pcap->is_swapped = magic != ORDER_MAGIC;
    pcap->interface_count = 0;
    return true;
}

// One block: its type, its body; the lengths before and behind it left out.
static enum parse next_block(struct pcap *pcap, uint32_t *out_type, struct slice *out_body)
{
    struct cursor cursor = cursor_over(pcap->left);
    uint32_t len, unused;
    struct slice body;
    if (!cursor_u32(&cursor, out_type)) {
        return PARSE_MORE;
    }
    bool is_section = *out_type == BLOCK_SECTION;
    if (is_section && pcap->left.len < 12) {
        return PARSE_MORE;
    }
    if (is_section && !begin_section(pcap, pcap->left)) {
        return PARSE_BAD;
    }
    *out_type = pcap->is_swapped && !is_section ? swap32(*out_type) : *out_type;
    if (!read_u32(pcap, &cursor, &len)) {
        return PARSE_MORE;
    }
    if (len < 12 || len % 4 != 0 || len > PCAP_BLOCK_MAX) {
        return PARSE_BAD;
    }
    if (!cursor_take(&cursor, len - 12, &body) || !cursor_u32(&cursor, &unused)) {
        return PARSE_MORE;
    }
    *out_body = body;
    pcap->left = cursor.left;
    return PARSE_OK;
}

static enum parse next_ng(struct pcap *pcap, struct pcap_packet *out)
{
    for (;;) {
        uint32_t type;
        struct slice body;
        enum parse parsed = next_block(pcap, &type, &body);
        if (parsed != PARSE_OK) {
            return parsed;
        }
        if (type == BLOCK_INTERFACE) {
            read_interface(pcap, body);
        }
        bool is_packet = (type == BLOCK_ENHANCED && read_enhanced(pcap, body, out)) ||
                         (type == BLOCK_SIMPLE && read_simple(pcap, body, out));
        if (is_packet) {
            return PARSE_OK;
        }
    }
}

enum parse pcap_next(struct pcap *pcap, struct pcap_packet *out_packet)
{
    enum parse parsed = pcap->is_ng ? next_ng(pcap, out_packet) : next_classic(pcap, out_packet);
    pcap->packet_count += parsed == PARSE_OK ? 1 : 0;
    return parsed;
}
