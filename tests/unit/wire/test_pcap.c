// Capture files, packets in them, and TCP connections put together from those.
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "pcap.h"
#include "tcp_flow.h"
#include "text.h"

// ---- packets

#define IP4                                                                            \
    "4500002e000100004006000001020304050607080050c35000000064000000c85018ffff00000000" \
    "616263646566"
#define IP6                                    \
    "60000000001a0640"                         \
    "20010db8000000000000000000000001"         \
    "20010db8000000000000000000000002"         \
    "0050c35000000064000000c85011ffff00000000" \
    "616263646566"
#define MACS "0102030405060708090a0b0c"

static const struct packet_row {
    const char *name, *hex;
    uint32_t link;
    bool is_tcp;
    size_t data_len, cut_len;
} packet_rows[] = {
    {"Ethernet, IPv4", MACS "0800" IP4, 1, true, 6, 0},
    {"Ethernet with padding behind", MACS "0800" IP4 "0000000000", 1, true, 6, 0},
    {"a VLAN tag",
     MACS "81000001"
          "0800" IP4,
     1, true, 6, 0},
    {"two VLAN tags",
     MACS "88a80001"
          "81000001"
          "0800" IP4,
     1, true, 6, 0},
    {"three VLAN tags",
     MACS "810000018100000181000001"
          "0800" IP4,
     1, false, 0, 0},
    {"ARP", MACS "0806" IP4, 1, false, 0, 0},
    {"Linux cooked",
     "0000000100060000000000000000"
     "0800" IP4,
     113, true, 6, 0},
    {"Linux cooked v2",
     "0800"
     "000000000001000100060000000000000000" IP4,
     276, true, 6, 0},
    {"Linux cooked v2 of ARP",
     "0806"
     "000000000001000100060000000000000000" IP4,
     276, false, 0, 0},
    {"BSD loopback", "02000000" IP4, 0, true, 6, 0},
    {"OpenBSD loopback, IPv6", "00000018" IP6, 108, true, 6, 0},
    {"raw IPv4", IP4, 101, true, 6, 0},
    {"raw IPv6", IP6, 101, true, 6, 0},
    {"a link type nobody reads", IP4, 147, false, 0, 0},
    {"a header that nobody knows before TCP",
     "6000000000223b40"
     "20010db8000000000000000000000001"
     "20010db8000000000000000000000002"
     "0600000000000000"
     "0050c35000000064000000c85011ffff00000000"
     "616263646566",
     101, false, 0, 0},
    {"a hop-by-hop header before TCP",
     "6000000000220040"
     "20010db8000000000000000000000001"
     "20010db8000000000000000000000002"
     "0600000000000000"
     "0050c35000000064000000c85011ffff00000000"
     "616263646566",
     101, true, 6, 0},
    {"a fragment",
     "4500002e000120004006000001020304050607080050c35000000064000000c85018ffff00000000616263646566",
     101, false, 0, 0},
    {"UDP",
     "4500002e000100004011000001020304050607080050c35000000064000000c85018ffff00000000616263646566",
     101, false, 0, 0},
    {"cut after two bytes of data",
     "4500002e000100004006000001020304050607080050c35000000064000000c85018ffff000000006162", 101,
     true, 2, 4},
    {"cut within the TCP header", "4500002e0001000040060000010203040506070800", 101, false, 0, 0},
    {"a TCP header longer than the packet",
     "4500002e000100004006000001020304050607080050c35000000064000000c8f018ffff00000000616263646566",
     101, false, 0, 0},
    {"length left to the network card",
     "45000000000100004006000001020304050607080050c35000000064000000c85018ffff00000000616263646566",
     101, true, 6, 0},
    {"nothing", "", 101, false, 0, 0},
};

