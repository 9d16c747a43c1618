// midspan predict: what clients would agree on with a server through an edge, before anyone
// deploys it.
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "library.h"
#include "live_server.h"
#include "predict_view.h"
#include "preset_hello.h"
#include "quote.h"

#define CLIENTS_MAX 256

static const struct option_key options[] = {
    {.name = "client", .value = "NAME|all", .help = "a client preset, a file of one, or all"},
    {.name = "edge", .value = "NAME", .help = "an edge preset, a file of one, or none: mirroring"},
    {.name = "server",
     .value = "NAME|KEY=VALUE[,...]|HOST[:PORT]",
     .help = "what the server accepts: as that edge preset, leg keys, or a host that is asked"},
    {.name = "server-key",
     .value = "rsa|ecdsa|both",
     .help = "the kind of certificate that the server has, default both"},
    {.name = "json", .help = "print JSON"},
    {.name = NULL},
};

// Where the predictions of all clients go: a table, or JSON.
struct predicting {
    struct bridge_case bridge;
    struct live_servers servers;
    const char *host; // that was asked; NULL: none
    size_t dial_count;
    struct arena arena; // of what the table shows
    struct sheet sheet;
    struct sheet_row rows[CLIENTS_MAX + 1]; // the head before them
    size_t count, locked_count;
    bool is_wide;
    struct buffer text;
    struct json json;
    bool is_json, is_one;
};

#define WIDE_COLUMNS 120 // from here on the table names suites

static void add_row(struct predicting *run, const char *client,
                    const struct bridge_prediction *prediction)
{
    struct sheet_row *row = &run->rows[run->count];
    bool is_ok = prediction->is_secured;
    *row = (struct sheet_row){
        .cells = {is_ok ? "✓" : "✗", arena_text(&run->arena, slice_of_text(client))},
        .styles = {is_ok ? STYLE_GOOD : STYLE_BAD},
    };
    for (enum side side = CLIENT; side < SIDES; side++) {
        const struct leg_prediction *leg = &prediction->legs[side];
        row->cells[2 + side] = predict_view_leg(leg, run->is_wide, &run->arena);
        row->styles[2 + side] = leg->cause != NULL ? STYLE_BAD
                                : leg->is_reached  ? STYLE_PLAIN
                                                   : STYLE_DIM;
    }
}

static bool predict_client(struct predicting *run, const struct preset_hello *client,
                           struct error *error)
{
    struct arena arena = {0};
    struct bridge_prediction prediction;
    const char *name = client->preset->name;
    if (run->count == CLIENTS_MAX ||
        !bridge_predict(&client->hello, &run->bridge.terms, &arena, &prediction)) {
        arena_clear(&arena);
        return error_set(error, ERROR_MEMORY, "out of memory for the prediction");
    }
    if (run->is_json) {
        predict_view_json(&run->json, &run->bridge, name, &prediction);
    } else if (run->is_one) {
        predict_view_whole(&run->sheet, &run->bridge, name, &prediction);
    } else {
        add_row(run, name, &prediction);
    }
    run->count++;
    run->locked_count += prediction.is_secured ? 0 : 1;
    arena_clear(&arena);
    return true;
}

static bool predict_all(struct predicting *run, const char *wanted, struct error *error)
{
    struct preset_hello client = {0};
    if (run->is_one) {
        bool is_ok = preset_hello_find(&client, wanted, error) ? predict_client(run, &client, error)
                                                               : error_prefix(error, "--client");
        preset_hello_clear(&client);
        return is_ok;
    }
    bool is_ok = true;
    for (size_t i = 0; preset_client_name(i) != NULL && is_ok; i++) {
        is_ok = preset_hello_read(&client, preset_client_at(i, error), error) &&
                predict_client(run, &client, error);
        preset_hello_clear(&client);
    }
    return is_ok;
}

static int finish_text(struct predicting *run, int code)
{
    if (!run->is_one) {
        static const struct sheet_row head = {
            .cells = {"", "client", "client leg", "server leg"},
            .styles = {STYLE_PLAIN, STYLE_BOLD, STYLE_BOLD, STYLE_BOLD},
        };
        char summary[96];
        memmove(&run->rows[1], &run->rows[0], run->count * sizeof(run->rows[0]));
        run->rows[0] = head;
        sheet_table(&run->sheet, run->rows, run->count + 1, 4);
        (void)snprintf(summary, sizeof(summary), "%zu of %zu clients would be locked out",
                       run->locked_count, run->count); // fits
        sheet_head(&run->sheet, summary);
    }
    if (run->host != NULL) {
        char asked[64];
        (void)snprintf(asked, sizeof(asked), "asked in %zu dials", run->dial_count); // fits
        sheet_label(&run->sheet, run->host, asked);
    }
    return sheet_print(&run->sheet, code);
}

