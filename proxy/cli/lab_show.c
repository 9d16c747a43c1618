// midspan lab list and show: what there is, and one task without its answer.
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "lab_session.h"
#include "sheet.h"

static bool is_done(const struct lab_session *lab, const struct scenario *scenario)
{
    const struct progress_row *row = progress_find(&lab->progress, scenario->name);
    return row != NULL && row->is_done;
}

// tells_name: a name says what is wrong, so it is told to those who know, or ask for it.
static bool tells_name(const struct lab_session *lab, const struct scenario *scenario)
{
    return is_done(lab, scenario) || option_is_given(lab->invocation, "names");
}

static int list_json(const struct lab_session *lab)
{
    struct buffer text = {0};
    struct json json = json_into(&text);
    json_open_array(&json);
    for (size_t i = 0; i < lab->list.count; i++) {
        const struct scenario *scenario = lab->list.items[i];
        json_open_object(&json);
        json_int_field(&json, "number", (int64_t)i + 1);
        json_text_field(&json, "name", scenario->name);
        json_text_field(&json, "lesson", lesson_name(scenario->lesson));
        json_text_field(&json, "title", speech_in(&scenario->title, lab->language));
        json_text_field(&json, "host", scenario->host);
        json_text_field(&json, "bug", scenario->bug);
        json_text_field(&json, "cause",
                        scenario->expect.cause != NULL ? scenario->expect.cause->code : NULL);
        json_bool_field(&json, "done", is_done(lab, scenario));
        json_close_object(&json);
    }
    json_close_array(&json);
    return sheet_print_json(&json, OUTCOME_FINE);
}

static void list_lesson(const struct lab_session *lab, struct sheet *sheet, enum lesson lesson)
{
    struct sheet_row rows[SCENARIOS_MAX] = {0};
    char numbers[SCENARIOS_MAX][24];
    size_t count = 0;
    for (size_t i = 0; i < lab->list.count; i++) {
        const struct scenario *scenario = lab->list.items[i];
        if (scenario->lesson != lesson) {
            continue;
        }
        (void)snprintf(numbers[count], sizeof(numbers[count]), "%3zu", i + 1); // fits
        rows[count].cells[0] = numbers[count];
        rows[count].cells[1] = is_done(lab, scenario) ? "✓" : " ";
        rows[count].cells[2] = speech_in(&scenario->title, lab->language);
        rows[count].cells[3] = tells_name(lab, scenario) ? scenario->name : "";
        rows[count].styles[1] = STYLE_GOOD;
        rows[count].styles[2] = STYLE_BOLD;
        rows[count].styles[3] = STYLE_DIM;
        count++;
    }
    if (count > 0) {
        sheet_head(sheet, speech_in(lesson_title(lesson), lab->language));
        sheet_table(sheet, rows, count, 4);
    }
}

int lab_list(struct lab_session *lab)
{
    if (lab->is_json) {
        return list_json(lab);
    }
    struct sheet sheet;
    sheet_open(&sheet);
    for (size_t lesson = 0; lesson < LESSONS; lesson++) {
        list_lesson(lab, &sheet, (enum lesson)lesson);
    }
    return sheet_print(&sheet, OUTCOME_FINE);
}

// ---- one

static void write_hints(const struct lab_session *lab, struct sheet *sheet,
                        const struct scenario *scenario, size_t count)
{
    char label[48];
    for (size_t i = 0; i < count && i < scenario->hint_count; i++) {
        (void)snprintf(label, sizeof(label), "%s %zu/%zu", lab_say(lab, "hint", "ヒント"), i + 1,
                       scenario->hint_count); // fits
        sheet_label(sheet, label, speech_in(&scenario->hints[i], lab->language));
    }
}

// tell_hint counts one hint more; gives how many are told: all, where the count can't be kept, for
// nobody would come past the first.
static size_t tell_hint(struct lab_session *lab, const struct scenario *scenario)
{
    struct progress_row *row = progress_of(&lab->progress, scenario->name);
    size_t count = row != NULL ? row->hints : 0;
    if (!option_is_given(lab->invocation, "hint")) {
        return count;
    }
    count = count < scenario->hint_count ? count + 1 : scenario->hint_count;
    if (row == NULL) {
        return scenario->hint_count;
    }
    row->hints = (unsigned)count;
    return progress_save(&lab->progress) ? count : scenario->hint_count;
}

#define START_TEXT_JA                                                                                                                    \
    "# あなたの修正：シナリオに重ねます。変えるところだけを、その部分のキーの下に書きます。\n" \
    "# 次に：midspan lab check %s %s\n"                                                                                               \
    "# 各部分に書けること：docs/scenarios.md。誰の責任かは、自分で見つけてください。\n"

#define KINDS_JA                                        \
    "#\n# 書き方の例（どの演習でも同じです）：\n" KINDS \
    "#\n# 現状、それぞれの管理者が知っているとおり：\n"

