#include "probe_run.h"

#include <stdlib.h>

#include "cause.h"
#include "probe_view.h"

// ---- the survey

static void on_surveyed(void *user)
{
    bool *is_done = user;
    *is_done = true;
}

static bool run_survey(const struct probe_request *request, const struct reached *reached,
                       const struct trust_store *trust, struct probe_report *report,
                       struct error *error)
{
    uv_loop_t loop;
    char tunnel[ENDPOINT_TEXT_MAX];
    bool is_done = false;
    if (uv_loop_init(&loop) != 0) {
        return error_set(error, ERROR_MEMORY, "cannot make an event loop");
    }
    struct survey_setup setup = {
        .loop = &loop,
        .arena = &report->arena,
        .address = (const struct sockaddr *)&reached->address,
        .tunnel = request->has_via ? endpoint_text(&request->dialled, tunnel) : NULL,
        .sni = request->sni,
        .verify_name = request->verify_name,
        .trust = trust,
        .survey = &report->survey,
        .done = on_surveyed,
        .user = &is_done,
    };
    bool ok = survey_start(&setup, error);
    (void)uv_run(&loop, UV_RUN_DEFAULT); // until every handle is closed
    (void)uv_loop_close(&loop);          // nothing is open any more
    return ok && (is_done || error_set(error, ERROR_NETWORK, "the survey did not end"));
}

static void explain_cause(struct probe_report *report)
{
    struct survey *survey = &report->survey;
    report->is_surveyed = survey_accepts(survey);
    if (report->is_surveyed) {
        return;
    }
    report->cause = survey_cause(survey, report->sni);
    struct trial first = {.outcome = survey->versions[1].first}; // TLS 1.2: every server knows it
    report->said =
        arena_printf(&report->arena,
                     survey_speaks(survey) ? "the server refuses every hello; TLS 1.2 gave: %s"
                                           : "no TLS was spoken; a TLS 1.2 hello gave: %s",
                     outcome_text(&report->arena, &first));
}

static const char *text_of(struct arena *arena, const struct endpoint *endpoint)
{
    char text[ENDPOINT_TEXT_MAX];
    return arena_printf(arena, "%s", endpoint_text(endpoint, text));
}

struct probe_report *probe_run(const struct probe_request *request, const struct trust_store *trust,
                               struct error *error)
{
    struct probe_report *report = calloc(1, sizeof(*report));
    const struct endpoint *first = request->has_via ? &request->via : &request->dialled;
    struct reached reached;
    if (report == NULL) {
        (void)error_set(error, ERROR_MEMORY, "out of memory");
        return NULL;
    }
    report->target = text_of(&report->arena, &request->target);
    report->via = request->has_via ? text_of(&report->arena, &request->via) : NULL;
    report->sni = request->sni;
    if (!reach(first, &reached, &report->cause, error)) {
        report->said = arena_printf(&report->arena, "%s", error->text);
        return report;
    }
    report->address = arena_printf(&report->arena, "%s", reached.text);
    if (!run_survey(request, &reached, trust, report, error)) {
        probe_free(report);
        return NULL;
    }
    explain_cause(report);
    return report;
}

void probe_free(struct probe_report *report)
{
    if (report == NULL) {
        return;
    }
    arena_clear(&report->arena);
    free(report);
}

bool probe_did_survey(const struct probe_report *report)
{
    return report->is_surveyed;
}

static int print_json(struct probe_report *report, int code)
{
    struct buffer text = {0};
    struct json json = json_into(&text);
    probe_view_json(&json, report);
    return sheet_print_json(&json, code);
}

int probe_print(struct probe_report *report, bool is_json, int code)
{
    const struct cause *cause = report->cause != NULL ? cause_find(report->cause) : NULL;
    struct sheet sheet;
    if (is_json) {
        return print_json(report, code);
    }
    sheet_open(&sheet);
    if (report->survey.dial_count > 0) {
        probe_view(&sheet, report);
    }
    if (!report->is_surveyed) {
        sheet_head(&sheet, report->cause != NULL ? report->cause : "no version was accepted");
        sheet_label(&sheet, "what", report->said);
        sheet_label(&sheet, "fix", cause != NULL ? cause->text[LANGUAGE_EN].fix : NULL);
    }
    return sheet_print(&sheet, code);
}