static int predict_into(struct predicting *run, const char *wanted)
{
    struct error error;
    sheet_open(&run->sheet);
    run->is_wide = run->sheet.pen.columns >= WIDE_COLUMNS;
    run->json = json_into(&run->text);
    json_open_array(&run->json);
    if (!predict_all(run, wanted, &error)) {
        buffer_clear(&run->text);
        buffer_clear(&run->sheet.text);
        return (int)report_error(&error);
    }
    json_close_array(&run->json);
    int code = run->locked_count > 0 ? OUTCOME_FAILS : OUTCOME_FINE;
    if (run->is_json) {
        return sheet_print_json(&run->json, code);
    }
    buffer_clear(&run->text);
    return finish_text(run, code);
}

// ask_host asks the server where it is a host.
static bool ask_host(struct predicting *run, struct bridge_words *words, struct error *error)
{
    struct endpoint host;
    if (!live_server_named(words->server, &host)) {
        return true;
    }
    run->host = words->server;
    words->live = live_servers_ask(&run->servers, words->server, &run->dial_count, error);
    return words->live != NULL;
}

static bool try_client(const struct predicting *run, const char *wanted, struct error *error)
{
    struct preset_hello client = {0};
    bool is_ok = !run->is_one || preset_hello_find(&client, wanted, error) ||
                 error_prefix(error, "--client");
    preset_hello_clear(&client);
    return is_ok;
}

// make_case reads all that was said before a server is asked.
static bool make_case(struct predicting *run, const char *client, struct bridge_words *words,
                      const struct library *library, struct error *error)
{
    if (!bridge_case_make(&run->bridge, words, library, error) || !try_client(run, client, error)) {
        return false;
    }
    bridge_case_clear(&run->bridge);
    return ask_host(run, words, error) && bridge_case_make(&run->bridge, words, library, error);
}

static int run_predict(const struct invocation *invocation)
{
    static struct predicting run; // large, and one a process
    static struct library library;
    struct error error;
    const char *client = option_value(invocation, "client");
    struct bridge_words words = {
        .edge = option_value(invocation, "edge"),
        .server = option_value(invocation, "server"),
        .keys = option_value(invocation, "server-key"),
    };
    if (invocation->operand_count > 0 || words.server == NULL) {
        report("%s, expected: midspan predict %s",
               words.server == NULL ? "no --server" : "unexpected operand",
               invocation->command->usage);
        return OUTCOME_USAGE;
    }
    client = client != NULL ? client : "all";
    run = (struct predicting){.is_json = option_is_given(invocation, "json"),
                              .is_one = strcmp(client, "all") != 0};
    library_ask(&library);
    int code = OUTCOME_USAGE;
    if (make_case(&run, client, &words, &library, &error)) {
        code = predict_into(&run, client);
    } else {
        code = (int)report_error(&error);
    }
    arena_clear(&run.arena);
    bridge_case_clear(&run.bridge);
    live_servers_clear(&run.servers);
    return code;
}

const struct command cmd_predict = {
    .name = "predict",
    .usage = "--server NAME|KEY=VALUE[,...]|HOST[:PORT] [--edge NAME] [OPTIONS]",
    .summary = "what would be agreed on each leg, and which clients would be locked out",
    .about = "The ClientHello of each client preset is held against what the edge accepts, and\n"
             "what the edge then offers against what the server accepts. A leg that breaks is\n"
             "named with the lists that do not meet, and with who must act. Certificates are\n"
             "not judged, only their kind. Without --edge midspan's own mirroring is\n"
             "predicted, without --client all clients.\n"
             "\n"
             "Nothing is dialled unless the server is a host: that is asked first what it\n"
             "accepts, as 'midspan probe' does. A host has a dot or a port, or is localhost;\n"
             "a preset of the same name goes first.\n"
             "\n"
             "  midspan predict --edge f5-bigip --server app.internal:443\n"
             "  midspan predict --edge f5-bigip --server min=TLS1.3\n"
             "  midspan predict --client java-80442 --edge haproxy-2.6 --server mozilla-modern\n"
             "\n"
             "'midspan presets' lists the names, 'midspan help legs' the keys. Exit code 1:\n"
             "at least one client would be locked out; 3: the host could not be asked.\n",
    .options = options,
    .run = run_predict,
};
