// midspan explain: verdicts from evidence that was recorded.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "command.h"
#include "dialect.h"
#include "evidence_json.h"
#include "explain_view.h"
#include "log_read.h"
#include "pcap.h"
#include "record.h"
#include "tongue.h"

#define INPUT_BYTES_MAX ((size_t)256 << 20)
#define READ_BYTES      ((size_t)64 << 10)

static const struct option_key options[] = {
    {.name = "connection", .value = "N", .help = "this connection only"},
    {.name = "session", .value = "N", .help = "of a recording: this session only"},
    {.name = "json", .help = "print verdict events, one JSON object a line, as in the log"},
    {.name = "lang", .value = "en|ja", .help = "the language of all texts (else LANG's)"},
    {.name = NULL},
};

// One run: what is explained, and what was found so far.
struct explaining {
    const char *name; // of the input, for errors
    struct explain_view view;
    struct recording_wish wish; // 0: all
    size_t event_count, verdict_count;
    bool has_errors;      // a verdict of that severity
    bool has_told;        // what was found, as captures and recordings do
    struct recorded last; // of a recording, without its texts
    size_t recorded_count;
    bool is_new_session; // of which nothing was shown yet
    struct error error;
};

static bool is_wanted(const struct explaining *run, const struct evidence *evidence)
{
    return run->wish.connection == 0 || run->wish.connection == evidence->connection;
}

static bool fail_at(struct explaining *run, size_t line)
{
    struct error why = run->error;
    if (line == 0) {
        return error_set(&run->error, ERROR_CONFIG, "%s: %s", run->name, why.text);
    }
    return error_set(&run->error, ERROR_CONFIG, "%s:%zu: %s", run->name, line, why.text);
}

static void note_session(struct explaining *run, const struct recorded *recorded)
{
    char text[80];
    (void)snprintf(text, sizeof(text), "session %llu, %.32s", (unsigned long long)recorded->session,
                   recorded->began); // fits
    explain_view_note(&run->view, text);
}

static void show(struct explaining *run, const struct evidence *evidence, struct verdict *verdict,
                 struct arena *arena)
{
    dialect_add(verdict, evidence, arena);
    if (run->is_new_session) {
        run->is_new_session = false;
        note_session(run, &run->last);
    }
    run->verdict_count++;
    run->has_errors = run->has_errors || verdict->severity == SEVERITY_ERROR;
    explain_view_verdict(&run->view, evidence, verdict);
}

// ---- evidence

static size_t judge(const struct evidence *evidence, struct arena *arena,
                    struct verdict out[VERDICTS_MAX])
{
    size_t count = verdict_find(evidence, arena, out, VERDICTS_MAX);
    bool is_secured = evidence->legs[CLIENT].handshake.kind == ENDING_SECURED &&
                      evidence->legs[SERVER].handshake.kind == ENDING_SECURED;
    if (count == 0 && is_secured) {
        count = verdict_masked(evidence, arena, out, VERDICTS_MAX);
    }
    return count;
}

static void explain_evidence(struct explaining *run, const struct evidence *evidence,
                             struct arena *arena)
{
    struct verdict found[VERDICTS_MAX];
    size_t count = judge(evidence, arena, found);
    for (size_t i = 0; i < count; i++) {
        show(run, evidence, &found[i], arena);
    }
}

// A log has one event for each verdict: the one judged now that the event is about. What was proven
// is shown as it was recorded, with its proof; a proof can't be made again from evidence.
static void explain_event(struct explaining *run, const struct evidence *evidence,
                          struct verdict *recorded, struct arena *arena)
{
    struct verdict found[VERDICTS_MAX];
    struct verdict *chosen = NULL;
    bool is_proven = recorded->confidence == CONFIDENCE_PROVEN || recorded->proof_count > 0;
    size_t count = is_proven ? 0 : judge(evidence, arena, found);
    for (size_t i = 0; i < count && chosen == NULL; i++) {
        bool is_it = found[i].leg == recorded->leg && found[i].severity == recorded->severity;
        chosen = is_it ? &found[i] : NULL;
    }
    show(run, evidence, chosen != NULL ? chosen : recorded, arena);
}

