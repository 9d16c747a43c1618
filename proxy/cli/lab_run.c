// midspan lab run and check: one scenario narrated, as it is and mended; or all of them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialect.h"
#include "evidence_json.h"
#include "explain_view.h"
#include "lab_session.h"
#include "ladder.h"
#include "sheet.h"
#include "trial.h"
#include "words.h"
#include "yaml_tree.h"

// ---- narration

static const char *title_of(const struct lab_session *lab, const struct play_part *part)
{
    return speech_in(&part->client->title, lab->language);
}

// One client: the ladder, and what it got.
static void write_part(const struct lab_session *lab, struct sheet *sheet, const struct play *play,
                       const struct play_part *part, bool tells_all)
{
    struct arena arena = {0};
    struct pen *pen = &sheet->pen;
    bool is_whole = play_is_whole(part);
    if (title_of(lab, part)[0] != '\0') {
        pen_end(pen);
        pen_styled(pen, STYLE_BOLD, title_of(lab, part));
        pen_end(pen);
    }
    if (part->earlier != NULL) {
        pen_style(pen, STYLE_DIM);
        pen_ours(pen, lab_say(lab, "a connection earlier, to ", "一つ前の接続、"));
        pen_peer(pen, slice_of_text(part->earlier_host));
        pen_ours(pen, lab_say(lab, ": ", "："));
        pen_wrap(pen, 2, play_end_words(part->earlier, lab->language, &arena));
        pen_style(pen, STYLE_PLAIN);
        pen_end(pen);
    }
    ladder_write(pen, part, play->lab_case, tells_all, lab->language);
    pen_styled(pen, is_whole ? STYLE_GOOD : STYLE_BAD, is_whole ? "✓ " : "✗ ");
    pen_ours(pen, lab_say(lab, "client: ", "クライアント："));
    pen_wrap(pen, 2, play_end_words(&part->result, lab->language, &arena));
    pen_end(pen);
    arena_clear(&arena);
}

static void write_play(const struct lab_session *lab, struct sheet *sheet, const struct play *play,
                       bool tells_all)
{
    for (size_t i = 0; i < play->part_count; i++) {
        write_part(lab, sheet, play, &play->parts[i], tells_all);
    }
}

// The verdict with its proof, as the console shows it.
static void print_verdict(const struct lab_session *lab, const struct play_part *part)
{
    struct explain_view view;
    struct arena arena = {0};
    if (part->verdict == NULL) {
        return;
    }
    struct verdict verdict = *part->verdict;
    dialect_add(&verdict, part->evidence, &arena);
    explain_view_open(&view, false, lab->language);
    explain_view_note(&view, "");
    explain_view_verdict(&view, part->evidence, &verdict);
    (void)explain_view_close(&view, OUTCOME_FINE); // standard output is looked at again at the end
    arena_clear(&arena);
}

static void print_masked(const struct lab_session *lab, const struct play_part *part)
{
    struct sheet sheet;
    struct arena arena = {0};
    if (part->masked_count == 0) {
        return;
    }
    sheet_open(&sheet);
    sheet_head(&sheet, lab_say(lab, "it works, and would not without midspan:",
                               "つながるが、midspan がなければつながらない："));
    for (size_t i = 0; i < part->masked_count; i++) {
        struct verdict shown = verdict_in(&part->masked[i], lab->language, &arena);
        sheet_label(&sheet, shown.cause->code, shown.summary);
    }
    arena_clear(&arena);
    (void)sheet_print(&sheet, OUTCOME_FINE); // as above
}

static void print_rule(const struct lab_session *lab, const char *english, const char *japanese,
                       const char *text)
{
    struct sheet sheet;
    sheet_open(&sheet);
    struct pen *pen = &sheet.pen;
    (void)buffer_append_text(&sheet.text, "\n"); // a lost line break is no loss
    pen_style(pen, STYLE_BOLD);
    pen_ours(pen, "── ");
    pen_ours(pen, lab_say(lab, english, japanese));
    if (text != NULL && text[0] != '\0') {
        pen_ours(pen, lab_say(lab, ": ", "："));
        pen_wrap(pen, 3, text);
    }
    pen_ours(pen, " ──");
    pen_style(pen, STYLE_PLAIN);
    pen_end(pen);
    (void)sheet_print(&sheet, OUTCOME_FINE); // as above
}