static void packet_gives(void **state)
{
    const struct packet_row *row = *state;
    struct buffer bytes = {0};
    struct tcp_segment segment = {0};
    assert_true(text_unhex(&bytes, slice_of_text(row->hex)));
    assert_int_equal(packet_parse(buffer_slice(&bytes), row->link, &segment), row->is_tcp);
    if (row->is_tcp) {
        assert_int_equal(segment.source.port, 80);
        assert_int_equal(segment.target.port, 50000);
        assert_int_equal(segment.sequence, 100);
        assert_true(segment.has_ack && !segment.has_syn && !segment.has_reset);
        assert_int_equal(segment.data.len, row->data_len);
        assert_int_equal(segment.cut_len, row->cut_len);
        assert_memory_equal(segment.data.data, "abcdef", row->data_len);
    }
    // Every beginning, and every byte changed: never past its end.
    for (size_t i = 0; i < bytes.len; i++) {
        (void)packet_parse(slice_part(buffer_slice(&bytes), 0, i), row->link, &segment);
        bytes.data[i] ^= 0xff;
        (void)packet_parse(buffer_slice(&bytes), row->link, &segment);
        bytes.data[i] ^= 0xff;
    }
    buffer_clear(&bytes);
}

// ---- files

#define PCAP_LE \
    "d4c3b2a1"  \
    "0200"      \
    "0400"      \
    "00000000"  \
    "00000000"  \
    "00000400"  \
    "65000000"
#define PCAP_BE \
    "a1b2c3d4"  \
    "0002"      \
    "0004"      \
    "00000000"  \
    "00000000"  \
    "00040000"  \
    "00000065"
#define PCAP_NS \
    "4d3cb2a1"  \
    "0200"      \
    "0400"      \
    "00000000"  \
    "00000000"  \
    "00000400"  \
    "65000000"
#define LE_ONE \
    "02000000" \
    "03000000" \
    "02000000" \
    "02000000" \
    "abcd"
#define NG_SECTION     \
    "0a0d0d0a"         \
    "1c000000"         \
    "4d3c2b1a"         \
    "0100"             \
    "0000"             \
    "ffffffffffffffff" \
    "1c000000"
#define NG_INTERFACE \
    "01000000"       \
    "14000000"       \
    "6500"           \
    "0000"           \
    "00000400"       \
    "14000000"
#define NG_PACKET \
    "06000000"    \
    "24000000"    \
    "00000000"    \
    "00000000"    \
    "83841e00"    \
    "02000000"    \
    "02000000"    \
    "abcd0000"    \
    "24000000"

static const struct file_row {
    const char *name, *hex;
    bool is_capture;
    size_t packets;
    enum parse end;
    int64_t at_us;
} file_rows[] = {
    {"pcap, little-endian", PCAP_LE LE_ONE, true, 1, PARSE_MORE, 2000003},
    {"pcap, big-endian",
     PCAP_BE "0000000200000003"
             "0000000200000002"
             "abcd",
     true, 1, PARSE_MORE, 2000003},
    {"pcap of nanoseconds",
     PCAP_NS "02000000"
             "b80b0000"
             "02000000"
             "02000000"
             "abcd",
     true, 1, PARSE_MORE, 2000003},
    {"two packets", PCAP_LE LE_ONE LE_ONE, true, 2, PARSE_MORE, 2000003},
    {"no packet", PCAP_LE, true, 0, PARSE_MORE, 0},
    {"cut within a packet",
     PCAP_LE LE_ONE "02000000"
                    "03000000"
                    "02000000"
                    "02000000"
                    "ab",
     true, 1, PARSE_MORE, 2000003},
    {"a packet of 2 GiB",
     PCAP_LE "02000000"
             "03000000"
             "ffffff7f"
             "ffffff7f",
     true, 0, PARSE_BAD, 0},
    {"pcapng", NG_SECTION NG_INTERFACE NG_PACKET, true, 1, PARSE_MORE, 2000003},
    {"pcapng, a block of no known type",
     NG_SECTION "05000000"
                "0c000000"
                "0c000000" NG_INTERFACE NG_PACKET,
     true, 1, PARSE_MORE, 2000003},
    {"pcapng, an interface of nanoseconds",
     NG_SECTION "01000000"
                "20000000"
                "6500"
                "0000"
                "00000400"
                "0900"
                "0100"
                "09000000"
                "00000000"
                "20000000"
                "06000000"
                "24000000"
                "00000000"
                "00000000"
                "b8943577"
                "02000000"
                "02000000"
                "abcd0000"
                "24000000",
     true, 1, PARSE_MORE, 2000000},
    {"pcapng, a packet of an interface that is not there", NG_SECTION NG_PACKET, true, 0,
     PARSE_MORE, 0},
    {"pcapng, a simple packet",
     NG_SECTION NG_INTERFACE "03000000"
                             "14000000"
                             "02000000"
                             "abcd0000"
                             "14000000",
     true, 1, PARSE_MORE, 0},
    {"pcapng, a block of odd length",
     NG_SECTION "06000000"
                "0d000000"
                "00000000",
     true, 0, PARSE_BAD, 0},
    {"pcapng, a block of 2 GiB",
     NG_SECTION "06000000"
                "fcffff7f"
                "00000000",
     true, 0, PARSE_BAD, 0},
    {"pcapng without a byte order",
     "0a0d0d0a"
     "1c000000"
     "00000000",
     true, 0, PARSE_BAD, 0},
    {"text", "68656c6c6f20776f726c642068656c6c6f20776f726c64", false, 0, PARSE_BAD, 0},
};