// ---- text: one evidence, or lines of a log

static bool explain_object(struct explaining *run, struct slice text)
{
    struct arena arena = {0};
    struct verdict recorded;
    enum log_kind kind = LOG_OTHER;
    static struct evidence evidence; // large, and one at a time
    bool is_ok = log_read(text, &arena, &kind, &recorded, &run->error);
    run->event_count += is_ok ? 1 : 0;
    if (is_ok && kind != LOG_OTHER) {
        is_ok = evidence_read(text, &arena, &evidence, &run->error);
    }
    bool is_told = is_ok && kind != LOG_OTHER && is_wanted(run, &evidence);
    if (is_told && kind == LOG_VERDICT) {
        explain_event(run, &evidence, &recorded, &arena);
    } else if (is_told) {
        explain_evidence(run, &evidence, &arena);
    }
    arena_clear(&arena);
    return is_ok;
}

static bool explain_text(struct explaining *run, struct slice text, size_t line)
{
    return explain_object(run, text) || fail_at(run, line);
}

static struct slice trimmed(struct slice text)
{
    while (text.len > 0 && strchr(" \t\r\n", text.data[text.len - 1]) != NULL) {
        text.len--;
    }
    while (text.len > 0 && strchr(" \t\r\n", text.data[0]) != NULL) {
        text = slice_part(text, 1, text.len);
    }
    return text;
}

static struct slice next_line(struct slice *rest)
{
    const uint8_t *end = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - rest->data) : rest->len;
    struct slice line = slice_part(*rest, 0, len);
    *rest = slice_part(*rest, end != NULL ? len + 1 : len, rest->len);
    return trimmed(line);
}

// A log is more than one line, the first of which is a whole object.
static bool is_log(struct slice text)
{
    struct slice rest = text;
    struct slice first = next_line(&rest);
    bool is_object = first.len > 1 && first.data[0] == '{' && first.data[first.len - 1] == '}';
    return is_object && trimmed(rest).len > 0;
}

static bool explain_log(struct explaining *run, struct slice text)
{
    bool is_ok = true;
    for (size_t line = 1; text.len > 0 && is_ok; line++) {
        bool is_cut = memchr(text.data, '\n', text.len) == NULL;
        struct slice content = next_line(&text);
        if (content.len == 0) {
            continue;
        }
        is_ok = explain_text(run, content, line);
        if (!is_ok && is_cut && run->event_count > 0) {
            explain_view_note(&run->view, "the last line was still being written: left out");
            return true;
        }
    }
    return is_ok;
}

// ---- captures

static void note_captured(struct explaining *run, const struct captured *captured,
                          struct arena *arena)
{
    const struct leg_evidence *leg = &captured->evidence->legs[SERVER];
    char target[ENDPOINT_TEXT_MAX];
    const char *text = "nothing came of it";
    if (captured->has_server_hello) {
        text = arena_printf(arena, "%s %s, nothing wrong seen", version_name(leg->version),
                            suite_name(leg->suite));
    } else if (captured->has_gap) {
        text = "bytes are missing in the capture";
    } else if (!captured->has_ended) {
        text = "the capture ends before the server answers";
    }
    const char *line = arena_printf(
        arena, "#%llu %s: %s", (unsigned long long)captured->evidence->connection,
        captured->evidence->has_target ? endpoint_text(&captured->evidence->target, target) : "?",
        text != NULL ? text : "");
    explain_view_note(&run->view, line != NULL ? line : "");
}

static void on_captured(void *user, const struct captured *captured)
{
    struct explaining *run = user;
    struct arena arena = {0};
    struct verdict found[VERDICTS_MAX];
    if (!is_wanted(run, captured->evidence)) {
        return;
    }
    size_t count = verdict_find(captured->evidence, &arena, found, VERDICTS_MAX);
    for (size_t i = 0; i < count; i++) {
        show(run, captured->evidence, &found[i], &arena);
    }
    if (count == 0) {
        note_captured(run, captured, &arena);
    }
    arena_clear(&arena);
}