// print_play draws all of a run; without `tells_all`, nothing that would be an exercise's answer.
static void print_play(const struct lab_session *lab, const struct play *play, bool tells_all)
{
    struct sheet sheet;
    sheet_open(&sheet);
    write_play(lab, &sheet, play, tells_all);
    (void)sheet_print(&sheet, OUTCOME_FINE); // as above
}

static void print_story(const struct lab_session *lab, const struct scenario *scenario,
                        size_t number)
{
    struct sheet sheet;
    char title[512];
    sheet_open(&sheet);
    (void)snprintf(title, sizeof(title), "%zu  %s", number,
                   speech_in(&scenario->title, lab->language)); // cut when it is long
    sheet_head(&sheet, number > 0 ? title : speech_in(&scenario->title, lab->language));
    sheet_line(&sheet, speech_in(&scenario->story, lab->language));
    (void)sheet_print(&sheet, OUTCOME_FINE); // as above
}

// A head with one empty line before it, whatever was printed before.
static void write_head(struct sheet *sheet, enum style style, const char *text)
{
    pen_end(&sheet->pen);
    pen_styled(&sheet->pen, style, text);
    pen_end(&sheet->pen);
}

// The last words: the answer, or what is not as the scenario says.
static int print_end(const struct lab_session *lab, const struct lab_trial *trial)
{
    struct sheet sheet;
    struct arena arena = {0};
    const struct scenario *scenario = trial->scenario;
    sheet_open(&sheet);
    write_head(&sheet, STYLE_BOLD, lab_say(lab, "why", "なぜか"));
    sheet_line(&sheet, speech_in(&scenario->answer, lab->language));
    if (!trial->broken.is_as_wanted) {
        sheet_label(&sheet, lab_say(lab, "NOT AS SAID", "想定外"),
                    words_in(trial->broken.why, lab->language, &arena));
    }
    if (!trial->mended.is_as_wanted) {
        sheet_label(&sheet, lab_say(lab, "NOT MENDED", "直っていない"),
                    words_in(trial->mended.why, lab->language, &arena));
    }
    for (size_t i = 0; i < scenario->source_count; i++) {
        sheet_label(&sheet, i == 0 ? lab_say(lab, "sources", "出典") : "", scenario->sources[i]);
    }
    arena_clear(&arena);
    return sheet_print(&sheet, trial_is_good(trial) ? OUTCOME_FINE : OUTCOME_FAILS);
}

// ---- JSON

static void write_part_json(const struct lab_session *lab, struct json *json,
                            const struct play_part *part)
{
    struct arena arena = {0};
    json_open_object(json);
    json_text_field(json, "client", play_end_words(&part->result, lab->language, &arena));
    json_bool_field(json, "works", play_is_whole(part));
    if (part->result.status != 0) {
        json_int_field(json, "status", part->result.status);
    }
    json_key(json, "masked");
    json_open_array(json);
    for (size_t i = 0; i < part->masked_count; i++) {
        json_text(json, part->masked[i].cause->code);
    }
    json_close_array(json);
    json_key(json, "verdict");
    if (part->verdict != NULL) {
        json_open_object(json);
        verdict_write(json, part->verdict, part->evidence);
        json_close_object(json);
    } else {
        json_null(json);
    }
    json_close_object(json);
    arena_clear(&arena);
}

static void write_run_json(const struct lab_session *lab, struct json *json,
                           const struct trial_run *run)
{
    json_open_object(json);
    json_bool_field(json, "ok", run->is_as_wanted);
    json_text_field(json, "why", run->is_as_wanted ? NULL : run->why);
    json_int_field(json, "ms", run->play.lasted_us / 1000);
    json_key(json, "clients");
    json_open_array(json);
    for (size_t i = 0; i < run->play.part_count; i++) {
        write_part_json(lab, json, &run->play.parts[i]);
    }
    json_close_array(json);
    json_close_object(json);
}

