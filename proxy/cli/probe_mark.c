// What of a survey is modern, and what deprecated.
#include "code_points.h"
#include "probe_view.h"

#define DH_BITS_MIN 2048

enum probe_mark probe_mark_version(uint16_t version)
{
    return version >= VERSION_TLS12 ? MARK_MODERN : MARK_DEPRECATED; // RFC 8996
}

enum probe_mark probe_mark_suite(uint16_t suite, size_t dh_bits)
{
    const struct suite *known = suite_find(suite);
    bool is_small = dh_bits > 0 && dh_bits < DH_BITS_MIN;
    if (known == NULL || is_small) {
        return is_small ? MARK_DEPRECATED : MARK_LEGACY;
    }
    switch (known->class) {
    case SUITE_MODERN:
        return MARK_MODERN;
    case SUITE_BROKEN:
        return MARK_DEPRECATED;
    case SUITE_LEGACY:
    case SUITE_SIGNALLING:
        break;
    }
    return MARK_LEGACY;
}

// RFC 8422 section 5.1.1 deprecates all curves but these; brainpool has its RFC 8734.
enum probe_mark probe_mark_group(uint16_t group)
{
    const struct group *known = group_find(group);
    bool is_usual = (group >= 0x0017 && group <= 0x0019) || group == 0x001d || group == 0x001e;
    bool is_brainpool =
        (group >= 0x001a && group <= 0x001c) || (group >= 0x001f && group <= 0x0021);
    if (is_usual || (known != NULL && known->is_post_quantum)) {
        return MARK_MODERN;
    }
    bool is_legacy = is_brainpool || known == NULL || known->is_ffdhe || known->in_tls13;
    return is_legacy ? MARK_LEGACY : MARK_DEPRECATED;
}

enum probe_mark probe_mark_scheme(uint16_t scheme)
{
    const struct scheme *known = scheme_find(scheme);
    if (known == NULL) {
        return MARK_LEGACY;
    }
    bool is_weak = known->is_weak || scheme == 0x0303 || scheme == 0x0301; // SHA-224: RFC 8422
    if (is_weak) {
        return MARK_DEPRECATED;
    }
    return known->in_tls13 ? MARK_MODERN : MARK_LEGACY;
}

const char *probe_mark_name(enum probe_mark mark)
{
    switch (mark) {
    case MARK_MODERN:
        return "modern";
    case MARK_LEGACY:
        return "legacy";
    case MARK_DEPRECATED:
        return "deprecated";
    }
    return "";
}

enum name_answer probe_name_answer(const struct survey *survey, enum survey_full full)
{
    const struct leg_evidence *named = survey->full[SURVEY_NAMED], *leg = survey->full[full];
    if (leg == NULL || named == NULL || named->chain_count == 0) {
        return NAME_NOT_CHECKED;
    }
    if (leg->chain_count == 0) {
        return NAME_REFUSED;
    }
    struct slice a = {named->chain[0].fingerprint, sizeof(named->chain[0].fingerprint)};
    struct slice b = {leg->chain[0].fingerprint, sizeof(leg->chain[0].fingerprint)};
    return slice_equals(a, b) ? NAME_SAME : NAME_ANOTHER;
}

const char *probe_ending(struct arena *arena, const struct leg_evidence *leg)
{
    const struct ending *ending = &leg->handshake;
    bool is_alert = ending->kind == ENDING_ALERT_RECEIVED || ending->kind == ENDING_ALERT_SENT;
    const char *text = is_alert
                           ? arena_printf(arena, "%s: %s (%u)", ending_kind_words(ending->kind),
                                          alert_name(ending->alert), ending->alert)
                           : ending_kind_words(ending->kind);
    return text != NULL ? text : "";
}