#define START_TEXT                                                                               \
    "# Your fix, laid over the scenario: say only what you change, under the key of its part.\n" \
    "# Then: midspan lab check %s %s\n"                                                          \
    "# What each part can say: docs/scenarios.md. Whose fault it is, is for you to find out.\n"

#define KINDS                                                                                   \
    "#   client: {clock: 0s, trusts: bridge, name: " LAB_SITE_HOST ", policy: {max: TLS1.3}}\n" \
    "#   bridge: {authority: good, pass: on, certificate: on,\n"                                \
    "#            server-leg: {clock: 0s, sni: forward, max: TLS1.3}}\n"                        \
    "#   origin: {kind: tls, quirk: none, chain: {recipe: good}, policy: {max: TLS1.3}}\n"      \
    "#   box: none\n"

#define KINDS_EN                                                                    \
    "#\n# How each kind of change is written (the same in every exercise):\n" KINDS \
    "#\n# As it is, as far as the administrators of the three know:\n"

// The scenario's parts as comments: who mends a configuration has it before him.
static bool write_parts(const struct lab_session *lab, struct buffer *out, const char *parts)
{
    bool is_ok = buffer_append_text(out, lab_say(lab, KINDS_EN, KINDS_JA));
    while (parts[0] != '\0' && is_ok) {
        size_t len = strcspn(parts, "\n");
        is_ok = buffer_printf(out, "#   %.*s\n", (int)len, parts);
        parts += parts[len] == '\n' ? len + 1 : len;
    }
    return is_ok;
}

static int write_start(const struct lab_session *lab, const struct scenario *scenario,
                       const char *path)
{
    struct buffer text = {0};
    struct error error;
    int code = OUTCOME_FINE;
    if (!buffer_printf(&text, lab_say(lab, START_TEXT, START_TEXT_JA), lab->invocation->operands[1],
                       path) ||
        !write_parts(lab, &text, scenario->parts) ||
        !buffer_append_text(&text, lab_say(lab, "\n# This changes nothing yet.\n",
                                           "\n# これはまだ何も変えません。\n")) ||
        !buffer_append_text(&text, "bridge:\n  server-leg: {}\n")) {
        report("out of memory");
        code = OUTCOME_OURS;
    } else if (file_exists(path)) {
        report("'%.256s' is there already, expected a new FILE", path);
        code = OUTCOME_USAGE;
    } else if (!file_write(path, buffer_slice(&text), 0644, true, &error)) {
        code = (int)report_error(&error);
    }
    buffer_clear(&text);
    return code;
}

// What to type next, a command a line: so that each can be copied whole.
static void write_next(const struct lab_session *lab, struct sheet *sheet, const char *word,
                       bool has_hints)
{
    char next[512];
    (void)snprintf(next, sizeof(next), "midspan lab run %s --as-is", word); // cut when long
    sheet_label(sheet, lab_say(lab, "see it", "実行"), next);
    (void)snprintf(next, sizeof(next), "midspan lab show %s --start fix.yaml", word); // as above
    sheet_label(sheet, lab_say(lab, "mend it", "修正"), next);
    (void)snprintf(next, sizeof(next), "midspan lab check %s fix.yaml", word); // as above
    sheet_label(sheet, lab_say(lab, "check it", "確認"), next);
    if (has_hints) {
        (void)snprintf(next, sizeof(next), "midspan lab show %s --hint", word);
        sheet_label(sheet, lab_say(lab, "a hint", "ヒント"), next);
    }
}

int lab_show(struct lab_session *lab)
{
    size_t number;
    const char *word = lab->invocation->operands[1];
    const struct scenario *scenario = lab_scenario(lab, word, &number);
    if (scenario == NULL) {
        return OUTCOME_USAGE;
    }
    const char *start = option_value(lab->invocation, "start");
    int code = start != NULL ? write_start(lab, scenario, start) : OUTCOME_FINE;
    if (code != OUTCOME_FINE) {
        return code;
    }
    struct sheet sheet;
    char title[512];
    sheet_open(&sheet);
    (void)snprintf(title, sizeof(title), "%zu  %s", number,
                   speech_in(&scenario->title, lab->language)); // cut when it is long
    sheet_head(&sheet, number > 0 ? title : speech_in(&scenario->title, lab->language));
    sheet_label(&sheet, lab_say(lab, "lesson", "単元"),
                speech_in(lesson_title(scenario->lesson), lab->language));
    sheet_label(&sheet, lab_say(lab, "story", "状況"), speech_in(&scenario->story, lab->language));
    sheet_label(&sheet, lab_say(lab, "task", "課題"), speech_in(&scenario->task, lab->language));
    size_t told = tell_hint(lab, scenario);
    write_hints(lab, &sheet, scenario, told);
    write_next(lab, &sheet, word, told < scenario->hint_count);
    return sheet_print(&sheet, OUTCOME_FINE);
}