static void write_trial_json(const struct lab_session *lab, struct json *json,
                             const struct lab_trial *trial)
{
    json_open_object(json);
    json_text_field(json, "name", trial->scenario->name);
    json_text_field(json, "lesson", lesson_name(trial->scenario->lesson));
    json_bool_field(json, "ok", trial_is_good(trial));
    json_key(json, "as_is");
    write_run_json(lab, json, &trial->broken);
    json_key(json, "mended");
    write_run_json(lab, json, &trial->mended);
    json_close_object(json);
}

static int run_json(const struct lab_session *lab, struct lab_trial *trial)
{
    struct error error;
    struct buffer text = {0};
    struct json json = json_into(&text);
    if (!trial_broken(trial, &error) || !trial_mended(trial, NULL, &error)) {
        return (int)report_error(&error);
    }
    write_trial_json(lab, &json, trial);
    return sheet_print_json(&json, trial_is_good(trial) ? OUTCOME_FINE : OUTCOME_FAILS);
}

// ---- one

static int run_told(const struct lab_session *lab, struct lab_trial *trial, size_t number)
{
    struct error error;
    const struct scenario *scenario = trial->scenario;
    bool is_as_is = option_is_given(lab->invocation, "as-is");
    print_story(lab, scenario, number);
    if (!trial_broken(trial, &error)) {
        return (int)report_error(&error);
    }
    print_rule(lab, "as it is", "現状", NULL);
    print_play(lab, &trial->broken.play, !is_as_is);
    if (is_as_is) {
        return OUTCOME_FINE;
    }
    print_verdict(lab, &trial->broken.play.parts[0]);
    print_masked(lab, &trial->broken.play.parts[0]);
    if (!trial_mended(trial, NULL, &error)) {
        return (int)report_error(&error);
    }
    print_rule(lab, "mended", "修正後", speech_in(&scenario->fix, lab->language));
    print_play(lab, &trial->mended.play, true);
    return print_end(lab, trial);
}

int lab_run(struct lab_session *lab)
{
    size_t number;
    const struct scenario *scenario = lab_scenario(lab, lab->invocation->operands[1], &number);
    if (scenario == NULL) {
        return OUTCOME_USAGE;
    }
    struct lab_trial trial = {.scenario = scenario};
    int code = lab->is_json ? run_json(lab, &trial) : run_told(lab, &trial, number);
    trial_clear(&trial);
    return code;
}

// ---- a student's fix

static bool read_fix(const struct scenario *scenario, const char *path, struct lab_case *out_case,
                     bool *out_elsewhere, struct error *error)
{
    struct yaml_tree tree;
    if (!yaml_tree_read(&tree, path, error)) {
        error->kind = ERROR_CONFIG; // even when the disk says no: the user named the file
        return false;
    }
    bool is_ok = tree.root != NULL ? scenario_mend(scenario, tree.root, path, out_case, error)
                                   : error_set(error, ERROR_CONFIG,
                                               "%.200s: nothing in it, expected a fix", path);
    *out_elsewhere = is_ok && !scenario_may_act(scenario, tree.root);
    yaml_tree_clear(&tree);
    return is_ok;
}

// breaks_as_before is true where the fix changed nothing that matters: then the verdict would be
// the answer of the exercise.
static bool breaks_as_before(const struct lab_trial *trial)
{
    const struct verdict *verdict = trial->mended.play.parts[0].verdict;
    const struct lab_expectation *expect = &trial->scenario->expect;
    return verdict != NULL && verdict->cause == expect->cause && verdict->leg == expect->leg;
}