static void file_gives(void **state)
{
    const struct file_row *row = *state;
    struct buffer bytes = {0};
    struct pcap pcap;
    struct pcap_packet packet = {0};
    assert_true(text_unhex(&bytes, slice_of_text(row->hex)));
    assert_int_equal(pcap_is(buffer_slice(&bytes)), row->is_capture);
    enum parse parsed = pcap_open(&pcap, buffer_slice(&bytes));
    while (parsed == PARSE_OK) {
        parsed = pcap_next(&pcap, &packet);
        if (parsed == PARSE_OK) {
            assert_int_equal(packet.bytes.len, 2);
            assert_memory_equal(packet.bytes.data, "\xab\xcd", 2);
            assert_int_equal(packet.at_us, row->at_us);
            assert_int_equal(packet.link_type, 101);
        }
    }
    assert_int_equal(parsed, row->end);
    assert_int_equal(pcap.packet_count, row->packets);
    for (size_t i = 0; i < bytes.len; i++) {
        enum parse cut = pcap_open(&pcap, slice_part(buffer_slice(&bytes), 0, i));
        while (cut == PARSE_OK) {
            cut = pcap_next(&pcap, &packet);
        }
        assert_true(cut != PARSE_BAD || row->end == PARSE_BAD || i < 12);
    }
    buffer_clear(&bytes);
}

// ---- connections

// Segments of one connection, each "SEQUENCE:FLAGS:DATA"; what comes out is written the same way
// for everybody: data as it is, then the event's letter.
static const struct flow_row {
    const char *name;
    const char *segments[8]; // ">" from the first end, "<" from the other
    const char *want[2];     // by direction
} flow_rows[] = {
    {"in order", {">100:S:", "<500:SA:", ">101::abc", "<501::xy", ">104:F:"}, {"Sabc.", "Sxy"}},
    {"out of order", {">100:S:", ">104::def", ">101::abc", ">107:F:"}, {"Sabcdef.", ""}},
    {"FIN before its bytes", {">100:S:", ">104:F:", ">101::abc"}, {"Sabc.", ""}},
    {"sent again", {">100:S:", ">101::abc", ">101::abc", ">104::d"}, {"Sabcd", ""}},
    {"overlapping", {">100:S:", ">101::abc", ">102::bcde", ">103::cd"}, {"Sabcde", ""}},
    {"overlapping out of order", {">100:S:", ">103::cde", ">101::ab", ">102::b"}, {"Sabcde", ""}},
    {"a keep-alive", {">100:S:", ">101::abc", ">103::c", ">104::d"}, {"Sabcd", ""}},
    {"the sequence goes round", {">4294967294:S:", ">4294967295::ab", ">1::cd"}, {"Sabcd", ""}},
    {"from the middle on", {"<700::xy", ">200::ab", "<702:F:"}, {"xy.", "ab"}},
    {"a reset", {">100:S:", ">101::a", "<500:R:", ">102::b"}, {"Sab", "!"}},
    {"a SYN answered by a reset", {">100:S:", "<0:RA:"}, {"S", "!"}},
    {"only the answer to a SYN", {"<500:SA:", ">101::a"}, {"S", "a"}},
    {"bytes cut by the capture", {">100:S:", ">101:C:abc", ">106::d"}, {"Sabc?", ""}},
    {"a hole that is never filled", {">100:S:", ">105::b"}, {"S", ""}},
};

struct told {
    char text[2][256];
};

