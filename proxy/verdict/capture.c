#include "capture.h"

#include <stdlib.h>

#include "capture_flow.h"

struct reading {
    struct arena *arena;
    struct flows *tcp;
    struct capture_flow **flows; // FLOWS_MAX, made when first seen
};

static void on_flow_item(void *user, const struct flow_item *item)
{
    struct reading *reading = user;
    struct capture_flow **place = &reading->flows[item->flow];
    if (*place == NULL) {
        *place = calloc(1, sizeof(**place));
        if (*place == NULL) {
            return; // a connection less
        }
        (*place)->arena = reading->arena;
    }
    capture_flow_take(*place, item);
}

static enum parse read_packets(struct reading *reading, struct slice file,
                               struct capture_count *count)
{
    struct pcap pcap;
    struct pcap_packet packet;
    struct tcp_segment segment;
    enum parse parsed = pcap_open(&pcap, file);
    while (parsed == PARSE_OK) {
        parsed = pcap_next(&pcap, &packet);
        if (parsed != PARSE_OK) {
            break;
        }
        if (!packet_is_link(packet.link_type)) {
            count->unknown_links++;
        } else if (packet_parse(packet.bytes, packet.link_type, &segment)) {
            count->cut_short += segment.cut_len > 0 ? 1 : 0;
            flows_add(reading->tcp, &segment, packet.at_us, on_flow_item, reading);
        }
    }
    count->packets = pcap.packet_count;
    count->is_cut = parsed == PARSE_MORE && pcap.left.len > 0;
    return parsed;
}

static void tell(struct reading *reading, capture_found_fn found, void *user,
                 struct capture_count *count)
{
    for (size_t i = 0; i < flows_count(reading->tcp); i++) {
        struct capture_flow *flow = reading->flows[i];
        if (flow == NULL || !capture_flow_is_told(flow)) {
            continue;
        }
        flow->evidence.connection = i + 1;
        count->handshakes += flow->evidence.legs[CLIENT].client_hello.len > 0 ? 1 : 0;
        struct captured captured = {
            .evidence = &flow->evidence,
            .has_server_hello = flow->evidence.legs[SERVER].server_hello.len > 0,
            .has_gap = flow->has_gap,
            .has_ended = flow->has_ended[0] || flow->has_ended[1],
        };
        found(user, &captured);
    }
}

bool capture_read(struct slice file, struct arena *arena, capture_found_fn found, void *user,
                  struct capture_count *out_count, struct error *error)
{
    struct capture_count count = {0};
    struct reading reading = {.arena = arena, .tcp = flows_new()};
    reading.flows = calloc(FLOWS_MAX, sizeof(struct capture_flow *));
    bool ok = reading.tcp != NULL && reading.flows != NULL;
    if (!ok) {
        (void)error_set(error, ERROR_MEMORY, "out of memory for the capture");
    } else if (read_packets(&reading, file, &count) == PARSE_BAD) {
        ok = error_set(error, ERROR_FILE, "broken after packet %zu: expected a pcap or pcapng file",
                       count.packets);
    } else {
        count.connections = flows_count(reading.tcp);
        count.left_out = flows_left_out(reading.tcp);
        tell(&reading, found, user, &count);
        *out_count = count;
    }
    for (size_t i = 0; reading.flows != NULL && i < FLOWS_MAX; i++) {
        if (reading.flows[i] != NULL) {
            capture_flow_clear(reading.flows[i]);
        }
        free(reading.flows[i]);
    }
    free(reading.flows);
    flows_free(reading.tcp);
    return ok;
}