// What was looked at before a fix counts: for who would do the same by hand.
static void write_verified(const struct lab_session *lab, struct sheet *sheet,
                           const struct trial_run *run)
{
    char text[256];
    const struct play_part *part = &run->play.parts[0];
    const struct evidence *evidence = part->evidence;
    (void)snprintf(
        text, sizeof(text),
        lab_say(lab, "the client, with its own request, got a whole answer: status %d",
                "クライアントが、元のリクエストのままで応答を最後まで受け取った（ステータス %d）"),
        part->result.status); // fits
    sheet_label(sheet, lab_say(lab, "verified", "確認済み"), text);
    if (evidence != NULL) {
        (void)snprintf(
            text, sizeof(text),
            lab_say(lab, "%s on the client leg, %s on the server leg: nothing deprecated",
                    "クライアント側レッグは %s、サーバー側レッグは %s：非推奨のものはない"),
            version_name(evidence->legs[CLIENT].version),
            version_name(evidence->legs[SERVER].version)); // fits
        sheet_label(sheet, "", text);
    }
    sheet_label(sheet, "",
                lab_say(lab, "the fault is gone, and not merely hidden by the bridge",
                        "障害はなくなった（ブリッジが隠しているだけではない）"));
    sheet_label(sheet, "",
                lab_say(lab, "nothing was taken away that the exercise is about",
                        "演習の対象そのものを取り除いてはいない"));
}

static int told_check(struct lab_session *lab, const struct lab_trial *trial, bool is_elsewhere)
{
    struct sheet sheet;
    const struct scenario *scenario = trial->scenario;
    bool is_mended = trial->mended.is_as_wanted;
    print_play(lab, &trial->mended.play, is_mended);
    bool is_as_before = !is_mended && breaks_as_before(trial);
    if (!is_mended && !is_as_before) {
        print_verdict(lab, &trial->mended.play.parts[0]);
    }
    sheet_open(&sheet);
    write_head(&sheet, is_mended ? STYLE_GOOD : STYLE_BAD,
               is_mended ? lab_say(lab, "✓ mended", "✓ 直りました")
                         : lab_say(lab, "✗ not mended yet", "✗ まだ直っていません"));
    if (is_mended) {
        sheet_line(&sheet, speech_in(&scenario->answer, lab->language));
        write_verified(lab, &sheet, &trial->mended);
        if (is_elsewhere) { // a way round is a way, but not the one to stay on
            sheet_label(&sheet, lab_say(lab, "note", "補足"),
                        lab_say(lab,
                                "it works, but the fault lies elsewhere. The scenario's own fix:",
                                "動きますが、原因は別のところにあります。シナリオの修正："));
            sheet_label(&sheet, words_in(party_name(scenario->fix_party), lab->language, NULL),
                        speech_in(&scenario->fix, lab->language));
        }
        struct progress_row *row = progress_of(&lab->progress, scenario->name);
        if (row != NULL) {
            row->is_done = true;
            (void)progress_save(&lab->progress); // the check holds without it
        }
    } else if (is_as_before) {
        sheet_line(&sheet, lab_say(lab, "it breaks as before: this changed nothing that matters",
                                   "前と同じように壊れます。変えたところは関係がありません"));
    } else {
        struct arena arena = {0};
        sheet_line(&sheet, words_in(trial->mended.why, lab->language, &arena));
        arena_clear(&arena);
    }
    return sheet_print(&sheet, is_mended ? OUTCOME_FINE : OUTCOME_FAILS);
}

int lab_check(struct lab_session *lab)
{
    size_t number;
    struct error error;
    const struct scenario *scenario = lab_scenario(lab, lab->invocation->operands[1], &number);
    if (scenario == NULL) {
        return OUTCOME_USAGE;
    }
    struct lab_case *fixed = malloc(sizeof(*fixed));
    if (fixed == NULL) {
        report("out of memory");
        return OUTCOME_OURS;
    }
    struct lab_trial trial = {.scenario = scenario};
    int code;
    bool is_elsewhere = false;
    if (read_fix(scenario, lab->invocation->operands[2], fixed, &is_elsewhere, &error) &&
        trial_mended(&trial, fixed, &error)) {
        code = told_check(lab, &trial, is_elsewhere);
    } else {
        code = (int)report_error(&error);
    }
    trial_clear(&trial);
    free(fixed);
    return code;
}
