// Feeds one input to an ingress in two ways, whole and in pieces, and asserts that both end alike.
#pragma once

#include <assert.h>
#include <string.h>

#include "ingress.h"

struct ingress_end {
    struct ingress *ingress;
    enum ingress_step step;
    size_t consumed;
    struct buffer sent;
};

static inline void ingress_end_clear(struct ingress_end *end)
{
    ingress_free(end->ingress);
    buffer_clear(&end->sent);
}

static inline struct ingress_end ingress_run(struct slice input, size_t piece_len)
{
    static const char *const names[] = {"midspan.test", NULL};
    struct ingress_end end = {.ingress = ingress_new(names)};
    assert(end.ingress != NULL);
    while (end.consumed < input.len) {
        struct slice piece = slice_part(input, end.consumed, piece_len);
        size_t consumed = SIZE_MAX;
        end.step = ingress_feed(end.ingress, piece, &consumed);
        assert(consumed <= piece.len);
        end.consumed += consumed;
        if (end.step == INGRESS_STEP_REPLY || end.step == INGRESS_STEP_BAD) {
            assert(buffer_append(&end.sent, ingress_reply(end.ingress)));
        }
        if (end.step != INGRESS_STEP_MORE && end.step != INGRESS_STEP_REPLY) {
            break;
        }
        assert(end.step == INGRESS_STEP_REPLY || consumed == piece.len);
    }
    return end;
}

// The origin must read the forwarded head in one way only.
static inline void check_forward(struct slice forward)
{
    size_t hosts = 0;
    assert(forward.len > 4);
    for (size_t i = 0; i < forward.len; i++) {
        assert(forward.data[i] != '\0');
        bool follows_cr = i > 0 && forward.data[i - 1] == '\r';
        assert((forward.data[i] == '\n') == follows_cr);
        struct slice line = slice_part(forward, i + 1, 5);
        struct slice host = slice_of_text("host:");
        hosts += forward.data[i] == '\n' && slice_equals_nocase(line, host) ? 1 : 0;
        bool is_end = i >= 3 && memcmp(forward.data + i - 3, "\r\n\r\n", 4) == 0;
        assert(is_end == (i + 1 == forward.len));
    }
    assert(hosts == 1);
}

static inline void check_end(const struct ingress_end *end)
{
    if (end->step == INGRESS_STEP_DONE) {
        const struct ingress_found *found = ingress_found(end->ingress);
        bool is_local = found->form == INGRESS_FORM_LOCAL;
        assert(is_local ? found->path != NULL && found->path[0] == '/'
                        : found->target.host[0] != '\0' && found->target.port != 0);
        if (found->form == INGRESS_FORM_ABSOLUTE) {
            check_forward(ingress_forward(end->ingress));
        }
    }
    if (end->step == INGRESS_STEP_BAD) {
        const char *fault = ingress_fault(end->ingress);
        assert(*fault != '\0');
        for (; *fault != '\0'; fault++) {
            assert(*fault >= 0x20 && *fault < 0x7f);
        }
    }
}

static inline void ingress_compare(struct slice input, size_t piece_len)
{
    struct ingress_end whole = ingress_run(input, input.len);
    struct ingress_end pieces = ingress_run(input, piece_len > 0 ? piece_len : 1);
    check_end(&whole);
    assert(whole.step == pieces.step);
    assert(slice_equals(buffer_slice(&whole.sent), buffer_slice(&pieces.sent)));
    if (whole.step == INGRESS_STEP_DONE) {
        assert(whole.consumed == pieces.consumed);
        assert(slice_equals(ingress_forward(whole.ingress), ingress_forward(pieces.ingress)));
    }
    if (whole.step == INGRESS_STEP_BAD) {
        assert(strcmp(ingress_fault(whole.ingress), ingress_fault(pieces.ingress)) == 0);
    }
    ingress_end_clear(&whole);
    ingress_end_clear(&pieces);
}