static bool explain_capture(struct explaining *run, struct slice input)
{
    struct arena arena = {0};
    struct capture_count count = {0};
    char text[160];
    bool is_ok = capture_read(input, &arena, on_captured, run, &count, &run->error);
    arena_clear(&arena);
    run->has_told = true;
    if (!is_ok) {
        return fail_at(run, 0);
    }
    (void)snprintf(text, sizeof(text),
                   "%zu packets, %zu TCP connections, %zu TLS handshakes; %zu found broken",
                   count.packets, count.connections, count.handshakes, run->verdict_count); // fits
    explain_view_note(&run->view, text);
    if (count.cut_short > 0) {
        (void)snprintf(text, sizeof(text),
                       "%zu packets were captured in part: capture them whole (tcpdump -s 0)",
                       count.cut_short); // fits
        explain_view_note(&run->view, text);
    }
    if (count.unknown_links > 0) {
        (void)snprintf(text, sizeof(text),
                       "%zu packets have a link type that is not read: left out",
                       count.unknown_links); // fits
        explain_view_note(&run->view, text);
    }
    if (count.left_out > 0) {
        explain_view_note(&run->view, "more connections than are looked at: the rest left out");
    }
    if (count.is_cut) {
        explain_view_note(&run->view, "the capture ends in the middle of a packet");
    }
    return true;
}

// ---- recordings

static bool on_recorded(void *user, const struct recorded *recorded, struct error *error)
{
    struct explaining *run = user;
    bool is_verdict = recorded->verdict.len > 0;
    bool is_other_session = run->recorded_count == 0 || recorded->session != run->last.session;
    bool is_other = is_other_session || recorded->connection != run->last.connection;
    struct slice text = is_verdict ? recorded->verdict : recorded->evidence;
    run->recorded_count += is_other ? 1 : 0;
    run->last = *recorded;
    if (is_other_session) {
        run->is_new_session = true;
    }
    if (text.len > 0 && !explain_object(run, text)) {
        return error_set(error, ERROR_CONFIG, "%s: session %llu, connection %llu: %s", run->name,
                         (unsigned long long)recorded->session,
                         (unsigned long long)recorded->connection, run->error.text);
    }
    return true;
}

static bool explain_recording(struct explaining *run, const char *path)
{
    char text[80];
    struct error why;
    run->has_told = true;
    if (!recording_read(path, &run->wish, on_recorded, run, &why)) {
        run->error = why;
        return false;
    }
    if (run->recorded_count == 0 && (run->wish.connection != 0 || run->wish.session != 0)) {
        return error_set(&run->error, ERROR_CONFIG, "%s: no such connection in this recording",
                         run->name);
    }
    (void)snprintf(text, sizeof(text), "connections recorded: %zu, verdicts: %zu",
                   run->recorded_count, run->verdict_count); // fits
    explain_view_note(&run->view, text);
    return true;
}

// what_else says what the input is, which is none of what is read.
static const char *what_else(struct slice text)
{
    if (text.len == 0) {
        return "nothing in it";
    }
    bool is_gzip = text.len > 2 && text.data[0] == 0x1f && text.data[1] == 0x8b; // RFC 1952 2.3.1
    return is_gzip ? "compressed by gzip (unpack it first: gunzip)" : "not JSON";
}

static bool explain(struct explaining *run, struct slice input)
{
    if (pcap_is(input)) {
        return explain_capture(run, input);
    }
    struct slice text = trimmed(input);
    if (text.len == 0 || text.data[0] != '{') {
        return error_set(&run->error, ERROR_CONFIG,
                         "%s: %s, expected evidence as JSON, a JSON Lines log, a capture "
                         "(pcap, pcapng), or the file of a recording",
                         run->name, what_else(text));
    }
    return is_log(text) ? explain_log(run, input) : explain_text(run, text, 0);
}

