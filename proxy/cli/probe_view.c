// A survey for people.
#include "probe_view.h"

#include <stdio.h>
#include <string.h>

#include "sets.h"

static const char *const glyphs[] = {
    [MARK_MODERN] = "✓", [MARK_LEGACY] = "–", [MARK_DEPRECATED] = "✗"};
static const enum style styles[] = {
    [MARK_MODERN] = STYLE_GOOD, [MARK_LEGACY] = STYLE_WARN, [MARK_DEPRECATED] = STYLE_BAD};

#define ROWS_MAX SURVEY_ITEMS_MAX

static struct sheet_row row(enum probe_mark mark, const char *what, const char *note)
{
    enum style style = styles[mark];
    return (struct sheet_row){
        .cells = {glyphs[mark], what, note},
        .styles = {style, STYLE_PLAIN, mark == MARK_MODERN ? STYLE_DIM : style},
    };
}

// ---- versions

static void write_versions(struct sheet *sheet, struct probe_report *report)
{
    struct sheet_row rows[SURVEY_VERSIONS];
    sheet_head(sheet, "versions");
    for (size_t i = 0; i < SURVEY_VERSIONS; i++) {
        const struct survey_version *version = &report->survey.versions[i];
        const char *name = version_name(version->version);
        struct trial first = {.outcome = version->first};
        const char *answer = outcome_text(&report->arena, &first);
        enum probe_mark mark = probe_mark_version(version->version);
        if (version->answer == SURVEY_ACCEPTED) {
            rows[i] = row(mark, name, mark == MARK_MODERN ? "accepted" : "accepted: deprecated");
            continue;
        }
        bool is_refused = version->answer == SURVEY_REFUSED;
        const char *note =
            is_refused ? arena_printf(&report->arena, "refused: %s", answer) : "not checked";
        rows[i] = (struct sheet_row){.cells = {"·", name, note},
                                     .styles = {STYLE_DIM, STYLE_DIM, STYLE_DIM}};
    }
    sheet_table(sheet, rows, SURVEY_VERSIONS, 3);
}

// ---- lists

static const char *suite_note(struct arena *arena, uint16_t id, size_t dh_bits)
{
    const struct suite *suite = suite_find(id);
    enum probe_mark mark = probe_mark_suite(id, dh_bits);
    if (dh_bits > 0 && mark == MARK_DEPRECATED) {
        return arena_printf(arena, "deprecated: DH of %zu bits", dh_bits);
    }
    if (mark == MARK_DEPRECATED) {
        return "deprecated";
    }
    if (mark == MARK_LEGACY && suite != NULL && !suite->is_forward_secret) {
        return "no forward secrecy";
    }
    return dh_bits > 0           ? arena_printf(arena, "DH of %zu bits", dh_bits)
           : mark == MARK_LEGACY ? "works, not to strive for"
                                 : NULL;
}

static const char *item_note(enum probe_mark mark, const struct group *group)
{
    if (group != NULL && group->is_post_quantum) {
        return "post-quantum";
    }
    return mark == MARK_DEPRECATED ? "deprecated" : NULL;
}

static void note_state(struct sheet *sheet, const struct survey_list *list)
{
    if (list->state == SURVEY_PARTIAL) {
        sheet_line(sheet, "A limit was reached: there may be more.");
    } else if (list->state == SURVEY_NOT_CHECKED) {
        sheet_line(sheet, "Not checked.");
    } else if (list->count == 0) {
        sheet_line(sheet, "None that could be named.");
    }
}

static const char *order_words(const struct survey_list *suites)
{
    switch (suites->order) {
    case SURVEY_ORDER_SERVER:
        return ", in the server's order";
    case SURVEY_ORDER_CLIENT:
        return "; the client decides the order";
    case SURVEY_ORDER_UNKNOWN:
        break;
    }
    return "";
}

