#include "evidence.h"

static struct ending ending_of(enum ending_kind kind, uint8_t alert, int os_error, int64_t at_us,
                               const char *detail)
{
    return (struct ending){kind, alert, os_error, at_us, detail};
}

// A peer that sends an alert and then resets may have its reset read first: what it said wins.
static bool ending_is_kept(const struct ending *noted, enum ending_kind kind)
{
    if (noted->kind == ENDING_NONE) {
        return false;
    }
    bool is_cut = noted->kind == ENDING_RESET || noted->kind == ENDING_CLOSED;
    return !(is_cut && kind == ENDING_ALERT_RECEIVED);
}

void leg_evidence_end(struct leg_evidence *leg, enum ending_kind kind, uint8_t alert, int os_error,
                      int64_t at_us, const char *detail)
{
    if (!ending_is_kept(&leg->handshake, kind)) {
        leg->handshake = ending_of(kind, alert, os_error, at_us, detail);
    }
}

void leg_evidence_close(struct leg_evidence *leg, enum ending_kind kind, uint8_t alert,
                        int os_error, int64_t at_us, const char *detail)
{
    if (!ending_is_kept(&leg->close, kind)) {
        leg->close = ending_of(kind, alert, os_error, at_us, detail);
    }
}

void leg_evidence_moment(struct leg_evidence *leg, struct moment moment)
{
    if (leg->moment_count < MOMENTS_MAX) {
        leg->moments[leg->moment_count] = moment;
        leg->moment_count++;
    }
    leg->moment_total++;
}

bool leg_evidence_saw(const struct leg_evidence *leg, uint8_t handshake_type, bool sent)
{
    for (size_t i = 0; i < leg->moment_count; i++) {
        const struct moment *moment = &leg->moments[i];
        if (moment->content_type == CONTENT_HANDSHAKE && moment->type == handshake_type &&
            moment->sent == sent) {
            return true;
        }
    }
    return false;
}
