#include "tcp_flow.h"

#include <stdlib.h>
#include <string.h>

struct pending {
    uint32_t sequence;
    struct slice data;
    bool has_fin;
    size_t cut_len;
};

struct direction {
    bool has_next, is_over; // is_over: ended, or a gap
    uint32_t next;          // the sequence number due
    size_t given_len;
    struct pending pending[FLOW_PENDING_MAX];
    size_t pending_count;
};

struct flow {
    struct packet_end ends[2]; // [0] sends in direction 0
    bool is_ip6;
    struct direction *directions; // of both
};

struct flows {
    struct flow items[FLOWS_MAX];
    size_t count, left_out;
};

struct flows *flows_new(void)
{
    return calloc(1, sizeof(struct flows));
}

void flows_free(struct flows *flows)
{
    for (size_t i = 0; flows != NULL && i < flows->count; i++) {
        free(flows->items[i].directions);
    }
    free(flows);
}

size_t flows_count(const struct flows *flows)
{
    return flows->count;
}

size_t flows_left_out(const struct flows *flows)
{
    return flows->left_out;
}

static bool is_end(const struct packet_end *a, const struct packet_end *b)
{
    return a->port == b->port && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static bool is_over(const struct flow *flow)
{
    return flow->directions[0].is_over || flow->directions[1].is_over;
}

// The last flow between both ends; one that has ended is not the one that a new SYN opens.
static struct flow *find(struct flows *flows, const struct tcp_segment *segment,
                         unsigned *out_direction)
{
    bool is_opening = segment->has_syn && !segment->has_ack;
    for (size_t i = flows->count; i > 0; i--) {
        struct flow *flow = &flows->items[i - 1];
        bool is_forth =
            is_end(&flow->ends[0], &segment->source) && is_end(&flow->ends[1], &segment->target);
        bool is_back =
            is_end(&flow->ends[1], &segment->source) && is_end(&flow->ends[0], &segment->target);
        if (flow->is_ip6 != segment->is_ip6 || (!is_forth && !is_back)) {
            continue;
        }
        *out_direction = is_forth ? 0 : 1;
        return is_opening && is_over(flow) ? NULL : flow;
    }
    return NULL;
}

// The segment's sender opens, unless its SYN answers one.
static struct flow *add(struct flows *flows, const struct tcp_segment *segment,
                        unsigned *out_direction)
{
    bool is_answer = segment->has_syn && segment->has_ack;
    struct direction *directions = flows->count < FLOWS_MAX ? calloc(2, sizeof(*directions)) : NULL;
    if (directions == NULL) {
        flows->left_out++;
        return NULL;
    }
    struct flow *flow = &flows->items[flows->count++];
    flow->is_ip6 = segment->is_ip6;
    flow->ends[is_answer ? 1 : 0] = segment->source;
    flow->ends[is_answer ? 0 : 1] = segment->target;
    flow->directions = directions;
    *out_direction = is_answer ? 1 : 0;
    return flow;
}

// What goes on with one segment.
struct adding {
    struct direction *direction;
    struct flow_item item;
    flow_found_fn found;
    void *user;
};

static void tell(struct adding *adding, enum flow_event event, struct slice bytes)
{
    adding->item.event = event;
    adding->item.bytes = bytes;
    adding->found(adding->user, &adding->item);
}

static void end_with(struct adding *adding, enum flow_event event)
{
    adding->direction->is_over = true;
    adding->direction->pending_count = 0;
    tell(adding, event, SLICE_EMPTY);
}

// RFC 9293 section 3.4: sequence numbers go round.
static int32_t ahead(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

// give takes a piece whose turn it is; false when it lies behind a hole.
static bool give(struct adding *adding, const struct pending *piece)
{
    struct direction *direction = adding->direction;
    int32_t distance = ahead(piece->sequence, direction->next);
    if (distance > 0) {
        return false;
    }
    size_t known = (size_t)(-(int64_t)distance); // sent again
    size_t len = piece->data.len;
    if (known < len) {
        struct slice bytes = slice_part(piece->data, known, len - known);
        direction->next += (uint32_t)bytes.len;
        direction->given_len += bytes.len;
        tell(adding, FLOW_BYTES, bytes);
    }
    if (direction->is_over || known > len) {
        return true;
    }
    if (piece->cut_len > 0 || direction->given_len > FLOW_BYTES_MAX) {
        end_with(adding, FLOW_GAP);
    } else if (piece->has_fin) {
        end_with(adding, FLOW_FIN);
    }
    return true;
}

static void give_pending(struct adding *adding)
{
    struct direction *direction = adding->direction;
    bool is_moved = true;
    while (is_moved && !direction->is_over) {
        is_moved = false;
        for (size_t i = 0; i < direction->pending_count && !is_moved; i++) {
            struct pending piece = direction->pending[i];
            if (ahead(piece.sequence, direction->next) <= 0) {
                direction->pending[i] = direction->pending[--direction->pending_count];
                is_moved = give(adding, &piece);
            }
        }
    }
}

static void take_piece(struct adding *adding, const struct pending *piece)
{
    struct direction *direction = adding->direction;
    if (!direction->has_next) { // captured from the middle on
        direction->has_next = true;
        direction->next = piece->sequence;
    }
    if (give(adding, piece)) {
        give_pending(adding);
        return;
    }
    if (direction->pending_count == FLOW_PENDING_MAX) {
        end_with(adding, FLOW_GAP);
        return;
    }
    direction->pending[direction->pending_count++] = *piece;
}

void flows_add(struct flows *flows, const struct tcp_segment *segment, int64_t at_us,
               flow_found_fn found, void *user)
{
    unsigned which = 0;
    struct flow *flow = find(flows, segment, &which);
    flow = flow != NULL ? flow : add(flows, segment, &which);
    if (flow == NULL) {
        return;
    }
    struct direction *direction = &flow->directions[which];
    struct adding adding = {
        .direction = direction,
        .item = {.flow = (size_t)(flow - flows->items),
                 .direction = which,
                 .at_us = at_us,
                 .segment = segment},
        .found = found,
        .user = user,
    };
    struct pending piece = {segment->sequence, segment->data, segment->has_fin, segment->cut_len};
    if (segment->has_syn) {
        piece.sequence++;
        if (!direction->has_next) {
            direction->has_next = true;
            direction->next = piece.sequence;
            tell(&adding, FLOW_SYN, SLICE_EMPTY);
        }
    }
    bool has_piece = piece.data.len > 0 || piece.has_fin || piece.cut_len > 0;
    if (has_piece && !direction->is_over) {
        take_piece(&adding, &piece);
    }
    if (segment->has_reset && !direction->is_over) {
        end_with(&adding, FLOW_RESET);
    }
}