static void write_suites(struct sheet *sheet, struct arena *arena,
                         const struct survey_version *version)
{
    struct sheet_row rows[ROWS_MAX];
    const struct survey_list *list = &version->suites;
    char head[128];
    (void)snprintf(head, sizeof(head), "cipher suites of %s%s", version_name(version->version),
                   order_words(list)); // fits
    sheet_head(sheet, head);
    for (size_t i = 0; i < list->count; i++) {
        uint16_t id = list->items[i];
        rows[i] = row(probe_mark_suite(id, list->dh_bits[i]), suite_name(id),
                      suite_note(arena, id, list->dh_bits[i]));
    }
    sheet_table(sheet, rows, list->count, 3);
    note_state(sheet, list);
}

static void write_items(struct sheet *sheet, const struct survey_version *version,
                        enum list_kind kind, const struct survey_list *list)
{
    struct sheet_row rows[ROWS_MAX];
    char head[128];
    bool is_group = kind == LIST_GROUPS;
    (void)snprintf(head, sizeof(head), "%s of %s", is_group ? "groups" : "signature schemes",
                   version_name(version->version)); // fits
    sheet_head(sheet, head);
    for (size_t i = 0; i < list->count; i++) {
        uint16_t id = list->items[i];
        enum probe_mark mark = is_group ? probe_mark_group(id) : probe_mark_scheme(id);
        rows[i] =
            row(mark, list_item_name(kind, id), item_note(mark, is_group ? group_find(id) : NULL));
    }
    sheet_table(sheet, rows, list->count, 3);
    note_state(sheet, list);
}

static void write_lists(struct sheet *sheet, struct probe_report *report)
{
    for (size_t i = 0; i < SURVEY_VERSIONS; i++) {
        const struct survey_version *version = &report->survey.versions[i];
        if (version->answer == SURVEY_ACCEPTED) {
            write_suites(sheet, &report->arena, version);
        }
    }
    for (size_t i = 0; i < SURVEY_VERSIONS; i++) {
        const struct survey_version *version = &report->survey.versions[i];
        if (version->groups.state != SURVEY_NOT_CHECKED) {
            write_items(sheet, version, LIST_GROUPS, &version->groups);
        }
        if (version->schemes.state != SURVEY_NOT_CHECKED) {
            write_items(sheet, version, LIST_SCHEMES, &version->schemes);
        }
    }
}

// ---- names, ALPN

static void write_name(struct sheet *sheet, struct probe_report *report, const char *label,
                       enum survey_full full)
{
    const struct leg_evidence *leg = report->survey.full[full];
    struct arena *arena = &report->arena;
    switch (probe_name_answer(&report->survey, full)) {
    case NAME_NOT_CHECKED:
        sheet_label(sheet, label, "not checked");
        break;
    case NAME_SAME:
        sheet_label(sheet, label, "the same certificate");
        break;
    case NAME_ANOTHER:
        sheet_label(sheet, label,
                    arena_printf(arena, "another certificate: %s",
                                 peer_text(arena, leg->chain[0].subject)));
        break;
    case NAME_REFUSED:
        sheet_label(sheet, label, probe_ending(arena, leg));
        break;
    }
}

static void write_names(struct sheet *sheet, struct probe_report *report)
{
    sheet_head(sheet, "server name (SNI)");
    sheet_label(sheet, "sent", report->sni != NULL ? report->sni : "none");
    if (report->sni != NULL) {
        write_name(sheet, report, "no name", SURVEY_NAMELESS);
    }
    write_name(sheet, report, "unknown name", SURVEY_OTHER_NAME);
}

static void write_alpn(struct sheet *sheet, struct probe_report *report)
{
    static const struct {
        const char *label;
        enum survey_full full;
    } rows[] = {{"h2, http/1.1", SURVEY_NAMED}, {"h2", SURVEY_H2}, {"http/1.1", SURVEY_HTTP1}};
    sheet_head(sheet, "ALPN offered, and what was chosen");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct leg_evidence *leg = report->survey.full[rows[i].full];
        const char *text = "not checked";
        if (leg != NULL && leg->alpn.len > 0) {
            text = peer_bytes(&report->arena, leg->alpn);
        } else if (leg != NULL && leg->handshake.kind == ENDING_SECURED) {
            text = "nothing: the server takes no notice";
        } else if (leg != NULL) {
            text = probe_ending(&report->arena, leg);
        }
        sheet_label(sheet, rows[i].label, text);
    }
}

