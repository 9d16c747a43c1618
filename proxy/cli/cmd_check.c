// midspan check: what is expected of clients, edges and servers, held against the prediction.
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "expectation.h"
#include "library.h"
#include "live_server.h"
#include "predict_view.h"
#include "preset_hello.h"
#include "quote.h"

static const struct option_key options[] = {
    {.name = "json", .help = "print JSON"},
    {.name = NULL},
};

struct checking {
    const char *name; // of the file
    struct library library;
    struct yaml_tree tree;
    struct live_servers servers;
    struct sheet sheet;
    struct buffer text;
    struct json json;
    size_t count, failed_count; // of expectations, each of all clients
};

// One expectation: of one client, or of all.
struct checked {
    const struct expectation *expectation;
    struct bridge_case bridge;
    size_t client_count, failed_count;
};

static const char *outcome_text(const struct bridge_prediction *prediction, struct arena *arena)
{
    const char *text = "secured";
    if (!prediction->is_secured) {
        text = arena_printf(arena, "%s on the %s leg",
                            prediction->legs[prediction->broken].cause->code,
                            side_name(prediction->broken));
    }
    return text != NULL ? text : "";
}

// "a through b to c"
static const char *case_text(const struct checked *checked, const char *client, struct arena *arena)
{
    const struct bridge_words *words = &checked->expectation->words;
    bool has_edge = checked->bridge.edge != NULL;
    const char *text = arena_printf(arena, "%s%s%s to %s", client, has_edge ? " through " : "",
                                    has_edge ? words->edge : "", words->server);
    return text != NULL ? text : "";
}

static void write_failure(struct checking *run, const struct checked *checked, const char *client,
                          const struct bridge_prediction *prediction)
{
    struct arena arena = {0};
    const struct expectation *expectation = checked->expectation;
    struct pen *pen = &run->sheet.pen;
    pen_styled(pen, STYLE_BAD, "FAILED  ");
    int hang = pen->column;
    const char *line =
        arena_printf(&arena, "%s:%zu: %s: expected %s, got %s", run->name, expectation->line,
                     case_text(checked, client, &arena), expectation_text(expectation, &arena),
                     outcome_text(prediction, &arena));
    pen_wrap(pen, hang, line != NULL ? line : "");
    if (!prediction->is_secured) {
        const char *summary = prediction->legs[prediction->broken].summary;
        pen_end(pen);
        pen_pad(pen, hang);
        pen_wrap(pen, hang, summary != NULL ? summary : "");
    }
    pen_end(pen);
    arena_clear(&arena);
}

static void write_result_json(struct checking *run, const struct checked *checked,
                              const char *client, const struct bridge_prediction *prediction,
                              bool is_met)
{
    struct arena arena = {0};
    const struct expectation *expectation = checked->expectation;
    struct json *json = &run->json;
    json_open_object(json);
    json_int_field(json, "line", (int64_t)expectation->line);
    json_bool_field(json, "ok", is_met);
    json_text_field(json, "expected", expectation_text(expectation, &arena));
    json_text_field(json, "got", outcome_text(prediction, &arena));
    json_text_field(json, "server", expectation->words.server);
    json_key(json, "prediction");
    predict_view_json(json, &checked->bridge, client, prediction);
    json_close_object(json);
    arena_clear(&arena);
}

static bool check_client(struct checking *run, struct checked *checked,
                         const struct preset_hello *client, struct error *error)
{
    struct arena arena = {0};
    struct bridge_prediction prediction;
    if (!bridge_predict(&client->hello, &checked->bridge.terms, &arena, &prediction)) {
        return error_set(error, ERROR_MEMORY, "out of memory for the prediction");
    }
    bool is_met = expectation_is_met(checked->expectation, &prediction);
    checked->client_count++;
    checked->failed_count += is_met ? 0 : 1;
    write_result_json(run, checked, client->preset->name, &prediction, is_met);
    if (!is_met) {
        write_failure(run, checked, client->preset->name, &prediction);
    }
    arena_clear(&arena);
    return true;
}

static bool check_clients(struct checking *run, struct checked *checked, struct error *error)
{
    struct preset_hello client = {0};
    const char *wanted = checked->expectation->client;
    bool is_ok = true;
    if (strcmp(wanted, "all") != 0) {
        is_ok =
            preset_hello_find(&client, wanted, error) && check_client(run, checked, &client, error);
        preset_hello_clear(&client);
        return is_ok;
    }
    for (size_t i = 0; preset_client_name(i) != NULL && is_ok; i++) {
        is_ok = preset_hello_read(&client, preset_client_at(i, error), error) &&
                check_client(run, checked, &client, error);
        preset_hello_clear(&client);
    }
    return is_ok;
}

static void write_success(struct checking *run, const struct checked *checked)
{
    struct arena arena = {0};
    const char *client = checked->expectation->client;
    if (checked->client_count > 1) {
        client = arena_printf(&arena, "all %zu clients", checked->client_count);
    }
    const char *line =
        arena_printf(&arena, "%s: %s", case_text(checked, client != NULL ? client : "", &arena),
                     expectation_text(checked->expectation, &arena));
    pen_styled(&run->sheet.pen, STYLE_GOOD, "ok      ");
    pen_wrap(&run->sheet.pen, run->sheet.pen.column, line != NULL ? line : "");
    pen_end(&run->sheet.pen);
    arena_clear(&arena);
}