// ---- the command

static bool read_input(const char *name, struct buffer *out, struct error *error)
{
    bool is_stdin = strcmp(name, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? 1 : -1;
    const char *why = fd >= 0 ? NULL : strerror(errno);
    buffer_init(out, INPUT_BYTES_MAX);
    while (got > 0 && why == NULL) {
        uint8_t *place = buffer_reserve(out, READ_BYTES);
        got = place != NULL ? read(fd, place, READ_BYTES) : 0;
        if (place == NULL) {
            why = "larger than 256 MiB";
        } else if (got < 0) {
            why = strerror(errno);
        } else {
            buffer_commit(out, (size_t)got);
        }
    }
    if (fd >= 0 && !is_stdin) {
        (void)close(fd); // read only: nothing can be lost
    }
    return why == NULL || error_set(error, ERROR_CONFIG, "cannot read '%s': %s", name, why);
}

static bool read_number(const struct invocation *invocation, const char *name, uint64_t *out_number)
{
    const char *value = option_value(invocation, name);
    *out_number = 0;
    if (value == NULL ||
        (text_uint(slice_of_text(value), INT64_MAX, out_number) && *out_number > 0)) {
        return true;
    }
    report("--%s: bad value '%.64s', expected a number from 1", name, value);
    return false;
}

static bool explain_input(struct explaining *run, const char *name)
{
    struct buffer input = {0};
    if (strcmp(name, "-") != 0 && recording_is(name)) {
        return explain_recording(run, name);
    }
    if (run->wish.session != 0) {
        return error_set(&run->error, ERROR_USAGE, "--session: %s is no recording", run->name);
    }
    bool is_ok = read_input(name, &input, &run->error) && explain(run, buffer_slice(&input));
    buffer_clear(&input);
    return is_ok;
}

static void note_nothing(struct explaining *run)
{
    explain_view_note(&run->view, run->event_count > 1 ? "no verdict in this log"
                                                       : "nothing is wrong in this evidence");
}

static int run_explain(const struct invocation *invocation)
{
    enum language language;
    if (invocation->operand_count != 1) {
        report("%s, expected: midspan explain %s",
               invocation->operand_count == 0 ? "no FILE" : "more than one FILE",
               invocation->command->usage);
        return OUTCOME_USAGE;
    }
    if (!tongue_of(invocation, &language)) {
        return OUTCOME_USAGE;
    }
    const char *name = invocation->operands[0];
    struct explaining run = {.name = strcmp(name, "-") == 0 ? "standard input" : name};
    if (!read_number(invocation, "connection", &run.wish.connection) ||
        !read_number(invocation, "session", &run.wish.session)) {
        return OUTCOME_USAGE;
    }
    explain_view_open(&run.view, option_is_given(invocation, "json"), language);
    bool is_ok = explain_input(&run, name);
    if (is_ok && run.verdict_count == 0 && !run.has_told) {
        note_nothing(&run);
    }
    int code = is_ok ? (int)(run.has_errors ? OUTCOME_FAILS : OUTCOME_FINE)
                     : (int)report_error(&run.error);
    return explain_view_close(&run.view, code);
}

const struct command cmd_explain = {
    .name = "explain",
    .usage = "FILE | - [OPTIONS]",
    .summary = "verdicts from a recording, a log, evidence or a capture",
    .about = "FILE is a recording (--record), of which every connection is explained, the\n"
             "evidence of one connection as JSON, one verdict event of the log, or a whole\n"
             "log (--log), of which every verdict is explained, or a capture of plain\n"
             "handshakes (pcap, pcapng), recorded anywhere; - is standard input (but for a\n"
             "recording). The same evidence gives the same verdict on every machine. What had\n"
             "been proven is shown as it was recorded, with its proof.\n"
             "\n"
             "Exit code 0: nothing is wrong; 1: something is; 2: FILE could not be read.\n",
    .options = options,
    .run = run_explain,
};