// ---- chain

static void write_certificate(struct sheet *sheet, struct arena *arena, size_t i,
                              const struct cert_facts *facts)
{
    char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];
    sheet_label(sheet, arena_printf(arena, "%zu subject", i), peer_text(arena, facts->subject));
    sheet_label(sheet, "  issuer", peer_text(arena, facts->issuer));
    if (facts->name_count > 0) {
        sheet_label(sheet, "  names", names_text(arena, facts));
    }
    sheet_label(sheet, "  valid",
                arena_printf(arena, "%s to %s", clock_date(facts->not_before_us, from),
                             clock_date(facts->not_after_us, to)));
    sheet_label(sheet, "  key",
                arena_printf(arena, "%s, signed with %s", peer_text(arena, facts->key),
                             peer_text(arena, facts->signature)));
}

static void write_result(struct sheet *sheet, struct arena *arena, const struct verification *found)
{
    if (!found->done) {
        sheet_label(sheet, "verification", "not checked");
        return;
    }
    bool is_fine = found->fault == CERT_FAULT_NONE;
    const char *name = found->name != NULL ? found->name : "any name";
    pen_styled(&sheet->pen, STYLE_DIM, "verification");
    pen_gap(&sheet->pen, SHEET_LABEL);
    pen_styled(&sheet->pen, is_fine ? STYLE_GOOD : STYLE_BAD, is_fine ? "✓ " : "✗ ");
    const char *text =
        is_fine ? arena_printf(arena, "verifies for %s", peer_text(arena, name))
                : arena_printf(arena, "%s: %s, certificate %d", cert_fault_code(found->fault),
                               cert_fault_words(found->fault), found->depth);
    pen_wrap(&sheet->pen, sheet->pen.column, text != NULL ? text : "");
    pen_end(&sheet->pen);
    if (found->missing_issuer != NULL) {
        sheet_label(sheet, "not found", peer_text(arena, found->missing_issuer));
    }
}

static void write_chain(struct sheet *sheet, struct probe_report *report)
{
    const struct leg_evidence *leg = report->survey.full[SURVEY_NAMED];
    sheet_head(sheet, "certificates, as sent");
    if (leg == NULL || leg->chain_count == 0) {
        sheet_line(sheet, leg == NULL ? "Not read." : probe_ending(&report->arena, leg));
        return;
    }
    for (size_t i = 0; i < leg->chain_count; i++) {
        write_certificate(sheet, &report->arena, i, &leg->chain[i]);
    }
    write_result(sheet, &report->arena, &leg->verification);
    sheet_label(sheet, "OCSP", leg->staple.len > 0 ? "a response is stapled" : "nothing stapled");
    if (leg->has_certificate_request) {
        sheet_label(sheet, "client", "the server asks for a client certificate");
    }
}

// ---- the whole

void probe_view(struct sheet *sheet, struct probe_report *report)
{
    const struct survey *survey = &report->survey;
    char text[128];
    sheet_head(sheet, report->target);
    sheet_label(sheet, "address", report->address);
    sheet_label(sheet, "via", report->via);
    write_versions(sheet, report);
    if (report->is_surveyed) {
        write_lists(sheet, report);
        write_names(sheet, report);
        write_alpn(sheet, report);
        write_chain(sheet, report);
    }
    (void)snprintf(text, sizeof(text), "%zu dials in %.1f s%s", survey->dial_count,
                   (double)survey->lasted_us / 1e6,
                   survey->was_cut ? "; a limit was reached: what is missing was not checked"
                                   : ""); // fits
    sheet_head(sheet, text);
}