// ask_host asks the server of an expectation, where it is a host; once, however often it is named.
static bool ask_host(struct checking *run, struct expectation *expectation, struct error *error)
{
    struct endpoint host;
    size_t dials;
    struct bridge_words *words = &expectation->words;
    if (!live_server_named(words->server, &host)) {
        return true;
    }
    words->live = live_servers_ask(&run->servers, words->server, &dials, error);
    if (words->live == NULL) {
        char place[128];
        (void)snprintf(place, sizeof(place), "%.100s:%zu", run->name, expectation->line); // fits
        return error_prefix(error, place);
    }
    return true;
}

static bool check_entry(struct checking *run, const struct yaml_item *item, struct error *error)
{
    struct expectation expectation;
    struct checked checked = {.expectation = &expectation};
    if (!expectation_read(item, run->name, &run->library, &expectation, error)) {
        return false;
    }
    bool is_ok = ask_host(run, &expectation, error) &&
                 bridge_case_make(&checked.bridge, &expectation.words, &run->library, error) &&
                 check_clients(run, &checked, error);
    if (is_ok && checked.failed_count == 0) {
        write_success(run, &checked);
    }
    run->count++;
    run->failed_count += checked.failed_count > 0 ? 1 : 0;
    bridge_case_clear(&checked.bridge);
    return is_ok;
}

// A fault anywhere in the file is told before anything is checked.
static bool read_file(struct checking *run, struct error *error)
{
    if (!yaml_tree_read(&run->tree, run->name, error)) {
        error->kind = ERROR_CONFIG; // even when the disk says no: the user named the file
        return false;
    }
    const struct yaml_item *root = run->tree.root;
    if (root == NULL || root->kind != YAML_LIST || root->first == NULL) {
        return error_set(error, ERROR_CONFIG, "%s:%zu: %s, expected a list of expectations",
                         run->name, root != NULL ? root->line : 1,
                         root == NULL ? "nothing in it" : yaml_kind_text(root->kind));
    }
    struct expectation unused;
    for (const struct yaml_item *item = root->first; item != NULL; item = item->next) {
        if (!expectation_read(item, run->name, &run->library, &unused, error)) {
            return false;
        }
    }
    return true;
}

static int check(struct checking *run, bool is_json)
{
    struct error error;
    bool is_ok = read_file(run, &error);
    const struct yaml_item *item = is_ok ? run->tree.root->first : NULL;
    json_open_array(&run->json);
    for (; item != NULL && is_ok; item = item->next) {
        is_ok = check_entry(run, item, &error);
    }
    json_close_array(&run->json);
    if (!is_ok) {
        return (int)report_error(&error);
    }
    int code = run->failed_count > 0 ? OUTCOME_FAILS : OUTCOME_FINE;
    if (is_json) {
        return sheet_print_json(&run->json, code);
    }
    char summary[96];
    (void)snprintf(summary, sizeof(summary), "%zu of %zu expectations hold",
                   run->count - run->failed_count, run->count); // fits
    sheet_head(&run->sheet, summary);
    return sheet_print(&run->sheet, code);
}

static int run_check(const struct invocation *invocation)
{
    static struct checking run; // large, and one a process
    if (invocation->operand_count != 1) {
        report("%s, expected: midspan check %s",
               invocation->operand_count == 0 ? "no FILE.yaml" : "more than one FILE.yaml",
               invocation->command->usage);
        return OUTCOME_USAGE;
    }
    run = (struct checking){.name = invocation->operands[0]};
    sheet_open(&run.sheet);
    run.json = json_into(&run.text);
    library_ask(&run.library);
    int code = check(&run, option_is_given(invocation, "json"));
    yaml_tree_clear(&run.tree);
    live_servers_clear(&run.servers);
    buffer_clear(&run.text);
    buffer_clear(&run.sheet.text);
    return code;
}

const struct command cmd_check = {
    .name = "check",
    .usage = "FILE.yaml [OPTIONS]",
    .summary = "expectations for CI: this client, edge and server, and what comes of it",
    .about = "FILE.yaml is a list of expectations, each held against what 'midspan predict'\n"
             "says:\n"
             "\n"
             "  - client: chromium-156     # a preset, a file of one, or all\n"
             "    edge: nginx-1.22         # or none\n"
             "    server: min=TLS1.3       # leg keys, an edge preset, or HOST[:PORT]\n"
             "    expect: protocol.no-common-version    # or secured\n"
             "    leg: server              # of the cause; may be left out\n"
             "\n"
             "Nothing is dialled but a host, which is asked once what it accepts. Exit code\n"
             "0: all hold; 1: one does not; 2: the file is wrong; 3: a host could not be\n"
             "asked.\n",
    .options = options,
    .run = run_check,
};