static void on_found(void *user, const struct flow_item *item)
{
    static const char *const letters[] = {[FLOW_BYTES] = "",
                                          [FLOW_SYN] = "S",
                                          [FLOW_FIN] = ".",
                                          [FLOW_RESET] = "!",
                                          [FLOW_GAP] = "?"};
    struct told *told = user;
    char *text = told->text[item->direction];
    assert_true(strlen(text) + item->bytes.len + 2 < sizeof(told->text[0]));
    if (item->bytes.len > 0) {
        strncat(text, (const char *)item->bytes.data, item->bytes.len);
    }
    strcat(text, letters[item->event]);
}

static struct tcp_segment segment_of(const char *text)
{
    char *end;
    struct tcp_segment segment = {.source = {{1}, 1000}, .target = {{2}, 443}};
    if (text[0] == '<') {
        struct packet_end source = segment.source;
        segment.source = segment.target;
        segment.target = source;
    }
    segment.sequence = (uint32_t)strtoul(text + 1, &end, 10);
    for (end++; *end != ':'; end++) {
        segment.has_syn = segment.has_syn || *end == 'S';
        segment.has_ack = segment.has_ack || *end == 'A';
        segment.has_fin = segment.has_fin || *end == 'F';
        segment.has_reset = segment.has_reset || *end == 'R';
        segment.cut_len = *end == 'C' ? 2 : segment.cut_len;
    }
    segment.data = slice_of_text(end + 1);
    return segment;
}

static void flow_gives(void **state)
{
    const struct flow_row *row = *state;
    struct told told = {0};
    struct flows *flows = flows_new();
    for (size_t i = 0; i < COUNT(row->segments) && row->segments[i] != NULL; i++) {
        struct tcp_segment segment = segment_of(row->segments[i]);
        flows_add(flows, &segment, (int64_t)i, on_found, &told);
    }
    assert_int_equal(flows_count(flows), 1);
    if (strstr(row->segments[0], ":SA:") != NULL) {
        assert_string_equal(told.text[1], row->want[0]);
        assert_string_equal(told.text[0], row->want[1]);
    } else {
        assert_string_equal(told.text[0], row->want[0]);
        assert_string_equal(told.text[1], row->want[1]);
    }
    flows_free(flows);
}

static void a_hole_holds_so_many_segments(void **state)
{
    (void)state;
    struct told told = {0};
    struct flows *flows = flows_new();
    struct tcp_segment syn = segment_of(">100:S:");
    flows_add(flows, &syn, 0, on_found, &told);
    for (unsigned i = 0; i < FLOW_PENDING_MAX; i++) {
        struct tcp_segment later = segment_of(">0::x");
        later.sequence = 200 + 2 * i;
        flows_add(flows, &later, 0, on_found, &told);
    }
    assert_string_equal(told.text[0], "S");
    struct tcp_segment more = segment_of(">900::x");
    flows_add(flows, &more, 0, on_found, &told);
    assert_string_equal(told.text[0], "S?");
    flows_free(flows);
}

static void so_many_connections_are_looked_at(void **state)
{
    (void)state;
    static struct told told;
    struct flows *flows = flows_new();
    for (unsigned i = 0; i < FLOWS_MAX + 5; i++) {
        struct tcp_segment syn = segment_of(">100:S:");
        syn.source.port = (uint16_t)(1000 + i);
        memset(&told, 0, sizeof(told));
        flows_add(flows, &syn, 0, on_found, &told);
    }
    assert_int_equal(flows_count(flows), FLOWS_MAX);
    assert_int_equal(flows_left_out(flows), 5);
    flows_free(flows);
    flows_free(NULL);
}

static void a_port_is_used_again(void **state)
{
    (void)state;
    struct told told = {0};
    struct flows *flows = flows_new();
    static const char *const segments[] = {">100:S:", "<5:SA:", ">101:F:", ">9000:S:"};
    for (size_t i = 0; i < COUNT(segments); i++) {
        struct tcp_segment segment = segment_of(segments[i]);
        flows_add(flows, &segment, 0, on_found, &told);
    }
    assert_int_equal(flows_count(flows), 2);
    flows_free(flows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hole_holds_so_many_segments),
        cmocka_unit_test(so_many_connections_are_looked_at),
        cmocka_unit_test(a_port_is_used_again),
    };
    return RUN_ROWS(packet_rows, packet_gives) + RUN_ROWS(file_rows, file_gives) +
           RUN_ROWS(flow_rows, flow_gives) + cmocka_run_group_tests(tests, NULL, NULL);
}
